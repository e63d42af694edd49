//! What an edition is unsure of stands on no paper before an operator has confirmed it.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;
use tdkt_reports::{
    catalog::TemplateFiles, intake::Treatment, regulation::Confidence, rendering::Workshop, vietnamese, workshop_files,
};

use crate::support::papers::{WORKSHOP, compact, pages, whole};

const EDITION: &str = "editions/E4.toml";

/// The shipped folder, in whose edition one entry (told by a line of it) has another confidence.
fn with_confidence(line: &str, confidence: &str) -> Workshop {
    let mut files: BTreeMap<String, String> = TemplateFiles::embedded().into_memory();
    let edition = files.get_mut(EDITION).expect("the edition is there");
    let entries: Vec<String> = edition.split("\n\n").map(str::to_owned).collect();
    let mut changed = 0;
    let entries = entries.into_iter().map(|entry| {
        if !entry.lines().any(|known| known == line) {
            return entry;
        }
        changed += 1;
        let lines = entry.lines().map(|line| match line.starts_with("confidence = ") {
            true => format!("confidence = \"{confidence}\""),
            false => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    *edition = entries.collect::<Vec<_>>().join("\n\n");
    assert_eq!(changed, 1, "{line}");
    let fonts = workshop_files::fonts(Path::new("")).expect("the shipped fonts");
    Workshop::new(&TemplateFiles::from_memory(files), fonts).unwrap_or_else(|error| panic!("{error}"))
}

fn simple(kind: &str) -> Value {
    let kind = WORKSHOP.catalog().kind(kind).expect("the kind is there");
    serde_json::from_str(kind.sample("simple").expect("the sample is there")).expect("JSON")
}

/// The whole text of a paper without any whitespace.
fn printed(workshop: &Workshop, request: &Value) -> String {
    let accepted = workshop.check(request.to_string().as_bytes(), Treatment::AsSent);
    let manuscript = accepted.unwrap_or_else(|failure| panic!("{failure:#?}")).manuscript;
    assert_eq!(EDITION, format!("editions/{}.toml", manuscript.edition));
    whole(&pages(&workshop.render(&manuscript).unwrap_or_else(|failure| panic!("{failure:#?}")).pdf))
}

#[test]
fn the_number_of_a_form_is_printed_only_after_it_was_confirmed() {
    for (kind, form) in [("achievement-report-collective", "02"), ("achievement-report-individual", "03")] {
        let words = compact(&format!("Mẫu số {form}"));
        assert!(!printed(&WORKSHOP, &simple(kind)).contains(&words), "{kind}: the shipped edition is unsure");
        let confirmed = with_confidence(&format!("number = \"{form}\""), "sure");
        assert!(printed(&confirmed, &simple(kind)).contains(&words), "{kind}");
    }
}

#[test]
fn an_unsure_legal_basis_is_left_out() {
    let request = simple("award-proposal");
    let edition = WORKSHOP.catalog().editions().named("E4").expect("the edition is there");
    let basis = &edition.legal_bases.first().expect("a legal basis").text;
    let words = compact(basis);
    assert!(printed(&WORKSHOP, &request).contains(&words));
    let unsure = with_confidence(&format!("text = \"{basis}\""), "unsure");
    assert!(!printed(&unsure, &request).contains(&words));
}

#[test]
fn an_unsure_award_has_no_name_to_print() {
    let request = simple("award-proposal");
    let unsure = with_confidence("id = \"emulation-flag-province\"", "unsure");
    let failure = unsure.check(request.to_string().as_bytes(), Treatment::AsSent).expect_err("refused");
    let found: Vec<_> = failure.findings.iter().filter_map(|finding| finding.found.as_deref()).collect();
    assert!(found.contains(&"emulation-flag-province"), "{failure:#?}");
    let sure = with_confidence("id = \"emulation-flag-province\"", "sure");
    assert!(printed(&sure, &request).contains(&compact("Cờ thi đua của Ủy ban nhân dân tỉnh")));
}

/// All that the shipped editions are unsure of, held against every paper of theirs.
#[test]
fn no_sample_says_what_its_edition_is_unsure_of() {
    let mut held = 0;
    for edition in WORKSHOP.catalog().editions().iter() {
        let unsure_forms = edition.forms.iter().filter(|form| form.confidence == Confidence::Unsure);
        let forms: Vec<String> = unsure_forms.map(|form| format!("Mẫu số {}", form.number)).collect();
        let unsure_awards = edition.awards.iter().filter(|award| award.confidence == Confidence::Unsure);
        let said: Vec<String> = unsure_awards.map(|award| award.name.clone()).chain(forms).collect();
        for kind in WORKSHOP.catalog().kinds() {
            let mut request = simple(&kind.manifest.kind);
            request["paper"]["edition"] = edition.id.as_str().into();
            request["status"] = "draft".into();
            let Ok(accepted) = WORKSHOP.check(request.to_string().as_bytes(), Treatment::AsSent) else { continue };
            assert_eq!(accepted.manuscript.edition, edition.id);
            let source = WORKSHOP.source(&accepted.manuscript).unwrap_or_else(|failure| panic!("{failure:#?}"));
            let source = vietnamese::nfc(&source).replace(['\u{A0}', '~'], " ");
            for words in &said {
                assert!(!source.contains(words.as_str()), "{} in {}: {words}", kind.manifest.kind, edition.id);
            }
            held += said.len();
        }
    }
    assert!(held >= 100, "{held}");
}
