//! The fault programme: whatever dies, lies, fills up or falls silent, an accepted job ends once, with one paper.
//!
//! Every test draws its faults from a seed (`TDKT_SEED`), prints it with its figures, and ends with the books held
//! against each other (`support::invariants`). `TDKT_LONG=1` runs the long sizes. docs/reliability.md has the table.

mod boundaries;
mod carnage;
mod clocks;
mod exchanged_keys;
mod line;
mod receivers;
mod redis_lives;
mod rolling;
mod slow_clients;

use std::{
    path::Path,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use reqwest::{
    StatusCode,
    blocking::{Client, Response},
};
use tempfile::TempDir;

use crate::support::{
    invariants::{Answers, Findings, Scene},
    papers,
    programs::{Books, Process, Service, tdkt, until},
};

/// No job may be given up because it was hit by several faults, and lost rings come again soon.
const PATIENT: [&str; 6] = ["--max-starts", "60", "--ring-again-s", "2", "--log", "info"];
/// A word of every request here that no log may tell.
const PRIVATE: [&str; 1] = ["An Bình"];
/// A lease, and what its taking back and the next start may need on a busy machine.
const LEASE: Duration = Duration::from_secs(30);

/// A place where faults happen: a data folder, what was answered, and every log.
struct House {
    folder: TempDir,
    answers: Answers,
    logs: Mutex<Vec<String>>,
    /// Where requests go to; empty while nobody listens.
    url: Mutex<String>,
    /// Connections that nobody took.
    refused: AtomicU32,
    /// Requests without an answer, read by the service or not.
    cut: AtomicU32,
    /// Requests that the service read and did not answer: sent again under their key they are known.
    unanswered: AtomicU32,
    /// Answers of 429 and 503.
    turned_away: AtomicU32,
    slowest_answer: Mutex<Duration>,
    /// The number of the next request that `some` sends.
    next: AtomicU32,
    over: AtomicBool,
}

impl House {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            answers: Answers::default(),
            logs: Mutex::default(),
            url: Mutex::default(),
            refused: AtomicU32::new(0),
            cut: AtomicU32::new(0),
            unanswered: AtomicU32::new(0),
            turned_away: AtomicU32::new(0),
            slowest_answer: Mutex::default(),
            next: AtomicU32::new(0),
            over: AtomicBool::new(false),
        }
    }

    fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a service on this house; requests go to it from now on.
    fn serve(&self, arguments: &[&str]) -> Service {
        self.opened(Service::start_on(self.data(), arguments))
    }

    fn opened(&self, service: Service) -> Service {
        self.url.lock().expect("not poisoned").clone_from(&service.url);
        service
    }

    /// Starts a service that may die at any moment, even before it listens.
    fn serve_or_die(&self, mut wrapper: Command, arguments: &[&str]) -> Process {
        wrapper.arg(tdkt().get_program());
        let (mut process, url) = Service::try_start(wrapper, self.data(), arguments);
        if let Some(url) = url.filter(|_| process.runs()) {
            self.url.lock().expect("not poisoned").clone_from(&url);
        }
        process
    }

    /// Does something that is given up after a while, such as a request to a service that is gone.
    fn over_after(&self, patience: Duration, what: impl FnOnce() + Send) {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                what();
                done.store(true, Ordering::Relaxed);
            });
            let began = Instant::now();
            while !done.load(Ordering::Relaxed) && began.elapsed() < patience {
                sleep(Duration::from_millis(5));
            }
            self.over.store(true, Ordering::Relaxed);
        });
        self.over.store(false, Ordering::Relaxed);
    }

    /// Keeps what a process said, which is about to be dropped.
    fn heard(&self, process: &Process) {
        self.logs.lock().expect("not poisoned").push(process.said());
    }

    /// Sends request number so-and-so under a key of its own until it is accepted; `false` if it is over before.
    fn submit(&self, http: &Client, number: u32) -> bool {
        let (key, body) = (format!("request-{number}"), request(number));
        self.answers.asked(&key);
        while !self.over.load(Ordering::Relaxed) {
            let url = self.url.lock().expect("not poisoned").clone();
            let began = Instant::now();
            let sent = http
                .post(format!("{url}/v1/documents"))
                .header("content-type", "application/json")
                .header("idempotency-key", format!("\"{key}\""))
                .body(body.clone())
                .send();
            let replayed = |answer: &Response| answer.headers().contains_key("idempotency-replayed");
            let answer = sent.and_then(|answer| Ok((answer.status(), replayed(&answer), answer.text()?)));
            match answer {
                Ok((StatusCode::ACCEPTED | StatusCode::OK, replayed, text)) => {
                    if replayed {
                        self.unanswered.fetch_add(1, Ordering::Relaxed);
                    }
                    let mut slowest = self.slowest_answer.lock().expect("not poisoned");
                    *slowest = slowest.max(began.elapsed());
                    let job: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                    self.answers.accepted(&key, job["id"].as_str().expect("an id"));
                    return true;
                }
                Ok((StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::CONFLICT, ..)) => {
                    self.turned_away.fetch_add(1, Ordering::Relaxed);
                }
                Ok((status, _, text)) => panic!("{status}: {text}"),
                Err(error) if error.is_connect() => drop(self.refused.fetch_add(1, Ordering::Relaxed)),
                Err(_cut_off) => drop(self.cut.fetch_add(1, Ordering::Relaxed)),
            }
            sleep(Duration::from_millis(20));
        }
        false
    }

    /// Sends these requests, from so many clients at once, `pause` between two of each.
    fn submit_all(&self, numbers: std::ops::Range<u32>, clients: usize, pause: Duration) {
        let next = AtomicU32::new(numbers.start);
        std::thread::scope(|scope| {
            for _ in 0..clients {
                scope.spawn(|| {
                    let http = client();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= numbers.end || !self.submit(&http, number) {
                            return;
                        }
                        sleep(pause);
                    }
                });
            }
        });
    }

    /// Sends the next so many requests, as fast as they are taken.
    fn some(&self, count: u32) {
        let first = self.next.fetch_add(count, Ordering::Relaxed);
        self.submit_all(first..first + count, 2, Duration::ZERO);
    }

    /// Sends one request and waits for a paper, which may be an earlier one's: the work goes on.
    fn next_paper(&self, books: &Books, patience: Duration) -> Duration {
        let (before, began) = (self.done(books), Instant::now());
        self.some(1);
        until(patience, "a job is done after the fault", || self.done(books) > before);
        began.elapsed()
    }

    /// Requests that were sent with `some` and `next_paper`.
    fn sent(&self) -> u64 {
        self.next.load(Ordering::Relaxed).into()
    }

    /// The longest that a request waited for its 202.
    fn slowest(&self) -> Duration {
        *self.slowest_answer.lock().expect("not poisoned")
    }

    /// How many jobs have succeeded.
    fn done(&self, books: &Books) -> u64 {
        books.counts().get("succeeded").copied().unwrap_or(0)
    }

    /// Waits until so many jobs are stored and all have ended; `patience` is how long nothing may end in between.
    fn all_end(&self, jobs: u64, patience: Duration) {
        let books = Books::open(self.data());
        let (mut ended, mut since) = (0, Instant::now());
        loop {
            let counts = books.counts();
            let open = counts.get("accepted").unwrap_or(&0) + counts.get("running").unwrap_or(&0);
            let before = std::mem::replace(&mut ended, counts.values().sum::<u64>() - open);
            if open == 0 && ended >= jobs {
                return;
            }
            if ended > before {
                since = Instant::now();
            }
            assert!(since.elapsed() < patience, "nothing ended for {patience:?}: {counts:?}");
            sleep(Duration::from_millis(100));
        }
    }

    /// Holds everything against each other; all jobs have to have succeeded.
    fn check(&self, jobs: u64) -> Findings {
        let logs = self.logs.lock().expect("not poisoned");
        let scene = Scene { data: self.data(), place: None, answers: &self.answers, logs: &logs, private: &PRIVATE };
        let findings = scene.check();
        assert_eq!(findings.by_state.get("succeeded"), Some(&jobs), "{findings:?}");
        assert_eq!(findings.jobs, jobs, "{findings:?}");
        findings
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// A client that gives up on an answer after a while.
fn client() -> Client {
    Client::builder().timeout(Duration::from_secs(20)).build().expect("an HTTP client")
}

/// Every tenth paper is long enough to be hit in its middle; each is another.
fn request(number: u32) -> String {
    let mut request = papers::sample_value(if number % 10 == 3 { "overflow" } else { "minimal" });
    request["paper"]["place"] = format!("An Bình {number}").into();
    request.to_string()
}
