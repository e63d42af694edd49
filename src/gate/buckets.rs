//! How often an organisation may ask: a bucket of requests for each, filled evenly.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use super::lock;
use crate::access::OrganisationId;

/// A bucket that was empty is full after so long.
pub(super) const WINDOW: Duration = Duration::from_secs(60);

/// What an organisation may yet ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Requests in a minute.
    pub limit: u32,
    /// Requests left at this moment.
    pub left: u32,
    /// Seconds until all of them are there again.
    pub full_after: u64,
    /// Seconds until there is one; none where there is.
    pub again_after: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Buckets {
    buckets: Mutex<HashMap<OrganisationId, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    requests: f64,
    filled: Instant,
}

impl Buckets {
    /// Takes one request out, if there is one.
    pub(super) fn take(&self, organisation: &OrganisationId, limit: u32, now: Instant) -> Allowance {
        let mut buckets = lock(&self.buckets);
        let full = Bucket { requests: f64::from(limit), filled: now };
        let bucket = buckets.entry(organisation.clone()).or_insert(full);
        bucket.take(limit, now)
    }
}

impl Bucket {
    fn take(&mut self, limit: u32, now: Instant) -> Allowance {
        let a_second = f64::from(limit) / WINDOW.as_secs_f64();
        let flowed = now.saturating_duration_since(self.filled).as_secs_f64() * a_second;
        // Where the bound was lowered, what is above it is gone.
        self.requests = (self.requests + flowed).min(f64::from(limit));
        self.filled = now;
        let again_after = if self.requests >= 1.0 {
            self.requests -= 1.0;
            None
        } else {
            Some((((1.0 - self.requests) / a_second).ceil() as u64).max(1))
        };
        let full_after = ((f64::from(limit) - self.requests) / a_second).ceil() as u64;
        Allowance { limit, left: self.requests as u32, full_after, again_after }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_emptied_fills_evenly_and_is_an_organisations_own() {
        let (buckets, began) = (Buckets::default(), Instant::now());
        let (a, b): (OrganisationId, OrganisationId) = ("a".parse().unwrap(), "b".parse().unwrap());
        for left in (0..60).rev() {
            let allowance = buckets.take(&a, 60, began);
            assert_eq!((allowance.left, allowance.again_after), (left, None));
        }
        let empty = buckets.take(&a, 60, began);
        assert_eq!(empty, Allowance { limit: 60, left: 0, full_after: 60, again_after: Some(1) });
        assert_eq!(buckets.take(&b, 60, began).left, 59, "another's bucket is full");
        let later = began + Duration::from_secs(10);
        assert_eq!(buckets.take(&a, 60, later).left, 9);
        let much_later = began + Duration::from_secs(3_600);
        assert_eq!(buckets.take(&a, 60, much_later).left, 59, "it does not overflow");
        assert_eq!(buckets.take(&a, 5, much_later).left, 4, "a bound that was lowered holds at once");
    }

    #[test]
    fn a_slow_bucket_says_when_there_is_one() {
        let (buckets, began) = (Buckets::default(), Instant::now());
        let a: OrganisationId = "a".parse().unwrap();
        assert_eq!(buckets.take(&a, 1, began).again_after, None);
        assert_eq!(buckets.take(&a, 1, began).again_after, Some(60));
        assert_eq!(buckets.take(&a, 1, began + Duration::from_secs(45)).again_after, Some(15));
    }
}
