//! Clients that mean ill, and their neighbours who are served all the same.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::support::{
    attackers::{Attack, beside, narrow},
    contract::{self, checked},
    kept_socket::KeptSocket,
    papers,
    programs::{Service, until},
};

/// Requests of a neighbour.
const ASKED: usize = 40;

fn asks(service: &Service) {
    assert_eq!(service.post("/v1/documents/check", papers::sample("minimal")).status(), 200);
}

fn connect(service: &Service) -> TcpStream {
    let stream = TcpStream::connect(service.url.strip_prefix("http://").expect("an address")).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(40))).expect("set");
    stream
}

#[test]
fn data_that_mean_ill_are_refused_by_name_and_cost_little() {
    let service = Service::start(&["--work", "false"]);
    let sample: Value = serde_json::from_str(papers::sample("minimal")).expect("JSON");
    let mut members = sample.clone();
    members["content"]["members"] = json!((0..100_000).map(|n| json!({"unit": format!("Sở {n}")})).collect::<Vec<_>>());
    let text = sample.to_string();
    let doubled = text.replacen('{', "{\"kind\":\"scorecard\",", 1);
    let huge = text.replacen('{', "{\"number\":1e400,", 1);
    for (name, body, statuses) in [
        ("a text of 10 MB", json!({"kind": "x".repeat(10 << 20)}).to_string(), &[413][..]),
        ("nested 100,000 deep", "[".repeat(100_000), &[400]),
        ("100,000 members", members.to_string(), &[413, 422]),
        ("a number beyond all", huge, &[400, 422]),
        ("a key twice", doubled, &[400, 422]),
        // An answer names places; with such a key above them, two hundred would be as many megabytes.
        ("a key of a million letters", json!({"k".repeat(1_000_000): vec!["\u{200b}"; 1_000]}).to_string(), &[400]),
        ("no text at all", "\u{0}\u{1}".to_owned(), &[400]),
    ] {
        let answer = service.post("/v1/documents", body);
        let status = answer.status().as_u16();
        let body: Value = serde_json::from_str(&answer.text().expect("a body")).expect("a problem");
        assert!(statuses.contains(&status), "{name}: {status} {body:#}");
        assert!(
            body["code"].is_string() && body["errors"].as_array().is_some_and(|errors| errors.len() <= 200),
            "{name}"
        );
    }
    assert!(service.books().counts().is_empty());
}

/// Also where the body may be left out: what was sent is never passed over in silence.
#[test]
fn a_body_without_a_type_or_of_another_type_is_refused_by_every_operation_that_takes_one() {
    let service = Service::start(&["--work", "false"]);
    let mut asked = 0;
    for (path, operations) in contract::document()["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let Some(types) = operation["requestBody"]["content"].as_object() else { continue };
            let method = method.to_uppercase();
            let filled = path.replace("/periods/{id}", "/periods/2026-H1").replace("{period}", "2026-H1");
            let filled = filled.replace("{year}", "2026").replace("{id}", "k1");
            for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
                assert!(!types.contains_key(content_type.unwrap_or_default()), "{path}");
                let request = service.request(&method, &filled).header("if-none-match", "*").body("{}");
                let request = content_type.into_iter().fold(request, |it, value| it.header("content-type", value));
                let answer = checked(&method, &filled, request.send().expect("an answer"));
                let status = answer.status();
                let told: Value = serde_json::from_str(&answer.text().expect("a body")).expect("a problem");
                assert_eq!(status, 415, "{method} {path} with {content_type:?}: {told:#}");
                assert_eq!(told["code"], "unsupported-media-type");
                asked += 1;
            }
        }
    }
    assert!(asked >= 3 * 20, "{asked}");
    let closed = service.request("POST", "/v1/periods/2026-H1:close").send().expect("an answer");
    assert_ne!(checked("POST", "/v1/periods/2026-H1:close", closed).status(), 415, "a body may be left out there");
}

