//! The post: gives events their numbers, so that readers find them in order, and carries them to webhooks.
//!
//! The rule: it reads the ledger and tells others; it never changes a job.

mod carrier;
mod registry;
mod schedule;
mod secret;
mod spans;

use std::time::{Duration, Instant};

use tokio::{sync::watch, time::timeout};
use tracing::warn;

use crate::ledger::{Ledger, LedgerError};
pub use carrier::Carrier;
pub use registry::{Named, Registry};
pub use schedule::{MalformedSchedule, Schedule};
pub use secret::{MalformedSecret, OtherKey, Sealer, Secret};

/// How soon events of another process are found that died before it numbered them.
const INTERVAL: Duration = Duration::from_secs(1);
/// Changes within so short a time are numbered together.
const GATHER: Duration = Duration::from_millis(20);
/// How often old events are looked for.
const FORGET_EVERY: Duration = Duration::from_secs(600);

/// Numbers events until `shutdown` turns true, and forgets those older than `keep`. No failure ends it.
pub async fn number(ledger: Ledger, keep: Duration, mut shutdown: watch::Receiver<bool>) {
    let mut forgotten: Option<Instant> = None;
    while !*shutdown.borrow() {
        if let Err(error) = ledger.number_events().await {
            warn!(%error, "Events could not be numbered; they are later");
        }
        if forgotten.is_none_or(|last| last.elapsed() >= FORGET_EVERY) {
            forgotten = Some(Instant::now());
            if let Err(error) = forget(&ledger, keep).await {
                warn!(%error, "Old events could not all be forgotten");
            }
        }
        let woken = async {
            ledger.news_arrived().await;
            tokio::time::sleep(GATHER).await;
        };
        tokio::select! {
            _paused_or_woken = timeout(INTERVAL, woken) => {}
            _true_or_gone = shutdown.wait_for(|stop| *stop) => return,
        }
    }
}

async fn forget(ledger: &Ledger, keep: Duration) -> Result<(), LedgerError> {
    while ledger.forget_deliveries(keep).await? > 0 {}
    while ledger.forget_events(keep).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests;
