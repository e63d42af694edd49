use std::collections::HashMap;

use super::*;
use crate::{
    access::{Caller, OrganisationId},
    job::event::{Event, EventType as E},
    ledger::{Shelf, Shelves, Start},
};

pub(super) fn shelf(ledger: &Ledger, organisation: &str) -> Shelf {
    let id: OrganisationId = organisation.parse().unwrap();
    Shelves::new(ledger.clone()).of(&Caller::with_key(id, crate::access::Scopes::all(), "abcdefgh".parse().unwrap()))
}

pub(super) async fn told(ledger: &Ledger, organisation: &str) -> Vec<Event> {
    ledger.number_events().await.unwrap();
    shelf(ledger, organisation).events_after(None, 0, 10_000).await.unwrap()
}

async fn a_life_is_told_once_for_every_change_with_hash_and_code(store: Store) {
    let ledger = store.fresh().await;
    let paper = succeeded(&ledger, &artifact()).await;
    let id = accept(&ledger).await;
    let lease = take(&ledger, id, LONG).await;
    assert!(ledger.retry(&lease, Duration::ZERO, &crash(), Start::GivenBack).await.unwrap());
    assert!(!ledger.succeed(&lease, &artifact()).await.unwrap(), "a lost lease tells nothing");
    let lease = take(&ledger, id, LONG).await;
    assert!(ledger.fail(&lease, &crash()).await.unwrap());
    ledger.requeue(id, "test").await.unwrap();
    ledger.cancel(id).await.unwrap();
    let all = told(&ledger, LOCAL).await;
    let of = |job: JobId| all.iter().filter(|event| event.job == job).map(|event| event.kind).collect::<Vec<_>>();
    assert_eq!(of(paper), [E::Accepted, E::Started, E::Succeeded]);
    assert_eq!(of(id), [E::Accepted, E::Started, E::Waiting, E::Started, E::Failed, E::Requeued, E::Cancelled]);
    assert_eq!(all.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    let sha256 = artifact().sha256;
    for event in &all {
        assert_eq!(event.sha256.as_deref(), (event.kind == E::Succeeded).then_some(sha256.as_str()), "{event:?}");
        let failed = [E::Failed, E::Waiting].contains(&event.kind);
        assert_eq!(event.code.as_deref(), failed.then_some("render-crashed"), "{event:?}");
    }
    let own = shelf(&ledger, LOCAL).events_after(Some(id), 4, 2).await.unwrap();
    assert_eq!(own.iter().map(|event| event.sequence).collect::<Vec<_>>(), [5, 6]);
}

async fn each_organisation_counts_for_itself_and_sees_its_own(store: Store) {
    let ledger = store.fresh().await;
    for organisation in ["a", "b", "a", "a"] {
        accept_for(&ledger, organisation).await;
    }
    assert_eq!(told(&ledger, "a").await.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(told(&ledger, "b").await.len(), 1);
    let job = told(&ledger, "a").await[0].job;
    assert!(shelf(&ledger, "b").events_after(Some(job), 0, 10).await.unwrap().is_empty());
    assert_eq!(shelf(&ledger, "c").last_event().await.unwrap(), 0);
}

/// Asked of SQLite, which says plainly what it reads.
#[tokio::test]
async fn the_events_of_a_job_are_found_by_the_job() {
    let store = Store::sqlite();
    let ledger = store.fresh().await;
    let plan = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", crate::ledger::events::OF_JOB));
    let plan = sqlx::query(plan).bind(LOCAL).bind(0_i64).bind(9_i64).bind("x");
    let rows = plan.fetch_all(&ledger.inner.readers).await.unwrap();
    let steps: Vec<String> = rows.iter().map(|row| sqlx::Row::get(row, "detail")).collect();
    assert!(steps[0].contains("event_of_job"), "{steps:?}");
}

async fn numbers_go_on_when_old_events_are_forgotten(store: Store) {
    let ledger = store.fresh().await;
    accept(&ledger).await;
    assert_eq!(ledger.forget_events(Duration::ZERO).await.unwrap(), 0, "what has no number was told to nobody");
    ledger.number_events().await.unwrap();
    assert_eq!(ledger.forget_events(LONG).await.unwrap(), 0);
    assert_eq!(ledger.forget_events(Duration::ZERO).await.unwrap(), 1);
    accept(&ledger).await;
    assert_eq!(told(&ledger, LOCAL).await[0].sequence, 2);
    assert_eq!(shelf(&ledger, LOCAL).last_event().await.unwrap(), 2);
}

/// The reader never goes back: what it has not seen when it goes past a number it would never see.
async fn a_reader_beside_many_writers_and_two_who_number_misses_nothing(store: Store) {
    let ledgers = [store.fresh().await, store.fresh().await];
    let writers: Vec<_> = (0..6)
        .map(|hand| {
            let ledger = ledgers[hand % 2].clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    succeeded(&ledger, &artifact()).await;
                }
            })
        })
        .collect();
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let numbering: Vec<_> = ledgers
        .iter()
        .map(|ledger| {
            let (ledger, done) = (ledger.clone(), done.clone());
            tokio::spawn(async move {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    ledger.number_events().await.unwrap();
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            })
        })
        .collect();
    let mut seen: Vec<Event> = Vec::new();
    let shelf = shelf(&ledgers[0], LOCAL);
    let wanted = 6 * 20 * 3;
    let reading = async {
        while seen.len() < wanted {
            let after = seen.last().map_or(0, |event| event.sequence);
            seen.extend(shelf.events_after(None, after, 7).await.unwrap());
        }
    };
    tokio::time::timeout(LONG, reading).await.expect("every event is seen");
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    for task in writers.into_iter().chain(numbering) {
        task.await.unwrap();
    }
    assert_eq!(seen.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=360).collect::<Vec<_>>());
    let mut lives: HashMap<JobId, Vec<E>> = HashMap::new();
    for event in &seen {
        lives.entry(event.job).or_default().push(event.kind);
    }
    assert_eq!(lives.len(), 120);
    assert!(lives.values().all(|life| life == &[E::Accepted, E::Started, E::Succeeded]), "in each job's own order");
    assert_eq!(ledgers[0].number_events().await.unwrap(), 0);
}

on_both_stores!(
    a_life_is_told_once_for_every_change_with_hash_and_code,
    each_organisation_counts_for_itself_and_sees_its_own,
    numbers_go_on_when_old_events_are_forgotten,
    a_reader_beside_many_writers_and_two_who_number_misses_nothing,
);
