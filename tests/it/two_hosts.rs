//! Two hosts over one PostgreSQL, one Redis and one folder of papers; one of them is taken away in the middle.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tdkt_reports::{fingerprint, ledger::Place};

use super::support::{
    papers,
    postgres::Postgres,
    programs::{Books, Process, Redis, Service, until},
};

const JOBS: u32 = 300;
const END: Duration = Duration::from_secs(240);

/// HTTP and a worker, on a data folder that no other host sees.
struct Host {
    service: Service,
    worker: Process,
    _scratch: tempfile::TempDir,
}

impl Host {
    fn start(shared: &[String]) -> Self {
        let scratch = tempfile::tempdir().expect("a folder");
        let data = scratch.path().join("data");
        let shared: Vec<&str> = shared.iter().map(String::as_str).collect();
        let service = Service::start_on(&data, &[&["--work", "false"], &shared[..]].concat());
        let data = data.to_str().expect("text");
        let worker = Process::worker(&[&["--data", data, "--renderers", "1"], &shared[..]].concat());
        Self { service, worker, _scratch: scratch }
    }

    /// As when the power goes: every process of it, at once.
    fn vanish(mut self) -> Vec<u32> {
        let presses = self.worker.presses();
        self.worker.kill();
        self.service.process.kill();
        presses
    }
}

fn shared_by_all(url: &str, redis: &Redis, archive: &Path) -> Vec<String> {
    let archive = format!("file:{}", archive.display());
    [
        ["--ledger-url", url],
        ["--redis-url", &redis.address()],
        ["--archive-url", &archive],
        ["--ring-again-s", "2"],
        ["--max-starts", "50"],
    ]
    .concat()
    .into_iter()
    .map(str::to_owned)
    .collect()
}

#[test]
fn a_host_taken_away_in_the_middle_costs_no_job_and_no_paper() {
    let started = Instant::now();
    let server = Postgres::start();
    let url = server.database();
    let redis = Redis::start();
    let folder = tempfile::tempdir().expect("a folder");
    let archive: PathBuf = folder.path().join("papers");
    let shared = shared_by_all(&url, &redis, &archive);
    let (first, second) = (Host::start(&shared), Host::start(&shared));
    let books = Books::open_at(Place::read(&url, folder.path()).expect("an address"), &archive);
    let count = |state: &str| books.counts().get(state).copied().unwrap_or(0);

    // Accepted at both doors, in turn.
    let mut ids: Vec<String> = Vec::new();
    for number in 0..JOBS {
        let door = if number % 2 == 0 { &first.service } else { &second.service };
        ids.push(door.accept(papers::numbered(number)));
        if number == JOBS / 2 {
            until(END, "both work", || count("succeeded") > 10);
        }
    }
    until(END, "a third is done, and some run", || count("succeeded") > u64::from(JOBS) / 3 && count("running") > 0);
    let (done, running) = (count("succeeded"), count("running"));
    let first_worker = first.worker.id();
    let orphans = first.vanish();
    let vanished = Instant::now();
    until(END, "all jobs have ended", || count("succeeded") == u64::from(JOBS));

    let again: i64 = ids.iter().map(|id| books.job(id).fence - 1).sum();
    books.each_succeeded_with_one_file(&ids);
    // Each host has worked, and what the one had finished is read at the other's door.
    for id in ids.iter().step_by(20) {
        let job = second.service.job(id);
        assert_eq!(job["document"]["sha256"], fingerprint::of(&second.service.document(id)).as_str());
    }
    for child in orphans {
        assert!(!Path::new(&format!("/proc/{child}")).exists(), "render child {child} outlived its host");
    }
    assert!(done < u64::from(JOBS), "the host vanished after the end; the test shows nothing");
    println!(
        "{JOBS} jobs; host (worker {first_worker}) taken away with {done} done and {running} running; \
         {again} renders begun again; all ended {:.1?} after it, {:.1?} in all; lost 0, doubled 0",
        vanished.elapsed(),
        started.elapsed()
    );
}
