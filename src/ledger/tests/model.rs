//! Random histories: the ledger against a few lines that say what should happen.

use std::time::Duration;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::*;
use crate::{
    job::{JobState, event::EventType, state::JobEvent},
    ledger::{BeatOutcome, CancelOutcome, EraseOutcome, Keep, LetterOutcome, Start},
};

#[derive(Debug, Clone, Copy)]
enum Step {
    Lease,
    LeaseThatRunsOut,
    Beat,
    Succeed,
    Fail,
    RetryCounted,
    RetryGivenBack,
    Release,
    Cancel,
    ConfirmCancel,
    Expire,
    Requeue,
    Drop,
    Erase,
    /// Everything that ended loses its request.
    Outdate,
    /// The next step of a holder is made with the lease before the current one.
    GrowOld,
}

const STEPS: [Step; 16] = [
    Step::Lease,
    Step::LeaseThatRunsOut,
    Step::Beat,
    Step::Succeed,
    Step::Fail,
    Step::RetryCounted,
    Step::RetryGivenBack,
    Step::Release,
    Step::Cancel,
    Step::ConfirmCancel,
    Step::Expire,
    Step::Requeue,
    Step::Drop,
    Step::Erase,
    Step::Outdate,
    Step::GrowOld,
];

const MAX_STARTS: u32 = 3;
const MAX_TRIES: u32 = 2;

/// What the job should look like.
#[derive(Debug)]
struct Model {
    state: JobState,
    fence: i64,
    starts: u32,
    tries: u32,
    request_erased: bool,
    paper_erased: bool,
    cancel_requested: bool,
    runs_out: bool,
    /// What should have been told.
    told: Vec<EventType>,
}

impl Model {
    /// Moves along the drawing in `job::state`; a step that is not drawn must not have happened.
    fn go(&mut self, event: JobEvent) {
        self.state = self.state.after(event).unwrap_or_else(|| panic!("{event:?} from {self:?}"));
        self.told.push(EventType::of(event));
    }

    fn holds(&self, lease: &Lease) -> bool {
        self.state == JobState::Running && self.fence == lease.fence
    }

    fn lease(&mut self, runs_out: bool) -> bool {
        match self.state {
            JobState::Accepted if self.starts >= MAX_STARTS => {
                self.go(JobEvent::Exhaust);
                false
            }
            JobState::Accepted => {
                self.go(JobEvent::Lease);
                self.fence += 1;
                self.starts += 1;
                self.runs_out = runs_out;
                true
            }
            JobState::Running | JobState::Succeeded | JobState::Failed | JobState::Dead | JobState::Cancelled => false,
        }
    }

    fn go_back(&mut self, event: JobEvent, start: Start) {
        if self.cancel_requested {
            return self.go(JobEvent::Cancel);
        }
        let passing = event == JobEvent::Retry && start == Start::GivenBack;
        self.tries += u32::from(passing);
        if self.tries >= MAX_TRIES && event == JobEvent::Retry {
            return self.go(JobEvent::Exhaust);
        }
        match start {
            Start::GivenBack => self.starts -= 1,
            Start::Counted if self.starts >= MAX_STARTS => return self.go(JobEvent::Exhaust),
            Start::Counted => {}
        }
        self.go(event);
    }

    fn decide(&mut self, event: JobEvent) -> LetterOutcome {
        match self.state.after(event) {
            None => LetterOutcome::NotNow(self.state),
            Some(JobState::Accepted) if self.request_erased => LetterOutcome::Erased,
            Some(JobState::Accepted) => {
                self.go(event);
                (self.starts, self.tries, self.cancel_requested) = (0, 0, false);
                LetterOutcome::Done
            }
            Some(_) => {
                self.go(event);
                LetterOutcome::Done
            }
        }
    }
}

