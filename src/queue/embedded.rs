use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use apalis::prelude::{MemorySink, MemoryStorage, Monitor, Task, TaskBuilder, WorkerBuilder, WorkerBuilderExt};
use futures_util::{
    SinkExt, StreamExt,
    sink::drain,
    stream::{BoxStream, unfold},
};
use tokio::sync::{
    Mutex,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

use super::{
    QueueError,
    answer::{Answerer, Backend, Handler},
    written,
};
use crate::job::JobId;

/// The doorbell within one process: apalis's memory storage, fed from a channel that outlives its workers.
#[derive(Debug, Clone)]
pub struct Embedded {
    bells: UnboundedSender<JobId>,
    heard: Arc<Mutex<UnboundedReceiver<JobId>>>,
    /// Rings not yet answered to the end.
    out: Arc<AtomicU64>,
}

impl Embedded {
    pub(super) fn new() -> Self {
        let (bells, heard) = unbounded_channel();
        Self { bells, heard: Arc::new(Mutex::new(heard)), out: Arc::default() }
    }

    pub(super) fn ring(&self, jobs: &[JobId]) -> Result<(), QueueError> {
        for &job in jobs {
            self.out.fetch_add(1, Ordering::Relaxed);
            self.bells.send(job).map_err(|_| QueueError::Closed)?;
        }
        Ok(())
    }

    pub(super) fn depth(&self) -> u64 {
        self.out.load(Ordering::Relaxed)
    }

    /// The rings, for one worker; several workers share them.
    fn rings(&self) -> BoxStream<'static, Task<Vec<u8>>> {
        unfold(self.clone(), |bell| async move {
            let job = bell.heard.lock().await.recv().await?;
            Some((TaskBuilder::new(written(job)).task_id(job.to_string().into()).build(), bell))
        })
        .boxed()
    }
}

/// Counts a ring out, even when its answer is dropped.
struct Out(Arc<AtomicU64>);

impl Drop for Out {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Backend for Embedded {
    fn worker<H: Handler>(&self, name: &str, answerer: Answerer<H>) -> Monitor {
        let (name, bell) = (name.to_owned(), self.clone());
        Monitor::new().register(move |_restarts| {
            // Nothing is pushed through apalis's own sink.
            let no_sink = drain().sink_map_err(|never: Infallible| match never {});
            let no_sink = MemorySink::new(Arc::new(futures_util::lock::Mutex::new(Box::new(no_sink))));
            let (answerer, out) = (answerer.clone(), Arc::clone(&bell.out));
            WorkerBuilder::new(name.as_str())
                .backend(MemoryStorage::new_with(no_sink, bell.rings()))
                .concurrency(answerer.concurrency)
                .build(move |ring: Vec<u8>| {
                    let (answer, out) = (answerer.clone().answer(ring), Out(Arc::clone(&out)));
                    async move {
                        answer.await;
                        drop(out);
                    }
                })
        })
    }

    async fn prepare(&self, _name: &str) {}

    async fn tend(&self) {
        std::future::pending().await
    }

    async fn bury(&self, _name: &str) {}
}
