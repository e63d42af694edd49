//! Every text of a request, looked at one by one (rules N01, N02, L01).

use std::borrow::Cow;

use serde_json::Value;

use super::{
    CapitalFault, LegacyEncoding, TidyFault, capital_faults, convert_legacy, forbidden_character, tidy_faults,
};
use crate::failure::{Finding, Severity, keep_told};

/// Calls `visit` with the JSON pointer (RFC 6901) and the text of every string value, in document order.
pub fn visit_strings(value: &Value, visit: &mut impl FnMut(&str, &str)) {
    visit_below(value, &mut String::new(), visit);
}

fn visit_below(value: &Value, pointer: &mut String, visit: &mut impl FnMut(&str, &str)) {
    let length = pointer.len();
    match value {
        Value::String(text) => visit(pointer, text),
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{place}"));
                visit_below(item, pointer, visit);
                pointer.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                pointer.push('/');
                pointer.push_str(&escape_pointer(name));
                visit_below(field, pointer, visit);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A field name as one step of a JSON pointer.
pub fn escape_pointer(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) { Cow::Owned(name.replace('~', "~0").replace('/', "~1")) } else { Cow::Borrowed(name) }
}

/// N01 (error), N02 and L01 (info, a number with its label: warning) over every string of the request.
pub fn check_strings(request: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    visit_strings(request, &mut |pointer, text| {
        // An image travels as Base64, where none of this can be meant.
        if !pointer.ends_with("/signature_image") {
            findings.extend(check_string(pointer, text));
            keep_told(&mut findings);
        }
    });
    findings
}

fn check_string(pointer: &str, text: &str) -> Vec<Finding> {
    if let Some((encoding, read)) = convert_legacy(text) {
        let name = encoding.name();
        let option = match encoding {
            LegacyEncoding::Tcvn3 => "tcvn3",
            LegacyEncoding::Vni => "vni",
        };
        return vec![
            Finding::new(
                "N01",
                Severity::Error,
                pointer,
                format!("Nội dung đang ở bảng mã cũ {name}; hãy chuyển sang Unicode (TCVN 6909:2001) hoặc đặt “text_encoding” là “{option}” để hệ thống chuyển giúp, có lẽ ý là “{read}”."),
                format!("The text is in the legacy font encoding {name}; convert it to Unicode, or set \"text_encoding\" to \"{option}\"."),
            )
            .found(text)
            .expected(read)
            .law(UNICODE_LAW),
        ];
    }
    if let Some((at, c)) = forbidden_character(text) {
        return vec![forbidden(pointer, text, at, c)];
    }
    if let Some(finding) = labelled(pointer, text) {
        return vec![finding];
    }
    let untidy = tidy_faults(text).first().map(|first| untidy(pointer, text, *first));
    let capitals = if prints_capitals(pointer) { Vec::new() } else { capital_faults(text) };
    untidy.into_iter().chain(capitals.first().map(|first| miscapitalised(pointer, first))).collect()
}

/// N02 (warning): the number of a document is typed without its label, which the paper prints: `03/KH-KTĐ`, not `Số 03/KH-KTĐ`.
fn labelled(pointer: &str, text: &str) -> Option<Finding> {
    if !pointer.ends_with("/number") {
        return None;
    }
    let label = text.trim_start().split([' ', ':', '.']).next().filter(|word| word.to_lowercase() == "số")?;
    let number = text.trim_start()[label.len()..].trim_start_matches([' ', ':', '.']).trim_end();
    Some(
        Finding::new(
            "N02",
            Severity::Warning,
            pointer,
            format!("Số, ký hiệu văn bản ghi kèm chữ “{label}”, bản in sẽ lặp lại chữ này; hãy chỉ ghi “{number}”."),
            format!("The number is typed with its label; it is {number:?}."),
        )
        .found(text)
        .expected(number),
    )
}

/// Places that a paper prints in capitals, however they are written.
fn prints_capitals(pointer: &str) -> bool {
    pointer.starts_with("/paper/letterhead/") || pointer.starts_with("/paper/signing/")
}

/// L01 (info): the first such place of a text, with the right form.
fn miscapitalised(pointer: &str, fault: &CapitalFault) -> Finding {
    let (found, right, place) = (&fault.found, &fault.right, fault.at + 1);
    Finding::new(
        "L01",
        Severity::Info,
        pointer,
        format!("“{found}” ở vị trí thứ {place} nên viết hoa là “{right}”."),
        format!("“{found}” at character {place} is written “{right}”."),
    )
    .found(found)
    .expected(right)
    .law(format!("Nghị định số 30/2020/NĐ-CP, Phụ lục II, {}", fault.clause))
}

const UNICODE_LAW: &str =
    "Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục I.4 (bộ mã ký tự Unicode theo TCVN 6909:2001)";

fn forbidden(pointer: &str, text: &str, at: usize, c: char) -> Finding {
    let code = format!("U+{:04X}", c as u32);
    let place = at + 1;
    let (what, en) = match c as u32 {
        0x300..=0x36F => {
            ("có dấu thanh hoặc dấu mũ rời không ghép được với chữ nào", "a combining mark that belongs to no letter")
        }
        0xFFFD => ("có ký tự đã hỏng khi chuyển bảng mã", "a character lost in an earlier conversion"),
        0x0D => ("có ký tự về đầu dòng kiểu Windows", "a carriage return"),
        0x00..=0x9F => ("có ký tự điều khiển", "a control character"),
        _ => ("có ký tự ẩn hoặc ký tự không được phép", "a hidden or private character"),
    };
    Finding::new(
        "N01",
        Severity::Error,
        pointer,
        format!("Nội dung {what} ({code}) ở vị trí thứ {place}; hãy xóa và gõ lại đoạn này."),
        format!("The text has {en} ({code}) at character {place}; remove it."),
    )
    .found(text.escape_debug().to_string())
    .law(UNICODE_LAW)
}

fn untidy(pointer: &str, text: &str, fault: TidyFault) -> Finding {
    let (message, message_en) = match fault {
        TidyFault::DoubleSpace { at } => (
            format!("Có nhiều dấu cách liền nhau ở vị trí thứ {}; nên bỏ dấu cách thừa.", at + 1),
            format!("More than one space at character {}.", at + 1),
        ),
        TidyFault::SpaceBefore { at, mark } => (
            format!(
                "Có dấu cách trước dấu “{mark}” ở vị trí thứ {}; nên viết liền dấu câu với chữ đứng trước.",
                at + 1
            ),
            format!("A space before “{mark}” at character {}.", at + 1),
        ),
        TidyFault::DashInNumber { at, dash } => (
            format!("Số, ký hiệu văn bản dùng dấu “{dash}” ở vị trí thứ {}; nên dùng dấu gạch nối “-”.", at + 1),
            format!("A dash instead of a hyphen in a document number at character {}.", at + 1),
        ),
        TidyFault::LookAlike { at, found } => (
            format!(
                "Chữ “{found}” ở vị trí thứ {} không phải chữ Đ/đ tiếng Việt; nên gõ lại để tìm kiếm được.",
                at + 1
            ),
            format!("“{found}” at character {} only looks like the Vietnamese letter đ.", at + 1),
        ),
    };
    Finding::new("N02", Severity::Info, pointer, message, message_en).found(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn n01_a_hidden_character_is_an_error_at_its_pointer() {
        let findings = check_strings(&json!({"content": {"members": [{"unit": "Sở\u{200B} Nội vụ"}]}}));
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].code.as_str(), findings[0].severity), ("N01", Severity::Error));
        assert_eq!(findings[0].pointers, ["/content/members/0/unit"]);
        assert!(findings[0].message.contains("U+200B") && findings[0].message.contains("thứ 3"));
    }

    #[test]
    fn n01_a_legacy_encoding_is_an_error_that_tells_the_meant_text() {
        let findings = check_strings(&json!({"a": "Së Néi vô", "b": "Sôû Noäi vuï"}));
        assert_eq!(findings.len(), 2);
        for finding in findings {
            assert_eq!((finding.code.as_str(), finding.expected.as_deref()), ("N01", Some("Sở Nội vụ")));
        }
    }

    #[test]
    fn n02_a_slip_is_only_worth_knowing() {
        let findings = check_strings(&json!(["Sở  Nội vụ", "278/QĐ–UBND", "a ; b", "Ðà Nẵng"]));
        assert_eq!(findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>(), ["N02"; 4]);
        assert!(findings.iter().all(|f| f.severity == Severity::Info));
    }

    #[test]
    fn n02_a_number_is_typed_without_its_label() {
        let findings = |text: &str| check_strings(&json!({"guidance": [{"number": text, "subject": "Số 5"}]}));
        for text in ["Số 03/KH-KTĐ", "số: 03/KH-KTĐ", "SỐ 03/KH-KTĐ"] {
            let found = findings(text);
            assert_eq!((found.len(), found[0].expected.as_deref()), (1, Some("03/KH-KTĐ")), "{text}");
        }
        assert_eq!(findings("03/KH-KTĐ"), []);
    }

    #[test]
    fn l01_wrong_capitals_are_only_worth_knowing_and_not_where_capitals_are_printed() {
        let findings = check_strings(&json!({
            "content": {"tasks": ["Bộ chỉ huy Quân sự tỉnh"]},
            "paper": {"letterhead": {"issuing_body": "Sở nội vụ"}},
        }));
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!((finding.code.as_str(), finding.severity), ("L01", Severity::Info));
        assert_eq!(finding.pointers, ["/content/tasks/0"]);
        assert_eq!(finding.expected.as_deref(), Some("Bộ Chỉ huy"));
        assert_eq!(check_strings(&json!(["Bộ Chỉ huy Quân sự tỉnh", "Luật Thi đua, khen thưởng"])), []);
    }

    #[test]
    fn a_clean_request_and_an_image_have_no_finding() {
        let request = json!({"paper": {"signing": {"signature_image": "iVBORw0KGgo\r\n="}}, "content": ["Sở Nội vụ", 3, null, true]});
        assert_eq!(check_strings(&request), []);
    }

    #[test]
    fn field_names_are_escaped_in_pointers() {
        let findings = check_strings(&json!({"a/b~c": "\u{0}"}));
        assert_eq!(findings[0].pointers, ["/a~1b~0c"]);
    }
}
