//! Keys: made, exchanged, revoked, looked up. Of a key only the hash of its secret is here.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{Ledger, LedgerError, leave, millis, organisations::written, rows};
use crate::access::{KeyId, KeyText, Networks, OrganisationId, Scopes};

/// A key as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    pub id: KeyId,
    pub organisation: OrganisationId,
    /// Who holds it.
    pub client: String,
    pub scopes: Scopes,
    /// From where it may be used, within what its organisation allows.
    pub networks: Networks,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// Whether it still opens anything.
    pub active: bool,
}

/// What a key is to be.
#[derive(Debug, Clone)]
pub struct NewKey {
    pub organisation: OrganisationId,
    pub client: String,
    pub scopes: Scopes,
    pub networks: Networks,
    /// How long it opens; none: until it is revoked.
    pub lifetime: Option<Duration>,
}

/// What came of making a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOutcome {
    Made(Box<Key>),
    /// The client has two active keys already.
    TwoActive,
    /// No such organisation.
    UnknownOrganisation,
    /// No such key to exchange, or it opens nothing any more.
    NoSuchKey,
}

/// What came of revoking a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeOutcome {
    Revoked,
    AlreadyRevoked,
    Unknown,
}

/// What the gate has to know of a key.
#[derive(Debug, Clone)]
pub struct KnownKey {
    pub id: KeyId,
    pub organisation: OrganisationId,
    pub secret_sha256: String,
    pub scopes: Scopes,
    pub networks: Networks,
    pub organisation_networks: Networks,
    pub requests_per_minute: Option<u32>,
    /// How long it opens yet, by the ledger's clock; none: no end is set.
    pub left: Option<Duration>,
    pub revoked: bool,
}

/// Active keys of one client: the one in use and its successor.
const MOST_ACTIVE: i64 = 2;
const SELECT: &str = "SELECT id, organisation, client, scopes, networks, created_at, expires_at, last_used_at, \
                      revoked_at, CASE WHEN revoked_at IS NULL AND (expires_at IS NULL OR expires_at > {now}) \
                      THEN 1 ELSE 0 END AS active FROM api_key";

