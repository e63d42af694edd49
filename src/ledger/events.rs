//! The outbox: an event with every change of a job's state, in the change's own transaction.
//!
//! An event gets its number later, from one process at a time, because only that order is the order in which readers see
//! them: of two transactions the one that began first may end last, and a reader that went past its number would miss it.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use serde_json::{Value, json};
use sqlx::{AnyConnection, Row, any::AnyRow};
use uuid::Uuid;

use super::{
    Ledger, LedgerError,
    change::{Note, Standing},
    deliveries, millis, rows,
};
use crate::{
    access::OrganisationId,
    job::{
        JobId, JobState,
        event::{Event, EventType},
        state::JobEvent,
    },
};

/// Events numbered in one transaction, or forgotten.
const PAGE: i64 = 500;
/// Events after a number. Of one job there are few: joined to nothing, the organisation is no way in, which SQLite would
/// take for the shorter one.
const OF_ORGANISATION: &str = "SELECT event_id, organisation, seq, at, type, job_id, state, sha256, code, body FROM event \
                               WHERE organisation = $1 AND seq > $2 ORDER BY seq LIMIT $3";
pub(super) const OF_JOB: &str = "SELECT event_id, organisation, seq, at, type, job_id, state, sha256, code, body FROM event \
                      WHERE job_id = $4 AND organisation || '' = $1 AND seq > $2 ORDER BY seq LIMIT $3";
const KEEP_LAST: &str = "INSERT INTO event_number (organisation, last) VALUES ($1, $2) \
                         ON CONFLICT (organisation) DO UPDATE SET last = excluded.last";
