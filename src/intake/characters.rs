//! Every text of a request: NFC, no hidden characters, nothing that the fonts cannot show.

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    failure::{Finding, Severity},
    vietnamese,
};

/// Puts every text into NFC (TCVN 6909: precomposed letters).
pub(super) fn normalise(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(composed) = vietnamese::nfc(text) {
                *text = composed;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalise),
        Value::Object(object) => object.values_mut().for_each(normalise),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Hidden and control characters, legacy encodings, untidy spacing, characters without a glyph.
pub(super) fn check(value: &Value, covers: &dyn Fn(char) -> bool) -> Vec<Finding> {
    let mut findings = vietnamese::check_strings(value);
    let hidden: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .flat_map(|finding| finding.pointers.iter().cloned())
        .collect();
    uncovered(value, &mut String::new(), covers, &mut findings);
    findings.retain(|finding| finding.code != "missing-glyph" || !hidden.contains(&finding.pointers[0]));
    findings
}

fn uncovered(value: &Value, pointer: &mut String, covers: &dyn Fn(char) -> bool, findings: &mut Vec<Finding>) {
    let length = pointer.len();
    match value {
        Value::String(text) => {
            let missing = text.chars().find(|character| !character.is_whitespace() && !covers(*character));
            if let Some(character) = missing {
                let code = format!("U+{:04X}", u32::from(character));
                findings.push(
                    Finding::new(
                        "missing-glyph",
                        Severity::Error,
                        pointer.clone(),
                        format!("Phông chữ không có ký tự “{character}” ({code})."),
                        format!("No font has a glyph for {code}."),
                    )
                    .found(text)
                    .expected("chữ tiếng Việt và các dấu thông dụng; hoặc thêm phông chữ có ký tự này"),
                );
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                uncovered(item, pointer, covers, findings);
                pointer.truncate(length);
            }
        }
        Value::Object(object) => {
            for (key, item) in object {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                uncovered(item, pointer, covers, findings);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
