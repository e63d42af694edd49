//! A doorbell that does what a test says: loses, doubles, delays and reorders rings, and breaks down in the middle.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::{job::JobId, queue::QueueError};

/// Clones are the same doorbell.
#[derive(Debug, Clone, Default)]
pub struct Scripted {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<JobId>,
    /// What the last call of `ring` was asked for.
    asked: Vec<JobId>,
    /// Taken and not yet answered to the end.
    in_flight: u64,
    /// The next call of `ring` fails after so many rings have gone out.
    breaks_after: Option<usize>,
}

impl Scripted {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(in crate::queue) fn ring(&self, jobs: &[JobId]) -> Result<(), QueueError> {
        let mut state = self.state();
        let breaks = state.breaks_after.take();
        state.asked = jobs.to_vec();
        let out = breaks.unwrap_or(jobs.len()).min(jobs.len());
        state.waiting.extend_from_slice(&jobs[..out]);
        if breaks.is_some() { Err(QueueError::TooSlow) } else { Ok(()) }
    }

    pub(crate) fn depth(&self) -> u64 {
        let state = self.state();
        state.waiting.len() as u64 + state.in_flight
    }

    /// The rings that nobody took, in the order in which they went out.
    pub(crate) fn waiting(&self) -> Vec<JobId> {
        self.state().waiting.clone()
    }

    /// What the last call of `ring` was asked for, whether it went out or not.
    pub(crate) fn asked(&self) -> Vec<JobId> {
        self.state().asked.clone()
    }

    /// Makes the next call of `ring` fail after so many rings.
    pub(crate) fn break_after(&self, rings: Option<usize>) {
        self.state().breaks_after = rings;
    }

    /// Takes one of the rings, whichever the test says.
    pub(crate) fn take(&self, which: u64) -> Option<JobId> {
        let mut state = self.state();
        let count = state.waiting.len() as u64;
        let place = usize::try_from(which.checked_rem(count)?).unwrap();
        state.in_flight += 1;
        Some(state.waiting.swap_remove(place))
    }

    /// A ring that was taken is answered to the end, or lost with its worker.
    pub(crate) fn answered(&self) {
        self.state().in_flight -= 1;
    }

    /// Puts a ring that was taken back, or one that was never rung in.
    pub(crate) fn put(&self, job: JobId) {
        self.state().waiting.push(job);
    }

    /// Forgets all rings that wait.
    pub(crate) fn lose_all(&self) {
        self.state().waiting.clear();
    }

    /// Says one of the rings twice.
    pub(crate) fn double(&self, which: u64) {
        let mut state = self.state();
        if let Some(place) = which.checked_rem(state.waiting.len() as u64) {
            let job = state.waiting[usize::try_from(place).unwrap()];
            state.waiting.push(job);
        }
    }
}
