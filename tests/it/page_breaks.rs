//! Where pages break, measured at every length of the text: the signature has company, headings have a text below
//! them, rows stay whole.

use serde_json::Value;
use tdkt_reports::marks::{Marks, PageMarks, Run};

use crate::support::papers::{WORKSHOP, compact, example_value, manuscript_of, marks_with, replace, sample_value};

const MOST_WORDS: usize = 120;
/// The top margin's end, in millimetres: above it stands the page number.
const TEXT_FROM: f64 = 20.0;

#[test]
fn a_longer_outlook_of_the_simple_sample_breaks_well_at_every_length() {
    check_growth(&sample_value("simple"), "/content/directions/orientations/0");
}

#[test]
fn a_longer_account_before_the_table_breaks_well_at_every_length() {
    check_growth(&sample_value("simple"), "/content/tasks/0");
}

#[test]
fn a_longer_outlook_of_kon_tum_breaks_well_at_every_length() {
    check_growth(&example_value("kon-tum-2020"), "/content/directions/orientations/0");
}

#[test]
fn a_longer_account_of_kon_tum_breaks_well_at_every_length() {
    check_growth(&example_value("kon-tum-2020"), "/content/leadership/0");
}

/// A line of text: the page's runs on one baseline.
#[derive(Debug)]
struct Line<'a> {
    baseline: f64,
    runs: Vec<&'a Run>,
}

impl Line<'_> {
    fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }
}

fn check_growth(request: &Value, pointer: &str) {
    let mut faults = Vec::new();
    let mut counts = std::collections::BTreeSet::new();
    for words in 1..=MOST_WORDS {
        let longer = lengthened(request, pointer, words);
        let marks = WORKSHOP.marks(&manuscript_of(&longer)).unwrap_or_else(|failure| panic!("{words}: {failure:#?}"));
        counts.insert(marks.pages.len());
        let found = [signature_alone(&marks, request), heading_at_foot(&marks), torn_rows(&marks, request)];
        faults.extend(found.into_iter().flatten().map(|fault| format!("{words} words more: {fault}")));
    }
    faults.truncate(20);
    assert!(faults.is_empty(), "{pointer}:\n{}", faults.join("\n"));
    println!("{pointer}: {counts:?} pages");
}

fn lengthened(request: &Value, pointer: &str, words: usize) -> Value {
    const WORDS: [&str; 9] = ["tiếp", "tục", "nghiêm", "túc", "và", "phong", "trào", "ở", "cơ"];
    let mut longer = request.clone();
    let place = longer.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}"));
    let text = place.as_str().expect("a text").trim_end_matches('.');
    let more: Vec<&str> = WORDS.iter().copied().cycle().take(words).collect();
    *place = format!("{text} {}.", more.join(" ")).into();
    longer
}

/// At least two lines of text stand above the signature, and all of the block stands together.
fn signature_alone(marks: &Marks, request: &Value) -> Option<String> {
    let page_of =
        |wanted: &str| marks.pages.iter().position(|page| lines(page).iter().any(|line| line.text().contains(wanted)));
    let page = page_of("Nơi nhận:").expect("recipients");
    let signing = &request["paper"]["signing"];
    let signer = if signing["capacity"] == "on-behalf-of" { "TM. KHỐI" } else { "GIÁM ĐỐC" };
    for part in [signer, "./.", "Lưu:"] {
        if page_of(part) != Some(page) {
            return Some(format!("{part:?} is not on the recipients' page {}", page + 1));
        }
    }
    let lines = lines(&marks.pages[page]);
    let label = lines.iter().position(|line| line.text().contains("Nơi nhận:"))?;
    (label < 2).then(|| format!("{label} line(s) go with the signature on page {}", page + 1))
}

/// A bold numbered line is not the last of its page.
fn heading_at_foot(marks: &Marks) -> Option<String> {
    let (_, pages) = marks.pages.split_last()?;
    for (index, page) in pages.iter().enumerate() {
        let lines = lines(page);
        let Some(last) = lines.last() else { return Some(format!("page {} is empty", index + 1)) };
        let text = last.text();
        let label = text.split_once('.').map_or("", |(label, _)| label);
        let numbered = !label.is_empty() && label.chars().all(|c| c.is_ascii_digit() || "IVXLC".contains(c));
        if numbered && last.runs.iter().all(|run| run.bold) {
            return Some(format!("{text:?} ends page {}", index + 1));
        }
    }
    None
}

