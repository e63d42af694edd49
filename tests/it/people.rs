//! What is held of a person: found, given out, erased, and never told by the way.

use std::path::Path;

use serde_json::{Value, json};

use super::support::{
    papers::sample_of,
    programs::{Outcome, Service, json, run_in},
};

/// Nobody's name.
const NAME: &str = "Đặng Thị Ánh Nguyệt Ẩn";

/// A request that names her as the one who signs.
fn signed_by(name: &str) -> String {
    let mut request = sample_of("six-month-review", "minimal");
    request["paper"]["signing"]["name"] = json!(name);
    request.to_string()
}

fn people(service: &Service, arguments: &[&str], input: &str) -> Outcome {
    let data = service.data().to_str().expect("text");
    run_in(service.data(), &[&["people"][..], arguments, &["--data", data]].concat(), input.as_bytes())
}

#[test]
fn a_person_is_found_given_out_and_erased_with_proof() {
    let service = Service::start(&["--log", "debug"]);
    let (hers, others) = (service.accept(signed_by(NAME)), service.accept(signed_by("Người Khác")));
    for id in [&hers, &others] {
        assert_eq!(service.wait_for(id)["state"], "succeeded");
    }
    let found = people(&service, &["find", "-", "--json"], &format!("{}\n", NAME.to_uppercase()));
    let found: Value = serde_json::from_str(found.text()).expect("JSON");
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found:#}");
    assert_eq!((&found[0]["id"], &found[0]["paper"]), (&json!(hers), &json!(true)));
    assert!(found[0]["mentions"][0]["pointer"].as_str().is_some_and(|pointer| pointer.ends_with("/signing/name")));
    assert!(found[0]["mentions"][0].get("held").is_none());

    // In haste, and over HTTP: the name in the body.
    let ask = |verb: &str, name: &str, bare: bool| {
        let body = json!({"name": name, "ignore_diacritics": bare}).to_string();
        service.post(&format!("/v1/people:{verb}"), body)
    };
    assert_eq!(json(ask("find", "dang thi anh nguyet an", false))["data"], json!([]));
    assert_eq!(json(ask("find", "dang thi anh nguyet an", true))["data"][0]["id"], json!(hers));
    let exported = json(ask("export", NAME, false));
    assert_eq!(exported["data"][0]["mentions"][0]["held"]["name"], NAME, "{exported:#}");
    assert_eq!(ask("find", "1", false).status(), 400);
    for wrong in ["[]", "{}", "{\"name\": 1}", "{\"name\": \"A B\", \"x\": 1}", "x"] {
        assert_eq!(service.post("/v1/people:find", wrong).status(), 400, "{wrong}");
    }

    let erased = json(ask("erase", NAME, false));
    assert_eq!(erased["data"], json!([{"id": hers, "erased": true}]));
    assert_eq!(service.get(&format!("/v1/jobs/{hers}/document")).status(), 410);
    assert_eq!(service.get(&format!("/v1/jobs/{others}/document")).status(), 200, "others keep theirs");
    assert_eq!(json(ask("find", NAME, false))["data"], json!([]));
    let shown = run_in(
        service.data(),
        &["jobs", "show", &hers, "--json", "--data", service.data().to_str().expect("text")],
        b"",
    );
    let shown: Value = serde_json::from_str(shown.text()).expect("JSON");
    let rows = shown["audit"].as_array().expect("rows");
    let proof = rows.iter().find(|row| row["action"] == "erase-person").expect("a proof");
    assert!(proof["detail"].as_str().is_some_and(|detail| detail.starts_with("person ")), "{proof:#}");
    assert!(!shown.to_string().contains("Nguyệt"), "{shown:#}");
    let said = service.process.said();
    assert!(!said.to_lowercase().contains("nguyệt"), "the log tells a name");
}

#[test]
fn what_has_not_ended_is_named_and_left() {
    let service = Service::start(&["--work", "false"]);
    let waiting = service.accept(signed_by(NAME));
    let told = people(&service, &["erase", NAME, "--json"], "");
    assert_ne!(told.code, Some(0), "{}", told.err);
    let told: Value = serde_json::from_str(told.text()).expect("JSON");
    assert_eq!(told, json!([{"id": waiting, "erased": false}]));
    assert_eq!(service.request("DELETE", &format!("/v1/jobs/{waiting}")).send().expect("an answer").status(), 200);
    assert_eq!(people(&service, &["erase", NAME], "").code, Some(0));
    let other = people(&service, &["find", NAME, "--organisation", "khong-co", "--json"], "");
    assert_eq!(other.text().trim(), "[]");
}

