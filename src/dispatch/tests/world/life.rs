//! One world: what is known of each job, and what each step must come to.

use std::time::Duration;

use super::{Reached, hold, steps::Step};
use crate::{
    dispatch::{DispatchSettings, Dispatcher},
    failure::{Failure, FailureCode},
    job::{Artifact, JobId, JobState, Lease, NewJob},
    ledger::{
        Acceptance, BeatOutcome, CancelOutcome, LeaseOutcome, Ledger, LedgerError, LetterOutcome, OnceKey, Start,
    },
    queue::{Doorbell, tests::Scripted},
};

const LEASE: Duration = Duration::from_secs(30);
const LEASE_MS: i64 = 30_000;
/// Before a crashed render begins again.
const BACKOFF: Duration = Duration::from_secs(4);
const BACKOFF_MS: i64 = 4_000;
pub(super) const AGAIN_MS: i64 = 10_000;
pub(super) const WINDOW: u64 = 4;

/// What must be true of a job.
#[derive(Debug)]
pub(super) struct Known {
    pub id: JobId,
    pub organisation: u64,
    pub key: u64,
    pub state: JobState,
    pub fence: i64,
    pub starts: u32,
    pub tries: u32,
    pub not_before: i64,
    pub lease_until: i64,
    pub rung_at: Option<i64>,
    pub cancel_requested: bool,
    pub paper: Option<String>,
}

/// A worker with work.
#[derive(Debug, Clone)]
pub(super) struct Held {
    job: usize,
    lease: Lease,
}

/// How work ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Made,
    Refused,
    Crashed,
    NoRoom,
    Released,
}

pub struct World<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) bell: Scripted,
    pub(super) dispatcher: Dispatcher,
    pub(super) clock: &'a mut i64,
    pub(super) seed: u64,
    pub(super) jobs: Vec<Known>,
    pub(super) workers: [Option<Held>; 3],
    /// What each worker held before, for those who come late.
    pub(super) before: [Option<Held>; 3],
    /// How often what came about.
    pub(super) reached: Reached,
}

impl<'a> World<'a> {
    pub fn new(ledger: &'a Ledger, seed: u64, clock: &'a mut i64) -> Self {
        let bell = Scripted::default();
        let again = Duration::from_millis(AGAIN_MS.unsigned_abs());
        let settings = DispatchSettings {
            window: WINDOW,
            at_least: WINDOW,
            ring_again_after: again,
            interval: Duration::from_secs(1),
        };
        let dispatcher = Dispatcher::new(ledger.clone(), Doorbell::Scripted(bell.clone()), settings);
        let (workers, before) = Default::default();
        Self { ledger, bell, dispatcher, clock, seed, jobs: Vec::new(), workers, before, reached: Reached::new() }
    }

    /// Plays the steps, then lets all end in peace and reads the rows.
    pub async fn play(mut self, steps: &[Step]) -> Result<Reached, String> {
        for (number, &step) in steps.iter().enumerate() {
            let happened = self.step(step).await.map_err(|fault| format!("step {number}, {step:?}: {fault}"))?;
            self.reach(if happened { "step" } else { "no step" });
        }
        self.end_in_peace().await.map_err(|fault| format!("in peace: {fault}"))?;
        self.read_the_rows().await?;
        Ok(self.reached)
    }

    pub(super) fn reach(&mut self, what: &'static str) {
        *self.reached.entry(what).or_default() += 1;
    }

