//! The end of the paper: recipients and signature (sections II.7 and II.9), and what must stand with them.

use super::{Faults, Form, Line, page::is_page_number};
use crate::marks::Marks;

const CLAUSE: &str = "Phụ lục I, phần I, II.9.d";
const SIGNER_CLAUSE: &str = "Phụ lục I, phần I, II.7.đ";

pub(super) fn inspect(marks: &Marks, pages: &[Vec<Line>], form: Form, faults: &mut Faults) {
    let Some((at, heading)) = recipients(pages) else {
        if form == Form::Statement {
            return;
        }
        faults.say(CLAUSE, pages.len(), "Thiếu “Nơi nhận:”.", "The recipients are missing.", "không có");
        return;
    };
    let (page, lines) = (at + 1, &pages[at]);
    faults.size(CLAUSE, page, ["“Nơi nhận:”", "The recipients' heading"], heading.size, [12.0, 12.0]);
    if !heading.runs.first().is_some_and(|run| run.bold && run.italic) {
        let message = "“Nơi nhận:” phải đậm, nghiêng.";
        faults.say(CLAUSE, page, message, "The recipients' heading must be bold italic.", heading.text.clone());
    }
    let middle = marks.pages[page - 1].width / 2.0;
    if heading.x0 > middle {
        let message = "“Nơi nhận:” phải ở bên trái, sát lề.";
        faults.say(CLAUSE, page, message, "The recipients must stand on the left.", heading.text.clone());
    }
    // A long list runs on to the next page.
    let below =
        lines.iter().filter(|line| line.baseline > heading.baseline).chain(pages.get(page).into_iter().flatten());
    let items: Vec<&Line> = below.filter(|line| (line.x0 - heading.x0).abs() < 3.0 && line.size < 12.0).collect();
    for line in lines.iter().filter(|line| line.baseline > heading.baseline && line.text.starts_with('-')) {
        if (line.x0 - heading.x0).abs() < 3.0 {
            faults.size(CLAUSE, page, ["Nơi nhận", "A recipient"], line.size, [11.0, 11.0]);
        }
    }
    if !items.iter().any(|line| line.text.contains("Lưu")) {
        faults.say(
            CLAUSE,
            page,
            "Nơi nhận phải có dòng “Lưu”.",
            "The recipients lack the line for filing.",
            "không có",
        );
    }
    signer(lines, page, heading, middle, faults);
    stands_alone(pages, page, heading, faults);
    // Appendices behind it have ends of their own.
    let above = lines.iter().filter(|line| line.baseline < heading.baseline);
    let mut body = pages[..at].iter().flatten().chain(above);
    if form != Form::Minutes && !body.any(|line| line.text.ends_with("./.")) {
        let message = "Nội dung phải kết thúc bằng “./.”.";
        faults.say("Phụ lục III, Mẫu 1.4", page, message, "The body must end with \"./.\".", "không có");
    }
}

/// The line that opens the recipients, with its page (from 0). A caller's text may begin with the same words, so one
/// in the heading's own looks is taken before any other.
pub(super) fn recipients(pages: &[Vec<Line>]) -> Option<(usize, &Line)> {
    let all = || pages.iter().enumerate().flat_map(|(at, lines)| lines.iter().map(move |line| (at, line)));
    let opens = |(_, line): &(usize, &Line)| line.text.starts_with("Nơi nhận:");
    let in_its_looks = |(_, line): &(usize, &Line)| line.runs.first().is_some_and(|run| run.bold && run.italic);
    all().filter(opens).find(in_its_looks).or_else(|| all().rfind(opens))
}

/// Everything in the right half beside and below the recipients: capacity, position, name.
fn signer(lines: &[Line], page: usize, heading: &Line, middle: f64, faults: &mut Faults) {
    let beside = |line: &&Line| line.baseline > heading.baseline - 3.0 && line.x0 > middle - 10.0;
    for line in lines.iter().filter(beside).filter(|line| line.text != heading.text) {
        faults.size(
            SIGNER_CLAUSE,
            page,
            ["Quyền hạn, chức vụ, họ tên người ký", "The signer"],
            line.size,
            [13.0, 14.0],
        );
        if !line.bold || line.italic {
            let message = "Quyền hạn, chức vụ, họ tên người ký phải là chữ đứng, đậm.";
            faults.say(SIGNER_CLAUSE, page, message, "The signer must be upright and bold.", line.text.clone());
        }
    }
}

/// At least two lines of text go with the signature.
fn stands_alone(pages: &[Vec<Line>], page: usize, heading: &Line, faults: &mut Faults) {
    let above =
        pages[page - 1].iter().filter(|line| line.baseline < heading.baseline - 1.0 && !is_page_number(line)).count();
    if page > 1 && above < 2 {
        let message = "Phần ký phải đi cùng ít nhất hai dòng nội dung.";
        let english = "At least two lines of text must stand with the signature.";
        faults.say("Phụ lục I, phần I, II.7", page, message, english, format!("{above} dòng"));
    }
}
