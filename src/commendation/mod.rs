//! Rules on commendations (*khen thưởng*): rows, totals, selections, nominations and the record behind them.
//!
//! One rule: a total is what the rows add up to; a stated total that differs is never corrected in silence.

mod awards;
mod catalogue;
mod chosen;
mod conditions;
mod limits;
mod nominations;
mod people;
mod ranks;
mod votes;

use std::collections::BTreeMap;

use crate::{
    facts::{Facts, Honoree, RuleContext, numbered},
    failure::{Finding, Severity},
    vietnamese::{count, fold_name},
};

/// How many honourees of each sort the rows add up to.
pub fn totals_by_honoree(facts: &Facts) -> BTreeMap<Honoree, u64> {
    let mut totals = BTreeMap::new();
    for commendation in &facts.commendations {
        let total: &mut u64 = totals.entry(commendation.honoree).or_default();
        *total = total.saturating_add(commendation.count);
    }
    totals
}

/// S01, S05, S06, D01 and D10 over the commendations, selections and people, A01 to A13 and V03 over awards and nominations.
pub fn check(facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let catalogue = catalogue::Catalogue::of(context.awards).beside(context.awards_elsewhere);
    let mut findings = check_totals(facts);
    findings.extend(check_repeated_rows(facts));
    findings.extend(check_selections(facts));
    findings.extend(awards::check(facts, &catalogue, context));
    findings.extend(nominations::check(facts, &catalogue));
    let of_votes = votes::check(facts, &catalogue, context);
    findings.extend(chosen::check(facts, &catalogue, context, &of_votes));
    findings.extend(of_votes);
    findings.extend(limits::check(facts, &catalogue, context));
    findings.extend(ranks::check(facts));
    findings.extend(conditions::check(facts, &catalogue));
    findings.extend(people::check(facts, context));
    findings
}

/// S01 (error): a stated total is the sum of its rows; without rows there is nothing to compare.
fn check_totals(facts: &Facts) -> Vec<Finding> {
    let Some(stated) = facts.commendation_totals else { return Vec::new() };
    if facts.commendations.is_empty() {
        return Vec::new();
    }
    let sums = totals_by_honoree(facts);
    let fields = [
        ("collective", Honoree::Collective, stated.collective),
        ("individual", Honoree::Individual, stated.individual),
        ("household", Honoree::Household, stated.household),
    ];
    let differing = fields.into_iter().filter_map(|(field, honoree, stated)| {
        let sum = sums.get(&honoree).copied().unwrap_or(0);
        let stated = stated.filter(|stated| *stated != sum)?;
        Some(
            Finding::new(
                "S01",
                Severity::Error,
                format!("/content/commendation_totals/{field}"),
                format!(
                    "Tổng số {} được khen thưởng ghi {}, nhưng cộng các dòng được {}; hãy sửa tổng hoặc các dòng.",
                    honoree_words(honoree),
                    count(stated),
                    count(sum)
                ),
                format!("The stated total of {field} honourees is {stated}, the rows add up to {sum}."),
            )
            .and_at("/content/commendations")
            .found(stated.to_string())
            .expected(sum.to_string()),
        )
    });
    differing.collect()
}

fn honoree_words(honoree: Honoree) -> &'static str {
    match honoree {
        Honoree::Collective => "tập thể",
        Honoree::Individual => "cá nhân",
        Honoree::Household => "hộ gia đình",
    }
}

/// S06 (warning): two rows of the same form, honouree, member and decision are perhaps one.
fn check_repeated_rows(facts: &Facts) -> Vec<Finding> {
    let mut seen = BTreeMap::new();
    let mut findings = Vec::new();
    for (pointer, row) in numbered("/content/commendations", &facts.commendations) {
        let folded = |text: Option<&str>| text.map(fold_name).unwrap_or_default();
        let decision = row.decision.as_ref().map(|decision| decision.number.as_str());
        let key = (fold_name(&row.form), row.honoree, folded(row.member.as_deref()), folded(decision));
        let Some((earlier, before)) = seen.insert(key, (pointer.clone(), row.count)) else { continue };
        findings.push(
            Finding::new(
                "S06",
                Severity::Warning,
                pointer,
                format!(
                    "“{}” tặng {} có hai dòng, {} và {}, dễ tính trùng; hãy gộp lại hoặc bỏ một dòng.",
                    row.form,
                    honoree_words(row.honoree),
                    count(before),
                    count(row.count)
                ),
                "This row repeats an earlier one; its honourees may be counted twice.",
            )
            .and_at(earlier)
            .found(&row.form),
        );
    }
    findings
}

