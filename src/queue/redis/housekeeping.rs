//! What apalis-redis leaves lying: finished rings, rings of dead workers, rings that end every worker that gets them.
//!
//! Rings are expendable, for the ledger knows the jobs and rings again; so everything doubtful is thrown away.

use std::time::Duration;

use ::redis::{AsyncCommands, Pipeline, RedisResult, Value};
use apalis::prelude::WorkerContext;
use apalis_redis::queries::deserialize_with_meta;
use tracing::warn;

use super::Redis;

const BETWEEN_CLEANINGS: Duration = Duration::from_secs(60);
/// Entries handled in one step, so that Redis is never blocked for long.
const PAGE: usize = 500;
/// A ring of this age is answered by nobody.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);
/// From 8,000 due rings on, every fetch of apalis fails for ever. The dispatcher keeps far below; more is not ours.
const MOST_SCHEDULED: isize = 4_000;
/// How long Redis keeps the name of a worker that could not say good-bye, in seconds.
const NAME_KEPT: i64 = 86_400;

impl Redis {
    /// Before a worker starts: throws away what would end it, and lets its name expire.
    pub(super) async fn make_room_for(&self, worker: &str) -> RedisResult<()> {
        let mut connection = self.connection();
        let policy: Vec<String> = ::redis::cmd("CONFIG")
            .arg("GET")
            .arg("maxmemory-policy")
            .query_async(&mut connection)
            .await
            // A hosted Redis may forbid the question.
            .unwrap_or_default();
        if policy.get(1).is_some_and(|policy| policy != "noeviction") {
            warn!(redis.policy = policy[1], "Redis may throw keys away; set maxmemory-policy noeviction");
        }
        let _too_many: u64 = connection.zremrangebyrank(self.config.scheduled_jobs_set(), MOST_SCHEDULED, -1).await?;
        self.drop_unreadable().await?;
        let name = self.config.worker_metadata_key(&WorkerContext::new(worker));
        ::redis::pipe()
            .hset(&name, "service", "doorbell")
            .ignore()
            .expire(&name, NAME_KEPT)
            .ignore()
            .query_async(&mut connection)
            .await
    }

    /// After a worker has gone: its unanswered rings wait again, and its name is forgotten.
    pub(super) async fn give_back(&self, worker: &str) -> RedisResult<()> {
        let mut connection = self.connection();
        let held: Vec<String> = connection.smembers(self.in_flight(worker)).await?;
        let mut pipe = ::redis::pipe();
        pipe.atomic();
        for id in &held {
            pipe.rpush(self.config.active_jobs_list(), id).ignore();
        }
        pipe.del(self.in_flight(worker))
            .ignore()
            .zrem(self.config.workers_set(), worker)
            .ignore()
            .del(self.config.worker_metadata_key(&WorkerContext::new(worker)))
            .ignore()
            .query_async(&mut connection)
            .await
    }

    /// Cleans every minute, for as long as it is polled.
    pub(super) async fn keep_clean(&self) {
        loop {
            tokio::time::sleep(BETWEEN_CLEANINGS).await;
            if let Err(error) = self.clean(FORGOTTEN_AFTER).await {
                warn!(%error, "Redis could not be cleaned");
            }
        }
    }

    /// Removes every trace of answered rings, and of rings older than `forgotten_after` wherever they lie.
    pub(in crate::queue) async fn clean(&self, forgotten_after: Duration) -> RedisResult<()> {
        for set in [self.config.done_jobs_set(), self.config.dead_jobs_set()] {
            self.clean_answered(&set).await?;
        }
        self.clean_forgotten(forgotten_after).await
    }

    async fn clean_answered(&self, set: &str) -> RedisResult<()> {
        let mut connection = self.connection();
        let mut cursor = 0_u64;
        loop {
            let (next, ids): (u64, Vec<Vec<u8>>) =
                ::redis::cmd("SSCAN").arg(set).arg(cursor).arg("COUNT").arg(PAGE).query_async(&mut connection).await?;
            let mut pipe = ::redis::pipe();
            for id in &ids {
                self.forget(&mut pipe, id);
                pipe.srem(set, id).ignore();
            }
            if !ids.is_empty() {
                let () = pipe.query_async(&mut connection).await?;
            }
            cursor = next;
            if cursor == 0 {
                return Ok(());
            }
        }
    }

