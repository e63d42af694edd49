//! Every number in the paper of every kind's simple sample stands in its data, follows from it by a rule, or belongs to
//! the law's wording or the paper's own counting (pages, clauses, rows).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tdkt_reports::intake::Manuscript;

use crate::support::papers::{Page, WORKSHOP, manuscript_of, pages, papers_of, samples};

#[test]
fn every_number_of_every_simple_sample_has_an_origin() {
    let mut faults = Vec::new();
    for (kind, name, request) in samples() {
        if name != "simple" {
            continue;
        }
        let manuscript = manuscript_of(&serde_json::from_slice(&request).expect("JSON"));
        let rendered = |paper| WORKSHOP.render(paper).unwrap_or_else(|failure| panic!("{failure:#?}"));
        let mut origins = origins(&manuscript);
        // An index counts the pages of what it lists.
        let listed = papers_of(&manuscript).into_iter().filter(|(name, _)| name != "muc-luc");
        let counts: Vec<u32> = if manuscript.enclosed.is_empty() {
            Vec::new()
        } else {
            listed.map(|(_, paper)| rendered(paper).pages).collect()
        };
        counts.iter().chain([&counts.iter().sum()]).for_each(|count| figures(f64::from(*count), &mut origins));
        let unknown = unknown(&origins, &pages(&rendered(&manuscript).pdf));
        faults.extend(unknown.into_iter().map(|fault| format!("{kind}: {fault}")));
    }
    assert!(faults.is_empty(), "numbers from nowhere:\n{}", faults.join("\n"));
}

#[test]
fn a_number_from_nowhere_is_found_in_every_kind() {
    for (kind, name, request) in samples() {
        if name != "simple" {
            continue;
        }
        let manuscript = manuscript_of(&serde_json::from_slice(&request).expect("JSON"));
        let origins = origins(&manuscript);
        let page = |text: &str| Page { draft: false, number: None, text: text.to_owned() };
        for text in ["tặng 7.777 Giấy khen", "tăng 71,37%", "ngày 31/12/1999", "số 8888/QĐ-UBND"] {
            assert!(!unknown(&origins, &[page(text)]).is_empty(), "{kind}: {text}");
        }
    }
}

/// Numbers as they may be printed.
fn origins(manuscript: &Manuscript) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(&manuscript.request, &mut found);
    let editions = WORKSHOP.catalog().editions();
    let edition = editions.named(&manuscript.edition).expect("known");
    // The law's own wording: its bases, and the number of the appended form.
    for basis in edition.legal_bases_on(manuscript.day) {
        texts(&basis.text, &mut found);
    }
    for form in &edition.forms {
        texts(&form.number, &mut found);
    }
    texts(&edition.title, &mut found);
    if let Some(year) = manuscript.request["content"]["period"]["year"].as_i64() {
        found.extend([year - 1, year + 1].map(|year| year.to_string()));
    }
    derived(&manuscript.request["content"], &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            texts(text, found);
            // Decree 30/2020, Annex I, II.4.b: a zero before days below 10 and the months 1 and 2.
            let parts: Vec<Option<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
            if let [Some(_), Some(month), Some(day)] = parts[..] {
                found.insert(format!("{day:02}"));
                found.insert(if month < 3 { format!("{month:02}") } else { month.to_string() });
            }
        }
        Value::Number(number) => {
            // A year is printed without a mark of thousands.
            found.insert(number.to_string().replace('.', ","));
            figures(number.as_f64().expect("a number"), found);
        }
        Value::Array(items) => {
            figures(items.len() as f64, found);
            items.iter().for_each(|item| collect(item, found));
        }
        Value::Object(object) => object.values().for_each(|item| collect(item, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn texts(text: &str, found: &mut BTreeSet<String>) {
    found.extend(digit_runs(text).map(|(_, digits)| digits.to_owned()));
}

/// A figure as it is printed: `1.234,5`, and counts below ten with a zero.
fn figures(number: f64, found: &mut BTreeSet<String>) {
    let rounded = (number.abs() * 100.0).round() / 100.0;
    let plain = rounded.to_string();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        grouped = format!("{grouped},{fraction}");
    } else if whole.len() == 1 {
        found.insert(format!("0{whole}"));
    }
    found.insert(grouped);
}

/// What rules make of the data: sums and counts of a list, over all and by each of its words; places in a ranking;
/// shares of two figures of one entry, or of all its figures; differences from the year before.
fn derived(content: &Value, found: &mut BTreeSet<String>) {
    let now = totals(content);
    let before: Vec<f64> = totals(&content["previous"]).into_iter().chain(numbers(&content["previous"])).collect();
    for now in &now {
        figures(*now, found);
        for before in before.iter().filter(|before| **before != 0.0) {
            figures(now - before, found);
            figures((now - before) / before * 100.0, found);
        }
    }
    if let Some(own) = own_total(content) {
        figures(own, found);
    }
    let ranked = content["scores"].as_array().map_or(0, Vec::len);
    found.extend((1..=ranked).map(|place| place.to_string()));
    objects(content, &mut |numbers| {
        let all = [numbers.iter().sum()];
        for part in numbers {
            for whole in numbers.iter().chain(&all).filter(|whole| **whole != 0.0) {
                figures(part / whole * 100.0, found);
            }
        }
    });
}

/// What a unit gives itself in all: its points for the main criteria, with those of the heads of bonus and penalty.
fn own_total(content: &Value) -> Option<f64> {
    let beside = content["scoring"]["criteria"].as_array()?.iter().filter(|criterion| {
        criterion["parent"].is_null() && matches!(criterion["sort"].as_str(), Some("bonus" | "penalty"))
    });
    let details = content["score"]["details"].as_array()?;
    let own = beside.filter_map(|criterion| {
        details
            .iter()
            .find(|detail| detail["criterion"] == criterion["code"])
            .and_then(|detail| detail["self"].as_f64())
    });
    Some(content["score"]["self_score"].as_f64()? + own.sum::<f64>())
}

/// Lengths and sums of every list: of all rows, of those that have a field, that lack it, or share its value.
fn totals(content: &Value) -> Vec<f64> {
    let mut totals: Vec<f64> = Vec::new();
    lists(content, &mut |rows| {
        let rows: Vec<BTreeMap<String, Value>> = rows.iter().map(leaves).collect();
        let keys: BTreeSet<&String> = rows.iter().flat_map(BTreeMap::keys).collect();
        let mut groups: Vec<Vec<&BTreeMap<String, Value>>> = vec![rows.iter().collect()];
        for key in &keys {
            let mut by_value: BTreeMap<String, Vec<&BTreeMap<String, Value>>> = BTreeMap::new();
            for row in &rows {
                by_value.entry(row.get(*key).map_or_else(String::new, Value::to_string)).or_default().push(row);
            }
            groups.push(rows.iter().filter(|row| row.contains_key(*key)).collect());
            groups.extend(by_value.into_values());
        }
        for group in groups {
            totals.push(group.len() as f64);
            for key in &keys {
                let numbers = || group.iter().filter_map(|row| row.get(*key).and_then(Value::as_f64));
                if numbers().next().is_some() {
                    totals.push(numbers().sum());
                }
            }
        }
    });
    totals
}

/// A row's fields, those of objects within it under their whole path.
fn leaves(row: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for (key, value) in row.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) => {
                found.extend(leaves(value).into_iter().map(|(inner, value)| (format!("{key}/{inner}"), value)))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                found.insert(key.clone(), value.clone());
            }
        }
    }
    found
}

