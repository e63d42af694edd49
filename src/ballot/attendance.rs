//! Those who vote, held against those who came to the meeting (V04).

use crate::{
    facts::{Ballot, Facts, RuleContext},
    failure::{Finding, Severity},
    vietnamese::count,
};

/// V04 (warning): no more vote than came: people, or units where it is units that vote.
pub(super) fn check(pointer: &str, ballot: &Ballot, facts: &Facts, context: &RuleContext) -> Option<Finding> {
    let attendance = facts.attendance?;
    let counted = [
        ("present", "người có mặt", ballot.present),
        ("issued", "phiếu phát ra", ballot.issued),
        ("returned", "phiếu thu về", ballot.returned),
        ("valid", "phiếu hợp lệ", ballot.valid),
    ];
    let (field, words, voters) =
        counted.into_iter().find_map(|(field, words, number)| Some((field, words, number?)))?;
    let local = facts.limit(context, "votes_per_unit", |limits| limits.votes_per_unit).map(|limit| limit.value);
    let each = ballot.votes_per_unit.or(local).unwrap_or(1);
    // Where those entitled are not the units (V04 speaks about it), who votes for whom is not known.
    let units = if facts.members.is_empty() { facts.member_count } else { Some(facts.members.len() as u64) };
    let units_vote = units.zip(ballot.eligible).is_some_and(|(units, eligible)| units.saturating_mul(each) == eligible);
    let came = [
        ("people", "đại biểu dự họp", attendance.people),
        ("units", "đơn vị dự họp", attendance.units.filter(|_| units_vote)),
    ];
    let (place, who, most) = came
        .into_iter()
        .filter_map(|(place, who, number)| Some((place, who, number?)))
        .find(|(_, _, number)| voters > number.saturating_mul(each))?;
    let votes = if each == 1 { String::new() } else { format!(", mỗi bên {} phiếu", count(each)) };
    Some(
        Finding::new(
            "V04",
            Severity::Warning,
            format!("{pointer}/{field}"),
            format!(
                "Cuộc bỏ phiếu ghi {} {words}, nhiều hơn {} {who}{votes}; hãy kiểm tra lại hai số này.",
                count(voters),
                count(most)
            ),
            format!("The ballot has {field} {voters}, but only {most} {place} came."),
        )
        .and_at(format!("/content/attendance/{place}"))
        .found(voters.to_string())
        .expected(format!("không quá {}", count(most.saturating_mul(each)))),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(attendance: Value, ballot: Value) -> Vec<String> {
        let content = json!({"member_count": 8, "attendance": attendance, "ballots": [ballot]});
        let facts = Facts::read(&json!({"content": content})).unwrap();
        let finding = check("/content/ballots/0", &facts.ballots[0], &facts, &RuleContext::default());
        finding.map(|finding| finding.pointers).unwrap_or_default()
    }

    fn at(field: &str, place: &str) -> Vec<String> {
        vec![format!("/content/ballots/0/{field}"), format!("/content/attendance/{place}")]
    }

    #[test]
    fn v04_no_more_vote_than_came() {
        let none: Vec<String> = Vec::new();
        let of = |people: u64, ballot: Value| found(json!({"people": people}), ballot);
        assert_eq!(of(21, json!({"present": 8})), none);
        assert_eq!(of(21, json!({"present": 30})), at("present", "people"));
        assert_eq!(of(21, json!({"issued": 30})), at("issued", "people"));
        assert_eq!(of(21, json!({"present": 30, "votes_per_unit": 2})), none, "two votes each");
        assert_eq!(of(21, json!({})), none, "a count that is not known");
    }

    #[test]
    fn v04_where_units_vote_no_more_of_them_vote_than_came() {
        let none: Vec<String> = Vec::new();
        let of = |ballot: Value| found(json!({"units": 6, "people": 20}), ballot);
        assert_eq!(of(json!({"eligible": 8, "present": 6})), none);
        assert_eq!(of(json!({"eligible": 8, "present": 7})), at("present", "units"));
        assert_eq!(of(json!({"eligible": 9, "present": 7})), none, "others vote too");
        assert_eq!(of(json!({"present": 7})), none, "who may vote is not said");
    }
}
