//! The measuring of pages, measured: nothing is found on what we ship, and every planted breach is.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tdkt_reports::{
    inspection::{LayoutFault, inspect},
    marks::Marks,
};

use crate::support::papers::{
    WORKSHOP, all_requests, check_kind, example_value, manuscript, manuscript_of, marks_with, replace, sample_value,
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
        "II.3.c",
        "bên trái",
    ),
    // the title
    mutant(
        TITLE,
        "size: measures.type-size, weight: \"bold\"",
        "size: measures.type-size, weight: \"regular\"",
        "II.5.b",
        "tên loại",
    ),
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
    mutant(MEASURES, "addressee-size: 14pt", "addressee-size: 12pt", "II.9.d", "Kính gửi"),
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
    mutant(
        HEADINGS,
        "size: measures.heading-size, weight: \"bold\"",
        "size: measures.heading-size, weight: \"regular\"",
        "II.6.đ",
        "đậm",
    ),
    mutant(MEASURES, "heading-size: 14pt", "heading-size: 12pt", "II.6.đ", "Tiêu đề"),
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
    mutant(MEASURES, "signer-size: 14pt", "signer-size: 12pt", "II.7.đ", "ký"),
    mutant(SIGN_OFF, "size: measures.signer-size, weight: \"bold\"", "size: measures.signer-size", "II.7.đ", "ký"),
    mutant(
        SIGN_OFF,
        "recipients(paper.recipients, paper.drafter), block(breakable: false, signer(paper.signature))",
        "block(breakable: false, signer(paper.signature)), recipients(paper.recipients, paper.drafter)",
        "II.9.d",
        "bên trái",
    ),
    // the appendices
    mutant(MEASURES, "appendix-label-size: 14pt", "appendix-label-size: 12pt", "III.1.b", "Phụ lục"),
    mutant(
        APPENDIX,
        "size: measures.appendix-title-size, weight: \"bold\"",
        "size: measures.appendix-title-size, weight: \"regular\"",
        "III.1.b",
        "Phụ lục",
    ),
];

#[test]
fn nothing_is_found_on_what_we_ship() {
    for (name, request) in all_requests() {
        let manuscript = manuscript(&request);
        let marks = WORKSHOP.marks(&manuscript).unwrap_or_else(|failure| panic!("{name}: {failure:#?}"));
        assert_eq!(inspect(&marks, check_kind(&manuscript)), [], "{name}");
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

/// The law is about how we set a paper; what a caller writes in it must never be taken for a breach.
#[test]
fn nothing_that_a_caller_writes_is_taken_for_a_breach() {
    let one_line = "Tổ chức phát động phong trào thi đua và ký kết giao ước thi đua năm 2026.";
    let line_and_a_bit =
        "Các cơ quan, đơn vị trong Khối phối hợp với cấp ủy tiếp tục đẩy mạnh học tập và làm theo Bác.";
    let broken = "Dòng thứ nhất do người gửi tự ngắt, dài hơn sáu mươi chữ một chút thôi\nDòng thứ hai cũng do người gửi \
                  tự ngắt, dài hơn sáu mươi chữ một chút thôi\nDòng thứ ba do người gửi tự ngắt";
    let long_name =
        "Trung tâm Dịch vụ công và Phát triển cụm công nghiệp, khu công nghệ cao, khu chế xuất và logistics";
    let list = |text: &str, count: usize| -> Value { (0..count).map(|_| Value::from(text)).collect() };
    let members: Value = (1..=40).map(|n| json!({"unit": format!("{long_name} {n}")})).collect();
    let texts = ["/content/activities", "/content/leadership", "/content/proposals"];
    let mut cases: Vec<(&str, Value)> = Vec::new();
    for (text, counts) in [
        (one_line, [1, 3, 5, 20]),
        (line_and_a_bit, [1, 3, 5, 20]),
        (broken, [1, 2, 4, 8]),
        ("Nơi nhận: các đơn vị thành viên", [1, 2, 3, 30]),
        ("Số: 12/QĐ-UBND ngày 01/02/2026 về việc khen thưởng", [1, 2, 3, 30]),
        ("Phụ lục I", [1, 2, 3, 30]),
        ("I. PHƯƠNG HƯỚNG", [1, 2, 3, 30]),
        ("1. Nhiệm vụ", [1, 2, 3, 30]),
        ("Căn cứ Kế hoạch số 01/KH-UBND;", [1, 2, 3, 30]),
        ("12", [1, 2, 3, 60]),
        ("CHỮ IN HOA", [1, 2, 3, 30]),
        ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", [1, 2, 3, 30]),
    ] {
        for count in counts {
            for place in texts {
                cases.push((place, list(text, count)));
            }
        }
    }
    cases.push(("/content/members", members));
    cases.push(("/paper/place", "Thành phố Hồ Chí Minh và các phường, xã, đặc khu trực thuộc".into()));
    cases.push(("/paper/addressees", list(long_name, 4)));
    cases.push(("/paper/addressees", list(line_and_a_bit, 1)));
    cases.push(("/paper/recipients/items", list(long_name, 12)));
    cases.push(("/paper/recipients/items", list("Lưu", 1)));
    cases.push(("/paper/legal_bases", json!({"extra": [one_line, line_and_a_bit, "Căn cứ Luật."]})));
    cases.push(("/paper/legal_bases", json!({"include_edition": true, "extra": []})));
    cases.push(("/paper/subject", line_and_a_bit.into()));
    cases.push(("/paper/subject", "CHỮ IN HOA TRONG TRÍCH YẾU".into()));
    cases.push(("/paper/signing/name", "Nguyễn Thị Minh Khai Phương Thảo Ngọc Bảo Châu Anh".into()));
    cases.push(("/paper/signing/other_position", line_and_a_bit.into()));
    cases.push(("/paper/letterhead/parent_body", long_name.into()));
    cases.push(("/paper/letterhead/issuing_body", long_name.into()));
    cases.push(("/paper/number/symbol", "BC-KTĐCCQTMTHVNC".into()));
    let mut faults = Vec::new();
    for sample in ["minimal", "simple"] {
        for (pointer, value) in &cases {
            let mut request = sample_value(sample);
            put(&mut request, pointer, value.clone());
            if *pointer == "/content/members" {
                request["content"]["member_count"] = json!(40);
            }
            let manuscript = manuscript_of(&request);
            if let Err(failure) = WORKSHOP.marks(&manuscript) {
                let said: Vec<_> = failure.findings.iter().map(|finding| (&finding.message, &finding.found)).collect();
                let value: String = value.to_string().chars().take(120).collect();
                faults.push(format!("{sample} {pointer} = {value}: {} {said:?}", failure.code.as_str()));
            }
        }
    }
    println!("{} papers", cases.len() * 2);
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), cases.len() * 2, faults.join("\n"));
}

fn put(request: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    request.pointer_mut(parent).unwrap_or_else(|| panic!("{parent}"))[key] = value;
}

/// The simple sample with legal bases and long paragraphs, so that every part of a paper stands on its pages.
fn with_everything() -> Value {
    let mut request = sample_value("simple");
    request["paper"]["legal_bases"] = json!({"include_edition": true, "extra": []});
    // Long enough that some pages are full to their last line.
    let long =
        "Các cơ quan, đơn vị trong Khối phối hợp tổ chức phong trào thi đua, nhân rộng điển hình tiên tiến. ".repeat(9);
    request["content"]["activities"] = (0..12).map(|_| Value::from(long.trim())).collect();
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
        replace(files, SIGN_OFF, "par(company.body + post(height))\n      v(-height)", "company");
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
