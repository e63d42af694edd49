//! The contract: what `GET /v1/openapi.json` says, and what the service does.

use reqwest::blocking::RequestBuilder;
use serde_json::{Value, json as as_json};
use tdkt_reports::{
    api::contract,
    catalog::{Catalog, TemplateFiles},
};

use super::support::{
    chance::{self, Chance},
    contract::{checked, document},
    papers::{self, repository},
    programs::{Service, json, run, run_command},
};

/// Requests for each operation in the walk by chance.
const STEPS: u64 = 12;

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
        let address = path.replace(['{', '}'], "x");
        // A stream that does not wait for more.
        let address = address.replace("/v1/events", "/v1/events?follow=false");
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
        let address = path.replace(['{', '}'], "x");
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

/// Every example of the document is sent as it stands.
#[test]
fn every_example_does_what_the_document_says() {
    let service = Service::start(&[]);
    let mut sent = 0;
    for (method, path, operation) in operations(document()) {
        for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            for (name, example) in content["examples"].as_object().into_iter().flatten() {
                let request = service.request(&method, &path).header("content-type", media_type);
                let answer = request.body(example["value"].to_string()).send().expect("an answer");
                let answer = checked(&method, &path, answer);
                assert!(answer.status().is_success(), "{method} {path} {name}: {}", answer.status());
                sent += 1;
            }
        }
    }
    let kinds = Catalog::load(&TemplateFiles::embedded()).expect("the shipped folder").kinds().count();
    assert_eq!(sent, 3 * kinds, "accept, check and preview of every kind");
    for (method, path, operation) in operations(document()) {
        let parameters = operation["parameters"].as_array().expect("a list");
        let path =
            parameters.iter().filter(|parameter| parameter["in"] == "path").fold(path.clone(), |path, parameter| {
                let name = parameter["name"].as_str().expect("a name");
                match parameter["schema"]["examples"][0].as_str() {
                    Some(example) => path.replace(&format!("{{{name}}}"), example),
                    None => path,
                }
            });
        // Whatever is not open is about what somebody has sent or registered.
        if method == "GET" && !path.contains('{') && operation["security"] == as_json!([]) {
            assert_eq!(service.get(&path).status(), 200, "{path}");
        }
    }
}

/// Parameters, headers and bodies by chance, right and wrong: no answer is outside of the contract, and none is a fault
/// of ours. `TDKT_LONG=1` walks farther.
#[test]
fn whatever_is_asked_is_answered_as_the_contract_says() {
    let service = Service::start(&["--max-waiting", "1000000"]);
    let mut chance = Chance::new(chance::seed());
    let job = service.accept(papers::sample("minimal"));
    service.wait_for(&job);
    let steps = if chance::long() { STEPS * 40 } else { STEPS };
    let (mut fine, mut refused) = (0, 0);
    for step in 0..steps {
        for (method, path, operation) in operations(document()) {
            let (address, request) = by_chance(&mut chance, &service, (&method, &path, operation), &job);
            let answer = request.send().unwrap_or_else(|error| panic!("step {step}, {method} {address}: {error}"));
            let answer = checked(&method, &address, answer);
            assert_ne!(answer.status(), 500, "step {step}, {method} {address}");
            if answer.status().as_u16() < 400 { fine += 1 } else { refused += 1 }
        }
    }
    println!("{fine} fine, {refused} refused");
    assert!(fine > steps && refused > steps, "the walk comes to both: {fine}, {refused}");
}