    async fn step(&mut self, step: Step) -> Result<bool, String> {
        match step {
            Step::Submit { organisation, key } => self.submit(organisation, key).await,
            Step::Cancel { job } => self.cancel(job).await,
            Step::Requeue { job } => self.decide(job, true).await,
            Step::Drop { job } => self.decide(job, false).await,
            Step::Pass => self.pass(None).await,
            Step::PassThatBreaks { after } => self.pass(Some(after)).await,
            Step::Restart => self.restart().await,
            Step::Take { worker, ring } => self.take(worker, ring).await,
            Step::Beat { worker } => self.beat(worker).await,
            Step::Make { worker } => self.end(worker, End::Made).await,
            Step::Refuse { worker } => self.end(worker, End::Refused).await,
            Step::Crash { worker } => self.end(worker, End::Crashed).await,
            Step::FindNoRoom { worker } => self.end(worker, End::NoRoom).await,
            Step::Release { worker } => self.end(worker, End::Released).await,
            Step::Kill { worker, ring_returns } => Ok(self.kill(worker, ring_returns)),
            Step::MakeAgain { worker } => match self.before[place(worker)].clone() {
                Some(held) => self.write(&held, End::Made).await.map(|_written| true),
                None => Ok(false),
            },
            Step::LoseRings => Ok(self.with_the_bell(Scripted::lose_all)),
            Step::DoubleRing { ring } => Ok(self.with_the_bell(|bell| bell.double(ring))),
            Step::RingForNobody => Ok(self.with_the_bell(|bell| bell.put(self.id(0xFFFF)))),
            Step::Tick { millis } => Ok(self.tick(millis).await),
        }
    }

    fn with_the_bell(&self, does: impl FnOnce(&Scripted)) -> bool {
        does(&self.bell);
        true
    }

    pub(super) async fn tick(&mut self, millis: i64) -> bool {
        *self.clock += millis;
        self.ledger.set_clock(*self.clock).await;
        true
    }

    fn id(&self, number: u64) -> JobId {
        let seed = self.seed;
        let text = format!("{:08x}-{:04x}-7000-8000-{number:012x}", seed >> 16 & 0xFFFF_FFFF, seed & 0xFFFF);
        text.parse().unwrap()
    }

    async fn submit(&mut self, organisation: u64, key: u64) -> Result<bool, String> {
        let known = self.jobs.iter().position(|job| job.organisation == organisation && job.key == key);
        // A caller who mistakes his own keys.
        let other_request = known.is_some() && key == 5;
        let id = self.id(self.jobs.len() as u64);
        let new = NewJob { id, organisation: format!("org-{organisation}"), ..NewJob::sample() };
        let once = OnceKey {
            organisation: new.organisation.clone(),
            key_sha256: format!("{}-{key}", self.seed),
            fingerprint: if other_request { "another".into() } else { format!("request {key}") },
            keep: Duration::from_secs(10 * 86_400),
        };
        match (self.ledger.accept_once(new, &once).await, known) {
            (Ok(Acceptance::Stored(job)), None) => {
                hold!((job.id, job.state) == (id, JobState::Accepted), "stored as {job:?}");
                self.jobs.push(Known {
                    id,
                    organisation,
                    key,
                    state: JobState::Accepted,
                    fence: 0,
                    starts: 0,
                    tries: 0,
                    not_before: *self.clock,
                    lease_until: 0,
                    rung_at: None,
                    cancel_requested: false,
                    paper: None,
                });
                Ok(true)
            }
            (Ok(Acceptance::Replayed(job)), Some(known)) if !other_request => {
                let known = &self.jobs[known];
                hold!((job.id, job.state) == (known.id, known.state), "replayed as {job:?}, known is {known:?}");
                Ok(true)
            }
            (Err(LedgerError::KeyReused), Some(_)) if other_request => Ok(true),
            (other, known) => Err(format!("{other:?}, known is {known:?}")),
        }
    }

    async fn cancel(&mut self, job: u64) -> Result<bool, String> {
        let Some(known) = nth(&mut self.jobs, job) else { return Ok(false) };
        let outcome = self.ledger.cancel(known.id).await.map_err(|error| error.to_string())?;
        let expected = match known.state {
            JobState::Accepted => CancelOutcome::Cancelled,
            JobState::Running => CancelOutcome::Requested,
            ended => CancelOutcome::AlreadyEnded(ended),
        };
        hold!(outcome == expected, "{outcome:?} of {known:?}");
        match outcome {
            CancelOutcome::Cancelled => known.go(JobState::Cancelled),
            CancelOutcome::Requested => known.cancel_requested = true,
            CancelOutcome::AlreadyEnded(_) | CancelOutcome::Unknown => {}
        }
        Ok(true)
    }

