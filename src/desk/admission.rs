//! What the desk takes in: not more than there is room for, and each key once at a time.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    path::PathBuf,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    archive::{self, Archive},
    failure::{Failure, FailureCode},
    job::JobState,
    ledger::{Drain, OnceKey, Shelves},
};

/// Bounds of what is taken in.
#[derive(Debug, Clone)]
pub struct AdmissionSettings {
    /// Papers that the render children finish in a second, until it has been measured.
    pub papers_per_second: f64,
    /// How long an idempotency key is remembered.
    pub remember_keys: Duration,
    /// Bytes that must be free for archive and ledger.
    pub min_free: u64,
    /// Folder of a ledger on this host.
    pub ledger_folder: Option<PathBuf>,
}

impl Default for AdmissionSettings {
    fn default() -> Self {
        let remember_keys = Duration::from_secs(24 * 3_600);
        Self { papers_per_second: 20.0, remember_keys, min_free: 0, ledger_folder: None }
    }
}

/// Longest wait a client is asked for, in seconds.
const LONGEST_WAIT: f64 = 300.0;
/// Ends of the last minute are the measure of the next.
const MEASURED_OVER: Duration = Duration::from_secs(60);
/// A measure is good for so long.
const MEASURE_AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Admission {
    pub(super) settings: AdmissionSettings,
    parting: AtomicBool,
    closed: AtomicBool,
    /// Keys whose first request is being read.
    held: Mutex<HashSet<(String, String)>>,
    wait: Mutex<Option<(Instant, f64)>>,
    free: Mutex<Option<(Instant, u64)>>,
}

/// A key in hand; dropping it lets it go.
pub(super) struct Held<'a> {
    admission: &'a Admission,
    key: (String, String),
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        lock(&self.admission.held).remove(&self.key);
    }
}

impl Admission {
    pub(super) fn new(settings: AdmissionSettings) -> Self {
        Self {
            settings,
            parting: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            held: Mutex::default(),
            wait: Mutex::default(),
            free: Mutex::default(),
        }
    }

    /// Takes a key in hand; `None` if another request has it. Requests on other hosts are told apart by the ledger.
    pub(super) fn hold(&self, key: &OnceKey) -> Option<Held<'_>> {
        let key = (key.organisation.clone(), key.key_sha256.clone());
        let taken = lock(&self.held).insert(key.clone());
        taken.then_some(Held { admission: self, key })
    }

    /// Seconds until a job that is accepted now is likely done, up to a fifth more at random, so that those who are sent
    /// away do not all come back at once.
    pub(super) async fn expected_wait(&self, ledger: &Shelves) -> u64 {
        let known = lock(&self.wait).filter(|(since, _)| since.elapsed() < MEASURE_AGAIN);
        let wait = match known {
            Some((_, wait)) => wait,
            None => {
                let wait = self.measure_wait(ledger).await;
                *lock(&self.wait) = Some((Instant::now(), wait));
                wait
            }
        };
        let chance = RandomState::new().hash_one(0) % 1_000;
        (wait * (1.0 + chance as f64 / 5_000.0)).ceil().clamp(1.0, LONGEST_WAIT) as u64
    }

    async fn measure_wait(&self, ledger: &Shelves) -> f64 {
        // A ledger that does not answer accepts nothing either.
        let Ok(counts) = ledger.counts().await else { return LONGEST_WAIT };
        let Ok(drain) = ledger.drain(MEASURED_OVER).await else { return LONGEST_WAIT };
        let ahead = counts.of(JobState::Accepted) + counts.of(JobState::Running);
        wait(ahead, counts.oldest_waiting.unwrap_or_default(), drain, self.settings.papers_per_second)
    }

    /// From now on callers take leave.
    pub(super) fn part(&self) {
        self.parting.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_parting(&self) -> bool {
        self.parting.load(Ordering::Relaxed)
    }

    /// From now on nothing is taken in, and callers take leave.
    pub(super) fn close(&self) {
        self.part();
        self.closed.store(true, Ordering::Relaxed);
    }

    pub(super) fn refuse_when_closed(&self) -> Result<(), Failure> {
        if !self.closed.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(Failure::new(
            FailureCode::ServiceStopping,
            "Dịch vụ đang dừng nên không nhận thêm yêu cầu.",
            "The service is stopping; nothing more is accepted.",
        )
        .hint("Gửi lại sau ít giây; yêu cầu này chưa được nhận."))
    }

    /// Whether there is room for what is about to be stored.
    pub(super) async fn refuse_when_disk_is_full(&self, archive: &Archive) -> Result<(), Failure> {
        let needed = self.settings.min_free;
        if needed == 0 {
            return Ok(());
        }
        let known = lock(&self.free).filter(|(since, _)| since.elapsed() < MEASURE_AGAIN);
        let free = match known {
            Some((_, free)) => free,
            None => {
                let free = self.measure_free(archive).await?;
                *lock(&self.free) = Some((Instant::now(), free));
                free
            }
        };
        if free >= needed {
            return Ok(());
        }
        Err(Failure::new(
            FailureCode::StorageFull,
            "Ổ đĩa sắp đầy nên tạm thời không nhận yêu cầu mới.",
            format!("{} MiB are free, {} MiB have to be.", free >> 20, needed >> 20),
        )
        .hint("Gửi lại sau; yêu cầu này chưa được nhận. Người vận hành cần giải phóng dung lượng."))
    }

    async fn measure_free(&self, archive: &Archive) -> Result<u64, Failure> {
        // A bucket has no end, and while it is away jobs wait; the ledger's disk is what takes them in.
        let papers = archive.free().await.map_err(Failure::from)?.unwrap_or(u64::MAX);
        let Some(folder) = self.settings.ledger_folder.clone() else { return Ok(papers) };
        let measured = tokio::task::spawn_blocking(move || archive::free_on(&folder)).await;
        let ledger = measured.map_err(std::io::Error::other).flatten();
        let ledger = ledger.map_err(|error| Failure::store_unavailable(format!("the ledger's folder: {error}")))?;
        Ok(papers.min(ledger))
    }
}

