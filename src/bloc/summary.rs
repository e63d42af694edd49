//! All blocs of a province: each once, called what it is, and totals that are their sums (M03, M05, S01); who leads next
//! year (M01).

use std::collections::BTreeMap;

use crate::{
    facts::{BlocForm, BlocSummary, Facts, numbered},
    failure::{Finding, Severity},
    vietnamese::{count, fold_name, fold_unit},
};

const LIST: &str = "/content/blocs";

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let mut findings = check_once(&facts.blocs);
    let own = facts.bloc.iter().filter_map(|bloc| check_form("/content/bloc", &bloc.name, bloc.form?));
    findings.extend(own);
    let listed = numbered(LIST, &facts.blocs);
    findings.extend(listed.filter_map(|(pointer, bloc)| check_form(&pointer, &bloc.name, bloc.form?)));
    findings.extend(check_totals(facts));
    findings.extend(check_election(facts));
    findings
}

/// M05 (error): each bloc stands once in a province's summary.
fn check_once(blocs: &[BlocSummary]) -> Vec<Finding> {
    let mut seen: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut findings = Vec::new();
    for (row, (pointer, bloc)) in numbered(LIST, blocs).enumerate() {
        let Some((before, earlier)) = seen.insert(fold_name(&bloc.name), (row, pointer.clone())) else { continue };
        findings.push(
            Finding::new(
                "M05",
                Severity::Error,
                format!("{pointer}/name"),
                format!(
                    "“{}” có ở cả dòng {} và dòng {} của danh sách khối, cụm; hãy bỏ một dòng.",
                    bloc.name.trim(),
                    before + 1,
                    row + 1
                ),
                format!("The bloc “{}” is listed twice (rows {} and {}).", bloc.name.trim(), before + 1, row + 1),
            )
            .and_at(format!("{earlier}/name"))
            .found(bloc.name.trim()),
        );
    }
    findings
}

/// M03 (warning): a cluster is not called a bloc in its own name, nor the other way round.
fn check_form(pointer: &str, name: &str, form: BlocForm) -> Option<Finding> {
    let (called, other) = match form {
        BlocForm::Bloc => ("khối", "cụm"),
        BlocForm::Cluster => ("cụm", "khối"),
    };
    let begins = fold_name(name).starts_with(&format!("{} ", fold_name(other)));
    begins.then(|| {
        Finding::new(
            "M03",
            Severity::Warning,
            format!("{pointer}/form"),
            format!(
                "Dữ liệu ghi hình thức là {called} thi đua nhưng tên là “{}”; hãy sửa hình thức hoặc tên.",
                name.trim()
            ),
            format!("The form is that of a “{called}”, but the name is “{}”.", name.trim()),
        )
        .and_at(format!("{pointer}/name"))
        .found(called)
        .expected(other)
    })
}

/// S01 (error): a stated total is the sum over the blocs; while a bloc's figure is not known, the total may only be higher.
fn check_totals(facts: &Facts) -> Vec<Finding> {
    let (Some(stated), blocs) = (facts.statistics, &facts.blocs) else { return Vec::new() };
    if blocs.is_empty() {
        return Vec::new();
    }
    type Figure = fn(&BlocSummary) -> Option<u64>;
    let rows: [(&str, &str, Option<u64>, Figure); 5] = [
        ("blocs", "khối, cụm", stated.blocs, |_| Some(1)),
        ("reported", "khối, cụm có báo cáo", stated.reported, |bloc| bloc.reported.map(u64::from)),
        ("members", "đơn vị thành viên", stated.members, |bloc| bloc.members),
        ("flags", "Cờ thi đua", stated.flags, |bloc| bloc.flags),
        ("certificates", "Bằng khen", stated.certificates, |bloc| bloc.certificates),
    ];
    let mut findings = Vec::new();
    for (field, words, stated, figure) in rows {
        let Some(stated) = stated else { continue };
        let figures: Vec<Option<u64>> = blocs.iter().map(figure).collect();
        let sum = figures.iter().flatten().fold(0_u64, |sum, figure| sum.saturating_add(*figure));
        let all_known = figures.iter().all(Option::is_some);
        let none_known = figures.iter().all(Option::is_none);
        if none_known || sum == stated || (!all_known && sum < stated) {
            continue;
        }
        findings.push(
            Finding::new(
                "S01",
                Severity::Error,
                format!("/content/statistics/{field}"),
                format!(
                    "Tổng số {words} ghi {}, nhưng cộng các khối, cụm được {}; hãy sửa tổng hoặc các dòng.",
                    count(stated),
                    count(sum)
                ),
                format!("The stated total of {field} is {stated}, the blocs add up to {sum}."),
            )
            .and_at(LIST)
            .found(stated.to_string())
            .expected(sum.to_string()),
        );
    }
    findings
}

