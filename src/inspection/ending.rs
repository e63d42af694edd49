//! The end of the paper: recipients and signature (sections II.7 and II.9), and what must stand with them.

use super::{Faults, Form, Line, page::is_page_number};

const CLAUSE: &str = "Phụ lục I, phần I, II.9.d";

pub(super) fn inspect(pages: &[Vec<Line>], form: Form, faults: &mut Faults) {
    let place = pages.iter().enumerate().find_map(|(index, lines)| {
        lines.iter().find(|line| line.text.starts_with("Nơi nhận:")).map(|line| (index + 1, lines, line))
    });
    let Some((page, lines, heading)) = place else {
        faults.say(CLAUSE, pages.len(), "Thiếu “Nơi nhận:”.", "The recipients are missing.", "không có");
        return;
    };
    faults.size(CLAUSE, page, ["“Nơi nhận:”", "The recipients' heading"], heading.size, [12.0, 12.0]);
    if !heading.runs.first().is_some_and(|run| run.bold && run.italic) {
        let message = "“Nơi nhận:” phải đậm, nghiêng.";
        faults.say(CLAUSE, page, message, "The recipients' heading must be bold italic.", heading.text.clone());
    }
    let items: Vec<&Line> =
        lines.iter().filter(|line| line.baseline > heading.baseline && (line.x0 - heading.x0).abs() < 3.0).collect();
    for line in items.iter().filter(|line| line.text.starts_with('-')) {
        faults.size(CLAUSE, page, ["Nơi nhận", "A recipient"], line.size, [11.0, 11.0]);
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
    stands_alone(pages, page, heading, faults);
    if form != Form::Minutes && !pages.iter().flatten().any(|line| line.text.ends_with("./.")) {
        let message = "Nội dung phải kết thúc bằng “./.”.";
        faults.say("Phụ lục III, Mẫu 1.4", page, message, "The body must end with \"./.\".", "không có");
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
