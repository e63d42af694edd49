//! Webhooks: to which address an organisation's events are sent, signed with what.
//!
//! A secret comes here sealed; the ledger cannot read it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{AnyConnection, Row, any::AnyRow};
use uuid::Uuid;

use super::{Ledger, LedgerError, leave, millis, organisations::written, rows};
use crate::{
    access::{Networks, OrganisationId},
    job::event::EventType,
};

/// An address that gets events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// UUID.
    pub id: String,
    pub organisation: OrganisationId,
    pub url: String,
    /// What is sent there.
    pub types: Vec<EventType>,
    pub created_at: DateTime<Utc>,
    /// Until when signatures with the secret before are sent too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_secret_until: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<DateTime<Utc>>,
    /// `operator`, `gone` (it answered 410) or `failing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_why: Option<String>,
    /// Since when nothing has been delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<DateTime<Utc>>,
}

/// What a webhook is to be.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    pub organisation: OrganisationId,
    pub url: String,
    pub types: Vec<EventType>,
    /// Sealed.
    pub secret: String,
}

/// What came of adding a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookOutcome {
    Added(Box<Webhook>),
    /// The organisation has as many as it may.
    TooMany,
    /// No such organisation.
    UnknownOrganisation,
}

/// Webhooks of one organisation.
const MOST: i64 = 10;
const SELECT: &str = "SELECT id, organisation, url, types, created_at, disabled_at, disabled_why, failing_since, \
                      CASE WHEN old_until > {now} THEN old_until END AS old_until FROM webhook";

/// A webhook of this organisation, or of any where none is named.
const REACHED: &str = "WHERE id = $1 AND organisation = coalesce($2, organisation)";

