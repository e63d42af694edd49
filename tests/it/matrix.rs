//! Every kind in every edition with every sample. The step of every render that measures the pages refuses a faulty one, so what
//! is made here is right by our own measure; what the edition changes in the words stands in `tests/golden/KIND/editions.txt`.
//! Two papers of one source have one look, so each source is set once.
//!
//! `TDKT_MATRIX=FOLDER` writes the papers there, for checkers that share no code with us (CONTRIBUTING.md).

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tdkt_reports::{
    failure::{Failure, Severity},
    intake::{Manuscript, Treatment},
};

use super::golden::{compare_text, page_texts, report};
use crate::support::papers::{WORKSHOP, papers_of, samples};

#[test]
fn every_kind_is_made_in_every_edition_with_every_sample() {
    let folder = std::env::var_os("TDKT_MATRIX").map(PathBuf::from);
    folder.iter().for_each(|folder| fs::create_dir_all(folder).expect("made"));
    let mut differences: BTreeMap<String, String> = BTreeMap::new();
    let mut made = 0;
    for (kind, name, request) in samples() {
        let request: Value = serde_json::from_slice(&request).expect("JSON");
        let mut set = BTreeMap::new();
        let own = checked(&request).unwrap_or_else(|failure| panic!("{kind} {name}: {failure:#?}"));
        let own = texts(&own, &mut set);
        for edition in WORKSHOP.catalog().editions().iter() {
            let mut asked = request.clone();
            asked["paper"]["edition"] = edition.id.as_str().into();
            let manuscript = match checked(&asked) {
                Ok(manuscript) => manuscript,
                // It prints legal bases; then only a draft may cite what is not in force on its day.
                Err(failure) if is_out_of_time(&failure) => {
                    asked["status"] = "draft".into();
                    checked(&asked).unwrap_or_else(|failure| panic!("{kind} {name} {}: {failure:#?}", edition.id))
                }
                Err(failure) => panic!("{kind} {name} {}: {failure:#?}", edition.id),
            };
            assert_eq!(manuscript.edition, edition.id);
            made += papers_of(&manuscript).len();
            if let Some(folder) = &folder {
                write(folder, &format!("{kind}_{}_{name}", edition.id), &manuscript);
            }
            let found = texts(&manuscript, &mut set);
            let told = differences.entry(kind.clone()).or_default();
            told.push_str(&format!("=== {name} in {} ===\n", edition.id));
            told.push_str(&changed(&own, &found));
        }
    }
    assert!(made >= 12 * 5 * 4, "{made} papers");
    let faults = differences.iter().filter_map(|(kind, told)| compare_text(&PathBuf::from(kind).join(EDITIONS), told));
    report(&faults.collect::<Vec<_>>());
}

/// The file of a kind that says what its samples' words become in other editions.
pub(super) const EDITIONS: &str = "editions.txt";

fn checked(request: &Value) -> Result<Manuscript, Failure> {
    WORKSHOP.check(request.to_string().as_bytes(), Treatment::AsSent).map(|accepted| accepted.manuscript)
}

/// Refused for nothing but an edition that was not in force on the paper's day (D08).
fn is_out_of_time(failure: &Failure) -> bool {
    let mut errors = failure.findings.iter().filter(|finding| finding.severity == Severity::Error).peekable();
    errors.peek().is_some() && errors.all(|finding| finding.code == "D08")
}

/// The lines of a paper and of those that it encloses. `set` keeps those of each source.
fn texts(manuscript: &Manuscript, set: &mut BTreeMap<String, Vec<String>>) -> Vec<String> {
    let papers = papers_of(manuscript).into_iter();
    papers
        .flat_map(|(name, paper)| {
            let source = WORKSHOP.source(paper).unwrap_or_else(|failure| panic!("{name}: {failure:#?}"));
            let lines = set.entry(source).or_insert_with(|| {
                let pdf = WORKSHOP.render(paper).unwrap_or_else(|failure| panic!("{name}: {failure:#?}")).pdf;
                page_texts(&pdf).lines().map(str::to_owned).collect()
            });
            lines.clone()
        })
        .collect()
}

/// Every paper into a file of its own.
fn write(folder: &Path, stem: &str, manuscript: &Manuscript) {
    for (name, paper) in papers_of(manuscript) {
        let name = name.trim_end_matches(".pdf");
        let stem = if name.is_empty() { stem.to_owned() } else { format!("{stem}_{name}") };
        let pdf = WORKSHOP.render(paper).unwrap_or_else(|failure| panic!("{stem}: {failure:#?}")).pdf;
        fs::write(folder.join(format!("{stem}.pdf")), pdf).expect("written");
    }
}

/// The lines that only one side has, each as often as the other lacks it: a word's change may move the breaks of a paragraph,
/// so all its lines stand here.
fn changed(own: &[String], found: &[String]) -> String {
    let count = |lines: &[String]| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        lines.iter().for_each(|line| *counts.entry(line.clone()).or_default() += 1);
        counts
    };
    let only = |here: &[String], there: &[String], sign: &str| {
        let mut left = count(there);
        let kept = here.iter().filter(|line| match left.get_mut(*line) {
            Some(more) if *more > 0 => {
                *more -= 1;
                false
            }
            _ => true,
        });
        kept.map(|line| format!("{sign} {line}\n")).collect::<String>()
    };
    only(own, found, "-") + &only(found, own, "+")
}
