//! Which rules have something to judge in a sample: one place after another is made wrong, and what speaks up is noted.
//!
//! The rule: no list of rules is kept here. A code is named because the check has said it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    catalog::{Kind, MediaType},
    intake::{self, Treatment},
    rendering::Workshop,
    vietnamese,
};

/// A paragraph that breaks rules wherever it stands: blanks, a gap, capitals, laws out of force, a level that ended, a sum
/// over levels.
const WRONG_PARAGRAPH: &str = "Hai  dấu cách; số ....; Thủ tướng chính phủ; theo Nghị định số 91/2017/NĐ-CP và Nghị định số \
    152/2025/NĐ-CP; Ủy ban nhân dân huyện An Bình; có 15 sáng kiến cấp cơ sở, cấp tỉnh và toàn quốc được công nhận";
/// A name with a form of address.
const WRONG_NAME: &str = "Ông Nguyễn Văn An";
/// Texts whose letters are wrong, which one place is enough to show: an old encoding, a hidden letter, one without glyph.
const WRONG_LETTERS: [&str; 3] = ["Khèi thi ®ua sè 6", "Ẩn\u{200b}ký tự", "Chữ 𝕏 lạ"];
/// Places of a dossier that are made wrong; the pages of its papers' kinds tell the rest.
const DOSSIER_PLACES: usize = 20;
/// Where wrong letters are tried: every paper has a place.
const PLACE: &str = "/paper/place";
const WRONG_DAYS: [&str; 2] = ["1991-02-01", "2099-12-31"];
/// A text that may be so long is a paragraph.
const PARAGRAPH: u64 = 500;
/// Parts of a place that is left out as a whole: `/content/members`.
const SHALLOW: usize = 2;

/// Codes of the rules that say something once the sample is wrong in one place, or in all its paragraphs or names, sorted.
/// Schema faults are left out.
pub(super) fn rules_met(workshop: &Workshop, kind: &Kind, sample: &str) -> Vec<String> {
    let Ok(sample) = serde_json::from_str::<Value>(sample) else { return Vec::new() };
    let covers = |character| workshop.fonts().covers(character);
    let mut places = Vec::new();
    collect(&sample, String::new(), &mut places);
    if kind.media_type() == MediaType::Zip {
        // What lies deeper is copied into papers whose kinds have pages of their own.
        places.retain(|place| place.matches('/').count() <= SHALLOW);
    }
    let mut met = BTreeSet::new();
    for wrong in places
        .iter()
        .step_by(stride(kind, places.len()))
        .flat_map(|place| wrongs(kind, &sample, place))
        .chain(all_texts(workshop, kind, &sample))
    {
        let checked = intake::check(wrong.to_string().as_bytes(), Treatment::AsSent, workshop.catalog(), &covers);
        let findings = checked.map_or_else(|failure| failure.findings, |accepted| accepted.findings);
        met.extend(findings.into_iter().map(|finding| finding.code));
    }
    met.into_iter().filter(|code| !code.starts_with("schema-")).collect()
}

/// Every place of a paper; of a dossier, whose check is that of all its papers, about [`DOSSIER_PLACES`].
fn stride(kind: &Kind, places: usize) -> usize {
    if kind.parts.is_empty() { 1 } else { places.div_ceil(DOSSIER_PLACES).max(1) }
}

/// Every place of a request but its kind; of a list its first and last items stand for all.
fn collect(value: &Value, pointer: String, places: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, item) in object.iter().filter(|(name, _)| *name != "kind") {
                collect(item, format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate().filter(|(index, _)| *index == 0 || index + 1 == items.len()) {
                collect(item, format!("{pointer}/{index}"), places);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    places.push(pointer);
}

/// The sample with one place made wrong, in every way that its type knows.
fn wrongs(kind: &Kind, sample: &Value, place: &str) -> Vec<Value> {
    let Some(value) = sample.pointer(place) else { return Vec::new() };
    let values: Vec<Value> = match value {
        Value::Number(number) => vec![json!(number.as_i64().unwrap_or_default() + 1), json!(0)],
        Value::Bool(is) => vec![json!(!is)],
        Value::String(text) if text.parse::<chrono::NaiveDate>().is_ok() => WRONG_DAYS.map(Value::from).to_vec(),
        Value::String(_) if place == PLACE => WRONG_LETTERS.map(Value::from).to_vec(),
        Value::String(_) => kind.choices_at(place),
        Value::Array(items) => lists(items),
        Value::Object(_) | Value::Null => Vec::new(),
    };
    let changed = values.into_iter().filter(|wrong| wrong != value).map(|wrong| with(sample, &[place], &wrong));
    changed.chain(without(sample, place)).collect()
}

/// The sample with all its paragraphs made wrong at once, and with all its names.
fn all_texts(workshop: &Workshop, kind: &Kind, sample: &Value) -> Vec<Value> {
    let phrases: Vec<&str> = workshop.catalog().claims().iter().map(|claim| claim.pattern.as_str()).collect();
    let (mut paragraphs, mut names) = (Vec::new(), Vec::new());
    vietnamese::visit_strings(sample, &mut |place, _| {
        if kind.longest_at(place).is_some_and(|most| most > PARAGRAPH) {
            paragraphs.push(place.to_owned());
        } else if place.ends_with("/name") {
            names.push(place.to_owned());
        }
    });
    let at = |places: &[String], text: &str| {
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        with(sample, &places, &json!(text))
    };
    vec![at(&paragraphs, WRONG_PARAGRAPH), at(&paragraphs, &phrases.join("; ")), at(&names, WRONG_NAME)]
}

fn lists(items: &[Value]) -> Vec<Value> {
    let mut shorter = items.to_vec();
    shorter.pop();
    let mut longer = items.to_vec();
    longer.extend(items.first().cloned());
    [shorter, longer].map(Value::from).to_vec()
}

fn with(sample: &Value, places: &[&str], value: &Value) -> Value {
    let mut request = sample.clone();
    for place in places {
        if let Some(there) = request.pointer_mut(place) {
            *there = value.clone();
        }
    }
    request
}

fn without(sample: &Value, place: &str) -> Option<Value> {
    let (parent, name) = place.rsplit_once('/').filter(|_| place.matches('/').count() <= SHALLOW)?;
    let mut request = sample.clone();
    request.pointer_mut(parent)?.as_object_mut()?.remove(name)?;
    Some(request)
}
