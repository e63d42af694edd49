//! The truth about jobs: what was accepted, where each job stands, who works on it and how it ended.
//!
//! Every change of state is one compare-and-set on (id, state, fence) in one transaction with its audit row and its event, and goes
//! where [`JobState::after`](crate::job::JobState::after) says. Times come from the database's clock, never from a
//! worker's. A lease whose fence is no longer the job's changes nothing.
//!
//! Two stores hold it: SQLite for the processes of one host, PostgreSQL for several hosts. The statements are the same
//! (`dialect` holds the few words that are not), and so are the tests.

mod audit;
mod batches;
mod change;
mod connect;
mod counts;
mod deliveries;
mod delivery_log;
mod dialect;
mod erasure;
mod events;
mod failure;
mod intake;
mod kept;
mod keys;
mod leases;
mod letters;
mod organisations;
mod outbox;
mod pulls;
mod register;
mod requests;
mod rings;
mod rows;
mod schedules;
mod shelf;
mod snapshot;
mod stock;
mod submissions;
#[cfg(test)]
mod tests;
mod turns;
mod watch;
mod webhooks;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe, Row, Transaction};
use tokio::sync::{Notify, broadcast};

pub use audit::{AuditRow, Chain};
pub use batches::{Batch, BatchAcceptance, NewBatch, NewPart, OfKind};
pub use change::Start;
pub use connect::Place;
pub use counts::{Counts, Drain};
pub use deliveries::{Forbearance, Parcel, Sent, Tried};
pub use delivery_log::{DeliveryRecord, TryRecord, Which};
pub use erasure::{EraseOutcome, Erased, Keep};
pub use failure::LedgerError;
pub use intake::{Acceptance, OnceKey};
pub use kept::{Demand, Kept, KeptAt, KeptPlace};
pub use keys::{Key, KeyOutcome, KnownKey, NewKey, RevokeOutcome};
pub use leases::{BeatOutcome, CancelOutcome, LeaseOutcome};
pub use letters::{JobFilter, LetterOutcome};
pub use organisations::{Lane, Organisation, OrganisationChange};
pub use outbox::{Condition, Outbox};
pub use pulls::Pull;
pub use register::{NewEntry, PutOutcome, RegisterBook};
pub use rings::Due;
pub use schedules::Errand;
pub use shelf::{Shelf, Shelves};
pub use snapshot::{Named, Snapshot, SnapshotError, Store};
pub use submissions::{CloseOutcome, Missing, NewSubmission, SubmitOutcome};
pub use turns::{Asking, Next};
pub use webhooks::{NewWebhook, Webhook, WebhookOutcome};

use change::Standing;
use dialect::Dialect;
use shelf::Hand;

use crate::job::JobId;

/// What the ledger refuses to exceed.
#[derive(Debug, Clone, Copy)]
pub struct LedgerLimits {
    /// Jobs that may wait at once; one more is refused with [`LedgerError::Full`].
    pub max_waiting: u64,
    /// Jobs of one organisation that may wait at once; one more is refused with [`LedgerError::OverQuota`].
    pub max_waiting_each: u64,
    /// Renders that may be begun for one job; after so many without an end the job is dead.
    pub max_starts: u32,
    /// Passing failures (no press, no room) before the job is dead.
    pub max_tries: u32,
}

impl Default for LedgerLimits {
    fn default() -> Self {
        Self { max_waiting: 100_000, max_waiting_each: 100_000, max_starts: 3, max_tries: 8 }
    }
}

/// The ledger, in one SQLite file or one PostgreSQL database. Clones share connections. Several processes may open it:
/// of one host, and with PostgreSQL of many.
#[derive(Debug, Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dialect: Dialect,
    /// For SQLite one connection: it has one writer, and waiting for it here is fairer than waiting inside SQLite.
    writer: AnyPool,
    readers: AnyPool,
    limits: LedgerLimits,
    /// Jobs changed by this process, for those who watch them.
    changes: broadcast::Sender<JobId>,
    /// True once this process is stopping: nobody waits for a job's end any more.
    closing: AtomicBool,
    /// Wakes the dispatcher when a job became due in this process.
    work: Notify,
    /// Wakes whoever numbers events when a job changed in this process.
    news: Notify,
    /// Wakes whoever delivers when something was posted in this process.
    mail: Notify,
    /// Tells those who follow events that there are new ones with numbers.
    numbered: Notify,
}

