//! The first page's head: national name, issuing body, number, place and date, type and subject (section II, 1 to 5).

use super::{Faults, Form, Line};
use crate::marks::{PageMarks, Rule};

const NATIONAL_NAME: &str = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM";
const MOTTO: &str = "Độc lập - Tự do - Hạnh phúc";
/// A rule belongs to the line above it when it stands no further below the baseline, in millimetres.
const RULE_BELOW: f64 = 6.0;

pub(super) fn inspect(page: &PageMarks, lines: &[Line], form: Form, faults: &mut Faults) {
    let motto_at = national(page, lines, faults);
    let number_at = number(page, lines, form, faults);
    let place_at = if form == Form::Minutes { None } else { place_and_date(page, lines, number_at, faults) };
    issuer(page, lines, number_at.or(place_at).unwrap_or(motto_at + 15.0), faults);
    addressees(lines, number_at.unwrap_or(motto_at), faults);
    if form != Form::Letter {
        title(page, lines, number_at.unwrap_or(motto_at), faults);
    }
}

/// Returns the motto's baseline.
fn national(page: &PageMarks, lines: &[Line], faults: &mut Faults) -> f64 {
    const NAME_CLAUSE: &str = "Phụ lục I, phần I, II.1.a";
    const MOTTO_CLAUSE: &str = "Phụ lục I, phần I, II.1.b";
    let name = lines.iter().find(|line| line.text == NATIONAL_NAME);
    match name {
        None => faults.say(
            NAME_CLAUSE,
            1,
            "Quốc hiệu phải có và nằm trên một dòng.",
            "The national name must stand on one line.",
            "không có",
        ),
        Some(line) => {
            faults.size(NAME_CLAUSE, 1, ["Quốc hiệu", "The national name"], line.size, [12.0, 13.0]);
            if !line.bold || line.middle() < page.width / 2.0 {
                let message = "Quốc hiệu phải đậm, ở bên phải.";
                faults.say(
                    NAME_CLAUSE,
                    1,
                    message,
                    "The national name must be bold, on the right.",
                    "sai kiểu hoặc vị trí",
                );
            }
        }
    }
    let Some(motto) = lines.iter().find(|line| line.text == MOTTO) else {
        faults.say(MOTTO_CLAUSE, 1, "Thiếu Tiêu ngữ.", "The motto is missing.", "không có");
        return 30.0;
    };
    faults.size(MOTTO_CLAUSE, 1, ["Tiêu ngữ", "The motto"], motto.size, [13.0, 14.0]);
    if !motto.bold || name.is_some_and(|name| (name.middle() - motto.middle()).abs() > 1.0) {
        let message = "Tiêu ngữ phải đậm, canh giữa dưới Quốc hiệu.";
        faults.say(MOTTO_CLAUSE, 1, message, "The motto must be bold and centred under the name.", "sai");
    }
    rule_below(page, motto, motto.width(), [0.97, 1.03], MOTTO_CLAUSE, ["Tiêu ngữ", "the motto"], faults);
    motto.baseline
}

/// A rule under a line, of a length within shares of `text_width`.
fn rule_below(
    page: &PageMarks,
    line: &Line,
    text_width: f64,
    shares: [f64; 2],
    clause: &'static str,
    what: [&str; 2],
    faults: &mut Faults,
) {
    let belongs = |rule: &&Rule| {
        rule.y1 - rule.y0 < 0.5
            && rule.x1 - rule.x0 > 2.0
            && (line.baseline..line.baseline + RULE_BELOW).contains(&rule.y0)
            && ((rule.x0 + rule.x1) / 2.0 - line.middle()).abs() < 1.5
    };
    let Some(rule) = page.rules.iter().find(belongs) else {
        faults.say(
            clause,
            1,
            format!("Thiếu đường kẻ dưới {}.", what[0]),
            format!("There is no line under {}.", what[1]),
            "không có",
        );
        return;
    };
    let share = (rule.x1 - rule.x0) / text_width;
    if !(shares[0]..=shares[1]).contains(&share) {
        faults.say(
            clause,
            1,
            format!("Đường kẻ dưới {} phải dài từ {:.2} đến {:.2} lần dòng chữ.", what[0], shares[0], shares[1]),
            format!("The line under {} has the wrong length.", what[1]),
            format!("{share:.2}"),
        );
    }
}

