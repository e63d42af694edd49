//! Finished papers sent to the service: it tells what they carry, whether they are whole, and survives what strangers send.

use std::{
    fs,
    time::{Duration, Instant},
};

use reqwest::blocking::Response;
use serde_json::{Value, json};
use tdkt_reports::failure::FailureCode;

use super::support::{
    papers::{self, WORKSHOP},
    programs::{Service, json as body},
};

const EXTRACT: &str = "/v1/papers/extract";
const VERIFY: &str = "/v1/papers/verify";
const CHECK: &str = "/v1/papers/check";

fn send(service: &Service, path: &str, file: &[u8]) -> Response {
    let request = service.request("POST", path).header("content-type", "application/pdf");
    request.body(file.to_vec()).send().expect("an answer")
}

#[track_caller]
fn refused(response: Response, status: u16, codes: &[FailureCode]) -> Value {
    let answered = response.status();
    let problem = body(response);
    let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    assert_eq!(answered, status, "{problem:#}");
    assert!(problem["code"].as_str().is_some_and(|code| codes.contains(&code)), "{codes:?}: {problem:#}");
    problem
}

/// An example that carries its data.
fn carrying() -> Vec<u8> {
    let mut request = papers::example_value("kon-tum-2020");
    request["attach_data"] = json!(true);
    papers::pdf(request.to_string().as_bytes())
}

#[test]
fn a_paper_tells_what_it_carries_and_proves_itself() {
    let service = Service::start(&["--work", "false", "--renderers", "1"]);
    let paper = carrying();
    let response = send(&service, EXTRACT, &paper);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let carried = body(response);
    let expected = WORKSHOP.extract(&paper).expect("carried");
    assert_eq!(carried["request"], expected.manuscript.request);
    assert_eq!((&carried["kind"], &carried["edition"]), (&json!("six-month-review"), &json!("E1b")));
    assert_eq!(carried["recipe"], serde_json::to_value(&expected.recipe).expect("JSON"));

    let verified = body(send(&service, VERIFY, &paper));
    assert_eq!(
        (&verified["agrees"], &verified["verdict"], &verified["differences"]),
        (&json!(true), &json!("agrees"), &json!([])),
        "{verified:#}"
    );
    let checked = body(send(&service, CHECK, &paper));
    assert_eq!((&checked["conforms"], &checked["form"]), (&json!(true), &json!("report")), "{checked:#}");
    let minutes = papers::pdf(&papers::example("kon-tum-2020-conference-minutes"));
    assert_eq!(body(send(&service, &format!("{CHECK}?form=minutes"), &minutes))["conforms"], true);
    let as_report = body(send(&service, &format!("{CHECK}?form=report"), &minutes));
    assert_eq!(as_report["conforms"], false, "minutes have no place and date in their header: {as_report:#}");
    for fault in as_report["faults"].as_array().expect("a list") {
        for member in ["law", "message_vi", "message_en", "found"] {
            assert!(fault[member].is_string(), "{member}: {fault:#}");
        }
        assert!(fault["page"].is_u64());
    }
    for query in ["form=poem", "form=", "forn=report"] {
        refused(send(&service, &format!("{CHECK}?{query}"), &paper), 400, &[FailureCode::BadParameter]);
    }
}

#[test]
fn what_a_signature_appends_is_told_and_agrees() {
    let paper = carrying();
    let signed = papers::updated(&paper, "$NEXT 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite >>\nendobj\n");
    let service = Service::start(&["--work", "false", "--renderers", "1"]);
    let verified = body(send(&service, VERIFY, &signed));
    assert_eq!(
        (&verified["agrees"], &verified["verdict"], &verified["differences"], &verified["added_bytes"]),
        (&json!(true), &json!("agrees-with-additions"), &json!([]), &json!(signed.len() - paper.len())),
        "{verified:#}"
    );
    // What is appended and takes the place of a page's content does not agree.
    let document = lopdf::Document::load_mem(&paper).expect("a PDF");
    let contents = document.get_page_contents(*document.get_pages().get(&1).expect("a page"))[0].0;
    let hidden = papers::updated(&paper, &format!("{contents} 0 obj\n<< /Length 0 >>\nstream\n\nendstream\nendobj\n"));
    let verified = body(send(&service, VERIFY, &hidden));
    assert_eq!((&verified["agrees"], &verified["verdict"]), (&json!(false), &json!("pages-changed")), "{verified:#}");
}

