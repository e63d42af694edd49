//! What is seen from outside: counts and times at `/metrics`, and the dashboards and alerts that live on them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpListener,
    time::Duration,
};

use serde_json::{Value, json};

use super::support::{
    papers::{self, repository},
    programs::{Process, Redis, Service, run, until},
    receiver::{Manner, Receiver},
};

/// A sample's name, its labels, its value.
type Sample = (String, BTreeMap<String, String>, f64);

/// Reads the text format: `name{label="value",…} number`.
fn samples(text: &str) -> Vec<Sample> {
    assert!(text.ends_with("# EOF\n"), "cut off:\n{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let labels = labels.trim_end_matches('}').split("\",").filter(|label| !label.is_empty());
            let labels = labels.map(|label| {
                let (name, value) = label.split_once("=\"").expect("a label");
                (name.to_owned(), value.trim_end_matches('"').to_owned())
            });
            (name.to_owned(), labels.collect(), value.parse().expect("a number"))
        })
        .collect()
}

fn told(url: &str) -> String {
    let response = reqwest::blocking::get(format!("{url}/metrics")).expect("an answer");
    assert_eq!(response.status(), 200);
    let media = response.headers()["content-type"].to_str().expect("ASCII").to_owned();
    assert!(media.starts_with("application/openmetrics-text"), "{media}");
    response.text().expect("a body")
}

