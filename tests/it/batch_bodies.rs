//! Batches that are handed in as lines or as a ZIP file: the same checks, places that a sender finds, and bounds.

use std::{
    collections::BTreeSet,
    io::{Cursor, Write},
};

use serde_json::{Value, json};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{
    batches::{ended, faulty, requests},
    support::{
        contract::checked,
        papers::sample_of,
        programs::{Service, json},
    },
};

const LINES: &str = "application/x-ndjson";
const ZIP: &str = "application/zip";

fn send(service: &Service, query: &str, media_type: &str, body: impl Into<Vec<u8>>) -> (u16, Value) {
    let request = service.request("POST", &format!("/v1/batches{query}")).header("content-type", media_type);
    let answer = checked("POST", "/v1/batches", request.body(body.into()).send().expect("an answer"));
    (answer.status().as_u16(), json(answer))
}

fn lines(requests: &[Value]) -> String {
    requests.iter().map(|request| format!("{request}\n")).collect()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        writer.start_file(*name, options).expect("begun");
        writer.write_all(bytes).expect("written");
    }
    writer.finish().expect("ended").into_inner()
}

fn places(told: &Value) -> Vec<String> {
    let errors = told["errors"].as_array().expect("a list").iter();
    let mut places: Vec<String> = errors
        .filter_map(|error| Some(error["pointer"].as_str()?.to_owned()))
        .filter(|place| !place.is_empty())
        .collect();
    places.sort();
    places.dedup();
    places
}

fn nothing_is_stored(service: &Service) {
    assert_eq!(json(service.get("/v1/jobs"))["data"], json!([]));
}

#[test]
fn the_same_papers_come_of_lines_and_of_a_zip_file() {
    let service = Service::start(&[]);
    // An empty line is none, and the last need not end.
    let text = lines(&requests()).replacen('\n', "\n\n", 1);
    let (status, taken) = send(&service, "", LINES, text.trim_end());
    assert_eq!((status, &taken["parts"]), (202, &json!(3)), "{taken:#}");
    assert_eq!(ended(&service, taken["id"].as_str().expect("an id"))["counts"], json!({"succeeded": 3}));
    let manifest = json(service.get(&format!("/v1/batches/{}/manifest.json", taken["id"].as_str().expect("an id"))));
    let names = manifest["files"].as_array().expect("a list").iter().map(|file| file["file"].clone()).take(3);
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["00001-scorecard.pdf", "00003-annual-summary.pdf", "00004-six-month-review.pdf"],
        "lines as an editor counts them"
    );
    let files = requests().iter().map(Value::to_string).collect::<Vec<_>>();
    let both = lines(&requests()[..2]);
    let zip = zipped(&[
        ("nam-2026/a.json", files[0].as_bytes()),
        ("nam-2026/b.json", files[2].as_bytes()),
        ("nam-2026/c.ndjson", both.as_bytes()),
    ]);
    let (status, taken) = send(&service, "", ZIP, zip);
    assert_eq!((status, &taken["parts"], &taken["kept"]), (202, &json!(4), &json!(4)), "{taken:#}");
    // As JSON, once more.
    let (status, taken) = send(&service, "", "application/json", json!({"requests": requests()}).to_string());
    assert_eq!((status, &taken["parts"], &taken["kept"]), (202, &json!(3), &json!(3)), "{taken:#}");
}

