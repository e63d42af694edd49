//! From a [`Paper`] to the values a layout prints.

use serde_json::{Value, json};

use super::{KindWords, LegalBases, Paper, PlaceAndDate, Status, number, recipients, signing};
use crate::vietnamese::{fold_name, keep_together, nfc, upper, upper_first, without_end_mark};

/// The `paper` of the layouts: all texts final, in NFC, with no-break spaces; what is absent is null.
///
/// `edition_bases` are the legal bases of the edition in force, printed if the paper asks for them.
pub fn assemble(paper: &Paper, words: &KindWords, status: Status, edition_bases: &[String]) -> Value {
    let type_name = upper(words.official_type.trim());
    let type_in_text = upper_first(&type_name.to_lowercase());
    let subject = without_end_mark(&nfc(paper.subject_or(words)));
    json!({
        "lang": "vi",
        "draft": status == Status::Draft,
        "letterhead": paper.letterhead.lines(),
        "number": number::number_line(paper, status),
        "place-date": match words.place_and_date {
            PlaceAndDate::Printed => Some(number::place_date(paper, status)),
            PlaceAndDate::Omitted => None,
        },
        "type-name": type_name,
        "subject": keep_together(&subject),
        "addressees": recipients::addressee_lines(paper),
        "legal-bases": legal_bases(paper, words, edition_bases),
        "recipients": recipients::recipient_lines(paper),
        "signature": signing::signature_lines(paper, status),
        "drafter": drafter(paper),
        "appendix-note": format!("(Kèm theo {})", number::citation_of_this(&type_in_text, paper, status)),
        "metadata": {
            "title": format!("{type_name} {subject}"),
            "author": nfc(paper.letterhead.issuing_body.trim()),
            "subject": subject,
            "keywords": keywords(&type_in_text, paper, words, status),
        },
    })
}

/// The legal bases without end marks, each once; one that names only a law is opened with "Căn cứ".
fn legal_bases(paper: &Paper, words: &KindWords, edition_bases: &[String]) -> Vec<String> {
    let of_kind = LegalBases { include_edition: words.rests_on_edition, extra: Vec::new() };
    let bases = paper.legal_bases.as_ref().unwrap_or(&of_kind);
    let of_edition = if bases.include_edition { edition_bases } else { &[] };
    let mut printed: Vec<String> = Vec::new();
    for basis in of_edition.iter().chain(&bases.extra) {
        let basis = opened(&without_end_mark(&nfc(basis)));
        if !basis.is_empty() && !printed.iter().any(|other| fold_name(other) == fold_name(&basis)) {
            printed.push(keep_together(&basis));
        }
    }
    printed
}

fn opened(basis: &str) -> String {
    const OPENINGS: [&str; 6] = ["căn cứ", "thực hiện", "theo", "xét", "trên cơ sở", "thừa ủy quyền"];
    let folded = fold_name(basis);
    if basis.is_empty() || OPENINGS.iter().any(|opening| folded.starts_with(&fold_name(opening))) {
        basis.to_string()
    } else {
        format!("Căn cứ {basis}")
    }
}

/// `PL.(300)`: initials of the drafter and number of copies (Decree 30/2020, Annex I, Part I, III.3).
fn drafter(paper: &Paper) -> Option<String> {
    let initials = paper.drafter.as_deref().map(|initials| initials.trim().trim_end_matches('.')).unwrap_or_default();
    match (initials, paper.copies) {
        ("", None) => None,
        ("", Some(copies)) => Some(format!("({copies})")),
        (initials, None) => Some(format!("{}.", upper(initials))),
        (initials, Some(copies)) => Some(format!("{}.({copies})", upper(initials))),
    }
}

