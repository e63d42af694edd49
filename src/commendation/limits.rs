//! The province's limits on what a bloc proposes (A02).

use rust_decimal::Decimal;

use super::{
    catalogue::Catalogue,
    nominations::{Placed, is_certificate, is_flag, places_by_points},
};
use crate::{
    facts::{Facts, Honoree, Limit, Limits, Nomination, RuleContext, numbered},
    failure::{Finding, Severity},
    vietnamese::{count, fold_unit, group, percent},
};

const LIST: &str = "/content/nominations";

pub(super) fn check(facts: &Facts, catalogue: &Catalogue, context: &RuleContext) -> Vec<Finding> {
    let mut findings = check_numbers(facts, catalogue, context);
    findings.extend(check_points(facts, catalogue, context));
    findings
}

/// A02: no more flags (error) and certificates (warning) than the province's rules allow.
fn check_numbers(facts: &Facts, catalogue: &Catalogue, context: &RuleContext) -> Vec<Finding> {
    type Counts = fn(&Nomination, &Catalogue) -> bool;
    type Of = fn(&Limits) -> Option<u64>;
    let rules: [(&str, &str, Severity, Of, Counts); 2] = [
        ("flags", "Cờ thi đua", Severity::Error, |limits| limits.flags, is_flag),
        ("certificates", "Bằng khen", Severity::Warning, |limits| limits.certificates, is_certificate),
    ];
    let mut findings = Vec::new();
    for (field, words, severity, of, counts) in rules {
        let Some(most) = facts.limit(context, field, of) else { continue };
        let rows = numbered(LIST, &facts.nominations).filter(|(_, nomination)| counts(nomination, catalogue));
        let rows: Vec<String> = rows.map(|(pointer, _)| format!("{pointer}/form")).collect();
        let number = rows.len() as u64;
        if number <= most.value {
            continue;
        }
        let mut places = most.place.into_iter().chain(rows);
        let finding = Finding::new(
            "A02",
            severity,
            places.next().unwrap_or_default(),
            format!(
                "Đề nghị {} {words}, nhiều hơn mức tối đa {} theo quy định của địa phương; hãy kiểm tra lại.",
                count(number),
                count(most.value)
            ),
            format!("{number} {field} are proposed, the limit is {}.", most.value),
        )
        .found(number.to_string())
        .expected(format!("không quá {}", count(most.value)));
        findings.push(places.fold(finding, Finding::and_at));
    }
    findings
}

/// A02 (warning): who is proposed for the flag or a certificate has the least share of the scale of points.
fn check_points(facts: &Facts, catalogue: &Catalogue, context: &RuleContext) -> Vec<Finding> {
    let scale = facts.scoring.as_ref().and_then(|scoring| scoring.scale).filter(|scale| *scale > Decimal::ZERO);
    let least = facts.limit(context, "least_score_share", |limits| limits.least_score_share);
    let (Some(scale), Some(least)) = (scale, least) else { return Vec::new() };
    let bar = Bar { scale, least };
    let places = places_by_points(facts);
    let proposed = numbered(LIST, &facts.nominations).filter(|(_, nomination)| {
        let unit = nomination.sort == Some(Honoree::Collective);
        unit && (is_flag(nomination, catalogue) || is_certificate(nomination, catalogue))
    });
    let short = proposed.filter_map(|(pointer, nomination)| {
        let placed = places.get(&fold_unit(&nomination.nominee))?;
        bar.finding(&pointer, nomination, placed)
    });
    short.collect()
}

/// The least points that a nominee needs, as a share of the scale.
struct Bar {
    scale: Decimal,
    least: Limit<Decimal>,
}