impl Ledger {
    /// Adds a webhook under `id`, to which its secret is sealed.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn add_webhook(&self, id: Uuid, new: &NewWebhook) -> Result<WebhookOutcome, LedgerError> {
        let mut tx = self.begin().await?;
        // The organisation's row is held, so that two who add at once are counted one after the other.
        let select = "SELECT (SELECT count(*) FROM webhook WHERE organisation = $1) AS webhooks \
                      FROM organisation WHERE id = $1{lock}";
        let row = sqlx::query(self.say(select)).bind(new.organisation.as_str()).fetch_optional(&mut *tx).await?;
        let Some(row) = row else { return leave(tx, WebhookOutcome::UnknownOrganisation).await };
        if row.try_get::<i64, _>("webhooks")? >= MOST {
            return leave(tx, WebhookOutcome::TooMany).await;
        }
        let types: Vec<&str> = new.types.iter().map(|kind| kind.as_str()).collect();
        let types = serde_json::to_string(&types).map_err(|error| rows::unreadable("types", error))?;
        let id = id.to_string();
        sqlx::query(self.say(
            "INSERT INTO webhook (id, organisation, url, types, secret, created_at) \
             SELECT $1, $2, $3, $4, $5, {now}",
        ))
        .bind(id.as_str())
        .bind(new.organisation.as_str())
        .bind(new.url.as_str())
        .bind(types)
        .bind(new.secret.as_str())
        .execute(&mut *tx)
        .await?;
        let select = format!("{SELECT} WHERE id = $1");
        let added = webhook(&sqlx::query(self.say(&select)).bind(id).fetch_one(&mut *tx).await?)?;
        tx.commit().await?;
        Ok(WebhookOutcome::Added(Box::new(added)))
    }

    /// Webhooks, those of one organisation where one is named.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn webhooks(&self, whose: Option<&OrganisationId>) -> Result<Vec<Webhook>, LedgerError> {
        let select = format!("{SELECT} WHERE organisation = coalesce($1, organisation) ORDER BY organisation, id");
        let select = sqlx::query(self.say(&select)).bind(whose.map(OrganisationId::as_str));
        select.fetch_all(&self.inner.readers).await?.iter().map(webhook).collect()
    }

    /// One webhook.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn webhook(&self, whose: Option<&OrganisationId>, id: &str) -> Result<Option<Webhook>, LedgerError> {
        let select = format!("{SELECT} {REACHED}");
        let select = sqlx::query(self.say(&select)).bind(id).bind(whose.map(OrganisationId::as_str));
        select.fetch_optional(&self.inner.readers).await?.as_ref().map(webhook).transpose()
    }

    /// Gives a webhook a new sealed secret; the one before is good for `overlap` more. `false`: there is no such webhook.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn rotate_secret(
        &self,
        whose: Option<&OrganisationId>,
        id: &str,
        (secret, overlap): (&str, Duration),
    ) -> Result<bool, LedgerError> {
        let change = format!("UPDATE webhook SET old_secret = secret, old_until = {{now}} + $4, secret = $3 {REACHED}");
        let change = sqlx::query(self.say(&change)).bind(id).bind(whose.map(OrganisationId::as_str));
        let changed = change.bind(secret).bind(millis(overlap)).execute(&self.inner.writer).await?;
        Ok(changed.rows_affected() > 0)
    }

    /// Sends nothing there any more. `false`: there is no such webhook.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn disable_webhook(&self, whose: Option<&OrganisationId>, id: &str) -> Result<bool, LedgerError> {
        let change = "UPDATE webhook SET disabled_at = coalesce(disabled_at, {now}), \
                      disabled_why = coalesce(disabled_why, 'operator')";
        self.change_webhook(whose, id, change).await
    }

    /// Sends there again, beginning with what waits. `false`: there is no such webhook.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn enable_webhook(&self, whose: Option<&OrganisationId>, id: &str) -> Result<bool, LedgerError> {
        let change = "UPDATE webhook SET disabled_at = NULL, disabled_why = NULL, failing_since = NULL, failures = 0, \
                      rests_until = 0";
        let changed = self.change_webhook(whose, id, change).await?;
        self.inner.mail.notify_one();
        Ok(changed)
    }

    async fn change_webhook(
        &self,
        whose: Option<&OrganisationId>,
        id: &str,
        change: &str,
    ) -> Result<bool, LedgerError> {
        let change = format!("{change} {REACHED}");
        let change = sqlx::query(self.say(&change)).bind(id).bind(whose.map(OrganisationId::as_str));
        Ok(change.execute(&self.inner.writer).await?.rows_affected() > 0)
    }

    /// Forgets a webhook and its deliveries. `false`: there is no such webhook.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn remove_webhook(&self, whose: Option<&OrganisationId>, id: &str) -> Result<bool, LedgerError> {
        let mut tx = self.begin().await?;
        let remove = format!("DELETE FROM webhook {REACHED}");
        let remove = sqlx::query(self.say(&remove)).bind(id).bind(whose.map(OrganisationId::as_str));
        if remove.execute(&mut *tx).await?.rows_affected() == 0 {
            return leave(tx, false).await;
        }
        for statement in [
            "DELETE FROM delivery_try WHERE delivery IN (SELECT id FROM delivery WHERE webhook = $1)",
            "DELETE FROM delivery WHERE webhook = $1",
        ] {
            sqlx::query(statement).bind(id).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The networks, beside the public ones, into which an organisation's calls may go. `None`: no such organisation.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn reach(&self, organisation: &OrganisationId) -> Result<Option<Networks>, LedgerError> {
        let reach = sqlx::query("SELECT reach FROM organisation WHERE id = $1").bind(organisation.as_str());
        let reach = reach.fetch_optional(&self.inner.readers).await?;
        reach.map(|row| rows::json("networks", row.try_get("reach")?)).transpose()
    }

    /// Sets them. `false`: no such organisation.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn set_reach(&self, organisation: &OrganisationId, reach: &Networks) -> Result<bool, LedgerError> {
        let change = sqlx::query("UPDATE organisation SET reach = $1 WHERE id = $2").bind(written(reach)?);
        let changed = change.bind(organisation.as_str()).execute(&self.inner.writer).await?;
        Ok(changed.rows_affected() > 0)
    }

    /// The webhooks that are sent events, each with its types; for the post.
    pub(super) async fn subscribed(
        &self,
        tx: &mut AnyConnection,
        organisation: &str,
    ) -> Result<Vec<(String, Vec<String>)>, LedgerError> {
        let found = sqlx::query("SELECT id, types FROM webhook WHERE organisation = $1 AND disabled_at IS NULL")
            .bind(organisation)
            .fetch_all(tx)
            .await?;
        found.iter().map(|row| Ok((row.try_get("id")?, rows::json("types", row.try_get("types")?)?))).collect()
    }
}

fn webhook(row: &AnyRow) -> Result<Webhook, LedgerError> {
    let organisation: &str = row.try_get("organisation")?;
    let types: Vec<String> = rows::json("types", row.try_get("types")?)?;
    Ok(Webhook {
        id: row.try_get("id")?,
        organisation: organisation.parse().map_err(|error| rows::unreadable("organisation", error))?,
        url: row.try_get("url")?,
        types: types.iter().filter_map(|word| EventType::parse(word)).collect(),
        created_at: rows::time(row, "created_at")?,
        old_secret_until: rows::moment(row, "old_until")?,
        disabled_at: rows::moment(row, "disabled_at")?,
        disabled_why: row.try_get("disabled_why")?,
        failing_since: rows::moment(row, "failing_since")?,
    })
}
