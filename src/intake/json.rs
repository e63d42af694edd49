//! JSON text to a value, with the two things a plain reader lets pass: keys that stand twice, and depth.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{LARGEST_REQUEST, foreign};
use crate::{
    failure::{Failure, FailureCode, Finding, Severity, keep_told},
    vietnamese::escape_pointer,
};

/// Objects and lists inside each other; the deepest schema needs eight.
const DEEPEST: usize = 16;

/// Bytes of a key; no schema has one of fifty. A place names every key above it, and an answer many places.
const LONGEST_KEY: usize = 1_000;

/// Up to here a double holds every whole number (RFC 8259, section 6).
const LARGEST_WHOLE: f64 = 9_007_199_254_740_991.0;

pub(super) struct Read {
    pub(super) value: Value,
    /// One finding for every key that stands twice in its object; of very many, those that an answer lists.
    pub(super) duplicates: Vec<Finding>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Read, Failure> {
    read_within(bytes, LARGEST_REQUEST)
}

pub(super) fn read_within(bytes: &[u8], most: usize) -> Result<Read, Failure> {
    if bytes.len() > most {
        return Err(Failure::new(
            FailureCode::BodyTooLarge,
            format!("Dữ liệu dài {} byte, vượt giới hạn {most} byte.", bytes.len()),
            format!("The request has {} bytes; the limit is {most}.", bytes.len()),
        )
        .hint("Chia nhỏ dữ liệu hoặc bỏ bớt ảnh."));
    }
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let (mut pointer, mut duplicates) = (String::new(), Vec::new());
    let mut reader = serde_json::Deserializer::from_slice(text);
    let seed = Seed { pointer: &mut pointer, depth: 0, duplicates: &mut duplicates };
    let value = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match value {
        Ok(value) => Ok(Read { value, duplicates }),
        Err(error) => Err(foreign::find(text).unwrap_or_else(|| malformed(text, &error))),
    }
}

/// Keys in the order of their bytes, whatever order the map keeps.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(object) => {
            let mut entries: Vec<(&String, &Value)> = object.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries =
                entries.into_iter().map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
    }
}

fn malformed(text: &[u8], error: &serde_json::Error) -> Failure {
    let (line, column) = (error.line(), error.column());
    let [cause, cause_en] = foreign::slip(text, line, column).unwrap_or_else(|| cause(error));
    let finding = Finding::new(
        "json-syntax",
        Severity::Error,
        "",
        format!("Dòng {line}, cột {column}: {cause}."),
        format!("Line {line}, column {column}: {cause_en}."),
    );
    Failure::new(
        FailureCode::MalformedJson,
        format!("Dữ liệu không phải JSON đúng cú pháp (dòng {line}, cột {column}): {cause}."),
        format!("The request is not JSON: {cause_en} at line {line}, column {column}."),
    )
    .hint("Sửa cú pháp JSON tại vị trí đã nêu; tệp phải lưu theo UTF-8.")
    .with_findings(vec![finding])
}

/// What the reader stumbled over, in both languages. In words of our own: serde's sentence may repeat a caller's value.
fn cause(error: &serde_json::Error) -> [&'static str; 2] {
    let said = error.to_string();
    let known = CAUSES.iter().find(|(beginning, _, _)| said.contains(beginning));
    known.map_or(["sai cú pháp", "a fault of syntax"], |(_, vietnamese, english)| [vietnamese, english])
}

