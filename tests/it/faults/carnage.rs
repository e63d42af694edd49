//! F1 and F2: kill -9 of workers, render children and the service, at any moment, while requests come in.

use std::{
    sync::atomic::Ordering,
    thread::sleep,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use super::{House, LEASE, PATIENT};
use crate::support::{
    chance::{Chance, long, seed},
    programs::{Process, Redis, send},
};

/// The three workers, a render child each.
const WORKERS: usize = 3;

#[test]
fn f1_workers_children_and_the_service_are_killed_and_every_job_ends_once() {
    let (jobs, kills): (u32, u32) = if long() { (10_000, 200) } else { (500, 30) };
    let mut chance = Chance::new(seed());
    let began = Instant::now();
    let redis = Redis::start();
    let house = House::new();
    let address = redis.address();
    let serving = [&["--redis-url", &address, "--work", "false"], &PATIENT[..]].concat();
    let working = [&["--renderers", "1"], &PATIENT[..]].concat();
    let hire = || Process::work(house.data(), &redis, &working);
    let mut service = house.serve(&serving);
    let mut workers: Vec<Process> = (0..WORKERS).map(|_| hire()).collect();
    let books = service.books();
    let (mut children, mut whole, mut services) = (0_u32, 0_u32, 0_u32);
    std::thread::scope(|scope| {
        scope.spawn(|| house.submit_all(0..jobs, 2, Duration::from_millis(20)));
        for kill in 0..kills {
            // Spread over the work, and never later than the work is done.
            sleep(Duration::from_millis(100 + chance.below(900)));
            let due = u64::from(kill) * u64::from(jobs) * 9 / (u64::from(kills) * 10);
            let waited = Instant::now();
            while house.done(&books) < due && waited.elapsed() < 3 * LEASE {
                sleep(Duration::from_millis(50));
            }
            let worker = usize::try_from(chance.below(WORKERS as u64)).expect("small");
            match chance.below(10) {
                0..6 => {
                    if let Some(child) = workers[worker].presses().first() {
                        send(*child, Signal::SIGKILL);
                        children += 1;
                    }
                }
                6..9 => {
                    workers[worker].kill();
                    house.heard(&workers[worker]);
                    workers[worker] = hire();
                    whole += 1;
                }
                _ => {
                    service.process.kill();
                    house.heard(&service.process);
                    service = house.serve(&serving);
                    services += 1;
                }
            }
        }
    });
    house.all_end(u64::from(jobs), 4 * LEASE);
    let took = began.elapsed();
    for worker in &workers {
        house.heard(worker);
    }
    house.heard(&service.process);
    let findings = house.check(u64::from(jobs));
    println!(
        "F1: {jobs} jobs, killed {children} children, {whole} workers, {services} services in {took:.0?}; lost 0, \
         doubled 0; {} requests cut off and sent again",
        house.cut.load(Ordering::Relaxed)
    );
    assert!(children + whole + services >= kills * 2 / 3, "hardly anything was killed");
    // A killed worker's lease runs out; then the job is taken up within seconds.
    assert!(findings.longest_recovery < LEASE + Duration::from_secs(25), "{:?}", findings.longest_recovery);
    // One render child a worker: a kill wastes one render; a worker's death also those that its service had begun.
    let wasted = findings.leases - i64::from(jobs);
    assert!(wasted <= i64::from(children + 2 * whole), "{wasted} renders begun again");
}

#[test]
fn f2_a_service_killed_while_it_accepts_answers_the_same_key_with_the_same_job() {
    let (jobs, kills): (u32, u32) = if long() { (5_000, 200) } else { (400, 15) };
    let mut chance = Chance::new(seed());
    let began = Instant::now();
    let house = House::new();
    let mut service = house.serve(&["--work", "false"]);
    let mut killed = 0;
    std::thread::scope(|scope| {
        let clients = scope.spawn(|| house.submit_all(0..jobs, 4, Duration::from_millis(20)));
        while killed < kills && !clients.is_finished() {
            sleep(Duration::from_millis(50 + chance.below(250)));
            service.process.kill();
            house.heard(&service.process);
            service = house.serve(&["--work", "false"]);
            killed += 1;
        }
    });
    house.heard(&service.process);
    drop(service);
    let _working = house.serve(&PATIENT);
    house.all_end(u64::from(jobs), Duration::from_secs(if long() { 600 } else { 120 }));
    house.check(u64::from(jobs));
    let cut = house.cut.load(Ordering::Relaxed);
    println!("F2: {jobs} requests, {killed} kills, {cut} cut off and sent again, {:.0?}", began.elapsed());
    assert!(killed >= kills / 2, "{killed} kills only");
    assert!(cut > 0, "no request was hit");
}
