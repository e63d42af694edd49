//! The measuring of pages, measured: nothing is found on what we ship, and every planted breach is.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tdkt_reports::{
    inspection::{LayoutFault, inspect},
    typesetting::Marks,
};

use crate::support::papers::{
    WORKSHOP, all_requests, example_value, manuscript, manuscript_of, marks_with, replace, sample_value,
};

const MEASURES: &str = "layout/measures/nd30-2020.typ";
const PAGE: &str = "layout/parts/page.typ";
const LETTERHEAD: &str = "layout/parts/letterhead.typ";
const TITLE: &str = "layout/parts/title.typ";
const SIGN_OFF: &str = "layout/parts/sign-off.typ";
const HEADINGS: &str = "layout/parts/headings.typ";
const CONSTANTS: &str = "layout/parts/constants.typ";
const BASES: &str = "layout/parts/legal-bases.typ";
const APPENDIX: &str = "layout/parts/appendix.typ";
const BODY: &str = "documents/six-month-review/body.typ.j2";

/// One change of a template file: where, what, into what; and the clause and a word of the message that must follow.
struct Mutant {
    path: &'static str,
    from: &'static str,
    to: &'static str,
    clause: &'static str,
    says: &'static str,
}

const fn mutant(
    path: &'static str,
    from: &'static str,
    to: &'static str,
    clause: &'static str,
    says: &'static str,
) -> Mutant {
    Mutant { path, from, to, clause, says }
}