#[test]
fn what_differs_is_named() {
    let paper = carrying();
    let service = Service::start(&["--work", "false", "--renderers", "1"]);
    let mut touched = paper.clone();
    touched.extend_from_slice(b"\n% touched");
    let verified = body(send(&service, VERIFY, &touched));
    assert_eq!((&verified["agrees"], &verified["verdict"]), (&json!(false), &json!("pages-changed")), "{verified:#}");
    assert_eq!(verified["differences"], json!([]));

    // The data was exchanged in the file: its fingerprint in the recipe is another.
    let mut carried = serde_json::to_value(WORKSHOP.extract(&paper).expect("carried")).expect("JSON");
    carried["manuscript"]["request"]["paper"]["place"] = json!("An Bình");
    let verified = body(send(&service, VERIFY, &with_attachment(carried.to_string().as_bytes())));
    assert_eq!((&verified["verdict"], &verified["differences"]), (&json!("ingredients-differ"), &json!(["data"])));
    // Data of which no paper can be made, in a file that claims all the right ingredients.
    for (pointer, value) in [("/manuscript/kind", json!("none")), ("/manuscript/request", json!([1, 2]))] {
        let mut carried = carried.clone();
        *carried.pointer_mut(pointer).expect("there") = value;
        let request = carried["manuscript"]["request"].to_string();
        carried["recipe"]["data"] = json!(tdkt_reports::fingerprint::of(request.as_bytes()));
        let verified = body(send(&service, VERIFY, &with_attachment(carried.to_string().as_bytes())));
        assert_eq!((&verified["agrees"], &verified["verdict"]), (&json!(false), &json!("cannot-be-made")), "{pointer}");
    }

    let folder = tempfile::tempdir().expect("a temporary folder");
    papers::copy_folder(&papers::repository("report_templates"), folder.path());
    let measures = folder.path().join("layout/measures/nd30-2020.typ");
    let text = fs::read_to_string(&measures).expect("there");
    assert!(text.contains("body-leading: 0.135em"));
    fs::write(&measures, text.replace("body-leading: 0.135em", "body-leading: 0.2em")).expect("written");
    let templates = folder.path().to_str().expect("UTF-8");
    let changed = Service::start(&["--work", "false", "--renderers", "1", "--templates", templates]);
    let verified = body(send(&changed, VERIFY, &paper));
    assert_eq!((&verified["agrees"], &verified["differences"]), (&json!(false), &json!(["templates"])), "{verified:#}");
    assert!(verified["message_vi"].as_str().is_some_and(|text| text.contains("mẫu văn bản")), "{verified:#}");
}

#[test]
fn a_file_that_is_not_ours_has_its_own_failure() {
    let service = Service::start(&["--work", "false", "--renderers", "1", "--max-paper-bytes", "300000"]);
    let plain = papers::pdf(&papers::example("kon-tum-2020"));
    for path in [EXTRACT, VERIFY] {
        refused(send(&service, path, &plain), 422, &[FailureCode::PaperWithoutData]);
        refused(send(&service, path, &with_attachment(b"{}")), 422, &[FailureCode::UnreadablePaper]);
        refused(send(&service, path, &with_attachment(b"\x89PNG")), 422, &[FailureCode::UnreadablePaper]);
    }
    for path in [EXTRACT, VERIFY, CHECK] {
        for garbage in [&b""[..], b"hello", b"%PDF-1.7\n%%EOF", b"PK\x03\x04"] {
            refused(send(&service, path, garbage), 422, &[FailureCode::UnreadablePaper]);
        }
        // A torn file may be read in part; it is never our fault.
        for torn in [&plain[..2_000], &plain[..plain.len() / 2], &plain[2_000..]] {
            let answered = send(&service, path, torn).status().as_u16();
            assert!([200, 422].contains(&answered), "{path}: {answered}");
        }
        refused(send(&service, path, &encrypted()), 422, &[FailureCode::EncryptedPaper]);
        refused(send(&service, path, &vec![b' '; 300_001]), 413, &[FailureCode::BodyTooLarge]);
        let json = service.post(path, "{}");
        refused(json, 415, &[FailureCode::UnsupportedMediaType]);
        assert_eq!(service.get(path).status(), 405);
    }
    assert!(service.books().counts().is_empty() && service.books().archived().is_empty(), "nothing is stored");
}

