use serde_json::{Value, json};

use super::*;

type Found = (String, Severity, Vec<String>);

/// A table of 100 points and one member's points, in which everything adds up.
fn content() -> Value {
    json!({
        "scoring": {"scale": 100, "bonus_cap": 5, "criteria": [
            {"code": "I", "name": "Nhiệm vụ chính trị", "max": 60, "sort": "main"},
            {"code": "I.1", "name": "Chỉ tiêu", "max": 40, "parent": "I", "sort": "main"},
            {"code": "I.2", "name": "Cải cách hành chính", "max": 20, "parent": "I", "sort": "main"},
            {"code": "II", "name": "Thi đua, khen thưởng", "max": 40, "sort": "main"},
            {"code": "T", "name": "Điểm thưởng", "max": 5, "sort": "bonus"},
            {"code": "P", "name": "Điểm trừ", "max": 10, "sort": "penalty"}
        ]},
        "scores": [{"member": "Sở A", "self_score": 99.5, "appraised_score": 95.5, "bonus": 2, "penalty": -1, "total": 96.5, "details": [
            {"criterion": "I.1", "self": 40, "appraised": 38.5},
            {"criterion": "I.2", "self": 20, "appraised": 19},
            {"criterion": "II", "self": 39.5, "appraised": 38},
            {"criterion": "T", "appraised": 2},
            {"criterion": "P", "appraised": -1}
        ]}]
    })
}

fn findings(change: impl FnOnce(&mut Value)) -> Vec<Finding> {
    let mut content = content();
    change(&mut content);
    check(&Facts::read(&json!({"content": content})).unwrap())
}

fn found(change: impl FnOnce(&mut Value)) -> Vec<Found> {
    findings(change).into_iter().map(|finding| (finding.code, finding.severity, finding.pointers)).collect()
}

fn s05(pointers: &[&str]) -> Vec<Found> {
    vec![("S05".to_string(), Severity::Error, pointers.iter().map(|pointer| format!("/content/{pointer}")).collect())]
}

#[test]
fn s05_points_that_add_up_pass_and_unknown_ones_are_not_added() {
    assert_eq!(found(|_| {}), []);
    assert_eq!(found(|content| *content = json!({})), []);
    assert_eq!(
        found(|content| content["scoring"]["criteria"] = json!([]))
            .iter()
            .filter(|f| f.2[0].contains("/scoring"))
            .count(),
        0
    );
    for unknown in ["appraised_score", "bonus", "penalty", "total", "self_score", "details"] {
        let fits = found(|content| drop(content["scores"][0].as_object_mut().unwrap().remove(unknown)));
        assert_eq!(fits, [], "{unknown}");
    }
    assert_eq!(found(|content| content["scoring"]["criteria"][1]["max"] = json!(null)), []);
    assert_eq!(found(|content| drop(content.as_object_mut().unwrap().remove("scoring"))), []);
}

#[test]
fn s05_the_main_criteria_add_up_to_the_scale() {
    assert_eq!(found(|content| content["scoring"]["scale"] = json!(1000)), s05(&["scoring/scale", "scoring/criteria"]));
    let message = &findings(|content| content["scoring"]["scale"] = json!(1000))[0].message;
    assert!(message.contains("1.000") && message.contains("100;") || message.contains("được 100"), "{message}");
}

#[test]
fn s05_the_parts_add_up_to_their_criterion() {
    let pointers = ["scoring/criteria/0/max", "scoring/criteria"];
    assert_eq!(found(|content| content["scoring"]["criteria"][2]["max"] = json!(25)), s05(&pointers));
}

#[test]
fn s05_a_bonus_criterion_stays_within_the_cap() {
    let pointers = ["scoring/bonus_cap", "scoring/criteria/4/max"];
    assert_eq!(found(|content| content["scoring"]["criteria"][4]["max"] = json!(6)), s05(&pointers));
}

#[test]
fn s05_a_code_stands_once_and_a_part_has_its_criterion() {
    let twice = found(|content| content["scoring"]["criteria"][5]["code"] = json!("T"));
    assert!(twice.contains(&s05(&["scoring/criteria/5/code", "scoring/criteria/4/code"])[0]), "{twice:?}");
    let orphan = found(|content| {
        content["scoring"]["criteria"] = json!([{"code": "a", "name": "a", "max": 100, "sort": "main"},
            {"code": "b", "name": "b", "max": 3, "parent": "c", "sort": "main"}]);
        content["scores"] = json!([]);
    });
    assert_eq!(orphan, s05(&["scoring/criteria/1/parent", "scoring/criteria"]));
}

