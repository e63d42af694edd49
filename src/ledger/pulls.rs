//! Keeps who reads a source, by leases as jobs have them: what a process that died left behind is found, begun again by
//! another or noted as cut off, and whoever was thought dead writes nothing.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Errand, LedgerError, RegisterBook, millis, rows, schedules::run};
use crate::register::{RunOutcome, ScheduleRun};

/// A time of a schedule at which a source is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Pull {
    pub run: ScheduleRun,
    /// How often it was begun; also the fence of whoever reads.
    pub start: u32,
}

/// For how long a process that knows nothing of leases may have been reading, from its beginning on.
const WITHOUT_LEASE: Duration = Duration::from_secs(3600);

impl RegisterBook {
    /// Takes a time of a schedule for reading its source. `None` where it was answered before.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn begin_pull(
        &self,
        schedule: &str,
        due_at: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<Pull>, LedgerError> {
        let run = self.run_schedule(schedule, due_at, &Errand::Pull(lease)).await?;
        Ok(run.map(|run| Pull { run, start: 1 }))
    }

    /// What is being read by nobody any more, the latest first.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn lost_pulls(&self, schedule: &str) -> Result<Vec<Pull>, LedgerError> {
        let lost = sqlx::query(self.ledger.say(
            "SELECT schedule, due_at, ran_at, outcome, missing, starts FROM schedule_run WHERE organisation = $1 \
             AND schedule = $2 AND outcome = 'pulling' AND coalesce(lease_until, ran_at + $3) <= {now} \
             ORDER BY due_at DESC",
        ));
        let lost = lost.bind(self.whose()).bind(schedule).bind(millis(WITHOUT_LEASE));
        let lost = lost.fetch_all(&self.ledger.inner.readers).await?;
        lost.iter().map(|row| Ok(Pull { run: run(row)?, start: rows::count(row, "starts")? })).collect()
    }

    /// Begins it again. `None` where another did.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn begin_pull_again(&self, lost: &Pull, lease: Duration) -> Result<Option<Pull>, LedgerError> {
        let begun = sqlx::query(self.ledger.say(
            "UPDATE schedule_run SET starts = starts + 1, lease_until = {now} + $1 WHERE organisation = $2 \
             AND schedule = $3 AND due_at = $4 AND starts = $5 AND outcome = 'pulling' \
             AND coalesce(lease_until, ran_at + $6) <= {now}",
        ))
        .bind(millis(lease))
        .bind(self.whose())
        .bind(lost.run.schedule.as_str())
        .bind(lost.run.due_at.timestamp_millis())
        .bind(i64::from(lost.start))
        .bind(millis(WITHOUT_LEASE))
        .execute(&self.ledger.inner.writer)
        .await?;
        Ok((begun.rows_affected() > 0).then(|| Pull { start: lost.start + 1, ..lost.clone() }))
    }

    /// Says that it is still being read. `false`: another has begun it again, or it has ended.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn hold_pull(&self, pull: &Pull, lease: Duration) -> Result<bool, LedgerError> {
        let held = sqlx::query(self.ledger.say(
            "UPDATE schedule_run SET lease_until = {now} + $1 \
             WHERE organisation = $2 AND schedule = $3 AND due_at = $4 AND starts = $5 AND outcome = 'pulling'",
        ))
        .bind(millis(lease))
        .bind(self.whose())
        .bind(pull.run.schedule.as_str())
        .bind(pull.run.due_at.timestamp_millis())
        .bind(i64::from(pull.start))
        .execute(&self.ledger.inner.writer)
        .await?;
        Ok(held.rows_affected() > 0)
    }

    /// Notes how it ended, with the blocs of which nothing was taken. `None`: another has begun it again.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn end_pull(
        &self,
        pull: &Pull,
        (outcome, missing): (RunOutcome, Vec<String>),
    ) -> Result<Option<ScheduleRun>, LedgerError> {
        let list = serde_json::to_string(&missing).map_err(|error| rows::unreadable("run", error))?;
        let ended = sqlx::query(
            "UPDATE schedule_run SET outcome = $1, missing = $2, lease_until = NULL \
             WHERE organisation = $3 AND schedule = $4 AND due_at = $5 AND starts = $6 AND outcome = 'pulling'",
        )
        .bind(outcome.as_str())
        .bind(list)
        .bind(self.whose())
        .bind(pull.run.schedule.as_str())
        .bind(pull.run.due_at.timestamp_millis())
        .bind(i64::from(pull.start))
        .execute(&self.ledger.inner.writer)
        .await?;
        Ok((ended.rows_affected() > 0).then(|| ScheduleRun { outcome, missing, ..pull.run.clone() }))
    }
}
