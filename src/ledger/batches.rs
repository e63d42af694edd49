//! Batches: jobs that were accepted together. How far one is follows from its jobs.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{AnyConnection, Row};

use super::{LedgerError, OnceKey, Shelf, millis, rows};
use crate::{
    job::{Job, JobId, JobState, NewJob},
    metrics,
};

/// A batch to be accepted. Everything in it has been checked.
#[derive(Debug)]
pub struct NewBatch {
    pub id: JobId,
    /// In their order.
    pub parts: Vec<NewPart>,
    /// JSON list of what was left out.
    pub left_out: Value,
    /// Names of blocs that have not sent.
    pub missing: Vec<String>,
    /// JSON of what has to be known to put the papers together.
    pub outline: String,
    /// What batches of the same papers share.
    pub subject: Option<String>,
}

/// A paper of a new batch.
#[derive(Debug)]
pub struct NewPart {
    pub name: String,
    /// SHA-256 of everything that decides the paper's bytes.
    pub key: String,
    /// Stored unless a paper of this key is there.
    pub job: NewJob,
}

/// What came of handing a batch in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchAcceptance {
    Stored(JobId),
    /// A batch was stored before under the same key.
    Replayed(JobId),
}

/// A batch, and how many of its jobs are in which state now.
#[derive(Debug, Clone)]
pub struct Batch {
    pub id: JobId,
    pub accepted_at: DateTime<Utc>,
    /// The moment of the store's clock at which it was counted.
    pub counted_at: DateTime<Utc>,
    pub left_out: Value,
    /// Names of blocs that have not sent.
    pub missing: Vec<String>,
    /// Parts whose paper was there before.
    pub kept: u64,
    /// The same by kind of paper.
    pub kinds: BTreeMap<String, OfKind>,
    pub counts: BTreeMap<JobState, u64>,
    /// How many of them were worked to their end within the last [`Batch::LATELY`].
    pub lately: u64,
}

