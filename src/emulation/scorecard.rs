//! The points of one member, line by line (S05): within the table, and adding up.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::scoring::{CRITERIA, above_nought, fault, out_of_bounds, parts_of};
use crate::{
    facts::{Criterion, CriterionSort, Score, ScoreDetail, Scoring, numbered},
    failure::Finding,
    vietnamese::{group, upper_first},
};

/// All findings on one member's points.
pub(super) fn check(pointer: &str, score: &Score, table: &Table) -> Vec<Finding> {
    let mut findings = check_details(pointer, score, table);
    findings.extend(check_parts(pointer, score, table));
    findings.extend(check_sums(pointer, score, table));
    findings.extend(check_total_of_details(pointer, score, table));
    findings
}

/// The criteria by their codes.
pub(super) struct Table<'a> {
    lines: BTreeMap<&'a str, (String, &'a Criterion)>,
    scoring: &'a Scoring,
}

impl<'a> Table<'a> {
    pub fn of(scoring: &'a Scoring) -> Self {
        let lines = numbered(CRITERIA, &scoring.criteria).map(|(pointer, line)| (line.code.trim(), (pointer, line)));
        Self { lines: lines.collect(), scoring }
    }

    /// The lines of a sort that have no parts.
    fn lowest(&self, sort: CriterionSort) -> Vec<&'a Criterion> {
        let is_lowest = |line: &&Criterion| line.sort == sort && parts_of(self.scoring, line).is_empty();
        self.scoring.criteria.iter().filter(is_lowest).collect()
    }
}

/// S05 (error): each line scored is in the table, and its points within the line's maximum.
fn check_details(pointer: &str, score: &Score, table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, detail) in numbered(&format!("{pointer}/details"), &score.details) {
        let code = detail.criterion.trim();
        let Some((line_place, line)) = table.lines.get(code) else {
            findings.push(
                fault(
                    format!("{place}/criterion"),
                    format!(
                        "Điểm của “{}” ghi cho tiêu chí “{code}”, không có trong bảng tiêu chí; hãy sửa mã.",
                        score.member.trim()
                    ),
                    format!("The criterion “{code}” is not in the table."),
                )
                .and_at(CRITERIA)
                .found(code),
            );
            continue;
        };
        let max_place = format!("{line_place}/max");
        for (field, words, points) in
            [("self", "tự chấm", detail.self_given), ("appraised", "thẩm định", detail.appraised)]
        {
            let Some(points) = points else { continue };
            let place = format!("{place}/{field}");
            let what = format!("điểm {words} tiêu chí “{code}” của “{}”", score.member.trim());
            findings.extend(match line.sort {
                CriterionSort::Main | CriterionSort::Bonus => {
                    out_of_bounds(place, &what, points, line.max.map(|max| (max, max_place.as_str())))
                }
                CriterionSort::Penalty => (points > Decimal::ZERO).then(|| above_nought(place, &what, points)),
            });
        }
    }
    findings
}

/// What was given for a line: by the member itself, or by those who appraise.
type Giver = fn(&ScoreDetail) -> Option<Decimal>;
const GIVERS: [(&str, &str, Giver); 2] =
    [("self", "tự chấm", |detail| detail.self_given), ("appraised", "thẩm định", |detail| detail.appraised)];

/// The sum of the points given for these lines; `None` if one of them has none.
fn sum_given(lines: &[&Criterion], score: &Score, given: Giver) -> Option<Decimal> {
    let points: BTreeMap<&str, Option<Decimal>> =
        score.details.iter().map(|detail| (detail.criterion.trim(), given(detail))).collect();
    let each = lines.iter().map(|line| points.get(line.code.trim()).copied().flatten());
    let each = each.collect::<Option<Vec<_>>>().filter(|points| !points.is_empty())?;
    each.into_iter().try_fold(Decimal::ZERO, |sum, points| sum.checked_add(points))
}

/// S05 (error): the points of a line are those of its parts together, where each part has some.
fn check_parts(pointer: &str, score: &Score, table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, detail) in numbered(&format!("{pointer}/details"), &score.details) {
        let Some((_, line)) = table.lines.get(detail.criterion.trim()) else { continue };
        for (field, words, given) in GIVERS {
            let parts = parts_of(table.scoring, line);
            let (Some(stated), Some(sum)) = (given(detail), sum_given(&parts, score, given)) else { continue };
            if stated == sum {
                continue;
            }
            findings.push(
                fault(
                    format!("{place}/{field}"),
                    format!(
                        "Điểm {words} tiêu chí “{}” của “{}” ghi {}, nhưng cộng các tiêu chí thành phần được {}; hãy sửa.",
                        line.code.trim(),
                        score.member.trim(),
                        group(&stated),
                        group(&sum)
                    ),
                    format!("The points for “{}” are {stated}, its parts add up to {sum}.", line.code.trim()),
                )
                .and_at(format!("{pointer}/details"))
                .found(group(&stated))
                .expected(group(&sum)),
            );
        }
    }
    findings
}

