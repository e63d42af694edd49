use serde_json::{Value, json};

use super::*;

type Found = (String, Severity, Vec<String>);

/// A ballot of eight units in which everything fits.
fn content() -> Value {
    json!({
        "member_count": 8,
        "ballots": [{
            "subject": "Bầu chọn đơn vị đề nghị tặng Cờ thi đua", "purpose": "flag", "method": "secret",
            "eligible": 8, "present": 8, "issued": 8, "returned": 8, "valid": 7, "invalid": 1,
            "candidates": [
                {"name": "Sở A", "agree": 6, "disagree": 1, "blank": 0, "chosen": true},
                {"name": "Sở B", "agree": 3, "disagree": 3, "blank": 1, "chosen": false}
            ],
            "threshold": {"numerator": 2, "denominator": 3, "base": "valid"}, "most_chosen": 1
        }]
    })
}

fn findings(change: impl FnOnce(&mut Value)) -> Vec<Finding> {
    let mut content = content();
    change(&mut content);
    check(&Facts::read(&json!({"content": content})).unwrap(), &RuleContext::default())
}

fn found(change: impl FnOnce(&mut Value)) -> Vec<Found> {
    findings(change).into_iter().map(|finding| (finding.code, finding.severity, finding.pointers)).collect()
}

fn one(code: &str, severity: Severity, pointers: &[&str]) -> Vec<Found> {
    let pointers = pointers.iter().map(|pointer| match pointer.starts_with('/') {
        true => pointer.to_string(),
        false => format!("/content/ballots/0/{pointer}"),
    });
    vec![(code.to_string(), severity, pointers.collect())]
}

#[test]
fn v01_to_v04_a_ballot_that_fits_passes_and_unknown_numbers_are_not_compared() {
    assert_eq!(found(|_| {}), []);
    assert_eq!(found(|content| *content = json!({})), []);
    for unknown in ["eligible", "present", "issued", "returned", "valid", "invalid", "threshold", "most_chosen"] {
        let fits = found(|content| drop(content["ballots"][0].as_object_mut().unwrap().remove(unknown)));
        assert_eq!(fits, [], "{unknown}");
    }
}

#[test]
fn v01_more_ballots_than_voters_are_refused() {
    for (field, number, other) in [("present", 9, "eligible"), ("issued", 9, "present"), ("returned", 9, "issued")] {
        let findings = found(|content| {
            content["ballots"][0][field] = json!(number);
            // Only this pair is to differ.
            let later = ["present", "issued", "returned"];
            for later in later.iter().skip(later.iter().position(|name| *name == field).unwrap() + 1) {
                content["ballots"][0].as_object_mut().unwrap().remove(*later);
            }
            if field == "returned" {
                content["ballots"][0]["invalid"] = json!(2);
            }
        });
        assert_eq!(findings, one("V01", Severity::Error, &[field, other]), "{field}");
    }
}

#[test]
fn v01_a_number_is_compared_over_one_that_is_not_known() {
    let change = |content: &mut Value| {
        content["ballots"][0]["present"] = json!(null);
        content["ballots"][0]["issued"] = json!(9);
    };
    assert_eq!(found(change), one("V01", Severity::Error, &["issued", "eligible"]));
    let message = &findings(change)[0].message;
    assert_eq!(
        message,
        "Số phiếu phát ra là 09, nhiều hơn số người có quyền bỏ phiếu 08; hãy kiểm tra lại hai số này."
    );
}

#[test]
fn v01_valid_and_invalid_ballots_are_those_that_came_back() {
    let findings = found(|content| content["ballots"][0]["invalid"] = json!(0));
    assert_eq!(findings, one("V01", Severity::Error, &["valid", "invalid", "returned"]));
    let alone = found(|content| {
        content["ballots"][0]["invalid"] = json!(null);
        content["ballots"][0]["returned"] = json!(6);
    });
    assert_eq!(alone, one("V01", Severity::Error, &["valid", "returned"]));
}

#[test]
fn v02_the_votes_on_a_candidate_are_the_valid_ballots() {
    let findings = found(|content| content["ballots"][0]["candidates"][1]["blank"] = json!(0));
    assert_eq!(findings, one("V02", Severity::Error, &["candidates/1/agree", "valid"]));
    let not_known = found(|content| content["ballots"][0]["candidates"][1]["blank"] = json!(null));
    assert_eq!(not_known, []);
}

