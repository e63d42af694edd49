//! The HTTP service as its callers see it: every route, every status, over a real socket.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use nix::sys::signal::Signal;
use reqwest::blocking::Response;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tdkt_reports::failure::FailureCode;

use super::support::{
    papers,
    programs::{Books, Redis, Service, json},
};

const CHECK: &str = "/v1/documents/check";
const DOCUMENTS: &str = "/v1/documents";
const PREVIEW: &str = "/v1/documents/preview";
/// An id that no job has.
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name).unwrap_or_else(|| panic!("no {name} in {:?}", response.headers()));
    value.to_str().expect("text")
}

/// Asserts that an answer is this problem, with everything that RFC 9457 and our own rules ask for; gives its body.
fn problem(response: Response, status: u16, code: FailureCode) -> Value {
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    assert_eq!(header(&response, "content-language"), "vi");
    assert_eq!(header(&response, "cache-control"), "no-store");
    let request_id = header(&response, "x-request-id").to_owned();
    let answered = response.status();
    let body = json(response);
    assert_eq!((answered.as_u16(), &body["code"]), (status, &json!(code.as_str())), "{body:#}");
    assert_eq!(body["status"], status);
    assert_eq!(body["type"], format!("/problems/{}", code.as_str()));
    assert_eq!(body["request_id"], request_id);
    for member in ["title", "title_en"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {body:#}");
    }
    for error in body["errors"].as_array().expect("a list") {
        for member in ["code", "severity", "pointer", "message_vi", "message_en"] {
            assert!(error[member].is_string(), "{member}: {error:#}");
        }
    }
    body
}

#[test]
fn a_request_is_accepted_and_its_paper_is_made() {
    let service = Service::start(&[]);
    let response = service.post(DOCUMENTS, papers::remarkable());
    assert_eq!(response.status(), 202);
    assert!(header(&response, "retry-after").parse::<u64>().is_ok_and(|seconds| (1..=300).contains(&seconds)));
    assert_eq!(header(&response, "cache-control"), "no-store");
    let location = header(&response, "location").to_owned();
    let accepted = json(response);
    assert_eq!(location, format!("/v1/jobs/{}", accepted["id"].as_str().expect("an id")));
    assert_eq!((&accepted["state"], &accepted["done"]), (&json!("accepted"), &json!(false)));
    assert_eq!((&accepted["kind"], &accepted["edition"]), (&json!("six-month-review"), &json!("E3")));
    assert_eq!((&accepted["starts"], &accepted["findings"][0]["code"]), (&json!(0), &json!("D06")));
    assert!(accepted.get("document").is_none() && accepted.get("failure").is_none());

    let response = service.get(&format!("{location}?wait=20"));
    assert_eq!((response.status().as_u16(), header(&response, "cache-control")), (200, "no-store"));
    assert!(response.headers().get("retry-after").is_none(), "nothing to wait for");
    let ended = json(response);
    assert_eq!((&ended["state"], &ended["done"], &ended["starts"]), (&json!("succeeded"), &json!(true), &json!(1)));
    let document = &ended["document"];
    assert_eq!(document["href"], format!("{location}/document"));
    let pdf = service.get(document["href"].as_str().expect("a path")).bytes().expect("a body");
    assert_eq!(document["size"], pdf.len());
    assert_eq!(document["sha256"], tdkt_reports::fingerprint::of(&pdf));
    assert_eq!(document["pages"], papers::text(&pdf).matches('\u{c}').count());
    assert_eq!(pdf.as_ref(), papers::pdf(papers::remarkable().as_bytes()), "the same bytes as in process");
}

#[test]
fn a_long_poll_ends_with_the_job_or_with_its_own_time() {
    let idle = Service::start(&["--work", "false"]);
    let waiting = idle.accept(papers::sample("minimal"));
    let started = Instant::now();
    let response = idle.get(&format!("/v1/jobs/{waiting}?wait=1"));
    assert!(
        (Duration::from_millis(950)..Duration::from_secs(4)).contains(&started.elapsed()),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(header(&response, "retry-after"), "1");
    assert_eq!(json(response)["state"], "accepted");

    // Withdrawn while somebody waits for it: the wait ends at once.
    std::thread::scope(|scope| {
        let poll = scope.spawn(|| (json(idle.get(&format!("/v1/jobs/{waiting}?wait=20"))), started.elapsed()));
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(idle.request("DELETE", &format!("/v1/jobs/{waiting}")).send().expect("an answer").status(), 200);
        let (job, took) = poll.join().expect("answered");
        assert_eq!(job["state"], "cancelled");
        assert!(took < Duration::from_secs(8), "{took:?}");
    });
    for wrong in ["wait=x", "wait=-1", "wait=1.5", "weit=1", "wait="] {
        problem(idle.get(&format!("/v1/jobs/{waiting}?{wrong}")), 400, FailureCode::BadParameter);
    }
}

#[test]
fn a_paper_is_downloaded_whole_in_part_or_not_again() {
    let service = Service::start(&[]);
    let id = service.accept(papers::sample("simple"));
    service.wait_for(&id);
    let path = format!("/v1/jobs/{id}/document");
    let ask = |method: &str, headers: &[(&str, &str)]| {
        let request =
            headers.iter().fold(service.request(method, &path), |request, (name, value)| request.header(*name, *value));
        request.send().expect("an answer")
    };

    let whole = ask("GET", &[]);
    assert_eq!(whole.status(), 200);
    assert_eq!(header(&whole, "content-type"), "application/pdf");
    assert_eq!(header(&whole, "accept-ranges"), "bytes");
    assert_eq!(header(&whole, "x-content-type-options"), "nosniff");
    assert!(header(&whole, "cache-control").contains("immutable"));
    let etag = header(&whole, "etag").to_owned();
    let digest = header(&whole, "repr-digest").to_owned();
    let name = "Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan kinh tế - tổng hợp.pdf";
    let disposition = header(&whole, "content-disposition").to_owned();
    let encoded =
        disposition.strip_prefix("attachment; filename=\"document.pdf\"; filename*=UTF-8''").expect("RFC 6266");
    assert_eq!(percent_encoding::percent_decode_str(encoded).decode_utf8().expect("UTF-8"), name);
    let bytes = whole.bytes().expect("a body");
    assert!(bytes.starts_with(b"%PDF-"));
    assert_eq!(etag, format!("\"{}\"", tdkt_reports::fingerprint::of(&bytes)));
    assert_eq!(digest, format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(&bytes))));

    for tag in [etag.clone(), format!("W/{etag}"), "*".to_owned(), format!("\"other\", {etag}")] {
        let unchanged = ask("GET", &[("if-none-match", &tag)]);
        assert_eq!((unchanged.status().as_u16(), header(&unchanged, "etag")), (304, etag.as_str()), "{tag}");
        assert_eq!(unchanged.bytes().expect("no body").len(), 0);
    }
    assert_eq!(ask("GET", &[("if-none-match", "\"other\"")]).status(), 200);
    assert_eq!(ask("GET", &[("if-match", "\"other\"")]).status(), 412);
    assert_eq!(ask("GET", &[("if-match", &etag)]).status(), 200);

    let size = bytes.len();
    let last = size - 1;
    let parts = [("bytes=0-99", 0..100), ("bytes=100-", 100..size), ("bytes=-5", size - 5..size), ("bytes=7-7", 7..8)];
    for (range, wanted) in parts {
        let part = ask("GET", &[("range", range)]);
        assert_eq!(part.status(), 206, "{range}");
        let expected = format!("bytes {}-{}/{size}", wanted.start, wanted.end - 1);
        assert_eq!(header(&part, "content-range"), expected, "{range}");
        assert_eq!((header(&part, "etag"), header(&part, "repr-digest")), (etag.as_str(), digest.as_str()));
        assert_eq!(part.bytes().expect("a part"), bytes.slice(wanted), "{range}");
    }
    let beyond = format!("bytes=10-{}", size + 1000);
    let beyond = ask("GET", &[("range", &beyond)]);
    assert_eq!(
        (beyond.status().as_u16(), header(&beyond, "content-range")),
        (206, format!("bytes 10-{last}/{size}").as_str())
    );
    let outside = ask("GET", &[("range", &format!("bytes={size}-"))]);
    assert_eq!(
        (outside.status().as_u16(), header(&outside, "content-range")),
        (416, format!("bytes */{size}").as_str())
    );
    for (headers, status) in [
        ([("range", "bytes=0-9"), ("if-range", etag.as_str())], 206),
        ([("range", "bytes=0-9"), ("if-range", "\"other\"")], 200),
        ([("range", "bytes=0-9,20-29"), ("if-range", etag.as_str())], 200),
        ([("range", "lines=0-9"), ("if-range", etag.as_str())], 200),
        ([("range", "bytes=9-0"), ("if-range", etag.as_str())], 200),
    ] {
        let answer = ask("GET", &headers);
        assert_eq!(answer.status(), status, "{headers:?}");
    }

    let head = ask("HEAD", &[]);
    assert_eq!(
        (head.status().as_u16(), header(&head, "etag"), header(&head, "repr-digest")),
        (200, etag.as_str(), digest.as_str())
    );
    assert_eq!(
        (header(&head, "content-length"), header(&head, "content-disposition")),
        (size.to_string().as_str(), disposition.as_str())
    );
    assert_eq!(head.bytes().expect("no body").len(), 0);
}

