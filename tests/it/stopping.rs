//! SIGTERM while a render takes longer than the drain: callers are told, what runs is given back, nothing is lost.

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use super::support::{
    papers,
    programs::{Books, Service, json, send, tdkt, until},
};

const PATIENCE: Duration = Duration::from_secs(60);
/// Typst counts for tens of seconds before it places this paper.
const SLOW: &str = "\n#for i in range(9000) { for j in range(9000) { let n = i + j } }\n";

/// The template folder with one kind that takes very long.
fn slow_templates(folder: &Path) -> String {
    let templates = folder.join("templates");
    copy(&papers::repository("report_templates"), &templates);
    let body = templates.join("documents/six-month-review/body.typ.j2");
    let text = std::fs::read_to_string(&body).expect("a body");
    std::fs::write(&body, text + SLOW).expect("written");
    templates.to_str().expect("text").to_owned()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("listed").map(|entry| entry.expect("listed")) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("copied");
        }
    }
}

/// A service with one job that runs and one that waits.
fn busy(folder: &Path, arguments: &[&str]) -> (Service, Vec<String>) {
    let templates = slow_templates(folder);
    let data = folder.join("data");
    let service = Service::start_on(&data, &[&["--templates", &templates, "--renderers", "1"], arguments].concat());
    let ids: Vec<String> = (0..2).map(|number| service.accept(papers::numbered(number))).collect();
    until(PATIENCE, "one runs", || service.job(&ids[0])["state"] == "running");
    // Past the start of its child.
    std::thread::sleep(Duration::from_secs(1));
    (service, ids)
}

#[test]
fn callers_are_told_of_a_stop_and_what_takes_too_long_is_given_back_uncounted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut service, ids) = busy(folder.path(), &["--drain-s", "5", "--notice-s", "3"]);
    let started = Instant::now();
    service.process.signal(Signal::SIGTERM);
    until(PATIENCE, "it is not ready", || service.get("/readyz").status() == 503);
    let refused = service.post("/v1/documents", papers::sample("simple"));
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(refused.headers()["connection"], "close", "no request is sent on a connection that is about to end");
    assert_eq!(json(refused)["code"], "service-stopping");
    assert_eq!(service.get("/livez").status(), 200);
    assert_eq!(service.job(&ids[1])["state"], "accepted", "what was accepted can be asked for");
    let status = service.process.ended_within(Duration::from_secs(35));
    println!("ended {:.1?} after SIGTERM, {status}", started.elapsed());
    assert!(status.success(), "{status}");
    assert!(started.elapsed() < Duration::from_secs(5 + 5), "{:?}", started.elapsed());
    let data = folder.path().join("data");
    let books = Books::open(&data);
    assert_eq!(books.counts(), BTreeMap::from([("accepted", 2)]));
    let given_back = books.job(&ids[0]);
    assert_eq!((given_back.starts, given_back.fence), (0, 1), "the start is not counted");
    // With the templates mended, both are done at once: no lease is waited for.
    let started = Instant::now();
    let service = Service::start_on(&data, &[]);
    for id in &ids {
        assert_eq!(service.wait_for(id)["state"], "succeeded");
    }
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
    service.books().each_succeeded_with_one_file(&ids);
}

#[test]
fn a_second_signal_stops_at_once_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut service, ids) = busy(folder.path(), &["--drain-s", "25", "--notice-s", "5"]);
    let children = service.process.presses();
    service.process.signal(Signal::SIGTERM);
    std::thread::sleep(Duration::from_millis(500));
    let started = Instant::now();
    service.process.signal(Signal::SIGTERM);
    service.process.ended_within(Duration::from_secs(5));
    println!("ended {:.1?} after the second SIGTERM", started.elapsed());
    assert!(!children.is_empty());
    until(PATIENCE, "its children are gone", || {
        children.iter().all(|child| !Path::new(&format!("/proc/{child}")).exists())
    });
    let service = Service::start_on(&folder.path().join("data"), &[]);
    for id in &ids {
        assert_eq!(service.wait_for(id)["state"], "succeeded");
    }
    service.books().each_succeeded_with_one_file(&ids);
}

#[test]
fn a_service_whose_executable_is_replaced_goes_on_as_it_was_until_it_is_started_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let executable = folder.path().join("tdkt-reports");
    std::fs::copy(tdkt().get_program(), &executable).expect("copied");
    let service = Service::started(Command::new(&executable), &folder.path().join("data"), &["--renderers", "1"]);
    let paper = |id: String| {
        assert_eq!(service.wait_for(&id)["state"], "succeeded");
        service.document(&id)
    };
    let before = paper(service.accept(papers::sample("minimal")));
    // As `install` does: another file under the same name.
    std::fs::remove_file(&executable).expect("removed");
    std::fs::write(&executable, "not a program").expect("written");
    let children = service.process.presses();
    assert!(!children.is_empty());
    children.iter().for_each(|child| send(*child, Signal::SIGKILL));
    let after = paper(service.accept(papers::sample("minimal")));
    assert!(service.process.presses().iter().all(|child| !children.contains(child)), "a new child made it");
    assert_eq!(before, after);
}
