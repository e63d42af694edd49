//! Taking, keeping and ending a lease; withdrawing a job.

use std::time::Duration;

use sqlx::Row;

use super::{
    Ledger, LedgerError, Start,
    change::{self, Note, Standing},
    leave, millis, rows,
    shelf::Hand,
};
use crate::{
    failure::Failure,
    job::{Artifact, JobId, JobState, Lease, state::JobEvent},
    metrics,
};

/// What came of asking for a lease.
#[derive(Debug)]
pub enum LeaseOutcome {
    /// The asker may work on the job.
    Taken(Lease),
    /// The job waits for a later moment.
    NotDue,
    /// Another worker holds it.
    HeldByOther,
    /// It has ended before.
    Ended,
    /// Its starts were used up; it is dead now, with `PoisonedJob` as the reason.
    Exhausted,
    /// No such job.
    Unknown,
}

/// What came of saying that a lease's holder is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeatOutcome {
    /// The lease goes on.
    Held,
    /// The lease is another's, or the job has ended: drop the work.
    Lost,
    /// The lease goes on, but the caller withdrew the job: stop and call [`Ledger::confirm_cancel`].
    CancelRequested,
}

/// What came of withdrawing a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// The job waited and is cancelled.
    Cancelled,
    /// A worker runs it and will stop at its next beat.
    Requested,
    /// It had ended before.
    AlreadyEnded(JobState),
    /// No such job.
    Unknown,
}

