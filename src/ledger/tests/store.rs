use sqlx::{AnyPool, Row};

use super::*;
use crate::{
    job::JobState,
    ledger::{LedgerError, Start},
};

#[tokio::test]
async fn every_pooled_connection_has_the_settings_that_survive_power_loss() {
    let store = Store::sqlite();
    let ledger = store.fresh().await;
    async fn check(pool: &AnyPool, connections: usize) {
        let mut held = Vec::new();
        for _ in 0..connections {
            held.push(pool.acquire().await.unwrap());
        }
        for connection in &mut held {
            let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut **connection).await.unwrap();
            assert_eq!(mode, "wal");
            for (pragma, value) in
                [("PRAGMA synchronous", 2), ("PRAGMA busy_timeout", 10_000), ("PRAGMA foreign_keys", 1)]
            {
                let found: i64 = sqlx::query_scalar(pragma).fetch_one(&mut **connection).await.unwrap();
                assert_eq!(found, value, "{pragma}");
            }
        }
    }
    check(&ledger.inner.writer, 1).await;
    check(&ledger.inner.readers, 4).await;
}

async fn a_ledger_opened_again_holds_what_was_accepted(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    ledger.close().await;
    let ledger = store.fresh().await;
    assert_eq!(ledger.find(id).await.unwrap().unwrap().state, JobState::Accepted);
    ledger.ping().await.unwrap();
}

#[tokio::test]
async fn memory_and_later_schemas_are_refused() {
    let store = Store::sqlite();
    let limits = LedgerLimits::default();
    assert!(matches!(Ledger::open(":memory:", limits).await, Err(LedgerError::NotAFile(_))));
    let ledger = store.fresh().await;
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&ledger.inner.writer).await.unwrap();
    let again = Ledger::open(store.place.clone(), limits).await;
    assert!(matches!(again, Err(LedgerError::NewerSchema { found: 99, .. })));
}

#[test]
fn a_full_ledger_and_a_broken_one_become_failures_that_name_whose_move_it_is() {
    let full = Failure::from(LedgerError::Full { waiting: 2, limit: 2 });
    assert_eq!(full.code, FailureCode::QueueFull);
    let broken = Failure::from(LedgerError::Store(sqlx::Error::PoolTimedOut));
    assert_eq!(broken.code, FailureCode::StoreUnavailable);
}

async fn every_change_leaves_one_audit_row_and_every_lease_one_closed_attempt(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    let lease = take(&ledger, id, LONG).await;
    ledger.retry(&lease, Duration::ZERO, &crash(), Start::Counted).await.unwrap();
    let lease = take(&ledger, id, LONG).await;
    ledger.succeed(&lease, &artifact()).await.unwrap();
    ledger.succeed(&lease, &artifact()).await.unwrap();

    let actions: Vec<String> = sqlx::query_scalar("SELECT action FROM audit WHERE job_id = $1 ORDER BY id")
        .bind(id.to_string())
        .fetch_all(&ledger.inner.readers)
        .await
        .unwrap();
    assert_eq!(actions, ["accept", "lease", "retry", "lease", "succeed"]);
    let attempts = sqlx::query("SELECT fence, outcome, detail FROM attempt WHERE job_id = $1 ORDER BY fence")
        .bind(id.to_string())
        .fetch_all(&ledger.inner.readers)
        .await
        .unwrap();
    let attempts: Vec<(i64, String, Option<String>)> =
        attempts.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(attempts, [(1, "retry".into(), Some("render-crashed".into())), (2, "succeed".into(), None)]);
}

async fn callers_that_hang_up_in_the_middle_leave_whole_jobs_and_a_ledger_that_works(store: Store) {
    let ledger = store.fresh().await;
    let held = take(&ledger, accept(&ledger).await, LONG).await;
    let mut ids = Vec::new();
    for micros in 0..300 {
        let new = new_job();
        ids.push(new.id);
        let hung_up = async {
            ledger.accept(new.clone()).await?;
            ledger.beat(&held, LONG).await?;
            ledger.lease(new.id, "hung up", Duration::ZERO).await
        };
        let _hung_up = tokio::time::timeout(Duration::from_micros(micros * 10), hung_up).await;
    }
    ledger.ping().await.unwrap();
    let mut stored = 0;
    for id in ids {
        let Some(job) = ledger.find(id).await.unwrap() else { continue };
        stored += 1;
        let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM job_order WHERE job_id = $1")
            .bind(id.to_string())
            .fetch_one(&ledger.inner.readers)
            .await
            .unwrap();
        assert_eq!(orders, 1);
        assert_eq!(job.fence, i64::from(job.starts));
    }
    println!("{stored} of 300 stored");
    ledger.expire_leases().await.unwrap();
    accept(&ledger).await;
}

on_both_stores! {
    a_ledger_opened_again_holds_what_was_accepted,
    every_change_leaves_one_audit_row_and_every_lease_one_closed_attempt,
    callers_that_hang_up_in_the_middle_leave_whole_jobs_and_a_ledger_that_works,
}
