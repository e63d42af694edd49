//! The service under load: `cargo bench --bench load -- [seconds of each part]`.
//!
//! Requests arrive at their time, whether those before are answered or not, and their waiting counts from that time: a
//! service that stalls cannot hide it. Service and raw render children are measured in the same run.

#[allow(dead_code)]
#[path = "../tests/it/support/mod.rs"]
mod support;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use reqwest::{Client, StatusCode};
use tdkt_reports::press::{Demand, Press, PressSettings};

use support::{
    papers,
    programs::{Service, send, until},
};

const CHILDREN: usize = 2;
/// Jobs that may wait while too many arrive.
const MAX_WAITING: &str = "150";

/// What came of one request.
struct Answer {
    status: Option<StatusCode>,
    /// From the moment at which it was due.
    after: Duration,
    id: Option<String>,
    retry_after: bool,
}

fn main() {
    let seconds = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(20);
    let part = Duration::from_secs(seconds);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let raw = raw(&runtime, part);
    let service = Service::start(&["--max-waiting", MAX_WAITING, "--renderers", "2", "--log", "warn"]);
    let url = service.url.clone();
    let books = service.books();
    let done = || books.counts().get("succeeded").copied().unwrap_or(0);
    let idle = || {
        until(Duration::from_secs(300), "all is done", || {
            !["accepted", "running"].iter().any(|state| books.counts().contains_key(state))
        })
    };

    // Never without work, never more than may wait: what it can do.
    let (before, began) = (done(), Instant::now());
    while began.elapsed() < part {
        if books.counts().get("accepted").copied().unwrap_or(0) < 60 {
            runtime.block_on(arrivals(&url, 1e9, 30));
        }
    }
    let capacity = (done() - before) as f64 / began.elapsed().as_secs_f64();
    idle();
    println!(
        "raw render children: {raw:.1} papers/s; the service: {capacity:.1} papers/s ({:.0} %)",
        100.0 * capacity / raw
    );

    let (normal, status) = runtime.block_on(async {
        let requests = (0.7 * capacity * part.as_secs_f64()) as u32;
        let asking = tokio::spawn(statuses(url.clone(), part));
        (arrivals(&url, 0.7 * capacity, requests).await, asking.await.expect("asked"))
    });
    println!("at 70 %: submit {}; status {}", spread(normal.iter().map(|answer| answer.after)), spread(status));
    idle();

    let (before, began) = (done(), Instant::now());
    let requests = (3.0 * capacity * part.as_secs_f64()) as u32;
    let flood = runtime.block_on(arrivals(&url, 3.0 * capacity, requests));
    let goodput = (done() - before) as f64 / began.elapsed().as_secs_f64();
    let (taken, refused): (Vec<_>, Vec<_>) =
        flood.iter().partition(|answer| answer.status == Some(StatusCode::ACCEPTED));
    let polite = refused.iter().filter(|answer| answer.retry_after).count();
    println!(
        "at 300 %: {} accepted, submit {}; {} refused ({polite} with Retry-After), {}; goodput {goodput:.1} papers/s ({:.0} %)",
        taken.len(),
        spread(taken.iter().map(|answer| answer.after)),
        refused.len(),
        spread(refused.iter().map(|answer| answer.after)),
        100.0 * goodput / capacity
    );
    // Normal again: a paper asked for now is done as soon as one is on an idle service.
    let over = Instant::now();
    idle();
    let (drained, paper) = (over.elapsed(), one_paper(&service, 1));
    println!("after the flood: drained in {drained:.1?}, then a paper in {paper:.1?}");

    recovery(&service, &books);
}

/// Papers a second of render children alone.
fn raw(runtime: &tokio::runtime::Runtime, length: Duration) -> f64 {
    let press = Arc::new(Press::new(PressSettings {
        executable: env!("CARGO_BIN_EXE_tdkt-reports").into(),
        arguments: Vec::new(),
        children: CHILDREN,
        deadline: Duration::from_secs(60),
        processor: Duration::from_secs(65),
        memory_mib: 1_536,
        renders_per_child: 100_000,
        replace_above_mib: 1_536,
        demand: Demand::Best,
    }));
    let order =
        |number| serde_json::to_string(&papers::manuscript(papers::numbered(number).as_bytes())).expect("an order");
    let orders: Vec<String> = (0..50).map(order).collect();
    runtime.block_on(async {
        let press_all = |press: Arc<Press>, orders: Vec<String>, until: Instant| async move {
            let mut papers = 0;
            while Instant::now() < until {
                press.render(&orders[papers % orders.len()]).await.expect("a paper");
                papers += 1;
            }
            papers
        };
        let _warm = press_all(Arc::clone(&press), orders.clone(), Instant::now() + Duration::from_secs(2)).await;
        let began = Instant::now();
        let tasks: Vec<_> = (0..CHILDREN)
            .map(|_| tokio::spawn(press_all(Arc::clone(&press), orders.clone(), began + length)))
            .collect();
        let mut papers = 0;
        for task in tasks {
            papers += task.await.expect("ended");
        }
        papers as f64 / began.elapsed().as_secs_f64()
    })
}

