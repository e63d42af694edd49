//! Batches over HTTP: checked whole, counted from their jobs, fetched as one file that is always the same.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};
use sqlx::any::AnyPoolOptions;
use tdkt_reports::{
    access::{KeyText, OrganisationId},
    binding, fingerprint,
    ledger::{Ledger, LedgerLimits, NewKey, OrganisationChange},
};

use crate::support::{
    chance::long,
    papers::{self, copy_folder, repository, sample_of},
    programs::{Service, json, tdkt, until},
};

fn submit(service: &Service, batch: &Value) -> (u16, Value) {
    let response = service.post("/v1/batches", batch.to_string());
    (response.status().as_u16(), json(response))
}

pub(super) fn ended(service: &Service, id: &str) -> Value {
    let mut seen = Value::Null;
    until(Duration::from_secs(120), "the batch ends", || {
        seen = json(service.get(&format!("/v1/batches/{id}")));
        seen["ended"] == seen["parts"]
    });
    seen
}

pub(super) fn requests() -> Vec<Value> {
    ["scorecard", "annual-summary", "six-month-review"].map(|kind| sample_of(kind, "simple")).into()
}

pub(super) fn faulty() -> Value {
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

/// SHA-256 of every paper that was made, by its name in the batch; and the names of those that were not.
fn parts(service: &Service, id: &str) -> (Vec<(String, Value)>, Vec<Value>) {
    let manifest = json(service.get(&format!("/v1/batches/{id}/manifest.json")));
    let files = manifest["files"].as_array().expect("a list").clone();
    let made = files.iter().map(|file| (file["file"].as_str().expect("a name").to_owned(), file["sha256"].clone()));
    (made.collect(), manifest["unmade"].as_array().cloned().unwrap_or_default())
}

#[test]
fn only_what_really_failed_is_made_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut batch: Vec<Value> =
        (0..6).map(|number| serde_json::from_str(&papers::numbered(number)).expect("JSON")).collect();
    for (number, accident) in [(1, "abort"), (4, "overflow")] {
        batch[number]["paper"]["place"] = format!("An Bình rehearse:{accident}").into();
    }
    let (id, before) = {
        let mut service = Service::start_on(folder.path(), &["--rehearse", "--ring-again-s", "2"]);
        let (status, taken) = submit(&service, &json!({"requests": batch}));
        assert_eq!(status, 202, "{taken:#}");
        let id = taken["id"].as_str().expect("an id").to_owned();
        let seen = ended(&service, &id);
        assert_eq!(seen["counts"], json!({"succeeded": 4, "dead": 1, "failed": 1}), "{seen:#}");
        let before = parts(&service, &id);
        service.process.kill();
        (id, before)
    };
    // The cause is gone; what was made stays, what was not is begun anew and nothing else.
    let service = Service::start_on(folder.path(), &["--ring-again-s", "2"]);
    let begun = begun(folder.path(), None);
    let resumed = json(service.post(&format!("/v1/batches/{id}:resume"), ""));
    assert_eq!(resumed["parts"], 6, "{resumed:#}");
    // Whoever follows from now on is told of the new end too.
    let followed = service.get(&format!("/v1/batches/{id}/events")).text().expect("a stream");
    assert_eq!(followed.matches("event: batch.ended\n").count(), 2, "{followed}");
    let seen = ended(&service, &id);
    assert_eq!(seen["counts"], json!({"succeeded": 6}), "{seen:#}");
    assert_eq!(self::begun(folder.path(), None) - begun, 2, "two renders, of the two that had failed");
    let (made, unmade) = parts(&service, &id);
    assert_eq!((before.0.len(), before.1.len(), made.len(), unmade.len()), (4, 2, 6, 0));
    for (file, sha256) in &before.0 {
        let after = made.iter().find(|(name, _)| name == file).map(|(_, sha256)| sha256);
        assert_eq!(after, Some(sha256), "{file}");
    }
    assert_eq!(service.get(&format!("/v1/batches/{id}/archive.zip")).status(), 200);
}

#[test]
fn what_lies_ready_has_no_name_and_follows_what_is_known_of_the_batch() {
    let [data, scratch] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let mut command = tdkt();
    command.env("TMPDIR", scratch.path());
    let service = Service::started(command, data.path(), &[]);
    let (status, taken) = submit(&service, &json!({"requests": [sample_of("scorecard", "simple")]}));
    assert_eq!(status, 202, "{taken:#}");
    let id = taken["id"].as_str().expect("an id");
    assert_eq!(ended(&service, id)["counts"], json!({"succeeded": 1}));
    let title = |manifest: &Value| manifest["files"][0]["title"].as_str().expect("a title").to_owned();
    let before = title(&json(service.get(&format!("/v1/batches/{id}/manifest.json"))));
    let left = std::fs::read_dir(scratch.path()).expect("there").count();
    assert_eq!(left, 0, "a killed process leaves nothing of it behind");
    assert_eq!(service.get(&format!("/v1/batches/{id}/archive.zip")).status(), 200);
    // As an erasure does: what the batch knew is written over.
    let written = on_ledger(data.path(), async |pool| {
        let over = sqlx::query("UPDATE batch SET outline = replace(outline, $1, $2) WHERE id = $3");
        let over = over.bind(before.clone()).bind("(đã xóa)").bind(id.to_owned()).execute(pool).await;
        over.expect("written").rows_affected()
    });
    assert_eq!(written, 1);
    assert_eq!(title(&json(service.get(&format!("/v1/batches/{id}/manifest.json")))), "(đã xóa)");
}

