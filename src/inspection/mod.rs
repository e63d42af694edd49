//! Measures laid-out pages against Decree 30/2020/NĐ-CP, Annex I.
//!
//! The rule: only what stands on the page counts, never what the template meant. A fault names clause, page and value.

mod body;
mod ending;
mod header;
mod lines;
mod page;

use serde::Serialize;

use crate::marks::Marks;
use lines::Line;

/// What the layout law may take a paper for.
pub const FORMS: [&str; 4] = ["report", "minutes", "letter", "statement"];

/// One breach of the layout law.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayoutFault {
    /// Clause of the decree, in Vietnamese as it is cited.
    #[serde(rename = "law")]
    pub clause: &'static str,
    /// Page, from 1.
    pub page: usize,
    /// Vietnamese sentence.
    #[serde(rename = "message_vi")]
    pub message: String,
    pub message_en: String,
    /// The value measured.
    #[serde(rename = "found")]
    pub measured: String,
}

/// What kind of paper the law is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Văn bản có tên loại: report, submission.
    Report,
    /// Biên bản: no place and date in the header.
    Minutes,
    /// Công văn: no type name.
    Letter,
    /// Form of a special decree: neither number nor *Nơi nhận*.
    Statement,
}

/// What a finished paper says it is, by the first type name on its first page; a report where none is known.
pub fn form_of(marks: &Marks) -> &'static str {
    const TYPES: [(&str, &str); 8] = [
        ("BÁO CÁO THÀNH TÍCH", "statement"),
        ("MỤC LỤC HỒ SƠ", "statement"),
        ("BIÊN BẢN", "minutes"),
        ("BÁO CÁO", "report"),
        ("TỜ TRÌNH", "report"),
        ("BẢNG ", "report"),
        ("V/v ", "letter"),
        ("Kính gửi", "letter"),
    ];
    let Some(first) = marks.pages.first() else { return FORMS[0] };
    let lines = lines::read(first);
    let named = lines.iter().find_map(|line| {
        let text = line.text.split_whitespace().collect::<Vec<_>>().join(" ");
        TYPES.iter().find(|(name, _)| text.starts_with(name)).map(|(_, form)| *form)
    });
    named.unwrap_or(FORMS[0])
}

/// Everything on the pages that breaks the layout law. `check_kind` is the manifest's, one of [`FORMS`].
pub fn inspect(marks: &Marks, check_kind: &str) -> Vec<LayoutFault> {
    let form = match check_kind {
        "minutes" => Form::Minutes,
        "letter" => Form::Letter,
        "statement" => Form::Statement,
        _ => Form::Report,
    };
    let pages: Vec<Vec<Line>> = marks.pages.iter().map(lines::read).collect();
    let mut faults = Faults(Vec::new());
    page::inspect(marks, &pages, &mut faults);
    if let (Some(first), Some(lines)) = (marks.pages.first(), pages.first()) {
        header::inspect(first, lines, form, &mut faults);
    }
    body::inspect(marks, &pages, &mut faults);
    ending::inspect(marks, &pages, form, &mut faults);
    faults.0
}

struct Faults(Vec<LayoutFault>);

impl Faults {
    fn say(
        &mut self,
        clause: &'static str,
        page: usize,
        message: impl Into<String>,
        message_en: impl Into<String>,
        measured: impl Into<String>,
    ) {
        let (message, message_en, measured) =
            (with_commas(&message.into()), message_en.into(), with_commas(&measured.into()));
        self.0.push(LayoutFault { clause, page, message, message_en, measured });
    }

    /// Reports a size outside its range, in points.
    fn size(&mut self, clause: &'static str, page: usize, what: [&str; 2], size: f64, range: [f64; 2]) {
        if size < range[0] - SIZE_TOLERANCE || size > range[1] + SIZE_TOLERANCE {
            self.say(
                clause,
                page,
                format!("{} phải cỡ {} đến {}.", what[0], range[0], range[1]),
                format!("{} must be of size {} to {}.", what[1], range[0], range[1]),
                format!("cỡ {size:.1}"),
            );
        }
    }
}

/// Decimals as Vietnamese writes them: `15,3 mm`.
fn with_commas(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_digit = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(char::is_ascii_digit);
    let decimal = |at: usize| letters[at] == '.' && is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
    letters.iter().enumerate().map(|(at, c)| if decimal(at) { ',' } else { *c }).collect()
}

/// Points.
const SIZE_TOLERANCE: f64 = 0.05;
/// Millimetres in a point.
const MM_PER_PT: f64 = 25.4 / 72.0;
