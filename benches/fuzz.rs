//! What strangers can send, sent wrong: `cargo bench --bench fuzz -- [seconds of each target] [targets]`.
//!
//! Samples are changed by chance, without a look at which code they reach: coverage-guided fuzzers want a nightly compiler or
//! all of Typst built anew. `TDKT_SEED` replays a run; the case at hand lies in `fuzz-TARGET` of the temporary folder, so that
//! one that ends the process is not lost. A finding is a panic, a failure that is ours, or a case that takes five seconds of the processor.

#[allow(dead_code)]
#[path = "../tests/it/support/mod.rs"]
mod support;
#[path = "fuzz/mutation.rs"]
mod mutation;

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use serde_json::Value;
use tdkt_reports::{
    access::{KeyText, Networks, OrganisationId, Scopes},
    binding::{self, Bound},
    catalog::{Catalog, TemplateFiles},
    failure::{Failure, Remedy},
    intake::Treatment,
    outbound::{Rules, Target},
    register::PeriodId,
    rendering::Workshop,
    settings::{DEFAULTS, GivenSettings, Settings},
    traces::TraceContext,
    vietnamese,
};

use support::{
    chance::{self, Chance},
    papers::{self, WORKSHOP},
    programs::Service,
};

/// On the processor, longer than any case may take in a build without optimising.
const TOO_LONG: Duration = Duration::from_secs(5);
/// For an answer over HTTP.
const PATIENCE: Duration = Duration::from_secs(30);
/// As render children have it.
const STACK: usize = 64 << 20;

/// What a case came to: right, refused, or wrong and how.
type Came = Result<bool, String>;

/// Makes a case; its bytes are kept before they are read.
type Make = Box<dyn FnMut(&mut Chance) -> Vec<u8>>;
type Read1 = Box<dyn FnMut(&[u8]) -> Came>;

struct Target1 {
    name: &'static str,
    make: Make,
    read: Read1,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let seconds = words.iter().find_map(|word| word.parse().ok()).unwrap_or(60);
    let wanted: Vec<String> = words.into_iter().filter(|word| word.parse::<u64>().is_err()).collect();
    let seed = chance::seed();
    let run = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let mut wrong = 0;
        for (number, target) in targets().into_iter().enumerate() {
            if wanted.is_empty() || wanted.iter().any(|word| *word == target.name) {
                wrong += fuzz(target, Chance::new(seed + number as u64), Duration::from_secs(seconds));
            }
        }
        wrong
    });
    let wrong = run.expect("a thread").join().expect("the targets end");
    if wrong > 0 {
        eprintln!("{wrong} findings");
        std::process::exit(1);
    }
}

/// Runs one target; says what it came to.
fn fuzz(mut target: Target1, mut chance: Chance, length: Duration) -> usize {
    let last = std::env::temp_dir().join(format!("fuzz-{}", target.name));
    let mut findings: BTreeMap<String, usize> = BTreeMap::new();
    let (mut cases, mut right, mut longest) = (0_u64, 0_u64, Duration::ZERO);
    let began = Instant::now();
    while began.elapsed() < length {
        let case = (target.make)(&mut chance);
        std::fs::write(&last, &case).expect("written");
        let started = worked();
        let came = catch_unwind(AssertUnwindSafe(|| (target.read)(&case)))
            .unwrap_or_else(|panic| Err(format!("panic: {}", words_of(&*panic))));
        let took = worked() - started;
        longest = longest.max(took);
        cases += 1;
        match came {
            Ok(fine) => right += u64::from(fine),
            Err(finding) => keep(&mut findings, finding, target.name, &case),
        }
        if took > TOO_LONG {
            keep(&mut findings, "too long".to_owned(), target.name, &case);
        }
    }
    println!(
        "{:<12} {cases:>9} cases, {right:>8} accepted, the longest {longest:>8.1?}, {} findings",
        target.name,
        findings.len()
    );
    for (finding, times) in &findings {
        println!("    {times} times: {finding}");
    }
    findings.len()
}

/// Time on the processor: on a busy machine a clock would tell of others.
fn worked() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    Duration::from_nanos(told.split(' ').next().and_then(|word| word.parse().ok()).expect("a number"))
}

fn keep(findings: &mut BTreeMap<String, usize>, finding: String, target: &str, case: &[u8]) {
    let number = findings.len();
    let times = findings.entry(finding).or_default();
    *times += 1;
    if *times == 1 {
        let file = std::env::temp_dir().join(format!("fuzz-{target}-finding-{number}"));
        std::fs::write(&file, case).expect("written");
    }
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without words").chars().take(200).collect()
}

