//! Looks at the clock and does what schedules ask for.
//!
//! The rule: a time is answered once, whatever number of processes look, and the clock is the store's. What was missed
//! while none was there is made up for once or passed over, as the schedule says.

#[cfg(test)]
mod tests;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::{
    ledger::{Errand, Ledger, LedgerError, Missing, RegisterBook},
    register::{
        Action, Entry, PeriodId, PeriodPlan, RunOutcome, Schedule, ScheduleRun, Sort, Standing, Submission, Turn,
        expected, standing,
    },
};

/// How often the clock is looked at; cron knows no less than minutes.
const EVERY: Duration = Duration::from_secs(20);

/// Who reads sources: the blocs of which nothing was taken.
pub trait Reader: Send + Sync {
    fn read<'a>(&'a self, book: RegisterBook, source: &'a str, period: PeriodId) -> Reading<'a>;
}

/// A source that is being read.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Vec<String>> + Send + 'a>>;

/// Keeps looking until `shutdown` turns true. No failure ends it. Without a reader, sources are left to other processes.
pub async fn keep(ledger: Ledger, reader: Option<Arc<dyn Reader>>, mut shutdown: watch::Receiver<bool>) {
    loop {
        match look(&ledger, reader.as_deref()).await {
            Ok(runs) => runs.iter().for_each(|run| {
                info!(
                    schedule = run.schedule,
                    outcome = run.outcome.as_str(),
                    missing = run.missing.len(),
                    "A schedule was followed"
                );
            }),
            Err(error) => warn!("The timetable could not be followed: {error}"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _true_or_gone = shutdown.wait_for(|stop| *stop) => return,
        }
    }
}

async fn look(ledger: &Ledger, reader: Option<&dyn Reader>) -> Result<Vec<ScheduleRun>, LedgerError> {
    let mut runs = Vec::new();
    for (book, entry) in ledger.schedules().await? {
        let now = book.now().await?;
        runs.extend(follow((&book, reader), &entry, now).await?);
    }
    Ok(runs)
}

/// Answers the time that has come for a schedule, if one has and nobody else did.
async fn follow(
    (book, reader): (&RegisterBook, Option<&dyn Reader>),
    entry: &Entry,
    now: DateTime<Utc>,
) -> Result<Option<ScheduleRun>, LedgerError> {
    // What a later version of the program wrote may be beyond this one.
    let Ok(schedule) = Schedule::read(&entry.body) else { return Ok(None) };
    let last = book.schedule_runs(&entry.id, 1).await?.pop().map(|run| run.due_at);
    if schedule.action == Action::Pull && reader.is_none() {
        return Ok(None);
    }
    // A schedule begins when it is written; another writing begins anew.
    let since = last.map_or(entry.written_at, |last| last.max(entry.written_at));
    let (due_at, errand) = match schedule.turn(since, now) {
        None => return Ok(None),
        Some(Turn::PassOver(due_at)) => (due_at, Errand::PassOver),
        Some(Turn::Run(due_at)) => (due_at, errand(book, &schedule).await?),
    };
    let run = book.run_schedule(&entry.id, due_at, &errand).await?;
    match (run, &errand, reader, &schedule.source) {
        (Some(run), Errand::Pull, Some(reader), Some(source)) => {
            let missing = reader.read(book.clone(), source, schedule.period).await;
            book.end_pull(&run, &missing).await?;
            Ok(Some(ScheduleRun { outcome: RunOutcome::Pulled, missing, ..run }))
        }
        (run, ..) => Ok(run),
    }
}

async fn errand(book: &RegisterBook, schedule: &Schedule) -> Result<Errand, LedgerError> {
    let period = schedule.period;
    let (blocs, years) = (book.entries(Sort::Bloc).await?, book.entries(Sort::BlocYear).await?);
    let expected = expected(period, &blocs, &years);
    Ok(match schedule.action {
        Action::Pull => Errand::Pull,
        Action::Close => {
            let expected = expected.into_iter().map(|bloc| bloc.id).collect();
            let accepts_missing = if schedule.accept_missing { Missing::Accepted } else { Missing::Refused };
            Errand::Close { period, expected, accepts_missing }
        }
        Action::Remind => {
            let entry = book.entry(Sort::Period, &period.to_string()).await?;
            let plan = PeriodPlan::read(entry.as_ref().map(|entry| &entry.body));
            let (sent, now) = (book.submissions(period, None).await?, book.now().await?);
            let (mut awaited, mut overdue) = (Vec::new(), Vec::new());
            for bloc in expected {
                let own: Vec<Submission> = sent.iter().filter(|one| one.bloc == bloc.id).cloned().collect();
                match standing(&bloc, &plan, &own, now).standing {
                    Standing::Sent | Standing::SentLate => {}
                    Standing::Awaited => awaited.push(bloc.id),
                    Standing::Overdue => overdue.push(bloc.id),
                }
            }
            Errand::Remind { period, due: plan.due, awaited, overdue }
        }
    })
}
