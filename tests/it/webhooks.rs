//! Events as a program outside gets them: signed calls, and streams that go on where they stopped.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::support::{
    papers::sample,
    programs::{self, Outcome, Service, until},
};

const PATIENCE: Duration = Duration::from_secs(90);

/// A request as a receiver gets it.
#[derive(Clone)]
struct Heard {
    head: String,
    body: String,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name));
        line.unwrap_or_else(|| panic!("{name} is missing: {}", self.head)).1
    }

    fn told(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// By RFC 2104 and the specification's text, not by the service's code.
    fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("whsec_")).expect("Base64");
        let text = format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        let signature = format!("v1,{}", STANDARD.encode(hmac_sha256(&key, text.as_bytes())));
        self.header("webhook-signature").split(' ').any(|theirs| theirs == signature)
    }
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

/// Takes whatever comes.
struct Receiver {
    port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let hearing = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if let Some(request) = receive(stream) {
                    hearing.lock().expect("not poisoned").push(request);
                }
            }
        });
        Self { port, heard }
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("not poisoned").clone()
    }
}

fn receive(stream: TcpStream) -> Option<Heard> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("content-length: ") {
            length = number.trim().parse().ok()?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    (&stream).write_all(b"HTTP/1.1 204 No Content\r\n\r\n").ok()?;
    Some(Heard { head, body: String::from_utf8(body).ok()? })
}

/// `webhooks …` beside the running service.
fn webhooks(data: &Path, port: u16, arguments: &[&str]) -> Outcome {
    let (data, port) = (data.to_str().expect("text"), port.to_string());
    let all = ["webhooks", "--data", data, "--webhook-lab", "true", "--webhook-ports", &port];
    programs::run(&[&all, arguments].concat())
}

fn lab(port: &str) -> [&str; 4] {
    ["--webhook-lab", "true", "--webhook-ports", port]
}

