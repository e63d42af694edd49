//! Reads sources at their times, aside: a source that hangs holds up nobody but its own organisation.

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{
    sync::{Semaphore, watch},
    task::{Id, JoinSet},
};
use tracing::warn;

use super::{EVERY, tell};
use crate::{
    access::OrganisationId,
    ledger::{Errand, Ledger, LedgerError, Pull, RegisterBook},
    register::{Action, Entry, PeriodId, RunOutcome, Schedule, ScheduleRun, Turn},
};

/// Who reads sources: the blocs of which nothing was taken. None where it cannot be told, for the store does not answer.
pub trait Reader: Send + Sync {
    fn read<'a>(&'a self, book: RegisterBook, source: &'a str, period: PeriodId) -> Reading<'a>;
}

/// A source that is being read.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Option<Vec<String>>> + Send + 'a>>;

/// After so long without a sign a process that reads a source is taken for dead …
const LEASE: Duration = Duration::from_secs(60);
/// … so it gives one that often.
const SIGN: Duration = Duration::from_secs(15);
/// So many processes may die over a source before it is left alone until its next time.
const MOST_STARTS: u32 = 3;
/// Organisations whose sources are read at once; an answer takes memory until it is kept.
const AT_ONCE: usize = 16;

/// Keeps reading until `shutdown` turns true: then what is being read is left, and begun again by whoever comes next.
pub async fn keep_sources(ledger: Ledger, reader: Arc<dyn Reader>, mut shutdown: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut stopped = std::pin::pin!(async move {
        let _true_or_gone = shutdown.wait_for(|stop| *stop).await;
    });
    let (mut readings, mut busy) = (JoinSet::new(), HashMap::<Id, OrganisationId>::new());
    let mut clock = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            _tick = clock.tick() => match by_organisation(&ledger).await {
                Ok(all) => {
                    for (organisation, schedules) in all {
                        if busy.values().any(|at_it| *at_it == organisation) {
                            continue;
                        }
                        let (room, reader) = (Arc::clone(&room), Arc::clone(&reader));
                        let reading = readings.spawn(async move {
                            let _room = room.acquire().await;
                            follow_all(&schedules, &*reader).await;
                        });
                        busy.insert(reading.id(), organisation);
                    }
                }
                Err(error) => warn!("The timetable of sources could not be followed: {error}"),
            },
            Some(ended) = readings.join_next_with_id() => {
                let id = match ended {
                    Ok((id, ())) => id,
                    Err(panicked) => {
                        warn!("A reading of sources panicked");
                        panicked.id()
                    }
                };
                busy.remove(&id);
            }
            () = &mut stopped => return,
        }
    }
}

type Schedules = Vec<(RegisterBook, Entry)>;

async fn by_organisation(ledger: &Ledger) -> Result<Vec<(OrganisationId, Schedules)>, LedgerError> {
    let mut all: Vec<(OrganisationId, Schedules)> = Vec::new();
    for (book, entry) in ledger.schedules().await? {
        match all.last_mut() {
            Some((organisation, schedules)) if organisation == book.organisation() => schedules.push((book, entry)),
            Some(_) | None => all.push((book.organisation().clone(), vec![(book, entry)])),
        }
    }
    Ok(all)
}

async fn follow_all(schedules: &[(RegisterBook, Entry)], reader: &dyn Reader) {
    for (book, entry) in schedules {
        let followed = async { follow((book, reader), entry, book.now().await?).await };
        match followed.await {
            Ok(run) => run.iter().for_each(tell),
            Err(error) => warn!("A schedule could not be followed: {error}"),
        }
    }
}

/// Reads a source whose time has come, or at which a process died.
pub(super) async fn follow(
    (book, reader): (&RegisterBook, &dyn Reader),
    entry: &Entry,
    now: DateTime<Utc>,
) -> Result<Option<ScheduleRun>, LedgerError> {
    // What a later version of the program wrote may be beyond this one.
    let Ok(schedule) = Schedule::read(&entry.body) else { return Ok(None) };
    let newest = book.schedule_runs(&entry.id, 1).await?.pop().map(|run| run.due_at);
    let source = schedule.source.as_deref().filter(|_| schedule.action == Action::Pull);
    for lost in book.lost_pulls(&entry.id).await? {
        let due_at = lost.run.due_at;
        let again = newest == Some(due_at) && lost.start < MOST_STARTS && schedule.makes_up_for(due_at, now);
        match source.filter(|_| again) {
            Some(source) => {
                if let Some(pull) = book.begin_pull_again(&lost, LEASE).await? {
                    return read((book, reader), (source, schedule.period), &pull).await;
                }
            }
            // How much of it was taken is not known; versions tell.
            None => {
                book.end_pull(&lost, (RunOutcome::Interrupted, Vec::new())).await?;
            }
        }
    }
    let Some(source) = source else { return Ok(None) };
    match schedule.turn(super::since(newest, entry), now) {
        None => Ok(None),
        Some(Turn::PassOver(due_at)) => book.run_schedule(&entry.id, due_at, &Errand::PassOver).await,
        Some(Turn::Run(due_at)) => match book.begin_pull(&entry.id, due_at, LEASE).await? {
            Some(pull) => read((book, reader), (source, schedule.period), &pull).await,
            None => Ok(None),
        },
    }
}

async fn read(
    (book, reader): (&RegisterBook, &dyn Reader),
    (source, period): (&str, PeriodId),
    pull: &Pull,
) -> Result<Option<ScheduleRun>, LedgerError> {
    let mut reading = reader.read(book.clone(), source, period);
    let missing = loop {
        tokio::select! {
            missing = &mut reading => break missing,
            () = tokio::time::sleep(SIGN) => match book.hold_pull(pull, LEASE).await {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => warn!("The reading of a source could not be prolonged: {error}"),
            },
        }
    };
    // Where it is not known, nobody gives a sign of it any more: it is begun again.
    let Some(missing) = missing else { return Ok(None) };
    book.end_pull(pull, (RunOutcome::Pulled, missing)).await
}
