//! Editions of the emulation and commendation law: which texts are in force on which day.
//!
//! The rule: the paper's own date chooses the edition, never the day on which it is made. Everything here is data
//! that a province can correct (`report_templates/editions`); `confidence` says how sure the entry is.

mod days;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{facts::RecordNeeds, vietnamese::fold_name};
pub use days::{EditionView, EditionsView, Gap, SeenOn, named_by_request, no_edition};

/// How well an entry of an edition is established.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Read in a primary copy or in two independent sources.
    Sure,
    /// One secondary source.
    Likely,
    /// To be confirmed by the operator before it is relied on.
    Unsure,
}

impl Confidence {
    /// Whether a paper may say it.
    pub fn is_printable(self) -> bool {
        match self {
            Self::Sure | Self::Likely => true,
            Self::Unsure => false,
        }
    }
}

/// One legal basis (*căn cứ*), ready to print without its end mark.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalBasis {
    pub text: String,
    pub confidence: Confidence,
    /// First day on which a paper may cite it, where that differs from the edition's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies_from: Option<NaiveDate>,
    /// Last such day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies_until: Option<NaiveDate>,
    /// The day from which the text is recorded to be no longer in force. It is printed all the same, for nobody has said what
    /// takes its place; a paper of that day or later is told so (rule D08).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<NaiveDate>,
}

impl LegalBasis {
    /// What is cited, without opening, day and title: `Nghị định số 98/2023/NĐ-CP`.
    pub fn text_cited(&self) -> &str {
        let text = self.text.strip_prefix("Căn cứ ").unwrap_or(&self.text);
        text.split_once(" ngày ").map_or(text, |(cited, _)| cited)
    }
}

/// A decree or circular and the days between which a paper may cite it as in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CitedLaw {
    /// Number and symbol, `98/2023/NĐ-CP`.
    pub number: String,
    /// What a law is called besides: `Luật Thi đua, khen thưởng`, so that it is known by its year as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub from: NaiveDate,
    /// Last day, inclusive; absent while in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    #[serde(default = "likely")]
    pub confidence: Confidence,
}

fn likely() -> Confidence {
    Confidence::Likely
}

/// A title (*danh hiệu*) or form of commendation (*hình thức khen thưởng*) in the edition's catalogue.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Award {
    pub id: String,
    /// As printed.
    pub name: String,
    pub sort: AwardSort,
    #[serde(default)]
    pub holders: Vec<String>,
    /// Who decides it, as printed.
    pub decided_by: String,
    /// The least share of a collective's staff that completes its tasks, in percent (rule A09).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_completed: Option<u64>,
    /// The least share that is advanced worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_advanced: Option<u64>,
    /// What a person's record shows besides the title before it (rule A05).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordNeeds>,
    /// The clause that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_law: Option<String>,
    pub confidence: Confidence,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Title or commendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AwardSort {
    Title,
    Commendation,
}

/// A form appended to the edition's decree.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppendedForm {
    pub number: String,
    pub title: String,
    pub confidence: Confidence,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One edition of the law.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edition {
    /// Short name, `E2`.
    pub id: String,
    pub title: String,
    pub in_force_from: NaiveDate,
    /// Last day, inclusive; absent while in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_force_until: Option<NaiveDate>,
    pub confidence: Confidence,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default)]
    pub legal_bases: Vec<LegalBasis>,
    #[serde(default)]
    pub cites: Vec<CitedLaw>,
    #[serde(default)]
    pub awards: Vec<Award>,
    #[serde(default)]
    pub forms: Vec<AppendedForm>,
}

impl Edition {
    /// Whether the edition governs a paper of that day.
    pub fn is_in_force_on(&self, day: NaiveDate) -> bool {
        day >= self.in_force_from && self.in_force_until.is_none_or(|until| day <= until)
    }

    /// The legal bases that a paper of that day may print, in order. What is unsure is neither printed nor compared with
    /// before an operator has confirmed it, which is to change its `confidence`.
    pub fn legal_bases_on(&self, day: NaiveDate) -> impl Iterator<Item = &LegalBasis> {
        self.legal_bases.iter().filter(move |basis| {
            basis.confidence.is_printable()
                && basis.applies_from.is_none_or(|from| day >= from)
                && basis.applies_until.is_none_or(|until| day <= until)
        })
    }

    /// The legal bases that such a paper prints although they are recorded to be no longer in force.
    pub fn expired_on(&self, day: NaiveDate) -> impl Iterator<Item = (&LegalBasis, NaiveDate)> {
        self.legal_bases_on(day)
            .filter_map(move |basis| Some((basis, basis.expires.filter(|expires| *expires <= day)?)))
    }

    /// The catalogue that papers and rules go by.
    pub fn printable_awards(&self) -> Vec<&Award> {
        self.awards.iter().filter(|award| award.confidence.is_printable()).collect()
    }

    /// The forms whose numbers a paper may name.
    pub fn printable_forms(&self) -> Vec<&AppendedForm> {
        self.forms.iter().filter(|form| form.confidence.is_printable()).collect()
    }
}

