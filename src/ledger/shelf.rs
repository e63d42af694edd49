//! What one organisation has in the ledger. A shelf reaches no other organisation's jobs: to it they are not there.

use std::time::Duration;

use super::{
    Acceptance, CancelOutcome, Counts, Demand, Drain, EraseOutcome, Erased, JobFilter, Kept, KeptPlace, Ledger,
    LedgerError, LetterOutcome, OnceKey, RegisterBook,
};
use crate::{
    access::{Caller, OrganisationId},
    job::{
        Job, JobId, NewJob,
        event::{Event, EventType},
    },
};

/// Whose jobs a statement may touch, and what the audit says of who decided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hand<'a> {
    pub whose: Option<&'a OrganisationId>,
    pub by: Option<&'a str>,
}

impl<'a> Hand<'a> {
    /// The service's own, or an operator's at the machine.
    pub const ANY: Self = Self { whose: None, by: None };

    /// An operator's at the machine, by name of the door.
    pub fn of(by: &'a str) -> Self {
        Self { whose: None, by: Some(by) }
    }
}

/// The ledger as the desk has it: it gives out shelves, and figures that say nothing about one organisation.
#[derive(Debug, Clone)]
pub struct Shelves {
    ledger: Ledger,
}

impl Shelves {
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger }
    }

    /// What this caller may reach.
    pub fn of(&self, caller: &Caller) -> Shelf {
        Shelf { ledger: self.ledger.clone(), organisation: caller.organisation().clone(), by: caller.mark() }
    }

    /// As [`Ledger::ping`].
    pub async fn ping(&self) -> Result<(), LedgerError> {
        self.ledger.ping().await
    }

    /// As [`Ledger::counts`]: of all organisations together.
    pub async fn counts(&self) -> Result<Counts, LedgerError> {
        self.ledger.counts().await
    }

    /// As [`Ledger::drain`]: of all organisations together.
    pub async fn drain(&self, window: Duration) -> Result<Drain, LedgerError> {
        self.ledger.drain(window).await
    }
}

/// One organisation's jobs. The verbs are the ledger's; errors too.
#[derive(Debug, Clone)]
pub struct Shelf {
    ledger: Ledger,
    organisation: OrganisationId,
    by: String,
}

#[allow(clippy::missing_errors_doc)] // the ledger's verbs say them
impl Shelf {
    /// Whose it is.
    pub fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    /// The organisation's register, in the same hand.
    pub fn register(&self) -> RegisterBook {
        self.ledger.register_of(&self.organisation, &self.by)
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn hand(&self) -> Hand<'_> {
        Hand { whose: Some(&self.organisation), by: Some(&self.by) }
    }

    /// As [`Ledger::accept`]; the job becomes this organisation's.
    pub async fn accept(&self, new: NewJob) -> Result<Job, LedgerError> {
        self.ledger.accept_for(self.hand(), self.own(new)).await
    }

    /// As [`Ledger::accept_once`]; job and key become this organisation's.
    pub async fn accept_once(&self, new: NewJob, key: &OnceKey) -> Result<Acceptance, LedgerError> {
        self.ledger.accept_once_for(self.hand(), self.own(new), &self.own_key(key)).await
    }

    /// As [`Ledger::find_once`].
    pub async fn find_once(&self, key: &OnceKey) -> Result<Option<Job>, LedgerError> {
        self.ledger.find_once(&self.own_key(key)).await
    }

    /// As [`Ledger::find`].
    pub async fn find(&self, id: JobId) -> Result<Option<Job>, LedgerError> {
        self.ledger.find_for(self.hand(), id).await
    }

    /// As [`Ledger::order`]; another organisation's job has none.
    pub async fn order(&self, id: JobId) -> Result<Option<String>, LedgerError> {
        match self.find(id).await? {
            Some(_) => self.ledger.order(id).await,
            None => Ok(None),
        }
    }

    /// As [`Ledger::watch`].
    pub async fn watch(&self, id: JobId, patience: Duration) -> Result<Option<Job>, LedgerError> {
        self.ledger.watch_for(self.hand(), id, patience).await
    }

    /// As [`Ledger::list`].
    pub async fn list(&self, filter: &JobFilter) -> Result<Vec<Job>, LedgerError> {
        let own = JobFilter { organisation: Some(self.organisation.to_string()), ..filter.clone() };
        self.ledger.list(&own).await
    }

    /// As [`Ledger::cancel`].
    pub async fn cancel(&self, id: JobId) -> Result<CancelOutcome, LedgerError> {
        self.ledger.cancel_for(self.hand(), id).await
    }

