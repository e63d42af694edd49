//! A batch while everything dies that can: in the end no part is lost, none has two contents, and its file is byte for byte that
//! of a batch that nobody disturbed.
//!
//! A killed worker's leases run out after 30 seconds; each test is bounded by that and little more.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tdkt_reports::{binding, fingerprint, ledger::Place};

use super::support::{
    chance::{Chance, long, seed},
    invariants::{Answers, Scene},
    papers::{numbered, sample_of},
    postgres::Postgres,
    programs::{Books, Process, Redis, Service, json as body, tdkt, until},
    s3::S3,
};

/// No job may be given up because it was hit by several kills.
const PATIENT: [&str; 4] = ["--max-starts", "50", "--ring-again-s", "2"];
const END: Duration = Duration::from_secs(110);

/// Parts of a batch; `TDKT_LONG=1` asks for many.
fn size() -> u32 {
    if long() { 600 } else { 24 }
}

fn end() -> Duration {
    if long() { Duration::from_secs(900) } else { END }
}

/// Papers of several kinds, each its own; a dossier among them.
fn batch() -> String {
    let requests = (0..size()).map(|number| {
        let mut request = match number {
            0 => sample_of("award-dossier", "simple"),
            _ if number % 4 == 1 => sample_of("annual-summary", "simple"),
            _ if number % 4 == 2 => sample_of("scorecard", "simple"),
            _ => serde_json::from_str(&numbered(number)).expect("JSON"),
        };
        request["paper"]["place"] = format!("An Bình {number}").into();
        request
    });
    json!({"requests": requests.collect::<Vec<Value>>()}).to_string()
}

fn submit(service: &Service, batch: &str) -> String {
    let response = service.post("/v1/batches", batch);
    let (status, taken) = (response.status(), body(response));
    assert_eq!(status, 202, "{taken:#}");
    taken["id"].as_str().expect("an id").to_owned()
}

fn archive(service: &Service, id: &str) -> Vec<u8> {
    let response = service.get(&format!("/v1/batches/{id}/archive.zip"));
    assert_eq!(response.status(), 200);
    response.bytes().expect("a body").to_vec()
}

/// Waits until the batch has ended, and holds that every part was made.
fn all_made(service: &Service, id: &str) {
    let mut seen = Value::Null;
    until(end(), "the batch ends", || {
        seen = body(service.get(&format!("/v1/batches/{id}")));
        seen["ended"] == seen["parts"]
    });
    assert_eq!(seen["counts"], json!({"succeeded": size()}), "{seen:#}");
}

/// The file of the same batch where nothing dies.
fn undisturbed(batch: &str) -> Vec<u8> {
    let service = Service::start(&[]);
    let id = submit(&service, batch);
    all_made(&service, &id);
    archive(&service, &id)
}

/// Equal files, and each part in them is another paper.
fn hold_equal(expected: &[u8], found: &[u8]) {
    let hashes = |zip: &[u8]| -> Vec<(String, String)> {
        let files = binding::unbind(zip).expect("a ZIP file");
        files.into_iter().map(|file| (file.name, fingerprint::of(&file.bytes))).collect()
    };
    let (expected_hashes, found_hashes) = (hashes(expected), hashes(found));
    assert_eq!(found_hashes.len() as u32, size() + 1, "every part, and the manifest");
    assert_eq!(expected_hashes, found_hashes);
    assert_eq!(fingerprint::of(expected), fingerprint::of(found));
}