fn issuer(page: &PageMarks, lines: &[Line], above: f64, faults: &mut Faults) {
    const CLAUSE: &str = "Phụ lục I, phần I, II.2.b";
    // A line of a long name may hold no letter at all.
    let is_name = |line: &&Line| line.bold || line.is_upper();
    let names: Vec<&Line> = lines
        .iter()
        .filter(|line| line.middle() < page.width / 2.0 && line.baseline < above - 1.0)
        .filter(is_name)
        .collect();
    for line in &names {
        faults.size(CLAUSE, 1, ["Tên cơ quan", "The body's name"], line.size, [12.0, 13.0]);
    }
    let bold: Vec<&&Line> = names.iter().filter(|line| line.bold).collect();
    let Some(last) = bold.last() else {
        faults.say(
            CLAUSE,
            1,
            "Thiếu tên cơ quan ban hành (in hoa, đậm).",
            "The issuing body's name is missing.",
            "không có",
        );
        return;
    };
    let widest = bold.iter().map(|line| line.width()).fold(0.0, f64::max);
    let reference = if rule_share(page, last, last.width()) { last.width() } else { widest };
    rule_below(page, last, reference, [0.32, 0.51], CLAUSE, ["tên cơ quan ban hành", "the issuing body"], faults);
}

/// Whether the rule under the line has a lawful share of that width.
fn rule_share(page: &PageMarks, line: &Line, width: f64) -> bool {
    page.rules.iter().any(|rule| {
        (line.baseline..line.baseline + RULE_BELOW).contains(&rule.y0)
            && ((rule.x0 + rule.x1) / 2.0 - line.middle()).abs() < 1.5
            && (0.32..=0.51).contains(&((rule.x1 - rule.x0) / width))
    })
}

/// Returns the number's baseline.
fn number(page: &PageMarks, lines: &[Line], form: Form, faults: &mut Faults) -> Option<f64> {
    const CLAUSE: &str = "Phụ lục I, phần I, II.3.c";
    let Some(line) = lines.iter().find(|line| line.text.starts_with("Số:")) else {
        if form == Form::Statement {
            return None;
        }
        faults.say(CLAUSE, 1, "Thiếu số, ký hiệu văn bản.", "The number is missing.", "không có");
        return None;
    };
    faults.size(CLAUSE, 1, ["Số, ký hiệu", "The number"], line.size, [13.0, 13.0]);
    if line.middle() > page.width / 2.0 {
        let message = "Số, ký hiệu phải ở bên trái, dưới tên cơ quan.";
        faults.say(CLAUSE, 1, message, "The number must stand on the left, below the issuing body.", line.text.clone());
    }
    if line.bold || line.italic {
        faults.say(CLAUSE, 1, "Số, ký hiệu phải là chữ đứng.", "The number must be upright.", line.text.clone());
    }
    let serial: String = line.text[4.min(line.text.len())..]
        .trim_start_matches([':', ' '])
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    if serial.len() == 1 {
        let message = "Số nhỏ hơn 10 phải thêm số 0 phía trước.";
        faults.say(CLAUSE, 1, message, "A number below 10 needs a leading zero.", line.text.clone());
    }
    if line.text.contains(" /") || line.text.contains("/ ") || line.text.contains(" -") || line.text.contains("- ") {
        // A blank serial leaves room before the slash; letters may not have it.
        if !serial.is_empty() {
            faults.say(CLAUSE, 1, "Ký hiệu không được cách chữ.", "The symbol must have no spaces.", line.text.clone());
        }
    }
    Some(line.baseline)
}

