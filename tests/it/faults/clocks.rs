//! F10: clocks that lie. libfaketime stands between a process and the host's clock.

use std::{path::PathBuf, process::Command};

use tdkt_reports::ledger::Place;

use super::{House, LEASE, PATIENT};
use crate::support::{
    invariants::Scene,
    postgres::Postgres,
    programs::{Process, Redis, Service, tdkt, until},
};

/// The library of Debian's package faketime, wherever this machine keeps it.
fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("/usr/lib").filter_map(Result::ok);
    let found = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
    found.expect("faketime is installed (tests/run installs it)")
}

/// The program with a clock of its own; what measures durations stays true.
fn with_clock() -> Command {
    let mut command = tdkt();
    command.env("LD_PRELOAD", library()).env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
    command
}

#[test]
fn f10_workers_whose_clocks_are_five_minutes_off_take_nothing_from_each_other() {
    let redis = Redis::start();
    let house = House::new();
    let url = Postgres::shared().database();
    let place = Place::Server(url.clone());
    let address = redis.address();
    let common = [&["--ledger-url", &url][..], &PATIENT].concat();
    let service = house.opened(Service::start_on(
        house.data(),
        &[&["--redis-url", &address, "--work", "false"], &common[..]].concat(),
    ));
    let workers: Vec<Process> = ["+0", "+300", "-300"]
        .into_iter()
        .map(|off| {
            let mut command = with_clock();
            command.env("FAKETIME", off);
            Process::work_as(command, house.data(), &address, &[&["--renderers", "1"], &common[..]].concat())
        })
        .collect();
    let jobs = 90;
    house.some(jobs);
    let all_done = || service.get("/v1/jobs?limit=1").status().is_success() && ended(&house, &place) == u64::from(jobs);
    until(3 * LEASE, "all jobs have ended", all_done);
    for process in workers.iter().chain([&service.process]) {
        house.heard(process);
    }
    let logs = house.logs.lock().expect("not poisoned");
    let scene = Scene {
        data: house.data(),
        place: Some(&place),
        answers: &house.answers,
        logs: &logs,
        private: &super::PRIVATE,
    };
    let findings = scene.check();
    println!("F10: PostgreSQL, clocks +0, +300, -300 s: {}", findings.figures());
    assert_eq!((findings.jobs, findings.leases, findings.expired), (jobs.into(), jobs.into(), 0), "a lease ran out");
}

fn ended(house: &House, place: &Place) -> u64 {
    let books = crate::support::programs::Books::of(house.data(), place);
    house.done(&books)
}

#[test]
fn f10_a_host_whose_clock_jumps_while_leases_run_renders_each_at_most_once_more() {
    let house = House::new();
    let clock = tempfile::NamedTempFile::new().expect("a temporary file");
    let step = |off: &str| std::fs::write(clock.path(), format!("{off}\n")).expect("written");
    step("+0");
    let mut command = with_clock();
    command.env("FAKETIME_TIMESTAMP_FILE", clock.path()).env("FAKETIME_NO_CACHE", "1");
    let service = house.opened(Service::started(command, house.data(), &PATIENT));
    let books = service.books();
    let renderers = std::thread::available_parallelism().expect("processors").get();
    let mut steps = 0;
    for off in ["-600", "+0", "+600"] {
        house.some(25);
        let before = house.done(&books);
        until(LEASE, "the work goes on", || house.done(&books) > before);
        step(off);
        steps += 1;
    }
    // What was accepted before the clock was set back waits for its time; by now it has come.
    house.all_end(house.sent(), 3 * LEASE);
    house.heard(&service.process);
    let findings = house.check(house.sent());
    let again = usize::try_from(findings.leases).expect("a count") - usize::try_from(findings.jobs).expect("a count");
    println!("F10: SQLite, {steps} jumps of the host's clock, {again} renders begun again");
    assert!(again <= steps * renderers, "{again} renders begun again after {steps} jumps");
}