    async fn decide(&mut self, job: u64, anew: bool) -> Result<bool, String> {
        let Some(known) = nth(&mut self.jobs, job) else { return Ok(false) };
        let outcome = match anew {
            true => self.ledger.requeue(known.id, "test").await,
            false => self.ledger.drop_dead(known.id, "test").await,
        };
        let outcome = outcome.map_err(|error| error.to_string())?;
        let may = known.state == JobState::Dead || anew && known.state == JobState::Failed;
        let expected = if may { LetterOutcome::Done } else { LetterOutcome::NotNow(known.state) };
        hold!(outcome == expected, "{outcome:?} of {known:?}");
        match (may, anew) {
            (false, _) => {}
            (true, false) => known.go(JobState::Cancelled),
            (true, true) => {
                known.go(JobState::Accepted);
                (known.starts, known.tries, known.not_before) = (0, 0, *self.clock);
                known.cancel_requested = false;
            }
        }
        Ok(true)
    }

    pub(super) async fn take(&mut self, worker: u64, ring: u64) -> Result<bool, String> {
        if self.workers[place(worker)].is_some() {
            return Ok(false);
        }
        let Some(id) = self.bell.take(ring) else { return Ok(false) };
        let outcome = self.ledger.lease(id, "worker", LEASE).await.map_err(|error| error.to_string())?;
        let Some(job) = self.jobs.iter().position(|job| job.id == id) else {
            hold!(matches!(outcome, LeaseOutcome::Unknown), "{outcome:?} of a job that is none");
            self.bell.answered();
            return Ok(true);
        };
        let (known, now) = (&mut self.jobs[job], *self.clock);
        match outcome {
            LeaseOutcome::Taken(lease) => {
                hold!(known.state == JobState::Accepted, "leased {known:?}");
                hold!(known.not_before <= now, "leased before its time, {now}: {known:?}");
                hold!(known.starts < super::LIMITS.max_starts, "leased too often: {known:?}");
                hold!((lease.fence, lease.starts) == (known.fence + 1, known.starts + 1), "{lease:?} of {known:?}");
                (known.fence, known.starts, known.lease_until) = (lease.fence, lease.starts, now + LEASE_MS);
                known.state = JobState::Running;
                self.workers[place(worker)] = Some(Held { job, lease });
                return Ok(true);
            }
            LeaseOutcome::NotDue => {
                hold!(known.state == JobState::Accepted && known.not_before > now, "not due, {now}: {known:?}");
            }
            LeaseOutcome::HeldByOther => hold!(known.state == JobState::Running, "held by nobody: {known:?}"),
            LeaseOutcome::Ended => hold!(known.state.is_end(), "not ended: {known:?}"),
            LeaseOutcome::Exhausted | LeaseOutcome::Unknown => return Err(format!("{outcome:?}: {known:?}")),
        }
        self.bell.answered();
        Ok(true)
    }

    async fn beat(&mut self, worker: u64) -> Result<bool, String> {
        let Some(held) = self.workers[place(worker)].clone() else { return Ok(false) };
        let outcome = self.ledger.beat(&held.lease, LEASE).await.map_err(|error| error.to_string())?;
        let known = &mut self.jobs[held.job];
        let expected = match (known.held_under(&held.lease), known.cancel_requested) {
            (false, _) => BeatOutcome::Lost,
            (true, false) => BeatOutcome::Held,
            (true, true) => BeatOutcome::CancelRequested,
        };
        hold!(outcome == expected, "{outcome:?} of {known:?}");
        if outcome != BeatOutcome::Lost {
            known.lease_until = *self.clock + LEASE_MS;
        }
        if outcome == BeatOutcome::Held {
            return Ok(true);
        }
        let confirmed = self.ledger.confirm_cancel(&held.lease).await.map_err(|error| error.to_string())?;
        let known = &mut self.jobs[held.job];
        hold!(confirmed == (outcome == BeatOutcome::CancelRequested), "confirmed {confirmed}: {known:?}");
        if confirmed {
            known.go(JobState::Cancelled);
        }
        self.lay_down(worker, held);
        Ok(true)
    }

