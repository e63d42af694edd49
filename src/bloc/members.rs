//! The members of a bloc (M01 to M04).

use crate::{
    facts::{Ballot, BallotPurpose, Candidate, Facts, MemberRole, MemberUnit, RuleContext, numbered},
    failure::{Finding, Severity},
    vietnamese::{alphabetical_key, count, fold_bare, fold_name, fold_unit, named_province},
};

const LIST: &str = "/content/members";

pub(super) fn check(facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let members = &facts.members;
    let mut findings = Vec::new();
    findings.extend(check_count(facts));
    if members.is_empty() {
        return findings;
    }
    findings.extend(check_size(members));
    findings.extend(check_roles(facts, context));
    findings.extend(check_pairs(members));
    findings.extend(check_order(members));
    findings.extend(check_names_elsewhere(facts));
    findings
}

/// M02 (error): the stated number of members is the number listed.
fn check_count(facts: &Facts) -> Option<Finding> {
    let stated = facts.member_count?;
    let listed = facts.members.len() as u64;
    if facts.members.is_empty() || stated == listed {
        return None;
    }
    Some(
        Finding::new(
            "M02",
            Severity::Error,
            "/content/member_count",
            format!(
                "Dữ liệu ghi {} đơn vị thành viên nhưng danh sách có {} đơn vị; hãy sửa số hoặc bổ sung danh sách.",
                count(stated),
                count(listed)
            ),
            format!("{stated} members are stated, {listed} are listed."),
        )
        .and_at(LIST)
        .found(stated.to_string())
        .expected(listed.to_string()),
    )
}

/// M01 (error): one unit alone is no bloc.
fn check_size(members: &[MemberUnit]) -> Option<Finding> {
    (members.len() < 2).then(|| {
        Finding::new(
            "M01",
            Severity::Error,
            LIST,
            format!(
                "Khối, cụm thi đua phải có từ 02 đơn vị trở lên, danh sách chỉ có {}; hãy bổ sung.",
                count(members.len() as u64)
            ),
            format!("A bloc has at least 2 members, {} is listed.", members.len()),
        )
    })
}

/// M01 (error): exactly one head, no more deputies than the province's rules allow; a list that names no role at all is
/// not judged.
fn check_roles(facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let members = &facts.members;
    let holding = |role: MemberRole| {
        numbered(LIST, members)
            .filter(move |(_, m)| m.role == Some(role))
            .map(|(pointer, _)| format!("{pointer}/role"))
            .collect::<Vec<_>>()
    };
    let (heads, deputies) = (holding(MemberRole::Head), holding(MemberRole::Deputy));
    let mut findings = Vec::new();
    if heads.len() > 1 || (heads.is_empty() && !deputies.is_empty()) {
        let message = format!(
            "Khối, cụm thi đua phải có đúng 01 đơn vị trưởng, dữ liệu ghi {}; hãy sửa vai trò.",
            count(heads.len() as u64)
        );
        let message_en = format!("A bloc has exactly 1 head unit, {} are given.", heads.len());
        findings.push(at_all(&heads, message, message_en));
    }
    let number = deputies.len() as u64;
    if let Some(most) = facts.limit(context, "deputies", |limits| limits.deputies).filter(|most| number > most.value) {
        let message = format!(
            "Khối, cụm thi đua có nhiều nhất {} đơn vị phó theo quy định của địa phương, dữ liệu ghi {}; hãy sửa vai trò.",
            count(most.value),
            count(number)
        );
        let message_en = format!("A bloc has at most {} deputy head units, {number} are given.", most.value);
        let finding = at_all(&deputies, message, message_en);
        findings.push(most.place.iter().fold(finding, Finding::and_at));
    }
    findings
}

fn at_all(pointers: &[String], message: String, message_en: String) -> Finding {
    let first = pointers.first().map_or(LIST, String::as_str);
    let finding = Finding::new("M01", Severity::Error, first, message, message_en);
    pointers.iter().skip(1).fold(finding, |finding, pointer| finding.and_at(pointer))
}

