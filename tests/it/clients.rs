//! The example clients, run against the real service.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json as as_json};

use super::support::{
    contract,
    papers::{self, repository},
    programs::{Outcome, Service, json, run, run_command, until},
    receiver::{Heard, Receiver, signature},
};

/// The example of the Standard Webhooks specification, 1.0.0.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SENT: &str = "1614265330";
const BODY: &str = r#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

/// A client without settings from the environment of the tests.
fn client(program: &str) -> Command {
    let path = repository("examples/clients").join(program);
    let mut command = if program.ends_with(".py") { Command::new("python3") } else { Command::new("sh") };
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TDKT_")) {
        command.env_remove(name);
    }
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(path);
    command
}

fn paper(program: &str, service: &str, data: &PathBuf, target: &PathBuf) -> Outcome {
    let mut command = client(program);
    command.env("TDKT_SERVICE", service).arg("paper").arg(data).arg(target);
    run_command(command, b"")
}

#[test]
fn a_client_sends_waits_fetches_and_checks() {
    let service = Service::start(&[]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, wrong) = (folder.path().join("data.json"), folder.path().join("wrong.json"));
    std::fs::write(&data, papers::sample("simple")).expect("written");
    std::fs::write(&wrong, papers::sample("simple").replace("\"issued_on\"", "\"issued\"")).expect("written");
    let expected = papers::pdf(papers::sample("simple").as_bytes());
    for program in ["tdkt_client.py", "tdkt-client.sh"] {
        let target = folder.path().join(format!("{program}.pdf"));
        let made = paper(program, &service.url, &data, &target);
        assert_eq!(made.code, Some(0), "{program}: {}", made.err);
        assert_eq!(std::fs::read(&target).expect("a file"), expected, "{program}: the same bytes as in process");
        assert!(made.text().contains(&tdkt_reports::fingerprint::of(&expected)), "{program}: {}", made.text());

        let refused = folder.path().join("refused.pdf");
        let outcome = paper(program, &service.url, &wrong, &refused);
        assert_eq!(outcome.code, Some(1), "{program}: {}", outcome.err);
        assert!(outcome.err.contains("invalid-document"), "{program}: {}", outcome.err);
        assert!(!refused.exists(), "{program}: nothing is written");
    }
}

#[test]
fn a_client_knows_a_true_webhook_from_a_false_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let body = folder.path().join("body");
    for (case, signatures, sent, text, code) in [
        ("the specification's example", SIGNATURE.to_owned(), SENT, BODY, 0),
        ("while a secret is exchanged", format!("v1,AAAA {SIGNATURE}"), SENT, BODY, 0),
        ("another signature", "v1,AAAA".to_owned(), SENT, BODY, 1),
        ("another version's", SIGNATURE.replace("v1,", "v2,"), SENT, BODY, 1),
        ("another body", SIGNATURE.to_owned(), SENT, "{\"test\": 1}", 1),
        ("another time", SIGNATURE.to_owned(), "1614265331", BODY, 1),
    ] {
        std::fs::write(&body, text).expect("written");
        let mut shell = client("tdkt-client.sh");
        shell.env("TDKT_WEBHOOK_SECRET", SECRET).env("TDKT_NOW", SENT);
        shell.args(["verify", ID, sent, &signatures]).arg(&body);
        let outcome = run_command(shell, b"");
        assert_eq!(outcome.code, Some(code), "shell, {case}: {}", outcome.err);

        // As a receiver written in Python would call it.
        let call = "import sys; sys.path.insert(0, sys.argv[1]); import tdkt_client\n\
                    headers = {'webhook-id': sys.argv[2], 'webhook-timestamp': sys.argv[3], 'Webhook-Signature': sys.argv[4]}\n\
                    body = open(sys.argv[5], 'rb').read()\n\
                    sys.exit(0 if tdkt_client.verify(headers, body, sys.argv[6], now=int(sys.argv[7])) else 1)";
        let mut python = Command::new("python3");
        python.env("PYTHONDONTWRITEBYTECODE", "1").args(["-c", call]).arg(repository("examples/clients"));
        python.args([ID, sent, &signatures]).arg(&body).args([SECRET, SENT]);
        let outcome = run_command(python, b"");
        assert_eq!(outcome.code, Some(code), "Python, {case}: {}", outcome.err);
    }
    // Five minutes are over.
    std::fs::write(&body, BODY).expect("written");
    let mut shell = client("tdkt-client.sh");
    shell.env("TDKT_WEBHOOK_SECRET", SECRET).env("TDKT_NOW", "1614265631");
    shell.args(["verify", ID, SENT, SIGNATURE]).arg(&body);
    assert_eq!(run_command(shell, b"").code, Some(1));
}

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The Python client, listening.
struct Listener {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Listener {
    fn start(service: &str, (port, secret): (u16, &str), folder: &Path) -> Self {
        let mut command = client("tdkt_client.py");
        command.env("TDKT_SERVICE", service).env("TDKT_WEBHOOK_SECRET", secret);
        command.args(["listen", &port.to_string()]).arg(folder).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python3 is installed (tests/run installs it)");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let said: Arc<Mutex<String>> = Arc::default();
        let hearing = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                hearing.lock().expect("not poisoned").push_str(&format!("{line}\n"));
            }
        });
        let listener = Self { child, said };
        until(PATIENCE, "it listens", || listener.said().contains("listening on"));
        listener
    }

    fn said(&self) -> String {
        self.said.lock().expect("not poisoned").clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _dead_already = self.child.kill();
        let _dead_already = self.child.wait();
    }
}

