//! The ledger over real SQLite files.

mod life;
mod model;
mod rings;
mod store;

use std::time::Duration;

use tempfile::TempDir;

use super::{LeaseOutcome, Ledger, LedgerLimits};
use crate::{
    failure::{Failure, FailureCode},
    job::{Artifact, JobId, Lease, NewJob},
};

const LONG: Duration = Duration::from_secs(60);

/// A fresh ledger; it lives as long as the folder.
async fn fresh() -> (TempDir, Ledger) {
    fresh_with(LedgerLimits::default()).await
}

async fn fresh_with(limits: LedgerLimits) -> (TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path().join("ledger.sqlite"), limits).await.unwrap();
    (folder, ledger)
}

fn new_job() -> NewJob {
    NewJob {
        id: JobId::fresh(),
        kind: "quyet-dinh".into(),
        edition: "2020".into(),
        order: r#"{"v":1,"paper":"…"}"#.into(),
        order_sha256: "ab".repeat(32),
        findings: Vec::new(),
        file_name: "Quyết định".into(),
    }
}

async fn accept(ledger: &Ledger) -> JobId {
    ledger.accept(new_job()).await.unwrap().id
}

/// Takes a lease that must be there to be taken.
async fn take(ledger: &Ledger, id: JobId, duration: Duration) -> Lease {
    match ledger.lease(id, "worker", duration).await.unwrap() {
        LeaseOutcome::Taken(lease) => lease,
        other => panic!("{other:?}"),
    }
}

fn artifact() -> Artifact {
    Artifact { sha256: "cd".repeat(32), size: 12_345, pages: 2 }
}

fn crash() -> Failure {
    Failure::new(FailureCode::RenderCrashed, "Tiến trình lập văn bản bị dừng đột ngột.", "The child died.")
}
