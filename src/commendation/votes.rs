//! Who is nominated, held against the ballots on the award (V03).

use super::{
    catalogue::Catalogue,
    nominations::{is_certificate, is_flag},
};
use crate::{
    ballot::{Outcome, Row, rows_of, same_name},
    facts::{Ballot, BallotPurpose, Facts, Honoree, Nomination, RuleContext, Threshold, numbered},
    failure::{Finding, Severity},
    vietnamese::{count, fold_unit},
};

/// V03 over every nomination: who stood for the award and was not chosen is not proposed for it, the votes said to be theirs
/// are those of the ballot, and who stood in none is told.
pub(super) fn check(facts: &Facts, catalogue: &Catalogue, context: &RuleContext) -> Vec<Finding> {
    let local = facts.limit(context, "vote", |limits| limits.vote).map(|limit| limit.value);
    let votes = Votes { facts, local: local.as_ref(), context };
    let mut findings = Vec::new();
    for (pointer, nomination) in numbered("/content/nominations", &facts.nominations) {
        let purpose = match nomination {
            it if is_flag(it, catalogue) => Some(BallotPurpose::Flag),
            it if is_certificate(it, catalogue) => Some(BallotPurpose::Certificate),
            _ => None,
        };
        findings.extend(votes.check(&pointer, nomination, purpose, catalogue));
    }
    findings
}

struct Votes<'a> {
    facts: &'a Facts,
    local: Option<&'a Threshold>,
    context: &'a RuleContext<'a>,
}

impl<'a> Votes<'a> {
    fn check(
        &self,
        pointer: &str,
        nomination: &Nomination,
        purpose: Option<BallotPurpose>,
        catalogue: &Catalogue,
    ) -> Vec<Finding> {
        let award = catalogue.name_of(&nomination.form);
        let on_it = self.rows(|ballot| purpose.is_some() && ballot.purpose == purpose);
        let open = self.rows(|ballot| matches!(ballot.purpose, None | Some(BallotPurpose::Other)));
        let own = |rows: &[Row<'a>]| -> Vec<Row<'a>> {
            rows.iter().filter(|row| is_nominee(row, nomination)).cloned().collect()
        };
        let (on_it_own, open_own) = (own(&on_it), own(&open));
        let rows = if on_it_own.is_empty() { open_own } else { on_it_own };
        if rows.is_empty() && on_it.is_empty() {
            return self.check_unlisted(pointer, nomination, purpose).into_iter().collect();
        }
        if rows.is_empty() {
            return check_stood(pointer, nomination, award, &on_it).into_iter().collect();
        }
        let not_chosen = self.check_chosen(pointer, nomination, award, &rows);
        not_chosen.into_iter().chain(check_votes(pointer, nomination, &rows)).collect()
    }

    fn rows(&self, wanted: impl Fn(&Ballot) -> bool) -> Vec<Row<'a>> {
        rows_of(numbered("/content/ballots", &self.facts.ballots).filter(|(_, ballot)| wanted(ballot)), self.local)
    }

    /// Error: where no ballot on the award says who stood in it, the votes of a nomination are still such as one of these
    /// ballots may have given. Warning where there is only one on something else: it may be on this too.
    fn check_unlisted(
        &self,
        pointer: &str,
        nomination: &Nomination,
        purpose: Option<BallotPurpose>,
    ) -> Option<Finding> {
        let unlisted = |wanted: &dyn Fn(&Ballot) -> bool| -> Vec<(String, &'a Ballot)> {
            let ballots = numbered("/content/ballots", &self.facts.ballots);
            ballots.filter(|(_, ballot)| ballot.candidates.is_empty() && wanted(ballot)).collect()
        };
        let on_it = unlisted(&|ballot| purpose.is_some() && ballot.purpose == purpose);
        let open = unlisted(&|ballot| matches!(ballot.purpose, None | Some(BallotPurpose::Other)));
        let (ballots, severity) = if on_it.is_empty() { (open, Severity::Warning) } else { (on_it, Severity::Error) };
        let known = |ballot: &Ballot| known_voters(ballot).into_iter().next();
        let too_many =
            |ballot: &Ballot| nomination.agree.zip(known(ballot)).is_some_and(|(agree, (_, most))| agree > most);
        if ballots.iter().any(|(_, ballot)| !too_many(ballot) && counts_voters(nomination, ballot)) {
            return None;
        }
        let (place, ballot) = ballots.last()?;
        let (field, known) = known(ballot)?;
        let (stated, said, words) = match nomination.agree {
            Some(agree) if agree > known => (agree, "agree", "phiếu đồng ý"),
            Some(_) | None => (nomination.voters?, "voters", "người bỏ phiếu"),
        };
        let nominee = nomination.nominee.trim();
        Some(
            Finding::new(
                "V03",
                severity,
                format!("{pointer}/{said}"),
                format!(
                    "“{nominee}” được đề nghị với {} {words}, nhưng cuộc bỏ phiếu ghi tất cả {}; hãy kiểm tra lại hai số này.",
                    count(stated),
                    count(known)
                ),
                format!("“{nominee}” is nominated with {said} {stated}, the ballot had {known} in all."),
            )
            .and_at(format!("{place}/{field}"))
            .found(stated.to_string())
            .expected(count(known)),
        )
    }