/// The sum of the samples of this name that have these labels.
fn sum(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> f64 {
    let fits = |sample: &&Sample| {
        sample.0 == name && labels.iter().all(|(label, value)| sample.1.get(*label).is_some_and(|it| it == value))
    };
    samples.iter().filter(fits).map(|sample| sample.2).sum()
}

/// Where a process says that its metrics are.
fn address(process: &Process) -> String {
    const AT: &str = "Số đo tại ";
    let line = || process.said().lines().find_map(|line| line.strip_prefix(AT).map(str::to_owned));
    until(Duration::from_secs(60), AT, || line().is_some());
    line().expect("said").trim_end_matches("/metrics").to_owned()
}

#[test]
fn the_way_of_a_job_is_counted_and_timed_without_naming_it() {
    let service = Service::start(&["--renderers", "1"]);
    let kind = "six-month-review";
    let id = service.accept(papers::numbered(1));
    assert_eq!(service.wait_for(&id)["state"], "succeeded");
    assert_eq!(service.post("/v1/documents", "{").status(), 400);
    assert_eq!(service.get("/Nguyễn-Văn-Quyết").status(), 404);
    assert_eq!(service.get(&format!("/v1/jobs/{id}/document")).status(), 200);

    let text = told(&service.url);
    let all = samples(&text);
    let is = |name: &str, labels: &[(&str, &str)], value: f64| {
        assert_eq!(sum(&all, name, labels), value, "{name} {labels:?}\n{text}");
    };
    is("tdkt_jobs_accepted_total", &[("kind", kind)], 1.0);
    is("tdkt_jobs_ended_total", &[("kind", kind), ("state", "succeeded")], 1.0);
    is("tdkt_jobs_ended_total", &[], 1.0);
    is("tdkt_job_queue_wait_seconds_count", &[("kind", kind)], 1.0);
    is("tdkt_job_render_seconds_count", &[("kind", kind)], 1.0);
    is("tdkt_job_starts_sum", &[("state", "succeeded")], 1.0);
    is("tdkt_jobs", &[("state", "succeeded")], 1.0);
    is("tdkt_jobs", &[("state", "dead")], 0.0);
    is("tdkt_job_oldest_waiting_seconds", &[], 0.0);
    is("tdkt_press_orders_total", &[("work", "render")], 1.0);
    is("tdkt_press_child_deaths_total", &[], 0.0);
    is("tdkt_part_up", &[], 3.0);
    is("tdkt_http_requests_total", &[("method", "POST"), ("route", "/v1/documents"), ("status", "202")], 1.0);
    is("tdkt_http_requests_total", &[("method", "GET"), ("route", "/v1/jobs/{id}/document"), ("status", "200")], 1.0);
    is("tdkt_http_requests_total", &[("route", "none"), ("status", "404")], 1.0);
    is("tdkt_http_problems_total", &[("code", "malformed-json")], 1.0);
    assert!(sum(&all, "tdkt_job_render_seconds_sum", &[]) > 0.0);
    assert!(sum(&all, "tdkt_archive_free_bytes", &[]) > 0.0);
    assert!(sum(&all, "process_resident_memory_bytes", &[]) > 1e6);
    assert!(sum(&all, "process_open_fds", &[]) > 3.0);
    assert!(!text.contains(&id) && !text.contains("Quy") && !text.contains("An B"), "{text}");
}

#[test]
fn a_dead_job_is_counted_with_its_reason_and_its_starts() {
    let service = Service::start(&["--renderers", "1", "--rehearse", "--max-starts", "1"]);
    let id = service.accept(papers::at("An Bình rehearse:exec"));
    assert_eq!(service.wait_for(&id)["state"], "dead");
    let all = samples(&told(&service.url));
    assert_eq!(sum(&all, "tdkt_press_child_deaths_total", &[("reason", "forbidden")]), 1.0);
    assert_eq!(sum(&all, "tdkt_press_child_deaths_total", &[]), 1.0);
    assert_eq!(sum(&all, "tdkt_jobs_ended_total", &[("state", "dead")]), 1.0);
    assert_eq!(sum(&all, "tdkt_jobs", &[("state", "dead")]), 1.0);
}

/// Opens loopback and registers an address; gives the webhook's own address.
fn hooked(service: &Service, url: &str) -> String {
    let data = service.data().to_str().expect("text");
    assert_eq!(run(&["webhooks", "--data", data, "reach", "local", "127.0.0.0/8"]).code, Some(0));
    let added = service.post("/v1/webhooks", json!({"url": url, "types": ["job.accepted"]}).to_string());
    assert_eq!(added.status(), 201);
    added.headers()["location"].to_str().expect("text").to_owned()
}

#[test]
fn calls_to_webhooks_are_counted_by_what_came_of_them_and_the_outbox_says_what_waits() {
    let receiver = Receiver::that(|heard, times| match heard.told()["type"].as_str() {
        Some("job.accepted") if times == 1 => Manner::says("503 Service Unavailable"),
        Some("job.accepted") => Manner::says("204 No Content"),
        _ => Manner::says("410 Gone"),
    });
    let port = receiver.port.to_string();
    let lab = ["--webhook-lab", "true", "--webhook-ports", port.as_str(), "--webhook-schedule", "0s 1s 1h 1h"];
    let service = Service::start(&[&["--work", "false"], &lab[..]].concat());
    let at = hooked(&service, &receiver.url());
    service.accept(papers::numbered(1));
    let all = || samples(&told(&service.url));
    let tries = |outcome: &str| sum(&all(), "tdkt_webhook_tries_total", &[("outcome", outcome)]);
    until(Duration::from_secs(60), "it is delivered", || tries("delivered") == 1.0);
    let now = all();
    let is = |name: &str, labels: &[(&str, &str)], value: f64| {
        assert_eq!(sum(&now, name, labels), value, "{name} {labels:?}");
    };
    is("tdkt_webhook_tries_total", &[("outcome", "again")], 1.0);
    is("tdkt_webhook_tries_total", &[], 2.0);
    is("tdkt_webhook_faults_total", &[("reason", "5xx")], 1.0);
    is("tdkt_webhook_faults_total", &[], 1.0);
    is("tdkt_webhook_call_seconds_count", &[], 2.0);
    is("tdkt_webhook_deliveries_waiting", &[], 0.0);
    is("tdkt_webhook_oldest_waiting_seconds", &[], 0.0);
    is("tdkt_webhook_unserved_seconds", &[], 0.0);
    is("tdkt_events_unnumbered", &[], 0.0);
    is("tdkt_webhooks", &[("condition", "well")], 1.0);
    is("tdkt_webhooks", &[], 1.0);

    assert_eq!(service.post(&format!("{at}:test"), "").status(), 202);
    until(Duration::from_secs(60), "the address is gone", || tries("gone") == 1.0);
    let now = all();
    assert_eq!(sum(&now, "tdkt_webhooks", &[("condition", "given-up")]), 1.0);
    assert_eq!(sum(&now, "tdkt_webhook_faults_total", &[("reason", "4xx")]), 1.0);
}

#[test]
fn an_address_that_is_left_alone_is_seen_and_what_waits_for_it_too() {
    let gone = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let lab = ["--webhook-lab", "true", "--webhook-ports", &gone.to_string(), "--webhook-schedule", "0s 1h 1h"];
    let service = Service::start(&[&["--work", "false"], &lab[..]].concat());
    hooked(&service, &format!("http://127.0.0.1:{gone}/"));
    for number in 0..5 {
        service.accept(papers::numbered(number));
    }
    let all = || samples(&told(&service.url));
    let resting = || sum(&all(), "tdkt_webhooks", &[("condition", "resting")]) == 1.0;
    until(Duration::from_secs(60), "after five failures in a row it rests", resting);
    let now = all();
    assert_eq!(sum(&now, "tdkt_webhook_faults_total", &[("reason", "no-connection")]), 5.0);
    assert_eq!(sum(&now, "tdkt_webhook_tries_total", &[("outcome", "again")]), 5.0);
    assert_eq!(sum(&now, "tdkt_webhook_deliveries_waiting", &[]), 5.0);
    assert!(sum(&now, "tdkt_webhook_oldest_waiting_seconds", &[]) > 0.0);
    assert_eq!(sum(&now, "tdkt_webhook_unserved_seconds", &[]), 0.0, "it waits by its own fault");
}

#[test]
fn serve_and_work_tell_at_addresses_of_their_own_and_each_what_it_did() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = Redis::start();
    let own = ["--metrics-listen", "127.0.0.1:0"];
    let service =
        Service::start_on(folder.path(), &[&["--redis-url", &redis.address(), "--work", "false"], &own[..]].concat());
    let worker = Process::work(folder.path(), &redis, &[&["--renderers", "1"], &own[..]].concat());
    let id = service.accept(papers::numbered(1));
    assert_eq!(service.wait_for(&id)["state"], "succeeded");

    assert_eq!(service.get("/metrics").status(), 404, "not where callers are");
    let (door, back) = (address(&service.process), address(&worker));
    let (at_door, at_back) = (samples(&told(&door)), samples(&told(&back)));
    assert_eq!(sum(&at_door, "tdkt_jobs_accepted_total", &[]), 1.0);
    assert_eq!(sum(&at_door, "tdkt_jobs_ended_total", &[]), 0.0);
    assert_eq!(sum(&at_back, "tdkt_jobs_accepted_total", &[]), 0.0);
    assert_eq!(sum(&at_back, "tdkt_jobs_ended_total", &[("state", "succeeded")]), 1.0);
    for both in [&at_door, &at_back] {
        assert_eq!(sum(both, "tdkt_jobs", &[("state", "succeeded")]), 1.0, "the ledger is one");
    }
    // What is said of a doorbell that is away.
    drop(redis);
    let all = samples(&told(&back));
    assert_eq!(sum(&all, "tdkt_part_up", &[("part", "doorbell")]), 0.0);
    assert_eq!(sum(&all, "tdkt_part_up", &[("part", "ledger")]), 1.0);
    assert!(all.iter().all(|(name, ..)| name != "tdkt_doorbell_rings_out"), "nobody knows");
}

