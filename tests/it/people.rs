//! What is held of a person: found, given out, erased, and never told by the way.

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
