//! The body: size, justification, indent, pitch, gaps, headings (section II.6).

use super::{Faults, Line, MM_PER_PT, page::is_page_number};
use crate::marks::Marks;

const CLAUSE: &str = "Phụ lục I, phần I, II.6.e";
/// A line of running text has at least so many characters.
const LONG: usize = 60;
/// Height of a single line of Times New Roman, as a share of the size.
const SINGLE: f64 = 1.15;

pub(super) fn inspect(marks: &Marks, pages: &[Vec<Line>], faults: &mut Faults) {
    let portrait: Vec<(usize, &Vec<Line>)> = pages
        .iter()
        .enumerate()
        .filter(|(index, _)| marks.pages[*index].width < marks.pages[*index].height)
        .map(|(index, lines)| (index + 1, lines))
        .collect();
    let long: Vec<(usize, &Line)> = portrait
        .iter()
        .flat_map(|(page, lines)| lines.iter().map(move |line| (*page, line)))
        .filter(|(page, line)| line.text.chars().count() >= LONG && !in_table(marks, *page, line))
        .filter(|(_, line)| !line.is_upper() && !line.bold)
        .collect();
    let Some((left, right)) = edges(&long) else { return };
    sizes(&long, faults);
    let full = long.iter().filter(|(_, line)| (line.x1 - right).abs() < 0.5).count();
    // Last lines of paragraphs are short; what is long and ragged is not justified.
    if long.len() >= 4 && full * 100 < long.len() * 70 {
        let measured = format!("{full}/{} dòng", long.len());
        faults.say(CLAUSE, long[0].0, "Nội dung phải canh đều hai lề.", "The body must be justified.", measured);
    }
    indents(&long, left, faults);
    pitch(&portrait, left, right, faults);
    for (page, lines) in &portrait {
        heading_at_foot(marks, *page, lines, left, faults);
    }
}

fn in_table(marks: &Marks, page: usize, line: &Line) -> bool {
    let rules = &marks.pages[page - 1].rules;
    let upright = |rule: &&crate::marks::Rule| {
        rule.y1 - rule.y0 > 3.0 && rule.x1 - rule.x0 < 0.5 && (rule.y0..=rule.y1).contains(&(line.baseline - 1.0))
    };
    rules.iter().filter(upright).count() >= 2
}

/// Left and right edge that most long lines share.
fn edges(long: &[(usize, &Line)]) -> Option<(f64, f64)> {
    let left = most_common(long.iter().map(|(_, line)| line.x0))?;
    let right = most_common(long.iter().map(|(_, line)| line.x1))?;
    Some((left, right))
}

fn most_common(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    let near = |value: f64| values.iter().filter(|other| (*other - value).abs() < 0.25).count();
    values.iter().copied().max_by_key(|value| near(*value))
}

fn sizes(long: &[(usize, &Line)], faults: &mut Faults) {
    let wrong = long.iter().find(|(_, line)| !(12.95..=14.05).contains(&line.size));
    if let Some((page, line)) = wrong {
        faults.size(CLAUSE, *page, ["Nội dung", "The body"], line.size, [13.0, 14.0]);
    }
}

fn indents(long: &[(usize, &Line)], left: f64, faults: &mut Faults) {
    let indents: Vec<(usize, f64)> = long
        .iter()
        .map(|(page, line)| (*page, line.x0 - left))
        .filter(|(_, indent)| (2.0..25.0).contains(indent))
        .collect();
    let Some(common) = most_common(indents.iter().map(|(_, indent)| *indent)) else {
        if long.len() >= 4 {
            let message = "Đầu dòng phải lùi vào 1 cm hoặc 1,27 cm.";
            faults.say(CLAUSE, long[0].0, message, "The first line must be indented 1 or 1.27 cm.", "không lùi");
        }
        return;
    };
    if (common - 10.0).abs() > 0.3 && (common - 12.7).abs() > 0.3 {
        let page = indents.first().map_or(1, |(page, _)| *page);
        let message = "Đầu dòng phải lùi vào 1 cm hoặc 1,27 cm.";
        let measured = format!("{common:.1} mm");
        faults.say(CLAUSE, page, message, "The first line must be indented 1 or 1.27 cm.", measured);
    }
}

/// Distance from line to line inside a paragraph, and the gap before a new one.
fn pitch(portrait: &[(usize, &Vec<Line>)], left: f64, right: f64, faults: &mut Faults) {
    let (mut inside, mut between): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let mut size = 14.0;
    let mut at = 1;
    for (page, lines) in portrait {
        for pair in lines.windows(2) {
            let [above, below] = pair else { continue };
            let full = (above.x1 - right).abs() < 0.5 && above.text.chars().count() >= LONG;
            let distance = (below.baseline - above.baseline) / MM_PER_PT;
            if full && (below.x0 - left).abs() < 0.3 && (above.size - below.size).abs() < 0.1 && distance < 40.0 {
                inside.push(distance);
                (size, at) = (above.size, *page);
            }
            let starts = (8.0..14.0).contains(&(below.x0 - left)) && below.text.chars().count() >= LONG;
            if starts && above.x0 - left < 14.0 && above.width() > 60.0 && !above.bold && !below.bold {
                between.push(distance);
            }
        }
    }
    let Some(pitch) = median(&mut inside) else { return };
    let (least, most) = (size * SINGLE * 0.96, size * SINGLE * 1.5 + 0.5);
    if !(least..=most).contains(&pitch) {
        let message = "Khoảng cách dòng phải từ dòng đơn đến 1,5 dòng.";
        let measured = format!("{pitch:.1} pt, cỡ chữ {size:.0}");
        faults.say(CLAUSE, at, message, "The line pitch must be single to 1.5 lines.", measured);
    }
    if let Some(gap) = median(&mut between)
        && gap - pitch < 5.7
    {
        let message = "Các đoạn phải cách nhau ít nhất 6 pt.";
        let measured = format!("{:.1} pt", gap - pitch);
        faults.say(CLAUSE, at, message, "Paragraphs must be at least 6 pt apart.", measured);
    }
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// A bold line that numbers a part may not be the last of its page.
fn heading_at_foot(marks: &Marks, page: usize, lines: &[Line], left: f64, faults: &mut Faults) {
    let Some(last) = lines.iter().rfind(|line| !is_page_number(line)) else { return };
    let numbered = last.text.split_once(". ").is_some_and(|(number, _)| {
        !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || "IVXLC".contains(c))
    });
    if last.bold && numbered && last.x0 - left < 14.0 && page < marks.pages.len() {
        let message = "Tiêu đề không được nằm cuối trang.";
        faults.say(
            "Phụ lục I, phần I, II.6.đ",
            page,
            message,
            "A heading stands at the page's foot.",
            last.text.clone(),
        );
    }
}