/// Registers an address for the ends of jobs; gives the webhook's own address and its secret.
fn registered(service: &Service, url: &str) -> (String, String) {
    let added = service.post("/v1/webhooks", as_json!({"url": url}).to_string());
    assert_eq!(added.status(), 201);
    let at = added.headers()["location"].to_str().expect("text").to_owned();
    (at, json(added)["secret"].as_str().expect("a secret").to_owned())
}

/// Verifies what a receiver heard, and fetches the paper that it tells of.
fn event(service: &Service, secret: &str, heard: &Heard, (body, target): (&Path, &Path)) -> Outcome {
    let mut shell = client("tdkt-client.sh");
    shell.env("TDKT_SERVICE", &service.url).env("TDKT_WEBHOOK_SECRET", secret).arg("event");
    shell.args(["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| heard.header(name)));
    shell.arg(body).arg(target);
    run_command(shell, b"")
}

#[test]
fn a_client_that_is_called_verifies_the_call_and_fetches_the_paper_that_it_tells_of() {
    let receiver = Receiver::start();
    let listening = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let ports = format!("{listening},{}", receiver.port);
    let service = Service::start(&["--webhook-lab", "true", "--webhook-ports", &ports]);
    let data = service.data().to_str().expect("text");
    assert_eq!(run(&["webhooks", "--data", data, "reach", "local", "127.0.0.0/8"]).code, Some(0));
    let url = format!("http://127.0.0.1:{listening}/tdkt");
    let ((at, secret), (_, other)) = (registered(&service, &url), registered(&service, &receiver.url()));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let listener = Listener::start(&service.url, (listening, &secret), folder.path());

    let job = service.accept(papers::sample("simple"));
    let sha256 = service.wait_for(&job)["document"]["sha256"].as_str().expect("a hash").to_owned();
    let expected = papers::pdf(papers::sample("simple").as_bytes());
    let fetched = format!("{job} {sha256}\n");
    until(PATIENCE, "the listener has fetched it", || listener.said().contains(&fetched));
    let file = folder.path().join(format!("{job}.pdf"));
    assert_eq!(std::fs::read(&file).expect("a file"), expected, "Python: the same bytes as in process");
    // The same event again is taken and not fetched again; a forged one is refused.
    until(PATIENCE, "the other receiver was called too", || receiver.calls() == 1);
    let heard = &receiver.heard()[0];
    let again = service.post(&format!("{at}/deliveries/{}:redeliver", heard.id()), "");
    assert_eq!(again.status(), 202);
    let delivered = || {
        let log = json(service.get(&format!("{at}/deliveries")));
        let tries = log["data"][0]["tries"].as_array().expect("tries").clone();
        tries.iter().filter(|tried| tried["status"] == 204).count()
    };
    until(PATIENCE, "it came twice", || delivered() == 2);
    let forged = reqwest::blocking::Client::new().post(&url).header("webhook-id", heard.id());
    let forged = forged.header("webhook-timestamp", heard.header("webhook-timestamp"));
    let forged = forged.header("webhook-signature", heard.header("webhook-signature")).body(heard.body.clone());
    assert_eq!(forged.send().expect("an answer").status(), 401, "signed for another");
    let bare = reqwest::blocking::Client::new().post(&url).body("{}");
    assert_eq!(bare.send().expect("an answer").status(), 401, "not signed");
    assert_eq!(listener.said().matches(&fetched).count(), 1);

    let (body, target) = (folder.path().join("body"), folder.path().join("shell.pdf"));
    std::fs::write(&body, heard.body.replace(&sha256, &"0".repeat(64))).expect("written");
    let refused = event(&service, &other, heard, (&body, &target));
    assert_eq!((refused.code, target.exists()), (Some(1), false), "another body: {}", refused.err);
    std::fs::write(&body, &heard.body).expect("written");
    let made = event(&service, &other, heard, (&body, &target));
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert_eq!(std::fs::read(&target).expect("a file"), expected, "shell: the same bytes as in process");
    assert!(made.text().contains(&sha256), "{}", made.text());
}

/// What was answered 204 is told by nobody again, so one event may not cost the others.
#[test]
fn a_listening_client_outlives_what_it_cannot_fetch_or_read() {
    let listening = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let service = Service::start(&[]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let listener = Listener::start(&service.url, (listening, SECRET), folder.path());
    let http = reqwest::blocking::Client::new();
    let call = |event: &str, data: Value, signed: Option<&[u8]>| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs().to_string();
        let body = as_json!({"type": "job.succeeded", "data": data}).to_string();
        let own = signature(SECRET, (event, &now), &body);
        let call = http.post(format!("http://127.0.0.1:{listening}/")).header("webhook-id", event);
        let call = call.header("webhook-timestamp", now).header("webhook-signature", signed.unwrap_or(own.as_bytes()));
        call.body(body).send().expect("an answer").status()
    };
    let [gone, dossier] =
        [papers::sample("minimal").to_owned(), papers::sample_of("award-dossier", "simple").to_string()]
            .map(|request| service.accept(request));
    let [erased, kept] = [&gone, &dossier].map(|job| {
        let sha256 = service.wait_for(job)["document"]["sha256"].as_str().expect("a hash").to_owned();
        as_json!({"event_id": format!("evt_{job}"), "job_id": job, "href": format!("/v1/jobs/{job}"), "sha256": sha256})
    });
    assert_eq!(service.request("DELETE", &format!("/v1/jobs/{gone}/data")).send().expect("an answer").status(), 200);
    assert_eq!(service.get(&format!("/v1/jobs/{gone}/document")).status(), 410);

    assert_eq!(call("evt_1", kept.clone(), Some("v1,é".as_bytes())), 401, "a signature that is not ASCII");
    assert_eq!(call("evt_2", erased, None), 204);
    assert_eq!(call("evt_3", kept, None), 204);
    until(PATIENCE, "the dossier is fetched", || listener.said().contains(&dossier));
    let files: Vec<_> = std::fs::read_dir(folder.path()).expect("listed").map(|file| file.expect("listed")).collect();
    let names: Vec<_> = files.iter().map(|file| file.file_name().into_string().expect("text")).collect();
    assert_eq!(names, [format!("{dossier}.zip")]);
    assert!(std::fs::read(files[0].path()).expect("read").starts_with(b"PK"), "a ZIP file");
}

/// Each is signed as the service would, and taken.
#[test]
fn the_clients_take_every_example_of_a_call() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (body, headers) = (folder.path().join("body"), folder.path().join("headers.json"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs().to_string();
    let mut taken = 0;
    for (name, content) in contract::told() {
        for example in content["examples"].as_object().expect("examples").values() {
            let text = example["value"].to_string();
            let id = example["value"]["data"]["event_id"].as_str().expect("an id");
            let signed = signature(SECRET, (id, &now), &text);
            std::fs::write(&body, &text).expect("written");
            let told: Value = as_json!({"Webhook-Id": id, "Webhook-Timestamp": now, "Webhook-Signature": signed});
            std::fs::write(&headers, told.to_string()).expect("written");
            let mut python = client("tdkt_client.py");
            python.env("TDKT_WEBHOOK_SECRET", SECRET).arg("verify").arg(&headers).arg(&body);
            let mut shell = client("tdkt-client.sh");
            shell.env("TDKT_WEBHOOK_SECRET", SECRET).args(["verify", id, &now, &signed]).arg(&body);
            for command in [python, shell] {
                let outcome = run_command(command, b"");
                assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.err);
                taken += 1;
            }
        }
    }
    assert!(taken >= 18, "{taken}");
}