/// Returns the baseline of a line that is one.
fn place_and_date(page: &PageMarks, lines: &[Line], number_at: Option<f64>, faults: &mut Faults) -> Option<f64> {
    const CLAUSE: &str = "Phụ lục I, phần I, II.4";
    let is_date = |line: &&Line| line.text.contains("ngày") && line.text.contains("tháng") && line.text.contains("năm");
    let near = |line: &&Line| number_at.is_none_or(|at| (line.baseline - at).abs() < 12.0);
    let Some(line) = lines.iter().filter(is_date).find(near) else {
        faults.say(CLAUSE, 1, "Thiếu địa danh và thời gian ban hành.", "Place and date are missing.", "không có");
        return None;
    };
    faults.size(CLAUSE, 1, ["Địa danh, thời gian", "Place and date"], line.size, [13.0, 14.0]);
    if !line.italic {
        let message = "Địa danh và thời gian phải là chữ nghiêng.";
        faults.say(CLAUSE, 1, message, "Place and date must be in italics.", line.text.clone());
    }
    if line.middle() < page.width / 2.0 {
        let message = "Địa danh và thời gian phải ở bên phải, dưới Tiêu ngữ.";
        faults.say(CLAUSE, 1, message, "Place and date must stand on the right, below the motto.", line.text.clone());
    }
    if number_at.is_some_and(|at| (line.baseline - at).abs() > 1.0) {
        let message = "Địa danh và thời gian phải cùng dòng với số, ký hiệu.";
        faults.say(CLAUSE, 1, message, "Place and date must be level with the number.", line.text.clone());
    }
    let after = |word: &str| {
        let tail = line.text.split_once(word).map(|(_, tail)| tail.trim_start());
        tail.and_then(|tail| tail.split_whitespace().next()).filter(|w| w.chars().all(|c| c.is_ascii_digit()))
    };
    let wrong = |text: &str, needs_zero_below: u32| match text.parse::<u32>() {
        Ok(value) if value < needs_zero_below => text.len() != 2,
        Ok(value) if value < 10 => text.len() != 1,
        Ok(_) | Err(_) => false,
    };
    if after("ngày ").is_some_and(|day| wrong(day, 10)) || after("tháng ").is_some_and(|month| wrong(month, 3)) {
        faults.say(
            "Phụ lục I, phần I, II.4.b",
            1,
            "Ngày nhỏ hơn 10 và tháng 1, 2 phải thêm số 0, các tháng khác thì không.",
            "Days below 10 and months 1 and 2 take a zero, other months do not.",
            line.text.clone(),
        );
    }
    (line.italic && line.middle() > page.width / 2.0).then_some(line.baseline)
}

/// *Kính gửi*, and the legal bases under the title: paragraphs of the first page, each ended by a semicolon.
fn addressees(lines: &[Line], above: f64, faults: &mut Faults) {
    let below = lines.iter().skip_while(|line| line.baseline < above + 2.0);
    if let Some(line) = below.clone().find(|line| line.text.starts_with("Kính gửi:")) {
        faults.size("Phụ lục I, phần I, II.9.d", 1, ["Kính gửi", "The addressees"], line.size, [13.0, 14.0]);
    }
    let before_headings = below.skip_while(|line| line.bold).take_while(|line| !line.bold);
    let mut basis: Option<&Line> = None;
    for line in before_headings {
        if line.text.starts_with("Căn cứ ") {
            basis = Some(line);
        }
        if line.text.ends_with(';')
            && let Some(first) = basis.take()
            && !(first.italic && line.italic)
        {
            let message = "Căn cứ ban hành phải là chữ nghiêng.";
            let english = "The legal bases must be in italics.";
            faults.say("Phụ lục I, phần I, II.6.a", 1, message, english, first.text.clone());
        }
        if line.text.ends_with(['.', ':']) {
            basis = None;
        }
    }
}

fn title(page: &PageMarks, lines: &[Line], above: f64, faults: &mut Faults) {
    const CLAUSE: &str = "Phụ lục I, phần I, II.5.b";
    let centre = text_centre(page, lines);
    let is_centred = |line: &Line| (line.middle() - centre).abs() < 2.0;
    let below = |line: &&Line| line.baseline > above + 2.0;
    let Some(type_name) = lines.iter().filter(below).find(|line| line.bold && line.is_upper() && is_centred(line))
    else {
        let message = "Thiếu tên loại văn bản (in hoa, đậm, canh giữa).";
        faults.say(CLAUSE, 1, message, "The type name in bold capitals, centred, is missing.", "không có");
        return;
    };
    faults.size(CLAUSE, 1, ["Tên loại văn bản", "The type name"], type_name.size, [13.0, 14.0]);
    let mut subject: Vec<&Line> = Vec::new();
    for line in lines.iter().filter(|line| line.baseline > type_name.baseline) {
        if !(line.bold && is_centred(line)) {
            break;
        }
        subject.push(line);
    }
    let Some(last) = subject.last() else {
        faults.say(CLAUSE, 1, "Thiếu trích yếu (đậm, canh giữa).", "The subject is missing.", "không có");
        return;
    };
    for line in &subject {
        faults.size(CLAUSE, 1, ["Trích yếu", "The subject"], line.size, [13.0, 14.0]);
    }
    let widest = subject.iter().map(|line| line.width()).fold(0.0, f64::max);
    let reference = if rule_share(page, last, last.width()) { last.width() } else { widest };
    rule_below(page, last, reference, [0.32, 0.51], CLAUSE, ["trích yếu", "the subject"], faults);
}

/// The middle between the text's outermost edges on the page.
fn text_centre(page: &PageMarks, lines: &[Line]) -> f64 {
    let left = lines.iter().map(|line| line.x0).fold(page.width, f64::min);
    let right = lines.iter().map(|line| line.x1).fold(0.0, f64::max);
    (left + right) / 2.0
}
