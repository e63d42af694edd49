//! Points: the table of criteria and what each member scored (*bảng điểm*).

use rust_decimal::Decimal;
use serde::Deserialize;

use super::reading::decimal;

/// The table of criteria (*bảng tiêu chí chấm điểm*).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Scoring {
    /// What the points of the main criteria add up to, as declared: 1000 or 100.
    #[serde(deserialize_with = "decimal")]
    pub scale: Option<Decimal>,
    /// The most bonus points a member may get.
    #[serde(deserialize_with = "decimal")]
    pub bonus_cap: Option<Decimal>,
    pub criteria: Vec<Criterion>,
}

/// One line of the table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Criterion {
    pub code: String,
    pub name: String,
    /// *Điểm chuẩn*.
    #[serde(deserialize_with = "decimal")]
    pub max: Option<Decimal>,
    /// Code of the line that this one is a part of.
    pub parent: Option<String>,
    pub sort: CriterionSort,
}

/// What a criterion's points do to the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CriterionSort {
    #[default]
    Main,
    /// *Điểm thưởng*.
    Bonus,
    /// *Điểm trừ*.
    Penalty,
}

/// The points of one member.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Score {
    pub member: String,
    /// *Tự chấm*.
    #[serde(deserialize_with = "decimal")]
    pub self_score: Option<Decimal>,
    /// *Khối chấm*, *thẩm định*.
    #[serde(deserialize_with = "decimal")]
    pub appraised_score: Option<Decimal>,
    #[serde(deserialize_with = "decimal")]
    pub bonus: Option<Decimal>,
    /// Zero or below.
    #[serde(deserialize_with = "decimal")]
    pub penalty: Option<Decimal>,
    #[serde(deserialize_with = "decimal")]
    pub total: Option<Decimal>,
    pub details: Vec<ScoreDetail>,
}

/// The points of one member for one criterion.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ScoreDetail {
    pub criterion: String,
    #[serde(rename = "self", deserialize_with = "decimal")]
    pub self_given: Option<Decimal>,
    #[serde(deserialize_with = "decimal")]
    pub appraised: Option<Decimal>,
}
