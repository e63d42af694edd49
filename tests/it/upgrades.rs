//! What earlier builds left behind: the present one opens it, finishes what waited, and serves what was done.
//!
//! `tests/upgrades` holds a ledger as SQL and its papers for each. Every one was killed while one job was done, one ran,
//! one waited and one was withdrawn; whoever is named there is invented.

use std::{path::Path, time::Duration};

use serde_json::Value;
use sqlx::{AnyConnection, Connection};
use tdkt_reports::{fingerprint, ledger::Place};

use super::support::{
    invariants::{Answers, Scene},
    papers::repository,
    postgres::Postgres,
    programs::{Books, Service, json, run, until},
};

/// The key that a caller of the build with schema 10 had.
const KEY: &str = "tdkt_0lilete1_FayC6US7Fz0ZWDT1DDwjwEJmkkYTmA0SYvk1FMD5RXm";
/// A word of every request that no log may tell.
const PRIVATE: [&str; 1] = ["An Bình"];

#[test]
fn the_first_schema_with_other_media_is_brought_up_to_date_and_worked_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::from(folder.path().join("ledger.sqlite"));
    unpack("sqlite-3", folder.path(), &format!("sqlite:{}?mode=rwc", folder.path().join("ledger.sqlite").display()));
    worked_off("sqlite-3", folder.path(), &place, &[], None);
}

#[test]
fn a_register_keys_and_webhooks_outlive_the_build_that_made_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let place = Place::from(data.join("ledger.sqlite"));
    unpack("sqlite-10", data, &format!("sqlite:{}?mode=rwc", data.join("ledger.sqlite").display()));
    let service = worked_off("sqlite-10", data, &place, &[], Some(KEY));
    assert_eq!(service.get("/v1/jobs").status(), 401, "without the key nobody comes in");
    let unit = ask(&service, "/v1/register/units/snv", Some(KEY));
    assert_eq!(unit["body"]["name"], "Sở Nội vụ", "{unit:#}");
    let year = ask(&service, "/v1/register/blocs/khoi-kt/years/2026", Some(KEY));
    assert_eq!(year["body"]["members"].as_array().map(Vec::len), Some(8), "{year:#}");
    let sent = ask(&service, "/v1/blocs/khoi-kt/submissions/2026-H1", Some(KEY));
    assert_eq!((&sent["version"], sent["content"].is_object()), (&Value::from(1), true), "{sent:#}");
    let listed = |command: &[&str]| {
        let told = run(&[command, &["--json", "--data", data.to_str().expect("text")]].concat());
        assert_eq!(told.code, Some(0), "{}", told.err);
        serde_json::from_str::<Value>(told.text()).expect("JSON")
    };
    let webhooks = listed(&["webhooks", "list"]);
    assert_eq!(webhooks[0]["url"], "http://127.0.0.1:9/tdkt", "{webhooks:#}");
    assert!(listed(&["organisations", "list"]).to_string().contains("so-noi-vu"));
}

#[test]
fn an_earlier_database_of_several_hosts_is_brought_up_to_date_and_worked_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = Postgres::shared().database();
    unpack("postgres-2", folder.path(), &url);
    let place = Place::Server(url.clone());
    worked_off("postgres-2", folder.path(), &place, &["--ledger-url", &url], None);
}

/// Puts ledger, papers and key where the build had them.
fn unpack(left: &str, data: &Path, ledger: &str) {
    let from = repository("tests/upgrades").join(left);
    let sql = std::fs::read_to_string(from.join("ledger.sql")).expect("a ledger");
    sqlx::any::install_default_drivers();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connection = AnyConnection::connect(ledger).await.expect("connected");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("the ledger as it was");
        connection.close().await.expect("closed");
    });
    for sha256 in papers(left) {
        let shelf = data.join("archive/blobs").join(&sha256[..2]);
        std::fs::create_dir_all(&shelf).expect("made");
        std::fs::copy(from.join(format!("{sha256}.pdf")), shelf.join(sha256)).expect("copied");
    }
    if from.join("secrets.key").exists() {
        std::fs::copy(from.join("secrets.key"), data.join("secrets.key")).expect("copied");
    }
}

/// The papers that the build had made, by their names in the archive.
fn papers(left: &str) -> Vec<String> {
    let files = std::fs::read_dir(repository("tests/upgrades").join(left)).expect("listed");
    let names = files.map(|file| file.expect("listed").file_name().into_string().expect("text"));
    names.filter_map(|name| name.strip_suffix(".pdf").map(str::to_owned)).collect()
}

/// Starts the present build on it and waits until every job has ended as it should.
fn worked_off(left: &str, data: &Path, place: &Place, arguments: &[&str], key: Option<&str>) -> Service {
    let service = Service::start_on(data, &[&["--log", "info"], arguments].concat());
    let books = Books::of(data, place);
    until(Duration::from_secs(90), "every job has ended", || {
        !books.counts().keys().any(|state| ["accepted", "running"].contains(state))
    });
    let jobs = ask(&service, "/v1/jobs", key);
    let jobs = jobs["data"].as_array().expect("a list");
    let mut states: Vec<&str> = jobs.iter().filter_map(|job| job["state"].as_str()).collect();
    states.sort_unstable();
    assert_eq!(states, ["cancelled", "succeeded", "succeeded", "succeeded"], "{jobs:#?}");
    let mut served = Vec::new();
    let answers = Answers::default();
    for id in jobs.iter().map(|job| job["id"].as_str().expect("an id")) {
        answers.accepted(id, id);
        if books.job(id).artifact.is_some() {
            let paper = asked(&service, &format!("/v1/jobs/{id}/document"), key).bytes().expect("a body");
            assert!(paper.starts_with(b"%PDF-"));
            served.push(fingerprint::of(&paper));
        }
    }
    assert_eq!(served.len(), 3);
    for sha256 in papers(left) {
        assert!(served.contains(&sha256), "the paper that the earlier build made is served as it was");
    }
    let logs = [service.process.said()];
    Scene { data, place: Some(place), answers: &answers, logs: &logs, private: &PRIVATE }.check();
    service
}

fn asked(service: &Service, path: &str, key: Option<&str>) -> reqwest::blocking::Response {
    let request = service.request("GET", path);
    let request = match key {
        Some(key) => request.bearer_auth(key),
        None => request,
    };
    let answer = request.send().expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    answer
}

fn ask(service: &Service, path: &str, key: Option<&str>) -> Value {
    json(asked(service, path, key))
}