/// Ids of all jobs.
fn jobs(service: &Service) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = body(service.get(&format!("/v1/jobs?limit=100{cursor}")));
        let data = page["data"].as_array().expect("a list").clone();
        ids.extend(data.iter().map(|job| job["id"].as_str().expect("an id").to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

#[test]
fn a_batch_whose_service_workers_and_redis_are_killed_ends_in_the_same_file() {
    let started = Instant::now();
    let batch = batch();
    let expected = undisturbed(&batch);
    let mut chance = Chance::new(seed());
    let folder = tempfile::tempdir().expect("a folder");
    let mut redis = Redis::start();
    let address = redis.address();
    let door =
        || Service::start_on(folder.path(), &[&["--redis-url", &address, "--work", "false"], &PATIENT[..]].concat());
    let work = |redis: &Redis| Process::work(folder.path(), redis, &[&["--renderers", "1"], &PATIENT[..]].concat());
    let mut service = door();
    let id = submit(&service, &batch);
    let mut workers = [work(&redis), work(&redis)];
    let books = Books::open(folder.path());
    let count = |state: &str| books.counts().get(state).copied().unwrap_or(0);
    let half = u64::from(size()) / 2;
    until(end(), "half is done, and some run", || count("succeeded") >= half && count("running") > 0);

    let mut order = vec!["service", "redis", "first worker", "second worker"];
    let mut died = Vec::new();
    while !order.is_empty() {
        let next = order.swap_remove(usize::try_from(chance.below(order.len() as u64)).expect("an index"));
        match next {
            "service" => service.process.kill(),
            "redis" => redis.kill(),
            "first worker" => workers[0].kill(),
            _ => workers[1].kill(),
        }
        died.push(next);
    }
    let (done, running) = (count("succeeded"), count("running"));
    assert!(done < u64::from(size()), "all was made before anything died; the test shows nothing");
    let logs = [service.process.said(), workers[0].said(), workers[1].said()];

    redis.start_again();
    let service = door();
    let _workers = [work(&redis), work(&redis)];
    all_made(&service, &id);
    hold_equal(&expected, &archive(&service, &id));
    let ids = jobs(&service);
    books.each_succeeded_with_one_file(&ids);
    let answers = Answers::default();
    ids.iter().for_each(|id| answers.accepted(id, id));
    let scene = Scene { data: folder.path(), place: None, answers: &answers, logs: &logs, private: &["An Bình"] };
    let findings = scene.check();
    println!(
        "{} parts; killed in this order: {died:?}, with {done} done and {running} running; lost 0, with two contents 0; {}; \
         the file is that of the undisturbed run; {:.1?}",
        size(),
        findings.figures(),
        started.elapsed()
    );
}

/// A door and a worker, on a data folder that no other host sees.
struct Host {
    service: Service,
    worker: Process,
    _scratch: tempfile::TempDir,
}

/// What all hosts share.
struct Shared {
    ledger: String,
    archive: String,
    redis: Redis,
    /// How to reach the bucket, where there is one.
    environment: Vec<(String, String)>,
    _server: Postgres,
    _folder: tempfile::TempDir,
}

impl Shared {
    fn over_a_folder() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let archive = format!("file:{}", folder.path().join("papers").display());
        Self::over(archive, Vec::new(), folder)
    }

    fn over_a_bucket() -> Self {
        let s3 = S3::shared();
        let archive = format!("s3://{}/tinh", s3.bucket());
        Self::over(archive, S3::environment(s3.port()), tempfile::tempdir().expect("a folder"))
    }

    fn over(archive: String, environment: Vec<(String, String)>, folder: tempfile::TempDir) -> Self {
        let server = Postgres::start();
        let ledger = server.database();
        Self { ledger, archive, redis: Redis::start(), environment, _server: server, _folder: folder }
    }

    fn program(&self) -> Command {
        let mut command = tdkt();
        command.envs(self.environment.iter().cloned());
        command
    }

    fn host(&self) -> Host {
        let scratch = tempfile::tempdir().expect("a folder");
        let data: PathBuf = scratch.path().join("data");
        let shared = [&["--ledger-url", &self.ledger, "--archive-url", &self.archive][..], &PATIENT].concat();
        let redis = self.redis.address();
        let door = [&["--work", "false", "--redis-url", &redis][..], &shared].concat();
        let service = Service::started(self.program(), &data, &door);
        let worker = Process::work_as(self.program(), &data, &redis, &[&["--renderers", "1"][..], &shared].concat());
        Host { service, worker, _scratch: scratch }
    }
}

/// A batch handed in at the door of a host that is taken away, and single jobs at both doors.
fn a_host_is_taken_away(shared: &Shared, what: &str) {
    let started = Instant::now();
    let batch = batch();
    let expected = undisturbed(&batch);
    let (mut first, second) = (shared.host(), shared.host());
    let place = Place::read(&shared.ledger, Path::new("")).expect("an address");
    let books = Books::open_at(place, Path::new(""));
    let count = |state: &str| books.counts().get(state).copied().unwrap_or(0);
    let id = submit(&first.service, &batch);
    let single: Vec<(u32, String)> = (0..size())
        .map(|number| {
            let door = if number % 2 == 0 { &first.service } else { &second.service };
            let number = 10_000 + number;
            (number, door.accept(numbered(number)))
        })
        .collect();
    let all = 2 * u64::from(size());
    until(end(), "a third is done, and some run", || count("succeeded") > all / 3 && count("running") > 0);
    let (done, running, orphans) = (count("succeeded"), count("running"), first.worker.presses());
    first.worker.kill();
    first.service.process.kill();
    assert!(done < all, "all was made before the host vanished; the test shows nothing");

    all_made(&second.service, &id);
    until(end(), "all jobs have ended", || count("succeeded") == all);
    hold_equal(&expected, &archive(&second.service, &id));
    for (number, job) in single.iter().step_by(6) {
        let paper = second.service.document(job);
        assert_eq!(second.service.job(job)["document"]["sha256"], fingerprint::of(&paper).as_str());
        assert!(paper == super::support::papers::pdf(numbered(*number).as_bytes()), "paper {number} is its own");
    }
    assert_eq!(books.counts().values().sum::<u64>(), all, "no job besides");
    let ids: Vec<String> = jobs(&second.service);
    let again: i64 = ids.iter().map(|id| books.job(id).fence - 1).sum();
    for child in orphans {
        assert!(!Path::new(&format!("/proc/{child}")).exists(), "render child {child} outlived its host");
    }
    println!(
        "{what}: {} parts and {} single jobs; a host taken away with {done} done and {running} running; {again} renders \
         begun again; lost 0, doubled 0; the file is that of the undisturbed run; {:.1?}",
        size(),
        size(),
        started.elapsed()
    );
}

#[test]
fn a_worker_host_taken_away_in_mid_batch_costs_nothing_over_a_shared_folder() {
    a_host_is_taken_away(&Shared::over_a_folder(), "PostgreSQL, Redis, folder");
}

#[test]
fn a_worker_host_taken_away_in_mid_batch_costs_nothing_over_a_bucket() {
    a_host_is_taken_away(&Shared::over_a_bucket(), "PostgreSQL, Redis, bucket");
}
