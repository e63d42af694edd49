//! Events as a program outside gets them: signed calls, and streams that go on where they stopped.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use tdkt_reports::job::event::{EventType, TRIAL};

use super::support::{
    contract,
    papers::{self, sample, sample_of},
    programs::{self, Outcome, Over, Service, until},
    receiver::{Authority, Manner, Receiver},
};

const PATIENCE: Duration = Duration::from_secs(90);

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
fn what_a_webhook_may_reach_is_told_as_the_guard_will_have_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().to_str().expect("text");
    let said = |networks: &str, lab: &str| {
        let told = programs::run(&["webhooks", "--data", data, "--webhook-lab", lab, "reach", "local", networks]);
        assert_eq!(told.code, Some(0), "{}", told.err);
        told.err
    };
    let both = said("10.20.0.0/16,127.0.0.0/8", "false");
    for part in ["được gọi vào: 10.20.0.0/16\n", "Vẫn đóng dù đã liệt kê: 127.0.0.0/8", "webhook_lab = true"]
    {
        assert!(both.contains(part), "{both}");
    }
    let lab = said("127.0.0.0/8", "true");
    assert!(lab.contains("được gọi vào: 127.0.0.0/8\n") && !lab.contains("Vẫn đóng"), "{lab}");
    assert!(said("", "false").contains("không được gọi vào mạng riêng nào"));
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
    until(PATIENCE, "the range comes", || receiver.heard().len() == 3);
    let of_range = &receiver.heard()[2];
    assert_eq!(of_range.header("webhook-id"), again.header("webhook-id"), "of three events the one that it asked for");
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

/// A service that calls this receiver, and the webhook's address and secret.
fn hooked(receiver: &Receiver, types: &[&str], further: &[&str]) -> (Service, String, String) {
    let port = receiver.port.to_string();
    let service = Service::start(&[&lab(&port)[..], further].concat());
    assert_eq!(webhooks(service.data(), receiver.port, &["reach", "local", "127.0.0.0/8"]).code, Some(0));
    let added = service.post("/v1/webhooks", json!({"url": receiver.url(), "types": types}).to_string());
    assert_eq!(added.status(), 201);
    let at = added.headers()["location"].to_str().expect("text").to_owned();
    let secret = programs::json(added)["secret"].as_str().expect("a secret").to_owned();
    (service, at, secret)
}

/// Whatever can happen to a job happens, and what the receiver is told of it is what the document says.
#[test]
fn every_type_of_event_is_sent_as_its_entry_of_the_contract_says() {
    let all: BTreeSet<&str> = EventType::ALL.iter().map(|kind| kind.as_str()).chain([TRIAL]).collect();
    assert_eq!(contract::told().map(|(name, _)| name).collect::<BTreeSet<_>>(), all);
    let receiver = Receiver::start();
    let types = EventType::ALL.map(EventType::as_str);
    let (service, at, _) = hooked(&receiver, &types, &["--renderers", "1", "--rehearse", "--max-starts", "2"]);
    let [fine, deep, dies] = ["An Bình", "An Bình rehearse:overflow", "An Bình rehearse:abort"]
        .map(|place| service.accept(papers::at(place)));
    for (job, state) in [(&fine, "succeeded"), (&deep, "failed"), (&dies, "dead")] {
        assert_eq!(service.wait_for(job)["state"], state);
    }
    assert_eq!(service.post(&format!("/v1/jobs/{dies}:requeue"), "").status(), 200);
    assert_eq!(service.wait_for(&dies)["state"], "dead");
    let data = service.data().to_str().expect("text");
    assert_eq!(programs::run(&["jobs", "--data", data, "drop", &dies]).code, Some(0));
    assert_eq!(service.post(&format!("{at}:test"), "").status(), 202);
    let batch = json!({"requests": [sample_of("scorecard", "simple")]}).to_string();
    assert_eq!(service.post("/v1/batches", batch).status(), 202);
    remind(&service);
    let told = || {
        let kinds = receiver.heard().into_iter().map(|heard| heard.told()["type"].as_str().expect("text").to_owned());
        kinds.collect::<BTreeSet<String>>()
    };
    until(PATIENCE, "every type has come", || told().len() == all.len());
    for heard in receiver.heard() {
        let body = heard.told();
        let kind = body["type"].as_str().expect("text");
        assert_eq!(contract::faults_of_told(kind, &body), Vec::<String>::new(), "{body:#}");
        assert_eq!(body["data"]["event_id"], heard.id());
    }
}

