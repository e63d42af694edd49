//! Every text of a request: NFC, no hidden characters, nothing that the fonts cannot show.

use std::{borrow::Cow, collections::HashSet};

use serde_json::Value;

use crate::{
    catalog::Kind,
    failure::{Finding, Severity, keep_told},
    vietnamese::{self, LegacyEncoding},
};

/// The field of a request that says in which old font encoding its texts are.
const ENCODING_FIELD: &str = "text_encoding";

/// Puts every text into NFC (TCVN 6909: precomposed letters), and what editors leave of tabs and line ends into a blank
/// and a line feed.
pub(super) fn normalise(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(composed) = vietnamese::nfc(text) {
                *text = composed;
            }
            if text.contains(['\t', '\r']) {
                *text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalise),
        Value::Object(object) => object.values_mut().for_each(normalise),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text of a request with at most so many characters is a name: it stands on one line.
const LONGEST_NAME: u64 = 500;

/// Puts a blank in place of line ends in names; paragraphs keep theirs.
pub(super) fn join_lines_of_names(kind: &Kind, request: &mut Value) {
    let mut places = Vec::new();
    vietnamese::visit_strings(request, &mut |pointer, text| {
        if text.contains('\n') && kind.longest_at(pointer).is_some_and(|most| most <= LONGEST_NAME) {
            places.push(pointer.to_owned());
        }
    });
    for place in places {
        if let Some(Value::String(text)) = request.pointer_mut(&place) {
            *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
    }
}

/// Converts every text into Unicode if the request says that they are in TCVN3 or VNI, and takes that word away: what is
/// kept of the request is in Unicode. A word that is neither stays for the schema to refuse. What `is_choice` knows as one
/// of the schema's own words is not a text and stays: `sáng` would read as `sỏng`.
pub(super) fn convert(request: &mut Value, is_choice: &dyn Fn(&str, &str) -> bool) -> Option<Finding> {
    let Value::Object(fields) = &mut *request else { return None };
    let encoding = match fields.get(ENCODING_FIELD)?.as_str()? {
        "tcvn3" => LegacyEncoding::Tcvn3,
        "vni" => LegacyEncoding::Vni,
        _ => return None,
    };
    fields.remove(ENCODING_FIELD);
    let mut converted = 0_u64;
    let mut places = Vec::new();
    vietnamese::visit_strings(request, &mut |pointer, text| {
        if !text.is_ascii() && !is_choice(pointer, text) {
            places.push(pointer.to_owned());
        }
    });
    for place in places {
        let Some(Value::String(text)) = request.pointer_mut(&place) else { continue };
        let read = vietnamese::convert_declared(text, encoding);
        if read != *text {
            *text = read;
            converted += 1;
        }
    }
    let (name, number) = (encoding.name(), vietnamese::count(converted));
    Some(Finding::new(
        "N01",
        Severity::Info,
        format!("/{ENCODING_FIELD}"),
        format!(
            "Đã chuyển {number} đoạn chữ từ bảng mã {name} sang Unicode theo yêu cầu; hãy đọc lại văn bản trước khi ký."
        ),
        format!("{converted} texts were converted from {name} to Unicode, as asked."),
    ))
}

/// Hidden and control characters, legacy encodings, untidy spacing, characters without a glyph.
pub(super) fn check(value: &Value, covers: &dyn Fn(char) -> bool) -> Vec<Finding> {
    let mut findings = vietnamese::check_strings(value);
    let hidden: HashSet<String> = findings
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
                keep_told(findings);
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_in_an_old_encoding_are_converted_only_when_asked() {
        let mut asked = json!({"text_encoding": "tcvn3", "kind": "six-month-review", "content": {"bloc": {"name": "Khèi thi ®ua sè 6"},
            "tasks": ["Tèt", "Sở Nội vụ"], "period": {"year": 2020}}});
        let finding = convert(&mut asked, &|_, _| false).unwrap();
        assert_eq!(
            asked,
            json!({"kind": "six-month-review", "content": {"bloc": {"name": "Khối thi đua số 6"}, "tasks": ["Tốt", "Sở Nội vụ"],
                "period": {"year": 2020}}})
        );
        assert_eq!((finding.code.as_str(), finding.severity), ("N01", Severity::Info));
        assert!(finding.message.contains("02 đoạn chữ"), "{}", finding.message);
        let mut not_asked = json!({"content": {"tasks": ["Tèt l¾m"]}});
        assert_eq!(convert(&mut not_asked, &|_, _| false), None);
        assert_eq!(not_asked, json!({"content": {"tasks": ["Tèt l¾m"]}}));
    }

    #[test]
    fn a_word_of_the_schema_is_not_converted() {
        let mut request = json!({"text_encoding": "tcvn3", "session": "sáng", "task": "sáng"});
        convert(&mut request, &|pointer, text| (pointer, text) == ("/session", "sáng"));
        assert_eq!(request, json!({"session": "sáng", "task": "sỏng"}));
    }

    #[test]
    fn vni_is_converted_and_another_word_is_left_to_the_schema() {
        let mut vni = json!({"text_encoding": "vni", "a": "Sôû Noäi vuï"});
        assert!(convert(&mut vni, &|_, _| false).is_some());
        assert_eq!(vni, json!({"a": "Sở Nội vụ"}));
        for other in [json!("latin1"), json!(3), json!(null)] {
            let mut request = json!({"text_encoding": other, "a": "Së"});
            let before = request.clone();
            assert_eq!(convert(&mut request, &|_, _| false), None);
            assert_eq!(request, before);
        }
    }
}
