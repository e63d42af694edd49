//! Rules on emulation (*thi đua*): targets, movements, points and places, and claims in running text.
//!
//! One rule: a percentage is computed from plan and result or not printed at all; a claim stands beside its figures.

mod comparison;
mod ranking;
mod scorecard;
mod scoring;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use crate::{
    calendar::short,
    facts::{EmulationMovement, Facts, RuleContext, Target, Text, numbered},
    failure::{Finding, Severity},
    vietnamese::{fold_name, group},
};

pub use ranking::{Rank, rank};
pub use scoring::final_points;

/// S02, S04, S05, S06, D10 and T04.
pub fn check(facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let mut findings: Vec<Finding> = numbered("/content/targets", &facts.targets)
        .filter_map(|(pointer, target)| check_target(&pointer, target))
        .collect();
    findings.extend(check_repeated_targets(&facts.targets));
    findings.extend(
        numbered("/content/movements", &facts.movements)
            .filter_map(|(pointer, movement)| check_movement(&pointer, movement)),
    );
    findings.extend(comparison::check(facts));
    findings.extend(scoring::check(facts));
    findings.extend(facts.texts.iter().flat_map(|text| check_claims(text, facts, context)));
    findings
}

/// S02: a plan or result below zero is refused; a plan of zero gives no percentage (info).
fn check_target(pointer: &str, target: &Target) -> Option<Finding> {
    let name = target.name.trim();
    for (field, value) in [("planned", target.planned), ("achieved", target.achieved)] {
        if let Some(value) = value.filter(|value| *value < Decimal::ZERO) {
            let value = group(&value);
            return Some(
                Finding::new(
                    "S02",
                    Severity::Error,
                    format!("{pointer}/{field}"),
                    format!("Chỉ tiêu “{name}” có số {value}, nhỏ hơn 0; hãy ghi số từ 0 trở lên."),
                    format!("The target “{name}” has {value}, below 0."),
                )
                .found(value),
            );
        }
    }
    let (planned, achieved) = (target.planned?, target.achieved?);
    planned.is_zero().then(|| {
        Finding::new(
            "S02",
            Severity::Info,
            format!("{pointer}/planned"),
            format!(
                "Chỉ tiêu “{name}” có kế hoạch 0 và thực hiện {}, nên không tính được tỷ lệ; hãy kiểm tra số kế hoạch.",
                group(&achieved)
            ),
            format!("The target “{name}” has a plan of 0, so no percentage is printed."),
        )
        .and_at(format!("{pointer}/achieved"))
    })
}

/// S06 (warning): one target of one member stands in one row.
fn check_repeated_targets(targets: &[Target]) -> Vec<Finding> {
    let mut seen = std::collections::BTreeMap::new();
    let mut findings = Vec::new();
    for (pointer, target) in numbered("/content/targets", targets) {
        let member = target.member.as_deref().map(fold_name).unwrap_or_default();
        let key = (fold_name(&target.name), fold_name(&target.unit_of_measure), member);
        let row = seen.len() + findings.len() + 1;
        let Some((earlier, before)) = seen.insert(key, (pointer.clone(), row)) else { continue };
        findings.push(
            Finding::new(
                "S06",
                Severity::Warning,
                pointer,
                format!(
                    "Chỉ tiêu “{}” ở dòng {row} lặp lại dòng {before} của cùng đơn vị; hãy gộp lại hoặc bỏ một dòng.",
                    target.name.trim()
                ),
                format!("The target “{}” repeats an earlier row.", target.name.trim()),
            )
            .and_at(earlier),
        );
    }
    findings
}

/// D10: a movement runs forward (error), in the year it is said to be of (warning).
fn check_movement(pointer: &str, movement: &EmulationMovement) -> Option<Finding> {
    let name = movement.name.trim();
    if let (Some(from), Some(to)) = (movement.from, movement.to)
        && from > to
    {
        let (begun, ended) = (short(from), short(to));
        return Some(
                Finding::new(
                    "D10",
                    Severity::Error,
                    format!("{pointer}/from"),
                    format!("Phong trào “{name}” bắt đầu ngày {begun}, sau ngày kết thúc {ended}; hãy kiểm tra lại hai ngày này."),
                    format!("The movement begins on {begun}, after its end on {ended}."),
                )
                .and_at(format!("{pointer}/to"))
                .found(begun),
            );
    }
    let year = movement.year?;
    let first = movement.from.or(movement.to)?.year();
    let last = movement.to.or(movement.from)?.year();
    (!(first..=last).contains(&year)).then(|| {
        let days: Vec<String> =
            [movement.from, movement.to].into_iter().flatten().map(|date: NaiveDate| short(date)).collect();
        let days = days.join(" - ");
        Finding::new(
            "D10",
            Severity::Warning,
            format!("{pointer}/year"),
            format!("Phong trào “{name}” ghi năm {year}, không khớp thời gian {days}; hãy kiểm tra lại."),
            format!("The movement is said to be of {year}, but its days are {days}."),
        )
        .and_at(format!("{pointer}/{}", if movement.from.is_some() { "from" } else { "to" }))
        .found(year.to_string())
    })
}

