//! The counts of a ballot, and whether those chosen may be (V01 to V04).

use super::{
    attendance, election, posts,
    tally::{ApprovalRatio, base_of, reaches},
};
use crate::{
    facts::{Ballot, Candidate, Facts, Limit, RuleContext, Threshold, ThresholdBase, numbered},
    failure::{Finding, Severity},
    vietnamese::count,
};

const LIST: &str = "/content/ballots";

/// V01 to V04 over every ballot, and V03 over the election that rests on one.
pub fn check(facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let local = facts.limit(context, "vote", |limits| limits.vote);
    let mut findings = Vec::new();
    for (pointer, ballot) in numbered(LIST, &facts.ballots) {
        findings.extend(check_papers(&pointer, ballot));
        findings.extend(check_valid(&pointer, ballot));
        for (place, candidate) in numbered(&format!("{pointer}/candidates"), &ballot.candidates) {
            findings.extend(check_votes(&pointer, &place, ballot, candidate));
        }
        findings.extend(check_number_chosen(&pointer, ballot));
        let own = ballot.threshold.map(|value| Limit { value, place: Some(format!("{pointer}/threshold")) });
        if let Some(threshold) = own.as_ref().or(local.as_ref()) {
            findings.extend(check_chosen(&pointer, ballot, threshold));
        }
        findings.extend(check_left_out(&pointer, ballot));
        findings.extend(check_voters(&pointer, ballot, facts, context));
        findings.extend(attendance::check(&pointer, ballot, facts, context));
    }
    findings.extend(election::check(facts, local.as_ref().map(|limit| &limit.value)));
    findings.extend(posts::check(facts, local.as_ref().map(|limit| &limit.value)));
    findings
}

/// V01 (error): no more ballots handed out than voters present, no more present than entitled, no more came back than went
/// out. Each known number is compared with the nearest known one before it.
fn check_papers(pointer: &str, ballot: &Ballot) -> Vec<Finding> {
    let numbers = [
        ("eligible", "số người có quyền bỏ phiếu", ballot.eligible),
        ("present", "số người có mặt", ballot.present),
        ("issued", "số phiếu phát ra", ballot.issued),
        ("returned", "số phiếu thu về", ballot.returned),
    ];
    let known: Vec<(&str, &str, u64)> =
        numbers.into_iter().filter_map(|(field, words, number)| Some((field, words, number?))).collect();
    let rising = known.windows(2).filter_map(|pair| match pair {
        [(before, before_words, most), (field, words, number)] if number > most => Some(
            Finding::new(
                "V01",
                Severity::Error,
                format!("{pointer}/{field}"),
                format!(
                    "{} là {}, nhiều hơn {before_words} {}; hãy kiểm tra lại hai số này.",
                    crate::vietnamese::upper_first(words),
                    count(*number),
                    count(*most)
                ),
                format!("{field} is {number}, more than {before} ({most})."),
            )
            .and_at(format!("{pointer}/{before}"))
            .found(number.to_string())
            .expected(format!("không quá {}", count(*most))),
        ),
        _ => None,
    });
    rising.collect()
}

/// V01 (error): valid and invalid ballots are together what came back.
fn check_valid(pointer: &str, ballot: &Ballot) -> Option<Finding> {
    let returned = ballot.returned?;
    let counted = ballot.valid.unwrap_or(0).saturating_add(ballot.invalid.unwrap_or(0));
    let whole_is_known = ballot.valid.is_some() && ballot.invalid.is_some();
    if counted == returned || (!whole_is_known && counted < returned) {
        return None;
    }
    let field = if ballot.valid.is_some() { "valid" } else { "invalid" };
    let what = match (ballot.valid, ballot.invalid) {
        (Some(valid), Some(invalid)) => {
            format!("{} phiếu hợp lệ và {} phiếu không hợp lệ", count(valid), count(invalid))
        }
        (Some(valid), None) => format!("{} phiếu hợp lệ", count(valid)),
        (None, _) => format!("{} phiếu không hợp lệ", count(counted)),
    };
    let finding = Finding::new(
        "V01",
        Severity::Error,
        format!("{pointer}/{field}"),
        format!("Kiểm phiếu được {what}, không khớp {} phiếu thu về; hãy kiểm tra lại các số này.", count(returned)),
        format!("Valid and invalid ballots are {counted}, but {returned} came back."),
    );
    let finding = if whole_is_known { finding.and_at(format!("{pointer}/invalid")) } else { finding };
    Some(finding.and_at(format!("{pointer}/returned")).found(counted.to_string()).expected(count(returned)))
}

