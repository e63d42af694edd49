//! What is kept and for how long, as callers and operators see it: keys, lists, the dead letter, erasure, bounds.

use std::time::{Duration, Instant};

use reqwest::blocking::Response;
use serde_json::{Value, json};

use super::support::{
    papers,
    postgres::Postgres,
    programs::{Outcome, Service, json, run_in},
};

const DOCUMENTS: &str = "/v1/documents";
/// Keeps jobs waiting: nobody works.
const IDLE: [&str; 2] = ["--work", "false"];

fn submit(service: &Service, key: &str, body: &str) -> Response {
    let request = service.request("POST", DOCUMENTS).header("content-type", "application/json");
    request.header("idempotency-key", key).body(body.to_owned()).send().expect("an answer")
}

fn replayed(response: &Response) -> bool {
    response.headers().get("idempotency-replayed").is_some_and(|value| value == "true")
}

fn code(response: Response) -> (u16, Value, Option<u64>) {
    let status = response.status().as_u16();
    let wait =
        response.headers().get("retry-after").map(|value| value.to_str().expect("text").parse().expect("seconds"));
    (status, json(response)["code"].clone(), wait)
}

/// An operator's command on the ledger of a service that runs.
fn jobs(service: &Service, arguments: &[&str]) -> Outcome {
    let data = service.data().to_str().expect("text");
    run_in(service.data(), &[&["jobs"][..], arguments, &["--data", data][..]].concat(), b"")
}

#[test]
fn a_request_sent_twice_under_one_key_is_one_job() {
    let service = Service::start(&[]);
    let (sample, minimal) = (papers::sample("simple"), papers::sample("minimal"));
    let first = submit(&service, "\"k-1\"", sample);
    assert!(!replayed(&first));
    let first = json(first);
    // Written otherwise, it is the same request; so it is when the job has ended.
    let value: Value = serde_json::from_str(sample).expect("JSON");
    service.wait_for(first["id"].as_str().expect("an id"));
    for body in [sample.to_owned(), value.to_string()] {
        let again = submit(&service, "k-1", &body);
        assert_eq!((again.status().as_u16(), replayed(&again)), (202, true));
        let location = again.headers()["location"].to_str().expect("text").to_owned();
        let again = json(again);
        assert_eq!((&again["id"], &again["state"]), (&first["id"], &json!("succeeded")));
        assert_eq!(location, format!("/v1/jobs/{}", first["id"].as_str().expect("an id")));
    }
    let (status, said, _) = code(submit(&service, "k-1", minimal));
    assert_eq!((status, said), (422, json!("idempotency-key-reused")));
    assert!(!replayed(&submit(&service, "k-2", sample)));
    // A refused request leaves its key free.
    assert_eq!(submit(&service, "k-3", "{}").status(), 422);
    assert_eq!(submit(&service, "k-3", sample).status(), 202);
    for wrong in ["", "\"\"", "a b", "a\"b", &"x".repeat(256)] {
        let (status, said, _) = code(submit(&service, wrong, sample));
        assert_eq!((status, said), (400, json!("bad-parameter")), "{wrong:?}");
    }
    assert_eq!(service.books().counts().values().sum::<u64>(), 3);
}

#[test]
fn forty_equal_requests_at_once_make_one_job() {
    let service = Service::start(&IDLE);
    let sample = papers::sample("simple");
    let mut ids = std::collections::BTreeSet::new();
    let mut busy = 0;
    std::thread::scope(|scope| {
        let racers: Vec<_> = (0..40).map(|_| scope.spawn(|| submit(&service, "same", sample))).collect();
        for racer in racers {
            let response = racer.join().expect("an answer");
            match response.status().as_u16() {
                202 => drop(ids.insert(json(response)["id"].as_str().expect("an id").to_owned())),
                409 => {
                    let (_, said, wait) = code(response);
                    assert_eq!((said, wait), (json!("idempotency-in-progress"), Some(1)));
                    busy += 1;
                }
                other => panic!("{other}"),
            }
        }
    });
    println!("{busy} of 40 were asked to come back");
    assert_eq!(ids.len(), 1);
    assert_eq!(service.books().counts(), std::collections::BTreeMap::from([("accepted", 1)]));
}

