//! The ledger over real stores: every test that is not about one of them runs on both.

mod access;
mod batches;
mod erasure;
mod events;
mod letters;
mod life;
mod model;
mod once;
mod postgres;
mod register;
mod rings;
mod server;
mod simulated;
mod snapshot;
mod store;
mod turns;
mod webhooks;

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use tempfile::TempDir;

use super::{LeaseOutcome, Ledger, LedgerLimits, Place};
use crate::{
    failure::{Failure, FailureCode},
    job::{Artifact, JobId, LOCAL, Lease, NewJob},
};

const LONG: Duration = Duration::from_secs(60);

impl Ledger {
    /// As if every schedule had been written an hour ago.
    pub(crate) async fn write_schedules_earlier(&self) {
        let earlier = "UPDATE register_entry SET written_at = written_at - 3600000 WHERE sort = 'schedule'";
        sqlx::query(earlier).execute(&self.inner.writer).await.unwrap();
    }
}

/// An empty store; it lives as long as this.
struct Store {
    place: Place,
    _folder: Option<TempDir>,
}

impl Store {
    fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { place: Place::File(folder.path().join("ledger.sqlite")), _folder: Some(folder) }
    }

    fn postgres() -> Self {
        Self { place: Place::Server(server::Postgres::shared().database()), _folder: None }
    }

    /// The ledger, as one process opens it.
    async fn open(&self, limits: LedgerLimits) -> Ledger {
        Ledger::open(self.place.clone(), limits).await.unwrap()
    }

    async fn fresh(&self) -> Ledger {
        self.open(LedgerLimits::default()).await
    }
}

/// Makes two tests of each function named; one that is not named is dead code and does not pass clippy.
macro_rules! on_both_stores {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(super::Store::sqlite()).await;
                }
            )*
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(super::Store::postgres()).await;
                }
            )*
        }
    };
}
use on_both_stores;

fn new_job() -> NewJob {
    NewJob {
        kind: "quyet-dinh".into(),
        order: r#"{"v":1,"paper":"…"}"#.into(),
        file_name: "Quyết định".into(),
        media_type: crate::catalog::MediaType::Zip,
        ..NewJob::sample()
    }
}

async fn accept(ledger: &Ledger) -> JobId {
    ledger.accept(new_job()).await.unwrap().id
}

async fn accept_for(ledger: &Ledger, organisation: &str) -> JobId {
    ledger.accept(NewJob { organisation: organisation.into(), ..new_job() }).await.unwrap().id
}

/// Takes a lease that must be there to be taken.
async fn take(ledger: &Ledger, id: JobId, duration: Duration) -> Lease {
    match ledger.lease(id, "worker", duration).await.unwrap() {
        LeaseOutcome::Taken(lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// What an action gives; `None` where it was let go because it had to wait more than so many times.
async fn let_go_after<T>(waits: u32, action: impl Future<Output = T>) -> Option<T> {
    let (mut action, mut waited) = (pin!(action), 0);
    poll_fn(|context| match action.as_mut().poll(context) {
        Poll::Ready(given) => Poll::Ready(Some(given)),
        Poll::Pending if waited == waits => Poll::Ready(None),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}

/// A job that succeeded with this paper.
async fn succeeded(ledger: &Ledger, artifact: &Artifact) -> JobId {
    let id = accept(ledger).await;
    let lease = take(ledger, id, LONG).await;
    assert!(ledger.succeed(&lease, artifact).await.unwrap());
    id
}

/// A job whose starts are used up.
async fn dead(ledger: &Ledger) -> JobId {
    let id = accept(ledger).await;
    for _ in 0..LedgerLimits::default().max_starts {
        let lease = take(ledger, id, LONG).await;
        assert!(ledger.retry(&lease, Duration::ZERO, &crash(), super::Start::Counted).await.unwrap());
    }
    id
}

fn artifact() -> Artifact {
    Artifact { sha256: "cd".repeat(32), size: 12_345, pages: 2 }
}

fn crash() -> Failure {
    Failure::new(FailureCode::RenderCrashed, "Tiến trình lập văn bản bị dừng đột ngột.", "The child died.")
}
