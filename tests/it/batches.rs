//! Batches over HTTP: checked whole, counted from their jobs, fetched as one file that is always the same.

use std::time::Duration;

use serde_json::{Value, json};
use tdkt_reports::{binding, fingerprint};

use crate::support::{
    papers::sample_of,
    programs::{Service, json, until},
};

fn submit(service: &Service, batch: &Value) -> (u16, Value) {
    let response = service.post("/v1/batches", batch.to_string());
    (response.status().as_u16(), json(response))
}

fn ended(service: &Service, id: &str) -> Value {
    let mut seen = Value::Null;
    until(Duration::from_secs(120), "the batch ends", || {
        seen = json(service.get(&format!("/v1/batches/{id}")));
        seen["ended"] == seen["parts"]
    });
    seen
}

fn requests() -> Vec<Value> {
    ["scorecard", "annual-summary", "six-month-review"].map(|kind| sample_of(kind, "simple")).into()
}

fn faulty() -> Value {
    let mut request = sample_of("annual-summary", "simple");
    request["content"]["member_count"] = json!(99);
    request
}

#[test]
fn a_batch_with_a_fault_stores_nothing_and_names_every_place() {
    let service = Service::start(&["--work", "false"]);
    let mut batch = requests();
    batch.insert(1, faulty());
    batch.push(json!({"kind": "khong-co"}));
    let (status, answer) = submit(&service, &json!({"requests": batch}));
    assert_eq!((status, &answer["code"]), (422, &json!("invalid-document")), "{answer:#}");
    let told = answer["errors"].to_string();
    for place in ["/requests/1/content/member_count", "/requests/4"] {
        assert!(told.contains(place), "{place}: {answer:#}");
    }
    assert_eq!(json(service.get("/v1/jobs"))["data"], json!([]));
    let unknown = service.get("/v1/batches/0190b5c8-0000-7000-8000-000000000000");
    assert_eq!(unknown.status(), 404);
}

#[test]
fn a_batch_ends_in_one_file_that_equal_batches_share() {
    let service = Service::start(&[]);
    let mut batch = requests();
    batch.insert(1, faulty());
    let batch = json!({"accept_partial": true, "requests": batch});
    let fetch = || {
        let (status, taken) = submit(&service, &batch);
        assert_eq!(status, 202, "{taken:#}");
        let id = taken["id"].as_str().expect("an id").to_owned();
        let seen = ended(&service, &id);
        assert_eq!(seen["counts"], json!({"succeeded": 3}), "{seen:#}");
        assert_eq!(
            (&seen["left_out"][0]["request"], &seen["left_out"][0]["code"]),
            (&json!(1), &json!("invalid-document"))
        );
        let answer = service.get(&format!("/v1/batches/{id}/archive.zip"));
        let etag = answer.headers()["etag"].to_str().expect("text").to_owned();
        let again = service
            .request("GET", &format!("/v1/batches/{id}/archive.zip"))
            .header("if-none-match", &etag)
            .send()
            .expect("an answer");
        assert_eq!(again.status(), 304);
        let manifest = json(service.get(&format!("/v1/batches/{id}/manifest.json")));
        (answer.bytes().expect("a body").to_vec(), etag, manifest)
    };
    let (zip, etag, manifest) = fetch();
    let (same, same_etag, _) = fetch();
    assert_eq!(fingerprint::of(&zip), fingerprint::of(&same));
    assert_eq!(etag, same_etag);
    let files = binding::unbind(&zip).expect("a ZIP file");
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        ["00001-scorecard.pdf", "00003-annual-summary.pdf", "00004-six-month-review.pdf", "manifest.json"]
    );
    for (file, told) in files.iter().zip(manifest["files"].as_array().expect("a list")) {
        assert_eq!((&told["file"], &told["sha256"]), (&json!(file.name), &json!(fingerprint::of(&file.bytes))));
    }
}

#[test]
fn what_waits_is_withdrawn_and_an_unfinished_batch_has_no_file() {
    let service = Service::start(&["--work", "false"]);
    let (status, taken) = submit(&service, &json!({"requests": requests()}));
    assert_eq!(status, 202, "{taken:#}");
    assert_eq!(taken["counts"], json!({"accepted": 3}));
    let id = taken["id"].as_str().expect("an id");
    let early = service.get(&format!("/v1/batches/{id}/archive.zip"));
    assert_eq!(json(early)["code"], "job-not-finished");
    let cancelled = json(service.post(&format!("/v1/batches/{id}:cancel"), ""));
    assert_eq!(cancelled["counts"], json!({"cancelled": 3}), "{cancelled:#}");
    // Only what failed or died begins anew.
    let resumed = json(service.post(&format!("/v1/batches/{id}:resume"), ""));
    assert_eq!(resumed["counts"], json!({"cancelled": 3}), "{resumed:#}");
}