#[test]
fn pages_of_jobs_follow_the_link_and_hold_each_once() {
    let service = Service::start(&IDLE);
    let mut accepted: Vec<String> = (0..5).map(|_| service.accept(papers::sample("minimal"))).collect();
    accepted.reverse();
    let (mut listed, mut address) = (Vec::new(), Some("/v1/jobs?limit=2&state=accepted".to_owned()));
    while let Some(page) = address.take() {
        let response = service.get(&page);
        assert_eq!(response.status(), 200);
        let link = response.headers().get("link").map(|link| link.to_str().expect("text").to_owned());
        let body = json(response);
        assert_eq!(link.is_some(), body["next_cursor"].is_string());
        listed.extend(
            body["data"].as_array().expect("a list").iter().map(|job| job["id"].as_str().expect("an id").to_owned()),
        );
        address =
            link.map(|link| link.trim_start_matches('<').split_once(">; rel=\"next\"").expect("a link").0.to_owned());
    }
    assert_eq!(listed, accepted);
    assert_eq!(json(service.get("/v1/jobs?state=dead"))["data"], json!([]));
    assert_eq!(json(service.get("/v1/jobs?kind=none"))["data"], json!([]));
    for wrong in ["limit=0", "limit=201", "state=queued", "cursor=x", "colour=red"] {
        let (status, said, _) = code(service.get(&format!("/v1/jobs?{wrong}")));
        assert_eq!((status, said), (400, json!("bad-parameter")), "{wrong}");
    }
}