/// M01 (error): no unit twice. M03 (warning): no two names that differ only in spelling.
fn check_pairs(members: &[MemberUnit]) -> Vec<Finding> {
    let keys: Vec<Keys> = members.iter().map(|member| Keys::of(&member.unit)).collect();
    let mut findings = Vec::new();
    for later in 1..members.len() {
        let earlier = (0..later).find(|earlier| keys[*earlier].compare(&keys[later]) != Match::None);
        let Some(earlier) = earlier else { continue };
        let (first, second) = (members[earlier].unit.trim(), members[later].unit.trim());
        let (code, severity, message, message_en) = match keys[earlier].compare(&keys[later]) {
            Match::Same => (
                "M01",
                Severity::Error,
                format!(
                    "Đơn vị “{second}” có ở cả dòng {} và dòng {} của danh sách; hãy bỏ một dòng.",
                    earlier + 1,
                    later + 1
                ),
                format!("The unit “{second}” is listed twice (rows {} and {}).", earlier + 1, later + 1),
            ),
            Match::Near => (
                "M03",
                Severity::Warning,
                format!(
                    "“{first}” (dòng {}) và “{second}” (dòng {}) có thể là một đơn vị viết khác nhau; hãy kiểm tra.",
                    earlier + 1,
                    later + 1
                ),
                format!("“{first}” and “{second}” may be one unit spelled in two ways."),
            ),
            Match::None => continue,
        };
        let pointers = [earlier, later].map(|row| format!("{LIST}/{row}/unit"));
        findings
            .push(Finding::new(code, severity, &pointers[1], message, message_en).and_at(&pointers[0]).found(second));
    }
    findings
}

/// How a name relates to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// The same name.
    Same,
    /// The same unit, most likely: another spelling, a missing province.
    Near,
    /// Another unit.
    None,
}

struct Keys {
    name: String,
    unit: String,
    bare: String,
    province: Option<String>,
}

impl Keys {
    fn of(name: &str) -> Self {
        Self { name: fold_name(name), unit: fold_unit(name), bare: fold_bare(name), province: named_province(name) }
    }

    /// Units of two provinces are different, whatever their names share (a cluster of one department's units).
    fn compare(&self, other: &Self) -> Match {
        let two_provinces = self.province.is_some() && other.province.is_some() && self.province != other.province;
        if self.name == other.name {
            Match::Same
        } else if !two_provinces && (self.unit == other.unit || self.bare == other.bare) {
            Match::Near
        } else {
            Match::None
        }
    }
}

/// The members' names, folded once for many look-ups.
pub struct Roster<'a> {
    rows: Vec<(Keys, Option<String>, &'a MemberUnit)>,
}

impl<'a> Roster<'a> {
    /// The names of a list of members.
    pub fn of(members: &'a [MemberUnit]) -> Self {
        let row =
            |member: &'a MemberUnit| (Keys::of(&member.unit), member.abbreviation.as_deref().map(fold_name), member);
        Self { rows: members.iter().map(row).collect() }
    }

    /// The member of this name and how well it fits; an abbreviation that a member states counts as its name.
    pub fn find(&self, name: &str) -> (Match, Option<&'a MemberUnit>) {
        let keys = Keys::of(name);
        let mut near = None;
        for (known, abbreviation, member) in &self.rows {
            match known.compare(&keys) {
                Match::Same => return (Match::Same, Some(member)),
                Match::Near | Match::None if abbreviation.as_ref() == Some(&keys.name) => {
                    return (Match::Same, Some(member));
                }
                Match::Near => near = near.or(Some(*member)),
                Match::None => {}
            }
        }
        near.map_or((Match::None, None), |member| (Match::Near, Some(member)))
    }
}

