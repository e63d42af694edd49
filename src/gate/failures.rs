//! Wrong keys, counted by the address they came from.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Mutex,
    time::{Duration, Instant},
};

use super::lock;

/// Wrong keys from one address within [`WINDOW`]; from then on it is told to wait.
const MOST: u32 = 10;
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses counted at a time.
const MOST_ADDRESSES: usize = 10_000;

/// Wrong keys of the last minute.
#[derive(Debug, Default)]
pub(super) struct Failures {
    counts: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl Failures {
    /// Counts one more. Returns how long the address has to wait, once they are too many.
    pub(super) fn note(&self, from: IpAddr) -> Option<Duration> {
        let mut counts = lock(&self.counts);
        if counts.len() >= MOST_ADDRESSES {
            counts.retain(|_, (since, _)| since.elapsed() < WINDOW);
        }
        if counts.len() >= MOST_ADDRESSES {
            // Somebody has a whole network; what was counted says little then.
            counts.clear();
        }
        let (since, count) = counts.entry(counted_as(from)).or_insert((Instant::now(), 0));
        if since.elapsed() >= WINDOW {
            (*since, *count) = (Instant::now(), 0);
        }
        *count = count.saturating_add(1);
        (*count > MOST).then(|| WINDOW.saturating_sub(since.elapsed()))
    }

    /// How many more it may send before it has to wait; none: it has to.
    pub(super) fn left(&self, from: IpAddr) -> Option<u32> {
        let counts = lock(&self.counts);
        let count = counts.get(&counted_as(from)).filter(|(since, _)| since.elapsed() < WINDOW);
        let left = MOST - count.map_or(0, |(_, count)| *count).min(MOST);
        (left > 0).then_some(left)
    }
}

/// Who has one IPv6 address has the 2^64 beside it.
fn counted_as(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_wrong_key_waits_and_neighbours_do_not() {
        let failures = Failures::default();
        let from = |text: &str| text.parse::<IpAddr>().unwrap();
        for left in (1..=10).rev() {
            assert_eq!(failures.left(from("192.0.2.1")), Some(left));
            assert!(failures.note(from("192.0.2.1")).is_none());
        }
        assert_eq!(failures.left(from("192.0.2.1")), None);
        assert!(failures.note(from("192.0.2.1")).is_some_and(|wait| wait <= WINDOW && !wait.is_zero()));
        assert!(failures.note(from("::ffff:192.0.2.1")).is_some(), "the same address");
        assert!(failures.note(from("192.0.2.2")).is_none());
        for _ in 0..10 {
            assert!(failures.note(from("2001:db8::1")).is_none());
        }
        assert!(failures.note(from("2001:db8::2")).is_some(), "the same network of 64 bits");
        assert!(failures.note(from("2001:db8:0:1::1")).is_none());
    }
}