/// A refusal is right; a failure that is not the caller's is a finding.
fn judged<T>(outcome: Result<T, Failure>) -> Came {
    match outcome {
        Ok(_) => Ok(true),
        Err(failure) if failure.remedy() == Remedy::FixRequest => Ok(false),
        Err(failure) => Err(format!("{}: {}", failure.code.as_str(), failure.message_en)),
    }
}

fn samples() -> Vec<Value> {
    let all = papers::samples().into_iter().map(|(_, _, bytes)| serde_json::from_slice(&bytes).expect("JSON"));
    all.collect()
}

fn targets() -> Vec<Target1> {
    vec![
        requests(),
        papers_set(),
        raw_json(),
        zip_files(),
        pdf_files("pdf-extract", |file| judged(WORKSHOP.extract(file))),
        pdf_files("pdf-verify", |file| judged(WORKSHOP.verify(file))),
        pdf_files("pdf-check", |file| judged(Workshop::inspect_paper(file, None))),
        settings(),
        template_folder(),
        texts(),
        small_words(),
        http(),
    ]
}

/// What is answered: to the end, but of a stream of events, which has none, what came with its head.
fn heard(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut part = [0; 16 * 1024];
    while let Ok(length @ 1..) = stream.read(&mut part) {
        answer.extend_from_slice(&part[..length]);
        if String::from_utf8_lossy(&answer).contains("text/event-stream") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Requests of all kinds, with values changed.
fn requests() -> Target1 {
    let samples = samples();
    let mut treatments = [Treatment::AsSent, Treatment::AsDraft].into_iter().cycle();
    Target1 {
        name: "request",
        make: Box::new(move |chance| {
            let sample = chance.pick(&samples).clone();
            mutation::request(chance, &sample).to_string().into_bytes()
        }),
        read: Box::new(move |case| match WORKSHOP.check(case, treatments.next().expect("endless")) {
            Ok(accepted) => judged(WORKSHOP.source(&accepted.manuscript)),
            Err(failure) => judged::<()>(Err(failure)),
        }),
    }
}

/// The same, and what is accepted becomes a paper.
fn papers_set() -> Target1 {
    let samples = samples();
    Target1 {
        name: "paper",
        make: Box::new(move |chance| {
            let sample = chance.pick(&samples).clone();
            mutation::request(chance, &sample).to_string().into_bytes()
        }),
        read: Box::new(|case| match WORKSHOP.check(case, Treatment::AsDraft) {
            Ok(accepted) => judged(WORKSHOP.make(&accepted.manuscript)),
            Err(failure) => judged::<()>(Err(failure)),
        }),
    }
}

/// Requests as bytes.
fn raw_json() -> Target1 {
    let samples = samples();
    Target1 {
        name: "json-bytes",
        make: Box::new(move |chance| {
            let (one, other) = (chance.pick(&samples).to_string(), chance.pick(&samples).to_string());
            mutation::bytes(chance, one.as_bytes(), other.as_bytes())
        }),
        read: Box::new(|case| judged(WORKSHOP.check(case, Treatment::AsSent))),
    }
}

fn zip_files() -> Target1 {
    let bound = |name: &str| Bound { name: name.to_owned(), bytes: name.repeat(30).into_bytes() };
    let zip = binding::bind(&[bound("01-to-trinh.pdf"), bound("manifest.json")]).expect("bound");
    Target1 {
        name: "zip",
        make: Box::new(move |chance| mutation::bytes(chance, &zip, &zip)),
        read: Box::new(|case| Ok(binding::unbind(case).is_ok())),
    }
}

fn pdf_files(name: &'static str, read: fn(&[u8]) -> Came) -> Target1 {
    let mut request = papers::sample_of("six-month-review", "minimal");
    request["attach_data"] = true.into();
    let (with_data, other) = (
        papers::pdf(request.to_string().as_bytes()),
        papers::pdf(&papers::sample_of("scorecard", "minimal").to_string().into_bytes()),
    );
    Target1 { name, make: Box::new(move |chance| mutation::bytes(chance, &with_data, &other)), read: Box::new(read) }
}

fn settings() -> Target1 {
    let file = tempfile::NamedTempFile::new().expect("a file");
    Target1 {
        name: "settings",
        make: Box::new(|chance| mutation::bytes(chance, DEFAULTS.as_bytes(), DEFAULTS.as_bytes())),
        read: Box::new(move |case| {
            std::fs::write(file.path(), case).expect("written");
            let given = GivenSettings { config: Some(file.path().into()), ..GivenSettings::default() };
            let Ok(settings) = Settings::resolve(&given) else { return Ok(false) };
            let _told = (settings.webhook_ports(), settings.metrics_address(), settings.renderer_count());
            Ok(true)
        }),
    }
}

/// Editions, manifests and their neighbours, one file changed.
fn template_folder() -> Target1 {
    let files = TemplateFiles::embedded().into_memory();
    let tables: Vec<String> = files.keys().filter(|path| path.ends_with(".toml")).cloned().collect();
    let known = files.clone();
    Target1 {
        name: "templates",
        make: Box::new(move |chance| {
            let path = chance.pick(&tables).clone();
            let other = &known[chance.pick(&tables)];
            let changed = mutation::bytes(chance, known[&path].as_bytes(), other.as_bytes());
            [path.as_bytes(), b"\n", String::from_utf8_lossy(&changed).as_bytes()].concat()
        }),
        read: Box::new(move |case| {
            let case = std::str::from_utf8(case).expect("UTF-8");
            let (path, text) = case.split_once('\n').expect("a path");
            let mut changed = files.clone();
            changed.insert(path.to_owned(), text.to_owned());
            let Ok(catalog) = Catalog::load(&TemplateFiles::from_memory(changed)) else { return Ok(false) };
            Ok(catalog.examine().is_ok())
        }),
    }
}

/// The old encodings TCVN3 and VNI, and whatever else is done with a text.
fn texts() -> Target1 {
    Target1 {
        name: "text",
        make: Box::new(|chance| {
            let text = mutation::text(chance);
            if chance.below(2) == 0 {
                return text.into_bytes();
            }
            // Bytes of an old encoding, as a program reads them that takes them for Latin letters.
            (0..chance.below(40))
                .map(|_| char::from(u8::try_from(chance.below(256)).expect("a byte")))
                .collect::<String>()
                .into_bytes()
        }),
        read: Box::new(|case| {
            let text = std::str::from_utf8(case).expect("UTF-8");
            let legacy = vietnamese::looks_like_tcvn3(text) || vietnamese::looks_like_vni(text);
            if let Some((encoding, converted)) = vietnamese::convert_legacy(text) {
                let declared = vietnamese::convert_declared(text, encoding);
                if vietnamese::nfc(&declared) != declared || vietnamese::nfc(&converted) != converted {
                    return Err("what was converted is not composed".to_owned());
                }
            }
            let once = vietnamese::nfc(text).into_owned();
            if vietnamese::nfc(&once) != once {
                return Err("composing twice changes".to_owned());
            }
            let folded = vietnamese::fold_name(text);
            if vietnamese::fold_name(&folded) != folded {
                return Err("folding twice changes".to_owned());
            }
            let _others = (
                vietnamese::tidy_faults(text),
                vietnamese::capital_faults(text),
                vietnamese::without_marks(text),
                vietnamese::keep_together(text),
                vietnamese::fold_unit(text),
                vietnamese::upper(text),
                vietnamese::sentence(text),
                vietnamese::alphabetical_key(text),
            );
            Ok(legacy)
        }),
    }
}

/// What stands in addresses, headers and settings: webhook addresses, keys, networks, scopes, periods, traces.
fn small_words() -> Target1 {
    const SEEDS: [&str; 16] = [
        "https://vi-du.gov.vn/nhan?x=1",
        "https://[::ffff:127.0.0.1]:443/",
        "https://user:pass@0x7f000001/",
        "http://2130706433/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://127。0。0。1./",
        "tdkt_sisvajax_Pt4MxocPLft3n8TCUAgUj7t2a5AXycdOg8OjhL5KOQv",
        "10.0.0.0/8, 192.0.2.0/24, ::1/128",
        "submit,read,admin",
        "so-noi-vu",
        "2026-H1",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0s 5s 5m 2h",
        "2026-11-22T07:08:21.189324Z",
        "0190b5c8-0000-7000-8000-000000000000",
        "\"1-abcdef\", W/\"x\", *",
    ];
    Target1 {
        name: "words",
        make: Box::new(|chance| {
            let (one, other) = (chance.pick(&SEEDS).as_bytes(), chance.pick(&SEEDS).as_bytes());
            String::from_utf8_lossy(&mutation::bytes(chance, one, other)).into_owned().into_bytes()
        }),
        read: Box::new(|case| {
            let text = std::str::from_utf8(case).expect("UTF-8");
            let target = Target::read(text, &Rules::default());
            if let Ok(target) = &target
                && target.host().parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
                && text.starts_with("http://")
            {
                return Err("loopback without TLS".to_owned());
            }
            let read = [
                target.is_ok(),
                text.parse::<KeyText>().is_ok(),
                text.parse::<Networks>().is_ok(),
                text.parse::<Scopes>().is_ok(),
                text.parse::<OrganisationId>().is_ok(),
                text.parse::<PeriodId>().is_ok(),
                TraceContext::read(text).is_some(),
            ];
            Ok(read.contains(&true))
        }),
    }
}

/// Bytes to the socket of the real executable: heads, headers, addresses, bodies.
fn http() -> Target1 {
    let service = Service::start(&["--work", "false", "--max-waiting", "1000000", "--log", "error"]);
    let job = service.accept(papers::sample("minimal"));
    let body = papers::sample("minimal");
    let unit = r#"{"name": "Sở Nội vụ", "aliases": ["SNV"]}"#;
    let mut heads: Vec<String> = vec![
        format!("GET /v1/jobs?limit=2&cursor={job}&state=accepted&accepted_after=2026-01-01T00:00:00Z HTTP/1.1\r\n"),
        format!("GET /v1/jobs/{job}?wait=0 HTTP/1.1\r\nPrefer: wait=0\r\n"),
        format!(
            "GET /v1/jobs/{job}/document HTTP/1.1\r\nRange: bytes=0-9\r\nIf-Range: \"x\"\r\nIf-None-Match: \"a\", W/\"b\"\r\n"
        ),
        "GET /v1/events?follow=false HTTP/1.1\r\nLast-Event-ID: 0\r\n".to_owned(),
        "GET /v1/openapi.json HTTP/1.1\r\nIf-None-Match: *\r\nAccept-Language: en;q=0.5, vi\r\n".to_owned(),
        "GET /problems/queue-full HTTP/1.1\r\nAccept: text/html;q=0.1, application/json\r\n".to_owned(),
        "GET /v1/kinds/scorecard/samples/simple HTTP/1.1\r\nAuthorization: Bearer tdkt_sisvajax_Pt4M\r\n".to_owned(),
        "GET /v1/blocs/khoi/submissions/2026-H1?version=1 HTTP/1.1\r\nForwarded: for=192.0.2.1\r\n".to_owned(),
        format!("DELETE /v1/jobs/{job}/data HTTP/1.1\r\nOrigin: http://x\r\n"),
    ];
    for (path, headers, body) in [
        (
            "POST /v1/documents",
            "Idempotency-Key: \"k-1\"\r\nPrefer: wait=0, respond-async\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            body,
        ),
        ("POST /v1/documents/check", "Content-Encoding: identity\r\nExpect: 100-continue", body),
        ("PUT /v1/register/units/snv", "If-None-Match: *", unit),
        ("PUT /v1/register/units/snv", "If-Match: \"1-abcdef0123456789\"", unit),
        ("POST /v1/people:find", "X-Request-Id: a-1", r#"{"name": "Nguyễn Văn A", "ignore_diacritics": true}"#),
        (
            "POST /v1/webhooks",
            "X-Forwarded-For: 192.0.2.1",
            r#"{"url": "https://vi-du.gov.vn/a", "types": ["job.succeeded"]}"#,
        ),
    ] {
        heads.push(format!(
            "{path} HTTP/1.1\r\n{headers}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
    }
    let sent: Vec<Vec<u8>> = heads
        .into_iter()
        .map(|head| head.replacen("\r\n", "\r\nHost: localhost\r\nConnection: close\r\n", 1))
        .map(|head| if head.contains("\r\n\r\n") { head } else { format!("{head}\r\n") }.into_bytes())
        .collect();
    Target1 {
        name: "http",
        make: Box::new(move |chance| {
            let (one, other) = (chance.pick(&sent).clone(), chance.pick(&sent).clone());
            mutation::bytes(chance, &one, &other)
        }),
        read: Box::new(move |case| {
            // The whole of it: its folder too has to outlive this function.
            let service = &service;
            let address = service.url.strip_prefix("http://").expect("an address");
            let mut stream = TcpStream::connect(address).map_err(|error| format!("no connection: {error}"))?;
            stream.set_read_timeout(Some(PATIENCE)).expect("set");
            let _closed_early = stream.write_all(case);
            let _ended = stream.shutdown(std::net::Shutdown::Write);
            let answer = heard(&mut stream);
            let status = answer.get(9..12).unwrap_or_default();
            let said = service.process.said();
            if status.starts_with('5') {
                // Without the request's id, so that equal faults count as one.
                let body: Value =
                    answer.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
                return Err(format!("{status} {} {}", body["code"], body["title_en"]));
            }
            if said.contains("panicked") || said.contains(" ERROR ") {
                return Err(said.lines().last().unwrap_or_default().to_owned());
            }
            Ok(status.starts_with('2'))
        }),
    }
}
