//! What was saved instead of JSON, and what office programs make of its signs: named as those who saved it know it.
//!
//! The rule: only what was refused is looked at here.

use crate::failure::{Failure, FailureCode, Finding, Severity};

/// What files begin with, how they are called, and in English.
const BEGINNINGS: [(&[u8], &str, &str); 12] = [
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "tệp Word hoặc Excel đời cũ (.doc, .xls)", "an old Word or Excel file"),
    (b"%PDF-", "tệp PDF", "a PDF file"),
    (b"{\\rtf", "tệp Word dạng RTF", "an RTF file"),
    (b"\x89PNG", "tệp ảnh", "a picture"),
    (b"\xFF\xD8\xFF", "tệp ảnh", "a picture"),
    (b"Rar!", "tệp nén RAR", "a RAR file"),
    (b"7z\xBC\xAF", "tệp nén 7z", "a 7z file"),
    (b"\x1F\x8B", "tệp nén gzip", "a gzip file"),
    (b"<?xml", "tệp XML", "an XML file"),
    (b"<!DOCTYPE", "trang web (HTML)", "a web page"),
    (b"<!doctype", "trang web (HTML)", "a web page"),
    (b"<html", "trang web (HTML)", "a web page"),
];

/// Names in a ZIP file that tell an office program's file, how it is called, and in English.
const PACKED: [(&[u8], &str, &str); 4] = [
    (b"xl/workbook", "tệp Excel (.xlsx)", "an Excel file"),
    (b"word/document", "tệp Word (.docx)", "a Word file"),
    (b"opendocument.spreadsheet", "bảng tính LibreOffice (.ods)", "a spreadsheet of LibreOffice"),
    (b"opendocument.text", "tệp LibreOffice Writer (.odt)", "a text of LibreOffice"),
];

/// The signs that Word puts in place of straight quotation marks.
const CURLY: [&str; 7] = ["“", "”", "„", "‟", "‘", "’", "＂"];

/// Why a file as a whole is none of ours, where that is plain.
pub(super) fn find(bytes: &[u8]) -> Option<Failure> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if text.trim_ascii().is_empty() {
        let hint = "Chép hoặc lưu lại tệp; xem mẫu dữ liệu bằng lệnh `tdkt-reports sample`.";
        return Some(failure("Tệp trống, không có dữ liệu.".into(), "There is nothing in it.".into(), hint));
    }
    if is_utf16(text) {
        let hint = "Mở tệp, chọn Save As (Lưu thành), mục Encoding chọn UTF-8, rồi lưu lại.";
        let message = "Tệp lưu theo UTF-16 (Notepad gọi là Unicode), phải lưu theo UTF-8.";
        return Some(failure(message.into(), "The text is UTF-16, not UTF-8.".into(), hint));
    }
    let begins = |beginning: &[u8]| text.trim_ascii_start().starts_with(beginning);
    let holds = |name: &[u8]| text.windows(name.len()).any(|bytes| bytes == name);
    let (_, what, what_en) = if begins(b"PK\x03\x04") {
        *PACKED.iter().find(|(name, _, _)| holds(name)).unwrap_or(&(b"", "tệp nén ZIP", "a ZIP file"))
    } else {
        *BEGINNINGS.iter().find(|(beginning, _, _)| begins(beginning))?
    };
    let hint = "Đổi đuôi tệp không đổi được dạng dữ liệu; hãy xuất dữ liệu ra tệp JSON, lưu theo UTF-8.";
    Some(failure(format!("Đây là {what}, không phải JSON."), format!("This is {what_en}, not JSON."), hint))
}

fn failure(message: String, message_en: String, hint: &'static str) -> Failure {
    let finding = Finding::new("json-syntax", Severity::Error, "", message.clone(), message_en.clone());
    Failure::new(FailureCode::MalformedJson, message, message_en).hint(hint).with_findings(vec![finding])
}

