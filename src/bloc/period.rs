//! The period, the conference and the paper in their order (D03, D04, D05).

use chrono::{Datelike, NaiveDate};

use crate::{
    calendar::{Part, Period, YEARS, short},
    facts::{Facts, Limit, Limits, RuleContext, StatedPeriod},
    failure::{Finding, Severity},
};

pub(super) fn check(facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let mut findings = Vec::new();
    let conference_date = facts.conference.as_ref().and_then(|conference| conference.date);
    if let Some(stated) = facts.period {
        findings.extend(check_bounds(stated));
        findings.extend(conference_date.and_then(|date| check_season(stated.period(), date, facts, context)));
        findings.extend(context.issued_on.and_then(|date| check_time_of_issue(stated.period(), date, facts, context)));
        findings.extend(check_subject(stated.period(), facts));
    }
    if let (Some(date), Some(issued_on)) = (conference_date, context.issued_on) {
        findings.extend(check_order(date, issued_on, facts, context));
    }
    findings
}

/// D03 (error): stated days are the first and the last of the half year or the year; those of a school year that ends in it or
/// begins in it are worth a second look (warning).
fn check_bounds(stated: StatedPeriod) -> Vec<Finding> {
    let period = stated.period();
    let severity = match period.part {
        Part::FirstHalf | Part::SecondHalf => Severity::Error,
        Part::Year if is_school_year(stated) => Severity::Warning,
        Part::Year => Severity::Error,
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

/// From August or September, to a month from May to August of the year after; an end that is not given may be anything.
fn is_school_year(stated: StatedPeriod) -> bool {
    let begins = stated.from.is_none_or(|from| (8..=9).contains(&from.month()));
    let ends = stated.to.is_none_or(|to| (5..=8).contains(&to.month()));
    let one_year = stated.from.zip(stated.to).is_none_or(|(from, to)| to.year() == from.year() + 1);
    let of_it = [stated.from, stated.to].into_iter().flatten().all(|end| (end.year() - stated.year).abs() <= 1);
    begins && ends && one_year && of_it
}

/// D04 (warning): a review is held about the period's end; how far from it is for the province to say.
fn check_season(period: Period, date: NaiveDate, facts: &Facts, context: &RuleContext) -> Option<Finding> {
    let days = |field: &str, of: fn(&Limits) -> Option<u64>| facts.limit(context, field, of);
    let before = days("conference_days_before", |limits| limits.conference_days_before);
    let after = match period.part {
        Part::FirstHalf => days("conference_days_after_half_year", |limits| limits.conference_days_after_half_year),
        Part::SecondHalf | Part::Year => days("conference_days_after_year", |limits| limits.conference_days_after_year),
    };
    let (distance, most) = too_far(period, date, before, after)?;
    let (held, end) = (short(date), short(period.to()));
    let finding = Finding::new(
        "D04",
        Severity::Warning,
        "/content/conference/date",
        format!("Hội nghị ngày {held} cách ngày kết thúc kỳ báo cáo {end} {distance} ngày, quá {} ngày; hãy kiểm tra lại ngày hội nghị và kỳ báo cáo.", most.value),
        format!("The conference on {held} is {distance} days from the period's end on {end}, more than {}.", most.value),
    )
    .and_at("/content/period")
    .found(held)
    .expected(format!("không quá {} ngày", most.value));
    Some(most.place.iter().fold(finding, Finding::and_at))
}

/// D04 (warning): a paper on a period is issued about its end too.
fn check_time_of_issue(period: Period, date: NaiveDate, facts: &Facts, context: &RuleContext) -> Option<Finding> {
    let before = facts.limit(context, "conference_days_before", |limits| limits.conference_days_before);
    let after = facts.limit(context, "issue_days_after", |limits| limits.issue_days_after);
    let (distance, most) = too_far(period, date, before, after)?;
    let (issued, end, words) = (short(date), short(period.to()), period.words());
    let finding = Finding::new(
        "D04",
        Severity::Warning,
        "/paper/issued_on",
        format!("Văn bản ghi ngày {issued}, cách ngày kết thúc kỳ báo cáo {words} ({end}) {distance} ngày, quá {} ngày; hãy kiểm tra lại ngày và kỳ báo cáo.", most.value),
        format!("The paper is dated {issued}, {distance} days from the period's end on {end}, more than {}.", most.value),
    )
    .and_at("/content/period")
    .found(issued)
    .expected(format!("không quá {} ngày", most.value));
    Some(most.place.iter().fold(finding, Finding::and_at))
}

/// The days between a day and the period's end, and the limit they break.
fn too_far(
    period: Period,
    date: NaiveDate,
    before: Option<Limit<u64>>,
    after: Option<Limit<u64>>,
) -> Option<(u64, Limit<u64>)> {
    let distance = (date - period.to()).num_days();
    let most = if distance < 0 { before } else { after };
    most.filter(|most| distance.unsigned_abs() > most.value).map(|most| (distance.unsigned_abs(), most))
}

/// D03 (warning): a subject that names years names the one of the period.
fn check_subject(period: Period, facts: &Facts) -> Option<Finding> {
    let subject = facts.texts.iter().find(|text| text.pointer == "/paper/subject")?;
    let years = years_named(&subject.text);
    let other = years.first().filter(|_| !years.contains(&period.year))?;
    Some(
        Finding::new(
            "D03",
            Severity::Warning,
            "/paper/subject",
            format!(
                "Trích yếu nêu năm {other}, trong khi kỳ báo cáo là {}; hãy sửa trích yếu hoặc kỳ báo cáo.",
                period.words()
            ),
            format!("The subject names the year {other}, the period is {} of {}.", words_en(period), period.year),
        )
        .and_at("/content/period/year")
        .found(other.to_string())
        .expected(period.year.to_string()),
    )
}

fn words_en(period: Period) -> &'static str {
    match period.part {
        Part::FirstHalf => "the first half",
        Part::SecondHalf => "the second half",
        Part::Year => "the whole",
    }
}

/// The years of `năm 2026` and `giai đoạn 2021-2025`; a span names all of its years.
fn years_named(text: &str) -> Vec<i32> {
    let numbers: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let year = |part: &str| part.parse::<i32>().ok().filter(|year| part.len() == 4 && YEARS.contains(year));
    let dashes = ['-', '\u{2013}'];
    let spans = text.split_whitespace().filter_map(|word| {
        let (from, to) = word.trim_matches(|c: char| !c.is_ascii_digit()).split_once(dashes)?;
        Some(year(from)?..=year(to)?)
    });
    numbers.into_iter().filter_map(year).chain(spans.flatten()).collect()
}

/// D05: a paper that tells of a conference is not older than it. A warning when issued, or when it tells what came of the
/// conference; a draft may be written before.
fn check_order(conference: NaiveDate, issued_on: NaiveDate, facts: &Facts, context: &RuleContext) -> Option<Finding> {
    if issued_on >= conference {
        return None;
    }
    let held = |it: &crate::facts::Conference| it.conclusion.is_some() || !it.adopted.is_empty();
    let counted = facts.ballots.iter().any(|ballot| ballot.returned.or(ballot.valid).is_some());
    let told = facts.conference.as_ref().is_some_and(held) || counted || facts.election.is_some();
    let severity = if context.issued || told { Severity::Warning } else { Severity::Info };
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
    use serde_json::{Value, json};

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
                if part == "first-half" { "2020-09-01" } else { "2021-04-01" },
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
                findings[..1],
                one("D04", Severity::Warning, &["/content/conference/date", "/content/period"]),
                "{date}"
            );
        }
    }

    #[test]
    fn d04_what_the_request_states_goes_before_what_the_operator_states() {
        let held = |limits: Value| {
            let change = |c: &mut Value| {
                c["conference"]["date"] = json!("2020-09-10");
                c["limits"] = limits;
            };
            found(change, "2020-09-11", true)
        };
        assert_eq!(held(json!({"conference_days_after_half_year": 72})), []);
        let pointers =
            ["/content/conference/date", "/content/period", "/content/limits/conference_days_after_half_year"];
        assert_eq!(held(json!({"conference_days_after_half_year": 71})), one("D04", Severity::Warning, &pointers));
    }

    #[test]
    fn d04_a_paper_far_from_its_period_is_reported() {
        let issued = |date: &str| found(|c| c["conference"] = json!(null), date, true);
        for date in ["2020-05-01", "2020-12-27"] {
            assert_eq!(issued(date), [], "{date}");
        }
        for date in ["2020-04-30", "2020-12-28", "2021-07-27"] {
            let pointers = ["/paper/issued_on", "/content/period"];
            assert_eq!(issued(date), one("D04", Severity::Warning, &pointers), "{date}");
        }
    }

    #[test]
    fn d03_a_subject_names_the_year_of_the_period() {
        let titled = |subject: &str| {
            let request = json!({"paper": {"subject": subject}, "content": {"period": {"year": 2020}}});
            let findings = check(&Facts::read(&request).unwrap(), &RuleContext::default());
            findings.into_iter().map(|finding| finding.pointers).collect::<Vec<_>>()
        };
        for subject in [
            "Tổng kết năm 2020; phương hướng, nhiệm vụ năm 2021",
            "Tổng kết phong trào thi đua",
            "Khen thưởng giai đoạn 2016-2020",
            "Khen thưởng giai đoạn 2018–2022",
            "Thực hiện Công văn số 12019",
        ] {
            assert_eq!(titled(subject), Vec::<Vec<String>>::new(), "{subject}");
        }
        let places = vec!["/paper/subject".to_string(), "/content/period/year".to_string()];
        for subject in ["Tổng kết năm 2019", "Tổng kết năm 2021, nhiệm vụ năm 2022"] {
            assert_eq!(titled(subject), std::slice::from_ref(&places), "{subject}");
        }
    }

    #[test]
    fn d05_an_issued_paper_before_its_conference_is_reported() {
        let pointers = ["/paper/issued_on", "/content/conference/date"];
        assert_eq!(found(|_| {}, "2020-07-23", true), one("D05", Severity::Warning, &pointers));
        assert_eq!(found(|_| {}, "2020-07-23", false), one("D05", Severity::Info, &pointers));
        let told = |content: &mut Value| content["conference"]["conclusion"] = json!("nhất trí");
        assert_eq!(found(told, "2020-07-23", false), one("D05", Severity::Warning, &pointers), "it was held");
        assert_eq!(found(|_| {}, "2020-07-24", true), []);
    }
}
