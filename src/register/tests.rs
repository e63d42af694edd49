use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::*;
use crate::{catalog::DraftWords, failure::Finding};

fn entry(sort: Sort, id: &str, body: Value) -> Entry {
    let (sha256, written_at) = ("ab".repeat(32), DateTime::UNIX_EPOCH);
    Entry { sort, id: id.into(), version: 1, body, sha256, written_at, written_by: "t".into(), erased_at: None }
}

fn bloc(id: &str) -> Entry {
    let body = json!({"name": "Khối thi đua số 6", "aliases": ["Khối Nội chính"], "form": "bloc"});
    entry(Sort::Bloc, id, body)
}

fn period(text: &str) -> PeriodId {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn sent(bloc: &str, version: i64, sent_at: &str) -> Submission {
    Submission {
        id: format!("{bloc}-{version}"),
        bloc: bloc.into(),
        period: period("2026-H1"),
        version,
        kind: "six-month-review".into(),
        content: json!({}),
        sha256: format!("{version:064}"),
        sent_at: at(sent_at),
        sent_by: "t".into(),
        erased_at: None,
        adjustment: None,
        beside: Beside::default(),
    }
}

fn places(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings.iter().map(|finding| (finding.code.as_str(), finding.pointers[0].as_str())).collect()
}

#[test]
fn a_period_is_written_and_read_in_one_way() {
    for right in ["2026", "2026-H1", "2026-H2", "1990", "2100-H2"] {
        assert_eq!(period(right).to_string(), right);
    }
    for wrong in ["", "26", "2026-h1", "2026-H3", "2026-", "02026", "+026", "1989", "2101-H1", "2026-H1-H1"] {
        assert!(wrong.parse::<PeriodId>().is_err(), "{wrong}");
    }
    assert_eq!(period("2026").kind(), "annual-summary");
    assert_eq!(period("2026-H2").content(), json!({"year": 2026, "part": "second-half"}));
}

#[test]
fn an_id_is_a_plain_word() {
    for right in ["snv", "khoi-06", "6", &"a".repeat(64)] {
        assert!(is_id(right), "{right}");
    }
    for wrong in ["", "-a", "a-", "SNV", "Sở", "a/b", "a b", "a.b", &"a".repeat(65)] {
        assert!(!is_id(wrong), "{wrong}");
    }
}

#[test]
fn a_write_is_made_upon_what_the_writer_saw() {
    let tag = bloc("k").tag();
    assert_eq!(tag.as_str(), format!("\"1-{}\"", "ab".repeat(8)));
    let seen = Base::OneOf(vec!["\"0-x\"".into(), tag.as_str().into()]);
    assert!(seen.is(Some(&tag)) && Base::Something.is(Some(&tag)) && Base::Nothing.is(None));
    assert!(!seen.is(None) && !Base::Something.is(None) && !Base::Nothing.is(Some(&tag)));
    assert!(!Base::OneOf(vec![format!("W/{}", tag.as_str())]).is(Some(&tag)), "If-Match compares strongly");
}

#[test]
fn a_year_lists_units_of_its_time_once_with_one_head() {
    let units: BTreeMap<String, Entry> = [
        ("snv", json!({"name": "Sở Nội vụ"})),
        ("sldtbxh", json!({"name": "Sở Lao động", "valid_until": "2025-02-28", "successors": ["snv"]})),
        ("snnmt", json!({"name": "Sở Nông nghiệp và Môi trường", "valid_from": "2025-03-01"})),
    ]
    .map(|(id, body)| (id.to_owned(), entry(Sort::Unit, id, body)))
    .into();
    let right = json!({"members": [{"unit": "snv", "role": "head"}, {"unit": "snnmt"}]});
    assert!(check_year(2026, &right, &units).is_empty());
    assert_eq!(
        unit_names(&right, &units),
        [json!({"unit": "Sở Nội vụ", "role": "head"}), json!({"unit": "Sở Nông nghiệp và Môi trường"})]
    );
    let wrong = json!({"members": [{"unit": "sldtbxh"}, {"unit": "ai"}, {"unit": "snv"}, {"unit": "snv"}]});
    let faults = check_year(2026, &wrong, &units);
    assert_eq!(
        places(&faults),
        [
            ("register-days", "/members/0/unit"),
            ("register-unknown", "/members/1/unit"),
            ("M01", "/members/3/unit"),
            ("M01", "/members"),
        ]
    );
    assert_eq!(faults[0].expected.as_deref(), Some("đơn vị kế thừa: snv (Sở Nội vụ)"));
    // In the year in which it ended it was still there; the new one was not yet in the year before.
    assert!(check_year(2025, &json!({"members": [{"unit": "sldtbxh", "role": "head"}]}), &units).is_empty());
    assert_eq!(check_year(2024, &json!({"members": [{"unit": "snnmt", "role": "head"}]}), &units).len(), 1);
}

#[test]
fn a_content_of_another_period_or_bloc_is_refused_and_other_members_are_noticed() {
    let members = [json!({"unit": "Sở Nội vụ"}), json!({"unit": "Thanh tra tỉnh"})];
    let right = json!({"bloc": {"name": "KHỐI NỘI CHÍNH"}, "period": {"year": 2026, "part": "first-half"},
        "members": [{"unit": "Sở Nội vụ"}, {"unit": "Thanh tra Tỉnh"}]});
    assert!(check_submission(period("2026-H1"), &bloc("k"), &members, &right).is_empty());
    let wrong = json!({"bloc": {"name": "Khối thi đua số 7"}, "period": {"year": 2026, "part": "second-half"},
        "members": [{"unit": "Sở Nội vụ"}, {"unit": "Sở Tư pháp"}]});
    let faults = check_submission(period("2026-H1"), &bloc("k"), &members, &wrong);
    assert_eq!(
        places(&faults),
        [
            ("register-period", "/content/period"),
            ("register-bloc", "/content/bloc/name"),
            ("register-member", "/content/members/1/unit"),
            ("register-member", "/content/members"),
        ]
    );
}

#[test]
fn a_bloc_is_late_from_the_day_after_its_deadline_by_the_clock_of_vietnam() {
    let plan = json!({"due": "2026-06-20", "extensions": [{"bloc": "xa", "due": "2026-06-25"}]});
    let plan = PeriodPlan::read(Some(&plan));
    let today = at("2026-06-23T00:00:00Z");
    let stands = |id: &str, versions: &[Submission]| {
        let standing = standing(&bloc(id), &plan, versions, today);
        (standing.standing, standing.days_late)
    };
    // 23:59 on 20 June in Vietnam is 16:59 in UTC.
    assert_eq!(stands("k", &[sent("k", 1, "2026-06-20T16:59:59Z")]), (Standing::Sent, None));
    assert_eq!(stands("k", &[sent("k", 1, "2026-06-20T17:00:00Z")]), (Standing::SentLate, Some(1)));
    // A later version of what came in time is in time.
    let versions = [sent("k", 1, "2026-06-01T00:00:00Z"), sent("k", 2, "2026-06-22T00:00:00Z")];
    assert_eq!(stands("k", &versions), (Standing::Sent, None));
    assert_eq!(stands("k", &[]), (Standing::Overdue, Some(3)));
    assert_eq!(stands("xa", &[]), (Standing::Awaited, None));
    let nothing_laid_down = PeriodPlan::read(None);
    assert_eq!(standing(&bloc("k"), &nothing_laid_down, &[], today).standing, Standing::Awaited);
}

#[test]
fn the_days_of_a_period_are_the_provinces_own_or_the_calendars() {
    let own = PeriodPlan::read(Some(&json!({"from": "2027-12-15", "to": "2028-12-14", "due": "2028-12-15"})));
    assert_eq!(own.days(period("2028")), ("2027-12-15".parse().unwrap(), "2028-12-14".parse().unwrap()));
    let calendars = PeriodPlan::read(None).days(period("2028-H1"));
    assert_eq!(calendars, ("2028-01-01".parse().unwrap(), "2028-06-30".parse().unwrap()));
    let wrong = json!({"from": "2028-06-30", "to": "2028-01-01", "due": "2028-02-29",
        "extensions": [{"bloc": "ai", "due": "2028-02-28"}]});
    let faults = check_plan(period("2028"), &wrong, |bloc| bloc == "k");
    assert_eq!(
        places(&faults),
        [
            ("register-days", "/to"),
            ("register-days", "/due"),
            ("register-unknown", "/extensions/0/bloc"),
            ("register-days", "/extensions/0/due"),
        ]
    );
}

#[test]
fn those_with_members_in_the_year_are_expected() {
    let closed = entry(Sort::Bloc, "cu", json!({"name": "Khối cũ", "form": "bloc", "valid_until": "2024-12-31"}));
    let blocs = [bloc("a"), bloc("b"), closed];
    let ids =
        |years: &[Entry]| expected(period("2026"), &blocs, years).into_iter().map(|bloc| bloc.id).collect::<Vec<_>>();
    assert_eq!(ids(&[entry(Sort::BlocYear, "b/2026", json!({})), entry(Sort::BlocYear, "a/2025", json!({}))]), ["b"]);
    assert_eq!(ids(&[]), ["a", "b"], "where no year is registered");
}

#[test]
fn the_hash_of_a_close_covers_period_bloc_version_and_content() {
    let frozen = |bloc: &str, version, sha256: &str| Frozen { bloc: bloc.into(), version, sha256: sha256.into() };
    let one = hash_of(period("2026"), &[frozen("a", 1, "x"), frozen("b", 2, "y")]);
    for other in [
        hash_of(period("2026-H1"), &[frozen("a", 1, "x"), frozen("b", 2, "y")]),
        hash_of(period("2026"), &[frozen("a", 2, "x"), frozen("b", 2, "y")]),
        hash_of(period("2026"), &[frozen("a", 1, "x"), frozen("b", 2, "z")]),
        hash_of(period("2026"), &[frozen("a", 1, "x")]),
    ] {
        assert_ne!(one, other);
    }
}

#[test]
fn every_form_compiles_and_every_property_has_a_vietnamese_title() {
    let forms = RegisterForms::load().unwrap();
    for sheet in Sort::ALL.map(Sheet::Entry).into_iter().chain([Sheet::Submission, Sheet::Closing]) {
        let form = forms.of(sheet);
        for name in form.properties_at("") {
            assert!(form.title_at(&format!("/{name}")).is_some(), "{sheet:?}: {name}");
            assert!(form.description_at(&format!("/{name}")).is_some(), "{sheet:?}: {name}");
        }
    }
}

#[test]
fn a_form_of_commendation_is_one_whether_its_id_or_its_name_is_written() {
    let with = |version: i64, form: &str, count: u64| Submission {
        content: json!({"commendations": [{"form": form, "honoree": "collective", "count": count}]}),
        ..sent("k", version, "2026-06-20T00:00:00Z")
    };
    let (first, second) = (with(1, "emulation-flag-province", 2), with(2, "Cờ thi đua cấp tỉnh", 3));
    let known = |name: &str| if name == "Cờ thi đua cấp tỉnh" { "emulation-flag-province" } else { name }.to_owned();
    let bloc = bloc("k");
    let held = Held { bloc: &bloc, year: None, halves: [Some(&first), Some(&second)], before: None };
    let draft = carry_over(period("2026"), held, &DraftWords::default(), &known).unwrap();
    let rows = json!([{"form": "emulation-flag-province", "honoree": "collective", "count": 5}]);
    assert_eq!(draft.request["content"]["commendations"], rows);
    assert_eq!(draft.lineage[0].sources.len(), 2);
}

#[test]
fn a_draft_says_around_its_content_what_the_province_and_the_bloc_say() {
    let mut words = DraftWords { report: "BC".into(), parent_body: "UBND".into(), ..DraftWords::default() };
    (words.cluster.head, words.cluster.symbol) = ("Cụm trưởng".into(), "CTĐ".into());
    let cluster = json!({"name": "Cụm số 2", "form": "cluster", "province": "tỉnh An Bình"});
    let paper =
        |body: Value| draft_of(period("2026"), &entry(Sort::Bloc, "c", body), &words, json!({}))["paper"].take();
    let told = paper(cluster.clone());
    assert_eq!(told["letterhead"]["parent_body"], "UBND tỉnh An Bình");
    assert_eq!((&told["number"]["symbol"], &told["place"]), (&json!("BC-CTĐ"), &json!("An Bình")));
    assert_eq!(told["signing"]["position"], "Cụm trưởng");
    let mut own = cluster;
    (own["symbol"], own["terms"]) = (json!("CTĐ2"), json!({"head": "Trưởng cụm"}));
    let told = paper(own);
    assert_eq!((&told["number"]["symbol"], &told["signing"]["position"]), (&json!("BC-CTĐ2"), &json!("Trưởng cụm")));
}
