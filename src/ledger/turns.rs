//! Whose jobs wait, and which of an organisation's comes next.

use sqlx::Row;

use super::{Lane, Ledger, LedgerError, organisations, rows};
use crate::job::JobId;

/// An organisation with jobs that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    pub organisation: String,
    /// How many of its jobs are worked on.
    pub running: u64,
    pub lane: Lane,
}

/// The job of an organisation that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    pub job: JobId,
    /// Whether a ring is out for it.
    pub is_rung: bool,
}

impl Ledger {
    /// Every organisation that has jobs waiting, due or not.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn asking(&self) -> Result<Vec<Asking>, LedgerError> {
        let found = sqlx::query(
            "SELECT waits.organisation AS organisation, coalesce(runs.jobs, 0) AS running, \
             coalesce(organisation.lane, 'common') AS lane \
             FROM (SELECT organisation FROM job_count WHERE state = 'accepted' \
                   GROUP BY organisation HAVING sum(jobs) > 0) AS waits \
             LEFT JOIN (SELECT organisation, CAST(sum(jobs) AS BIGINT) AS jobs FROM job_count WHERE state = 'running' \
                   GROUP BY organisation) AS runs ON runs.organisation = waits.organisation \
             LEFT JOIN organisation ON organisation.id = waits.organisation \
             ORDER BY waits.organisation",
        )
        .fetch_all(&self.inner.readers)
        .await?;
        found
            .iter()
            .map(|row| {
                Ok(Asking {
                    organisation: row.try_get("organisation")?,
                    running: row.try_get::<i64, _>("running")?.try_into().unwrap_or(0),
                    lane: organisations::lane(row)?,
                })
            })
            .collect()
    }

    /// Whose a job is, if it waits and its time has come.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn waits_for(&self, id: JobId) -> Result<Option<String>, LedgerError> {
        let statement = "SELECT organisation FROM job WHERE id = $1 AND state = 'accepted' AND not_before <= {now}";
        let found = sqlx::query_scalar(self.say(statement)).bind(id.to_string());
        Ok(found.fetch_optional(&self.inner.readers).await?)
    }

    /// The job of an organisation that comes next: the oldest that was rung for, else the oldest.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn next_of(&self, organisation: &str) -> Result<Option<Next>, LedgerError> {
        for (is_rung, statement) in [
            (
                true,
                "SELECT id FROM job WHERE state = 'accepted' AND organisation = $1 AND not_before <= {now} \
                 AND rung_at IS NOT NULL ORDER BY accepted_at, id LIMIT 1",
            ),
            (
                false,
                "SELECT id FROM job WHERE state = 'accepted' AND organisation = $1 AND not_before <= {now} \
                 AND rung_at IS NULL ORDER BY accepted_at, id LIMIT 1",
            ),
        ] {
            let found = sqlx::query(self.say(statement)).bind(organisation);
            if let Some(row) = found.fetch_optional(&self.inner.readers).await? {
                return Ok(Some(Next { job: rows::id(&row)?, is_rung }));
            }
        }
        Ok(None)
    }
}
