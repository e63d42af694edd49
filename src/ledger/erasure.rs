//! Erasing what a job holds of people, at once or after its time. The row stays, with times and hashes, and the audit
//! says what was erased and when: that is the proof.

use std::time::Duration;

use sqlx::{Any, AnyPool, Executor, Transaction};
use tracing::debug;

use super::{
    Ledger, LedgerError,
    change::{self, Note, Standing},
    dialect::Dialect,
    leave, millis, rows,
    shelf::Hand,
};
use crate::{
    failure::Failure,
    job::{JobId, JobState},
};

/// How long ended jobs keep what they hold; `None`: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    pub requests: Option<Duration>,
    pub papers: Option<Duration>,
}

/// A job whose data were erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    pub job: JobId,
    /// SHA-256 of the paper that is the job's no more; its file may go if [`Ledger::paper_may_go`].
    pub paper: Option<String>,
    order_sha256: String,
}

/// What came of erasing a job's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EraseOutcome {
    /// Nothing of it is left but hashes and times.
    Erased(Erased),
    /// That was done before.
    AlreadyErased,
    /// The job has not ended.
    NotEnded(JobState),
    /// No such job.
    Unknown,
}

#[derive(Debug, Clone, Copy)]
struct What {
    request: bool,
    paper: bool,
}

/// Jobs erased in one transaction, so that the writer is never held for long.
const PAGE: i64 = 100;