impl Bar {
    fn finding(&self, pointer: &str, nomination: &Nomination, placed: &Placed) -> Option<Finding> {
        let needed = self.scale.checked_mul(self.least.value)?.normalize();
        if placed.points >= needed {
            return None;
        }
        let share = percent(self.least.value, Decimal::ONE)?;
        let nominee = nomination.nominee.trim();
        let finding = Finding::new(
            "A02",
            Severity::Warning,
            format!("{pointer}/nominee"),
            format!(
                "“{nominee}” được đề nghị với {} điểm, chưa đạt {share} thang điểm {} ({} điểm); hãy kiểm tra lại.",
                group(&placed.points),
                group(&self.scale),
                group(&needed)
            ),
            format!("“{nominee}” is proposed with {} points, {needed} of {} are needed.", placed.points, self.scale),
        )
        .and_at(&placed.pointer)
        .and_at("/content/scoring/scale")
        .found(group(&placed.points))
        .expected(format!("từ {} điểm trở lên", group(&needed)));
        Some(self.least.place.iter().fold(finding, Finding::and_at))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::samples::{findings, found, one};
    use super::*;

    fn flag(nominee: &str) -> Value {
        json!({"nominee": nominee, "sort": "collective", "form": "emulation-flag-province", "year": 2025})
    }

    fn certificate(nominee: &str, year: i32) -> Value {
        json!({"nominee": nominee, "sort": "collective", "form": "Bằng khen của Chủ tịch UBND tỉnh", "year": year})
    }

    #[test]
    fn a02_no_more_flags_and_certificates_than_the_stated_limits() {
        let with = |limits: Value| {
            found(
                json!({"limits": limits, "nominations": [flag("Sở A"), flag("Sở B"), certificate("Sở C", 2025), certificate("Sở D", 2025)]}),
            )
        };
        assert_eq!(with(json!({"flags": 2, "certificates": 2})), []);
        assert_eq!(with(json!({})), [], "a limit is never assumed");
        let pointers = ["/content/limits/flags", "/content/nominations/0/form", "/content/nominations/1/form"];
        assert_eq!(with(json!({"flags": 1})), one("A02", Severity::Error, &pointers));
        let pointers = ["/content/limits/certificates", "/content/nominations/2/form", "/content/nominations/3/form"];
        assert_eq!(with(json!({"certificates": 1})), one("A02", Severity::Warning, &pointers));
        let findings = findings(json!({"limits": {"flags": 1}, "nominations": [flag("Sở A"), flag("Sở B")]}));
        assert!(
            findings[0].message.contains("02 Cờ thi đua") && findings[0].message.contains("tối đa 01"),
            "{}",
            findings[0].message
        );
    }

    #[test]
    fn a02_a_government_flag_is_not_a_provincial_one() {
        let government =
            json!({"nominee": "Sở A", "sort": "collective", "form": "Cờ thi đua của Chính phủ", "year": 2024});
        assert_eq!(found(json!({"limits": {"flags": 1}, "nominations": [flag("Sở A"), government]})), []);
    }

    #[test]
    fn a02_the_operators_limit_holds_where_the_request_states_none() {
        let limits = Limits { flags: Some(1), ..Limits::default() };
        let context = RuleContext { limits: Some(&limits), ..RuleContext::default() };
        let facts = |content: Value| Facts::read(&json!({"content": content})).unwrap();
        let places = |content: Value| {
            let findings = check(&facts(content), &Catalogue::of(&[]), &context);
            findings.into_iter().map(|finding| finding.pointers).collect::<Vec<_>>()
        };
        let two = json!([flag("Sở A"), flag("Sở B")]);
        let rows = ["/content/nominations/0/form", "/content/nominations/1/form"].map(String::from).to_vec();
        assert_eq!(places(json!({"nominations": two})), [rows]);
        assert_eq!(places(json!({"nominations": two, "limits": {"flags": 2}})), Vec::<Vec<String>>::new());
    }

    #[test]
    fn a02_who_is_proposed_has_the_least_share_of_the_scale() {
        let with = |points: f64, share: Value| {
            found(json!({
                "limits": {"least_score_share": share}, "scoring": {"scale": 1000, "criteria": []},
                "scores": [{"member": "Sở A", "total": points}], "nominations": [flag("Sở A")],
            }))
        };
        assert_eq!(with(900.0, json!(0.9)), []);
        assert_eq!(with(899.5, json!(null)), []);
        let pointers = [
            "/content/nominations/0/nominee",
            "/content/scores/0",
            "/content/scoring/scale",
            "/content/limits/least_score_share",
        ];
        assert_eq!(with(899.5, json!(0.9)), one("A02", Severity::Warning, &pointers));
    }
}
