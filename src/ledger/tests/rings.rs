use std::time::{Duration, Instant};

use super::*;
use crate::{job::JobState, ledger::Start};

#[tokio::test]
async fn due_rings_the_oldest_first_and_each_once() {
    let (_folder, ledger) = fresh().await;
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(accept(&ledger).await);
    }
    assert_eq!(ledger.due(2, LONG).await.unwrap().jobs, jobs[..2]);
    assert_eq!(ledger.due(10, LONG).await.unwrap().jobs, jobs[2..]);
    assert!(ledger.due(10, LONG).await.unwrap().jobs.is_empty());
    assert_eq!(ledger.rung_and_unfinished().await.unwrap(), 5);
}

#[tokio::test]
async fn a_ring_that_is_not_answered_is_rung_again_under_another_number() {
    let (_folder, ledger) = fresh().await;
    let id = accept(&ledger).await;
    let first = ledger.due(10, LONG).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let second = ledger.due(10, Duration::from_millis(20)).await.unwrap();
    assert_eq!((first.jobs, second.jobs), (vec![id], vec![id]));
    assert!(second.ring_no > first.ring_no);
}

#[tokio::test]
async fn a_ring_that_failed_is_due_again_at_once() {
    let (_folder, ledger) = fresh().await;
    let id = accept(&ledger).await;
    let due = ledger.due(10, LONG).await.unwrap();
    ledger.unring(&due.jobs).await.unwrap();
    assert_eq!(ledger.rung_and_unfinished().await.unwrap(), 0);
    assert_eq!(ledger.due(10, LONG).await.unwrap().jobs, [id]);
}

#[tokio::test]
async fn a_running_job_is_not_due_but_counts_as_rung_until_it_ends() {
    let (_folder, ledger) = fresh().await;
    let id = accept(&ledger).await;
    ledger.due(10, LONG).await.unwrap();
    let lease = take(&ledger, id, LONG).await;
    assert!(ledger.due(10, Duration::ZERO).await.unwrap().jobs.is_empty());
    assert_eq!(ledger.rung_and_unfinished().await.unwrap(), 1);
    ledger.succeed(&lease, &artifact()).await.unwrap();
    assert_eq!(ledger.rung_and_unfinished().await.unwrap(), 0);
}

#[tokio::test]
async fn a_job_given_back_is_due_without_waiting_for_the_second_ring() {
    let (_folder, ledger) = fresh().await;
    let id = accept(&ledger).await;
    for _ in 0..3 {
        assert_eq!(ledger.due(10, LONG).await.unwrap().jobs, [id]);
        let lease = take(&ledger, id, LONG).await;
        ledger.retry(&lease, Duration::ZERO, &crash(), Start::GivenBack).await.unwrap();
    }
}

#[tokio::test]
async fn the_dispatcher_is_woken_by_acceptance() {
    let (_folder, ledger) = fresh().await;
    accept(&ledger).await;
    tokio::time::timeout(Duration::from_secs(1), ledger.work_arrived()).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), ledger.work_arrived()).await.is_err());
}

#[tokio::test]
async fn a_hundred_thousand_rows_stay_fast() {
    let (_folder, ledger) = fresh_with(LedgerLimits { max_waiting: 200_000, max_starts: 3 }).await;
    // Waiting jobs that are not yet due are the worst case for the dispatcher: it has to pass them all.
    sqlx::query(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
         INSERT INTO job (id, kind, edition, file_name, state, accepted_at, changed_at, not_before, order_sha256, \
         findings) SELECT printf('0190b6a0-0000-7000-8000-%012d', i), 'k', 'e', 'f', 'accepted', i, i, \
         99999999999999, 'x', '[]' FROM n",
    )
    .execute(&ledger.inner.writer)
    .await
    .unwrap();
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