/// T04 (warning): a phrase that claims figures needs them in the data.
fn check_claims(text: &Text, facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    if !text.pointer.starts_with("/content/") {
        return Vec::new();
    }
    let folded = fold_name(&text.text);
    let unproven = context.claims.iter().filter(|claim| {
        let made = !claim.pattern.trim().is_empty() && folded.contains(&fold_name(&claim.pattern));
        made && !claim.needs.iter().any(|field| facts.stated.contains(field))
    });
    unproven
        .map(|claim| {
            let finding = Finding::new(
                "T04",
                Severity::Warning,
                &text.pointer,
                &claim.message,
                format!("The text claims “{}”, but none of {:?} is given.", claim.pattern, claim.needs),
            );
            let places = claim.needs.iter().map(|field| format!("/content/{field}"));
            places.fold(finding.found(&text.text), |finding, place| finding.and_at(place))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{calendar::parse_iso, facts::Claim};

    fn found(content: Value) -> Vec<(String, Severity, Vec<String>)> {
        let claims = [Claim {
            pattern: "nhiều phần thưởng cao quý".into(),
            needs: vec!["commendations".into(), "commendation_totals".into()],
            message: "Cần bổ sung số liệu khen thưởng.".into(),
        }];
        let date = parse_iso("2020-07-27").unwrap();
        let context = RuleContext {
            issued_on: Some(date),
            effective_on: date,
            issued: true,
            claims: &claims,
            ..RuleContext::default()
        };
        let findings = check(&Facts::read(&json!({"content": content})).unwrap(), &context);
        findings.into_iter().map(|finding| (finding.code, finding.severity, finding.pointers)).collect()
    }

    fn one(code: &str, severity: Severity, pointers: &[&str]) -> Vec<(String, Severity, Vec<String>)> {
        vec![(code.to_string(), severity, pointers.iter().map(|pointer| pointer.to_string()).collect())]
    }

    fn target(planned: f64, achieved: f64) -> Value {
        json!({"targets": [{"name": "Sáng kiến", "unit_of_measure": "sáng kiến", "planned": planned, "achieved": achieved}]})
    }

    #[test]
    fn s02_a_plan_of_zero_gives_no_percentage() {
        let pointers = ["/content/targets/0/planned", "/content/targets/0/achieved"];
        assert_eq!(found(target(0.0, 3.0)), one("S02", Severity::Info, &pointers));
        assert_eq!(found(target(4.0, 3.0)), []);
        assert_eq!(found(json!({"targets": [{"name": "a", "unit_of_measure": "b", "planned": 0}]})), []);
    }

    #[test]
    fn s02_a_number_below_zero_is_refused() {
        assert_eq!(found(target(4.0, -3.5)), one("S02", Severity::Error, &["/content/targets/0/achieved"]));
        assert_eq!(found(target(4.0, 0.0)), []);
    }

    #[test]
    fn s06_a_target_stands_in_one_row_for_each_member() {
        let row = |member: &str| json!({"name": "Sáng kiến", "unit_of_measure": "sáng kiến", "member": member});
        let pointers = ["/content/targets/1", "/content/targets/0"];
        assert_eq!(
            found(json!({"targets": [row("Sở Y tế"), row("sở y tế")]})),
            one("S06", Severity::Warning, &pointers)
        );
        assert_eq!(found(json!({"targets": [row("Sở Y tế"), row("Sở Nội vụ")]})), []);
    }

    fn movement(from: &str, to: &str, year: i32) -> Value {
        json!({"movements": [{"name": "Chung tay", "launched_by": "bloc", "from": from, "to": to, "year": year}]})
    }

    #[test]
    fn d10_a_movement_runs_forward_in_its_year() {
        assert_eq!(found(movement("2020-01-01", "2020-12-31", 2020)), []);
        assert_eq!(found(movement("2020-01-01", "2025-12-31", 2022)), []);
        let pointers = ["/content/movements/0/from", "/content/movements/0/to"];
        assert_eq!(found(movement("2020-12-31", "2020-01-01", 2020)), one("D10", Severity::Error, &pointers));
        let pointers = ["/content/movements/0/year", "/content/movements/0/from"];
        assert_eq!(found(movement("2020-01-01", "2020-12-31", 2022)), one("D10", Severity::Warning, &pointers));
    }

    #[test]
    fn t04_a_claim_without_figures_is_reported() {
        let text = "Được tặng Nhiều phần thưởng cao quý.";
        let pointers = ["/content/tasks/0", "/content/commendations", "/content/commendation_totals"];
        assert_eq!(found(json!({"tasks": [text]})), one("T04", Severity::Warning, &pointers));
        assert_eq!(found(json!({"tasks": [text], "commendation_totals": {"collective": 2}})), []);
        assert_eq!(found(json!({"tasks": ["Được khen thưởng."]})), []);
    }
}
