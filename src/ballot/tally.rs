//! Who has how large a share, and whether it is enough.

use std::num::NonZeroU64;

use rust_decimal::Decimal;

use crate::{
    facts::{Ballot, Candidate, Threshold, ThresholdBase},
    vietnamese,
};

/// Votes for a candidate out of a base, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApprovalRatio {
    agreed: u64,
    base: NonZeroU64,
}

impl ApprovalRatio {
    /// `None` if there is no base, or if more agreed than there are votes (rule V02 speaks about it).
    pub fn new(agreed: u64, base: u64) -> Option<Self> {
        let base = NonZeroU64::new(base)?;
        (agreed <= base.get()).then_some(Self { agreed, base })
    }

    /// `87,5%`: at most two decimals, halves up, decimal comma (rule V05).
    pub fn percent(self) -> String {
        let percent = vietnamese::percent(Decimal::from(self.agreed), Decimal::from(self.base.get()));
        percent.unwrap_or_default()
    }

    /// Whether the share is reached, compared as whole numbers; `None` for a threshold that is no fraction.
    pub fn reaches(self, threshold: &Threshold) -> Option<bool> {
        if threshold.denominator == 0 {
            return None;
        }
        let has = u128::from(self.agreed) * u128::from(threshold.denominator);
        let needs = u128::from(threshold.numerator) * u128::from(self.base.get());
        Some(if threshold.more_than == Some(true) { has > needs } else { has >= needs })
    }
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Chosen,
    NotChosen,
}

/// One candidate's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// `None` if the votes or the base are not known.
    pub ratio: Option<ApprovalRatio>,
    /// Whether the threshold is reached; `None` if that cannot be told.
    pub reached: Option<bool>,
    /// As stated; else what follows from the threshold; `None` where neither says it.
    pub outcome: Option<Outcome>,
}

/// The results of a ballot in the order of its candidates. The ballot's own threshold goes before `local`, the one that
/// the province's rules set for every vote.
pub fn tally(ballot: &Ballot, local: Option<&Threshold>) -> Vec<Tally> {
    let threshold = ballot.threshold.as_ref().or(local);
    let base = base_of(ballot, threshold);
    let reached = |candidate: &Candidate| reaches(candidate, ballot, threshold?);
    let reaching = ballot.candidates.iter().filter(|candidate| reached(candidate) == Some(true)).count() as u64;
    let room_for_all = ballot.most_chosen.is_none_or(|most| reaching <= most);
    let one = |candidate: &Candidate| {
        let reached = reached(candidate);
        let outcome = match (candidate.chosen, reached) {
            (Some(true), _) => Some(Outcome::Chosen),
            (Some(false), _) | (None, Some(false)) => Some(Outcome::NotChosen),
            (None, Some(true)) if room_for_all => Some(Outcome::Chosen),
            (None, Some(true) | None) => None,
        };
        Tally {
            ratio: ApprovalRatio::new(
                candidate.agree.unwrap_or(0),
                base.filter(|_| candidate.agree.is_some()).unwrap_or(0),
            ),
            reached,
            outcome,
        }
    };
    ballot.candidates.iter().map(one).collect()
}

/// Whether a candidate reaches the threshold; `None` if the votes or the base are not known.
pub fn reaches(candidate: &Candidate, ballot: &Ballot, threshold: &Threshold) -> Option<bool> {
    ApprovalRatio::new(candidate.agree?, base_of(ballot, Some(threshold))?)?.reaches(threshold)
}