fn put(service: &Service, path: &str, base: (&str, &str), body: &Value) -> Value {
    let method = if path.starts_with("/v1/blocs/") { "POST" } else { "PUT" };
    let request = service.request(method, path).header("content-type", "application/json").header(base.0, base.1);
    let answer = request.body(body.to_string()).send().expect("an answer");
    let (status, told) = (answer.status(), json(answer));
    assert!(status.is_success(), "{path}: {told:#}");
    told
}

/// How many files of a folder hold the name, in any letters.
fn files_with(folder: &Path, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).expect("listed").map(|entry| entry.expect("listed").path()) {
        if path.is_dir() {
            found.extend(files_with(&path, name));
        } else if String::from_utf8_lossy(&std::fs::read(&path).expect("read")).contains(name) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// In letters that no encoding changes, so that it is found however it was written.
const CANARY: &str = "Zquyxkan Van Mirbel";

#[test]
fn the_register_batches_and_dossiers_are_looked_through_too_and_figures_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let service = Service::start_on(folder.path(), &[]);
    let none = ("if-none-match", "*");
    let bloc = |aliases: Value| json!({"name": "Khối thi đua các cơ quan kinh tế - tổng hợp", "form": "bloc", "aliases": aliases});
    put(&service, "/v1/register/blocs/khoi-kt", none, &bloc(json!([format!("Khối của bà {CANARY}")])));
    put(&service, "/v1/register/blocs/khoi-kt", ("if-match", "*"), &bloc(json!([])));
    // A submission; the period is closed on it; an adjustment that names her in its reason and leaves her out otherwise.
    let h1 = "/v1/blocs/khoi-kt/submissions/2026-H1";
    let plain = sample_of("six-month-review", "simple")["content"].clone();
    let mut with_her = plain.clone();
    with_her["conference"]["attendees"][0]["name"] = json!(CANARY);
    let sent = put(&service, h1, none, &json!({"content": with_her}));
    assert_eq!(service.post("/v1/periods/2026-H1:close", "").status(), 200);
    let adjusted = json!({"content": plain, "adjustment": {"reason": format!("Bà {CANARY} không dự họp.")}});
    put(&service, h1, ("if-match", sent["etag"].as_str().expect("an etag")), &adjusted);
    let closed = json(service.get("/v1/periods/2026-H1/status"));
    // A batch that left out a request with her name where none belongs, and one of her papers within a dossier.
    let mut dossier = sample_of("award-dossier", "simple");
    dossier["paper"]["signing"]["name"] = json!(CANARY);
    let mut faulty = sample_of("scorecard", "simple");
    faulty["status"] = json!(CANARY);
    let batch = json!({"accept_partial": true, "requests": [dossier, faulty]}).to_string();
    let batch = json(service.post("/v1/batches", batch));
    let batch = batch["id"].as_str().unwrap_or_else(|| panic!("{batch:#}")).to_owned();
    let jobs = json(service.get("/v1/jobs"));
    let job = jobs["data"][0]["id"].as_str().expect("a job").to_owned();
    let made = service.wait_for(&job);
    assert_eq!((&made["kind"], &made["state"]), (&json!("award-dossier"), &json!("succeeded")), "{made:#}");

    let ask = |verb: &str| json(service.post(&format!("/v1/people:{verb}"), json!({"name": CANARY}).to_string()));
    let found = ask("find");
    assert_eq!(found["data"][0]["id"], json!(job), "{found:#}");
    let seen = |found: &Value| -> Vec<(String, Value, Vec<String>)> {
        let list = found["elsewhere"].as_array().expect("a list").clone();
        let pointers = |one: &Value| {
            let mentions = one["mentions"].as_array().cloned().unwrap_or_default();
            mentions.iter().map(|mention| mention["pointer"].as_str().expect("a pointer").to_owned()).collect()
        };
        list.iter()
            .map(|one| (one["what"].as_str().expect("text").to_owned(), one["version"].clone(), pointers(one)))
            .collect()
    };
    let told = seen(&found);
    let of = |what: &str, version: Value, pointer: &str| {
        let place = told.iter().find(|(kind, number, _)| kind == what && *number == version);
        let place = place.unwrap_or_else(|| panic!("{what} {version}: {found:#}"));
        assert!(place.2.iter().any(|found| found == pointer), "{what} {version} {pointer}: {:?}", place.2);
    };
    of("bloc", json!(1), "/body/aliases/0");
    of("submission", json!(1), "/content/conference/attendees/0/name");
    of("submission", json!(2), "/adjustment/reason");
    // Of what a batch left out codes and places are kept, and nothing of people.
    assert_eq!(told.len(), 3, "and nothing else: {found:#}");
    for place in found["elsewhere"].as_array().expect("a list") {
        assert_eq!(service.get(place["href"].as_str().expect("an address")).status(), 200, "{place:#}");
    }
    let exported = ask("export");
    let held = exported["elsewhere"].as_array().expect("a list").iter().find(|one| one["what"] == "submission");
    assert_eq!(held.expect("a submission")["mentions"][0]["held"]["name"], CANARY, "{exported:#}");
    assert!(!files_with(folder.path(), CANARY).is_empty(), "the test would see it");

    let erased = ask("erase");
    assert_eq!(erased["elsewhere"].as_array().map(Vec::len), Some(3), "{erased:#}");
    assert_eq!(erased["data"], json!([{"id": job, "erased": true}]));
    let left = ask("find");
    assert_eq!((&left["data"], &left["elsewhere"]), (&json!([]), &json!([])));
    let first = json(service.get(&format!("{h1}?version=1")));
    assert_eq!(first["content"]["conference"]["attendees"][0], json!({"name": "[đã xóa]", "role": "guidance"}));
    assert_eq!(first["content"]["commendation_totals"], plain["commendation_totals"], "figures stay");
    assert_eq!(first["sha256"], sent["sha256"], "the hash of what was sent stays");
    assert!(first["erased_at"].is_string() && first["etag"] != sent["etag"], "{first:#}");
    assert_eq!(json(service.get("/v1/periods/2026-H1/status"))["closing"], closed["closing"], "the close holds");
    assert_eq!(json(service.get(&format!("/v1/batches/{batch}")))["left_out"].as_array().map(Vec::len), Some(1));
    let newest = json(service.get(h1));
    assert_eq!((&newest["adjustment"]["reason"], &newest["content"]), (&json!("[đã xóa]"), &plain), "{newest:#}");
    let data = folder.path().to_str().expect("text");
    let chain = run_in(folder.path(), &["jobs", "audit", "--data", data], b"");
    assert_eq!(chain.code, Some(0), "{}", chain.err);
    drop(service);
    assert_eq!(files_with(folder.path(), CANARY), Vec::<String>::new());
}

