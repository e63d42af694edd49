//! Batches: jobs that were accepted together. How far one is follows from its jobs.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::Row;

use super::{LedgerError, Shelf, millis, rows};
use crate::{
    job::{Job, JobId, JobState, NewJob},
    metrics,
};

/// A batch to be accepted. Everything in it has been checked.
#[derive(Debug)]
pub struct NewBatch {
    pub id: JobId,
    /// Names of the parts and their jobs, in their order.
    pub parts: Vec<(String, NewJob)>,
    /// JSON list of what was left out.
    pub left_out: Value,
}

/// A batch, and how many of its jobs are in which state now.
#[derive(Debug, Clone)]
pub struct Batch {
    pub id: JobId,
    pub accepted_at: DateTime<Utc>,
    /// The moment of the store's clock at which it was counted.
    pub counted_at: DateTime<Utc>,
    pub left_out: Value,
    pub counts: BTreeMap<JobState, u64>,
    /// How many of them were worked to their end within the last [`Batch::LATELY`].
    pub lately: u64,
}

impl Batch {
    /// What has ended within so long tells the pace of now.
    pub const LATELY: Duration = Duration::from_secs(120);

    /// How many parts there are.
    pub fn parts(&self) -> u64 {
        self.counts.values().sum()
    }

    /// How many of them have ended.
    pub fn ended(&self) -> u64 {
        self.counts.iter().filter(|(state, _)| state.is_end()).map(|(_, jobs)| jobs).sum()
    }
}

#[allow(clippy::missing_errors_doc)] // as of every verb of a shelf: the store's, and what accepting refuses with
impl Shelf {
    /// Stores all jobs of a batch in one transaction, or none.
    pub async fn accept_batch(&self, new: NewBatch) -> Result<(), LedgerError> {
        let ledger = self.ledger();
        let left_out = new.left_out.to_string();
        let batch = new.id.to_string();
        let mut tx = ledger.begin().await?;
        sqlx::query(
            ledger.say("INSERT INTO batch (id, organisation, accepted_at, left_out) VALUES ($1, $2, {now}, $3)"),
        )
        .bind(batch.as_str())
        .bind(self.organisation().as_str())
        .bind(left_out)
        .execute(&mut *tx)
        .await?;
        let mut kinds = Vec::with_capacity(new.parts.len());
        for (place, (name, job)) in new.parts.into_iter().enumerate() {
            let stored = ledger.store(&mut tx, &self.own(job), self.hand()).await?;
            sqlx::query("INSERT INTO batch_part (batch_id, place, name, job_id) VALUES ($1, $2, $3, $4)")
                .bind(batch.as_str())
                .bind(i64::try_from(place).unwrap_or(i64::MAX))
                .bind(name)
                .bind(stored.id.to_string())
                .execute(&mut *tx)
                .await?;
            kinds.push(stored.kind);
        }
        tx.commit().await?;
        kinds.iter().for_each(|kind| metrics::job_accepted(kind));
        ledger.inner.work.notify_one();
        ledger.inner.news.notify_one();
        Ok(())
    }

    /// A batch of this organisation, counted now.
    pub async fn batch(&self, id: JobId) -> Result<Option<Batch>, LedgerError> {
        let ledger = self.ledger();
        let mut connection = ledger.inner.readers.acquire().await?;
        let statement =
            "SELECT accepted_at, {now} AS counted_at, left_out FROM batch WHERE id = $1 AND organisation = $2";
        let found = sqlx::query(ledger.say(statement))
            .bind(id.to_string())
            .bind(self.organisation().as_str())
            .fetch_optional(&mut *connection)
            .await?;
        let Some(row) = found else { return Ok(None) };
        let counted = sqlx::query(ledger.say(
            "SELECT job.state AS state, count(*) AS jobs, \
             CAST(sum(CASE WHEN job.changed_at > {now} - $2 THEN 1 ELSE 0 END) AS BIGINT) AS lately \
             FROM batch_part JOIN job ON job.id = batch_part.job_id WHERE batch_part.batch_id = $1 GROUP BY job.state",
        ))
        .bind(id.to_string())
        .bind(millis(Batch::LATELY))
        .fetch_all(&mut *connection)
        .await?;
        let (mut counts, mut lately) = (BTreeMap::new(), 0);
        for row in &counted {
            let state = rows::state(row)?;
            counts.insert(state, u64::from(rows::count(row, "jobs")?));
            // What is withdrawn is no work done.
            if state.is_end() && state != JobState::Cancelled {
                lately += u64::from(rows::count(row, "lately")?);
            }
        }
        let left_out: String = row.try_get("left_out")?;
        Ok(Some(Batch {
            id,
            accepted_at: rows::time(&row, "accepted_at")?,
            counted_at: rows::time(&row, "counted_at")?,
            left_out: serde_json::from_str(&left_out).map_err(|error| rows::unreadable("left out", error))?,
            counts,
            lately,
        }))
    }

    /// Names and jobs of a batch's parts, in their order.
    pub async fn batch_parts(&self, id: JobId) -> Result<Vec<(String, Job)>, LedgerError> {
        let ledger = self.ledger();
        let mut connection = ledger.inner.readers.acquire().await?;
        let of_batch =
            rows::select_job!("WHERE organisation = $2 AND id IN (SELECT job_id FROM batch_part WHERE batch_id = $1)");
        let found = sqlx::query(of_batch)
            .bind(id.to_string())
            .bind(self.organisation().as_str())
            .fetch_all(&mut *connection)
            .await?;
        let mut jobs = BTreeMap::new();
        for row in &found {
            let job = rows::job(row)?;
            jobs.insert(job.id.to_string(), job);
        }
        let order = sqlx::query("SELECT name, job_id FROM batch_part WHERE batch_id = $1 ORDER BY place")
            .bind(id.to_string())
            .fetch_all(&mut *connection)
            .await?;
        let mut parts = Vec::with_capacity(order.len());
        for row in &order {
            let job_id: String = row.try_get("job_id")?;
            if let Some(job) = jobs.remove(&job_id) {
                parts.push((row.try_get("name")?, job));
            }
        }
        Ok(parts)
    }
}
