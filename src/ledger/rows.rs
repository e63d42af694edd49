//! Reads rows into the types of `job`.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use sqlx::{Row, sqlite::SqliteRow};

use super::LedgerError;
use crate::job::{Artifact, Job, JobId, JobState};

/// The columns [`job`] reads.
pub(super) const SELECT_JOB: &str = "SELECT id, kind, edition, file_name, state, fence, starts, accepted_at, \
     changed_at, not_before, findings, failure, artifact_sha256, artifact_size, artifact_pages FROM job WHERE id = ?";

pub(super) fn job(row: &SqliteRow) -> Result<Job, LedgerError> {
    let failure: Option<String> = row.try_get("failure")?;
    Ok(Job {
        id: id(row)?,
        kind: row.try_get("kind")?,
        edition: row.try_get("edition")?,
        file_name: row.try_get("file_name")?,
        state: state(row)?,
        fence: row.try_get("fence")?,
        starts: row.try_get("starts")?,
        accepted_at: time(row, "accepted_at")?,
        changed_at: time(row, "changed_at")?,
        not_before: time(row, "not_before")?,
        findings: json("findings", row.try_get("findings")?)?,
        failure: failure.map(|text| json("failure", &text)).transpose()?,
        artifact: artifact(row)?,
    })
}

pub(super) fn id(row: &SqliteRow) -> Result<JobId, LedgerError> {
    let text: &str = row.try_get("id")?;
    JobId::from_str(text).map_err(|error| unreadable("job id", error))
}

pub(super) fn state(row: &SqliteRow) -> Result<JobState, LedgerError> {
    let word: &str = row.try_get("state")?;
    JobState::parse(word).ok_or_else(|| unreadable("state", word))
}

pub(super) fn artifact(row: &SqliteRow) -> Result<Option<Artifact>, LedgerError> {
    let Some(sha256) = row.try_get("artifact_sha256")? else { return Ok(None) };
    let size: i64 = row.try_get("artifact_size")?;
    let size = u64::try_from(size).map_err(|error| unreadable("artifact size", error))?;
    Ok(Some(Artifact { sha256, size, pages: row.try_get("artifact_pages")? }))
}

fn time(row: &SqliteRow, column: &'static str) -> Result<DateTime<Utc>, LedgerError> {
    let millis: i64 = row.try_get(column)?;
    DateTime::from_timestamp_millis(millis).ok_or_else(|| unreadable(column, millis))
}

pub(super) fn json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, LedgerError> {
    // Only the position: serde's own sentence repeats the stored text.
    serde_json::from_str(text)
        .map_err(|error| unreadable(what, format!("column {} is not as expected", error.column())))
}

pub(super) fn unreadable(what: &'static str, why: impl ToString) -> LedgerError {
    LedgerError::Unreadable { what, why: why.to_string() }
}