    /// Error; in a draft a warning: nobody is proposed for what the ballot did not choose them for.
    fn check_chosen(&self, pointer: &str, nomination: &Nomination, award: &str, rows: &[Row]) -> Option<Finding> {
        if rows.iter().any(|row| row.outcome != Some(Outcome::NotChosen)) {
            return None;
        }
        let row = rows.last()?;
        let nominee = nomination.nominee.trim();
        let votes = row.candidate.agree.map(|agree| format!(" với {}{} phiếu đồng ý", count(agree), out_of(row)));
        let field = if row.candidate.chosen == Some(false) { "chosen" } else { "agree" };
        Some(
            Finding::new(
                "V03",
                if self.context.issued { Severity::Error } else { Severity::Warning },
                format!("{pointer}/nominee"),
                format!(
                    "“{nominee}” được đề nghị “{award}” nhưng không được chọn trong cuộc bỏ phiếu{}; hãy bỏ khỏi danh sách hoặc sửa kết quả bỏ phiếu.",
                    votes.unwrap_or_default()
                ),
                format!("“{nominee}” is proposed for “{award}”, but was not chosen in the ballot."),
            )
            .and_at(format!("{}/{field}", row.place))
            .found(nominee),
        )
    }
}

pub(super) fn is_nominee(row: &Row, nomination: &Nomination) -> bool {
    let elsewhere = |one: &str, other: &str| fold_unit(one) != fold_unit(other);
    let units = row.candidate.unit.as_deref().zip(nomination.unit.as_deref());
    same_name(row.candidate, &nomination.nominee) && !units.is_some_and(|(one, other)| elsewhere(one, other))
}

fn out_of(row: &Row) -> String {
    row.ballot
        .valid
        .or(row.ballot.present)
        .or(row.ballot.eligible)
        .map(|base| format!("/{}", count(base)))
        .unwrap_or_default()
}

/// Error: the votes in the nomination are those of a ballot's row.
fn check_votes(pointer: &str, nomination: &Nomination, rows: &[Row]) -> Option<Finding> {
    let agrees = |row: &&Row| {
        let same = |stated: Option<u64>, known: Option<u64>| stated.zip(known).is_none_or(|(a, b)| a == b);
        same(nomination.agree, row.candidate.agree) && counts_voters(nomination, row.ballot)
    };
    if rows.iter().any(|row| agrees(&row)) {
        return None;
    }
    let row = rows.last()?;
    let nominee = nomination.nominee.trim();
    let of_agree = nomination.agree.zip(row.candidate.agree).filter(|(stated, voted)| stated != voted);
    let (field, at, stated, known, words) = match of_agree {
        Some((stated, voted)) => ("agree", format!("{}/agree", row.place), stated, voted, "phiếu đồng ý"),
        None => {
            let (known, base) = known_voters(row.ballot).into_iter().next()?;
            ("voters", format!("{}/{known}", row.ballot_place), nomination.voters?, base, "người bỏ phiếu")
        }
    };
    Some(
        Finding::new(
            "V03",
            Severity::Error,
            format!("{pointer}/{field}"),
            format!(
                "“{nominee}” được đề nghị với {} {words}, nhưng cuộc bỏ phiếu ghi {}; hãy kiểm tra lại hai số này.",
                count(stated),
                count(known)
            ),
            format!("“{nominee}” is nominated with {field} {stated}, the ballot says {known}."),
        )
        .and_at(at)
        .found(stated.to_string())
        .expected(count(known)),
    )
}