#[test]
fn a_year_can_still_be_closed_when_who_signed_was_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let sample =
        ["province-sample", "a", "--seed", "11", "--blocs", "3", "--papers", "2", "--missing", "0", "--faulty", "0"];
    assert_eq!(run_in(folder.path(), &sample, b"").code, Some(0));
    // She signs what every bloc sent, and the province's own report.
    for file in std::fs::read_dir(folder.path().join("a")).expect("listed").map(|file| file.expect("listed").path()) {
        let mut held: Value = serde_json::from_slice(&std::fs::read(&file).expect("read")).expect("JSON");
        if let Some(report) = held.get_mut("report") {
            report["paper"]["signing"]["name"] = json!(CANARY);
        }
        for paper in held.get_mut("papers").and_then(Value::as_array_mut).into_iter().flatten() {
            paper["paper"]["signing"]["name"] = json!(CANARY);
        }
        std::fs::write(&file, held.to_string()).expect("written");
    }
    let service = Service::start(&["--work", "false"]);
    let data = service.data().to_str().expect("text");
    let taken = run_in(folder.path(), &["register", "import", "a", "--data", data], b"");
    assert_eq!(taken.code, Some(0), "{}", taken.err);
    let erased = people(&service, &["erase", CANARY, "--json"], "");
    assert_eq!(erased.code, Some(0), "{}", erased.err);
    assert!(erased.text().contains("submission") && erased.text().contains("report"), "{}", erased.text());
    let batch = service.post("/v1/batches", json!({"period": "2026"}).to_string());
    let (status, told) = (batch.status(), json(batch));
    assert_eq!(status, 202, "{told:#}");
    assert_eq!(told["left_out"], json!([]), "{told:#}");
}

#[test]
fn another_organisations_register_is_not_looked_through() {
    let service = Service::start(&["--work", "false"]);
    put(&service, "/v1/register/units/snv", ("if-none-match", "*"), &json!({"name": CANARY}));
    let other = people(&service, &["find", CANARY, "--organisation", "khong-co", "--json"], "");
    assert_eq!(other.text().trim(), "[]");
    let own = people(&service, &["find", CANARY, "--organisation", "local", "--json"], "");
    let own: Value = serde_json::from_str(own.text()).expect("JSON");
    assert_eq!((&own[0]["what"], &own[0]["version"]), (&json!("unit"), &json!(1)), "{own:#}");
}
