//! The audit: one row for every change, without personal data, chained by hashes.
//!
//! A row's hash covers the row and the hash before it, so that no row can be altered, taken out or put in unseen. Rows
//! are written with the change and sealed into the chain shortly after, by one process at a time: a chain written by
//! every transaction itself would let them wait for each other. Whoever keeps a head elsewhere can tell that the chain
//! still contains it, and so that its end was not cut off either.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{Ledger, LedgerError, change::Note, rows};
use crate::{fingerprint, job::JobId};

/// One audit row, for an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    pub at: DateTime<Utc>,
    pub action: String,
    /// A failure's code, a worker's name, or the hashes of what was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Its place in the chain; none until it is sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// What came of walking the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// Rows from the first on whose hashes are right.
    pub rows: i64,
    /// The hash of the last of them.
    pub head: String,
    /// The place of the first row that is wrong or missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<i64>,
}

/// What stands before the first row.
const BEGINNING: &str = "tdkt-reports audit";
/// Rows sealed in one transaction, or read at once.
const PAGE: i64 = 500;

impl Ledger {
    /// Takes every row into the chain that is not in it yet. Returns how many.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn seal_audit(&self) -> Result<u64, LedgerError> {
        let mut sealed = 0;
        loop {
            let page = self.seal_page().await?;
            sealed += page;
            if page < PAGE.unsigned_abs() {
                return Ok(sealed);
            }
        }
    }

    async fn seal_page(&self) -> Result<u64, LedgerError> {
        let mut tx = self.begin().await?;
        sqlx::query(self.inner.dialect.one_at_a_time()).execute(&mut *tx).await?;
        let rows = sqlx::query(
            "SELECT id, at, organisation, job_id, action, detail FROM audit WHERE seq IS NULL ORDER BY id LIMIT $1",
        )
        .bind(PAGE)
        .fetch_all(&mut *tx)
        .await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let (mut seq, mut head) = head(&mut tx).await?;
        for row in &rows {
            seq += 1;
            head = hash(&head, seq, row)?;
            sqlx::query("UPDATE audit SET seq = $1, hash = $2 WHERE id = $3")
                .bind(seq)
                .bind(head.as_str())
                .bind(row.try_get::<i64, _>("id")?)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(rows.len() as u64)
    }

    /// Walks the chain from its beginning and hashes every row anew.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn verify_audit(&self) -> Result<Chain, LedgerError> {
        let mut chain = Chain { rows: 0, head: BEGINNING.into(), broken_at: None };
        loop {
            let page = sqlx::query(
                "SELECT at, organisation, job_id, action, detail, seq, hash FROM audit WHERE seq > $1 \
                 ORDER BY seq LIMIT $2",
            )
            .bind(chain.rows)
            .bind(PAGE)
            .fetch_all(&self.inner.readers)
            .await?;
            for row in &page {
                let (seq, next) = (chain.rows + 1, hash(&chain.head, chain.rows + 1, row)?);
                let as_stored = (row.try_get("seq")?, row.try_get("hash")?);
                if as_stored != (seq, next.as_str()) {
                    return Ok(Chain { broken_at: Some(seq), ..chain });
                }
                chain = Chain { rows: seq, head: next, broken_at: None };
            }
            if (page.len() as i64) < PAGE {
                return Ok(chain);
            }
        }
    }

    /// Everything that happened to a job, in order.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn audit_of(&self, id: JobId) -> Result<Vec<AuditRow>, LedgerError> {
        let rows = sqlx::query("SELECT at, action, detail, seq, hash FROM audit WHERE job_id = $1 ORDER BY id")
            .bind(id.to_string())
            .fetch_all(&self.inner.readers)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(AuditRow {
                    at: rows::time(row, "at")?,
                    action: row.try_get("action")?,
                    detail: row.try_get("detail")?,
                    seq: row.try_get("seq")?,
                    hash: row.try_get("hash")?,
                })
            })
            .collect()
    }

    /// Adds a row about a job that is not a change of its state, and seals it.
    pub(super) async fn note(&self, id: JobId, note: Note<'_>) -> Result<(), LedgerError> {
        let mut tx = self.begin().await?;
        let Some(standing) = self.standing(&mut tx, id).await? else { return Ok(()) };
        super::change::audit(&mut tx, &id.to_string(), &standing, &note).await?;
        tx.commit().await?;
        self.seal_audit().await.map(drop)
    }
}

async fn head(tx: &mut AnyConnection) -> Result<(i64, String), LedgerError> {
    let last = sqlx::query("SELECT seq, hash FROM audit WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1");
    match last.fetch_optional(tx).await? {
        Some(row) => Ok((row.try_get("seq")?, row.try_get("hash")?)),
        None => Ok((0, BEGINNING.into())),
    }
}

fn hash(before: &str, seq: i64, row: &AnyRow) -> Result<String, LedgerError> {
    let at: i64 = row.try_get("at")?;
    let (seq, at) = (seq.to_string(), at.to_string());
    let (organisation, job_id, action): (&str, &str, &str) =
        (row.try_get("organisation")?, row.try_get("job_id")?, row.try_get("action")?);
    // No detail is another thing than an empty one.
    let detail = row.try_get::<Option<&str>, _>("detail")?.map_or(String::from("0"), |detail| format!("1{detail}"));
    let parts = [before, &seq, &at, organisation, job_id, action, &detail];
    Ok(fingerprint::of_all(parts.map(str::as_bytes)))
}
