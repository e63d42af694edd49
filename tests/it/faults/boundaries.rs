//! F3: kill -9 exactly at the boundary of one system call: before the file is synced, before it has its name, before its
//! folder is synced, in the midst of a commit. strace holds the process there, so the program has no failpoints.
//!
//! And the order of these calls, read from a trace: what power loss would find cannot be had by kill -9.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use super::{House, LEASE, PATIENT, client};
use crate::support::{
    chance::{Chance, long, seed},
    programs::Service,
};

/// strace beside the traced program, which stays the test's own child.
fn strace(options: &[&str]) -> Command {
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-qq"]).args(options);
    command
}

/// Calls on the way of a paper and of a commit, and how often each may be passed before the kill.
const BOUNDARIES: [(&str, u64); 6] =
    [("fsync", 4), ("fsync", 12), ("fsync", 40), ("rename", 3), ("pwrite64", 80), ("mkdir", 2)];

#[test]
fn f3_killed_at_the_boundary_of_a_call_nothing_is_half_done() {
    let rounds = if long() { 50 } else { 2 };
    let mut chance = Chance::new(seed());
    let began = Instant::now();
    let house = House::new();
    let trace = tempfile::tempdir().expect("a temporary folder");
    let mut number = 0;
    let mut killed_at = BTreeMap::new();
    for _ in 0..rounds {
        for (call, passes) in BOUNDARIES {
            let nth = 1 + chance.below(passes);
            let inject = format!("inject={call}:signal=KILL:when={nth}");
            let wrapper = {
                let output = trace.path().join("trace").display().to_string();
                strace(&["-o", &output, "-e", &format!("trace={call}"), "-e", &inject])
            };
            // It may die while it opens its books, too.
            let mut process = house.serve_or_die(wrapper, &PATIENT);
            let waited = Instant::now();
            while process.runs() {
                assert!(waited.elapsed() < 2 * LEASE, "{call} was not called {nth} times");
                house.over_after(Duration::from_secs(1), || {
                    house.submit(&client(), number);
                });
                number += 1;
            }
            house.heard(&process);
            *killed_at.entry(call).or_insert(0) += 1;
        }
    }
    println!("F3: killed at {killed_at:?}");
    let service = house.serve(&PATIENT);
    // Whoever was not answered asks again under the same key.
    house.submit_all(0..number, 1, Duration::ZERO);
    house.all_end(number.into(), 3 * LEASE);
    house.heard(&service.process);
    house.check(number.into());
    println!("F3: {number} jobs, {} kills, {:.0?}", killed_at.values().sum::<u32>(), began.elapsed());
}

/// One call of a trace: its name, its arguments, its result.
struct Call {
    name: String,
    arguments: String,
    result: String,
}

impl Call {
    /// `12345 fsync(7</path>) = 0`; a call that another thread interrupted is put together again.
    fn all(trace: &str) -> Vec<Call> {
        let mut open: BTreeMap<&str, String> = BTreeMap::new();
        let mut calls = Vec::new();
        for line in trace.lines() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            let rest = rest.trim_start();
            if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
                open.insert(thread, begun.to_owned());
                continue;
            }
            let whole = match rest.split_once(" resumed>") {
                Some((_, ending)) => open.remove(thread).unwrap_or_default() + ending,
                None => rest.to_owned(),
            };
            let Some((before, result)) = whole.rsplit_once(" = ") else { continue };
            let Some((name, arguments)) = before.trim_end().split_once('(') else { continue };
            calls.push(Call { name: name.into(), arguments: arguments.into(), result: result.into() });
        }
        calls
    }

    fn went_well(&self) -> bool {
        !self.result.starts_with('-')
    }

    /// The path in `7</path>` or `"/path"`, the n-th.
    fn path(&self, nth: usize) -> &str {
        self.arguments.split(['<', '>', '"']).filter(|part| part.starts_with('/')).nth(nth).unwrap_or("")
    }

    fn tells(&self, words: &str) -> bool {
        self.arguments.contains(words)
    }
}

#[test]
fn a_paper_is_synced_before_it_is_named_and_named_before_it_is_committed() {
    let house = House::new();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("trace");
    let calls = "trace=fsync,fdatasync,rename,renameat,renameat2,pwrite64,write,writev,sendto,sendmsg";
    // A page of the ledger is told whole, so that what a commit holds can be read.
    let wrapper = strace(&["-y", "-s", "4096", "-o", &output.display().to_string(), "-e", calls]);
    let service = house.opened(Service::start_in(wrapper, house.data(), &PATIENT));
    house.some(3);
    house.all_end(3, LEASE);
    drop(service);
    let names = house.check(3).papers;
    assert_eq!(names, 3);
    let trace = String::from_utf8_lossy(&std::fs::read(&output).expect("a trace")).into_owned();
    assert_eq!(order(&Call::all(&trace), house.data()), Ok((3, 3)), "(papers named, requests accepted)");
}

