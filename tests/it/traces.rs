//! Traces: the caller's `traceparent` goes with the job, and a collector gets what happened under it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

use super::support::{
    papers,
    programs::{self, Process, Redis, Service, json, until},
    receiver::{Manner, Receiver},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A collector that takes spans, in OTLP over HTTP.
pub struct Collector {
    pub address: String,
    taken: Arc<Mutex<Vec<Value>>>,
    raw: Arc<Mutex<String>>,
}

impl Collector {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (taken, raw) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(String::new())));
        let it = Self { address, taken: Arc::clone(&taken), raw: Arc::clone(&raw) };
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (taken, raw) = (Arc::clone(&taken), Arc::clone(&raw));
                std::thread::spawn(move || while take(&stream, &taken, &raw).is_some() {});
            }
        });
        it
    }

    /// The spans of a name.
    pub fn spans(&self, name: &str) -> Vec<Value> {
        self.taken.lock().expect("not poisoned").iter().filter(|span| span["name"] == name).cloned().collect()
    }

    /// Everything that came, as it came.
    pub fn raw(&self) -> String {
        self.raw.lock().expect("not poisoned").clone()
    }

    /// The one span of a name, once it is there.
    fn span(&self, name: &str) -> Value {
        until(Duration::from_secs(60), name, || !self.spans(name).is_empty());
        let spans = self.spans(name);
        assert_eq!(spans.len(), 1, "{spans:#?}");
        spans[0].clone()
    }
}

/// Reads one request and answers 200; `None` at the end of the connection.
fn take(stream: &TcpStream, taken: &Mutex<Vec<Value>>, raw: &Mutex<String>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    assert_eq!(line, "POST /v1/traces HTTP/1.1\r\n");
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        if header == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    raw.lock().expect("not poisoned").push_str(std::str::from_utf8(&body).expect("UTF-8"));
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    for resource in body["resourceSpans"].as_array().expect("resources") {
        for scope in resource["scopeSpans"].as_array().expect("scopes") {
            taken.lock().expect("not poisoned").extend(scope["spans"].as_array().expect("spans").iter().cloned());
        }
    }
    (&mut &*stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}").ok()
}

fn attribute<'a>(span: &'a Value, name: &str) -> &'a Value {
    let all = span["attributes"].as_array().expect("attributes");
    let found = all.iter().find(|attribute| attribute["key"] == name);
    &found.unwrap_or_else(|| panic!("no {name}: {span:#}"))["value"]
}

fn nanos(span: &Value, name: &str) -> u128 {
    span[name].as_str().expect("text").parse().expect("nanoseconds")
}

fn submit(service: &Service, place: &str, traceparent: &str) -> Value {
    let request = service.request("POST", "/v1/documents").header("traceparent", traceparent);
    let response =
        request.header("content-type", "application/json").body(papers::at(place)).send().expect("an answer");
    assert_eq!(response.status(), 202);
    json(response)
}

#[test]
fn a_collector_gets_submission_queue_and_render_of_a_job_under_the_caller_s_trace() {
    let collector = Collector::start();
    let folder = tempfile::tempdir().expect("a folder");
    let redis = Redis::start();
    let traced = ["--otlp-endpoint", collector.address.as_str()];
    let service = Service::start_on(
        folder.path(),
        &[&["--redis-url", &redis.address(), "--work", "false"], &traced[..]].concat(),
    );
    let worker =
        Process::work(folder.path(), &redis, &[&["--renderers", "1", "--log-format", "json"], &traced[..]].concat());
    let accepted = submit(&service, "Thôn Trầm Lặng", &format!("00-{TRACE}-{CALLER}-01"));
    let id = accepted["id"].as_str().expect("an id");
    let job = service.wait_for(id);
    assert_eq!((&job["state"], &job["trace_id"]), (&Value::from("succeeded"), &Value::from(TRACE)));

    let [accept, queue, render] = ["POST /v1/documents", "queue", "render"].map(|name| collector.span(name));
    for span in [&accept, &queue, &render] {
        assert_eq!(span["traceId"], TRACE);
        assert_eq!(attribute(span, "job.id")["stringValue"], id);
        assert!(nanos(span, "startTimeUnixNano") <= nanos(span, "endTimeUnixNano"));
    }
    assert_eq!(accept["parentSpanId"], CALLER);
    assert_eq!((&queue["parentSpanId"], &render["parentSpanId"]), (&accept["spanId"], &accept["spanId"]));
    assert!(nanos(&render, "startTimeUnixNano") < nanos(&render, "endTimeUnixNano"));
    assert_eq!(attribute(&render, "pages")["intValue"], job["document"]["pages"].to_string());
    assert_eq!(attribute(&accept, "http.response.status_code")["intValue"], "202");
    // The worker's log names the trace too.
    until(Duration::from_secs(30), "the trace in the log", || worker.said().contains(TRACE));
    assert!(!collector.raw().contains("Trầm"), "a word of the paper in a span");

    // A trace that the caller does not keep is not kept here either; a job without one gets one.
    submit(&service, "Thôn Hai", "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-00");
    let own = service.accept(papers::numbered(1));
    let own = service.wait_for(&own);
    let trace = own["trace_id"].as_str().expect("a trace of its own").to_owned();
    until(Duration::from_secs(60), "its render", || {
        collector.spans("render").iter().any(|span| span["traceId"] == *trace)
    });
    assert!(
        collector
            .spans("POST /v1/documents")
            .iter()
            .all(|span| !span["traceId"].as_str().expect("text").starts_with("aaaa"))
    );
}

