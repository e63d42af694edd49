//! The truth about jobs: what was accepted, where each job stands, who works on it and how it ended.
//!
//! Every change of state is one compare-and-set on (id, state, fence) in one transaction with its audit row, and goes
//! where [`JobState::after`](crate::job::JobState::after) says. Times come from the database's clock, never from a
//! worker's. A lease whose fence is no longer the job's changes nothing.

mod change;
mod connect;
mod failure;
mod intake;
mod leases;
mod rings;
mod rows;
#[cfg(test)]
mod tests;
mod watch;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::{Notify, broadcast};

pub use change::Start;
pub use failure::LedgerError;
pub use leases::{BeatOutcome, CancelOutcome, LeaseOutcome};
pub use rings::{Counts, Due};

use crate::job::JobId;

/// What the ledger refuses to exceed.
#[derive(Debug, Clone, Copy)]
pub struct LedgerLimits {
    /// Jobs that may wait at once; one more is refused with [`LedgerError::Full`].
    pub max_waiting: u64,
    /// Renders that may be begun for one job; after so many without an end the job is dead.
    pub max_starts: u32,
}

impl Default for LedgerLimits {
    fn default() -> Self {
        Self { max_waiting: 100_000, max_starts: 3 }
    }
}

/// The ledger of one host, in one SQLite file. Clones share connections. Several processes on the host may open it.
#[derive(Debug, Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// One connection: SQLite has one writer, and waiting for it here is fairer than waiting inside SQLite.
    writer: SqlitePool,
    readers: SqlitePool,
    limits: LedgerLimits,
    /// Jobs changed by this process, for those who watch them.
    changes: broadcast::Sender<JobId>,
    /// True once this process is stopping: nobody waits for a job's end any more.
    closing: AtomicBool,
    /// Wakes the dispatcher when a job became due in this process.
    work: Notify,
}

/// Changes that a watcher may fall behind before it reads the ledger again; more costs memory, less costs reads.
const REMEMBERED_CHANGES: usize = 1024;

impl Ledger {
    /// Opens the ledger at `path`, creating file, folder and tables where missing.
    ///
    /// # Errors
    /// [`LedgerError::NotAFile`] for an in-memory name, [`LedgerError::NewerSchema`] for a file of a later version,
    /// [`LedgerError::Store`] when SQLite refuses.
    pub async fn open(path: impl AsRef<Path>, limits: LedgerLimits) -> Result<Self, LedgerError> {
        let (writer, readers) = connect::connect(path.as_ref()).await?;
        let (changes, _) = broadcast::channel(REMEMBERED_CHANGES);
        Ok(Self {
            inner: Arc::new(Inner {
                writer,
                readers,
                limits,
                changes,
                closing: AtomicBool::new(false),
                work: Notify::new(),
            }),
        })
    }

    /// Asks both a reader and the writer for an answer.
    ///
    /// # Errors
    /// [`LedgerError::Store`] when either does not answer.
    pub async fn ping(&self) -> Result<(), LedgerError> {
        sqlx::query("SELECT 1 FROM job LIMIT 1").fetch_optional(&self.inner.readers).await?;
        self.begin().await?.rollback().await?;
        Ok(())
    }

    /// Returns when a job has become due in this process since the last return.
    pub async fn work_arrived(&self) {
        self.inner.work.notified().await;
    }

    /// Lets everyone who waits for a job's end go, with the job as it stands.
    pub fn end_watches(&self) {
        self.inner.closing.store(true, Ordering::Relaxed);
    }

    /// Closes the connections; SQLite folds its write-ahead log into the file.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }

    /// Begins a transaction that holds the write lock from its first statement, so that what it read stays true.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, LedgerError> {
        Ok(self.inner.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Tells those who watch this job. Nobody watching is no fault.
    fn announce(&self, job: JobId) {
        let _nobody_watches = self.inner.changes.send(job);
    }
}
