use std::sync::atomic::{AtomicUsize, Ordering};

use super::{server::Server, *};

/// A doorbell, and the server to keep alive for it.
fn bells() -> Vec<(Doorbell, Option<Server>)> {
    let server = Server::start();
    vec![(Doorbell::embedded(), None), (server.bell(), Some(server))]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_ring_is_answered_whether_it_came_before_or_after_the_worker() {
    for (bell, _server) in bells() {
        let (before, after) = (jobs(150), jobs(150));
        bell.ring(&before, 1).await.unwrap();
        assert_eq!(bell.depth().await.unwrap(), 150);
        bell.ping().await.unwrap();
        let listener = Listener::start(&bell);
        bell.ring(&after, 2).await.unwrap();
        listener.has_answered(&before, Duration::from_secs(20)).await;
        listener.has_answered(&after, Duration::from_secs(20)).await;
        let answers = listener.stop().await;
        assert_eq!(answers.len(), 300);
        assert!(answers.values().all(|times| *times == 1));
        assert_eq!(bell.depth().await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_panics_stops_nobody() {
    for (bell, _server) in bells() {
        let rung = jobs(20);
        bell.ring(&rung, 1).await.unwrap();
        let answered = Arc::new(AtomicUsize::new(0));
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn({
            let (bell, answered) = (bell.clone(), Arc::clone(&answered));
            async move {
                let handler = move |_job| {
                    let number = answered.fetch_add(1, Ordering::SeqCst);
                    async move { assert!(number % 2 == 0, "on purpose") }
                };
                bell.answer("test", 2, handler, stopped).await;
            }
        });
        let started = Instant::now();
        while answered.load(Ordering::SeqCst) < 20 {
            assert!(started.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.send_replace(true);
        running.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_handlers_run_than_allowed_and_stopping_waits_for_them() {
    for (bell, _server) in bells() {
        bell.ring(&jobs(8), 1).await.unwrap();
        let (running, most, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::default());
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn({
            let (bell, most, ended) = (bell.clone(), Arc::clone(&most), Arc::<AtomicUsize>::clone(&ended));
            async move {
                let handler = move |_job| {
                    let (running, most, ended) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&ended));
                    async move {
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(600)).await;
                        running.fetch_sub(1, Ordering::SeqCst);
                        ended.fetch_add(1, Ordering::SeqCst);
                    }
                };
                bell.answer("test", 3, handler, stopped).await;
            }
        });
        while most.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.send_replace(true);
        worker.await.unwrap();
        assert_eq!(most.load(Ordering::SeqCst), 3);
        assert_eq!(ended.load(Ordering::SeqCst), 3, "those that ran, and no other");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_share_the_rings() {
    for (bell, _server) in bells() {
        let (one, other) = (Listener::start(&bell), Listener::start(&bell));
        let rung = jobs(100);
        bell.ring(&rung, 1).await.unwrap();
        let started = Instant::now();
        while one.answers().len() + other.answers().len() < 100 {
            assert!(started.elapsed() < Duration::from_secs(20));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (one, other) = (one.stop().await, other.stop().await);
        assert!(rung.iter().all(|job| one.contains_key(job) != other.contains_key(job)));
    }
}
