//! Papers far longer than an office sends: every cell is whole and in its place, every page has the table's head, and
//! nothing stands in a margin.

use std::{collections::BTreeMap, time::Instant};

use serde_json::{Value, json};
use tdkt_reports::{inspection, marks::Marks};

use crate::support::papers::{
    WORKSHOP, check_kind, compact, manuscript_of, marks_with, pages, replace, sample_of, sample_value, whole,
};

#[test]
fn two_thousand_commendations_stand_complete_and_in_order() {
    let mut request = sample_of("annual-summary", "simple");
    let units: Vec<Value> = own_units(&request);
    request["content"]["commendations"] = (0..2_000)
        .map(|n| {
            let form = format!("Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh, đợt {}", n + 1);
            let honoree = if n % 2 == 0 { "collective" } else { "individual" };
            json!({"form": form, "honoree": honoree, "count": 1 + n % 9, "member": units[n % units.len()]})
        })
        .collect();
    for key in ["commendation_totals", "previous"] {
        request["content"].as_object_mut().expect("an object").remove(key);
    }
    let rows = cells(&request, "/content/commendations", &["form", "member"]);
    check(&request, "STT Danh hiệu thi đua, hình thức khen thưởng Đơn vị Tập thể Cá nhân", &rows);
}

#[test]
fn three_hundred_nominees_stand_complete_and_in_order() {
    let mut request = sample_of("award-proposal", "simple");
    let nominations = request["content"]["nominations"].as_array().expect("nominations");
    let person = nominations.iter().find(|nomination| nomination["sort"] == "individual").expect("a person").clone();
    request["content"]["nominations"] = (0..300)
        .map(|n| {
            let mut person = person.clone();
            person["nominee"] = format!("Công Tằng Tôn Nữ Nguyễn Thị Minh Khai {}", n + 1).into();
            person
        })
        .collect();
    request["content"].as_object_mut().expect("an object").remove("ballots");
    let rows = cells(&request, "/content/nominations", &["nominee", "position"]);
    check(&request, "STT Họ và tên Chức vụ, đơn vị", &rows);
}

#[test]
fn sixty_members_with_the_longest_names_stand_complete_and_in_order() {
    for kind in ["annual-summary", "six-month-review"] {
        let request = sample_of(kind, "overflow");
        let rows = cells(&request, "/content/members", &["unit"]);
        assert_eq!(rows.len(), 60, "{kind}");
        check(&request, "STT Tên đơn vị Vai trò Ghi chú", &rows);
    }
}

/// A row of totals has at least two rows above it on its page, at whatever row the page breaks.
#[test]
fn totals_never_stand_alone() {
    let lonely: Vec<usize> = (25..45).filter(|rows| totals_alone(&marks_of(*rows, |_| {}))).collect();
    assert!(lonely.is_empty(), "with so many rows: {lonely:?}");
    let unclasped = |files: &mut BTreeMap<String, String>| {
        replace(
            files,
            "layout/parts/table.typ",
            "rowspan: spans.at(place), breakable: false",
            "rowspan: spans.at(place), breakable: true",
        );
    };
    let found = (25..45).filter(|rows| totals_alone(&marks_of(*rows, unclasped))).count();
    assert!(found > 0, "without the clasp some would");
}

