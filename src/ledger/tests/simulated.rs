//! The real ledger under a clock that a test sets. Nothing is synced: simulated power does not fail.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use tokio::sync::{Notify, broadcast};

use crate::ledger::{Inner, Ledger, LedgerLimits, Place, REMEMBERED_CHANGES, connect, dialect::Dialect};

impl Ledger {
    /// Opens a ledger whose clock stands at `moment`, in milliseconds since 1970, until [`Ledger::set_clock`].
    pub(crate) async fn simulated(file: &Path, limits: LedgerLimits, moment: i64) -> Self {
        let (writer, readers) = connect::connect(&Place::from(file)).await.unwrap();
        for statement in ["PRAGMA synchronous = OFF", "CREATE TABLE simulated_clock (moment INTEGER NOT NULL) STRICT"] {
            sqlx::raw_sql(statement).execute(&writer).await.unwrap();
        }
        sqlx::query("INSERT INTO simulated_clock VALUES ($1)").bind(moment).execute(&writer).await.unwrap();
        let (changes, _) = broadcast::channel(REMEMBERED_CHANGES);
        Self {
            inner: Arc::new(Inner {
                dialect: Dialect::Simulated,
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
        }
    }

    /// Sets the clock.
    pub(crate) async fn set_clock(&self, moment: i64) {
        let set = sqlx::query("UPDATE simulated_clock SET moment = $1").bind(moment);
        set.execute(&self.inner.writer).await.unwrap();
    }
}