/// Changes that a watcher may fall behind before it reads the ledger again; more costs memory, less costs reads.
const REMEMBERED_CHANGES: usize = 1024;
/// The oldest release that is tested.
const OLDEST_POSTGRES: i64 = 130_000;

impl Ledger {
    /// Opens the ledger at `place`, creating file, folder and tables where missing; a PostgreSQL database has to be there.
    ///
    /// # Errors
    /// [`LedgerError::NotAFile`] for an in-memory name, [`LedgerError::NewerSchema`] for a store of a later version,
    /// [`LedgerError::Store`] when the store refuses.
    pub async fn open(place: impl Into<Place>, limits: LedgerLimits) -> Result<Self, LedgerError> {
        let place = place.into();
        let (writer, readers) = connect::connect(&place).await?;
        let (changes, _) = broadcast::channel(REMEMBERED_CHANGES);
        Ok(Self {
            inner: Arc::new(Inner {
                dialect: place.dialect(),
                writer,
                readers,
                limits,
                changes,
                closing: AtomicBool::new(false),
                work: Notify::new(),
                news: Notify::new(),
                mail: Notify::new(),
                numbered: Notify::new(),
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

    /// What an operator has to mend about the store before it may be trusted, each in one sentence; for `doctor`.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn unsafe_settings(&self) -> Result<Vec<String>, LedgerError> {
        if self.inner.dialect != Dialect::Postgres {
            return Ok(Vec::new());
        }
        let wanted = [("synchronous_commit", "on"), ("fsync", "on"), ("full_page_writes", "on")];
        let mut faults = Vec::new();
        for (name, value) in wanted {
            // What the server would give a connection that does not ask for more.
            let found = "SELECT coalesce((SELECT reset_val FROM pg_settings WHERE name = $1), '')";
            let found: String = sqlx::query_scalar(found).bind(name).fetch_one(&self.inner.readers).await?;
            if found != value && !(name == "synchronous_commit" && found.starts_with("remote_")) {
                faults.push(format!("{name} = {found}, cần {value}"));
            }
        }
        let version = "SELECT CAST(current_setting('server_version_num') AS BIGINT)";
        let version: i64 = sqlx::query_scalar(version).fetch_one(&self.inner.readers).await?;
        if version < OLDEST_POSTGRES {
            faults.push(format!("PostgreSQL {} đã cũ, cần từ bản {}", version / 10_000, OLDEST_POSTGRES / 10_000));
        }
        Ok(faults)
    }

    /// Closes the connections; SQLite folds its write-ahead log into the file.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }

    /// Begins a transaction for writing (see [`Dialect::begin`]).
    async fn begin(&self) -> Result<Transaction<'static, Any>, LedgerError> {
        Ok(self.inner.writer.begin_with(self.inner.dialect.begin()).await?)
    }

    /// A statement in the words of this store.
    fn say(&self, statement: &str) -> AssertSqlSafe<String> {
        self.inner.dialect.say(statement)
    }

    /// Where the job stands; its row is held until the transaction ends.
    async fn standing(&self, tx: &mut AnyConnection, id: JobId) -> Result<Option<Standing>, LedgerError> {
        self.standing_for(Hand::ANY, tx, id).await
    }

    /// As [`Ledger::standing`]; a job that this hand does not reach is not there.
    async fn standing_for(
        &self,
        hand: Hand<'_>,
        tx: &mut AnyConnection,
        id: JobId,
    ) -> Result<Option<Standing>, LedgerError> {
        Standing::read(tx, self.inner.dialect, id, hand).await
    }

    /// The store's clock.
    async fn now(&self, connection: &mut AnyConnection) -> Result<i64, LedgerError> {
        let row = sqlx::query(self.say("SELECT {now} AS moment")).fetch_one(connection).await?;
        Ok(row.try_get("moment")?)
    }

    /// Tells those who watch this job. Nobody watching is no fault.
    fn announce(&self, job: JobId) {
        let _nobody_watches = self.inner.changes.send(job);
        self.inner.news.notify_one();
    }
}

/// A duration as the ledger counts it. Half of what fits, so that a time may be added.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

/// Ends a transaction that has nothing to write. One that is only dropped holds its rows a little longer, and whoever
/// passes over held rows would miss them.
async fn leave<T>(tx: Transaction<'static, Any>, outcome: T) -> Result<T, LedgerError> {
    tx.rollback().await?;
    Ok(outcome)
}
