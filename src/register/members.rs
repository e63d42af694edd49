//! Who is in a bloc in a year: units of the register that exist in that year.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use serde_json::Value;

use super::Entry;
use crate::{
    calendar,
    failure::{Finding, Severity},
};

/// The days in which a unit or a bloc exists, and who comes after it.
#[derive(Debug, Default, Deserialize)]
struct Life {
    #[serde(default, deserialize_with = "calendar::lenient")]
    valid_from: Option<NaiveDate>,
    #[serde(default, deserialize_with = "calendar::lenient")]
    valid_until: Option<NaiveDate>,
    #[serde(default)]
    successors: Vec<String>,
}

/// The rules of a bloc's year: every member is a unit of the register, exists on some day of the year, and stands there
/// once; there is one head and at most as many deputies as members.
pub fn check_year(year: i32, body: &Value, units: &BTreeMap<String, Entry>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let members = body.get("members").and_then(Value::as_array).into_iter().flatten();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut heads = Vec::new();
    for (at, member) in members.enumerate() {
        let pointer = format!("/members/{at}/unit");
        let Some(unit) = member.get("unit").and_then(Value::as_str) else { continue };
        if let Some(first) = seen.insert(unit, at) {
            findings.push(
                Finding::new(
                    "M01",
                    Severity::Error,
                    &pointer,
                    "Đơn vị được ghi hai lần.",
                    "The unit stands there twice.",
                )
                .and_at(format!("/members/{first}/unit"))
                .found(unit),
            );
        }
        match units.get(unit) {
            None => findings.push(
                Finding::new(
                    "register-unknown",
                    Severity::Error,
                    &pointer,
                    "Sổ đăng ký không có đơn vị này.",
                    "The register has no such unit.",
                )
                .found(unit)
                .expected("đăng ký đơn vị trước: PUT /v1/register/units/{mã}"),
            ),
            Some(entry) => findings.extend(outside_of_its_days(year, entry, units, pointer)),
        }
        if member.get("role").and_then(Value::as_str) == Some("head") {
            heads.push(at);
        }
    }
    if heads.len() != 1 {
        let places = heads.iter().map(|at| format!("/members/{at}/role")).collect::<Vec<_>>();
        let mut finding = Finding::new(
            "M01",
            Severity::Error,
            "/members",
            format!("Cần đúng một đơn vị trưởng, đang có {}.", heads.len()),
            "Exactly one member is the head.",
        );
        finding.pointers.extend(places);
        findings.push(finding);
    }
    findings
}

fn outside_of_its_days(year: i32, entry: &Entry, units: &BTreeMap<String, Entry>, pointer: String) -> Option<Finding> {
    let life = Life::deserialize(&entry.body).unwrap_or_default();
    let begins_later = life.valid_from.filter(|from| from.year() > year);
    let ended_before = life.valid_until.filter(|until| until.year() < year);
    let name = name_of(entry);
    let (message, message_en) = match (begins_later, ended_before) {
        (Some(from), _) => (
            format!("“{name}” chỉ có từ ngày {}, sau năm {year}.", calendar::short(from)),
            format!("The unit exists from {from} on only."),
        ),
        (None, Some(until)) => (
            format!("“{name}” chỉ có đến ngày {}, trước năm {year}.", calendar::short(until)),
            format!("The unit existed until {until}."),
        ),
        (None, None) => return None,
    };
    let finding = Finding::new("register-days", Severity::Error, pointer, message, message_en).found(&entry.id);
    let heirs: Vec<String> = life
        .successors
        .iter()
        .map(|heir| units.get(heir).map_or_else(|| heir.clone(), |unit| format!("{heir} ({})", name_of(unit))))
        .collect();
    Some(if heirs.is_empty() {
        finding
    } else {
        finding.expected(format!("đơn vị kế thừa: {}", heirs.join(", ")))
    })
}

fn name_of(entry: &Entry) -> &str {
    entry.body.get("name").and_then(Value::as_str).unwrap_or(&entry.id)
}

/// The names of a year's members, in the order of the decision, each with its role and abbreviation, as papers have them.
pub fn unit_names(year: &Value, units: &BTreeMap<String, Entry>) -> Vec<Value> {
    let mut told = BTreeSet::new();
    let members = year.get("members").and_then(Value::as_array).into_iter().flatten();
    let mut named = Vec::new();
    for member in members {
        let Some(id) = member.get("unit").and_then(Value::as_str).filter(|id| told.insert(*id)) else { continue };
        let Some(unit) = units.get(id) else { continue };
        let mut shown = serde_json::json!({"unit": name_of(unit)});
        for (field, value) in [("abbreviation", unit.body.get("abbreviation")), ("role", member.get("role"))] {
            if let Some(value) = value {
                shown[field] = value.clone();
            }
        }
        named.push(shown);
    }
    named
}
