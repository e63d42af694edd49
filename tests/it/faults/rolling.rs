//! F11 and F13: the same request a hundred times at once; restarts one after another under load, and drains.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use super::{House, LEASE, PATIENT, client, request};
use crate::support::{
    chance::{Chance, long, seed},
    kept_socket::KeptSocket,
    programs::{Books, Over, Process, Redis, Service, json, until},
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
fn f13_everything_is_restarted_in_turn_under_load_and_every_request_is_answered() {
    let socket = KeptSocket::at("127.0.0.1:0");
    let seen = restarted_in_turn(Some(&socket), if long() { 100 } else { 12 });
    assert_eq!(seen, Costs::default(), "callers wait and notice nothing else");
}

/// Without a socket that stays, whoever comes in the moment in which the address is closed is refused or reset.
#[test]
fn f13_where_the_address_goes_too_a_caller_that_asks_again_under_its_key_loses_nothing() {
    let seen = restarted_in_turn(None, if long() { 100 } else { 6 });
    assert!(seen.refused > 0, "nobody came while the address was closed, so this shows nothing: {seen:?}");
}

/// What restarts cost callers, beyond time.
#[derive(Debug, Default, PartialEq, Eq)]
struct Costs {
    refused: u32,
    cut: u32,
    turned_away: u32,
}

/// Workers and service by turns are told to stop and started again while requests come in. Asserts that each stop is
/// clean, that no request was read and not answered, and that every job ended once, without a lease left behind.
fn restarted_in_turn(socket: Option<&KeptSocket>, restarts: usize) -> Costs {
    let mut chance = Chance::new(seed());
    let began = Instant::now();
    let redis = Redis::start();
    let house = House::new();
    let address = redis.address();
    let serving = [&["--redis-url", &address, "--work", "false"], &PATIENT[..]].concat();
    let working = [&["--renderers", "1"], &PATIENT[..]].concat();
    let serve = || match socket {
        Some(socket) => house.opened(Service::take_over(socket, house.data(), &serving)),
        None => house.serve(&serving),
    };
    let mut service = serve();
    let mut workers: Vec<Process> = (0..2).map(|_| Process::work(house.data(), &redis, &working)).collect();
    let (mut longest, mut sent, mut unclean) = (Duration::ZERO, 0, Vec::new());
    std::thread::scope(|scope| {
        let over = Over(&house.over);
        let clients = scope.spawn(|| send_until_over(&house));
        for restart in 0..restarts {
            sleep(Duration::from_millis(200 + chance.below(800)));
            let process = if restart % 3 == 2 { &mut service.process } else { &mut workers[restart % 3] };
            longest = longest.max(stopped(&house, process, &mut unclean));
            if restart % 3 == 2 {
                service = serve();
            } else {
                workers[restart % 3] = Process::work(house.data(), &redis, &working);
            }
        }
        drop(over);
        sent = clients.join().expect("the clients end");
    });
    house.over.store(false, Ordering::Relaxed);
    let unanswered = house.unanswered.load(Ordering::Relaxed);
    assert!(unclean.is_empty(), "{unclean:#?}");
    // The last request was perhaps given up before it was answered; it is asked for again under its key.
    house.submit_all(0..sent, 2, Duration::ZERO);
    house.all_end(sent.into(), 3 * LEASE);
    let findings = house.check(sent.into());
    let costs = Costs {
        refused: house.refused.load(Ordering::Relaxed),
        cut: house.cut.load(Ordering::Relaxed),
        turned_away: house.turned_away.load(Ordering::Relaxed),
    };
    println!(
        "F13: {restarts} restarts, {sent} requests, {unanswered} read and not answered, {costs:?}, longest stop {longest:.1?}, {:.0?}",
        began.elapsed()
    );
    assert_eq!(unanswered, 0, "requests were read and not answered");
    assert_eq!(findings.expired, 0, "a lease was left behind: {findings:?}");
    costs
}

/// Sends one request after another; gives how many.
fn send_until_over(house: &House) -> u32 {
    let http = client();
    for number in 0.. {
        if house.over.load(Ordering::Relaxed) || !house.submit(&http, number) {
            return number;
        }
        sleep(Duration::from_millis(40));
    }
    0
}

/// Tells a process to stop, and waits for it; how long that took.
fn stopped(house: &House, process: &mut Process, unclean: &mut Vec<String>) -> Duration {
    process.stop();
    let stopping = Instant::now();
    let status = process.ended_within(STOPPED);
    unclean.extend((!status.success()).then(|| format!("{status:?}: {}", process.said())));
    house.heard(process);
    stopping.elapsed()
}

#[test]
fn a_service_that_renders_is_drained_under_load_and_loses_no_request() {
    let (house, socket) = (House::new(), KeptSocket::at("127.0.0.1:0"));
    let serve = || house.opened(Service::take_over(&socket, house.data(), &PATIENT));
    let (mut service, mut unclean, mut sent) = (serve(), Vec::new(), 0);
    std::thread::scope(|scope| {
        let over = Over(&house.over);
        let clients = scope.spawn(|| send_until_over(&house));
        for _drain in 0..3 {
            // In the middle of its work: papers were made, and others wait.
            let (books, done) = (Books::open(house.data()), house.answers.ids().len());
            until(LEASE, "papers are made again", || house.done(&books) > 0 && house.answers.ids().len() > done + 5);
            stopped(&house, &mut service.process, &mut unclean);
            service = serve();
        }
        drop(over);
        sent = clients.join().expect("the clients end");
    });
    house.over.store(false, Ordering::Relaxed);
    assert!(unclean.is_empty(), "{unclean:#?}");
    let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
    let lost = [&house.refused, &house.cut, &house.turned_away, &house.unanswered].map(count);
    // The last request was perhaps given up before it was answered.
    house.submit_all(0..sent, 2, Duration::ZERO);
    house.all_end(sent.into(), 3 * LEASE);
    let findings = house.check(sent.into());
    println!("3 drains, {sent} requests, refused, cut, turned away, read and not answered: {lost:?}");
    assert_eq!(lost, [0; 4]);
    assert_eq!(findings.expired, 0, "a lease was left behind: {findings:?}");
}
