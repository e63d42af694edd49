//! Pictures of a ledger, put back into an empty store of the same kind.

use super::{
    events::{shelf, told},
    *,
};
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

/// Numbers of an organisation's events.
async fn numbers(ledger: &Ledger, organisation: &str) -> Vec<i64> {
    told(ledger, organisation).await.iter().map(|event| event.sequence).collect()
}

async fn a_number_given_after_a_picture_is_never_given_again_however_often_it_is_put_back(store: Store) {
    let ledger = store.fresh().await;
    accept_for(&ledger, "ha-noi").await;
    assert_eq!(numbers(&ledger, "ha-noi").await, [1]);
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("picture");
    let snapshot = ledger.snapshot(&picture).await.unwrap();
    let picture = (picture.as_path(), snapshot.store, snapshot.schema);
    // What readers saw and the picture does not hold; of one organisation it holds nothing at all.
    for organisation in ["ha-noi", "ha-noi", "hue"] {
        accept_for(&ledger, organisation).await;
    }
    let mut given = [numbers(&ledger, "ha-noi").await, numbers(&ledger, "hue").await].map(|all| *all.last().unwrap());
    assert_eq!(given, [3, 1]);
    for _ in 0..2 {
        let other = beside(&store);
        Ledger::put_back(&other.place, picture).await.unwrap();
        let restored = other.fresh().await;
        assert_eq!(numbers(&restored, "ha-noi").await, [1], "what the picture holds keeps its number");
        for (organisation, given) in ["ha-noi", "hue"].into_iter().zip(&mut given) {
            assert!(shelf(&restored, organisation).last_event().await.unwrap() > *given, "a reader is never ahead");
            for _ in 0..3 {
                accept_for(&restored, organisation).await;
            }
            restored.number_events().await.unwrap();
            let after = shelf(&restored, organisation).events_after(None, *given, 10).await.unwrap();
            let anew: Vec<i64> = after.iter().map(|event| event.sequence).collect();
            assert_eq!(anew.len(), 3, "{organisation}: one who saw {given} sees all that came since, but {anew:?}");
            assert!(anew.is_sorted() && anew[2] == anew[0] + 2, "{anew:?}");
            assert!(anew[2] < 1 << 53, "a number that JSON's readers keep: {anew:?}");
            *given = anew[2];
        }
    }
}

async fn where_the_clock_is_behind_the_numbers_they_jump_all_the_same(store: Store) {
    let ledger = store.fresh().await;
    let ahead = 5_000_000_000_000_i64;
    for organisation in ["ha-noi", "hue"] {
        accept_for(&ledger, organisation).await;
    }
    ledger.number_events().await.unwrap();
    let set = sqlx::query("UPDATE event_number SET last = $1 WHERE organisation = 'ha-noi'").bind(ahead);
    set.execute(&ledger.inner.writer).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("picture");
    let snapshot = ledger.snapshot(&picture).await.unwrap();
    let other = beside(&store);
    Ledger::put_back(&other.place, (&picture, snapshot.store, snapshot.schema)).await.unwrap();
    let restored = other.fresh().await;
    for organisation in ["ha-noi", "hue"] {
        assert_eq!(shelf(&restored, organisation).last_event().await.unwrap(), ahead + 1_000_000_000);
    }
}

on_both_stores! {
    a_picture_put_back_is_the_same_ledger,
    a_number_given_after_a_picture_is_never_given_again_however_often_it_is_put_back,
    where_the_clock_is_behind_the_numbers_they_jump_all_the_same,
}

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
