mod turns;

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use tempfile::TempDir;

use super::*;
use crate::{
    dispatch::{DispatchSettings, Dispatcher},
    failure::{Failure, FailureCode},
    job::{Job, JobState, NewJob},
    ledger::LedgerLimits,
    queue::{Doorbell, tests::server::Server},
};

/// One turn of the stand-in for the press.
enum Turn {
    Give(&'static [u8]),
    Say(Verdict),
    Panic,
    /// Renders until it is dropped.
    Forever,
}

#[derive(Default)]
struct Stand {
    turns: Mutex<VecDeque<Turn>>,
    renders: AtomicU32,
    dropped: AtomicU32,
}

/// Counts renders that were ended before their end.
struct Dropped<'a>(&'a Stand);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

impl Renders for Stand {
    async fn render(&self, _order: &str) -> Result<Pressed, Verdict> {
        self.renders.fetch_add(1, Ordering::SeqCst);
        let turn = self.turns.lock().unwrap().pop_front().unwrap_or(Turn::Give(b"%PDF"));
        match turn {
            Turn::Give(pdf) => {
                Ok(Pressed { bytes: pdf.to_vec(), pages: 1, media_type: Some(crate::catalog::MediaType::Pdf) })
            }
            Turn::Say(verdict) => Err(verdict),
            Turn::Panic => panic!("on purpose"),
            Turn::Forever => {
                let _dropped = Dropped(self);
                std::future::pending().await
            }
        }
    }
}

struct House {
    ledger: Ledger,
    archive: Archive,
    stand: Arc<Stand>,
    worker: Arc<Worker<Stand>>,
    _folder: TempDir,
}

fn settings() -> WorkerSettings {
    WorkerSettings {
        lease: Duration::from_secs(2),
        beat: Duration::from_millis(50),
        again: Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(1) },
        drain: Duration::from_millis(200),
    }
}

async fn house(turns: impl IntoIterator<Item = Turn>) -> House {
    house_with(turns, settings()).await
}

async fn house_with(turns: impl IntoIterator<Item = Turn>, settings: WorkerSettings) -> House {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path().join("ledger.sqlite"), LedgerLimits::default()).await.unwrap();
    let archive = Archive::open(folder.path().join("archive")).unwrap();
    let stand = Arc::new(Stand { turns: Mutex::new(turns.into_iter().collect()), ..Stand::default() });
    let worker = Arc::new(Worker::new(ledger.clone(), archive.clone(), Arc::clone(&stand), "test", settings));
    House { ledger, archive, stand, worker, _folder: folder }
}

impl House {
    async fn accept(&self) -> JobId {
        self.accept_for(crate::job::LOCAL).await
    }

