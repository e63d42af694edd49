//! F11 and F13: the same request a hundred times at once; restarts one after another under load.

use std::{
    collections::BTreeSet,
    sync::{Mutex, atomic::Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use super::{House, LEASE, PATIENT, client, request};
use crate::support::{
    chance::{Chance, long, seed},
    programs::{Process, Redis, json},
};

/// How long a process may take to stop.
const STOPPED: Duration = Duration::from_secs(35);

#[test]
fn f11_a_hundred_clients_with_one_key_get_one_job() {
    let house = House::new();
    let service = house.serve(&PATIENT);
    let answers = Mutex::new(Vec::new());
    let gate = std::sync::Barrier::new(100);
    house.answers.asked("the same");
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                let http = client();
                gate.wait();
                loop {
                    let sent = http.post(format!("{}/v1/documents", service.url));
                    let sent = sent.header("content-type", "application/json").header("idempotency-key", "\"one\"");
                    let answer = sent.body(request(1)).send().expect("an answer");
                    // The first is still being stored: the same again a moment later.
                    if answer.status() == 409 {
                        sleep(Duration::from_millis(20));
                        continue;
                    }
                    assert!(matches!(answer.status().as_u16(), 200 | 202), "{answer:?}");
                    let replayed = answer.headers().contains_key("idempotency-replayed");
                    let id = json(answer)["id"].as_str().expect("an id").to_owned();
                    house.answers.accepted("the same", &id);
                    answers.lock().expect("not poisoned").push((id, replayed));
                    return;
                }
            });
        }
    });
    let answers = answers.into_inner().expect("not poisoned");
    let ids: BTreeSet<&str> = answers.iter().map(|(id, _)| id.as_str()).collect();
    let first = answers.iter().filter(|(_, replayed)| !replayed).count();
    assert_eq!((answers.len(), ids.len(), first), (100, 1, 1), "{ids:?}");
    let other = service.request("POST", "/v1/documents").header("content-type", "application/json");
    let other = other.header("idempotency-key", "\"one\"").body(request(2)).send().expect("an answer");
    assert_eq!(other.status(), 422, "the key stands for another request");
    house.all_end(1, 2 * LEASE);
    house.check(1);
    println!("F11: 100 clients, 1 job, 99 replays");
}

#[test]
fn f13_everything_is_restarted_in_turn_under_load_and_no_request_is_cut() {
    let restarts = if long() { 100 } else { 12 };
    let mut chance = Chance::new(seed());
    let began = Instant::now();
    let redis = Redis::start();
    let house = House::new();
    let address = redis.address();
    let serving = [&["--redis-url", &address, "--work", "false"], &PATIENT[..]].concat();
    let working = [&["--renderers", "1"], &PATIENT[..]].concat();
    let mut service = house.serve(&serving);
    let mut workers: Vec<Process> = (0..2).map(|_| Process::work(house.data(), &redis, &working)).collect();
    let (mut longest, mut sent, mut unclean) = (Duration::ZERO, 0, Vec::new());
    std::thread::scope(|scope| {
        let clients = scope.spawn(|| {
            let http = client();
            for number in 0.. {
                if house.over.load(Ordering::Relaxed) || !house.submit(&http, number) {
                    return number;
                }
                sleep(Duration::from_millis(40));
            }
            0
        });
        for restart in 0..restarts {
            sleep(Duration::from_millis(200 + chance.below(800)));
            let process = if restart % 3 == 2 { &mut service.process } else { &mut workers[restart % 3] };
            process.stop();
            let stopping = Instant::now();
            let status = process.ended_within(STOPPED);
            unclean.extend((!status.success()).then(|| format!("{status:?}: {}", process.said())));
            longest = longest.max(stopping.elapsed());
            house.heard(process);
            if restart % 3 == 2 {
                service = house.serve(&serving);
            } else {
                workers[restart % 3] = Process::work(house.data(), &redis, &working);
            }
        }
        house.over.store(true, Ordering::Relaxed);
        sent = clients.join().expect("the clients end");
    });
    house.over.store(false, Ordering::Relaxed);
    let unanswered = house.unanswered.load(Ordering::Relaxed);
    assert!(unclean.is_empty(), "{unclean:#?}");
    // The last request was perhaps given up before it was answered; it is asked for again under its key.
    house.submit_all(0..sent, 2, Duration::ZERO);
    house.all_end(sent.into(), 3 * LEASE);
    let findings = house.check(sent.into());
    // A connection that comes in the moment in which the address is closed is refused or reset, and nobody has read it.
    let unread = house.cut.load(Ordering::Relaxed);
    println!(
        "F13: {restarts} restarts, {sent} requests, {unanswered} cut off, {unread} reset unread, {} turned away, longest stop {longest:.1?}, {:.0?}",
        house.turned_away.load(Ordering::Relaxed),
        began.elapsed()
    );
    assert_eq!(unanswered, 0, "requests were read and not answered");
    assert_eq!(unread, 0, "requests got no answer");
    assert_eq!(findings.expired, 0, "a lease was left behind: {findings:?}");
}
