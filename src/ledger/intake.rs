//! Accepting and looking up.

use std::time::Duration;

use sqlx::{AnyConnection, Row};

use super::{Ledger, LedgerError, events, millis, rows, shelf::Hand};
use crate::{
    access::OrganisationId,
    job::{Job, JobId, NewJob},
    metrics,
};

/// A caller's promise that several requests under one key are one: the key's hash, and what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnceKey {
    pub organisation: String,
    /// SHA-256 of the key, hex: the key itself may say who sent it.
    pub key_sha256: String,
    /// SHA-256 of method, path and request, hex.
    pub fingerprint: String,
    /// How long the key is remembered.
    pub keep: Duration,
}

/// What came of a request under a key.
#[derive(Debug)]
pub enum Acceptance {
    /// It was stored as this job.
    Stored(Job),
    /// It was stored before; this is its job now.
    Replayed(Job),
}

impl Ledger {
    /// Stores a job: its row, its print order, its audit row and its event in one transaction. After this returns the job
    /// survives power loss.
    ///
    /// # Errors
    /// [`LedgerError::Full`] or [`LedgerError::OverQuota`] when too many jobs wait, [`LedgerError::AlreadyAccepted`] for
    /// an id that is stored; in these cases, and for [`LedgerError::Store`], nothing was stored.
    pub async fn accept(&self, new: NewJob) -> Result<Job, LedgerError> {
        self.accept_for(Hand::ANY, new).await
    }

    pub(super) async fn accept_for(&self, hand: Hand<'_>, new: NewJob) -> Result<Job, LedgerError> {
        let mut tx = self.begin().await?;
        let job = self.store(&mut tx, &new, hand).await?;
        tx.commit().await?;
        metrics::job_accepted(&job.kind);
        self.inner.work.notify_one();
        self.inner.news.notify_one();
        Ok(job)
    }

    /// As [`Ledger::accept`], unless a request under this key was stored before: then that one's job. The key is stored
    /// in the job's transaction, so of any number of equal requests exactly one becomes a job, on any number of hosts.
    ///
    /// # Errors
    /// As [`Ledger::accept`]; [`LedgerError::KeyReused`] when the key stands for another request.
    pub async fn accept_once(&self, new: NewJob, key: &OnceKey) -> Result<Acceptance, LedgerError> {
        self.accept_once_for(Hand::ANY, new, key).await
    }

    pub(super) async fn accept_once_for(
        &self,
        hand: Hand<'_>,
        new: NewJob,
        key: &OnceKey,
    ) -> Result<Acceptance, LedgerError> {
        let mut tx = self.begin().await?;
        if !self.remember(&mut tx, key, new.id).await? {
            return match find_once(&mut tx, key).await? {
                Some(job) => Ok(Acceptance::Replayed(job)),
                None => Err(rows::unreadable("idempotency key", "its job is not there")),
            };
        }
        let job = self.store(&mut tx, &new, hand).await?;
        tx.commit().await?;
        metrics::job_accepted(&job.kind);
        self.inner.work.notify_one();
        self.inner.news.notify_one();
        Ok(Acceptance::Stored(job))
    }

    /// Remembers what a request under a key became; `false` where the key is known.
    pub(super) async fn remember(&self, tx: &mut AnyConnection, key: &OnceKey, id: JobId) -> Result<bool, LedgerError> {
        let outdated = "DELETE FROM idempotency WHERE organisation = $1 AND key_sha256 = $2 AND expires_at <= {now}";
        sqlx::query(self.say(outdated))
            .bind(key.organisation.as_str())
            .bind(key.key_sha256.as_str())
            .execute(&mut *tx)
            .await?;
        // A transaction that inserts the same key at this moment is waited for.
        let remembered = sqlx::query(self.say(
            "INSERT INTO idempotency (organisation, key_sha256, fingerprint, job_id, expires_at) \
             VALUES ($1, $2, $3, $4, {now} + $5) ON CONFLICT (organisation, key_sha256) DO NOTHING",
        ))
        .bind(key.organisation.as_str())
        .bind(key.key_sha256.as_str())
        .bind(key.fingerprint.as_str())
        .bind(id.to_string())
        .bind(millis(key.keep))
        .execute(&mut *tx)
        .await?;
        Ok(remembered.rows_affected() > 0)
    }

    /// Whether a key is remembered.
    pub(super) async fn remembers(&self, connection: &mut AnyConnection, key: &OnceKey) -> Result<bool, LedgerError> {
        let live = "SELECT 1 FROM idempotency WHERE organisation = $1 AND key_sha256 = $2 AND expires_at > {now}";
        let live = sqlx::query(self.say(live)).bind(key.organisation.as_str()).bind(key.key_sha256.as_str());
        Ok(live.fetch_optional(connection).await?.is_some())
    }

    /// The job that a request under this key became, if there was one and it is still remembered.
    ///
    /// # Errors
    /// [`LedgerError::KeyReused`] when the key stands for another request; [`LedgerError::Store`].
    pub async fn find_once(&self, key: &OnceKey) -> Result<Option<Job>, LedgerError> {
        let mut connection = self.inner.readers.acquire().await?;
        if !self.remembers(&mut connection, key).await? {
            return Ok(None);
        }
        find_once(&mut connection, key).await
    }

