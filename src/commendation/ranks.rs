//! Places and points that a paper states beside its nominees (S05).

use crate::{
    facts::{Facts, Honoree, Nomination, numbered},
    failure::{Finding, Severity},
    vietnamese::group,
};

const LIST: &str = "/content/nominations";

/// S05 (error): among units nominated for one year, one place has one number of points, and more points are never a worse
/// place. One whose place was given for another reason says so in `reason`; the same unit may stand for several awards.
pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let ranked: Vec<Ranked> =
        numbered(LIST, &facts.nominations).filter_map(|(place, it)| Ranked::of(place, it)).collect();
    let mut findings = Vec::new();
    for (number, later) in ranked.iter().enumerate() {
        // The nearest that contradicts is enough.
        findings.extend(ranked[..number].iter().rev().find_map(|earlier| contradiction(earlier, later)));
    }
    findings
}

struct Ranked<'a> {
    place: String,
    of: &'a Nomination,
    score: rust_decimal::Decimal,
    rank: u64,
}

impl<'a> Ranked<'a> {
    fn of(place: String, of: &'a Nomination) -> Option<Self> {
        let explained = of.reason.as_deref().is_some_and(|reason| !reason.trim().is_empty());
        let is_unit = of.sort == Some(Honoree::Collective);
        (is_unit && !explained).then_some(Self { place, of, score: of.score?, rank: of.rank? })
    }
}

fn contradiction(one: &Ranked, other: &Ranked) -> Option<Finding> {
    if one.of.last_year().zip(other.of.last_year()).is_some_and(|(a, b)| a != b) {
        return None;
    }
    let (better, worse) = if one.score >= other.score { (one, other) } else { (other, one) };
    let same_place = better.rank == worse.rank && better.score != worse.score;
    let turned = better.rank > worse.rank && better.score > worse.score;
    if !same_place && !turned {
        return None;
    }
    let of = |it: &Ranked| format!("“{}” {} điểm xếp thứ {}", it.of.nominee.trim(), group(&it.score), it.rank);
    Some(
        Finding::new(
            "S05",
            Severity::Error,
            format!("{}/rank", other.place),
            format!("{}, còn {}; hãy kiểm tra lại điểm và thứ hạng hoặc nêu lý do.", of(better), of(worse)),
            format!(
                "{} points are number {}, {} points number {}.",
                better.score, better.rank, worse.score, worse.rank
            ),
        )
        .and_at(format!("{}/score", other.place))
        .and_at(format!("{}/rank", one.place))
        .and_at(format!("{}/score", one.place))
        .found(other.rank.to_string()),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(rows: &[(f64, u64, i32, Option<&str>)]) -> Vec<String> {
        let rows: Vec<Value> = rows
            .iter()
            .enumerate()
            .map(|(at, (score, rank, year, reason))| {
                json!({"nominee": format!("Sở {at}"), "sort": "collective", "form": "Bằng khen", "score": score,
                    "rank": rank, "year": year, "reason": reason})
            })
            .collect();
        let facts = Facts::read(&json!({"content": {"nominations": rows}})).unwrap();
        check(&facts).into_iter().map(|finding| finding.pointers[0].clone()).collect()
    }

    #[test]
    fn s05_places_follow_the_points() {
        assert_eq!(found(&[(980.0, 1, 2026, None), (975.5, 2, 2026, None), (975.5, 2, 2026, None)]), [""; 0]);
        assert_eq!(found(&[(975.5, 1, 2026, None), (975.5, 2, 2026, None)]), [""; 0], "a tie may be broken by votes");
        assert_eq!(found(&[(980.0, 1, 2026, None), (975.5, 1, 2026, None)]), ["/content/nominations/1/rank"]);
        assert_eq!(found(&[(975.5, 1, 2026, None), (980.0, 2, 2026, None)]), ["/content/nominations/1/rank"]);
        assert_eq!(found(&[(975.5, 1, 2025, None), (980.0, 2, 2026, None)]), [""; 0], "of two years");
        assert_eq!(found(&[(975.5, 1, 2026, Some("tâm điểm")), (980.0, 2, 2026, None)]), [""; 0], "explained");
    }
}
