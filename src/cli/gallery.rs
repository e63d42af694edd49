//! `gallery DIR`: for every kind a page in Vietnamese with the pictures of its simple sample; `docs/gallery` is made so.
//!
//! The rule: nothing on a page is written by hand. What a kind is for comes from its schema, the rules from probing the
//! sample, their words from docs/rules.md.

mod picture;
mod probe;

use std::{fmt::Write as _, path::Path};

use super::output;
use crate::{
    catalog::Kind,
    failure::{Failure, Finding, Severity},
    intake::{Accepted, Treatment},
    rendering::Workshop,
    settings::Settings,
};

/// Resolution of the pictures: legible, and small enough to be kept with the sources.
const PPI: f64 = 75.0;
const RULES: &str = include_str!("../../docs/rules.md");
const SAMPLE: &str = "simple";

pub(super) fn run(folder: &Path, settings: &Settings) -> Result<(), Failure> {
    let workshop = super::workshop(settings)?;
    let made = std::fs::create_dir_all(folder);
    made.map_err(|error| Failure::internal(format!("{}: {error}", folder.display())))?;
    let mut index = String::from(INDEX);
    for kind in workshop.catalog().kinds() {
        let (name, title) = (&kind.manifest.kind, &kind.manifest.title);
        let pages = page(&workshop, kind, folder)?;
        let _ = writeln!(index, "| [{title}]({name}.md) | `{name}` | {} | {pages} |", kind.manifest.official_type);
        output::say(&format!("{name}: {pages} trang\n"));
    }
    output::write(&folder.join("README.md"), index.as_bytes())
}

const INDEX: &str = "# Các loại văn bản

Mỗi trang dưới đây là một loại văn bản: dùng để làm gì, trông thế nào, gọi ra sao, và dữ liệu được kiểm tra theo những quy tắc nào. Tên người,
đơn vị, số liệu đều là giả định. Trang và ảnh do lệnh `just gallery` làm ra từ mẫu `simple`; đừng sửa tay.

| Văn bản | Mã | Tên loại | Số trang |
| --- | --- | --- | --- |
";

/// Writes a kind's page and its pictures; gives their number.
fn page(workshop: &Workshop, kind: &Kind, folder: &Path) -> Result<usize, Failure> {
    let name = &kind.manifest.kind;
    let sample = kind.sample(SAMPLE).unwrap_or_default();
    let accepted = workshop.check(sample.as_bytes(), Treatment::AsSent)?;
    let (mut pages, mut count) = (0, 1);
    while pages < count {
        let rendered = workshop.render_page(&accepted.manuscript, pages, PPI)?;
        count = rendered.pages as usize;
        pages += 1;
        let small = picture::in_grey(&rendered.png).map_err(Failure::internal)?;
        output::write(&folder.join(format!("{name}-{pages}.png")), &small)?;
    }
    let codes = probe::rules_met(workshop, kind, sample);
    let text = words(workshop, kind, &accepted, pages, &codes);
    output::write(&folder.join(format!("{name}.md")), text.as_bytes())?;
    Ok(pages)
}

fn words(workshop: &Workshop, kind: &Kind, accepted: &Accepted, pages: usize, codes: &[String]) -> String {
    let manifest = &kind.manifest;
    let (name, title) = (&manifest.kind, &manifest.title);
    let edition = &accepted.manuscript.edition;
    let edition = workshop.catalog().editions().named(edition).map_or(edition.clone(), |edition| edition.with_days());
    let editions: Vec<&str> = kind.editions().collect();
    let purpose = kind.description_at("").unwrap_or_default();
    let extension = kind.media_type().extension();
    // The schema speaks of the request that makes the paper.
    let purpose = purpose.strip_prefix("Yêu cầu lập ").unwrap_or(purpose);
    let mut text = format!(
        "# {title}\n\nDùng để lập {purpose}\n\n| | |\n| --- | --- |\n| Mã | `{name}` |\n| Tên loại | {} |\n\
         | Phiên bản pháp luật của mẫu | {edition} |\n| Lập được theo | {} |\n| Số trang của mẫu | {pages} |\n\n",
        manifest.official_type,
        editions.join(", "),
    );
    for page in 1..=pages {
        let _ = writeln!(text, "![{title}, trang {page}/{pages}]({name}-{page}.png)\n");
    }
    let _ = write!(
        text,
        "## Lập văn bản này\n\nTrên máy:\n\n```sh\ntdkt-reports sample {name} > du-lieu.json\n\
         tdkt-reports check du-lieu.json\ntdkt-reports render du-lieu.json -o van-ban.{extension}\n```\n\nQua HTTP:\n\n\
         ```sh\nservice=http://127.0.0.1:8080\ncurl -sS -o du-lieu.json $service/v1/kinds/{name}/samples/{SAMPLE}\n\
         job=$(curl -sS -D - -o /dev/null -H 'Content-Type: application/json' --data-binary @du-lieu.json $service/v1/documents |\n\
         \x20     tr -d '\\r' | awk 'tolower($1) == \"location:\" {{ print $2 }}')\ncurl -sS \"$service$job?wait=20\"\n\
         curl -sS -o van-ban.{extension} \"$service$job/document\"\n```\n\nMọi trường của dữ liệu: `tdkt-reports schema {name}`.\n\n\
         ## Quy tắc\n\n{}\n\nĐổi {places} của mẫu cho sai đi thì các quy tắc sau lên tiếng, ngoài các lỗi lược đồ (`schema-…`); có quy tắc khác \
         cần sai nhiều chỗ cùng lúc. Mọi quy tắc: [rules.md](../rules.md).\n\n| Quy tắc | Xét gì |\n| --- | --- |\n",
        said(&accepted.findings),
        places = if kind.parts.is_empty() { "từng chỗ" } else { "một số chỗ" },
    );
    for code in codes {
        let _ = writeln!(text, "| `{code}` | {} |", rule_words(code).unwrap_or_default());
    }
    text
}

/// What the check says of the sample as it is.
fn said(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "Kiểm tra mẫu: không có lỗi, cảnh báo, lưu ý nào.".to_owned();
    }
    let each = findings.iter().map(|finding| {
        let weight = match finding.severity {
            Severity::Error => "lỗi",
            Severity::Warning => "cảnh báo",
            Severity::Info => "lưu ý",
        };
        format!("{weight} `{}` ({})", finding.code, finding.message.trim_end_matches('.'))
    });
    format!("Kiểm tra mẫu: không có lỗi; {}.", each.collect::<Vec<_>>().join("; "))
}

/// The Vietnamese words of a rule in docs/rules.md.
fn rule_words(code: &str) -> Option<&'static str> {
    let row = RULES.lines().find(|line| line.starts_with(&format!("| `{code}` |")))?;
    row.split('|').nth(3).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_rule_are_those_of_the_page_of_rules() {
        assert_eq!(
            rule_words("M02"),
            Some("Số đơn vị thành viên khác số đơn vị trong danh sách; nhiều đơn vị dự họp hơn số đơn vị thành viên")
        );
        assert_eq!(rule_words("M99"), None);
    }
}
