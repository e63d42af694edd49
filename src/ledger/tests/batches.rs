use serde_json::json;

use super::*;
use crate::{
    access::Caller,
    job::JobState,
    ledger::{LedgerError, NewBatch, Shelf, Shelves},
};

fn shelf(ledger: &Ledger) -> Shelf {
    Shelves::new(ledger.clone()).of(&Caller::at_this_machine())
}

fn new_batch(jobs: usize) -> NewBatch {
    let parts = (0..jobs).map(|part| (format!("{part:05}"), new_job())).collect();
    NewBatch { id: JobId::fresh(), parts, left_out: json!([{"request": 7}]) }
}

async fn a_batch_is_counted_from_its_jobs(store: Store) {
    let ledger = store.fresh().await;
    let shelf = shelf(&ledger);
    let new = new_batch(3);
    let (id, first) = (new.id, new.parts[0].1.id);
    shelf.accept_batch(new).await.unwrap();
    let batch = shelf.batch(id).await.unwrap().unwrap();
    assert_eq!((batch.parts(), batch.ended()), (3, 0));
    assert_eq!(batch.left_out, json!([{"request": 7}]));
    let lease = take(&ledger, first, LONG).await;
    assert!(ledger.succeed(&lease, &artifact()).await.unwrap());
    let batch = shelf.batch(id).await.unwrap().unwrap();
    assert_eq!((batch.parts(), batch.ended(), batch.counts[&JobState::Succeeded]), (3, 1, 1));
    assert!(batch.counted_at >= batch.accepted_at);
    let parts = shelf.batch_parts(id).await.unwrap();
    let told: Vec<(&str, JobState)> = parts.iter().map(|(name, job)| (name.as_str(), job.state)).collect();
    assert_eq!(told, [("00000", JobState::Succeeded), ("00001", JobState::Accepted), ("00002", JobState::Accepted)]);
}

async fn a_batch_that_does_not_fit_is_not_stored_at_all(store: Store) {
    let ledger = store.open(LedgerLimits { max_waiting: 2, ..LedgerLimits::default() }).await;
    let shelf = shelf(&ledger);
    let new = new_batch(3);
    let (id, first) = (new.id, new.parts[0].1.id);
    assert!(matches!(shelf.accept_batch(new).await, Err(LedgerError::Full { .. })));
    assert!(shelf.batch(id).await.unwrap().is_none());
    assert!(ledger.find(first).await.unwrap().is_none());
    shelf.accept_batch(new_batch(2)).await.unwrap();
}

async fn a_batch_that_nobody_sent_is_not_there(store: Store) {
    let shelf = shelf(&store.fresh().await);
    shelf.accept_batch(new_batch(1)).await.unwrap();
    assert!(shelf.batch(JobId::fresh()).await.unwrap().is_none());
    assert!(shelf.batch_parts(JobId::fresh()).await.unwrap().is_empty());
}

on_both_stores!(
    a_batch_is_counted_from_its_jobs,
    a_batch_that_does_not_fit_is_not_stored_at_all,
    a_batch_that_nobody_sent_is_not_there,
);