#[test]
fn a_paper_that_is_not_there_says_why() {
    let service = Service::start(&["--work", "false"]);
    let id = service.accept(papers::sample("minimal"));
    let path = format!("/v1/jobs/{id}/document");
    let unfinished = service.get(&path);
    assert!(header(&unfinished, "retry-after").parse::<u64>().is_ok());
    problem(unfinished, 409, FailureCode::JobNotFinished);

    let withdraw = || service.request("DELETE", &format!("/v1/jobs/{id}")).send().expect("an answer");
    for _twice in 0..2 {
        let response = withdraw();
        assert_eq!(response.status(), 200, "withdrawing again changes nothing");
        let job = json(response);
        assert_eq!((&job["state"], &job["done"]), (&json!("cancelled"), &json!(true)));
    }
    problem(service.get(&path), 409, FailureCode::JobHasNoDocument);
    for unknown in [NOBODY, "1", "..%2f..%2fetc%2fpasswd", "%00"] {
        problem(service.get(&format!("/v1/jobs/{unknown}")), 404, FailureCode::JobNotFound);
        problem(service.get(&format!("/v1/jobs/{unknown}/document")), 404, FailureCode::JobNotFound);
        let withdrawn = service.request("DELETE", &format!("/v1/jobs/{unknown}")).send().expect("an answer");
        problem(withdrawn, 404, FailureCode::JobNotFound);
    }
}

