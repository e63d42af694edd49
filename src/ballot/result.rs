//! What ballots say of one name: every row it has, with its place and outcome.

use super::tally::{Outcome, tally};
use crate::{
    facts::{Ballot, Candidate, Threshold},
    vietnamese::fold_unit,
};

/// One candidate's row in one of the ballots asked.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// Place of the ballot in the request.
    pub ballot_place: String,
    /// Place of the candidate.
    pub place: String,
    pub ballot: &'a Ballot,
    pub candidate: &'a Candidate,
    /// As stated; else by the threshold, or because as many others as may be are said to be chosen.
    pub outcome: Option<Outcome>,
}

/// All rows of ballots, in their order.
pub fn rows_of<'a>(ballots: impl IntoIterator<Item = (String, &'a Ballot)>, local: Option<&Threshold>) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for (ballot_place, ballot) in ballots {
        let stated = ballot.candidates.iter().filter(|candidate| candidate.chosen == Some(true)).count() as u64;
        let full = ballot.most_chosen.is_some_and(|most| stated >= most);
        for (number, (candidate, result)) in ballot.candidates.iter().zip(tally(ballot, local)).enumerate() {
            let left_over = full && candidate.chosen.is_none();
            rows.push(Row {
                place: format!("{ballot_place}/candidates/{number}"),
                ballot_place: ballot_place.clone(),
                ballot,
                candidate,
                outcome: if left_over { Some(Outcome::NotChosen) } else { result.outcome },
            });
        }
    }
    rows
}

/// Whether a name is the candidate's: as two clerks may write it, without a remark in brackets.
pub fn same_name(candidate: &Candidate, name: &str) -> bool {
    let (written, wanted) = (fold_unit(candidate.bare_name()), fold_unit(name));
    !wanted.is_empty() && (written == wanted || fold_unit(&candidate.name) == wanted)
}