/// Beginnings of serde_json's sentences, as of 1.0; what is not listed is a fault of syntax.
const CAUSES: [(&str, &str, &str); 18] = [
    (LONG_KEY, "tên trường dài quá 1.000 byte", "a key of more than 1,000 bytes"),
    (TOO_DEEP, "lồng nhau quá 16 tầng", "nested deeper than 16 levels"),
    ("recursion limit", "lồng nhau quá 16 tầng", "nested deeper than 16 levels"),
    ("EOF while parsing a string", "chuỗi chữ chưa có dấu nháy đóng thì tệp đã hết", "the end inside a string"),
    ("EOF while parsing", "tệp kết thúc giữa chừng, còn thiếu dấu đóng } hoặc ]", "an unexpected end"),
    ("expected `:`", "thiếu dấu hai chấm sau tên trường", "a colon is missing after a key"),
    ("expected `,` or `]`", "thiếu dấu phẩy giữa hai mục hoặc dấu ] ở cuối danh sách", "a comma or ] is missing"),
    ("expected `,` or `}`", "thiếu dấu phẩy giữa hai trường hoặc dấu } ở cuối đối tượng", "a comma or } is missing"),
    ("trailing comma", "thừa dấu phẩy trước dấu đóng } hoặc ]", "a comma too many before a closing bracket"),
    ("trailing characters", "sau dữ liệu còn chữ thừa", "something follows after the value"),
    ("key must be a string", "tên trường phải đặt trong dấu nháy kép", "a key is not a string in double quotes"),
    (
        "control character",
        "trong chuỗi chữ có ký tự điều khiển hoặc xuống dòng chưa viết thành \\n",
        "a control character in a string",
    ),
    ("invalid escape", "dấu \\ trong chuỗi chữ không đi với ký tự được phép", "an unknown escape in a string"),
    ("hex escape", "mã \\u trong chuỗi chữ không đúng", "a wrong \\u escape in a string"),
    ("invalid number", "số viết không đúng", "a malformed number"),
    ("out of range", "số quá lớn", "a number out of range"),
    ("unicode", "tệp không lưu theo UTF-8", "not UTF-8"),
    ("expected", "gặp chữ không thuộc cú pháp JSON (chữ phải đặt trong dấu nháy kép)", "not a JSON value"),
];

const TOO_DEEP: &str = "nested too deeply";

const LONG_KEY: &str = "a key is too long";

