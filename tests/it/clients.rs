//! The example clients, run against the real service.

use std::{path::PathBuf, process::Command};

use super::support::{
    papers::{self, repository},
    programs::{Outcome, Service, run_command},
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
