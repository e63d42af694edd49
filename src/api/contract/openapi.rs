//! The OpenAPI 3.1 document of the table.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Operation, components,
    operation::{Answer, refer},
    table, told,
};
use crate::{
    api::problem,
    catalog::Catalog,
    failure::{FailureCode, Remedy},
};

const INFO: &str = "Official papers of Vietnam's emulation blocs: data in, signed-ready PDF out.\n\n\
    Whatever answers GET answers HEAD. Every answer carries `X-Request-Id`. A method that an address does not take is \
    answered with 405 and `Allow`, an unknown address with 404. Errors are RFC 9457 problems; `Accept-Language: en` \
    turns their `title` and `detail` into English. Within /v1 things are only added: ignore members you do not know.";

/// Tags: name, Vietnamese heading.
const TAGS: [(&str, &str); 9] = [
    ("documents", "Lập văn bản"),
    ("jobs", "Việc"),
    ("events", "Sự kiện và webhook"),
    ("papers", "Kiểm tra tệp PDF"),
    ("batches", "Lô"),
    ("people", "Dữ liệu cá nhân"),
    ("catalog", "Loại văn bản và phiên bản pháp luật"),
    ("register", "Sổ đăng ký"),
    ("service", "Dịch vụ"),
];

/// Why somebody is not let in, wherever a key is needed.
const AT_THE_GATE: [FailureCode; 7] = [
    FailureCode::KeyMissing,
    FailureCode::KeyRefused,
    FailureCode::ScopeMissing,
    FailureCode::NetworkRefused,
    FailureCode::TooManyWrongKeys,
    FailureCode::StoreUnavailable,
    FailureCode::RateLimited,
];

/// The document for this installation: its kinds of paper are those of the catalog.
pub fn document(catalog: &Catalog) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in table() {
        let method = operation.method().to_ascii_lowercase();
        paths.entry(operation.path).or_default().insert(method, described(&operation, catalog));
    }
    let mut schemas = components::schemas(catalog);
    schemas.extend(components::requests(catalog));
    let tags: Vec<Value> = TAGS.iter().map(|(name, heading)| json!({"name": name, "description": heading})).collect();
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "tdkt-reports",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Lập văn bản hành chính của khối, cụm thi đua đúng thể thức Nghị định 30/2020/NĐ-CP",
            "description": INFO,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": paths,
        "webhooks": told::webhooks(),
        "components": {
            "schemas": schemas,
            "headers": components::headers(),
            "securitySchemes": {"key": {
                "type": "http",
                "scheme": "bearer",
                "description": "An organisation's key, `Authorization: Bearer tdkt_…`. Its scopes are read, submit and admin. A service on loopback that knows no key asks for none.",
            }},
        },
    })
}

fn described(operation: &Operation, catalog: &Catalog) -> Value {
    let [vietnamese, english] = operation.summary;
    let description = format!("{english}.\n\n{}", operation.description);
    let security = match operation.access.scope() {
        Some(scope) => json!([{"key": [scope.as_str()]}]),
        None => json!([]),
    };
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": vietnamese,
        "description": description.trim(),
        "parameters": operation.parameters,
        "responses": responses(operation),
        "security": security,
    });
    if let Some(body) = &operation.body {
        described["requestBody"] = with_examples(body.clone(), catalog);
    }
    if operation.retirement.is_some() {
        described["deprecated"] = json!(true);
    }
    described
}

/// A request for a paper is shown by the least that each kind accepts.
fn with_examples(mut body: Value, catalog: &Catalog) -> Value {
    let wanted = refer("DocumentRequest");
    for content in body["content"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if content["schema"] == wanted {
            let examples: Map<String, Value> = catalog
                .kinds()
                .filter_map(|kind| {
                    let value: Value = serde_json::from_str(kind.sample("minimal")?).ok()?;
                    let example = json!({"summary": kind.manifest.title, "value": value});
                    Some((kind.manifest.kind.clone(), example))
                })
                .collect();
            content["examples"] = Value::Object(examples);
        }
    }
    body
}

fn responses(operation: &Operation) -> Map<String, Value> {
    let mut responses: Map<String, Value> =
        operation.answers.iter().map(|answer| (answer.status.to_string(), answered(operation, answer))).collect();
    let mut problems: BTreeMap<u16, Vec<FailureCode>> = BTreeMap::new();
    let at_the_gate: &[FailureCode] = if operation.access.scope().is_some() { &AT_THE_GATE } else { &[] };
    let others = operation.problems.iter().filter(|code| !at_the_gate.contains(code));
    for code in at_the_gate.iter().chain(others) {
        problems.entry(problem::status(*code).as_u16()).or_default().push(*code);
    }
    for (status, codes) in problems {
        responses.insert(status.to_string(), refused(operation, status, &codes));
    }
    responses
}

