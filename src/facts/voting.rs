//! Ballots, what they decide, and the local rules of the vote.
//!
//! A number that is absent is not known; it is never nought.

use serde::Deserialize;

/// One vote (*bỏ phiếu*, *biểu quyết*).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Ballot {
    pub subject: String,
    pub purpose: Option<BallotPurpose>,
    pub method: Option<VotingMethod>,
    /// Those who may vote.
    pub eligible: Option<u64>,
    pub present: Option<u64>,
    /// Ballot papers handed out (*phát ra*).
    pub issued: Option<u64>,
    /// Ballot papers that came back (*thu về*).
    pub returned: Option<u64>,
    pub valid: Option<u64>,
    pub invalid: Option<u64>,
    pub candidates: Vec<Candidate>,
    pub threshold: Option<Threshold>,
    /// The most candidates that may be chosen.
    pub most_chosen: Option<u64>,
    /// Votes that each unit has; one unless the bloc's rules say otherwise.
    pub votes_per_unit: Option<u64>,
    /// The time of day when the votes were counted.
    pub closed_at: Option<String>,
}

/// What a vote decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BallotPurpose {
    Flag,
    Certificate,
    Head,
    Deputy,
    Other,
}

/// How people vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VotingMethod {
    /// *Bỏ phiếu kín*.
    Secret,
    /// *Biểu quyết giơ tay*.
    ShowOfHands,
}

/// A unit or person put to the vote.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Candidate {
    pub name: String,
    pub unit: Option<String>,
    pub agree: Option<u64>,
    pub disagree: Option<u64>,
    pub blank: Option<u64>,
    pub chosen: Option<bool>,
    /// Why one with more votes was left out.
    pub reason: Option<String>,
}

impl Candidate {
    /// The name without a remark in brackets: `Sở Nội vụ (Trưởng khối)`.
    pub fn bare_name(&self) -> &str {
        let name = self.name.trim();
        let remark = name.strip_suffix(')').and_then(|name| name.rfind(" ("));
        remark.map_or(name, |at| name[..at].trim_end())
    }
}

/// The share of votes that a candidate must reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Threshold {
    pub numerator: u64,
    pub denominator: u64,
    pub base: ThresholdBase,
    /// True where the share itself is not enough (*quá bán*: more than 1/2).
    #[serde(default)]
    pub more_than: Option<bool>,
}

/// What the share is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdBase {
    Eligible,
    Present,
    Valid,
}

/// Who leads the bloc next year.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Election {
    pub head: String,
    pub deputies: Vec<String>,
    /// Place in the list of ballots.
    pub ballot: Option<usize>,
}

/// *Hội đồng thi đua - khen thưởng*.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Council {
    pub members_total: Option<u64>,
    pub present: Option<u64>,
}
