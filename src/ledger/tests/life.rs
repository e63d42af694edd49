use std::time::Duration;

use super::*;
use crate::{
    failure::{Finding, Severity},
    job::JobState,
    ledger::{BeatOutcome, CancelOutcome, LedgerError, Start},
};

async fn an_accepted_job_reads_back_with_vietnamese_names_and_findings(store: Store) {
    let ledger = store.fresh().await;
    let mut new = new_job();
    new.findings.push(Finding::new("D07", Severity::Warning, "/a", "Số đã dùng.", "Number used."));
    let accepted = ledger.accept(new.clone()).await.unwrap();
    let found = ledger.find(new.id).await.unwrap().unwrap();
    assert_eq!((found.state, found.fence, found.starts), (JobState::Accepted, 0, 0));
    assert_eq!(found.file_name, "Quyết định");
    assert_eq!(found.media_type, crate::catalog::MediaType::Zip);
    assert_eq!(found.findings, new.findings);
    assert_eq!(found.accepted_at, accepted.accepted_at);
    assert!((chrono::Utc::now() - found.accepted_at).num_seconds().abs() < 5);
    assert!(ledger.find(JobId::fresh()).await.unwrap().is_none());
}

async fn the_same_id_is_accepted_once(store: Store) {
    let ledger = store.fresh().await;
    let new = new_job();
    ledger.accept(new.clone()).await.unwrap();
    assert!(matches!(ledger.accept(new.clone()).await, Err(LedgerError::AlreadyAccepted(id)) if id == new.id));
}

async fn an_organisation_may_fill_its_own_places_and_not_anothers(store: Store) {
    let ledger = store.open(LedgerLimits { max_waiting: 5, max_waiting_each: 2, ..LedgerLimits::default() }).await;
    for _ in 0..2 {
        accept_for(&ledger, "a").await;
        accept_for(&ledger, "b").await;
    }
    let third = NewJob { organisation: "a".into(), ..new_job() };
    let refused = ledger.accept(third.clone()).await;
    assert!(matches!(refused, Err(LedgerError::OverQuota { waiting: 2, limit: 2 })), "{refused:?}");
    accept_for(&ledger, "c").await;
    let full = ledger.accept(NewJob { organisation: "c".into(), ..new_job() }).await;
    assert!(matches!(full, Err(LedgerError::Full { waiting: 5, limit: 5 })), "{full:?}");
}

async fn one_job_too_many_is_refused_and_a_place_that_frees_is_given(store: Store) {
    let ledger = store.open(LedgerLimits { max_waiting: 2, ..LedgerLimits::default() }).await;
    let first = accept(&ledger).await;
    accept(&ledger).await;
    assert!(matches!(ledger.accept(new_job()).await, Err(LedgerError::Full { waiting: 2, limit: 2 })));
    take(&ledger, first, LONG).await;
    accept(&ledger).await;
}

async fn a_job_that_succeeds_carries_its_artifact_and_has_no_failure(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    let lease = take(&ledger, id, LONG).await;
    assert_eq!((lease.fence, lease.starts, lease.order.as_str()), (1, 1, new_job().order.as_str()));
    assert!(ledger.retry(&lease, Duration::ZERO, &crash(), Start::Counted).await.unwrap());
    assert_eq!(ledger.find(id).await.unwrap().unwrap().failure, Some(crash()));
    let lease = take(&ledger, id, LONG).await;
    assert!(!ledger.artifact_is_referenced(&artifact().sha256).await.unwrap());
    assert!(ledger.succeed(&lease, &artifact()).await.unwrap());
    let job = ledger.find(id).await.unwrap().unwrap();
    assert_eq!((job.state, job.artifact, job.failure), (JobState::Succeeded, Some(artifact()), None));
    assert!(ledger.artifact_is_referenced(&artifact().sha256).await.unwrap());
}