/// Somebody else's reading of the document, with the same cases each time; `tests/schemathesis/run long` walks farther.
#[test]
fn schemathesis_finds_no_fault_in_a_short_walk() {
    let executable = std::path::Path::new(env!("CARGO_BIN_EXE_tdkt-reports"));
    let target = executable.ancestors().nth(2).expect("the target folder");
    let mut walk = std::process::Command::new(repository("tests/schemathesis/run"));
    walk.arg("short").arg(executable).env("CARGO_TARGET_DIR", target);
    let walked = run_command(walk, b"");
    assert_eq!(walked.code, Some(0), "{}\n{}", walked.text(), walked.err);
    let (_, summary) = walked.text().rsplit_once("Test cases:").expect("a summary");
    let cases: u32 = summary.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number");
    let selected = document()["paths"].as_object().expect("paths").len() as u32;
    assert!(cases > selected, "{cases} cases for {selected} addresses");
}

/// A request for an operation: each parameter is left out, right, or anything.
fn by_chance(
    chance: &mut Chance,
    service: &Service,
    (method, path, operation): (&str, &str, &Value),
    job: &str,
) -> (String, RequestBuilder) {
    const ANYTHING: [&str; 8] = ["0", "-1", "1e400", "null", "%00", "%C3%A1%F0%9F%98%80", "E2", "x%2Fy"];
    let (mut address, mut query, mut headers) = (path.to_owned(), Vec::new(), Vec::new());
    for parameter in operation["parameters"].as_array().expect("a list") {
        let name = parameter["name"].as_str().expect("a name");
        let right = right(parameter, job);
        let value = if chance.below(3) > 0 { right } else { (*chance.pick(&ANYTHING)).to_owned() };
        match parameter["in"].as_str().expect("a place") {
            "path" => address = address.replace(&format!("{{{name}}}"), &value),
            _ if chance.below(2) == 0 => {}
            "query" => query.push(format!("{name}={value}")),
            _ => headers.push((name.to_owned(), value)),
        }
    }
    if !query.is_empty() {
        address = format!("{address}?{}", query.join("&"));
    }
    let mut request = service.request(method, &address);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    if let Some(content) = operation["requestBody"]["content"].as_object() {
        let media_type = content.keys().next().expect("a media type");
        let body = if media_type == "application/json" { changed(chance) } else { b"%PDF-1.7 of a kind".to_vec() };
        let media_type = if chance.below(8) == 0 { "text/plain" } else { media_type };
        request = request.header("content-type", media_type).body(body);
    }
    (address, request)
}

/// A value that the parameter takes.
fn right(parameter: &Value, job: &str) -> String {
    let schema = &parameter["schema"];
    let name = parameter["name"].as_str().expect("a name");
    if parameter["in"] == "path" && schema["$ref"] == "#/components/schemas/JobId" {
        return job.to_owned();
    }
    let listed = [&schema["enum"][0], &schema["examples"][0], &schema["default"]];
    if let Some(value) = listed.into_iter().find(|value| !value.is_null()) {
        return value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    }
    match (name, schema["format"].as_str()) {
        ("state", _) => "succeeded".to_owned(),
        ("form", _) => "minutes".to_owned(),
        ("wait", _) => "0".to_owned(),
        (_, Some("date")) => "2024-07-24".to_owned(),
        (_, Some("date-time")) => "2024-07-24T01:02:03Z".to_owned(),
        ("Range", _) => "bytes=0-9".to_owned(),
        ("Idempotency-Key", _) => "\"k-1\"".to_owned(),
        _ => "*".to_owned(),
    }
}

