//! Pictures of a ledger, put back into an empty store of the same kind.

use super::*;
use crate::{
    job::JobState,
    ledger::{JobFilter, OnceKey, Store as Kind},
};

/// An empty place of the same kind.
fn beside(store: &Store) -> Store {
    match store.place {
        Place::File(_) => Store::sqlite(),
        Place::Server(_) => Store::postgres(),
    }
}

fn key() -> OnceKey {
    OnceKey { organisation: LOCAL.into(), key_sha256: "k".into(), fingerprint: "f".into(), keep: LONG }
}

async fn a_picture_put_back_is_the_same_ledger(store: Store) {
    let ledger = store.fresh().await;
    let done = succeeded(&ledger, &artifact()).await;
    let dead = dead(&ledger).await;
    let erased = succeeded(&ledger, &Artifact { sha256: "ef".repeat(32), size: 7, pages: 1 }).await;
    ledger.erase(erased).await.unwrap();
    ledger.accept_once(new_job(), &key()).await.unwrap();
    let running = accept_for(&ledger, "dong-nai").await;
    let held = take(&ledger, running, LONG).await;
    let withdrawn = accept(&ledger).await;
    take(&ledger, withdrawn, LONG).await;
    ledger.cancel(withdrawn).await.unwrap();
    ledger.due(10, LONG).await.unwrap();
    ledger.seal_audit().await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("picture");
    let snapshot = ledger.snapshot(&picture).await.unwrap();
    assert_eq!(snapshot.store, Kind::of(&store.place));
    let named: Vec<&str> = snapshot.papers.iter().map(|named| named.sha256.as_str()).collect();
    assert_eq!(named, [artifact().sha256], "what is erased is not named");
    assert_eq!(ledger.named_after("").await.unwrap(), snapshot.papers);
    assert!(ledger.snapshot(&picture).await.is_err(), "a picture is not written over");
    accept(&ledger).await;

    let other = beside(&store);
    assert!(Ledger::is_nowhere(&other.place).await.unwrap());
    Ledger::put_back(&other.place, (&picture, snapshot.store, snapshot.schema)).await.unwrap();
    assert!(!Ledger::is_nowhere(&other.place).await.unwrap());
    let again = Ledger::put_back(&other.place, (&picture, snapshot.store, snapshot.schema)).await;
    assert!(matches!(again, Err(crate::ledger::SnapshotError::Taken)), "{again:?}");
    let restored = other.fresh().await;
    for id in [done, dead, erased] {
        let (was, is) = (ledger.find(id).await.unwrap().unwrap(), restored.find(id).await.unwrap().unwrap());
        assert_eq!(format!("{was:?}"), format!("{is:?}"));
    }
    let job = restored.find(running).await.unwrap().unwrap();
    assert_eq!((job.state, job.starts, job.fence, job.organisation.as_str()), (JobState::Accepted, 0, 1, "dong-nai"));
    assert!(!restored.succeed(&held, &artifact()).await.unwrap(), "the old lease is worth nothing");
    assert_eq!(restored.find(withdrawn).await.unwrap().unwrap().state, JobState::Cancelled);
    assert!(restored.find_once(&key()).await.unwrap().is_some(), "keys are remembered");
    assert_eq!(restored.rung_and_unfinished().await.unwrap(), 0, "no ring is out");
    let counts = restored.counts().await.unwrap();
    let counted: Vec<u64> = JobState::ALL.iter().map(|state| counts.of(*state)).collect();
    let listed = restored.list(&JobFilter { limit: 100, ..JobFilter::default() }).await.unwrap();
    let expected: Vec<u64> =
        JobState::ALL.iter().map(|state| listed.iter().filter(|job| job.state == *state).count() as u64).collect();
    assert_eq!(counted, expected, "the counts are those of the rows");
    // Numbers go on, and the chain with them.
    accept(&restored).await;
    restored.seal_audit().await.unwrap();
    assert_eq!(restored.verify_audit().await.unwrap().broken_at, None);
    let lease = take(&restored, running, LONG).await;
    assert_eq!((lease.fence, lease.order), (2, new_job().order));
}

on_both_stores! { a_picture_put_back_is_the_same_ledger }

#[tokio::test]
async fn a_picture_of_one_store_is_not_put_into_the_other() {
    let store = Store::sqlite();
    let ledger = store.fresh().await;
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("picture");
    let snapshot = ledger.snapshot(&picture).await.unwrap();
    let put = Ledger::put_back(&Store::postgres().place, (&picture, snapshot.store, snapshot.schema)).await;
    assert!(matches!(put, Err(crate::ledger::SnapshotError::OtherStore { .. })), "{put:?}");
}
