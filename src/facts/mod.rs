//! What a request states, as types: the facts the rules compare.
//!
//! One rule: nothing is judged here. A field is absent when the request does not state it, never a guess.

mod context;
mod limits;
mod nominating;
mod places;
mod reading;
mod scoring;
mod summary;
mod voting;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::calendar::{Part, Period};
pub use context::{AwardElsewhere, AwardSort, CitedLaw, Claim, ListedAward, RecordNeeds, RuleContext};
pub use limits::{Limit, Limits};
pub use nominating::{
    CommendationCause, NamedInitiative, Nomination, PastAward, RatingLevel, Staff, Subject, YearlyRating,
};
pub use places::{PlaceName, PlaceSort, Spelled};
pub use reading::{Text, numbered};
pub use scoring::{Criterion, CriterionSort, Score, ScoreDetail, Scoring};
pub use summary::{BlocConference, BlocSummary, Previous, Statistics};
pub use voting::{Ballot, BallotPurpose, Candidate, Council, Election, Threshold, ThresholdBase, VotingMethod};

/// The content of a request and all its texts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Facts {
    pub bloc: Option<Bloc>,
    /// A period of another shape (without a year) is read as absent.
    #[serde(deserialize_with = "reading::where_it_fits")]
    pub period: Option<StatedPeriod>,
    /// Documents the paper carries out (*Thực hiện …*).
    pub guidance: Vec<DocumentReference>,
    /// Number of members as the source states it.
    pub member_count: Option<u64>,
    pub members: Vec<MemberUnit>,
    pub conference: Option<Conference>,
    pub targets: Vec<Target>,
    pub movements: Vec<EmulationMovement>,
    pub commendations: Vec<Commendation>,
    pub commendation_totals: Option<CommendationTotals>,
    /// Decisions read out at the conference.
    pub decisions_announced: Vec<DocumentReference>,
    pub selections: Vec<Selection>,
    pub initiatives: Vec<Initiative>,
    pub directions: Option<Directions>,
    pub scoring: Option<Scoring>,
    pub scores: Vec<Score>,
    /// The points of the one unit that a scorecard is of.
    pub score: Option<Score>,
    pub ballots: Vec<Ballot>,
    pub nominations: Vec<Nomination>,
    pub limits: Option<Limits>,
    pub election: Option<Election>,
    pub council: Option<Council>,
    /// Who came to a meeting.
    pub attendance: Option<Attendance>,
    /// Times of day of a meeting, `08:00`.
    pub started_at: Option<String>,
    pub ended_at: Option<String>,
    /// Who decides what a submission asks for.
    pub decider: Option<String>,
    /// Who writes the minutes.
    pub secretary: Option<Participant>,
    /// What was said, in its order.
    pub proceedings: Vec<Proceeding>,
    /// Titles that the subject of an achievement report holds.
    pub titles_history: Vec<PastAward>,
    pub commendations_history: Vec<PastAward>,
    /// The subject of an achievement report: a person or a collective, and what is asked for it.
    pub person: Option<Subject>,
    pub collective: Option<Subject>,
    pub form: Option<String>,
    pub yearly_ratings: Vec<YearlyRating>,
    pub recognised_initiatives: Vec<NamedInitiative>,
    pub previous: Option<Previous>,
    /// The blocs of a province's summary.
    pub blocs: Vec<BlocSummary>,
    pub statistics: Option<Statistics>,
    /// Every document that the content refers to, with its place.
    #[serde(skip)]
    pub cited: Vec<(String, DocumentReference)>,
    /// Every text of the request with its place.
    #[serde(skip)]
    pub texts: Vec<Text>,
    /// Fields of the content that hold something.
    #[serde(skip)]
    pub stated: std::collections::BTreeSet<String>,
}

/// An emulation bloc or cluster (*khối thi đua*, *cụm thi đua*).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Bloc {
    pub name: String,
    pub form: Option<BlocForm>,
    pub aliases: Vec<String>,
    pub province: Option<String>,
    pub established_by: Option<DocumentReference>,
    /// The decision that recognised this year's head and deputies.
    pub recognised_by: Option<DocumentReference>,
}

/// What a bloc is called (*khối* of agencies, *cụm* of places).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlocForm {
    Bloc,
    Cluster,
}

/// The period as stated.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct StatedPeriod {
    pub year: i32,
    #[serde(default)]
    pub part: Part,
    #[serde(default, deserialize_with = "crate::calendar::lenient")]
    pub from: Option<NaiveDate>,
    #[serde(default, deserialize_with = "crate::calendar::lenient")]
    pub to: Option<NaiveDate>,
}

impl StatedPeriod {
    /// The part of the year meant, by the calendar.
    pub fn period(self) -> Period {
        Period { year: self.year, part: self.part }
    }
}

