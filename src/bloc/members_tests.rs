use serde_json::{Value, json};

use super::super::samples::{Found, found, found_in, one};
use super::*;

fn with_units(units: &[&str]) -> Vec<Found> {
    let members: Vec<Value> = units.iter().map(|unit| json!({"unit": unit})).collect();
    found_in(|c| *c = json!({"members": members}))
}

fn with_roles(roles: &[&str]) -> Vec<Found> {
    let units = ["Sở Tài chính", "Sở Nội vụ", "Sở Ngoại vụ", "Sở Tư pháp"];
    let members: Vec<Value> = roles.iter().zip(units).map(|(role, unit)| json!({"unit": unit, "role": role})).collect();
    found_in(|c| *c = json!({"members": members}))
}

#[test]
fn m01_a_bloc_has_at_least_two_members() {
    assert_eq!(with_units(&["Sở Nội vụ"]), one("M01", Severity::Error, &["/content/members"]));
    assert_eq!(with_units(&["Sở Nội vụ", "Sở Ngoại vụ"]), []);
}

#[test]
fn m01_a_bloc_has_one_head_and_at_most_two_deputies() {
    assert_eq!(with_roles(&["head", "deputy", "deputy", "member"]), []);
    assert_eq!(
        with_roles(&["head", "head"]),
        one("M01", Severity::Error, &["/content/members/0/role", "/content/members/1/role"])
    );
    assert_eq!(with_roles(&["deputy", "member"]), one("M01", Severity::Error, &["/content/members"]));
    let three = ["/content/members/1/role", "/content/members/2/role", "/content/members/3/role"];
    assert_eq!(with_roles(&["head", "deputy", "deputy", "deputy"]), one("M01", Severity::Error, &three));
    assert_eq!(with_roles(&["member", "member"]), [], "who leads is not stated");
}

#[test]
fn m01_no_unit_is_listed_twice_whatever_its_case_and_tones() {
    let findings = with_units(&["Toà án nhân dân tỉnh", "Sở Nội vụ", "Tòa án  nhân dân Tỉnh"]);
    assert_eq!(findings, one("M01", Severity::Error, &["/content/members/2/unit", "/content/members/0/unit"]));
}

#[test]
fn m02_the_stated_count_is_the_listed_count() {
    assert_eq!(
        found_in(|c| c["member_count"] = json!(8)),
        one("M02", Severity::Error, &["/content/member_count", "/content/members"])
    );
    assert_eq!(found_in(|c| c["member_count"] = json!(3)), []);
    assert_eq!(found_in(|c| *c = json!({"member_count": 8})), [], "no list to compare with");
    let facts =
        Facts::read(&json!({"content": {"member_count": 8, "members": [{"unit": "a"}, {"unit": "b"}]}})).unwrap();
    let message = check_count(&facts).unwrap().message;
    assert!(message.contains("08") && message.contains("02"), "{message}");
}

#[test]
fn m03_two_spellings_of_one_unit_are_reported() {
    let pointers = ["/content/members/1/unit", "/content/members/0/unit"];
    for [first, second] in [
        ["Văn phòng UBND tỉnh", "Văn phòng Ủy ban nhân dân tỉnh"],
        ["Thanh tra tỉnh", "Thanh tra tỉnh Đồng Tháp"],
        ["Sở Tư pháp", "Sở Tu pháp"],
    ] {
        assert_eq!(with_units(&[first, second]), one("M03", Severity::Warning, &pointers), "{second}");
    }
}

#[test]
fn m03_the_same_department_of_two_provinces_is_two_members() {
    assert_eq!(with_units(&["Sở Nội vụ tỉnh Thừa Thiên Huế", "Sở Nội vụ tỉnh Thanh Hóa"]), []);
    assert_eq!(with_units(&["Sở Nội vụ", "Sở Ngoại vụ", "Sở Lao động - Thương binh và Xã hội"]), []);
}