/// How many renders were begun in all; or, after a job was accepted, before that job's own.
fn begun(data: &Path, before: Option<&str>) -> i64 {
    on_ledger(data, async |pool| {
        let counted = match before {
            None => sqlx::query_scalar("SELECT count(*) FROM audit WHERE action = 'lease'"),
            Some(id) => sqlx::query_scalar(
                "SELECT count(*) FROM audit WHERE action = 'lease' \
                 AND id > (SELECT id FROM audit WHERE job_id = $1 AND action = 'accept') \
                 AND id < (SELECT min(id) FROM audit WHERE job_id = $1 AND action = 'lease')",
            )
            .bind(id.to_owned()),
        };
        counted.fetch_one(pool).await.expect("counted")
    })
}

/// Something that only the store itself can be asked.
fn on_ledger<T>(data: &Path, work: impl AsyncFnOnce(&sqlx::AnyPool) -> T) -> T {
    let address = format!("sqlite:{}", data.join("ledger.sqlite").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    sqlx::any::install_default_drivers();
    runtime.block_on(async {
        let pool = AnyPoolOptions::new().max_connections(1).connect(&address).await.expect("connected");
        work(&pool).await
    })
}

/// Two organisations, each with a key.
fn two_organisations(data: &Path) -> [String; 2] {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let place = data.join("ledger.sqlite");
        let ledger = Ledger::open(place.as_path(), LedgerLimits::default()).await.expect("the ledger opens");
        let mut keys = Vec::new();
        for organisation in ["khoi-lon", "khoi-nho"] {
            let id: OrganisationId = organisation.parse().expect("a name");
            ledger.add_organisation(&id, &OrganisationChange::default()).await.expect("stored").expect("new");
            let text = KeyText::fresh().expect("chance");
            let new = NewKey {
                organisation: id,
                client: "test".into(),
                scopes: "submit,read,admin".parse().expect("scopes"),
                networks: "".parse().expect("networks"),
                lifetime: None,
            };
            ledger.make_key(&text, &new).await.expect("stored");
            keys.push(text.reveal());
        }
        ledger.close().await;
        keys.try_into().expect("two keys")
    })
}

#[test]
fn one_report_waits_for_no_more_than_two_renders_of_another_organisation_s_batch() {
    let forms = if long() { 500 } else { 120 };
    let folder = tempfile::tempdir().expect("a folder");
    let [large, small] = two_organisations(folder.path());
    let service = Service::start_on(folder.path(), &["--renderers", "2"]);
    let ask = |method: &str, path: &str, key: &str| {
        let request = service.request(method, path).header("authorization", format!("Bearer {key}"));
        request.header("content-type", "application/json")
    };
    let batch: Vec<Value> =
        (0..forms).map(|number| serde_json::from_str(&papers::numbered(number)).expect("JSON")).collect();
    let taken = ask("POST", "/v1/batches", &large).body(json!({"requests": batch}).to_string()).send();
    let taken = json(taken.expect("an answer"));
    let batch = format!("/v1/batches/{}", taken["id"].as_str().expect("an id"));
    let seen = || json(ask("GET", &batch, &large).send().expect("an answer"));
    let mut waits = Vec::new();
    for enough in 1..=4 {
        until(Duration::from_secs(60), "the batch is being made", || seen()["ended"].as_u64() >= Some(enough * 5));
        let job = ask("POST", "/v1/documents", &small).body(papers::at(&format!("An Lạc {enough}"))).send();
        let job = json(job.expect("an answer"))["id"].as_str().expect("an id").to_owned();
        until(Duration::from_secs(60), "the report is made", || {
            json(ask("GET", &format!("/v1/jobs/{job}"), &small).send().expect("an answer"))["done"] == true
        });
        waits.push(begun(folder.path(), Some(&job)));
    }
    let left = seen();
    println!("renders begun before the report's own: {waits:?}; of the batch had ended: {}", left["ended"]);
    assert!(left["ended"].as_u64() < left["parts"].as_u64(), "the batch has to be there all the time: {left:#}");
    assert!(waits.iter().all(|renders| *renders <= 2), "{waits:?}");
    let cancelled = ask("POST", &format!("{batch}:cancel"), &large).send().expect("an answer");
    assert_eq!(cancelled.status(), 200);
}
