//! The one way a job changes its state.

use std::time::Duration;

use sqlx::{AnyConnection, Row};

use super::{LedgerError, dialect::Dialect, events, rows, shelf::Hand};
use crate::{
    access::OrganisationId,
    failure::{Failure, FailureCode},
    job::{Artifact, JobId, JobState, state::JobEvent},
    metrics,
};

/// What becomes of a start when its job goes back to waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The render was begun and counts.
    Counted,
    /// The job had no fair chance; the start is given back.
    GivenBack,
}

/// The changing part of a job's row. Times are milliseconds since 1970, on the ledger's clock.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub kind: String,
    pub organisation: String,
    pub state: JobState,
    pub fence: i64,
    pub starts: u32,
    pub tries: u32,
    pub not_before: i64,
    pub lease_until: Option<i64>,
    pub leased_by: Option<String>,
    pub rung_at: Option<i64>,
    /// The stored JSON.
    pub failure: Option<String>,
    pub artifact: Option<Artifact>,
    pub cancel_requested: bool,
    pub order_sha256: String,
    pub request_erased_at: Option<i64>,
    pub paper_erased_at: Option<i64>,
    /// The ledger's time when this was read.
    pub now: i64,
}

impl Standing {
    /// Reads where the job stands, and holds its row. To be called inside the transaction that will change it.
    pub async fn read(
        tx: &mut AnyConnection,
        dialect: Dialect,
        id: JobId,
        hand: Hand<'_>,
    ) -> Result<Option<Self>, LedgerError> {
        let row = sqlx::query(dialect.say(
            "SELECT kind, organisation, state, fence, starts, tries, not_before, lease_until, leased_by, rung_at, failure, \
             artifact_sha256, artifact_size, artifact_pages, cancel_requested, order_sha256, request_erased_at, \
             paper_erased_at, {now} AS moment FROM job \
             WHERE id = $1 AND organisation = coalesce($2, organisation){lock}",
        ))
        .bind(id.to_string())
        .bind(hand.whose.map(OrganisationId::as_str))
        .fetch_optional(tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Self {
            kind: row.try_get("kind")?,
            organisation: row.try_get("organisation")?,
            state: rows::state(&row)?,
            fence: row.try_get("fence")?,
            starts: rows::count(&row, "starts")?,
            tries: rows::count(&row, "tries")?,
            not_before: row.try_get("not_before")?,
            lease_until: row.try_get("lease_until")?,
            leased_by: row.try_get("leased_by")?,
            rung_at: row.try_get("rung_at")?,
            failure: row.try_get("failure")?,
            artifact: rows::artifact(&row)?,
            cancel_requested: row.try_get::<i64, _>("cancel_requested")? != 0,
            order_sha256: row.try_get("order_sha256")?,
            request_erased_at: row.try_get("request_erased_at")?,
            paper_erased_at: row.try_get("paper_erased_at")?,
            now: row.try_get("moment")?,
        }))
    }

    /// The same job after `worker` took the lease for `duration`.
    pub fn leased(&self, worker: &str, duration: Duration) -> Self {
        Self {
            fence: self.fence + 1,
            starts: self.starts + 1,
            lease_until: Some(after(self.now, duration)),
            leased_by: Some(worker.to_owned()),
            ..self.clone()
        }
    }

    /// The same job, held and rung by nobody, due `delay` from now.
    pub fn waiting(&self, delay: Duration, start: Start) -> Self {
        let starts = match start {
            Start::Counted => self.starts,
            Start::GivenBack => self.starts.saturating_sub(1),
        };
        Self { starts, not_before: after(self.now, delay), ..self.ended() }
    }

    /// The same job as if it had just been accepted. Its fence goes on counting.
    pub fn anew(&self) -> Self {
        Self { starts: 0, tries: 0, not_before: self.now, failure: None, cancel_requested: false, ..self.ended() }
    }

    /// The same job, held and rung by nobody.
    pub fn ended(&self) -> Self {
        Self { lease_until: None, leased_by: None, rung_at: None, ..self.clone() }
    }

    /// How long the job has been due.
    pub fn waited(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now - self.not_before).unwrap_or(0))
    }

    /// Counts the end of a job that stood here before, once it is committed.
    pub fn count_end(&self, state: JobState) {
        if state.is_end() {
            metrics::job_ended(&self.kind, state.as_str(), self.starts);
        }
    }

    /// The same job with `failure` as its reason.
    pub fn because(self, failure: &Failure) -> Result<Self, LedgerError> {
        let failure = serde_json::to_string(failure).map_err(|error| rows::unreadable("failure", error))?;
        Ok(Self { failure: Some(failure), ..self })
    }
}

