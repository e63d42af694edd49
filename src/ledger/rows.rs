//! Reads rows into the types of `job`.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use sqlx::{Row, any::AnyRow};

use super::LedgerError;
use crate::{
    catalog::MediaType,
    job::{Artifact, Job, JobId, JobState},
    traces::TraceContext,
};

/// The columns [`job`] reads.
macro_rules! select_job {
    ($rest:literal) => {
        concat!(
            "SELECT id, organisation, kind, edition, file_name, state, fence, starts, tries, accepted_at, changed_at, ",
            "not_before, findings, failure, artifact_sha256, artifact_size, artifact_pages, order_sha256, ",
            "request_erased_at, paper_erased_at, media_type, traceparent FROM job ",
            $rest
        )
    };
}
pub(super) use select_job;

pub(super) fn job(row: &AnyRow) -> Result<Job, LedgerError> {
    let failure: Option<String> = row.try_get("failure")?;
    Ok(Job {
        id: id(row)?,
        organisation: row.try_get("organisation")?,
        kind: row.try_get("kind")?,
        edition: row.try_get("edition")?,
        file_name: row.try_get("file_name")?,
        media_type: media_type(row)?,
        state: state(row)?,
        fence: row.try_get("fence")?,
        starts: count(row, "starts")?,
        tries: count(row, "tries")?,
        accepted_at: time(row, "accepted_at")?,
        changed_at: time(row, "changed_at")?,
        not_before: time(row, "not_before")?,
        findings: json("findings", row.try_get("findings")?)?,
        failure: failure.map(|text| json("failure", &text)).transpose()?,
        artifact: artifact(row)?,
        order_sha256: row.try_get("order_sha256")?,
        request_erased_at: moment(row, "request_erased_at")?,
        paper_erased_at: moment(row, "paper_erased_at")?,
        trace: trace(row)?,
    })
}

pub(super) fn id(row: &AnyRow) -> Result<JobId, LedgerError> {
    let text: &str = row.try_get("id")?;
    JobId::from_str(text).map_err(|error| unreadable("job id", error))
}

pub(super) fn state(row: &AnyRow) -> Result<JobState, LedgerError> {
    let word: &str = row.try_get("state")?;
    JobState::parse(word).ok_or_else(|| unreadable("state", word))
}

fn media_type(row: &AnyRow) -> Result<MediaType, LedgerError> {
    let name: &str = row.try_get("media_type")?;
    MediaType::parse(name).ok_or_else(|| unreadable("media type", name))
}

/// Nothing depends on it, so one that cannot be read is none.
pub(super) fn trace(row: &AnyRow) -> Result<Option<TraceContext>, LedgerError> {
    let header: Option<&str> = row.try_get("traceparent")?;
    Ok(header.and_then(TraceContext::read))
}

pub(super) fn count(row: &AnyRow, column: &'static str) -> Result<u32, LedgerError> {
    let counted: i64 = row.try_get(column)?;
    u32::try_from(counted).map_err(|error| unreadable(column, error))
}

pub(super) fn artifact(row: &AnyRow) -> Result<Option<Artifact>, LedgerError> {
    let Some(sha256) = row.try_get("artifact_sha256")? else { return Ok(None) };
    let size: i64 = row.try_get("artifact_size")?;
    let size = u64::try_from(size).map_err(|error| unreadable("artifact size", error))?;
    Ok(Some(Artifact { sha256, size, pages: count(row, "artifact_pages")? }))
}

pub(super) fn time(row: &AnyRow, column: &'static str) -> Result<DateTime<Utc>, LedgerError> {
    moment(row, column)?.ok_or_else(|| unreadable(column, "it is empty"))
}

pub(super) fn moment(row: &AnyRow, column: &'static str) -> Result<Option<DateTime<Utc>>, LedgerError> {
    let Some(millis) = row.try_get::<Option<i64>, _>(column)? else { return Ok(None) };
    DateTime::from_timestamp_millis(millis).map(Some).ok_or_else(|| unreadable(column, millis))
}

pub(super) fn json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, LedgerError> {
    // Only the position: serde's own sentence repeats the stored text.
    serde_json::from_str(text)
        .map_err(|error| unreadable(what, format!("column {} is not as expected", error.column())))
}

/// A list of ids as the JSON that `{each N}` takes apart.
pub(super) fn list(jobs: &[JobId]) -> Result<String, LedgerError> {
    serde_json::to_string(jobs).map_err(|error| unreadable("list of jobs", error))
}

pub(super) fn unreadable(what: &'static str, why: impl ToString) -> LedgerError {
    LedgerError::Unreadable { what, why: why.to_string() }
}
