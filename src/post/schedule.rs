//! When a delivery is tried, and what an answer means.

use std::{str::FromStr, time::Duration};

use crate::{
    fingerprint,
    ledger::{Forbearance, Sent},
    outbound::{Answer, NoAnswer},
};

/// Waits before the tries; the first is before the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(Vec<Duration>);

/// The text is no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a schedule is waits such as 0s 5s 5m 2h, at least one")]
pub struct MalformedSchedule;

/// A wait is so much longer or shorter, so that those who failed together do not come together.
const JITTER: f64 = 0.2;
/// Where the schedule names no later wait.
const BREATH: Duration = Duration::from_secs(5);

impl FromStr for Schedule {
    type Err = MalformedSchedule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wait = |word: &str| {
            let (number, unit) = word.split_at_checked(word.len().checked_sub(1)?)?;
            let unit = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                _ => return None,
            };
            let seconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
            (seconds <= 7 * 86_400).then(|| Duration::from_secs(seconds))
        };
        let waits: Option<Vec<Duration>> = text.split_ascii_whitespace().map(wait).collect();
        waits.filter(|waits| (1..=20).contains(&waits.len())).map(Self).ok_or(MalformedSchedule)
    }
}

impl Schedule {
    /// The wait after so many tries, unless there have been enough; a host may ask for a longer one, up to the next.
    fn after(&self, tries: u32, id: &str, asked: Option<Duration>) -> Option<Duration> {
        let place = usize::try_from(tries).ok()?;
        let wait = self.0.get(place)?.mul_f64(1.0 + JITTER * chance(id, tries));
        let longest = self.0.get(place + 1).copied().unwrap_or(wait).max(wait);
        Some(wait.max(asked.unwrap_or_default().min(longest)))
    }

    /// What becomes of a delivery after its try number `tries` (from 1), answered like this.
    pub fn judge(&self, answer: Result<Answer, NoAnswer>, tries: u32, id: &str) -> Sent {
        let again = |asked| self.after(tries, id, asked).map_or(Sent::GivenUp, Sent::Again);
        match answer {
            Ok(Answer { status: 200..=299, .. }) => Sent::Delivered,
            Ok(Answer { status: 410, .. }) => Sent::Gone,
            Ok(Answer { status: 408 | 429, retry_after }) => again(retry_after),
            Ok(Answer { status: 400..=499, .. }) => Sent::GivenUp,
            // Also 3xx: whoever moved says so to an operator, not to us.
            Ok(Answer { retry_after, .. }) => again(retry_after),
            Err(_) => again(None),
        }
    }

    /// How long an address that fails is left alone, in this schedule's measure.
    pub fn forbearance(&self, disable_after: Duration) -> Forbearance {
        let wait = |place: usize| self.0.get(place).copied().unwrap_or(BREATH);
        Forbearance { rest: wait(1), longest_rest: wait(2).max(wait(1)), disable_after }
    }
}

/// Between -1 and 1, and for the same try of the same delivery the same.
fn chance(id: &str, tries: u32) -> f64 {
    let hash = fingerprint::of(format!("{id} {tries}").as_bytes());
    let drawn = hash.get(..8).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or(u32::MAX / 2);
    f64::from(drawn) / f64::from(u32::MAX) * 2.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn answer(status: u16, retry_after: Option<Duration>) -> Result<Answer, NoAnswer> {
        Ok(Answer { status, retry_after })
    }

    #[test]
    fn the_schedule_is_followed_within_a_fifth_and_ends() {
        let schedule: Schedule = "0s 5s 5m 30m 2h 5h 10h 10h".parse().unwrap();
        for (tries, wait) in [(1, 5), (2, 300), (3, 1_800), (4, 7_200), (5, 18_000), (6, 36_000), (7, 36_000)] {
            let mut seen = std::collections::BTreeSet::new();
            for id in ["a", "b", "c", "d"] {
                let Sent::Again(found) = schedule.judge(answer(500, None), tries, id) else { panic!("{tries}") };
                assert!(found >= S(wait).mul_f64(0.8) && found <= S(wait).mul_f64(1.2), "{tries}: {found:?}");
                seen.insert(found);
            }
            assert_eq!(seen.len(), 4, "not all at one moment");
        }
        assert_eq!(schedule.judge(answer(500, None), 8, "a"), Sent::GivenUp);
        for wrong in ["", "5", "5d", "x s", "-5s", "99999h", "h"] {
            assert!(wrong.parse::<Schedule>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_answer_says_whether_to_come_again() {
        let schedule: Schedule = "0s 5s 5m".parse().unwrap();
        for (status, sent) in [(200, Sent::Delivered), (204, Sent::Delivered), (410, Sent::Gone)] {
            assert_eq!(schedule.judge(answer(status, None), 1, "a"), sent, "{status}");
        }
        for status in [400, 401, 404, 422] {
            assert_eq!(schedule.judge(answer(status, None), 1, "a"), Sent::GivenUp, "{status}");
        }
        for status in [302, 304, 408, 429, 500, 503, 100] {
            assert!(matches!(schedule.judge(answer(status, None), 1, "a"), Sent::Again(_)), "{status}");
        }
        for fault in [NoAnswer::TooLate, NoAnswer::Forbidden, NoAnswer::NoConnection] {
            assert!(matches!(schedule.judge(Err(fault), 1, "a"), Sent::Again(_)), "{fault:?}");
        }
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept_up_to_the_next() {
        let schedule: Schedule = "0s 5s 5m".parse().unwrap();
        assert_eq!(schedule.judge(answer(429, Some(S(60))), 1, "a"), Sent::Again(S(60)));
        assert_eq!(schedule.judge(answer(429, Some(S(1_000_000_000))), 1, "a"), Sent::Again(S(300)));
        let Sent::Again(shorter) = schedule.judge(answer(503, Some(S(1))), 1, "a") else { panic!() };
        assert!(shorter >= S(4), "not sooner than the schedule");
    }
}
