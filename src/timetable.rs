//! Looks at the clock and does what schedules ask for.
//!
//! The rule: a time is answered once, whatever number of processes look, and the clock is the store's. What was missed
//! while none was there is made up for once or passed over, as the schedule says. Nothing here waits for others but
//! the reading of sources, which goes aside.

mod sources;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::{
    ledger::{Errand, Ledger, LedgerError, Missing, RegisterBook},
    register::{
        Action, Entry, PeriodPlan, Schedule, ScheduleRun, Sort, Standing, Submission, Turn, expected, standing,
    },
};

pub use sources::{Reader, Reading, keep_sources};

/// How often the clock is looked at; cron knows no less than minutes.
const EVERY: Duration = Duration::from_secs(20);

/// Keeps looking until `shutdown` turns true. No failure ends it. Sources are left to [`keep_sources`].
pub async fn keep(ledger: Ledger, mut shutdown: watch::Receiver<bool>) {
    loop {
        match look(&ledger).await {
            Ok(runs) => runs.iter().for_each(tell),
            Err(error) => warn!("The timetable could not be followed: {error}"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _true_or_gone = shutdown.wait_for(|stop| *stop) => return,
        }
    }
}

fn tell(run: &ScheduleRun) {
    let (outcome, missing) = (run.outcome.as_str(), run.missing.len());
    info!(schedule = run.schedule, outcome, missing, "A schedule was followed");
}

async fn look(ledger: &Ledger) -> Result<Vec<ScheduleRun>, LedgerError> {
    let mut runs = Vec::new();
    for (book, entry) in ledger.schedules().await? {
        let now = book.now().await?;
        runs.extend(follow(&book, &entry, now).await?);
    }
    Ok(runs)
}

/// Answers the time that has come for a schedule, if one has and nobody else did.
async fn follow(book: &RegisterBook, entry: &Entry, now: DateTime<Utc>) -> Result<Option<ScheduleRun>, LedgerError> {
    // What a later version of the program wrote may be beyond this one.
    let Ok(schedule) = Schedule::read(&entry.body) else { return Ok(None) };
    if schedule.action == Action::Pull {
        return Ok(None);
    }
    let newest = book.schedule_runs(&entry.id, 1).await?.pop().map(|run| run.due_at);
    match schedule.turn(since(newest, entry), now) {
        None => Ok(None),
        Some(Turn::PassOver(due_at)) => book.run_schedule(&entry.id, due_at, &Errand::PassOver).await,
        Some(Turn::Run(due_at)) => {
            let Some(errand) = errand(book, &schedule).await? else { return Ok(None) };
            book.run_schedule(&entry.id, due_at, &errand).await
        }
    }
}

/// From when on a schedule's times count: it begins when it is written, and another writing begins anew.
fn since(newest: Option<DateTime<Utc>>, entry: &Entry) -> DateTime<Utc> {
    newest.map_or(entry.written_at, |newest| newest.max(entry.written_at))
}

/// What is done at a schedule's times; none where a source is read.
async fn errand(book: &RegisterBook, schedule: &Schedule) -> Result<Option<Errand>, LedgerError> {
    let period = schedule.period;
    let (blocs, years) = (book.entries(Sort::Bloc).await?, book.entries(Sort::BlocYear).await?);
    let expected = expected(period, &blocs, &years);
    Ok(match schedule.action {
        Action::Pull => None,
        Action::Close => {
            let expected = expected.into_iter().map(|bloc| bloc.id).collect();
            let accepts_missing = if schedule.accept_missing { Missing::Accepted } else { Missing::Refused };
            Some(Errand::Close { period, expected, accepts_missing })
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
            Some(Errand::Remind { period, due: plan.due, awaited, overdue })
        }
    })
}
