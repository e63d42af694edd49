//! What the dispatcher asks: which jobs to ring, which leases ran out, how many jobs stand where.

use std::time::Duration;

use sqlx::Row;

use super::{
    Ledger, LedgerError, Start,
    change::{self, Note, Standing},
    leases::withdrawn,
    rows,
};
use crate::job::{JobId, JobState, state::JobEvent};

/// Jobs to ring, marked as rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The number of this ring; no job is rung twice under one number. Milliseconds since 1970, so it tells its age.
    pub ring_no: i64,
    /// Oldest first.
    pub jobs: Vec<JobId>,
}

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

/// Leases ended in one transaction; the rest wait for the next, so that the writer is never held for long.
const LEASES_AT_ONCE: i64 = 500;

impl Ledger {
    /// Picks up to `limit` waiting jobs whose time has come and that were never rung, or rung longer than
    /// `ring_again_after` ago; marks them as rung.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn due(&self, limit: u64, ring_again_after: Duration) -> Result<Due, LedgerError> {
        let mut tx = self.begin().await?;
        let now: i64 =
            sqlx::query_scalar("SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)").fetch_one(&mut *tx).await?;
        let picked = sqlx::query(
            "SELECT id FROM job WHERE state = 'accepted' AND not_before <= ?1 AND (rung_at IS NULL OR rung_at <= ?2) \
             ORDER BY accepted_at, id LIMIT ?3",
        )
        .bind(now)
        .bind(now.saturating_sub(i64::try_from(ring_again_after.as_millis()).unwrap_or(i64::MAX)))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut *tx)
        .await?;
        let jobs = picked.iter().map(rows::id).collect::<Result<Vec<_>, _>>()?;
        if !jobs.is_empty() {
            sqlx::query(
                "UPDATE job SET rung_at = ?1, ring_no = ?1 \
                 WHERE id IN (SELECT value FROM json_each(?2)) AND state = 'accepted'",
            )
            .bind(now)
            .bind(json_list(&jobs)?)
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
        }
        Ok(Due { ring_no: now, jobs })
    }

    /// Takes back the mark of [`Ledger::due`] from jobs whose ring did not go out.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn unring(&self, jobs: &[JobId]) -> Result<(), LedgerError> {
        sqlx::query(
            "UPDATE job SET rung_at = NULL WHERE id IN (SELECT value FROM json_each(?)) AND state = 'accepted'",
        )
        .bind(json_list(jobs)?)
        .execute(&self.inner.writer)
        .await?;
        Ok(())
    }

    /// Takes back the mark from every waiting job, for a doorbell that is known to have lost its rings. Returns how many
    /// jobs had it.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn forget_rings(&self) -> Result<u64, LedgerError> {
        let forgotten = sqlx::query("UPDATE job SET rung_at = NULL WHERE rung_at IS NOT NULL AND state = 'accepted'")
            .execute(&self.inner.writer)
            .await?;
        Ok(forgotten.rows_affected())
    }

    /// Jobs that were rung and have not ended.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn rung_and_unfinished(&self) -> Result<u64, LedgerError> {
        let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM job WHERE rung_at IS NOT NULL")
            .fetch_one(&self.inner.readers)
            .await?;
        Ok(jobs.unsigned_abs())
    }

    /// Takes back leases that ran out: their jobs wait again (the start counts), are dead when their starts are used
    /// up, or cancelled when they were withdrawn. Returns how many leases ended.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn expire_leases(&self) -> Result<u64, LedgerError> {
        let mut ended = 0;
        loop {
            let jobs = self.expire_some_leases().await?;
            ended += jobs.len() as u64;
            jobs.iter().for_each(|job| self.announce(*job));
            if !jobs.is_empty() {
                self.inner.work.notify_one();
            }
            if (jobs.len() as i64) < LEASES_AT_ONCE {
                return Ok(ended);
            }
        }
    }

    async fn expire_some_leases(&self) -> Result<Vec<JobId>, LedgerError> {
        let mut tx = self.begin().await?;
        let expired = sqlx::query(
            "SELECT id FROM job WHERE state = 'running' \
             AND lease_until <= CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) ORDER BY lease_until LIMIT ?",
        )
        .bind(LEASES_AT_ONCE)
        .fetch_all(&mut *tx)
        .await?;
        let jobs = expired.iter().map(rows::id).collect::<Result<Vec<_>, _>>()?;
        for &id in &jobs {
            let Some(before) = Standing::read(&mut tx, id).await? else { continue };
            let (event, after, note) = self.after_expiry(&before)?;
            change::write(&mut tx, id, (&before, event, after), note).await?;
        }
        if !jobs.is_empty() {
            tx.commit().await?;
        }
        Ok(jobs)
    }

    fn after_expiry(&self, before: &Standing) -> Result<(JobEvent, Standing, Note<'static>), LedgerError> {
        if before.cancel_requested {
            return Ok(withdrawn(before));
        }
        if before.starts >= self.inner.limits.max_starts {
            let failure = change::poisoned(before.starts);
            let note = Note { action: "exhaust", detail: Some(failure.code.as_str()) };
            return Ok((JobEvent::Exhaust, before.ended().because(&failure)?, note));
        }
        let after = before.waiting(Duration::ZERO, Start::Counted);
        Ok((JobEvent::Release, after, Note { action: "expire", detail: None }))
    }

    /// Jobs per state, and the age of the oldest that waits.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn counts(&self) -> Result<Counts, LedgerError> {
        let counted = sqlx::query("SELECT state, jobs FROM job_count").fetch_all(&self.inner.readers).await?;
        let mut per_state = Vec::with_capacity(counted.len());
        for row in &counted {
            let jobs: i64 = row.try_get("jobs")?;
            per_state.push((rows::state(row)?, jobs.unsigned_abs()));
        }
        let oldest: Option<i64> = sqlx::query_scalar(
            "SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) - accepted_at FROM job \
             WHERE state = 'accepted' ORDER BY accepted_at LIMIT 1",
        )
        .fetch_optional(&self.inner.readers)
        .await?;
        let oldest_waiting = oldest.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0)));
        Ok(Counts { per_state, oldest_waiting })
    }
}

fn json_list(jobs: &[JobId]) -> Result<String, LedgerError> {
    serde_json::to_string(jobs).map_err(|error| rows::unreadable("list of jobs", error))
}
