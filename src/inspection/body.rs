//! The body: size, justification, indent, pitch, gaps, headings (section II.6).
//!
//! What is asked of a paragraph is asked of a line and the one it runs on into, so that lists of one-line items, a
//! caller's own line breaks and the cells of tables count for nothing.

use super::{Faults, Line, MM_PER_PT, page::is_page_number};
use crate::marks::{Marks, Rule};

const CLAUSE: &str = "Phụ lục I, phần I, II.6.e";
const HEADING_CLAUSE: &str = "Phụ lục I, phần I, II.6.đ";
/// A line of running text has at least so many characters.
const LONG: usize = 60;
/// Fewer lines than this tell nothing about how all are set.
const ENOUGH: usize = 4;
/// Height of a single line of Times New Roman, as a share of the size.
const SINGLE: f64 = 1.15;

/// A page's lines of running text: upright page, no table, nothing below the recipients' heading.
struct Text<'a> {
    page: usize,
    lines: Vec<&'a Line>,
}

/// A line and the line of the same paragraph below it.
struct Pair<'a> {
    page: usize,
    above: &'a Line,
    below: &'a Line,
}

pub(super) fn inspect(marks: &Marks, pages: &[Vec<Line>], faults: &mut Faults) {
    let texts: Vec<Text> = running_text(marks, pages);
    let lines = || texts.iter().flat_map(|text| text.lines.iter().map(move |line| (text.page, *line)));
    let long: Vec<(usize, &Line)> = lines().filter(|(_, line)| is_long(line)).collect();
    sizes(&long, faults);
    let left = lines().map(|(_, line)| line.x0).fold(f64::INFINITY, f64::min);
    let right = long.iter().map(|(_, line)| line.x1).fold(0.0, f64::max);
    let pairs = pairs(&texts, left);
    justification(&pairs, right, faults);
    indents(&pairs, left, right, faults);
    pitch(&texts, &pairs, left, right, faults);
    headings(&texts, left, faults);
    for text in &texts {
        heading_at_foot(marks, text, left, faults);
    }
}

fn running_text<'a>(marks: &Marks, pages: &'a [Vec<Line>]) -> Vec<Text<'a>> {
    let mut texts = Vec::new();
    let recipients = super::ending::recipients(pages);
    for (index, (sheet, lines)) in marks.pages.iter().zip(pages).enumerate() {
        if sheet.width > sheet.height {
            continue;
        }
        let end = recipients.filter(|(at, _)| *at == index).map(|(_, heading)| heading.baseline - 1.0);
        let kept = lines.iter().filter(|line| {
            !is_page_number(line) && !in_table(&sheet.rules, line) && end.is_none_or(|end| line.baseline < end)
        });
        texts.push(Text { page: index + 1, lines: kept.collect() });
    }
    texts
}

fn in_table(rules: &[Rule], line: &Line) -> bool {
    let upright = |rule: &&Rule| {
        rule.y1 - rule.y0 > 3.0 && rule.x1 - rule.x0 < 0.5 && (rule.y0..=rule.y1).contains(&(line.baseline - 1.0))
    };
    rules.iter().filter(upright).count() >= 2
}

fn is_long(line: &Line) -> bool {
    line.text.chars().count() >= LONG && !line.is_upper() && !line.bold
}

fn is_full(line: &Line, right: f64) -> bool {
    (line.x1 - right).abs() < 0.5
}

fn sizes(long: &[(usize, &Line)], faults: &mut Faults) {
    let wrong = long.iter().find(|(_, line)| !(12.95..=14.05).contains(&line.size));
    if let Some((page, line)) = wrong {
        faults.size(CLAUSE, *page, ["Nội dung", "The body"], line.size, [13.0, 14.0]);
    }
}

/// A line that begins at the left edge goes on with the paragraph of the one above, for paragraphs are indented.
fn pairs<'a>(texts: &[Text<'a>], left: f64) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for text in texts {
        for lines in text.lines.windows(2) {
            let [above, below] = lines else { continue };
            let (above, below): (&Line, &Line) = (above, below);
            let near = (below.baseline - above.baseline) / MM_PER_PT < 40.0;
            let same_size = (above.size - below.size).abs() < 0.1;
            if is_long(above) && !below.bold && (below.x0 - left).abs() < 0.3 && same_size && near {
                pairs.push(Pair { page: text.page, above, below });
            }
        }
    }
    pairs
}

fn justification(pairs: &[Pair], right: f64, faults: &mut Faults) {
    let full = pairs.iter().filter(|pair| is_full(pair.above, right)).count();
    // Of ragged lines very few reach the edge; a caller's own line breaks leave many short in a justified text.
    if pairs.len() >= ENOUGH && full * 8 < pairs.len() {
        let measured = format!("{full}/{} dòng", pairs.len());
        let message = "Nội dung phải canh đều hai lề.";
        faults.say(CLAUSE, pairs[0].page, message, "The body must be justified.", measured);
    }
}