/// The base that the threshold names; without a threshold the valid ballots, or in a show of hands those present.
pub(super) fn base_of(ballot: &Ballot, threshold: Option<&Threshold>) -> Option<u64> {
    match threshold.map(|threshold| threshold.base) {
        Some(ThresholdBase::Eligible) => ballot.eligible,
        Some(ThresholdBase::Present) => ballot.present,
        Some(ThresholdBase::Valid) => ballot.valid,
        None => ballot.valid.or(ballot.present),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn threshold(numerator: u64, denominator: u64, more_than: bool) -> Threshold {
        Threshold { numerator, denominator, base: ThresholdBase::Valid, more_than: Some(more_than) }
    }

    #[test]
    fn a_share_is_compared_as_whole_numbers() {
        for (agreed, base, (numerator, denominator, more_than), reached) in [
            (2, 3, (2, 3, false), true),
            (66, 100, (2, 3, false), false),
            (67, 100, (2, 3, false), true),
            (4, 8, (1, 2, false), true),
            (4, 8, (1, 2, true), false),
            (5, 8, (1, 2, true), true),
            (7, 10, (70, 100, false), true),
            (u64::MAX - 1, u64::MAX, (1, 1, false), false),
            (0, 5, (0, 1, false), true),
        ] {
            let ratio = ApprovalRatio::new(agreed, base).unwrap();
            assert_eq!(ratio.reaches(&threshold(numerator, denominator, more_than)), Some(reached), "{agreed}/{base}");
        }
        assert_eq!(ApprovalRatio::new(1, 2).unwrap().reaches(&threshold(1, 0, false)), None);
        assert_eq!(ApprovalRatio::new(1, 0), None);
        assert_eq!(ApprovalRatio::new(3, 2), None);
    }

    #[test]
    fn v05_a_share_is_printed_with_two_decimals_at_most_half_up_and_a_comma() {
        for (agreed, base, printed) in [
            (7, 8, "87,5%"),
            (2, 3, "66,67%"),
            (1, 3, "33,33%"),
            (8, 8, "100%"),
            (0, 8, "0%"),
            (1, 800, "0,13%"),
            (1, 32, "3,13%"),
        ] {
            assert_eq!(ApprovalRatio::new(agreed, base).unwrap().percent(), printed);
        }
    }

    fn results(ballot: Value, local: Option<Threshold>) -> Vec<(Option<String>, Option<bool>, Option<Outcome>)> {
        let ballot: Ballot = serde_json::from_value(ballot).unwrap();
        tally(&ballot, local.as_ref())
            .iter()
            .map(|t| (t.ratio.map(ApprovalRatio::percent), t.reached, t.outcome))
            .collect()
    }

    #[test]
    fn what_is_not_known_gives_no_result() {
        assert_eq!(
            results(json!({"candidates": [{"name": "A", "agree": 3}, {"name": "B"}]}), None),
            [(None, None, None), (None, None, None)]
        );
        let unknown_votes = json!({"valid": 8, "candidates": [{"name": "A"}], "threshold": {"numerator": 1, "denominator": 2, "base": "valid"}});
        assert_eq!(results(unknown_votes, None), [(None, None, None)]);
    }

    #[test]
    fn the_ballots_own_threshold_goes_before_the_local_one() {
        let ballot = json!({"eligible": 10, "valid": 8, "candidates": [{"name": "A", "agree": 5}],
            "threshold": {"numerator": 2, "denominator": 3, "base": "eligible"}});
        assert_eq!(
            results(ballot.clone(), Some(threshold(1, 2, false))),
            [(Some("50%".into()), Some(false), Some(Outcome::NotChosen))]
        );
        let mut without = ballot;
        without["threshold"] = Value::Null;
        assert_eq!(
            results(without, Some(threshold(1, 2, false))),
            [(Some("62,5%".into()), Some(true), Some(Outcome::Chosen))]
        );
    }

    #[test]
    fn an_outcome_that_is_stated_stays_and_one_that_does_not_follow_is_left_open() {
        let row = |name: &str, agree: u64| json!({"name": name, "agree": agree});
        let open = json!({"valid": 8, "most_chosen": 1, "candidates": [row("A", 7), row("B", 6), row("C", 1)]});
        let outcomes =
            |ballot: Value| results(ballot, Some(threshold(1, 2, true))).into_iter().map(|r| r.2).collect::<Vec<_>>();
        assert_eq!(outcomes(open.clone()), [None, None, Some(Outcome::NotChosen)]);
        let mut stated = open;
        stated["candidates"][0]["chosen"] = json!(true);
        stated["candidates"][1]["chosen"] = json!(false);
        assert_eq!(outcomes(stated), [Some(Outcome::Chosen), Some(Outcome::NotChosen), Some(Outcome::NotChosen)]);
    }
}
