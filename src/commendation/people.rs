//! What cannot be of a person: a birth after the paper, two ratings for one year (D01, S06).

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::{
    calendar::short,
    facts::{Facts, RatingLevel, RuleContext, YearlyRating, numbered},
    failure::{Finding, Severity},
};

/// Fifteen is the least age of an employee (Labour Code 2019, art. 3).
const LEAST_AGE: i32 = 15;

pub(super) fn check(facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(check_birth(facts, context));
    findings.extend(check_ratings("/content/yearly_ratings", &facts.yearly_ratings));
    for (pointer, nomination) in numbered("/content/nominations", &facts.nominations) {
        findings.extend(check_ratings(&format!("{pointer}/ratings"), &nomination.ratings));
    }
    findings
}

/// D01: nobody is born after the paper (error), nor less than fifteen years before it (warning: pupils are commended too).
fn check_birth(facts: &Facts, context: &RuleContext) -> Option<Finding> {
    let person = facts.person.as_ref()?;
    let born = NaiveDate::parse_from_str(person.born.as_deref()?, "%Y-%m-%d").ok()?;
    let (place, on) = match context.issued_on {
        Some(on) => ("/paper/issued_on", on),
        None => ("/content/period/year", context.effective_on),
    };
    let grown = born.with_year(born.year() + LEAST_AGE).or(born.succ_opt()?.with_year(born.year() + LEAST_AGE))?;
    if grown <= on {
        return None;
    }
    let (name, day, on) = (person.name.trim(), short(born), (on, short(on)));
    let (severity, message) = if born > on.0 {
        let message =
            format!("“{name}” ghi sinh ngày {day}, sau ngày {} của văn bản; hãy kiểm tra lại ngày sinh.", on.1);
        (Severity::Error, message)
    } else {
        let message = format!(
            "“{name}” ghi sinh ngày {day}, chưa đủ {LEAST_AGE} tuổi vào ngày {} của văn bản; hãy kiểm tra lại ngày sinh.",
            on.1
        );
        (Severity::Warning, message)
    };
    let message_en = format!("The day of birth is {day}, the paper's day is {}.", on.1);
    Some(Finding::new("D01", severity, "/content/person/born", message, message_en).and_at(place).found(day))
}

/// S06: a year has one rating: two that differ are an error, the same one twice is a repeated row (warning).
fn check_ratings(list: &str, ratings: &[YearlyRating]) -> Vec<Finding> {
    let mut seen: BTreeMap<i32, (String, RatingLevel)> = BTreeMap::new();
    let mut findings = Vec::new();
    for (pointer, rating) in numbered(list, ratings) {
        let Some((earlier, before)) = seen.get(&rating.year) else {
            seen.insert(rating.year, (pointer, rating.level));
            continue;
        };
        let (severity, what) = match *before == rating.level {
            true => (Severity::Warning, format!("hai dòng đánh giá “{}”", words(rating.level))),
            false => (Severity::Error, format!("hai mức đánh giá “{}” và “{}”", words(*before), words(rating.level))),
        };
        findings.push(
            Finding::new(
                "S06",
                severity,
                format!("{pointer}/year"),
                format!("Năm {} có {what}; hãy giữ một dòng đúng.", rating.year),
                format!("The year {} has two ratings.", rating.year),
            )
            .and_at(format!("{earlier}/year"))
            .found(rating.year.to_string()),
        );
    }
    findings
}

fn words(level: RatingLevel) -> &'static str {
    match level {
        RatingLevel::NotCompleted => "không hoàn thành nhiệm vụ",
        RatingLevel::Completed => "hoàn thành nhiệm vụ",
        RatingLevel::Good => "hoàn thành tốt nhiệm vụ",
        RatingLevel::Excellent => "hoàn thành xuất sắc nhiệm vụ",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(content: Value) -> Vec<(String, Severity, Vec<String>)> {
        let facts = Facts::read(&json!({"content": content})).unwrap();
        let on = NaiveDate::from_ymd_opt(2026, 12, 20);
        let context = RuleContext { issued_on: on, effective_on: on.unwrap(), ..RuleContext::default() };
        check(&facts, &context).into_iter().map(|it| (it.code, it.severity, it.pointers)).collect()
    }

    #[test]
    fn d01_nobody_is_born_after_the_paper_or_a_child() {
        let born = |day: &str| found(json!({"person": {"name": "A", "born": day}}));
        let pointers = ["/content/person/born", "/paper/issued_on"].map(String::from).to_vec();
        for (day, severity) in [
            ("1968-05-19", None),
            ("2011-12-20", None),
            ("2011-12-21", Some(Severity::Warning)),
            ("2012-02-29", Some(Severity::Warning)),
            ("2030-01-01", Some(Severity::Error)),
        ] {
            let expected: Vec<_> = severity.map(|it| ("D01".to_string(), it, pointers.clone())).into_iter().collect();
            assert_eq!(born(day), expected, "{day}");
        }
    }

    #[test]
    fn s06_a_year_has_one_rating() {
        let rated = |one: &str, other: &str| {
            found(
                json!({"yearly_ratings": [{"year": 2025, "level": "good"}, {"year": 2026, "level": one}, {"year": 2026, "level": other}]}),
            )
        };
        let pointers = ["/content/yearly_ratings/2/year", "/content/yearly_ratings/1/year"].map(String::from).to_vec();
        assert_eq!(rated("good", "excellent"), [("S06".to_string(), Severity::Error, pointers.clone())]);
        assert_eq!(rated("good", "good"), [("S06".to_string(), Severity::Warning, pointers)]);
        let one = json!({"nominations": [{"nominee": "A", "form": "f", "ratings": [{"year": 2025, "level": "good"}, {"year": 2026, "level": "good"}]}]});
        assert_eq!(found(one), []);
    }
}
