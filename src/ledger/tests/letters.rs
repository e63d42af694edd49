use super::*;
use crate::{
    job::JobState,
    ledger::{JobFilter, LetterOutcome, Start},
};

async fn a_dead_job_that_is_requeued_begins_anew_under_a_new_fence(store: Store) {
    let ledger = store.fresh().await;
    let id = dead(&ledger).await;
    let before = ledger.find(id).await.unwrap().unwrap();
    assert_eq!((before.state, before.fence), (JobState::Dead, 3));
    assert_eq!(ledger.requeue(id, "test").await.unwrap(), LetterOutcome::Done);
    let job = ledger.find(id).await.unwrap().unwrap();
    assert_eq!((job.state, job.starts, job.tries, job.failure), (JobState::Accepted, 0, 0, None));
    assert_eq!(ledger.due(10, LONG).await.unwrap().jobs, [id]);
    let lease = take(&ledger, id, LONG).await;
    assert_eq!((lease.fence, lease.starts), (4, 1));
    assert!(ledger.succeed(&lease, &artifact()).await.unwrap());
    assert_eq!(ledger.requeue(id, "test").await.unwrap(), LetterOutcome::NotNow(JobState::Succeeded));
    assert_eq!(ledger.requeue(JobId::fresh(), "test").await.unwrap(), LetterOutcome::Unknown);
    let audit = ledger.audit_of(id).await.unwrap();
    let row = audit.iter().find(|row| row.action == "requeue").expect("audited");
    assert_eq!(row.detail.as_deref(), Some("test"));
}

async fn a_failed_job_may_be_requeued_but_only_a_dead_one_dropped(store: Store) {
    let ledger = store.fresh().await;
    let failed = accept(&ledger).await;
    let lease = take(&ledger, failed, LONG).await;
    ledger.fail(&lease, &crash()).await.unwrap();
    assert_eq!(ledger.drop_dead(failed, "test").await.unwrap(), LetterOutcome::NotNow(JobState::Failed));
    assert_eq!(ledger.requeue(failed, "test").await.unwrap(), LetterOutcome::Done);
    assert_eq!(ledger.requeue(failed, "test").await.unwrap(), LetterOutcome::NotNow(JobState::Accepted));

    let dead = dead(&ledger).await;
    assert_eq!(ledger.drop_dead(dead, "test").await.unwrap(), LetterOutcome::Done);
    assert_eq!(ledger.find(dead).await.unwrap().unwrap().state, JobState::Cancelled);
    assert_eq!(ledger.requeue(dead, "test").await.unwrap(), LetterOutcome::NotNow(JobState::Cancelled));
}

async fn a_job_that_only_ever_fails_in_passing_is_dead_after_eight_tries(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    for tries in 0..8 {
        let lease = take(&ledger, id, LONG).await;
        assert_eq!((lease.tries, lease.starts), (tries, 1));
        assert!(ledger.retry(&lease, Duration::ZERO, &crash(), Start::GivenBack).await.unwrap());
    }
    let job = ledger.find(id).await.unwrap().unwrap();
    assert_eq!((job.state, job.tries, job.failure), (JobState::Dead, 8, Some(crash())));
}

async fn pages_of_a_list_hold_every_job_once_though_more_are_accepted(store: Store) {
    let ledger = store.fresh().await;
    let mut jobs = Vec::new();
    for number in 0..7 {
        jobs.push(accept_for(&ledger, if number % 2 == 0 { "a" } else { "b" }).await);
    }
    jobs.reverse();
    let mut listed = Vec::new();
    let mut filter = JobFilter { limit: 3, ..JobFilter::default() };
    loop {
        let page = ledger.list(&filter).await.unwrap();
        accept_for(&ledger, "c").await;
        listed.extend(page.iter().map(|job| job.id));
        if page.len() < 3 {
            break;
        }
        filter.before = listed.last().copied();
    }
    assert_eq!(listed, jobs);

    ledger.cancel(jobs[0]).await.unwrap();
    let of = |organisation: &str, state, kind: &str| JobFilter {
        organisation: Some(organisation.into()),
        state,
        kind: Some(kind.into()),
        limit: 100,
        ..JobFilter::default()
    };
    let count = async |filter| ledger.list(&filter).await.unwrap().len();
    assert_eq!(count(of("a", None, "quyet-dinh")).await, 4);
    assert_eq!(count(of("a", Some(JobState::Cancelled), "quyet-dinh")).await, 1);
    assert_eq!(count(of("b", Some(JobState::Cancelled), "quyet-dinh")).await, 0);
    assert_eq!(count(of("a", None, "to-trinh' OR 1=1 --")).await, 0);
}

on_both_stores! {
    a_dead_job_that_is_requeued_begins_anew_under_a_new_fence,
    a_failed_job_may_be_requeued_but_only_a_dead_one_dropped,
    a_job_that_only_ever_fails_in_passing_is_dead_after_eight_tries,
    pages_of_a_list_hold_every_job_once_though_more_are_accepted,
}