    async fn clean_forgotten(&self, forgotten_after: Duration) -> RedisResult<()> {
        let mut connection = self.connection();
        let (seconds, micros): (u64, u64) = ::redis::cmd("TIME").query_async(&mut connection).await?;
        let now = Duration::from_secs(seconds) + Duration::from_micros(micros);
        let oldest = now.saturating_sub(forgotten_after).as_millis();
        let mut cursor = 0_u64;
        loop {
            let (next, entries): (u64, Vec<Vec<u8>>) = ::redis::cmd("HSCAN")
                .arg(self.config.job_data_hash())
                .arg(cursor)
                .arg("COUNT")
                .arg(PAGE)
                .query_async(&mut connection)
                .await?;
            let mut pipe = ::redis::pipe();
            pipe.atomic();
            let forgotten = entries.iter().step_by(2).filter(|id| rung_at(id).is_some_and(|at| at < oldest));
            let mut found = false;
            for id in forgotten {
                found = true;
                pipe.zrem(self.config.scheduled_jobs_set(), id).ignore();
                pipe.lrem(self.config.active_jobs_list(), 0, id).ignore();
                self.forget(&mut pipe, id);
            }
            if found {
                let () = pipe.query_async(&mut connection).await?;
            }
            cursor = next;
            if cursor == 0 {
                return Ok(());
            }
        }
    }

    /// Throws away waiting rings whose task apalis cannot read: each would end the worker that fetches it.
    async fn drop_unreadable(&self) -> RedisResult<()> {
        let mut connection = self.connection();
        let active = self.config.active_jobs_list();
        let waiting: isize = connection.llen(&active).await?;
        let mut unreadable = Vec::new();
        for from in (0..waiting).step_by(PAGE) {
            let ids: Vec<Vec<u8>> = connection.lrange(&active, from, from + PAGE as isize - 1).await?;
            if ids.is_empty() {
                break;
            }
            let mut pipe = ::redis::pipe();
            for id in &ids {
                pipe.hget(self.config.job_data_hash(), id).hgetall(self.meta(id));
            }
            let stored: Vec<Value> = pipe.query_async(&mut connection).await?;
            let readable = stored.chunks(2).map(is_readable);
            unreadable.extend(ids.into_iter().zip(readable).filter(|(_, readable)| !readable).map(|(id, _)| id));
        }
        for some in unreadable.chunks(PAGE) {
            let mut pipe = ::redis::pipe();
            for id in some {
                pipe.lrem(&active, 0, id).ignore();
                self.forget(&mut pipe, id);
            }
            let () = pipe.query_async(&mut connection).await?;
        }
        if !unreadable.is_empty() {
            warn!(rings = unreadable.len(), "Rings that apalis cannot read were dropped");
        }
        Ok(())
    }

    /// Removes a task's content.
    fn forget(&self, pipe: &mut Pipeline, id: &[u8]) {
        pipe.hdel(self.config.job_data_hash(), id).ignore();
        pipe.del(self.meta(id)).ignore();
    }

    /// Key of a task's fields.
    fn meta(&self, id: &[u8]) -> Vec<u8> {
        [self.config.job_meta_hash().as_bytes(), b":", id].concat()
    }

    /// Key of the set of rings that a worker holds.
    pub(super) fn in_flight(&self, worker: &str) -> String {
        self.config.inflight_set_for(&WorkerContext::new(worker))
    }
}

/// Whether apalis can read a task stored as these bytes and these fields; its own reader decides.
fn is_readable(stored: &[Value]) -> bool {
    let [data, Value::Array(fields)] = stored else { return false };
    let fields = [&[Value::BulkString(b"an-id".to_vec())], fields.as_slice()].concat();
    deserialize_with_meta(vec![Value::Array(vec![data.clone()]), Value::Array(vec![Value::Array(fields)])]).is_ok()
}

/// When a ring went out, in milliseconds since 1970, from its id `job:ring_no`.
fn rung_at(id: &[u8]) -> Option<u128> {
    std::str::from_utf8(id).ok()?.rsplit_once(':')?.1.parse().ok()
}
