//! What an operator does with jobs: look through them, and decide about those that did not succeed.

use sqlx::AssertSqlSafe;

use super::{
    Ledger, LedgerError,
    change::{self, Note},
    leave, rows,
    shelf::Hand,
};
use crate::job::{Job, JobId, JobState, state::JobEvent};

/// Which jobs to list, the newest first.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    pub organisation: Option<String>,
    pub state: Option<JobState>,
    pub kind: Option<String>,
    /// Only jobs accepted before this one: where the page before ended.
    pub before: Option<JobId>,
    /// Only jobs with this id or a later one.
    pub since: Option<JobId>,
    pub limit: u32,
}

/// What came of deciding about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterOutcome {
    /// As asked.
    Done,
    /// Its state does not allow it.
    NotNow(JobState),
    /// Its request is erased; there is nothing to begin anew with.
    Erased,
    /// No such job.
    Unknown,
}

impl Ledger {
    /// Jobs, the newest first. Pages stay true while jobs are accepted: they begin after a job, not at a number.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn list(&self, filter: &JobFilter) -> Result<Vec<Job>, LedgerError> {
        let mut statement = String::from(rows::select_job!("WHERE true"));
        let values = [
            ("organisation =", filter.organisation.clone()),
            ("state =", filter.state.map(|state| state.as_str().to_owned())),
            ("kind =", filter.kind.clone()),
            ("id <", filter.before.map(|id| id.to_string())),
            ("id >=", filter.since.map(|id| id.to_string())),
        ];
        let values: Vec<(&str, String)> =
            values.into_iter().filter_map(|(column, value)| Some((column, value?))).collect();
        for (number, (column, _)) in values.iter().enumerate() {
            statement.push_str(&format!(" AND {column} ${}", number + 1));
        }
        statement.push_str(&format!(" ORDER BY id DESC LIMIT ${}", values.len() + 1));
        // Words of ours and numbers; every value is bound.
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for (_, value) in values {
            query = query.bind(value);
        }
        let found = query.bind(i64::from(filter.limit)).fetch_all(&self.inner.readers).await?;
        found.iter().map(rows::job).collect()
    }

    /// Lets a failed or dead job begin anew: its starts and tries are forgotten, its fence goes on. `by` says in the
    /// audit through which door.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn requeue(&self, id: JobId, by: &str) -> Result<LetterOutcome, LedgerError> {
        self.requeue_for(Hand::of(by), id).await
    }

    pub(super) async fn requeue_for(&self, hand: Hand<'_>, id: JobId) -> Result<LetterOutcome, LedgerError> {
        self.decide(hand, id, (JobEvent::Requeue, "requeue")).await
    }

    /// Gives a dead job up: it is cancelled, and its data go when their time is over.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn drop_dead(&self, id: JobId, by: &str) -> Result<LetterOutcome, LedgerError> {
        self.drop_dead_for(Hand::of(by), id).await
    }

    pub(super) async fn drop_dead_for(&self, hand: Hand<'_>, id: JobId) -> Result<LetterOutcome, LedgerError> {
        self.decide(hand, id, (JobEvent::Drop, "drop")).await
    }

    async fn decide(
        &self,
        hand: Hand<'_>,
        id: JobId,
        (event, action): (JobEvent, &'static str),
    ) -> Result<LetterOutcome, LedgerError> {
        let note = Note { action, detail: hand.by };
        let mut tx = self.begin().await?;
        let Some(before) = self.standing_for(hand, &mut tx, id).await? else {
            return leave(tx, LetterOutcome::Unknown).await;
        };
        let Some(state) = before.state.after(event) else {
            return leave(tx, LetterOutcome::NotNow(before.state)).await;
        };
        let begins_anew = state == JobState::Accepted;
        if begins_anew && before.request_erased_at.is_some() {
            return leave(tx, LetterOutcome::Erased).await;
        }
        let after = if begins_anew { before.anew() } else { before.ended() };
        if change::write(&mut tx, id, (&before, event, after), note).await?.is_none() {
            return leave(tx, LetterOutcome::NotNow(before.state)).await;
        }
        tx.commit().await?;
        before.count_end(state);
        self.announce(id);
        if begins_anew {
            self.inner.work.notify_one();
        }
        Ok(LetterOutcome::Done)
    }
}