impl Ledger {
    /// Makes a key for a client that has at most one active.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn make_key(&self, text: &KeyText, new: &NewKey) -> Result<KeyOutcome, LedgerError> {
        let mut tx = self.begin().await?;
        sqlx::query(self.inner.dialect.one_at_a_time()).execute(&mut *tx).await?;
        let outcome = self.make_key_in(&mut tx, text, (new, "key-create")).await?;
        if matches!(outcome, KeyOutcome::Made(_)) {
            tx.commit().await?;
            return Ok(outcome);
        }
        leave(tx, outcome).await
    }

    /// Makes a successor of a key, with the same client, scopes and networks, and as long a life; the old one opens for
    /// `overlap` more at most.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn rotate_key(&self, old: &KeyId, text: &KeyText, overlap: Duration) -> Result<KeyOutcome, LedgerError> {
        let mut tx = self.begin().await?;
        sqlx::query(self.inner.dialect.one_at_a_time()).execute(&mut *tx).await?;
        let Some(before) = self.key_in(&mut tx, old).await?.filter(|key| key.active) else {
            return leave(tx, KeyOutcome::NoSuchKey).await;
        };
        let life = before.expires_at.map(|end| (end - before.created_at).to_std().unwrap_or_default());
        let new = NewKey {
            organisation: before.organisation,
            client: before.client,
            scopes: before.scopes,
            networks: before.networks,
            lifetime: life,
        };
        let outcome = self.make_key_in(&mut tx, text, (&new, "key-rotate")).await?;
        if !matches!(outcome, KeyOutcome::Made(_)) {
            return leave(tx, outcome).await;
        }
        sqlx::query(self.say(
            "UPDATE api_key SET expires_at = {now} + $1 WHERE id = $2 \
             AND (expires_at IS NULL OR expires_at > {now} + $1)",
        ))
        .bind(millis(overlap))
        .bind(old.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(outcome)
    }

    async fn make_key_in(
        &self,
        tx: &mut AnyConnection,
        text: &KeyText,
        (new, action): (&NewKey, &'static str),
    ) -> Result<KeyOutcome, LedgerError> {
        let known = sqlx::query("SELECT 1 FROM organisation WHERE id = $1").bind(new.organisation.as_str());
        if known.fetch_optional(&mut *tx).await?.is_none() {
            return Ok(KeyOutcome::UnknownOrganisation);
        }
        let active: i64 = sqlx::query_scalar(self.say(
            "SELECT count(*) FROM api_key WHERE organisation = $1 AND client = $2 AND revoked_at IS NULL \
             AND (expires_at IS NULL OR expires_at > {now})",
        ))
        .bind(new.organisation.as_str())
        .bind(new.client.as_str())
        .fetch_one(&mut *tx)
        .await?;
        if active >= MOST_ACTIVE {
            return Ok(KeyOutcome::TwoActive);
        }
        sqlx::query(self.say(
            "INSERT INTO api_key (id, organisation, client, secret_sha256, scopes, networks, created_at, expires_at) \
             SELECT $1, $2, $3, $4, $5, $6, moment, moment + $7 FROM (SELECT {now} AS moment) AS clock",
        ))
        .bind(text.id.as_str())
        .bind(new.organisation.as_str())
        .bind(new.client.as_str())
        .bind(text.secret_sha256())
        .bind(new.scopes.to_string())
        .bind(written(&new.networks)?)
        .bind(new.lifetime.map(millis))
        .execute(&mut *tx)
        .await?;
        self.note_key(tx, &text.id, action).await?;
        match self.key_in(tx, &text.id).await? {
            Some(key) => Ok(KeyOutcome::Made(Box::new(key))),
            None => Err(rows::unreadable("key", "it is not there")),
        }
    }

    /// Ends a key for good.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn revoke_key(&self, id: &KeyId) -> Result<RevokeOutcome, LedgerError> {
        let mut tx = self.begin().await?;
        let ended = sqlx::query(self.say("UPDATE api_key SET revoked_at = {now} WHERE id = $1 AND revoked_at IS NULL"));
        if ended.bind(id.as_str()).execute(&mut *tx).await?.rows_affected() == 0 {
            let known = self.key_in(&mut tx, id).await?;
            let outcome = known.map_or(RevokeOutcome::Unknown, |_| RevokeOutcome::AlreadyRevoked);
            return leave(tx, outcome).await;
        }
        self.note_key(&mut tx, id, "key-revoke").await?;
        tx.commit().await?;
        Ok(RevokeOutcome::Revoked)
    }

    /// Keys of one organisation or of all, those made last first.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn keys(&self, organisation: Option<&OrganisationId>) -> Result<Vec<Key>, LedgerError> {
        let select = format!("{SELECT} WHERE organisation = coalesce($1, organisation) ORDER BY created_at DESC, id");
        let found = sqlx::query(self.say(&select)).bind(organisation.map(OrganisationId::as_str));
        found.fetch_all(&self.inner.readers).await?.iter().map(key).collect()
    }

    /// Whether a key was ever made. Rows are never deleted, so what is true once stays true.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn has_keys(&self) -> Result<bool, LedgerError> {
        Ok(sqlx::query("SELECT 1 FROM api_key LIMIT 1").fetch_optional(&self.inner.readers).await?.is_some())
    }

    /// What the gate has to know of a key.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn known_key(&self, id: &KeyId) -> Result<Option<KnownKey>, LedgerError> {
        let found = sqlx::query(self.say(
            "SELECT k.id, k.organisation, k.secret_sha256, k.scopes, k.networks, o.networks AS organisation_networks, \
             o.requests_per_minute, k.expires_at - {now} AS left_ms, \
             CASE WHEN k.revoked_at IS NULL THEN 0 ELSE 1 END AS revoked \
             FROM api_key AS k JOIN organisation AS o ON o.id = k.organisation WHERE k.id = $1",
        ))
        .bind(id.as_str())
        .fetch_optional(&self.inner.readers)
        .await?;
        found.as_ref().map(known).transpose()
    }

    /// Notes that a key is in use.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn touch_key(&self, id: &KeyId) -> Result<(), LedgerError> {
        let touched = sqlx::query(self.say(
            "UPDATE api_key SET last_used_at = {now} WHERE id = $1 \
             AND (last_used_at IS NULL OR last_used_at <= {now} - 60000)",
        ));
        touched.bind(id.as_str()).execute(&self.inner.writer).await?;
        Ok(())
    }

    async fn key_in(&self, tx: &mut AnyConnection, id: &KeyId) -> Result<Option<Key>, LedgerError> {
        let select = format!("{SELECT} WHERE id = $1");
        let found = sqlx::query(self.say(&select)).bind(id.as_str()).fetch_optional(tx).await?;
        found.as_ref().map(key).transpose()
    }

    /// Keys stand in the audit among the jobs that they let in.
    async fn note_key(&self, tx: &mut AnyConnection, id: &KeyId, action: &str) -> Result<(), LedgerError> {
        sqlx::query(self.say(
            "INSERT INTO audit (at, organisation, job_id, action) \
             SELECT {now}, organisation, 'key ' || id, $2 FROM api_key WHERE id = $1",
        ))
        .bind(id.as_str())
        .bind(action)
        .execute(tx)
        .await?;
        Ok(())
    }
}

fn key(row: &AnyRow) -> Result<Key, LedgerError> {
    Ok(Key {
        id: parsed(row, "id")?,
        organisation: parsed(row, "organisation")?,
        client: row.try_get("client")?,
        scopes: parsed(row, "scopes")?,
        networks: rows::json("networks", row.try_get("networks")?)?,
        created_at: rows::time(row, "created_at")?,
        expires_at: rows::moment(row, "expires_at")?,
        last_used_at: rows::moment(row, "last_used_at")?,
        revoked_at: rows::moment(row, "revoked_at")?,
        active: rows::count(row, "active")? != 0,
    })
}

fn known(row: &AnyRow) -> Result<KnownKey, LedgerError> {
    let left: Option<i64> = row.try_get("left_ms")?;
    let per_minute: Option<i64> = row.try_get("requests_per_minute")?;
    Ok(KnownKey {
        id: parsed(row, "id")?,
        organisation: parsed(row, "organisation")?,
        secret_sha256: row.try_get("secret_sha256")?,
        scopes: parsed(row, "scopes")?,
        networks: rows::json("networks", row.try_get("networks")?)?,
        organisation_networks: rows::json("networks", row.try_get("organisation_networks")?)?,
        requests_per_minute: per_minute.and_then(|most| u32::try_from(most).ok()),
        left: left.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0))),
        revoked: rows::count(row, "revoked")? != 0,
    })
}

fn parsed<T: std::str::FromStr>(row: &AnyRow, column: &'static str) -> Result<T, LedgerError>
where
    T::Err: ToString,
{
    row.try_get::<&str, _>(column)?.parse().map_err(|error: T::Err| rows::unreadable(column, error))
}
