//! What is wrong with a request is said, all of it, with its place; and nothing wrong is ever stored or crashes anything.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tdkt_reports::{
    failure::{Failure, FailureCode, Severity},
    intake::Treatment,
};
use unicode_normalization::UnicodeNormalization;

use super::support::{
    chance::{Chance, seed},
    papers::{self, WORKSHOP},
    programs::{Service, json},
};

const IMAGE: &str = "/paper/signing/signature_image";
const UNIT: &str = "/content/members/2/unit";
/// The longest that a refusal may take, whatever was sent.
const REFUSAL: Duration = Duration::from_secs(10);

/// A request that must not be accepted.
struct Bad {
    what: &'static str,
    body: Vec<u8>,
    status: u16,
    code: FailureCode,
    /// Errors that must be named: rule and place.
    errors: Vec<(&'static str, &'static str)>,
    /// What one of the messages has to say.
    says: &'static str,
}

/// The simple sample with one value set; a missing last step is added.
fn with(pointer: &str, value: impl Into<Value>) -> Value {
    let mut request = papers::sample_value("simple");
    set(&mut request, pointer, value);
    request
}

fn set(request: &mut Value, pointer: &str, value: impl Into<Value>) {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    match request.pointer_mut(parent).expect("the parent is there") {
        Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value.into(),
        parent => parent[key.replace("~1", "/")] = value.into(),
    }
}

fn malformed(what: &'static str, body: impl Into<Vec<u8>>) -> Bad {
    Bad { what, body: body.into(), status: 400, code: FailureCode::MalformedJson, errors: Vec::new(), says: "" }
}

fn invalid(
    what: &'static str,
    pointer: &'static str,
    value: impl Into<Value>,
    code: &'static str,
    says: &'static str,
) -> Bad {
    let body = with(pointer, value).to_string().into_bytes();
    Bad { what, body, status: 422, code: FailureCode::InvalidDocument, errors: vec![(code, pointer)], says }
}

fn nested(depth: usize) -> String {
    format!("{{\"kind\":\"six-month-review\",\"content\":{}1{}}}", "[".repeat(depth), "]".repeat(depth))
}

/// A PNG header that claims this size, and nothing behind it.
fn png_claiming(width: u32, height: u32) -> String {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
    STANDARD.encode(bytes)
}

