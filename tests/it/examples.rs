//! Four real blocs: everything their news said is on the page, and no figure stands there that they did not say.

use std::collections::BTreeMap;

use serde_json::Value;
use tdkt_reports::{document::Status, inspection};

use crate::support::papers::{
    self, EXAMPLES, Page, WORKSHOP, all_requests, compact, example, example_value, manuscript, pages, repository, whole,
};

#[test]
fn every_fact_of_the_source_stands_in_the_paper() {
    let mut count = 0;
    for name in papers::every_example() {
        for (paper, manuscript) in papers::papers_of(&manuscript(&example(&name))) {
            let text = whole(&pages(&WORKSHOP.render(manuscript).unwrap_or_else(|failure| panic!("{failure:#?}")).pdf));
            let file = if paper.is_empty() { format!("{name}.txt") } else { format!("{name}/{paper}.txt") };
            let facts = std::fs::read_to_string(repository(&format!("examples/facts/{file}"))).expect("readable");
            let missing: Vec<&str> = facts.lines().filter(|fact| !text.contains(&compact(fact))).collect();
            assert!(missing.is_empty(), "{file} lacks:\n{}", missing.join("\n"));
            count += facts.lines().count();
        }
    }
    println!("{count} facts");
    assert!(count > 100, "the lists of facts are there: {count} lines");
}

#[test]
fn every_number_in_a_paper_comes_from_its_data() {
    for name in EXAMPLES {
        let request = example_value(name);
        let pages = pages(&papers::pdf(&example(name)));
        let (known, unknown) = origins(&request, &pages);
        println!("{name}:");
        for ((digits, origin), times) in &known {
            println!("  {digits:>6}  {times:>3} ×  {origin}");
        }
        assert!(unknown.is_empty(), "{name}: numbers from nowhere:\n{}", unknown.join("\n"));
    }
}

#[test]
fn every_number_in_every_paper_of_the_dossier_comes_from_its_data() {
    let dossier = manuscript(&example("quang-nam-2019"));
    let mut all_pages = 0;
    let mut index = Vec::new();
    for (name, paper) in papers::papers_of(&dossier) {
        let pages = pages(&WORKSHOP.render(paper).unwrap_or_else(|failure| panic!("{failure:#?}")).pdf);
        if name == "muc-luc" {
            index = pages;
            continue;
        }
        all_pages += pages.len();
        // What the paper rests on is the edition's: its legal bases and forms.
        let edition = WORKSHOP.catalog().editions().named(&paper.edition).expect("known");
        let mut request = paper.request.clone();
        request["edition"] = serde_json::json!({"bases": edition.legal_bases, "forms": edition.forms});
        // Counts are printed with a zero before them: a bare digit is the number of a table's row.
        request["rows"] = serde_json::json!((1..=3).collect::<Vec<_>>());
        let (_, unknown) = origins(&request, &pages);
        assert!(unknown.is_empty(), "{name}: numbers from nowhere:\n{}", unknown.join("\n"));
    }
    let mut request = dossier.request.clone();
    request["index"] = serde_json::json!({"pages": all_pages, "papers": vec![""; dossier.enclosed.len()], "rows": (1..=dossier.enclosed.len()).collect::<Vec<_>>()});
    let (_, unknown) = origins(&request, &index);
    assert!(unknown.is_empty(), "numbers from nowhere:\n{}", unknown.join("\n"));
}

#[test]
fn a_number_from_nowhere_is_caught() {
    let request = example_value("kon-tum-2020");
    let page = |text: &str| Page { draft: true, number: None, text: text.to_owned() };
    let unknown = |text: &str| origins(&request, &[page(text)]).1.len();
    assert_eq!(unknown("tặng 17 Bằng khen"), 1);
    assert_eq!(unknown("tăng 12,5%"), 1);
    assert_eq!(unknown("1. Mục\n17. Mục"), 1, "17 does not follow");
    assert_eq!(unknown("1. Mục\n2. Mục\nII. PHẦN\n1. Mục\nngày 13/5/2020, 08 cơ quan, 6 tháng"), 0);
}

#[test]
fn an_example_is_a_draft_with_blank_number_and_day() {
    for name in EXAMPLES {
        let manuscript = manuscript(&example(name));
        assert_eq!(manuscript.status, Status::Draft, "{name}");
        let pages = pages(&papers::pdf(&example(name)));
        assert!(pages.iter().all(|page| page.draft), "{name}: every page bears DỰ THẢO in its margin");
        let first = &pages[0].text;
        assert_eq!(first.matches("DỰ THẢO").count(), 1, "{name}: {first}");
        let number = first.lines().find(|line| line.starts_with("Số:")).expect("a number line");
        let symbol = manuscript.request["paper"]["number"]["symbol"].as_str().expect("a symbol");
        assert!(compact(number).starts_with(&format!("Số:/{symbol}")), "{name}: the serial is blank: {number}");
        let date = &first[first.find(", ngày").expect("a date")..];
        let until_year = &date[..date.find("năm").expect("a year")];
        assert!(!until_year.chars().any(|c| c.is_ascii_digit()), "{name}: the day is blank: {until_year}");
    }
}

