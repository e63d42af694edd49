use serde_json::json;

use super::*;
use crate::{
    access::Caller,
    job::{JobState, event::EventType},
    ledger::{BatchAcceptance, CancelOutcome, LedgerError, NewBatch, NewPart, OnceKey, Shelf, Shelves},
};

fn shelf(ledger: &Ledger) -> Shelf {
    Shelves::new(ledger.clone()).of(&Caller::at_this_machine())
}

fn new_batch(jobs: usize) -> NewBatch {
    let part = |part| NewPart { name: format!("{part:05}"), key: format!("key {part}"), job: new_job() };
    let parts = (0..jobs).map(part).collect();
    NewBatch {
        id: JobId::fresh(),
        parts,
        left_out: json!([{"request": 7}]),
        missing: Vec::new(),
        outline: "{}".into(),
        subject: None,
    }
}

async fn a_batch_is_counted_from_its_jobs(store: Store) {
    let ledger = store.fresh().await;
    let shelf = shelf(&ledger);
    let new = new_batch(3);
    let (id, first) = (new.id, new.parts[0].job.id);
    shelf.accept_batch(new, None).await.unwrap();
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
    let (id, first) = (new.id, new.parts[0].job.id);
    assert!(matches!(shelf.accept_batch(new, None).await, Err(LedgerError::Full { .. })));
    assert!(shelf.batch(id).await.unwrap().is_none());
    assert!(ledger.find(first).await.unwrap().is_none());
    shelf.accept_batch(new_batch(2), None).await.unwrap();
}

async fn a_batch_that_nobody_sent_is_not_there(store: Store) {
    let shelf = shelf(&store.fresh().await);
    shelf.accept_batch(new_batch(1), None).await.unwrap();
    assert!(shelf.batch(JobId::fresh()).await.unwrap().is_none());
    assert!(shelf.batch_parts(JobId::fresh()).await.unwrap().is_empty());
}

async fn a_paper_that_is_there_is_kept_and_the_end_is_told_once(store: Store) {
    let ledger = store.fresh().await;
    let shelf = shelf(&ledger);
    let told = async |id: JobId| {
        ledger.number_events().await.unwrap();
        let events = shelf.events_of_batch(id, 0, 100).await.unwrap();
        events.into_iter().filter(|event| event.kind == EventType::BatchEnded).collect::<Vec<_>>()
    };
    let first = new_batch(2);
    let (id, jobs) = (first.id, first.parts.iter().map(|part| part.job.id).collect::<Vec<_>>());
    shelf.accept_batch(first, None).await.unwrap();
    for (number, job) in jobs.iter().enumerate() {
        assert!(told(id).await.is_empty(), "{number} of 2 have ended");
        let lease = take(&ledger, *job, LONG).await;
        assert!(ledger.succeed(&lease, &artifact()).await.unwrap());
    }
    let ends = told(id).await;
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(ends[0].body.as_ref().unwrap()["counts"], json!({"succeeded": 2}));
    assert_eq!(told(id).await.len(), 1);

    // The second batch shares both papers and asks for a third.
    let second = new_batch(3);
    let (again, third) = (second.id, second.parts[2].job.id);
    shelf.accept_batch(second, None).await.unwrap();
    let batch = shelf.batch(again).await.unwrap().unwrap();
    assert_eq!((batch.parts(), batch.ended(), batch.kept), (3, 2, 2));
    let parts: Vec<JobId> = shelf.batch_parts(again).await.unwrap().into_iter().map(|(_, job)| job.id).collect();
    assert_eq!(parts, [jobs[0], jobs[1], third]);
    assert!(told(again).await.is_empty());
    assert_eq!(shelf.cancel(third).await.unwrap(), CancelOutcome::Cancelled);
    assert_eq!(told(again).await.len(), 1);
    // Where every paper is there, the batch has ended when it is accepted.
    let same = new_batch(2);
    let whole = same.id;
    shelf.accept_batch(same, None).await.unwrap();
    assert_eq!(told(whole).await.len(), 1);
}