fn bad_requests() -> Vec<Bad> {
    let unit = |what, text: &'static str, says| invalid(what, UNIT, text, "N01", says);
    let glyph = |what, text: &'static str, says| invalid(what, UNIT, text, "missing-glyph", says);
    let image = |what, value: String| invalid(what, IMAGE, value, "signature-image", "PNG");
    let other = |what, body: Vec<u8>, status, code, errors| Bad { what, body, status, code, errors, says: "" };
    let kind = |what, request: Value| {
        let body = request.to_string().into_bytes();
        other(what, body, 422, FailureCode::UnknownKind, vec![("schema-kind", "/kind")])
    };
    let edition = |what, pointer: &'static str, value: &str| {
        let body = with(pointer, value).to_string().into_bytes();
        other(what, body, 422, FailureCode::NoEdition, vec![("edition", pointer)])
    };
    let twice = papers::sample_value("simple").to_string().replace("\"copies\":12", "\"copies\":12,\"copies\":12");
    let members: Vec<Value> = (0..100_000).map(|number| json!({"unit": number.to_string()})).collect();
    vec![
        // bytes
        malformed("nothing", ""),
        malformed("white space", " \n"),
        malformed("a list", "[]"),
        malformed("a text", "\"six-month-review\""),
        malformed("a number", "7"),
        malformed("null", "null"),
        malformed("half a request", &papers::sample("simple").as_bytes()[..500]),
        malformed("two requests", format!("{0}{0}", papers::sample("minimal"))),
        malformed("not UTF-8", b"{\"kind\":\"\xff\"}".as_slice()),
        Bad {
            what: "a spreadsheet",
            body: b"PK\x03\x04....xl/workbook.xml".to_vec(),
            status: 400,
            code: FailureCode::MalformedJson,
            errors: vec![("json-syntax", "")],
            says: "Excel",
        },
        malformed("UTF-16", "{\"kind\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
        malformed("a lone surrogate", r#"{"kind":"six-month-review","paper":"\ud800"}"#),
        malformed("a number beyond reach", r#"{"kind":"six-month-review","content":1e400}"#),
        malformed("NaN", r#"{"kind":"six-month-review","content":NaN}"#),
        malformed("200 levels", nested(200)),
        malformed("100,000 levels", nested(100_000)),
        malformed("100,000 levels that are never closed", "[".repeat(100_000)),
        malformed("100,000 objects in each other", "{\"a\":".repeat(100_000)),
        other(
            "10 MB of text",
            with(UNIT, "x".repeat(10 << 20)).to_string().into_bytes(),
            413,
            FailureCode::BodyTooLarge,
            Vec::new(),
        ),
        other(
            "a key twice",
            twice.into_bytes(),
            422,
            FailureCode::InvalidDocument,
            vec![("json-duplicate", "/paper/copies")],
        ),
        // which paper
        kind("another kind", json!({"kind": "no-such-kind"})),
        kind("a kind that is no text", json!({"kind": 7})),
        kind("no kind", json!({"paper": {}})),
        edition("an edition that is not there", "/paper/edition", "E9"),
        edition("a date before all editions", "/paper/issued_on", "2010-01-01"),
        // characters
        unit("TCVN3", "Së Néi vô", "Sở Nội vụ"),
        unit("VNI", "Sôû Noäi vuï", "Sở Nội vụ"),
        unit("zero width", "Sở\u{200B} Nội vụ", "U+200B"),
        unit("a zero-width joiner", "Sở\u{200D} Nội vụ", "U+200D"),
        unit("a BOM within", "Sở\u{FEFF} Nội vụ", "U+FEFF"),
        unit("bidi override", "Sở \u{202E}Nội vụ", "U+202E"),
        unit("bidi isolate", "Sở \u{2066}Nội vụ", "U+2066"),
        unit("a bell", "Sở\u{7} Nội vụ", "U+0007"),
        unit("a C1 control", "Sở\u{85} Nội vụ", "U+0085"),
        unit("U+0000", "Sở\u{0} Nội vụ", "U+0000"),
        unit("private use", "Sở \u{E000}", "U+E000"),
        unit("not a character", "Sở \u{FFFE}", "U+FFFE"),
        unit("a mark without its letter", "\u{301}Sở", "U+0301"),
        unit("lost in a conversion", "S\u{FFFD} Nội vụ", "U+FFFD"),
        glyph("emoji", "Sở 🏆", "U+1F3C6"),
        glyph("CJK", "Sở 越南", "U+8D8A"),
        glyph("Thai", "Sở ไทย", "U+0E44"),
        // structure
        invalid("an unknown field", "/content/budget", 1, "schema-unknown", "budget"),
        invalid("an unknown field with a slash", "/content/members/0/a~1b", 1, "schema-unknown", "a/b"),
        invalid("a text for a number", "/content/member_count", "tám", "schema-type", "số nguyên"),
        invalid("a number in quotation marks", "/content/member_count", "8", "schema-type", "8 (bỏ dấu nháy)"),
        invalid("a number for a text", "/paper/place", 7, "schema-type", "chuỗi"),
        invalid("an object for a list", "/content/members", json!({}), "schema-type", "danh sách"),
        invalid("null for an object", "/content/bloc", Value::Null, "schema-type", "đối tượng"),
        invalid("a fraction of a member", "/content/member_count", 7.5, "schema-type", "số nguyên"),
        invalid("fewer than none", "/content/commendations/0/count", -1, "schema-limit", "từ 0"),
        invalid("too many", "/content/member_count", 4_000_000_000_u64, "schema-limit", "1000000"),
        invalid("no name", "/content/bloc/name", "", "schema-empty", "trống"),
        invalid("a name of spaces", "/content/bloc/name", " \u{a0} ", "schema-empty", "khoảng trắng"),
        invalid("a body without a letter", "/paper/letterhead/issuing_body", "2026-02-30", "schema-pattern", "chữ cái"),
        invalid("a long name", "/content/bloc/name", "x".repeat(301), "schema-limit", "300"),
        invalid("another part of the year", "/content/period/part", "third-half", "schema-enum", "first-half"),
        invalid("100,000 members", "/content/members", members, "schema-limit", "500"),
        // rules
        invalid("30 February", "/content/conference/date", "2026-02-30", "D01", "ngày"),
        invalid("29 February of no leap year", "/paper/issued_on", "2025-02-29", "D01", "ngày"),
        invalid("a date in words", "/paper/issued_on", "hôm nay", "D01", "ngày"),
        invalid("a date of the year 9999", "/paper/issued_on", "9999-12-31", "D01", "2100"),
        invalid(
            "a decree out of its time",
            "/paper/legal_bases",
            json!({"extra": ["Căn cứ Nghị định số 91/2017/NĐ-CP ngày 31 tháng 7 năm 2017 của Chính phủ"]}),
            "D08",
            "91/2017/NĐ-CP",
        ),
        // pictures
        image("a picture that is no PNG", STANDARD.encode(b"\xff\xd8\xff\xe0 a JPEG, say")),
        image("a picture that is no Base64", "đây không phải ảnh".to_owned()),
        image("a picture of 30,000 by 30,000", png_claiming(30_000, 30_000)),
        image("a picture of 4 billion by 4 billion", png_claiming(u32::MAX, u32::MAX)),
        image("a picture of no size", png_claiming(0, 10)),
        invalid("a picture too large to travel", IMAGE, "A".repeat(1_400_004), "schema-limit", "1400000"),
    ]
}

/// Pointers of D08 lead into the list.
fn is_at(pointers: &[String], wanted: &str) -> bool {
    pointers.iter().any(|pointer| pointer == wanted || pointer.starts_with(&format!("{wanted}/")))
}

#[test]
fn every_bad_request_is_refused_with_its_code_and_its_places() {
    for bad in bad_requests() {
        let started = Instant::now();
        let failure = WORKSHOP.check(&bad.body, Treatment::AsSent).err();
        let failure = failure.unwrap_or_else(|| panic!("{} was accepted", bad.what));
        assert!(started.elapsed() < REFUSAL, "{}: {:?}", bad.what, started.elapsed());
        assert_eq!(failure.code, bad.code, "{}: {failure:#?}", bad.what);
        for (code, pointer) in &bad.errors {
            let errors = failure.findings.iter().filter(|finding| finding.severity == Severity::Error);
            let named = errors.filter(|finding| finding.code == *code).any(|finding| is_at(&finding.pointers, pointer));
            assert!(named, "{}: no {code} at {pointer}: {failure:#?}", bad.what);
        }
        assert!(said(&failure).contains(bad.says), "{}: nothing about {}: {failure:#?}", bad.what, bad.says);
    }
}

fn said(failure: &Failure) -> String {
    let sentences = failure.findings.iter().flat_map(|finding| {
        [Some(&finding.message), finding.expected.as_ref(), finding.found.as_ref()].into_iter().flatten()
    });
    sentences.fold(failure.message.clone(), |all, sentence| format!("{all}\n{sentence}"))
}

#[test]
fn over_http_the_same_holds_and_no_job_is_stored() {
    let service = Service::start(&["--work", "false"]);
    for bad in bad_requests() {
        let started = Instant::now();
        let response = service.post("/v1/documents", bad.body);
        assert!(started.elapsed() < REFUSAL, "{}: {:?}", bad.what, started.elapsed());
        let (status, body) = (response.status().as_u16(), json(response));
        assert_eq!((status, &body["code"]), (bad.status, &json!(bad.code.as_str())), "{}: {body:#}", bad.what);
        for (code, pointer) in &bad.errors {
            let errors = body["errors"].as_array().expect("a list").iter();
            let named = errors.filter(|error| error["code"] == *code && error["severity"] == "error").any(|error| {
                let pointers: Vec<String> = serde_json::from_value(error["pointers"].clone()).expect("pointers");
                is_at(&pointers, pointer)
            });
            assert!(named, "{}: no {code} at {pointer}: {body:#}", bad.what);
        }
    }
    assert!(service.books().counts().is_empty(), "{:?}", service.books().counts());
    service.accept(papers::sample("minimal"));
}

#[test]
fn a_dozen_faults_come_back_in_one_answer() {
    let mut request = papers::sample_value("simple");
    let faults: [(&str, Value, &str); 11] = [
        ("/content/members/2/unit", json!("Së Néi vô"), "N01"),
        ("/content/members/3/unit", json!("Sở 🏆"), "missing-glyph"),
        ("/content/member_count", json!("tám"), "schema-type"),
        ("/content/budget", json!(1), "schema-unknown"),
        ("/paper/issued_on", json!("2026-02-30"), "D01"),
        ("/content/period/part", json!("third-half"), "schema-enum"),
        ("/content/commendations/0/count", json!(-1), "schema-limit"),
        ("/content/bloc/name", json!(""), "schema-empty"),
        ("/paper/number/symbol", json!("BC KTĐ"), "schema-pattern"),
        (IMAGE, json!(STANDARD.encode("no picture")), "signature-image"),
        ("/content/tasks/0", json!("một\u{200B}hai"), "N01"),
    ];
    for (pointer, value, _) in &faults {
        set(&mut request, pointer, value.clone());
    }
    request["paper"].as_object_mut().expect("an object").remove("place");
    let body = request.to_string().replace("\"copies\":12", "\"copies\":12,\"copies\":12");
    let failure = WORKSHOP.check(body.as_bytes(), Treatment::AsSent).expect_err("refused");
    let mut expected: Vec<(&str, &str)> = faults.iter().map(|(pointer, _, code)| (*code, *pointer)).collect();
    expected.extend([("schema-required", "/paper/place"), ("json-duplicate", "/paper/copies")]);
    let mut found: Vec<(&str, &str)> =
        failure.findings.iter().map(|finding| (finding.code.as_str(), finding.pointers[0].as_str())).collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
    assert!(failure.message.contains("13 lỗi"), "{}", failure.message);
}

#[test]
fn faults_of_the_cross_checks_come_back_together() {
    let mut request = papers::sample_value("simple");
    for (pointer, value) in [
        ("/content/member_count", json!(9)),
        ("/content/members/3/role", json!("head")),
        ("/content/commendation_totals/individual", json!(69)),
        ("/content/conference/date", json!("2026-07-21")),
        ("/content/period/to", json!("2027-06-30")),
        ("/content/movements/0/from", json!("2026-03-01")),
        ("/content/movements/0/to", json!("2026-02-01")),
        ("/content/guidance/0/date", json!("2026-08-01")),
        ("/content/tasks/0", json!("Đã hoàn thành …… nhiệm vụ")),
        ("/paper/legal_bases", json!({"extra": ["Nghị định số 91/2017/NĐ-CP", "Quyết định ngày 21/7/2026"]})),
    ] {
        set(&mut request, pointer, value);
    }
    let failure = WORKSHOP.check(request.to_string().as_bytes(), Treatment::AsSent).expect_err("refused");
    let errors = failure.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let mut codes: Vec<&str> = errors.map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes, ["D03", "D07", "D08", "D10", "M01", "M02", "S01", "T03"], "{failure:#?}");
}

#[test]
fn decomposed_letters_are_composed_and_print_the_same_paper() {
    let composed = papers::sample("simple");
    let decomposed: String = composed.nfd().collect();
    assert_ne!(decomposed, composed);
    assert_eq!(papers::manuscript(decomposed.as_bytes()).request, papers::manuscript(composed.as_bytes()).request);
    let pdf = papers::pdf(decomposed.as_bytes());
    assert!(pdf == papers::pdf(composed.as_bytes()), "not the same paper");
    let text = papers::text(&pdf);
    assert!(text.contains("Trần Quốc Hưng"), "{text}");
    assert!(text.chars().eq(text.nfc()), "the printed text is composed");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm_between_the_values() {
    let plain = papers::manuscript(papers::sample("simple").as_bytes()).request;
    let windows = format!("\u{FEFF}{}", papers::sample("simple").replace('\n', "\r\n"));
    assert_eq!(papers::manuscript(windows.as_bytes()).request, plain);
}

#[test]
fn a_picture_that_breaks_in_its_middle_fails_as_the_callers_data() {
    let request = with(IMAGE, png_claiming(200, 100)).to_string();
    let accepted = WORKSHOP.check(request.as_bytes(), Treatment::AsSent).expect("the header is fine");
    let failure = WORKSHOP.render(&accepted.manuscript).expect_err("there is no picture behind the header");
    assert_eq!((failure.code, failure.findings[0].pointers[0].as_str()), (FailureCode::InvalidDocument, IMAGE));
}

const MUTATIONS: u64 = 3_000;
/// One in so many of the accepted requests is printed too; the rest cost a check only.
const PRINTED: u64 = 5;

#[test]
fn three_thousand_damaged_requests_end_in_a_paper_or_in_a_named_failure() {
    let seed = seed();
    let mut chance = Chance::new(seed);
    let (mut accepted, mut printed, mut misfits) = (0, 0, 0);
    for number in 0..MUTATIONS {
        let mut request = papers::sample_value("simple");
        for _ in 0..1 + chance.below(3) {
            damage(&mut request, &mut chance);
        }
        let body = request.to_string();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let checked = WORKSHOP.check(body.as_bytes(), Treatment::AsSent);
            let print = chance.below(PRINTED) == 0;
            checked.map(|checked| print.then(|| WORKSHOP.render(&checked.manuscript)))
        }));
        let place = format!("seed {seed}, request {number}: {body}");
        let failure = match outcome.unwrap_or_else(|_| panic!("a panic at {place}")) {
            Ok(rendered) => {
                accepted += 1;
                printed += u64::from(rendered.is_some());
                rendered.and_then(Result::err)
            }
            Err(failure) => Some(failure),
        };
        let Some(failure) = failure else { continue };
        let ours = matches!(failure.code, FailureCode::Internal | FailureCode::TemplateFault);
        assert!(!ours, "{failure:#?} at {place}");
        misfits += u64::from(failure.code == FailureCode::LayoutFault);
    }
    println!("{accepted} of {MUTATIONS} accepted, {printed} printed, of which {misfits} did not fit the page");
    assert!(accepted > MUTATIONS / 20, "the damage is too great to test anything: {accepted} accepted");
}

