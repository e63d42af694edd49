use super::*;
use crate::{
    failure::{Finding, Severity},
    job::JobState,
    ledger::{EraseOutcome, Erased, Keep, LetterOutcome},
};

const NAME: &str = "Nguyễn Văn Ẩn";

/// A job that holds a name in every place that may hold one.
async fn accept_with_a_name(ledger: &Ledger) -> JobId {
    let mut new = new_job();
    new.order = format!(r#"{{"name":"{NAME}"}}"#);
    new.file_name = format!("Quyết định khen thưởng {NAME}");
    new.findings.push(Finding::new("N1", Severity::Warning, "/name", NAME, NAME).found(NAME));
    ledger.accept(new).await.unwrap().id
}

async fn erase(ledger: &Ledger, id: JobId) -> Erased {
    match ledger.erase(id).await.unwrap() {
        EraseOutcome::Erased(erased) => erased,
        other => panic!("{other:?}"),
    }
}

/// Every text that the ledger holds.
async fn everything(ledger: &Ledger) -> String {
    let mut all = String::new();
    for columns in [
        "SELECT coalesce(file_name, '') || findings || coalesce(failure, '') || kind FROM job",
        "SELECT body FROM job_order",
        "SELECT coalesce(detail, '') || action FROM audit",
        "SELECT coalesce(detail, '') || worker FROM attempt",
    ] {
        let texts: Vec<String> = sqlx::query_scalar(columns).fetch_all(&ledger.inner.readers).await.unwrap();
        all.extend(texts);
    }
    all
}

async fn what_is_erased_is_nowhere_and_the_audit_proves_it(store: Store) {
    let ledger = store.fresh().await;
    let done = accept_with_a_name(&ledger).await;
    let lease = take(&ledger, done, LONG).await;
    ledger.succeed(&lease, &artifact()).await.unwrap();
    let failed = accept_with_a_name(&ledger).await;
    let lease = take(&ledger, failed, LONG).await;
    ledger.fail(&lease, &Failure::new(FailureCode::MissingGlyph, NAME, NAME)).await.unwrap();
    assert!(everything(&ledger).await.contains(NAME));

    let erased = erase(&ledger, done).await;
    assert_eq!(erased.paper, Some(artifact().sha256));
    assert!(ledger.paper_may_go(&erased).await.unwrap());
    ledger.paper_is_gone(&erased).await.unwrap();
    assert_eq!(erase(&ledger, failed).await.paper, None);
    assert_eq!(ledger.erase(done).await.unwrap(), EraseOutcome::AlreadyErased);
    assert!(!everything(&ledger).await.contains(NAME));

    let job = ledger.find(done).await.unwrap().unwrap();
    assert_eq!((job.state, job.artifact), (JobState::Succeeded, Some(artifact())), "row and hashes stay");
    assert!(job.request_erased_at.is_some() && job.paper_erased_at.is_some());
    assert!(!ledger.artifact_is_referenced(&artifact().sha256).await.unwrap());
    let job = ledger.find(failed).await.unwrap().unwrap();
    assert_eq!(job.failure.unwrap().code, FailureCode::MissingGlyph);
    assert_eq!(ledger.requeue(failed, "test").await.unwrap(), LetterOutcome::Erased);

    let audit = ledger.audit_of(done).await.unwrap();
    let proof: Vec<_> = audit.iter().skip(3).map(|row| (row.action.as_str(), row.detail.clone().unwrap())).collect();
    let paper = format!("paper sha256 {}", artifact().sha256);
    let request = format!("request sha256 {}", job.order_sha256);
    assert_eq!(proof, [("erase-request", request), ("erase-paper", paper.clone()), ("remove-file", paper)]);
    assert!(audit.iter().all(|row| row.seq.is_some()), "sealed at once");
    assert_eq!(ledger.verify_audit().await.unwrap().broken_at, None);
}

/// A caller may hang up in the middle of it.
#[tokio::test]
async fn whoever_lets_go_of_an_erasure_leaves_the_writer_patient() {
    let store = Store::sqlite();
    let ledger = store.fresh().await;
    for waits in 0.. {
        let id = succeeded(&ledger, &artifact()).await;
        let ended = let_go_after(waits, ledger.erase(id)).await;
        let patience: i64 = sqlx::query_scalar("PRAGMA busy_timeout").fetch_one(&ledger.inner.writer).await.unwrap();
        assert_eq!(patience, 10_000, "let go after {waits} waits");
        if ended.is_some() {
            break;
        }
    }
}

async fn a_job_that_has_not_ended_keeps_its_data(store: Store) {
    let ledger = store.fresh().await;
    let id = accept(&ledger).await;
    assert_eq!(ledger.erase(id).await.unwrap(), EraseOutcome::NotEnded(JobState::Accepted));
    let lease = take(&ledger, id, LONG).await;
    assert_eq!(ledger.erase(id).await.unwrap(), EraseOutcome::NotEnded(JobState::Running));
    assert_eq!(ledger.erase(JobId::fresh()).await.unwrap(), EraseOutcome::Unknown);
    ledger.release(&lease).await.unwrap();
    let keep = Keep { requests: Some(Duration::ZERO), papers: Some(Duration::ZERO) };
    assert!(ledger.erase_outdated(keep).await.unwrap().is_empty());
    take(&ledger, id, LONG).await;
}

async fn a_file_that_is_another_jobs_too_stays_until_the_last_is_erased(store: Store) {
    let ledger = store.fresh().await;
    let (first, second) = (succeeded(&ledger, &artifact()).await, succeeded(&ledger, &artifact()).await);
    assert!(ledger.artifact_is_referenced(&artifact().sha256).await.unwrap());
    let erased = erase(&ledger, first).await;
    assert!(!ledger.paper_may_go(&erased).await.unwrap());
    assert!(ledger.artifact_is_referenced(&artifact().sha256).await.unwrap(), "it is the second job's too");
    let erased = erase(&ledger, second).await;
    assert!(!ledger.artifact_is_referenced(&artifact().sha256).await.unwrap());
    // The same request waits again: its paper may be in the archive already, and about to be its job's.
    let third = accept(&ledger).await;
    assert!(!ledger.paper_may_go(&erased).await.unwrap());
    ledger.cancel(third).await.unwrap();
    assert!(ledger.paper_may_go(&erased).await.unwrap());
}

async fn requests_and_papers_go_when_their_time_is_over_and_not_before(store: Store) {
    let ledger = store.fresh().await;
    let mut jobs = Vec::new();
    for number in 0..250 {
        let artifact = Artifact { sha256: format!("{number:064x}"), ..artifact() };
        jobs.push(succeeded(&ledger, &artifact).await);
    }
    let for_ever = Keep { requests: None, papers: None };
    assert!(ledger.erase_outdated(for_ever).await.unwrap().is_empty());
    let long = Keep { requests: Some(LONG), papers: Some(LONG) };
    assert!(ledger.erase_outdated(long).await.unwrap().is_empty());

    let requests = Keep { requests: Some(Duration::ZERO), papers: Some(LONG) };
    let mut pages = Vec::new();
    loop {
        let page = ledger.erase_outdated(requests).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.iter().all(|erased| erased.paper.is_none()));
        pages.push(page.len());
    }
    assert_eq!(pages, [100, 100, 50]);
    let job = ledger.find(jobs[0]).await.unwrap().unwrap();
    assert_eq!((job.file_name.as_str(), job.paper_erased_at), ("Quyết định", None), "the paper can still be fetched");

    let papers = Keep { requests: Some(LONG), papers: Some(Duration::ZERO) };
    assert_eq!(ledger.erase_outdated(papers).await.unwrap().len(), 100);
    let gone = ledger.find(jobs[0]).await.unwrap().unwrap();
    assert_eq!(gone.file_name, "");
    assert!(gone.paper_erased_at.is_some());
}

