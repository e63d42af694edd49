//! The drill: a backup taken under load, the source killed and gone, everything put back elsewhere.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use tdkt_reports::{fingerprint, job::JobState};

use super::support::{
    papers,
    postgres::Postgres,
    programs::{Books, Outcome, Service, run_in, until},
};

const END: Duration = Duration::from_secs(110);
/// Jobs accepted before the backup begins.
const BEFORE: u32 = 40;

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// A command on a data folder, and perhaps a ledger elsewhere.
fn command(words: &[&str], data: &Path, ledger: Option<&str>) -> Outcome {
    let ledger = ledger.map(|url| vec!["--ledger-url", url]).unwrap_or_default();
    run_in(Path::new("/"), &[words, &["--data", text(data)], &ledger].concat(), b"")
}

fn numbered(number: u32) -> String {
    let mut request = papers::sample_value("overflow");
    request["paper"]["place"] = format!("An Bình {number}").into();
    request.to_string()
}

fn drill(from: Option<&str>, to: Option<&str>) {
    let folder = tempfile::tempdir().expect("a folder");
    let [here, there, backup] = ["here", "there", "backup"].map(|name| folder.path().join(name));
    let url = |ledger: Option<&str>| ledger.map(|url| vec!["--ledger-url".to_owned(), url.to_owned()]);
    let [from_url, to_url] = [from, to].map(|ledger| url(ledger).unwrap_or_default());
    let words = |url: &[String]| url.iter().map(String::clone).collect::<Vec<_>>();
    let (from_words, to_words) = (words(&from_url), words(&to_url));
    let from_words: Vec<&str> = from_words.iter().map(String::as_str).collect();
    let to_words: Vec<&str> = to_words.iter().map(String::as_str).collect();

    let mut service = Service::start_on(&here, &from_words);
    let ids: Vec<String> = (0..BEFORE).map(|number| service.accept(numbered(number))).collect();
    until(END, "some are done", || service.job(&ids[4])["done"] == true);
    // The service goes on accepting and rendering while the backup is taken.
    let started = Instant::now();
    let taken = std::thread::scope(|scope| {
        let taking = scope.spawn(|| command(&["backup", text(&backup), "--json"], &here, from));
        let mut number = BEFORE;
        while !taking.is_finished() {
            service.accept(numbered(number));
            number += 1;
        }
        taking.join().expect("ended")
    });
    let backup_took = started.elapsed();
    assert_eq!(taken.code, Some(0), "{}", taken.err);
    let manifest: Value = serde_json::from_str(taken.text()).expect("JSON");
    service.process.kill();
    std::fs::remove_dir_all(&here).expect("the source is gone");

    let started = Instant::now();
    let restored = command(&["restore", text(&backup)], &there, to);
    assert_eq!(restored.code, Some(0), "{}", restored.err);
    assert!(restored.text().starts_with("Đã khôi phục: "), "{}", restored.text());
    let again = command(&["restore", text(&backup)], &there, to);
    assert!(again.code == Some(1) && again.err.contains("không trống"), "{:?} {}", again.code, again.err);
    let service = Service::start_on(&there, &to_words);
    let restore_took = started.elapsed();
    let started = Instant::now();
    for id in &ids {
        let job = service.wait_for(id);
        assert_eq!(job["state"], "succeeded", "{job:#}");
        assert_eq!(job["document"]["sha256"], fingerprint::of(&service.document(id)).as_str());
    }
    if from.is_none() {
        let books = Books::open(&there);
        until(END, "nothing is left", || books.counts().keys().all(|state| *state == JobState::Succeeded.as_str()));
        let all: u64 = books.counts().values().sum();
        assert!(all >= u64::from(BEFORE), "{all} jobs");
    }
    println!(
        "backup {backup_took:.1?} under load ({} papers, ledger {} bytes), restore and start {restore_took:.1?}, \
         all jobs ended after {:.1?}",
        manifest["papers"],
        manifest["ledger_bytes"],
        started.elapsed()
    );
    drop(service);
    let examined = command(&["doctor", "--deep", "--json"], &there, to);
    let examined: Value = serde_json::from_str(examined.text()).expect("JSON");
    assert_eq!(examined["stock"]["harmed"], serde_json::json!([]), "{examined:#}");
    assert!(examined["stock"]["audit"]["rows"].as_u64() >= Some(u64::from(BEFORE) * 3), "{examined:#}");
    assert!(examined["stock"]["audit"].get("broken_at").is_none(), "{examined:#}");
}

