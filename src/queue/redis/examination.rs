//! What an operator may ask of the server; nothing here changes anything.

use std::collections::BTreeMap;

use ::redis::{AsyncCommands, RedisResult};
use apalis::prelude::WorkerContext;

use super::Redis;
use crate::{job::JobId, queue::read};

/// Rings looked at; more than the dispatcher ever has out.
const MOST: isize = 8_000;
/// Entries asked for at once.
const PAGE: usize = 500;

impl Redis {
    pub(in crate::queue) async fn rings(&self) -> RedisResult<Vec<Option<JobId>>> {
        let mut connection = self.connection();
        let mut ids: Vec<Vec<u8>> = connection.lrange(self.config.active_jobs_list(), 0, MOST - 1).await?;
        let scheduled: Vec<Vec<u8>> = connection.zrange(self.config.scheduled_jobs_set(), 0, MOST - 1).await?;
        ids.extend(scheduled);
        let workers: Vec<String> = connection.zrange(self.config.workers_set(), 0, -1).await?;
        for worker in workers {
            let held: Vec<Vec<u8>> =
                connection.smembers(self.config.inflight_set_for(&WorkerContext::new(&worker))).await?;
            ids.extend(held);
        }
        let mut rings = Vec::with_capacity(ids.len());
        for some in ids.chunks(PAGE) {
            let mut pipe = ::redis::pipe();
            for id in some {
                pipe.hget(self.config.job_data_hash(), id);
            }
            let bodies: Vec<Option<Vec<u8>>> = pipe.query_async(&mut connection).await?;
            rings.extend(bodies.into_iter().map(|body| body.and_then(|body| read(&body))));
        }
        Ok(rings)
    }

    pub(in crate::queue) async fn server_settings(&self) -> BTreeMap<String, String> {
        let mut settings = BTreeMap::new();
        for name in ["maxmemory-policy", "appendonly", "save"] {
            let mut connection = self.connection();
            let asked = ::redis::cmd("CONFIG").arg("GET").arg(name).query_async(&mut connection).await;
            // A hosted Redis may forbid the question.
            let answer: Vec<String> = asked.unwrap_or_default();
            settings.extend(answer.into_iter().nth(1).map(|value| (name.to_owned(), value)));
        }
        settings
    }
}
