//! Boxes 9: to whom the paper speaks and who receives it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{KindWords, Paper, Status};
use crate::{
    failure::{Finding, Severity},
    vietnamese::{fold_name, fold_unit, keep_together, nfc, without_end_mark},
};

/// *Nơi nhận*.
#[derive(Debug, Clone, Deserialize)]
pub struct Recipients {
    #[serde(default)]
    pub items: Vec<String>,
    /// What stands after "Lưu:", as in `VT, TĐKT`.
    pub filing: String,
}

const AS_ABOVE: &str = "Như trên";
const LAW: &str = "Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9";

/// *Kính gửi*, without end marks: the layout sets them.
pub(super) fn addressee_lines(paper: &Paper) -> Vec<String> {
    lines(&paper.addressees, &["Kính gửi:", "-"])
}

/// The list under *Nơi nhận*. A paper with *Kính gửi* opens it with "Như trên" (Decree 30/2020, Annex I, Part I, II.9); whom
/// that covers is not named again.
pub(super) fn recipient_lines(paper: &Paper) -> Option<Value> {
    let recipients = paper.recipients.as_ref()?;
    let mut items = lines(&recipients.items, &["-"]);
    items.retain(|item| addressed(item, paper).is_none());
    let as_above = fold_name(AS_ABOVE);
    if !paper.addressees.is_empty() && !items.iter().any(|item| fold_name(item).starts_with(&as_above)) {
        items.insert(0, AS_ABOVE.to_string());
    }
    let filing = lines(std::slice::from_ref(&recipients.filing), &["-", "Lưu:"]);
    Some(json!({"items": items, "filing": filing.first()}))
}

/// Place of the addressee that a recipient names again.
fn addressed(item: &str, paper: &Paper) -> Option<usize> {
    let folded = |name: &str| fold_unit(&without_end_mark(name.trim_start_matches(['-', ' ']).trim()));
    let item = folded(item);
    paper.addressees.iter().position(|addressee| !item.is_empty() && folded(addressee) == item)
}

/// Trimmed, without the dash or heading typed before and the mark typed after; empty ones are left out.
fn lines(texts: &[String], prefixes: &[&str]) -> Vec<String> {
    let bare = |text: &String| {
        let text = nfc(text);
        let opened =
            prefixes.iter().fold(text.trim(), |text, prefix| text.strip_prefix(prefix).unwrap_or(text).trim_start());
        keep_together(&without_end_mark(opened))
    };
    texts.iter().map(bare).filter(|line| !line.is_empty()).collect()
}

/// T01: recipients with a filing line, and addressees for a paper to a superior. Error when issued, info in a draft.
pub(super) fn check_recipients(paper: &Paper, words: &KindWords, status: Status) -> Vec<Finding> {
    let mut findings = Vec::new();
    let filed = paper.recipients.as_ref().is_some_and(|recipients| !recipients.filing.trim().is_empty());
    let received =
        recipient_lines(paper).is_some_and(|lines| lines["items"].as_array().is_some_and(|items| !items.is_empty()));
    if !filed || !received {
        let pointer = if filed { "/paper/recipients/items" } else { "/paper/recipients" };
        findings.push(missing(
            status,
            pointer,
            "Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.",
            "The paper needs its recipients and a filing line.",
        ));
    }
    findings.extend(check_typed_lines(paper));
    findings.extend(check_repeated(paper));
    if words.addressed_upward && addressee_lines(paper).is_empty() {
        findings.push(missing(
            status,
            "/paper/addressees",
            &format!("{} gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.", words.official_type),
            "A paper to a superior needs its addressee.",
        ));
    }
    findings
}

/// T01 (warning): the filing line has its own field and would be printed twice; "Như trên" says whom *Kính gửi* named.
fn check_typed_lines(paper: &Paper) -> Vec<Finding> {
    let items = paper.recipients.as_ref().map(|recipients| recipients.items.as_slice()).unwrap_or_default();
    let begins = |item: &str, words: &str| {
        let bare = fold_name(item.trim_start_matches(['-', ' ']));
        bare.strip_prefix(&fold_name(words)).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    let mut findings = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let (other, message, message_en) = if begins(item, "Lưu") {
            (
                "/paper/recipients/filing",
                format!(
                    "Nơi nhận dòng {} ghi “{}”, trong khi dòng lưu có trường riêng nên in hai lần; hãy bỏ dòng này và ghi phần lưu ở “filing”.",
                    place + 1,
                    item.trim()
                ),
                "The filing line has a field of its own, so it would be printed twice.",
            )
        } else if begins(item, AS_ABOVE) && paper.addressees.is_empty() {
            (
                "/paper/addressees",
                format!(
                    "Nơi nhận dòng {} ghi “{}” nhưng văn bản không có Kính gửi; hãy ghi tên nơi nhận hoặc thêm Kính gửi.",
                    place + 1,
                    item.trim()
                ),
                "\"Như trên\" stands for addressees, and there are none.",
            )
        } else {
            continue;
        };
        findings.push(
            Finding::new("T01", Severity::Warning, format!("/paper/recipients/items/{place}"), message, message_en)
                .and_at(other)
                .found(item)
                .law(LAW),
        );
    }
    findings
}

