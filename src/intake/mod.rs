//! Untrusted JSON in, a checked manuscript out, or a failure with all its places.
//!
//! The rule: everything that can be wrong is said at once, and nothing that passes here is checked again later. Text is
//! normalised to NFC here and nowhere else.

mod characters;
mod enclosed;
mod expiry;
mod foreign;
mod json;
mod quoted;
mod rules;
mod schema_faults;
mod signature;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    calendar,
    catalog::{Catalog, Form, Kind, MediaType},
    document::Status,
    dossier::Origins,
    failure::{Failure, FailureCode, Finding, MOST_FINDINGS, Severity, in_order},
    regulation::{self, Edition},
};
pub use rules::kind_words;
pub use signature::image as signature_image;

/// The largest request that is read at all, in bytes. The doors may refuse earlier.
pub const LARGEST_REQUEST: usize = 8 << 20;

/// A checked request with its edition pinned: everything a render needs besides templates and fonts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manuscript {
    pub kind: String,
    pub status: Status,
    /// Edition of the law.
    pub edition: String,
    /// The day that chose the edition and stands in the file's metadata.
    pub day: NaiveDate,
    /// The request, NFC, as the schema accepted it.
    pub request: Value,
    /// The papers of a dossier, in their order, each with its own day and edition pinned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enclosed: Vec<Enclosed>,
}

/// A paper of a dossier.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enclosed {
    /// Name of its file in the dossier, without extension.
    pub file_name: String,
    /// What tells it from others of its kind in the index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    pub manuscript: Manuscript,
}

/// A manuscript with what was noticed about it.
#[derive(Debug, Clone)]
pub struct Accepted {
    pub manuscript: Manuscript,
    /// Warnings and information; never errors.
    pub findings: Vec<Finding>,
    /// Where the values of each enclosed paper stand in the request.
    pub origins: Vec<Origins>,
}

/// How a door may bend a request before it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// As sent.
    AsSent,
    /// As a draft, whatever it says.
    AsDraft,
}

/// The request in one writing: keys in order, no space, a number as one number. For telling whether two are the same.
///
/// # Errors
/// `malformed-json`, `body-too-large`.
pub fn canonical(bytes: &[u8]) -> Result<String, Failure> {
    json::read(bytes).map(|read| json::canonical(&read.value))
}

/// Reads JSON as every door does: with a limit of size and depth, and a finding for each key that stands twice.
///
/// # Errors
/// `malformed-json`, `body-too-large`.
pub fn read(bytes: &[u8]) -> Result<(Value, Vec<Finding>), Failure> {
    json::read(bytes).map(|read| (read.value, read.duplicates))
}

/// Why a file as a whole is no text of ours, before its lines are read: it is empty, UTF-16, or of an office program.
pub fn not_text(bytes: &[u8]) -> Option<Failure> {
    foreign::find(bytes)
}

/// As [`read`], of what holds many requests. Each of them has to pass [`check`], with its own limit.
///
/// # Errors
/// As [`read`].
pub fn read_many(bytes: &[u8], most: usize) -> Result<(Value, Vec<Finding>), Failure> {
    json::read_within(bytes, most).map(|read| (read.value, read.duplicates))
}

/// As [`canonical`], of what was read.
pub fn canonical_of(value: &Value) -> String {
    json::canonical(value)
}

/// Checks a request. `covers` tells whether every style of the fonts has a glyph for a character.
///
/// # Errors
/// `malformed-json`, `body-too-large`, `unknown-kind`, `no-edition`, or `invalid-document` with every finding.
pub fn check(
    bytes: &[u8],
    treatment: Treatment,
    catalog: &Catalog,
    covers: &dyn Fn(char) -> bool,
) -> Result<Accepted, Failure> {
    let json::Read { mut value, duplicates } = json::read(bytes)?;
    let mut findings = duplicates;
    characters::normalise(&mut value);
    let kind = kind_of(&value, catalog)?;
    let is_choice = |pointer: &str, text: &str| kind.choices_at(pointer).iter().any(|choice| choice == text);
    findings.extend(characters::convert(&mut value, &is_choice));
    if let (Treatment::AsDraft, Value::Object(request)) = (treatment, &mut value) {
        request.insert("status".into(), "draft".into());
    }
    characters::join_lines_of_names(kind, &mut value);
    match kind.media_type() {
        MediaType::Pdf => examine(kind, value, findings, catalog, covers),
        MediaType::Zip => enclosed::check(kind, value, findings, catalog, covers),
    }
}