#[test]
fn v02_no_candidate_has_more_votes_than_there_are_ballots() {
    let findings =
        found(|content| content["ballots"][0]["candidates"][1] = json!({"name": "Sở B", "agree": 8, "reason": "x"}));
    assert_eq!(findings, one("V02", Severity::Error, &["candidates/1/agree", "valid"]));
    let show_of_hands = |agree: u64| {
        found(|content| {
            content["ballots"] = json!([{"subject": "x", "method": "show-of-hands", "present": 8,
                "candidates": [{"name": "Sở B", "agree": agree}]}]);
        })
    };
    assert_eq!(show_of_hands(9), one("V02", Severity::Error, &["candidates/0/agree", "present"]));
    assert_eq!(show_of_hands(8), []);
}

#[test]
fn v03_no_more_are_chosen_than_may_be() {
    let findings = found(|content| {
        content["ballots"][0]["candidates"][1] = json!({"name": "Sở B", "agree": 6, "chosen": true});
    });
    let pointers = ["most_chosen", "candidates/0/chosen", "candidates/1/chosen"];
    assert_eq!(findings, one("V03", Severity::Error, &pointers));
}

#[test]
fn v03_who_is_chosen_has_reached_the_ballots_threshold() {
    let below = |content: &mut Value| {
        content["ballots"][0]["candidates"][0] = json!({"name": "Sở A", "agree": 4, "disagree": 3, "chosen": true});
    };
    assert_eq!(found(below), one("V03", Severity::Error, &["candidates/0/agree", "threshold"]));
    let message = &findings(below)[0].message;
    assert!(message.contains("04/07 phiếu đồng ý (57,14%), chưa đạt từ 2/3 số phiếu hợp lệ trở lên"), "{message}");
}

#[test]
fn v03_the_local_threshold_holds_where_the_ballot_has_none_and_half_is_not_more_than_half() {
    let local = |agree: u64, more_than: bool| {
        found(|content| {
            content["limits"] =
                json!({"vote": {"numerator": 1, "denominator": 2, "base": "eligible", "more_than": more_than}});
            content["ballots"][0]["threshold"] = json!(null);
            content["ballots"][0]["candidates"] = json!([{"name": "Sở A", "agree": agree, "chosen": true}]);
        })
    };
    assert_eq!(local(4, false), []);
    assert_eq!(local(5, true), []);
    let pointers = ["candidates/0/agree", "/content/limits/vote"];
    assert_eq!(local(4, true), one("V03", Severity::Error, &pointers));
    assert_eq!(local(3, false), one("V03", Severity::Error, &pointers));
}

#[test]
fn v03_one_with_more_votes_is_left_out_only_for_a_reason() {
    let left_out = |reason: Value| {
        found(|content| {
            content["ballots"][0]["candidates"][1] =
                json!({"name": "Sở B", "agree": 7, "chosen": false, "reason": reason});
        })
    };
    let pointers = ["candidates/1/agree", "candidates/0/agree"];
    assert_eq!(left_out(json!(null)), one("V03", Severity::Warning, &pointers));
    assert_eq!(left_out(json!("Vắng hội nghị không có lý do")), []);
    let equal = found(|content| content["ballots"][0]["candidates"][1] = json!({"name": "Sở B", "agree": 6}));
    assert_eq!(equal, []);
}

#[test]
fn v03_who_leads_next_year_was_chosen() {
    let election = |head: &str, ballot: u64| {
        found(|content| {
            content["election"] = json!({"year": 2026, "head": head, "deputies": ["Sở C"], "ballot": ballot})
        })
    };
    assert_eq!(election("Sở A", 0), []);
    let with_remark = found(|content| {
        content["ballots"][0]["candidates"][1]["name"] = json!("Sở B (Phó Trưởng khối)");
        content["election"] = json!({"year": 2026, "head": "Sở B", "ballot": 0});
    });
    assert_eq!(with_remark.len(), 1);
    assert_eq!(
        election("sở b", 0),
        one("V03", Severity::Error, &["/content/election/head", "/content/ballots/0/candidates/1/chosen"])
    );
    assert_eq!(election("Sở A", 3), one("V03", Severity::Error, &["/content/election/ballot", "/content/ballots"]));
}

#[test]
fn v04_each_unit_has_one_vote_unless_the_rules_say_otherwise() {
    let members = |content: &mut Value| {
        content["members"] = json!([{"unit": "Sở A"}, {"unit": "Sở B"}, {"unit": "Sở C"}, {"unit": "Sở D"}])
    };
    assert_eq!(found(members), one("V04", Severity::Warning, &["eligible", "/content/members"]));
    let two_each = |content: &mut Value| {
        members(content);
        content["ballots"][0]["votes_per_unit"] = json!(2);
    };
    assert_eq!(found(two_each), []);
    assert_eq!(
        found(|content| content["council"] = json!({"name": "Hội đồng", "members_total": 15})),
        one("V04", Severity::Warning, &["eligible", "/content/council/members_total"])
    );
    assert_eq!(found(|content| content["council"] = json!({"name": "Hội đồng", "members_total": 8})), []);
}
