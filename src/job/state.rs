//! The life of a job, drawn once.
//!
//! ```text
//!              ┌────────── retry, release, lease expired ──────────┐
//!              ▼                                                   │
//!  accept → accepted ── lease ──────────────────────────────→ running
//!              │                                                   ├── succeed → succeeded
//!              ├── cancel → cancelled ←──────────────── cancel ────┤
//!              └── starts exhausted → dead ←─ starts exhausted ────┤
//!                                                                  └── fail → failed
//!
//!  by an operator only:   failed, dead ── requeue → accepted      dead ── drop → cancelled
//! ```
//!
//! succeeded, failed, dead and cancelled are ends: no worker and no caller takes a job out of them.

use serde::{Deserialize, Serialize};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Stored; waits for a worker.
    Accepted,
    /// A worker holds its lease.
    Running,
    /// Its paper is in the archive.
    Succeeded,
    /// It ended without a paper; the failure says why.
    Failed,
    /// It was started too often without an end; an operator decides.
    Dead,
    /// Its caller withdrew it.
    Cancelled,
}

/// What can happen to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEvent {
    /// A worker takes the lease.
    Lease,
    /// The paper is in the archive.
    Succeed,
    /// A permanent failure.
    Fail,
    /// A passing failure: wait and try again.
    Retry,
    /// The worker gives the lease back, or the lease ran out.
    Release,
    /// The starts are used up.
    Exhaust,
    /// The caller withdraws the job.
    Cancel,
    /// An operator lets it begin anew.
    Requeue,
    /// An operator gives it up.
    Drop,
}

impl JobState {
    /// Every state, for tables and tests.
    pub const ALL: [JobState; 6] = [
        JobState::Accepted,
        JobState::Running,
        JobState::Succeeded,
        JobState::Failed,
        JobState::Dead,
        JobState::Cancelled,
    ];

    /// The state after `event`, or `None` where the event cannot happen.
    pub fn after(self, event: JobEvent) -> Option<JobState> {
        use JobEvent as E;
        use JobState as S;
        match (self, event) {
            (S::Accepted, E::Lease) => Some(S::Running),
            (S::Accepted | S::Running, E::Cancel) => Some(S::Cancelled),
            (S::Accepted | S::Running, E::Exhaust) => Some(S::Dead),
            (S::Running, E::Succeed) => Some(S::Succeeded),
            (S::Running, E::Fail) => Some(S::Failed),
            (S::Running, E::Retry | E::Release) => Some(S::Accepted),
            (S::Failed | S::Dead, E::Requeue) => Some(S::Accepted),
            (S::Dead, E::Drop) => Some(S::Cancelled),
            (S::Accepted, E::Succeed | E::Fail | E::Retry | E::Release | E::Requeue | E::Drop)
            | (S::Running, E::Lease | E::Requeue | E::Drop) => None,
            (S::Succeeded | S::Cancelled, E::Requeue | E::Drop) | (S::Failed, E::Drop) => None,
            (
                S::Succeeded | S::Failed | S::Dead | S::Cancelled,
                E::Lease | E::Succeed | E::Fail | E::Retry | E::Release | E::Exhaust | E::Cancel,
            ) => None,
        }
    }

    /// Whether only an operator takes a job out of this state.
    pub fn is_end(self) -> bool {
        match self {
            JobState::Accepted | JobState::Running => false,
            JobState::Succeeded | JobState::Failed | JobState::Dead | JobState::Cancelled => true,
        }
    }

    /// The word in the ledger and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            JobState::Accepted => "accepted",
            JobState::Running => "running",
            JobState::Succeeded => "succeeded",
            JobState::Failed => "failed",
            JobState::Dead => "dead",
            JobState::Cancelled => "cancelled",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [JobEvent; 9] = [
        JobEvent::Lease,
        JobEvent::Succeed,
        JobEvent::Fail,
        JobEvent::Retry,
        JobEvent::Release,
        JobEvent::Exhaust,
        JobEvent::Cancel,
        JobEvent::Requeue,
        JobEvent::Drop,
    ];

    #[test]
    fn only_an_operator_takes_a_job_out_of_an_end_and_only_out_of_failed_and_dead() {
        let mut left = Vec::new();
        for state in JobState::ALL.into_iter().filter(|s| s.is_end()) {
            for event in EVENTS {
                left.extend(state.after(event).map(|after| (state, event, after)));
            }
        }
        assert_eq!(
            left,
            [
                (JobState::Failed, JobEvent::Requeue, JobState::Accepted),
                (JobState::Dead, JobEvent::Requeue, JobState::Accepted),
                (JobState::Dead, JobEvent::Drop, JobState::Cancelled),
            ]
        );
    }

    #[test]
    fn every_end_can_be_reached_from_running() {
        let reached: Vec<_> = EVENTS.into_iter().filter_map(|e| JobState::Running.after(e)).collect();
        for end in JobState::ALL.into_iter().filter(|s| s.is_end()) {
            assert!(reached.contains(&end), "{end:?}");
        }
    }

    #[test]
    fn the_words_read_back() {
        for state in JobState::ALL {
            assert_eq!(JobState::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!(JobState::parse("queued"), None);
    }
}