async fn equal_parts_that_share_a_kept_paper_are_all_there(store: Store) {
    let ledger = store.fresh().await;
    let shelf = shelf(&ledger);
    let first = new_batch(1);
    let job = first.parts[0].job.id;
    shelf.accept_batch(first, None).await.unwrap();
    let lease = take(&ledger, job, LONG).await;
    assert!(ledger.succeed(&lease, &artifact()).await.unwrap());
    let mut twice = new_batch(2);
    twice.parts[1].key = twice.parts[0].key.clone();
    let id = twice.id;
    shelf.accept_batch(twice, None).await.unwrap();
    let parts = shelf.batch_parts(id).await.unwrap();
    let told: Vec<(&str, JobId)> = parts.iter().map(|(name, one)| (name.as_str(), one.id)).collect();
    assert_eq!(told, [("00000", job), ("00001", job)]);
}

async fn a_batch_that_goes_on_is_not_told_to_its_end_before_it_ends_again(store: Store) {
    let ledger = store.fresh().await;
    let shelf = shelf(&ledger);
    let read = async |id: JobId, after: i64| {
        let events = shelf.events_of_batch(id, after, 100).await.unwrap();
        events.last().map_or(after, |event| event.sequence)
    };
    let new = new_batch(2);
    let (id, jobs) = (new.id, new.parts.iter().map(|part| part.job.id).collect::<Vec<_>>());
    shelf.accept_batch(new, None).await.unwrap();
    ledger.number_events().await.unwrap();
    let mut seen = read(id, 0).await;
    assert!(!shelf.batch_is_told(id, seen).await.unwrap(), "its jobs wait");
    let lease = take(&ledger, jobs[0], LONG).await;
    assert!(ledger.succeed(&lease, &artifact()).await.unwrap());
    let lease = take(&ledger, jobs[1], LONG).await;
    assert!(ledger.fail(&lease, &crash()).await.unwrap());
    ledger.number_events().await.unwrap();
    assert!(!shelf.batch_is_told(id, seen).await.unwrap(), "its end waits to be read");
    seen = read(id, seen).await;
    assert!(shelf.batch_is_told(id, seen).await.unwrap());

    // Begun anew: at no moment is the old end taken for the new one.
    shelf.requeue(jobs[1]).await.unwrap();
    assert!(!shelf.batch_is_told(id, seen).await.unwrap(), "a job waits, and nothing of it is numbered");
    ledger.number_events().await.unwrap();
    seen = read(id, seen).await;
    assert!(!shelf.batch_is_told(id, seen).await.unwrap(), "a job waits, and all there is was read");
    let lease = take(&ledger, jobs[1], LONG).await;
    assert!(ledger.succeed(&lease, &artifact()).await.unwrap());
    assert!(!shelf.batch_is_told(id, seen).await.unwrap(), "the job's end has no number yet");
    ledger.number_events().await.unwrap();
    seen = read(id, seen).await;
    assert!(shelf.batch_is_told(id, seen).await.unwrap());
    // Nobody waits for what is forgotten.
    while ledger.forget_events(Duration::ZERO).await.unwrap() > 0 {}
    assert!(shelf.batch_is_told(id, 0).await.unwrap());
}

async fn batches_under_one_key_are_one(store: Store) {
    let ledger = store.fresh().await;
    let shelf = shelf(&ledger);
    let key = |request: &str| OnceKey {
        organisation: LOCAL.into(),
        key_sha256: "k".repeat(64),
        fingerprint: request.into(),
        keep: LONG,
    };
    let new = new_batch(1);
    let id = new.id;
    assert_eq!(shelf.accept_batch(new, Some(&key("a"))).await.unwrap(), BatchAcceptance::Stored(id));
    assert_eq!(shelf.find_batch_once(&key("a")).await.unwrap(), Some(id));
    let other = new_batch(1);
    let other_id = other.id;
    assert_eq!(shelf.accept_batch(other, Some(&key("a"))).await.unwrap(), BatchAcceptance::Replayed(id));
    assert!(shelf.batch(other_id).await.unwrap().is_none());
    assert!(matches!(shelf.accept_batch(new_batch(1), Some(&key("b"))).await, Err(LedgerError::KeyReused)));
}

on_both_stores!(
    a_paper_that_is_there_is_kept_and_the_end_is_told_once,
    equal_parts_that_share_a_kept_paper_are_all_there,
    a_batch_that_goes_on_is_not_told_to_its_end_before_it_ends_again,
    batches_under_one_key_are_one,
    a_batch_is_counted_from_its_jobs,
    a_batch_that_does_not_fit_is_not_stored_at_all,
    a_batch_that_nobody_sent_is_not_there,
);
