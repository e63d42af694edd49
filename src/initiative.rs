//! Rules on initiatives (*sáng kiến*).
//!
//! One rule: counts of different levels are never added up, because what a province recognises was mostly recognised at
//! the grassroots before.

use std::collections::BTreeMap;

use crate::{
    facts::{Facts, Honoree, Initiative, InitiativeLevel, RuleContext, numbered},
    failure::{Finding, Severity},
    vietnamese::{count, fold_name, fold_unit},
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

/// S03, S06 and S07 over the initiatives.
pub fn check(facts: &Facts, _context: &RuleContext) -> Vec<Finding> {
    let mut findings = check_sum_of_levels(facts);
    findings.extend(check_mixed_rows(facts));
    findings.extend(check_nominees(facts));
    findings
}

const LEVELS: [InitiativeLevel; 3] =
    [InitiativeLevel::Grassroots, InitiativeLevel::Province, InitiativeLevel::National];

/// S07 (warning): a nominee has no more initiatives of the year at a level than the bloc's own table gives its unit. Only where that
/// table tells the level by units; an initiative whose year is not known is not counted.
fn check_nominees(facts: &Facts) -> Vec<Finding> {
    let Some(year) = facts.period.map(|period| period.year) else { return Vec::new() };
    let mut findings = Vec::new();
    for (pointer, nomination) in numbered("/content/nominations", &facts.nominations) {
        let unit = match nomination.sort {
            Some(Honoree::Individual) => nomination.unit.as_deref(),
            Some(Honoree::Collective) => Some(nomination.nominee.as_str()),
            Some(Honoree::Household) | None => None,
        };
        // A collective inside a member has the table's figures in that member's row.
        let Some(unit) = unit.filter(|unit| facts.members.is_empty() || is_member(unit, facts)) else { continue };
        for level in LEVELS {
            let stated =
                nomination.initiatives.iter().filter(|it| it.level == level && it.recognised_in() == Some(year));
            findings.extend(check_nominee(&pointer, unit, (level, stated.count() as u64), year, facts));
        }
    }
    findings
}

fn is_member(unit: &str, facts: &Facts) -> bool {
    facts.members.iter().any(|member| fold_unit(&member.unit) == fold_unit(unit))
}

fn check_nominee(
    pointer: &str,
    unit: &str,
    (level, stated): (InitiativeLevel, u64),
    year: i32,
    facts: &Facts,
) -> Option<Finding> {
    let rows: Vec<_> =
        numbered("/content/initiatives", &facts.initiatives).filter(|(_, row)| row.level == level).collect();
    if rows.is_empty() || rows.iter().any(|(_, row)| row.member.is_none()) {
        return None;
    }
    let is_own = |row: &Initiative| row.member.as_deref().is_some_and(|member| fold_unit(member) == fold_unit(unit));
    let own: Vec<_> = rows.iter().filter(|(_, row)| is_own(row)).collect();
    let listed = own.iter().fold(0_u64, |sum, (_, row)| sum.saturating_add(row.count));
    if stated <= listed {
        return None;
    }
    let (unit, words) = (unit.trim(), level_words(level));
    let finding = Finding::new(
        "S07",
        Severity::Warning,
        format!("{pointer}/initiatives"),
        format!(
            "Đề nghị khen thưởng ghi {} sáng kiến {words} năm {year} của “{unit}”, nhưng bảng sáng kiến của khối, cụm ghi {}; hãy kiểm tra lại hai số này.",
            count(stated),
            count(listed)
        ),
        format!("A nominee of “{unit}” has {stated} initiatives of {year}, the bloc's table has {listed}."),
    )
    .found(stated.to_string())
    .expected(format!("không quá {}", count(listed)));
    Some(match own.first() {
        Some((row, _)) => finding.and_at(format!("{row}/count")),
        None => finding.and_at("/content/initiatives"),
    })
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
    let mixed = LEVELS.into_iter().filter_map(|level| {
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
    fn s07_a_nominee_has_no_more_than_the_table_gives_its_unit() {
        let table = json!([{"level": "province", "count": 5, "member": "Sở Khoa học và Công nghệ"},
            {"level": "province", "count": 1, "member": "Sở Nội vụ tỉnh"}, {"level": "grassroots", "count": 40}]);
        let of = |nominee: &str, sort: &str, unit: Value, level: &str, year: i32| {
            let own = json!([{"name": "x", "level": level, "year": year}, {"name": "y", "level": level,
                "decision": {"type": "Quyết định", "number": "1/QĐ", "date": "2026-10-09"}}]);
            let nomination = json!({"nominee": nominee, "sort": sort, "unit": unit, "form": "f", "initiatives": own});
            found(json!({"period": {"year": 2026}, "initiatives": table, "nominations": [nomination]}))
        };
        let at = |row: &str| {
            vec![("S07".to_string(), vec!["/content/nominations/0/initiatives".to_string(), row.to_string()])]
        };
        assert_eq!(of("Sở Khoa học và Công nghệ", "collective", Value::Null, "province", 2026), []);
        assert_eq!(of("Sở Nội vụ", "collective", Value::Null, "province", 2026), at("/content/initiatives/1/count"));
        assert_eq!(of("Sở Nội vụ", "collective", Value::Null, "province", 2025), [], "one is of another year");
        assert_eq!(of("Sở Y tế", "collective", Value::Null, "province", 2025), at("/content/initiatives"));
        assert_eq!(of("Lê A", "individual", json!("Sở Nội vụ"), "province", 2026), at("/content/initiatives/1/count"));
        assert_eq!(of("Sở Y tế", "collective", Value::Null, "grassroots", 2026), [], "a figure for the whole bloc");
        assert_eq!(of("Sở Y tế", "collective", Value::Null, "national", 2026), [], "a level that the table has not");
    }

    #[test]
    fn totals_are_kept_by_level() {
        let facts = Facts::read(&json!({"content": {"initiatives": [{"level": "province", "count": 2}, {"level": "grassroots", "count": 1}, {"level": "province", "count": 3}]}})).unwrap();
        let totals: Vec<_> = totals_by_level(&facts).into_iter().collect();
        assert_eq!(totals, [(InitiativeLevel::Grassroots, 1), (InitiativeLevel::Province, 5)]);
    }
}