/// A reminder whose time has come: a bloc that has not sent, and a schedule of an hour ago.
fn remind(service: &Service) {
    for (path, body) in [
        ("/v1/register/blocs/k6", json!({"name": "Khối thi đua số 6", "form": "bloc"})),
        ("/v1/schedules/nhac", json!({"cron": "* * * * *", "action": "remind", "period": "2026-H1"})),
    ] {
        let request = service.request("PUT", path).header("content-type", "application/json");
        let written = request.header("if-none-match", "*").body(body.to_string()).send().expect("an answer");
        assert_eq!(written.status(), 201, "{path}");
    }
    sqlx::any::install_default_drivers();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let place = format!("sqlite:{}", service.data().join("ledger.sqlite").display());
        let pool = sqlx::AnyPool::connect(&place).await.expect("the ledger");
        let earlier = "UPDATE register_entry SET written_at = written_at - 3600000 WHERE sort = 'schedule'";
        sqlx::query(earlier).execute(&pool).await.expect("written");
        pool.close().await;
    });
}

#[test]
fn every_example_of_a_call_is_one_and_with_a_member_less_it_is_none() {
    for (name, content) in contract::told() {
        let examples: Vec<&Value> =
            content["examples"].as_object().expect("examples").values().map(|example| &example["value"]).collect();
        assert!(!examples.is_empty(), "{name}");
        for example in examples {
            assert_eq!(example["type"], name);
            assert_eq!(contract::faults_of_told(name, example), Vec::<String>::new(), "{example:#}");
            for member in example["data"].as_object().expect("data").keys() {
                let mut less = example.clone();
                less["data"].as_object_mut().expect("data").remove(member);
                assert!(!contract::faults_of_told(name, &less).is_empty(), "{name} without {member}");
            }
            for other in contract::told().map(|(other, _)| other).filter(|other| *other != name) {
                assert!(!contract::faults_of_told(other, example).is_empty(), "{name} passes for {other}");
            }
        }
    }
}

/// The receiver knows a secret from the moment the service has answered with it, and refuses what no secret of its
/// verifies; a refusal is not tried again, so it would be a loss.
#[test]
fn a_secret_is_exchanged_while_deliveries_run_and_none_is_lost() {
    const EXCHANGES: usize = 3;
    const BETWEEN: usize = 25;
    let known: Arc<Mutex<Vec<String>>> = Arc::default();
    let knows = Arc::clone(&known);
    let receiver = Receiver::that(move |heard, _| {
        let verified = knows.lock().expect("not poisoned").iter().any(|secret| heard.is_signed_with(secret));
        Manner::says(if verified { "204 No Content" } else { "401 Unauthorized" })
    });
    let (service, at, first) = hooked(&receiver, &["job.accepted"], &["--work", "false"]);
    known.lock().expect("not poisoned").push(first);
    let posted: Mutex<BTreeSet<String>> = Mutex::default();
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let let_go = Over(&over);
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(std::sync::atomic::Ordering::Relaxed) {
                    let trial = programs::json(service.post(&format!("{at}:test"), ""));
                    posted.lock().expect("not poisoned").insert(trial["event_id"].as_str().expect("an id").to_owned());
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        }
        for exchange in 1..=EXCHANGES {
            until(PATIENCE, "deliveries run", || receiver.calls() >= exchange * BETWEEN);
            let rotated = programs::json(service.post(&format!("{at}:rotate"), ""));
            known.lock().expect("not poisoned").push(rotated["secret"].as_str().expect("a secret").to_owned());
        }
        until(PATIENCE, "deliveries run on", || receiver.calls() >= (EXCHANGES + 1) * BETWEEN);
        drop(let_go);
    });
    let posted = posted.into_inner().expect("not poisoned");
    let arrived = || receiver.heard().iter().map(|heard| heard.id().to_owned()).collect::<BTreeSet<_>>();
    until(PATIENCE, "everything has arrived", || arrived() == posted);
    let known = known.lock().expect("not poisoned");
    let mut seen: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    for heard in receiver.heard() {
        let verifying: Vec<usize> = (0..known.len()).filter(|place| heard.is_signed_with(&known[*place])).collect();
        let newest = *verifying.last().expect("one of the secrets verifies");
        assert_eq!(
            verifying,
            if newest == 0 { vec![0] } else { vec![newest - 1, newest] },
            "the new and the one before"
        );
        *seen.entry(verifying).or_default() += 1;
    }
    println!("{} deliveries over {EXCHANGES} exchanges, by the secrets that verify them: {seen:?}", posted.len());
    assert_eq!(seen.len(), EXCHANGES + 1, "before, between and after");
    let log = || programs::json(service.get(&format!("{at}/deliveries?limit=200")));
    until(PATIENCE, "the log says so", || {
        let log = log();
        log["data"].as_array().expect("a list").iter().all(|delivery| delivery["state"] != "waiting")
    });
    for delivery in log()["data"].as_array().expect("a list") {
        assert_eq!((&delivery["state"], &delivery["tries"][0]["status"]), (&json!("delivered"), &json!(204)));
        assert_eq!(delivery["tries"].as_array().expect("tries").len(), 1, "taken at once: {delivery:#}");
    }
}

