//! Accepting and looking up.

use super::{Ledger, LedgerError, rows};
use crate::job::{Job, JobId, NewJob};

impl Ledger {
    /// Stores a job: its row, its print order and its audit row in one transaction. After this returns the job
    /// survives power loss.
    ///
    /// # Errors
    /// [`LedgerError::Full`] when too many jobs wait, [`LedgerError::AlreadyAccepted`] for an id that is stored;
    /// in both cases, and for [`LedgerError::Store`], nothing was stored.
    pub async fn accept(&self, new: NewJob) -> Result<Job, LedgerError> {
        let findings = serde_json::to_string(&new.findings).map_err(|error| rows::unreadable("findings", error))?;
        let id = new.id.to_string();
        let limit = self.inner.limits.max_waiting;

        let mut tx = self.begin().await?;
        let waiting: i64 =
            sqlx::query_scalar("SELECT jobs FROM job_count WHERE state = 'accepted'").fetch_one(&mut *tx).await?;
        let waiting = waiting.unsigned_abs();
        if waiting >= limit {
            return Err(LedgerError::Full { waiting, limit });
        }
        let stored = sqlx::query(
            "INSERT INTO job (id, kind, edition, file_name, state, accepted_at, changed_at, not_before, order_sha256, \
             findings) \
             SELECT ?1, ?2, ?3, ?4, 'accepted', now, now, now, ?5, ?6 \
             FROM (SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) AS now) WHERE true \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(&id)
        .bind(&new.kind)
        .bind(&new.edition)
        .bind(&new.file_name)
        .bind(&new.order_sha256)
        .bind(&findings)
        .execute(&mut *tx)
        .await?;
        if stored.rows_affected() == 0 {
            return Err(LedgerError::AlreadyAccepted(new.id));
        }
        sqlx::query("INSERT INTO job_order (job_id, body) VALUES (?, ?)")
            .bind(&id)
            .bind(&new.order)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO audit (at, job_id, action) SELECT accepted_at, id, 'accept' FROM job WHERE id = ?")
            .bind(&id)
            .execute(&mut *tx)
            .await?;
        let job = rows::job(&sqlx::query(rows::SELECT_JOB).bind(&id).fetch_one(&mut *tx).await?)?;
        tx.commit().await?;

        self.inner.work.notify_one();
        Ok(job)
    }

    /// The job of this id, if it is stored.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn find(&self, id: JobId) -> Result<Option<Job>, LedgerError> {
        let row = sqlx::query(rows::SELECT_JOB).bind(id.to_string()).fetch_optional(&self.inner.readers).await?;
        row.as_ref().map(rows::job).transpose()
    }

    /// Whether a stored job's paper is this file; `sha256` is its hash in hex.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn artifact_is_referenced(&self, sha256: &str) -> Result<bool, LedgerError> {
        let found = sqlx::query("SELECT 1 FROM job WHERE artifact_sha256 = ? LIMIT 1")
            .bind(sha256)
            .fetch_optional(&self.inner.readers)
            .await?;
        Ok(found.is_some())
    }
}