/// Replaces one value, often by one of its own type, so that some damage passes the schema.
fn damage(request: &mut Value, chance: &mut Chance) {
    let mut pointers = Vec::new();
    collect(request, String::new(), &mut pointers);
    let pointer = chance.pick(&pointers).clone();
    let Some(target) = request.pointer_mut(&pointer) else { return };
    let replacement = match target {
        Value::String(_) if chance.below(4) > 0 => json!(any_text(chance)),
        Value::Number(_) if chance.below(4) > 0 => any_number(chance),
        Value::Array(items) if chance.below(4) > 0 => {
            let mut items = items.clone();
            match chance.below(4) {
                0 => items.clear(),
                1 => items.truncate(1),
                2 => items.reverse(),
                _ => items.extend(items.clone()),
            }
            Value::Array(items)
        }
        Value::Object(fields) if chance.below(4) > 0 => {
            let mut fields = fields.clone();
            let names: Vec<String> = fields.keys().cloned().collect();
            if !names.is_empty() {
                fields.remove(chance.pick(&names));
            }
            Value::Object(fields)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            any_json(chance, 3)
        }
    };
    *target = replacement;
}

fn collect(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{place}"), pointers);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                collect(field, format!("{pointer}/{name}"), pointers);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    pointers.push(pointer);
}