#[test]
fn m03_a_name_in_a_table_is_spelled_as_in_the_list() {
    let rows = |name: &str| json!([{"level": "province", "count": 1, "member": name}]);
    let pointers = ["/content/initiatives/0/member", "/content/members"];
    for name in ["Sở Y tế", "So Noi vu"] {
        assert_eq!(found_in(|c| c["initiatives"] = rows(name)), one("M03", Severity::Warning, &pointers), "{name}");
    }
    assert_eq!(found_in(|c| c["initiatives"] = rows("sở nội vụ")), []);
    let short = |c: &mut Value| {
        c["members"][1]["abbreviation"] = json!("SNV");
        c["initiatives"] = rows("SNV");
    };
    assert_eq!(found_in(short), []);
}

#[test]
fn m03_names_in_scores_ballots_and_the_election_are_those_of_the_list() {
    let ballot =
        |purpose: &str, candidate: Value| json!([{"subject": "x", "purpose": purpose, "candidates": [candidate]}]);
    let fits = |c: &mut Value| {
        c["scores"] = json!([{"member": "Sở Nội vụ"}]);
        c["election"] = json!({"year": 2021, "head": "Sở Tài chính", "deputies": ["Sở Ngoại vụ"]});
        c["ballots"] = ballot("head", json!({"name": "Sở Nội vụ (Trưởng khối)"}));
    };
    assert_eq!(found_in(fits), []);
    let person = json!({"name": "Lê Thị Hoa", "unit": "Sở Nội vụ"});
    assert_eq!(found_in(|c| c["ballots"] = ballot("certificate", person)), []);
    let changes: [(&str, Value, &str); 4] = [
        ("scores", json!([{"member": "Sở Y tế"}]), "scores/0/member"),
        ("election", json!({"year": 2021, "head": "Sở Y tế"}), "election/head"),
        ("ballots", ballot("flag", json!({"name": "Sở Y tế"})), "ballots/0/candidates/0/name"),
        ("ballots", ballot("other", json!({"name": "A", "unit": "Sở Y tế"})), "ballots/0/candidates/0/unit"),
    ];
    for (field, value, place) in changes {
        let pointers = [&format!("/content/{place}"), "/content/members"];
        assert_eq!(found_in(|c| c[field] = value), one("M03", Severity::Warning, &pointers), "{place}");
    }
}

#[test]
fn m04_an_alphabetical_list_is_worth_knowing() {
    let findings = with_units(&["Báo Quảng Nam", "Công an tỉnh", "Sở Nội vụ", "Sở Y tế"]);
    assert_eq!(findings, one("M04", Severity::Info, &["/content/members"]));
    assert_eq!(with_units(&["Sở Y tế", "Công an tỉnh", "Sở Nội vụ", "Báo Quảng Nam"]), []);
}

#[test]
fn d09_a_district_is_no_member_since_july_2025() {
    let change = |c: &mut Value| *c = json!({"members": [{"unit": "UBND huyện Đăk Hà"}, {"unit": "Sở Nội vụ"}]});
    assert_eq!(
        found(change, "2025-07-02", true),
        one("D09", Severity::Warning, &["/content/members/0/unit", "/paper/issued_on"])
    );
    assert_eq!(found(change, "2024-07-02", true), []);
}

#[test]
fn the_largest_request_is_checked_in_a_moment() {
    let units: Vec<String> = (0..500).map(|n| format!("Đơn vị sự nghiệp công lập số {n} tỉnh")).collect();
    let members: Vec<Value> = units.iter().map(|unit| json!({"unit": unit})).collect();
    let rows: Vec<Value> =
        (0..7000).map(|n| json!({"level": "province", "count": 1, "member": units[n % 500]})).collect();
    let begun = std::time::Instant::now();
    assert_eq!(found_in(|c| *c = json!({"members": members, "initiatives": rows})), []);
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}