    pub(super) async fn end(&mut self, worker: u64, end: End) -> Result<bool, String> {
        let Some(held) = self.workers[place(worker)].clone() else { return Ok(false) };
        self.write(&held, end).await?;
        self.lay_down(worker, held);
        Ok(true)
    }

    fn lay_down(&mut self, worker: u64, held: Held) {
        self.workers[place(worker)] = None;
        self.before[place(worker)] = Some(held);
        self.bell.answered();
    }

    /// Writes how work under a lease ended, as `worker` does. Only the holder may.
    async fn write(&mut self, held: &Held, end: End) -> Result<(), String> {
        let (ledger, lease) = (self.ledger, &held.lease);
        // Every render gives other bytes, so that two papers of one job would be seen.
        let sha256 = format!("{:032x}{:032x}", self.seed ^ held.job as u64, lease.fence);
        let artifact = Artifact { sha256, size: 1, pages: 1 };
        let failure = Failure::new(FailureCode::RenderCrashed, "Dừng.", "It died.");
        let written = match end {
            End::Made => ledger.succeed(lease, &artifact).await,
            End::Refused => ledger.fail(lease, &failure).await,
            End::Crashed => ledger.retry(lease, BACKOFF, &failure, Start::Counted).await,
            End::NoRoom => ledger.retry(lease, BACKOFF, &failure, Start::GivenBack).await,
            End::Released => ledger.release(lease).await,
        };
        let written = written.map_err(|error| error.to_string())?;
        let (known, now) = (&mut self.jobs[held.job], *self.clock);
        hold!(written == known.held_under(lease), "{end:?} written: {written}, fence {}: {known:?}", lease.fence);
        if !written {
            self.reach("came late");
            return Ok(());
        }
        match end {
            End::Made => {
                hold!(known.paper.is_none(), "a second paper: {known:?}");
                known.go(JobState::Succeeded);
                known.paper = Some(artifact.sha256);
            }
            End::Refused => known.go(JobState::Failed),
            End::Crashed | End::NoRoom | End::Released if known.cancel_requested => known.go(JobState::Cancelled),
            End::Crashed if known.starts >= super::LIMITS.max_starts => known.go(JobState::Dead),
            End::Crashed => known.wait_until(now + BACKOFF_MS),
            End::NoRoom => {
                known.tries += 1;
                if known.tries >= super::LIMITS.max_tries {
                    known.go(JobState::Dead);
                } else {
                    known.starts -= 1;
                    known.wait_until(now + BACKOFF_MS);
                }
            }
            End::Released => {
                known.starts -= 1;
                known.wait_until(now);
            }
        }
        let reached = match (end, known.state) {
            (End::Crashed, JobState::Dead) => "dead of crashes",
            (End::NoRoom, JobState::Dead) => "dead of tries",
            (End::Crashed | End::NoRoom | End::Released, JobState::Cancelled) => "cancelled at its end",
            (End::Made, _) => "made",
            _ => "ended otherwise",
        };
        self.reach(reached);
        Ok(())
    }

    pub(super) fn kill(&mut self, worker: u64, ring_returns: bool) -> bool {
        let Some(held) = self.workers[place(worker)].clone() else { return false };
        if ring_returns {
            self.bell.put(held.lease.job);
        }
        self.lay_down(worker, held);
        true
    }
}

impl Known {
    fn held_under(&self, lease: &Lease) -> bool {
        self.state == JobState::Running && self.fence == lease.fence
    }

    /// To a state in which nobody rings for it.
    pub fn go(&mut self, state: JobState) {
        (self.state, self.rung_at) = (state, None);
    }

    pub fn wait_until(&mut self, not_before: i64) {
        self.go(JobState::Accepted);
        self.not_before = not_before;
    }
}

fn nth(jobs: &mut [Known], nth: u64) -> Option<&mut Known> {
    let place = usize::try_from(nth.checked_rem(jobs.len() as u64)?).ok()?;
    jobs.get_mut(place)
}

fn place(worker: u64) -> usize {
    usize::try_from(worker).unwrap()
}
