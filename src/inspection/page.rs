//! The sheet: size, margins, font, ink, page numbers (Annex I, part I, section I).

use super::{Faults, Line, MM_PER_PT};
use crate::marks::{Marks, PageMarks};

const A4: [f64; 2] = [210.0, 297.0];
/// Families that the decree's "Times New Roman" means, with its metric twins.
const FAMILIES: [&str; 3] = ["Times New Roman", "Liberation Serif", "Tinos"];
/// Least margins: top, bottom, left, right, in millimetres; on a landscape page whichever edge is bound.
const PORTRAIT: [f64; 4] = [20.0, 20.0, 30.0, 15.0];
const LANDSCAPE: [f64; 4] = [20.0, 15.0, 20.0, 15.0];
/// Ink may reach this far into a margin: accents on capitals, overhang of italics.
const TOLERANCE: f64 = 0.6;
/// Height of a capital with accents and depth of a descender, as shares of the size.
const ASCENT: f64 = 0.70;
const DESCENT: f64 = 0.22;

pub(super) fn inspect(marks: &Marks, pages: &[Vec<Line>], faults: &mut Faults) {
    for (index, (sheet, lines)) in marks.pages.iter().zip(pages).enumerate() {
        let page = index + 1;
        size(sheet, page, faults);
        fonts(sheet, page, faults);
        margins(sheet, lines, page, faults);
        number(sheet, lines, page, faults);
        appendix(sheet, lines, page, faults);
    }
}

fn size(sheet: &PageMarks, page: usize, faults: &mut Faults) {
    let (short, long) = (sheet.width.min(sheet.height), sheet.width.max(sheet.height));
    if (short - A4[0]).abs() > 0.5 || (long - A4[1]).abs() > 0.5 {
        let measured = format!("{:.0} × {:.0} mm", sheet.width, sheet.height);
        faults.say("Phụ lục I, phần I, I.1", page, "Khổ giấy phải là A4.", "The sheet must be A4.", measured);
    }
    if page == 1 && sheet.width > sheet.height {
        faults.say("Phụ lục I, phần I, I.2", page, "Trang đầu phải đứng.", "The first page must be upright.", "ngang");
    }
}

fn fonts(sheet: &PageMarks, page: usize, faults: &mut Faults) {
    if let Some(run) = sheet.runs.iter().find(|run| !FAMILIES.contains(&run.family.as_str())) {
        let message = "Phông chữ phải là Times New Roman.";
        faults.say("Phụ lục I, phần I, I.4", page, message, "The font must be Times New Roman.", run.family.clone());
    }
    if sheet.runs.iter().any(|run| run.horizontal && !run.black) {
        faults.say("Phụ lục I, phần I, I.4", page, "Chữ phải màu đen.", "Text must be black.", "màu khác");
    }
}

/// Whether the line is a page number: digits alone in the top margin.
pub(super) fn is_page_number(line: &Line) -> bool {
    line.baseline < PORTRAIT[0] + TOLERANCE && line.text.chars().all(|c| c.is_ascii_digit() || c == '-' || c == ' ')
}

fn margins(sheet: &PageMarks, lines: &[Line], page: usize, faults: &mut Faults) {
    let least = if sheet.width > sheet.height { LANDSCAPE } else { PORTRAIT };
    let text = || lines.iter().filter(|line| !is_page_number(line));
    let edge = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
    let found = [
        edge(&mut text().map(|line| line.baseline - ASCENT * line.size * MM_PER_PT)),
        edge(&mut text().map(|line| sheet.height - line.baseline - DESCENT * line.size * MM_PER_PT)),
        edge(&mut text().map(|line| line.x0)),
        edge(&mut text().map(|line| sheet.width - line.x1)),
    ];
    let names = [["trên", "top"], ["dưới", "bottom"], ["trái", "left"], ["phải", "right"]];
    for ((found, least), [vietnamese, english]) in found.into_iter().zip(least).zip(names) {
        if found < least - TOLERANCE {
            faults.say(
                "Phụ lục I, phần I, I.3",
                page,
                format!("Lề {vietnamese} phải từ {least} mm."),
                format!("The {english} margin must be at least {least} mm."),
                format!("{found:.1} mm"),
            );
        }
    }
}

fn number(sheet: &PageMarks, lines: &[Line], page: usize, faults: &mut Faults) {
    const CLAUSE: &str = "Phụ lục I, phần I, I.7";
    let found = lines.iter().find(|line| is_page_number(line));
    let opens_appendix = lines.iter().take(3).any(|line| line.text.starts_with("Phụ lục") && line.bold);
    match found {
        Some(line) if page == 1 => {
            let message = "Trang thứ nhất không hiển thị số trang.";
            faults.say(CLAUSE, page, message, "The first page shows no number.", line.text.clone());
        }
        None if page > 1 && !opens_appendix => {
            faults.say(
                CLAUSE,
                page,
                "Thiếu số trang ở lề trên.",
                "There is no page number in the top margin.",
                "không có",
            );
        }
        Some(line) => {
            faults.size(CLAUSE, page, ["Số trang", "The page number"], line.size, [13.0, 14.0]);
            if line.bold || line.italic {
                faults.say(
                    CLAUSE,
                    page,
                    "Số trang phải là chữ đứng.",
                    "The page number must be upright.",
                    "đậm, nghiêng",
                );
            }
            let off = (line.middle() - sheet.width / 2.0).abs();
            // The number is centred over the text, whose margins differ by up to 20 mm.
            if off > 10.5 {
                let measured = format!("lệch {off:.1} mm");
                faults.say(CLAUSE, page, "Số trang phải ở giữa.", "The page number must be centred.", measured);
            }
        }
        None => {}
    }
}

/// Whether the line is the label of an appendix: `Phụ lục`, `Phụ lục II`, in the middle.
fn is_appendix_label(sheet: &PageMarks, line: &Line) -> bool {
    let number = line.text.strip_prefix("Phụ lục").map(str::trim_start);
    number.is_some_and(|number| number.chars().all(|c| "IVXLC".contains(c)))
        && (line.middle() - sheet.width / 2.0).abs() < 10.5
}

/// The label of an appendix and its name in capitals below (Annex I, part I, section III.1).
fn appendix(sheet: &PageMarks, lines: &[Line], page: usize, faults: &mut Faults) {
    const CLAUSE: &str = "Phụ lục I, phần I, III.1.b";
    let Some(at) = lines.iter().take(2).position(|line| is_appendix_label(sheet, line)) else { return };
    faults.size(CLAUSE, page, ["“Phụ lục”", "The word \"Phụ lục\""], lines[at].size, [14.0, 14.0]);
    let name: Vec<&Line> = lines[at + 1..].iter().take_while(|line| line.is_upper()).collect();
    for line in &name {
        faults.size(CLAUSE, page, ["Tên Phụ lục", "The appendix's name"], line.size, [13.0, 14.0]);
    }
    if !lines[at].bold || name.iter().any(|line| !line.bold) {
        let message = "“Phụ lục” và tên Phụ lục phải đậm.";
        let english = "\"Phụ lục\" and the appendix's name must be bold.";
        faults.say(CLAUSE, page, message, english, lines[at].text.clone());
    }
}