async fn play(ledger: &Ledger, history: &[Step]) {
    let id = accept(ledger).await;
    let mut model = Model {
        state: JobState::Accepted,
        fence: 0,
        starts: 0,
        tries: 0,
        request_erased: false,
        paper_erased: false,
        cancel_requested: false,
        runs_out: false,
        told: vec![EventType::Accepted],
    };
    let nobody = Lease {
        job: id,
        kind: String::new(),
        fence: 0,
        starts: 0,
        tries: 0,
        order: String::new(),
        waited: Duration::ZERO,
        trace: None,
    };
    let (mut older, mut held) = (nobody.clone(), nobody);
    for &step in history {
        match step {
            Step::Lease | Step::LeaseThatRunsOut => {
                let runs_out = matches!(step, Step::LeaseThatRunsOut);
                let duration = if runs_out { Duration::ZERO } else { LONG };
                let expected = model.lease(runs_out);
                let outcome = ledger.lease(id, "model", duration).await.unwrap();
                assert_eq!(matches!(outcome, LeaseOutcome::Taken(_)), expected, "{outcome:?}");
                if let LeaseOutcome::Taken(lease) = outcome {
                    older = std::mem::replace(&mut held, lease);
                }
            }
            Step::Beat => {
                let expected = match (model.holds(&held), model.cancel_requested) {
                    (false, _) => BeatOutcome::Lost,
                    (true, true) => BeatOutcome::CancelRequested,
                    (true, false) => BeatOutcome::Held,
                };
                assert_eq!(ledger.beat(&held, LONG).await.unwrap(), expected);
                model.runs_out &= expected == BeatOutcome::Lost;
            }
            Step::Succeed => {
                let holds = model.holds(&held);
                assert_eq!(ledger.succeed(&held, &artifact()).await.unwrap(), holds);
                if holds {
                    model.go(JobEvent::Succeed);
                }
            }
            Step::Fail => {
                let holds = model.holds(&held);
                assert_eq!(ledger.fail(&held, &crash()).await.unwrap(), holds);
                if holds {
                    model.go(JobEvent::Fail);
                }
            }
            Step::RetryCounted | Step::RetryGivenBack => {
                let start = if matches!(step, Step::RetryCounted) { Start::Counted } else { Start::GivenBack };
                let holds = model.holds(&held);
                assert_eq!(ledger.retry(&held, Duration::ZERO, &crash(), start).await.unwrap(), holds);
                if holds {
                    model.go_back(JobEvent::Retry, start);
                }
            }
            Step::Release => {
                let holds = model.holds(&held);
                assert_eq!(ledger.release(&held).await.unwrap(), holds);
                if holds {
                    model.go_back(JobEvent::Release, Start::GivenBack);
                }
            }
            Step::Cancel => {
                let expected = match model.state {
                    JobState::Accepted => CancelOutcome::Cancelled,
                    JobState::Running => CancelOutcome::Requested,
                    ended => CancelOutcome::AlreadyEnded(ended),
                };
                assert_eq!(ledger.cancel(id).await.unwrap(), expected);
                match expected {
                    CancelOutcome::Cancelled => model.go(JobEvent::Cancel),
                    CancelOutcome::Requested => model.cancel_requested = true,
                    CancelOutcome::AlreadyEnded(_) | CancelOutcome::Unknown => {}
                }
            }
            Step::ConfirmCancel => {
                let holds = model.holds(&held);
                assert_eq!(ledger.confirm_cancel(&held).await.unwrap(), holds);
                if holds {
                    model.go(JobEvent::Cancel);
                }
            }
            Step::Expire => {
                ledger.expire_leases().await.unwrap();
                if model.state == JobState::Running && model.runs_out {
                    model.go_back(JobEvent::Release, Start::Counted);
                }
            }
            Step::Requeue => assert_eq!(ledger.requeue(id, "model").await.unwrap(), model.decide(JobEvent::Requeue)),
            Step::Drop => assert_eq!(ledger.drop_dead(id, "model").await.unwrap(), model.decide(JobEvent::Drop)),
            Step::Erase => {
                let paper = model.state == JobState::Succeeded;
                let outcome = ledger.erase(id).await.unwrap();
                match outcome {
                    EraseOutcome::NotEnded(state) => assert!(!model.state.is_end() && state == model.state),
                    EraseOutcome::AlreadyErased => assert!(model.request_erased && (model.paper_erased || !paper)),
                    EraseOutcome::Erased(erased) => {
                        assert!(model.state.is_end() && (!model.request_erased || (paper && !model.paper_erased)));
                        assert_eq!(erased.paper.is_some(), paper && !model.paper_erased);
                        (model.request_erased, model.paper_erased) = (true, paper);
                    }
                    EraseOutcome::Unknown => panic!("forgotten"),
                }
            }
            Step::Outdate => {
                let keep = Keep { requests: Some(Duration::ZERO), papers: None };
                while !ledger.erase_outdated(keep).await.unwrap().is_empty() {}
                model.request_erased |= model.state.is_end();
            }
            Step::GrowOld => held = older.clone(),
        }
        let job = ledger.find(id).await.unwrap().unwrap();
        let (is, should_be) = ((job.state, job.fence, job.starts), (model.state, model.fence, model.starts));
        assert_eq!(is, should_be, "after {step:?}");
        let erased = (job.request_erased_at.is_some(), job.paper_erased_at.is_some());
        assert_eq!((job.tries, erased), (model.tries, (model.request_erased, model.paper_erased)), "after {step:?}");
        assert_eq!(job.artifact.is_some(), job.state == JobState::Succeeded);
    }
    let told: Vec<String> = sqlx::query_scalar("SELECT type FROM event WHERE job_id = $1 ORDER BY id")
        .bind(id.to_string())
        .fetch_all(&ledger.inner.readers)
        .await
        .unwrap();
    assert_eq!(told, model.told.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(), "once for every change");
}

/// Plays so many histories, drawn from one seed, and then holds the counts and the audit's chain against the rows.
async fn play_all(store: Store, number: usize, longest: usize) {
    let limits = LedgerLimits { max_starts: MAX_STARTS, max_tries: MAX_TRIES, ..LedgerLimits::default() };
    let ledger = store.open(limits).await;
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    );
    let histories = prop::collection::vec(prop::sample::select(&STEPS[..]), 1..longest);
    for number in 0..number {
        let history = histories.new_tree(&mut runner).unwrap().current();
        let played = tokio::spawn({
            let (ledger, history) = (ledger.clone(), history.clone());
            async move { play(&ledger, &history).await }
        });
        assert!(played.await.is_ok(), "history {number}: {history:?}");
    }
    let counts = ledger.counts().await.unwrap();
    let jobs: u64 = JobState::ALL.into_iter().map(|state| counts.of(state)).sum();
    assert_eq!(jobs, number as u64);
    for state in JobState::ALL {
        let counted: i64 = sqlx::query_scalar("SELECT count(*) FROM job WHERE state = $1")
            .bind(state.as_str())
            .fetch_one(&ledger.inner.readers)
            .await
            .unwrap();
        assert_eq!(counts.of(state) as i64, counted, "{state:?}");
    }
    ledger.seal_audit().await.unwrap();
    let chain = ledger.verify_audit().await.unwrap();
    assert_eq!(chain.broken_at, None);
    println!("{number} histories, {} changes", chain.rows);
}

#[tokio::test]
async fn nine_thousand_random_histories_go_as_drawn_on_sqlite() {
    play_all(Store::sqlite(), 9_000, 25).await;
}

#[tokio::test]
async fn a_thousand_random_histories_go_as_drawn_on_postgres() {
    play_all(Store::postgres(), 1_000, 25).await;
}