const MUTANTS: &[Mutant] = &[
    // the sheet
    mutant(MEASURES, "sheet: \"a4\"", "sheet: \"us-letter\"", "I.1", "A4"),
    mutant(MEASURES, "margin-left: 30mm", "margin-left: 25mm", "I.3", "Lề trái"),
    mutant(MEASURES, "margin-right: 15mm", "margin-right: 10mm", "I.3", "Lề phải"),
    mutant(MEASURES, "margin-top: 20mm", "margin-top: 10mm", "I.3", "Lề trên"),
    mutant(MEASURES, "margin-bottom: 20mm", "margin-bottom: 10mm", "I.3", "Lề dưới"),
    mutant(MEASURES, "ink: black", "ink: luma(40%)", "I.4", "đen"),
    mutant(PAGE, "if number > 1 {", "if number > 0 {", "I.7", "Trang thứ nhất"),
    mutant(PAGE, "    header: page-number,\n", "", "I.7", "Thiếu số trang"),
    mutant(MEASURES, "page-number-size: 14pt", "page-number-size: 11pt", "I.7", "Số trang"),
    mutant(PAGE, "set align(center)", "set align(right)", "I.7", "ở giữa"),
    mutant(PAGE, "str(number))", "strong(str(number)))", "I.7", "chữ đứng"),
    // the letterhead
    mutant(LETTERHEAD, "weight: \"bold\", words.national-name", "words.national-name", "II.1.a", "Quốc hiệu"),
    mutant(MEASURES, "national-name-size: 13pt", "national-name-size: 11pt", "II.1.a", "Quốc hiệu"),
    mutant(CONSTANTS, "CHỦ NGHĨA VIỆT NAM\"", "CHỦ NGHĨA VIỆT NAM \" + linebreak()", "", ""),
    mutant(LETTERHEAD, "weight: \"bold\", words.motto", "words.motto", "II.1.b", "Tiêu ngữ"),
    mutant(MEASURES, "motto-size: 14pt", "motto-size: 12pt", "II.1.b", "Tiêu ngữ"),
    mutant(LETTERHEAD, "rule-under(measure(motto).width, 100%)", "none", "II.1.b", "Thiếu đường kẻ dưới Tiêu ngữ"),
    mutant(
        LETTERHEAD,
        "rule-under(measure(motto).width, 100%)",
        "rule-under(measure(motto).width, 60%)",
        "II.1.b",
        "dài từ",
    ),
    mutant(MEASURES, "issuer-rule: 40%", "issuer-rule: 80%", "II.2.b", "dài từ"),
    mutant(MEASURES, "issuer-rule: 40%", "issuer-rule: 20%", "II.2.b", "dài từ"),
    mutant(
        LETTERHEAD,
        "rule-under(measure(lines.last()).width, measures.issuer-rule)",
        "none",
        "II.2.b",
        "Thiếu đường kẻ",
    ),
    mutant(MEASURES, "issuer-size: 12pt", "issuer-size: 14pt", "II.2.b", "Tên cơ quan"),
    mutant(LETTERHEAD, "size: measures.issuer-size, weight: \"bold\"", "size: measures.issuer-size", "II.2.b", "đậm"),
    mutant(
        LETTERHEAD,
        "text(size: measures.parent-size, it)",
        "text(size: measures.parent-size, weight: \"bold\", it)",
        "II.2.b",
        "chủ quản",
    ),
    mutant(MEASURES, "number-size: 13pt", "number-size: 14pt", "II.3.c", "Số, ký hiệu"),
    mutant(
        LETTERHEAD,
        "set text(size: measures.number-size)",
        "set text(size: measures.number-size, style: \"italic\")",
        "II.3.c",
        "chữ đứng",
    ),
    mutant(LETTERHEAD, "[ #number.serial]", "[ #number.serial.trim(\"0\")]", "II.3.c", "thêm số 0"),
    mutant(LETTERHEAD, "  \"/\"\n", "  \" / \"\n", "II.3.c", "cách chữ"),
    mutant(LETTERHEAD, "style: \"italic\", place-date", "place-date", "II.4", "nghiêng"),
    mutant(MEASURES, "place-date-size: 13pt", "place-date-size: 12pt", "II.4", "Địa danh"),
    mutant(
        LETTERHEAD,
        "style: \"italic\", place-date)",
        "style: \"italic\", place-date.replace(\"20\", \"9\", count: 1))",
        "II.4.b",
        "thêm số 0",
    ),
    mutant(
        LETTERHEAD,
        "style: \"italic\", place-date)",
        "style: \"italic\", place-date.replace(\"7\", \"07\", count: 1))",
        "II.4.b",
        "thêm số 0",
    ),
    mutant(LETTERHEAD, "y == 1 { bottom }", "y == 1 { top }", "", ""),
    mutant(
        LETTERHEAD,
        "number(paper.number), place-and-date(paper.place-date)",
        "number(paper.number), none, none, place-and-date(paper.place-date)",
        "II.4",
        "cùng dòng",
    ),
    mutant(
        LETTERHEAD,
        "number(paper.number), place-and-date(paper.place-date)",
        "place-and-date(paper.place-date), number(paper.number)",
        "II.",
        "bên",
    ),
    // the title
    mutant(TITLE, "size: measures.type-size, weight: \"bold\"", "size: measures.type-size", "II.5.b", "tên loại"),
    mutant(MEASURES, "type-size: 14pt", "type-size: 16pt", "II.5.b", "Tên loại"),
    mutant(MEASURES, "subject-size: 14pt", "subject-size: 12pt", "II.5.b", "Trích yếu"),
    mutant(MEASURES, "subject-rule: 40%", "subject-rule: 70%", "II.5.b", "dài từ"),
    mutant(
        TITLE,
        "if lines.len() > 0 { rule-under(measure(lines.last()).width, measures.subject-rule) }",
        "",
        "II.5.b",
        "Thiếu đường kẻ",
    ),
    mutant(TITLE, "show: set-apart.with(center)", "show: set-apart.with(left)", "II.5.b", "canh giữa"),
    mutant(MEASURES, "addressee-size: 14pt", "addressee-size: 12pt", "II.9", "Kính gửi"),
    // the text
    mutant(BASES, "par(emph(basis", "par((basis", "II.6.a", "Căn cứ"),
    mutant(MEASURES, "body-size: 14pt", "body-size: 12pt", "II.6.e", "Nội dung phải cỡ"),
    mutant(MEASURES, "body-size: 14pt", "body-size: 15pt", "II.6.e", "Nội dung phải cỡ"),
    mutant(MEASURES, "first-line-indent: 10mm", "first-line-indent: 5mm", "II.6.e", "lùi vào"),
    mutant(MEASURES, "first-line-indent: 10mm", "first-line-indent: 0mm", "II.6.e", "lùi vào"),
    mutant(MEASURES, "first-line-indent: 10mm", "first-line-indent: 16mm", "II.6.e", "lùi vào"),
    mutant(MEASURES, "paragraph-gap: 6pt", "paragraph-gap: 2pt", "II.6.e", "6 pt"),
    mutant(MEASURES, "body-leading: 0.135em", "body-leading: -0.1em", "II.6.e", "Khoảng cách dòng"),
    mutant(MEASURES, "body-leading: 0.135em", "body-leading: 0.75em", "II.6.e", "Khoảng cách dòng"),
    mutant(PAGE, "justify: true", "justify: false", "II.6.e", "canh đều"),
    mutant(HEADINGS, "size: measures.heading-size, weight: \"bold\"", "size: measures.heading-size", "II.6.đ", "đậm"),
    mutant(MEASURES, "heading-size: 14pt", "heading-size: 12pt", "II.6.đ", "Tiêu đề"),
    mutant(MEASURES, "table-size: 13pt", "table-size: 10pt", "II.6.e", "bảng"),
    mutant(BODY, "{{ bloc.name }}{% endif %}./.])", "{{ bloc.name }}{% endif %}.])", "Mẫu 1.4", "./."),
    // the end
    mutant(MEASURES, "recipients-label-size: 12pt", "recipients-label-size: 13pt", "II.9.d", "Nơi nhận"),
    mutant(MEASURES, "recipients-size: 11pt", "recipients-size: 12pt", "II.9.d", "Nơi nhận phải cỡ"),
    mutant(
        SIGN_OFF,
        "weight: \"bold\", style: \"italic\", words.recipients",
        "weight: \"bold\", words.recipients",
        "II.9.d",
        "nghiêng",
    ),
    mutant(CONSTANTS, "\"Lưu:\"", "\"Gửi:\"", "II.9.d", "Lưu"),
    mutant(CONSTANTS, "\"Nơi nhận:\"", "\"Gửi:\"", "II.9.d", "Thiếu"),
    mutant(MEASURES, "signer-size: 14pt", "signer-size: 12pt", "II.7", "ký"),
    mutant(SIGN_OFF, "size: measures.signer-size, weight: \"bold\"", "size: measures.signer-size", "II.7", "ký"),
    mutant(
        SIGN_OFF,
        "recipients(paper.recipients, paper.drafter), block(breakable: false, signer(paper.signature))",
        "block(breakable: false, signer(paper.signature)), recipients(paper.recipients, paper.drafter)",
        "II.7",
        "bên phải",
    ),
    // the appendices
    mutant(MEASURES, "appendix-label-size: 14pt", "appendix-label-size: 12pt", "III.1.b", "Phụ lục"),
    mutant(
        APPENDIX,
        "size: measures.appendix-title-size, weight: \"bold\"",
        "size: measures.appendix-title-size",
        "III.1.b",
        "Phụ lục",
    ),
];

