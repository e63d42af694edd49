//! Nothing that people wrote goes where it does not belong: logs, metrics, spans, Redis, addresses, file names; and after
//! an erasure it is nowhere.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use tdkt_reports::{failure::Severity, fingerprint, intake::Treatment};

use super::{
    support::{
        papers::{WORKSHOP, sample_of},
        programs::{Process, Redis, Service, json, run, tdkt},
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

/// Every text of `value`, whether or not the canary may stand in it.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(object) => object.values().for_each(|item| texts(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The canary after every text but `kept`; equal texts stay equal, so that what refers to each other still does.
fn sown(value: &Value, kept: &BTreeSet<String>) -> Value {
    match value {
        Value::String(text) if kept.contains(text) => value.clone(),
        Value::String(text) => format!("{text} {CANARY}").into(),
        Value::Array(items) => items.iter().map(|item| sown(item, kept)).collect(),
        Value::Object(object) => object.iter().map(|(name, item)| (name.clone(), sown(item, kept))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// A sample with the canary in every text where the request stays acceptable; and in how many of how many.
fn acceptable(kind: &str) -> (Value, usize, usize) {
    let sample = sample_of(kind, "simple");
    let (mut all, mut kept) = (BTreeSet::new(), BTreeSet::new());
    texts(&sample, &mut all);
    loop {
        let request = sown(&sample, &kept);
        let Err(failure) = WORKSHOP.check(request.to_string().as_bytes(), Treatment::AsSent) else {
            return (request, all.len() - kept.len(), all.len());
        };
        let before = kept.len();
        let errors = failure.findings.iter().filter(|finding| finding.severity == Severity::Error);
        for pointer in errors.flat_map(|finding| &finding.pointers) {
            sample.pointer(pointer).into_iter().for_each(|found| texts(found, &mut kept));
        }
        assert!(kept.len() > before, "{kind}: {failure:#?}");
    }
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
    let everywhere = sown(&sample_of("six-month-review", "simple"), &BTreeSet::new()).to_string();
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
    let garbage = format!("GET /{CANARY} HTTP/9.9\r\n{CANARY} {CANARY}\r\n\r\n");
    let _answer_or_not = door.raw(&[garbage.as_bytes()], Duration::ZERO);
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
        let (request, sown, all) = acceptable(kind);
        assert!(sown * 3 > all, "{kind}: the canary stands in {sown} of {all} texts only");
        requests.push(request);
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
