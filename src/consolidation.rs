//! A province's paper, added up from what its blocs have sent; and where each of its figures comes from.
//!
//! The rule: a figure is the sum of its sources, and every source is a place in a paper that a bloc sent. What nobody sent
//! stays absent; nothing becomes 0.

mod lineage;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::catalog::{Cell, Consolidation, Table, Take, Total};
pub use lineage::{Figure, Source, as_json};

/// A bloc as the register knows it.
#[derive(Debug, Clone)]
pub struct RegisteredBloc {
    pub id: String,
    pub name: String,
    pub form: String,
    /// What is to be remarked about it, for the column *Ghi chú*.
    pub note: Option<String>,
}

/// A bloc's paper that its figures are taken from.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Id of the bloc.
    pub bloc: String,
    /// Where the paper lies: the file, and the place in it.
    pub file: String,
    /// SHA-256 of the paper's data, as in its recipe.
    pub sha256: String,
    /// The version of the service's register that it is, where it comes from there.
    pub version: Option<String>,
    pub request: Value,
}

/// The province's request, and the origin of its figures.
#[derive(Debug)]
pub struct Consolidated {
    pub request: Value,
    pub figures: Vec<Figure>,
}

/// Adds up. `report` is what the province says itself; `known` gives a form of commendation its one name.
pub fn consolidate(
    plan: &Consolidation,
    blocs: &[RegisteredBloc],
    submissions: &[Submission],
    report: Value,
    known: &dyn Fn(&str) -> String,
) -> Consolidated {
    let mut work = Work { request: report, figures: Vec::new(), known };
    for (index, bloc) in blocs.iter().enumerate() {
        let sent = submissions.iter().find(|submission| submission.bloc == bloc.id);
        work.row(plan, index, bloc, sent);
    }
    for table in &plan.tables {
        work.table(table, blocs, submissions);
    }
    for total in &plan.totals {
        work.total(total);
    }
    Consolidated { request: work.request, figures: work.figures }
}

struct Work<'a> {
    request: Value,
    figures: Vec<Figure>,
    known: &'a dyn Fn(&str) -> String,
}