#[test]
fn nothing_is_found_on_what_we_ship() {
    for (name, request) in all_requests() {
        let manuscript = manuscript(&request);
        let marks = WORKSHOP.marks(&manuscript).unwrap_or_else(|failure| panic!("{name}: {failure:#?}"));
        assert_eq!(inspect(&marks, "report"), [], "{name}");
    }
}

#[test]
fn every_planted_breach_is_found_with_its_clause() {
    let manuscript = manuscript_of(&with_everything());
    assert_eq!(faults(&marks_with(|_| {}, &manuscript).expect("set")), [], "without a breach");
    let mut survivors = Vec::new();
    for mutant in MUTANTS {
        let marks = marks_with(|files| replace(files, mutant.path, mutant.from, mutant.to), &manuscript);
        let faults = match marks {
            Ok(marks) => faults(&marks),
            Err(error) => panic!("{} → {}: {error}", mutant.from, mutant.to),
        };
        if !faults.iter().any(|fault| fault.clause.contains(mutant.clause) && fault.message.contains(mutant.says)) {
            survivors.push(format!("{} → {}: {faults:#?}", mutant.from, mutant.to));
        }
    }
    println!("{} mutants", MUTANTS.len());
    assert!(survivors.is_empty(), "{} survive:\n{}", survivors.len(), survivors.join("\n"));
}

/// The simple sample with legal bases and many members, so that every part of a paper stands on its pages.
fn with_everything() -> Value {
    let mut request = sample_value("simple");
    request["paper"]["legal_bases"] = json!({"include_edition": true, "extra": []});
    request
}

/// Without stickiness a heading comes to stand at a page's foot at some length of the text.
#[test]
fn a_heading_at_a_pages_foot_is_found() {
    let loose = |files: &mut BTreeMap<String, String>| replace(files, HEADINGS, "sticky: true", "sticky: false");
    let found = at_some_length(loose);
    assert!(found.iter().any(|fault| fault.clause.contains("II.6.đ") && fault.message.contains("cuối trang")));
}

/// Without its post the signature comes to stand alone at some length of the text.
#[test]
fn a_signature_that_stands_alone_is_found() {
    let loose = |files: &mut BTreeMap<String, String>| {
        replace(files, SIGN_OFF, "par(closing + post(height))\n      v(-height)", "par(closing)");
        replace(files, SIGN_OFF, "block(above: 0pt, below)", "block(breakable: false, below)");
        replace(files, SIGN_OFF, "parts.at(place) = block(sticky: true, parts.at(place))", "");
    };
    let found = at_some_length(loose);
    assert!(found.iter().any(|fault| fault.clause.contains("II.7") && fault.message.contains("ít nhất hai dòng")));
}

/// All faults of the Kon Tum example, made longer by one paragraph after the other.
fn at_some_length(change: impl Fn(&mut BTreeMap<String, String>)) -> Vec<LayoutFault> {
    let mut found = Vec::new();
    for lines in 0..24 {
        let mut request = example_value("kon-tum-2020");
        let more: Vec<Value> = (0..lines).map(|_| "Tiếp tục thực hiện các nhiệm vụ được giao.".into()).collect();
        request["content"]["activities"] = more.into();
        let marks = marks_with(&change, &manuscript_of(&request)).expect("set");
        found.extend(faults(&marks));
    }
    found
}

fn faults(marks: &Marks) -> Vec<LayoutFault> {
    inspect(marks, "report")
}
