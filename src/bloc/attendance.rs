//! Who came to a meeting, and when it was held (M02, D10).

use crate::{
    calendar::{time_of_day, time_words},
    facts::{Facts, numbered},
    failure::{Finding, Severity},
    vietnamese::count,
};

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(check_units(facts));
    findings.extend(check_blocs(facts));
    findings.extend(check_times(facts));
    findings
}

/// M02 (error): no more member units came than the bloc has.
fn check_units(facts: &Facts) -> Option<Finding> {
    let came = facts.attendance?.units?;
    let (place, members) = match facts.members.len() as u64 {
        0 => ("/content/member_count", facts.member_count?),
        listed => ("/content/members", listed),
    };
    (came > members).then(|| more_than_there_are("/content/attendance/units", came, place, members, "Khối, cụm"))
}

/// M02 (error): the same of each bloc in a province's summary.
fn check_blocs(facts: &Facts) -> Vec<Finding> {
    let blocs = numbered("/content/blocs", &facts.blocs);
    let found = blocs.filter_map(|(pointer, bloc)| {
        let (came, members) = (bloc.conference?.attendance?, bloc.members?);
        let places = [format!("{pointer}/conference/attendance"), format!("{pointer}/members")];
        let name = format!("“{}”", bloc.name.trim());
        (came > members).then(|| more_than_there_are(&places[0], came, &places[1], members, &name))
    });
    found.collect()
}

fn more_than_there_are(at: &str, came: u64, place: &str, members: u64, bloc: &str) -> Finding {
    Finding::new(
        "M02",
        Severity::Error,
        at,
        format!(
            "{bloc} có {} đơn vị dự họp, nhiều hơn {} đơn vị thành viên; hãy kiểm tra lại hai số này.",
            count(came),
            count(members)
        ),
        format!("{came} units came, the bloc has {members}."),
    )
    .and_at(place)
    .found(came.to_string())
    .expected(format!("không quá {}", count(members)))
}

/// D10 (error): a meeting ends after it began, and votes are counted after that too.
fn check_times(facts: &Facts) -> Vec<Finding> {
    const START: &str = "/content/started_at";
    let Some(start) = facts.started_at.as_deref().filter(|time| time_of_day(time).is_some()) else {
        return Vec::new();
    };
    let end = facts.ended_at.iter().map(|end| ("/content/ended_at".to_string(), end, "kết thúc"));
    let counted = numbered("/content/ballots", &facts.ballots).filter_map(|(pointer, ballot)| {
        Some((format!("{pointer}/closed_at"), ballot.closed_at.as_ref()?, "kiểm phiếu xong"))
    });
    let backwards =
        end.chain(counted).filter(|(_, time, _)| time_of_day(time).is_some_and(|it| Some(it) < time_of_day(start)));
    backwards
        .map(|(pointer, time, what)| {
            let words = |time: &str| time_words(time).unwrap_or_default();
            Finding::new(
                "D10",
                Severity::Error,
                pointer,
                format!(
                    "Cuộc họp {what} lúc {}, trước giờ bắt đầu {}; hãy kiểm tra lại hai giờ này.",
                    words(time),
                    words(start)
                ),
                format!("{time} is before the meeting's start at {start}."),
            )
            .and_at(START)
            .found(time)
            .expected(format!("sau {}", words(start)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(content: Value) -> Vec<(String, Vec<String>)> {
        let facts = Facts::read(&json!({"content": content})).unwrap();
        check(&facts).into_iter().map(|finding| (finding.code, finding.pointers)).collect()
    }

    fn one(code: &str, pointers: [&str; 2]) -> Vec<(String, Vec<String>)> {
        vec![(code.into(), pointers.map(String::from).to_vec())]
    }

    #[test]
    fn m02_no_more_units_come_than_there_are() {
        let of = |units: u64| found(json!({"attendance": {"units": units}, "member_count": 8}));
        assert_eq!(of(8), []);
        assert_eq!(of(9), one("M02", ["/content/attendance/units", "/content/member_count"]));
        let listed = json!({"attendance": {"units": 2}, "members": [{"unit": "Sở A"}], "member_count": 3});
        assert_eq!(found(listed), one("M02", ["/content/attendance/units", "/content/members"]));
        assert_eq!(found(json!({"attendance": {"units": 9, "people": 30}})), [], "how many there are is not said");
        let bloc = |came: u64| json!({"blocs": [{"name": "Cụm A", "members": 18, "conference": {"attendance": came}}]});
        assert_eq!(found(bloc(18)), []);
        let places = ["/content/blocs/0/conference/attendance", "/content/blocs/0/members"];
        assert_eq!(found(bloc(30)), one("M02", places));
    }

    #[test]
    fn d10_a_meeting_ends_after_it_began() {
        let of = |end: &str| found(json!({"started_at": "14:00", "ended_at": end}));
        assert_eq!(of("16:30"), []);
        assert_eq!(of("14:00"), []);
        assert_eq!(of("11:00"), one("D10", ["/content/ended_at", "/content/started_at"]));
        let counted = json!({"started_at": "14:00", "ballots": [{"closed_at": "16:20"}, {"closed_at": "08:00"}]});
        assert_eq!(found(counted), one("D10", ["/content/ballots/1/closed_at", "/content/started_at"]));
        assert_eq!(found(json!({"ended_at": "07:00"})), [], "when it began is not said");
    }
}
