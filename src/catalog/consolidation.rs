//! How a province's paper is added up from what its blocs have sent, as a kind's manifest says it.
//!
//! Like a dossier's mapping it names places; it copies, counts and adds, and does nothing else.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Kind;

/// `[consolidates]` of a kind's manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consolidation {
    /// Kind of the papers that are added up.
    pub kind: String,
    /// Where every bloc of the register gets a row.
    pub rows: String,
    /// What a row takes from its bloc's paper.
    #[serde(default)]
    pub cells: Vec<Cell>,
    /// Tables over all blocs.
    #[serde(default)]
    pub tables: Vec<Table>,
    /// Totals over what has been put together.
    #[serde(default)]
    pub totals: Vec<Total>,
}

/// One value of a bloc's row. Where its source is absent, the value stays absent: nothing is not 0.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Place in the row.
    pub to: String,
    /// Place in the bloc's paper.
    pub from: String,
    pub take: Take,
    /// Place in an item of the list, for [`Take::Sum`].
    #[serde(default)]
    pub figure: Option<String>,
    /// Which items of the list are meant: place in the item, and what may stand there.
    #[serde(default)]
    pub only: BTreeMap<String, Vec<Value>>,
}

/// How a value is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Take {
    /// As it stands.
    Copy,
    /// How many items of a list.
    Count,
    /// A figure of each item of a list, added up.
    Sum,
}

/// A table whose rows are those of all blocs, added up where they are told apart by nothing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub to: String,
    pub from: String,
    /// What tells rows apart: places in a row.
    pub by: Vec<String>,
    /// The figure that is added up.
    pub figure: String,
    /// Place in a row that names the bloc; then blocs are told apart too.
    #[serde(default)]
    pub bloc: Option<String>,
}

/// A total over a list of the paper that is put together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    pub to: String,
    pub of: String,
    /// Place of the figure in an item; without it the items are counted.
    #[serde(default)]
    pub figure: Option<String>,
    #[serde(default)]
    pub only: BTreeMap<String, Vec<Value>>,
}

/// Places that the schemas do not know.
pub(super) fn faults(kind: &Kind, kinds: &BTreeMap<String, Kind>) -> Vec<String> {
    let Some(plan) = &kind.manifest.consolidates else { return Vec::new() };
    let path = format!("documents/{}/manifest.toml", kind.manifest.kind);
    let Some(source) = kinds.get(&plan.kind) else {
        return vec![format!("{path}: there is no kind {:?} to consolidate", plan.kind)];
    };
    let mut own = vec![plan.rows.clone()];
    let mut theirs = Vec::new();
    for cell in &plan.cells {
        own.push(format!("{}/0{}", plan.rows, cell.to));
        theirs.push(cell.from.clone());
        theirs.extend(cell.figure.iter().chain(cell.only.keys()).map(|place| format!("{}/0{place}", cell.from)));
    }
    for table in &plan.tables {
        own.push(table.to.clone());
        own.extend(table.bloc.iter().map(|place| format!("{}/0{place}", table.to)));
        let places = || table.by.iter().chain([&table.figure]);
        own.extend(places().map(|place| format!("{}/0{place}", table.to)));
        theirs.extend(places().map(|place| format!("{}/0{place}", table.from)));
    }
    for total in &plan.totals {
        own.push(total.to.clone());
        own.extend(total.figure.iter().chain(total.only.keys()).map(|place| format!("{}/0{place}", total.of)));
    }
    let unknown = |kind: &Kind, places: Vec<String>| {
        let name = kind.manifest.kind.clone();
        let missing = places.into_iter().filter(|place| kind.title_at(place).is_none()).collect::<Vec<_>>();
        missing.into_iter().map(|place| format!("{path}: {name} has no {place}")).collect::<Vec<_>>()
    };
    let mut faults = unknown(kind, own);
    faults.extend(unknown(source, theirs));
    faults
}
