mod world;

use std::time::Instant;

use super::*;
use crate::{
    job::{Artifact, JobId, JobState, NewJob},
    ledger::{LeaseOutcome, LedgerLimits},
    queue::tests::{Listener, server::Server},
};

const LEASE: Duration = Duration::from_secs(60);

async fn fresh() -> (tempfile::TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path().join("ledger.sqlite"), LedgerLimits::default()).await.unwrap();
    (folder, ledger)
}

async fn accept(ledger: &Ledger, count: usize) -> Vec<JobId> {
    accept_for(ledger, crate::job::LOCAL, count).await
}

async fn accept_for(ledger: &Ledger, organisation: &str, count: usize) -> Vec<JobId> {
    let mut jobs = Vec::with_capacity(count);
    for _ in 0..count {
        let new = NewJob { organisation: organisation.into(), ..NewJob::sample() };
        jobs.push(ledger.accept(new).await.unwrap().id);
    }
    jobs
}

/// A handler that ends every job it can lease.
async fn finish(ledger: Ledger, job: JobId) {
    if let LeaseOutcome::Taken(lease) = ledger.lease(job, "test", LEASE).await.unwrap() {
        let artifact = Artifact { sha256: "cd".repeat(32), size: 1, pages: 1 };
        assert!(ledger.succeed(&lease, &artifact).await.unwrap());
    }
}

#[tokio::test]
async fn an_accepted_job_is_rung_for_at_once() {
    let (_folder, ledger) = fresh().await;
    let bell = Doorbell::embedded();
    let settings = DispatchSettings { interval: Duration::from_secs(30), ..DispatchSettings::default() };
    let dispatcher = Dispatcher::new(ledger.clone(), bell.clone(), settings);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(async move { dispatcher.run(stopped).await });
    let listener = Listener::start(&bell);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let jobs = accept(&ledger, 1).await;
    let started = Instant::now();
    listener.has_answered(&jobs, Duration::from_millis(500)).await;
    println!("rung and heard after {:?}", started.elapsed());
    stop.send_replace(true);
    running.await.unwrap();
    listener.stop().await;
}

#[tokio::test]
async fn a_lost_ring_is_rung_again_and_takes_no_room() {
    let (_folder, ledger) = fresh().await;
    let server = Server::start();
    let settings =
        DispatchSettings { window: 5, ring_again_after: Duration::from_millis(300), ..DispatchSettings::default() };
    let dispatcher = Dispatcher::new(ledger.clone(), server.bell(), settings);
    accept(&ledger, 8).await;
    assert_eq!(dispatcher.pass().await.unwrap().rung, 5);
    assert_eq!(dispatcher.pass().await.unwrap().rung, 0, "the window is full");
    let _ok: String = server.ask(&["FLUSHALL"]);
    assert_eq!(dispatcher.pass().await.unwrap().rung, 3, "those never rung");
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert_eq!(dispatcher.pass().await.unwrap().rung, 2, "the window again, the oldest first");
}

#[tokio::test]
async fn a_ring_that_waits_for_its_turn_is_not_doubled() {
    let server = Server::start();
    for bell in [Doorbell::embedded(), server.bell()] {
        let (_folder, ledger) = fresh().await;
        let settings = DispatchSettings {
            at_least: 40,
            ring_again_after: Duration::from_millis(100),
            ..DispatchSettings::default()
        };
        let dispatcher = Dispatcher::new(ledger.clone(), bell.clone(), settings);
        accept(&ledger, 20).await;
        assert_eq!(dispatcher.pass().await.unwrap().rung, 20);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(dispatcher.pass().await.unwrap().rung, 0);
        tokio::time::sleep(Duration::from_millis(900)).await;
        assert_eq!(dispatcher.pass().await.unwrap().rung, 20, "patience has an end");
    }
}

