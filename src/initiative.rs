//! Rules on initiatives (*sáng kiến*).
//!
//! One rule: counts of different levels are never added up, because what a province recognises was mostly recognised at
//! the grassroots before.

use std::collections::BTreeMap;

use crate::{
    facts::{Facts, InitiativeLevel, RuleContext, numbered},
    failure::{Finding, Severity},
    vietnamese::{count, fold_name},
};

/// The number of initiatives of each level that is stated.
pub fn totals_by_level(facts: &Facts) -> BTreeMap<InitiativeLevel, u64> {
    let mut totals = BTreeMap::new();
    for initiative in &facts.initiatives {
        let total: &mut u64 = totals.entry(initiative.level).or_default();
        *total = total.saturating_add(initiative.count);
    }
    totals
}

/// S03 and S06 over the initiatives.
pub fn check(facts: &Facts, _context: &RuleContext) -> Vec<Finding> {
    let mut findings = check_sum_of_levels(facts);
    findings.extend(check_mixed_rows(facts));
    findings
}

/// S03 (warning): no text states the sum over levels as a number of initiatives.
fn check_sum_of_levels(facts: &Facts) -> Vec<Finding> {
    let totals = totals_by_level(facts);
    let sum = totals.values().fold(0_u64, |sum, total| sum.saturating_add(*total));
    if totals.len() < 2 || totals.values().any(|total| *total == sum) {
        return Vec::new();
    }
    let parts: Vec<String> =
        totals.iter().map(|(level, total)| format!("{} {}", count(*total), level_words(*level))).collect();
    let parts = parts.join(", ");
    let summed =
        facts.texts.iter().filter(|text| text.pointer.starts_with("/content/") && states_initiatives(&text.text, sum));
    summed
        .map(|text| {
            Finding::new(
                "S03",
                Severity::Warning,
                &text.pointer,
                format!(
                    "{} sáng kiến là tổng cộng nhiều cấp ({parts}), dễ tính trùng; hãy nêu riêng số của từng cấp.",
                    count(sum)
                ),
                format!("{sum} initiatives is a sum over levels ({totals:?}), which counts some twice."),
            )
            .and_at("/content/initiatives")
            .found(&text.text)
        })
        .collect()
}

fn level_words(level: InitiativeLevel) -> &'static str {
    match level {
        InitiativeLevel::Grassroots => "cấp cơ sở",
        InitiativeLevel::Province => "cấp tỉnh",
        InitiativeLevel::National => "cấp toàn quốc",
    }
}

/// True for "136 sáng kiến" and "1.136 sáng kiến" of the number.
fn states_initiatives(text: &str, number: u64) -> bool {
    let wanted = fold_name("sáng kiến");
    let text = fold_name(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(3).any(|words| {
        let digits = words[0].replace('.', "");
        digits.parse() == Ok(number) && format!("{} {}", words[1], words[2]).starts_with(&wanted)
    })
}

/// S06 (warning): at one level, either one row for the whole bloc or rows of members, else some are counted twice.
fn check_mixed_rows(facts: &Facts) -> Vec<Finding> {
    let rows = |level: InitiativeLevel| {
        numbered("/content/initiatives", &facts.initiatives).filter(move |(_, row)| row.level == level)
    };
    let levels = [InitiativeLevel::Grassroots, InitiativeLevel::Province, InitiativeLevel::National];
    let mixed = levels.into_iter().filter_map(|level| {
        let (whole, stated) = rows(level).find(|(_, row)| row.member.is_none())?;
        let (part, _) = rows(level).find(|(_, row)| row.member.is_some())?;
        let of_members = rows(level).filter(|(_, row)| row.member.is_some());
        let of_members = of_members.fold(0_u64, |sum, (_, row)| sum.saturating_add(row.count));
        let words = level_words(level);
        Some(
            Finding::new(
                "S06",
                Severity::Warning,
                whole,
                format!(
                    "Sáng kiến {words} vừa ghi chung {} vừa ghi theo đơn vị {}, dễ tính trùng; hãy giữ một cách ghi.",
                    count(stated.count),
                    count(of_members)
                ),
                "Initiatives of one level are stated both for the whole bloc and for members; some are counted twice.",
            )
            .and_at(part),
        )
    });
    mixed.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::calendar::parse_iso;

    fn found(content: Value) -> Vec<(String, Vec<String>)> {
        let date = parse_iso("2020-07-27").unwrap();
        let context = RuleContext { issued_on: Some(date), effective_on: date, issued: true, ..RuleContext::default() };
        let findings = check(&Facts::read(&json!({"content": content})).unwrap(), &context);
        findings.into_iter().map(|finding| (finding.code, finding.pointers)).collect()
    }

    fn rows() -> Value {
        json!([{"level": "grassroots", "count": 130}, {"level": "province", "count": 6}])
    }

    #[test]
    fn s03_a_sum_over_levels_is_reported() {
        let pointers = ["/content/tasks/0", "/content/initiatives"].map(String::from).to_vec();
        assert_eq!(
            found(json!({"initiatives": rows(), "tasks": ["Có 136 sáng kiến được công nhận."]})),
            [("S03".into(), pointers)]
        );
    }

    #[test]
    fn s03_levels_stated_one_by_one_pass() {
        let text = "130 sáng kiến cấp cơ sở, 06 sáng kiến cấp tỉnh, 136 lượt người";
        assert_eq!(found(json!({"initiatives": rows(), "tasks": [text]})), []);
        let one_level = json!([{"level": "grassroots", "count": 100, "member": "A"}, {"level": "grassroots", "count": 36, "member": "B"}]);
        assert_eq!(found(json!({"initiatives": one_level, "tasks": ["136 sáng kiến"]})), []);
    }

    #[test]
    fn s06_a_level_is_stated_for_the_bloc_or_for_its_members() {
        let mixed =
            json!([{"level": "province", "count": 6}, {"level": "province", "count": 2, "member": "Sở Nội vụ"}]);
        let pointers = ["/content/initiatives/0", "/content/initiatives/1"].map(String::from).to_vec();
        assert_eq!(found(json!({"initiatives": mixed})), [("S06".into(), pointers)]);
        assert_eq!(found(json!({"initiatives": rows()})), []);
    }

    #[test]
    fn totals_are_kept_by_level() {
        let facts = Facts::read(&json!({"content": {"initiatives": [{"level": "province", "count": 2}, {"level": "grassroots", "count": 1}, {"level": "province", "count": 3}]}})).unwrap();
        let totals: Vec<_> = totals_by_level(&facts).into_iter().collect();
        assert_eq!(totals, [(InitiativeLevel::Grassroots, 1), (InitiativeLevel::Province, 5)]);
    }
}