#[test]
fn a_bomb_takes_at_most_a_child_and_the_service_goes_on() {
    let service = Service::start(&["--renderers", "1", "--render-deadline-s", "10"]);
    let before = service.process.id();
    let started = Instant::now();
    let heavy: [(&str, &str, Vec<u8>); 3] = [
        ("attached deflate bomb", VERIFY, with_stream(&zeros(900 << 20), "/Filter /FlateDecode")),
        ("attached 20 MiB", EXTRACT, with_stream(&zeros(20 << 20), "/Filter /FlateDecode")),
        ("100,000 pages", CHECK, with_pages(&"3 0 R ".repeat(100_000))),
    ];
    for (what, path, file) in heavy {
        let one = Instant::now();
        let problem = refused(send(&service, path, &file), 422, &[FailureCode::PaperTooHeavy]);
        println!("{what}: after {:?}: {}", one.elapsed(), problem["title_en"]);
        assert!(!problem["title_en"].to_string().contains("exit status"), "{what}: {problem:#}");
    }
    // What leads in a circle or swells: the reader may refuse it, stop halfway, or run into a limit; it ends.
    let circles: [(&str, &str, Vec<u8>); 6] = [
        ("run-length bomb of four stages", EXTRACT, with_stream(&[129; 4_000], RUN_LENGTHS)),
        ("pages inside themselves", CHECK, with_pages("2 0 R")),
        ("pages inside themselves, many times", CHECK, with_pages(&"2 0 R ".repeat(10))),
        ("names inside themselves", VERIFY, with_names_in_themselves()),
        ("a page that draws itself", CHECK, page_in_itself()),
        ("a page of zeros", CHECK, with_page(&zeros(900 << 20), "/Filter /FlateDecode")),
    ];
    for (what, path, file) in circles {
        let one = Instant::now();
        let response = send(&service, path, &file);
        let status = response.status().as_u16();
        println!("{what}: {status} after {:?}", one.elapsed());
        if status != 200 {
            let codes = [FailureCode::PaperTooHeavy, FailureCode::UnreadablePaper, FailureCode::PaperWithoutData];
            refused(response, 422, &codes);
        }
    }
    assert!(started.elapsed() < Duration::from_secs(240), "{:?}", started.elapsed());

    assert_eq!(body(send(&service, VERIFY, &carrying()))["agrees"], true, "the next file is read");
    let id = service.accept(papers::sample("simple"));
    assert_eq!(service.wait_for(&id)["state"], "succeeded", "papers are made");
    assert_eq!(service.document(&id), papers::pdf(papers::sample("simple").as_bytes()), "the same bytes as ever");
    assert_eq!(service.process.id(), before, "it is the same service");
    assert!(service.process.presses().len() <= 1, "children that read the files are gone");
}

/// What 129 repeats is decoded to more of itself, 64-fold in each stage (ISO 32000-1, 7.4.5).
const RUN_LENGTHS: &str = "/Filter [/RunLengthDecode /RunLengthDecode /RunLengthDecode /RunLengthDecode]";

/// A PDF of these objects, the first being the catalogue; with a trailer's further entries.
fn file(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.extend(format!("{} 0 obj\n", index + 1).into_bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let xref = file.len();
    let entries: String = places.iter().map(|place| format!("{place:010} 00000 n \n")).collect();
    let size = objects.len() + 1;
    file.extend(
        format!(
            "xref\n0 {size}\n0000000000 65535 f \n{entries}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\n\
             startxref\n{xref}\n%%EOF\n"
        )
        .into_bytes(),
    );
    file
}

fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("<< /Length {} {dictionary} >>\nstream\n", bytes.len());
    [head.as_bytes(), bytes, b"\nendstream"].concat()
}