fn any_json(chance: &mut Chance, depth: u64) -> Value {
    match chance.below(if depth == 0 { 4 } else { 6 }) {
        0 => Value::Null,
        1 => json!(chance.below(2) == 0),
        2 => any_number(chance),
        3 => json!(any_text(chance)),
        4 => (0..chance.below(4)).map(|_| any_json(chance, depth - 1)).collect(),
        _ => {
            let fields = (0..chance.below(4)).map(|_| (any_text(chance), any_json(chance, depth - 1)));
            Value::Object(fields.collect())
        }
    }
}

fn any_number(chance: &mut Chance) -> Value {
    let numbers = [
        json!(0),
        json!(1),
        json!(-1),
        json!(8),
        json!(31),
        json!(2026),
        json!(999_999),
        json!(1_000_000_001),
        json!(0.5),
        json!(-0.0),
        json!(1e15),
        json!(1e300),
        json!(12_345.678_9),
        json!(i64::MIN),
        json!(u64::MAX),
    ];
    chance.pick(&numbers).clone()
}

fn any_text(chance: &mut Chance) -> String {
    let texts = [
        "",
        " ",
        "x",
        "Sở Nội vụ",
        "2026-07-15",
        "2026-02-30",
        "2019-12-31",
        "#panic(\"x\")",
        "#read(\"/etc/passwd\")",
        "$ x^2 $",
        "*đậm* _nghiêng_",
        "]",
        ")",
        "\"",
        "\\",
        "\\\"",
        "{{ x }}",
        "{% endif %}",
        "{#",
        "= Tiêu đề",
        "- a",
        "/ a: b",
        "@a <b>",
        "`",
        "```",
        "//",
        "/*",
        "~",
        "--",
        "\n",
        "\n\n",
        "a\nb",
        "\t",
        "\u{0}",
        "\u{301}",
        "\u{200B}",
        "\u{202E}",
        "🏆",
        "ệ",
        "e\u{302}\u{323}",
        "Së Néi vô",
        "\u{a0}",
        "\u{ad}",
        "\u{2028}",
        "\u{2060}",
        "……",
        "first-half",
        "second-half",
        "issued",
        "draft",
        "head",
        "collective",
        "province",
        "E1a",
        "E4",
        "BC-KTĐ",
        "Bằng khen",
    ];
    let text = chance.pick(&texts);
    match chance.below(8) {
        0 => text.repeat(usize::try_from(chance.below(400)).expect("small")),
        1 => format!("{text} {}", chance.pick(&texts)),
        _ => (*text).to_owned(),
    }
}

