//! Rules on a bloc: its period and conference, the documents it cites, its members and people.
//!
//! One rule: a rule compares two stated facts and never fills a missing one; what is absent is not judged.

mod attendance;
mod cited;
mod members;
mod people;
mod period;
mod places;
mod references;
mod summary;

use crate::{
    facts::{Facts, RuleContext},
    failure::Finding,
};

pub use members::{Match, Roster};
#[cfg(test)]
pub(crate) use places::samples::places;
pub use places::{misnamed, misplaced};

/// D03 to D10, M01 to M05, P01, P02 over the content, S01 over a province's blocs.
pub fn check(facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let mut findings = period::check(facts, context);
    findings.extend(references::check(facts, context));
    findings.extend(members::check(facts, context));
    findings.extend(attendance::check(facts));
    findings.extend(people::check(facts));
    findings.extend(summary::check(facts));
    findings.extend(places::check(facts, context));
    findings
}

#[cfg(test)]
mod samples {
    use serde_json::{Value, json};

    use super::*;
    use crate::{calendar::parse_iso, facts::Limits, failure::Severity};

    /// Content that breaks no rule.
    pub fn content() -> Value {
        json!({
            "bloc": {
                "name": "Khối thi đua các cơ quan tham mưu, tổng hợp",
                "recognised_by": {"type": "Quyết định", "number": "278/QĐ-UBND", "date": "2019-12-13"}
            },
            "period": {"year": 2020, "part": "first-half"},
            "member_count": 3,
            "members": [
                {"unit": "Sở Tài chính"},
                {"unit": "Sở Nội vụ", "role": "head"},
                {"unit": "Sở Ngoại vụ", "role": "deputy"}
            ],
            "conference": {
                "date": "2020-07-24",
                "chairs": [{"name": "Nguyễn Văn Lân", "positions": ["Giám đốc"], "unit": "Sở Nội vụ", "role": "chair"}]
            }
        })
    }

    pub type Found = (String, Severity, Vec<String>);

    /// What a province may set.
    pub fn limits() -> Limits {
        Limits {
            deputies: Some(2),
            conference_days_before: Some(60),
            conference_days_after_half_year: Some(62),
            conference_days_after_year: Some(90),
            issue_days_after: Some(180),
            ..Limits::default()
        }
    }

    /// Findings on the sample content after a change, for a paper of the given date.
    pub fn found(change: impl FnOnce(&mut Value), issued_on: &str, issued: bool) -> Vec<Found> {
        let mut request = json!({"content": content()});
        change(&mut request["content"]);
        let date = parse_iso(issued_on).unwrap();
        let (limits, places) = (limits(), places());
        let context = RuleContext {
            issued_on: Some(date),
            effective_on: date,
            issued,
            limits: Some(&limits),
            places: &places,
            ..RuleContext::default()
        };
        let findings = check(&Facts::read(&request).unwrap(), &context);
        findings.into_iter().map(|finding| (finding.code, finding.severity, finding.pointers)).collect()
    }

    /// The same for a paper that raises nothing by its date.
    pub fn found_in(change: impl FnOnce(&mut Value)) -> Vec<Found> {
        found(change, "2020-07-27", true)
    }

    pub fn one(code: &str, severity: Severity, pointers: &[&str]) -> Vec<Found> {
        vec![(code.to_string(), severity, pointers.iter().map(|pointer| pointer.to_string()).collect())]
    }

    #[test]
    fn content_without_contradictions_has_no_finding() {
        assert_eq!(found_in(|_| {}), []);
    }

    #[test]
    fn content_that_states_nothing_has_no_finding() {
        assert_eq!(found_in(|content| *content = json!({})), []);
    }
}