/// Sends so many requests at this rate; each is another paper.
async fn arrivals(url: &str, per_second: f64, requests: u32) -> Vec<Answer> {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let (http, began) = (Client::new(), Instant::now());
    let mut sent = Vec::new();
    for number in 0..requests {
        let due = began + Duration::from_secs_f64(f64::from(number) / per_second);
        tokio::time::sleep_until(due.into()).await;
        let body = papers::numbered(NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let request = http.post(format!("{url}/v1/documents")).header("content-type", "application/json").body(body);
        sent.push(tokio::spawn(async move {
            let answer = request.send().await.ok();
            let status = answer.as_ref().map(reqwest::Response::status);
            let retry_after = answer.as_ref().is_some_and(|answer| answer.headers().contains_key("retry-after"));
            let body: Option<serde_json::Value> = match answer {
                Some(answer) => answer.json().await.ok(),
                None => None,
            };
            let id = body.and_then(|body| Some(body["id"].as_str()?.to_owned()));
            Answer { status, after: due.elapsed(), id, retry_after }
        }));
    }
    let mut answers = Vec::new();
    for answer in sent {
        answers.push(answer.await.expect("ended"));
    }
    answers
}

/// Asks for a job's status fifty times a second.
async fn statuses(url: String, length: Duration) -> Vec<Duration> {
    let first = arrivals(&url, 1.0, 1).await.pop().and_then(|answer| answer.id).expect("a job");
    let (http, began, asked) = (Client::new(), Instant::now(), Arc::new(Mutex::new(Vec::new())));
    for number in 0.. {
        let due = began + Duration::from_millis(20) * number;
        if due > began + length {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        let (request, asked) = (http.get(format!("{url}/v1/jobs/{first}")), Arc::clone(&asked));
        tokio::spawn(async move {
            if request.send().await.is_ok_and(|answer| answer.status() == 200) {
                asked.lock().expect("not poisoned").push(due.elapsed());
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    std::mem::take(&mut *asked.lock().expect("not poisoned"))
}

fn one_paper(service: &Service, number: u32) -> Duration {
    let began = Instant::now();
    let id = service.accept(papers::numbered(2_000_000 + number));
    assert_eq!(service.wait_for(&id)["state"], "succeeded");
    began.elapsed()
}

/// How long the next paper takes after a kill, while others wait.
fn recovery(service: &Service, books: &support::programs::Books) {
    let ids: Vec<String> = (0..40).map(|number| service.accept(papers::numbered(3_000_000 + number))).collect();
    let done = || books.counts().get("succeeded").copied().unwrap_or(0);
    let before = done();
    until(Duration::from_secs(60), "work", || done() > before);
    for child in service.process.presses() {
        send(child, Signal::SIGKILL);
    }
    let (killed, before) = (Instant::now(), done());
    // A paper that was finished at the moment of the kill does not count: with both children gone the second is new.
    until(Duration::from_secs(60), "papers after the kill", || done() > before + CHILDREN as u64);
    println!("all render children killed: papers again after {:.2?}", killed.elapsed());
    for id in ids {
        assert_eq!(service.wait_for(&id)["state"], "succeeded");
    }
}

/// `p50 … p99 … most …`.
fn spread(values: impl IntoIterator<Item = Duration>) -> String {
    let mut values: Vec<Duration> = values.into_iter().collect();
    values.sort();
    let at = |share: f64| values.get(((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1)));
    match (at(0.5), at(0.99), values.last()) {
        (Some(half), Some(most), Some(last)) => format!("p50 {half:.1?}, p99 {most:.1?}, most {last:.1?}"),
        _ => "none".into(),
    }
}