/// A sum of lines: its field, what it and its lines are called, what is stated, whose lines, given by whom.
type Sum = (&'static str, &'static str, &'static str, Option<Decimal>, CriterionSort, Giver);

/// S05 (error): the points of the lowest lines add up to the member's points of their sort, where each of them has some.
fn check_sums(pointer: &str, score: &Score, table: &Table) -> Vec<Finding> {
    let [(_, _, own), (_, _, appraised)] = GIVERS;
    let rules: [Sum; 4] = [
        ("self_score", "điểm tự chấm", "chính", score.self_score, CriterionSort::Main, own),
        ("appraised_score", "điểm thẩm định", "chính", score.appraised_score, CriterionSort::Main, appraised),
        ("bonus", "điểm thưởng", "thưởng", score.bonus, CriterionSort::Bonus, appraised),
        ("penalty", "điểm trừ", "trừ", score.penalty, CriterionSort::Penalty, appraised),
    ];
    let differing = rules.into_iter().filter_map(|(field, words, lines, stated, sort, given)| {
        let (stated, sum) = (stated?, sum_given(&table.lowest(sort), score, given)?);
        if stated == sum || (field == "self_score" && Some(stated) == sum_of_all(score, table, given)) {
            return None;
        }
        Some(
            fault(
                format!("{pointer}/{field}"),
                format!(
                    "{} của “{}” ghi {}, nhưng cộng các tiêu chí {lines} được {}; hãy sửa.",
                    upper_first(words),
                    score.member.trim(),
                    group(&stated),
                    group(&sum)
                ),
                format!("{field} of “{}” is {stated}, its criteria add up to {sum}.", score.member.trim()),
            )
            .and_at(format!("{pointer}/details"))
            .found(group(&stated))
            .expected(group(&sum)),
        )
    });
    differing.collect()
}

/// The points of all lowest lines, bonus and penalty too; a member may count them into its own points.
fn sum_of_all(score: &Score, table: &Table, given: Giver) -> Option<Decimal> {
    let sorts = [CriterionSort::Main, CriterionSort::Bonus, CriterionSort::Penalty];
    let lines: Vec<&Criterion> = sorts.into_iter().flat_map(|sort| table.lowest(sort)).collect();
    sum_given(&lines, score, given)
}

/// S05 (error): a total whose parts are not stated is that of the lines, where each of them has some.
fn check_total_of_details(pointer: &str, score: &Score, table: &Table) -> Option<Finding> {
    let whole = score.appraised_score.is_some() && score.bonus.is_some() && score.penalty.is_some();
    let total = score.total.filter(|_| !whole)?;
    let [_, (_, _, appraised)] = GIVERS;
    let sum = sum_of_all(score, table, appraised)?;
    (sum != total).then(|| {
        fault(
            format!("{pointer}/total"),
            format!(
                "Tổng điểm của “{}” ghi {}, nhưng cộng điểm thẩm định các tiêu chí được {}; hãy sửa.",
                score.member.trim(),
                group(&total),
                group(&sum)
            ),
            format!("The total of “{}” is {total}, its criteria add up to {sum}.", score.member.trim()),
        )
        .and_at(format!("{pointer}/details"))
        .found(group(&total))
        .expected(group(&sum))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Pointers of the findings on a scorecard in which all adds up, after a change.
    fn places(change: impl FnOnce(&mut Value)) -> Vec<Vec<String>> {
        let mut score = json!({"member": "Sở A", "self_score": 60, "appraised_score": 57, "bonus": 5, "penalty": -2,
        "total": 60, "details": [
            {"criterion": "I", "self": 60, "appraised": 57},
            {"criterion": "I.1", "self": 40, "appraised": 38},
            {"criterion": "I.2", "self": 20, "appraised": 19},
            {"criterion": "T", "self": 5, "appraised": 5},
            {"criterion": "P", "self": 0, "appraised": -2}
        ]});
        change(&mut score);
        let scoring: Scoring = serde_json::from_value(json!({"criteria": [
            {"code": "I", "max": 60},
            {"code": "I.1", "max": 40, "parent": "I"},
            {"code": "I.2", "max": 20, "parent": "I"},
            {"code": "T", "max": 5, "sort": "bonus"},
            {"code": "P", "max": 10, "sort": "penalty"}
        ]}))
        .unwrap();
        let score: Score = serde_json::from_value(score).unwrap();
        check("/s", &score, &Table::of(&scoring)).into_iter().map(|finding| finding.pointers).collect()
    }

    fn at(field: &str) -> Vec<Vec<String>> {
        vec![vec![format!("/s/{field}"), "/s/details".to_string()]]
    }

    #[test]
    fn s05_a_scorecard_that_adds_up_passes() {
        assert_eq!(places(|_| {}), Vec::<Vec<String>>::new());
        assert_eq!(places(|s| s["self_score"] = json!(65)), Vec::<Vec<String>>::new(), "with its bonus");
        let gap = |s: &mut Value| {
            s["details"][2] = json!({"criterion": "I.2"});
            s["details"][0] = json!({"criterion": "I", "self": 1, "appraised": 1});
        };
        assert_eq!(places(gap), Vec::<Vec<String>>::new(), "a sum with an unknown part is not compared");
    }

    #[test]
    fn s05_each_sum_of_a_scorecard_is_compared() {
        for field in ["self_score", "appraised_score", "bonus", "penalty"] {
            assert_eq!(places(|s| s[field] = json!(1)), at(field), "{field}");
        }
        assert_eq!(places(|s| s["details"][0]["self"] = json!(59)), at("details/0/self"));
        assert_eq!(places(|s| s["details"][0]["appraised"] = json!(58)), at("details/0/appraised"));
    }

    #[test]
    fn s05_a_total_alone_is_that_of_the_lines() {
        let alone = |total: i32| {
            places(|s| {
                s["appraised_score"] = Value::Null;
                s["total"] = json!(total);
            })
        };
        assert_eq!(alone(60), Vec::<Vec<String>>::new());
        assert_eq!(alone(61), at("total"));
    }
}