#[test]
fn ready_asks_for_a_sign_of_life_and_says_so_by_its_exit_code() {
    let service = Service::start(&["--metrics-listen", "127.0.0.1:0"]);
    let listen = service.url.strip_prefix("http://").expect("an address").to_owned();
    let metrics = address(&service.process).strip_prefix("http://").expect("an address").to_owned();
    assert_eq!(run(&["ready", "--listen", &listen]).code, Some(0));
    assert_eq!(run(&["ready", "--metrics-listen", &metrics]).code, Some(0));
    drop(service);
    let outcome = run(&["ready", "--listen", &listen]);
    assert_eq!(outcome.code, Some(75), "{}", outcome.err);
}

/// Every expression of the alerts and of the dashboard.
fn expressions() -> Vec<String> {
    let alerts = std::fs::read_to_string(repository("ops/alerts.yaml")).expect("the alerts");
    let mut all: Vec<String> =
        alerts.lines().filter_map(|line| Some(line.trim().strip_prefix("expr: ")?.into())).collect();
    let dashboard = std::fs::read_to_string(repository("ops/grafana-dashboard.json")).expect("the dashboard");
    let dashboard: Value = serde_json::from_str(&dashboard).expect("JSON");
    for panel in dashboard["panels"].as_array().expect("panels") {
        for target in panel["targets"].as_array().expect("targets") {
            all.push(target["expr"].as_str().expect("an expression").to_owned());
        }
    }
    assert!(all.len() > 55, "{}", all.len());
    all
}