/// Two receivers with certificates of the same authority for the same address; the time of one certificate is over.
#[test]
fn a_receiver_whose_certificate_has_ended_is_told_nothing_and_the_log_says_why() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let authority = Authority::in_folder(folder.path());
    let [ended, fine] =
        [authority.ended(), authority.certificate("IP:127.0.0.1")].map(|certificate| Receiver::with(&certificate));
    let (ports, file) = (format!("{},{}", ended.port, fine.port), authority.file());
    let service = Service::start(
        &[
            &lab(&ports)[..],
            &["--work", "false", "--webhook-ca", file.to_str().expect("text"), "--webhook-schedule", "0s 1s 1s 1s"],
        ]
        .concat(),
    );
    assert_eq!(webhooks(service.data(), fine.port, &["reach", "local", "127.0.0.0/8"]).code, Some(0));
    let log_of_a_trial = |receiver: &Receiver| {
        let added = service.post("/v1/webhooks", json!({"url": receiver.url()}).to_string());
        assert_eq!(added.status(), 201);
        let at = added.headers()["location"].to_str().expect("text").to_owned();
        assert_eq!(service.post(&format!("{at}:test"), "").status(), 202);
        format!("{at}/deliveries")
    };
    let [log, other] = [&ended, &fine].map(log_of_a_trial);
    let delivery = |log: &str| programs::json(service.get(log))["data"][0].clone();
    until(PATIENCE, "the other is told", || delivery(&other)["state"] == "delivered");
    until(PATIENCE, "it is tried again", || delivery(&log)["tries"].as_array().is_some_and(|tries| tries.len() >= 2));
    let refused = delivery(&log);
    assert_ne!(refused["state"], "delivered", "{refused:#}");
    for tried in refused["tries"].as_array().expect("tries") {
        assert_eq!((&tried["fault"], tried.get("status")), (&json!("certificate"), None), "{refused:#}");
    }
    assert!(ended.connections() >= 2 && ended.calls() == 0, "it was met, and nothing was said to it");
}

#[test]
fn a_file_of_authorities_that_is_none_is_refused_at_the_start() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "Không phải chứng thư").expect("written");
    let data = folder.path().join("data");
    let listed = |file: &Path| {
        let arguments = ["webhooks", "list", "--data", data.to_str().expect("text"), "--webhook-ca"];
        programs::run(&[&arguments[..], &[file.to_str().expect("text")]].concat())
    };
    let refused = listed(&file);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(refused.err.contains("ca.pem") && refused.err.contains("webhook_ca"), "{}", refused.err);
    let authority = Authority::in_folder(folder.path());
    let taken = listed(&authority.file());
    assert_eq!(taken.code, Some(0), "{}", taken.err);
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