#[tokio::test]
async fn leases_run_out_and_jobs_stay_due_while_the_doorbell_is_broken() {
    let (_folder, ledger) = fresh().await;
    let mut server = Server::start();
    let dispatcher = Dispatcher::new(ledger.clone(), server.bell(), DispatchSettings::default());
    let jobs = accept(&ledger, 1).await;
    assert!(matches!(ledger.lease(jobs[0], "test", Duration::ZERO).await.unwrap(), LeaseOutcome::Taken(_)));
    server.kill();
    assert!(matches!(dispatcher.pass().await, Err(DispatchError::Doorbell(_))));
    assert_eq!(ledger.find(jobs[0]).await.unwrap().unwrap().state, JobState::Accepted);
    server.start_again();
    let started = Instant::now();
    while dispatcher.pass().await.map_or(0, |pass| pass.rung) != 1 {
        assert!(started.elapsed() < Duration::from_secs(15));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn rings_lost_with_the_process_are_rung_again_when_it_starts() {
    let (_folder, ledger) = fresh().await;
    let jobs = accept(&ledger, 3).await;
    let killed = Dispatcher::new(ledger.clone(), Doorbell::embedded(), DispatchSettings::default());
    assert_eq!(killed.pass().await.unwrap().rung, 3);

    let bell = Doorbell::embedded();
    let dispatcher = Dispatcher::new(ledger.clone(), bell.clone(), DispatchSettings::default());
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(async move { dispatcher.run(stopped).await });
    let listener = Listener::start(&bell);
    listener.has_answered(&jobs, Duration::from_secs(2)).await;
    stop.send_replace(true);
    running.await.unwrap();
    listener.stop().await;
}

/// Four hands that need 20 ms for a job: 200 a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_organisation_does_not_wait_for_a_large_ones_backlog() {
    let (_folder, ledger) = fresh().await;
    let bell = Doorbell::embedded();
    accept_for(&ledger, "large", 3_000).await;
    let settings = DispatchSettings { interval: Duration::from_millis(200), ..DispatchSettings::default() };
    let dispatcher = Dispatcher::new(ledger.clone(), bell.clone(), settings);
    let (stop, stopped) = watch::channel(false);
    let dispatching = tokio::spawn({
        let stopped = stopped.clone();
        async move { dispatcher.run(stopped).await }
    });
    let working = tokio::spawn({
        let ledger = ledger.clone();
        let handler = move |job| {
            let ledger = ledger.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                finish(ledger, job).await;
            }
        };
        async move { bell.answer("test", 4, handler, stopped).await }
    });
    let mut waits = Vec::new();
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let job = accept_for(&ledger, "small", 1).await[0];
        let started = Instant::now();
        let ended = ledger.watch(job, Duration::from_secs(30)).await.unwrap().unwrap();
        assert_eq!(ended.state, JobState::Succeeded);
        waits.push(started.elapsed());
    }
    let left = ledger.counts().await.unwrap().of(JobState::Accepted);
    println!("a small one's waits {waits:?}, {left} of the large one's still wait");
    assert!(left > 0, "the backlog has to be there all the time");
    assert!(waits.iter().all(|wait| *wait < Duration::from_millis(5_000)), "{waits:?}");
    stop.send_replace(true);
    working.await.unwrap();
    dispatching.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_job_is_lost_when_redis_is_emptied_and_killed_under_load() {
    let (_folder, ledger) = fresh().await;
    let mut server = Server::start();
    let bell = server.bell();
    let jobs = accept(&ledger, 600).await;
    let settings = DispatchSettings {
        window: 100,
        at_least: 100,
        ring_again_after: Duration::from_millis(500),
        interval: Duration::from_millis(100),
    };
    let dispatcher = Dispatcher::new(ledger.clone(), bell.clone(), settings);
    let (stop, stopped) = watch::channel(false);
    let dispatching = tokio::spawn({
        let stopped = stopped.clone();
        async move { dispatcher.run(stopped).await }
    });
    let working = tokio::spawn({
        let ledger = ledger.clone();
        let handler = move |job| {
            let ledger = ledger.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                finish(ledger, job).await;
            }
        };
        async move { bell.answer("test", 4, handler, stopped).await }
    });
    let started = Instant::now();
    for round in 0.. {
        let done = ledger.counts().await.unwrap().of(JobState::Succeeded);
        if done == 600 {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(90), "{done} of 600");
        tokio::time::sleep(Duration::from_millis(400)).await;
        if round == 2 {
            server.kill();
            tokio::time::sleep(Duration::from_millis(500)).await;
            server.start_again();
        } else if round < 6 {
            let _ok: String = server.ask(&["FLUSHALL"]);
        }
    }
    println!("600 done in {:?}, Redis emptied five times and killed once", started.elapsed());
    stop.send_replace(true);
    working.await.unwrap();
    dispatching.await.unwrap();
    for job in jobs {
        assert_eq!(ledger.find(job).await.unwrap().unwrap().starts, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_thousand_jobs_wait_in_the_ledger_and_at_most_a_thousand_in_redis() {
    let (_folder, ledger) = fresh().await;
    let server = Server::start();
    let bell = server.bell();
    let started = Instant::now();
    let jobs = accept(&ledger, 12_000).await;
    println!("12,000 accepted in {:?}", started.elapsed());

    // Rings again after a third of a second: without workers, a dispatcher that forgot its own rings would pile them up.
    let settings = DispatchSettings {
        at_least: 1_000,
        ring_again_after: Duration::from_millis(300),
        interval: Duration::from_millis(50),
        ..DispatchSettings::default()
    };
    let dispatcher = Dispatcher::new(ledger.clone(), bell.clone(), settings);
    let (stop, stopped) = watch::channel(false);
    let dispatching = tokio::spawn(async move { dispatcher.run(stopped).await });
    let most_out = || {
        // Both at the same instant: rings move from the one to the other.
        let both = "return redis.call('ZCARD', KEYS[1]) + redis.call('LLEN', KEYS[2])";
        let out: u64 = server.ask(&["EVAL", both, "2", &Server::key("scheduled"), &Server::key("active")]);
        assert!(out <= 1_000, "{out}");
        out
    };
    let watched = Instant::now();
    let mut most = 0;
    while watched.elapsed() < Duration::from_secs(3) {
        most = most.max(most_out());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(most, 1_000);

    let (stop_worker, worker_stopped) = watch::channel(false);
    let working = tokio::spawn({
        let (ledger, bell) = (ledger.clone(), bell.clone());
        async move { bell.answer("test", 4, move |job| finish(ledger.clone(), job), worker_stopped).await }
    });
    let drained = Instant::now();
    while ledger.counts().await.unwrap().of(JobState::Succeeded) < 12_000 {
        most_out();
        assert!(drained.elapsed() < Duration::from_secs(180), "{:?}", ledger.counts().await.unwrap());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("drained in {:?}", drained.elapsed());
    stop_worker.send_replace(true);
    working.await.unwrap();
    stop.send_replace(true);
    dispatching.await.unwrap();
    for job in jobs {
        assert_eq!(ledger.find(job).await.unwrap().unwrap().starts, 1);
    }
}
