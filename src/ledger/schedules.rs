//! Keeps which times of a schedule were answered. The row of a run stands in the transaction of what it did, so however
//! many processes look at the clock, each time is answered once, or not at all if they all die.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use sqlx::{Row, any::AnyRow};

use super::{CloseOutcome, Ledger, LedgerError, Missing, RegisterBook, leave, millis, rows};
use crate::{
    access::{Networks, OrganisationId},
    job::{JobId, event::EventType},
    register::{Entry, PeriodId, RunOutcome, ScheduleRun, Sort},
};

/// What a run does.
#[derive(Debug, Clone)]
pub enum Errand {
    /// Notes that these blocs have not sent, and tells of it.
    Remind {
        period: PeriodId,
        due: Option<NaiveDate>,
        awaited: Vec<String>,
        overdue: Vec<String>,
    },
    Close {
        period: PeriodId,
        expected: Vec<String>,
        accepts_missing: Missing,
    },
    /// Notes that a source begins to be read, by one who gives a sign within so long; what came of it is noted later.
    Pull(Duration),
    /// Notes that the time was missed.
    PassOver,
}

impl Ledger {
    /// Every organisation's schedules, with its register in the hand of the timetable.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn schedules(&self) -> Result<Vec<(RegisterBook, Entry)>, LedgerError> {
        let organisations = sqlx::query("SELECT DISTINCT organisation FROM register_entry WHERE sort = 'schedule'")
            .fetch_all(&self.inner.readers)
            .await?;
        let mut all = Vec::new();
        for row in &organisations {
            let name: &str = row.try_get("organisation")?;
            let organisation: OrganisationId = name.parse().map_err(|_| rows::unreadable("organisation", name))?;
            let book = self.register_of(&organisation, "timetable");
            let entries = book.entries(Sort::Schedule).await?;
            all.extend(entries.into_iter().map(|entry| (book.clone(), entry)));
        }
        Ok(all)
    }
}

impl RegisterBook {
    /// Answers a time of a schedule. `None` where it was answered before.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn run_schedule(
        &self,
        schedule: &str,
        due_at: DateTime<Utc>,
        errand: &Errand,
    ) -> Result<Option<ScheduleRun>, LedgerError> {
        let mut tx = self.ledger.begin().await?;
        sqlx::query(self.ledger.inner.dialect.one_at_a_time()).execute(&mut *tx).await?;
        let taken = sqlx::query(self.ledger.say(
            "INSERT INTO schedule_run (organisation, schedule, due_at, ran_at, outcome, missing) \
             VALUES ($1, $2, $3, {now}, '', '[]') ON CONFLICT (organisation, schedule, due_at) DO NOTHING",
        ))
        .bind(self.whose())
        .bind(schedule)
        .bind(due_at.timestamp_millis())
        .execute(&mut *tx)
        .await?;
        if taken.rows_affected() == 0 {
            return leave(tx, None).await;
        }
        let (outcome, missing) = match errand {
            Errand::PassOver => (RunOutcome::Missed, Vec::new()),
            Errand::Pull(lease) => {
                let held = "UPDATE schedule_run SET lease_until = {now} + $1 \
                            WHERE organisation = $2 AND schedule = $3 AND due_at = $4";
                let held = sqlx::query(self.ledger.say(held)).bind(millis(*lease)).bind(self.whose());
                held.bind(schedule).bind(due_at.timestamp_millis()).execute(&mut *tx).await?;
                (RunOutcome::Pulling, Vec::new())
            }
            Errand::Remind { period, due, awaited, overdue } => {
                let mut body = json!({
                    "period": period, "awaited": awaited, "overdue": overdue, "schedule": schedule,
                    "href": format!("/v1/periods/{period}/status"),
                });
                if let Some(due) = due {
                    body["due"] = json!(due);
                }
                let missing: Vec<String> = awaited.iter().chain(overdue).cloned().collect();
                if !missing.is_empty() {
                    let about = JobId::fresh().to_string();
                    self.ledger.add_told(&mut tx, self.whose(), (EventType::Reminder, &about, &body)).await?;
                    self.ledger.inner.news.notify_one();
                }
                (RunOutcome::Reminded, missing)
            }
            Errand::Close { period, expected, accepts_missing } => {
                match self.close_within(&mut tx, *period, expected, *accepts_missing).await? {
                    CloseOutcome::Closed(closing) => (RunOutcome::Closed, closing.missing),
                    CloseOutcome::AlreadyClosed(closing) => (RunOutcome::AlreadyClosed, closing.missing),
                    CloseOutcome::Incomplete(missing) => (RunOutcome::Incomplete, missing),
                }
            }
        };
        let list = serde_json::to_string(&missing).map_err(|error| rows::unreadable("run", error))?;
        let told = "UPDATE schedule_run SET outcome = $1, missing = $2 \
                    WHERE organisation = $3 AND schedule = $4 AND due_at = $5";
        sqlx::query(told)
            .bind(outcome.as_str())
            .bind(list)
            .bind(self.whose())
            .bind(schedule)
            .bind(due_at.timestamp_millis())
            .execute(&mut *tx)
            .await?;
        self.note(&mut tx, &format!("schedule/{schedule}"), ("run", outcome.as_str())).await?;
        tx.commit().await?;
        Ok(self.schedule_runs(schedule, 1).await?.pop())
    }

    /// The networks, beside the public ones, into which the organisation's calls may go.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn reach(&self) -> Result<Networks, LedgerError> {
        Ok(self.ledger.reach(&self.organisation).await?.unwrap_or_default())
    }

    /// The latest answered times of a schedule, the last first.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn schedule_runs(&self, schedule: &str, most: u32) -> Result<Vec<ScheduleRun>, LedgerError> {
        let found = sqlx::query(
            "SELECT schedule, due_at, ran_at, outcome, missing FROM schedule_run \
             WHERE organisation = $1 AND schedule = $2 ORDER BY due_at DESC LIMIT $3",
        )
        .bind(self.whose())
        .bind(schedule)
        .bind(i64::from(most))
        .fetch_all(&self.ledger.inner.readers)
        .await?;
        found.iter().map(run).collect()
    }
}

pub(super) fn run(row: &AnyRow) -> Result<ScheduleRun, LedgerError> {
    let outcome: &str = row.try_get("outcome")?;
    Ok(ScheduleRun {
        schedule: row.try_get("schedule")?,
        due_at: rows::time(row, "due_at")?,
        ran_at: rows::time(row, "ran_at")?,
        outcome: RunOutcome::parse(outcome).ok_or_else(|| rows::unreadable("outcome", outcome))?,
        missing: rows::json("run", row.try_get("missing")?)?,
    })
}