/// D10 (error): a span of years runs forward.
fn check_selections(facts: &Facts) -> Vec<Finding> {
    let spans = numbered("/content/selections", &facts.selections).filter_map(|(pointer, selection)| {
        let years = selection.period.filter(|years| years.from > years.to)?;
        Some(
            Finding::new(
                "D10",
                Severity::Error,
                format!("{pointer}/period/from"),
                format!(
                    "Giai đoạn bắt đầu năm {} nhưng kết thúc năm {}; hãy kiểm tra lại hai năm này.",
                    years.from, years.to
                ),
                format!("The span begins in {} and ends in {}.", years.from, years.to),
            )
            .and_at(format!("{pointer}/period/to"))
            .found(years.from.to_string()),
        )
    });
    let counts = numbered("/content/selections", &facts.selections).filter_map(|(pointer, selection)| {
        let listed = selection.names.len() as u64;
        let differ = listed > 0 && listed != selection.count;
        differ.then(|| {
            Finding::new(
                "S01",
                Severity::Error,
                format!("{pointer}/count"),
                format!(
                    "Ghi bình chọn {} nhưng danh sách có {} tên; hãy sửa số hoặc danh sách.",
                    crate::vietnamese::count(selection.count),
                    crate::vietnamese::count(listed)
                ),
                format!("{} are stated, {listed} are named.", selection.count),
            )
            .and_at(format!("{pointer}/names"))
            .found(selection.count.to_string())
            .expected(listed.to_string())
        })
    });
    spans.chain(counts).collect()
}

#[cfg(test)]
mod samples {
    use serde_json::{Value, json};

    use super::*;
    use crate::facts::{AwardSort, ListedAward, RecordNeeds};

    /// A part of a catalogue.
    pub fn awards() -> Vec<ListedAward> {
        awards_since("2025-07-01")
    }

    /// That of the edition in force since the day.
    fn awards_since(since: &str) -> Vec<ListedAward> {
        let record = match since {
            since if since < "2024-01-01" => RecordNeeds::Initiative,
            since if since < "2026-10-01" => RecordNeeds::InitiativeOrExcellent,
            _ => RecordNeeds::ToConfirm,
        };
        const UNIT: &str = "Thủ trưởng đơn vị; Giám đốc sở; Chủ tịch Ủy ban nhân dân cấp xã";
        const PROVINCE: &str = "Chủ tịch Ủy ban nhân dân tỉnh";
        let titles = [
            ("advanced-worker", "Lao động tiên tiến", UNIT),
            ("emulation-fighter-grassroots", "Chiến sĩ thi đua cơ sở", UNIT),
            ("emulation-fighter-province", "Chiến sĩ thi đua cấp tỉnh", PROVINCE),
            ("emulation-fighter-national", "Chiến sĩ thi đua toàn quốc", "Thủ tướng Chính phủ"),
            ("advanced-collective", "Tập thể lao động tiên tiến", UNIT),
            ("excellent-collective", "Tập thể lao động xuất sắc", PROVINCE),
            (
                "emulation-flag-province",
                "Cờ thi đua của Ủy ban nhân dân tỉnh",
                "Ủy ban nhân dân tỉnh hoặc Chủ tịch Ủy ban nhân dân tỉnh",
            ),
            ("emulation-flag-government", "Cờ thi đua của Chính phủ", "Chính phủ"),
        ];
        let commendations = [
            ("merit-certificate-prime-minister", "Bằng khen của Thủ tướng Chính phủ", "Thủ tướng Chính phủ"),
            ("merit-certificate-province", "Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh", PROVINCE),
            ("commendation-certificate", "Giấy khen", UNIT),
        ];
        let listed = |sort: AwardSort| {
            move |(id, name, decided_by): &(&str, &str, &str)| ListedAward {
                id: id.to_string(),
                name: name.to_string(),
                sort,
                decided_by: decided_by.to_string(),
                least_completed: (*id == "excellent-collective").then_some(100),
                least_advanced: match *id {
                    "excellent-collective" => Some(70),
                    "advanced-collective" => Some(50),
                    _ => None,
                },
                record: (*id == "emulation-fighter-grassroots").then_some(record),
                record_law: None,
            }
        };
        titles
            .iter()
            .map(listed(AwardSort::Title))
            .chain(commendations.iter().map(listed(AwardSort::Commendation)))
            .collect()
    }