/// M01 (error): the head unit of next year is not its own deputy, and no deputy stands twice.
fn check_election(facts: &Facts) -> Vec<Finding> {
    let Some(election) = &facts.election else { return Vec::new() };
    let head = "/content/election/head".to_string();
    let mut seen = BTreeMap::from([(fold_unit(&election.head), (head, "đơn vị trưởng"))]);
    let mut findings = Vec::new();
    for (pointer, deputy) in numbered("/content/election/deputies", &election.deputies) {
        if let Some((earlier, role)) = seen.insert(fold_unit(deputy), (pointer.clone(), "đơn vị phó")) {
            findings.push(
                Finding::new(
                    "M01",
                    Severity::Error,
                    pointer,
                    format!("“{}” được ghi cả là {role} và đơn vị phó của năm tới; hãy kiểm tra lại.", deputy.trim()),
                    format!("“{}” is elected twice.", deputy.trim()),
                )
                .and_at(earlier)
                .found(deputy.trim()),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::samples::one;
    use super::*;

    fn found(content: Value) -> Vec<(String, Severity, Vec<String>)> {
        let findings = check(&Facts::read(&json!({"content": content})).unwrap());
        findings.into_iter().map(|finding| (finding.code, finding.severity, finding.pointers)).collect()
    }

    #[test]
    fn m05_each_bloc_stands_once() {
        let blocs = |second: &str| found(json!({"blocs": [{"name": "Khối Thi đua số 1"}, {"name": second}]}));
        assert_eq!(
            blocs("Khối thi đua số  1"),
            one("M05", Severity::Error, &["/content/blocs/1/name", "/content/blocs/0/name"])
        );
        assert_eq!(blocs("Khối Thi đua số 2"), []);
    }

    #[test]
    fn m03_a_cluster_is_not_named_a_bloc() {
        let bloc = |form: &str, name: &str| found(json!({"bloc": {"form": form, "name": name}}));
        assert_eq!(bloc("bloc", "Khối Thi đua số 1"), []);
        assert_eq!(bloc("cluster", "Các xã phía Bắc"), []);
        let pointers = ["/content/bloc/form", "/content/bloc/name"];
        assert_eq!(bloc("bloc", "Cụm thi đua các xã"), one("M03", Severity::Warning, &pointers));
        assert_eq!(bloc("cluster", "Khối thi đua số 1"), one("M03", Severity::Warning, &pointers));
        let listed = json!({"blocs": [{"name": "A"}, {"name": "Cụm B", "form": "bloc"}]});
        assert_eq!(found(listed), one("M03", Severity::Warning, &["/content/blocs/1/form", "/content/blocs/1/name"]));
    }

    #[test]
    fn s01_totals_over_the_blocs_are_their_sums() {
        let blocs = json!([{"name": "A", "members": 8, "flags": 1, "certificates": 2, "reported": true},
            {"name": "B", "members": 7, "flags": 1, "certificates": 3, "reported": false}]);
        let with = |statistics: Value| found(json!({"blocs": blocs, "statistics": statistics}));
        assert_eq!(with(json!({"blocs": 2, "reported": 1, "members": 15, "flags": 2, "certificates": 5})), []);
        for field in ["blocs", "reported", "members", "flags", "certificates"] {
            let pointers = [&format!("/content/statistics/{field}"), "/content/blocs"];
            assert_eq!(with(json!({field: 9})), one("S01", Severity::Error, &pointers), "{field}");
        }
    }

    #[test]
    fn s01_an_unknown_figure_only_bounds_the_total() {
        let with = |members: u64| {
            found(json!({"blocs": [{"name": "A", "members": 8}, {"name": "B"}], "statistics": {"members": members}}))
        };
        assert_eq!(with(15), []);
        assert_eq!(with(7), one("S01", Severity::Error, &["/content/statistics/members", "/content/blocs"]));
        assert_eq!(found(json!({"blocs": [{"name": "A"}], "statistics": {"members": 9}})), []);
    }

    #[test]
    fn m01_who_leads_next_year_is_not_deputy_too() {
        let elected =
            |deputies: Value| found(json!({"election": {"year": 2026, "head": "Sở A", "deputies": deputies}}));
        assert_eq!(elected(json!(["Sở B", "Sở C"])), []);
        assert_eq!(
            elected(json!(["sở A"])),
            one("M01", Severity::Error, &["/content/election/deputies/0", "/content/election/head"])
        );
        assert_eq!(
            elected(json!(["Sở B", "Sở B"])),
            one("M01", Severity::Error, &["/content/election/deputies/1", "/content/election/deputies/0"])
        );
    }
}