    pub(super) async fn store(&self, tx: &mut AnyConnection, new: &NewJob, hand: Hand<'_>) -> Result<Job, LedgerError> {
        self.refuse_when_full(tx, &new.organisation).await?;
        let findings = serde_json::to_string(&new.findings).map_err(|error| rows::unreadable("findings", error))?;
        let id = new.id.to_string();
        let stored = sqlx::query(self.say(
            "INSERT INTO job (id, organisation, kind, edition, file_name, state, accepted_at, changed_at, not_before, \
             order_sha256, findings, media_type, traceparent) \
             SELECT $1, $2, $3, $4, $5, 'accepted', moment, moment, moment, $6, $7, $8, $9 \
             FROM (SELECT {now} AS moment) AS clock WHERE true ON CONFLICT (id) DO NOTHING",
        ))
        .bind(id.as_str())
        .bind(new.organisation.as_str())
        .bind(new.kind.as_str())
        .bind(new.edition.as_str())
        .bind(new.file_name.as_str())
        .bind(new.order_sha256.as_str())
        .bind(findings)
        .bind(new.media_type.as_str())
        .bind(new.trace.map(|trace| trace.to_string()))
        .execute(&mut *tx)
        .await?;
        if stored.rows_affected() == 0 {
            return Err(LedgerError::AlreadyAccepted(new.id));
        }
        sqlx::query("INSERT INTO job_order (job_id, body) VALUES ($1, $2)")
            .bind(id.as_str())
            .bind(new.order.as_str())
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO audit (at, organisation, job_id, action, detail) \
             SELECT accepted_at, organisation, id, 'accept', $2 FROM job WHERE id = $1",
        )
        .bind(id.as_str())
        .bind(hand.by)
        .execute(&mut *tx)
        .await?;
        events::add_accepted(&mut *tx, &id).await?;
        rows::job(&sqlx::query(rows::select_job!("WHERE id = $1")).bind(id).fetch_one(tx).await?)
    }

    /// Where several processes accept at the same instant, each may pass with the last free place.
    async fn refuse_when_full(&self, tx: &mut AnyConnection, organisation: &str) -> Result<(), LedgerError> {
        let limits = self.inner.limits;
        let row = sqlx::query(
            "SELECT CAST(coalesce(sum(jobs), 0) AS BIGINT) AS waiting, \
             CAST(coalesce(sum(CASE WHEN organisation = $1 THEN jobs ELSE 0 END), 0) AS BIGINT) AS own, \
             (SELECT max_waiting FROM organisation WHERE id = $1) AS own_limit \
             FROM job_count WHERE state = 'accepted'",
        )
        .bind(organisation)
        .fetch_one(tx)
        .await?;
        let (waiting, own) = (row.try_get::<i64, _>("waiting")?, row.try_get::<i64, _>("own")?);
        let (waiting, own) = (u64::try_from(waiting).unwrap_or(0), u64::try_from(own).unwrap_or(0));
        let own_limit = row.try_get::<Option<i64>, _>("own_limit")?.map(i64::unsigned_abs);
        let limit = own_limit.unwrap_or(limits.max_waiting_each);
        if own >= limit {
            return Err(LedgerError::OverQuota { waiting: own, limit });
        }
        if waiting >= limits.max_waiting {
            return Err(LedgerError::Full { waiting, limit: limits.max_waiting });
        }
        Ok(())
    }

    /// The job of this id, if it is stored.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn find(&self, id: JobId) -> Result<Option<Job>, LedgerError> {
        self.find_for(Hand::ANY, id).await
    }

    pub(super) async fn find_for(&self, hand: Hand<'_>, id: JobId) -> Result<Option<Job>, LedgerError> {
        let found = sqlx::query(rows::select_job!("WHERE id = $1 AND organisation = coalesce($2, organisation)"))
            .bind(id.to_string())
            .bind(hand.whose.map(OrganisationId::as_str))
            .fetch_optional(&self.inner.readers)
            .await?;
        found.as_ref().map(rows::job).transpose()
    }

    /// Whether a stored job's paper is this file and is not erased; `sha256` is its hash in hex.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn artifact_is_referenced(&self, sha256: &str) -> Result<bool, LedgerError> {
        let found = sqlx::query("SELECT 1 FROM job WHERE artifact_sha256 = $1 AND paper_erased_at IS NULL LIMIT 1")
            .bind(sha256)
            .fetch_optional(&self.inner.readers)
            .await?;
        Ok(found.is_some())
    }
}

async fn find_once(connection: &mut AnyConnection, key: &OnceKey) -> Result<Option<Job>, LedgerError> {
    let row = sqlx::query("SELECT fingerprint, job_id FROM idempotency WHERE organisation = $1 AND key_sha256 = $2")
        .bind(key.organisation.as_str())
        .bind(key.key_sha256.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    if row.try_get::<&str, _>("fingerprint")? != key.fingerprint {
        return Err(LedgerError::KeyReused);
    }
    let job_id: String = row.try_get("job_id")?;
    let job = sqlx::query(rows::select_job!("WHERE id = $1")).bind(job_id).fetch_optional(connection).await?;
    job.as_ref().map(rows::job).transpose()
}