    /// As [`Ledger::requeue`].
    pub async fn requeue(&self, id: JobId) -> Result<LetterOutcome, LedgerError> {
        self.ledger.requeue_for(self.hand(), id).await
    }

    /// As [`Ledger::drop_dead`].
    pub async fn drop_dead(&self, id: JobId) -> Result<LetterOutcome, LedgerError> {
        self.ledger.drop_dead_for(self.hand(), id).await
    }

    /// As [`Ledger::erase`].
    pub async fn erase(&self, id: JobId) -> Result<EraseOutcome, LedgerError> {
        self.ledger.erase_for(self.hand(), id).await
    }

    /// As [`Ledger::paper_may_go`]: a paper that another organisation has too stays.
    pub async fn paper_may_go(&self, erased: &Erased) -> Result<bool, LedgerError> {
        self.ledger.paper_may_go(erased).await
    }

    /// As [`Ledger::paper_is_gone`].
    pub async fn paper_is_gone(&self, erased: &Erased) -> Result<(), LedgerError> {
        self.ledger.paper_is_gone(erased).await
    }

    /// Its events after number `after`, in order; only those of one job where one is named.
    pub async fn events_after(&self, job: Option<JobId>, after: i64, limit: u32) -> Result<Vec<Event>, LedgerError> {
        self.ledger.events_after(&self.organisation, job, after, limit).await
    }

    /// A batch's events and those of its jobs after number `after`, in order.
    pub async fn events_of_batch(&self, batch: JobId, after: i64, limit: u32) -> Result<Vec<Event>, LedgerError> {
        self.ledger.events_of_batch(&self.organisation, batch, after, limit).await
    }

    /// Whether a batch has ended and nothing about it comes after number `after`.
    pub async fn batch_is_told(&self, batch: JobId, after: i64) -> Result<bool, LedgerError> {
        self.ledger.batch_is_told(&self.organisation, batch, after).await
    }

    /// Returns when events were numbered in this process, or may have been in another.
    pub async fn events_numbered(&self) {
        self.ledger.events_numbered().await;
    }

    /// Number (once it has one) and type of a job's newest event. `None`: no such job, or its events are forgotten.
    pub async fn newest_event(&self, job: JobId) -> Result<Option<(Option<i64>, EventType)>, LedgerError> {
        self.ledger.newest_event(&self.organisation, job).await
    }

    /// The number of its newest event; 0 where there was none.
    pub async fn last_event(&self) -> Result<i64, LedgerError> {
        self.ledger.last_event(&self.organisation).await
    }

    /// As [`Ledger::requests_after`].
    pub async fn requests_after(&self, after: Option<JobId>) -> Result<Vec<(Job, String)>, LedgerError> {
        self.ledger.requests_after(Some(&self.organisation), after).await
    }

    /// As [`Ledger::note_person`], for a job that is this organisation's.
    pub async fn note_person(&self, id: JobId, proof: &str) -> Result<(), LedgerError> {
        if self.find(id).await?.is_some() { self.ledger.note_person(id, proof).await } else { Ok(()) }
    }

    /// As [`Ledger::kept_places`].
    pub async fn kept_places(&self) -> Result<Vec<KeptPlace>, LedgerError> {
        self.ledger.kept_places(Some(&self.organisation)).await
    }

    /// As [`Ledger::kept`]; another organisation keeps nothing here.
    pub async fn kept(&self, place: &KeptPlace) -> Result<Option<Kept>, LedgerError> {
        if self.keeps(place) { self.ledger.kept(place).await } else { Ok(None) }
    }

    /// As [`Ledger::write_over`]; what another organisation keeps stays.
    pub async fn write_over(
        &self,
        place: &KeptPlace,
        without: impl FnOnce(&serde_json::Value) -> Option<serde_json::Value> + Send,
        proof: &str,
    ) -> Result<bool, LedgerError> {
        let demand = Demand { proof, by: &self.by };
        if self.keeps(place) { self.ledger.write_over(place, without, demand).await } else { Ok(false) }
    }

    /// As [`Ledger::settle_erasure`].
    pub async fn settle_erasure(&self) -> Result<(), LedgerError> {
        self.ledger.settle_erasure().await
    }

    fn keeps(&self, place: &KeptPlace) -> bool {
        place.organisation == self.organisation.as_str()
    }

    pub(super) fn own(&self, new: NewJob) -> NewJob {
        NewJob { organisation: self.organisation.to_string(), ..new }
    }

    pub(super) fn own_key(&self, key: &OnceKey) -> OnceKey {
        OnceKey { organisation: self.organisation.to_string(), ..key.clone() }
    }
}
