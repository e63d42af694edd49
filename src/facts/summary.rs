//! What a province states about all its blocs, and what is compared with an earlier year.

use serde::Deserialize;

use super::{Commendation, Initiative};

/// One bloc in a province's summary.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct BlocSummary {
    pub name: String,
    pub form: Option<super::BlocForm>,
    pub members: Option<u64>,
    pub conference: Option<BlocConference>,
    pub flags: Option<u64>,
    pub certificates: Option<u64>,
    /// False: the bloc has sent no report.
    pub reported: Option<bool>,
}

/// A bloc's conference.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct BlocConference {
    /// Units that took part.
    pub attendance: Option<u64>,
}

/// Totals over the blocs, as the source states them.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Statistics {
    pub blocs: Option<u64>,
    pub reported: Option<u64>,
    pub members: Option<u64>,
    pub flags: Option<u64>,
    pub certificates: Option<u64>,
}

/// The figures of an earlier year.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Previous {
    pub year: Option<i32>,
    pub commendations: Vec<Commendation>,
    pub initiatives: Vec<Initiative>,
    pub members: Option<u64>,
}
