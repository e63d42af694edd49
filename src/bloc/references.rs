//! Cited documents: not from the future, and law only in its time (D06, D07, D08).

use super::cited::Words;
use crate::{
    calendar::short,
    facts::{CitedLaw, DocumentReference, Facts, RuleContext, Text},
    failure::{Finding, Severity},
};

pub(super) fn check(facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(bloc) = &facts.bloc {
        let decisions = [("established_by", &bloc.established_by), ("recognised_by", &bloc.recognised_by)];
        let found = decisions.into_iter().filter_map(|(field, it)| check_decision(field, it.as_ref()?, facts));
        // What is usual is said once.
        let (usual, wrong): (Vec<_>, Vec<_>) = found.partition(|finding| finding.severity == Severity::Info);
        findings.extend(wrong);
        findings.extend(usual.into_iter().last());
    }
    findings.extend(facts.references().iter().filter_map(|(pointer, cited)| check_age(pointer, cited, context)));
    findings.extend(facts.texts.iter().flat_map(|text| check_laws(text, facts, context)));
    let cited =
        facts.references().into_iter().flat_map(|(pointer, cited)| check_cited(&pointer, cited, facts, context));
    findings.extend(cited);
    findings
}

/// D06: the decision on the bloc precedes the conference (error); later than the period's start is usual (info).
fn check_decision(field: &str, decision: &DocumentReference, facts: &Facts) -> Option<Finding> {
    let date = decision.date?;
    let pointer = format!("/content/bloc/{field}/date");
    let (number, dated) = (&decision.number, short(date));
    let conference = facts.conference.as_ref().and_then(|conference| conference.date);
    if let Some(conference) = conference.filter(|conference| date > *conference) {
        let held = short(conference);
        return Some(
            Finding::new(
                "D06",
                Severity::Error,
                pointer,
                format!("Quyết định về khối số {number} ghi ngày {dated}, sau ngày hội nghị {held}; hãy kiểm tra lại hai ngày này."),
                format!("Decision {number} on the bloc is dated {dated}, after the conference on {held}."),
            )
            .and_at("/content/conference/date")
            .found(dated)
            .expected(format!("không sau ngày {held}")),
        );
    }
    let start = facts.period?.period().from();
    let begun = short(start);
    (date > start).then(|| {
        Finding::new(
            "D06",
            Severity::Info,
            pointer,
            format!("Quyết định về khối số {number} ghi ngày {dated}, sau ngày đầu kỳ báo cáo {begun}; việc này thường gặp, không cần sửa nếu đúng."),
            format!("Decision {number} on the bloc is dated {dated}, after the period's start on {begun}; usual, if true."),
        )
        .and_at("/content/period")
        .found(dated)
    })
}

/// D07 (error): a cited document is not younger than the paper.
fn check_age(pointer: &str, cited: &DocumentReference, context: &RuleContext) -> Option<Finding> {
    let (date, issued_on) = (cited.date?, context.issued_on?);
    if date <= issued_on {
        return None;
    }
    let (dated, issued) = (short(date), short(issued_on));
    Some(
        Finding::new(
            "D07",
            Severity::Error,
            format!("{pointer}/date"),
            format!(
                "{} số {} ghi ngày {dated}, sau ngày ban hành văn bản {issued}; hãy kiểm tra lại hai ngày này.",
                cited.official_type, cited.number
            ),
            format!("The cited document {} is dated {dated}, after the paper itself ({issued}).", cited.number),
        )
        .and_at("/paper/issued_on")
        .found(dated)
        .expected(format!("không sau ngày {issued}")),
    )
}

/// D08: a legal basis or a cited document is in force (error); running text may look back or ahead (warning).
/// What was in force during the period may be cited anywhere but among the legal bases.
fn check_laws(text: &Text, facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let on = context.effective_on;
    let is_basis = text.pointer.starts_with("/paper/legal_bases/");
    let is_reference = text.pointer.starts_with("/content/") && text.pointer.ends_with("/number");
    let first = facts.period.filter(|_| !is_basis).map_or(on, |stated| stated.period().from().min(on));
    let words = Words::of(&text.text);
    let severity = if is_basis || is_reference { Severity::Error } else { Severity::Warning };
    let out_of_time = context
        .edition_cites
        .iter()
        .filter(|law| (cites(&text.text, &law.number) || words.name(law)) && !law.in_force_between(first, on));
    out_of_time.map(|law| out_of_time_finding(text, law, severity, context)).collect()
}

/// D08 (error): the same of a document whose sort, number and day name a law only together: `Nghị định`, `98`.
fn check_cited(pointer: &str, cited: &DocumentReference, facts: &Facts, context: &RuleContext) -> Option<Finding> {
    let on = context.effective_on;
    let first = facts.period.map_or(on, |stated| stated.period().from().min(on));
    let date = cited.date.map(|date| format!(" ngày {}", short(date))).unwrap_or_default();
    let words = Words::of(&format!("{} số {}{date}", cited.official_type, cited.number));
    let named = |law: &&CitedLaw| words.name(law) && !cites(&cited.number, &law.number);
    let law = context.edition_cites.iter().find(|law| named(law) && !law.in_force_between(first, on))?;
    let text = Text { pointer: format!("{pointer}/number"), text: cited.number.clone() };
    Some(out_of_time_finding(&text, law, Severity::Error, context))
}

