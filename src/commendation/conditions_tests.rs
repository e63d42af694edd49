use serde_json::{Value, json};

use super::super::samples::{found_since, one};
use super::*;

fn title(name: &str, year: i32) -> Value {
    json!({"year": year, "name": name,
        "decision": {"type": "Quyết định", "number": "12/QĐ-SNV", "date": format!("{year}-12-20"), "issuer": "Chủ tịch UBND tỉnh"}})
}

fn nominee(form: &str, record: Value) -> Value {
    let mut nomination =
        json!({"nominee": "Lê Thị Hoa", "sort": "individual", "unit": "Sở Nội vụ", "form": form, "year": 2025});
    nomination.as_object_mut().unwrap().extend(record.as_object().unwrap().clone());
    nomination
}

fn judged_since(since: &str, nomination: Value) -> Vec<(String, Severity, Vec<String>)> {
    found_since(since, json!({"nominations": [nomination]}))
}

fn judged(nomination: Value) -> Vec<(String, Severity, Vec<String>)> {
    judged_since("2025-07-01", nomination)
}

fn lacks(code: &str) -> Vec<(String, Severity, Vec<String>)> {
    let place = "/content/nominations/0";
    one(
        code,
        Severity::Warning,
        &[place, &format!("{place}/history"), &format!("{place}/initiatives"), &format!("{place}/ratings")],
    )
}

const GRASSROOTS: &str = "emulation-fighter-grassroots";

fn initiatives(levels: &[&str]) -> Value {
    json!(levels.iter().map(|level| json!({"name": "Số hóa hồ sơ", "level": level})).collect::<Vec<_>>())
}

#[test]
fn a05_to_a08_a_nomination_without_any_record_is_not_judged() {
    for form in [GRASSROOTS, "emulation-fighter-province", "emulation-fighter-national", "merit-certificate-province"] {
        assert_eq!(judged(nominee(form, json!({}))), [], "{form}");
    }
}

#[test]
fn a05_since_2024_an_initiative_or_excellent_work_makes_a_fighter() {
    let advanced = title("Lao động tiên tiến", 2025);
    let excellent = json!([{"year": 2025, "level": "excellent"}]);
    assert_eq!(judged(nominee(GRASSROOTS, json!({"history": [advanced], "ratings": excellent}))), []);
    assert_eq!(
        judged(nominee(GRASSROOTS, json!({"history": [advanced], "initiatives": initiatives(&["grassroots"])}))),
        []
    );
    assert_eq!(judged(nominee(GRASSROOTS, json!({"history": [advanced]}))), lacks("A05"));
    let good = json!([{"year": 2025, "level": "good"}, {"year": 2024, "level": "excellent"}]);
    assert_eq!(judged(nominee(GRASSROOTS, json!({"history": [advanced], "ratings": good}))), lacks("A05"));
    assert_eq!(judged(nominee(GRASSROOTS, json!({"ratings": excellent}))), lacks("A05"), "no advanced worker");
    let of_another_year = title("Lao động tiên tiến", 2024);
    assert_eq!(judged(nominee(GRASSROOTS, json!({"history": [of_another_year], "ratings": excellent}))), lacks("A05"));
}

#[test]
fn a05_the_title_may_be_proposed_in_the_same_paper() {
    let fighter = nominee(GRASSROOTS, json!({"ratings": [{"year": 2025, "level": "excellent"}]}));
    let worker = nominee("Lao động tiên tiến", json!({}));
    assert_eq!(found_since("2025-07-01", json!({"nominations": [fighter, worker]})), []);
}

#[test]
fn a05_before_2024_an_initiative_is_needed() {
    let advanced = title("Lao động tiên tiến", 2025);
    let excellent = json!([{"year": 2025, "level": "excellent"}]);
    let record = json!({"history": [advanced], "ratings": excellent});
    assert_eq!(judged_since("2019-12-20", nominee(GRASSROOTS, record)), lacks("A05"));
    let record = json!({"history": [advanced], "initiatives": initiatives(&["grassroots"])});
    assert_eq!(judged_since("2019-12-20", nominee(GRASSROOTS, record)), []);
}

#[test]
fn a05_under_the_amendment_of_2026_the_operator_confirms() {
    let advanced = title("Lao động tiên tiến", 2025);
    let excellent = json!([{"year": 2025, "level": "excellent"}]);
    let record = json!({"history": [advanced], "ratings": excellent});
    let place = ["/content/nominations/0", "/content/nominations/0/initiatives"];
    assert_eq!(judged_since("2026-10-01", nominee(GRASSROOTS, record.clone())), one("A05", Severity::Info, &place));
    let mut both = record;
    both["initiatives"] = initiatives(&["grassroots"]);
    assert_eq!(judged_since("2026-10-01", nominee(GRASSROOTS, both)), []);
}

#[test]
fn a06_a_provincial_fighter_has_three_years_running_and_an_initiative_of_the_province() {
    let years = |years: &[i32]| years.iter().map(|year| title("Chiến sĩ thi đua cơ sở", *year)).collect::<Vec<_>>();
    let form = "emulation-fighter-province";
    let record = |history: Vec<Value>, level: &str| {
        nominee(form, json!({"history": history, "initiatives": initiatives(&[level])}))
    };
    assert_eq!(judged(record(years(&[2023, 2024, 2025]), "province")), []);
    assert_eq!(judged(record(years(&[2023, 2024, 2025]), "national")), []);
    assert_eq!(judged(record(years(&[2023, 2024, 2025]), "grassroots")), lacks("A06"));
    assert_eq!(judged(record(years(&[2022, 2024, 2025]), "province")), lacks("A06"), "not consecutive");
    assert_eq!(judged(record(years(&[2022, 2023, 2024]), "province")), lacks("A06"), "not up to the year");
    let mut undecided = years(&[2023, 2024, 2025]);
    undecided[1]["decision"]["number"] = json!("");
    let codes: Vec<String> = judged(record(undecided, "province")).into_iter().map(|found| found.0).collect();
    assert!(codes.contains(&"A06".to_string()), "{codes:?}");
}