/// With its mark, or by its first letter: JSON begins with one that both ways of writing fill up with a zero.
fn is_utf16(text: &[u8]) -> bool {
    match text {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => true,
        [first, second, ..] => (*first == 0) != (*second == 0),
        [] | [_] => false,
    }
}

/// A slip of the hand, or of an office program, at the place where reading ended (from 1); in both languages.
pub(super) fn slip(text: &[u8], line: usize, column: usize) -> Option<[&'static str; 2]> {
    let line = text.split(|byte| *byte == b'\n').nth(line.checked_sub(1)?)?;
    let (before, at) = line.split_at_checked(column.checked_sub(1)?)?;
    if CURLY.iter().any(|mark| at.starts_with(mark.as_bytes())) {
        return Some(["gặp dấu nháy cong “ ” của Word; hãy dùng dấu nháy thẳng \"", "a curly quotation mark"]);
    }
    match (before, at) {
        (_, [b'\'', ..]) => Some(["gặp dấu nháy đơn '; hãy dùng dấu nháy kép \"", "a single quotation mark"]),
        ([.., b'0'..=b'9', b','], [b'0'..=b'9', ..]) => {
            Some(["số thập phân ghi dấu phẩy; hãy dùng dấu chấm, ví dụ 6874.5", "a decimal comma"])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::read;

    #[test]
    fn what_was_saved_instead_of_json_is_named() {
        let utf16 = |unit: fn(u16) -> [u8; 2]| "{\"kind\": 1}".encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        for (bytes, said) in [
            (utf16(u16::to_le_bytes), "UTF-16"),
            (utf16(u16::to_be_bytes), "UTF-16"),
            ([b"\xFF\xFE".to_vec(), utf16(u16::to_le_bytes)].concat(), "UTF-16"),
            ([b"\xFE\xFF".to_vec(), utf16(u16::to_be_bytes)].concat(), "UTF-16"),
            (b"PK\x03\x04....[Content_Types].xml....xl/workbook.xml".to_vec(), "Excel (.xlsx)"),
            (b"PK\x03\x04....[Content_Types].xml....word/document.xml".to_vec(), "Word (.docx)"),
            (b"PK\x03\x04....a.json".to_vec(), "ZIP"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1....".to_vec(), "Excel đời cũ"),
            (b"%PDF-1.7\n".to_vec(), "PDF"),
            (b"{\\rtf1 }".to_vec(), "RTF"),
            (b"".to_vec(), "Tệp trống"),
            (b"\xEF\xBB\xBF \r\n".to_vec(), "Tệp trống"),
        ] {
            let failure = read(&bytes).expect_err("no JSON");
            assert_eq!((failure.code, failure.findings.len()), (FailureCode::MalformedJson, 1));
            assert!(failure.message.contains(said) && failure.findings[0].message == failure.message, "{failure:?}");
        }
    }

    #[test]
    fn a_slip_is_named_at_its_place_and_other_faults_keep_their_names() {
        for (text, said) in [
            ("{\n  “a”: 1}", "Dòng 2, cột 3: gặp dấu nháy cong"),
            ("{\"Số\": “x”}", "gặp dấu nháy cong"),
            ("{\"a\": 1, ‘b’: 2}", "gặp dấu nháy cong"),
            ("{'a': 1}", "Dòng 1, cột 2: gặp dấu nháy đơn"),
            ("{\"copies\": 1,2}", "số thập phân ghi dấu phẩy"),
            ("{\"a\": 6874,5,\n\"b\": 1}", "số thập phân ghi dấu phẩy"),
            ("{\"a\": 1, 2}", "tên trường phải đặt trong dấu nháy kép"),
            ("{\"a\": \"“x”\" 1}", "thiếu dấu phẩy giữa hai trường"),
        ] {
            let failure = read(text.as_bytes()).expect_err("malformed");
            assert!(failure.findings[0].message.contains(said), "{text}: {}", failure.findings[0].message);
        }
        assert!(read("{\"a\": [1,5, \"“x”, ‘y’\"]}".as_bytes()).is_ok());
    }
}
