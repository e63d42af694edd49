//! The papers of a dossier, as a kind's manifest and its mappings say them.
//!
//! A mapping is JSON with a few operators. It copies; it computes nothing, and no text of a caller is read as one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// One entry of `[[parts]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartEntry {
    /// Kind of the paper.
    pub kind: String,
    /// Path of the mapping below the dossier's folder.
    pub mapping: String,
    /// Name of its file in the dossier, without number and extension.
    pub file_name: String,
    /// Place of a list of the dossier: every item gets such a paper.
    #[serde(default)]
    pub each: Option<String>,
    /// Values that an item has to have for it, by their place in the item.
    #[serde(default)]
    pub only: BTreeMap<String, String>,
    /// Places (in the item, or in the dossier where there is none) that have to hold something; else it is left out.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Place in the item of the words that tell its paper from the others in the index.
    #[serde(default)]
    pub of: Option<String>,
    /// The clause that asks for the paper in every dossier.
    #[serde(default)]
    pub law: Option<String>,
}

/// A part, ready for use.
#[derive(Debug, Clone)]
pub struct PartPlan {
    pub entry: PartEntry,
    pub mapping: Mapping,
}

/// Where the values of a part's request come from. Places are JSON pointers; what is absent there stays absent.
#[derive(Debug, Clone, PartialEq)]
pub enum Mapping {
    /// As it stands in the mapping.
    Literal(Value),
    /// An object; absent if all its values are.
    Object(Vec<(String, Mapping)>),
    /// A list without what is absent.
    List(Vec<Mapping>),
    /// `{"$from": place}`: of the dossier.
    From(String),
    /// `{"$item": place}`: of the item.
    Item(String),
    /// `{"$first": [a, b]}`: the first that is there.
    First(Vec<Mapping>),
    /// `{"$join": [a, b]}`: lists, one behind the other.
    Join(Vec<Mapping>),
    /// `{"$each": place, "make": m}`: made of every item of a list of the dossier; with `only` of those that have one of
    /// these values at these places.
    Each { list: String, only: Vec<(String, Vec<Value>)>, make: Box<Mapping> },
    /// `{"$find": place, …}`: from the one entry of a list that the item means.
    Find(Lookup),
}

/// `{"$find": "/content/ballots", "at": "/ballot", "in": "/candidates", "by": ["/name", "/nominee"], "take": "/agree"}`:
/// the ballot whose number the item holds, in it the candidate who is named like the item, of them the votes.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    pub list: String,
    /// Place in the item of an entry's number, from 0.
    pub at: Option<String>,
    /// Place in that entry of a further list.
    pub within: Option<String>,
    /// Places of the name, in the list's entries and in the item.
    pub by: Option<[String; 2]>,
    /// Place of the value in what was found.
    pub take: String,
}

