//! Works on jobs: lease, render, archive, commit.
//!
//! Every step may be repeated: a second worker on the same job finds the lease taken, a late one finds its fence stale,
//! and the same paper has the same name in the archive. Only the ledger's commit counts.

mod spans;
mod turns;
mod verdicts;

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use futures_util::FutureExt;
use tokio::{
    sync::watch,
    time::{sleep, sleep_until},
};
use tracing::{Instrument, debug, error, info, warn};

use crate::{
    archive::Archive,
    job::{Artifact, JobId, Lease},
    ledger::{Asking, BeatOutcome, LeaseOutcome, Ledger, LedgerError, Next},
    metrics,
    press::{Press, Pressed, Verdict},
    queue::Backoff,
};
use spans::{tell_of_queue, tell_of_render};
use turns::Turns;
use verdicts::Decision;

/// How often it is chosen again whose turn it is, where others are faster.
const CHOICES: usize = 8;

/// Times of a worker.
#[derive(Debug, Clone, Copy)]
pub struct WorkerSettings {
    /// How long a lease lasts without a beat.
    pub lease: Duration,
    /// Between two beats; a third of the lease leaves room for two that fail.
    pub beat: Duration,
    /// Before a job is tried again.
    pub again: Backoff,
    /// How long renders may go on once the worker is stopping; then their jobs are given back.
    pub drain: Duration,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            beat: Duration::from_secs(10),
            again: Backoff { first: Duration::from_secs(2), longest: Duration::from_secs(256) },
            drain: Duration::from_secs(25),
        }
    }
}

/// What makes papers of print orders: the press. Dropping the answer before it comes has to end the render.
pub trait Renders: Send + Sync + 'static {
    /// Renders one print order.
    fn render(&self, order: &str) -> impl Future<Output = Result<Pressed, Verdict>> + Send;
}

impl Renders for Press {
    async fn render(&self, order: &str) -> Result<Pressed, Verdict> {
        Press::render(self, order).await
    }
}

/// A worker of one process. It answers any number of rings at once; the doorbell bounds them.
#[derive(Debug)]
pub struct Worker<P = Press> {
    ledger: Ledger,
    archive: Archive,
    press: Arc<P>,
    name: String,
    settings: WorkerSettings,
    turns: Mutex<Turns>,
    /// When the renders that still run are given back; `None` while the worker is open.
    closing: watch::Sender<Option<Instant>>,
}

/// How work under a lease ended before its result was written.
enum Work {
    /// The paper is in the archive.
    Made(Artifact),
    /// There is none; this is to be written instead.
    NotMade(Decision),
    /// The caller withdrew the job.
    Withdrawn,
    /// The lease is another's.
    Lost,
    /// The worker is stopping and the render took too long.
    Interrupted,
}

impl<P: Renders> Worker<P> {
    /// A worker; `name` is what the ledger's attempts say of it.
    pub fn new(
        ledger: Ledger,
        archive: Archive,
        press: Arc<P>,
        name: impl Into<String>,
        settings: WorkerSettings,
    ) -> Self {
        let turns = Mutex::default();
        Self { ledger, archive, press, name: name.into(), settings, turns, closing: watch::Sender::new(None) }
    }

    /// Stops taking leases. Renders that run longer than `drain` from now are ended and their jobs given back, the start
    /// not counted. Their [`Worker::answer`] returns then; the doorbell waits for it.
    pub fn stop(&self) {
        self.closing.send_if_modified(|closing| {
            let open = closing.is_none();
            closing.get_or_insert(Instant::now() + self.settings.drain);
            open
        });
    }