/// Seconds for `ahead` jobs and one more.
fn wait(ahead: u64, oldest: Duration, drain: Drain, guess: f64) -> f64 {
    let pace = match drain.per_second() {
        Some(measured) if ahead > 0 => measured,
        // Nothing has ended for a minute though something waits: nobody knows, so the longest.
        None if drain.ended == 0 && oldest >= MEASURED_OVER => return LONGEST_WAIT,
        Some(_) | None => guess,
    };
    ((ahead + 1) as f64 / pace.max(0.01)).min(LONGEST_WAIT)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_LONG: Duration = Duration::from_secs(3);

    fn drain(ended: u64, seconds: u64) -> Drain {
        Drain { ended, over: Duration::from_secs(seconds) }
    }

    #[test]
    fn the_wait_is_what_is_ahead_over_what_ends() {
        assert_eq!(wait(599, NOT_LONG, drain(120, 60), 40.0), 300.0);
        assert_eq!(wait(99, NOT_LONG, drain(120, 60), 40.0), 50.0);
        assert_eq!(
            wait(0, Duration::ZERO, drain(3, 60), 40.0),
            0.025,
            "with nothing ahead, the last hour's trickle says nothing"
        );
        assert_eq!(wait(79, NOT_LONG, drain(0, 0), 40.0), 2.0, "not measured yet");
        assert_eq!(wait(1, Duration::from_secs(90), drain(0, 0), 40.0), 300.0, "nothing ends");
        assert_eq!(wait(1_000_000, NOT_LONG, drain(120, 60), 40.0), 300.0);
    }

    #[test]
    fn a_key_is_held_once_until_it_is_let_go() {
        let admission = Admission::new(AdmissionSettings::default());
        let key = |organisation: &str| OnceKey {
            organisation: organisation.into(),
            key_sha256: "k".into(),
            fingerprint: "f".into(),
            keep: NOT_LONG,
        };
        let held = admission.hold(&key("a"));
        assert!(held.is_some() && admission.hold(&key("a")).is_none());
        assert!(admission.hold(&key("b")).is_some());
        drop(held);
        assert!(admission.hold(&key("a")).is_some());
    }

    #[tokio::test]
    async fn a_disk_that_is_nearly_full_takes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path()).unwrap();
        for (min_free, full) in [(0, false), (1, false), (u64::MAX, true)] {
            let ledger_folder = Some(folder.path().to_owned());
            let settings = AdmissionSettings { min_free, ledger_folder, ..AdmissionSettings::default() };
            let refused = Admission::new(settings).refuse_when_disk_is_full(&archive).await;
            assert_eq!(
                refused.err().map(|failure| failure.code),
                full.then_some(FailureCode::StorageFull),
                "{min_free}"
            );
        }
    }
}
