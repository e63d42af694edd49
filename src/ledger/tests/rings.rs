use std::time::{Duration, Instant};

use super::*;
use crate::{job::JobState, ledger::Start};

async fn due_rings_the_oldest_first_and_each_once(store: Store) {
    let ledger = store.fresh().await;
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(accept(&ledger).await);
    }
    assert_eq!(ledger.due(2, LONG).await.unwrap().jobs, jobs[..2]);
    assert_eq!(ledger.due(10, LONG).await.unwrap().jobs, jobs[2..]);
    assert!(ledger.due(10, LONG).await.unwrap().jobs.is_empty());
    assert_eq!(ledger.rung_and_unfinished().await.unwrap(), 5);
}

async fn a_ring_that_is_not_answered_is_rung_again_under_another_number(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    let first = ledger.due(10, LONG).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let second = ledger.due(10, Duration::from_millis(20)).await.unwrap();
    assert_eq!((first.jobs, second.jobs), (vec![id], vec![id]));
    assert!(second.ring_no > first.ring_no);
}

async fn a_ring_that_failed_is_due_again_at_once(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    let due = ledger.due(10, LONG).await.unwrap();
    ledger.unring(&due.jobs).await.unwrap();
    assert_eq!(ledger.rung_and_unfinished().await.unwrap(), 0);
    assert_eq!(ledger.due(10, LONG).await.unwrap().jobs, [id]);
}

async fn a_running_job_is_not_due_but_counts_as_rung_until_it_ends(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    ledger.due(10, LONG).await.unwrap();
    let lease = take(&ledger, id, LONG).await;
    assert!(ledger.due(10, Duration::ZERO).await.unwrap().jobs.is_empty());
    assert_eq!(ledger.rung_and_unfinished().await.unwrap(), 1);
    ledger.succeed(&lease, &artifact()).await.unwrap();
    assert_eq!(ledger.rung_and_unfinished().await.unwrap(), 0);
}

async fn a_job_given_back_is_due_without_waiting_for_the_second_ring(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    for _ in 0..3 {
        assert_eq!(ledger.due(10, LONG).await.unwrap().jobs, [id]);
        let lease = take(&ledger, id, LONG).await;
        ledger.retry(&lease, Duration::ZERO, &crash(), Start::GivenBack).await.unwrap();
    }
}

async fn the_dispatcher_is_woken_when_the_job_is_there_and_not_before(store: Store) {
    let ledger = store.fresh().await;
    for _ in 0..50 {
        let new = new_job();
        let id = new.id;
        let accepting = tokio::spawn({
            let ledger = ledger.clone();
            async move { ledger.accept(new).await }
        });
        ledger.work_arrived().await;
        assert!(ledger.find(id).await.unwrap().is_some(), "woken for a job that is not stored yet");
        accepting.await.unwrap().unwrap();
    }
}

async fn the_dispatcher_is_woken_by_acceptance(store: Store) {
    let ledger = store.fresh().await;
    accept(&ledger).await;
    tokio::time::timeout(Duration::from_secs(1), ledger.work_arrived()).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), ledger.work_arrived()).await.is_err());
}

async fn a_hundred_thousand_rows_stay_fast(store: Store) {
    let ledger =
        store.open(LedgerLimits { max_waiting: 200_000, max_waiting_each: 200_000, ..LedgerLimits::default() }).await;
    // Waiting jobs that are not yet due are the worst case for the dispatcher: it has to pass them all.
    for thousand in 0_i64..100 {
        sqlx::query(
            "WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) \
             INSERT INTO job (id, kind, edition, file_name, state, accepted_at, changed_at, not_before, order_sha256, \
             findings) SELECT '0190b6a0-0000-7000-8000-' || CAST(100000000000 + i AS TEXT), 'k', 'e', 'f', 'accepted', \
             i, i, 99999999999999, 'x', '[]' FROM n",
        )
        .bind(thousand * 1_000 + 1)
        .bind(thousand * 1_000 + 1_000)
        .execute(&ledger.inner.writer)
        .await
        .unwrap();
    }
    let id = accept(&ledger).await;
    let budget = Duration::from_millis(250);
    let within = |what: &str, started: Instant| {
        println!("{what}: {:?}", started.elapsed());
        assert!(started.elapsed() < budget, "{what}: {:?}", started.elapsed());
    };

    let started = Instant::now();
    let counts = ledger.counts().await.unwrap();
    within("counts", started);
    assert_eq!(counts.of(JobState::Accepted), 100_001);

    let started = Instant::now();
    assert_eq!(ledger.due(1_000, LONG).await.unwrap().jobs, [id]);
    within("due", started);

    let started = Instant::now();
    accept(&ledger).await;
    within("accept", started);

    let started = Instant::now();
    ledger.rung_and_unfinished().await.unwrap();
    ledger.expire_leases().await.unwrap();
    ledger.find(id).await.unwrap();
    ledger.artifact_is_referenced("x").await.unwrap();
    take(&ledger, id, LONG).await;
    within("the rest", started);
}

async fn one_organisations_thousands_do_not_stand_before_anothers_one(store: Store) {
    let ledger = store.fresh().await;
    let mut flood = Vec::new();
    for _ in 0..300 {
        flood.push(accept_for(&ledger, "a").await);
    }
    assert_eq!(ledger.due(100, LONG).await.unwrap().jobs, flood[..100]);
    let small = [accept_for(&ledger, "b").await, accept_for(&ledger, "b").await];
    let late = accept_for(&ledger, "c").await;
    let due = ledger.due(5, LONG).await.unwrap();
    assert_eq!(
        due.jobs,
        [small[0], late, small[1], flood[100], flood[101]],
        "whoever has the fewest rings out is next"
    );
    // Room that one organisation cannot use goes to the others.
    let waiting = accept_for(&ledger, "d").await;
    let lease = take(&ledger, waiting, LONG).await;
    ledger.retry(&lease, LONG, &crash(), Start::Counted).await.unwrap();
    assert_eq!(ledger.due(10, LONG).await.unwrap().jobs, flood[102..112]);
}

async fn what_ends_in_a_minute_is_the_measure_of_the_wait(store: Store) {
    let ledger = store.fresh().await;
    let window = Duration::from_secs(60);
    assert_eq!(ledger.drain(window).await.unwrap().per_second(), None);
    for _ in 0..6 {
        succeeded(&ledger, &artifact()).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let withdrawn = accept(&ledger).await;
    ledger.cancel(withdrawn).await.unwrap();
    let drain = ledger.drain(window).await.unwrap();
    assert_eq!(drain.ended, 6, "a withdrawn job is no work done");
    let pace = drain.per_second().unwrap();
    assert!((2.0..6.0).contains(&pace), "{drain:?}");
}

on_both_stores! {
    one_organisations_thousands_do_not_stand_before_anothers_one,
    what_ends_in_a_minute_is_the_measure_of_the_wait,
    due_rings_the_oldest_first_and_each_once,
    a_ring_that_is_not_answered_is_rung_again_under_another_number,
    a_ring_that_failed_is_due_again_at_once,
    a_running_job_is_not_due_but_counts_as_rung_until_it_ends,
    a_job_given_back_is_due_without_waiting_for_the_second_ring,
    the_dispatcher_is_woken_when_the_job_is_there_and_not_before,
    the_dispatcher_is_woken_by_acceptance,
    a_hundred_thousand_rows_stay_fast,
}
