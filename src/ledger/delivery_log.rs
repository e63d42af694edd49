//! What was sent where, and sending it again.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::{Row, any::AnyRow};
use uuid::Uuid;

use super::{Ledger, LedgerError, deliveries, leave, rows};
use crate::{access::OrganisationId, job::event::TRIAL};

/// A delivery and its tries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryRecord {
    /// The event's id, which is the header `webhook-id`.
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// The event's number; none for a trial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<i64>,
    /// `waiting`, `delivered` or `failed`.
    pub state: String,
    pub created_at: DateTime<Utc>,
    /// When it is tried next, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<DateTime<Utc>>,
    pub tries: Vec<TryRecord>,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TryRecord {
    pub at: DateTime<Utc>,
    pub millis: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// What is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The delivery of this event.
    One(String),
    /// Events by their numbers, first and last; also those of its types that were never posted to this webhook.
    Range(i64, i64),
}

/// Events sent again at once.
const MOST: i64 = 1_000;

impl Ledger {
    /// Deliveries of a webhook, the newest first, before the delivery of the event `before`. `None`: no such webhook.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn deliveries(
        &self,
        (whose, webhook): (Option<&OrganisationId>, &str),
        before: Option<&str>,
        limit: u32,
    ) -> Result<Option<Vec<DeliveryRecord>>, LedgerError> {
        if self.webhook(whose, webhook).await?.is_none() {
            return Ok(None);
        }
        let page = sqlx::query(
            "SELECT id, message_id, type, seq, state, created_at, due_at FROM delivery WHERE webhook = $1 \
             AND (CAST($2 AS TEXT) IS NULL \
             OR id < (SELECT id FROM delivery WHERE webhook = $1 AND message_id = $2)) \
             ORDER BY id DESC LIMIT $3",
        );
        let page = page.bind(webhook).bind(before).bind(i64::from(limit)).fetch_all(&self.inner.readers).await?;
        let mut records = Vec::with_capacity(page.len());
        for row in &page {
            let tries =
                sqlx::query("SELECT at, millis, status, fault FROM delivery_try WHERE delivery = $1 ORDER BY fence")
                    .bind(row.try_get::<i64, _>("id")?)
                    .fetch_all(&self.inner.readers)
                    .await?;
            records.push(record(row, &tries)?);
        }
        Ok(Some(records))
    }

    /// Posts a trial: an event of type `webhook.test`. Returns its id. `None`: no such webhook.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn post_trial(
        &self,
        whose: Option<&OrganisationId>,
        webhook: &str,
    ) -> Result<Option<String>, LedgerError> {
        if self.webhook(whose, webhook).await?.is_none() {
            return Ok(None);
        }
        let mut tx = self.begin().await?;
        let now = self.now(&mut tx).await?;
        let id = Uuid::now_v7().to_string();
        let at = DateTime::from_timestamp_millis(now).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true);
        let body: Value = json!({"type": TRIAL, "timestamp": at, "data": {"event_id": id, "webhook_id": webhook}});
        deliveries::post(&mut tx, webhook, (&id, TRIAL, None), (&body.to_string(), now)).await?;
        tx.commit().await?;
        self.inner.mail.notify_one();
        Ok(Some(id))
    }

    /// Sends again, under the same ids and with the whole schedule. Returns how many; `None`: no such webhook.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn redeliver(
        &self,
        (whose, webhook): (Option<&OrganisationId>, &str),
        which: &Which,
    ) -> Result<Option<u64>, LedgerError> {
        let Some(known) = self.webhook(whose, webhook).await? else { return Ok(None) };
        let mut tx = self.begin().await?;
        // Whoever sends holds this row before the deliveries' rows.
        let hold = sqlx::query(self.say("SELECT id FROM webhook WHERE id = $1{lock}")).bind(webhook);
        if hold.fetch_optional(&mut *tx).await?.is_none() {
            return leave(tx, None).await;
        }
        let now = self.now(&mut tx).await?;
        let anew = "UPDATE delivery SET state = 'waiting', due_at = $2, tries = 0, lease_until = NULL, ended_at = NULL \
                    WHERE webhook = $1 AND state <> 'waiting'";
        let sent = match which {
            Which::One(id) => {
                let anew = format!("{anew} AND message_id = $3");
                let anew = sqlx::query(self.say(&anew)).bind(webhook).bind(now).bind(id.as_str());
                anew.execute(&mut *tx).await?.rows_affected()
            }
            Which::Range(first, last) => {
                let last = (*last).min(first.saturating_add(MOST - 1));
                let anew = format!("{anew} AND seq >= $3 AND seq <= $4");
                let anew = sqlx::query(self.say(&anew)).bind(webhook).bind(now).bind(first).bind(last);
                let again = anew.execute(&mut *tx).await?.rows_affected();
                let after = first.saturating_sub(1);
                let mut new = 0;
                for event in self.events_after(&known.organisation, None, after, MOST as u32).await? {
                    if event.sequence > last {
                        break;
                    }
                    if !known.types.contains(&event.kind) {
                        continue;
                    }
                    let (body, kind) = (event.told().to_string(), event.kind.as_str());
                    let letter = (event.id.as_str(), kind, Some(event.sequence));
                    new += deliveries::post(&mut tx, webhook, letter, (&body, now)).await?;
                }
                again + new
            }
        };
        tx.commit().await?;
        self.inner.mail.notify_one();
        Ok(Some(sent))
    }
}

fn record(row: &AnyRow, tries: &[AnyRow]) -> Result<DeliveryRecord, LedgerError> {
    let state: String = row.try_get("state")?;
    let next_try_at = if state == "waiting" { rows::moment(row, "due_at")? } else { None };
    let tried = |row: &AnyRow| {
        Ok(TryRecord {
            at: rows::time(row, "at")?,
            millis: row.try_get("millis")?,
            status: row.try_get("status")?,
            fault: row.try_get("fault")?,
        })
    };
    Ok(DeliveryRecord {
        id: row.try_get("message_id")?,
        kind: row.try_get("type")?,
        sequence: row.try_get("seq")?,
        state,
        created_at: rows::time(row, "created_at")?,
        next_try_at,
        tries: tries.iter().map(tried).collect::<Result<_, LedgerError>>()?,
    })
}