/// The metrics in an expression, each with the labels that it is asked for.
fn asked(expression: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = expression;
    while let Some(start) = rest.find("tdkt_").into_iter().chain(rest.find("process_")).min() {
        rest = &rest[start..];
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let matchers =
            after.strip_prefix('{').and_then(|inside| inside.split_once('}')).map_or("", |(inside, _)| inside);
        let labels = matchers.split(',').filter_map(|matcher| Some(matcher.split_once(['=', '!'])?.0.to_owned()));
        found.push((name.to_owned(), labels.collect()));
        rest = &after[after.strip_prefix('{').map_or(0, |_| matchers.len())..];
    }
    found
}

#[test]
fn every_metric_and_label_of_the_dashboard_and_the_alerts_is_told_by_a_service_that_has_just_started() {
    let service = Service::start(&[]);
    // One answer, so that there is one to be counted.
    assert_eq!(service.get("/livez").status(), 200);
    let told = samples(&told(&service.url));
    let mut faults = BTreeSet::new();
    for (metric, labels) in expressions().iter().flat_map(|expression| asked(expression)) {
        let of_it: Vec<&Sample> = told.iter().filter(|(name, ..)| *name == metric).collect();
        if of_it.is_empty() {
            faults.insert(format!("no metric {metric}"));
        }
        // Prometheus itself adds job and instance.
        for label in labels.into_iter().filter(|label| !matches!(label.as_str(), "job" | "instance")) {
            if !of_it.iter().any(|(_, has, _)| has.contains_key(&label)) {
                faults.insert(format!("no label {label} of {metric}"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_an_expression_asks_for_is_read() {
    let read = asked("sum(rate(tdkt_a_total{status=~\"4|5\",x!=\"y\"}[5m])) / process_b > tdkt_c_bucket");
    let labels = vec!["status".to_owned(), "x".to_owned()];
    assert_eq!(
        read,
        [("tdkt_a_total".into(), labels), ("process_b".into(), Vec::new()), ("tdkt_c_bucket".into(), Vec::new())]
    );
}

#[test]
fn every_alert_has_its_runbook() {
    let alerts = std::fs::read_to_string(repository("ops/alerts.yaml")).expect("the alerts");
    let manual = std::fs::read_to_string(repository("docs/operating.md")).expect("the manual");
    let headings: BTreeSet<String> =
        manual.lines().filter_map(|line| Some(line.strip_prefix("### ")?.trim().to_lowercase())).collect();
    let fields = |name: &str| -> Vec<String> {
        alerts
            .lines()
            .filter_map(|line| Some(line.trim().trim_start_matches("- ").strip_prefix(name)?.into()))
            .collect()
    };
    let (names, runbooks) = (fields("alert: "), fields("runbook_url: "));
    assert!(names.len() >= 20 && names.len() == runbooks.len());
    for (name, runbook) in names.iter().zip(&runbooks) {
        let anchor = runbook.strip_prefix("docs/operating.md#").expect("a place in the manual");
        assert_eq!(anchor, name.to_lowercase());
        assert!(headings.contains(anchor), "docs/operating.md has no heading for {name}");
    }
}
