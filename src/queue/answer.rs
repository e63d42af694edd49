//! Workers under supervision.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use apalis::prelude::Monitor;
use tokio::{
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::{Backoff, read};
use crate::job::JobId;

/// Pauses between starts of a worker that fails.
const PAUSES: Backoff = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(10) };
/// A worker that lived so long failed for a new reason: its pauses begin anew.
const LONG_LIFE: Duration = Duration::from_secs(30);
/// How long apalis may take to say good-bye once all handlers have ended.
const GOOD_BYE: Duration = Duration::from_secs(3);
/// How long the back end may take to prepare or bury; a doorbell that does not answer must not keep us from stopping.
const ERRAND: Duration = Duration::from_secs(5);

/// What both back ends of the doorbell do for a worker.
pub(super) trait Backend {
    /// One apalis worker of this name, answering with `answerer`.
    fn worker<H: Handler>(&self, name: &str, answerer: Answerer<H>) -> Monitor;

    /// Before a worker of this name starts.
    async fn prepare(&self, name: &str);

    /// Runs beside the worker; dropped with it.
    async fn tend(&self);

    /// After a worker of this name has gone, for whatever reason.
    async fn bury(&self, name: &str);
}

/// What is done about a ring.
pub(super) trait Handler: Send + Sync + 'static {
    fn handle(&self, job: JobId) -> impl Future<Output = ()> + Send + 'static;
}

impl<F, Done> Handler for F
where
    F: Fn(JobId) -> Done + Send + Sync + 'static,
    Done: Future<Output = ()> + Send + 'static,
{
    fn handle(&self, job: JobId) -> impl Future<Output = ()> + Send + 'static {
        self(job)
    }
}

/// Answers rings, so many at a time, whichever worker brings them.
pub(super) struct Answerer<H> {
    handler: Arc<H>,
    /// Shared by all starts of the worker: handlers outlive the worker that called them.
    slots: Arc<Semaphore>,
    pub concurrency: usize,
}

impl<H> Clone for Answerer<H> {
    fn clone(&self) -> Self {
        Self { handler: Arc::clone(&self.handler), slots: Arc::clone(&self.slots), concurrency: self.concurrency }
    }
}

impl<H: Handler> Answerer<H> {
    pub fn new(concurrency: usize, handler: H) -> Self {
        let concurrency = concurrency.clamp(1, 1_024);
        Self { handler: Arc::new(handler), slots: Arc::new(Semaphore::new(concurrency)), concurrency }
    }

    /// Answers one ring and returns when its handler has ended. Never fails: what apalis would make of a failure is
    /// not wanted.
    pub async fn answer(self, ring: Vec<u8>) {
        let Some(job) = read(&ring) else {
            warn!(ring.bytes = ring.len(), "A ring that cannot be read was dropped");
            return;
        };
        let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else { return };
        let handled = tokio::spawn(async move {
            let _held_to_the_end = slot;
            self.handler.handle(job).await;
        });
        if let Err(gone) = handled.await
            && gone.is_panic()
        {
            error!(job.id = %job, "The handler of job {job} panicked; its lease will run out");
        }
    }

    /// Returns when no handler runs.
    async fn idle(&self) {
        let _all = self.slots.acquire_many(u32::try_from(self.concurrency).unwrap_or(u32::MAX)).await;
    }
}

/// Keeps a worker running until `shutdown` turns true.
pub(super) async fn supervise<B: Backend, H: Handler>(
    bell: &B,
    name_prefix: &str,
    answerer: Answerer<H>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut failures = 0;
    while !*shutdown.borrow() {
        let name = fresh_name(name_prefix);
        let started = Instant::now();
        let _prepared_or_not = timeout(ERRAND, bell.prepare(&name)).await;
        let monitor = bell.worker(&name, answerer.clone());
        let context = monitor.context();
        let run = monitor.run();
        tokio::pin!(run);
        let ended = tokio::select! {
            ended = &mut run => Some(ended),
            () = bell.tend() => None,
            () = turned_true(&mut shutdown) => None,
        };
        if let Some(ended) = ended {
            let _buried_or_not = timeout(ERRAND, bell.bury(&name)).await;
            if *shutdown.borrow() {
                break;
            }
            failures = if started.elapsed() > LONG_LIFE { 1 } else { failures + 1 };
            let pause = PAUSES.after(failures);
            warn!(worker.name = name, failures, error = ?ended.err(), "The worker ended; it starts again in {pause:?}");
            let _slept_or_stopped = timeout(pause, turned_true(&mut shutdown)).await;
            continue;
        }
        let _flag_only = context.shutdown();
        tokio::select! {
            _ended = &mut run => {}
            () = async { answerer.idle().await; sleep(GOOD_BYE).await } => {}
        }
        let _buried_or_not = timeout(ERRAND, bell.bury(&name)).await;
        info!(worker.name = name, "The worker stopped");
    }
    answerer.idle().await;
}

/// Returns when the flag is true; a flag whose owner is gone counts as true.
async fn turned_true(flag: &mut watch::Receiver<bool>) {
    let _true_or_gone = flag.wait_for(|stop| *stop).await;
}

/// `prefix-host-pid-uuid`: a name that no worker had before. apalis refuses a name whose last holder seems alive.
fn fresh_name(prefix: &str) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String = host.trim().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!("{prefix}-{host}-{}-{}", std::process::id(), Uuid::now_v7().simple())
}