/// Reads data that are no paper: NFC, held against a form, looked through for characters.
///
/// # Errors
/// `malformed-json`, `body-too-large`, or `invalid-document` with every finding.
pub fn read_form(bytes: &[u8], form: &Form, covers: &dyn Fn(char) -> bool) -> Result<Value, Failure> {
    let json::Read { mut value, duplicates: mut findings } = json::read(bytes)?;
    characters::normalise(&mut value);
    findings.extend(schema_faults::find(form, &value, MOST_FINDINGS)?);
    findings.extend(characters::check(&value, covers));
    refuse_errors(&mut findings)?;
    Ok(value)
}

/// The rounds of one paper. `findings` are those of reading it.
fn examine(
    kind: &Kind,
    value: Value,
    mut findings: Vec<Finding>,
    catalog: &Catalog,
    covers: &dyn Fn(char) -> bool,
) -> Result<Accepted, Failure> {
    findings.extend(schema_faults::find(kind, &value, MOST_FINDINGS)?);
    findings.extend(characters::check(&value, covers));
    findings.extend(signature::check(&value));
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    if (1..MOST_FINDINGS).contains(&errors) {
        // What the faulty places allow of the cross-checks is said in the same answer.
        let day = governing_day(&value);
        let edition = edition_of(&value, kind, catalog, day).ok();
        findings.extend(rules::check_around(&value, &findings, day, edition, kind, catalog));
    }
    refuse_errors(&mut findings)?;

    let status = status_of(&value);
    let day = governing_day(&value);
    let edition = edition_of(&value, kind, catalog, day)?;
    findings.extend(rules::check(&value, status, day, Some(edition), kind, catalog)?);
    findings.extend(edition_out_of_time(&value, edition, day, status));
    findings.extend(expiry::check(&value, kind, edition, day));
    if value.pointer("/paper/edition").is_some() {
        findings.push(regulation::named_by_request(edition, catalog.editions().on(day)));
    }
    refuse_errors(&mut findings)?;
    let (kind, edition) = (kind.manifest.kind.clone(), edition.id.clone());
    let manuscript = Manuscript { kind, status, edition, day, request: value, enclosed: Vec::new() };
    Ok(Accepted { manuscript, findings, origins: Vec::new() })
}

/// D08: an edition that was asked for and is not in force on the paper's day. It may stand in wordings of an older year; its
/// legal bases may not stand in an issued paper.
fn edition_out_of_time(request: &Value, edition: &Edition, day: NaiveDate, status: Status) -> Option<Finding> {
    if edition.is_in_force_on(day) {
        return None;
    }
    let prints_bases = request.pointer("/paper/legal_bases/include_edition").and_then(Value::as_bool) == Some(true);
    let severity = match status {
        Status::Issued if prints_bases => Severity::Error,
        Status::Issued | Status::Draft => Severity::Warning,
    };
    let (id, day) = (&edition.id, calendar::short(day));
    Some(
        Finding::new(
            "D08",
            severity,
            "/paper/edition",
            format!(
                "Phiên bản {id} không có hiệu lực vào ngày {day} của văn bản; hãy bỏ trường này hoặc kiểm tra ngày."
            ),
            format!("Edition {id} is not in force on {day}, the paper's day."),
        )
        .and_at("/paper/issued_on")
        .found(id.clone()),
    )
}

fn refuse_errors(findings: &mut Vec<Finding>) -> Result<(), Failure> {
    findings.sort_by(in_order);
    findings.truncate(MOST_FINDINGS);
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(Failure::invalid_document(std::mem::take(findings)));
    }
    Ok(())
}

fn status_of(request: &Value) -> Status {
    match request.get("status").and_then(Value::as_str) {
        Some("issued") => Status::Issued,
        Some(_) | None => Status::Draft,
    }
}