#[test]
fn a07_a_national_fighter_has_been_provincial_twice_and_has_a_national_initiative() {
    let form = "emulation-fighter-national";
    let twice = [title("Chiến sĩ thi đua cấp tỉnh", 2022), title("Chiến sĩ thi đua cấp tỉnh", 2025)];
    let record = |history: &[Value], level: &str| {
        nominee(form, json!({"history": history, "initiatives": initiatives(&[level])}))
    };
    assert_eq!(judged(record(&twice, "national")), []);
    assert_eq!(judged(record(&twice[..1], "national")), lacks("A07"));
    assert_eq!(judged(record(&twice, "province")), lacks("A07"));
    let ministry = [twice[0].clone(), title("Chiến sĩ thi đua Bộ, ban, ngành", 2025)];
    assert_eq!(judged(record(&ministry, "national")), []);
}

#[test]
fn a08_a_provincial_certificate_for_a_person_rests_on_two_years() {
    let form = "merit-certificate-province";
    let fighter = [title("Chiến sĩ thi đua cơ sở", 2024), title("Chiến sĩ thi đua cơ sở", 2025)];
    assert_eq!(judged(nominee(form, json!({"history": fighter}))), []);
    assert_eq!(judged(nominee(form, json!({"history": &fighter[..1]}))), lacks("A08"));
    let excellent = json!([{"year": 2024, "level": "excellent"}, {"year": 2025, "level": "excellent"}]);
    let two = initiatives(&["grassroots", "grassroots"]);
    assert_eq!(judged(nominee(form, json!({"ratings": excellent, "initiatives": two}))), []);
    assert_eq!(
        judged(nominee(form, json!({"ratings": excellent, "initiatives": initiatives(&["grassroots"])}))),
        lacks("A08")
    );
    assert_eq!(judged(nominee(form, json!({"cause": "thematic", "history": &fighter[..1]}))), []);
    assert_eq!(judged(nominee(form, json!({"sort": "collective", "history": &fighter[..1]}))), []);
}

#[test]
fn a09_a_collective_has_its_share_of_advanced_workers_counted_in_whole_persons() {
    let collective = |form: &str, staff: Value| {
        judged(nominee(form, json!({"nominee": "Phòng A", "sort": "collective", "staff": staff})))
    };
    let below = |field: &str| {
        one(
            "A09",
            Severity::Warning,
            &[&format!("/content/nominations/0/staff/{field}"), "/content/nominations/0/staff/total"],
        )
    };
    let excellent = "Tập thể lao động xuất sắc";
    assert_eq!(collective(excellent, json!({"total": 10, "completed": 10, "advanced": 7})), []);
    assert_eq!(collective(excellent, json!({"total": 10, "completed": 10, "advanced": 6})), below("advanced"));
    assert_eq!(collective(excellent, json!({"total": 10, "completed": 9, "advanced": 9})), below("completed"));
    assert_eq!(collective(excellent, json!({"total": 13, "advanced": 9})), below("advanced"), "69,23 %");
    let advanced = "advanced-collective";
    assert_eq!(collective(advanced, json!({"total": 9, "completed": 8, "advanced": 5})), []);
    assert_eq!(collective(advanced, json!({"total": 9, "advanced": 4})), below("advanced"));
    assert_eq!(collective(advanced, json!({"advanced": 4})), [], "the whole is not known");
}

#[test]
fn a09_a_part_of_the_staff_is_not_more_than_the_whole() {
    let nomination =
        nominee("advanced-collective", json!({"sort": "collective", "staff": {"total": 9, "completed": 10}}));
    let pointers = ["/content/nominations/0/staff/completed", "/content/nominations/0/staff/total"];
    assert_eq!(judged(nomination), one("A09", Severity::Error, &pointers));
}

#[test]
fn a06_and_a09_hold_for_the_subject_of_an_achievement_report() {
    let years = |years: &[i32]| years.iter().map(|year| title("Chiến sĩ thi đua cơ sở", *year)).collect::<Vec<_>>();
    let report = |held: &[i32]| {
        found_since(
            "2025-07-01",
            json!({"person": {"name": "Lê Thị Hoa", "unit": "Sở Nội vụ"}, "form": "emulation-fighter-province",
            "period": {"year": 2025}, "titles_history": years(held), "recognised_initiatives": initiatives(&["province"])}),
        )
    };
    assert_eq!(report(&[2023, 2024, 2025]), []);
    let places =
        ["/content/form", "/content/titles_history", "/content/recognised_initiatives", "/content/yearly_ratings"];
    assert_eq!(report(&[2024, 2025]), one("A06", Severity::Warning, &places));
    let collective = |advanced: u64| {
        found_since(
            "2025-07-01",
            json!({"collective": {"name": "Sở A", "staff": {"total": 10, "advanced": advanced}},
            "form": "advanced-collective", "period": {"year": 2025}}),
        )
    };
    assert_eq!(collective(5), []);
    let places = ["/content/collective/staff/advanced", "/content/collective/staff/total"];
    assert_eq!(collective(4), one("A09", Severity::Warning, &places));
}