async fn of_fifty_tasks_that_race_for_one_lease_exactly_one_wins(store: Store) {
    let ledger = store.fresh().await;
    let other_process = store.fresh().await;
    for _round in 0..5 {
        let id = accept(&ledger).await;
        let racers = (0..50).map(|racer| {
            let ledger = if racer % 2 == 0 { ledger.clone() } else { other_process.clone() };
            tokio::spawn(async move { ledger.lease(id, &format!("worker-{racer}"), LONG).await.unwrap() })
        });
        let mut winners = 0;
        for racer in racers.collect::<Vec<_>>() {
            match racer.await.unwrap() {
                LeaseOutcome::Taken(_) => winners += 1,
                LeaseOutcome::HeldByOther => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(winners, 1);
        assert_eq!(ledger.find(id).await.unwrap().unwrap().starts, 1);
    }
}

async fn a_stale_fence_writes_nothing(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    let stale = take(&ledger, id, Duration::ZERO).await;
    assert_eq!(ledger.expire_leases().await.unwrap(), 1);
    let held = take(&ledger, id, LONG).await;
    let before = ledger.find(id).await.unwrap().unwrap();

    assert_eq!(ledger.beat(&stale, LONG).await.unwrap(), BeatOutcome::Lost);
    assert!(!ledger.succeed(&stale, &artifact()).await.unwrap());
    assert!(!ledger.fail(&stale, &crash()).await.unwrap());
    assert!(!ledger.retry(&stale, LONG, &crash(), Start::Counted).await.unwrap());
    assert!(!ledger.release(&stale).await.unwrap());
    assert!(!ledger.confirm_cancel(&stale).await.unwrap());

    let after = ledger.find(id).await.unwrap().unwrap();
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
    assert_eq!(ledger.beat(&held, LONG).await.unwrap(), BeatOutcome::Held);
    assert!(ledger.succeed(&held, &artifact()).await.unwrap());
    assert!(!ledger.succeed(&held, &artifact()).await.unwrap(), "an end is left by nothing");
}

async fn a_job_whose_workers_die_three_times_is_poisoned(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    for start in 1..=3 {
        assert_eq!(take(&ledger, id, Duration::ZERO).await.starts, start);
        assert_eq!(ledger.expire_leases().await.unwrap(), 1);
    }
    let job = ledger.find(id).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Dead);
    assert_eq!(job.failure.unwrap().code, FailureCode::PoisonedJob);
    assert!(matches!(ledger.lease(id, "worker", LONG).await.unwrap(), LeaseOutcome::Ended));
}

async fn a_waiting_job_without_starts_left_dies_when_its_lease_is_asked_for(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    for _ in 0..2 {
        take(&ledger, id, Duration::ZERO).await;
        ledger.expire_leases().await.unwrap();
    }
    // The operator lowered the limit while the job waited.
    let limits = LedgerLimits { max_starts: 2, ..LedgerLimits::default() };
    let stricter = store.open(limits).await;
    assert!(matches!(stricter.lease(id, "worker", LONG).await.unwrap(), LeaseOutcome::Exhausted));
    assert_eq!(stricter.find(id).await.unwrap().unwrap().failure.unwrap().code, FailureCode::PoisonedJob);
}

async fn a_job_that_crashes_three_times_is_dead_and_keeps_its_failure(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    for _ in 0..3 {
        let lease = take(&ledger, id, LONG).await;
        assert!(ledger.retry(&lease, Duration::ZERO, &crash(), Start::Counted).await.unwrap());
    }
    let job = ledger.find(id).await.unwrap().unwrap();
    assert_eq!((job.state, job.failure), (JobState::Dead, Some(crash())));
}

async fn starts_given_back_are_never_used_up(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    for fence in 1..=10 {
        let lease = take(&ledger, id, LONG).await;
        assert_eq!((lease.fence, lease.starts), (fence, 1));
        if fence % 2 == 0 {
            assert!(ledger.release(&lease).await.unwrap());
        } else {
            assert!(ledger.retry(&lease, Duration::ZERO, &crash(), Start::GivenBack).await.unwrap());
        }
        assert_eq!(ledger.find(id).await.unwrap().unwrap().starts, 0);
    }
}

async fn a_retry_waits_for_its_moment(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    let lease = take(&ledger, id, LONG).await;
    ledger.retry(&lease, Duration::from_millis(300), &crash(), Start::Counted).await.unwrap();
    assert!(matches!(ledger.lease(id, "worker", LONG).await.unwrap(), LeaseOutcome::NotDue));
    assert!(ledger.due(10, LONG).await.unwrap().jobs.is_empty());
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert_eq!(ledger.due(10, LONG).await.unwrap().jobs, [id]);
    take(&ledger, id, LONG).await;
}

async fn a_beat_keeps_a_lease_from_running_out(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    let lease = take(&ledger, id, Duration::ZERO).await;
    assert_eq!(ledger.beat(&lease, LONG).await.unwrap(), BeatOutcome::Held);
    assert_eq!(ledger.expire_leases().await.unwrap(), 0);
    assert!(matches!(ledger.lease(id, "other", LONG).await.unwrap(), LeaseOutcome::HeldByOther));
}

async fn a_waiting_job_is_cancelled_at_once(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    assert_eq!(ledger.cancel(id).await.unwrap(), CancelOutcome::Cancelled);
    assert_eq!(ledger.find(id).await.unwrap().unwrap().state, JobState::Cancelled);
    assert_eq!(ledger.cancel(id).await.unwrap(), CancelOutcome::AlreadyEnded(JobState::Cancelled));
    assert_eq!(ledger.cancel(JobId::fresh()).await.unwrap(), CancelOutcome::Unknown);
    assert!(matches!(ledger.lease(id, "worker", LONG).await.unwrap(), LeaseOutcome::Ended));
}

async fn a_running_job_is_cancelled_by_its_worker(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    let lease = take(&ledger, id, LONG).await;
    assert_eq!(ledger.cancel(id).await.unwrap(), CancelOutcome::Requested);
    assert_eq!(ledger.beat(&lease, LONG).await.unwrap(), BeatOutcome::CancelRequested);
    assert!(ledger.confirm_cancel(&lease).await.unwrap());
    assert_eq!(ledger.find(id).await.unwrap().unwrap().state, JobState::Cancelled);
}

async fn a_withdrawn_job_is_never_tried_again(store: Store) {
    let ledger = store.fresh().await;
    for way_back in 0..3 {
        let id = accept(&ledger).await;
        let lease = take(&ledger, id, Duration::ZERO).await;
        ledger.cancel(id).await.unwrap();
        match way_back {
            0 => assert!(ledger.release(&lease).await.unwrap()),
            1 => assert!(ledger.retry(&lease, Duration::ZERO, &crash(), Start::Counted).await.unwrap()),
            _ => assert_eq!(ledger.expire_leases().await.unwrap(), 1),
        }
        assert_eq!(ledger.find(id).await.unwrap().unwrap().state, JobState::Cancelled, "{way_back}");
    }
}

async fn a_watcher_sees_the_end_at_once_and_another_process_within_two_seconds(store: Store) {
    let ledger = store.fresh().await;
    let other_process = store.fresh().await;
    for (writer, bound) in [(ledger.clone(), 500), (other_process, 2_000)] {
        let id = accept(&ledger).await;
        let watcher = tokio::spawn({
            let ledger = ledger.clone();
            async move { ledger.watch(id, LONG).await.unwrap().unwrap() }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        let started = std::time::Instant::now();
        writer.cancel(id).await.unwrap();
        assert_eq!(watcher.await.unwrap().state, JobState::Cancelled);
        assert!(started.elapsed().as_millis() < bound, "{:?}", started.elapsed());
    }
}

async fn a_watcher_whose_patience_ends_gets_the_job_as_it_stands(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    let job = ledger.watch(id, Duration::from_millis(100)).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Accepted);
    assert!(ledger.watch(JobId::fresh(), LONG).await.unwrap().is_none());
}

on_both_stores! {
    an_organisation_may_fill_its_own_places_and_not_anothers,
    an_accepted_job_reads_back_with_vietnamese_names_and_findings,
    the_same_id_is_accepted_once,
    one_job_too_many_is_refused_and_a_place_that_frees_is_given,
    a_job_that_succeeds_carries_its_artifact_and_has_no_failure,
    of_fifty_tasks_that_race_for_one_lease_exactly_one_wins,
    a_stale_fence_writes_nothing,
    a_job_whose_workers_die_three_times_is_poisoned,
    a_waiting_job_without_starts_left_dies_when_its_lease_is_asked_for,
    a_job_that_crashes_three_times_is_dead_and_keeps_its_failure,
    starts_given_back_are_never_used_up,
    a_retry_waits_for_its_moment,
    a_beat_keeps_a_lease_from_running_out,
    a_waiting_job_is_cancelled_at_once,
    a_running_job_is_cancelled_by_its_worker,
    a_withdrawn_job_is_never_tried_again,
    a_watcher_sees_the_end_at_once_and_another_process_within_two_seconds,
    a_watcher_whose_patience_ends_gets_the_job_as_it_stands,
}