impl Mapping {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::read(&value)
    }

    fn read(value: &Value) -> Result<Self, String> {
        Ok(match value {
            Value::Object(object) => match object.keys().find(|key| key.starts_with('$')) {
                Some(operator) => Self::operator(operator, object)?,
                None => {
                    let entries = object.iter().map(|(key, inner)| Ok((key.clone(), Self::read(inner)?)));
                    Mapping::Object(entries.collect::<Result<_, String>>()?)
                }
            },
            Value::Array(items) => Mapping::List(Self::read_all(items)?),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Mapping::Literal(value.clone()),
        })
    }

    fn read_all(items: &[Value]) -> Result<Vec<Self>, String> {
        items.iter().map(Self::read).collect()
    }

    fn operator(operator: &str, object: &Map<String, Value>) -> Result<Self, String> {
        let words: &[&str] = match operator {
            "$from" | "$item" | "$first" | "$join" => &[],
            "$each" => &["make", "only"],
            "$find" => &["at", "in", "by", "take"],
            _ => return Err(format!("there is no operator {operator}")),
        };
        if let Some(stranger) = object.keys().find(|key| *key != operator && !words.contains(&key.as_str())) {
            return Err(format!("{operator} knows no {stranger:?}"));
        }
        let place = |key: &str| place_of(object.get(key), operator);
        let optional = |key: &str| object.get(key).map(|value| place_of(Some(value), operator)).transpose();
        let list = |key: &str| match object.get(key) {
            Some(Value::Array(items)) if !items.is_empty() => Self::read_all(items),
            Some(_) | None => Err(format!("{operator} needs a list")),
        };
        Ok(match operator {
            "$from" => Mapping::From(place(operator)?),
            // The empty place is the item itself.
            "$item" if object.get(operator) == Some(&Value::from("")) => Mapping::Item(String::new()),
            "$item" => Mapping::Item(place(operator)?),
            "$first" => Mapping::First(list(operator)?),
            "$join" => Mapping::Join(list(operator)?),
            "$each" => {
                let make = object.get("make").ok_or("$each needs \"make\"")?;
                let only = object.get("only").cloned().unwrap_or_else(|| Value::Object(Map::new()));
                let only: BTreeMap<String, Vec<Value>> =
                    serde_json::from_value(only).map_err(|error| format!("$each, \"only\": {error}"))?;
                let only = only.into_iter().collect();
                Mapping::Each { list: place(operator)?, only, make: Box::new(Self::read(make)?) }
            }
            _ => {
                let by = match object.get("by") {
                    Some(Value::Array(pair)) if pair.len() == 2 => {
                        Some([place_of(pair.first(), operator)?, place_of(pair.get(1), operator)?])
                    }
                    None => None,
                    Some(_) => return Err("$find needs two places in \"by\"".into()),
                };
                let (at, within) = (optional("at")?, optional("in")?);
                if at.is_none() && (by.is_none() || within.is_some())
                    || at.is_some() && within.is_some() != by.is_some()
                {
                    return Err("$find needs \"at\", or \"by\", or \"at\", \"in\" and \"by\"".into());
                }
                Mapping::Find(Lookup { list: place(operator)?, at, within, by, take: place("take")? })
            }
        })
    }

    /// Every place of the dossier that the mapping reads, for holding them against its schema.
    pub fn sources(&self, item: Option<&str>, found: &mut Vec<String>) {
        match self {
            Mapping::Literal(_) => {}
            Mapping::Object(entries) => entries.iter().for_each(|(_, inner)| inner.sources(item, found)),
            Mapping::List(items) | Mapping::First(items) | Mapping::Join(items) => {
                items.iter().for_each(|inner| inner.sources(item, found));
            }
            Mapping::From(place) => found.push(place.clone()),
            Mapping::Item(place) => found.push(of_item(item, place)),
            Mapping::Each { list, only, make } => {
                found.push(list.clone());
                found.extend(only.iter().map(|(place, _)| format!("{list}/0{place}")));
                make.sources(Some(list), found);
            }
            Mapping::Find(lookup) => {
                let entry = match &lookup.within {
                    Some(within) => format!("{}/0{within}", lookup.list),
                    None => lookup.list.clone(),
                };
                found.push(format!("{entry}/0{}", lookup.take));
                found.extend(lookup.at.iter().map(|at| of_item(item, at)));
                if let Some([theirs, own]) = &lookup.by {
                    found.extend([format!("{entry}/0{theirs}"), of_item(item, own)]);
                }
            }
        }
    }

    /// Every place of the part that the mapping fills, for holding them against the part's schema.
    pub fn targets(&self, place: &str, found: &mut Vec<String>) {
        match self {
            Mapping::Object(entries) => {
                entries.iter().for_each(|(key, inner)| inner.targets(&format!("{place}/{key}"), found));
            }
            Mapping::List(items) => items.iter().for_each(|inner| inner.targets(&format!("{place}/0"), found)),
            Mapping::First(items) => items.iter().for_each(|inner| inner.targets(place, found)),
            Mapping::Each { make, .. } => make.targets(&format!("{place}/0"), found),
            Mapping::Literal(_) | Mapping::From(_) | Mapping::Item(_) | Mapping::Join(_) | Mapping::Find(_) => {
                found.push(place.to_owned());
            }
        }
    }
}

/// The place of something of an item, seen from the dossier; without a list, a place that no schema has.
fn of_item(list: Option<&str>, place: &str) -> String {
    match list {
        Some(list) => format!("{list}/0{place}"),
        None => format!("(no item){place}"),
    }
}

/// A JSON pointer (RFC 6901) that names something.
fn place_of(value: Option<&Value>, operator: &str) -> Result<String, String> {
    match value {
        Some(Value::String(place)) if place.starts_with('/') => Ok(place.clone()),
        Some(other) => Err(format!("{operator}: {other} is not a place")),
        None => Err(format!("{operator} lacks a place")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_read_with_its_places() {
        let mapping = Mapping::parse(
            r#"{"kind": "x", "content": {"a": {"$first": [{"$item": "/a"}, {"$from": "/b"}]},
                "l": {"$each": "/c", "make": {"n": {"$find": "/d", "at": "/k", "in": "/e", "by": ["/f", "/g"], "take": "/h"}}}}}"#,
        )
        .unwrap();
        let (mut sources, mut targets) = (Vec::new(), Vec::new());
        mapping.sources(Some("/i"), &mut sources);
        mapping.targets("", &mut targets);
        assert_eq!(sources, ["/i/0/a", "/b", "/c", "/d/0/e/0/h", "/c/0/k", "/d/0/e/0/f", "/c/0/g"]);
        assert_eq!(targets, ["/content/a", "/content/a", "/content/l/0/n", "/kind"]);
    }

    #[test]
    fn what_is_no_operator_is_refused() {
        for wrong in [
            r#"{"$eval": "x"}"#,
            r#"{"$from": "content"}"#,
            r#"{"$from": "/a", "make": 1}"#,
            r#"{"$first": []}"#,
            r#"{"$each": "/a"}"#,
            r#"{"$find": "/a", "take": "/b"}"#,
            r#"{"$find": "/a", "in": "/x", "by": ["/a", "/b"], "take": "/b"}"#,
            r#"{"$find": "/a", "at": "/x", "by": ["/a"], "take": "/b"}"#,
        ] {
            assert!(Mapping::parse(wrong).is_err(), "{wrong}");
        }
    }
}
