//! Places by points (*xếp hạng*).

use rust_decimal::Decimal;

/// A place in a ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    /// From 1.
    pub place: u64,
    /// True if another has the same points and so the same place.
    pub tied: bool,
}

/// The place of each of the points, in their order; equal points share a place and the next one is left out: 1, 2, 2, 4.
/// Who has no points has no place.
pub fn rank(points: &[Option<Decimal>]) -> Vec<Option<Rank>> {
    let mut order: Vec<Decimal> = points.iter().copied().flatten().collect();
    order.sort_unstable_by(|a, b| b.cmp(a));
    let place_of = |points: Decimal| {
        let better = order.partition_point(|other| *other > points);
        let not_worse = order.partition_point(|other| *other >= points);
        Rank { place: better as u64 + 1, tied: not_worse - better > 1 }
    };
    points.iter().map(|points| points.map(place_of)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(points: &[&str], expected: &str) {
        let points: Vec<Option<Decimal>> = points.iter().map(|text| text.parse().ok()).collect();
        let places = rank(&points).into_iter().map(|rank| match rank {
            Some(Rank { place, tied: true }) => format!("{place}="),
            Some(Rank { place, tied: false }) => place.to_string(),
            None => "-".into(),
        });
        assert_eq!(places.collect::<Vec<_>>().join(" "), expected, "{points:?}");
    }

    #[test]
    fn equal_points_share_a_place_and_the_next_is_left_out() {
        check(&["980", "975", "975", "960"], "1 2= 2= 4");
        check(&["960", "975", "980", "975"], "4 2= 1 2=");
        check(&["900", "900", "900"], "1= 1= 1=");
        check(&["1", "2", "3"], "3 2 1");
    }

    #[test]
    fn points_are_equal_whatever_their_zeros() {
        check(&["97.50", "97.5", "97.49"], "1= 1= 3");
    }

    #[test]
    fn who_has_no_points_has_no_place_and_takes_none() {
        check(&["", "975", "", "980"], "- 2 - 1");
        check(&["", ""], "- -");
        check(&[], "");
        check(&["0", "-5"], "1 2");
    }
}