/// No breaking of lines is allowed in such runs; they must be opened, and a reader still copies what was written.
#[test]
fn runs_without_a_space_keep_to_the_margins_and_to_their_text() {
    let runs = [
        "(".repeat(300),
        ")".repeat(300),
        "()".repeat(150),
        "\"".repeat(300),
        "“”".repeat(150),
        ".".repeat(300),
        " .".repeat(150),
        "( ".repeat(150),
        "— ".repeat(150),
        "/".repeat(300),
        "-".repeat(300),
        "_".repeat(300),
        "1".repeat(300),
        "! ".repeat(150),
        "thi\u{a0}đua\u{a0}".repeat(30),
        "nghiêng".repeat(40),
        format!("https://vi-du.vn/{}", "a/b?c=d&".repeat(30)),
    ];
    let mut faults = Vec::new();
    for run in &runs {
        let mut request = sample_value("simple");
        request["status"] = "draft".into();
        let short: String = run.chars().take(180).collect();
        request["content"]["activities"] = json!([format!("Đoạn {run} hết")]);
        request["content"]["targets"][0]["name"] = format!("Mục {short}").into();
        request["content"]["targets"][0]["note"] = format!("Mục {short}").into();
        request["paper"]["recipients"]["items"] = json!([format!("Mục {short}")]);
        request["paper"]["addressees"] = json!([format!("Mục {short}"), "Sở Nội vụ tỉnh An Bình"]);
        match WORKSHOP.render(&manuscript_of(&request)) {
            Ok(rendered) if !whole(&pages(&rendered.pdf)).contains(&compact(run)) => {
                faults.push(format!("{run}: reads otherwise"));
            }
            Ok(_) => {}
            Err(failure) => faults.push(format!("{run}: {:?}", failure.findings)),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn own_units(request: &Value) -> Vec<Value> {
    let own = request["content"]["members"].as_array().expect("members");
    own.iter().map(|member| member["unit"].clone()).collect()
}

fn cells(request: &Value, pointer: &str, keys: &[&str]) -> Vec<Vec<String>> {
    let rows = request.pointer(pointer).and_then(Value::as_array).expect("rows");
    let row = |row: &Value| keys.iter().filter_map(|key| row[key].as_str().map(compact)).collect();
    rows.iter().map(row).collect()
}

fn check(request: &Value, head: &str, rows: &[Vec<String>]) {
    let began = Instant::now();
    let mut request = request.clone();
    request["status"] = "draft".into();
    let manuscript = manuscript_of(&request);
    let marks = WORKSHOP.marks(&manuscript).unwrap_or_else(|failure| panic!("{failure:#?}"));
    assert_eq!(inspection::inspect(&marks, check_kind(&manuscript)), []);
    let pages = pages(&WORKSHOP.render(&manuscript).unwrap_or_else(|failure| panic!("{failure:#?}")).pdf);
    let texts: Vec<String> = pages.iter().map(|page| compact(&page.text)).collect();
    let head = compact(head);
    // The table begins on the first page that bears its head.
    let first = texts.iter().position(|text| text.contains(&head)).expect("the table's head");
    let (mut page, mut from) = (first, texts[first].find(&head).expect("found") + head.len());
    for (place, row) in rows.iter().enumerate() {
        for cell in row {
            while !texts[page][from..].contains(cell.as_str()) {
                page += 1;
                assert!(page < texts.len(), "row {}: {cell:?} is not complete, or out of its order", place + 1);
                assert_eq!(texts[page].matches(&head).count(), 1, "page {} has the head once", page + 1);
                from = texts[page].find(&head).expect("found") + head.len();
            }
            from += texts[page][from..].find(cell.as_str()).expect("found") + cell.len();
        }
    }
    println!("{} rows: {} pages, {:.1} s", rows.len(), texts.len(), began.elapsed().as_secs_f64());
}

fn marks_of(rows: usize, change: impl Fn(&mut BTreeMap<String, String>)) -> Marks {
    let mut request = sample_value("simple");
    request["status"] = "draft".into();
    request["content"]["commendations"] = (0..rows)
        .map(|n| json!({"form": format!("Giấy khen đợt {}", n + 1), "honoree": "individual", "count": 1}))
        .collect();
    request["content"].as_object_mut().expect("an object").remove("commendation_totals");
    marks_with(change, &manuscript_of(&request)).expect("set")
}

/// Whether the page that bears the totals has fewer than two rows above them.
fn totals_alone(marks: &Marks) -> bool {
    let says = |page: usize, wanted: &str| {
        let text: String = marks.pages[page].runs.iter().map(|run| run.text.as_str()).collect();
        compact(&text).matches(&compact(wanted)).count()
    };
    let page = (0..marks.pages.len()).rev().find(|page| says(*page, "Cộng") > 0).expect("the totals");
    says(page, "Giấy khen đợt") < 2
}