#[test]
fn a_backup_taken_under_load_is_put_back_elsewhere_and_every_job_ends_with_its_paper() {
    drill(None, None);
}

#[test]
fn a_backup_of_postgres_needs_no_other_program_and_is_put_back_into_another_database() {
    let server = Postgres::start();
    let (from, to) = (server.database(), server.database());
    drill(Some(&from), Some(&to));
}

/// What is told after this number, to the end of what there is: numbers and types.
fn told_after(service: &Service, seen: &str) -> Vec<(u64, String)> {
    let asked = service.request("GET", "/v1/events?follow=false").header("Last-Event-ID", seen);
    let answer = asked.send().expect("an answer");
    assert_eq!(answer.status(), 200);
    let text = answer.text().expect("text");
    let told = text.split("\n\n").filter_map(|event| event.strip_prefix("id: ")?.split_once("\nevent: "));
    told.map(|(number, rest)| (number.parse().expect("a number"), rest.split('\n').next().expect("a type").to_owned()))
        .collect()
}

#[test]
fn a_reader_of_events_who_saw_more_than_the_backup_holds_misses_nothing_after_it_was_put_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let [here, there, backup] = ["here", "there", "backup"].map(|name| folder.path().join(name));
    let seen = {
        let service = Service::start_on(&here, &[]);
        service.wait_for(&service.accept(papers::numbered(1)));
        until(END, "all is told", || told_after(&service, "0").len() == 3);
        assert_eq!(command(&["backup", text(&backup)], &here, None).code, Some(0));
        service.wait_for(&service.accept(papers::numbered(2)));
        let mut seen = Vec::new();
        until(END, "all is told", || {
            seen = told_after(&service, "0");
            seen.len() == 6
        });
        seen[5].0
    };
    assert_eq!(command(&["restore", text(&backup)], &there, None).code, Some(0));
    let service = Service::start_on(&there, &[]);
    assert_eq!(told_after(&service, &seen.to_string()), [], "nothing is new yet");
    service.wait_for(&service.accept(papers::numbered(3)));
    let mut anew = Vec::new();
    until(END, "all is told", || {
        anew = told_after(&service, &seen.to_string());
        anew.len() == 3
    });
    let kinds: Vec<&str> = anew.iter().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(kinds, ["job.accepted", "job.started", "job.succeeded"]);
    assert!(anew[0].0 > seen, "{anew:?} after {seen}");

    // A number of nobody's: of another organisation, or of a ledger put back by other means.
    let newest = anew[2].0;
    let job = service.accept(papers::numbered(4));
    service.wait_for(&job);
    for path in ["/v1/events".to_owned(), "/v1/events?follow=false".into(), format!("/v1/jobs/{job}/events")] {
        let ahead = (newest + 1_000).to_string();
        let answer = service.request("GET", &path).header("Last-Event-ID", &ahead).send().expect("an answer");
        assert_eq!(answer.status(), 400, "{path}");
        let problem: Value = answer.json().expect("JSON");
        assert_eq!(problem["code"], "bad-parameter", "{problem:#}");
        assert!(problem["title"].as_str().is_some_and(|title| title.contains(&ahead)), "{problem:#}");
    }
}