/// Every place of a value below its root.
fn pointers(value: &Value, at: &str, places: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(name, value)| (format!("{at}/{name}"), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(place, value)| (format!("{at}/{place}"), value)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (place, value) in below {
        pointers(value, &place, places);
        places.push(place);
    }
}

/// A sample with something done to it.
fn changed(chance: &mut Chance) -> Vec<u8> {
    const VALUES: [&str; 8] =
        ["null", "true", "-1", "1e308", "\"\"", "\"#read(\\\"/etc/passwd\\\")\"", "[]", "{\"a\":{\"b\":[{}]}}"];
    let kind = *chance.pick(&["six-month-review", "ballot-minutes", "scorecard", "award-dossier"]);
    let mut request: Value = papers::sample_of(kind, "minimal");
    match chance.below(5) {
        0 => {}
        1 => return b"{\"kind\":".to_vec(),
        _ => {
            let mut places = Vec::new();
            pointers(&request, "", &mut places);
            let place = chance.pick(&places);
            let value = serde_json::from_str(chance.pick::<&str>(&VALUES)).unwrap_or_else(|_| as_json!(0));
            *request.pointer_mut(place).expect("one of its places") = value;
        }
    }
    request.to_string().into_bytes()
}

#[test]
fn waiting_is_preferred_and_told() {
    let service = Service::start(&[]);
    let send = |prefer: &str| {
        let request = service.request("POST", "/v1/documents").header("content-type", "application/json");
        let answer = request.header("prefer", prefer).body(papers::sample("minimal")).send().expect("an answer");
        checked("POST", "/v1/documents", answer)
    };
    let waited = send("wait=30");
    assert_eq!(waited.status(), 200);
    assert_eq!(waited.headers()["preference-applied"], "wait=30");
    assert_eq!(waited.headers()["location"], waited.headers()["content-location"]);
    assert_eq!(json(waited)["state"], "succeeded");
    let beyond = send("wait=3600");
    assert_eq!(beyond.headers()["preference-applied"], "wait=30", "what is applied, not what was asked");
    assert_eq!(send("respond-async").status(), 202);
    assert_eq!(send("wait=soon").status(), 202);
    drop(service);

    let idle = Service::start(&["--work", "false"]);
    let request = idle.request("POST", "/v1/documents").header("content-type", "application/json");
    let answer = request.header("prefer", "wait=1").body(papers::sample("minimal")).send().expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["preference-applied"]),
        (202, &"wait=1".parse().expect("text"))
    );
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(json(answer)["state"], "accepted");
}

#[test]
fn jobs_are_listed_from_a_moment_on() {
    let service = Service::start(&["--work", "false"]);
    let first = service.accept(papers::sample("minimal"));
    let accepted = |id: &str| service.job(id)["accepted_at"].as_str().expect("a time").to_owned();
    std::thread::sleep(std::time::Duration::from_millis(50));
    let later = [service.accept(papers::numbered(1)), service.accept(papers::numbered(2))];
    let listed = |from: &str| -> Vec<String> {
        let mut address = format!("/v1/jobs?limit=1&accepted_after={from}");
        let mut ids = Vec::new();
        loop {
            let answer = service.get(&address);
            let next = answer.headers().get("link").map(|link| link.to_str().expect("text").to_owned());
            let page = json(answer);
            ids.extend(
                page["data"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|job| job["id"].as_str().expect("an id").to_owned()),
            );
            let Some(next) = next else { return ids };
            address = next.split(['<', '>']).nth(1).expect("an address").to_owned();
        }
    };
    // The id is made just before the row is written; the moment between the two acceptances tells them apart.
    let between = (accepted(&first).parse::<chrono::DateTime<chrono::Utc>>().expect("a time")
        + chrono::TimeDelta::milliseconds(20))
    .format("%Y-%m-%dT%H:%M:%S%.3fZ")
    .to_string();
    let newest_first: Vec<String> = later.iter().rev().cloned().collect();
    assert_eq!(listed(&between), newest_first);
    assert_eq!(listed("2026-01-01T00:00:00Z").len(), 3);
    assert_eq!(listed("2999-01-01T00:00:00%2B07:00").len(), 0);
    for wrong in ["yesterday", "2026-01-01", ""] {
        assert_eq!(service.get(&format!("/v1/jobs?accepted_after={wrong}")).status(), 400, "{wrong}");
    }
}

