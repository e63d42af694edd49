//! The rules on what every paper has: D07, D09, L01 on the place, P02 to P04, T01, T03, T05, T06.

use super::{KindWords, Paper, Status, asked, gaps, letterhead, number, presiding, recipients, signing};
use crate::{
    bloc, calendar,
    facts::{Facts, RuleContext},
    failure::{Finding, Severity},
};

/// All findings on the `paper`, and on gaps left open anywhere in an issued request.
pub fn check(paper: &Paper, words: &KindWords, facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let status = if context.issued { Status::Issued } else { Status::Draft };
    let mut findings = Vec::new();
    let issuer = paper.letterhead.issuing_body.as_str();
    let bodies = [
        ("/paper/letterhead/parent_body", paper.letterhead.parent_body.as_deref().unwrap_or_default()),
        ("/paper/letterhead/issuing_body", issuer),
    ];
    findings.extend(bodies.iter().filter_map(|(pointer, name)| bloc::misnamed(pointer, name, context)));
    findings.extend(bloc::misplaced("/paper/place", &paper.place, issuer, context));
    findings.extend(letterhead::check_custom(&paper.letterhead));
    findings.extend(number::check_place(&paper.place));
    findings.extend(number::check_number(paper, words, status));
    findings.extend(check_bases(paper));
    if !words.statement {
        findings.extend(recipients::check_recipients(paper, words, status));
    }
    findings.extend(asked::check(paper, facts));
    findings.extend(signing::check_signing(paper, facts, status));
    findings.extend(presiding::check(paper, words, facts));
    if status == Status::Issued {
        findings.extend(facts.texts.iter().filter_map(|text| gaps::check(&text.pointer, &text.text)));
    }
    findings
}

/// T03: something that an issued paper must state is missing.
pub(super) fn gap(pointer: &str, message: &str, message_en: &str, law: &str) -> Finding {
    Finding::new("T03", Severity::Error, pointer, message, message_en).law(law)
}

/// D07 (error): a legal basis is not younger than the paper.
fn check_bases(paper: &Paper) -> Vec<Finding> {
    let (Some(issued_on), Some(bases)) = (paper.issued_on, &paper.legal_bases) else { return Vec::new() };
    let mut findings = Vec::new();
    for (place, basis) in bases.extra.iter().enumerate() {
        let Some(later) = calendar::dates_in(basis).into_iter().find(|date| *date > issued_on) else { continue };
        let (later, issued_on) = (calendar::short(later), calendar::short(issued_on));
        findings.push(
            Finding::new(
                "D07",
                Severity::Error,
                format!("/paper/legal_bases/extra/{place}"),
                format!(
                    "Căn cứ có ngày {later}, sau ngày ban hành văn bản {issued_on}; hãy kiểm tra lại hai ngày này."
                ),
                format!("A legal basis is dated {later}, after the paper itself ({issued_on})."),
            )
            .and_at("/paper/issued_on")
            .found(basis),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::samples;
    use super::*;

    fn found(request: Value, date: &str, issued: bool) -> Vec<(String, Severity, Vec<String>)> {
        let paper: Paper = serde_json::from_value(request["paper"].clone()).unwrap();
        let facts = Facts::read(&request).unwrap();
        let date = calendar::parse_iso(date).unwrap();
        let places = bloc::places();
        let context = RuleContext {
            issued_on: paper.issued_on,
            effective_on: date,
            issued,
            places: &places,
            ..RuleContext::default()
        };
        let findings = check(&paper, &samples::words(), &facts, &context);
        findings.into_iter().map(|f| (f.code, f.severity, f.pointers)).collect()
    }

    #[test]
    fn a_complete_issued_paper_passes() {
        assert_eq!(
            found(json!({"paper": samples::request(), "content": {"tasks": ["Tốt, v.v…"]}}), "2020-07-24", true),
            []
        );
    }

    #[test]
    fn t03_a_gap_in_any_text_of_an_issued_paper_is_refused() {
        for text in ["ngày .... tháng", "số …/…", "tặng Bằng khen cho ……", "{{ name }}", "[…]"] {
            let request = json!({"paper": samples::request(), "content": {"tasks": ["x", text]}});
            let expected = ("T03".to_string(), Severity::Error, vec!["/content/tasks/1".to_string()]);
            assert_eq!(found(request.clone(), "2020-07-24", true), [expected], "{text}");
            assert_eq!(found(request, "2020-07-24", false), [], "{text}");
        }
    }

    #[test]
    fn d07_a_legal_basis_after_the_paper_is_refused() {
        let mut paper = samples::request();
        let bases = ["Quyết định số 1/QĐ-UBND ngày 24/7/2020", "Luật A ngày 25 tháng 7 năm 2020"];
        paper["legal_bases"] = json!({"extra": bases});
        let pointers = ["/paper/legal_bases/extra/1", "/paper/issued_on"].map(String::from).to_vec();
        assert_eq!(found(json!({"paper": paper}), "2020-07-24", true), [("D07".into(), Severity::Error, pointers)]);
    }

    #[test]
    fn d09_a_district_in_the_letterhead_is_reported_since_july_2025() {
        let mut paper = samples::request();
        paper["letterhead"] =
            json!({"custom": "head-unit", "parent_body": "UBND huyện Đăk Hà", "issuing_body": "Phòng Nội vụ"});
        paper["place"] = json!("Thị xã Ba Đồn");
        let expected = ["/paper/letterhead/parent_body", "/paper/place"].map(|pointer| {
            ("D09".to_string(), Severity::Warning, vec![pointer.to_string(), "/paper/issued_on".to_string()])
        });
        assert_eq!(found(json!({"paper": paper}), "2025-07-01", true), expected);
        assert_eq!(found(json!({"paper": paper}), "2025-06-30", true), []);
    }
}
