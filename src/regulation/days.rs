//! Editions as days see them: which one governs a day, which days have none, and what is shown of them.

use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::{Edition, Editions};
use crate::{
    calendar,
    failure::{Failure, FailureCode, Finding, Severity},
};

/// Days that no edition governs; both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Absent: from the beginning of time.
    pub from: Option<NaiveDate>,
    /// Absent: for ever after.
    pub until: Option<NaiveDate>,
}

impl Gap {
    fn holds(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| day >= from) && self.until.is_none_or(|until| day <= until)
    }

    /// `từ ngày 01/01/2024 đến ngày 30/6/2024`.
    pub fn vietnamese(self) -> String {
        match (self.from, self.until) {
            (None, None) => "mọi ngày".to_owned(),
            (None, Some(until)) => format!("đến hết ngày {}", calendar::short(until)),
            (Some(from), None) => format!("từ ngày {} trở đi", calendar::short(from)),
            (Some(from), Some(until)) => {
                format!("từ ngày {} đến hết ngày {}", calendar::short(from), calendar::short(until))
            }
        }
    }

    fn english(self) -> String {
        match (self.from, self.until) {
            (None, None) => "on every day".to_owned(),
            (None, Some(until)) => format!("up to {until}"),
            (Some(from), None) => format!("from {from} on"),
            (Some(from), Some(until)) => format!("from {from} to {until}"),
        }
    }
}

/// An edition as it is shown; with a day, also what a paper of that day prints of it.
#[derive(Debug, Serialize)]
pub struct EditionView<'a> {
    #[serde(flatten)]
    pub edition: &'a Edition,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_on: Option<SeenOn<'a>>,
}

/// An edition on one day.
#[derive(Debug, Serialize)]
pub struct SeenOn<'a> {
    pub day: NaiveDate,
    pub in_force: bool,
    /// Legal bases that a paper of that day prints, in order.
    pub prints: Vec<&'a str>,
}

/// Several editions and the days between them.
#[derive(Debug, Serialize)]
pub struct EditionsView<'a> {
    pub data: Vec<EditionView<'a>>,
    pub gaps: Vec<Gap>,
}

impl Edition {
    /// The edition, seen on a day if one is given.
    pub fn view(&self, on: Option<NaiveDate>) -> EditionView<'_> {
        let seen_on = on.map(|day| SeenOn {
            day,
            in_force: self.is_in_force_on(day),
            prints: self.legal_bases_on(day).map(|basis| basis.text.as_str()).collect(),
        });
        EditionView { edition: self, seen_on }
    }

    /// `E2 (01/01/2024 – 30/6/2025)`.
    pub fn with_days(&self) -> String {
        format!("{} ({})", self.id, self.days())
    }

    /// `01/01/2024 – 30/6/2025`, `01/10/2026 – nay`.
    pub fn days(&self) -> String {
        let until = self.in_force_until.map_or("nay".to_owned(), calendar::short);
        format!("{} – {until}", calendar::short(self.in_force_from))
    }
}

impl Editions {
    /// The days without an edition, oldest first: before the first, between two, after the last.
    pub fn gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let mut free_from = None;
        for edition in self.iter() {
            let until = edition.in_force_from.checked_sub_days(Days::new(1));
            if free_from.is_none_or(|from| until.is_some_and(|until| from <= until)) {
                gaps.push(Gap { from: free_from, until });
            }
            match edition.in_force_until {
                Some(last) => free_from = last.checked_add_days(Days::new(1)),
                None => return gaps,
            }
        }
        gaps.push(Gap { from: free_from, until: None });
        gaps
    }

    /// All editions, or that of a day.
    ///
    /// # Errors
    /// `no-edition`, naming the gap, where the day has none.
    pub fn view(&self, on: Option<NaiveDate>) -> Result<EditionsView<'_>, Failure> {
        let data = match on {
            None => self.iter().map(|edition| edition.view(None)).collect(),
            Some(day) => {
                let edition = self.on(day).ok_or_else(|| no_edition(None, self.no_edition_on(day)))?;
                vec![edition.view(on)]
            }
        };
        Ok(EditionsView { data, gaps: self.gaps() })
    }

    /// The edition of that name, seen on a day if one is given.
    ///
    /// # Errors
    /// `not-found` where there is none.
    pub fn view_of(&self, id: &str, on: Option<NaiveDate>) -> Result<EditionView<'_>, Failure> {
        let ids: Vec<&str> = self.iter().map(|edition| edition.id.as_str()).collect();
        let edition = self.named(id).ok_or_else(|| {
            Failure::new(FailureCode::NotFound, "Không có phiên bản pháp luật này.", "There is no such edition.")
                .hint(format!("Các phiên bản: {}.", ids.join(", ")))
        })?;
        Ok(edition.view(on))
    }

    /// Why a day has no edition, as a Vietnamese and an English sentence that name the gap.
    pub fn no_edition_on(&self, day: NaiveDate) -> [String; 2] {
        let gap = self.gaps().into_iter().find(|gap| gap.holds(day)).unwrap_or(Gap { from: None, until: None });
        let shown = calendar::short(day);
        [
            format!("Không có phiên bản pháp luật nào áp dụng cho ngày {shown}: khoảng trống {}.", gap.vietnamese()),
            format!("No edition of the law covers {day}: there is none {}.", gap.english()),
        ]
    }
}