struct Seed<'a> {
    /// Of the value that is read; longer only while a part of it is read.
    pointer: &'a mut String,
    depth: usize,
    duplicates: &'a mut Vec<Finding>,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // JSON knows one kind of number: 8, 8.0 and 8e0 are the same whole number, also to the schema.
        if value.fract() == 0.0 && value.abs() <= LARGEST_WHOLE {
            return Ok(Value::Number((value as i64).into()));
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth = deeper(self.depth)?;
        let (mut list, length) = (Vec::new(), self.pointer.len());
        loop {
            self.pointer.push_str(&format!("/{}", list.len()));
            let item = items.next_element_seed(Seed { pointer: self.pointer, depth, duplicates: self.duplicates })?;
            self.pointer.truncate(length);
            match item {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let depth = deeper(self.depth)?;
        let (mut object, length) = (Map::new(), self.pointer.len());
        while let Some(key) = entries.next_key::<String>()? {
            if key.len() > LONGEST_KEY {
                return Err(A::Error::custom(LONG_KEY));
            }
            self.pointer.push('/');
            self.pointer.push_str(&escape_pointer(&key));
            if object.contains_key(&key) {
                self.duplicates.push(
                    Finding::new(
                        "json-duplicate",
                        Severity::Error,
                        self.pointer.clone(),
                        "Trường này được ghi hai lần trong cùng một đối tượng.",
                        "This key stands twice in its object.",
                    )
                    .expected("mỗi trường chỉ ghi một lần"),
                );
                keep_told(self.duplicates);
            }
            let value = entries.next_value_seed(Seed { pointer: self.pointer, depth, duplicates: self.duplicates })?;
            self.pointer.truncate(length);
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

fn deeper<E: serde::de::Error>(depth: usize) -> Result<usize, E> {
    if depth >= DEEPEST { Err(E::custom(TOO_DEEP)) } else { Ok(depth + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::MOST_FINDINGS;

    #[test]
    fn a_key_that_stands_twice_is_found_with_its_place() {
        let read = read(br#"{"a": [{"b/c": 1, "b/c": 2}]}"#).unwrap();
        assert_eq!(read.duplicates.len(), 1);
        assert_eq!(read.duplicates[0].pointers, ["/a/0/b~1c"]);
    }

    #[test]
    fn the_cause_is_said_with_its_place_and_without_the_callers_value() {
        for (text, place, cause) in [
            ("{\n  \"a\": 1,\n}", "Dòng 3, cột 1", "thừa dấu phẩy"),
            ("{\"a\" 1}", "Dòng 1, cột 6", "thiếu dấu hai chấm"),
            ("[1 2]", "Dòng 1, cột 4", "thiếu dấu phẩy giữa hai mục"),
            ("{\"a\": 1 \"b\": 2}", "Dòng 1, cột 9", "thiếu dấu phẩy giữa hai trường"),
            ("{\"a\": \"x", "Dòng 1, cột 8", "dấu nháy đóng"),
            ("{\"a\": ", "Dòng 1, cột 6", "giữa chừng"),
            ("{a: 1}", "Dòng 1, cột 2", "tên trường phải đặt trong dấu nháy kép"),
            ("{\"a\": hello}", "Dòng 1, cột 7", "không thuộc cú pháp"),
            ("{\"a\": \"x\ny\"}", "Dòng 2, cột 0", "xuống dòng"),
            ("{} {}", "Dòng 1, cột 4", "chữ thừa"),
            ("\"\\x\"", "Dòng 1, cột 3", "dấu \\"),
        ] {
            let failure = read(text.as_bytes()).err().expect("malformed");
            let finding = &failure.findings[0];
            assert_eq!(finding.code, "json-syntax");
            assert!(
                finding.message.starts_with(place) && finding.message.contains(cause),
                "{text}: {}",
                finding.message
            );
            assert!(!format!("{failure:?}").contains("hello"), "{failure:?}");
        }
        let failure = read(b"\"\xff\"").err().expect("malformed");
        assert!(failure.message.contains("UTF-8"), "{}", failure.message);
    }

    #[test]
    fn no_key_is_longer_than_any_schema_needs() {
        let with = |length: usize| format!("{{\"{}\": [{{\"a\": 1}}]}}", "k".repeat(length));
        assert!(read(with(LONGEST_KEY).as_bytes()).is_ok());
        let failure = read(with(LONGEST_KEY + 1).as_bytes()).err().expect("too long");
        assert!(failure.code == FailureCode::MalformedJson && failure.message.contains("tên trường dài quá"));
    }

    #[test]
    fn of_a_hundred_thousand_keys_that_stand_twice_the_first_are_told() {
        let text = format!("{{\"x\": [{}], \"b\": 1, \"b\": 2}}", "{\"a\": 1, \"a\": 2},".repeat(100_000) + "0");
        let mut duplicates = read(text.as_bytes()).unwrap().duplicates;
        assert!(duplicates.len() < 2 * MOST_FINDINGS);
        duplicates.sort_by(|a, b| a.pointers.cmp(&b.pointers));
        assert_eq!((&*duplicates[0].pointers[0], &*duplicates[1].pointers[0]), ("/b", "/x/0/a"));
    }

    #[test]
    fn one_value_has_one_writing() {
        let canonical = |text: &str| canonical(&read(text.as_bytes()).unwrap().value);
        let one = canonical(r#" {"b": [1.0, "\u1ea1"], "a": {"d": null, "c": true}} "#);
        assert_eq!(one, r#"{"a":{"c":true,"d":null},"b":[1,"ạ"]}"#);
        assert_eq!(one, canonical(&one));
        assert_ne!(one, canonical(r#"{"b": ["1", "ạ"], "a": {"d": null, "c": true}}"#));
        assert_ne!(canonical("[1,2]"), canonical("[2,1]"));
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n)).into_bytes();
        assert!(read(&deep(DEEPEST)).is_ok());
        for n in [DEEPEST + 1, 200, 100_000] {
            let failure = read(&deep(n)).err().expect("too deep");
            assert_eq!(failure.code, FailureCode::MalformedJson);
        }
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        for (text, value) in [("8.0", 8), ("8e0", 8), ("-0.0", 0), ("1.5e3", 1500), ("-7", -7)] {
            assert_eq!(read(text.as_bytes()).unwrap().value, serde_json::json!(value), "{text}");
        }
        assert_eq!(read(b"8.5").unwrap().value, serde_json::json!(8.5));
        assert!(read(b"1e300").unwrap().value.is_f64());
    }

    #[test]
    fn numbers_beyond_reach_and_broken_text_are_malformed() {
        for text in ["1e400", "{", "\"\\ud800\"", "nul", "[1,]", "\u{1}", "{} {}"] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(b"\xEF\xBB\xBF{}").is_ok());
        assert!(read(b"\"\xff\"").is_err());
    }
}
