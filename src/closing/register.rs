//! `province.json`: who belongs to the province's blocs, what is due when, and what the province says itself.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::{Catalog, Consolidation};

/// The register's own file in a folder, without extension; a bloc's id is the name of its file.
pub const OF_REGISTER: &str = "province";

/// The register of a province for a year, as a folder holds it and as the service gives it. Units and blocs are entries of
/// the service's register with their id; their order is that of the decision.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    pub province: String,
    pub year: i32,
    /// `2026`, `2026-H1` …: days, deadline, extensions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub periods: BTreeMap<String, Period>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<Unit>,
    /// In the order of the decision.
    pub blocs: Vec<BlocEntry>,
    /// The request of the province's own report; the figures of blocs are put into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Value>,
}

/// What the province laid down for a period.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
}

/// A bloc that may be later.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    pub bloc: String,
    pub due: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A unit in its time.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abbreviation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successors: Vec<String>,
}

/// A bloc of the year.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlocEntry {
    /// Small Latin letters, digits and hyphens: it names files.
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    pub form: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub established_by: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<NaiveDate>,
    /// Who is in it in the year, in the order of the decision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// The decision that recognised the year's members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recognised_by: Option<Value>,
}

/// A unit in a bloc.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub unit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// What a bloc has sent: several requests in one file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    pub bloc: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjustment: Option<Adjustment>,
    /// The version of the service's register that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<String>,
    pub papers: Vec<Value>,
}

/// A correction after the figures were sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
            if !is_id(&bloc.id) {
                faults.push((
                    at.clone(),
                    format!(
                        "Mã “{}” chỉ được gồm chữ thường không dấu, chữ số, dấu gạch nối ở giữa, tối đa {LONGEST} ký tự.",
                        bloc.id
                    ),
                ));
            }
            if bloc.id == OF_REGISTER {
                let message = format!("Mã “{OF_REGISTER}” là tên tệp của sổ đăng ký; hãy đặt mã khác cho khối, cụm.");
                faults.push((at.clone(), message));
            }
            if let Some(before) = seen.insert(&bloc.id, index) {
                faults.push((at, format!("Mã “{}” đã dùng ở dòng {}.", bloc.id, before + 1)));
            }
            let unknown = |id: &&String| !self.units.is_empty() && !self.units.iter().any(|unit| unit.id == **id);
            for id in bloc.members.iter().map(|member| &member.unit).filter(unknown) {
                faults.push((
                    format!("/blocs/{index}"),
                    format!("Không có đơn vị mang mã “{id}” trong danh sách đơn vị."),
                ));
            }
        }
        faults
    }
}

impl Register {
    /// The last day on which a bloc is in time with this period.
    pub fn due(&self, period: &str, bloc: &str) -> Option<NaiveDate> {
        let period = self.periods.get(period)?;
        period.extensions.iter().find(|extension| extension.bloc == bloc).map(|it| it.due).or(period.due)
    }
}

/// Characters of a name: what has an id in the register names a file.
const LONGEST: usize = 64;

/// Whether a name is a plain file name on every system.
pub fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain)
}

/// Whether a text may name a unit or a bloc: small letters, digits and hyphens inside. It stands in addresses and logs, so
/// it is no place for a person's name.
pub fn is_id(text: &str) -> bool {
    is_plain(text) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bloc_has_the_id_that_it_may_have_in_a_service() {
        let faults = |id: &str| {
            let bloc = json!({"id": id, "name": "Khối 1", "form": "bloc"});
            let register = json!({"province": "tỉnh A", "year": 2026, "blocs": [bloc]});
            serde_json::from_value::<Register>(register).unwrap().faults().len()
        };
        for right in ["6", "khoi-06", &"a".repeat(64)] {
            assert_eq!(faults(right), 0, "{right}");
            assert!(is_plain(right), "its file has this name");
        }
        for wrong in ["", "-khoi", "khoi-", "Khoi", "khối", "a b", &"a".repeat(65)] {
            assert_eq!(faults(wrong), 1, "{wrong}");
        }
    }

    #[test]
    fn no_bloc_is_called_as_the_registers_own_file() {
        let blocs = |id: &str| {
            let register =
                json!({"province": "tỉnh A", "year": 2026, "blocs": [{"id": id, "name": "Khối 1", "form": "bloc"}]});
            serde_json::from_value::<Register>(register).unwrap().faults()
        };
        assert!(blocs("provinces").is_empty());
        let faults = blocs("province");
        assert_eq!((faults.len(), faults[0].0.as_str()), (1, "/blocs/0/id"));
    }
}