/// T01 (info): an addressee under *Nơi nhận* is not printed again.
fn check_repeated(paper: &Paper) -> Vec<Finding> {
    let items = paper.recipients.as_ref().map(|recipients| recipients.items.as_slice()).unwrap_or_default();
    let repeated = items.iter().enumerate().filter_map(|(place, item)| Some((place, item, addressed(item, paper)?)));
    repeated
        .map(|(place, item, addressee)| {
            Finding::new(
                "T01",
                Severity::Info,
                format!("/paper/recipients/items/{place}"),
                format!(
                    "Nơi nhận dòng {} ghi “{}”, đã có ở Kính gửi; dòng này không in vì “Như trên” đã gồm.",
                    place + 1,
                    item.trim()
                ),
                "An addressee is listed among the recipients again; \"Như trên\" covers it, so it is not printed.",
            )
            .and_at(format!("/paper/addressees/{addressee}"))
            .found(item)
            .law(LAW)
        })
        .collect()
}

fn missing(status: Status, pointer: &str, message: &str, message_en: &str) -> Finding {
    let severity = match status {
        Status::Issued => Severity::Error,
        Status::Draft => Severity::Info,
    };
    Finding::new("T01", severity, pointer, message, message_en).law(LAW)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn t01_the_filing_line_and_as_above_are_not_typed_into_the_list() {
        let places = |items: &[&str], addressed: bool| {
            let paper = samples::paper(|paper| {
                paper["recipients"]["items"] = items.to_vec().into();
                if !addressed {
                    paper["addressees"] = Value::Array(Vec::new());
                }
            });
            let findings = check_typed_lines(&paper);
            findings.into_iter().map(|finding| finding.pointers).collect::<Vec<_>>()
        };
        let at = |item: &str, other: &str| vec![vec![item.to_string(), other.to_string()]];
        let filed = at("/paper/recipients/items/1", "/paper/recipients/filing");
        for item in ["Lưu: VT, TĐKT", "- Lưu: VT.", "lưu VT"] {
            assert_eq!(places(&["Như trên;", item], true), filed, "{item}");
        }
        let above = at("/paper/recipients/items/0", "/paper/addressees");
        assert_eq!(places(&["- Như trên;"], false), above);
        let none: Vec<Vec<String>> = Vec::new();
        assert_eq!(places(&["Như trên", "Trung tâm Lưu trữ lịch sử", "Lưuchiểu"], true), none);
    }

    #[test]
    fn lists_lose_the_marks_that_the_layout_sets() {
        let paper = samples::paper(|p| {
            p["addressees"] = json!(["Kính gửi: Ủy ban nhân dân tỉnh.", " "]);
            p["recipients"] = json!({"items": ["- Như trên;", "- Khối thi đua số 6;"], "filing": "Lưu: VT, TĐKT."});
        });
        assert_eq!(addressee_lines(&paper), ["Ủy ban nhân dân tỉnh"]);
        let lines = json!({"items": ["Như trên", "Khối thi đua số\u{A0}6"], "filing": "VT, TĐKT"});
        assert_eq!(recipient_lines(&paper), Some(lines));
    }

    #[test]
    fn a_paper_with_addressees_opens_its_recipients_with_as_above() {
        let items = |paper: &Paper| recipient_lines(paper).unwrap()["items"].clone();
        assert_eq!(items(&samples::paper(|_| {})), json!(["Như trên", "Các đơn vị thành viên"]));
        assert_eq!(items(&samples::paper(|p| p["addressees"] = json!([]))), json!(["Các đơn vị thành viên"]));
    }

    #[test]
    fn t01_an_addressee_is_not_printed_again_under_the_recipients() {
        let paper = samples::paper(|p| {
            p["addressees"] = json!(["Hội đồng Thi đua - Khen thưởng tỉnh", "Sở Nội vụ tỉnh An Bình"]);
            p["recipients"]["items"] = json!(["Như trên;", "- Sở Nội vụ;", "Văn phòng Sở Nội vụ"]);
        });
        let printed = json!(["Như trên", "Văn phòng Sở Nội vụ"]);
        assert_eq!(recipient_lines(&paper).unwrap()["items"], printed);
        let findings = check_recipients(&paper, &samples::words(), Status::Issued);
        let found: Vec<_> = findings.into_iter().map(|f| (f.code, f.severity, f.pointers)).collect();
        let pointers = ["/paper/recipients/items/1", "/paper/addressees/1"].map(String::from).to_vec();
        assert_eq!(found, [("T01".to_string(), Severity::Info, pointers)]);
    }

    #[test]
    fn t01_an_issued_paper_without_recipients_or_addressees_is_refused() {
        let paper = samples::paper(|p| {
            p["addressees"] = json!([]);
            p["recipients"] = json!(null);
        });
        let found = |status| {
            let findings = check_recipients(&paper, &samples::words(), status);
            findings.into_iter().map(|f| (f.code, f.severity, f.pointers[0].clone())).collect::<Vec<_>>()
        };
        for (status, severity) in [(Status::Issued, Severity::Error), (Status::Draft, Severity::Info)] {
            let expected =
                ["/paper/recipients", "/paper/addressees"].map(|at| ("T01".to_string(), severity, at.to_string()));
            assert_eq!(found(status), expected);
        }
    }

    #[test]
    fn t01_a_complete_paper_passes_and_one_not_addressed_upward_needs_no_addressee() {
        assert_eq!(check_recipients(&samples::paper(|_| {}), &samples::words(), Status::Issued), []);
        let words = KindWords { addressed_upward: false, ..samples::words() };
        assert_eq!(check_recipients(&samples::paper(|p| p["addressees"] = json!([])), &words, Status::Issued), []);
    }
}