#[test]
fn faults_are_told_by_line_or_by_file_all_at_once_and_nothing_is_stored() {
    let service = Service::start(&["--work", "false"]);
    let text = format!("{}{{\"kind\":\n\n{}", lines(&requests()[..1]), lines(&[faulty()]));
    let (status, told) = send(&service, "", LINES, text);
    assert_eq!((status, &told["code"]), (422, &json!("invalid-document")), "{told:#}");
    let found = places(&told);
    for place in ["/lines/2", "/lines/4/content/member_count"] {
        assert!(found.contains(&place.to_owned()), "{place}: {found:?}");
    }
    let wrong = faulty().to_string();
    let person = "Nguyễn Thị Kín.json";
    let zip = zipped(&[
        ("a.json", b"{".as_slice()),
        ("b.json", wrong.as_bytes()),
        (person, b"{}"),
        ("anh.png", b"x"),
        ("x/b.json", b"{}"),
    ]);
    // Names are faults of the whole: nobody wants to read of them afterwards.
    for query in ["", "?accept_partial=true"] {
        let (status, told) = send(&service, query, ZIP, zip.clone());
        assert_eq!((status, &told["code"]), (422, &json!("invalid-document")), "{told:#}");
        let found = places(&told);
        for place in ["/files/a.json", "/files/b.json", "/files/b.json/content/member_count", "/files/anh.png"] {
            assert!(found.contains(&place.to_owned()), "{place}: {found:?}");
        }
        assert!(found.contains(&format!("/files/{person}")), "{found:?}");
    }
    // Two entries of one full name: neither is taken in silence.
    let paper = requests()[0].to_string();
    let mut twice = zipped(&[("a.json", paper.as_bytes()), ("b.json", paper.as_bytes())]);
    for at in 0..twice.len() - 6 {
        if twice[at..].starts_with(b"b.json") {
            twice[at] = b'a';
        }
    }
    let (status, told) = send(&service, "?accept_partial=true", ZIP, twice);
    assert_eq!((status, places(&told)), (422, vec!["/files/a.json".to_owned()]), "{told:#}");
    assert!(told.to_string().contains("Có hai tệp cùng tên"), "{told:#}");
    nothing_is_stored(&service);
}

#[test]
fn the_parameters_say_what_lines_cannot() {
    let service = Service::start(&["--work", "false"]);
    let all = [requests(), vec![faulty()]].concat();
    let (status, taken) = send(&service, "?accept_partial=true", LINES, lines(&all));
    assert_eq!((status, &taken["parts"]), (202, &json!(3)), "{taken:#}");
    let left = &taken["left_out"][0];
    assert_eq!((&left["line"], &left["paper"]), (&json!(4), &json!("00004-annual-summary")), "{taken:#}");
    assert!(left["request"].is_null() && left["findings"][0]["message_vi"].is_string(), "{left:#}");
    let seen = json(service.get(&format!("/v1/batches/{}", taken["id"].as_str().expect("an id"))));
    assert_eq!(seen["left_out"][0]["line"], 4, "{seen:#}");

    let (status, taken) = send(&service, "?kind=scorecard", LINES, lines(&requests()));
    assert_eq!((status, &taken["parts"]), (202, &json!(1)), "{taken:#}");
    let kinds: BTreeSet<String> =
        requests().iter().map(|request| request["kind"].as_str().expect("a kind").to_owned()).collect();
    let all_kinds = format!("?kind={}", kinds.into_iter().collect::<Vec<_>>().join(","));
    let (status, taken) = send(&service, &all_kinds, LINES, lines(&requests()));
    assert_eq!((status, &taken["parts"]), (202, &json!(requests().len())), "{taken:#}");
    // Of what kind a torn line is cannot be told, so it is no line of another kind.
    let torn = format!("{}{{\"kind\":\"scorecard\",\"content\":{{\n", lines(&requests()));
    let (status, told) = send(&service, "?kind=scorecard", LINES, torn);
    assert_eq!((status, places(&told)), (422, vec!["/lines/4".to_owned()]), "{told:#}");

    let annual = sample_of("annual-summary", "simple");
    let year = annual["content"]["period"]["year"].as_i64().expect("a year");
    let asked =
        |period: &str| send(&service, &format!("?period={period}"), LINES, lines(std::slice::from_ref(&annual)));
    assert_eq!(asked(&year.to_string()).0, 202);
    let (status, told) = asked(&(year + 1).to_string());
    assert_eq!((status, places(&told)), (422, vec!["/lines/1/content/period/year".to_owned()]), "{told:#}");
    let review = sample_of("six-month-review", "simple");
    let (year, part) = (&review["content"]["period"]["year"], review["content"]["period"]["part"].as_str());
    let [same, other] = if part == Some("second-half") { ["H2", "H1"] } else { ["H1", "H2"] };
    let asked =
        |half: &str| send(&service, &format!("?period={year}-{half}"), LINES, lines(std::slice::from_ref(&review)));
    assert_eq!(asked(same).0, 202);
    let (status, told) = asked(other);
    assert_eq!((status, places(&told)), (422, vec!["/lines/1/content/period/part".to_owned()]), "{told:#}");

    for query in [
        "?kind=khong-co",
        "?kind=scorecard,khong-co",
        "?kind=scorecard,",
        "?period=2026-H3",
        "?accept_partial=co",
        "?la=1",
    ] {
        let (status, told) = send(&service, query, LINES, lines(&requests()));
        assert_eq!((status, &told["code"]), (400, &json!("bad-parameter")), "{query}: {told:#}");
    }
    // What JSON says in its body is said there.
    let body = json!({"requests": requests()}).to_string();
    let (status, told) = send(&service, "?accept_partial=true", "application/json", body);
    assert_eq!((status, &told["code"]), (400, &json!("bad-parameter")), "{told:#}");
    for (media_type, body) in [(LINES, "\n \n"), (LINES, "")] {
        let (status, told) = send(&service, "", media_type, body);
        assert_eq!((status, &told["code"]), (400, &json!("bad-parameter")), "{told:#}");
    }
    let (status, told) = send(&service, "", "text/csv", "a;b");
    assert_eq!((status, &told["code"]), (415, &json!("unsupported-media-type")), "{told:#}");
}