#[test]
fn a_job_that_has_ended_cannot_be_withdrawn() {
    let service = Service::start(&[]);
    let id = service.accept(papers::sample("minimal"));
    assert_eq!(service.wait_for(&id)["state"], "succeeded");
    let path = format!("/v1/jobs/{id}");
    problem(service.request("DELETE", &path).send().expect("an answer"), 409, FailureCode::JobAlreadyEnded);
    assert_eq!(service.job(&id)["state"], "succeeded");
    assert_eq!(service.request("HEAD", &path).send().expect("an answer").status(), 200);
}

#[test]
fn a_check_tells_everything_and_a_preview_shows_it_and_nothing_is_stored() {
    let service = Service::start(&[]);
    let good = json(service.post(CHECK, papers::remarkable()));
    assert_eq!((&good["acceptable"], &good["findings"][0]["code"]), (&json!(true), &json!("D06")));

    let mut request = serde_json::from_str::<Value>(&papers::remarkable()).expect("JSON");
    request["content"]["member_count"] = json!(9);
    request["content"]["commendation_totals"]["individual"] = json!(69);
    request["content"]["conference"]["date"] = json!("2026-07-21");
    let refused = problem(service.post(CHECK, request.to_string()), 422, FailureCode::InvalidDocument);
    let errors = refused["errors"].as_array().expect("a list");
    for (code, pointer) in [("M02", "/content/member_count"), ("S01", "/content/commendation_totals/individual")] {
        let found = errors.iter().find(|error| error["code"] == code).unwrap_or_else(|| panic!("{code}: {refused:#}"));
        assert_eq!((&found["pointer"], &found["severity"]), (&json!(pointer), &json!("error")), "{found:#}");
    }
    assert!(errors.iter().any(|error| error["code"] == "D06" && error["severity"] == "info"), "hints come along");

    let pdf = service.post(PREVIEW, papers::remarkable());
    assert_eq!((pdf.status().as_u16(), header(&pdf, "content-type")), (200, "application/pdf"));
    assert_eq!((header(&pdf, "cache-control"), header(&pdf, "x-content-type-options")), ("no-store", "nosniff"));
    assert_eq!(header(&pdf, "x-finding-count"), "1");
    let pages: usize = header(&pdf, "x-page-count").parse().expect("a number");
    let text = papers::text(&pdf.bytes().expect("a body"));
    assert_eq!(text.matches('\u{c}').count(), pages);
    assert!(!text.contains("05/BC-KTĐ"), "a preview is a draft, without the number of the issued paper");

    for (query, size) in [("", (909, 1286)), ("&page=2&ppi=36", (297, 420)), ("&ppi=300", (2480, 3507))] {
        let png = service.post(&format!("{PREVIEW}?format=png{query}"), papers::remarkable());
        assert_eq!((png.status().as_u16(), header(&png, "content-type")), (200, "image/png"), "{query}");
        assert_eq!(header(&png, "x-page-count"), pages.to_string());
        let bytes = png.bytes().expect("a body");
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        assert!(
            number(16).abs_diff(size.0) <= 2 && number(20).abs_diff(size.1) <= 2,
            "{query}: {}x{}",
            number(16),
            number(20)
        );
    }
    let wrong = ["page=0", "ppi=35", "ppi=301", "ppi=NaN", "ppi=inf", "page=-1", "page=99", "format=gif", "colour=1"];
    for query in wrong {
        let response = service.post(&format!("{PREVIEW}?format=png&{query}"), papers::remarkable());
        problem(response, 400, FailureCode::BadParameter);
    }
    problem(service.post(PREVIEW, request.to_string()), 422, FailureCode::InvalidDocument);
    assert!(service.books().counts().is_empty(), "{:?}", service.books().counts());
    assert_eq!(service.books().archived().len(), 0);
}

