//! Nominations and the record behind them (*đề nghị khen thưởng*, *thành tích*).

use chrono::Datelike;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{DocumentReference, InitiativeLevel, Years, reading::decimal};
use crate::calendar::parse_iso;

/// The subject of an achievement report (*báo cáo thành tích*).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Subject {
    pub name: String,
    pub unit: Option<String>,
    #[serde(deserialize_with = "super::reading::where_it_fits")]
    pub staff: Option<Staff>,
    /// A person's day of birth, which may be older than the years of papers.
    pub born: Option<String>,
}

/// One who is nominated for a title or a commendation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Nomination {
    pub nominee: String,
    pub sort: Option<super::Honoree>,
    pub unit: Option<String>,
    /// Id of the edition's catalogue, or the name.
    pub form: String,
    pub cause: Option<CommendationCause>,
    pub year: Option<i32>,
    #[serde(deserialize_with = "years")]
    pub period: Option<Years>,
    #[serde(deserialize_with = "decimal")]
    pub score: Option<Decimal>,
    pub rank: Option<u64>,
    pub agree: Option<u64>,
    pub voters: Option<u64>,
    pub history: Vec<PastAward>,
    pub initiatives: Vec<NamedInitiative>,
    pub ratings: Vec<YearlyRating>,
    pub staff: Option<Staff>,
    /// Discipline, inspection or complaint that is not settled.
    pub pending_discipline: Option<bool>,
    /// Why, where the points or votes alone do not say it.
    pub reason: Option<String>,
}

impl Nomination {
    /// The year nominated for: stated, or the last of the period.
    pub fn last_year(&self) -> Option<i32> {
        self.year.or(self.period.map(|years| years.to))
    }
}

/// Type of commendation by its cause (Emulation and Commendation Law 2022, art. 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommendationCause {
    /// *Công trạng*.
    Regular,
    /// *Chuyên đề*, *phong trào*.
    Thematic,
    /// *Đột xuất*.
    Unplanned,
    /// *Quá trình cống hiến*, *niên hạn*.
    Service,
}

/// A title or commendation received before.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PastAward {
    pub year: Option<i32>,
    pub name: String,
    pub decision: Option<DocumentReference>,
}

/// An initiative by its name.
#[derive(Debug, Clone, Deserialize)]
pub struct NamedInitiative {
    pub level: InitiativeLevel,
    #[serde(default)]
    pub year: Option<i32>,
    #[serde(default)]
    pub decision: Option<DocumentReference>,
}

impl NamedInitiative {
    /// The year in which it was recognised: stated, or that of its decision.
    pub fn recognised_in(&self) -> Option<i32> {
        let decided = || Some(self.decision.as_ref()?.date?.year());
        self.year.or_else(decided)
    }
}

/// How the tasks of a year were done.
#[derive(Debug, Clone, Deserialize)]
pub struct YearlyRating {
    pub year: i32,
    pub level: RatingLevel,
}

/// *Mức độ hoàn thành nhiệm vụ*, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RatingLevel {
    NotCompleted,
    Completed,
    Good,
    Excellent,
}

/// The people of a nominated collective.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Staff {
    pub total: Option<u64>,
    /// Who completed their tasks.
    pub completed: Option<u64>,
    /// *Lao động tiên tiến*.
    pub advanced: Option<u64>,
    /// *Hoàn thành xuất sắc nhiệm vụ*.
    pub excellent: Option<u64>,
}

/// A span given in years or in dates; one without two readable ends is read as absent.
fn years<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Years>, D::Error> {
    let span = Value::deserialize(deserializer)?;
    let year = |end: &str| -> Option<i32> {
        match &span[end] {
            Value::Number(year) => i32::try_from(year.as_i64()?).ok(),
            Value::String(date) => parse_iso(date).ok().map(|date| chrono::Datelike::year(&date)),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    };
    Ok(year("from").zip(year("to")).map(|(from, to)| Years { from, to }))
}