#[test]
fn a_job_that_was_set_aside_begins_anew_or_is_given_up() {
    // The child dies over the paper; one start and one try.
    let service = Service::start(&["--rehearse", "--max-starts", "1", "--max-tries", "1"]);
    let deadly = |number: u32| papers::at(&format!("An Bình rehearse:abort {number}"));
    let (again, dropped) = (service.accept(deadly(1)), service.accept(deadly(2)));
    for id in [&again, &dropped] {
        let job = service.wait_for(id);
        assert_eq!(job["state"], "dead", "{job:#}");
    }
    let list = jobs(&service, &["list", "--state", "dead", "--json"]);
    assert_eq!(list.code, Some(0), "{}", list.err);
    let list: Value = serde_json::from_str(list.text()).expect("JSON");
    assert_eq!(list.as_array().expect("a list").len(), 2, "{list:#}");

    let response = service.request("POST", &format!("/v1/jobs/{again}:requeue")).send().expect("an answer");
    assert_eq!(response.status(), 200);
    assert_ne!(service.wait_for(&again)["state"], "accepted");
    let shown = jobs(&service, &["show", &again]);
    assert!(shown.text().contains(" requeue http"), "{}", shown.text());
    let by_command = jobs(&service, &["requeue", &again]);
    assert_eq!(by_command.code, Some(0), "{}", by_command.err);
    assert!(by_command.text().contains("sẽ được làm lại"), "{}", by_command.text());

    let gone = service.request("DELETE", &format!("/v1/jobs/{dropped}")).send().expect("an answer");
    assert_eq!((gone.status().as_u16(), &json(gone)["state"]), (200, &json!("cancelled")));
    let (status, said, _) =
        code(service.request("POST", &format!("/v1/jobs/{dropped}:requeue")).send().expect("an answer"));
    assert_eq!((status, said), (409, json!("job-not-requeueable")));
    let nobody = jobs(&service, &["drop", "00000000-0000-7000-8000-000000000000", "--json"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.text().contains("không có việc này"), "{}", nobody.text());
}

#[test]
fn erased_data_are_gone_from_disk_and_the_audit_says_so() {
    let service = Service::start(&[]);
    let id = service.accept(papers::sample("simple"));
    let job = service.wait_for(&id);
    assert_eq!(job["state"], "succeeded", "{job:#}");
    assert_eq!(service.books().archived().len(), 1);
    let erased = service.request("DELETE", &format!("/v1/jobs/{id}/data")).send().expect("an answer");
    assert_eq!(erased.status(), 200);
    let erased = json(erased);
    assert!(erased["request_erased_at"].is_string() && erased["paper_erased_at"].is_string(), "{erased:#}");
    assert_eq!(erased["document"]["sha256"], job["document"]["sha256"], "the hash stays");
    assert_eq!(erased["document"]["file_name"], format!("{id}.pdf"), "the name may have told of somebody");
    let (status, said, _) = code(service.get(&format!("/v1/jobs/{id}/document")));
    assert_eq!((status, said), (410, json!("data-erased")));
    assert!(service.books().archived().is_empty());
    let shown = jobs(&service, &["show", &id, "--json"]);
    let shown: Value = serde_json::from_str(shown.text()).expect("JSON");
    let actions: Vec<&str> =
        shown["audit"].as_array().expect("a list").iter().filter_map(|row| row["action"].as_str()).collect();
    assert_eq!(actions, ["accept", "lease", "succeed", "erase-request", "erase-paper", "remove-file"]);
    let verified = jobs(&service, &["audit"]);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
    assert!(verified.text().contains("nguyên vẹn: 6 dòng"), "{}", verified.text());
    // Over the command line, twice.
    let id = service.accept(papers::sample("minimal"));
    service.wait_for(&id);
    for words in ["bằng chứng", "từ trước"] {
        let told = jobs(&service, &["erase", &id]);
        assert!(told.code == Some(0) && told.text().contains(words), "{} {}", told.text(), told.err);
    }
}

#[test]
fn what_has_not_ended_is_not_erased() {
    let service = Service::start(&IDLE);
    let id = service.accept(papers::sample("minimal"));
    let (status, said, wait) =
        code(service.request("DELETE", &format!("/v1/jobs/{id}/data")).send().expect("an answer"));
    assert_eq!((status, said), (409, json!("job-not-finished")));
    assert!(wait.is_some());
    let told = jobs(&service, &["erase", &id]);
    assert!(told.code == Some(1) && told.text().contains("hãy hủy trước"), "{}", told.text());
    let told = jobs(&service, &["cancel", &id]);
    assert_eq!((told.code, service.job(&id)["state"].as_str()), (Some(0), Some("cancelled")));
}

#[test]
fn who_finds_no_room_is_told_when_to_come_back() {
    for (arguments, status, said) in [
        (["--work", "false", "--max-waiting", "2"], 503, "queue-full"),
        (["--work", "false", "--max-waiting-each", "2"], 429, "quota-exceeded"),
        (["--work", "false", "--free-to-accept-mib", "99999999999"], 503, "storage-full"),
    ] {
        let service = Service::start(&arguments);
        let mut refused = None;
        for _ in 0..3 {
            let response = service.post(DOCUMENTS, papers::sample("minimal"));
            if response.status() != 202 {
                refused = Some(code(response));
                break;
            }
        }
        let (answered, code, wait) = refused.expect("a refusal");
        assert_eq!((answered, code), (status, json!(said)));
        assert!(wait.is_some_and(|wait| (1..=300).contains(&wait)), "{wait:?}");
        let books = service.books().counts().get("accepted").copied().unwrap_or(0);
        assert_eq!(books, if said == "storage-full" { 0 } else { 2 });
        let started = Instant::now();
        assert_eq!(service.get("/livez").status(), 200);
        assert!(started.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn two_services_share_a_ledger_in_postgres() {
    let server = Postgres::start();
    let url = server.database();
    let folder = tempfile::tempdir().expect("a folder");
    // The one only takes requests in; the other finds them in the ledger.
    let door = Service::start_on(folder.path(), &["--work", "false", "--ledger-url", &url]);
    let house = Service::start_on(folder.path(), &["--ledger-url", &url]);
    let sample = papers::sample("simple");
    let first = json(submit(&door, "k", sample));
    let id = first["id"].as_str().expect("an id");
    let again = submit(&house, "k", sample);
    assert!(replayed(&again));
    assert_eq!(json(again)["id"], first["id"]);
    let ended = door.wait_for(id);
    assert_eq!(ended["state"], "succeeded", "{ended:#}");
    assert_eq!(door.document(id), papers::pdf(sample.as_bytes()), "the same bytes as in process");
    assert!(!folder.path().join("ledger.sqlite").exists());

    server.crash();
    let started = Instant::now();
    let (status, said, wait) = code(submit(&door, "k-2", sample));
    assert_eq!((status, said), (503, json!("store-unavailable")));
    assert!(wait.is_some() && started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!(door.get("/livez").status(), 200);
    server.start_again();
    let started = Instant::now();
    while submit(&door, "k-2", sample).status() != 202 {
        assert!(started.elapsed() < Duration::from_secs(30), "the server is not found again");
    }
    assert_eq!(door.document(id), papers::pdf(sample.as_bytes()));
    let data = folder.path().to_str().expect("text");
    let listed = run_in(folder.path(), &["jobs", "list", "--data", data, "--ledger-url", &url], b"");
    assert_eq!((listed.code, listed.text().lines().count()), (Some(0), 2), "{}", listed.err);
    let examined = run_in(folder.path(), &["doctor", "--data", data, "--ledger-url", &url], b"");
    assert!(examined.code == Some(3) && examined.text().contains("fsync = off, cần on"), "{}", examined.text());
}

#[test]
fn a_wrong_address_of_the_ledger_ends_the_start_and_shows_no_password() {
    let folder = tempfile::tempdir().expect("a folder");
    for url in ["mysql://ai:mat-khau@db/so", "postgres://ai:mat-khau@127.0.0.1:1/so"] {
        let outcome = run_in(folder.path(), &["jobs", "list", "--data", "d", "--ledger-url", url], b"");
        assert!(matches!(outcome.code, Some(1 | 75)), "{:?} {}", outcome.code, outcome.err);
        assert!(!outcome.err.contains("mat-khau"), "{}", outcome.err);
    }
}