impl Ledger {
    /// Asks for the right to work on a job for `duration`. Taking it adds one to fence and starts.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn lease(&self, id: JobId, worker: &str, duration: Duration) -> Result<LeaseOutcome, LedgerError> {
        let mut tx = self.begin().await?;
        let Some(before) = self.standing(&mut tx, id).await? else { return leave(tx, LeaseOutcome::Unknown).await };
        match before.state {
            JobState::Running => return leave(tx, LeaseOutcome::HeldByOther).await,
            JobState::Succeeded | JobState::Failed | JobState::Dead | JobState::Cancelled => {
                return leave(tx, LeaseOutcome::Ended).await;
            }
            JobState::Accepted => {}
        }
        if before.not_before > before.now {
            return leave(tx, LeaseOutcome::NotDue).await;
        }
        if before.starts >= self.inner.limits.max_starts {
            let failure = change::poisoned(before.starts);
            let after = before.ended().because(&failure)?;
            let note = Note { action: "exhaust", detail: Some(failure.code.as_str()) };
            let ended = change::write(&mut tx, id, (&before, JobEvent::Exhaust, after), note).await?;
            tx.commit().await?;
            ended.into_iter().for_each(|state| before.count_end(state));
            self.announce(id);
            return Ok(LeaseOutcome::Exhausted);
        }
        let after = before.leased(worker, duration);
        let (fence, starts, tries) = (after.fence, after.starts, after.tries);
        let note = Note { action: "lease", detail: Some(worker) };
        let Some(_running) = change::write(&mut tx, id, (&before, JobEvent::Lease, after), note).await? else {
            return leave(tx, LeaseOutcome::HeldByOther).await;
        };
        let row = "SELECT body, traceparent FROM job_order JOIN job ON job.id = job_id WHERE job_id = $1";
        let row = sqlx::query(row).bind(id.to_string()).fetch_one(&mut *tx).await?;
        let (order, trace) = (row.try_get("body")?, rows::trace(&row)?);
        tx.commit().await?;
        self.announce(id);
        let waited = before.waited();
        metrics::job_waited(&before.kind, waited);
        Ok(LeaseOutcome::Taken(Lease { job: id, kind: before.kind, fence, starts, tries, order, waited, trace }))
    }

    /// Says that the holder is alive: the lease now ends `duration` from now. Not a change of state, so no audit row.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn beat(&self, lease: &Lease, duration: Duration) -> Result<BeatOutcome, LedgerError> {
        let cancel_requested: Option<i64> = sqlx::query_scalar(self.say(
            "UPDATE job SET lease_until = {now} + $1 \
             WHERE id = $2 AND state = 'running' AND fence = $3 RETURNING cancel_requested",
        ))
        .bind(millis(duration))
        .bind(lease.job.to_string())
        .bind(lease.fence)
        .fetch_optional(&self.inner.writer)
        .await?;
        Ok(match cancel_requested {
            None => BeatOutcome::Lost,
            Some(0) => BeatOutcome::Held,
            Some(_asked) => BeatOutcome::CancelRequested,
        })
    }

    /// The commit point: the paper is in the archive, the job has succeeded. `false`: the lease was lost, nothing
    /// was written.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn succeed(&self, lease: &Lease, artifact: &Artifact) -> Result<bool, LedgerError> {
        self.end_lease(lease, |before| {
            let after = Standing { failure: None, artifact: Some(artifact.clone()), ..before.ended() };
            Ok((JobEvent::Succeed, after, Note { action: "succeed", detail: None }))
        })
        .await
    }

    /// Ends the job for good with `failure`. `false`: the lease was lost, nothing was written.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn fail(&self, lease: &Lease, failure: &Failure) -> Result<bool, LedgerError> {
        self.end_lease(lease, |before| {
            let note = Note { action: "fail", detail: Some(failure.code.as_str()) };
            Ok((JobEvent::Fail, before.ended().because(failure)?, note))
        })
        .await
    }

    /// Gives the job back, to be started again no sooner than `delay` from now, with `failure` as the reason so far.
    /// A job whose counted starts are used up is dead instead, and so is one that failed in passing (its starts given
    /// back) as often as the limits allow; a job withdrawn meanwhile is cancelled. `false`: the lease was lost, nothing was written.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn retry(
        &self,
        lease: &Lease,
        delay: Duration,
        failure: &Failure,
        start: Start,
    ) -> Result<bool, LedgerError> {
        let limits = self.inner.limits;
        self.end_lease(lease, |before| {
            let detail = Some(failure.code.as_str());
            if before.cancel_requested {
                return Ok(withdrawn(before));
            }
            let mut after = before.waiting(delay, start).because(failure)?;
            after.tries += u32::from(start == Start::GivenBack);
            if after.starts >= limits.max_starts || after.tries >= limits.max_tries {
                let after = Standing { tries: after.tries, ..before.ended() }.because(failure)?;
                return Ok((JobEvent::Exhaust, after, Note { action: "exhaust", detail }));
            }
            Ok((JobEvent::Retry, after, Note { action: "retry", detail }))
        })
        .await
    }

    /// Gives the job back untouched: due at once, the start not counted. `false`: the lease was lost, nothing was
    /// written.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn release(&self, lease: &Lease) -> Result<bool, LedgerError> {
        self.end_lease(lease, |before| {
            if before.cancel_requested {
                return Ok(withdrawn(before));
            }
            let after = before.waiting(Duration::ZERO, Start::GivenBack);
            Ok((JobEvent::Release, after, Note { action: "release", detail: None }))
        })
        .await
    }

    /// Ends a job whose caller withdrew it while it ran. `false`: the lease was lost, nothing was written.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn confirm_cancel(&self, lease: &Lease) -> Result<bool, LedgerError> {
        self.end_lease(lease, |before| Ok(withdrawn(before))).await
    }

    /// Withdraws a job: at once if it waits; if it runs, its worker is told at its next beat.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn cancel(&self, id: JobId) -> Result<CancelOutcome, LedgerError> {
        self.cancel_for(Hand::ANY, id).await
    }

    pub(super) async fn cancel_for(&self, hand: Hand<'_>, id: JobId) -> Result<CancelOutcome, LedgerError> {
        let mut tx = self.begin().await?;
        let Some(before) = self.standing_for(hand, &mut tx, id).await? else {
            return leave(tx, CancelOutcome::Unknown).await;
        };
        let mut ended = None;
        let outcome = match before.state {
            JobState::Accepted => {
                let (event, after, note) = withdrawn(&before);
                let note = Note { detail: hand.by, ..note };
                ended = change::write(&mut tx, id, (&before, event, after), note).await?;
                CancelOutcome::Cancelled
            }
            JobState::Running => {
                let text = id.to_string();
                sqlx::query("UPDATE job SET cancel_requested = 1 WHERE id = $1 AND state = 'running' AND fence = $2")
                    .bind(text.as_str())
                    .bind(before.fence)
                    .execute(&mut *tx)
                    .await?;
                change::audit(&mut tx, &text, &before, &Note { action: "cancel-request", detail: hand.by }).await?;
                CancelOutcome::Requested
            }
            end @ (JobState::Succeeded | JobState::Failed | JobState::Dead | JobState::Cancelled) => {
                return leave(tx, CancelOutcome::AlreadyEnded(end)).await;
            }
        };
        tx.commit().await?;
        ended.into_iter().for_each(|state| before.count_end(state));
        self.announce(id);
        Ok(outcome)
    }

    /// Writes the change that `decide` makes of a job held under `lease`.
    async fn end_lease<'a>(
        &self,
        lease: &Lease,
        decide: impl FnOnce(&Standing) -> Result<(JobEvent, Standing, Note<'a>), LedgerError>,
    ) -> Result<bool, LedgerError> {
        let mut tx = self.begin().await?;
        let held = self
            .standing(&mut tx, lease.job)
            .await?
            .filter(|before| before.state == JobState::Running && before.fence == lease.fence);
        let Some(before) = held else { return leave(tx, false).await };
        let (event, after, note) = decide(&before)?;
        let Some(state) = change::write(&mut tx, lease.job, (&before, event, after), note).await? else {
            return leave(tx, false).await;
        };
        tx.commit().await?;
        before.count_end(state);
        self.announce(lease.job);
        if state == JobState::Accepted {
            self.inner.work.notify_one();
        }
        Ok(true)
    }
}

/// The change that ends a withdrawn job.
pub(super) fn withdrawn(before: &Standing) -> (JobEvent, Standing, Note<'static>) {
    (JobEvent::Cancel, before.ended(), Note { action: "cancel", detail: None })
}
