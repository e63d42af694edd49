//! `editions [ID] [--on DAY] [--json]`: the law by date.

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

use super::output;
use crate::{
    calendar::{self, DateFault},
    failure::Failure,
    regulation::{AwardSort, Confidence, EditionView, Gap},
    settings::Settings,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Mã phiên bản, ví dụ E2; bỏ trống là mọi phiên bản.
    id: Option<String>,
    /// Ngày cần xem, dạng NĂM-THÁNG-NGÀY: phiên bản áp dụng cho văn bản của ngày đó.
    #[arg(long, value_name = "NGÀY", value_parser = day)]
    on: Option<NaiveDate>,
    /// In kết quả dạng JSON.
    #[arg(long)]
    json: bool,
}

/// A day of the calendar in the form that data have.
fn day(text: &str) -> Result<NaiveDate, String> {
    calendar::parse_iso(text).map_err(|fault| match (fault, calendar::dates_in(text).first()) {
        (DateFault::NoSuchDay, _) => "không phải ngày có trong lịch".to_owned(),
        (DateFault::YearOutOfRange, _) => "năm phải từ 1990 đến 2100".to_owned(),
        (DateFault::Shape, Some(meant)) => format!("không đúng dạng NĂM-THÁNG-NGÀY; hãy ghi {meant}"),
        (DateFault::Shape, None) => "không đúng dạng NĂM-THÁNG-NGÀY, ví dụ 2024-07-24".to_owned(),
    })
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<(), Failure> {
    let workshop = super::workshop(settings)?;
    let editions = workshop.catalog().editions();
    match &arguments.id {
        Some(id) => {
            let view = editions.view_of(id, arguments.on)?;
            if arguments.json { json(&view) } else { output::print(table(&view).as_bytes()) }
        }
        None => {
            let view = editions.view(arguments.on)?;
            if arguments.json {
                return json(&view);
            }
            let tables: Vec<String> = view.data.iter().map(table).collect();
            let gaps: Vec<String> = view.gaps.into_iter().map(Gap::vietnamese).collect();
            let gaps = if gaps.is_empty() { "không có".to_owned() } else { gaps.join("; ") };
            output::print(format!("{}\nKhoảng trống, không có phiên bản: {gaps}.\n", tables.join("\n")).as_bytes())
        }
    }
}

fn json(view: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(view).map_err(|error| Failure::internal(error.to_string()))?;
    output::print(format!("{text}\n").as_bytes())
}

fn table(view: &EditionView<'_>) -> String {
    let edition = view.edition;
    let mut text = format!("{}  {}  [{}]\n", edition.id, edition.days(), sureness(edition.confidence));
    text.push_str(&format!("  {}\n", edition.title));
    if let Some(note) = &edition.note {
        text.push_str(&format!("  Ghi chú: {note}\n"));
    }
    if let Some(seen) = &view.seen_on {
        let day = crate::calendar::short(seen.day);
        let word = if seen.in_force { "có hiệu lực" } else { "không có hiệu lực" };
        text.push_str(&format!("  Ngày {day}: {word}; văn bản in {} căn cứ.\n", seen.prints.len()));
    }
    let bases = edition.legal_bases.iter().enumerate().map(|(index, basis)| {
        let from = basis.applies_from.map(|day| format!(", từ {}", crate::calendar::short(day))).unwrap_or_default();
        let until = basis.applies_until.map(|day| format!(", đến {}", crate::calendar::short(day))).unwrap_or_default();
        let expires = basis.expires.map(|day| format!(", ghi nhận hết hiệu lực từ {}", crate::calendar::short(day)));
        let expires = expires.unwrap_or_default();
        format!("{}. {}  [{}{from}{until}{expires}]", index + 1, basis.text, sureness(basis.confidence))
    });
    section(&mut text, "Căn cứ pháp lý", bases);
    for (sort, heading) in [(AwardSort::Title, "Danh hiệu"), (AwardSort::Commendation, "Hình thức khen thưởng")]
    {
        let awards = edition.awards.iter().filter(|award| award.sort == sort);
        let lines = awards.map(|award| {
            let sureness = sureness(award.confidence);
            format!("{} ({}); thẩm quyền: {}  [{sureness}]", award.name, award.id, award.decided_by)
        });
        section(&mut text, heading, lines);
    }
    let forms = edition.forms.iter();
    let forms = forms.map(|form| format!("Mẫu số {}: {}  [{}]", form.number, form.title, sureness(form.confidence)));
    section(&mut text, "Biểu mẫu", forms);
    text
}

fn section(text: &mut String, heading: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.map(|line| format!("    {line}\n")).collect();
    if lines.is_empty() {
        text.push_str(&format!("  {heading}: chưa có trong danh mục\n"));
    } else {
        text.push_str(&format!("  {heading}:\n{}", lines.concat()));
    }
}

/// How well an entry is established, for people.
fn sureness(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Sure => "chắc chắn",
        Confidence::Likely => "một nguồn",
        Confidence::Unsure => "chưa xác nhận, không in",
    }
}