/// Type, number and symbol if known, then the kind's own.
fn keywords(type_in_text: &str, paper: &Paper, words: &KindWords, status: Status) -> Vec<String> {
    let number = paper.number.as_ref().map(|number| match number.serial_words(status) {
        Some(serial) => format!("{serial}/{}", number.symbol_words()),
        None => number.symbol_words(),
    });
    let own = words.keywords.iter().cloned();
    std::iter::once(type_in_text.to_string()).chain(number).chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn an_issued_report_is_assembled_whole() {
        let dict = assemble(&samples::paper(|_| {}), &samples::words(), Status::Issued, &[]);
        let visible: Value = serde_json::from_str(&dict.to_string().replace('\u{A0}', "~")).unwrap();
        assert_eq!(
            visible,
            json!({
                "lang": "vi",
                "draft": false,
                "letterhead": {"parent": "UBND TỈNH KON TUM", "issuer": "SỞ NỘI VỤ"},
                "number": {"serial": "05", "symbol": "BC-SNV"},
                "place-date": "Kon Tum, ngày~24~tháng~7~năm~2020",
                "type-name": "BÁO CÁO",
                "subject": "Sơ kết công tác thi đua, khen thưởng 6~tháng đầu năm~2020",
                "addressees": ["Ủy ban nhân dân tỉnh"],
                "legal-bases": [],
                "recipients": {"items": ["Như trên", "Các đơn vị thành viên"], "filing": "VT, TĐKT"},
                "signature": {"capacity-line": "KT. GIÁM ĐỐC", "position-lines": ["PHÓ GIÁM ĐỐC"], "other-position": null,
                    "name": "Lê Thị Hoa", "image": null},
                "drafter": null,
                "appendix-note": "(Kèm theo Báo cáo số~05/BC-SNV ngày~24~tháng~7~năm~2020 của Sở Nội vụ)",
                "metadata": {
                    "title": "BÁO CÁO Sơ kết công tác thi đua, khen thưởng 6 tháng đầu năm 2020",
                    "author": "Sở Nội vụ",
                    "subject": "Sơ kết công tác thi đua, khen thưởng 6 tháng đầu năm 2020",
                    "keywords": ["Báo cáo", "05/BC-SNV", "thi đua"],
                },
            })
        );
    }

    #[test]
    fn minutes_carry_no_place_and_date() {
        let words = KindWords { place_and_date: PlaceAndDate::Omitted, ..samples::words() };
        assert_eq!(assemble(&samples::paper(|_| {}), &words, Status::Draft, &[])["place-date"], json!(null));
    }

    #[test]
    fn legal_bases_are_printed_once_and_only_if_wanted() {
        let law = "Căn cứ Luật Thi đua, khen thưởng ngày 15 tháng 6 năm 2022;".to_string();
        let bases = |legal_bases: Value| {
            let paper = samples::paper(|p| p["legal_bases"] = legal_bases);
            assemble(&paper, &samples::words(), Status::Draft, std::slice::from_ref(&law))["legal-bases"].clone()
        };
        let printed = "Căn cứ Luật Thi đua, khen thưởng ngày 15 tháng 6 năm 2022".replace(" 15 ", "\u{A0}15\u{A0}");
        let printed = printed.replace("tháng 6 năm 2022", "tháng\u{A0}6\u{A0}năm\u{A0}2022");
        assert_eq!(
            bases(json!({"include_edition": false, "extra": ["Quy chế của Khối;"]})),
            json!(["Căn cứ Quy chế của Khối"])
        );
        assert_eq!(
            bases(
                json!({"include_edition": true, "extra": ["căn cứ luật Thi đua, khen thưởng ngày 15 tháng 6 năm 2022"]})
            ),
            json!([printed])
        );
        assert_eq!(bases(json!(null)), json!([]));
    }

    #[test]
    fn the_caller_may_give_the_subject_and_the_drafter() {
        let paper = samples::paper(|p| {
            p["subject"] = json!(" Kết quả thi đua.");
            p["drafter"] = json!("pl.");
            p["copies"] = json!(300);
        });
        let dict = assemble(&paper, &samples::words(), Status::Draft, &[]);
        assert_eq!(dict["subject"], "Kết quả thi đua");
        assert_eq!(dict["drafter"], "PL.(300)");
        assert_eq!(dict["draft"], true);
    }
}
