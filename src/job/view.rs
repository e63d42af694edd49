//! What a caller sees of a job: the body of `GET /v1/jobs/{id}`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Job, JobId, JobState};
use crate::{
    catalog::MediaType,
    failure::{Failure, Finding},
};

/// A job, for callers. Times are UTC, RFC 3339.
#[derive(Debug, Clone, Serialize)]
pub struct JobView {
    pub id: JobId,
    pub state: JobState,
    /// Whether the state is an end, so that a client need not know the list of states.
    pub done: bool,
    pub kind: String,
    pub edition: String,
    pub accepted_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    /// Renders begun.
    pub starts: u32,
    /// Warnings and information about the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentView>,
    /// When the request's data were erased; the job's row stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_erased_at: Option<DateTime<Utc>>,
    /// The trace that it was accepted in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// When the paper was erased; its hash stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper_erased_at: Option<DateTime<Utc>>,
}

/// The finished paper of a job, for callers.
#[derive(Debug, Clone, Serialize)]
pub struct DocumentView {
    /// Path to download it from.
    pub href: String,
    pub file_name: String,
    pub media_type: MediaType,
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    pub pages: u32,
}

/// What the paper is called; once its data are erased, by the job.
fn stem(job: &Job) -> String {
    if job.file_name.is_empty() { job.id.to_string() } else { job.file_name.clone() }
}

impl From<&Job> for JobView {
    fn from(job: &Job) -> Self {
        Self {
            id: job.id,
            state: job.state,
            done: job.state.is_end(),
            kind: job.kind.clone(),
            edition: job.edition.clone(),
            accepted_at: job.accepted_at,
            changed_at: job.changed_at,
            starts: job.starts,
            findings: job.findings.clone(),
            failure: job.failure.clone(),
            document: job.artifact.as_ref().map(|artifact| DocumentView {
                href: format!("/v1/jobs/{}/document", job.id),
                file_name: format!("{}.{}", stem(job), job.media_type.extension()),
                media_type: job.media_type,
                sha256: artifact.sha256.clone(),
                size: artifact.size,
                pages: artifact.pages,
            }),
            request_erased_at: job.request_erased_at,
            paper_erased_at: job.paper_erased_at,
            trace_id: job.trace.map(|trace| trace.trace_id()),
        }
    }
}