/// Parts of a batch that are of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OfKind {
    pub parts: u64,
    pub kept: u64,
    pub succeeded: u64,
    /// Ended without a paper.
    pub failed: u64,
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
    /// Stores a batch and the jobs of its papers that are not there in one transaction, or nothing; nothing too where a
    /// batch was stored before under `key`.
    pub async fn accept_batch(&self, new: NewBatch, key: Option<&OnceKey>) -> Result<BatchAcceptance, LedgerError> {
        let ledger = self.ledger();
        let left_out = new.left_out.to_string();
        let missing = serde_json::to_string(&new.missing).map_err(|error| rows::unreadable("missing", error))?;
        let (id, batch) = (new.id, new.id.to_string());
        let mut tx = ledger.begin().await?;
        if let Some(key) = key
            && !ledger.remember(&mut tx, &self.own_key(key), id).await?
        {
            let before = once(&mut tx, &self.own_key(key)).await?;
            tx.rollback().await?;
            let before = before.ok_or_else(|| rows::unreadable("idempotency key", "its batch is not there"))?;
            return Ok(BatchAcceptance::Replayed(before));
        }
        sqlx::query(ledger.say(
            "INSERT INTO batch (id, organisation, accepted_at, left_out, missing, outline, subject) \
             VALUES ($1, $2, {now}, $3, $4, $5, $6)",
        ))
        .bind(batch.as_str())
        .bind(self.organisation().as_str())
        .bind(left_out)
        .bind(missing)
        .bind(new.outline)
        .bind(new.subject)
        .execute(&mut *tx)
        .await?;
        let mut kinds = Vec::with_capacity(new.parts.len());
        for (place, part) in new.parts.into_iter().enumerate() {
            let there = self.paper_of_key(&mut tx, &part.key).await?;
            let kept = there.is_some();
            let job = match there {
                Some(job) => job,
                None => {
                    let stored = ledger.store(&mut tx, &self.own(part.job), self.hand()).await?;
                    kinds.push(stored.kind);
                    stored.id.to_string()
                }
            };
            sqlx::query(
                "INSERT INTO batch_part (batch_id, place, name, job_id, paper_key, kept) VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(batch.as_str())
            .bind(i64::try_from(place).unwrap_or(i64::MAX))
            .bind(part.name)
            .bind(job)
            .bind(part.key)
            .bind(i64::from(kept))
            .execute(&mut *tx)
            .await?;
        }
        if kinds.is_empty() {
            ledger.end_batch(&mut tx, &batch).await?;
        }
        tx.commit().await?;
        kinds.iter().for_each(|kind| metrics::job_accepted(kind));
        ledger.inner.work.notify_one();
        ledger.inner.news.notify_one();
        Ok(BatchAcceptance::Stored(id))
    }

    /// The job whose paper has this key, if the paper is there.
    async fn paper_of_key(&self, tx: &mut AnyConnection, key: &str) -> Result<Option<String>, LedgerError> {
        let found = "SELECT job.id FROM batch_part JOIN job ON job.id = batch_part.job_id \
                     WHERE batch_part.paper_key = $1 AND job.organisation = $2 AND job.state = 'succeeded' \
                     AND job.paper_erased_at IS NULL AND job.request_erased_at IS NULL LIMIT 1";
        let found = sqlx::query_scalar(found).bind(key).bind(self.organisation().as_str());
        Ok(found.fetch_optional(tx).await?)
    }

    /// The batch that was handed in under this key, if it is still remembered.
    pub async fn find_batch_once(&self, key: &OnceKey) -> Result<Option<JobId>, LedgerError> {
        let ledger = self.ledger();
        let key = self.own_key(key);
        let mut connection = ledger.inner.readers.acquire().await?;
        if ledger.remembers(&mut connection, &key).await? { once(&mut connection, &key).await } else { Ok(None) }
    }

    /// JSON of what has to be known to put a batch's papers together.
    pub async fn batch_outline(&self, id: JobId) -> Result<Option<String>, LedgerError> {
        let found = sqlx::query_scalar("SELECT coalesce(outline, '{}') FROM batch WHERE id = $1 AND organisation = $2")
            .bind(id.to_string())
            .bind(self.organisation().as_str());
        Ok(found.fetch_optional(&self.ledger().inner.readers).await?)
    }

    /// The last batch before this one that was of the same papers.
    pub async fn batch_before(&self, id: JobId) -> Result<Option<JobId>, LedgerError> {
        let found = "SELECT old.id FROM batch AS old JOIN batch AS new \
                     ON new.organisation = old.organisation AND new.subject = old.subject \
                     WHERE new.id = $1 AND new.organisation = $2 AND old.id < new.id ORDER BY old.id DESC LIMIT 1";
        let found = sqlx::query_scalar(found).bind(id.to_string()).bind(self.organisation().as_str());
        let found: Option<String> = found.fetch_optional(&self.ledger().inner.readers).await?;
        found.map(|id| id.parse().map_err(|error| rows::unreadable("batch id", error))).transpose()
    }

    /// A batch of this organisation, counted now.
    pub async fn batch(&self, id: JobId) -> Result<Option<Batch>, LedgerError> {
        let ledger = self.ledger();
        let mut connection = ledger.inner.readers.acquire().await?;
        let statement =
            "SELECT accepted_at, {now} AS counted_at, left_out, missing FROM batch WHERE id = $1 AND organisation = $2";
        let found = sqlx::query(ledger.say(statement))
            .bind(id.to_string())
            .bind(self.organisation().as_str())
            .fetch_optional(&mut *connection)
            .await?;
        let Some(row) = found else { return Ok(None) };
        let counted = sqlx::query(ledger.say(
            "SELECT job.state AS state, job.kind AS kind, count(*) AS jobs, \
             CAST(sum(batch_part.kept) AS BIGINT) AS kept, CAST(sum(CASE WHEN job.changed_at > {now} - $2 \
             AND batch_part.kept = 0 THEN 1 ELSE 0 END) AS BIGINT) AS lately \
             FROM batch_part JOIN job ON job.id = batch_part.job_id \
             WHERE batch_part.batch_id = $1 GROUP BY job.state, job.kind",
        ))
        .bind(id.to_string())
        .bind(millis(Batch::LATELY))
        .fetch_all(&mut *connection)
        .await?;
        let (mut counts, mut kept, mut lately) = (BTreeMap::new(), 0, 0);
        let mut kinds: BTreeMap<String, OfKind> = BTreeMap::new();
        for row in &counted {
            let (state, jobs) = (rows::state(row)?, u64::from(rows::count(row, "jobs")?));
            let there = u64::try_from(row.try_get::<i64, _>("kept")?).unwrap_or(0);
            kept += there;
            *counts.entry(state).or_default() += jobs;
            let kind = kinds.entry(row.try_get("kind")?).or_default();
            kind.parts += jobs;
            kind.kept += there;
            // What is withdrawn is no work done.
            if state.is_end() && state != JobState::Cancelled {
                lately += u64::from(rows::count(row, "lately")?);
            }
            match state {
                JobState::Succeeded => kind.succeeded += jobs,
                JobState::Failed | JobState::Dead | JobState::Cancelled => kind.failed += jobs,
                JobState::Accepted | JobState::Running => {}
            }
        }
        let left_out: String = row.try_get("left_out")?;
        Ok(Some(Batch {
            id,
            accepted_at: rows::time(&row, "accepted_at")?,
            counted_at: rows::time(&row, "counted_at")?,
            left_out: serde_json::from_str(&left_out).map_err(|error| rows::unreadable("left out", error))?,
            missing: rows::json("missing", row.try_get("missing")?)?,
            kept,
            kinds,
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
            // Equal parts share one paper's job.
            if let Some(job) = jobs.get(&job_id) {
                parts.push((row.try_get("name")?, job.clone()));
            }
        }
        Ok(parts)
    }
}

async fn once(connection: &mut AnyConnection, key: &OnceKey) -> Result<Option<JobId>, LedgerError> {
    let found = sqlx::query("SELECT fingerprint, job_id FROM idempotency WHERE organisation = $1 AND key_sha256 = $2")
        .bind(key.organisation.as_str())
        .bind(key.key_sha256.as_str())
        .fetch_optional(connection)
        .await?;
    let Some(row) = found else { return Ok(None) };
    if row.try_get::<&str, _>("fingerprint")? != key.fingerprint {
        return Err(LedgerError::KeyReused);
    }
    let id: &str = row.try_get("job_id")?;
    Ok(Some(id.parse().map_err(|error| rows::unreadable("batch id", error))?))
}
