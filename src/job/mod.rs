//! A job: one accepted request on its way to one paper.
//!
//! The job's life is drawn in [`state`]; what callers see of it is in [`view`], what they are told of its changes in [`event`].

pub mod event;
pub mod state;
pub mod view;

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    catalog::MediaType,
    failure::{Failure, Finding},
    traces::TraceContext,
};
pub use state::JobState;

/// Identifies a job: UUIDv7 (RFC 9562), so ids sort by the time of acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(Uuid);

impl JobId {
    /// A fresh id.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }

    /// The least id of a moment, to the millisecond: what was accepted from then on has no lesser one.
    pub fn first_of(moment: DateTime<Utc>) -> Self {
        let milliseconds = u64::try_from(moment.timestamp_millis()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid())
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl FromStr for JobId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

/// What the ledger needs to accept a job. Everything in it has been checked.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// The job's id, made by the desk.
    pub id: JobId,
    /// Whose job it is; `local` where no organisations are told apart.
    pub organisation: String,
    /// Kind of paper (folder under `report_templates/documents`).
    pub kind: String,
    /// Edition of the law, pinned by the paper's date.
    pub edition: String,
    /// The print order: versioned JSON that a render child reads (`press::PrintOrder`).
    pub order: String,
    /// SHA-256 of the order, hex.
    pub order_sha256: String,
    /// Warnings and information that ride along.
    pub findings: Vec<Finding>,
    /// Name under which the paper is downloaded, Vietnamese, without extension.
    pub file_name: String,
    /// What the job ends in.
    pub media_type: MediaType,
    /// Where its caller was in a trace.
    pub trace: Option<TraceContext>,
}

#[cfg(test)]
impl NewJob {
    /// A job for tests, new each time; whoever cares for a field says it.
    pub fn sample() -> Self {
        Self {
            id: JobId::fresh(),
            organisation: LOCAL.into(),
            kind: "bien-ban".into(),
            edition: "2020".into(),
            order: "{}".into(),
            order_sha256: "ab".repeat(32),
            findings: Vec::new(),
            file_name: "Biên bản".into(),
            media_type: MediaType::Pdf,
            trace: None,
        }
    }
}

/// The finished file of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// SHA-256 of the file, hex; also its name in the archive.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
    /// Number of pages.
    pub pages: u32,
}

/// A job as the ledger holds it, without its print order.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: JobId,
    pub organisation: String,
    pub kind: String,
    pub edition: String,
    pub file_name: String,
    /// What the job ends in.
    pub media_type: MediaType,
    pub state: JobState,
    /// Counts leases; every change of a running job must carry the fence it was leased with.
    pub fence: i64,
    /// Renders begun, counted before the render.
    pub starts: u32,
    /// Passing failures so far; the starts they took were given back.
    pub tries: u32,
    pub accepted_at: DateTime<Utc>,
    /// When the job last changed its state.
    pub changed_at: DateTime<Utc>,
    /// Not to be leased before this moment (a retry waits).
    pub not_before: DateTime<Utc>,
    pub findings: Vec<Finding>,
    /// Why a failed, dead or waiting-for-retry job did not succeed.
    pub failure: Option<Failure>,
    pub artifact: Option<Artifact>,
    /// SHA-256 of the print order, hex.
    pub order_sha256: String,
    /// When the request was erased.
    pub request_erased_at: Option<DateTime<Utc>>,
    /// When the paper was erased.
    pub paper_erased_at: Option<DateTime<Utc>>,
    /// Where its caller was in a trace.
    pub trace: Option<TraceContext>,
}

/// The organisation of jobs where none are told apart.
pub const LOCAL: &str = "local";

/// The right to work on a job for a while. A lease whose fence is no longer the job's can change nothing.
#[derive(Debug, Clone)]
pub struct Lease {
    pub job: JobId,
    pub kind: String,
    pub fence: i64,
    /// Starts so far, this one included.
    pub starts: u32,
    /// Passing failures so far.
    pub tries: u32,
    /// The print order to render.
    pub order: String,
    /// How long the job had been due.
    pub waited: Duration,
    pub trace: Option<TraceContext>,
}