fn indents(pairs: &[Pair], left: f64, right: f64, faults: &mut Faults) {
    let full = || pairs.iter().filter(|pair| is_full(pair.above, right));
    let first: Vec<&Pair> = full().filter(|pair| (2.0..25.0).contains(&(pair.above.x0 - left))).collect();
    let common = most_common(first.iter().map(|pair| pair.above.x0 - left));
    let (page, measured) = match common {
        Some(indent) if (indent - 10.0).abs() <= 0.3 || (indent - 12.7).abs() <= 0.3 => return,
        Some(indent) => (first[0].page, format!("{indent:.1} mm")),
        // No paragraph of two lines is indented.
        None if full().count() >= ENOUGH => (pairs[0].page, "không lùi".to_owned()),
        None => return,
    };
    let message = "Đầu dòng phải lùi vào 1 cm hoặc 1,27 cm.";
    faults.say(CLAUSE, page, message, "The first line must be indented 1 or 1.27 cm.", measured);
}

fn most_common(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    let near = |value: f64| values.iter().filter(|other| (*other - value).abs() < 0.25).count();
    values.iter().copied().max_by_key(|value| near(*value))
}

/// Distance from line to line inside a paragraph, and the gap before a new one.
fn pitch(texts: &[Text], pairs: &[Pair], left: f64, right: f64, faults: &mut Faults) {
    let inside: Vec<&Pair> = pairs.iter().filter(|pair| is_full(pair.above, right)).collect();
    let distance = |above: &Line, below: &Line| (below.baseline - above.baseline) / MM_PER_PT;
    let Some(last) = inside.last() else { return };
    let Some(pitch) = median(inside.iter().map(|pair| distance(pair.above, pair.below))) else { return };
    let size = last.above.size;
    let (least, most) = (size * SINGLE * 0.96, size * SINGLE * 1.5 + 0.5);
    if !(least..=most).contains(&pitch) {
        let message = "Khoảng cách dòng phải từ dòng đơn đến 1,5 dòng.";
        let measured = format!("{pitch:.1} pt, cỡ chữ {size:.0}");
        faults.say(CLAUSE, last.page, message, "The line pitch must be single to 1.5 lines.", measured);
    }
    let starts = |line: &Line| (8.0..14.0).contains(&(line.x0 - left)) && is_long(line);
    let between = texts.iter().flat_map(|text| text.lines.windows(2)).filter_map(|lines| match lines {
        [above, below] if starts(below) && above.x0 - left < 14.0 && above.width() > 60.0 && !above.bold => {
            Some(distance(above, below))
        }
        _ => None,
    });
    if let Some(gap) = median(between)
        && gap - pitch < 5.7
    {
        let message = "Các đoạn phải cách nhau ít nhất 6 pt.";
        let measured = format!("{:.1} pt", gap - pitch);
        faults.say(CLAUSE, last.page, message, "Paragraphs must be at least 6 pt apart.", measured);
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The number before the first full stop: `IV`, `2`.
fn label(line: &Line) -> Option<&str> {
    let (number, _) = line.text.split_once(". ")?;
    let is_number = number.chars().all(|c| c.is_ascii_digit()) || is_roman(number);
    (!number.is_empty() && is_number).then_some(number)
}

fn is_roman(number: &str) -> bool {
    number.chars().all(|c| "IVXLC".contains(c))
}

fn is_heading(line: &Line, left: f64) -> bool {
    line.bold && label(line).is_some() && line.x0 - left < 14.0
}

fn headings(texts: &[Text], left: f64, faults: &mut Faults) {
    let lines = || texts.iter().flat_map(|text| text.lines.iter().map(move |line| (text.page, *line)));
    for (page, line) in lines().filter(|(_, line)| is_heading(line, left)) {
        faults.size(HEADING_CLAUSE, page, ["Tiêu đề", "A heading"], line.size, [13.0, 14.0]);
    }
    // A caller may write capitals behind a Roman number; that all such lines are light is the layout's doing.
    let section = |(_, line): &(usize, &Line)| label(line).is_some_and(is_roman) && line.is_upper();
    let sections: Vec<_> = lines().filter(section).collect();
    if sections.len() > 1 && !sections.iter().any(|(_, line)| line.bold) {
        let (page, line) = sections[0];
        let message = "Tiêu đề phần, mục in hoa phải đậm.";
        faults.say(HEADING_CLAUSE, page, message, "A heading in capitals must be bold.", line.text.clone());
    }
}

/// A bold line that numbers a part may not be the last of its page.
fn heading_at_foot(marks: &Marks, text: &Text, left: f64, faults: &mut Faults) {
    let Some(last) = text.lines.last().filter(|line| is_heading(line, left)) else { return };
    let table_below = marks.pages[text.page - 1].rules.iter().any(|rule| rule.y0 > last.baseline);
    if text.page < marks.pages.len() && !table_below {
        let message = "Tiêu đề không được nằm cuối trang.";
        faults.say(HEADING_CLAUSE, text.page, message, "A heading stands at the page's foot.", last.text.clone());
    }
}
