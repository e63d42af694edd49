//! kill -9, at any moment, of anything: every accepted job ends once, with one file.
//!
//! A killed worker's leases run out after 30 seconds; each test is bounded by that and little more.

use std::{
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use super::support::{
    chance::{Chance, seed},
    papers,
    programs::{Books, Process, Redis, Service, send, until},
};

/// No job may be given up because it was hit by several kills.
const PATIENT: [&str; 4] = ["--max-starts", "50", "--ring-again-s", "2"];
/// The longest that a test here may take.
const END: Duration = Duration::from_secs(110);

/// Requests whose renders take long enough to be hit, each with its own paper.
fn long_ones(jobs: u32) -> Vec<String> {
    let numbered = |number: u32| {
        let mut request = papers::sample_value("overflow");
        request["paper"]["place"] = format!("An Bình {number}").into();
        request.to_string()
    };
    (0..jobs).map(numbered).collect()
}

/// Waits for the end of all jobs; nothing may be running or waiting then.
fn all_end(data: &Path, jobs: usize) {
    let books = Books::open(data);
    until(END, "all jobs have ended", || {
        let counts = books.counts();
        !counts.contains_key("accepted")
            && !counts.contains_key("running")
            && counts.values().sum::<u64>() == jobs as u64
    });
}

/// How often the jobs were begun more than once.
fn second_starts(books: &Books, ids: &[String]) -> i64 {
    ids.iter().map(|id| books.job(id).fence - 1).sum()
}

#[test]
fn a_killed_render_child_costs_one_render_and_no_job() {
    let mut chance = Chance::new(seed());
    let started = Instant::now();
    let service = Service::start(&PATIENT);
    let books = service.books();
    let done = || books.counts().get("succeeded").copied().unwrap_or(0);
    let mut kills = 0;
    // On a busy machine the first papers are done before the last is accepted.
    let ids: Vec<String> = std::thread::scope(|scope| {
        let sent = scope.spawn(|| long_ones(60).into_iter().map(|request| service.accept(request)).collect());
        while done() < 50 {
            // Children that die faster than they render would never get on.
            let before = done();
            until(END, "a paper is done between two kills", || done() > before);
            sleep(Duration::from_millis(300 + chance.below(900)));
            let children = service.process.presses();
            if !children.is_empty() {
                send(*chance.pick(&children), Signal::SIGKILL);
                kills += 1;
            }
        }
        sent.join().expect("all are accepted")
    });
    all_end(service.data(), ids.len());
    books.each_succeeded_with_one_file(&ids);
    let again = second_starts(&books, &ids);
    println!("{kills} kills, {again} renders begun again, {:.1?}", started.elapsed());
    assert!(kills >= 5, "{kills} kills only");
    assert!((1..=kills).contains(&again), "{again} renders begun again after {kills} kills");
    let job = service.job(&ids[0]);
    assert!(job.get("failure").is_none(), "a job that succeeded in the end tells no failure: {job:#}");
}

#[test]
fn a_killed_worker_s_jobs_are_taken_up_by_the_next() {
    let mut chance = Chance::new(seed());
    let started = Instant::now();
    let redis = Redis::start();
    let service = Service::start(&[&["--redis-url", &redis.address(), "--work", "false"], &PATIENT[..]].concat());
    let ids: Vec<String> = long_ones(60).into_iter().map(|request| service.accept(request)).collect();
    let books = service.books();
    let mut orphans = Vec::new();
    for _ in 0..4 {
        let before = books.counts().get("succeeded").copied().unwrap_or(0);
        let mut worker = Process::work(service.data(), &redis, &PATIENT);
        until(END, "the worker works", || books.counts().get("succeeded").is_some_and(|done| *done > before));
        sleep(Duration::from_millis(chance.below(400)));
        orphans.extend(worker.presses());
        worker.kill();
    }
    let _last = Process::work(service.data(), &redis, &PATIENT);
    all_end(service.data(), ids.len());
    books.each_succeeded_with_one_file(&ids);
    println!("4 kills, {} renders begun again, {:.1?}", second_starts(&books, &ids), started.elapsed());
    for child in orphans {
        assert!(!Path::new(&format!("/proc/{child}")).exists(), "render child {child} outlived its parent");
    }
}

#[test]
fn a_killed_service_forgets_no_job_that_it_accepted() {
    let mut chance = Chance::new(seed());
    let started = Instant::now();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let requests = long_ones(60);
    let mut ids = Vec::new();
    for some in requests.chunks(15) {
        let mut service = Service::start_on(folder.path(), &PATIENT);
        // What is answered with 202 counts, up to the moment of the kill.
        ids.extend(some.iter().map(|request| service.accept(request.as_str())));
        sleep(Duration::from_millis(200 + chance.below(600)));
        service.process.kill();
    }
    let service = Service::start_on(folder.path(), &PATIENT);
    all_end(folder.path(), ids.len());
    let books = service.books();
    books.each_succeeded_with_one_file(&ids);
    println!("4 kills, {} renders begun again, {:.1?}", second_starts(&books, &ids), started.elapsed());
    for id in ids.iter().take(5) {
        let sha256 = tdkt_reports::fingerprint::of(&service.document(id));
        assert_eq!(service.job(id)["document"]["sha256"], sha256);
    }
}

#[test]
fn a_service_that_dies_while_it_accepts_has_every_job_it_answered_for() {
    const CLIENTS: u32 = 4;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut service = Service::start_on(folder.path(), &["--work", "false"]);
    let url = format!("{}/v1/documents", service.url);
    let mut answered = Vec::new();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let url = url.clone();
                scope.spawn(move || {
                    let http = reqwest::blocking::Client::new();
                    let mut answered = Vec::new();
                    for number in 0..10_000 {
                        let request = http.post(&url).header("content-type", "application/json");
                        let answer = request.body(papers::numbered(client * 10_000 + number)).send();
                        let Some(job) = answer.ok().and_then(|answer| answer.json::<serde_json::Value>().ok()) else {
                            break;
                        };
                        answered.push(job["id"].as_str().expect("an id").to_owned());
                    }
                    answered
                })
            })
            .collect();
        sleep(Duration::from_millis(1_500));
        service.process.kill();
        for client in clients {
            answered.extend(client.join().expect("ended"));
        }
    });
    let books = Books::open(folder.path());
    println!("{} jobs answered for before the kill", answered.len());
    assert!(answered.len() > 20, "{} jobs only", answered.len());
    for id in &answered {
        assert_eq!(books.job(id).state, tdkt_reports::job::JobState::Accepted);
    }
    // At most one request of each client was stored and not answered for.
    let stored = books.counts()["accepted"];
    assert!(
        (0..=u64::from(CLIENTS)).contains(&(stored - answered.len() as u64)),
        "{stored} stored, {} answered",
        answered.len()
    );
}
