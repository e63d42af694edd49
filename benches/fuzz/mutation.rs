//! Changes of bytes, texts and JSON that a careless or a hostile program could make.

use serde_json::{Value, json};

use crate::support::chance::Chance;

/// What readers have stumbled over before.
const WORDS: [&str; 44] = [
    "\u{0}",
    "\r\n",
    "\n\n",
    "%00",
    "%2e%2e%2f",
    "../",
    "..\\",
    "C:\\",
    "CON",
    "'; DROP TABLE job; --",
    "=cmd|' /C calc'!A1",
    "#read(\"/etc/passwd\")",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "<script>",
    "&amp;",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "\u{fffe}",
    "e\u{301}\u{323}\u{302}",
    "\u{10ffff}",
    "\u{e000}",
    "\\ud800",
    "\\u0000",
    "\"",
    "\\",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "1e400",
    "-1",
    "9223372036854775808",
    "0.1",
    "null",
    "true",
    "%PDF-1.7",
    "endobj",
    "/FlateDecode",
    "stream\r\n",
    "PK\u{3}\u{4}",
];

/// Numbers at the edges of what is counted with.
const NUMBERS: [i64; 10] = [0, 1, -1, 127, 256, 65_536, 2_147_483_648, 4_294_967_296, i64::MAX, i64::MIN];

fn place(chance: &mut Chance, length: usize) -> usize {
    usize::try_from(chance.below(length as u64 + 1)).expect("an index")
}

/// Some bytes, a few places of them changed.
pub fn bytes(chance: &mut Chance, from: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = from.to_vec();
    for _ in 0..=chance.below(6) {
        let at = place(chance, bytes.len());
        let end = (at + place(chance, 64)).min(bytes.len());
        match chance.below(9) {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << chance.below(8)),
            1 => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte = u8::try_from(chance.below(256)).expect("a byte")),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => {
                let again = bytes[at..end].to_vec();
                let times = 1 + chance.below(20);
                (0..times).for_each(|_| drop(bytes.splice(at..at, again.iter().copied())));
            }
            5 => {
                let from = place(chance, other.len());
                let until = (from + place(chance, 256)).min(other.len());
                bytes.splice(at..end, other[from..until].iter().copied());
            }
            6 => {
                let number = chance.pick(&NUMBERS).to_string();
                bytes.splice(at..end.min(at + 4), number.bytes());
            }
            _ => drop(bytes.splice(at..at, chance.pick(&WORDS).bytes())),
        }
    }
    bytes
}

/// A text of the words above, of Vietnamese letters and of any characters.
pub fn text(chance: &mut Chance) -> String {
    const LETTERS: [&str; 10] = ["ế", "Đ", "ư", "a", " ", "Nguyễn", "®", "µ", "aù", "oä"];
    let mut text = String::new();
    for _ in 0..chance.below(8) {
        match chance.below(4) {
            0 => text.push_str(chance.pick::<&str>(&LETTERS)),
            1 => text.extend(char::from_u32(u32::try_from(chance.below(0x11_0000)).expect("a number"))),
            2 => (0..chance.below(300)).for_each(|_| text.push('\u{301}')),
            _ => text.push_str(chance.pick::<&str>(&WORDS)),
        }
    }
    text
}

fn value(chance: &mut Chance) -> Value {
    match chance.below(10) {
        0 => Value::Null,
        1 => json!(chance.below(2) == 0),
        2 => json!(chance.pick(&NUMBERS)),
        3 => json!(1e300),
        4 => json!(0.000_000_1),
        5 => json!([]),
        6 => json!({}),
        7 => (0..chance.below(60)).fold(json!(1), |inner, _| json!([inner])),
        8 => json!("2026-02-30"),
        _ => json!(text(chance)),
    }
}

/// Every place below the root.
fn pointers(value: &Value, at: &str, places: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| (format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), value))
            .collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(place, value)| (format!("{at}/{place}"), value)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (place, value) in below {
        pointers(value, &place, places);
        places.push(place);
    }
}

/// A request with some of its values changed, left out, doubled or put elsewhere.
pub fn request(chance: &mut Chance, from: &Value) -> Value {
    let mut request = from.clone();
    for _ in 0..=chance.below(4) {
        let mut places = Vec::new();
        pointers(&request, "", &mut places);
        if places.is_empty() {
            return request;
        }
        let (place, other) = (chance.pick(&places).clone(), chance.pick(&places).clone());
        let (around, key) = place.rsplit_once('/').expect("a pointer");
        let elsewhere = request.pointer(&other).cloned().unwrap_or_default();
        match (chance.below(8), request.pointer_mut(around)) {
            (0, Some(Value::Object(object))) => drop(object.remove(key)),
            (0, Some(Value::Array(items))) => items.clear(),
            (1, Some(Value::Array(items))) => {
                let again = items.clone();
                (0..chance.below(30)).for_each(|_| items.extend(again.iter().take(20).cloned()));
            }
            (2, Some(Value::Object(object))) => drop(object.insert(text(chance), value(chance))),
            (3, _) => *request.pointer_mut(&place).expect("there") = elsewhere,
            (4 | 5, _) => match request.pointer_mut(&place).expect("there") {
                Value::String(held) => held.push_str(&text(chance)),
                Value::Number(held) => *held = (*chance.pick(&NUMBERS)).into(),
                changed => *changed = value(chance),
            },
            _ => *request.pointer_mut(&place).expect("there") = value(chance),
        }
    }
    request
}