/// Walks the trace and holds every file, folder, commit and answer to its order; tells how many papers were named and
/// requests accepted, or the first thing out of order.
///
/// Jobs run side by side, so a commit or an answer is held only against what it is about: the ledger's log is read for
/// the paper's hash and the job's id.
fn order(calls: &[Call], data: &Path) -> Result<(usize, usize), String> {
    let log = data.join("ledger.sqlite-wal").display().to_string();
    let [tmp, blobs] = ["archive/tmp", "archive/blobs"].map(|folder| data.join(folder).display().to_string());
    let mut synced = BTreeSet::new();
    // Papers that have their name, and whether their folder is synced since.
    let mut named: BTreeMap<&str, bool> = BTreeMap::new();
    // What was written into the ledger's log and synced there, and what is not yet.
    let (mut kept, mut unsynced) = (String::new(), String::new());
    let mut accepted = BTreeSet::new();
    for call in calls.iter().filter(|call| call.went_well()) {
        match call.name.as_str() {
            "fsync" | "fdatasync" => {
                let path = call.path(0);
                synced.insert(path);
                for (paper, is_kept) in &mut named {
                    *is_kept |= Path::new(paper).parent() == Some(Path::new(path));
                }
                if path == log {
                    kept += &std::mem::take(&mut unsynced);
                }
            }
            "rename" | "renameat" | "renameat2" if call.path(1).starts_with(&blobs) => {
                let (from, to) = (call.path(0), call.path(1));
                if !from.starts_with(&tmp) || !synced.contains(from) {
                    return Err(format!("{from} was given its name before it was synced"));
                }
                if [&kept, &unsynced].iter().any(|written| written.contains(name_of(to))) {
                    return Err(format!("the ledger was told of {to} before it had its name"));
                }
                named.insert(to, false);
            }
            "pwrite64" if call.path(0) == log => {
                if let Some((paper, _)) = named.iter().find(|(paper, is_kept)| !**is_kept && call.tells(name_of(paper)))
                {
                    return Err(format!("the ledger was told of {paper} before its folder was synced"));
                }
                unsynced += &call.arguments;
            }
            "write" | "writev" | "sendto" | "sendmsg" if call.tells("HTTP/1.1 202") => {
                let job = call.arguments.split_once("/v1/jobs/").and_then(|(_, rest)| rest.get(..ID));
                let job = job.ok_or("a 202 names no job")?;
                if !kept.contains(job) {
                    return Err(format!("202 was said of {job} before the ledger was synced"));
                }
                accepted.insert(job);
            }
            _ => {}
        }
    }
    match named.keys().find(|paper| !kept.contains(name_of(paper))) {
        Some(paper) => Err(format!("the ledger never kept {paper}")),
        None => Ok((named.len(), accepted.len())),
    }
}

/// Characters of a job's id.
const ID: usize = 36;

fn name_of(paper: &str) -> &str {
    paper.rsplit('/').next().unwrap_or(paper)
}

#[test]
fn a_trace_out_of_order_is_found() {
    let data = Path::new("/d");
    let found = |trace: &str| order(&Call::all(trace), data);
    let sync = "1 fsync(3</d/archive/tmp/a>) = 0\n";
    let name = "1 rename(\"/d/archive/tmp/a\", \"/d/archive/blobs/aa/abcd\") = 0\n";
    let folder = "1 fsync(5</d/archive/blobs/aa>) = 0\n";
    let tell = "2 pwrite64(4</d/ledger.sqlite-wal>, \"..abcd..\", 4096, 0) = 4096\n";
    let keep = "2 fdatasync(4</d/ledger.sqlite-wal>) = 0\n";
    // Another job's commit in between says nothing about this paper.
    let other = "3 pwrite64(4</d/ledger.sqlite-wal>, \"..ffff..\", 4096, 0) = 4096\n";
    let right = [sync, name, other, keep, folder, tell, keep].concat();
    assert_eq!(found(&right), Ok((1, 0)));
    let job = "0190b5a0-0000-7000-8000-000000000000";
    let told = format!("2 pwrite64(4</d/ledger.sqlite-wal>, \"..{job}..\", 4096, 0) = 4096\n");
    let answer =
        format!("1 writev(9<socket:[1]>, [{{\"HTTP/1.1 202 Accepted..location: /v1/jobs/{job}..\"}}], 2) = 300\n");
    assert_eq!(found(&[&told, keep, &answer].concat()), Ok((0, 1)));
    let wrong = [
        [name, sync, folder, tell, keep].concat(),
        [sync, name, tell, keep].concat(),
        [sync, name, tell, folder, keep].concat(),
        [sync, tell, name, folder, keep].concat(),
        [sync, name, folder, tell].concat(),
        [&told, &answer, keep].concat(),
        [other, keep, &answer].concat(),
    ];
    for trace in wrong {
        assert!(found(&trace).is_err(), "{trace}");
    }
    let calls = Call::all("1 fsync(3</a> <unfinished ...>\n2 fsync(4</b>) = 0\n1 <... fsync resumed>) = 0\n");
    assert_eq!(calls.iter().map(|call| call.path(0)).collect::<Vec<_>>(), ["/b", "/a"]);
}
