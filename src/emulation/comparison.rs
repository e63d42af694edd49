//! Comparison with an earlier year (S04).

use crate::{
    facts::{Facts, numbered},
    failure::{Finding, Severity},
    vietnamese::group,
};

/// S04 (info): a comparison needs both years; what has only one is printed without it.
pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = numbered("/content/targets", &facts.targets)
        .filter_map(|(pointer, target)| {
            let previous = target.previous.filter(|_| target.achieved.is_none())?;
            Some(
                info(
                    format!("{pointer}/previous"),
                    format!(
                        "Chỉ tiêu “{}” có số năm trước {} nhưng chưa có số thực hiện năm nay, nên không so sánh được.",
                        target.name.trim(),
                        group(&previous)
                    ),
                    format!(
                        "The target “{}” has the earlier year's {previous} and no result to compare.",
                        target.name.trim()
                    ),
                )
                .and_at(format!("{pointer}/achieved")),
            )
        })
        .collect();
    let Some(previous) = &facts.previous else { return findings };
    let earlier = previous.year.map_or_else(|| "trước".to_string(), |year| year.to_string());
    let lists = [
        ("commendations", "khen thưởng", previous.commendations.len(), facts.commendations.len()),
        ("initiatives", "sáng kiến", previous.initiatives.len(), facts.initiatives.len()),
    ];
    findings.extend(lists.into_iter().filter(|(_, _, before, now)| *before > 0 && *now == 0).map(
        |(field, words, before, now)| {
            info(
                format!("/content/previous/{field}"),
                format!("Số liệu {words} có {before} dòng của năm {earlier} và {now} dòng của năm nay, nên không so sánh được."),
                format!("{field}: {before} rows of the earlier year, {now} of this one; no comparison is made."),
            )
            .and_at(format!("/content/{field}"))
        },
    ));
    if let (Some(before), Some(period)) = (previous.year, facts.period)
        && before + 1 != period.year
    {
        findings.push(
            info(
                "/content/previous/year".to_string(),
                format!("Số liệu so sánh là của năm {before}, không phải năm liền trước năm {}.", period.year),
                format!("The comparison is with {before}, not with the year before {}.", period.year),
            )
            .and_at("/content/period/year")
            .found(before.to_string())
            .expected((period.year - 1).to_string()),
        );
    }
    findings
}

fn info(pointer: String, message: String, message_en: String) -> Finding {
    Finding::new("S04", Severity::Info, pointer, message, message_en)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(content: Value) -> Vec<(String, Severity, Vec<String>)> {
        let findings = check(&Facts::read(&json!({"content": content})).unwrap());
        findings.into_iter().map(|finding| (finding.code, finding.severity, finding.pointers)).collect()
    }

    fn s04(pointers: [&str; 2]) -> Vec<(String, Severity, Vec<String>)> {
        vec![("S04".to_string(), Severity::Info, pointers.map(|pointer| format!("/content/{pointer}")).to_vec())]
    }

    #[test]
    fn s04_a_target_is_compared_only_if_both_years_have_a_result() {
        let target = |achieved: Value, previous: Value| {
            found(
                json!({"targets": [{"name": "Thu ngân sách", "unit_of_measure": "tỷ đồng", "achieved": achieved, "previous": previous}]}),
            )
        };
        assert_eq!(target(json!(null), json!(100)), s04(["targets/0/previous", "targets/0/achieved"]));
        assert_eq!(target(json!(110), json!(100)), []);
        assert_eq!(target(json!(110), json!(null)), []);
    }

    #[test]
    fn s04_lists_are_compared_only_if_both_years_have_rows() {
        let row = json!([{"form": "Giấy khen", "honoree": "collective", "count": 1}]);
        let previous = |commendations: &Value| json!({"year": 2024, "commendations": commendations, "initiatives": []});
        assert_eq!(found(json!({"previous": previous(&row)})), s04(["previous/commendations", "commendations"]));
        assert_eq!(
            found(json!({"previous": previous(&json!([])), "commendations": row})),
            [],
            "nothing to compare with"
        );
        assert_eq!(found(json!({"previous": previous(&row), "commendations": row})), []);
    }

    #[test]
    fn s04_the_year_compared_with_is_the_one_before() {
        let with = |year: i32| found(json!({"period": {"year": 2025}, "previous": {"year": year}}));
        assert_eq!(with(2023), s04(["previous/year", "period/year"]));
        assert_eq!(with(2024), []);
    }
}
