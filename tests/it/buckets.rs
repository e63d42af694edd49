//! Two services of two hosts over one PostgreSQL and one bucket: what each does alone, and what they do at once.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;
use tdkt_reports::fingerprint;

use super::support::{
    papers,
    postgres::Postgres,
    programs::{Service, json, run_command, tdkt, until},
    proxy::{Proxy, Weather},
    s3::S3,
};

const LONG: Duration = Duration::from_secs(90);

/// What all hosts share. The way to the bucket leads through a line that can go bad.
struct Shared {
    ledger: String,
    bucket: String,
    line: Proxy,
    _server: Postgres,
}

impl Shared {
    fn start() -> Self {
        let server = Postgres::start();
        let s3 = S3::shared();
        let line = Proxy::before(s3.port(), 1);
        Self { ledger: server.database(), bucket: format!("s3://{}/tinh", s3.bucket()), line, _server: server }
    }

    fn program(&self) -> Command {
        let mut command = tdkt();
        command.envs(S3::environment(self.line.port()));
        command
    }

    fn arguments(&self) -> [&str; 8] {
        ["--ledger-url", &self.ledger, "--archive-url", &self.bucket, "--ring-again-s", "2", "--renderers", "1"]
    }

    /// A service on a data folder that no other host sees.
    fn host(&self, data: &Path) -> Service {
        Service::started(self.program(), data, &self.arguments())
    }

    fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        let mut command = self.program();
        command.args(words).args(self.arguments());
        let outcome = run_command(command, b"");
        (outcome.code, format!("{}{}", outcome.text(), outcome.err))
    }
}

fn ready(service: &Service) -> (u16, Value) {
    let answer = service.get("/readyz");
    (answer.status().as_u16(), json(answer))
}

#[test]
fn a_paper_of_one_host_is_read_at_the_other_s_door_whole_and_in_parts() {
    let (shared, folder) = (Shared::start(), tempfile::tempdir().expect("a folder"));
    let (one, other) = (shared.host(&folder.path().join("1")), shared.host(&folder.path().join("2")));
    let id = one.accept(papers::numbered(1));
    let job = one.wait_for(&id);
    let paper = other.document(&id);
    assert_eq!(job["document"]["sha256"], fingerprint::of(&paper).as_str());
    let path = format!("/v1/jobs/{id}/document");
    let part = other.request("GET", &path).header("range", "bytes=5-1004").send().expect("an answer");
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-length"], "1000");
    assert!(part.bytes().expect("a body")[..] == paper[5..1_005]);

    let (status, told) = ready(&one);
    assert_eq!((status, &told["status"], &told["checks"]["archive"]["status"]), (200, &"ready".into(), &"ok".into()));
    let (_, told) = shared.run(&["doctor", "--deep", "--data", folder.path().join("3").to_str().expect("text")]);
    assert!(told.contains("[đạt] Kho văn bản: s3://"), "{told}");

    // A backup copies the bucket's papers into its folder, and goes back into a bucket.
    let (backup, data) = (folder.path().join("backup"), folder.path().join("1"));
    let (backup, data) = (backup.to_str().expect("text"), data.to_str().expect("text"));
    let (code, told) = shared.run(&["backup", backup, "--data", data]);
    assert_eq!(code, Some(0), "{told}");
    let copy = Path::new(backup).join("archive/blobs");
    let sha256 = fingerprint::of(&paper);
    assert!(std::fs::read(copy.join(&sha256[..2]).join(&sha256)).expect("copied") == paper);
}

#[test]
fn while_the_bucket_is_away_jobs_are_accepted_and_wait_and_lose_no_try() {
    let (shared, folder) = (Shared::start(), tempfile::tempdir().expect("a folder"));
    let service = shared.host(folder.path());
    let before = service.accept(papers::numbered(1));
    service.wait_for(&before);

    shared.line.turn(Weather::Refused);
    until(LONG, "it is seen that the bucket is away", || ready(&service).1["status"] == "degraded");
    let (status, told) = ready(&service);
    assert_eq!((status, &told["checks"]["archive"]["status"]), (200, &"down".into()));
    let waiting = service.accept(papers::numbered(2));
    until(LONG, "a worker has looked at it", || service.process.said().contains("takes no paper now"));
    assert_eq!(service.job(&waiting)["state"], "accepted");
    let paper = service.get(&format!("/v1/jobs/{before}/document"));
    assert_eq!(paper.status(), 503);
    let problem = json(paper);
    assert_eq!(problem["code"], "store-unavailable");
    assert!(!problem.to_string().contains("127.0.0.1"), "{problem}");
    let data = folder.path().join("doctor");
    let (code, told) = shared.run(&["doctor", "--data", data.to_str().expect("text")]);
    assert!(code != Some(0) && told.contains("[LỖI] Kho văn bản:"), "{told}");

    shared.line.turn(Weather::Clear);
    assert_eq!(service.wait_for(&waiting)["state"], "succeeded");
    let books = super::support::programs::Books::open_at(
        tdkt_reports::ledger::Place::read(&shared.ledger, folder.path()).expect("an address"),
        folder.path(),
    );
    let job = books.job(&waiting);
    assert_eq!((job.starts, job.tries), (1, 0), "the bucket's absence cost neither");
    assert_eq!(service.document(&before).get(..5), Some(b"%PDF-".as_slice()));
}

/// The promise about equal requests knows no processes: the second waits for the first's transaction and gets its job, or
/// is told that the first is still being read.
#[test]
fn equal_requests_at_two_hosts_at_once_are_one_job() {
    let (shared, folder) = (Shared::start(), tempfile::tempdir().expect("a folder"));
    let hosts = [shared.host(&folder.path().join("1")), shared.host(&folder.path().join("2"))];
    for round in 0..5_u32 {
        let started = Instant::now();
        let answers: Vec<(u16, Value, bool)> = std::thread::scope(|scope| {
            let askers: Vec<_> = (0..12)
                .map(|number| {
                    let host = &hosts[number % 2];
                    scope.spawn(move || {
                        let request = host
                            .request("POST", "/v1/documents")
                            .header("content-type", "application/json")
                            .header("idempotency-key", format!("round-{round}"));
                        let answer = request.body(papers::numbered(round)).send().expect("an answer");
                        let replayed = answer.headers().contains_key("idempotency-replayed");
                        (answer.status().as_u16(), json(answer), replayed)
                    })
                })
                .collect();
            askers.into_iter().map(|asker| asker.join().expect("asked")).collect()
        });
        let (mut ids, mut stored) = (std::collections::BTreeSet::new(), 0);
        for (status, told, replayed) in &answers {
            match status {
                202 => {
                    ids.insert(told["id"].as_str().expect("an id").to_owned());
                    stored += u32::from(!replayed);
                }
                409 => assert_eq!(told["code"], "idempotency-in-progress"),
                other => panic!("{other}: {told}"),
            }
        }
        assert_eq!((ids.len(), stored), (1, 1), "round {round}: {answers:#?}");
        println!("round {round}: {} answers in {:?}", answers.len(), started.elapsed());
        // Another request under the key is refused at both doors.
        for host in &hosts {
            let other = host
                .request("POST", "/v1/documents")
                .header("content-type", "application/json")
                .header("idempotency-key", format!("round-{round}"));
            let other = other.body(papers::numbered(round + 100)).send().expect("an answer");
            assert_eq!(other.status(), 422);
        }
    }
}