#[test]
fn a_key_revoked_since_the_backup_opens_again_and_restore_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let [here, there, backup] = ["here", "there", "backup"].map(|name| folder.path().join(name));
    let told = |outcome: Outcome| -> Value { serde_json::from_str(outcome.text()).expect(&outcome.err) };
    let open = |data: &Path| {
        let listed = told(command(&["keys", "list", "--json"], data, None));
        listed.as_array().expect("a list").iter().filter(|key| key["revoked_at"].is_null()).count()
    };
    let key = told(command(&["keys", "create", "Trục dữ liệu", "--json"], &here, None));
    assert_eq!(command(&["backup", text(&backup)], &here, None).code, Some(0));
    let revoked = command(&["keys", "revoke", key["id"].as_str().expect("an id")], &here, None);
    assert_eq!((revoked.code, open(&here)), (Some(0), 0), "{}", revoked.err);

    let restored = command(&["restore", text(&backup)], &there, None);
    assert_eq!((restored.code, open(&there)), (Some(0), 1), "{}", restored.err);
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(backup.join("manifest.json")).expect("read")).expect("JSON");
    let moment = &manifest["taken_at"].as_str().expect("a time")[..19];
    let names_all = |said: &str| {
        let words =
            ["Khóa API đã thu hồi", "lại mở được", "keys list", "webhooks list", "jobs erase", "people erase", moment];
        words.into_iter().all(|word| said.contains(word))
    };
    assert!(names_all(restored.text()), "{}", restored.text());
    // For programs the manifest alone is on standard output.
    let again = folder.path().join("again");
    let restored = command(&["restore", text(&backup), "--json"], &again, None);
    assert!(names_all(&restored.err), "{}", restored.err);
    assert_eq!(told(restored), manifest);
    let checked = command(&["restore", text(&backup), "--check"], &again, None);
    assert!(!checked.text().contains("keys list"), "nothing was put back: {}", checked.text());
}

#[test]
fn doctor_finds_a_lost_and_a_torn_paper_and_makes_both_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hashes = Vec::new();
    {
        let service = Service::start_on(folder.path(), &[]);
        for number in 0..3 {
            let id = service.accept(papers::numbered(number));
            hashes.push(service.wait_for(&id)["document"]["sha256"].as_str().expect("a hash").to_owned());
        }
    }
    let doctor = |words: &[&str]| command(&[&["doctor", "--deep"], words].concat(), folder.path(), None);
    let sound = doctor(&[]);
    assert_eq!(sound.code, Some(0), "{}{}", sound.text(), sound.err);
    assert!(sound.text().contains("[đạt] Tệp văn bản: 3 tệp"), "{}", sound.text());
    let file = |sha256: &str| folder.path().join("archive/blobs").join(&sha256[..2]).join(sha256);
    std::fs::remove_file(file(&hashes[0])).expect("it was there");
    let whole = std::fs::read(file(&hashes[1])).expect("it is there");
    std::fs::write(file(&hashes[1]), &whole[..whole.len() / 2]).expect("torn");
    let found = doctor(&[]);
    assert_eq!(found.code, Some(3), "{}", found.text());
    assert!(found.text().contains("[LỖI] Tệp văn bản: 2 trên 3 tệp bị mất hoặc hỏng"), "{}", found.text());
    let backup = folder.path().with_extension("backup");
    let taken = command(&["backup", text(&backup)], folder.path(), None);
    assert!(taken.code == Some(3) && taken.err.contains("2 văn bản"), "{:?} {}", taken.code, taken.err);
    assert_eq!(command(&["restore", text(&backup), "--check"], folder.path(), None).code, Some(0));
    std::fs::remove_dir_all(backup).expect("removed");

    let mended = doctor(&["--repair", "--json"]);
    let told: Value = serde_json::from_str(mended.text()).expect("JSON");
    assert_eq!((mended.code, &told["faults"]), (Some(0), &Value::from(0)), "{told:#}");
    let mendings: Vec<&Value> =
        told["stock"]["harmed"].as_array().expect("a list").iter().map(|h| &h["mending"]).collect();
    assert_eq!(mendings, ["mended", "mended"]);
    for sha256 in &hashes {
        assert_eq!(fingerprint::of(&std::fs::read(file(sha256)).expect("it is there again")), *sha256);
    }
}
