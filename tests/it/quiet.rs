//! Nothing that people wrote goes where it does not belong: logs, metrics, spans, Redis, addresses, file names; and after
//! an erasure it is nowhere.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use tdkt_reports::{catalog::TemplateFiles, fingerprint};

use super::{
    support::{
        papers::sample_of,
        programs::{Process, Redis, Service, json, run, tdkt, until},
        sowing::{Field, everywhere},
    },
    traces::Collector,
};

/// A name that nobody has. In letters that no encoding changes, so that it is found however it was written.
const CANARY: &str = "Zquyxkan";
/// Kinds with persons, sums, votes and words of every sort.
const KINDS: [&str; 4] = ["six-month-review", "achievement-report-individual", "award-proposal", "conference-minutes"];

fn is_in(bytes: &[u8]) -> bool {
    let lower: Vec<u8> = bytes.iter().map(u8::to_ascii_lowercase).collect();
    let canary = CANARY.to_ascii_lowercase();
    lower.windows(canary.len()).any(|window| window == canary.as_bytes())
}

fn nowhere_in(text: &str, what: &str) {
    let lines: Vec<&str> = text.lines().filter(|line| is_in(line.as_bytes())).collect();
    assert!(lines.is_empty(), "{what}: {lines:#?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("listed").map(|entry| entry.expect("listed").path()) {
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

/// All that Redis holds, as it would stand on a disk.
fn dumped(redis: &Redis) -> Vec<u8> {
    let _set: String = redis.ask(&["CONFIG", "SET", "rdbcompression", "no"]);
    let _saved: String = redis.ask(&["SAVE"]);
    std::fs::read(redis.folder().join("dump.rdb")).expect("the dump")
}

/// What callers send who mean no harm, or do.
fn nonsense(door: &Service) {
    let sent = |method: &str, path: &str, headers: &[(&str, &str)], body: String| {
        let mut request = door.request(method, path).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().expect("an answer").status().as_u16()
    };
    let media = ("content-type", "application/json");
    let everywhere = everywhere(&sample_of("six-month-review", "simple"), CANARY).to_string();
    assert_eq!(sent("POST", "/v1/documents", &[media], everywhere), 422);
    assert_eq!(sent("POST", "/v1/documents", &[media], format!("{{\"kind\": \"{CANARY}")), 400);
    assert_eq!(sent("POST", "/v1/documents", &[("content-type", &format!("text/{CANARY}"))], CANARY.into()), 415);
    assert_eq!(
        sent("POST", "/v1/papers/extract", &[("content-type", "application/pdf")], format!("%PDF-1.7 {CANARY}")),
        422
    );
    assert_eq!(sent("GET", &format!("/v1/jobs/{CANARY}?person={CANARY}"), &[], String::new()), 400);
    assert_eq!(sent("GET", &format!("/v1/jobs/{CANARY}"), &[], String::new()), 404);
    assert_eq!(sent("GET", &format!("/{CANARY}"), &[("traceparent", CANARY)], String::new()), 404);
    assert_eq!(sent("DELETE", &format!("/problems/{CANARY}"), &[], String::new()), 405);
    let name = CANARY.as_bytes();
    for (before, after) in [
        (&b"GET /"[..], &b" HTTP/9.9\r\n\r\n"[..]),
        (b"", b" / HTTP/1.1\r\nHost: x\r\nConnection: close\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", b"\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Name: \x01\x7f", b"\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\xc3\xa1", b": 1\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: \xff", b"\r\n\r\n"),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: \xe1\xba", b"\r\n\r\n"),
        (b"POST /v1/documents HTTP/1.1\r\nHost: x\r\nContent-Length: ", b"\r\n\r\n"),
        (b"POST /v1/documents HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"\r\n"),
    ] {
        let _answer_or_not = door.raw(&[&[before, name, after].concat()], Duration::ZERO);
    }
    // What strangers send is no error of ours.
    let said = door.process.said();
    let errors: Vec<&str> = said.lines().filter(|line| line.contains(" ERROR ") || line.contains(" WARN ")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Accepts a request; nothing but the body of the answer may repeat it.
fn accept(door: &Service, request: &Value) -> String {
    let sent = door.request("POST", "/v1/documents").header("content-type", "application/json");
    let key = format!("{CANARY}-{}", fingerprint::of(request.to_string().as_bytes()));
    let response = sent.header("idempotency-key", key).body(request.to_string()).send().expect("an answer");
    let (status, headers) = (response.status(), format!("{:?}", response.headers()));
    let job = json(response);
    assert_eq!(status, 202, "{job:#}");
    nowhere_in(&headers, "headers");
    job["id"].as_str().expect("an id").to_owned()
}

#[test]
fn what_people_wrote_is_in_no_log_no_metric_no_span_no_ring_no_address_and_no_file_name_and_after_erasure_nowhere() {
    let (folder, redis, collector) = (tempfile::tempdir().expect("a folder"), Redis::start(), Collector::start());
    let (data, address) = (folder.path().display().to_string(), redis.address());
    let common =
        ["--redis-url", &address, "--log", "debug", "--otlp-endpoint", &collector.address, "--max-starts", "1"];
    let with_backtraces = || {
        let mut command = tdkt();
        command.env("RUST_BACKTRACE", "full");
        command
    };
    let door = Service::started(with_backtraces(), folder.path(), &[&["--work", "false"], &common[..]].concat());

    let mut requests = Vec::new();
    for kind in KINDS {
        let field = Field::of(kind, CANARY);
        let (sown, all) = field.share();
        assert!(sown * 3 > all, "{kind}: the canary stands in {sown} of {all} texts only");
        requests.push(field.sown(CANARY));
    }
    nonsense(&door);
    let good: Vec<String> = requests.iter().map(|request| accept(&door, request)).collect();
    // Rings are out and nobody answers yet.
    let waiting = dumped(&redis);
    assert!(!is_in(&waiting), "Redis holds what people wrote");
    let worker =
        Process::work_as(with_backtraces(), folder.path(), &address, &[&common[2..], &["--renderers", "1"]].concat());
    for id in &good {
        let job = door.wait_for(id);
        assert_eq!(job["state"], "succeeded", "{job:#}");
        nowhere_in(&job["document"]["href"].to_string(), "an address");
        assert_eq!(door.get(&format!("/v1/jobs/{id}/document")).status(), 200);
    }
    worker.stop();

    // Children that die with a paper in their hands; the panic's message repeats all of it.
    let mut bad = Vec::new();
    for accident in ["panic", "abort", "garble", "exec", "overflow", "sleep"] {
        let mut request = requests[0].clone();
        request["paper"]["place"] = format!("{CANARY} rehearse:{accident}").into();
        bad.push(accept(&door, &request));
    }
    let dying = Service::started(
        with_backtraces(),
        folder.path(),
        &[&common[..], &["--rehearse", "--render-deadline-s", "2", "--renderers", "2"]].concat(),
    );
    let ends: Vec<Value> = bad.iter().map(|id| door.wait_for(id)).collect();
    assert!(ends.iter().all(|job| job["state"] == "dead"), "{ends:#?}");
    nowhere_in(
        &serde_json::to_string(&ends.iter().map(|job| &job["failure"]).collect::<Vec<_>>()).expect("JSON"),
        "failures",
    );

    for service in [&door, &dying] {
        nowhere_in(&service.get("/metrics").text().expect("a body"), "metrics");
        nowhere_in(&service.process.said(), "the log of a service");
    }
    nowhere_in(&worker.said(), "the log of a worker");
    assert!(door.process.said().contains("DEBUG") && dying.process.said().contains("DEBUG"), "logged at debug level");
    assert!(dying.process.said().contains("src/press/rehearsal.rs"), "the panic is told by its place");
    assert!(!is_in(&dumped(&redis)), "Redis holds what people wrote");
    for file in files(folder.path()) {
        nowhere_in(&file.display().to_string(), "a file name");
    }

    // Until here it was stored: the test would see it.
    let holds = |file: &PathBuf| is_in(&std::fs::read(file).expect("read"));
    assert!(files(folder.path()).iter().any(holds), "the ledger holds requests");
    let ids: Vec<&str> = good.iter().chain(&bad).map(String::as_str).collect();
    let erased = run(&[&["jobs", "erase", "--data", &data], &ids[..]].concat());
    assert_eq!(erased.code, Some(0), "{}", erased.err);
    nowhere_in(&erased.err, "what the command says");
    drop((door, dying));
    let left: Vec<PathBuf> = files(folder.path()).into_iter().filter(holds).collect();
    assert!(left.is_empty(), "after the erasure: {left:?}");
    nowhere_in(&collector.raw(), "spans");
    assert!(!collector.spans("render").is_empty());
}

/// The shipped templates with one line before a line of the review's body.
fn templates_with(folder: &Path, line: &str) -> PathBuf {
    let body = "documents/six-month-review/body.typ.j2";
    for (path, text) in TemplateFiles::embedded().into_memory() {
        let text = if path == body { text.replacen("#section[", &format!("{line}\n#section["), 1) } else { text };
        let target = folder.join(path);
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("made");
        std::fs::write(target, text).expect("written");
    }
    folder.to_owned()
}

#[test]
fn a_template_that_breaks_over_what_somebody_wrote_is_told_by_its_place() {
    let mut request = sample_of("six-month-review", "simple");
    request["content"]["conference"]["venue"] = format!("Hội trường {CANARY}").into();
    for line in ["#panic({{ content.conference.venue | code }})", "{{ content.conference.venue.nothing.x }}"] {
        let folder = tempfile::tempdir().expect("a folder");
        let templates = templates_with(folder.path(), line);
        let templates = templates.to_str().expect("text");
        let service = Service::start(&["--work", "false", "--templates", templates, "--log", "debug"]);
        let answer = service.post("/v1/documents/preview", request.to_string());
        let (status, answer) = (answer.status(), json(answer));
        assert_eq!((status.as_u16(), &answer["code"]), (500, &"template-fault".into()), "{line}: {answer:#}");
        nowhere_in(&answer.to_string(), "the answer");
        let place = "documents/six-month-review/body.typ.j2:";
        until(Duration::from_secs(20), "the place is told", || service.process.said().contains(place));
        nowhere_in(&service.process.said(), "the log");
    }
}
