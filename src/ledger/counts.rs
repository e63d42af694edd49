//! How many jobs stand where, and how fast they end.

use std::time::Duration;

use sqlx::Row;

use super::{Ledger, LedgerError, dialect::Dialect, millis, rows};
use crate::job::JobState;

/// How many jobs stand in each state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    per_state: Vec<(JobState, u64)>,
    /// How long the oldest waiting job has waited.
    pub oldest_waiting: Option<Duration>,
}

impl Counts {
    /// Jobs in this state.
    pub fn of(&self, state: JobState) -> u64 {
        self.per_state.iter().find(|(counted, _)| *counted == state).map_or(0, |(_, jobs)| *jobs)
    }
}

/// How fast jobs have ended of late.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drain {
    /// Jobs that ended in the time looked at; withdrawn ones are not work done.
    pub ended: u64,
    /// From the first of these ends to now.
    pub over: Duration,
}

impl Drain {
    /// Ends in a second; `None` where too few were seen to tell.
    pub fn per_second(self) -> Option<f64> {
        (self.ended >= 3).then(|| self.ended as f64 / self.over.as_secs_f64().max(1.0))
    }
}

impl Ledger {
    /// Jobs per state, and the age of the oldest that waits.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn counts(&self) -> Result<Counts, LedgerError> {
        let counted = "SELECT state, CAST(sum(jobs) AS BIGINT) AS jobs FROM job_count GROUP BY state";
        let counted = sqlx::query(counted).fetch_all(&self.inner.readers).await?;
        let mut per_state = Vec::with_capacity(counted.len());
        for row in &counted {
            let jobs: i64 = row.try_get("jobs")?;
            per_state.push((rows::state(row)?, u64::try_from(jobs).unwrap_or(0)));
        }
        let oldest: Option<i64> = sqlx::query_scalar(
            self.say("SELECT {now} - accepted_at FROM job WHERE state = 'accepted' ORDER BY accepted_at LIMIT 1"),
        )
        .fetch_optional(&self.inner.readers)
        .await?;
        let oldest_waiting = oldest.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0)));
        Ok(Counts { per_state, oldest_waiting })
    }

    /// How many jobs ended within the last `window`.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn drain(&self, window: Duration) -> Result<Drain, LedgerError> {
        let row = sqlx::query(self.say(
            "SELECT count(*) AS ended, coalesce({now} - min(changed_at), 0) AS over_ms FROM job \
             WHERE state IN ('succeeded', 'failed', 'dead', 'cancelled') AND changed_at > {now} - $1 \
             AND state <> 'cancelled'",
        ))
        .bind(millis(window))
        .fetch_one(&self.inner.readers)
        .await?;
        let (ended, over): (i64, i64) = (row.try_get("ended")?, row.try_get("over_ms")?);
        Ok(Drain { ended: ended.unsigned_abs(), over: Duration::from_millis(u64::try_from(over).unwrap_or(0)) })
    }

    /// Folds the counts of PostgreSQL's connections into one row each, so that connections long gone leave none behind.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn fold_counts(&self) -> Result<(), LedgerError> {
        if self.inner.dialect != Dialect::Postgres {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        sqlx::query(self.inner.dialect.one_at_a_time()).execute(&mut *tx).await?;
        sqlx::query(self.say(
            "WITH folded AS (DELETE FROM job_count WHERE (organisation, state, slot) IN \
             (SELECT organisation, state, slot FROM job_count WHERE slot <> 0{lock_free}) \
             RETURNING organisation, state, jobs) \
             INSERT INTO job_count (organisation, state, slot, jobs) \
             SELECT organisation, state, 0, CAST(sum(jobs) AS BIGINT) FROM folded GROUP BY organisation, state \
             ON CONFLICT (organisation, state, slot) DO UPDATE SET jobs = job_count.jobs + excluded.jobs",
        ))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