impl Work<'_> {
    fn row(&mut self, plan: &Consolidation, index: usize, bloc: &RegisteredBloc, sent: Option<&Submission>) {
        let row = format!("{}/{index}", plan.rows);
        let mut words = json!({"name": bloc.name, "form": bloc.form, "reported": sent.is_some()});
        if let Some(note) = &bloc.note {
            words["note"] = json!(note);
        }
        place(&mut self.request, &row, words);
        let Some(sent) = sent else { return };
        for cell in &plan.cells {
            if let Some((value, sources)) = self.taken(cell, sent) {
                self.put(format!("{row}{}", cell.to), value, sources);
            }
        }
    }

    /// A cell's value and where it stands in the bloc's paper.
    fn taken(&self, cell: &Cell, sent: &Submission) -> Option<(Value, Vec<Source>)> {
        let found = sent.request.pointer(&cell.from)?;
        if cell.take == Take::Copy {
            return Some((found.clone(), vec![Source::of(sent, cell.from.clone(), found.clone())]));
        }
        let mut sources = Vec::new();
        for (item, value) in found.as_array()?.iter().enumerate() {
            if !self.is_meant(value, &cell.only) {
                continue;
            }
            let at = format!("{}/{item}", cell.from);
            match &cell.figure {
                None => sources.push(Source::of(sent, at, json!(1))),
                Some(figure) => {
                    if let Some(count) = value.pointer(figure).and_then(Value::as_u64) {
                        sources.push(Source::of(sent, format!("{at}{figure}"), json!(count)));
                    }
                }
            }
        }
        Some((json!(sum(&sources)), sources))
    }

    fn is_meant(&self, item: &Value, only: &BTreeMap<String, Vec<Value>>) -> bool {
        only.iter().all(|(place, wanted)| item.pointer(place).is_some_and(|value| wanted.contains(&self.named(value))))
    }

    /// A form of commendation by its id, whatever it is called; anything else as it is.
    fn named(&self, value: &Value) -> Value {
        value.as_str().map_or_else(|| value.clone(), |text| json!((self.known)(text)))
    }

    fn table(&mut self, table: &Table, blocs: &[RegisteredBloc], submissions: &[Submission]) {
        let mut rows: Vec<(Value, Vec<Source>)> = Vec::new();
        for bloc in blocs {
            let Some(sent) = submissions.iter().find(|submission| submission.bloc == bloc.id) else { continue };
            let Some(items) = sent.request.pointer(&table.from).and_then(Value::as_array) else { continue };
            for (index, item) in items.iter().enumerate() {
                let Some(count) = item.pointer(&table.figure).and_then(Value::as_u64) else { continue };
                let mut row = json!({});
                if let Some(name) = &table.bloc {
                    place(&mut row, name, json!(bloc.name));
                }
                for key in &table.by {
                    if let Some(value) = item.pointer(key) {
                        place(&mut row, key, self.named(value));
                    }
                }
                let at = format!("{}/{index}{}", table.from, table.figure);
                let source = Source::of(sent, at, json!(count));
                match rows.iter_mut().find(|(known, _)| *known == row) {
                    Some((_, sources)) => sources.push(source),
                    None => rows.push((row, vec![source])),
                }
            }
        }
        for (index, (row, sources)) in rows.into_iter().enumerate() {
            let at = format!("{}/{index}", table.to);
            place(&mut self.request, &at, row);
            self.put(format!("{at}{}", table.figure), json!(sum(&sources)), sources);
        }
    }

    /// A total has the sources of all that it adds up.
    fn total(&mut self, total: &Total) {
        let Some(items) = self.request.pointer(&total.of).and_then(Value::as_array) else { return };
        let meant: Vec<usize> = (0..items.len()).filter(|index| self.is_meant(&items[*index], &total.only)).collect();
        let Some(figure) = &total.figure else {
            let (of, count) = (&total.of, meant.len());
            let at = meant.iter().map(|index| format!("{of}/{index}")).collect();
            self.figures.push(Figure { at: total.to.clone(), value: json!(count), sources: Vec::new(), counts: at });
            place(&mut self.request, &total.to, json!(count));
            return;
        };
        let places: Vec<String> = meant.iter().map(|index| format!("{}/{index}{figure}", total.of)).collect();
        let sources: Vec<Source> = self
            .figures
            .iter()
            .filter(|known| places.contains(&known.at))
            .flat_map(|known| known.sources.clone())
            .collect();
        if !sources.is_empty() {
            self.put(total.to.clone(), json!(sum(&sources)), sources);
        }
    }

    fn put(&mut self, at: String, value: Value, sources: Vec<Source>) {
        place(&mut self.request, &at, value.clone());
        self.figures.push(Figure { at, value, sources, counts: Vec::new() });
    }
}

fn sum(sources: &[Source]) -> u64 {
    sources.iter().filter_map(|source| source.value.as_u64()).fold(0, u64::saturating_add)
}

/// Puts a value at a place; objects and lists on the way are made.
fn place(root: &mut Value, pointer: &str, value: Value) {
    let mut at = root;
    for key in pointer.split('/').skip(1) {
        match key.parse::<usize>() {
            Ok(index) => {
                if !at.is_array() {
                    *at = json!([]);
                }
                let Value::Array(items) = at else { return };
                if items.len() <= index {
                    items.resize(index + 1, Value::Null);
                }
                at = &mut items[index];
            }
            Err(_) => {
                if !at.is_object() {
                    *at = Value::Object(Map::new());
                }
                let Value::Object(entries) = at else { return };
                at = entries.entry(key).or_insert(Value::Null);
            }
        }
    }
    *at = value;
}

#[cfg(test)]
mod tests;
