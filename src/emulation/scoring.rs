//! Points (S05, S06): within their bounds, and adding up.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::scorecard;
use crate::{
    facts::{Criterion, CriterionSort, Facts, Score, Scoring, numbered},
    failure::{Finding, Severity},
    vietnamese::{fold_unit, group},
};

pub(super) const CRITERIA: &str = "/content/scoring/criteria";

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(scoring) = &facts.scoring {
        findings.extend(check_codes(scoring));
        findings.extend(check_sums(scoring));
    }
    let table = facts.scoring.as_ref().map(scorecard::Table::of);
    let own = facts.score.iter().map(|score| ("/content/score".to_string(), score));
    for (pointer, score) in own.chain(numbered("/content/scores", &facts.scores)) {
        findings.extend(check_bounds(&pointer, score, facts.scoring.as_ref()));
        findings.extend(check_total(&pointer, score));
        if let Some(table) = &table {
            findings.extend(scorecard::check(&pointer, score, table));
        }
    }
    findings.extend(check_repeated(&facts.scores));
    findings
}

/// What a member scored in the end: as stated, or the appraised points with bonus and penalty, if those are stated.
pub fn final_points(score: &Score) -> Option<Decimal> {
    let computed = || {
        score
            .appraised_score?
            .checked_add(score.bonus.unwrap_or_default())?
            .checked_add(score.penalty.unwrap_or_default())
    };
    score.total.or_else(computed)
}

/// S05 (error): a code stands once, and a part belongs to a line that is there.
fn check_codes(scoring: &Scoring) -> Vec<Finding> {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    let mut findings = Vec::new();
    for (pointer, criterion) in numbered(CRITERIA, &scoring.criteria) {
        if let Some(earlier) = seen.insert(criterion.code.trim(), pointer.clone()) {
            let (code, name) = (criterion.code.trim(), criterion.name.trim());
            findings.push(
                fault(
                    format!("{pointer}/code"),
                    format!(
                        "Mã tiêu chí “{code}” của “{name}” đã dùng cho một tiêu chí trước; hãy đặt mỗi tiêu chí một mã."
                    ),
                    format!("The code “{code}” stands twice."),
                )
                .and_at(format!("{earlier}/code"))
                .found(code),
            );
        }
    }
    for (pointer, criterion) in numbered(CRITERIA, &scoring.criteria) {
        let Some(parent) = criterion.parent.as_deref().map(str::trim) else { continue };
        if !seen.contains_key(parent) || parent == criterion.code.trim() {
            findings.push(
                fault(
                    format!("{pointer}/parent"),
                    format!(
                        "Tiêu chí “{}” thuộc tiêu chí “{parent}”, không có trong bảng; hãy sửa mã.",
                        criterion.code.trim()
                    ),
                    format!(
                        "The criterion “{}” is a part of “{parent}”, which is not in the table.",
                        criterion.code.trim()
                    ),
                )
                .and_at(CRITERIA)
                .found(parent),
            );
        }
    }
    findings
}

