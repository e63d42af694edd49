//! docs/failures.md against the closed list of failures.

use tdkt_reports::failure::{FailureCode, Remedy};

use crate::support::papers::repository;

#[test]
fn every_failure_has_exactly_one_section_and_every_section_is_a_failure() {
    let page = page();
    let documented: Vec<&str> = sections(&page).into_iter().map(|(code, _)| code).collect();
    let known: Vec<&str> = FailureCode::ALL.iter().map(|code| code.as_str()).collect();
    let missing: Vec<_> = known.iter().filter(|code| !documented.contains(code)).collect();
    let unknown: Vec<_> = documented.iter().filter(|code| !known.contains(code)).collect();
    assert!(missing.is_empty(), "docs/failures.md has no section for {missing:?}");
    assert!(unknown.is_empty(), "docs/failures.md speaks of {unknown:?}, which the program never says");
    assert_eq!(documented, known, "each once, in the order of FailureCode::ALL");
}

#[test]
fn every_section_says_in_both_languages_whose_move_it_is() {
    let page = page();
    for (code, text) in sections(&page) {
        let failure = FailureCode::ALL.iter().find(|known| known.as_str() == code).expect("tested above");
        let paragraphs: Vec<&str> = text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()).collect();
        let [vietnamese, english] = paragraphs[..] else {
            panic!("{code}: one Vietnamese and one English paragraph, found {}", paragraphs.len())
        };
        assert!(!vietnamese.is_ascii(), "{code}: {vietnamese}");
        assert!(english.is_ascii(), "{code}: {english}");
        let (mover, nobody) = ("(Whose move: the caller.)", "(Whose move: nobody");
        match failure.remedy() {
            Remedy::FixRequest => assert!(english.ends_with(mover), "{code}: {english}"),
            Remedy::FixTemplate => assert!(english.contains("(Whose move: the operator"), "{code}: {english}"),
            Remedy::TryLater => assert!(english.contains(nobody), "{code}: {english}"),
        }
    }
}

fn page() -> String {
    std::fs::read_to_string(repository("docs/failures.md")).expect("readable")
}

/// Headings of the second level with the text below them.
fn sections(page: &str) -> Vec<(&str, &str)> {
    page.split("\n## ").skip(1).filter_map(|section| section.split_once('\n')).collect()
}