/// Why a set of editions cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EditionsError {
    #[error("there is no edition")]
    None,
    #[error("editions {0} and {1} overlap")]
    Overlap(String, String),
    #[error("edition {0} ends before it begins")]
    Backwards(String),
    #[error("edition {0} stands twice")]
    Twice(String),
}

/// All editions, in the order of their first day, without overlap.
#[derive(Debug, Clone, Default)]
pub struct Editions(Vec<Edition>);

impl Editions {
    /// Sorts the editions by date and refuses overlaps. Gaps are allowed: a date in a gap has no edition.
    pub fn new(mut editions: Vec<Edition>) -> Result<Self, EditionsError> {
        editions.sort_by_key(|edition| edition.in_force_from);
        if editions.is_empty() {
            return Err(EditionsError::None);
        }
        for (index, edition) in editions.iter().enumerate() {
            if edition.in_force_until.is_some_and(|until| until < edition.in_force_from) {
                return Err(EditionsError::Backwards(edition.id.clone()));
            }
            let Some(next) = editions.get(index + 1) else { continue };
            if editions[index + 1..].iter().any(|other| other.id == edition.id) {
                return Err(EditionsError::Twice(edition.id.clone()));
            }
            if edition.in_force_until.is_none_or(|until| until >= next.in_force_from) {
                return Err(EditionsError::Overlap(edition.id.clone(), next.id.clone()));
            }
        }
        Ok(Self(editions))
    }

    /// The edition that governs a paper of that day, if any.
    pub fn on(&self, day: NaiveDate) -> Option<&Edition> {
        self.0.iter().find(|edition| edition.is_in_force_on(day))
    }

    /// The edition of that name.
    pub fn named(&self, id: &str) -> Option<&Edition> {
        self.0.iter().find(|edition| edition.id == id)
    }

    /// All editions, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Edition> {
        self.0.iter()
    }

    /// The id of every award, by its folded name.
    pub fn award_ids(&self) -> BTreeMap<String, String> {
        let awards = self.0.iter().flat_map(|edition| &edition.awards);
        awards.map(|award| (fold_name(&award.name), award.id.clone())).collect()
    }

    /// Every dated text that any edition names, for the rule that a paper cites only what is in force (D08).
    pub fn cited_laws(&self) -> Vec<CitedLaw> {
        let mut laws: Vec<CitedLaw> = Vec::new();
        let cites = self.0.iter().flat_map(|edition| &edition.cites);
        for law in cites.filter(|law| law.confidence.is_printable()) {
            if !laws.iter().any(|known| known.number == law.number) {
                laws.push(law.clone());
            }
        }
        laws
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn edition(id: &str, from: &str, until: Option<&str>) -> Edition {
        Edition {
            id: id.into(),
            title: id.into(),
            in_force_from: day(from),
            in_force_until: until.map(day),
            confidence: Confidence::Sure,
            note: None,
            legal_bases: vec![],
            cites: vec![],
            awards: vec![],
            forms: vec![],
        }
    }

    #[test]
    fn the_papers_day_chooses_the_edition() {
        let editions =
            Editions::new(vec![edition("E2", "2024-01-01", Some("2025-06-30")), edition("E3", "2025-07-01", None)])
                .unwrap();
        let id = |text| editions.on(day(text)).map(|e| e.id.as_str());
        assert_eq!(id("2023-12-31"), None);
        assert_eq!(id("2024-01-01"), Some("E2"));
        assert_eq!(id("2025-06-30"), Some("E2"));
        assert_eq!(id("2025-07-01"), Some("E3"));
        assert_eq!(id("2090-07-01"), Some("E3"));
    }

    #[test]
    fn what_is_unsure_is_neither_printed_nor_compared_with() {
        let text = |confidence: &str| {
            format!(
                r#"
                id = "E2"
                title = "E2"
                in_force_from = "2024-01-01"
                confidence = "sure"
                legal_bases = [{{ text = "Căn cứ Thông tư", confidence = "{confidence}" }}]
                cites = [{{ number = "1/2024/TT-BNV", from = "2024-01-01", confidence = "{confidence}" }}]
                awards = [{{ id = "flag", name = "Cờ", sort = "title", decided_by = "Tỉnh", confidence = "{confidence}" }}]
                forms = [{{ number = "01", title = "Tờ trình", confidence = "{confidence}" }}]
                "#
            )
        };
        for (confidence, count) in [("sure", 1), ("likely", 1), ("unsure", 0)] {
            let edition: Edition = toml::from_str(&text(confidence)).unwrap();
            let bases = edition.legal_bases_on(day("2024-05-01")).count();
            let counts = [bases, edition.printable_awards().len(), edition.printable_forms().len()];
            assert_eq!(counts, [count; 3], "{confidence}");
            assert_eq!(Editions::new(vec![edition]).unwrap().cited_laws().len(), count, "{confidence}");
        }
    }

    #[test]
    fn overlapping_editions_are_refused() {
        let overlap =
            Editions::new(vec![edition("A", "2024-01-01", Some("2025-07-01")), edition("B", "2025-07-01", None)]);
        assert_eq!(overlap.unwrap_err(), EditionsError::Overlap("A".into(), "B".into()));
    }
}