#[test]
fn kinds_schemas_and_samples_fit_together() {
    let service = Service::start(&["--work", "false"]);
    let kinds = json(service.get("/v1/kinds"));
    let kinds = kinds["data"].as_array().expect("a list");
    assert!(kinds.iter().any(|kind| kind["kind"] == "six-month-review"));
    for kind in kinds {
        let name = kind["kind"].as_str().expect("a name");
        assert!(kind["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert!(kind["editions"].as_array().is_some_and(|editions| !editions.is_empty()));
        let response = service.get(kind["schema"].as_str().expect("a path"));
        assert_eq!(header(&response, "content-type"), "application/schema+json");
        let schema = json(response);
        assert!(jsonschema::draft202012::meta::is_valid(&schema));
        assert!(references(&schema).iter().all(|reference| reference.starts_with("#/$defs/")), "self-contained");
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        for sample in kind["samples"].as_array().expect("a list").iter().filter_map(Value::as_str) {
            let response = service.get(&format!("/v1/kinds/{name}/samples/{sample}"));
            assert_eq!(header(&response, "content-type"), "application/json");
            let text = response.text().expect("a body");
            assert!(validator.is_valid(&serde_json::from_str(&text).expect("JSON")), "{name}/{sample}");
            assert_eq!(service.post(CHECK, text).status(), 200, "{name}/{sample}");
        }
        problem(service.get(&format!("/v1/kinds/{name}/samples/none")), 404, FailureCode::UnknownSample);
    }
    problem(service.get("/v1/kinds/none/schema"), 404, FailureCode::NotFound);
    problem(service.get("/v1/kinds/none/samples/simple"), 404, FailureCode::NotFound);
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(object.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

#[test]
fn every_problem_has_a_page_in_both_languages() {
    let service = Service::start(&["--work", "false"]);
    for code in FailureCode::ALL {
        let response = service.get(&format!("/problems/{}", code.as_str()));
        assert_eq!(response.status(), 200, "{}", code.as_str());
        assert_eq!(header(&response, "content-type"), "text/markdown; charset=utf-8");
        let page = response.text().expect("a page");
        assert!(
            page.starts_with(&format!("# {}\n", code.as_str()))
                && page.contains("Người xử lý")
                && page.contains("Whose move"),
            "{page}"
        );
    }
    for unknown in ["none", "Failures", "invalid"] {
        problem(service.get(&format!("/problems/{unknown}")), 404, FailureCode::NotFound);
    }
}

#[test]
fn without_redis_the_service_is_degraded_and_accepts_jobs() {
    let mut redis = Redis::start();
    let service = Service::start(&["--redis-url", &redis.address(), "--work", "false"]);
    let ready = || {
        let response = service.get("/readyz");
        (response.status().as_u16(), json(response))
    };
    let (status, body) = ready();
    assert_eq!(
        (status, &body["status"], service.get("/livez").status().as_u16()),
        (200, &json!("ready"), 200),
        "{body:#}"
    );
    for part in ["ledger", "archive", "doorbell", "press"] {
        assert_eq!(body["checks"][part]["status"], "ok", "{body:#}");
    }
    let free = body["checks"]["archive"]["free_bytes"].as_u64().expect("measured");
    assert!(free > body["checks"]["archive"]["kept_free_bytes"].as_u64().expect("a number"), "{body:#}");
    super::support::programs::until(Duration::from_secs(20), "a child was started to know", || {
        !service.process.presses().is_empty()
    });
    redis.kill();
    let (status, body) = ready();
    assert_eq!(
        (status, &body["status"], &body["checks"]["doorbell"]["status"]),
        (200, &json!("degraded"), &json!("down"))
    );
    assert_eq!(body["checks"]["ledger"]["status"], "ok", "only what is down is said to be down");
    assert!(!body.to_string().contains("127.0.0.1"), "{body}");
    let id = service.accept(papers::sample("minimal"));
    redis.start_again();
    super::support::programs::until(Duration::from_secs(20), "ready again", || ready().1["status"] == "ready");
    assert_eq!(service.job(&id)["state"], "accepted");
}

#[test]
fn a_full_disk_is_said_before_a_paper_is_lost_for_it() {
    let service = Service::start(&["--work", "false", "--free-to-store-mib", "1000000000"]);
    let response = service.get("/readyz");
    assert!(header(&response, "retry-after").parse::<u64>().is_ok());
    let body = problem(response, 503, FailureCode::StoreUnavailable);
    assert_eq!(
        (&body["checks"]["archive"]["status"], &body["checks"]["ledger"]["status"]),
        (&json!("down"), &json!("ok"))
    );
    assert!(body["checks"]["archive"]["free_bytes"].is_u64(), "{body:#}");
    assert_eq!(service.get("/livez").status(), 200);
}

#[test]
fn what_is_asked_wrongly_is_a_problem_with_a_name() {
    let service = Service::start(&["--work", "false", "--max-body-bytes", "100000"]);
    for path in ["/", "/v1", "/v1/documents/", "/v1/job", "/v1/kinds/x", "/../etc/passwd"] {
        problem(service.get(path), 404, FailureCode::NotFound);
    }
    for (method, path, allowed) in [
        ("GET", DOCUMENTS, "POST"),
        ("PUT", DOCUMENTS, "POST"),
        ("GET", CHECK, "POST"),
        ("GET", PREVIEW, "POST"),
        ("POST", "/v1/kinds", "GET, HEAD"),
        ("POST", "/livez", "GET, HEAD"),
        ("DELETE", "/readyz", "GET, HEAD"),
        ("PATCH", &format!("/v1/jobs/{NOBODY}"), "GET, HEAD, DELETE"),
        ("POST", &format!("/v1/jobs/{NOBODY}/document"), "GET, HEAD"),
        ("POST", "/problems/internal", "GET, HEAD"),
    ] {
        let response = service.request(method, path).send().expect("an answer");
        assert_eq!(header(&response, "allow"), allowed, "{method} {path}: RFC 9110, 15.5.6");
        problem(response, 405, FailureCode::MethodNotAllowed);
    }
    for path in ["/livez", "/v1/kinds", "/v1/kinds/six-month-review/schema", "/problems/internal"] {
        let head = service.request("HEAD", path).send().expect("an answer");
        assert_eq!(head.status(), 200, "HEAD {path}: RFC 9110, 9.1");
        assert_eq!(head.bytes().expect("no body").len(), 0);
    }
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonp")]
    {
        let request = service.request("POST", DOCUMENTS).body(papers::sample("minimal"));
        let request = content_type.into_iter().fold(request, |request, name| request.header("content-type", name));
        problem(request.send().expect("an answer"), 415, FailureCode::UnsupportedMediaType);
    }
    for content_type in ["application/json; charset=utf-8", "Application/JSON", "application/tdkt+json"] {
        let request =
            service.request("POST", CHECK).body(papers::sample("minimal")).header("content-type", content_type);
        assert_eq!(request.send().expect("an answer").status(), 200, "{content_type}");
    }
    assert!(service.books().counts().is_empty());
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let service = Service::start(&["--work", "false", "--max-body-bytes", "100000"]);
    let head = |length: &str| {
        format!("POST {DOCUMENTS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{length}\r\n\r\n")
    };
    let started = Instant::now();
    let announced = service.raw(&[head("Content-Length: 100001").as_bytes(), b"{"], Duration::ZERO);
    let announced = announced.expect("an answer before the body");
    assert!(announced.starts_with("HTTP/1.1 413 ") && announced.contains("body-too-large"), "{announced}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());

    let chunk = format!("{:x}\r\n{}\r\n", 50_000, " ".repeat(50_000));
    let head = head("Transfer-Encoding: chunked");
    let parts = [head.as_bytes(), chunk.as_bytes(), chunk.as_bytes(), chunk.as_bytes()];
    let streamed = service.raw(&parts, Duration::from_millis(50)).expect("an answer in the middle of the body");
    assert!(streamed.starts_with("HTTP/1.1 413 ") && streamed.contains("body-too-large"), "{streamed}");

    let just_fits = format!("{}{}", papers::sample("minimal"), " ".repeat(100_000 - papers::sample("minimal").len()));
    assert_eq!(service.post(CHECK, just_fits).status(), 200);
    assert!(service.books().counts().is_empty());
}

#[test]
fn a_body_that_dribbles_is_not_waited_for() {
    let service = Service::start(&["--work", "false", "--body-deadline-s", "1"]);
    let head = format!(
        "POST {DOCUMENTS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 600\r\n\r\n"
    );
    let started = Instant::now();
    let dribble: Vec<&[u8]> =
        std::iter::once(head.as_bytes()).chain(std::iter::repeat_n(b" ".as_slice(), 15)).collect();
    let answer = service.raw(&dribble, Duration::from_millis(100)).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("body-too-slow"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());

    // A body that breaks off is nobody's job, and the service goes on.
    let mut broken =
        std::net::TcpStream::connect(service.url.strip_prefix("http://").expect("an address")).expect("connected");
    std::io::Write::write_all(&mut broken, head.as_bytes()).expect("written");
    drop(broken);
    assert_eq!(service.post(CHECK, papers::sample("minimal")).status(), 200);
    assert!(service.books().counts().is_empty());
}

#[test]
fn every_answer_carries_the_id_of_its_request() {
    let service = Service::start(&["--work", "false"]);
    let id_of = |given: Option<&str>, path: &str| {
        let request =
            given.into_iter().fold(service.request("GET", path), |request, id| request.header("x-request-id", id));
        header(&request.send().expect("an answer"), "x-request-id").to_owned()
    };
    for path in ["/livez", "/nowhere", "/v1/documents"] {
        assert_eq!(id_of(Some("don-vi.2026-07_a"), path), "don-vi.2026-07_a");
        let made = [id_of(None, path), id_of(None, path)];
        assert!(made[0] != made[1] && made.iter().all(|id| uuid::Uuid::parse_str(id).is_ok()), "{made:?}");
        for hostile in ["a b", "<script>", "x\"y", &"a".repeat(65), ""] {
            assert!(uuid::Uuid::parse_str(&id_of(Some(hostile), path)).is_ok(), "{hostile}");
        }
    }
    let request = service.request("GET", "/nowhere").header("x-request-id", "don-vi");
    let body = problem(request.send().expect("an answer"), 404, FailureCode::NotFound);
    assert!(!body["instance"].to_string().contains("urn:uuid:don-vi"), "not a UUID: {body:#}");
}

#[test]
fn a_full_house_asks_to_come_later() {
    let service = Service::start(&["--work", "false", "--max-waiting", "2"]);
    let first = service.accept(papers::numbered(1));
    service.accept(papers::numbered(2));
    let full = service.post(DOCUMENTS, papers::numbered(3));
    assert!(header(&full, "retry-after").parse::<u64>().is_ok());
    problem(full, 503, FailureCode::QueueFull);
    assert_eq!(service.request("DELETE", &format!("/v1/jobs/{first}")).send().expect("an answer").status(), 200);
    service.accept(papers::numbered(3));
}

#[test]
fn no_name_of_a_caller_stands_in_the_log() {
    const SEEDS: [&str; 4] = ["Hạt Giống Một", "Hạt Giống Hai", "Hạt Giống Ba", "hat-giong-bon"];
    let service = Service::start(&["--log", "debug"]);
    let mut request = papers::sample_value("simple");
    request["paper"]["signing"]["name"] = json!(SEEDS[0]);
    request["content"]["bloc"]["name"] = json!(format!("Khối {}", SEEDS[1]));
    request["content"]["conference"]["attendees"][0]["name"] = json!(SEEDS[2]);
    let id = service.accept(request.to_string());
    assert_eq!(service.wait_for(&id)["state"], "succeeded");
    assert_eq!(service.post(PREVIEW, request.to_string()).status(), 200);
    // Refused for many reasons, each of which repeats a value to its caller.
    request["content"]["member_count"] = json!(SEEDS[1]);
    request["content"][SEEDS[3]] = json!("x");
    request["kind"] = json!("six-month-review");
    problem(service.post(DOCUMENTS, request.to_string()), 422, FailureCode::InvalidDocument);
    request["kind"] = json!(SEEDS[3]);
    problem(service.post(DOCUMENTS, request.to_string()), 422, FailureCode::UnknownKind);
    problem(service.post(DOCUMENTS, format!("{{\"a\": \"{}\" x", SEEDS[0])), 400, FailureCode::MalformedJson);
    problem(service.get(&format!("/v1/jobs/{}", SEEDS[3])), 404, FailureCode::JobNotFound);
    let log = service.process.said();
    assert!(log.contains(&id), "the job itself is in the log:\n{log}");
    for seed in SEEDS {
        assert!(!log.contains(seed), "{seed} stands in the log:\n{log}");
    }
}

#[test]
fn a_stop_under_load_is_quick_and_loses_nothing() {
    const DRAIN: u64 = 15;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ids = Vec::new();
    {
        // Accepted before anybody works, so that most wait when the stop comes.
        let accepting = Service::start_on(folder.path(), &["--work", "false"]);
        for _ in 0..60 {
            ids.push(accepting.accept(papers::sample("overflow")));
        }
        drop(accepting);
        let mut service = Service::start_on(folder.path(), &["--drain-s", &DRAIN.to_string(), "--notice-s", "1"]);
        let last = ids.last().expect("accepted").clone();
        let url = format!("{}/v1/jobs/{last}?wait=30", service.url);
        // A caller that waits must not hold up the stop.
        let waiting = std::thread::spawn(move || reqwest::blocking::get(url).is_ok());
        let books = service.books();
        super::support::programs::until(Duration::from_secs(20), "a render runs", || {
            books.counts().contains_key("running")
        });
        let started = Instant::now();
        service.process.signal(Signal::SIGTERM);
        let status = service.process.ended_within(Duration::from_secs(DRAIN + 10));
        println!("ended {:?} after SIGTERM, {status}", started.elapsed());
        assert!(status.success(), "{status}");
        // The renders that run take a second; nobody waits for the end of the drain.
        assert!(started.elapsed() < Duration::from_secs(DRAIN - 5), "{:?}", started.elapsed());
        waiting.join().expect("the caller got an answer or an end");
    }
    let counts = Books::open(folder.path()).counts();
    assert!(counts.get("accepted").is_some_and(|waiting| *waiting > 0), "the stop came while jobs waited: {counts:?}");
    assert!(!counts.contains_key("running"), "what ran was finished or given back: {counts:?}");
    let service = Service::start_on(folder.path(), &[]);
    for id in &ids {
        service.wait_for(id);
    }
    service.books().each_succeeded_with_one_file(&ids);
}