    /// Answers a ring: works on the job whose turn it is, which is the ring's own unless another organisation comes first.
    /// Whatever happens is written to the ledger, or left to the lease's end where the ledger does not answer.
    pub async fn answer(&self, job: JobId) {
        if self.closing.borrow().is_some() {
            return;
        }
        // A full disk, or a bucket that is away, is no fault of the job: it is left alone and rung again, and loses no try.
        if let Ok(false) = self.archive.takes_papers().await {
            warn!(job.id = %job, "The archive takes no paper now, job {job} waits");
            return;
        }
        match self.lease_in_turn(job).await {
            Ok(LeaseOutcome::Taken(lease)) => {
                tell_of_queue(&lease);
                let trace = lease
                    .trace
                    .map_or_else(tracing::Span::none, |trace| tracing::info_span!("job", trace = trace.trace_id()));
                self.work(&lease).instrument(trace).await;
            }
            Ok(LeaseOutcome::NotDue | LeaseOutcome::HeldByOther | LeaseOutcome::Ended) => {
                debug!(job.id = %job, "A ring for job {job} was stale");
            }
            Ok(LeaseOutcome::Exhausted) => error!(job.id = %job, "Job {job} is dead: its starts are used up"),
            Ok(LeaseOutcome::Unknown) => warn!(job.id = %job, "A ring named job {job}, which the ledger does not know"),
            Err(error) => warn!(job.id = %job, %error, "Job {job} could not be leased; it will be rung again"),
        }
    }

    /// The lease of the job whose turn it is. Choosing takes no lock: where another worker was faster, it is chosen again,
    /// and in the end the ring is taken at its word.
    async fn lease_in_turn(&self, rung: JobId) -> Result<LeaseOutcome, LedgerError> {
        for _ in 0..CHOICES {
            let Some((who, next)) = self.next(rung).await? else { break };
            match self.ledger.lease(next.job, &self.name, self.settings.lease).await? {
                LeaseOutcome::Taken(lease) => {
                    self.turns.lock().unwrap_or_else(PoisonError::into_inner).served(&who);
                    if next.job != rung && !next.is_rung {
                        // This ring was spent on a job that had none; its own job gets another, later if not now.
                        if let Err(error) = self.ledger.unring(&[rung]).await {
                            debug!(job.id = %rung, %error, "Job {rung} waits for its second ring");
                        }
                    }
                    return Ok(LeaseOutcome::Taken(lease));
                }
                LeaseOutcome::Exhausted if next.job == rung => return Ok(LeaseOutcome::Exhausted),
                LeaseOutcome::Exhausted => {
                    error!(job.id = %next.job, "Job {} is dead: its starts are used up", next.job)
                }
                LeaseOutcome::NotDue | LeaseOutcome::HeldByOther | LeaseOutcome::Ended | LeaseOutcome::Unknown => {}
            }
        }
        self.ledger.lease(rung, &self.name, self.settings.lease).await
    }

    /// Whose turn it is, and with which job: the ring's own if it waits, else the oldest. `None`: nobody's jobs are due.
    async fn next(&self, rung: JobId) -> Result<Option<(Asking, Next)>, LedgerError> {
        let asking = self.ledger.asking().await?;
        if asking.is_empty() {
            return Ok(None);
        }
        let own = self.ledger.waits_for(rung).await?;
        let asking = self.turns.lock().unwrap_or_else(PoisonError::into_inner).order(asking);
        for who in asking {
            let next = match &own {
                Some(own) if *own == who.organisation => Some(Next { job: rung, is_rung: true }),
                Some(_) | None => self.ledger.next_of(&who.organisation).await?,
            };
            if let Some(next) = next {
                return Ok(Some((who, next)));
            }
        }
        Ok(None)
    }