#[test]
fn without_a_collector_the_caller_s_trace_is_kept_as_it_is_and_nonsense_is_passed_over() {
    let service = Service::start(&["--work", "false"]);
    let job = submit(&service, "An Bình", &format!("00-{TRACE}-{CALLER}-01"));
    assert_eq!(job["trace_id"], TRACE);
    let id = job["id"].as_str().expect("an id");
    let kept = service.books().job(id).trace.expect("kept").to_string();
    assert_eq!(kept, format!("00-{TRACE}-{CALLER}-01"));
    let batch = serde_json::json!({"requests": [papers::sample_of("scorecard", "simple")]});
    let request = service.request("POST", "/v1/batches").header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
    let request = request.header("content-type", "application/json").body(batch.to_string());
    assert_eq!(request.send().expect("an answer").status(), 202);
    let jobs = json(service.get("/v1/jobs"));
    assert_eq!(
        (&jobs["data"][0]["kind"], &jobs["data"][0]["trace_id"]),
        (&Value::from("scorecard"), &Value::from(TRACE))
    );
    let job = submit(&service, "An Bình", "Nguyễn-Văn-Quyết");
    assert_eq!(job.get("trace_id"), None);
}

/// A service that may call this receiver, and calls it with what happens to jobs.
fn telling(receiver: &Receiver, further: &[&str]) -> Service {
    let port = receiver.port.to_string();
    let lab = ["--webhook-lab", "true", "--webhook-ports", port.as_str(), "--webhook-schedule", "0s 1s 1s 1s"];
    let service = Service::start(&[&lab[..], further].concat());
    let data = service.data().to_str().expect("text");
    let opened = programs::run(&["webhooks", "--data", data, "reach", "local", "127.0.0.0/8"]);
    assert_eq!(opened.code, Some(0), "{}", opened.err);
    let added = serde_json::json!({"url": receiver.url(), "types": ["job.accepted"]});
    assert_eq!(service.post("/v1/webhooks", added.to_string()).status(), 201);
    service
}

#[test]
fn every_call_to_a_webhook_is_a_span_of_its_job_s_trace_and_the_receiver_is_told_which() {
    let receiver = Receiver::that(|_, times| match times {
        1 => Manner::says("503 Service Unavailable"),
        _ => Manner::says("204 No Content"),
    });
    let collector = Collector::start();
    let service = telling(&receiver, &["--work", "false", "--otlp-endpoint", &collector.address]);
    let job = submit(&service, "Thôn Trầm Lặng", &format!("00-{TRACE}-{CALLER}-01"));
    until(Duration::from_secs(60), "both calls are told", || collector.spans("delivery").len() >= 2);
    let accept = collector.span("POST /v1/documents");
    let (calls, mut spans) = (receiver.heard(), collector.spans("delivery"));
    assert_eq!((calls.len(), spans.len()), (2, 2));
    spans.sort_by_key(|span| nanos(span, "startTimeUnixNano"));
    for (number, (span, call)) in spans.iter().zip(&calls).enumerate() {
        let header = format!("00-{TRACE}-{}-01", span["spanId"].as_str().expect("an id"));
        assert_eq!(call.header("traceparent"), header, "the receiver's spans hang on this one");
        assert_eq!((&span["traceId"], &span["parentSpanId"]), (&Value::from(TRACE), &accept["spanId"]));
        assert_eq!(span["kind"], 3, "a call to another");
        assert_eq!(attribute(span, "event.id")["stringValue"], call.id());
        assert_eq!(attribute(span, "webhook.tries")["intValue"], (number + 1).to_string());
        assert_eq!(call.told()["data"]["job_id"], job["id"]);
    }
    assert_ne!(spans[0]["spanId"], spans[1]["spanId"], "each try is a span of its own");
    let status = |span: &Value| attribute(span, "http.response.status_code")["intValue"].clone();
    assert_eq!((status(&spans[0]), status(&spans[1])), (Value::from("503"), Value::from("204")));
    assert_eq!((&spans[0]["status"]["message"], &spans[1]["status"]), (&Value::from("5xx"), &Value::Null));
    let raw = collector.raw();
    assert!(!raw.contains("Trầm") && !raw.contains("127.0.0.1"), "a word of the paper or an address in a span");
}

#[test]
fn without_a_collector_a_receiver_is_told_the_caller_s_own_place() {
    let receiver = Receiver::start();
    let service = telling(&receiver, &["--work", "false"]);
    let given = format!("00-{TRACE}-{CALLER}-00");
    submit(&service, "An Bình", &given);
    until(Duration::from_secs(60), "the event arrives", || receiver.calls() == 1);
    service.accept(papers::numbered(1));
    until(Duration::from_secs(60), "the next arrives", || receiver.calls() == 2);
    let heard = receiver.heard();
    assert_eq!((heard[0].header("traceparent"), heard[1].find("traceparent")), (given.as_str(), None));
}

#[test]
fn a_collector_that_is_away_holds_nobody_up_and_is_said_once() {
    // A port that was free a moment ago: nobody listens.
    let away = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
    let mut service = Service::start(&["--renderers", "1", "--otlp-endpoint", &format!("http://{away}")]);
    for number in 0..3 {
        let id = service.accept(papers::numbered(number));
        assert_eq!(service.wait_for(&id)["state"], "succeeded");
    }
    let lost = |service: &Service| {
        let text = service.get("/metrics").text().expect("a body");
        let line = text.lines().find_map(|line| line.strip_prefix("tdkt_spans_lost_total ")).expect("told");
        line.parse::<u64>().expect("a number")
    };
    until(Duration::from_secs(60), "spans are given up", || lost(&service) > 0);
    service.process.stop();
    assert!(service.process.ended_within(Duration::from_secs(60)).success());
    let said = service.process.said();
    assert_eq!(said.matches("The collector takes no spans").count(), 1, "{said}");
}
