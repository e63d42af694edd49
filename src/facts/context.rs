//! What a rule knows besides the request.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Limits, PlaceName};

/// Handed to every room of rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleContext<'a> {
    /// The date on the paper, if it has one.
    pub issued_on: Option<NaiveDate>,
    /// The date whose law applies: `issued_on`, or the day the caller stands on.
    pub effective_on: NaiveDate,
    /// True if the paper is to be signed and sent; a draft may still have gaps.
    pub issued: bool,
    /// Laws and decrees whose time is known, of all editions.
    pub edition_cites: &'a [CitedLaw],
    /// The edition's catalogue of titles and commendations; empty where it is not known.
    pub awards: &'a [ListedAward],
    /// What only other editions know.
    pub awards_elsewhere: &'a [AwardElsewhere],
    /// Phrases that need figures beside them.
    pub claims: &'a [Claim],
    /// The province's own rules, where a request does not state them.
    pub limits: Option<&'a Limits>,
    /// Names of provinces and levels in their time.
    pub places: &'a [PlaceName],
}

/// A law, decree or circular and the days it is in force, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitedLaw {
    /// As cited: `98/2023/NĐ-CP`.
    pub number: String,
    /// What a law is called besides: `Luật Thi đua, khen thưởng`.
    pub name: Option<String>,
    pub from: NaiveDate,
    /// `None`: still in force.
    pub until: Option<NaiveDate>,
}

impl CitedLaw {
    /// True if the law was in force on some day from `first` to `last`.
    pub fn in_force_between(&self, first: NaiveDate, last: NaiveDate) -> bool {
        self.from <= last && self.until.is_none_or(|until| first <= until)
    }
}

/// A title (*danh hiệu thi đua*) or form of commendation (*hình thức khen thưởng*) of the edition's catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAward {
    /// The same through all editions: `emulation-fighter-grassroots`.
    pub id: String,
    /// As printed.
    pub name: String,
    pub sort: AwardSort,
    /// Who decides it, as printed; several are parted by semicolons.
    pub decided_by: String,
    /// The least share of a collective's staff that completes its tasks, in percent.
    pub least_completed: Option<u64>,
    /// The least share that is advanced worker.
    pub least_advanced: Option<u64>,
    /// What a person's record shows besides the title before it.
    pub record: Option<RecordNeeds>,
    /// The clause that says so.
    pub record_law: Option<String>,
}

/// A name of the catalogue of other editions that this one has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwardElsewhere {
    pub name: String,
    /// The editions with their days, as printed.
    pub editions: String,
}

/// What makes an advanced worker an emulation fighter; editions of the law differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordNeeds {
    /// An initiative or a study that was recognised.
    Initiative,
    /// That, or tasks done excellently.
    InitiativeOrExcellent,
    /// The same as far as is known; both may be asked for.
    ToConfirm,
}

/// What kind of honour it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwardSort {
    Title,
    Commendation,
}

/// A phrase that claims more than the data may show ("nhiều phần thưởng cao quý").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Compared without regard to case.
    pub pattern: String,
    /// Fields of the content; one that holds something is enough.
    pub needs: Vec<String>,
    /// Vietnamese: what to add.
    pub message: String,
}