/// M04 (info): four or more members in alphabetical order are perhaps not in the order of the decision.
fn check_order(members: &[MemberUnit]) -> Option<Finding> {
    let alphabetical = members.is_sorted_by_key(|member| alphabetical_key(member.unit.trim()));
    (members.len() >= 4 && alphabetical).then(|| {
        Finding::new(
            "M04",
            Severity::Info,
            LIST,
            "Danh sách thành viên đang xếp theo chữ cái; nếu quyết định về khối xếp khác, hãy xếp theo thứ tự của quyết định.",
            "The members are in alphabetical order; the order of the decision is the usual one.",
        )
    })
}

/// M03 (warning): a member named in a table is spelled as in the list of members, and stands there.
fn check_names_elsewhere(facts: &Facts) -> Vec<Finding> {
    let targets = numbered("/content/targets", &facts.targets).map(|(pointer, row)| (pointer, &row.member));
    let commendations =
        numbered("/content/commendations", &facts.commendations).map(|(pointer, row)| (pointer, &row.member));
    let initiatives = numbered("/content/initiatives", &facts.initiatives).map(|(pointer, row)| (pointer, &row.member));
    let roster = Roster::of(&facts.members);
    let rows = targets.chain(commendations).chain(initiatives);
    let rows = rows.filter_map(|(pointer, member)| Some((format!("{pointer}/member"), member.as_deref()?)));
    let scores = numbered("/content/scores", &facts.scores)
        .map(|(pointer, row)| (format!("{pointer}/member"), row.member.as_str()));
    let elected = facts.election.iter().flat_map(|election| {
        let deputies = numbered("/content/election/deputies", &election.deputies);
        let head = std::iter::once(("/content/election/head".to_string(), election.head.as_str()));
        head.chain(deputies.map(|(pointer, unit)| (pointer, unit.as_str())))
    });
    let candidates =
        numbered("/content/ballots", &facts.ballots).flat_map(|(pointer, ballot)| candidates_of(&pointer, ballot));
    let named = rows.chain(scores).chain(elected).chain(candidates).filter(|(_, name)| !name.trim().is_empty());
    named.filter_map(|(pointer, name)| check_name(&pointer, name, &roster)).collect()
}

/// The units put to the vote: each candidate's unit, or in a vote on units alone the candidate.
fn candidates_of<'a>(pointer: &str, ballot: &'a Ballot) -> Vec<(String, &'a str)> {
    let of_units = match ballot.purpose {
        Some(BallotPurpose::Flag | BallotPurpose::Head | BallotPurpose::Deputy) => true,
        Some(BallotPurpose::Certificate | BallotPurpose::Other) | None => false,
    };
    let unit = |(place, candidate): (String, &'a Candidate)| match &candidate.unit {
        Some(unit) => Some((format!("{place}/unit"), unit.as_str())),
        None => of_units.then(|| (format!("{place}/name"), candidate.bare_name())),
    };
    numbered(&format!("{pointer}/candidates"), &ballot.candidates).filter_map(unit).collect()
}

fn check_name(pointer: &str, name: &str, roster: &Roster) -> Option<Finding> {
    let (message, message_en, expected) = match roster.find(name) {
        (Match::Same, _) => return None,
        (Match::Near, member) => {
            let listed = member.map(|member| member.unit.trim()).unwrap_or_default();
            (
                format!("“{name}” viết khác với “{listed}” trong danh sách thành viên; hãy viết thống nhất."),
                format!("“{name}” is spelled “{listed}” in the list of members."),
                listed.to_string(),
            )
        }
        (Match::None, _) => (
            format!(
                "“{name}” không có trong danh sách {} đơn vị thành viên; hãy kiểm tra tên hoặc bổ sung danh sách.",
                count(roster.rows.len() as u64)
            ),
            format!("“{name}” is not among the {} members listed.", roster.rows.len()),
            "tên một đơn vị trong danh sách thành viên".to_string(),
        ),
    };
    Some(
        Finding::new("M03", Severity::Warning, pointer, message, message_en)
            .and_at(LIST)
            .found(name)
            .expected(expected),
    )
}

#[cfg(test)]
#[path = "members_tests.rs"]
mod tests;
