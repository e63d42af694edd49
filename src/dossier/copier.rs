//! Copies values together by a mapping.
//!
//! The rule: every step takes of the room that was given, and where there is none left all ends.

use serde_json::{Map, Value};

use super::Origins;
use crate::{
    catalog::{Lookup, Mapping},
    failure::{Finding, Severity},
    vietnamese::{escape_pointer, fold_name},
};

/// What one value or one look costs beside its text.
const EACH_STEP: usize = 32;

/// The item that is copied from, and its place.
pub(super) struct Scope<'a> {
    pub item: &'a Value,
    pub place: String,
}

pub(super) struct Copier<'a> {
    dossier: &'a Value,
    pub copies: Vec<(String, String)>,
    pub composed: Vec<(String, String)>,
    pub findings: Vec<Finding>,
    /// What may still be made and looked through; at 0 all ends.
    pub room: usize,
}

impl<'a> Copier<'a> {
    pub fn of(dossier: &'a Value, room: usize) -> Self {
        Self { dossier, copies: Vec::new(), composed: Vec::new(), findings: Vec::new(), room }
    }

    /// Takes room for a step; `None` where there is none left.
    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.room = self.room.saturating_sub(bytes.saturating_add(EACH_STEP));
        (self.room > 0).then_some(())
    }

    /// What the mapping gives at `place` of the part; `None` where it is absent.
    pub fn copy(&mut self, mapping: &Mapping, place: String, scope: &Scope) -> Option<Value> {
        self.spend(place.len())?;
        match mapping {
            Mapping::Literal(value) => {
                self.spend(weight(value))?;
                Some(value.clone())
            }
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
                let compared: usize = only
                    .iter()
                    .flat_map(|(place, values)| values.iter().map(weight).chain(std::iter::once(place.len())))
                    .sum();
                let mut made = Vec::new();
                for (source, item) in items(self.dossier, list) {
                    self.spend(place.len() + source.len() + compared)?;
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
        self.spend(place.len() + source.len() + value.map_or(0, weight))?;
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
                // Each item's place is looked for among all that were copied.
                self.spend(place.len() + origins.copies.len() + origins.composed.len())?;
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
                let mut found = None;
                for (place, entry) in items(self.dossier, &list) {
                    let theirs = entry.pointer(theirs).and_then(Value::as_str);
                    self.spend(place.len() + name.len() + theirs.map_or(0, str::len))?;
                    if theirs.map(fold_name).is_some_and(|theirs| theirs == name) {
                        found = Some(place);
                        break;
                    }
                }
                found
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
                self.spend(self.findings.len().saturating_mul(EACH_STEP))?;
                if !self.findings.contains(&finding) {
                    self.findings.push(finding);
                }
                None
            }
            (None, None) => None,
        }
    }
}

/// What a value takes, in bytes or so.
fn weight(value: &Value) -> usize {
    EACH_STEP
        + match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(weight).sum(),
            Value::Object(entries) => entries.iter().map(|(key, inner)| key.len() + weight(inner)).sum(),
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
pub(super) fn items<'a>(value: &'a Value, list: &str) -> impl Iterator<Item = (String, &'a Value)> {
    let items = value.pointer(list).and_then(Value::as_array).into_iter().flatten();
    let list = list.to_owned();
    items.enumerate().map(move |(at, item)| (format!("{list}/{at}"), item))
}