/// Another document (*văn bản*), by what a citation needs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct DocumentReference {
    #[serde(rename = "type")]
    pub official_type: String,
    pub number: String,
    #[serde(deserialize_with = "crate::calendar::lenient")]
    pub date: Option<NaiveDate>,
    pub issuer: Option<String>,
    pub subject: Option<String>,
}

/// A unit inside the bloc (*đơn vị thành viên*).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct MemberUnit {
    pub unit: String,
    pub abbreviation: Option<String>,
    pub role: Option<MemberRole>,
    /// Army, police, border guard: their signers may carry a rank.
    pub armed_forces: Option<bool>,
}

/// What a member does in the bloc this year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberRole {
    /// *Khối trưởng*, *cụm trưởng*.
    Head,
    /// *Khối phó*, *cụm phó*.
    Deputy,
    Member,
}

/// The conference the paper reports on (*hội nghị*).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Conference {
    #[serde(deserialize_with = "crate::calendar::lenient")]
    pub date: Option<NaiveDate>,
    pub chairs: Vec<Participant>,
    pub attendees: Vec<Participant>,
    pub adopted: Vec<String>,
    pub conclusion: Option<String>,
}

/// A person at the conference.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Participant {
    pub honorific: Option<String>,
    pub name: String,
    pub positions: Vec<String>,
    pub unit: Option<String>,
    pub role: Option<ParticipantRole>,
}

/// What a person does at the conference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParticipantRole {
    Chair,
    CoChair,
    Guest,
    Guidance,
    Opening,
    Speech,
    Presenter,
    Conclusion,
    Secretary,
}

/// Who came to a meeting (*có mặt*).
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Attendance {
    /// Member units that are there.
    pub units: Option<u64>,
    /// Everybody who is there.
    pub people: Option<u64>,
}

/// One matter in the course of a meeting (*diễn biến*).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Proceeding {
    pub speaker: Option<Participant>,
}

/// A target of the pact (*chỉ tiêu*).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Target {
    pub name: String,
    pub unit_of_measure: String,
    #[serde(deserialize_with = "reading::decimal")]
    pub planned: Option<Decimal>,
    #[serde(deserialize_with = "reading::decimal")]
    pub achieved: Option<Decimal>,
    /// The result of the year before.
    #[serde(deserialize_with = "reading::decimal")]
    pub previous: Option<Decimal>,
    pub member: Option<String>,
}

/// *Phong trào thi đua*.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct EmulationMovement {
    pub name: String,
    #[serde(deserialize_with = "crate::calendar::lenient")]
    pub from: Option<NaiveDate>,
    #[serde(deserialize_with = "crate::calendar::lenient")]
    pub to: Option<NaiveDate>,
    pub year: Option<i32>,
}

/// Who is honoured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Honoree {
    /// *Tập thể*.
    Collective,
    /// *Cá nhân*.
    Individual,
    /// *Hộ gia đình*.
    Household,
}

/// One row of commendations given (*khen thưởng*).
#[derive(Debug, Clone, Deserialize)]
pub struct Commendation {
    pub form: String,
    pub honoree: Honoree,
    pub count: u64,
    #[serde(default)]
    pub member: Option<String>,
    #[serde(default)]
    pub decision: Option<DocumentReference>,
}

/// Totals as the source states them.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct CommendationTotals {
    pub collective: Option<u64>,
    pub individual: Option<u64>,
    pub household: Option<u64>,
}

/// Those chosen by the bloc for a higher commendation (*bình chọn*).
#[derive(Debug, Clone, Deserialize)]
pub struct Selection {
    pub count: u64,
    pub honoree: Honoree,
    #[serde(default)]
    pub period: Option<Years>,
    #[serde(default)]
    pub names: Vec<String>,
}

/// A span of years, both included (*giai đoạn*).
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Years {
    pub from: i32,
    pub to: i32,
}

/// Initiatives recognised at one level (*sáng kiến*).
#[derive(Debug, Clone, Deserialize)]
pub struct Initiative {
    #[serde(default)]
    pub member: Option<String>,
    pub level: InitiativeLevel,
    /// One where a single initiative is named.
    #[serde(default = "one")]
    pub count: u64,
}

fn one() -> u64 {
    1
}

/// Where an initiative was recognised (*cấp công nhận*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InitiativeLevel {
    /// *Cấp cơ sở*.
    Grassroots,
    /// *Cấp tỉnh*.
    Province,
    /// *Cấp toàn quốc*.
    National,
}

/// The way ahead (*phương hướng*); only what rules compare.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Directions {
    pub instructions: Vec<Instruction>,
}

/// What a leader asked for at the conference.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Instruction {
    pub person: Participant,
}
