//! What is told of a change of a job's state: the same event through every door.
//!
//! It is thin: ids, state, hash and code, nothing of people. Whoever wants more asks for the job.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{JobId, JobState, state::JobEvent};

/// What happened, in a word for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// The job was stored.
    Accepted,
    /// A worker began a render.
    Started,
    /// The render gave no paper yet; the job waits again.
    Waiting,
    /// The paper is there.
    Succeeded,
    /// It ended without a paper.
    Failed,
    /// It was set aside; an operator decides.
    Dead,
    /// It was withdrawn or given up.
    Cancelled,
    /// An operator lets it begin anew.
    Requeued,
    /// Every job of a batch has ended.
    BatchEnded,
    /// Blocs have not sent for a period.
    Reminder,
}

impl EventType {
    /// Every type, for lists and tests.
    pub const ALL: [Self; 10] = [
        Self::Accepted,
        Self::Started,
        Self::Waiting,
        Self::Succeeded,
        Self::Failed,
        Self::Dead,
        Self::Cancelled,
        Self::Requeued,
        Self::BatchEnded,
        Self::Reminder,
    ];

    /// What is told of this change.
    pub fn of(change: JobEvent) -> Self {
        match change {
            JobEvent::Lease => Self::Started,
            JobEvent::Succeed => Self::Succeeded,
            JobEvent::Fail => Self::Failed,
            JobEvent::Retry | JobEvent::Release => Self::Waiting,
            JobEvent::Exhaust => Self::Dead,
            JobEvent::Cancel | JobEvent::Drop => Self::Cancelled,
            JobEvent::Requeue => Self::Requeued,
        }
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "job.accepted",
            Self::Started => "job.started",
            Self::Waiting => "job.waiting",
            Self::Succeeded => "job.succeeded",
            Self::Failed => "job.failed",
            Self::Dead => "job.dead",
            Self::Cancelled => "job.cancelled",
            Self::Requeued => "job.requeued",
            Self::BatchEnded => "batch.ended",
            Self::Reminder => "period.reminder",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether the job has ended with it.
    pub fn is_end(self) -> bool {
        match self {
            Self::Succeeded | Self::Failed | Self::Dead | Self::Cancelled => true,
            Self::Accepted | Self::Started | Self::Waiting | Self::Requeued | Self::BatchEnded | Self::Reminder => {
                false
            }
        }
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Type of a trial: what a webhook is sent so that its owner sees it arrive. It tells of no job.
pub const TRIAL: &str = "webhook.test";

/// One change of one job's state; or of a batch, or of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// UUID; the same however often and through whatever door it is told.
    pub id: String,
    pub organisation: String,
    /// Its place among the organisation's events: 1, 2, 3 …; those of one job are in the order of its changes.
    pub sequence: i64,
    pub at: DateTime<Utc>,
    pub kind: EventType,
    /// The job, or the batch; of a reminder, its own id.
    pub job: JobId,
    /// Where the change led; of a job only.
    pub state: Option<JobState>,
    /// SHA-256 of the paper, once it is there.
    pub sha256: Option<String>,
    /// Why there is none: a failure's code.
    pub code: Option<String>,
    /// What is told of anything but a job.
    pub body: Option<Value>,
}

impl Event {
    /// The event as every door tells it: type, time and thin data (Standard Webhooks).
    pub fn told(&self) -> Value {
        let mut data = match &self.body {
            Some(body) => body.clone(),
            None => json!({"job_id": self.job, "state": self.state, "href": format!("/v1/jobs/{}", self.job)}),
        };
        data["event_id"] = json!(self.id);
        data["sequence"] = json!(self.sequence);
        if let Some(sha256) = &self.sha256 {
            data["sha256"] = json!(sha256);
        }
        if let Some(code) = &self.code {
            data["code"] = json!(code);
        }
        json!({"type": self.kind, "timestamp": self.at.to_rfc3339_opts(SecondsFormat::Millis, true), "data": data})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_read_back_and_the_ends_are_the_states_ends() {
        for kind in EventType::ALL {
            assert_eq!(EventType::parse(kind.as_str()), Some(kind));
            let state = kind.as_str().strip_prefix("job.").and_then(JobState::parse);
            assert_eq!(kind.is_end(), state.is_some_and(JobState::is_end), "{kind:?}");
        }
        assert_eq!(EventType::parse("job.queued"), None);
    }
}