fn after(now: i64, duration: Duration) -> i64 {
    now.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

/// What the audit row and the attempt row say about a change; `detail` is a failure's code or a worker's name.
pub(super) struct Note<'a> {
    pub action: &'static str,
    pub detail: Option<&'a str>,
}

/// Writes one change of state: compare-and-set, attempt row, audit row and event. Returns the state it led to, or `None`,
/// with nothing written, where the event cannot happen or someone else changed the job first.
pub(super) async fn write(
    tx: &mut AnyConnection,
    id: JobId,
    (before, event, after): (&Standing, JobEvent, Standing),
    note: Note<'_>,
) -> Result<Option<JobState>, LedgerError> {
    let Some(state) = before.state.after(event) else { return Ok(None) };
    let id = id.to_string();
    let artifact = after.artifact.as_ref();
    let changed = sqlx::query(
        "UPDATE job SET state = $1, fence = $2, starts = $3, tries = $4, not_before = $5, lease_until = $6, \
         leased_by = $7, rung_at = $8, failure = $9, artifact_sha256 = $10, artifact_size = $11, artifact_pages = $12, \
         cancel_requested = $13, changed_at = $14 WHERE id = $15 AND state = $16 AND fence = $17",
    )
    .bind(state.as_str())
    .bind(after.fence)
    .bind(i64::from(after.starts))
    .bind(i64::from(after.tries))
    .bind(after.not_before)
    .bind(after.lease_until)
    .bind(after.leased_by.as_deref())
    .bind(after.rung_at)
    .bind(after.failure.as_deref())
    .bind(artifact.map(|artifact| artifact.sha256.as_str()))
    .bind(artifact.map(|artifact| i64::try_from(artifact.size).unwrap_or(i64::MAX)))
    .bind(artifact.map(|artifact| i64::from(artifact.pages)))
    .bind(i64::from(after.cancel_requested))
    .bind(before.now)
    .bind(id.as_str())
    .bind(before.state.as_str())
    .bind(before.fence)
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(None);
    }
    write_attempt(tx, &id, (before, &after), &note).await?;
    audit(tx, &id, before, &note).await?;
    events::add(tx, &id, (before, event, (&after, state)), &note).await?;
    Ok(Some(state))
}

/// Opens the attempt when a lease is taken, closes it when the job leaves `running`.
async fn write_attempt(
    tx: &mut AnyConnection,
    id: &str,
    (before, after): (&Standing, &Standing),
    note: &Note<'_>,
) -> Result<(), LedgerError> {
    if after.fence > before.fence {
        sqlx::query("INSERT INTO attempt (job_id, fence, worker, started_at) VALUES ($1, $2, $3, $4)")
            .bind(id)
            .bind(after.fence)
            .bind(after.leased_by.as_deref().unwrap_or_default())
            .bind(before.now)
            .execute(tx)
            .await?;
    } else if before.state == JobState::Running {
        sqlx::query("UPDATE attempt SET ended_at = $1, outcome = $2, detail = $3 WHERE job_id = $4 AND fence = $5")
            .bind(before.now)
            .bind(note.action)
            .bind(note.detail)
            .bind(id)
            .bind(before.fence)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Adds an audit row. The chain takes it in later (`audit`).
pub(super) async fn audit(
    tx: &mut AnyConnection,
    id: &str,
    about: &Standing,
    note: &Note<'_>,
) -> Result<(), LedgerError> {
    sqlx::query("INSERT INTO audit (at, organisation, job_id, action, detail) VALUES ($1, $2, $3, $4, $5)")
        .bind(about.now)
        .bind(about.organisation.as_str())
        .bind(id)
        .bind(note.action)
        .bind(note.detail)
        .execute(tx)
        .await?;
    Ok(())
}

/// Why a job whose starts are used up is dead.
pub(super) fn poisoned(starts: u32) -> Failure {
    Failure::new(
        FailureCode::PoisonedJob,
        format!("Việc này đã được thử {starts} lần nhưng lần nào cũng dừng giữa chừng."),
        format!("The job was started {starts} time(s) without an end."),
    )
    .hint("Báo cho người vận hành, kèm mã việc; gửi lại cùng dữ liệu có thể gặp lại lỗi này.")
}