/// Those who voted are counted as valid ballots, ballots that came back, those present or those entitled.
fn known_voters(ballot: &Ballot) -> Vec<(&'static str, u64)> {
    let numbers = [
        ("valid", ballot.valid),
        ("returned", ballot.returned),
        ("issued", ballot.issued),
        ("present", ballot.present),
        ("eligible", ballot.eligible),
    ];
    numbers.into_iter().filter_map(|(field, number)| Some((field, number?))).collect()
}

fn counts_voters(nomination: &Nomination, ballot: &Ballot) -> bool {
    let known = known_voters(ballot);
    nomination.voters.is_none_or(|voters| known.is_empty() || known.iter().any(|(_, number)| *number == voters))
}

/// Warning: who is proposed stood in a ballot on the award, if there was one; a person, if people stood in it.
fn check_stood(pointer: &str, nomination: &Nomination, award: &str, on_it: &[Row]) -> Option<Finding> {
    let first = on_it.first()?;
    let is_person = nomination.sort == Some(Honoree::Individual);
    if is_person && on_it.iter().all(|row| row.candidate.unit.is_none()) {
        return None;
    }
    let nominee = nomination.nominee.trim();
    Some(
        Finding::new(
            "V03",
            Severity::Warning,
            format!("{pointer}/nominee"),
            format!(
                "“{nominee}” được đề nghị “{award}” nhưng không có tên trong {} người, đơn vị đã đưa ra bỏ phiếu; hãy kiểm tra lại.",
                count(on_it.len() as u64)
            ),
            format!("“{nominee}” is proposed for “{award}”, but stood in no ballot on it."),
        )
        .and_at(format!("{}/candidates", first.ballot_place))
        .found(nominee),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::samples::{findings, found, one};
    use super::*;

    fn with(nomination: Value, ballots: Value) -> Value {
        json!({"nominations": [nomination], "ballots": ballots})
    }

    fn flag(agree: u64) -> Value {
        json!({"nominee": "Sở A", "sort": "collective", "form": "emulation-flag-province", "agree": agree, "voters": 8})
    }

    fn ballot(candidates: Value) -> Value {
        json!({"subject": "s", "purpose": "flag", "valid": 8, "most_chosen": 1, "candidates": candidates,
            "threshold": {"numerator": 2, "denominator": 3, "base": "valid"}})
    }

    #[test]
    fn v03_nobody_is_proposed_whom_the_ballot_did_not_choose() {
        let below = json!([ballot(json!([{"name": "Sở A", "agree": 5}, {"name": "Sở B", "agree": 8}]))]);
        let pointers = ["/content/nominations/0/nominee", "/content/ballots/0/candidates/0/agree"];
        assert_eq!(found(with(flag(5), below)), one("V03", Severity::Warning, &pointers), "in a draft");
        let full = json!([ballot(json!([{"name": "Sở A", "agree": 6}, {"name": "Sở B", "agree": 7, "chosen": true}]))]);
        assert_eq!(found(with(flag(6), full)), one("V03", Severity::Warning, &pointers), "another was chosen");
        let stated = json!([ballot(json!([{"name": "Sở A", "agree": 8, "chosen": false}]))]);
        let pointers = ["/content/nominations/0/nominee", "/content/ballots/0/candidates/0/chosen"];
        assert_eq!(found(with(flag(8), stated)), one("V03", Severity::Warning, &pointers));
        let open = json!([ballot(json!([{"name": "Sở A", "agree": 6}, {"name": "Sở B", "agree": 7}]))]);
        assert_eq!(found(with(flag(6), open)), [], "who was chosen is not said");
    }

    #[test]
    fn v03_a_second_round_may_choose() {
        let rounds = json!([
            ballot(json!([{"name": "Sở A", "agree": 5}, {"name": "Sở B", "agree": 3}])),
            ballot(json!([{"name": "Sở A (đơn vị trưởng)", "agree": 7}]))
        ]);
        assert_eq!(found(with(flag(7), rounds)), []);
    }

    #[test]
    fn v03_votes_said_to_be_theirs_are_those_of_the_ballot() {
        let ballots = json!([ballot(json!([{"name": "Sở A", "agree": 8}]))]);
        assert_eq!(found(with(flag(8), ballots.clone())), []);
        let pointers = ["/content/nominations/0/agree", "/content/ballots/0/candidates/0/agree"];
        assert_eq!(found(with(flag(7), ballots.clone())), one("V03", Severity::Error, &pointers));
        let mut voters = flag(8);
        voters["voters"] = json!(9);
        let pointers = ["/content/nominations/0/voters", "/content/ballots/0/valid"];
        assert_eq!(found(with(voters, ballots)), one("V03", Severity::Error, &pointers));
        let unknown = json!([{"subject": "s", "purpose": "flag", "candidates": [{"name": "Sở A"}]}]);
        assert_eq!(found(with(flag(7), unknown)), [], "a blank count is compared with nothing");
    }

    #[test]
    fn v03_who_stood_in_no_ballot_on_the_award_is_told() {
        let other = json!([ballot(json!([{"name": "Sở B", "agree": 8}]))]);
        let pointers = ["/content/nominations/0/nominee", "/content/ballots/0/candidates"];
        assert_eq!(found(with(flag(8), other)), one("V03", Severity::Warning, &pointers));
        let mut all = json!([ballot(json!([{"name": "Sở B", "agree": 3}]))]);
        all.as_array_mut()
            .unwrap()
            .push(json!({"subject": "s", "purpose": "other", "candidates": [{"name": "Sở A", "agree": 8}]}));
        assert_eq!(found(with(flag(8), all)), [], "a ballot on everything names it");
        let none = json!([{"subject": "s", "purpose": "flag", "valid": 8}]);
        assert_eq!(found(with(flag(8), none)), [], "a ballot without rows says nothing of anyone");
    }

    #[test]
    fn v03_a_ballot_without_rows_still_bounds_the_votes() {
        let unlisted = |purpose: &str| json!([{"subject": "s", "purpose": purpose, "eligible": 9, "valid": 8}]);
        let mut more = flag(9);
        more["voters"] = json!(9);
        for (purpose, severity) in [("flag", Severity::Error), ("other", Severity::Warning)] {
            assert_eq!(found(with(flag(8), unlisted(purpose))), []);
            let pointers = ["/content/nominations/0/agree", "/content/ballots/0/valid"];
            assert_eq!(found(with(more.clone(), unlisted(purpose))), one("V03", severity, &pointers), "{purpose}");
        }
        let mut voters = flag(7);
        voters["voters"] = json!(7);
        let pointers = ["/content/nominations/0/voters", "/content/ballots/0/valid"];
        assert_eq!(found(with(voters, unlisted("flag"))), one("V03", Severity::Error, &pointers));
        assert_eq!(found(with(more.clone(), unlisted("head"))), [], "a ballot on something else");
        let two =
            json!([{"subject": "s", "purpose": "flag", "valid": 8}, {"subject": "t", "purpose": "flag", "valid": 9}]);
        assert_eq!(found(with(more.clone(), two)), [], "one of two rounds");
        assert_eq!(found(with(more, json!([{"subject": "s", "purpose": "flag"}]))), [], "a ballot not counted yet");
    }

    #[test]
    fn v03_namesakes_of_two_units_are_two_people() {
        let ballots = json!([{"subject": "s", "purpose": "certificate", "valid": 8, "candidates": [
            {"name": "Trần Thị B", "unit": "Sở Y tế", "agree": 2, "chosen": false},
            {"name": "Trần Thị B", "unit": "Sở Nội vụ", "agree": 8, "chosen": true}]}]);
        let person = |unit: &str| json!({"nominee": "Trần Thị B", "sort": "individual", "unit": unit, "form": "merit-certificate-province"});
        let of = |unit: &str| -> Vec<Finding> {
            findings(with(person(unit), ballots.clone())).into_iter().filter(|it| it.code == "V03").collect()
        };
        assert_eq!(of("Sở Nội vụ"), []);
        assert_eq!(of("Sở Y tế").len(), 1);
    }
}