/// V02 (error): a candidate's votes are together the valid ballots, and none of them is more.
fn check_votes(pointer: &str, place: &str, ballot: &Ballot, candidate: &Candidate) -> Option<Finding> {
    let (cap_field, cap_words, cap) = [
        ("valid", "phiếu hợp lệ", ballot.valid),
        ("returned", "phiếu thu về", ballot.returned),
        ("issued", "phiếu phát ra", ballot.issued),
        ("present", "người có mặt", ballot.present),
        ("eligible", "người có quyền bỏ phiếu", ballot.eligible),
    ]
    .into_iter()
    .find_map(|(field, words, number)| Some((field, words, number?)))?;
    let votes = [
        ("agree", "đồng ý", candidate.agree),
        ("disagree", "không đồng ý", candidate.disagree),
        ("blank", "không có ý kiến", candidate.blank),
    ];
    let known: Vec<(&str, &str, u64)> =
        votes.into_iter().filter_map(|(field, words, number)| Some((field, words, number?))).collect();
    let (first, ..) = *known.first()?;
    let sum = known.iter().fold(0_u64, |sum, (_, _, number)| sum.saturating_add(*number));
    let must_be_whole = cap_field == "valid" && known.len() == votes.len();
    if sum == cap || (sum < cap && !must_be_whole) {
        return None;
    }
    let parts: Vec<String> = known.iter().map(|(_, words, number)| format!("{} {words}", count(*number))).collect();
    Some(
        Finding::new(
            "V02",
            Severity::Error,
            format!("{place}/{first}"),
            format!(
                "“{}” có {}, cộng lại {}, không khớp {} {cap_words}; hãy kiểm tra lại các số này.",
                candidate.name.trim(),
                parts.join(", "),
                count(sum),
                count(cap)
            ),
            format!("The votes on “{}” add up to {sum}, {cap_field} is {cap}.", candidate.name.trim()),
        )
        .and_at(format!("{pointer}/{cap_field}"))
        .found(sum.to_string())
        .expected(if must_be_whole { count(cap) } else { format!("không quá {}", count(cap)) }),
    )
}

/// V03 (error): no more are chosen than may be.
fn check_number_chosen(pointer: &str, ballot: &Ballot) -> Option<Finding> {
    let most = ballot.most_chosen?;
    let chosen = chosen(pointer, ballot);
    let number = chosen.len() as u64;
    if number <= most {
        return None;
    }
    let finding = Finding::new(
        "V03",
        Severity::Error,
        format!("{pointer}/most_chosen"),
        format!(
            "Có {} đối tượng được chọn, nhiều hơn số được chọn tối đa {}; hãy kiểm tra lại.",
            count(number),
            count(most)
        ),
        format!("{number} are chosen, at most {most} may be."),
    )
    .found(number.to_string())
    .expected(format!("không quá {}", count(most)));
    Some(chosen.into_iter().fold(finding, |finding, (place, _)| finding.and_at(format!("{place}/chosen"))))
}

/// V03 (error): who is chosen has reached the threshold.
fn check_chosen(pointer: &str, ballot: &Ballot, rule: &Limit<Threshold>) -> Vec<Finding> {
    let threshold = &rule.value;
    let short_of_it = chosen(pointer, ballot)
        .into_iter()
        .filter(|(_, candidate)| reaches(candidate, ballot, threshold) == Some(false));
    short_of_it
        .map(|(place, candidate)| {
            let (agree, base) = (candidate.agree.unwrap_or(0), base_of(ballot, Some(threshold)).unwrap_or(0));
            let share = ApprovalRatio::new(agree, base).map(ApprovalRatio::percent).unwrap_or_default();
            let needed = words_of(threshold);
            let finding = Finding::new(
                "V03",
                Severity::Error,
                format!("{place}/agree"),
                format!(
                    "“{}” được chọn với {}/{} phiếu đồng ý ({share}), chưa đạt {needed}; hãy kiểm tra lại kết quả.",
                    candidate.name.trim(),
                    count(agree),
                    count(base)
                ),
                format!("“{}” is chosen with {agree} of {base}, below the threshold.", candidate.name.trim()),
            )
            .found(format!("{agree}/{base}"))
            .expected(needed);
            rule.place.iter().fold(finding, Finding::and_at)
        })
        .collect()
}

