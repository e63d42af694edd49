//! Looks at ledger, doorbell, archive and press for those who watch this process from outside.
//!
//! The rule: a part that does not answer soon is said to be down, and holds nobody up.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::{
    archive::Archive,
    job::JobState,
    ledger::{Condition, Ledger, Outbox},
    metrics::{self, OutboxReadings, Readings},
    press::Press,
    queue::Doorbell,
};

/// How long a part may take; Prometheus gives up after ten seconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// The parts that are looked at.
#[derive(Clone)]
pub struct Soundings {
    pub ledger: Ledger,
    pub archive: Archive,
    pub doorbell: Doorbell,
    pub press: Arc<Press>,
}

impl Soundings {
    /// All metrics of this process, with what the parts say now.
    pub async fn text(&self) -> String {
        let (counts, outbox, rings, free, answers) = tokio::join!(
            timeout(PATIENCE, self.ledger.counts()),
            timeout(PATIENCE, self.ledger.outbox()),
            timeout(PATIENCE, self.doorbell.depth()),
            timeout(PATIENCE, self.archive.free()),
            timeout(PATIENCE, self.archive.answers()),
        );
        let counts = counts.ok().and_then(Result::ok);
        let jobs = |state: JobState| counts.as_ref().map(|counts| (state.as_str(), counts.of(state)));
        metrics::text(&Readings {
            jobs: JobState::ALL.into_iter().map(jobs).collect(),
            oldest_waiting: counts.as_ref().and_then(|counts| counts.oldest_waiting),
            rings_out: rings.ok().and_then(Result::ok),
            archive_free: free.ok().and_then(Result::ok).flatten(),
            archive_kept_free: self.archive.kept_free(),
            archive_answers: answers.unwrap_or(false),
            children: self.press.occupancy(),
            outbox: outbox.ok().and_then(Result::ok).map(|outbox| readings(&outbox)),
        })
    }
}

fn readings(outbox: &Outbox) -> OutboxReadings {
    OutboxReadings {
        unnumbered: (outbox.unnumbered, outbox.oldest_unnumbered),
        waiting: (outbox.waiting, outbox.oldest_waiting),
        unserved: outbox.unserved,
        webhooks: Condition::ALL.map(|condition| (condition.as_str(), outbox.webhooks(condition))).into(),
    }
}
