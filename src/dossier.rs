//! A dossier's papers: each one's request, copied together from the one set of data.
//!
//! The rule: values are copied, never changed, and every copy remembers its place, so that whatever is said of a paper
//! can be said of the data that was sent.

mod copier;

use serde_json::Value;

use crate::{
    catalog::{Kind, Mapping, PartEntry},
    failure::{Finding, Severity},
};
use copier::{Copier, Scope, items};

/// One paper of a dossier, before it is checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub kind: String,
    /// Name of its file, without extension: `04-bao-cao-thanh-tich-01`.
    pub file_name: String,
    /// What tells it from others of its kind in the index.
    pub of: Option<String>,
    pub request: Value,
    pub origins: Origins,
}

/// Where the values of a part stand in the dossier's data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origins {
    /// Values taken as they are: place in the part, place in the dossier.
    copies: Vec<(String, String)>,
    /// Values put together of several: place in the part, what in the dossier it stands for.
    composed: Vec<(String, String)>,
    /// The item that the part is made of.
    item: Option<String>,
}

/// The parts of a dossier, in the manifest's order, and what was noticed while copying.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    pub parts: Vec<Part>,
    pub findings: Vec<Finding>,
}

impl Parts {
    /// Copies the parts of a dossier together. The request may still have faults: what cannot be read is absent.
    pub fn of(kind: &Kind, request: &Value) -> Self {
        let mut made = Parts::default();
        for plan in &kind.parts {
            let entry = &plan.entry;
            let places: Vec<String> = match &entry.each {
                Some(list) => items(request, list).map(|(place, _)| place).collect(),
                None => vec![String::new()],
            };
            let mut number = 0;
            for place in places {
                let Some(item) = request.pointer(&place) else { continue };
                let wanted = |(pointer, value): (&String, &String)| {
                    item.pointer(pointer).and_then(Value::as_str) == Some(value.as_str())
                };
                if !entry.only.iter().all(wanted) {
                    continue;
                }
                let missing: Vec<&String> = entry.needs.iter().filter(|need| !is_stated(item, need)).collect();
                if let Some(first) = missing.first() {
                    let started = missing.len() < entry.needs.len();
                    made.findings.extend(left_out(kind, entry, &format!("{place}{first}"), started));
                    continue;
                }
                number += 1;
                made.add(plan.entry.clone(), &plan.mapping, (request, &place, item), number);
            }
        }
        made
    }

    fn add(
        &mut self,
        entry: PartEntry,
        mapping: &Mapping,
        (dossier, place, item): (&Value, &str, &Value),
        number: usize,
    ) {
        let is_item = entry.each.is_some();
        // Mapping and data are of the template folder and of a bounded request.
        let mut copier = Copier::of(dossier, usize::MAX);
        let scope = Scope { item, place: place.to_owned() };
        let request = copier.copy(mapping, String::new(), &scope).unwrap_or_default();
        let suffix = if is_item { format!("-{number:02}") } else { String::new() };
        let file_name = format!("{:02}-{}{suffix}", self.parts.len() + 1, entry.file_name);
        let of = entry.of.as_deref().and_then(|of| item.pointer(of)).and_then(Value::as_str).map(str::to_owned);
        let item = is_item.then(|| place.to_owned());
        let origins = Origins { copies: copier.copies, composed: copier.composed, item };
        self.findings.extend(copier.findings);
        self.parts.push(Part { kind: entry.kind, file_name, of, request, origins });
    }
}

/// A mapping of strangers makes more than may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMuch;

/// What a mapping of strangers may make and look through, in bytes or so.
const MOST_MAPPED: usize = 16 << 20;

/// What a mapping makes of data that are no dossier, where its values stand in them, and what was noticed while copying.
/// `$item` is the whole.
///
/// # Errors
/// [`TooMuch`]: lists of lists of lists multiply, and neither the mapping nor the data are ours.
pub fn mapped(mapping: &Mapping, data: &Value) -> Result<(Option<Value>, Origins, Vec<Finding>), TooMuch> {
    let mut copier = Copier::of(data, MOST_MAPPED);
    let made = copier.copy(mapping, String::new(), &Scope { item: data, place: String::new() });
    match copier.room {
        0 => Err(TooMuch),
        _ => Ok((made, Origins { copies: copier.copies, composed: copier.composed, item: None }, copier.findings)),
    }
}

/// H01: a paper that the law asks for (warning), or of which only a part of the data is there (info), is left out.
fn left_out(kind: &Kind, entry: &PartEntry, pointer: &str, started: bool) -> Option<Finding> {
    let severity = match (&entry.law, started) {
        (Some(_), _) => Severity::Warning,
        (None, true) => Severity::Info,
        (None, false) => return None,
    };
    let paper = kind.part_title(&entry.kind).unwrap_or(&entry.kind);
    let lacking = kind.title_at(pointer).unwrap_or(pointer);
    let finding = Finding::new(
        "H01",
        severity,
        pointer,
        format!("Hồ sơ không có “{paper}” vì dữ liệu chưa có “{lacking}”."),
        format!("The dossier has no {}, for its data is not there.", entry.kind),
    )
    .expected(kind.description_at(pointer).unwrap_or(lacking));
    Some(match &entry.law {
        Some(law) => finding.law(law),
        None => finding,
    })
}

impl Origins {
    /// The place in the dossier's data of a place in the part.
    pub fn place(&self, pointer: &str) -> String {
        let nearest = |known: &'_ [(String, String)]| {
            known.iter().filter(|(part, _)| is_below(pointer, part)).max_by_key(|(part, _)| part.len()).cloned()
        };
        match (nearest(&self.copies), nearest(&self.composed)) {
            (Some((part, source)), None) => return format!("{source}{}", &pointer[part.len()..]),
            (Some((part, source)), Some((other, _))) if part.len() >= other.len() => {
                return format!("{source}{}", &pointer[part.len()..]);
            }
            (_, Some((_, source))) => return source,
            (None, None) => {}
        }
        let beneath = self.copies.iter().filter(|(part, _)| is_below(part, pointer)).map(|(_, source)| source.clone());
        let around = beneath.reduce(|one, other| common(&one, &other)).filter(|place| !place.is_empty());
        match (around, &self.item) {
            (Some(place), Some(item)) if is_below(item, &place) => item.clone(),
            (Some(place), _) => place,
            (None, Some(item)) => item.clone(),
            (None, None) => "/content".to_owned(),
        }
    }

    /// The same finding, said of the dossier's data.
    pub fn lead_back(&self, mut finding: Finding) -> Finding {
        let mut places: Vec<String> = Vec::new();
        for pointer in &finding.pointers {
            let place = self.place(pointer);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        finding.pointers = places;
        finding
    }
}

fn is_below(pointer: &str, place: &str) -> bool {
    pointer.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The deepest place that holds both.
fn common(one: &str, other: &str) -> String {
    let same = one.split('/').zip(other.split('/')).take_while(|(a, b)| a == b);
    same.map(|(part, _)| part).collect::<Vec<_>>().join("/")
}

/// Whether something is stated there: neither null nor empty.
fn is_stated(value: &Value, pointer: &str) -> bool {
    match value.pointer(pointer) {
        None | Some(Value::Null) => false,
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(object)) => !object.is_empty(),
        Some(Value::String(_) | Value::Number(_) | Value::Bool(_)) => true,
    }
}

#[cfg(test)]
#[path = "dossier_tests.rs"]
mod tests;
