//! Keeps the register's entries, version upon version.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{Ledger, LedgerError, leave, rows};
use crate::{
    access::OrganisationId,
    register::{Base, Entry, Sort},
};

/// A version to be written. Everything in it has been checked.
#[derive(Debug, Clone)]
pub struct NewEntry {
    pub sort: Sort,
    pub id: String,
    /// Canonical JSON.
    pub body: String,
    /// SHA-256 of the body, hex.
    pub sha256: String,
}

/// One organisation's register. It reaches no other's, and says in every version who wrote it.
#[derive(Debug, Clone)]
pub struct RegisterBook {
    pub(super) ledger: Ledger,
    pub(super) organisation: OrganisationId,
    pub(super) by: String,
}

impl Ledger {
    /// An organisation's register, for an operator at the machine.
    pub fn register_of(&self, organisation: &OrganisationId, by: &str) -> RegisterBook {
        RegisterBook { ledger: self.clone(), organisation: organisation.clone(), by: by.to_owned() }
    }
}

/// What came of writing a version.
#[derive(Debug, Clone, PartialEq)]
pub enum PutOutcome {
    /// It is the newest version now.
    Written(Entry),
    /// The newest version says the same; nothing was written.
    Unchanged(Entry),
    /// What stands there is not what the writer had seen.
    Stale(Option<Entry>),
}

/// The columns [`entry`] reads.
macro_rules! select_entry {
    ($rest:literal) => {
        concat!("SELECT sort, id, version, body, sha256, written_at, written_by, erased_at FROM register_entry ", $rest)
    };
}

impl RegisterBook {
    /// Writes a version upon `base`, with its audit row.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn put_entry(&self, new: &NewEntry, base: &Base) -> Result<PutOutcome, LedgerError> {
        let mut tx = self.ledger.begin().await?;
        sqlx::query(self.ledger.inner.dialect.one_at_a_time()).execute(&mut *tx).await?;
        let current = newest(&mut tx, self.whose(), new.sort, &new.id).await?;
        if let Some(same) = current.as_ref().filter(|entry| entry.sha256 == new.sha256) {
            // Sent again because the answer was lost, or nothing to write: either way it stands there.
            let same = same.clone();
            return leave(tx, PutOutcome::Unchanged(same)).await;
        }
        if !base.is(current.as_ref().map(Entry::tag).as_ref()) {
            return leave(tx, PutOutcome::Stale(current)).await;
        }
        let version = current.map_or(0, |entry| entry.version) + 1;
        sqlx::query(self.ledger.say(
            "INSERT INTO register_entry (organisation, sort, id, version, body, sha256, written_at, written_by) \
             VALUES ($1, $2, $3, $4, $5, $6, {now}, $7)",
        ))
        .bind(self.whose())
        .bind(new.sort.as_str())
        .bind(new.id.as_str())
        .bind(version)
        .bind(new.body.as_str())
        .bind(new.sha256.as_str())
        .bind(self.by.as_str())
        .execute(&mut *tx)
        .await?;
        let subject = format!("{}/{}", new.sort.as_str(), new.id);
        self.note(&mut tx, &subject, ("register", &new.sha256)).await?;
        let written = newest(&mut tx, self.whose(), new.sort, &new.id).await?;
        tx.commit().await?;
        written.map(PutOutcome::Written).ok_or_else(|| rows::unreadable("entry", "it is not there"))
    }

    /// The newest version of an entry.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn entry(&self, sort: Sort, id: &str) -> Result<Option<Entry>, LedgerError> {
        let mut connection = self.ledger.inner.readers.acquire().await?;
        newest(&mut connection, self.whose(), sort, id).await
    }

    /// The newest version of every entry of a sort, by id.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn entries(&self, sort: Sort) -> Result<Vec<Entry>, LedgerError> {
        let found = sqlx::query(select_entry!(
            "AS e WHERE organisation = $1 AND sort = $2 AND version = (SELECT max(version) FROM register_entry \
             WHERE organisation = e.organisation AND sort = e.sort AND id = e.id) ORDER BY id"
        ))
        .bind(self.whose())
        .bind(sort.as_str())
        .fetch_all(&self.ledger.inner.readers)
        .await?;
        found.iter().map(entry).collect()
    }

    /// Every version of an entry, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn entry_history(&self, sort: Sort, id: &str) -> Result<Vec<Entry>, LedgerError> {
        let found = sqlx::query(select_entry!("WHERE organisation = $1 AND sort = $2 AND id = $3 ORDER BY version"))
            .bind(self.whose())
            .bind(sort.as_str())
            .bind(id)
            .fetch_all(&self.ledger.inner.readers)
            .await?;
        found.iter().map(entry).collect()
    }

    /// The store's clock, by which versions are dated.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn now(&self) -> Result<DateTime<Utc>, LedgerError> {
        let mut connection = self.ledger.inner.readers.acquire().await?;
        let millis = self.ledger.now(&mut connection).await?;
        DateTime::from_timestamp_millis(millis).ok_or_else(|| rows::unreadable("clock", millis))
    }

    /// Whose register it is.
    pub fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    /// Whose register it is, as its rows say.
    pub(super) fn whose(&self) -> &str {
        self.organisation.as_str()
    }

    /// An audit row about the register: `subject` names what was changed, `action` and `detail` say how.
    pub(super) async fn note(
        &self,
        tx: &mut AnyConnection,
        subject: &str,
        (action, detail): (&str, &str),
    ) -> Result<(), LedgerError> {
        let row = "INSERT INTO audit (at, organisation, job_id, action, detail) VALUES ({now}, $1, $2, $3, $4)";
        let row = sqlx::query(self.ledger.say(row)).bind(self.whose()).bind(subject).bind(action).bind(detail);
        row.execute(tx).await?;
        Ok(())
    }
}

async fn newest(
    connection: &mut AnyConnection,
    organisation: &str,
    sort: Sort,
    id: &str,
) -> Result<Option<Entry>, LedgerError> {
    let statement = select_entry!("WHERE organisation = $1 AND sort = $2 AND id = $3 ORDER BY version DESC LIMIT 1");
    let found =
        sqlx::query(statement).bind(organisation).bind(sort.as_str()).bind(id).fetch_optional(connection).await?;
    found.as_ref().map(entry).transpose()
}

fn entry(row: &AnyRow) -> Result<Entry, LedgerError> {
    let word: &str = row.try_get("sort")?;
    Ok(Entry {
        sort: Sort::parse(word).ok_or_else(|| rows::unreadable("sort of entry", word))?,
        id: row.try_get("id")?,
        version: row.try_get("version")?,
        body: rows::json::<Value>("entry", row.try_get("body")?)?,
        sha256: row.try_get("sha256")?,
        written_at: rows::time(row, "written_at")?,
        written_by: row.try_get("written_by")?,
        erased_at: rows::moment(row, "erased_at")?,
    })
}
