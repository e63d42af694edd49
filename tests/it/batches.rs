//! Batches over HTTP: checked whole, counted from their jobs, fetched as one file that is always the same.

use std::time::Duration;

use serde_json::{Value, json};
use tdkt_reports::{binding, fingerprint};

use crate::support::{
    papers::{copy_folder, repository, sample_of},
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

#[test]
fn what_was_left_out_is_told_once_and_kept_without_a_word_of_it() {
    const NAME: &str = "Nguyễn Thị Kín";
    let service = Service::start(&["--work", "false"]);
    let mut wrong = sample_of("annual-summary", "simple");
    wrong["content"]["member_count"] = json!(NAME);
    wrong["content"][NAME] = json!({"note": "TCVN3 \u{fffd}"});
    let batch = json!({"accept_partial": true, "requests": [wrong, sample_of("scorecard", "simple")]});
    let (status, taken) = submit(&service, &batch);
    assert_eq!(status, 202, "{taken:#}");
    let told = &taken["left_out"][0];
    assert!(told.to_string().contains(NAME) && told["message_vi"].is_string(), "who has sent it reads it: {told:#}");

    let id = taken["id"].as_str().expect("an id");
    json(service.post(&format!("/v1/batches/{id}:cancel"), ""));
    let shown = json(service.get(&format!("/v1/batches/{id}")));
    let listed = json(service.get(&format!("/v1/batches/{id}/manifest.json")));
    let kept = &shown["left_out"][0];
    assert_eq!((&kept["request"], &kept["code"], &listed["left_out"]), (&json!(0), &told["code"], &shown["left_out"]));
    let places: Vec<&Value> = kept["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .flat_map(|it| it["pointers"].as_array())
        .flatten()
        .collect();
    for place in ["/content", "/content/member_count"] {
        assert!(places.contains(&&json!(place)), "{place}: {kept:#}");
    }
    assert!(!shown.to_string().contains("Kín") && !listed.to_string().contains("Kín"), "{shown:#} {listed:#}");
    for file in ["ledger.sqlite", "ledger.sqlite-wal"] {
        let bytes = std::fs::read(service.data().join(file)).expect("readable");
        assert!(!bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes()), "{file}");
    }
}

#[test]
fn an_erased_paper_is_given_out_by_no_batch_and_a_lost_one_is_our_fault() {
    let service = Service::start(&[]);
    // Twice the same paper: its file stays in the archive for the other job.
    let batch = json!({"requests": [sample_of("scorecard", "simple"), sample_of("scorecard", "simple")]});
    let (status, taken) = submit(&service, &batch);
    assert_eq!(status, 202, "{taken:#}");
    let id = taken["id"].as_str().expect("an id");
    assert_eq!(ended(&service, id)["counts"], json!({"succeeded": 2}));
    let fetch = || service.get(&format!("/v1/batches/{id}/archive.zip"));
    let jobs = json(service.get("/v1/jobs"));
    let one = jobs["data"][0]["id"].as_str().expect("an id");

    let paper = service.data().join("archive/blobs");
    let away = service.data().join("away");
    std::fs::rename(&paper, &away).expect("moved");
    let lost = fetch();
    assert_eq!(lost.status(), 500);
    assert_eq!(json(lost)["code"], "internal");
    std::fs::rename(&away, &paper).expect("moved back");
    assert_eq!(fetch().status(), 200);

    let erased = service.request("DELETE", &format!("/v1/jobs/{one}/data")).send().expect("an answer");
    assert_eq!(erased.status(), 200);
    let refused = fetch();
    let found = refused.status();
    assert_eq!((found.as_u16(), &json(refused)["code"]), (410, &json!("data-erased")));
}

#[test]
fn a_broken_phrase_is_not_the_fault_of_a_request() {
    let folder = tempfile::tempdir().expect("a folder");
    copy_folder(&repository("report_templates"), folder.path());
    let body = folder.path().join("documents/scorecard/body.typ.j2");
    let text = std::fs::read_to_string(&body).expect("there");
    std::fs::write(&body, format!("{text}\n{{{{ content.nothing_of_this_name }}}}\n")).expect("written");
    let service = Service::start(&["--work", "false", "--templates", folder.path().to_str().expect("text")]);
    for accept_partial in [false, true] {
        let (status, answer) = submit(&service, &json!({"accept_partial": accept_partial, "requests": requests()}));
        assert_eq!((status, &answer["code"]), (500, &json!("template-fault")), "{answer:#}");
    }
    assert_eq!(json(service.get("/v1/jobs"))["data"], json!([]));
}
