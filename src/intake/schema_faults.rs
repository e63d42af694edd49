//! What the schema complains of, in words a clerk can act on.

use jsonschema::{ValidationError, error::ValidationErrorKind as Fault};
use serde_json::Value;

use super::quoted;
use crate::{
    calendar,
    catalog::Form,
    failure::{Failure, FailureCode, Finding, MOST_FINDINGS, Severity},
};

/// How the schemas say that a name holds a letter; without `\p`, which not every validator knows.
const A_LETTER: &str = "[A-Za-zÀ-ỹ]";

/// Up to `most` faults of a request against a form's schema.
pub(super) fn find(form: &Form, request: &Value, most: usize) -> Result<Vec<Finding>, Failure> {
    let validator = form.validator().map_err(|fault| {
        Failure::new(FailureCode::TemplateFault, "Lược đồ dữ liệu của loại văn bản có lỗi.", fault)
            .hint("Báo cho người soạn mẫu; dữ liệu của bạn không có lỗi.")
    })?;
    let mut findings = Vec::new();
    for error in validator.iter_errors(request) {
        explain(form, &error, &mut findings);
        if findings.len() >= most {
            break;
        }
    }
    Ok(findings)
}

fn explain(form: &Form, error: &ValidationError<'_>, findings: &mut Vec<Finding>) {
    let pointer = error.instance_path().to_string();
    let name = form.title_at(&pointer);
    let label = name.map_or_else(|| "Giá trị".to_owned(), |title| format!("“{title}”"));
    let value = error.instance();
    let fault = |code: &str, pointer: String, message: String, message_en: String, expected: String| {
        Finding::new(format!("schema-{code}"), Severity::Error, pointer, message, message_en).expected(expected)
    };
    let finding = match error.kind() {
        Fault::AdditionalProperties { unexpected } | Fault::UnevaluatedProperties { unexpected } => {
            let known = form.properties_at(&pointer).join(", ");
            let mut unexpected: Vec<&String> = unexpected.iter().collect();
            unexpected.sort();
            for key in unexpected.into_iter().take(MOST_FINDINGS) {
                let place = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                findings.push(
                    fault(
                        "unknown",
                        place,
                        format!("Trường “{}” không có trong mẫu dữ liệu.", shortened(key)),
                        format!("The field {:?} is not in the schema.", shortened(key)),
                        format!("một trong: {known}"),
                    )
                    .found(key),
                );
            }
            return;
        }
        Fault::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            let place = format!("{pointer}/{key}");
            let title = form.title_at(&place).map_or_else(String::new, |title| format!(" ({title})"));
            fault(
                "required",
                place,
                format!("Thiếu trường bắt buộc “{key}”{title}."),
                format!("The required field {key:?} is missing."),
                form.description_at(&format!("{pointer}/{key}")).unwrap_or("phải có trường này").to_owned(),
            )
        }
        Fault::Type { kind: types } => {
            let [wanted, wanted_en] = type_names(types);
            let expected = value.as_str().and_then(|text| unquoted(text, &wanted)).unwrap_or_else(|| wanted.clone());
            fault("type", pointer, format!("{label} phải là {wanted}."), format!("Must be {wanted_en}."), expected)
        }
        Fault::Enum { options } => {
            let options = list(options);
            fault(
                "enum",
                pointer,
                format!("{label} không nằm trong các giá trị được nhận."),
                format!("Not one of the accepted values: {options}."),
                format!("một trong: {options}"),
            )
        }
        Fault::Constant { expected_value } => fault(
            "const",
            pointer,
            format!("{label} phải là {expected_value}."),
            format!("Must be {expected_value}."),
            expected_value.to_string(),
        ),
        Fault::MinLength { limit } if *limit == 1 => fault(
            "empty",
            pointer,
            format!("{label} đang để trống."),
            "The text is empty.".to_owned(),
            "ít nhất một chữ; nếu không có thì bỏ cả trường".to_owned(),
        ),
        Fault::MinLength { limit } => too(pointer, &label, "ngắn", "short", &format!("ít nhất {limit} ký tự")),
        Fault::MaxLength { limit } => too(pointer, &label, "dài", "long", &format!("nhiều nhất {limit} ký tự")),
        Fault::MinItems { limit } => too(pointer, &label, "ít mục", "short", &format!("ít nhất {limit} mục")),
        Fault::MaxItems { limit } => too(pointer, &label, "nhiều mục", "long", &format!("nhiều nhất {limit} mục")),
        Fault::Minimum { limit } => too(pointer, &label, "nhỏ", "small", &format!("từ {limit} trở lên")),
        Fault::ExclusiveMinimum { limit } => too(pointer, &label, "nhỏ", "small", &format!("lớn hơn {limit}")),
        Fault::Maximum { limit } => too(pointer, &label, "lớn", "large", &format!("đến {limit}")),
        Fault::ExclusiveMaximum { limit } => too(pointer, &label, "lớn", "large", &format!("nhỏ hơn {limit}")),
        Fault::Format { format } if format == "date" => not_a_date(form, pointer, &label, value.as_str()),
        Fault::Pattern { pattern } if pattern.contains("\\d{4}-") => not_a_date(form, pointer, &label, value.as_str()),
        Fault::Pattern { pattern } if pattern == "\\S" => fault(
            "empty",
            pointer,
            format!("{label} chỉ có khoảng trắng."),
            "The text holds only white space.".to_owned(),
            "ít nhất một chữ; nếu không có thì bỏ cả trường".to_owned(),
        ),
        Fault::Pattern { pattern } if pattern == A_LETTER => fault(
            "pattern",
            pointer,
            format!("{label} không có chữ cái nào."),
            "The name holds no letter.".to_owned(),
            "tên, có ít nhất một chữ cái".to_owned(),
        ),
        Fault::Pattern { .. } => fault(
            "pattern",
            pointer.clone(),
            format!("{label} không đúng dạng."),
            "The text does not have the required form.".to_owned(),
            form.description_at(&pointer).unwrap_or("đúng dạng nêu trong mẫu dữ liệu").to_owned(),
        ),
        Fault::UniqueItems => fault(
            "unique",
            pointer,
            format!("{label} có mục ghi trùng."),
            "Items repeat.".to_owned(),
            "mỗi mục một lần".to_owned(),
        ),
        other => fault(
            other.keyword(),
            pointer.clone(),
            format!("{label} không đúng mẫu dữ liệu."),
            format!("Breaks the schema keyword {:?}.", other.keyword()),
            form.description_at(&pointer).unwrap_or("đúng mẫu dữ liệu của loại văn bản").to_owned(),
        ),
    };
    let finding = match value.as_ref() {
        Value::String(text) => finding.found(text),
        Value::Array(items) if finding.code != "schema-required" => finding.found(format!("{} mục", items.len())),
        Value::Number(_) | Value::Bool(_) | Value::Null => finding.found(value.to_string()),
        Value::Object(_) | Value::Array(_) => finding,
    };
    // A date that is no date breaks both `format` and `pattern`; one sentence is enough.
    if !findings.iter().any(|known| known.code == finding.code && known.pointers == finding.pointers) {
        findings.push(finding);
    }
}

