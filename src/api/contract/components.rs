//! What operations share: schemas of answers, headers, and the lists that the code holds.

use serde_json::{Map, Value, json};

use super::operation::refer;
use crate::{catalog::Catalog, failure::FailureCode, inspection::FORMS, job::JobState};

/// One file for each group of answers: name → schema.
const SCHEMAS: [&str; 10] = [
    include_str!("schemas/batches.json"),
    include_str!("schemas/jobs.json"),
    include_str!("schemas/faults.json"),
    include_str!("schemas/events.json"),
    include_str!("schemas/papers.json"),
    include_str!("schemas/metadata.json"),
    include_str!("schemas/people.json"),
    include_str!("schemas/catalog.json"),
    include_str!("schemas/register.json"),
    include_str!("schemas/service.json"),
];

const FORMS_OF_THE_REGISTER: [(&str, &str); 9] = [
    ("RegisterUnit", include_str!("../../register/forms/unit.json")),
    ("RegisterBloc", include_str!("../../register/forms/bloc.json")),
    ("RegisterBlocYear", include_str!("../../register/forms/bloc-year.json")),
    ("RegisterPeriod", include_str!("../../register/forms/period.json")),
    ("RegisterSchedule", include_str!("../../register/forms/schedule.json")),
    ("RegisterReport", include_str!("../../register/forms/report.json")),
    ("RegisterSource", include_str!("../../register/forms/source.json")),
    ("RegisterSubmission", include_str!("../../register/forms/submission.json")),
    ("RegisterClosing", include_str!("../../register/forms/closing.json")),
];

/// `components/schemas` without the requests.
pub(super) fn schemas(catalog: &Catalog) -> Map<String, Value> {
    let mut all = Map::new();
    for file in SCHEMAS {
        // Held by a test; a file that is none adds nothing.
        all.extend(serde_json::from_str::<Map<String, Value>>(file).unwrap_or_default());
    }
    // The forms that writes are held against, as they are.
    for (name, file) in FORMS_OF_THE_REGISTER {
        if let Ok(Value::Object(mut form)) = serde_json::from_str(file) {
            form.remove("$schema");
            all.insert(name.to_owned(), Value::Object(form));
        }
    }
    let states: Vec<&str> = JobState::ALL.iter().map(|state| state.as_str()).collect();
    let ends: Vec<&str> = JobState::ALL.iter().filter(|state| state.is_end()).map(|state| state.as_str()).collect();
    let codes: Vec<&str> = FailureCode::ALL.iter().map(|code| code.as_str()).collect();
    let kinds: Vec<&str> = catalog.kinds().map(|kind| kind.manifest.kind.as_str()).collect();
    let any = format!("({})", kinds.join("|"));
    let several = json!({"title": "Mã các loại văn bản", "description": "One or several of KindName, parted by commas.",
        "type": "string", "pattern": format!("^{any}(,{any})*$")});
    all.insert("KindNames".to_owned(), several);
    let lists = [
        ("JobState", "Trạng thái việc", format!("The ends are {}; no end changes by itself.", ends.join(", ")), states),
        ("ProblemCode", "Mã lỗi", "Each has a page at /problems/{code}.".to_owned(), codes),
        ("KindName", "Mã loại văn bản", "As GET /v1/kinds lists them.".to_owned(), kinds),
        ("LayoutForm", "Dạng văn bản", "What the layout law takes a paper for.".to_owned(), FORMS.to_vec()),
        ("Severity", "Mức độ", "Only an error refuses a request.".to_owned(), vec!["info", "warning", "error"]),
        ("MediaType", "Kiểu tệp", "A dossier is a ZIP file.".to_owned(), vec!["application/pdf", "application/zip"]),
    ];
    for (name, title, description, values) in lists {
        let schema = json!({"title": title, "description": description, "type": "string", "enum": values});
        all.insert(name.to_owned(), schema);
    }
    // A template folder of later days knows more.
    let edition = json!({"title": "Mã phiên bản pháp luật", "type": "string", "pattern": "^[A-Za-z0-9._-]+$"});
    all.insert("EditionId".to_owned(), edition);
    all
}