/// S05 (error): the parts add up to their line, the main lines to the scale, the bonus lines to the cap at most. A sum
/// with an unknown part is not compared.
fn check_sums(scoring: &Scoring) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pointer, line) in numbered(CRITERIA, &scoring.criteria) {
        let parts = parts_of(scoring, line);
        let (Some(max), Some(sum)) = (line.max, sum_of(&parts)) else { continue };
        if !parts.is_empty() && sum != max {
            findings.push(
                fault(
                    format!("{pointer}/max"),
                    format!(
                        "Điểm chuẩn của “{}” ghi {}, nhưng cộng các tiêu chí thành phần được {}; hãy sửa điểm.",
                        line.name.trim(),
                        group(&max),
                        group(&sum)
                    ),
                    format!("The maximum of “{}” is {max}, its parts add up to {sum}.", line.name.trim()),
                )
                .and_at(CRITERIA)
                .found(group(&max))
                .expected(group(&sum)),
            );
        }
    }
    let top = |sort: CriterionSort| -> Vec<&Criterion> {
        scoring.criteria.iter().filter(|line| line.parent.is_none() && line.sort == sort).collect()
    };
    let main = top(CriterionSort::Main);
    if let (Some(scale), Some(sum)) = (scoring.scale, sum_of(&main))
        && !main.is_empty()
        && sum != scale
    {
        findings.push(
                fault(
                    "/content/scoring/scale",
                    format!(
                        "Thang điểm ghi {}, nhưng cộng điểm chuẩn các tiêu chí chính được {}; hãy sửa thang điểm hoặc điểm chuẩn.",
                        group(&scale),
                        group(&sum)
                    ),
                    format!("The scale is {scale}, the main criteria add up to {sum}."),
                )
                .and_at(CRITERIA)
                .found(group(&scale))
                .expected(group(&sum)),
            );
    }
    let bonus = top(CriterionSort::Bonus);
    if let (Some(cap), Some(sum)) = (scoring.bonus_cap, sum_of(&bonus)) {
        let longest = numbered(CRITERIA, &scoring.criteria).find_map(|(pointer, line)| {
            let max =
                line.max.filter(|max| *max > cap && line.parent.is_none() && line.sort == CriterionSort::Bonus)?;
            Some((pointer, max))
        });
        if let Some((place, max)) = longest {
            findings.push(
                fault(
                    "/content/scoring/bonus_cap",
                    format!(
                        "Điểm thưởng tối đa ghi {}, nhưng có tiêu chí thưởng {} điểm (cộng {}); hãy sửa một trong hai.",
                        group(&cap),
                        group(&max),
                        group(&sum)
                    ),
                    format!("The cap on bonus points is {cap}, a bonus criterion gives {max}."),
                )
                .and_at(format!("{place}/max"))
                .found(group(&cap)),
            );
        }
    }
    findings
}

pub(super) fn parts_of<'a>(scoring: &'a Scoring, line: &Criterion) -> Vec<&'a Criterion> {
    let is_part = |part: &&Criterion| {
        part.parent.as_deref().is_some_and(|parent| parent.trim() == line.code.trim()) && part.sort == line.sort
    };
    scoring.criteria.iter().filter(is_part).collect()
}

fn sum_of(lines: &[&Criterion]) -> Option<Decimal> {
    lines.iter().try_fold(Decimal::ZERO, |sum, line| sum.checked_add(line.max?))
}

/// S05 (error): points between nought and the scale, bonus up to its cap, deductions not above nought.
fn check_bounds(pointer: &str, score: &Score, scoring: Option<&Scoring>) -> Vec<Finding> {
    let scale = scoring.and_then(|scoring| scoring.scale).map(|scale| (scale, "/content/scoring/scale"));
    let cap = scoring.and_then(|scoring| scoring.bonus_cap).map(|cap| (cap, "/content/scoring/bonus_cap"));
    // A member counts its bonus in, so only what scale and cap allow together is too much.
    let own = scale.and_then(|(scale, place)| match (cap, score.bonus) {
        (Some((cap, _)), _) => Some((scale.checked_add(cap)?, place)),
        (None, None) => Some((scale, place)),
        (None, Some(_)) => None,
    });
    let fields = [
        ("self_score", "điểm tự chấm", score.self_score, own),
        ("appraised_score", "điểm thẩm định", score.appraised_score, scale),
        ("bonus", "điểm thưởng", score.bonus, cap),
    ];
    let mut findings: Vec<Finding> = fields
        .into_iter()
        .filter_map(|(field, words, points, bound)| {
            out_of_bounds(
                format!("{pointer}/{field}"),
                &format!("{} của “{}”", words, score.member.trim()),
                points?,
                bound,
            )
        })
        .collect();
    if let Some(penalty) = score.penalty.filter(|penalty| *penalty > Decimal::ZERO) {
        findings.push(above_nought(
            format!("{pointer}/penalty"),
            &format!("điểm trừ của “{}”", score.member.trim()),
            penalty,
        ));
    }
    findings
}

