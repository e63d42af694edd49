//! The same data on both sides of a law's first day: what differs in the paper stands in `docs/editions.md`.
//!
//! `TDKT_BLESS=1 cargo test --release --test it both_sides` writes the page anew.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use serde_json::{Value, json};
use tdkt_reports::{
    intake::Treatment,
    regulation::{Confidence, Edition},
};

use crate::support::papers::{WORKSHOP, blessing, manuscript_of, pages, repository, samples};

const HEAD: &str = "\
# Cùng một dữ liệu, trước và sau ngày luật đổi

Trang này do chương trình lập từ các mẫu dữ liệu `simple`: mỗi loại văn bản được lập hai lần với cùng dữ liệu, chỉ ngày văn bản khác nhau một ngày,
rồi so từng căn cứ và từng dòng chữ. Ngày của văn bản (`paper.issued_on`) chọn phiên bản pháp luật; tên địa danh và tên đơn vị luôn in đúng như người gửi ghi.
Lập lại trang: `TDKT_BLESS=1 cargo test --release --test it both_sides`.
";

/// The sides of a new edition's first day, in Vietnamese as it stands on the page.
struct Boundary<'a> {
    before: &'a Edition,
    after: &'a Edition,
    day: NaiveDate,
}

#[test]
fn the_page_of_editions_says_what_papers_say() {
    let file = repository("docs/editions.md");
    let found = page();
    if blessing() {
        std::fs::write(&file, &found).expect("written");
        return;
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(expected, found, "if this is meant: TDKT_BLESS=1 cargo test --release --test it both_sides");
}

#[test]
fn a_paper_changes_with_the_law_and_with_nothing_else() {
    for boundary in boundaries() {
        for (kind, request) in simple_samples(&boundary) {
            let last = boundary.day.pred_opt().expect("a day");
            let before = lines(&request, last);
            let again = lines(&request, last - Days::new(1));
            // Within an edition only the paper's own day differs, where it stands on the page.
            let changed: Vec<_> = before.iter().filter(|line| !again.contains(*line)).collect();
            assert!(changed.iter().all(|line| names_a_day(line, last)), "{kind}: {changed:#?}");
        }
    }
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for boundary in boundaries() {
        let (before, after) = (boundary.before, boundary.after);
        page.push_str(&format!("\n## Từ ngày {} ({} → {})\n\n", vietnamese(boundary.day), before.id, after.id));
        page.push_str("| | Đến ngày trước đó | Từ ngày ấy |\n| --- | --- | --- |\n");
        page.push_str(&format!("| Phiên bản | {} | {} |\n", cell(&before.title), cell(&after.title)));
        page.push_str(&format!("| Mức chắc chắn | {} | {} |\n", confidence(before), confidence(after)));
        catalogue(&boundary, &mut page);
        let mut changes: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for (kind, request) in simple_samples(&boundary) {
            let last = boundary.day.pred_opt().expect("a day");
            let (old, new) = (lines(&request, last), lines(&request, boundary.day));
            let only = |these: &[String], those: &[String], day: NaiveDate| -> String {
                let kept = these.iter().filter(|line| !those.contains(line) && !names_a_day(line, day));
                kept.map(String::as_str).collect::<Vec<_>>().join(" ")
            };
            let change = (only(&old, &new, last), only(&new, &old, boundary.day));
            changes.entry(change).or_default().push(title(&kind));
        }
        for ((old, new), kinds) in changes {
            let (old, new) =
                if old == new { ("không đổi".to_owned(), "không đổi".to_owned()) } else { (old, new) };
            page.push_str(&format!("| {} | {} | {} |\n", kinds.join("; "), cell(&old), cell(&new)));
        }
    }
    page
}

/// Names of titles and commendations, and forms, that one side has and the other has not.
fn catalogue(boundary: &Boundary, page: &mut String) {
    let (before, after) = (boundary.before, boundary.after);
    let awards = |edition: &Edition| edition.awards.iter().map(|award| award.name.clone()).collect::<Vec<_>>();
    let forms = |edition: &Edition| {
        let form = |form: &tdkt_reports::regulation::AppendedForm| format!("{}: {}", form.number, form.title);
        edition.forms.iter().map(form).collect::<Vec<_>>()
    };
    for (what, old, new) in [
        ("Danh hiệu, hình thức chỉ có ở một bên", awards(before), awards(after)),
        ("Mẫu chỉ có ở một bên", forms(before), forms(after)),
    ] {
        let only = |these: &[String], those: &[String]| {
            let kept: Vec<&str> = these.iter().filter(|name| !those.contains(name)).map(String::as_str).collect();
            if kept.is_empty() { "không".to_owned() } else { cell(&kept.join("; ")) }
        };
        page.push_str(&format!("| {what} | {} | {} |\n", only(&old, &new), only(&new, &old)));
    }
}

fn boundaries() -> Vec<Boundary<'static>> {
    let editions: Vec<&Edition> = WORKSHOP.catalog().editions().iter().collect();
    let pairs = editions.windows(2);
    pairs.map(|pair| Boundary { before: pair[0], after: pair[1], day: pair[1].in_force_from }).collect()
}