fn answered(operation: &Operation, answer: &Answer) -> Value {
    let content: Map<String, Value> = answer
        .content
        .iter()
        .map(|(media_type, schema)| ((*media_type).to_owned(), json!({"schema": schema})))
        .collect();
    let mut answered = json!({"description": answer.says, "headers": headers(operation, &answer.headers)});
    for (thing, id) in [("Job", "JobId"), ("Batch", "BatchId")] {
        if answer.content.iter().any(|(_, schema)| *schema == refer(thing)) {
            answered["links"] = links(&refer(id));
        }
    }
    if !content.is_empty() {
        answered["content"] = Value::Object(content);
    }
    answered
}

/// Where a job or a batch leads: to every operation that takes such an id.
fn links(id: &Value) -> Value {
    let takes_it = |operation: &Operation| operation.parameters.iter().any(|given| given["schema"] == *id);
    let leads = table().into_iter().filter(takes_it);
    leads
        .map(|operation| {
            let link = json!({"operationId": operation.id, "parameters": {"id": "$response.body#/id"}});
            (operation.id.to_owned(), link)
        })
        .collect::<Map<_, _>>()
        .into()
}

fn refused(operation: &Operation, status: u16, codes: &[FailureCode]) -> Value {
    let mut names: Vec<&str> = Vec::new();
    if codes.iter().any(|code| code.remedy() == Remedy::TryLater) {
        names.push("Retry-After");
    }
    if status == 405 {
        names.push("Allow");
    }
    if status == 429 && codes.contains(&FailureCode::RateLimited) {
        names.extend(["RateLimit", "RateLimit-Policy"]);
    }
    if status == 401 {
        names.push("WWW-Authenticate");
    }
    let listed: Vec<String> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
    json!({
        "description": listed.join(", "),
        "headers": headers(operation, &names),
        "content": {"application/problem+json": {"schema": components::problem(codes)}},
    })
}

fn headers(operation: &Operation, names: &[&str]) -> Map<String, Value> {
    let retired: &[&str] = if operation.retirement.is_some() { &["Deprecation", "Sunset", "Link"] } else { &[] };
    let all = ["X-Request-Id"].iter().chain(names).chain(retired);
    all.map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")}))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use actix_web::http::Method;

    use super::*;
    use crate::catalog::TemplateFiles;

    fn shipped() -> Value {
        document(&Catalog::load(&TemplateFiles::embedded()).expect("the shipped folder"))
    }

    #[test]
    fn every_reference_of_the_document_leads_somewhere() {
        fn look(document: &Value, part: &Value, broken: &mut Vec<String>) {
            match part {
                Value::Object(object) => {
                    for (key, value) in object {
                        match value {
                            Value::String(reference) if key == "$ref" => {
                                let found = reference.strip_prefix('#').and_then(|at| document.pointer(at));
                                if found.is_none() {
                                    broken.push(reference.clone());
                                }
                            }
                            _ => look(document, value, broken),
                        }
                    }
                }
                Value::Array(items) => items.iter().for_each(|item| look(document, item, broken)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let document = shipped();
        let mut broken = Vec::new();
        look(&document, &document, &mut broken);
        assert_eq!(broken, Vec::<String>::new());
    }

    #[test]
    fn every_row_is_described_whole() {
        let (mut ids, mut addresses) = (BTreeSet::new(), BTreeSet::new());
        let headers = components::headers();
        for operation in table() {
            let name = format!("{} {}", operation.method, operation.path);
            assert!(ids.insert(operation.id), "{name}: the id {} twice", operation.id);
            assert!(addresses.insert(name.clone()), "{name} twice");
            assert!(operation.summary.iter().all(|line| !line.is_empty()), "{name}: both languages");
            assert!(TAGS.iter().any(|(tag, _)| *tag == operation.tag), "{name}: {}", operation.tag);
            assert!(!operation.answers.is_empty(), "{name}: what does it answer?");
            let wanted: Vec<&str> =
                operation.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
            let in_path = operation.parameters.iter().filter(|parameter| parameter["in"] == "path");
            let given: Vec<&str> = in_path.filter_map(|parameter| parameter["name"].as_str()).collect();
            assert_eq!(given, wanted, "{name}");
            for header in operation.answers.iter().flat_map(|answer| &answer.headers) {
                assert!(headers.get(*header).is_some(), "{name}: {header}");
            }
            let takes_a_body = operation.method == Method::POST || operation.method == Method::PUT;
            assert!(takes_a_body || operation.body.is_none(), "{name}");
        }
    }

    #[test]
    fn definitions_that_kinds_share_are_listed_once() {
        let document = shipped();
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        let named = |name: &str| schemas.keys().filter(|key| key.ends_with(&format!(".{name}"))).count();
        assert_eq!((named("Paper"), named("Bloc")), (1, 1), "{:?}", schemas.keys().collect::<Vec<_>>());
    }
}
