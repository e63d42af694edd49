//! The doorbell over Redis, through apalis-redis. The settings avoid known traps of its version 1.0.0; each says which.

mod examination;
mod housekeeping;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ::redis::{
    AsyncCommands, Client, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use apalis::prelude::{BackendExt, Codec, Monitor, TaskBuilder, TaskId, WorkerBuilder, WorkerBuilderExt};
use apalis_redis::{Config, RedisStorage, RedisTask, queries};
use tracing::warn;

use super::{
    QueueError,
    answer::{Answerer, Backend, Handler},
    written,
};
use crate::job::JobId;

/// The default of 500 ms ends a worker whenever Redis forks or loads.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const PING_TIMEOUT: Duration = Duration::from_secs(3);
/// Without polling a ring is heard at the next heartbeat only.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
const HEARTBEAT: Duration = Duration::from_secs(5);
const MISSED_HEARTBEATS: usize = 6;
/// Rings pushed by one script, which blocks Redis while it runs.
const RINGS_AT_ONCE: usize = 250;

/// The doorbell between processes.
#[derive(Debug, Clone)]
pub struct Redis {
    line: Arc<Line>,
    config: Config,
}

/// The way to the server, renewed when it fails. A connection that a firewall has forgotten answers nothing and is
/// not closed either; redis-rs reconnects when a connection is closed, and keeps one that only times out for ever.
#[derive(Debug)]
struct Line {
    client: Client,
    current: Mutex<ConnectionManager>,
}

impl Line {
    fn new(client: Client) -> RedisResult<Self> {
        let current = Mutex::new(connection(&client)?);
        Ok(Self { client, current })
    }

    fn current(&self) -> ConnectionManager {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a fresh connection from now on. Who uses the old one keeps it until he fails himself.
    fn renew(&self) {
        if let Ok(fresh) = connection(&self.client) {
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }
}

/// Connects when first used.
fn connection(client: &Client) -> RedisResult<ConnectionManager> {
    let settings = ConnectionManagerConfig::new()
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        // The supervisor and the dispatcher try again; a long wait in here would only hide the fault from them.
        .set_number_of_retries(1)
        .set_max_delay(Duration::from_secs(1));
    ConnectionManager::new_lazy_with_config(client.clone(), settings)
}

impl Redis {
    /// The usual name of the queue. The braces keep its keys together should the server ever be one of a cluster.
    pub const QUEUE: &str = "{tdkt}-doorbell";

    /// Reads an address; connects to nothing.
    pub(super) fn client(address: &str, queue: &str) -> Result<Client, QueueError> {
        // apalis cuts names at ':'.
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '{' | '}');
        if queue.is_empty() || !queue.chars().all(is_name) {
            return Err(QueueError::Name(queue.to_owned()));
        }
        Client::open(address).map_err(QueueError::Address)
    }

    pub(super) fn new(address: &str, queue: &str) -> Result<Self, QueueError> {
        let client = Self::client(address, queue)?;
        let line = Line::new(client).map_err(QueueError::Address)?;
        Ok(Self { line: Arc::new(line), config: config(queue) })
    }

    fn connection(&self) -> ConnectionManager {
        self.line.current()
    }

    pub(super) async fn ring(&self, jobs: &[JobId], ring_no: i64) -> Result<(), QueueError> {
        let rung = self.push(jobs, ring_no).await;
        rung.inspect_err(|_failed| self.line.renew())
    }

    async fn push(&self, jobs: &[JobId], ring_no: i64) -> Result<(), QueueError> {
        for some in jobs.chunks(RINGS_AT_ONCE) {
            let tasks: Vec<RedisTask> =
                some.iter().map(|&job| TaskBuilder::new(written(job)).task_id(task_id(job, ring_no)).build()).collect();
            queries::push_tasks(&mut self.connection(), &self.config, &tasks).await?;
        }
        Ok(())
    }

    pub(super) async fn depth(&self) -> Result<u64, QueueError> {
        let counted = self.count().await;
        Ok(counted.inspect_err(|_failed| self.line.renew())?)
    }

    async fn count(&self) -> RedisResult<u64> {
        let mut connection = self.connection();
        let (scheduled, active, workers): (u64, u64, Vec<String>) = ::redis::pipe()
            .atomic()
            .zcard(self.config.scheduled_jobs_set())
            .llen(self.config.active_jobs_list())
            .zrange(self.config.workers_set(), 0, -1)
            .query_async(&mut connection)
            .await?;
        let mut in_flight = 0;
        for worker in workers {
            let held: u64 = connection.scard(self.in_flight(&worker)).await?;
            in_flight += held;
        }
        Ok(scheduled + active + in_flight)
    }

    pub(super) async fn ping(&self) -> Result<(), QueueError> {
        let mut connection = self.connection();
        let pong = async move { connection.ping::<String>().await };
        tokio::time::timeout(PING_TIMEOUT, pong).await.map_err(|_| QueueError::TooSlow)??;
        Ok(())
    }
}

fn config(queue: &str) -> Config {
    Config::default()
        .queue(queue)
        // While a fetched batch is not empty, heartbeats and acknowledgements starve.
        .batch_size(1)
        .heartbeat_interval(HEARTBEAT)
        // 30 s of silence. The crate's documentation and its code differ on the default.
        .missed_heartbeats(MISSED_HEARTBEATS)
        .lock_tasks(true)
        // False would turn off acknowledging altogether. The result is `()`.
        .persist_results(true)
        .emit_events(false)
        // Never used: with `None` Redis deletes the key at once.
        .idempotency_ttl(None)
}

/// `job:ring_no`. An explicit id makes a doubled push harmless; the number makes the next ring another task.
fn task_id(job: JobId, ring_no: i64) -> TaskId {
    TaskId::from_string(format!("{job}:{ring_no}"))
}

/// Hands over a task's bytes as they are. apalis ends a worker whose codec fails, and then the next one that gets the
/// task; this one cannot fail.
#[derive(Debug, Clone, Copy)]
struct Verbatim;

impl Codec<Vec<u8>> for Verbatim {
    type Error = Infallible;
    type Compact = Vec<u8>;

    fn encode(&self, bytes: &Vec<u8>) -> Result<Vec<u8>, Infallible> {
        Ok(bytes.clone())
    }

    fn decode(&self, bytes: &Vec<u8>) -> Result<Vec<u8>, Infallible> {
        Ok(bytes.clone())
    }
}

impl Backend for Redis {
    fn worker<H: Handler>(&self, name: &str, answerer: Answerer<H>) -> Monitor {
        let (name, bell) = (name.to_owned(), self.clone());
        Monitor::new().register(move |_restarts| {
            let storage = RedisStorage::<Vec<u8>>::new(bell.connection()).with_config(bell.config.clone());
            let answerer = answerer.clone();
            WorkerBuilder::new(name.as_str())
                .backend(storage.with_codec(Verbatim).poll_with_interval(POLL_INTERVAL))
                .concurrency(answerer.concurrency)
                .build(move |ring: Vec<u8>| answerer.clone().answer(ring))
        })
    }

    async fn prepare(&self, name: &str) {
        if let Err(error) = self.make_room_for(name).await {
            warn!(worker.name = name, %error, "Redis could not be prepared for the worker");
        }
    }

    async fn tend(&self) {
        self.keep_clean().await
    }

    async fn bury(&self, name: &str) {
        // The next worker does not begin on the line on which this one ended.
        self.line.renew();
        if let Err(error) = self.give_back(name).await {
            warn!(worker.name = name, %error, "The worker's rings could not be given back; others take them in 30 s");
        }
    }
}