#[test]
fn every_sample_and_example_is_rendered_without_a_layout_fault() {
    for (name, request) in all_requests() {
        let manuscript = manuscript(&request);
        let marks = WORKSHOP.marks(&manuscript).unwrap_or_else(|failure| panic!("{name}: {failure:#?}"));
        let kind = WORKSHOP.catalog().kind(&manuscript.kind).expect("known");
        assert_eq!(inspection::inspect(&marks, &kind.manifest.check_kind), [], "{name}");
        let rendered = WORKSHOP.render(&manuscript).unwrap_or_else(|failure| panic!("{name}: {failure:#?}"));
        assert_eq!(rendered.pages as usize, marks.pages.len(), "{name}");
        assert!(rendered.pdf.starts_with(b"%PDF-"), "{name}");
    }
}

/// How often each number of the pages comes from which origin; and those that come from nowhere.
fn origins(request: &Value, pages: &[Page]) -> (BTreeMap<(String, String), usize>, Vec<String>) {
    let sources = sources(request);
    let mut known: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut unknown = Vec::new();
    let mut add = |digits: &str, origin: &str| *known.entry((digits.to_owned(), origin.to_owned())).or_default() += 1;
    let mut clause = 0;
    let mut start = 0;
    for (index, page) in pages.iter().enumerate() {
        // Appendices count their pages anew.
        if page.text.trim_start().starts_with("Phụ lục") {
            start = index;
        }
        match page.number {
            Some(number) if number as usize == index - start + 1 => add(&number.to_string(), "page number"),
            Some(number) => unknown.push(format!("page {} is numbered {number}", index + 1)),
            None if index > start => unknown.push(format!("page {} has no number", index + 1)),
            None => {}
        }
        for line in page.text.lines() {
            let (label, _) = line.split_once(". ").unwrap_or_default();
            if !label.is_empty() && label.chars().all(|c| "IVX".contains(c)) {
                clause = 0;
            }
            for (at, digits) in digit_runs(line) {
                let after = line[at + digits.len()..].replace('\u{a0}', " ");
                if at == 0 && label == digits && digits.parse() == Ok(clause + 1) {
                    clause += 1;
                    add(digits, "number of a clause");
                } else if let Some(origin) = sources.get(digits) {
                    add(digits, origin);
                } else if digits == "6" && after.to_lowercase().starts_with(" tháng") {
                    add(digits, "the six months of the template's words");
                } else {
                    unknown.push(format!("{digits} in {line:?}"));
                }
            }
        }
    }
    (known, unknown)
}

/// Every number that the request holds or that can be worked out of it, with its origin.
fn sources(request: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(request, "", &mut found);
    let period = &request["content"]["period"];
    if let (Some(year), Some("second-half")) = (period["year"].as_i64(), period["part"].as_str()) {
        found.entry((year + 1).to_string()).or_insert("the year after /content/period/year".to_owned());
    }
    found
}

fn collect(value: &Value, pointer: &str, found: &mut BTreeMap<String, String>) {
    let mut say = |digits: String, origin: String| {
        found.entry(digits).or_insert(origin);
    };
    match value {
        Value::String(text) => match iso_date(text) {
            // Decree 30/2020, Annex I, II.4.b: a zero before days below 10 and the months 1 and 2.
            Some((year, month, day)) => {
                let month = if month < 3 { format!("{month:02}") } else { month.to_string() };
                for part in [format!("{day:02}"), month, year.to_string()] {
                    say(part, format!("date {pointer}"));
                }
            }
            None => digit_runs(text).for_each(|(_, digits)| say(digits.to_owned(), format!("text {pointer}"))),
        },
        Value::Number(number) => {
            say(number.to_string(), format!("number {pointer}"));
            if let Some(count @ 0..10) = number.as_u64() {
                say(format!("{count:02}"), format!("count {pointer}"));
            }
        }
        Value::Array(items) => {
            say(format!("{:02}", items.len()), format!("length of {pointer}"));
            items.iter().enumerate().for_each(|(index, item)| collect(item, &format!("{pointer}/{index}"), found));
        }
        Value::Object(object) => {
            object.iter().for_each(|(key, item)| collect(item, &format!("{pointer}/{key}"), found));
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn iso_date(text: &str) -> Option<(u32, u32, u32)> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return None };
    if year.len() != 4 {
        return None;
    }
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

/// Numbers with their places: digits, with the marks of thousands and decimals inside.
fn digit_runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(|c: char| c.is_ascii_digit())?;
        let length = text[start..].bytes().take_while(|byte| byte.is_ascii_digit() || b".,".contains(byte)).count();
        from = start + text[start..start + length].trim_end_matches(['.', ',']).len();
        Some((start, &text[start..from]))
    })
}
