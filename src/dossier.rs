//! A dossier's papers: each one's request, copied together from the one set of data.
//!
//! The rule: values are copied, never changed, and every copy remembers its place, so that whatever is said of a paper
//! can be said of the data that was sent.

use serde_json::{Map, Value};

use crate::{
    catalog::{Kind, Lookup, Mapping, PartEntry},
    failure::{Finding, Severity},
    vietnamese::{escape_pointer, fold_name},
};

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
        let mut copier = Copier { dossier, copies: Vec::new(), composed: Vec::new(), findings: Vec::new() };
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

/// What a mapping makes of data that are no dossier, and where its values stand in them. `$item` is the whole.
pub fn mapped(mapping: &Mapping, data: &Value) -> (Option<Value>, Origins) {
    let mut copier = Copier { dossier: data, copies: Vec::new(), composed: Vec::new(), findings: Vec::new() };
    let made = copier.copy(mapping, String::new(), &Scope { item: data, place: String::new() });
    (made, Origins { copies: copier.copies, composed: copier.composed, item: None })
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

struct Scope<'a> {
    item: &'a Value,
    place: String,
}

struct Copier<'a> {
    dossier: &'a Value,
    copies: Vec<(String, String)>,
    composed: Vec<(String, String)>,
    findings: Vec<Finding>,
}

impl Copier<'_> {
    /// What the mapping gives at `place` of the part; `None` where it is absent.
    fn copy(&mut self, mapping: &Mapping, place: String, scope: &Scope) -> Option<Value> {
        match mapping {
            Mapping::Literal(value) => Some(value.clone()),
            Mapping::Object(entries) => {
                let mut object = Map::new();
                for (key, inner) in entries {
                    let below = format!("{place}/{}", escape_pointer(key));
                    if let Some(value) = self.copy(inner, below, scope) {
                        object.insert(key.clone(), value);
                    }
                }
                (!object.is_empty()).then_some(Value::Object(object))
            }
            Mapping::List(mappings) => {
                let mut list = Vec::new();
                for inner in mappings {
                    let below = format!("{place}/{}", list.len());
                    list.extend(self.copy(inner, below, scope));
                }
                (!list.is_empty()).then_some(Value::Array(list))
            }
            Mapping::From(source) => self.take(place, source.clone(), self.dossier.pointer(source)),
            Mapping::Item(source) => self.take(place, format!("{}{source}", scope.place), scope.item.pointer(source)),
            Mapping::First(mappings) => {
                let start = self.copies.len();
                for inner in mappings {
                    let before = self.copies.len();
                    if let Some(value) = self.copy(inner, place.clone(), scope) {
                        self.copies.drain(start..before);
                        return Some(value);
                    }
                }
                // Where all are absent, the first is where the value would be given.
                self.copies.truncate(self.copies.len().min(start + 1));
                None
            }
            Mapping::Join(mappings) => self.join(mappings, &place, scope),
            Mapping::Each { list, only, make } => {
                self.composed.push((place.clone(), list.clone()));
                let mut made = Vec::new();
                for (source, item) in items(self.dossier, list) {
                    let has_one = |(place, values): &(String, Vec<Value>)| {
                        item.pointer(place).is_some_and(|value| values.contains(value))
                    };
                    if !only.iter().all(has_one) {
                        continue;
                    }
                    let below = format!("{place}/{}", made.len());
                    self.composed.push((below.clone(), source.clone()));
                    made.extend(self.copy(make, below, &Scope { item, place: source }));
                }
                self.dossier.pointer(list).is_some().then_some(Value::Array(made))
            }
            Mapping::Find(lookup) => self.find(lookup, place, scope),
        }
    }

    fn take(&mut self, place: String, source: String, value: Option<&Value>) -> Option<Value> {
        self.copies.push((place, source));
        value.cloned()
    }

    fn join(&mut self, mappings: &[Mapping], place: &str, scope: &Scope) -> Option<Value> {
        let mut joined: Option<Vec<Value>> = None;
        for (at, inner) in mappings.iter().enumerate() {
            let before = self.copies.len();
            let list = self.copy(inner, place.to_owned(), scope);
            let origins = Origins { copies: self.copies.split_off(before), ..Origins::default() };
            if at == 0 {
                self.composed.push((place.to_owned(), origins.place(place)));
            }
            let Some(Value::Array(items)) = list else { continue };
            let joined = joined.get_or_insert_default();
            for (at, item) in items.into_iter().enumerate() {
                self.copies.push((format!("{place}/{}", joined.len()), origins.place(&format!("{place}/{at}"))));
                joined.push(item);
            }
        }
        joined.map(Value::Array)
    }

    fn find(&mut self, lookup: &Lookup, place: String, scope: &Scope) -> Option<Value> {
        let number = lookup.at.as_deref().and_then(|at| scope.item.pointer(at));
        let (list, asked) = match (&lookup.at, number) {
            (Some(_), None) => return None,
            (Some(at), Some(number)) => {
                let entry = format!("{}/{number}", lookup.list);
                (
                    format!("{entry}{}", lookup.within.as_deref().unwrap_or_default()),
                    Some(format!("{}{at}", scope.place)),
                )
            }
            (None, _) => (lookup.list.clone(), None),
        };
        let found = match &lookup.by {
            None => self.dossier.pointer(&list).map(|_| list.clone()),
            Some([theirs, own]) => {
                let name = fold_name(scope.item.pointer(own)?.as_str()?);
                let is_named =
                    |entry: &Value| entry.pointer(theirs).and_then(Value::as_str).map(fold_name) == Some(name.clone());
                items(self.dossier, &list).find(|(_, entry)| is_named(entry)).map(|(place, _)| place)
            }
        };
        match (found, asked) {
            (Some(found), _) => {
                let source = format!("{found}{}", lookup.take);
                let value = self.dossier.pointer(&source);
                self.take(place, source, value)
            }
            (None, Some(asked)) => {
                self.copies.push((place, asked.clone()));
                let own = lookup.by.as_ref().and_then(|[_, own]| scope.item.pointer(own)).and_then(Value::as_str);
                let finding = not_found(asked, &list, own.unwrap_or_default());
                if !self.findings.contains(&finding) {
                    self.findings.push(finding);
                }
                None
            }
            (None, None) => None,
        }
    }
}

/// H02 (error): an item refers to an entry that is not there.
fn not_found(asked: String, list: &str, name: &str) -> Finding {
    Finding::new(
        "H02",
        Severity::Error,
        asked,
        format!("Không tìm thấy “{name}” tại mục đã nêu của dữ liệu; hãy kiểm tra số thứ tự (từ 0) và tên."),
        format!("{list} has no such entry."),
    )
    .and_at(list)
    .found(name)
}

/// The items of a list with their places.
fn items<'a>(value: &'a Value, list: &str) -> impl Iterator<Item = (String, &'a Value)> {
    let items = value.pointer(list).and_then(Value::as_array).into_iter().flatten();
    let list = list.to_owned();
    items.enumerate().map(move |(at, item)| (format!("{list}/{at}"), item))
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