    async fn accept_for(&self, organisation: &str) -> JobId {
        let new = NewJob { organisation: organisation.into(), order: r#"{"v":1}"#.into(), ..NewJob::sample() };
        self.ledger.accept(new).await.unwrap().id
    }

    async fn job(&self, id: JobId) -> Job {
        self.ledger.find(id).await.unwrap().unwrap()
    }

    /// Answers, again and again, until the job has ended.
    async fn answer_to_the_end(&self, id: JobId) -> Job {
        for _ in 0..20 {
            self.worker.answer(id).await;
            let job = self.job(id).await;
            if job.state.is_end() {
                return job;
            }
            sleep(Duration::from_millis(5)).await;
        }
        panic!("{:?} has no end", self.job(id).await);
    }

    fn renders(&self) -> u32 {
        self.stand.renders.load(Ordering::SeqCst)
    }

    fn answer_in_background(&self, id: JobId) -> tokio::task::JoinHandle<()> {
        let worker = Arc::clone(&self.worker);
        tokio::spawn(async move { worker.answer(id).await })
    }
}

async fn within_a_second(what: impl Fn() -> bool) {
    let started = Instant::now();
    while !what() {
        assert!(started.elapsed() < Duration::from_secs(1));
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_paper_that_is_made_is_archived_and_its_job_has_succeeded() {
    let house = house([Turn::Give(b"%PDF-1.7 one")]).await;
    let id = house.accept().await;
    let job = house.answer_to_the_end(id).await;
    let artifact = job.artifact.unwrap();
    assert_eq!((job.state, artifact.pages, artifact.size), (JobState::Succeeded, 1, 12));
    assert_eq!(house.archive.read(&artifact.sha256).await.unwrap().unwrap(), b"%PDF-1.7 one");
    house.worker.answer(id).await;
    house.worker.answer(JobId::fresh()).await;
    assert_eq!(house.renders(), 1, "a second ring changes nothing");
}

#[tokio::test]
async fn a_refusal_fails_the_job_with_the_child_s_own_reason() {
    let failure = Failure::new(FailureCode::MissingGlyph, "Không có nét chữ.", "No glyph.");
    let house = house([Turn::Say(Verdict::Refused(failure.clone()))]).await;
    let id = house.accept().await;
    let job = house.answer_to_the_end(id).await;
    assert_eq!((job.state, job.failure, house.renders()), (JobState::Failed, Some(failure), 1));
}

#[tokio::test]
async fn time_and_memory_get_one_more_try() {
    let second_try_helps = house([Turn::Say(Verdict::Timeout)]).await;
    let id = second_try_helps.accept().await;
    assert_eq!(second_try_helps.answer_to_the_end(id).await.state, JobState::Succeeded);

    for (turns, code) in [
        ([Verdict::Timeout, Verdict::Timeout], FailureCode::RenderTimeout),
        ([Verdict::Timeout, Verdict::Memory], FailureCode::RenderMemory),
    ] {
        let house = house(turns.map(Turn::Say)).await;
        let id = house.accept().await;
        let job = house.answer_to_the_end(id).await;
        assert_eq!((job.state, job.failure.unwrap().code, house.renders()), (JobState::Failed, code, 2));
    }
}

#[tokio::test]
async fn a_crash_is_tried_three_times_and_a_panic_is_a_crash() {
    let house = house([Turn::Say(Verdict::Crashed("signal 11".into())), Turn::Panic, Turn::Panic]).await;
    let id = house.accept().await;
    let job = house.answer_to_the_end(id).await;
    assert_eq!((job.state, job.starts, house.renders()), (JobState::Dead, 3, 3));
    assert_eq!(job.failure.unwrap().code, FailureCode::RenderCrashed);
}

#[tokio::test]
async fn a_press_that_is_not_there_costs_no_start() {
    let house = house((0..6).map(|_| Turn::Say(Verdict::Unavailable("busy".into())))).await;
    let id = house.accept().await;
    house.worker.answer(id).await;
    let waiting = house.job(id).await;
    assert_eq!((waiting.state, waiting.starts), (JobState::Accepted, 0));
    assert_eq!(waiting.failure.unwrap().code, FailureCode::PressUnavailable);
    let job = house.answer_to_the_end(id).await;
    assert_eq!((job.state, job.starts, house.renders()), (JobState::Succeeded, 1, 7));
}

#[tokio::test]
async fn an_archive_that_fails_costs_no_start() {
    let house = house([]).await;
    let blobs = house._folder.path().join("archive/blobs");
    std::fs::remove_dir_all(&blobs).unwrap();
    std::fs::write(&blobs, b"in the way").unwrap();
    let id = house.accept().await;
    house.worker.answer(id).await;
    let job = house.job(id).await;
    assert_eq!((job.state, job.starts), (JobState::Accepted, 0));
    assert_eq!(job.failure.unwrap().code, FailureCode::StoreUnavailable);
}

#[tokio::test]
async fn while_the_disk_is_full_a_job_waits_and_loses_nothing() {
    let house = house([]).await;
    let full = Archive::keeping_free(&house._folder.path().join("full"), u64::MAX).unwrap();
    let worker = Worker::new(house.ledger.clone(), full, Arc::clone(&house.stand), "full", settings());
    let id = house.accept().await;
    for _ in 0..20 {
        worker.answer(id).await;
    }
    let job = house.job(id).await;
    assert_eq!((job.state, job.starts, job.tries, job.fence), (JobState::Accepted, 0, 0, 0));
    assert_eq!(house.answer_to_the_end(id).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_press_that_stays_away_sets_the_job_aside_after_eight_tries() {
    let house = house((0..20).map(|_| Turn::Say(Verdict::Unavailable("busy".into())))).await;
    let id = house.accept().await;
    let job = house.answer_to_the_end(id).await;
    assert_eq!((job.state, job.starts, job.tries, house.renders()), (JobState::Dead, 1, 8, 8));
    assert_eq!(job.failure.unwrap().code, FailureCode::PressUnavailable);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_job_ends_its_render() {
    let house = house([Turn::Forever]).await;
    let id = house.accept().await;
    let answering = house.answer_in_background(id);
    within_a_second(|| house.renders() == 1).await;
    house.ledger.cancel(id).await.unwrap();
    answering.await.unwrap();
    assert_eq!(house.job(id).await.state, JobState::Cancelled);
    assert_eq!(house.stand.dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_lease_ends_the_render_and_writes_nothing() {
    // The beat comes so late that the lease runs out first, as after a long stall of the host.
    let stalled = WorkerSettings { lease: Duration::ZERO, beat: Duration::from_millis(300), ..settings() };
    let house = house_with([Turn::Forever], stalled).await;
    let id = house.accept().await;
    let answering = house.answer_in_background(id);
    within_a_second(|| house.renders() == 1).await;
    assert_eq!(house.ledger.expire_leases().await.unwrap(), 1);
    let LeaseOutcome::Taken(other) = house.ledger.lease(id, "other", Duration::from_secs(60)).await.unwrap() else {
        panic!("not taken")
    };
    let heard = tokio::time::timeout(Duration::from_secs(20), answering).await;
    heard.expect("the render goes on although its lease is lost").unwrap();
    assert_eq!(house.stand.dropped.load(Ordering::SeqCst), 1);
    let job = house.job(id).await;
    assert_eq!((job.state, job.fence), (JobState::Running, other.fence));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_render_keeps_its_lease() {
    let short = WorkerSettings { lease: Duration::from_millis(200), ..settings() };
    let house = house_with([Turn::Forever], short).await;
    let id = house.accept().await;
    let answering = house.answer_in_background(id);
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(800) {
        assert_eq!(house.ledger.expire_leases().await.unwrap(), 0);
        sleep(Duration::from_millis(20)).await;
    }
    house.ledger.cancel(id).await.unwrap();
    answering.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_worker_takes_nothing_more_and_gives_back_what_takes_too_long() {
    let house = house([Turn::Forever]).await;
    let (running, waiting) = (house.accept().await, house.accept().await);
    let answering = house.answer_in_background(running);
    within_a_second(|| house.renders() == 1).await;
    house.worker.stop();
    house.worker.answer(waiting).await;
    let started = Instant::now();
    answering.await.unwrap();
    assert!(started.elapsed() < Duration::from_millis(600), "{:?}", started.elapsed());
    for id in [running, waiting] {
        let job = house.job(id).await;
        assert_eq!((job.state, job.starts), (JobState::Accepted, 0));
    }
    assert_eq!(house.renders(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_job_rung_ten_times_at_once_is_rendered_once() {
    let house = house([]).await;
    let id = house.accept().await;
    for answering in (0..10).map(|_| house.answer_in_background(id)).collect::<Vec<_>>() {
        answering.await.unwrap();
    }
    assert_eq!((house.job(id).await.state, house.renders()), (JobState::Succeeded, 1));
}

/// A write that the ledger refuses so often before it takes it; how often it was offered, and what came of it.
async fn offered(refusals: u32, lease: Duration) -> (u32, Result<bool, LedgerError>) {
    let house = house_with([], WorkerSettings { lease, ..settings() }).await;
    let offers = AtomicU32::new(0);
    let write = || async {
        let offer = offers.fetch_add(1, Ordering::SeqCst);
        if offer < refusals { Err(LedgerError::Full { waiting: 1, limit: 1 }) } else { Ok(true) }
    };
    let written = house.worker.persist(write).await;
    (offers.load(Ordering::SeqCst), written)
}

#[tokio::test]
async fn a_result_that_the_ledger_did_not_take_is_offered_again_while_the_lease_lasts() {
    let (offers, written) = offered(2, Duration::from_secs(600)).await;
    assert!(matches!((offers, &written), (3, Ok(true))), "{offers} offers, {written:?}");
    let (offers, written) = offered(u32::MAX, Duration::ZERO).await;
    assert!(matches!((offers, &written), (1, Err(LedgerError::Full { .. }))), "{offers} offers, {written:?}");
}

/// Everything together: acceptance, dispatcher, doorbell, worker, archive.
async fn sixty_jobs_through(bell: Doorbell) {
    let house = house((0..60).map(|number| match number % 6 {
        0 => Turn::Say(Verdict::Crashed("signal 9".into())),
        1 => Turn::Say(Verdict::Unavailable("busy".into())),
        2 => Turn::Say(Verdict::Timeout),
        _ => Turn::Give(b"%PDF"),
    }))
    .await;
    let (stop, stopped) = watch::channel(false);
    let dispatcher = Dispatcher::new(house.ledger.clone(), bell.clone(), DispatchSettings::default());
    let dispatching = tokio::spawn({
        let stopped = stopped.clone();
        async move { dispatcher.run(stopped).await }
    });
    let worker = Arc::clone(&house.worker);
    let handler = move |job| {
        let worker = Arc::clone(&worker);
        async move { worker.answer(job).await }
    };
    let answering = tokio::spawn(async move { bell.answer("test", 4, handler, stopped).await });
    let mut jobs = Vec::new();
    for _ in 0..60 {
        jobs.push(house.accept().await);
    }
    for id in jobs {
        let job = house.ledger.watch(id, Duration::from_secs(30)).await.unwrap().unwrap();
        assert!(job.state.is_end(), "{job:?}");
    }
    stop.send_replace(true);
    house.worker.stop();
    answering.await.unwrap();
    dispatching.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_job_comes_to_its_end_within_one_process() {
    sixty_jobs_through(Doorbell::embedded()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_job_comes_to_its_end_over_redis() {
    let server = Server::start();
    sixty_jobs_through(server.bell()).await;
}