/// The simple sample with one place changed, checked as it is sent.
fn checked(
    pointer: &str,
    value: serde_json::Value,
) -> Result<tdkt_reports::intake::Accepted, tdkt_reports::failure::Failure> {
    let mut request = papers::sample_value("simple");
    *request.pointer_mut(pointer).unwrap_or_else(|| panic!("the sample has {pointer}")) = value;
    papers::WORKSHOP.check(request.to_string().as_bytes(), tdkt_reports::intake::Treatment::AsSent)
}

#[test]
fn tabs_and_line_ends_of_editors_become_blanks_in_names_and_line_feeds_in_paragraphs() {
    for sent in ["An\r\nBình", "An\rBình", "An\nBình", "An\tBình"] {
        let accepted = checked("/paper/place", sent.into()).unwrap_or_else(|failure| panic!("{sent:?}: {failure:#?}"));
        assert_eq!(accepted.manuscript.request["paper"]["place"], "An Bình", "{sent:?}");
    }
    let accepted = checked("/content/leadership/0", "Một\r\nHai\tBa.".into()).expect("acceptable");
    assert_eq!(accepted.manuscript.request["content"]["leadership"][0], "Một\nHai Ba.");
    let text = papers::text(&papers::WORKSHOP.render(&accepted.manuscript).expect("rendered").pdf);
    assert!(text.contains("Hai Ba."), "a tab parts words");
}

#[test]
fn an_issued_paper_prints_no_legal_bases_of_an_edition_out_of_time() {
    let paper = |status: &str, bases: bool| {
        let mut request = papers::sample_value("simple");
        request["status"] = status.into();
        request["paper"]["edition"] = "E1a".into();
        request["paper"]["legal_bases"] = serde_json::json!({"include_edition": bases});
        papers::WORKSHOP.check(request.to_string().as_bytes(), tdkt_reports::intake::Treatment::AsSent)
    };
    let failure = paper("issued", true).expect_err("refused");
    assert!(failure.findings.iter().any(|f| f.code == "D08" && f.pointers[0] == "/paper/edition"), "{failure:#?}");
    for (status, bases) in [("issued", false), ("draft", true)] {
        let findings = paper(status, bases).expect("acceptable").findings;
        assert!(findings.iter().any(|f| f.code == "D08"), "{status} {bases}: said all the same");
    }
}

#[test]
fn a_selection_names_as_many_as_it_counts() {
    let failure = checked("/content/selections/0/count", 3.into()).expect_err("refused");
    let place = "/content/selections/0/count";
    assert!(failure.findings.iter().any(|f| f.code == "S01" && f.pointers[0] == place), "{failure:#?}");
}