fn out_of_time_finding(text: &Text, law: &CitedLaw, severity: Severity, context: &RuleContext) -> Finding {
    let (number, on, from) = (&law.number, short(context.effective_on), short(law.from));
    let time = match law.until {
        Some(until) => format!("từ ngày {from} đến ngày {}", short(until)),
        None => format!("từ ngày {from}"),
    };
    Finding::new(
        "D08",
        severity,
        &text.pointer,
        format!("Văn bản số {number} có hiệu lực {time}, không áp dụng cho văn bản lập theo ngày {on}; hãy thay bằng văn bản đang có hiệu lực."),
        format!("{number} is in force {}, not on {on}.", time.replace("từ ngày", "from").replace("đến ngày", "to")),
    )
    .and_at("/paper/issued_on")
    .found(&text.text)
    .expected(format!("văn bản có hiệu lực vào ngày {on}"))
}

/// True if the number stands in the text and is not the end of a longer one (`198/2023/NĐ-CP`).
fn cites(text: &str, number: &str) -> bool {
    let alone = |at: usize| {
        let before = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let after = text[at + number.len()..].chars().next().is_some_and(char::is_alphanumeric);
        !before && !after
    };
    !number.is_empty() && text.match_indices(number).any(|(at, _)| alone(at))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::samples::{content, found_in, one};
    use super::*;
    use crate::calendar::parse_iso;

    fn decision(date: &str) -> Value {
        json!({"type": "Quyết định", "number": "278/QĐ-UBND", "date": date})
    }

    #[test]
    fn d06_a_decision_within_the_period_is_only_worth_knowing() {
        let findings = found_in(|c| c["bloc"]["recognised_by"] = decision("2020-05-13"));
        assert_eq!(findings, one("D06", Severity::Info, &["/content/bloc/recognised_by/date", "/content/period"]));
        assert_eq!(found_in(|c| c["bloc"]["recognised_by"] = decision("2020-01-01")), []);
    }

    #[test]
    fn d06_a_decision_after_the_conference_is_refused() {
        let findings = found_in(|c| c["bloc"]["established_by"] = decision("2020-07-25"));
        let pointers = ["/content/bloc/established_by/date", "/content/conference/date"];
        assert_eq!(findings, one("D06", Severity::Error, &pointers));
    }

    #[test]
    fn d07_a_document_from_the_future_is_refused_wherever_it_is_cited() {
        assert_eq!(found_in(|c| c["guidance"] = json!([decision("2020-07-27")])), []);
        let pointers = ["/content/guidance/1/date", "/paper/issued_on"];
        let findings = found_in(|c| c["guidance"] = json!([decision("2020-07-01"), decision("2020-07-28")]));
        assert_eq!(findings, one("D07", Severity::Error, &pointers));
        let row =
            json!([{"form": "Giấy khen", "honoree": "collective", "count": 1, "decision": decision("2021-01-01")}]);
        let pointers = ["/content/commendations/0/decision/date", "/paper/issued_on"];
        assert_eq!(found_in(|c| c["commendations"] = row), one("D07", Severity::Error, &pointers));
    }

    /// Findings of D08 on a text at a place, for a paper of the date; the period is the first half of 2025.
    fn d08(place: &str, text: &str, date: &str) -> Vec<Severity> {
        let date = parse_iso(date).unwrap();
        let laws = [
            ("98/2023/NĐ-CP", "2024-01-01", Some("2025-06-30")),
            ("152/2025/NĐ-CP", "2025-07-01", None),
            ("91/2017/NĐ-CP", "2017-10-01", Some("2023-12-31")),
        ];
        let laws = laws.map(|(number, from, until)| CitedLaw {
            name: None,
            number: number.into(),
            from: parse_iso(from).unwrap(),
            until: until.map(|until| parse_iso(until).unwrap()),
        });
        let mut request = json!({"content": content(), "paper": {}});
        request["content"] = json!({"period": {"year": 2025, "part": "first-half"}});
        match place {
            "basis" => request["paper"]["legal_bases"] = json!({"extra": [text]}),
            "reference" => {
                request["content"]["guidance"] = json!([{"type": "Nghị định", "number": text, "date": "2017-01-01"}])
            }
            prose => request["content"][prose] = json!([text]),
        }
        let context = RuleContext {
            issued_on: Some(date),
            effective_on: date,
            issued: true,
            edition_cites: &laws,
            ..RuleContext::default()
        };
        let findings = super::check(&Facts::read(&request).unwrap(), &context);
        findings.iter().filter(|f| f.code == "D08").map(|f| f.severity).collect()
    }

    #[test]
    fn d08_a_legal_basis_must_be_in_force_on_the_day_of_the_paper() {
        assert_eq!(d08("basis", "Căn cứ Nghị định số 98/2023/NĐ-CP", "2025-06-30"), []);
        assert_eq!(d08("basis", "Căn cứ Nghị định số 98/2023/NĐ-CP", "2025-07-01"), [Severity::Error]);
        assert_eq!(d08("basis", "Căn cứ Nghị định số 152/2025/NĐ-CP", "2025-06-30"), [Severity::Error]);
        assert_eq!(d08("basis", "Căn cứ Nghị định số 152/2025/NĐ-CP", "2025-07-01"), []);
    }

    #[test]
    fn d08_other_places_may_cite_what_was_in_force_in_the_period() {
        assert_eq!(d08("reference", "98/2023/NĐ-CP", "2025-07-24"), []);
        assert_eq!(d08("reference", "91/2017/NĐ-CP", "2025-07-24"), [Severity::Error]);
        assert_eq!(d08("tasks", "Thực hiện Nghị định số 98/2023/NĐ-CP.", "2025-07-24"), []);
        assert_eq!(d08("tasks", "Thực hiện Nghị định số 91/2017/NĐ-CP.", "2025-07-24"), [Severity::Warning]);
        assert_eq!(d08("tasks", "Nghị định số 191/2017/NĐ-CP và 91/2017/NĐ-CPX", "2025-07-24"), []);
    }
}
