use super::*;

fn plan() -> Consolidation {
    toml::from_str(
        r#"
        kind = "annual-summary"
        rows = "/content/blocs"
        [[cells]]
        to = "/members"
        from = "/content/member_count"
        take = "copy"
        [[cells]]
        to = "/flags"
        from = "/content/nominations"
        take = "count"
        only = { "/form" = ["flag"] }
        [[tables]]
        to = "/content/commendations"
        from = "/content/commendations"
        by = ["/form", "/honoree"]
        figure = "/count"
        [[tables]]
        to = "/content/initiatives"
        from = "/content/initiatives"
        by = ["/level"]
        bloc = "/member"
        figure = "/count"
        [[totals]]
        to = "/content/statistics/reported"
        of = "/content/blocs"
        only = { "/reported" = [true] }
        [[totals]]
        to = "/content/statistics/flags"
        of = "/content/blocs"
        figure = "/flags"
        "#,
    )
    .unwrap()
}

fn added_up(sent: &[(&str, Value)]) -> Consolidated {
    let bloc =
        |id: &str| RegisteredBloc { id: id.into(), name: format!("Khối {id}"), form: "bloc".into(), note: None };
    let submissions: Vec<Submission> = sent
        .iter()
        .map(|(id, content)| Submission {
            bloc: (*id).into(),
            file: format!("{id}.json"),
            sha256: format!("hash of {id}"),
            version: None,
            request: json!({"content": content}),
        })
        .collect();
    let known = |name: &str| if name == "Cờ" { "flag".to_owned() } else { name.to_owned() };
    consolidate(&plan(), &[bloc("a"), bloc("b"), bloc("c")], &submissions, json!({"kind": "x"}), &known)
}

fn two() -> Consolidated {
    added_up(&[
        (
            "a",
            json!({"member_count": 8, "nominations": [{"form": "flag"}, {"form": "other"}],
                "commendations": [{"form": "flag", "honoree": "collective", "count": 2}],
                "initiatives": [{"member": "x", "level": "base", "count": 3}, {"member": "y", "level": "base", "count": 4}]}),
        ),
        (
            "c",
            json!({"member_count": 9, "nominations": [{"form": "Cờ"}],
                "commendations": [{"form": "Cờ", "honoree": "collective", "count": 5}]}),
        ),
    ])
}

#[test]
fn rows_stand_in_the_registers_order_and_who_has_not_sent_has_no_figures() {
    let request = two().request;
    assert_eq!(
        request["content"]["blocs"],
        json!([
            {"name": "Khối a", "form": "bloc", "reported": true, "members": 8, "flags": 1},
            {"name": "Khối b", "form": "bloc", "reported": false},
            {"name": "Khối c", "form": "bloc", "reported": true, "members": 9, "flags": 1},
        ])
    );
}

#[test]
fn a_form_is_one_form_by_id_and_by_name() {
    let request = two().request;
    assert_eq!(request["content"]["commendations"], json!([{"form": "flag", "honoree": "collective", "count": 7}]));
}

#[test]
fn rows_that_name_blocs_are_added_up_within_each() {
    assert_eq!(two().request["content"]["initiatives"], json!([{"member": "Khối a", "level": "base", "count": 7}]));
}

#[test]
fn every_figure_is_the_sum_of_its_sources_and_every_source_holds_its_value() {
    let consolidated = two();
    assert!(consolidated.figures.len() > 7);
    for figure in &consolidated.figures {
        assert_eq!(consolidated.request.pointer(&figure.at), Some(&figure.value), "{}", figure.at);
        if figure.counts.is_empty() {
            assert_eq!(figure.value, json!(sum(&figure.sources)), "{}", figure.at);
        }
    }
    let total = consolidated.figures.iter().find(|figure| figure.at == "/content/statistics/flags").unwrap();
    let at: Vec<(&str, &str)> = total.sources.iter().map(|source| (source.bloc.as_str(), source.at.as_str())).collect();
    assert_eq!(at, [("a", "/content/nominations/0"), ("c", "/content/nominations/0")]);
}

#[test]
fn what_nobody_told_is_absent_and_not_nought() {
    let request = added_up(&[("a", json!({"member_count": 8}))]).request;
    assert_eq!(request.pointer("/content/blocs/0/flags"), None);
    assert_eq!(request.pointer("/content/statistics/flags"), None);
    assert_eq!(request.pointer("/content/commendations"), None);
    // An empty list is told: nobody was proposed.
    let request = added_up(&[("a", json!({"nominations": []}))]).request;
    assert_eq!(request.pointer("/content/blocs/0/flags"), Some(&json!(0)));
}
