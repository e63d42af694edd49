//! A mountain of jobs: it waits in the ledger, not in Redis, and it is worked off to the last job.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use super::support::{
    papers,
    programs::{Process, Redis, Service, until},
};

/// More than the 8,000 ids from which on apalis cannot read Redis any more.
const JOBS: u32 = 12_000;
const CLIENTS: u32 = 8;
/// The most ids that may lie in Redis: the dispatcher's window.
const WINDOW: u64 = 1_000;
/// The ids that lie in Redis while no worker answers.
const LEAST_WINDOW: u64 = 16;
/// The window is each dispatcher's own: one in `serve`, one in `work`.
const DISPATCHERS: u64 = 2;
/// Measured between 3 and 5 minutes on two cores shared with other builds; a busier machine gets longer, as long as the
/// work goes on.
const DRAINED: Duration = Duration::from_secs(900);
const STANDSTILL: Duration = Duration::from_secs(30);

#[test]
fn twelve_thousand_jobs_wait_outside_redis_and_are_all_done() {
    let redis = Redis::start();
    let service = Service::start(&["--redis-url", &redis.address(), "--work", "false", "--log", "warn"]);
    let books = service.books();

    let started = Instant::now();
    let next = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= JOBS {
                        return;
                    }
                    service.accept(papers::numbered(number));
                }
            });
        }
        while books.counts().get("accepted").is_none_or(|jobs| *jobs < u64::from(JOBS)) {
            let rings = rings(&redis);
            assert!(rings <= WINDOW, "{rings} ids in Redis");
            assert!(started.elapsed() < DRAINED, "the jobs are not accepted in time: {:?}", books.counts());
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let accepted = started.elapsed();
    // Nobody works, so the pace is nothing: the least that may be out is out, and the mountain waits in the ledger.
    until(Duration::from_secs(10), "the least window is full", || rings(&redis) == LEAST_WINDOW);

    let started = Instant::now();
    let _worker = Process::work(service.data(), &redis, &["--log", "warn"]);
    let (mut done, mut progress, mut said) = (0, Instant::now(), Instant::now());
    while done < u64::from(JOBS) {
        std::thread::sleep(Duration::from_millis(100));
        let counts = books.counts();
        let before = std::mem::replace(&mut done, counts.get("succeeded").copied().unwrap_or(0));
        if done > before {
            progress = Instant::now();
        }
        assert!(progress.elapsed() < STANDSTILL, "nothing was done for {STANDSTILL:?}: {counts:?}");
        assert!(started.elapsed() < DRAINED, "not drained: {counts:?}");
        let rings = rings(&redis);
        assert!(rings <= DISPATCHERS * WINDOW, "{rings} ids in Redis");
        if said.elapsed() > Duration::from_secs(30) {
            println!("{:.0?}: {counts:?}", started.elapsed());
            said = Instant::now();
        }
    }
    let drained = started.elapsed();
    println!("{JOBS} jobs: accepted over HTTP in {accepted:.1?}, done in {drained:.1?}");
    assert_eq!(books.archived().len(), JOBS as usize, "every paper is another");
}

/// Ids that wait in Redis.
fn rings(redis: &Redis) -> u64 {
    let scheduled: u64 = redis.ask(&["ZCARD", "tdkt:scheduled"]);
    let active: u64 = redis.ask(&["LLEN", "tdkt:active"]);
    scheduled + active
}