pub(super) fn out_of_bounds(
    place: String,
    what: &str,
    points: Decimal,
    bound: Option<(Decimal, &str)>,
) -> Option<Finding> {
    let what_upper = crate::vietnamese::upper_first(what);
    if points < Decimal::ZERO {
        return Some(
            fault(
                place,
                format!("{what_upper} ghi {}, nhỏ hơn 0; hãy sửa điểm.", group(&points)),
                format!("{points} points are below 0."),
            )
            .found(group(&points))
            .expected("từ 0 trở lên"),
        );
    }
    let (most, place_of_bound) = bound.filter(|(most, _)| points > *most)?;
    Some(
        fault(
            place,
            format!("{what_upper} ghi {}, vượt mức tối đa {}; hãy sửa điểm.", group(&points), group(&most)),
            format!("{points} points are more than {most}."),
        )
        .and_at(place_of_bound)
        .found(group(&points))
        .expected(format!("không quá {}", group(&most))),
    )
}

pub(super) fn above_nought(place: String, what: &str, points: Decimal) -> Finding {
    fault(
        place,
        format!(
            "{} ghi {}, lớn hơn 0; điểm trừ phải ghi số âm hoặc 0.",
            crate::vietnamese::upper_first(what),
            group(&points)
        ),
        format!("A deduction of {points} is above 0."),
    )
    .found(group(&points))
    .expected(group(&-points))
}

/// S05 (error): the total is the appraised points with bonus and penalty, where all are stated.
fn check_total(pointer: &str, score: &Score) -> Option<Finding> {
    let (total, appraised, bonus, penalty) = (score.total?, score.appraised_score?, score.bonus?, score.penalty?);
    let sum = appraised.checked_add(bonus)?.checked_add(penalty)?;
    (sum != total).then(|| {
        fault(
            format!("{pointer}/total"),
            format!(
                "Tổng điểm của “{}” ghi {}, nhưng {} điểm thẩm định, {} điểm thưởng và {} điểm trừ cộng lại được {}; hãy sửa.",
                score.member.trim(),
                group(&total),
                group(&appraised),
                group(&bonus),
                group(&penalty),
                group(&sum)
            ),
            format!("The total of “{}” is {total}, its parts add up to {sum}.", score.member.trim()),
        )
        .and_at(format!("{pointer}/appraised_score"))
        .and_at(format!("{pointer}/bonus"))
        .and_at(format!("{pointer}/penalty"))
        .found(group(&total))
        .expected(group(&sum))
    })
}

/// S06 (warning): a member is scored once.
fn check_repeated(scores: &[Score]) -> Vec<Finding> {
    let mut seen: BTreeMap<String, (String, &Score)> = BTreeMap::new();
    let mut findings = Vec::new();
    for (pointer, score) in numbered("/content/scores", scores) {
        let Some((earlier, before)) = seen.insert(fold_unit(&score.member), (pointer.clone(), score)) else { continue };
        let points =
            |score: &Score| final_points(score).map_or_else(|| "không ghi".to_string(), |points| group(&points));
        findings.push(
            Finding::new(
                "S06",
                Severity::Warning,
                format!("{pointer}/member"),
                format!(
                    "“{}” được chấm điểm hai lần ({} và {} điểm); hãy bỏ một dòng.",
                    score.member.trim(),
                    points(before),
                    points(score)
                ),
                format!("“{}” is scored twice.", score.member.trim()),
            )
            .and_at(format!("{earlier}/member"))
            .found(score.member.trim()),
        );
    }
    findings
}

pub(super) fn fault(pointer: impl Into<String>, message: String, message_en: String) -> Finding {
    Finding::new("S05", Severity::Error, pointer, message, message_en)
}

#[cfg(test)]
#[path = "scoring_tests.rs"]
mod tests;
