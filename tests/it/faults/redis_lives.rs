//! F4, F5 and F6: a Redis that dies, forgets, remembers wrongly, is full, refuses, hangs, or lies behind a bad line.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use super::{House, PATIENT};
use crate::support::{
    chance::{Chance, long, seed},
    programs::{Process, Redis, tdkt},
    proxy::{Plan, Proxy, Weather},
};

/// After a fault of the doorbell a paper is made within this: the supervisor's longest pause and a ring.
const RECOVERED: Duration = Duration::from_secs(20);
/// The doorbell's faults are not the caller's: an answer that waited for a silent Redis would take the 10 s that one of its
/// answers may. What accepting takes itself is the machine's matter.
const ANSWERED: Duration = Duration::from_secs(5);
/// All that is left after the last fault.
const END: Duration = Duration::from_secs(90);

const KEEPS_NOTHING: [&str; 4] = ["--save", "", "--appendonly", "no"];
const KEEPS_A_SECOND_LESS: [&str; 6] = ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"];
const KEEPS_EVERYTHING: [&str; 6] = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];

#[test]
fn f4_f5_redis_dies_forgets_and_comes_back_with_an_old_memory() {
    let rounds = if long() { 10 } else { 1 };
    let mut chance = Chance::new(seed());
    let mut redis = Redis::start();
    let house = House::new();
    let address = redis.address();
    let service = house.serve(&[&["--redis-url", &address, "--work", "false"], &PATIENT[..]].concat());
    let worker = Process::work(house.data(), &redis, &PATIENT);
    let books = service.books();
    let mut recoveries = Vec::new();
    for _ in 0..rounds {
        for keeping in [&KEEPS_NOTHING[..], &KEEPS_A_SECOND_LESS, &KEEPS_EVERYTHING] {
            house.some(30);
            sleep(Duration::from_millis(chance.below(400)));
            redis.kill();
            house.some(3);
            sleep(Duration::from_millis(chance.below(1_500)));
            redis.start_again_keeping(keeping);
            recoveries.push(house.next_paper(&books, RECOVERED));
        }
        // The memory of a while ago: rings of jobs that are done, workers that are gone.
        house.some(20);
        let [dump, old] = ["dump.rdb", "old.rdb"].map(|file| redis.folder().join(file));
        let _saved: String = redis.ask(&["SAVE"]);
        std::fs::rename(&dump, &old).expect("dumped");
        house.some(30);
        redis.kill();
        std::fs::rename(&old, &dump).expect("put back");
        redis.start_again_keeping(&KEEPS_NOTHING);
        recoveries.push(house.next_paper(&books, RECOVERED));
        for _ in 0..3 {
            house.some(15);
            let _emptied: String = redis.ask(&["FLUSHALL"]);
        }
        recoveries.push(house.next_paper(&books, RECOVERED));
    }
    house.all_end(house.sent(), END);
    house.heard(&worker);
    house.heard(&service.process);
    house.check(house.sent());
    println!("F4, F5: a paper after each fault within {recoveries:.1?}; slowest answer {:.1?}", house.slowest());
    assert!(house.slowest() < ANSWERED, "{:?}", house.slowest());
}

#[test]
fn f6_redis_refuses_is_full_and_hangs() {
    let rounds = if long() { 5 } else { 1 };
    let began = Instant::now();
    let redis = Redis::start();
    let house = House::new();
    let address = redis.address();
    let service = house.serve(&[&["--redis-url", &address, "--work", "false"], &PATIENT[..]].concat());
    let worker = Process::work(house.data(), &redis, &PATIENT);
    let books = service.books();
    let mut recoveries = Vec::new();
    for _ in 0..rounds {
        let mut fault = |name: &'static str, begin: &[&str], length: Duration, end: &[&str]| {
            house.some(10);
            let _done: redis::Value = redis.ask(begin);
            house.some(10);
            sleep(length);
            if !end.is_empty() {
                let _done: redis::Value = redis.ask(end);
            }
            recoveries.push((name, house.next_paper(&books, RECOVERED)));
        };
        let while_it_lasts = Duration::from_secs(4);
        fault("full", &["CONFIG", "SET", "maxmemory", "1"], while_it_lasts, &["CONFIG", "SET", "maxmemory", "0"]);
        fault("a replica", &["REPLICAOF", "127.0.0.1", "1"], while_it_lasts, &["REPLICAOF", "NO", "ONE"]);
        // Longer than the ten seconds that we wait for an answer, and asleep for longer than apalis's own 500 ms.
        fault("paused", &["CLIENT", "PAUSE", "12000"], Duration::from_secs(12), &[]);
        fault("asleep", &["DEBUG", "SLEEP", "3"], Duration::ZERO, &[]);
        fault("cut off", &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"], Duration::ZERO, &[]);
    }
    house.all_end(house.sent(), END);
    house.heard(&worker);
    house.heard(&service.process);
    house.check(house.sent());
    println!(
        "F6: a paper after Redis was {recoveries:.1?}; slowest answer {:.1?}; {:.0?}",
        house.slowest(),
        began.elapsed()
    );
    assert!(house.slowest() < ANSWERED, "{:?}", house.slowest());
}

#[test]
fn f6_the_line_to_redis_goes_bad_in_every_way() {
    let seed = seed();
    let began = Instant::now();
    let redis = Redis::start();
    let proxy = Proxy::before(redis.port(), seed);
    let house = House::new();
    let address = proxy.redis_address();
    let service = house.serve(&[&["--redis-url", &address, "--work", "false"], &PATIENT[..]].concat());
    let worker = Process::work_as(tdkt(), house.data(), &address, &PATIENT);
    let books = service.books();
    let mut recoveries = Vec::new();
    for (weather, seconds) in [
        (Weather::Slow { latency: 50, jitter: 20 }, 3),
        (Weather::Slow { latency: 600, jitter: 100 }, 5),
        (Weather::Slow { latency: 3_000, jitter: 500 }, 8),
        (Weather::Narrow { bytes_per_second: 500 }, 4),
        (Weather::HalfOpen, 4),
        (Weather::BlackHole, 13),
        (Weather::ResetAfter { bytes: 40 }, 4),
        (Weather::SlowClose { pause: 800 }, 2),
        (Weather::Refused, 4),
    ] {
        house.some(5);
        proxy.turn(weather);
        house.some(8);
        sleep(Duration::from_secs(seconds));
        proxy.turn(Weather::Clear);
        println!("it clears up after {weather:?}");
        recoveries.push((weather, house.next_paper(&books, RECOVERED)));
    }
    let plan = Plan::drawn(seed, Duration::from_secs(if long() { 1_200 } else { 25 }));
    let mut last = Instant::now();
    proxy.play(&plan, || {
        if last.elapsed() > Duration::from_millis(200) {
            house.some(1);
            last = Instant::now();
        }
        true
    });
    recoveries.push((Weather::Clear, house.next_paper(&books, RECOVERED)));
    house.all_end(house.sent(), END);
    house.heard(&worker);
    house.heard(&service.process);
    house.check(house.sent());
    let late =
        recoveries.iter().map(|(weather, late)| format!("{weather:?} {late:.1?}")).collect::<Vec<_>>().join("; ");
    println!("F6, a paper after: {late}");
    println!("F6: {}; slowest answer {:.1?}; {:.0?}", proxy.figures(), house.slowest(), began.elapsed());
    assert!(house.slowest() < ANSWERED, "{:?}", house.slowest());
}