    pub type Found = (String, Severity, Vec<String>);

    /// Findings under an edition that is in force since the day.
    pub fn findings_since(since: &str, content: Value) -> Vec<Finding> {
        let awards = awards_since(since);
        let context = RuleContext { awards: &awards, ..RuleContext::default() };
        check(&Facts::read(&json!({"content": content})).unwrap(), &context)
    }

    pub fn findings(content: Value) -> Vec<Finding> {
        findings_since("2025-07-01", content)
    }

    pub fn found_since(since: &str, content: Value) -> Vec<Found> {
        findings_since(since, content)
            .into_iter()
            .map(|finding| (finding.code, finding.severity, finding.pointers))
            .collect()
    }

    pub fn found(content: Value) -> Vec<Found> {
        found_since("2025-07-01", content)
    }

    pub fn one(code: &str, severity: Severity, pointers: &[&str]) -> Vec<Found> {
        vec![(code.to_string(), severity, pointers.iter().map(|pointer| pointer.to_string()).collect())]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::calendar::parse_iso;

    fn findings(content: Value) -> Vec<Finding> {
        let date = parse_iso("2020-07-27").unwrap();
        let context = RuleContext { issued_on: Some(date), effective_on: date, issued: true, ..RuleContext::default() };
        check(&Facts::read(&json!({"content": content})).unwrap(), &context)
    }

    fn found(content: Value) -> Vec<(String, Severity, Vec<String>)> {
        findings(content).into_iter().map(|finding| (finding.code, finding.severity, finding.pointers)).collect()
    }

    fn row(form: &str, honoree: &str, number: u64, member: Option<&str>) -> Value {
        json!({"form": form, "honoree": honoree, "count": number, "member": member})
    }

    #[test]
    fn s01_a_total_that_is_not_the_sum_is_refused() {
        let rows = json!([
            row("Giấy khen", "collective", 3, None),
            row("Bằng khen", "collective", 2, None),
            row("Giấy khen", "individual", 9, None)
        ]);
        let findings = findings(
            json!({"commendations": rows, "commendation_totals": {"collective": 6, "individual": 9, "household": 0}}),
        );
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].code.as_str(), findings[0].severity), ("S01", Severity::Error));
        assert_eq!(findings[0].pointers, ["/content/commendation_totals/collective", "/content/commendations"]);
        assert!(findings[0].message.contains("06") && findings[0].message.contains("05"), "{}", findings[0].message);
    }

    #[test]
    fn s01_right_totals_and_totals_without_rows_pass() {
        let rows = json!([row("Giấy khen", "household", 3, None)]);
        assert_eq!(found(json!({"commendations": rows, "commendation_totals": {"household": 3}})), []);
        assert_eq!(found(json!({"commendation_totals": {"collective": 6}})), []);
        assert_eq!(found(json!({"commendations": rows})), []);
    }

    #[test]
    fn s06_a_repeated_row_is_reported_and_rows_of_other_members_are_not() {
        let twice = json!([
            row("Giấy khen", "collective", 3, Some("Sở Y tế")),
            row("giấy khen", "collective", 1, Some("Sở Y tế"))
        ]);
        let pointers = ["/content/commendations/1", "/content/commendations/0"].map(String::from).to_vec();
        assert_eq!(found(json!({"commendations": twice})), [("S06".into(), Severity::Warning, pointers)]);
        let two = json!([
            row("Giấy khen", "collective", 3, Some("Sở Y tế")),
            row("Giấy khen", "collective", 3, Some("Sở Nội vụ"))
        ]);
        assert_eq!(found(json!({"commendations": two})), []);
    }

    #[test]
    fn d10_a_span_of_years_runs_forward() {
        let selection =
            |from: i32, to: i32| json!([{"count": 2, "honoree": "collective", "period": {"from": from, "to": to}}]);
        let pointers =
            ["/content/selections/0/period/from", "/content/selections/0/period/to"].map(String::from).to_vec();
        assert_eq!(found(json!({"selections": selection(2020, 2015)})), [("D10".into(), Severity::Error, pointers)]);
        assert_eq!(found(json!({"selections": selection(2015, 2020)})), []);
    }
}