/// Every kind's simple sample as a draft with legal bases, moved back by whole years until its own day lies before.
fn simple_samples(boundary: &Boundary) -> Vec<(String, Value)> {
    let simple = samples().into_iter().filter(|(_, name, _)| name == "simple");
    simple
        .map(|(kind, _, request)| {
            let text = String::from_utf8(request).expect("UTF-8");
            let request: Value = serde_json::from_str(&text).expect("JSON");
            let own: NaiveDate = request["paper"]["issued_on"].as_str().expect("a day").parse().expect("a day");
            let mut years = own.year() - boundary.day.year();
            if own.with_year(boundary.day.year()).expect("a day") >= boundary.day {
                years += 1;
            }
            let mut moved: Value = serde_json::from_str(&years_earlier(&text, years)).expect("JSON");
            moved["status"] = "draft".into();
            // Some forms have no place for legal bases; their data may not ask for them.
            let mut with_bases = moved.clone();
            let extra = moved["paper"]["legal_bases"]["extra"].as_array().cloned().unwrap_or_default();
            with_bases["paper"]["legal_bases"] = json!({"include_edition": true, "extra": extra});
            let takes_bases = WORKSHOP.check(with_bases.to_string().as_bytes(), Treatment::AsSent).is_ok();
            if takes_bases {
                moved = with_bases;
            }
            (kind, moved)
        })
        .collect()
}

/// Years in the text, each so much less. A number of four digits between 1950 and 2049 is a year here.
fn years_earlier(text: &str, years: i32) -> String {
    let mut moved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let length = rest[at..].bytes().take_while(u8::is_ascii_digit).count();
        let digits = &rest[at..at + length];
        moved.push_str(&rest[..at]);
        match digits.parse::<i32>() {
            Ok(year) if length == 4 && (1950..2050).contains(&year) => moved.push_str(&(year - years).to_string()),
            Ok(_) | Err(_) => moved.push_str(digits),
        }
        rest = &rest[at + length..];
    }
    moved.push_str(rest);
    moved
}

fn lines(request: &Value, day: NaiveDate) -> Vec<String> {
    let mut request = request.clone();
    request["paper"]["issued_on"] = day.to_string().into();
    let rendered = WORKSHOP.render(&manuscript_of(&request)).unwrap_or_else(|failure| panic!("{failure:#?}"));
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let pages = pages(&rendered.pdf);
    passages(pages.iter().flat_map(|page| page.text.lines().map(squeezed)))
}

/// Legal bases as whole paragraphs, all else line by line; without the contents, whose page numbers move.
fn passages(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut passages: Vec<String> = Vec::new();
    for line in lines.filter(|line| !line.contains(". . .")) {
        match passages.last_mut() {
            Some(open) if open.starts_with("Căn cứ ") && !open.ends_with([';', '.', ':', ',']) => {
                open.push(' ');
                open.push_str(&line);
            }
            Some(_) | None => passages.push(line),
        }
    }
    passages
}

/// A draft's line of place and date names month and year; so does the note below an appendix's title.
fn names_a_day(line: &str, day: NaiveDate) -> bool {
    let month = format!(
        "tháng {} năm {}",
        if day.month() < 3 { format!("0{}", day.month()) } else { day.month().to_string() },
        day.year()
    );
    line.contains(&month) && (line.contains("ngày tháng") || line.contains(", ngày") || line.contains("Kèm theo"))
}

fn vietnamese(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

fn confidence(edition: &Edition) -> &'static str {
    match edition.confidence {
        Confidence::Sure => "chắc chắn: đã đọc Công báo hoặc hai nguồn",
        Confidence::Likely => "một nguồn",
        Confidence::Unsure => "chưa chắc chắn",
    }
}

fn title(kind: &str) -> String {
    WORKSHOP.catalog().kind(kind).expect("known").manifest.title.clone()
}

fn cell(text: &str) -> String {
    if text.is_empty() { "không".to_owned() } else { text.replace('|', "\\|") }
}