/// `components/headers`.
pub(super) fn headers() -> Value {
    let text = |says: &str| json!({"description": says, "schema": {"type": "string"}});
    let seconds = |says: &str| json!({"description": says, "schema": {"type": "integer", "minimum": 0}});
    json!({
        "X-Request-Id": text("The caller's, if it sent a plain one of up to 64 characters; else a fresh UUID."),
        "Location": {"description": "Address of the job.", "schema": {"type": "string", "format": "uri-reference"}},
        "Content-Location": {"description": "Address of what the body shows.", "schema": {"type": "string", "format": "uri-reference"}},
        "Retry-After": seconds("Seconds after which asking again is worth while."),
        "Idempotency-Replayed": {"description": "The key was known: the job is the first one's.", "schema": {"type": "string", "const": "true"}},
        "Preference-Applied": text("The part of `Prefer` that was followed (RFC 7240)."),
        "Allow": text("Methods that the address takes."),
        "RateLimit": text("What is left, and the seconds until all of it is back: `\"default\";r=12;t=30`."),
        "RateLimit-Policy": text("Requests of the organisation in a window of seconds: `\"default\";q=3000;w=60`."),
        "WWW-Authenticate": text("What to show (RFC 6750)."),
        "ETag": text("Strong entity tag."),
        "Repr-Digest": text("SHA-256 of the whole file (RFC 9530)."),
        "Content-Disposition": text("Vietnamese file name (RFC 6266, RFC 8187)."),
        "Content-Range": text("Which bytes these are (RFC 9110, 14.4)."),
        "Accept-Ranges": {"description": "Parts may be asked for.", "schema": {"type": "string", "const": "bytes"}},
        "Link": text("rel=\"next\": address of the next page (RFC 8288)."),
        "X-Page-Count": seconds("Pages of the paper."),
        "X-Finding-Count": seconds("Warnings and information about the request."),
        "Deprecation": text("Since when the address is better not used (RFC 9745)."),
        "Sunset": text("When the address ends (RFC 8594)."),
    })
}

/// A problem that has one of these codes.
pub(super) fn problem(codes: &[FailureCode]) -> Value {
    let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    json!({"allOf": [refer("Problem"), {"properties": {"code": {"enum": codes}}}]})
}

/// A request of any kind, and each kind's own schema under its name; shared definitions are listed once.
pub(super) fn requests(catalog: &Catalog) -> Map<String, Value> {
    let mut all = Map::new();
    let (mut choices, mut mapping) = (Vec::new(), Map::new());
    for kind in catalog.kinds() {
        let name = &kind.manifest.kind;
        let mut schema = kind.schema.clone();
        let Some(object) = schema.as_object_mut() else { continue };
        let own = object.remove("$defs");
        object.remove("$schema");
        object.remove("$id");
        let definitions = own.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
        // A definition that another kind has differently gets this kind's name in front.
        let renamed = |definition: &str| {
            let shared = catalog.kinds().all(|other| {
                let theirs = other.schema.pointer(&format!("/$defs/{definition}"));
                theirs.is_none() || theirs == kind.schema.pointer(&format!("/$defs/{definition}"))
            });
            if shared { format!("paper.{definition}") } else { format!("{name}.{definition}") }
        };
        lead_references(&mut schema, &renamed);
        all.insert(format!("request.{name}"), schema);
        for (definition, mut body) in definitions {
            lead_references(&mut body, &renamed);
            all.insert(renamed(&definition), body);
        }
        choices.push(refer(&format!("request.{name}")));
        mapping.insert(name.clone(), json!(format!("#/components/schemas/request.{name}")));
    }
    let discriminator = json!({"propertyName": "kind", "mapping": mapping});
    all.insert(
        "DocumentRequest".to_owned(),
        json!({"title": "Yêu cầu lập văn bản", "description": "One JSON object: `kind`, `status`, `paper` (what every official paper has) and `content` (what this kind speaks of).",
            "oneOf": choices, "discriminator": discriminator}),
    );
    all
}

fn lead_references(schema: &mut Value, renamed: &impl Fn(&str) -> String) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(reference) if key == "$ref" => {
                        if let Some(name) = reference.strip_prefix("#/$defs/") {
                            *reference = format!("#/components/schemas/{}", renamed(name));
                        }
                    }
                    _ => lead_references(value, renamed),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| lead_references(item, renamed)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_schemas_is_read_and_no_name_stands_twice() {
        let mut names = std::collections::BTreeSet::new();
        for file in SCHEMAS {
            let schemas: Map<String, Value> = serde_json::from_str(file).expect("an object of schemas");
            for name in schemas.keys() {
                assert!(names.insert(name.clone()), "{name} twice");
            }
        }
        assert!(names.contains("Problem") && names.contains("Job"));
    }
}
