//! Holds answers against the OpenAPI document: status, media type, headers, body.
//!
//! Published schemas let things be added. Here nothing may be: an object has the members that its schema lists, no others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};

use jsonschema::Validator;
use reqwest::blocking::Response;
use serde_json::{Value, json};
use tdkt_reports::{
    api::contract,
    catalog::{Catalog, TemplateFiles},
};

/// The document of the shipped templates.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| contract::document(&Catalog::load(&TemplateFiles::embedded()).expect("the shipped folder")))
}

/// The answer as it was, if the contract knows it; panics where it does not.
pub fn checked(method: &str, address: &str, answer: Response) -> Response {
    let path = address.split('?').next().unwrap_or_default();
    let status = answer.status().as_u16();
    let named = format!("{method} {address}: {status}");
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
    assert!(header("x-request-id").is_some(), "{named}: X-Request-Id");
    let Some((template, operations)) = found(path) else {
        return known_problem(&named, 404, answer);
    };
    let described_as = if method == "HEAD" { "get".to_owned() } else { method.to_ascii_lowercase() };
    let Some(operation) = operations.get(&described_as) else {
        return known_problem(&named, 405, answer);
    };
    let described = &operation["responses"][status.to_string()];
    assert!(described.is_object(), "{named} is not in the contract of {template}");
    for name in ["etag", "location", "link", "retry-after", "preference-applied", "idempotency-replayed", "repr-digest"]
    {
        let documented =
            described["headers"].as_object().expect("headers").keys().any(|key| key.eq_ignore_ascii_case(name));
        assert!(
            documented || header(name).is_none(),
            "{named}: the header {name} is not in the contract of {template}"
        );
    }
    let Some(content) = described["content"].as_object() else { return answer };
    let media_type = header("content-type").unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().to_owned();
    assert!(content.contains_key(&essence), "{named}: {essence:?} is not in the contract of {template}");
    if method == "HEAD" || !(essence == "application/json" || essence.ends_with("+json")) {
        return answer;
    }
    let at = [
        "paths",
        template,
        &method.to_ascii_lowercase(),
        "responses",
        &status.to_string(),
        "content",
        &essence,
        "schema",
    ];
    valid(&named, &at, answer)
}

/// Every call that the document says a webhook gets: its name, and what is sent.
pub fn told() -> impl Iterator<Item = (&'static str, &'static Value)> {
    let webhooks = document()["webhooks"].as_object().expect("webhooks").iter();
    webhooks.map(|(name, entry)| (name.as_str(), &entry["post"]["requestBody"]["content"]["application/json"]))
}

/// What is wrong with the body of such a call, by the schema of its entry.
pub fn faults_of_told(name: &str, body: &Value) -> Vec<String> {
    let at = ["webhooks", name, "post", "requestBody", "content", "application/json", "schema"];
    validator(&at).iter_errors(body).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}

/// The template that an address belongs to: the one with most letters of its own.
fn found(path: &str) -> Option<(&'static str, &'static Value)> {
    let templates = document()["paths"].as_object().expect("paths").iter();
    let fitting = templates.filter(|(template, _)| fits(template, path));
    fitting
        .max_by_key(|(template, _)| template.chars().filter(|c| !"{}".contains(*c)).count())
        .map(|(t, o)| (t.as_str(), o))
}

fn fits(template: &str, path: &str) -> bool {
    let (wanted, given): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    wanted.len() == given.len()
        && wanted.iter().zip(given).all(|(wanted, given)| match wanted.split_once('}') {
            Some((_, verb)) if wanted.starts_with('{') => !given.is_empty() && given.ends_with(verb),
            _ => *wanted == given,
        })
}

fn known_problem(named: &str, status: u16, answer: Response) -> Response {
    assert_eq!(answer.status().as_u16(), status, "{named}");
    assert_eq!(answer.headers()["content-type"], "application/problem+json", "{named}");
    valid(named, &["components", "schemas", "Problem"], answer)
}

/// Reads the body, holds it against the schema at this place, and gives the answer back as it was.
fn valid(named: &str, at: &[&str], answer: Response) -> Response {
    let mut rebuilt = http::Response::builder().status(answer.status()).version(answer.version());
    rebuilt.headers_mut().expect("a builder").clone_from(answer.headers());
    let bytes = answer.bytes().unwrap_or_else(|error| panic!("{named}: {error}"));
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{named}: {error}"));
    let faults: Vec<String> =
        validator(at).iter_errors(&body).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{named}\n{}\n{body:#}", faults.join("\n"));
    rebuilt.body(bytes).expect("an answer").into()
}

fn validator(at: &[&str]) -> Arc<Validator> {
    static KNOWN: Mutex<Option<HashMap<String, Arc<Validator>>>> = Mutex::new(None);
    let pointer: String = at.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect();
    let mut known = KNOWN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let known = known.get_or_insert_default();
    let build = || Arc::new(jsonschema::validator_for(&strict(&pointer)).expect("a schema"));
    Arc::clone(known.entry(pointer.clone()).or_insert_with(build))
}

/// The schema at a pointer, with the schemas of answers it may lead to, and without room for members unheard of.
fn strict(pointer: &str) -> Value {
    let mut schemas = document()["components"]["schemas"].clone();
    for (name, schema) in schemas.as_object_mut().expect("schemas") {
        // Requests are the schemas of their kinds; those are held by tests of their own.
        if !name.contains('.') {
            shut(schema);
        }
    }
    // Tests serve templates of their own too.
    schemas["KindName"] = json!({"type": "string"});
    schemas["EditionId"] = json!({"type": "string"});
    let mut schema = document().pointer(pointer).expect("a schema of the document").clone();
    if pointer.starts_with("/components/schemas/") {
        schema = json!({"$ref": format!("#{pointer}")});
    }
    json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema], "components": {"schemas": schemas}})
}

fn shut(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(shut);
            if object.contains_key("properties") && object.contains_key("type") {
                object.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shut),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
