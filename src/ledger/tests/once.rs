use super::*;
use crate::ledger::{Acceptance, LedgerError, OnceKey};

fn key(key: &str, fingerprint: &str) -> OnceKey {
    OnceKey {
        organisation: LOCAL.into(),
        key_sha256: key.into(),
        fingerprint: fingerprint.into(),
        keep: Duration::from_secs(3600),
    }
}

async fn the_same_request_under_the_same_key_is_the_same_job(store: Store) {
    let ledger = store.fresh().await;
    let key = key("k", "f");
    assert!(ledger.find_once(&key).await.unwrap().is_none());
    let Acceptance::Stored(first) = ledger.accept_once(new_job(), &key).await.unwrap() else { panic!("replayed") };
    let Acceptance::Replayed(again) = ledger.accept_once(new_job(), &key).await.unwrap() else { panic!("stored") };
    assert_eq!(first.id, again.id);
    assert_eq!(ledger.find_once(&key).await.unwrap().unwrap().id, first.id);
    // Another organisation's key of the same name is another key.
    let other = OnceKey { organisation: "bac-ninh".into(), ..key };
    assert!(matches!(ledger.accept_once(new_job(), &other).await.unwrap(), Acceptance::Stored(_)));
}

async fn another_request_under_the_same_key_is_refused_and_stores_nothing(store: Store) {
    let ledger = store.fresh().await;
    ledger.accept_once(new_job(), &key("k", "f")).await.unwrap();
    let new = new_job();
    let id = new.id;
    assert!(matches!(ledger.accept_once(new, &key("k", "other")).await, Err(LedgerError::KeyReused)));
    assert!(matches!(ledger.find_once(&key("k", "other")).await, Err(LedgerError::KeyReused)));
    assert!(ledger.find(id).await.unwrap().is_none());
}

async fn a_request_that_is_refused_leaves_its_key_free(store: Store) {
    let ledger = store.open(LedgerLimits { max_waiting: 0, ..LedgerLimits::default() }).await;
    assert!(matches!(ledger.accept_once(new_job(), &key("k", "f")).await, Err(LedgerError::Full { .. })));
    let ledger = store.fresh().await;
    assert!(matches!(ledger.accept_once(new_job(), &key("k", "other")).await.unwrap(), Acceptance::Stored(_)));
}

async fn a_key_is_forgotten_when_its_time_is_over(store: Store) {
    let ledger = store.fresh().await;
    let short = OnceKey { keep: Duration::from_millis(20), ..key("k", "f") };
    ledger.accept_once(new_job(), &short).await.unwrap();
    ledger.accept_once(new_job(), &key("long", "f")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(40)).await;
    assert!(ledger.find_once(&short).await.unwrap().is_none());
    assert!(matches!(ledger.accept_once(new_job(), &short).await.unwrap(), Acceptance::Stored(_)));
    tokio::time::sleep(Duration::from_millis(40)).await;
    assert_eq!(ledger.forget_keys().await.unwrap(), 1);
}

async fn of_a_hundred_equal_requests_at_once_exactly_one_becomes_a_job(store: Store) {
    let processes = [store.fresh().await, store.fresh().await];
    let racers: Vec<_> = (0..100)
        .map(|racer| {
            let ledger = processes[racer % 2].clone();
            tokio::spawn(async move { ledger.accept_once(new_job(), &key("k", "f")).await.unwrap() })
        })
        .collect();
    let (mut stored, mut ids) = (0, std::collections::HashSet::new());
    for racer in racers {
        match racer.await.unwrap() {
            Acceptance::Stored(job) => {
                stored += 1;
                ids.insert(job.id);
            }
            Acceptance::Replayed(job) => {
                ids.insert(job.id);
            }
        }
    }
    assert_eq!((stored, ids.len()), (1, 1));
    assert_eq!(processes[0].counts().await.unwrap().of(crate::job::JobState::Accepted), 1);
}

on_both_stores! {
    the_same_request_under_the_same_key_is_the_same_job,
    another_request_under_the_same_key_is_refused_and_stores_nothing,
    a_request_that_is_refused_leaves_its_key_free,
    a_key_is_forgotten_when_its_time_is_over,
    of_a_hundred_equal_requests_at_once_exactly_one_becomes_a_job,
}
