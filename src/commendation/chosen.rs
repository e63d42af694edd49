//! Who was chosen for an award, held against the nominations (V03).

use super::{
    catalogue::Catalogue,
    nominations::{is_certificate, is_flag},
    votes::is_nominee,
};
use crate::{
    ballot::{Outcome, Row, rows_of, same_name},
    facts::{Ballot, BallotPurpose, Facts, Nomination, RuleContext, numbered},
    failure::{Finding, Severity},
    vietnamese::count,
};

/// Fields that only a submission has: it may ask for a part of what was chosen, each deciding body having its own.
const OF_A_SUBMISSION: [&str; 4] = ["attachments", "decider", "minutes", "request_phrases"];
/// Names said in the sentence.
const SAID: usize = 3;

/// V03 (warning): who is chosen for an award is proposed: for that one, or for more. A list without any names is judged by none,
/// nor is a ballot of which something is `told` already: one in another's place is one mistake.
pub(super) fn check(facts: &Facts, catalogue: &Catalogue, context: &RuleContext, told: &[Finding]) -> Vec<Finding> {
    if facts.nominations.is_empty() {
        return Vec::new();
    }
    let local = facts.limit(context, "vote", |limits| limits.vote).map(|limit| limit.value);
    let submission = OF_A_SUBMISSION.iter().any(|field| facts.stated.contains(*field));
    let ballots: Vec<(String, &Ballot)> = numbered("/content/ballots", &facts.ballots).collect();
    let mut findings = Vec::new();
    for (number, (pointer, ballot)) in ballots.iter().enumerate() {
        let asks: fn(&Nomination, &Catalogue) -> bool = match ballot.purpose {
            Some(BallotPurpose::Flag) => |it, catalogue| is_flag(it, catalogue) || !is_certificate(it, catalogue),
            Some(BallotPurpose::Certificate) => |_, _| true,
            Some(BallotPurpose::Head | BallotPurpose::Deputy | BallotPurpose::Other) | None => continue,
        };
        let asked: Vec<&Nomination> = facts.nominations.iter().filter(|it| asks(it, catalogue)).collect();
        let of_this_sort = |it: &&Nomination| match ballot.purpose {
            Some(BallotPurpose::Flag) => is_flag(it, catalogue),
            _ => is_certificate(it, catalogue),
        };
        let place = format!("{pointer}/");
        if told.iter().flat_map(|finding| &finding.pointers).any(|it| it.starts_with(&place)) {
            continue;
        }
        if submission && !facts.nominations.iter().any(|it| of_this_sort(&it)) {
            continue;
        }
        // A later round on the same may have left them out.
        let later = rows_of(
            ballots[number + 1..].iter().filter(|(_, it)| it.purpose == ballot.purpose).cloned(),
            local.as_ref(),
        );
        let left_out = |row: &Row| {
            later
                .iter()
                .any(|it| same_name(it.candidate, &row.candidate.name) && it.outcome == Some(Outcome::NotChosen))
        };
        let explained = |row: &Row| row.candidate.reason.as_deref().is_some_and(|reason| !reason.trim().is_empty());
        let missed: Vec<Row> = rows_of([(pointer.clone(), *ballot)], local.as_ref())
            .into_iter()
            .filter(|row| row.outcome == Some(Outcome::Chosen) && !explained(row) && !left_out(row))
            .filter(|row| !asked.iter().any(|it| is_nominee(row, it)))
            .collect();
        findings.extend(not_proposed(ballot, &missed, facts.nominations.len()));
    }
    findings
}

fn not_proposed(ballot: &Ballot, missed: &[Row], proposed: usize) -> Option<Finding> {
    let first = missed.first()?;
    let said: Vec<String> = missed.iter().take(SAID).map(|row| format!("“{}”", row.candidate.name.trim())).collect();
    let more = if missed.len() > SAID { ", …" } else { "" };
    let finding = Finding::new(
        "V03",
        Severity::Warning,
        format!("{}/name", first.place),
        format!(
            "Cuộc bỏ phiếu “{}” chọn {} trường hợp không được đề nghị khen thưởng tương ứng trong danh sách {} đề nghị: {}{more}; hãy bổ sung đề nghị, sửa kết quả hoặc nêu lý do.",
            ballot.subject.trim(),
            count(missed.len() as u64),
            count(proposed as u64),
            said.join(", ")
        ),
        format!("{} are chosen in the ballot and not proposed for it.", missed.len()),
    )
    .found(first.candidate.name.trim());
    let finding = missed[1..].iter().fold(finding, |finding, row| finding.and_at(format!("{}/name", row.place)));
    Some(finding.and_at("/content/nominations"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::samples::{findings, found, one};
    use super::*;

    fn ballot(purpose: &str, chosen: &[&str]) -> Value {
        let rows: Vec<Value> = chosen.iter().map(|name| json!({"name": name, "agree": 8, "chosen": true})).collect();
        json!({"subject": "s", "purpose": purpose, "valid": 8, "candidates": rows})
    }

    fn nomination(name: &str, form: &str) -> Value {
        json!({"nominee": name, "sort": "collective", "form": form, "agree": 8, "voters": 8})
    }

    const FLAG: &str = "emulation-flag-province";
    const CERTIFICATE: &str = "merit-certificate-province";

    #[test]
    fn v03_who_is_chosen_for_an_award_is_proposed_for_it() {
        let both = json!([ballot("flag", &["Sở A"]), ballot("certificate", &["Sở B"])]);
        let nominations = json!([nomination("Sở A", FLAG), nomination("Sở B", CERTIFICATE)]);
        assert_eq!(found(json!({"ballots": both, "nominations": nominations})), []);
        let more = json!([ballot("certificate", &["Sở B", "Sở C", "Sở D"])]);
        let pointers =
            ["/content/ballots/0/candidates/1/name", "/content/ballots/0/candidates/2/name", "/content/nominations"];
        let content = json!({"ballots": more, "nominations": [nomination("Sở B", CERTIFICATE)]});
        assert_eq!(found(content), one("V03", Severity::Warning, &pointers));
    }

    #[test]
    fn v03_chosen_for_the_flag_and_proposed_for_less_is_told_and_the_other_way_round_is_not() {
        let of = |purpose: &str, form: &str| -> usize {
            let content = json!({"ballots": [ballot(purpose, &["Sở A"])], "nominations": [nomination("Sở A", form)]});
            findings(content).into_iter().filter(|it| it.code == "V03").count()
        };
        assert_eq!(of("flag", CERTIFICATE), 1);
        assert_eq!(of("flag", FLAG), 0);
        assert_eq!(of("certificate", CERTIFICATE), 0);
        assert_eq!(of("certificate", FLAG), 0);
    }

    #[test]
    fn v03_what_is_not_said_or_asked_elsewhere_is_not_judged() {
        let flags = json!([ballot("flag", &["Sở A"])]);
        assert_eq!(found(json!({"ballots": flags})), [], "minutes that list no nominations");
        let other = json!([nomination("Sở B", CERTIFICATE)]);
        let part = json!({"ballots": flags, "nominations": other, "decider": "Chủ tịch Ủy ban nhân dân tỉnh"});
        assert_eq!(found(part), [], "a submission of its own asks for the flag");
        let mut reasoned = flags;
        reasoned[0]["candidates"][0]["reason"] = json!("xin rút");
        assert_eq!(found(json!({"ballots": reasoned, "nominations": other})), []);
    }
}