fn kind_of<'a>(request: &Value, catalog: &'a Catalog) -> Result<&'a Kind, Failure> {
    let names: Vec<&str> = catalog.kinds().map(|kind| kind.manifest.kind.as_str()).collect();
    let accepted = format!("một trong: {}", names.join(", "));
    let refuse = |message: &str, message_en: &str, found: Option<&str>| {
        let mut finding =
            Finding::new("schema-kind", Severity::Error, "/kind", message, message_en).expected(accepted.clone());
        finding = match found {
            Some(found) => finding.found(found),
            None => finding,
        };
        Failure::new(FailureCode::UnknownKind, message, message_en)
            .hint(format!("Đặt “kind” là {accepted}."))
            .with_findings(vec![finding])
    };
    match request {
        Value::Object(object) => match object.get("kind") {
            Some(Value::String(name)) => catalog
                .kind(name)
                .ok_or_else(|| refuse("Không có loại văn bản này.", "There is no such kind of paper.", Some(name))),
            Some(other) => Err(refuse(
                "Trường “kind” phải là một chuỗi chữ.",
                "The field \"kind\" must be a string.",
                Some(&other.to_string()),
            )),
            None => Err(refuse("Thiếu trường “kind”.", "The field \"kind\" is missing.", None)),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Err(Failure::new(
            FailureCode::MalformedJson,
            "Dữ liệu gửi lên phải là một đối tượng JSON.",
            "The request must be a JSON object.",
        )
        .hint("Xem mẫu dữ liệu bằng lệnh `tdkt-reports sample`.")),
    }
}

/// The day that chooses the edition: the paper's own; for a draft without one the conference's; else the last day of
/// the period.
fn governing_day(request: &Value) -> NaiveDate {
    let date = |pointer: &str| request.pointer(pointer).and_then(Value::as_str).and_then(|text| text.parse().ok());
    date("/paper/issued_on")
        .or_else(|| date("/content/conference/date"))
        .or_else(|| period_end(request.pointer("/content/period")?))
        .unwrap_or_default()
}

/// The last day of the reporting period.
fn period_end(period: &Value) -> Option<NaiveDate> {
    let year = i32::try_from(period.get("year")?.as_i64()?).ok()?;
    let part = match period.get("part").and_then(Value::as_str) {
        Some("first-half") => calendar::Part::FirstHalf,
        Some("second-half") => calendar::Part::SecondHalf,
        Some(_) | None => calendar::Part::Year,
    };
    Some(calendar::Period { year, part }.to())
}

fn edition_of<'a>(request: &Value, kind: &Kind, catalog: &'a Catalog, day: NaiveDate) -> Result<&'a Edition, Failure> {
    let editions = catalog.editions();
    let wanted = request.pointer("/paper/edition").and_then(Value::as_str);
    let edition = match wanted {
        Some(id) => editions.named(id),
        None => editions.on(day),
    };
    if let Some(edition) = edition
        && kind.body(&edition.id).is_some()
    {
        return Ok(edition);
    }
    let served = editions.iter().filter(|edition| kind.body(&edition.id).is_some());
    let accepted: Vec<String> = served.map(Edition::with_days).collect();
    let (pointer, found) = match wanted {
        Some(id) => ("/paper/edition", id.to_owned()),
        None => ("/paper/issued_on", calendar::short(day)),
    };
    let sentences = match (edition, wanted) {
        (Some(edition), _) => [
            format!("Loại văn bản này không có trong phiên bản pháp luật {}.", edition.with_days()),
            format!("This kind of paper does not exist in edition {}.", edition.id),
        ],
        (None, Some(id)) => {
            [format!("Không có phiên bản pháp luật “{id}”."), format!("There is no edition of the law {id:?}.")]
        }
        (None, None) => editions.no_edition_on(day),
    };
    let [message, message_en] = sentences.clone();
    let finding = Finding::new("edition", Severity::Error, pointer, message, message_en);
    Err(regulation::no_edition(Some(finding.found(found).expected(accepted.join("; "))), sentences))
}
