//! Waiting for a job's end.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, sleep_until, timeout_at},
};

use super::{Ledger, LedgerError, shelf::Hand};
use crate::job::{Job, JobId};

/// How soon a change made by another process is seen; changes of this process are seen at once.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Ledger {
    /// Waits until the job has ended, `patience` is used up or the watches end, and returns it as it stands then; `None` if there is
    /// no such job.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn watch(&self, id: JobId, patience: Duration) -> Result<Option<Job>, LedgerError> {
        self.watch_for(Hand::ANY, id, patience).await
    }

    pub(super) async fn watch_for(
        &self,
        hand: Hand<'_>,
        id: JobId,
        patience: Duration,
    ) -> Result<Option<Job>, LedgerError> {
        let until = Instant::now() + patience;
        // Subscribed before the first read, so that no change falls between the two.
        let mut changes = self.inner.changes.subscribe();
        loop {
            let Some(job) = self.find_for(hand, id).await? else { return Ok(None) };
            if job.state.is_end() || Instant::now() >= until || self.inner.closing.load(Ordering::Relaxed) {
                return Ok(Some(job));
            }
            let read_again = until.min(Instant::now() + READ_AGAIN_AFTER);
            let _read_anyway = timeout_at(read_again, changed(&mut changes, id)).await;
        }
    }
}

/// Returns when the job may have changed.
async fn changed(changes: &mut Receiver<JobId>, id: JobId) {
    loop {
        match changes.recv().await {
            Ok(changed) if changed != id => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => sleep_until(Instant::now() + READ_AGAIN_AFTER).await,
        }
    }
}
