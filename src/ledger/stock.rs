//! What a stocktake asks: which jobs are not where they should be.

use std::time::Duration;

use super::{Ledger, LedgerError, dialect::Dialect, millis, rows};
use crate::job::JobId;

impl Ledger {
    /// Jobs that have been due for longer than `longer_than` and that nobody has taken up.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn stuck(&self, longer_than: Duration) -> Result<u64, LedgerError> {
        self.count("SELECT count(*) FROM job WHERE state = 'accepted' AND not_before <= {now} - $1", longer_than).await
    }

    /// Leases that ran out longer than `longer_than` ago and were not taken back.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn leases_expired_for(&self, longer_than: Duration) -> Result<u64, LedgerError> {
        self.count("SELECT count(*) FROM job WHERE state = 'running' AND lease_until <= {now} - $1", longer_than).await
    }

    async fn count(&self, statement: &str, longer_than: Duration) -> Result<u64, LedgerError> {
        let counted: i64 =
            sqlx::query_scalar(self.say(statement)).bind(millis(longer_than)).fetch_one(&self.inner.readers).await?;
        Ok(counted.unsigned_abs())
    }

    /// The jobs whose paper, not erased, is this file.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn jobs_with_paper(&self, sha256: &str) -> Result<Vec<JobId>, LedgerError> {
        let found = "SELECT id FROM job WHERE artifact_sha256 = $1 AND paper_erased_at IS NULL ORDER BY id";
        let found = sqlx::query(found).bind(sha256).fetch_all(&self.inner.readers).await?;
        found.iter().map(rows::id).collect()
    }

    /// A job's print order; `None` where there is no such job or its request is erased.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn order(&self, id: JobId) -> Result<Option<String>, LedgerError> {
        let order = sqlx::query_scalar("SELECT body FROM job_order WHERE job_id = $1").bind(id.to_string());
        Ok(order.fetch_optional(&self.inner.readers).await?)
    }

    /// Version of the schema.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn schema(&self) -> Result<i64, LedgerError> {
        let asked = match self.inner.dialect {
            Dialect::Sqlite => "PRAGMA user_version",
            #[cfg(test)]
            Dialect::Simulated => "PRAGMA user_version",
            Dialect::Postgres => "SELECT max(version) FROM ledger_schema",
        };
        Ok(sqlx::query_scalar(asked).fetch_one(&self.inner.readers).await?)
    }
}
