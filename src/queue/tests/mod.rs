//! One suite for both back ends of the doorbell, and what is special to Redis.

mod conformance;
mod redis;
mod scripted;
pub(crate) mod server;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinHandle};

pub(crate) use scripted::Scripted;

use super::Doorbell;
use crate::job::JobId;

/// A worker that writes down what it answered.
pub(crate) struct Listener {
    answered: Arc<Mutex<BTreeMap<JobId, u32>>>,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Listener {
    pub(crate) fn start(bell: &Doorbell) -> Self {
        let answered: Arc<Mutex<BTreeMap<JobId, u32>>> = Arc::default();
        let heard = Arc::clone(&answered);
        let (stop, stopped) = watch::channel(false);
        let bell = bell.clone();
        let running = tokio::spawn(async move {
            let handler = move |job| {
                *heard.lock().unwrap().entry(job).or_default() += 1;
                std::future::ready(())
            };
            bell.answer("test", 4, handler, stopped).await;
        });
        Self { answered, stop, running }
    }

    pub(crate) fn answers(&self) -> BTreeMap<JobId, u32> {
        self.answered.lock().unwrap().clone()
    }

    /// Waits until every one of `jobs` was answered.
    pub(crate) async fn has_answered(&self, jobs: &[JobId], patience: Duration) {
        let started = Instant::now();
        loop {
            let missing = {
                let answered = self.answered.lock().unwrap();
                jobs.iter().filter(|job| !answered.contains_key(job)).count()
            };
            if missing == 0 {
                return;
            }
            assert!(started.elapsed() < patience, "{missing} of {} rings unanswered", jobs.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn stop(self) -> BTreeMap<JobId, u32> {
        self.stop.send_replace(true);
        tokio::time::timeout(Duration::from_secs(20), self.running).await.expect("the worker does not stop").unwrap();
        self.answered.lock().unwrap().clone()
    }
}

pub(crate) fn jobs(count: usize) -> Vec<JobId> {
    (0..count).map(|_| JobId::fresh()).collect()
}