/// How long a neighbour waits is measured by `benches/neighbours.rs`.
#[test]
fn slow_heads_and_dribbled_bodies_end_and_neighbours_are_served() {
    let service = Service::start(&["--work", "false", "--connections-per-address", "400"]);
    for attack in [Attack::SlowHeads, Attack::DribbledBodies] {
        beside(&service, attack, 80, |attackers| {
            let holding = || attackers.holding.load(Ordering::Relaxed);
            until(Duration::from_secs(60), "they hold their connections", || holding() >= 70);
            let mut among = 0;
            for _ in 0..ASKED {
                among = among.max(holding());
                asks(&service);
            }
            assert!(among >= 40, "{attack:?}: only {among} held a connection meanwhile");
            until(Duration::from_secs(90), "the service lets go of them", || {
                attackers.done.load(Ordering::Relaxed) >= 80
            });
            asks(&service);
        });
    }

    // Each of them is told so, or closed, within the bound.
    let body = service.raw(
        &[b"POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{"],
        Duration::ZERO,
    );
    assert!(
        body.as_deref().is_some_and(|answer| answer.starts_with("HTTP/1.1 408 ") && answer.contains("body-too-slow")),
        "{body:?}"
    );
    let mut head = connect(&service);
    head.write_all(b"GET /livez HTTP/1.1\r\nHost: ").expect("written");
    let mut answer = Vec::new();
    let _reset = head.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

/// The kernel would take megabytes of each connection off our hands, and nobody would count them.
#[test]
fn of_an_answer_that_its_caller_does_not_read_the_kernel_holds_little() {
    const CALLERS: usize = 20;
    // Opened by the service, and handed over to it.
    let (socket, folder) = (KeptSocket::at("127.0.0.1:0"), tempfile::tempdir().expect("a temporary folder"));
    let services =
        [Service::start(&["--work", "false"]), Service::take_over(&socket, folder.path(), &["--work", "false"])];
    for service in services {
        let address = service.url.strip_prefix("http://").expect("an address").parse().expect("an address");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let callers: Vec<TcpStream> = (0..CALLERS)
            .map(|_| {
                let mut stream = narrow(&runtime, address);
                let asked = "GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(4);
                stream.write_all(asked.as_bytes()).expect("taken");
                stream
            })
            .collect();
        let (mut before, mut same) = (Vec::new(), 0);
        until(Duration::from_secs(60), "everybody is answered as far as they take it", || {
            let now = service.unreceived();
            same = if now == before { same + 1 } else { 0 };
            before = now;
            same >= 10 && before.iter().filter(|bytes| **bytes > 0).count() >= CALLERS
        });
        let most = before.iter().max().expect("connections");
        assert!(*most <= 256 << 10, "{} KiB of one connection", most >> 10);
        drop(callers);
    }
}

#[test]
fn one_address_holds_so_many_connections_and_no_more() {
    let service = Service::start(&["--work", "false", "--connections-per-address", "20"]);
    let held: Vec<TcpStream> = (0..60).map(|_| connect(&service)).collect();
    let open = |stream: &TcpStream| {
        let mut stream = stream.try_clone().expect("a handle");
        let asked = stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
        asked.is_ok() && stream.read(&mut [0; 16]).is_ok_and(|read| read > 0)
    };
    let served = held.iter().filter(|stream| open(stream)).count();
    assert!(served <= 20 && served > 0, "{served} of 60 were served");
    drop(held);
    let began = Instant::now();
    while service.request("GET", "/livez").send().map_or(true, |answer| answer.status() != 200) {
        assert!(began.elapsed() < Duration::from_secs(30), "closed connections make room");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Each sort of them is answered by name, again and again, and neighbours in between.
#[test]
fn floods_depths_and_lengths_are_answered_by_name_and_neighbours_are_served() {
    let service = Service::start(&["--work", "false", "--connections-per-address", "400"]);
    for attack in Attack::ALL {
        let Some((body, statuses)) = attack.body() else { continue };
        let request = service.request("POST", "/v1/documents/check").header("content-type", "application/json");
        let request = if attack == Attack::Compressed { request.header("content-encoding", "gzip") } else { request };
        let answer = checked("POST", "/v1/documents/check", request.body(body).send().expect("an answer"));
        assert!(statuses.contains(&answer.status().as_u16()), "{attack:?}: {}", answer.status());
        beside(&service, attack, 4, |attackers| {
            let done = || attackers.done.load(Ordering::Relaxed);
            until(Duration::from_secs(60), "they are at it", || done() >= 4);
            // Between two of the neighbour's answers they were answered too: they were there all the time.
            for _ in 0..3 {
                let before = done();
                asks(&service);
                until(Duration::from_secs(60), "they go on", || done() > before);
            }
        });
    }
    let said = service.process.said();
    assert!(!said.contains(" ERROR ") && !said.contains("panicked"), "{said}");
}

#[test]
fn ten_thousand_small_requests_are_all_answered() {
    let service = Service::start(&["--work", "false"]);
    beside(&service, Attack::Flood, 8, |attackers| {
        // Cheap ones, over few connections, beside those that are checked.
        let answered =
            (0..10_000).filter(|_| service.request("GET", "/livez").send().is_ok_and(|it| it.status() == 200));
        assert_eq!(answered.count(), 10_000);
        assert!(attackers.done.load(Ordering::Relaxed) > 8, "the others were served as well");
    });
}
