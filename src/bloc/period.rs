//! The period, the conference and the paper in their order (D03, D04, D05).

use chrono::{Days, NaiveDate};

use crate::{
    calendar::{Part, Period, short},
    facts::{Facts, RuleContext, StatedPeriod},
    failure::{Finding, Severity},
};

pub(super) fn check(facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let mut findings = Vec::new();
    let conference_date = facts.conference.as_ref().and_then(|conference| conference.date);
    if let Some(stated) = facts.period {
        findings.extend(check_bounds(stated));
        findings.extend(conference_date.and_then(|date| check_season(stated.period(), date)));
    }
    if let (Some(date), Some(issued_on)) = (conference_date, context.issued_on) {
        findings.extend(check_order(date, issued_on, context));
    }
    findings
}

/// D03: stated days are the first and the last of the half year (error) or of the year (warning: a school year is
/// another).
fn check_bounds(stated: StatedPeriod) -> Vec<Finding> {
    let period = stated.period();
    let severity = match period.part {
        Part::FirstHalf | Part::SecondHalf => Severity::Error,
        Part::Year => Severity::Warning,
    };
    let bounds =
        [("from", "bắt đầu", "begins", stated.from, period.from()), ("to", "kết thúc", "ends", stated.to, period.to())];
    let differing = bounds.into_iter().filter_map(|(field, verb, verb_en, given, due)| {
        let given = given.filter(|given| *given != due)?;
        let (given, due, words) = (short(given), short(due), period.words());
        Some(
            Finding::new(
                "D03",
                severity,
                format!("/content/period/{field}"),
                format!("Kỳ báo cáo {words} {verb} ngày {due}, nhưng dữ liệu ghi {given}; hãy sửa ngày hoặc bỏ trống trường này."),
                format!("The period {verb_en} on {due}, but {given} is given; correct it or leave it out."),
            )
            .and_at("/content/period/year")
            .found(given)
            .expected(due),
        )
    });
    differing.collect()
}

/// D04 (warning): a review is held from 60 days before the period's end to some two or three months after it.
fn check_season(period: Period, date: NaiveDate) -> Option<Finding> {
    let earliest = period.to().checked_sub_days(Days::new(60))?;
    let latest = match period.part {
        Part::FirstHalf => NaiveDate::from_ymd_opt(period.year, 8, 31)?,
        Part::SecondHalf | Part::Year => NaiveDate::from_ymd_opt(period.year + 1, 3, 31)?,
    };
    if (earliest..=latest).contains(&date) {
        return None;
    }
    let (held, end, earliest, latest) = (short(date), short(period.to()), short(earliest), short(latest));
    Some(
        Finding::new(
            "D04",
            Severity::Warning,
            "/content/conference/date",
            format!("Hội nghị ngày {held} không gần ngày kết thúc kỳ báo cáo {end}; hãy kiểm tra lại ngày hội nghị và kỳ báo cáo."),
            format!("The conference on {held} is far from the period's end on {end}."),
        )
        .and_at("/content/period")
        .found(held)
        .expected(format!("từ ngày {earliest} đến ngày {latest}")),
    )
}

/// D05: a paper that tells of a conference is not older than it. Error when issued; a draft may be written before.
fn check_order(conference: NaiveDate, issued_on: NaiveDate, context: &RuleContext) -> Option<Finding> {
    if issued_on >= conference {
        return None;
    }
    let severity = if context.issued { Severity::Error } else { Severity::Info };
    let (held, issued) = (short(conference), short(issued_on));
    Some(
        Finding::new(
            "D05",
            severity,
            "/paper/issued_on",
            format!("Văn bản ghi ngày {issued}, trước ngày hội nghị {held} mà văn bản báo cáo; hãy kiểm tra lại hai ngày này."),
            format!("The paper is dated {issued}, before the conference on {held} that it reports."),
        )
        .and_at("/content/conference/date")
        .found(issued)
        .expected(format!("từ ngày {held} trở đi")),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::samples::{found, found_in, one};
    use super::*;

    #[test]
    fn d03_the_period_has_the_days_of_its_half_year() {
        assert_eq!(
            found_in(
                |c| c["period"] = json!({"year": 2020, "part": "first-half", "from": "2020-01-01", "to": "2020-06-30"})
            ),
            []
        );
        let findings = found_in(|c| c["period"]["to"] = json!("2020-07-31"));
        assert_eq!(findings, one("D03", Severity::Error, &["/content/period/to", "/content/period/year"]));
        let findings = found_in(|c| c["period"]["from"] = json!("2019-01-01"));
        assert_eq!(findings, one("D03", Severity::Error, &["/content/period/from", "/content/period/year"]));
        let year = |to: &str| found(|c| c["period"] = json!({"year": 2020, "to": to}), "2021-01-15", true);
        assert_eq!(year("2020-12-31").iter().filter(|found| found.0 == "D03").count(), 0);
        assert_eq!(
            year("2021-05-31")[0],
            one("D03", Severity::Warning, &["/content/period/to", "/content/period/year"])[0]
        );
    }

    #[test]
    fn d04_a_conference_in_season_passes() {
        for (part, date) in [
            ("first-half", "2020-05-01"),
            ("first-half", "2020-08-31"),
            ("second-half", "2020-12-20"),
            ("second-half", "2021-03-31"),
        ] {
            let findings = found(
                |c| {
                    c["period"]["part"] = json!(part);
                    c["conference"]["date"] = json!(date);
                },
                "2021-04-01",
                true,
            );
            assert_eq!(findings, [], "{part} {date}");
        }
    }

    #[test]
    fn d04_a_conference_out_of_season_is_reported() {
        for date in ["2020-04-30", "2020-09-01"] {
            let findings = found(|c| c["conference"]["date"] = json!(date), "2021-04-01", true);
            assert_eq!(
                findings,
                one("D04", Severity::Warning, &["/content/conference/date", "/content/period"]),
                "{date}"
            );
        }
    }

    #[test]
    fn d05_an_issued_paper_before_its_conference_is_refused_and_a_draft_is_not() {
        let pointers = ["/paper/issued_on", "/content/conference/date"];
        assert_eq!(found(|_| {}, "2020-07-23", true), one("D05", Severity::Error, &pointers));
        assert_eq!(found(|_| {}, "2020-07-23", false), one("D05", Severity::Info, &pointers));
        assert_eq!(found(|_| {}, "2020-07-24", true), []);
    }
}