async fn a_row_of_the_audit_that_is_altered_taken_out_or_put_in_is_found(store: Store) {
    let ledger = store.fresh().await;
    for _ in 0..4 {
        accept(&ledger).await;
    }
    assert_eq!(ledger.seal_audit().await.unwrap(), 4);
    assert_eq!(ledger.seal_audit().await.unwrap(), 0);
    let whole = ledger.verify_audit().await.unwrap();
    assert_eq!((whole.rows, whole.broken_at), (4, None));
    for (harm, undo, broken_at) in [
        ("UPDATE audit SET at = at + 1 WHERE seq = 2", "UPDATE audit SET at = at - 1 WHERE seq = 2", 2),
        ("UPDATE audit SET action = 'accepts' WHERE seq = 4", "UPDATE audit SET action = 'accept' WHERE seq = 4", 4),
        ("UPDATE audit SET detail = '' WHERE seq = 1", "UPDATE audit SET detail = NULL WHERE seq = 1", 1),
        ("UPDATE audit SET seq = 9 WHERE seq = 3", "UPDATE audit SET seq = 3 WHERE seq = 9", 3),
    ] {
        sqlx::query(harm).execute(&ledger.inner.writer).await.unwrap();
        assert_eq!(ledger.verify_audit().await.unwrap().broken_at, Some(broken_at), "{harm}");
        sqlx::query(undo).execute(&ledger.inner.writer).await.unwrap();
        assert_eq!(ledger.verify_audit().await.unwrap(), whole, "{undo}");
    }
}

on_both_stores! {
    what_is_erased_is_nowhere_and_the_audit_proves_it,
    a_job_that_has_not_ended_keeps_its_data,
    a_file_that_is_another_jobs_too_stays_until_the_last_is_erased,
    requests_and_papers_go_when_their_time_is_over_and_not_before,
    a_row_of_the_audit_that_is_altered_taken_out_or_put_in_is_found,
}
