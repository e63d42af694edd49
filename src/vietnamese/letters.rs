//! The order of the Vietnamese alphabet: for points of a paper and for recognising an alphabetical list.

use unicode_normalization::UnicodeNormalization;

use super::nfc;

/// The letters that count points (*điểm*): the alphabet without ă, â, ê, ô, ơ, ư, as Decree 30/2020 itself does.
const POINT_LETTERS: [&str; 23] =
    ["a", "b", "c", "d", "đ", "e", "g", "h", "i", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "x", "y"];

/// The letter of the n-th point, from 1: a, b, c, d, đ, e, g … y, then aa, ab … Empty for 0.
pub fn point_letter(n: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = n;
    while rest > 0 {
        letters.push(POINT_LETTERS[(rest - 1) % POINT_LETTERS.len()]);
        rest = (rest - 1) / POINT_LETTERS.len();
    }
    letters.into_iter().rev().collect()
}

/// The alphabet with the letters that offices meet in foreign words, and ƀ of the Ê-đê, Gia-rai and M'nông.
const ALPHABET: &str = "aăâbƀcdđeêfghijklmnoôơpqrstuưvwxyz";
/// Level, grave, hook, tilde, acute, dot: the order of a Vietnamese dictionary.
const TONES: [char; 5] = ['\u{300}', '\u{309}', '\u{303}', '\u{301}', '\u{323}'];
/// Blanks and signs stand before digits, digits before letters, letters that we do not know behind all.
const SIGN: usize = 0;
const FIRST_DIGIT: usize = 1;
const FIRST_LETTER: usize = 11;
const UNKNOWN: usize = 99;
/// Weight of a mark that makes no letter of its own (č, ŏ, ê̆): after every tone.
const OTHER_MARK: usize = TONES.len() + 1;

/// A key that sorts like a Vietnamese dictionary: letters first, tones only between equal letters.
pub fn alphabetical_key(text: &str) -> (Vec<usize>, Vec<usize>) {
    let mut letters = Vec::new();
    let mut marks: Vec<usize> = Vec::new();
    for c in nfc(text).to_lowercase().chars() {
        // A mark that could not be composed belongs to the letter before it.
        if let (true, Some(last)) = (is_combining(c), marks.last_mut()) {
            *last += mark_weight(c);
            continue;
        }
        let (tones, rest): (Vec<char>, Vec<char>) = c.nfd().partition(|part| TONES.contains(part));
        let mut mark: usize = tones.into_iter().map(mark_weight).sum();
        let letter = rest.iter().copied().nfc().next().unwrap_or(c);
        let place = place_of(letter).unwrap_or_else(|| {
            mark += rest.iter().skip(1).copied().map(mark_weight).sum::<usize>();
            rest.first().copied().and_then(place_of).unwrap_or(UNKNOWN)
        });
        letters.push(place);
        marks.push(mark);
    }
    (letters, marks)
}

fn place_of(c: char) -> Option<usize> {
    match ALPHABET.chars().position(|letter| letter == c) {
        Some(place) => Some(FIRST_LETTER + place),
        None if c.is_ascii_digit() => Some(FIRST_DIGIT + (c as usize - '0' as usize)),
        None => (!c.is_alphabetic()).then_some(SIGN),
    }
}

fn mark_weight(mark: char) -> usize {
    TONES.iter().position(|known| *known == mark).map_or(OTHER_MARK, |place| place + 1)
}

fn is_combining(c: char) -> bool {
    ('\u{300}'..='\u{36F}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_follow_the_vietnamese_alphabet() {
        let first: Vec<String> = (1..=9).map(point_letter).collect();
        assert_eq!(first.join(" "), "a b c d đ e g h i");
        assert_eq!([point_letter(23), point_letter(24), point_letter(46), point_letter(47)], ["y", "aa", "ay", "ba"]);
        assert_eq!(point_letter(0), "");
    }

    #[test]
    fn no_point_is_counted_by_a_letter_that_vietnamese_lacks_or_marks() {
        let ours: Vec<String> = (1..=23).map(point_letter).collect();
        assert_eq!(ours.join(" "), "a b c d đ e g h i k l m n o p q r s t u v x y");
        let ascii: Vec<String> = ('a'..='z').map(String::from).collect();
        assert_ne!(ours[..], ascii[..23], "the letters of a keyboard would do");
        for missing in ["f", "j", "w", "z", "ă", "â", "ê", "ô", "ơ", "ư"] {
            assert!(!(1..=23 * 24).any(|n| point_letter(n).contains(missing)), "{missing}");
        }
    }

    #[test]
    fn words_of_the_highlands_and_numbers_have_their_place() {
        for ordered in [
            ["Bang", "Ƀang", "Ceo", "Čeo", "Čep"],
            ["Niê", "Niê\u{306}", "Niêng", "Ñung", "Nut"],
            ["Kpa", "Kpă", "Kpâ", "Krah", "Krăh"],
            ["Ea Sup", "Ea Súp", "Êa", "Ênuôl", "Êñuôl"],
            ["Khối 1", "Khối 2", "Khối 9", "Khối A", "Khối Ă"],
        ] {
            let mut sorted = ordered.to_vec();
            sorted.reverse();
            sorted.sort_by_key(|word| alphabetical_key(word));
            assert_eq!(sorted, ordered);
        }
    }

    #[test]
    fn a_dictionary_puts_letters_before_tones() {
        let mut words = vec!["đa", "da", "ả", "ấn", "an", "ăn", "á", "ánh", "ạ", "a", "à", "ã", "Ba"];
        words.sort_by_key(|word| alphabetical_key(word));
        assert_eq!(words.join(" "), "a à ả ã á ạ an ánh ăn ấn Ba da đa");
    }
}