#[test]
fn s05_points_stay_between_nought_and_the_maximum() {
    for (field, points, pointers) in [
        ("self_score", json!(105.5), vec!["scores/0/self_score", "scoring/scale"]),
        ("appraised_score", json!(100.25), vec!["scores/0/appraised_score", "scoring/scale"]),
        ("appraised_score", json!(-1), vec!["scores/0/appraised_score"]),
        ("bonus", json!(5.5), vec!["scores/0/bonus", "scoring/bonus_cap"]),
        ("penalty", json!(1), vec!["scores/0/penalty"]),
    ] {
        let findings = found(|content| {
            content["scores"][0] = json!({"member": "Sở A"});
            content["scores"][0][field] = points.clone();
        });
        assert_eq!(findings, s05(&pointers), "{field} {points}");
    }
}

#[test]
fn s05_the_points_of_a_criterion_stay_within_its_maximum() {
    let detail = |detail: Value| found(|content| content["scores"][0] = json!({"member": "Sở A", "details": [detail]}));
    let place = "scores/0/details/0";
    assert_eq!(
        detail(json!({"criterion": "II", "self": 40.5})),
        s05(&[&format!("{place}/self"), "scoring/criteria/3/max"])
    );
    assert_eq!(detail(json!({"criterion": "II", "appraised": -0.5})), s05(&[&format!("{place}/appraised")]));
    assert_eq!(detail(json!({"criterion": "P", "appraised": 3})), s05(&[&format!("{place}/appraised")]));
    assert_eq!(
        detail(json!({"criterion": "III", "appraised": 3})),
        s05(&[&format!("{place}/criterion"), "scoring/criteria"])
    );
    assert_eq!(detail(json!({"criterion": "II", "self": 40, "appraised": 0})), []);
}

#[test]
fn s05_the_total_is_what_its_parts_add_up_to() {
    let pointers = ["scores/0/total", "scores/0/appraised_score", "scores/0/bonus", "scores/0/penalty"];
    let change = |content: &mut Value| content["scores"][0]["total"] = json!(97.5);
    assert_eq!(found(change), s05(&pointers));
    let message = &findings(change)[0].message;
    assert!(message.contains("97,5") && message.contains("96,5"), "{message}");
}

#[test]
fn s05_the_criteria_add_up_to_the_appraised_score() {
    let findings = found(|content| content["scores"][0]["details"][0]["appraised"] = json!(38));
    assert_eq!(findings, s05(&["scores/0/appraised_score", "scores/0/details"]));
    let one_is_missing = found(|content| drop(content["scores"][0]["details"].as_array_mut().unwrap().remove(0)));
    assert_eq!(one_is_missing, []);
}

#[test]
fn s05_holds_for_the_one_score_of_a_scorecard() {
    let score = |total: f64| {
        found(|content| {
            let mut score = content["scores"][0].take();
            score["total"] = json!(total);
            content["score"] = score;
            content["scores"] = json!([]);
        })
    };
    assert_eq!(score(96.5), []);
    assert_eq!(score(97.5)[0].2[0], "/content/score/total");
}

#[test]
fn s06_a_member_is_scored_once() {
    let twice = |member: &str| {
        found(|content| content["scores"] = json!([{"member": "Sở A", "total": 90}, {"member": member, "total": 91}]))
    };
    let pointers = ["/content/scores/1/member", "/content/scores/0/member"].map(String::from).to_vec();
    assert_eq!(twice("sở a"), [("S06".to_string(), Severity::Warning, pointers)]);
    assert_eq!(twice("Sở B"), []);
}

#[test]
fn the_final_points_are_stated_or_computed() {
    for (score, points) in [
        (json!({"total": 90, "appraised_score": 1}), Some("90")),
        (json!({"appraised_score": 95.5, "bonus": 2, "penalty": -1}), Some("96.5")),
        (json!({"appraised_score": 95.5}), Some("95.5")),
        (json!({"self_score": 95.5}), None),
    ] {
        let score: Score = serde_json::from_value(score).unwrap();
        assert_eq!(final_points(&score).map(|points| points.to_string()).as_deref(), points);
    }
}