#[test]
fn what_packs_to_little_and_unpacks_to_much_is_refused() {
    const MIB: usize = 1 << 20;
    let service = Service::start(&["--work", "false", "--max-paper-bytes", "16777216"]);
    let zeros = vec![b' '; 12 * MIB];
    let one = zipped(&[("a.json", &zeros)]);
    assert!(one.len() < MIB, "packed");
    let (status, told) = send(&service, "", ZIP, one.clone());
    assert_eq!((status, &told["code"]), (413, &json!("body-too-large")), "one paper: {told:#}");
    // Told to be small: reading ends where more comes out.
    let mut lying = one;
    let real = u32::try_from(zeros.len()).expect("small").to_le_bytes();
    let told: Vec<usize> = (0..lying.len() - 4).filter(|at| lying[*at..at + 4] == real).collect();
    assert!(!told.is_empty());
    told.into_iter().for_each(|at| lying[at..at + 4].copy_from_slice(&7_u32.to_le_bytes()));
    let (status, told) = send(&service, "", ZIP, lying);
    assert_eq!((status, &told["errors"][0]["code"]), (422, &json!("archive")), "it lies: {told:#}");
    let many: Vec<(&str, &[u8])> = ["a.json", "b.json", "c.json"].map(|name| (name, &zeros[..6 * MIB])).into();
    let (status, told) = send(&service, "", ZIP, zipped(&many));
    assert_eq!((status, &told["code"]), (413, &json!("body-too-large")), "all of them: {told:#}");
    for broken in [b"PK\x03\x04".as_slice(), b"%PDF-1.7", b""] {
        let (status, told) = send(&service, "", ZIP, broken);
        assert_eq!((status, &told["code"]), (422, &json!("invalid-document")), "{told:#}");
    }

    // A paper has its own bound however it comes.
    let mut huge = sample_of("annual-summary", "simple");
    huge["content"]["note"] = "x".repeat(9 * MIB).into();
    let body = json!({"requests": [sample_of("scorecard", "simple"), huge]}).to_string();
    let (status, told) = send(&service, "", "application/json", body);
    assert_eq!((status, places(&told)), (422, vec!["/requests/1".to_owned()]), "{told:#}");
    assert_eq!(told["errors"][0]["code"], "body-too-large", "{told:#}");
    let (status, told) = send(&service, "", LINES, lines(&[huge]));
    assert_eq!((status, places(&told)), (422, vec!["/lines/1".to_owned()]), "{told:#}");
    let (status, told) = send(&service, "", LINES, vec![b'x'; 17 * MIB]);
    assert_eq!((status, &told["code"]), (413, &json!("body-too-large")), "{told:#}");
    nothing_is_stored(&service);
}

