//! The paper proves itself: its data comes back out, gives the same bytes, and whatever differs is named.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tdkt_reports::{
    catalog::TemplateFiles, failure::FailureCode, reading, recipe::Ingredient, rendering::Workshop, workshop_files,
};

use super::support::papers::{self, WORKSHOP};

/// Every sample and example, made to carry its data.
fn carrying() -> Vec<(String, Vec<u8>)> {
    let all = papers::all_requests().into_iter().flat_map(|(name, request)| {
        let mut request: Value = serde_json::from_slice(&request).expect("JSON");
        request["attach_data"] = json!(true);
        let manuscript = papers::manuscript_of(&request);
        let pdf = |manuscript| WORKSHOP.render(manuscript).unwrap_or_else(|failure| panic!("{name}: {failure:#?}")).pdf;
        // Of a long dossier some are enough: its reports are made alike.
        let some = papers::papers_of(&manuscript).into_iter().take(9);
        some.map(|(paper, manuscript)| (format!("{name} {paper}"), pdf(manuscript))).collect::<Vec<_>>()
    });
    all.collect()
}

fn kon_tum() -> Vec<u8> {
    let mut request: Value = serde_json::from_slice(&papers::example("kon-tum-2020")).expect("JSON");
    request["attach_data"] = json!(true);
    papers::pdf(request.to_string().as_bytes())
}

fn workshop_with(change: impl FnOnce(&mut BTreeMap<String, String>)) -> Workshop {
    let mut files = TemplateFiles::embedded().into_memory();
    change(&mut files);
    let fonts = workshop_files::fonts(std::path::Path::new("")).expect("fonts");
    Workshop::new(&TemplateFiles::from_memory(files), fonts).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_paper_gives_its_data_back_and_the_data_gives_the_paper_back() {
    for (name, pdf) in carrying() {
        let carried = WORKSHOP.extract(&pdf).unwrap_or_else(|failure| panic!("{name}: {failure:#?}"));
        let request = carried.manuscript.request.to_string();
        assert_eq!(papers::pdf(request.as_bytes()), pdf, "{name}: other bytes");
        let verification = WORKSHOP.verify(&pdf).expect("verified");
        assert!(verification.agrees && verification.differences.is_empty(), "{name}: {verification:?}");
    }
}

#[test]
fn a_changed_file_does_not_agree_and_nothing_else_is_blamed() {
    let mut pdf = kon_tum();
    pdf.extend_from_slice(b"\n% touched");
    let verification = WORKSHOP.verify(&pdf).expect("read");
    assert!(!verification.agrees);
    assert_eq!(verification.differences, []);
}

#[test]
fn a_changed_template_is_named() {
    let pdf = kon_tum();
    let changed = workshop_with(|files| {
        papers::replace(files, "layout/measures/nd30-2020.typ", "body-leading: 0.135em", "body-leading: 0.2em");
    });
    let verification = changed.verify(&pdf).expect("read");
    assert!(!verification.agrees);
    assert_eq!(verification.differences, [Ingredient::Templates]);
}

#[test]
fn a_foreign_file_is_refused_and_a_paper_without_data_too() {
    for foreign in [&b"hello"[..], b"%PDF-1.7\n", b""] {
        let failure = WORKSHOP.verify(foreign).expect_err("nothing to verify");
        assert_eq!(failure.code, FailureCode::UnreadablePaper);
    }
    let without = papers::pdf(&papers::example("kon-tum-2020"));
    assert_eq!(WORKSHOP.verify(&without).expect_err("no data").code, FailureCode::PaperWithoutData);
}

#[test]
fn a_finished_file_is_read_as_it_was_laid_out() {
    for (name, request) in papers::all_requests() {
        let manuscript = papers::manuscript(&request);
        let laid_out = WORKSHOP.marks(&manuscript).expect("laid out");
        let pdf = WORKSHOP.render(&manuscript).expect("rendered").pdf;
        let read = reading::marks(&pdf).expect("read");
        assert_eq!(read.pages.len(), laid_out.pages.len(), "{name}");
        for (page, (from_file, from_layout)) in read.pages.iter().zip(&laid_out.pages).enumerate() {
            let letters = |runs: &[tdkt_reports::marks::Run]| {
                let mut letters: Vec<char> =
                    runs.iter().flat_map(|run| run.text.chars()).filter(|c| !c.is_whitespace()).collect();
                letters.sort_unstable();
                letters
            };
            assert_eq!(letters(&from_file.runs), letters(&from_layout.runs), "{name}, page {}", page + 1);
        }
        let faults = Workshop::inspect_paper(&pdf, papers::check_kind(&manuscript)).expect("inspected");
        assert_eq!(faults, [], "{name}");
    }
}
