//! The contract: what `GET /v1/openapi.json` says, and what the service does.

use serde_json::Value;
use tdkt_reports::{
    api::contract,
    catalog::{Catalog, TemplateFiles},
};

use super::support::{
    papers::repository,
    programs::{Service, json, run},
};

/// Every operation of a document: method, address, description.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let all = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods");
        methods.iter().map(move |(method, operation)| (method.to_ascii_uppercase(), path.clone(), operation))
    });
    all.collect()
}

#[test]
fn the_service_and_the_command_line_tell_the_same_contract() {
    let service = Service::start(&["--work", "false"]);
    let response = service.get("/v1/openapi.json");
    let etag = response.headers()["etag"].to_str().expect("text").to_owned();
    let served = json(response);
    assert_eq!(served["openapi"], "3.1.1");
    let printed: Value = serde_json::from_str(run(&["openapi"]).text()).expect("JSON");
    assert_eq!(served, printed);
    assert_eq!(served, contract::document(&Catalog::load(&TemplateFiles::embedded()).expect("the shipped folder")));
    let again = service.request("GET", "/v1/openapi.json").header("if-none-match", etag).send().expect("an answer");
    assert_eq!(again.status(), 304);
}

/// An address that nobody serves is answered with 404 `not-found`, a method that it does not take with 405.
#[test]
fn every_described_operation_is_served_and_no_other_method_is() {
    let service = Service::start(&["--work", "false"]);
    let document = json(service.get("/v1/openapi.json"));
    let operations = operations(&document);
    assert_eq!(operations.len(), contract::table().len());
    for (method, path, _) in &operations {
        let address = path.replace('{', "x").replace('}', "x");
        let answer = service.request(method, &address).send().expect("an answer");
        let (status, text) = (answer.status(), answer.text().expect("text"));
        assert!(status != 405 && !text.contains("There is no such address"), "{method} {path}: {status} {text}");
    }
    for (_, path, _) in &operations {
        let mut taken: Vec<&str> =
            operations.iter().filter(|(_, other, _)| other == path).map(|(method, _, _)| method.as_str()).collect();
        if taken.contains(&"GET") {
            taken.push("HEAD");
        }
        let address = path.replace('{', "x").replace('}', "x");
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = service.request(method, &address).send().expect("an answer");
            if taken.contains(&method) {
                assert_ne!(answer.status(), 405, "{method} {path}");
                continue;
            }
            assert_eq!(answer.status(), 405, "{method} {path}");
            let mut allowed: Vec<&str> = answer.headers()["allow"].to_str().expect("text").split(", ").collect();
            allowed.sort_unstable();
            taken.sort_unstable();
            assert_eq!(allowed, taken, "{method} {path}");
        }
    }
}

/// So that no route lacks a row.
#[test]
fn nothing_is_routed_beside_the_table() {
    let mut folders = vec![repository("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let text = std::fs::read_to_string(&entry).expect("readable");
            let routes = ["web::resource(", "web::scope(", ".service(", "#[get(", "#[post("];
            let found = routes.iter().any(|word| text.contains(word));
            let may = entry.ends_with("src/api/contract/register.rs");
            assert_eq!(found, may, "{}", entry.display());
        }
    }
}