fn too(pointer: String, label: &str, vietnamese: &str, english: &str, expected: &str) -> Finding {
    Finding::new(
        "schema-limit",
        Severity::Error,
        pointer,
        format!("{label} quá {vietnamese}."),
        format!("Too {english}."),
    )
    .expected(expected)
}

/// D01: whose date it is, what stands there, and the form wanted; where the day is plain, that day in the form.
fn not_a_date(form: &Form, pointer: String, label: &str, text: Option<&str>) -> Finding {
    let owner =
        pointer.rsplit_once('/').map(|(above, _)| above.trim_end_matches(|c: char| c.is_ascii_digit() || c == '/'));
    let owner =
        owner.and_then(|above| form.title_at(above)).map_or_else(String::new, |title| format!(" của “{title}”"));
    let text = shortened(text.unwrap_or_default());
    let meant = calendar::dates_in(&text).first().map(ToString::to_string);
    let (what, advice) = match (calendar::parse_iso(&text), &meant) {
        (Err(calendar::DateFault::NoSuchDay), _) => {
            ("không phải ngày có trong lịch", "hãy ghi ngày có thật, dạng NĂM-THÁNG-NGÀY".to_owned())
        }
        (_, Some(meant)) => ("không đúng dạng NĂM-THÁNG-NGÀY", format!("hãy ghi “{meant}”")),
        (_, None) => ("không đúng dạng NĂM-THÁNG-NGÀY", "hãy ghi như 2020-07-24".to_owned()),
    };
    Finding::new(
        "D01",
        Severity::Error,
        pointer,
        format!("{label}{owner} ghi “{text}” {what}; {advice}."),
        format!("{text:?} is no date of the form YYYY-MM-DD."),
    )
    .expected(meant.unwrap_or_else(|| "ngày dạng NĂM-THÁNG-NGÀY, ví dụ 2020-07-24".to_owned()))
}

/// How a number that stands in quotation marks is to be written; none where no number stands there, or none is wanted.
fn unquoted(text: &str, wanted: &str) -> Option<String> {
    let is_whole = match wanted {
        "số nguyên" => true,
        "số" => false,
        _ => return None,
    };
    if let Some(number) = quoted::plain(text, is_whole) {
        let point = if number.contains('.') { ", dùng dấu chấm thập phân" } else { "" };
        return Some(format!("{number} (bỏ dấu nháy{point})"));
    }
    let is_number = text.contains(|sign: char| sign.is_ascii_digit());
    is_number.then(|| format!("{wanted}, bỏ dấu nháy, không có chữ, phần thập phân sau dấu chấm"))
}

/// The wanted types in Vietnamese and English.
fn type_names(types: &jsonschema::error::TypeKind) -> [String; 2] {
    let text = format!("{types:?}").to_lowercase();
    let names = [
        ("string", "chuỗi chữ", "a string"),
        ("integer", "số nguyên", "a whole number"),
        ("number", "số", "a number"),
        ("array", "danh sách", "a list"),
        ("object", "đối tượng", "an object"),
        ("boolean", "true hoặc false", "true or false"),
        ("null", "null", "null"),
    ];
    let found: Vec<[&str; 2]> =
        names.iter().filter(|(json, _, _)| text.contains(json)).map(|(_, name, english)| [*name, *english]).collect();
    if found.is_empty() {
        return ["đúng kiểu dữ liệu".to_owned(), "another type".to_owned()];
    }
    let [vietnamese, english] = [0, 1].map(|at| found.iter().map(|names| names[at]).collect::<Vec<_>>());
    [vietnamese.join(" hoặc "), english.join(" or ")]
}

fn list(options: &Value) -> String {
    let items = options.as_array().map(|items| items.iter().map(ToString::to_string).collect::<Vec<_>>());
    items.unwrap_or_default().join(", ")
}

fn shortened(key: &str) -> String {
    key.chars().take(60).collect()
}
