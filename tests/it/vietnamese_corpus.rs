//! How well text in an old encoding is found and read (rule N01), measured on phrases of the office.
//!
//! `tests/vietnamese/legacy.tsv` holds each phrase in Unicode, TCVN3, VNI and decomposed; the encoded columns were made
//! from the published charts, not by this program. `… --test it vietnamese_corpus -- --nocapture` prints the figures.

use std::{collections::BTreeSet, fs};

use tdkt_reports::vietnamese::{LegacyEncoding, convert_declared, convert_legacy, forbidden_character, nfc};

use crate::support::papers::repository;

struct Phrase {
    unicode: String,
    encoded: [(LegacyEncoding, String); 2],
    decomposed: String,
}

fn lines(file: &str) -> Vec<String> {
    let text = fs::read_to_string(repository("tests/vietnamese").join(file)).expect("the file is there");
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(str::to_owned).collect()
}

fn phrases() -> Vec<Phrase> {
    let phrase = |line: &String| match line.split('\t').collect::<Vec<_>>().as_slice() {
        [unicode, tcvn3, vni, decomposed] => Phrase {
            unicode: (*unicode).to_owned(),
            encoded: [(LegacyEncoding::Tcvn3, (*tcvn3).to_owned()), (LegacyEncoding::Vni, (*vni).to_owned())],
            decomposed: (*decomposed).to_owned(),
        },
        other => panic!("{} columns: {line}", other.len()),
    };
    lines("legacy.tsv").iter().map(phrase).collect()
}

#[derive(Default)]
struct Tally {
    all: usize,
    found: usize,
    exact: usize,
    missed: Vec<String>,
}

impl Tally {
    fn rate(&self, hits: usize) -> f64 {
        hits as f64 * 100.0 / self.all as f64
    }

    fn report(&self, name: &str) {
        let (found, exact) = (self.rate(self.found), self.rate(self.exact));
        println!("| {name} | {} | {found:.1} % | {exact:.1} % |", self.all);
        for missed in &self.missed {
            println!("    {missed}");
        }
    }
}

/// TCVN3 has no capitals with a tone: the fonts `.VnTimeH` showed small letters as capitals.
fn as_far_as_written(encoding: LegacyEncoding, text: &str) -> String {
    match encoding {
        LegacyEncoding::Tcvn3 => text.to_lowercase(),
        LegacyEncoding::Vni => text.to_owned(),
    }
}

fn measure(encoding: LegacyEncoding, words: std::ops::RangeInclusive<usize>) -> Tally {
    let mut tally = Tally::default();
    for phrase in phrases().iter().filter(|phrase| words.contains(&phrase.unicode.split_whitespace().count())) {
        let (_, typed) = phrase.encoded.iter().find(|(known, _)| *known == encoding).expect("both");
        // "Chi nhánh" may be the same in VNI and in Unicode.
        if *typed == phrase.unicode {
            continue;
        }
        tally.all += 1;
        let read = convert_legacy(typed);
        tally.found += usize::from(read.is_some());
        let expected = as_far_as_written(encoding, &phrase.unicode);
        let exact = read
            .as_ref()
            .is_some_and(|(found, text)| *found == encoding && as_far_as_written(encoding, text) == expected);
        tally.exact += usize::from(exact);
        if !exact {
            tally.missed.push(format!("{}: {typed} → {read:?}", phrase.unicode));
        }
    }
    tally
}

#[test]
fn text_in_an_old_encoding_is_found_and_read() {
    assert!(phrases().len() >= 200);
    println!("| encoding, words | phrases | found | read exactly |\n| --- | --- | --- | --- |");
    let mut poor = Vec::new();
    for (encoding, name) in [(LegacyEncoding::Tcvn3, "TCVN3"), (LegacyEncoding::Vni, "VNI")] {
        for (words, said, least) in [(3..=usize::MAX, "3 and more", LEAST_OF_PHRASES), (2..=2, "2", LEAST_OF_PAIRS)] {
            let tally = measure(encoding, words);
            tally.report(&format!("{name}, {said}"));
            assert!(tally.all >= 20, "{}", tally.all);
            if tally.rate(tally.exact) < least {
                poor.push(format!("{name}, {said}: {:.1} %", tally.rate(tally.exact)));
            }
        }
        // A single syllable seldom tells; it is read where the text's encoding is declared.
        measure_syllables(encoding).report(&format!("{name}, 1 (syllables of the others)"));
    }
    assert!(poor.is_empty(), "{poor:?}");
}

/// Percent that must be found and read to the letter; the figures stand in docs/rules.md.
const LEAST_OF_PHRASES: f64 = 98.0;
const LEAST_OF_PAIRS: f64 = 85.0;

/// The phrases' words one by one.
fn measure_syllables(encoding: LegacyEncoding) -> Tally {
    let mut tally = Tally::default();
    let mut seen = BTreeSet::new();
    for phrase in phrases() {
        let (_, typed) = phrase.encoded.iter().find(|(known, _)| *known == encoding).expect("both");
        for (word, typed) in phrase.unicode.split(' ').zip(typed.split(' ')) {
            if word == typed || !seen.insert(word.to_owned()) {
                continue;
            }
            tally.all += 1;
            let read = convert_legacy(typed);
            tally.found += usize::from(read.is_some());
            let expected = as_far_as_written(encoding, word);
            tally.exact += usize::from(
                read.is_some_and(|(found, text)| found == encoding && as_far_as_written(encoding, &text) == expected),
            );
        }
    }
    tally
}

#[test]
fn a_text_that_is_declared_to_be_in_an_old_encoding_is_read_to_the_letter() {
    for phrase in phrases() {
        for (encoding, typed) in &phrase.encoded {
            let read = convert_declared(typed, *encoding);
            let expected = as_far_as_written(*encoding, &phrase.unicode);
            assert_eq!(as_far_as_written(*encoding, &read), expected, "{typed}");
        }
    }
}

#[test]
fn decomposed_text_is_composed_and_taken_for_nothing_else() {
    for phrase in phrases() {
        let only_d = phrase.unicode.chars().all(|c| c.is_ascii() || "đĐ".contains(c));
        assert_eq!(phrase.decomposed == phrase.unicode, only_d, "{}", phrase.unicode);
        assert_eq!(nfc(&phrase.decomposed), phrase.unicode);
        assert_eq!(convert_legacy(&phrase.decomposed), None, "{}", phrase.unicode);
        assert_eq!(forbidden_character(&phrase.decomposed), None, "{}", phrase.unicode);
    }
}

#[test]
fn correct_text_is_never_taken_for_an_old_encoding() {
    let mut texts: BTreeSet<String> = phrases().into_iter().map(|phrase| phrase.unicode).collect();
    texts.extend(lines("clean.txt"));
    let words: Vec<String> = texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect();
    let pairs: Vec<String> = words.windows(2).map(|pair| pair.join(" ")).collect();
    let all: BTreeSet<String> = texts.into_iter().chain(words).chain(pairs).collect();
    let mut alarms = Vec::new();
    for text in &all {
        for written in [text.clone(), text.to_uppercase(), text.to_lowercase()] {
            alarms.extend(convert_legacy(&written).map(|read| format!("{written} → {read:?}")));
        }
    }
    println!("{} correct texts, in three cases: {} false alarms", all.len(), alarms.len());
    assert!(all.len() >= 1_000, "{}", all.len());
    assert!(alarms.is_empty(), "{alarms:#?}");
}