const PAGES: &str = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>";
const PAGE: &str = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>";

/// A page, and an attached file of our name.
fn with_stream(bytes: &[u8], dictionary: &str) -> Vec<u8> {
    let catalog = "<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(source.json) 4 0 R] >> >> >>";
    let spec = "<< /Type /Filespec /F (source.json) /UF (source.json) /EF << /F 5 0 R >> >>";
    let [catalog, pages, page, spec] = [catalog, PAGES, PAGE, spec].map(|text| text.as_bytes().to_vec());
    file(&[catalog, pages, page, spec, stream(dictionary, bytes)], "")
}

fn with_attachment(bytes: &[u8]) -> Vec<u8> {
    with_stream(bytes, "/Type /EmbeddedFile")
}

fn with_page(content: &[u8], dictionary: &str) -> Vec<u8> {
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>";
    let [catalog, pages, page] =
        ["<< /Type /Catalog /Pages 2 0 R >>", PAGES, page].map(|text| text.as_bytes().to_vec());
    file(&[catalog, pages, page, stream(dictionary, content)], "")
}

fn with_pages(kids: &str) -> Vec<u8> {
    let pages = format!("<< /Type /Pages /Kids [{kids}] /Count 1 >>");
    file(&[b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(), pages.into_bytes(), PAGE.into()], "")
}

fn with_names_in_themselves() -> Vec<u8> {
    let catalog = "<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles 4 0 R >> >>";
    let tree = format!("<< /Kids [{}] >>", "4 0 R ".repeat(2_000));
    let [catalog, pages, page, tree] = [catalog, PAGES, PAGE, &tree].map(|text| text.as_bytes().to_vec());
    file(&[catalog, pages, page, tree], "")
}

fn page_in_itself() -> Vec<u8> {
    let resources = "/Resources << /XObject << /X 4 0 R >> >>";
    let page = format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R {resources} >>");
    let form = stream(&format!("/Type /XObject /Subtype /Form /BBox [0 0 595 842] {resources}"), b"/X Do /X Do");
    let [catalog, pages, page] =
        ["<< /Type /Catalog /Pages 2 0 R >>", PAGES, &page].map(|text| text.as_bytes().to_vec());
    file(&[catalog, pages, page, form, stream("", b"/X Do /X Do")], "")
}

fn encrypted() -> Vec<u8> {
    let secret = "41".repeat(32);
    let trailer = format!(
        "/ID [<41414141414141414141414141414141> <41414141414141414141414141414141>] \
         /Encrypt << /Filter /Standard /V 1 /R 2 /O <{secret}> /U <{secret}> /P -4 >>"
    );
    file(&[b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(), PAGES.into(), PAGE.into()], &trailer)
}

/// So many zeros as zlib data (RFC 1950, RFC 1951), 13 bits for every 258 of them.
fn zeros(count: usize) -> Vec<u8> {
    let mut bits = Bits { bytes: vec![0x78, 0x01], filled: 8 };
    // The last block, with the fixed codes: the literal 0, then "258 times what stands one before", then the end.
    bits.push(&[1, 1, 0]);
    bits.push(&[0, 0, 1, 1, 0, 0, 0, 0]);
    let repeats = (count - 1) / 258;
    for _ in 0..repeats {
        bits.push(&[1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    }
    bits.push(&[0; 7]);
    let written = u32::try_from((1 + repeats * 258) % 65_521).expect("small");
    bits.bytes.extend(((written << 16) | 1).to_be_bytes());
    bits.bytes
}

struct Bits {
    bytes: Vec<u8>,
    /// Bits of the last byte that are taken.
    filled: u32,
}

impl Bits {
    fn push(&mut self, bits: &[u8]) {
        for bit in bits {
            if self.filled == 8 {
                self.bytes.push(0);
                self.filled = 0;
            }
            *self.bytes.last_mut().expect("not empty") |= bit << self.filled;
            self.filled += 1;
        }
    }
}