/// Every row of the table of targets is whole: its number, its name and its figures stand between two rules.
fn torn_rows(marks: &Marks, request: &Value) -> Option<String> {
    let targets = request["content"]["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut next = 1;
    for (index, page) in marks.pages.iter().enumerate() {
        // Behind the last target come the tables of the appendices.
        if next > targets.len() {
            break;
        }
        for (place, row) in rows(page).into_iter().enumerate() {
            let number = compact(&row.first);
            if number == "STT" {
                if place > 0 {
                    return Some(format!("the head stands in the middle of page {}", index + 1));
                }
                continue;
            }
            if number != next.to_string() {
                return Some(format!("page {}: row {number:?} where {next} is due: {:?}", index + 1, row.all));
            }
            let name = compact(targets.get(next - 1)?["name"].as_str()?);
            if !compact(&row.all).contains(&name) {
                return Some(format!("page {}: row {next} lacks {name:?}: {:?}", index + 1, row.all));
            }
            next += 1;
        }
    }
    (next != targets.len() + 1).then(|| format!("{} of {} rows are whole", next - 1, targets.len()))
}

struct Row {
    /// Text of the first cell.
    first: String,
    all: String,
}

/// The bands between a table's horizontal rules.
fn rows(page: &PageMarks) -> Vec<Row> {
    let upright: Vec<_> = page.rules.iter().filter(|rule| rule.x1 - rule.x0 < 0.5 && rule.y1 - rule.y0 > 3.0).collect();
    let mut edges: Vec<f64> = page
        .rules
        .iter()
        .filter(|rule| rule.y1 - rule.y0 < 0.5 && rule.x1 - rule.x0 > 5.0)
        .map(|rule| rule.y0)
        .filter(|y| upright.iter().any(|rule| (rule.y0 - 0.5..=rule.y1 + 0.5).contains(y)))
        .collect();
    edges.sort_by(f64::total_cmp);
    edges.dedup_by(|a, b| (*a - *b).abs() < 0.5);
    let mut columns: Vec<f64> = upright.iter().map(|rule| rule.x0).collect();
    columns.sort_by(f64::total_cmp);
    columns.dedup_by(|a, b| (*a - *b).abs() < 0.5);
    let Some(second) = columns.get(1) else { return Vec::new() };
    let row = |top: f64, bottom: f64| {
        let inside = |run: &&Run| run.horizontal && (top..bottom).contains(&run.baseline);
        let runs: Vec<&Run> = page.runs.iter().filter(inside).collect();
        let first = runs.iter().filter(|run| run.x1 <= *second + 0.5).map(|run| run.text.as_str()).collect();
        Row { first, all: runs.iter().map(|run| run.text.as_str()).collect() }
    };
    edges.windows(2).filter(|pair| pair[1] - pair[0] > 3.0).map(|pair| row(pair[0], pair[1])).collect()
}

/// The page's lines below its top margin, from top to bottom.
fn lines(page: &PageMarks) -> Vec<Line<'_>> {
    let mut runs: Vec<&Run> = page
        .runs
        .iter()
        .filter(|run| run.horizontal && run.baseline > TEXT_FROM && !run.text.trim().is_empty())
        .collect();
    runs.sort_by(|a, b| a.baseline.total_cmp(&b.baseline).then(a.x0.total_cmp(&b.x0)));
    let mut lines: Vec<Line> = Vec::new();
    for run in runs {
        match lines.last_mut() {
            Some(line) if (line.baseline - run.baseline).abs() < 0.5 => line.runs.push(run),
            Some(_) | None => lines.push(Line { baseline: run.baseline, runs: vec![run] }),
        }
    }
    lines
}

/// What these measurements are worth: with the layout's own guards taken away, each of them finds something.
#[test]
fn without_the_layouts_guards_pages_break_badly() {
    let loosened = |files: &mut std::collections::BTreeMap<String, String>| {
        replace(files, "layout/parts/headings.typ", "sticky: true", "sticky: false");
        replace(files, "layout/parts/sign-off.typ", "par(closing + post(height))\n      v(-height)", "par(closing)");
        replace(files, "layout/parts/sign-off.typ", "block(above: 0pt, below)", "block(breakable: false, below)");
        replace(files, "layout/parts/table.typ", "set table.cell(breakable: false)", "set table.cell(breakable: true)");
    };
    let mut request = sample_value("simple");
    for target in request["content"]["targets"].as_array_mut().expect("targets") {
        target["name"] =
            format!("{} đến hết kỳ báo cáo, kể cả phần chuyển tiếp", target["name"].as_str().unwrap()).into();
    }
    let mut found = [0; 3];
    for words in (1..=700).step_by(20) {
        let longer = manuscript_of(&lengthened(&request, "/content/tasks/0", words));
        let marks = marks_with(loosened, &longer).expect("set");
        let faults = [signature_alone(&marks, &request), heading_at_foot(&marks), torn_rows(&marks, &request)];
        faults.iter().zip(&mut found).for_each(|(fault, count)| *count += usize::from(fault.is_some()));
    }
    println!("{found:?}");
    assert!(found.iter().all(|count| *count > 0), "signature, heading, row: {found:?}");
}
