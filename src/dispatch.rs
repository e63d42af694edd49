//! Sees to it that no job is forgotten: takes back leases that ran out, and rings for every job that is due.
//!
//! It never has more rings out than its window, so that a mountain of jobs waits in the ledger and not in Redis, which
//! apalis cannot read beyond 8,000. The window follows the workers' pace: rings are answered in their order, so one that
//! comes later waits for all that are out, and an organisation with one job should not wait for another's thousand. What is out is asked of the doorbell itself: rings that were lost take no room.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tracing::{info, warn};

use crate::{
    job::JobState,
    ledger::{Ledger, LedgerError},
    metrics,
    queue::{Backoff, Doorbell, QueueError},
};

/// How often, and how many.
#[derive(Debug, Clone, Copy)]
pub struct DispatchSettings {
    /// Rings out at once. Several dispatchers on one doorbell may each have so many out: keep the sum under 4,000.
    pub window: u64,
    /// Rings that are out at least, if there are jobs: enough for workers whose pace is not known yet.
    pub at_least: u64,
    /// A ring unanswered for so long is taken for lost, if the doorbell has fewer rings than the ledger believes.
    pub ring_again_after: Duration,
    /// The longest pause between two passes.
    pub interval: Duration,
}

impl Default for DispatchSettings {
    fn default() -> Self {
        Self {
            window: 1_000,
            at_least: 16,
            ring_again_after: Duration::from_secs(60),
            interval: Duration::from_secs(1),
        }
    }
}

/// Why a pass did not get to its end. The next one begins anew.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The ledger did not answer.
    #[error("the ledger failed: {0}")]
    Ledger(#[from] LedgerError),
    /// The doorbell did not answer; leases were taken back all the same.
    #[error("the doorbell failed: {0}")]
    Doorbell(#[from] QueueError),
}

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pass {
    /// Leases taken back.
    pub expired: u64,
    /// Jobs rung for.
    pub rung: u64,
}

/// Pauses after passes that failed.
const PAUSES: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(10) };
/// While as many rings are out as the ledger believes, a ring is only waiting for its turn, and ringing again would fill
/// the window with doubles. So many times longer it may wait; not for ever, for what is out may be something else.
const TURNS: u32 = 10;
/// Rings for so many seconds of work may be out; longer than a pass's interval, so that no worker waits for the next.
const AHEAD_S: f64 = 3.0;
/// The pace is that of the last so many seconds.
const PACE_OVER: Duration = Duration::from_secs(10);
/// Jobs accepted within so short a time are rung for together.
const GATHER: Duration = Duration::from_millis(10);

/// The dispatcher of one process.
#[derive(Debug, Clone)]
pub struct Dispatcher {
    ledger: Ledger,
    bell: Doorbell,
    settings: DispatchSettings,
}

impl Dispatcher {
    /// A dispatcher between this ledger and this doorbell.
    pub fn new(ledger: Ledger, bell: Doorbell, settings: DispatchSettings) -> Self {
        Self { ledger, bell, settings }
    }

    /// Makes passes until `shutdown` turns true: one at least every `interval`, and one as soon as this process accepts
    /// a job. No failure ends it.
    pub async fn run(&self, mut shutdown: watch::Receiver<bool>) {
        let mut failures = 0;
        let mut recovered = false;
        while !*shutdown.borrow() {
            let pass = async {
                if !recovered {
                    self.recover().await?;
                    recovered = true;
                }
                self.pass().await
            };
            let pause = match pass.await {
                Ok(pass) => {
                    failures = 0;
                    if pass.expired > 0 {
                        info!(jobs = pass.expired, "Leases that ran out were taken back");
                    }
                    self.settings.interval
                }
                Err(error) => {
                    metrics::pass_failed();
                    failures += 1;
                    let pause = PAUSES.after(failures);
                    warn!(%error, failures, "A pass of the dispatcher failed; the next comes in {pause:?}");
                    pause
                }
            };
            let woken = async {
                if failures > 0 {
                    return std::future::pending().await;
                }
                self.ledger.work_arrived().await;
                sleep(GATHER).await;
            };
            tokio::select! {
                _paused_or_woken = timeout(pause, woken) => {}
                _true_or_gone = shutdown.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// After a start: an empty doorbell has lost the rings that the ledger believes to be out, as the doorbell within a
    /// process does when the process dies. Without this their jobs would wait for the second ring.
    async fn recover(&self) -> Result<(), DispatchError> {
        if self.bell.depth().await? > 0 {
            return Ok(());
        }
        let lost = self.ledger.forget_rings().await?;
        if lost > 0 {
            info!(jobs = lost, "The doorbell is empty; jobs rung before the start are rung again");
        }
        Ok(())
    }

    /// Takes back leases that ran out, then rings for as many due jobs as the window has room for.
    ///
    /// # Errors
    /// [`DispatchError`]; jobs whose ring did not go out are due again at once.
    pub async fn pass(&self) -> Result<Pass, DispatchError> {
        let expired = self.ledger.expire_leases().await?;
        let out = self.bell.depth().await?;
        let room = self.window().await?.saturating_sub(out);
        if room == 0 {
            return Ok(Pass { expired, rung: 0 });
        }
        let nothing_lost = self.ledger.rung_and_unfinished().await? <= out;
        let patience = self.settings.ring_again_after.saturating_mul(if nothing_lost { TURNS } else { 1 });
        let due = self.ledger.due(room, patience).await?;
        if let Err(error) = self.bell.ring(&due.jobs, due.ring_no).await {
            self.ledger.unring(&due.jobs).await?;
            return Err(error.into());
        }
        metrics::rang(due.jobs.len() as u64);
        Ok(Pass { expired, rung: due.jobs.len() as u64 })
    }

    /// Rings that may be out now. Twice what runs, for slow renders on many workers end seldom.
    async fn window(&self) -> Result<u64, DispatchError> {
        let pace = self.ledger.drain(PACE_OVER).await?.per_second().unwrap_or_default();
        let running = self.ledger.counts().await?.of(JobState::Running);
        let wanted = ((pace * AHEAD_S) as u64).max(self.settings.at_least.saturating_add(2 * running));
        Ok(wanted.min(self.settings.window))
    }
}

#[cfg(test)]
mod tests;