/// No organisation's name: the number above which all begin, also one that is entered anew.
const EVERYBODY: &str = "";
const STEP: i64 = 1_000_000_000;
/// How soon those who follow see what another process has numbered, and that the service stops.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// Adds the event of a change, in the change's transaction.
pub(super) async fn add(
    tx: &mut AnyConnection,
    job: &str,
    (before, change, after): (&Standing, JobEvent, (&Standing, JobState)),
    note: &Note<'_>,
) -> Result<(), LedgerError> {
    // Elsewhere the detail is a worker's name.
    let code = match change {
        JobEvent::Fail | JobEvent::Exhaust | JobEvent::Retry => note.detail,
        JobEvent::Lease
        | JobEvent::Succeed
        | JobEvent::Release
        | JobEvent::Cancel
        | JobEvent::Requeue
        | JobEvent::Drop => None,
    };
    let (after, state) = after;
    sqlx::query(
        "INSERT INTO event (event_id, organisation, at, type, job_id, state, sha256, code) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(Uuid::now_v7().to_string())
    .bind(before.organisation.as_str())
    .bind(before.now)
    .bind(EventType::of(change).as_str())
    .bind(job)
    .bind(state.as_str())
    .bind(after.artifact.as_ref().map(|artifact| artifact.sha256.as_str()))
    .bind(code)
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds the event of a job that was stored in this transaction.
pub(super) async fn add_accepted(tx: &mut AnyConnection, job: &str) -> Result<(), LedgerError> {
    sqlx::query(
        "INSERT INTO event (event_id, organisation, at, type, job_id, state) \
         SELECT $2, organisation, accepted_at, $3, id, state FROM job WHERE id = $1",
    )
    .bind(job)
    .bind(Uuid::now_v7().to_string())
    .bind(EventType::Accepted.as_str())
    .execute(tx)
    .await?;
    Ok(())
}

impl Ledger {
    /// Returns when a job has changed in this process since the last return.
    pub async fn news_arrived(&self) {
        self.inner.news.notified().await;
    }

    /// Gives every event that has none its number, and puts it into the post for each webhook that wants it: in one
    /// transaction, so once. Returns how many.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn number_events(&self) -> Result<u64, LedgerError> {
        let mut numbered = 0;
        loop {
            // Asked of a reader: mostly there are none, and the writer has better to do.
            let new = sqlx::query("SELECT 1 FROM event WHERE seq IS NULL LIMIT 1");
            if new.fetch_optional(&self.inner.readers).await?.is_none() {
                return Ok(numbered);
            }
            numbered += self.number_page().await?;
        }
    }

    async fn number_page(&self) -> Result<u64, LedgerError> {
        let mut tx = self.begin().await?;
        sqlx::query(self.inner.dialect.one_at_a_time()).execute(&mut *tx).await?;
        let new = sqlx::query(
            "SELECT id, event_id, organisation, CAST(0 AS BIGINT) AS seq, at, type, job_id, state, sha256, code, body \
             FROM event WHERE seq IS NULL ORDER BY id LIMIT $1",
        )
        .bind(PAGE)
        .fetch_all(&mut *tx)
        .await?;
        let now = self.now(&mut tx).await?;
        let mut last: HashMap<String, i64> = HashMap::new();
        let mut subscribed: HashMap<String, Vec<(String, Vec<String>)>> = HashMap::new();
        let mut posted = 0;
        for row in &new {
            let organisation: String = row.try_get("organisation")?;
            let seq = match last.get(&organisation) {
                Some(last) => last + 1,
                None => {
                    subscribed.insert(organisation.clone(), self.subscribed(&mut tx, &organisation).await?);
                    last_number(&mut tx, &organisation).await? + 1
                }
            };
            let event = Event { sequence: seq, ..event(row)? };
            let (kind, body) = (event.kind.as_str(), event.told().to_string());
            let letter = (event.id.as_str(), kind, Some(seq));
            for (webhook, types) in subscribed.get(&organisation).into_iter().flatten() {
                if types.iter().any(|wanted| wanted == kind) {
                    posted += deliveries::post(&mut tx, webhook, letter, (&body, now)).await?;
                }
            }
            sqlx::query("UPDATE event SET seq = $1 WHERE id = $2")
                .bind(seq)
                .bind(row.try_get::<i64, _>("id")?)
                .execute(&mut *tx)
                .await?;
            last.insert(organisation, seq);
        }
        for (organisation, last) in last {
            sqlx::query(KEEP_LAST).bind(organisation).bind(last).execute(&mut *tx).await?;
        }
        self.tell_of_batches(&mut tx, &new).await?;
        tx.commit().await?;
        self.inner.numbered.notify_waiters();
        if posted > 0 {
            self.inner.mail.notify_one();
        }
        Ok(new.len() as u64)
    }

    /// Adds the event of each batch whose last job has ended with one of these events. They are numbered one page after the
    /// other, so whichever job ends last, its event comes when all others' ends are seen.
    async fn tell_of_batches(&self, tx: &mut AnyConnection, numbered: &[AnyRow]) -> Result<(), LedgerError> {
        let mut batches = BTreeSet::new();
        for row in numbered {
            let Some(kind) = EventType::parse(row.try_get("type")?) else { continue };
            if !kind.is_end() && kind != EventType::Requeued {
                continue;
            }
            let of_job = sqlx::query_scalar::<_, String>("SELECT batch_id FROM batch_part WHERE job_id = $1");
            for batch in of_job.bind(row.try_get::<&str, _>("job_id")?).fetch_all(&mut *tx).await? {
                if kind == EventType::Requeued {
                    let begins = sqlx::query("UPDATE batch SET ended_at = NULL WHERE id = $1");
                    begins.bind(batch.as_str()).execute(&mut *tx).await?;
                }
                batches.insert(batch);
            }
        }
        for batch in batches {
            self.end_batch(tx, &batch).await?;
        }
        Ok(())
    }

    /// Adds the event of a batch's end, if all its jobs have ended and it was not told before.
    pub(super) async fn end_batch(&self, tx: &mut AnyConnection, batch: &str) -> Result<(), LedgerError> {
        // From behind: what was accepted last ends last, so one look is mostly enough.
        let waits = "SELECT 1 FROM batch_part JOIN job ON job.id = batch_part.job_id \
                     WHERE batch_part.batch_id = $1 AND job.state IN ('accepted', 'running') \
                     ORDER BY batch_part.place DESC LIMIT 1";
        if sqlx::query(waits).bind(batch).fetch_optional(&mut *tx).await?.is_some() {
            return Ok(());
        }
        let ended = sqlx::query(self.say("UPDATE batch SET ended_at = {now} WHERE id = $1 AND ended_at IS NULL"));
        if ended.bind(batch).execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(());
        }
        let found = sqlx::query("SELECT organisation FROM batch WHERE id = $1").bind(batch).fetch_one(&mut *tx).await?;
        let counted = sqlx::query(
            "SELECT job.state AS state, count(*) AS jobs FROM batch_part JOIN job ON job.id = batch_part.job_id \
             WHERE batch_part.batch_id = $1 GROUP BY job.state",
        )
        .bind(batch)
        .fetch_all(&mut *tx)
        .await?;
        let mut counts = serde_json::Map::new();
        for row in &counted {
            counts.insert(rows::state(row)?.as_str().to_owned(), json!(rows::count(row, "jobs")?));
        }
        let body = json!({"batch_id": batch, "counts": counts, "href": format!("/v1/batches/{batch}")});
        let organisation: &str = found.try_get("organisation")?;
        self.add_told(tx, organisation, (EventType::BatchEnded, batch, &body)).await
    }

    /// Adds an event that tells of no job.
    pub(super) async fn add_told(
        &self,
        tx: &mut AnyConnection,
        organisation: &str,
        (kind, about, body): (EventType, &str, &Value),
    ) -> Result<(), LedgerError> {
        sqlx::query(self.say(
            "INSERT INTO event (event_id, organisation, at, type, job_id, state, body) \
             VALUES ($1, $2, {now}, $3, $4, '', $5)",
        ))
        .bind(Uuid::now_v7().to_string())
        .bind(organisation)
        .bind(kind.as_str())
        .bind(about)
        .bind(body.to_string())
        .execute(tx)
        .await?;
        Ok(())
    }

    /// A batch's events and those of its jobs after number `after`, in order.
    pub(super) async fn events_of_batch(
        &self,
        organisation: &OrganisationId,
        batch: JobId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Event>, LedgerError> {
        let found = sqlx::query(
            "SELECT event_id, organisation, seq, at, type, job_id, state, sha256, code, body FROM event \
             WHERE organisation = $1 AND seq > $2 \
             AND (job_id = $3 OR job_id IN (SELECT job_id FROM batch_part WHERE batch_id = $3)) ORDER BY seq LIMIT $4",
        )
        .bind(organisation.as_str())
        .bind(after)
        .bind(batch.to_string())
        .bind(i64::from(limit))
        .fetch_all(&self.inner.readers)
        .await?;
        found.iter().map(event).collect()
    }

    /// Whether a batch has ended and nothing about it comes after number `after`.
    pub(super) async fn batch_is_told(
        &self,
        organisation: &OrganisationId,
        batch: JobId,
        after: i64,
    ) -> Result<bool, LedgerError> {
        // One statement, so one picture: where the last job has ended, its event waits for a number, or the batch's own
        // end does, or that is after `after`, or all is told.
        let more = "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM batch_part JOIN job ON job.id = batch_part.job_id \
                    WHERE batch_part.batch_id = $1 AND job.state IN ('accepted', 'running')) THEN 1 \
                    WHEN EXISTS (SELECT 1 FROM event WHERE seq IS NULL AND (job_id = $1 OR job_id IN \
                    (SELECT job_id FROM batch_part WHERE batch_id = $1))) THEN 1 \
                    WHEN EXISTS (SELECT 1 FROM event WHERE organisation = $2 AND seq > $3 AND (job_id = $1 OR job_id IN \
                    (SELECT job_id FROM batch_part WHERE batch_id = $1))) THEN 1 ELSE 0 END AS BIGINT)";
        let more = sqlx::query_scalar::<_, i64>(more).bind(batch.to_string()).bind(organisation.as_str()).bind(after);
        Ok(more.fetch_one(&self.inner.readers).await? == 0)
    }

    /// An organisation's events after number `after`, in order; only those of one job where one is named.
    pub(super) async fn events_after(
        &self,
        organisation: &OrganisationId,
        job: Option<JobId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Event>, LedgerError> {
        // A statement of its own, so that a job's events are found by the job and not among all of its organisation's.
        let found = match job {
            None => sqlx::query(OF_ORGANISATION),
            Some(_) => sqlx::query(OF_JOB),
        };
        let found = found.bind(organisation.as_str()).bind(after).bind(i64::from(limit));
        let found = match job {
            None => found,
            Some(job) => found.bind(job.to_string()),
        };
        found.fetch_all(&self.inner.readers).await?.iter().map(event).collect()
    }

    /// Returns when events were numbered in this process, or may have been in another.
    pub(super) async fn events_numbered(&self) {
        let _asked_anyway = tokio::time::timeout(FOLLOW_EVERY, self.inner.numbered.notified()).await;
    }

    /// Number (once it has one) and type of a job's newest event. `None`: no such job, or its events are forgotten.
    pub(super) async fn newest_event(
        &self,
        organisation: &OrganisationId,
        job: JobId,
    ) -> Result<Option<(Option<i64>, EventType)>, LedgerError> {
        let newest = "SELECT seq, type FROM event WHERE job_id = $1 AND organisation = $2 ORDER BY id DESC LIMIT 1";
        let newest = sqlx::query(newest).bind(job.to_string()).bind(organisation.as_str());
        let Some(row) = newest.fetch_optional(&self.inner.readers).await? else { return Ok(None) };
        let kind: &str = row.try_get("type")?;
        let kind = EventType::parse(kind).ok_or_else(|| rows::unreadable("event type", kind))?;
        Ok(Some((row.try_get("seq")?, kind)))
    }

    /// Lifts the numbers of every organisation above all that was given after the picture this ledger was made of: a number
    /// that one of its readers has seen is never given to another event. The clock is above them, in milliseconds,
    /// however often the same picture is put back; where it is behind, a step that no organisation fills.
    pub(super) async fn lift_numbers(&self) -> Result<(), LedgerError> {
        let mut tx = self.begin().await?;
        sqlx::query(self.inner.dialect.one_at_a_time()).execute(&mut *tx).await?;
        let now = self.now(&mut tx).await?;
        let last = "SELECT CAST(coalesce(max(last), 0) AS BIGINT) FROM event_number";
        let last = sqlx::query_scalar::<_, i64>(last).fetch_one(&mut *tx).await?;
        let lifted = if now > last { now } else { last.saturating_add(STEP) };
        sqlx::query(KEEP_LAST).bind(EVERYBODY).bind(lifted).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    /// The number above which the organisation's next event stands: its newest event's, or where a restore began anew; 0
    /// where there was neither.
    pub(super) async fn last_event(&self, organisation: &OrganisationId) -> Result<i64, LedgerError> {
        last_number(&mut *self.inner.readers.acquire().await?, organisation.as_str()).await
    }

    /// Forgets a page of events that are older than `keep`. Returns how many; as long as there are any, more may wait.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn forget_events(&self, keep: Duration) -> Result<u64, LedgerError> {
        let forgotten = sqlx::query(self.say(
            "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at <= {now} - $1 AND seq IS NOT NULL \
             ORDER BY at LIMIT $2)",
        ));
        Ok(forgotten.bind(millis(keep)).bind(PAGE).execute(&self.inner.writer).await?.rows_affected())
    }
}

async fn last_number(connection: &mut AnyConnection, organisation: &str) -> Result<i64, LedgerError> {
    let last = "SELECT CAST(coalesce(max(last), 0) AS BIGINT) FROM event_number WHERE organisation IN ($1, $2)";
    Ok(sqlx::query_scalar(last).bind(organisation).bind(EVERYBODY).fetch_one(connection).await?)
}

fn event(row: &AnyRow) -> Result<Event, LedgerError> {
    let kind: &str = row.try_get("type")?;
    let job: &str = row.try_get("job_id")?;
    Ok(Event {
        id: row.try_get("event_id")?,
        organisation: row.try_get("organisation")?,
        sequence: row.try_get("seq")?,
        at: rows::time(row, "at")?,
        kind: EventType::parse(kind).ok_or_else(|| rows::unreadable("event type", kind))?,
        job: job.parse().map_err(|error| rows::unreadable("job id", error))?,
        state: if row.try_get::<&str, _>("state")?.is_empty() { None } else { Some(rows::state(row)?) },
        sha256: row.try_get("sha256")?,
        code: row.try_get("code")?,
        body: row.try_get::<Option<&str>, _>("body")?.map(|text| rows::json("event", text)).transpose()?,
    })
}