fn words_of(threshold: &Threshold) -> String {
    let base = match threshold.base {
        ThresholdBase::Eligible => "số người có quyền bỏ phiếu",
        ThresholdBase::Present => "số người có mặt",
        ThresholdBase::Valid => "số phiếu hợp lệ",
    };
    let from = if threshold.more_than == Some(true) { "trên" } else { "từ" };
    let onwards = if threshold.more_than == Some(true) { "" } else { " trở lên" };
    format!("{from} {}/{} {base}{onwards}", threshold.numerator, threshold.denominator)
}

/// V03 (warning): one with more votes than another who is chosen is left out only for a reason.
fn check_left_out(pointer: &str, ballot: &Ballot) -> Vec<Finding> {
    let fewest = chosen(pointer, ballot)
        .into_iter()
        .filter_map(|(place, candidate)| Some((candidate.agree?, place, candidate)))
        .min_by_key(|(agree, ..)| *agree);
    let Some((fewest, chosen_place, chosen)) = fewest else { return Vec::new() };
    let left_out = numbered(&format!("{pointer}/candidates"), &ballot.candidates).filter(|(_, candidate)| {
        let explained = candidate.reason.as_deref().is_some_and(|reason| !reason.trim().is_empty());
        candidate.chosen != Some(true) && !explained && candidate.agree.is_some_and(|agree| agree > fewest)
    });
    left_out
        .map(|(place, candidate)| {
            let agree = candidate.agree.unwrap_or(0);
            Finding::new(
                "V03",
                Severity::Warning,
                format!("{place}/agree"),
                format!(
                    "“{}” có {} phiếu đồng ý, nhiều hơn “{}” được chọn với {} phiếu; hãy kiểm tra lại hoặc nêu lý do.",
                    candidate.name.trim(),
                    count(agree),
                    chosen.name.trim(),
                    count(fewest)
                ),
                format!(
                    "“{}” with {agree} votes is left out, “{}” with {fewest} is chosen.",
                    candidate.name.trim(),
                    chosen.name.trim()
                ),
            )
            .and_at(format!("{chosen_place}/agree"))
            .found(agree.to_string())
        })
        .collect()
}

fn chosen<'a>(pointer: &str, ballot: &'a Ballot) -> Vec<(String, &'a Candidate)> {
    numbered(&format!("{pointer}/candidates"), &ballot.candidates)
        .filter(|(_, candidate)| candidate.chosen == Some(true))
        .collect()
}

/// V04 (warning): as many voters as the bloc has units, or the council members, times the votes of each.
fn check_voters(pointer: &str, ballot: &Ballot, facts: &Facts, context: &RuleContext) -> Option<Finding> {
    let eligible = ballot.eligible?;
    let (place, bodies, words) = match facts.council.as_ref() {
        Some(council) => ("/content/council/members_total", council.members_total?, "thành viên Hội đồng"),
        None if facts.members.is_empty() => ("/content/member_count", facts.member_count?, "đơn vị thành viên"),
        None => ("/content/members", facts.members.len() as u64, "đơn vị thành viên"),
    };
    // One unit, one vote, unless the bloc's or the province's rules say otherwise.
    let local = facts.limit(context, "votes_per_unit", |limits| limits.votes_per_unit);
    let own = ballot.votes_per_unit.map(|value| Limit { value, place: Some(format!("{pointer}/votes_per_unit")) });
    let each_rule = own.or(local).unwrap_or(Limit { value: 1, place: None });
    let each = each_rule.value;
    let expected = bodies.saturating_mul(each);
    if eligible == expected {
        return None;
    }
    let finding = Finding::new(
        "V04",
        Severity::Warning,
        format!("{pointer}/eligible"),
        format!(
            "Số người có quyền bỏ phiếu ghi {}, trong khi có {} {words}, mỗi bên {} phiếu; hãy kiểm tra lại.",
            count(eligible),
            count(bodies),
            count(each)
        ),
        format!("{eligible} may vote, but there are {bodies} with {each} vote(s) each."),
    )
    .and_at(place)
    .found(eligible.to_string())
    .expected(count(expected));
    Some(each_rule.place.iter().fold(finding, Finding::and_at))
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