impl Ledger {
    /// Erases request and paper of an ended job.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn erase(&self, id: JobId) -> Result<EraseOutcome, LedgerError> {
        self.erase_for(Hand::ANY, id).await
    }

    pub(super) async fn erase_for(&self, hand: Hand<'_>, id: JobId) -> Result<EraseOutcome, LedgerError> {
        let mut tx = self.begin().await?;
        let Some(standing) = self.standing_for(hand, &mut tx, id).await? else {
            return leave(tx, EraseOutcome::Unknown).await;
        };
        if !standing.state.is_end() {
            return leave(tx, EraseOutcome::NotEnded(standing.state)).await;
        }
        let Some(erased) = self.erase_in(&mut tx, id, &standing, What { request: true, paper: true }).await? else {
            return leave(tx, EraseOutcome::AlreadyErased).await;
        };
        tx.commit().await?;
        self.announce(id);
        self.seal_audit().await?;
        self.empty_log().await;
        Ok(EraseOutcome::Erased(erased))
    }

    /// Erases a page of what is older than `keep` says. Returns the jobs; as long as there are any, more may wait.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn erase_outdated(&self, keep: Keep) -> Result<Vec<Erased>, LedgerError> {
        let requests = "SELECT id FROM job WHERE state IN ('succeeded', 'failed', 'dead', 'cancelled') \
                        AND request_erased_at IS NULL AND changed_at <= {now} - $1 ORDER BY changed_at LIMIT $2{lock_free}";
        let papers = "SELECT id FROM job WHERE state = 'succeeded' AND paper_erased_at IS NULL \
                      AND changed_at <= {now} - $1 ORDER BY changed_at LIMIT $2{lock_free}";
        let mut erased = Vec::new();
        for (statement, keep, what) in [
            (requests, keep.requests, What { request: true, paper: false }),
            (papers, keep.papers, What { request: false, paper: true }),
        ] {
            let Some(keep) = keep else { continue };
            let mut tx = self.begin().await?;
            let page = sqlx::query(self.say(statement)).bind(millis(keep)).bind(PAGE).fetch_all(&mut *tx).await?;
            for row in &page {
                let id = rows::id(row)?;
                let Some(standing) = self.standing(&mut tx, id).await? else { continue };
                erased.extend(self.erase_in(&mut tx, id, &standing, what).await?);
            }
            tx.commit().await?;
        }
        if !erased.is_empty() {
            self.seal_audit().await?;
            self.empty_log().await;
        }
        Ok(erased)
    }

    /// SQLite's write-ahead log still holds what was written before: it is folded into the file, where it is overwritten,
    /// and emptied. While somebody reads an older state that cannot be; the next erasure, and the last close, do it too.
    async fn empty_log(&self) {
        match self.inner.dialect {
            Dialect::Sqlite => {}
            Dialect::Postgres => return,
            #[cfg(test)]
            Dialect::Simulated => return,
        }
        // A task of its own: the only writer must not stay impatient because somebody waits for this no longer.
        let emptied = tokio::spawn(empty_log(self.inner.writer.clone())).await;
        if let Err(error) = emptied.map_err(|lost| sqlx::Error::Io(lost.into())).flatten() {
            debug!(%error, "The write-ahead log could not be emptied");
        }
    }

    async fn erase_in(
        &self,
        tx: &mut Transaction<'static, Any>,
        id: JobId,
        standing: &Standing,
        what: What,
    ) -> Result<Option<Erased>, LedgerError> {
        let request = what.request && standing.request_erased_at.is_none();
        let paper = standing.artifact.as_ref().filter(|_| what.paper && standing.paper_erased_at.is_none());
        let paper = paper.map(|artifact| artifact.sha256.clone());
        if !request && paper.is_none() {
            return Ok(None);
        }
        let text = id.to_string();
        if request {
            sqlx::query("DELETE FROM job_order WHERE job_id = $1").bind(text.as_str()).execute(&mut **tx).await?;
            sqlx::query("UPDATE job SET request_erased_at = $1, findings = '[]', failure = $2 WHERE id = $3")
                .bind(standing.now)
                .bind(without_words(standing.failure.as_deref())?)
                .bind(text.as_str())
                .execute(&mut **tx)
                .await?;
            let detail = format!("request sha256 {}", standing.order_sha256);
            let note = Note { action: "erase-request", detail: Some(&detail) };
            change::audit(tx, &text, standing, &note).await?;
        }
        if let Some(sha256) = &paper {
            sqlx::query("UPDATE job SET paper_erased_at = $1 WHERE id = $2")
                .bind(standing.now)
                .bind(text.as_str())
                .execute(&mut **tx)
                .await?;
            let detail = format!("paper sha256 {sha256}");
            change::audit(tx, &text, standing, &Note { action: "erase-paper", detail: Some(&detail) }).await?;
        }
        // The name is needed as long as there is a paper to download.
        sqlx::query(
            "UPDATE job SET file_name = '' WHERE id = $1 AND request_erased_at IS NOT NULL \
             AND (artifact_sha256 IS NULL OR paper_erased_at IS NOT NULL)",
        )
        .bind(text.as_str())
        .execute(&mut **tx)
        .await?;
        Ok(Some(Erased { job: id, paper, order_sha256: standing.order_sha256.clone() }))
    }

    /// Whether the file of an erased paper is no other job's, nor about to become one's. Where it is not, it goes with
    /// the last of them, or with the archive's sweep.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn paper_may_go(&self, erased: &Erased) -> Result<bool, LedgerError> {
        let Some(sha256) = &erased.paper else { return Ok(false) };
        let wanted = sqlx::query(
            "SELECT 1 FROM job WHERE artifact_sha256 = $1 AND paper_erased_at IS NULL UNION ALL \
             SELECT 1 FROM job WHERE order_sha256 = $2 AND state IN ('accepted', 'running') LIMIT 1",
        )
        .bind(sha256.as_str())
        .bind(erased.order_sha256.as_str())
        .fetch_optional(&self.inner.writer)
        .await?;
        Ok(wanted.is_none())
    }

    /// Says in the audit that the file of an erased paper is gone from the archive.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn paper_is_gone(&self, erased: &Erased) -> Result<(), LedgerError> {
        let Some(sha256) = &erased.paper else { return Ok(()) };
        let detail = format!("paper sha256 {sha256}");
        self.note(erased.job, Note { action: "remove-file", detail: Some(&detail) }).await
    }

    /// Forgets idempotency keys whose time is over. Returns how many.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn forget_keys(&self) -> Result<u64, LedgerError> {
        let forgotten = sqlx::query(self.say("DELETE FROM idempotency WHERE expires_at <= {now}"));
        Ok(forgotten.execute(&self.inner.writer).await?.rows_affected())
    }
}

async fn empty_log(writer: AnyPool) -> Result<(), sqlx::Error> {
    let mut writer = writer.acquire().await?;
    let emptied = writer.execute("PRAGMA busy_timeout = 250; PRAGMA wal_checkpoint(TRUNCATE);").await;
    match writer.execute("PRAGMA busy_timeout = 10000;").await {
        Ok(_patient_again) => emptied.map(drop),
        // Another is opened in its place.
        Err(error) => writer.close().await.and(Err(error)),
    }
}

/// A failure's sentences and findings may repeat what the request said; its code does not.
fn without_words(failure: Option<&str>) -> Result<Option<String>, LedgerError> {
    let Some(failure) = failure else { return Ok(None) };
    let failure: Failure = rows::json("failure", failure)?;
    let bare = Failure::new(failure.code, "Dữ liệu của việc này đã được xóa.", "The job's data were erased.");
    serde_json::to_string(&bare).map(Some).map_err(|error| rows::unreadable("failure", error))
}
