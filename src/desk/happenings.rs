//! The verbs about events, at one organisation's counter.

use super::counter::Counter;
use crate::{
    failure::Failure,
    job::{
        JobId,
        event::{Event, EventType},
    },
};

impl Counter<'_> {
    /// Events after number `after`, in order; only those of one job where one is named.
    pub async fn events_after(&self, job: Option<JobId>, after: i64, limit: u32) -> Result<Vec<Event>, Failure> {
        Ok(self.shelf.events_after(job, after, limit).await?)
    }

    /// A batch's events and those of its jobs after number `after`, in order.
    pub async fn events_of_batch(&self, batch: JobId, after: i64, limit: u32) -> Result<Vec<Event>, Failure> {
        Ok(self.shelf.events_of_batch(batch, after, limit).await?)
    }

    /// Whether a batch has ended and nothing about it comes after number `after`.
    pub async fn batch_is_told(&self, batch: JobId, after: i64) -> Result<bool, Failure> {
        Ok(self.shelf.batch_is_told(batch, after).await?)
    }

    /// The number of the newest event; 0 where there was none.
    pub async fn last_event(&self) -> Result<i64, Failure> {
        Ok(self.shelf.last_event().await?)
    }

    /// Number (once it has one) and type of a job's newest event.
    pub async fn newest_event(&self, job: JobId) -> Result<Option<(Option<i64>, EventType)>, Failure> {
        Ok(self.shelf.newest_event(job).await?)
    }

    /// Returns when there may be more events.
    pub async fn events_numbered(&self) {
        self.shelf.events_numbered().await;
    }
}
