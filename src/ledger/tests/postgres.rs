use std::time::Instant;

use super::{server::Postgres, *};
use crate::job::JobState;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_and_comes_back_has_lost_nothing_and_is_found_again() {
    let server = Postgres::start();
    let ledger = Ledger::open(Place::Server(server.database()), LedgerLimits::default()).await.unwrap();
    let (waiting, running) = (accept(&ledger).await, accept(&ledger).await);
    let lease = take(&ledger, running, LONG).await;
    server.crash();
    let started = Instant::now();
    assert!(ledger.accept(new_job()).await.is_err(), "nothing is accepted that is not stored");
    assert!(started.elapsed() < Duration::from_secs(12), "{:?}", started.elapsed());
    server.start_again();
    let started = Instant::now();
    while ledger.ping().await.is_err() {
        assert!(started.elapsed() < Duration::from_secs(15));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("found again after {:?}", started.elapsed());
    assert_eq!(ledger.find(waiting).await.unwrap().unwrap().state, JobState::Accepted);
    assert!(ledger.succeed(&lease, &artifact()).await.unwrap(), "a lease outlives the server");
    accept(&ledger).await;
    assert_eq!(ledger.counts().await.unwrap().of(JobState::Accepted), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twelve_hands_on_two_hosts_wait_for_each_other_without_deadlock() {
    let store = Store::postgres();
    let hosts = [store.fresh().await, store.fresh().await];
    let hands: Vec<_> = (0..12)
        .map(|hand| {
            let ledger = hosts[hand % 2].clone();
            tokio::spawn(async move {
                for round in 0..25 {
                    let id = accept_for(&ledger, ["a", "b", "c"][(hand + round) % 3]).await;
                    ledger.due(5, Duration::ZERO).await.unwrap();
                    ledger.expire_leases().await.unwrap();
                    if let LeaseOutcome::Taken(lease) = ledger.lease(id, "hand", Duration::ZERO).await.unwrap() {
                        match round % 3 {
                            0 => ledger.succeed(&lease, &artifact()).await.unwrap(),
                            1 => ledger.fail(&lease, &crash()).await.unwrap(),
                            _ => ledger.release(&lease).await.unwrap(),
                        };
                    }
                    ledger.requeue(id, "hand").await.unwrap();
                    ledger.cancel(id).await.unwrap();
                    ledger.fold_counts().await.unwrap();
                    ledger.seal_audit().await.unwrap();
                }
            })
        })
        .collect();
    for hand in hands {
        hand.await.unwrap();
    }
    let ledger = &hosts[0];
    ledger.fold_counts().await.unwrap();
    let counts = ledger.counts().await.unwrap();
    let mut all = 0;
    for state in JobState::ALL {
        let counted: i64 = sqlx::query_scalar("SELECT count(*) FROM job WHERE state = $1")
            .bind(state.as_str())
            .fetch_one(&ledger.inner.readers)
            .await
            .unwrap();
        assert_eq!(counts.of(state), counted.unsigned_abs(), "{state:?}");
        all += counted;
    }
    assert_eq!(all, 300);
    let slots: i64 = sqlx::query_scalar("SELECT count(*) FROM job_count WHERE slot <> 0")
        .fetch_one(&ledger.inner.readers)
        .await
        .unwrap();
    assert_eq!(slots, 0, "folded");
    ledger.seal_audit().await.unwrap();
    assert_eq!(ledger.verify_audit().await.unwrap().broken_at, None);
}

#[tokio::test]
async fn a_server_that_may_lose_commits_is_named_and_ours_commits_all_the_same() {
    let server = Postgres::start();
    let place = Place::Server(server.database());
    let ledger = Ledger::open(place.clone(), LedgerLimits::default()).await.unwrap();
    assert_eq!(ledger.unsafe_settings().await.unwrap(), ["fsync = off, cần on"], "the tests' own server");
    server.sql("postgres", "ALTER DATABASE t0 SET synchronous_commit = off");
    let ledger = Ledger::open(place, LedgerLimits::default()).await.unwrap();
    let faults = ledger.unsafe_settings().await.unwrap();
    assert_eq!(faults, ["synchronous_commit = off, cần on", "fsync = off, cần on"]);
    for pool in [&ledger.inner.writer, &ledger.inner.readers] {
        for (setting, value) in [("synchronous_commit", "on"), ("statement_timeout", "15s"), ("lock_timeout", "10s")] {
            let found: String =
                sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(pool).await.unwrap();
            assert_eq!(found, value, "{setting}");
        }
    }
}

#[tokio::test]
async fn two_processes_that_open_an_empty_database_at_once_make_its_tables_once() {
    let store = Store::postgres();
    let opened = futures_util::future::join_all((0..4).map(|_| store.fresh())).await;
    accept(&opened[3]).await;
    sqlx::query("INSERT INTO ledger_schema (version) VALUES (99)").execute(&opened[0].inner.writer).await.unwrap();
    let again = Ledger::open(store.place.clone(), LedgerLimits::default()).await;
    assert!(matches!(again, Err(crate::ledger::LedgerError::NewerSchema { found: 99, .. })));
}
