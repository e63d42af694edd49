//! Organisations and their bounds.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{Ledger, LedgerError, rows};
use crate::access::{Networks, OrganisationId};

/// On which lane an organisation's jobs come to the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// In turn with all others.
    #[default]
    Common,
    /// Before all others, every second time at most: the Department's.
    Department,
}

impl Lane {
    /// The word in the ledger and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Common => "common",
            Self::Department => "department",
        }
    }
}

impl FromStr for Lane {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Common, Self::Department].into_iter().find(|lane| lane.as_str() == word).ok_or("common hoặc department")
    }
}

/// An organisation whose papers are kept apart from others'.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Organisation {
    pub id: OrganisationId,
    /// Its name for people.
    pub name: String,
    /// Jobs of it that may wait; none: as the settings say.
    pub max_waiting: Option<u64>,
    /// Requests in a minute; none: as the settings say.
    pub requests_per_minute: Option<u32>,
    /// From where its keys may be used.
    pub networks: Networks,
    pub lane: Lane,
    pub created_at: DateTime<Utc>,
}

/// What an operator says of an organisation; what is absent stays as it is, or takes the default of a new one.
#[derive(Debug, Clone, Default)]
pub struct OrganisationChange {
    pub name: Option<String>,
    /// `Some(None)`: as the settings say.
    pub max_waiting: Option<Option<u64>>,
    /// `Some(None)`: as the settings say.
    pub requests_per_minute: Option<Option<u32>>,
    pub networks: Option<Networks>,
    pub lane: Option<Lane>,
}

const SELECT: &str = "SELECT id, name, max_waiting, requests_per_minute, networks, lane, created_at FROM organisation";

impl Ledger {
    /// Adds an organisation. `None`: there is one of this id, and it stays as it is.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn add_organisation(
        &self,
        id: &OrganisationId,
        change: &OrganisationChange,
    ) -> Result<Option<Organisation>, LedgerError> {
        let added = sqlx::query(self.say(
            "INSERT INTO organisation (id, name, created_at) SELECT $1, $1, {now} WHERE true \
             ON CONFLICT (id) DO NOTHING",
        ));
        // With its bounds or not at all: for a moment without its networks it would be open to all of them.
        let mut tx = self.begin().await?;
        if added.bind(id.as_str()).execute(&mut *tx).await?.rows_affected() == 0 {
            return super::leave(tx, None).await;
        }
        let organisation = self.change_within(&mut tx, id, change).await?;
        tx.commit().await?;
        Ok(organisation)
    }

    /// Changes what is said. `None`: there is no such organisation.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn change_organisation(
        &self,
        id: &OrganisationId,
        change: &OrganisationChange,
    ) -> Result<Option<Organisation>, LedgerError> {
        let mut tx = self.begin().await?;
        let changed = self.change_within(&mut tx, id, change).await?;
        tx.commit().await?;
        Ok(changed)
    }

    async fn change_within(
        &self,
        tx: &mut AnyConnection,
        id: &OrganisationId,
        change: &OrganisationChange,
    ) -> Result<Option<Organisation>, LedgerError> {
        let select = format!("{SELECT} WHERE id = $1{{lock}}");
        let row = sqlx::query(self.say(&select)).bind(id.as_str()).fetch_optional(&mut *tx).await?;
        let Some(row) = row else { return Ok(None) };
        let before = organisation(&row)?;
        let change = change.clone();
        let after = Organisation {
            name: change.name.unwrap_or(before.name),
            max_waiting: change.max_waiting.unwrap_or(before.max_waiting),
            requests_per_minute: change.requests_per_minute.unwrap_or(before.requests_per_minute),
            networks: change.networks.unwrap_or(before.networks),
            lane: change.lane.unwrap_or(before.lane),
            ..before
        };
        sqlx::query(
            "UPDATE organisation SET name = $1, max_waiting = $2, requests_per_minute = $3, networks = $4, lane = $5 \
             WHERE id = $6",
        )
        .bind(after.name.as_str())
        .bind(after.max_waiting.map(|most| i64::try_from(most).unwrap_or(i64::MAX)))
        .bind(after.requests_per_minute.map(i64::from))
        .bind(written(&after.networks)?)
        .bind(after.lane.as_str())
        .bind(id.as_str())
        .execute(tx)
        .await?;
        Ok(Some(after))
    }

    /// Every organisation, by id.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn organisations(&self) -> Result<Vec<Organisation>, LedgerError> {
        let select = format!("{SELECT} ORDER BY id");
        let found = sqlx::query(self.say(&select)).fetch_all(&self.inner.readers).await?;
        found.iter().map(organisation).collect()
    }
}

fn organisation(row: &AnyRow) -> Result<Organisation, LedgerError> {
    let id: &str = row.try_get("id")?;
    let per_minute: Option<i64> = row.try_get("requests_per_minute")?;
    Ok(Organisation {
        id: id.parse().map_err(|error| rows::unreadable("organisation", error))?,
        name: row.try_get("name")?,
        max_waiting: row.try_get::<Option<i64>, _>("max_waiting")?.map(i64::unsigned_abs),
        requests_per_minute: per_minute
            .map(|most| u32::try_from(most).map_err(|error| rows::unreadable("requests_per_minute", error)))
            .transpose()?,
        networks: rows::json("networks", row.try_get("networks")?)?,
        lane: lane(row)?,
        created_at: rows::time(row, "created_at")?,
    })
}

pub(super) fn lane(row: &AnyRow) -> Result<Lane, LedgerError> {
    row.try_get::<&str, _>("lane")?.parse().map_err(|error: &str| rows::unreadable("lane", error))
}

pub(super) fn written(networks: &Networks) -> Result<String, LedgerError> {
    serde_json::to_string(networks).map_err(|error| rows::unreadable("networks", error))
}