    async fn work(&self, lease: &Lease) {
        let started = Instant::now();
        let work = tokio::select! {
            // Looked at in this order, so that a paper that is made is not thrown away.
            biased;
            made = self.make(lease) => made,
            interrupted = self.keep(lease) => interrupted,
            () = self.closed() => Work::Interrupted,
        };
        let job = lease.job;
        let written = match &work {
            Work::Made(artifact) => {
                let written = self.persist(|| self.ledger.succeed(lease, artifact)).await;
                if matches!(written, Ok(true)) {
                    info!(
                        job.id = %job, starts = lease.starts, pages = artifact.pages, bytes = artifact.size,
                        millis = started.elapsed().as_millis() as u64, "Job {job} succeeded"
                    );
                }
                written
            }
            Work::NotMade(decision) => self.persist(|| self.write(lease, decision)).await,
            Work::Withdrawn => {
                info!(job.id = %job, "Job {job} was withdrawn while it ran");
                self.persist(|| self.ledger.confirm_cancel(lease)).await
            }
            Work::Interrupted => {
                info!(job.id = %job, "Job {job} is given back, the worker is stopping");
                self.persist(|| self.ledger.release(lease)).await
            }
            Work::Lost => Ok(false),
        };
        match written {
            Ok(true) => {}
            Ok(false) => warn!(job.id = %job, fence = lease.fence, "The lease on job {job} was lost, its work dropped"),
            Err(error) => {
                error!(job.id = %job, %error, "The end of job {job} could not be written; its lease will run out")
            }
        }
    }

    /// Renders and archives. A panic in the press counts as a crash.
    async fn make(&self, lease: &Lease) -> Work {
        let (began, since) = (SystemTime::now(), Instant::now());
        let rendered = AssertUnwindSafe(self.press.render(&lease.order)).catch_unwind().await;
        metrics::job_rendered(&lease.kind, since.elapsed());
        tell_of_render(lease, began, &rendered);
        let verdict = match rendered {
            Ok(Ok(pressed)) => return self.store(lease, pressed).await,
            Ok(Err(verdict)) => verdict,
            Err(_panic) => Verdict::Crashed("the press panicked".into()),
        };
        Work::NotMade(self.judge(lease, verdict).await)
    }

    async fn store(&self, lease: &Lease, Pressed { bytes, pages, .. }: Pressed) -> Work {
        match self.archive.store(bytes).await {
            Ok((sha256, size)) => Work::Made(Artifact { sha256, size, pages }),
            Err(error) => {
                warn!(job.id = %lease.job, %error, "The paper of job {} could not be archived", lease.job);
                Work::NotMade(self.later(lease, error.into()))
            }
        }
    }

    /// Keeps the lease; returns when the work under it has to end.
    async fn keep(&self, lease: &Lease) -> Work {
        loop {
            sleep(self.settings.beat).await;
            match self.ledger.beat(lease, self.settings.lease).await {
                Ok(BeatOutcome::Held) => {}
                Ok(BeatOutcome::Lost) => return Work::Lost,
                Ok(BeatOutcome::CancelRequested) => return Work::Withdrawn,
                Err(error) => warn!(job.id = %lease.job, %error, "A beat for job {} failed", lease.job),
            }
        }
    }

    /// Returns when the worker is stopping and its renders have had their time.
    async fn closed(&self) {
        let mut closing = self.closing.subscribe();
        let until = closing.wait_for(Option::is_some).await.ok().and_then(|until| *until);
        match until {
            Some(until) => sleep_until(until.into()).await,
            None => std::future::pending().await,
        }
    }

    /// Writes to the ledger, patiently: a store that is busy for a moment must not cost a render.
    async fn persist<Written>(&self, write: impl Fn() -> Written) -> Result<bool, LedgerError>
    where
        Written: Future<Output = Result<bool, LedgerError>>,
    {
        const PAUSES: Backoff = Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(4) };
        let until = Instant::now() + self.settings.lease / 2;
        let mut failures = 0;
        loop {
            match write().await {
                Err(error) if Instant::now() < until => {
                    failures += 1;
                    debug!(%error, failures, "The ledger did not take a result; it is offered again");
                    sleep(PAUSES.after(failures)).await;
                }
                written => return written,
            }
        }
    }
}

#[cfg(test)]
mod tests;
