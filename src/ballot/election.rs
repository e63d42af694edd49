//! Who leads next year, and what the ballot on it says (V03).

use super::{Outcome, Row, rows_of, same_name};
use crate::{
    facts::{Ballot, BallotPurpose, Election, Facts, Threshold, numbered},
    failure::{Finding, Severity},
    vietnamese::{count, join_and},
};

const LIST: &str = "/content/ballots";

/// V03 (error): who is said to lead next year was chosen in the ballot on it: the one that the election names, else those
/// whose purpose it is.
pub(super) fn check(facts: &Facts, local: Option<&Threshold>) -> Vec<Finding> {
    let Some(election) = &facts.election else { return Vec::new() };
    if let Some(finding) = check_reference(facts, election) {
        return vec![finding];
    }
    let all: Vec<(String, &Ballot)> = numbered(LIST, &facts.ballots).collect();
    let on = |purpose: BallotPurpose| all.iter().filter(move |(_, ballot)| ballot.purpose == Some(purpose)).cloned();
    let named = election.ballot.and_then(|at| all.get(at).cloned());
    let on_head = rows_of(named.clone().map_or_else(|| on(BallotPurpose::Head).collect(), |it| vec![it]), local);
    let on_deputy = rows_of(on(BallotPurpose::Deputy), local);
    // One vote may be on both; a deputy who is not in it was found otherwise.
    let alone = on_deputy.is_empty();
    let deputies = if alone { &on_head } else { &on_deputy };
    let mut findings = Vec::new();
    findings.extend(check_one("/content/election/head", &election.head, "đơn vị trưởng", &on_head, Absent::Told));
    for (place, deputy) in numbered("/content/election/deputies", &election.deputies) {
        let absent = if alone { Absent::Passed } else { Absent::Told };
        findings.extend(check_one(&place, deputy, "đơn vị phó", deputies, absent));
    }
    findings
}

/// What an elected unit is that stands in no row.
#[derive(Clone, Copy)]
enum Absent {
    Told,
    Passed,
}

fn check_one(place: &str, unit: &str, office: &str, rows: &[Row], absent: Absent) -> Option<Finding> {
    let unit = unit.trim();
    let is_it = |row: &&Row| {
        same_name(row.candidate, unit) || row.candidate.unit.as_deref().is_some_and(|it| same_text(it, unit))
    };
    let mut own = rows.iter().filter(is_it).peekable();
    if own.peek().is_none() {
        return match absent {
            Absent::Told if !rows.is_empty() => Some(not_a_candidate(place, unit, office, rows)),
            Absent::Told | Absent::Passed => None,
        };
    }
    let own: Vec<&Row> = own.collect();
    if own.iter().any(|row| row.outcome != Some(Outcome::NotChosen)) {
        return None;
    }
    let row = own.first()?;
    let field = if row.candidate.chosen == Some(false) { "chosen" } else { "agree" };
    Some(
        Finding::new(
            "V03",
            Severity::Error,
            place,
            format!(
                "“{unit}” được ghi là trúng cử, nhưng kết quả bỏ phiếu {} không được chọn với {} phiếu đồng ý; hãy kiểm tra lại.",
                if field == "chosen" { "ghi" } else { "là" },
                row.candidate.agree.map_or_else(|| "……".to_string(), count)
            ),
            format!("“{unit}” is said to be elected, the ballot says it was not chosen."),
        )
        .and_at(format!("{}/{field}", row.place))
        .found(unit),
    )
}

fn same_text(one: &str, other: &str) -> bool {
    crate::vietnamese::fold_unit(one) == crate::vietnamese::fold_unit(other)
}

fn not_a_candidate(place: &str, unit: &str, office: &str, rows: &[Row]) -> Finding {
    let chosen: Vec<&Row> = rows.iter().filter(|row| row.outcome == Some(Outcome::Chosen)).collect();
    let (shown, verb) = match chosen.is_empty() {
        true => (rows.iter().collect(), "chỉ có"),
        false => (chosen, "đã chọn"),
    };
    let names: Vec<String> = shown
        .iter()
        .map(|row| {
            let votes = row.candidate.agree.map(|votes| format!(" ({} phiếu đồng ý)", count(votes)));
            format!("“{}”{}", row.candidate.name.trim(), votes.unwrap_or_default())
        })
        .collect();
    let finding = Finding::new(
        "V03",
        Severity::Error,
        place,
        format!(
            "“{unit}” được ghi là {office} năm tới nhưng không có trong cuộc bỏ phiếu; cuộc bỏ phiếu {verb} {}; hãy kiểm tra lại.",
            join_and(&names)
        ),
        format!("“{unit}” is said to be elected, but stood in no ballot on it."),
    )
    .found(unit);
    shown.iter().fold(finding, |finding, row| finding.and_at(format!("{}/name", row.place)))
}

/// V03 (error): the ballot that the election names is there.
fn check_reference(facts: &Facts, election: &Election) -> Option<Finding> {
    let at = election.ballot.filter(|at| *at >= facts.ballots.len())?;
    let listed = facts.ballots.len();
    Some(
        Finding::new(
            "V03",
            Severity::Error,
            "/content/election/ballot",
            format!(
                "Kết quả bầu dẫn đến cuộc bỏ phiếu thứ {at} (đếm từ 0), nhưng chỉ có {} cuộc; hãy sửa số thứ tự.",
                count(listed as u64)
            ),
            format!("The election refers to ballot {at} (from 0), {listed} are given."),
        )
        .and_at(LIST)
        .found(at.to_string()),
    )
}
