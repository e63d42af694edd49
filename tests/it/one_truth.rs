//! The simple samples tell of one bloc's year: what two of them tell, they tell alike.

use serde_json::{Value, json};

use crate::support::papers::sample_of;

const BLOC: &str = "Khối thi đua các cơ quan kinh tế - tổng hợp";

fn content(kind: &str) -> Value {
    sample_of(kind, "simple")["content"].take()
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn named<'a>(rows: &'a [Value], key: &str, name: &Value) -> &'a Value {
    rows.iter().find(|row| row[key] == *name).unwrap_or_else(|| panic!("{name} stands there"))
}

#[test]
fn what_several_papers_hold_is_the_same_in_each() {
    let annual = content("annual-summary");
    for (key, kinds) in [
        (
            "members",
            &["review-minutes", "ballot-minutes", "conference-minutes", "score-summary", "six-month-review"][..],
        ),
        ("scores", &["review-minutes", "score-summary", "award-dossier"]),
        ("ballots", &["review-minutes", "ballot-minutes", "award-dossier"]),
        ("election", &["review-minutes", "award-dossier"]),
        ("nominations", &["review-minutes", "award-proposal"]),
        ("limits", &["review-minutes", "ballot-minutes", "award-proposal", "award-dossier"]),
        ("guidance", &["score-summary", "award-proposal", "award-dossier"]),
        ("scoring", &["review-minutes", "score-summary", "award-dossier"]),
        ("conference", &["review-minutes", "ballot-minutes", "award-dossier"]),
        (
            "period",
            &["review-minutes", "ballot-minutes", "award-proposal", "award-dossier", "scorecard", "score-summary"],
        ),
    ] {
        for kind in kinds {
            assert_eq!(content(kind)[key], annual[key], "{key} of {kind}");
        }
    }
    let proposal = content("award-proposal");
    let ballots = list(&proposal, "/ballots");
    assert_eq!(ballots, &list(&annual, "/ballots")[..ballots.len()]);
    let dossier = content("award-dossier");
    for (key, told) in dossier["summary"].as_object().expect("an object") {
        assert_eq!(*told, annual[key], "{key} of the dossier's summary");
    }
    for key in ["started_at", "ended_at", "secretary", "attendance", "proceedings"] {
        assert_eq!(dossier["review"][key], content("review-minutes")[key], "{key}");
    }
}

#[test]
fn nominees_are_told_alike_by_the_dossier_the_lists_and_their_own_reports() {
    let annual = content("annual-summary");
    let dossier = content("award-dossier");
    for nominee in list(&dossier, "/nominees") {
        let listed = named(list(&annual, "/nominations"), "nominee", &nominee["name"]);
        for key in ["summary", "clause", "initiatives", "ratings", "form", "sort", "rank", "staff", "position", "unit"]
        {
            assert_eq!(nominee[key], listed[key], "{key} of {}", nominee["name"]);
        }
        let history: Vec<&Value> =
            list(nominee, "/titles_history").iter().chain(list(nominee, "/commendations_history")).collect();
        assert_eq!(json!(history), listed["history"], "{}", nominee["name"]);
    }
    let own = content("achievement-report-collective");
    let office = json!("Sở Khoa học và Công nghệ");
    let nominee = named(list(&dossier, "/nominees"), "name", &office);
    for (key, told) in [
        ("recognised_initiatives", &nominee["initiatives"]),
        ("yearly_ratings", &nominee["ratings"]),
        ("titles_history", &nominee["titles_history"]),
        ("commendations_history", &nominee["commendations_history"]),
        ("clause", &nominee["clause"]),
        ("results", &nominee["report"]["results"]),
        ("targets", &nominee["report"]["targets"]),
    ] {
        assert_eq!(own[key], *told, "{key}");
    }
    assert_eq!(own["collective"]["staff"], nominee["staff"]);
    let scorecard = content("scorecard");
    let score = named(list(&annual, "/scores"), "member", &scorecard["score"]["member"]);
    for key in ["self_score", "appraised_score", "bonus", "penalty", "total"] {
        assert_eq!(scorecard["score"][key], score[key], "{key}");
    }
}

#[test]
fn initiatives_of_nominees_are_counted_with_their_units() {
    let annual = content("annual-summary");
    let counted = list(&annual, "/initiatives");
    for nominee in list(&annual, "/nominations").iter().filter(|nominee| nominee["sort"] == "collective") {
        for initiative in list(nominee, "/initiatives") {
            let row = |row: &&Value| row["member"] == nominee["nominee"] && row["level"] == initiative["level"];
            assert!(counted.iter().any(|it| row(&it)), "{} has {initiative}", nominee["nominee"]);
        }
    }
    for (kind, sentence) in
        [("annual-summary", "đơn vị chưa có sáng kiến"), ("six-month-review", "đơn vị chưa có sáng kiến")]
    {
        let content = content(kind);
        let without = list(&content, "/members")
            .iter()
            .filter(|member| !list(&content, "/initiatives").iter().any(|row| row["member"] == member["unit"]))
            .count();
        let told = content["assessment"]["limitations"].to_string();
        assert!(told.contains(&format!("{without:02} {sentence}")), "{kind}: {without} in {told}");
    }
}

#[test]
fn a_target_is_one_through_the_year_and_in_every_report() {
    let annual = content("annual-summary");
    let dossier = content("award-dossier");
    let half = content("six-month-review");
    let names =
        |content: &Value| -> Vec<Value> { list(content, "/targets").iter().map(|it| it["name"].clone()).collect() };
    assert_eq!(names(&annual), names(&half));
    for target in list(&half, "/targets") {
        assert_eq!(named(list(&annual, "/targets"), "name", &target["name"])["planned"], target["planned"]);
    }
    let own = list(&dossier, "/nominees").iter().flat_map(|nominee| list(nominee, "/report/targets"));
    let mut shared = 0;
    for target in own {
        for row in list(&annual, "/targets").iter().filter(|row| row["name"] == target["name"]) {
            assert_eq!(row, target);
            shared += 1;
        }
    }
    assert_eq!(shared, 2, "revenue and exports");
}

#[test]
fn the_province_counts_of_the_bloc_what_its_report_tells() {
    let annual = content("annual-summary");
    let province = content("provincial-summary");
    let row = named(list(&province, "/blocs"), "name", &json!(BLOC));
    let certified = |form: &str| list(&annual, "/nominations").iter().filter(|it| it["form"] == *form).count();
    assert_eq!(row["members"], annual["member_count"]);
    assert_eq!(row["conference"]["date"], annual["conference"]["date"]);
    assert_eq!(row["conference"]["attendance"], content("review-minutes")["attendance"]["units"]);
    assert_eq!(row["flags"], certified("emulation-flag-province"));
    assert_eq!(row["certificates"], certified("merit-certificate-province"));
    assert_eq!(row["collectives_commended"], annual["commendation_totals"]["collective"]);
    assert_eq!(row["individuals_commended"], annual["commendation_totals"]["individual"]);
    assert_eq!(row["next_head"], annual["election"]["head"]);
    assert_eq!(row["next_deputies"], annual["election"]["deputies"]);
    for (total, of) in [("collective", "collectives_commended"), ("individual", "individuals_commended")] {
        let sum: i64 = list(&province, "/blocs").iter().filter_map(|row| row[of].as_i64()).sum();
        assert_eq!(province["commendation_totals"][total], sum, "{total}");
    }
}