/// The failure `no-edition`; at a place of a request, or of a bare question.
pub fn no_edition(finding: Option<Finding>, [message, message_en]: [String; 2]) -> Failure {
    Failure::new(FailureCode::NoEdition, message, message_en)
        .hint("Kiểm tra ngày văn bản, hoặc nêu phiên bản trong “paper.edition”.")
        .with_findings(finding.into_iter().collect())
}

/// Info: the request named the edition itself, beside that of the paper's day.
pub fn named_by_request(named: &Edition, of_the_day: Option<&Edition>) -> Finding {
    let id = &named.id;
    let (instead, instead_en) = match of_the_day {
        Some(other) if other.id == *id => {
            ("cũng là phiên bản của ngày văn bản".to_owned(), "that of its day".to_owned())
        }
        Some(other) => (format!("thay cho {} của ngày văn bản", other.id), format!("in place of {}", other.id)),
        None => ("ngày văn bản không có phiên bản nào".to_owned(), "its day has none".to_owned()),
    };
    Finding::new(
        "edition",
        Severity::Info,
        "/paper/edition",
        format!("Văn bản theo phiên bản pháp luật {id} do yêu cầu chỉ định ({instead})."),
        format!("The paper follows edition {id}, named by the request ({instead_en})."),
    )
    .found(id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn editions(days: &[(&str, &str, Option<&str>)]) -> Editions {
        let all = days.iter().map(|(id, from, until)| {
            let until = until.map(|until| format!("in_force_until = \"{until}\"\n")).unwrap_or_default();
            let text =
                format!("id = \"{id}\"\ntitle = \"x\"\nin_force_from = \"{from}\"\n{until}confidence = \"sure\"");
            toml::from_str(&text).unwrap()
        });
        Editions::new(all.collect()).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_before_between_and_after_are_gaps() {
        let with_hole = editions(&[("A", "2018-01-01", Some("2019-12-31")), ("B", "2020-03-01", Some("2020-12-31"))]);
        let gaps: Vec<String> = with_hole.gaps().into_iter().map(Gap::vietnamese).collect();
        assert_eq!(
            gaps,
            ["đến hết ngày 31/12/2017", "từ ngày 01/01/2020 đến hết ngày 29/02/2020", "từ ngày 01/01/2021 trở đi"]
        );
        let close = editions(&[("A", "2018-01-01", Some("2019-12-31")), ("B", "2020-01-01", None)]);
        assert_eq!(close.gaps(), [Gap { from: None, until: Some(day("2017-12-31")) }]);
    }

    #[test]
    fn a_day_without_edition_is_told_its_gap() {
        let editions = editions(&[("A", "2018-01-01", Some("2019-12-31")), ("B", "2020-03-01", None)]);
        let failure = editions.view(Some(day("2020-02-10"))).unwrap_err();
        assert_eq!(failure.code, FailureCode::NoEdition);
        assert!(failure.message.contains("từ ngày 01/01/2020 đến hết ngày 29/02/2020"), "{}", failure.message);
        assert!(failure.message_en.contains("from 2020-01-01 to 2020-02-29"), "{}", failure.message_en);
        assert_eq!(editions.view(Some(day("2020-03-01"))).unwrap().data[0].edition.id, "B");
    }
}