#[test]
fn a_problem_is_told_in_the_language_that_is_liked_better() {
    let service = Service::start(&["--work", "false"]);
    let ask = |language: &str| {
        let request = service.request("GET", "/v1/jobs/none").header("accept-language", language);
        let answer = checked("GET", "/v1/jobs/none", request.send().expect("an answer"));
        let told = answer.headers()["content-language"].to_str().expect("text").to_owned();
        assert_eq!(answer.headers()["vary"], "accept-language");
        (told, json(answer))
    };
    let (language, body) = ask("vi-VN, en;q=0.5");
    assert_eq!((language.as_str(), &body["title"]), ("vi", &as_json!("Không có việc này.")));
    let (language, body) = ask("en-GB, vi;q=0.5");
    assert_eq!((language.as_str(), &body["title"]), ("en", &as_json!("There is no such job.")));
    assert!(body["detail"].as_str().is_some_and(|detail| detail.is_ascii() && !detail.is_empty()), "{body:#}");
}

#[test]
fn what_seldom_changes_is_not_sent_again() {
    let service = Service::start(&["--work", "false"]);
    let addresses = operations(document()).into_iter().filter_map(|(_, path, operation)| {
        let fixed = operation["responses"]["304"].is_object() && operation["security"] == as_json!([]);
        fixed.then(|| path.replace("{kind}", "scorecard").replace("{name}", "simple").replace("{id}", "E2"))
    });
    let addresses: Vec<String> = addresses.collect();
    assert!(addresses.len() > 5, "{addresses:?}");
    for path in addresses {
        let etag = service.get(&path).headers()["etag"].to_str().expect("text").to_owned();
        for (method, tag, status) in
            [("GET", etag.as_str(), 304), ("HEAD", etag.as_str(), 304), ("GET", "\"other\"", 200)]
        {
            let answer = service.request(method, &path).header("if-none-match", tag).send().expect("an answer");
            let answer = checked(method, &path, answer);
            assert_eq!(answer.status(), status, "{method} {path}");
        }
    }
}

/// One page for each code, for browsers, programs and terminals; none of them loads anything from elsewhere.
#[test]
fn pages_for_people_are_whole_and_load_nothing() {
    let service = Service::start(&["--work", "false"]);
    let page = |path: &str, accept: &str| {
        let request = service.request("GET", path).header("accept", accept);
        let answer = checked("GET", path, request.send().expect("an answer"));
        let policy =
            answer.headers().get("content-security-policy").map(|policy| policy.to_str().expect("text").to_owned());
        (policy, answer.text().expect("a page"))
    };
    let (policy, contract) = page("/docs", "text/html");
    let policy = policy.expect("a policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    for (method, path, operation) in operations(document()) {
        let heading = format!(
            "<span class=\"method\">{method}</span> <code>{path}</code> {}",
            operation["summary"].as_str().expect("text")
        );
        assert!(contract.contains(&heading), "{heading}");
    }
    for text in ["<script", "<img", "<link", "@import", "url(", "http-equiv"] {
        assert!(!contract.contains(text), "{text}");
    }
    for code in tdkt_reports::failure::FailureCode::ALL {
        let path = format!("/problems/{}", code.as_str());
        assert!(contract.contains(&format!("href=\"{path}\"")), "{path} is linked");
        let (policy, html) = page(&path, "text/html,application/xhtml+xml,*/*;q=0.8");
        assert!(
            policy.is_some() && html.contains("Việc cần làm") && html.contains("What to do") && html.contains("Ví dụ"),
            "{html}"
        );
        let (_, text) = page(&path, "application/json");
        let told: Value = serde_json::from_str(&text).expect("JSON");
        let (code, status) = (&told["code"], &told["status"]);
        assert_eq!((code, status), (&told["example"]["code"], &told["example"]["status"]), "{path}");
        let problem = &document()["components"]["schemas"]["Problem"];
        let members = problem["required"].as_array().expect("a list").iter().map(|name| name.as_str().expect("text"));
        assert!(members.into_iter().all(|name| told["example"].get(name).is_some()), "{path}: a whole example");
    }
}