#[test]
fn more_papers_than_a_batch_takes_are_not_looked_at() {
    let service = Service::start(&["--work", "false"]);
    let papers = |count: usize| "{}\n".repeat(count);
    let of_one_bloc = json!({"bloc": "a", "papers": vec![json!({}); 10_001]}).to_string();
    let halves = [papers(6_000), papers(6_000)];
    let batches = [
        (LINES, papers(10_001).into_bytes()),
        (ZIP, zipped(&[("a.ndjson", halves[0].as_bytes()), ("b.ndjson", halves[1].as_bytes())])),
        (ZIP, zipped(&[("a.ndjson", papers(10_001).as_bytes())])),
        (ZIP, zipped(&[("a.json", of_one_bloc.as_bytes())])),
    ];
    for (number, (media_type, body)) in batches.into_iter().enumerate() {
        for query in ["", "?accept_partial=true", "?kind=scorecard"] {
            let (status, told) = send(&service, query, media_type, body.clone());
            assert_eq!((status, &told["code"]), (400, &json!("bad-parameter")), "{number} {query}: {told:#}");
            assert!(told["title"].as_str().expect("a title").contains("10000"), "{told:#}");
        }
    }
    nothing_is_stored(&service);
}

#[test]
fn an_answer_lists_so_many_findings_and_says_how_many_more_there_are() {
    let service = Service::start(&["--work", "false"]);
    let wrong = json!({"kind": "khong-co"});
    let all: Vec<Value> = std::iter::repeat_n(wrong, 250).collect();
    let (status, told) = send(&service, "", LINES, lines(&all));
    assert_eq!((status, told["errors"].as_array().map(Vec::len)), (422, Some(200)), "{told:#}");
    assert!(told["title"].as_str().expect("a title").contains("250 lỗi"), "{}", told["title"]);
    assert!(told["detail"].as_str().expect("a hint").contains("chưa nêu 50 lỗi nữa"), "{}", told["detail"]);

    let mut many = sample_of("annual-summary", "simple");
    for number in 0..150 {
        many["content"][format!("la_{number}")] = json!(1);
    }
    let all = [vec![many.clone(), many], requests()].concat();
    let (status, taken) = send(&service, "?accept_partial=true", LINES, lines(&all));
    assert_eq!(status, 202, "{taken:#}");
    let told = taken["left_out"].as_array().expect("a list");
    let counted: Vec<(usize, Option<u64>)> =
        told.iter().map(|left| (left["findings"].as_array().expect("a list").len(), left["more"].as_u64())).collect();
    let [(first, None), (second, Some(more))] = counted.as_slice() else { panic!("{counted:?}") };
    assert_eq!((first + second, second + usize::try_from(*more).expect("small")), (200, *first));
}

#[test]
fn a_batch_full_of_faults_is_counted_to_the_last_and_kept_in_part() {
    const PAPERS: usize = 500;
    let service = Service::start(&["--work", "false"]);
    let content: serde_json::Map<String, Value> = (0..210).map(|number| (format!("la_{number}"), json!(1))).collect();
    let wrong = json!({"kind": "scorecard", "content": content});
    let mut all: Vec<Value> = std::iter::repeat_n(wrong, PAPERS - 1).collect();
    all.push(sample_of("scorecard", "simple"));
    // Of each paper 200 are found; of 20,000 each may keep 40.
    let errors = (PAPERS - 1) * 200;
    let (status, told) = send(&service, "", LINES, lines(&all));
    assert_eq!((status, told["errors"].as_array().map(Vec::len)), (422, Some(200)));
    assert!(told["title"].as_str().expect("a title").contains(&format!("{errors} lỗi")), "{}", told["title"]);
    let (status, taken) = send(&service, "?accept_partial=true", LINES, lines(&all));
    assert_eq!((status, &taken["parts"]), (202, &json!(1)), "{:#}", taken["counts"]);
    let counted = |batch: &Value| {
        let left = batch["left_out"].as_array().expect("a list").clone();
        let listed = |left: &Value| left["findings"].as_array().expect("a list").len();
        let more: u64 = left.iter().map(|left| left["more"].as_u64().expect("there are more")).sum();
        (left.iter().map(listed).sum::<usize>(), usize::try_from(more).expect("small"))
    };
    assert_eq!(counted(&taken), (200, errors - 200));
    let kept = json(service.get(&format!("/v1/batches/{}", taken["id"].as_str().expect("an id"))));
    assert_eq!(counted(&kept), ((PAPERS - 1) * 40, errors - (PAPERS - 1) * 40));
}
