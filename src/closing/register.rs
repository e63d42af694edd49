//! `province.json`: who belongs to the province's blocs, what is due when, and what the province says itself.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

use crate::catalog::{Catalog, Consolidation};

/// The register of a province.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    pub province: String,
    pub period: Period,
    /// When the papers of a kind are due.
    #[serde(default)]
    pub deadlines: BTreeMap<String, NaiveDate>,
    #[serde(default)]
    pub units: Vec<Unit>,
    /// In the order of the decision.
    pub blocs: Vec<BlocEntry>,
    /// The request of the province's own report; the figures of blocs are put into it.
    #[serde(default)]
    pub report: Option<Value>,
}

/// What is closed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    pub year: i32,
    #[serde(default)]
    pub from: Option<NaiveDate>,
    #[serde(default)]
    pub to: Option<NaiveDate>,
}

/// A unit in its time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub valid_from: Option<NaiveDate>,
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    #[serde(default)]
    pub successor: Option<String>,
}

/// A bloc of the year.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlocEntry {
    /// Small Latin letters, digits and hyphens: it names files.
    pub id: String,
    pub name: String,
    pub form: String,
    #[serde(default)]
    pub members: Vec<String>,
    #[serde(default)]
    pub head: Option<String>,
    #[serde(default)]
    pub deputies: Vec<String>,
}

/// What a bloc has sent: several requests in one file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    pub bloc: String,
    #[serde(default)]
    pub sent_on: Option<NaiveDate>,
    #[serde(default)]
    pub version: Option<u64>,
    #[serde(default)]
    pub adjustment: Option<Adjustment>,
    pub papers: Vec<Value>,
}

/// A correction after the figures were sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    pub number: u64,
    pub reason: String,
}

impl Register {
    /// Kind of the province's report, and how it is added up.
    pub(super) fn adds_up<'a>(&self, catalog: &'a Catalog) -> Option<(&'a str, &'a Consolidation)> {
        let kind = catalog.kind(self.report.as_ref()?.get("kind")?.as_str()?)?;
        Some((&kind.manifest.kind, kind.manifest.consolidates.as_ref()?))
    }

    /// What cannot be right: ids that stand twice or name no file, units that are not there.
    pub fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let mut seen = BTreeMap::new();
        for (index, bloc) in self.blocs.iter().enumerate() {
            let at = format!("/blocs/{index}/id");
            if !is_plain(&bloc.id) {
                faults.push((
                    at.clone(),
                    format!("Mã “{}” chỉ được gồm chữ thường không dấu, chữ số và dấu gạch nối.", bloc.id),
                ));
            }
            if let Some(before) = seen.insert(&bloc.id, index) {
                faults.push((at, format!("Mã “{}” đã dùng ở dòng {}.", bloc.id, before + 1)));
            }
            let unknown = |id: &&String| !self.units.is_empty() && !self.units.iter().any(|unit| unit.id == **id);
            for id in bloc.members.iter().chain(&bloc.head).chain(&bloc.deputies).filter(unknown) {
                faults.push((
                    format!("/blocs/{index}"),
                    format!("Không có đơn vị mang mã “{id}” trong danh sách đơn vị."),
                ));
            }
        }
        faults
    }
}

/// Whether a name is a plain file name on every system.
pub fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= 60 && name.bytes().all(plain)
}
