//! Posts in a bloc, and how many the ballots chose for them (V03).

use super::{Outcome, Row, rows_of, same_name};
use crate::{
    facts::{Ballot, BallotPurpose, Facts, Threshold, numbered},
    failure::{Finding, Severity},
    vietnamese::{count, fold_name},
};

/// V03 (warning): no more are chosen for a post than there are posts. What a ballot itself says of it is judged with its count.
pub(super) fn check(facts: &Facts, local: Option<&Threshold>) -> Vec<Finding> {
    let ballots = numbered("/content/ballots", &facts.ballots).filter(|(_, ballot)| ballot.most_chosen.is_none());
    ballots
        .filter_map(|(pointer, ballot)| {
            let chosen: Vec<Row> = rows_of([(pointer.clone(), ballot)], local)
                .into_iter()
                .filter(|row| row.outcome == Some(Outcome::Chosen))
                .collect();
            let posts = posts_of(ballot, facts)?;
            (chosen.len() as u64 > posts).then(|| too_many(ballot, facts, &chosen, posts))
        })
        .collect()
}

/// One head. One vote may be on head and deputies together: then there are as many posts as are elected of those who stood.
fn posts_of(ballot: &Ballot, facts: &Facts) -> Option<u64> {
    let deputies = facts.election.as_ref().map(|election| &election.deputies);
    let stood = |unit: &String| {
        ballot.candidates.iter().any(|it| same_name(it, unit) || it.unit.as_deref().is_some_and(|own| same(own, unit)))
    };
    match ballot.purpose? {
        BallotPurpose::Head if facts.ballots.iter().any(|it| it.purpose == Some(BallotPurpose::Deputy)) => Some(1),
        BallotPurpose::Head => match deputies {
            Some(deputies) => Some(1 + deputies.iter().filter(|unit| stood(unit)).count() as u64),
            None => (!fold_name(&ballot.subject).contains(&fold_name("phó"))).then_some(1),
        },
        BallotPurpose::Deputy => deputies.map(|deputies| deputies.len() as u64).filter(|posts| *posts > 0),
        BallotPurpose::Flag | BallotPurpose::Certificate | BallotPurpose::Other => None,
    }
}

fn same(one: &str, other: &str) -> bool {
    fold_name(one) == fold_name(other)
}

fn too_many(ballot: &Ballot, facts: &Facts, chosen: &[Row], posts: u64) -> Finding {
    let number = chosen.len() as u64;
    let place = |row: &Row| {
        let field = if row.candidate.chosen == Some(true) { "chosen" } else { "agree" };
        format!("{}/{field}", row.place)
    };
    let finding = Finding::new(
        "V03",
        Severity::Warning,
        place(&chosen[0]),
        format!(
            "Cuộc bỏ phiếu “{}” có {} đơn vị được chọn cho {} chức danh; hãy kiểm tra lại kết quả hoặc ghi ai được chọn.",
            ballot.subject.trim(),
            count(number),
            count(posts)
        ),
        format!("{number} are chosen for {posts} post(s)."),
    )
    .found(number.to_string())
    .expected(count(posts));
    let finding = chosen[1..].iter().fold(finding, |finding, row| finding.and_at(place(row)));
    if facts.election.is_some() { finding.and_at("/content/election") } else { finding }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(ballots: Value, election: Value) -> Vec<Vec<String>> {
        let facts = Facts::read(&json!({"content": {"ballots": ballots, "election": election}})).unwrap();
        check(&facts, None).into_iter().map(|finding| finding.pointers).collect()
    }

    fn ballot(purpose: &str, chosen: &[&str]) -> Value {
        let rows: Vec<Value> = chosen.iter().map(|name| json!({"name": name, "agree": 8, "chosen": true})).collect();
        json!({"subject": "Bầu đơn vị", "purpose": purpose, "valid": 8, "candidates": rows})
    }

    #[test]
    fn v03_one_post_has_one_who_is_chosen() {
        let none: Vec<Vec<String>> = Vec::new();
        assert_eq!(found(json!([ballot("head", &["Sở A"])]), Value::Null), none);
        let two = ["/content/ballots/0/candidates/0/chosen", "/content/ballots/0/candidates/1/chosen"];
        assert_eq!(found(json!([ballot("head", &["Sở A", "Sở B"])]), Value::Null), [two.map(String::from).to_vec()]);
        let reached = json!([{"subject": "s", "purpose": "head", "valid": 8, "threshold": {"numerator": 1, "denominator": 2, "base": "valid"},
            "candidates": [{"name": "Sở A", "agree": 8}, {"name": "Sở B", "agree": 7}]}]);
        let two =
            ["/content/ballots/0/candidates/0/agree", "/content/ballots/0/candidates/1/agree", "/content/election"];
        let election = json!({"year": 2027, "head": "Sở A", "deputies": ["Sở C"]});
        assert_eq!(found(reached, election), [two.map(String::from).to_vec()], "the deputy did not stand");
    }

    #[test]
    fn v03_one_vote_may_be_on_head_and_deputies() {
        let all = ballot("head", &["Sở A", "Sở B", "Sở C"]);
        let election = json!({"year": 2027, "head": "Sở A", "deputies": ["Sở B", "Sở C"]});
        assert_eq!(found(json!([all.clone()]), election.clone()), Vec::<Vec<String>>::new());
        assert_eq!(found(json!([all.clone(), ballot("deputy", &["Sở B", "Sở C"])]), election.clone()).len(), 1);
        assert_eq!(found(json!([ballot("deputy", &["Sở B", "Sở C", "Sở D"])]), election).len(), 1);
        let mut open = all;
        open["subject"] = json!("Bầu Trưởng khối, Phó Trưởng khối");
        assert_eq!(found(json!([open]), Value::Null), Vec::<Vec<String>>::new(), "how many are elected is not said");
    }
}
