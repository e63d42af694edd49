use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// Growing pauses between attempts at something that fails: each twice the last, up to a limit, shortened at random by
/// up to a half so that many do not try at once.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    pub first: Duration,
    pub longest: Duration,
}

impl Backoff {
    /// The pause after `failures` failures in a row (1 for the first).
    pub fn after(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        let pause = self.first.saturating_mul(1 << doublings).min(self.longest);
        // A fresh RandomState is the standard library's source of random bits.
        let share = RandomState::new().hash_one(failures) % 1_000;
        pause.mul_f64(1.0 - share as f64 / 2_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_differ() {
        let backoff = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(10) };
        for (failures, full) in [(1, 200), (2, 400), (3, 800), (6, 6_400), (7, 10_000), (u32::MAX, 10_000)] {
            let full = Duration::from_millis(full);
            let pauses: Vec<_> = (0..50).map(|_| backoff.after(failures)).collect();
            assert!(pauses.iter().all(|pause| *pause <= full && *pause >= full / 2), "{failures}: {pauses:?}");
            assert!(pauses.iter().any(|pause| pause != &pauses[0]));
        }
    }
}