#[test]
fn a_paper_is_told_to_a_webhook_under_a_signature_that_another_program_verifies() {
    let receiver = Receiver::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (port, url) = (receiver.port.to_string(), format!("http://127.0.0.1:{}/hook", receiver.port));
    let service = Service::start_on(folder.path(), &lab(&port));
    let said = |arguments: &[&str]| webhooks(folder.path(), receiver.port, arguments);
    let closed = said(&["add", &url]);
    assert_eq!(closed.code, Some(1), "loopback is shut until an operator opens it: {}", closed.err);
    assert_eq!(said(&["reach", "local", "127.0.0.0/8"]).code, Some(0));
    let added = said(&["add", &url, "--json"]);
    let added: Value = serde_json::from_str(added.text()).unwrap_or_else(|_| panic!("{}", added.err));
    let (id, secret) = (added["id"].as_str().expect("an id"), added["secret"].as_str().expect("a secret"));
    let job = service.accept(sample("simple"));
    let done = service.wait_for(&job);
    until(PATIENCE, "the event arrives", || !receiver.heard().is_empty());
    let heard = receiver.heard();
    assert_eq!(heard.len(), 1, "the ends only");
    let told = heard[0].told();
    assert_eq!((&told["type"], &told["data"]["job_id"]), (&json!("job.succeeded"), &json!(job)));
    assert_eq!((&told["data"]["sequence"], &told["data"]["sha256"]), (&json!(3), &done["document"]["sha256"]));
    assert_eq!(told["data"]["event_id"], heard[0].header("webhook-id"));
    assert!(heard[0].is_signed_with(secret) && !heard[0].is_signed_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    // An exchanged secret and the one before sign together.
    let rotated = said(&["rotate", id, "--json"]);
    let second: Value = serde_json::from_str(rotated.text()).expect("JSON");
    let second = second["secret"].as_str().expect("a secret");
    assert_eq!(said(&["redeliver", id, "--event", heard[0].header("webhook-id")]).code, Some(0));
    until(PATIENCE, "the event comes again", || receiver.heard().len() == 2);
    let again = &receiver.heard()[1];
    assert_eq!((again.header("webhook-id"), &again.body), (heard[0].header("webhook-id"), &heard[0].body));
    assert!(again.is_signed_with(secret) && again.is_signed_with(second));
    assert_eq!(said(&["redeliver", id, "--from", "1"]).code, Some(0));
    until(PATIENCE, "the range comes", || receiver.heard().len() == 5);
    // What the operator's own command says of it.
    let file = folder.path().join("secret");
    std::fs::write(&file, second).expect("written");
    let verify = |body: &str| {
        let arguments = ["webhooks", "verify", "-", "--secret-file", file.to_str().expect("text"), "--id"];
        let signed = [
            again.header("webhook-id"),
            "--timestamp",
            again.header("webhook-timestamp"),
            "--signature",
            again.header("webhook-signature"),
        ];
        programs::run_in(folder.path(), &[&arguments[..], &signed[..]].concat(), body.as_bytes()).code
    };
    assert_eq!((verify(&again.body), verify(&again.body.replace("succeeded", "failed"))), (Some(0), Some(1)));
    let ledger = std::fs::read(folder.path().join("ledger.sqlite")).expect("a ledger");
    let log = std::fs::read(folder.path().join("ledger.sqlite-wal")).unwrap_or_default();
    for plain in [secret, second] {
        let key = STANDARD.decode(&plain[6..]).expect("Base64");
        for kept in [&ledger, &log] {
            assert!(!kept.windows(key.len()).any(|window| window == key), "the secret lies open");
            assert!(!kept.windows(plain.len()).any(|window| window == plain.as_bytes()), "the secret lies open");
        }
        assert!(!service.process.said().contains(plain));
    }
}

#[test]
fn webhooks_are_registered_tried_looked_at_and_removed_over_http() {
    let receiver = Receiver::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (port, url) = (receiver.port.to_string(), format!("http://127.0.0.1:{}/hook", receiver.port));
    let service = Service::start_on(folder.path(), &lab(&port));
    for wrong in ["http://169.254.169.254/", "https://127.0.0.1/", "https://a:b@hook.tinh.vn/", url.as_str()] {
        let refused = service.post("/v1/webhooks", json!({"url": wrong}).to_string());
        assert_eq!(refused.status(), 422, "{wrong}");
    }
    for wrong in ["{}", "[]", "{\"url\": 1}", "{\"url\": \"x\", \"types\": [\"job.x\"]}", "{"] {
        assert_eq!(service.post("/v1/webhooks", wrong).status(), 400, "{wrong}");
    }
    assert_eq!(webhooks(folder.path(), receiver.port, &["reach", "local", "127.0.0.0/8"]).code, Some(0));
    let added = service.post("/v1/webhooks", json!({"url": url, "types": ["job.accepted"]}).to_string());
    assert_eq!(added.status(), 201);
    let at = added.headers()["location"].to_str().expect("text").to_owned();
    let secret = programs::json(added)["secret"].as_str().expect("a secret").to_owned();
    assert!(programs::json(service.get(&at)).get("secret").is_none(), "shown once");
    assert_eq!(programs::json(service.get("/v1/webhooks"))["data"].as_array().expect("a list").len(), 1);
    let trial = service.post(&format!("{at}:test"), "");
    assert_eq!(trial.status(), 202);
    let trial = programs::json(trial)["event_id"].as_str().expect("an id").to_owned();
    until(PATIENCE, "the trial arrives", || receiver.heard().len() == 1);
    assert!(receiver.heard()[0].header("webhook-id") == trial && receiver.heard()[0].is_signed_with(&secret));
    let delivered = || programs::json(service.get(&format!("{at}/deliveries")))["data"][0]["state"] == "delivered";
    until(PATIENCE, "the log says so", delivered);
    assert_eq!(service.post(&format!("{at}/deliveries/{trial}:redeliver"), "").status(), 202);
    until(PATIENCE, "it comes again", || receiver.heard().len() == 2);
    assert_eq!(service.post(&format!("{at}:redeliver"), r#"{"from": 1, "to": 5}"#).status(), 202);
    assert_eq!(service.post(&format!("{at}:redeliver"), r#"{"from": 5, "to": 1}"#).status(), 400);
    assert_eq!(service.post(&format!("{at}:disable"), "").status(), 200);
    assert_eq!(service.post(&format!("{at}:test"), "").status(), 409);
    assert_eq!(service.post(&format!("{at}:enable"), "").status(), 200);
    let rotated = programs::json(service.post(&format!("{at}:rotate"), ""));
    assert_ne!(rotated["secret"], secret.as_str());
    assert_eq!(service.request("DELETE", &at).send().expect("an answer").status(), 204);
    assert_eq!(service.get(&at).status(), 404);
}

/// One stream, read until it has what is wanted or ends.
fn follow(service: &Service, path: &str, after: Option<&str>, wanted: usize) -> Vec<(String, String)> {
    let address = service.url.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.set_read_timeout(Some(PATIENCE)).expect("set");
    let after = after.map(|after| format!("Last-Event-ID: {after}\r\n")).unwrap_or_default();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{after}\r\n").as_bytes()).expect("written");
    let (mut events, mut id) = (Vec::new(), String::new());
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if let Some(number) = line.strip_prefix("id: ") {
            id = number.to_owned();
        } else if let Some(kind) = line.strip_prefix("event: ") {
            events.push((id.clone(), kind.to_owned()));
        } else if line == "0" || events.len() >= wanted && line.starts_with("data: ") {
            break;
        }
    }
    events
}

#[test]
fn a_reader_of_a_stream_that_comes_back_misses_nothing_and_gets_nothing_twice() {
    let service = Service::start(&[]);
    let jobs: Vec<String> = (0..2).map(|_| service.accept(sample("minimal"))).collect();
    // To the end of the job the stream ends by itself.
    let own = follow(&service, &format!("/v1/jobs/{}/events", jobs[0]), None, usize::MAX);
    let kinds: Vec<&str> = own.iter().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(kinds, ["job.accepted", "job.started", "job.succeeded"]);
    let (mut all, mut last) = (Vec::new(), "0".to_owned());
    let started = Instant::now();
    while all.len() < 6 {
        assert!(started.elapsed() < PATIENCE, "{all:?}");
        let part = follow(&service, "/v1/events", Some(&last), 1);
        last = part.last().map_or(last, |(number, _)| number.clone());
        all.extend(part);
    }
    let numbers: Vec<String> = all.iter().map(|(number, _)| number.clone()).collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6"]);
    let answer = service.request("GET", "/v1/events").header("Last-Event-ID", "x").send().expect("an answer");
    assert_eq!(answer.status(), 400);
    assert_eq!(service.get("/v1/jobs/00000000-0000-7000-8000-000000000000/events").status(), 404);
}

#[test]
fn a_stream_ends_when_the_service_stops() {
    let mut service = Service::start(&["--notice-s", "0"]);
    let job = service.accept(sample("minimal"));
    service.wait_for(&job);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| follow(&service, "/v1/events", Some("0"), usize::MAX));
        std::thread::sleep(Duration::from_millis(300));
        service.process.stop();
        assert_eq!(reading.join().expect("it ended").len(), 3);
    });
    assert!(service.process.ended_within(PATIENCE).success());
}
