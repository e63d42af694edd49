//! Deliveries: events on their way to webhooks, leased and fenced as jobs are. No delivery changes a job.

use std::time::Duration;

use sqlx::{Any, AnyConnection, Row, Transaction, any::AnyRow};

use super::{Ledger, LedgerError, leave, millis, rows};
use crate::{access::Networks, traces::TraceContext};

/// A delivery that this process makes now.
#[derive(Debug, Clone)]
pub struct Parcel {
    pub webhook: String,
    pub url: String,
    /// Sealed; the newest first.
    pub secrets: Vec<String>,
    /// Networks beside the public ones into which it may go.
    pub reach: Networks,
    pub message_id: String,
    pub body: String,
    /// Tries of the schedule before this one.
    pub tries: u32,
    /// Where the job's caller was in a trace.
    pub trace: Option<TraceContext>,
    delivery: i64,
    fence: i64,
}

/// How a try went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    pub took: Duration,
    pub status: Option<u16>,
    /// Why there is no status, in a word.
    pub fault: Option<&'static str>,
}

/// What becomes of a delivery after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    Delivered,
    /// To be tried again after so long.
    Again(Duration),
    /// It is not tried any more.
    GivenUp,
    /// The address is gone for good: nothing is sent there any more.
    Gone,
}

/// How long an address that fails is left alone, and when it is given up.
#[derive(Debug, Clone, Copy)]
pub struct Forbearance {
    /// After [`BREAKS_AFTER`] failures in a row nothing is sent for so long, and twice as long after each further one …
    pub rest: Duration,
    /// … up to so long.
    pub longest_rest: Duration,
    /// An address to which nothing was delivered for so long is disabled.
    pub disable_after: Duration,
}

/// Deliveries under way to one address at a time; to one that fails, one.
const IN_FLIGHT: i64 = 4;
const BREAKS_AFTER: i64 = 5;
/// Addresses served in one transaction.
const ADDRESSES: i64 = 50;
const PAGE: i64 = 500;

/// Deliveries that may be under way to an address that failed so often in a row.
pub(super) fn most_under_way(failures: i64) -> i64 {
    if failures >= BREAKS_AFTER { 1 } else { IN_FLIGHT }
}

/// Puts an event into the post for a webhook, once.
pub(super) async fn post(
    tx: &mut AnyConnection,
    webhook: &str,
    (message_id, kind, seq): (&str, &str, Option<i64>),
    (body, now): (&str, i64),
) -> Result<u64, LedgerError> {
    let posted = sqlx::query(
        "INSERT INTO delivery (webhook, message_id, type, seq, body, created_at, due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (webhook, message_id) DO NOTHING",
    );
    let posted = posted.bind(webhook).bind(message_id).bind(kind).bind(seq).bind(body).bind(now).bind(now);
    Ok(posted.execute(tx).await?.rows_affected())
}

impl Ledger {
    /// Returns when something was posted in this process since the last return.
    pub async fn mail_arrived(&self) {
        self.inner.mail.notified().await;
    }

