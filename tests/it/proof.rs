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
fn a_paper_that_was_signed_afterwards_agrees_with_additions_and_changed_pages_do_not() {
    let pdf = kon_tum();
    let signed = papers::updated(&pdf, "$NEXT 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite >>\nendobj\n");
    let verification = WORKSHOP.verify(&signed).expect("read");
    assert_eq!((verification.verdict(), verification.agrees), ("agrees-with-additions", true));
    assert_eq!(verification.added_bytes, signed.len() - pdf.len());
    assert!(verification.sentences()[0].starts_with("Khớp; có phần bổ sung (chữ ký hoặc ghi chú) sau khi lập"));

    // A byte within the paper's own.
    let mut forged = signed.clone();
    let at = pdf.windows(4).position(|word| word == b"/Rot" || word == b"obj\n").expect("a place") + 3;
    forged[at] = b' ';
    assert!(!WORKSHOP.verify(&forged).is_ok_and(|verification| verification.agrees));

    // An update that puts another content in the place of the first page's.
    let document = lopdf::Document::load_mem(&pdf).expect("a PDF");
    let page = *document.get_pages().get(&1).expect("a page");
    let contents = document.get_page_contents(page)[0].0;
    let hidden = papers::updated(&pdf, &format!("{contents} 0 obj\n<< /Length 0 >>\nstream\n\nendstream\nendobj\n"));
    let verification = WORKSHOP.verify(&hidden).expect("read");
    assert_eq!((verification.verdict(), verification.added_bytes), ("pages-changed", 0));
}

#[test]
fn every_simple_paper_passes_the_layout_check_as_what_it_says_it_is() {
    for kind in WORKSHOP.catalog().kinds() {
        let request = kind.sample("simple").expect("a simple sample");
        for (name, manuscript) in papers::papers_of(&papers::manuscript(request.as_bytes())) {
            let pdf = WORKSHOP.render(manuscript).expect("rendered").pdf;
            let (form, faults) = Workshop::inspect_paper(&pdf, None).expect("inspected");
            assert_eq!((form.as_str(), faults), (papers::check_kind(manuscript), vec![]), "{name}");
        }
    }
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
        let faults = Workshop::inspect_paper(&pdf, Some(papers::check_kind(&manuscript))).expect("inspected").1;
        assert_eq!(faults, [], "{name}");
    }
}
