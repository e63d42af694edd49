//! The doorbell: tells workers that a job waits, and nothing more.
//!
//! It carries a job's id, never its content, and may lose, double, delay or reorder rings: the ledger knows every job,
//! and the dispatcher rings again. What a ring means is decided by the ledger's lease alone.
//!
//! apalis runs the workers, over Redis or in this process. Its retries, time limits and states are not used: a handler
//! always ends well for apalis, and a worker that apalis gives up is started anew by our own supervisor.

mod answer;
mod backoff;
mod embedded;
mod redis;
#[cfg(test)]
pub(crate) mod tests;

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use backoff::Backoff;
pub use embedded::Embedded;
pub use redis::Redis;

use crate::job::JobId;

/// Why a ring did not go out, or the doorbell did not answer.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The address is not one of Redis.
    #[error("not the address of a Redis server")]
    Address(#[source] ::redis::RedisError),
    /// A queue's name would be misread by apalis.
    #[error("a queue's name is letters, digits, '-', '_', '{{' and '}}', not {0:?}")]
    Name(String),
    /// Redis did not answer, or refused.
    #[error("Redis did not answer")]
    Redis(#[from] ::redis::RedisError),
    /// apalis could not push.
    #[error("the ring could not be pushed")]
    Push(#[from] apalis_redis::Error),
    /// Redis did not answer in time.
    #[error("Redis did not answer in time")]
    TooSlow,
    /// The process's own doorbell has no listener left.
    #[error("nobody can answer any more")]
    Closed,
}

/// The doorbell of this installation. Clones are the same doorbell.
#[derive(Debug, Clone)]
pub enum Doorbell {
    /// Within this process.
    Embedded(Embedded),
    /// Between processes.
    Redis(Redis),
    /// In the hands of a test.
    #[cfg(test)]
    Scripted(tests::Scripted),
}

impl Doorbell {
    /// A doorbell within this process.
    pub fn embedded() -> Self {
        Self::Embedded(Embedded::new())
    }

    /// Whether there can be a doorbell over this Redis; asks it nothing.
    ///
    /// # Errors
    /// As [`Doorbell::redis`].
    pub fn examine(address: &str, queue: &str) -> Result<(), QueueError> {
        Redis::client(address, queue).map(drop)
    }

    /// A doorbell over Redis. Has to be called within a tokio runtime. Connects
    /// when first used, so that an absent Redis does not keep the program from starting.
    /// `queue` keeps installations that share a Redis apart; see [`Redis::QUEUE`].
    ///
    /// # Errors
    /// [`QueueError::Address`], [`QueueError::Name`].
    pub fn redis(address: &str, queue: &str) -> Result<Self, QueueError> {
        Redis::new(address, queue).map(Self::Redis)
    }

    /// Rings for `jobs`. A job is rung once under one `ring_no`; the number is milliseconds since 1970, so that
    /// forgotten rings tell their age.
    ///
    /// # Errors
    /// Some of the rings may have gone out then; ringing again is harmless.
    pub async fn ring(&self, jobs: &[JobId], ring_no: i64) -> Result<(), QueueError> {
        match self {
            Self::Embedded(bell) => bell.ring(jobs),
            Self::Redis(bell) => bell.ring(jobs, ring_no).await,
            #[cfg(test)]
            Self::Scripted(bell) => bell.ring(jobs),
        }
    }

    /// Rings that are out and not yet answered to the end.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn depth(&self) -> Result<u64, QueueError> {
        match self {
            Self::Embedded(bell) => Ok(bell.depth()),
            Self::Redis(bell) => bell.depth().await,
            #[cfg(test)]
            Self::Scripted(bell) => Ok(bell.depth()),
        }
    }

    /// The rings that are out, up to some thousands; `None` for an entry that is no ring.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn rings(&self) -> Result<Vec<Option<JobId>>, QueueError> {
        match self {
            Self::Embedded(_) => Ok(Vec::new()),
            Self::Redis(bell) => Ok(bell.rings().await?),
            #[cfg(test)]
            Self::Scripted(_) => Ok(Vec::new()),
        }
    }

    /// How the server is set to treat memory and disk, as far as it tells.
    pub async fn server_settings(&self) -> BTreeMap<String, String> {
        match self {
            Self::Embedded(_) => BTreeMap::new(),
            Self::Redis(bell) => bell.server_settings().await,
            #[cfg(test)]
            Self::Scripted(_) => BTreeMap::new(),
        }
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// When Redis does not answer within three seconds.
    pub async fn ping(&self) -> Result<(), QueueError> {
        match self {
            Self::Embedded(_) => Ok(()),
            Self::Redis(bell) => bell.ping().await,
            #[cfg(test)]
            Self::Scripted(_) => Ok(()),
        }
    }

    /// Answers rings with `handler`, up to `concurrency` at a time, until `shutdown` turns true; then takes no more,
    /// waits for the handlers that run, and returns. A handler runs to its end even when the doorbell breaks down
    /// meanwhile. `name_prefix` names the workers; each start of one has a name of its own.
    pub async fn answer<Handler, Done>(
        &self,
        name_prefix: &str,
        concurrency: usize,
        handler: Handler,
        shutdown: watch::Receiver<bool>,
    ) where
        Handler: Fn(JobId) -> Done + Send + Sync + 'static,
        Done: Future<Output = ()> + Send + 'static,
    {
        let answerer = answer::Answerer::new(concurrency, handler);
        match self {
            Self::Embedded(bell) => answer::supervise(bell, name_prefix, answerer, shutdown).await,
            Self::Redis(bell) => answer::supervise(bell, name_prefix, answerer, shutdown).await,
            // The test takes the rings itself.
            #[cfg(test)]
            Self::Scripted(_) => {}
        }
    }
}

/// What a ring says. Versioned, so that a later program can say more.
#[derive(Debug, Serialize, Deserialize)]
struct Ring {
    v: u32,
    job: String,
}

const RING_VERSION: u32 = 1;

/// The bytes of a ring: `{"v":1,"job":"<uuid>"}`.
fn written(job: JobId) -> Vec<u8> {
    format!(r#"{{"v":{RING_VERSION},"job":"{job}"}}"#).into_bytes()
}

/// Reads a ring; `None` for anything else, whoever wrote it.
fn read(bytes: &[u8]) -> Option<JobId> {
    let ring: Ring = serde_json::from_slice(bytes).ok()?;
    if ring.v != RING_VERSION {
        return None;
    }
    JobId::from_str(&ring.job).ok()
}