    /// Takes up to `limit` due deliveries for `lease`: first to whoever was served longest ago, to each only a few.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn lease_parcels(&self, limit: usize, lease: Duration) -> Result<Vec<Parcel>, LedgerError> {
        // Asked of a reader: mostly nothing is due, and the writer has better to do.
        let due = "SELECT 1 FROM delivery WHERE state = 'waiting' AND due_at <= {now} \
                   AND (lease_until IS NULL OR lease_until <= {now}) AND EXISTS (SELECT 1 FROM webhook AS w \
                   WHERE w.id = delivery.webhook AND disabled_at IS NULL AND rests_until <= {now}) LIMIT 1";
        if limit == 0 || sqlx::query(self.say(due)).fetch_optional(&self.inner.readers).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = self.begin().await?;
        let now = self.now(&mut tx).await?;
        let addresses = sqlx::query(self.say(
            "SELECT id, url, secret, CASE WHEN old_until > $1 THEN old_secret END AS old_secret, failures, \
             (SELECT reach FROM organisation WHERE id = w.organisation) AS reach FROM webhook AS w \
             WHERE disabled_at IS NULL AND rests_until <= $1 AND EXISTS (SELECT 1 FROM delivery AS d \
             WHERE d.webhook = w.id AND state = 'waiting' AND due_at <= $1 \
             AND (lease_until IS NULL OR lease_until <= $1)) ORDER BY served_at, id LIMIT $2{lock_free}",
        ))
        .bind(now)
        .bind(ADDRESSES)
        .fetch_all(&mut *tx)
        .await?;
        let mut parcels = Vec::new();
        for address in &addresses {
            let room = i64::try_from(limit.saturating_sub(parcels.len())).unwrap_or(i64::MAX);
            if room == 0 {
                break;
            }
            parcels.extend(self.load(&mut tx, address, (room, now, millis(lease))).await?);
        }
        if parcels.is_empty() {
            return leave(tx, parcels).await;
        }
        tx.commit().await?;
        Ok(parcels)
    }

    async fn load(
        &self,
        tx: &mut AnyConnection,
        address: &AnyRow,
        (room, now, lease): (i64, i64, i64),
    ) -> Result<Vec<Parcel>, LedgerError> {
        let webhook: String = address.try_get("id")?;
        let under_way = "SELECT count(*) FROM delivery WHERE webhook = $1 AND state = 'waiting' AND lease_until > $2";
        let under_way: i64 = sqlx::query_scalar(under_way).bind(webhook.as_str()).bind(now).fetch_one(&mut *tx).await?;
        let room = room.min(most_under_way(address.try_get("failures")?) - under_way);
        if room <= 0 {
            return Ok(Vec::new());
        }
        let due = sqlx::query(
            "SELECT id, message_id, body, tries, fence, (SELECT traceparent FROM job WHERE id = \
             (SELECT job_id FROM event WHERE event_id = delivery.message_id)) AS traceparent FROM delivery \
             WHERE webhook = $1 AND state = 'waiting' AND due_at <= $2 \
             AND (lease_until IS NULL OR lease_until <= $2) ORDER BY due_at, id LIMIT $3",
        );
        let due = due.bind(webhook.as_str()).bind(now).bind(room).fetch_all(&mut *tx).await?;
        let secrets: [Option<String>; 2] = [address.try_get("secret")?, address.try_get("old_secret")?];
        let secrets: Vec<String> = secrets.into_iter().flatten().collect();
        let reach: Option<&str> = address.try_get("reach")?;
        let reach: Networks = reach.map(|reach| rows::json("networks", reach)).transpose()?.unwrap_or_default();
        let mut parcels = Vec::with_capacity(due.len());
        for row in &due {
            let delivery: i64 = row.try_get("id")?;
            let fence = row.try_get::<i64, _>("fence")? + 1;
            sqlx::query("UPDATE delivery SET fence = $1, lease_until = $2 WHERE id = $3")
                .bind(fence)
                .bind(now.saturating_add(lease))
                .bind(delivery)
                .execute(&mut *tx)
                .await?;
            parcels.push(Parcel {
                webhook: webhook.clone(),
                url: address.try_get("url")?,
                secrets: secrets.clone(),
                reach: reach.clone(),
                message_id: row.try_get("message_id")?,
                body: row.try_get("body")?,
                tries: rows::count(row, "tries")?,
                trace: rows::trace(row)?,
                delivery,
                fence,
            });
        }
        let served = sqlx::query("UPDATE webhook SET served_at = $1 WHERE id = $2").bind(now).bind(webhook);
        served.execute(tx).await?;
        Ok(parcels)
    }

    /// Writes how a try went. `false`: the lease was lost, or the webhook is no more; nothing was written.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn end_parcel(
        &self,
        parcel: &Parcel,
        tried: Tried,
        (sent, forbearance): (Sent, Forbearance),
    ) -> Result<bool, LedgerError> {
        let mut tx = self.begin().await?;
        let select = "SELECT failures, failing_since, {now} AS moment FROM webhook WHERE id = $1{lock}";
        let webhook = sqlx::query(self.say(select)).bind(parcel.webhook.as_str()).fetch_optional(&mut *tx).await?;
        let Some(webhook) = webhook else { return leave(tx, false).await };
        let now: i64 = webhook.try_get("moment")?;
        let (state, due_at, ended_at) = match sent {
            Sent::Delivered => ("delivered", now, Some(now)),
            Sent::Again(delay) => ("waiting", now.saturating_add(millis(delay)), None),
            Sent::GivenUp | Sent::Gone => ("failed", now, Some(now)),
        };
        let changed = sqlx::query(
            "UPDATE delivery SET state = $1, due_at = $2, ended_at = $3, lease_until = NULL, tries = tries + 1 \
             WHERE id = $4 AND fence = $5 AND state = 'waiting'",
        )
        .bind(state)
        .bind(due_at)
        .bind(ended_at)
        .bind(parcel.delivery)
        .bind(parcel.fence)
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 0 {
            return leave(tx, false).await;
        }
        sqlx::query(
            "INSERT INTO delivery_try (delivery, fence, at, millis, status, fault) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(parcel.delivery)
        .bind(parcel.fence)
        .bind(now)
        .bind(millis(tried.took))
        .bind(tried.status.map(i64::from))
        .bind(tried.fault)
        .execute(&mut *tx)
        .await?;
        judge(&mut tx, &parcel.webhook, &webhook, (sent, forbearance)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Forgets a page of deliveries that were posted longer ago than `keep` and have ended, or wait for a webhook that is
    /// disabled. Returns how many.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn forget_deliveries(&self, keep: Duration) -> Result<u64, LedgerError> {
        let mut tx = self.begin().await?;
        let old = sqlx::query_scalar(self.say(
            "SELECT id FROM delivery WHERE created_at <= {now} - $1 AND (state <> 'waiting' OR NOT EXISTS \
             (SELECT 1 FROM webhook WHERE id = delivery.webhook AND disabled_at IS NULL)) LIMIT $2",
        ));
        let old: Vec<i64> = old.bind(millis(keep)).bind(PAGE).fetch_all(&mut *tx).await?;
        for id in &old {
            sqlx::query("DELETE FROM delivery_try WHERE delivery = $1").bind(id).execute(&mut *tx).await?;
            sqlx::query("DELETE FROM delivery WHERE id = $1").bind(id).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(old.len() as u64)
    }
}

/// What a try says about its address.
async fn judge(
    tx: &mut Transaction<'static, Any>,
    id: &str,
    webhook: &AnyRow,
    (sent, forbearance): (Sent, Forbearance),
) -> Result<(), LedgerError> {
    if sent == Sent::Delivered {
        let well = "UPDATE webhook SET failures = 0, failing_since = NULL, rests_until = 0 WHERE id = $1";
        sqlx::query(well).bind(id).execute(&mut **tx).await?;
        return Ok(());
    }
    let now: i64 = webhook.try_get("moment")?;
    let failures = webhook.try_get::<i64, _>("failures")? + 1;
    let since = webhook.try_get::<Option<i64>, _>("failing_since")?.unwrap_or(now);
    let rest = match u32::try_from(failures - BREAKS_AFTER) {
        Ok(further) => forbearance.rest.saturating_mul(1 << further.min(16)).min(forbearance.longest_rest),
        Err(_fewer) => Duration::ZERO,
    };
    let why = match sent {
        Sent::Gone => Some("gone"),
        Sent::Delivered | Sent::Again(_) | Sent::GivenUp => {
            (now - since >= millis(forbearance.disable_after)).then_some("failing")
        }
    };
    sqlx::query(
        "UPDATE webhook SET failures = $1, failing_since = $2, rests_until = $3, \
         disabled_at = coalesce(disabled_at, $4), disabled_why = coalesce(disabled_why, $5) WHERE id = $6",
    )
    .bind(failures)
    .bind(since)
    .bind(now.saturating_add(millis(rest)))
    .bind(why.map(|_| now))
    .bind(why)
    .bind(id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