fn lists(value: &Value, see: &mut impl FnMut(&[Value])) {
    match value {
        Value::Array(items) => {
            see(items);
            items.iter().for_each(|item| lists(item, see));
        }
        Value::Object(object) => object.values().for_each(|item| lists(item, see)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn objects(value: &Value, see: &mut impl FnMut(&[f64])) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| objects(item, see)),
        Value::Object(object) => {
            let own: Vec<f64> = object.values().filter_map(Value::as_f64).collect();
            see(&own);
            object.values().for_each(|item| objects(item, see));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Number(number) => vec![number.as_f64().expect("a number")],
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        Value::Object(object) => object.values().flat_map(numbers).collect(),
        Value::Null | Value::Bool(_) | Value::String(_) => Vec::new(),
    }
}

/// What no origin explains. A line's first number may be that of a clause, of a row or of a page in the contents.
fn unknown(origins: &BTreeSet<String>, pages: &[Page]) -> Vec<String> {
    let mut unknown = Vec::new();
    // The next clause and the next row, whatever part they count in: one more than the last, or the first again.
    let mut counted = BTreeSet::from([1]);
    for page in pages {
        for line in page.text.lines() {
            for (at, digits) in digit_runs(line) {
                let number: Option<u32> = digits.parse().ok();
                let counts = at == 0 && number.is_some_and(|number| counted.contains(&number));
                if counts {
                    counted.insert(number.expect("a number") + 1);
                } else if !origins.contains(digits) && !ends_dots(line, at) {
                    unknown.push(format!("{digits} in {line:?}"));
                }
            }
        }
    }
    unknown
}

/// Whether the number is a page in the table of contents: dots lead to it.
fn ends_dots(line: &str, at: usize) -> bool {
    line[..at].trim_end().ends_with("...") || line[..at].trim_end().ends_with(". .")
}

/// Numbers with their places: digits, with the marks of thousands and decimals inside.
fn digit_runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(|c: char| c.is_ascii_digit())?;
        let length = text[start..].bytes().take_while(|byte| byte.is_ascii_digit() || b".,".contains(byte)).count();
        from = start + text[start..start + length].trim_end_matches(['.', ',']).len();
        Some((start, &text[start..from]))
    })
}
