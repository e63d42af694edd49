//! What is kept beside jobs and may name people: versions in the register.
//!
//! Rows stay when something of a person is written over, with their hashes and figures: a close that was made of them holds.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{Ledger, LedgerError, leave, rows};
use crate::{access::OrganisationId, register::Sort};

/// Where a text is kept, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPlace {
    pub organisation: String,
    pub at: KeptAt,
}

/// One row that may name people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptAt {
    Entry {
        sort: Sort,
        id: String,
        version: i64,
    },
    Submission {
        id: String,
        bloc: String,
        period: String,
        version: i64,
    },
    /// What a batch knows of its papers: reasons of adjustments, figures with their sources.
    Batch {
        id: String,
    },
}

/// What a row holds, with the members under which it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub place: KeptPlace,
    pub written_at: DateTime<Utc>,
    pub body: Value,
}

/// A demand to be forgotten. `proof` is a salted hash, never a name; `by` says who decided.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    pub proof: &'a str,
    pub by: &'a str,
}

/// Takes a row for a place.
type Read<'a> = &'a (dyn Fn(&AnyRow) -> Result<KeptAt, LedgerError> + Sync);

impl Ledger {
    /// Every place beside jobs that may name people; of one organisation, or of all.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn kept_places(&self, organisation: Option<&OrganisationId>) -> Result<Vec<KeptPlace>, LedgerError> {
        let entries = "SELECT organisation, sort, id, version FROM register_entry \
                       WHERE organisation = coalesce($1, organisation) ORDER BY organisation, sort, id, version";
        let submissions = "SELECT organisation, id, bloc, period, version FROM submission \
                           WHERE organisation = coalesce($1, organisation) ORDER BY organisation, period, bloc, version";
        let of_entry = |row: &AnyRow| -> Result<KeptAt, LedgerError> {
            let word: &str = row.try_get("sort")?;
            let sort = Sort::parse(word).ok_or_else(|| rows::unreadable("sort of entry", word))?;
            Ok(KeptAt::Entry { sort, id: row.try_get("id")?, version: row.try_get("version")? })
        };
        let of_submission = |row: &AnyRow| -> Result<KeptAt, LedgerError> {
            Ok(KeptAt::Submission {
                id: row.try_get("id")?,
                bloc: row.try_get("bloc")?,
                period: row.try_get("period")?,
                version: row.try_get("version")?,
            })
        };
        let batches = "SELECT organisation, id FROM batch \
                       WHERE organisation = coalesce($1, organisation) AND outline IS NOT NULL ORDER BY organisation, id";
        let of_batch = |row: &AnyRow| -> Result<KeptAt, LedgerError> { Ok(KeptAt::Batch { id: row.try_get("id")? }) };
        let all: [(&str, Read<'_>); 3] = [(entries, &of_entry), (submissions, &of_submission), (batches, &of_batch)];
        let mut places = Vec::new();
        for (statement, read) in all {
            let whose = organisation.map(OrganisationId::as_str);
            let found = sqlx::query(statement).bind(whose).fetch_all(&self.inner.readers).await?;
            for row in &found {
                places.push(KeptPlace { organisation: row.try_get("organisation")?, at: read(row)? });
            }
        }
        Ok(places)
    }

    /// What is kept at a place; none where it has gone since.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn kept(&self, place: &KeptPlace) -> Result<Option<Kept>, LedgerError> {
        let mut connection = self.inner.readers.acquire().await?;
        self.read_kept(&mut connection, place).await
    }

    /// Writes `without` over what is kept at a place, with its audit row. False: it says that there is nothing to write over.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn write_over(
        &self,
        place: &KeptPlace,
        without: impl FnOnce(&Value) -> Option<Value> + Send,
        demand: Demand<'_>,
    ) -> Result<bool, LedgerError> {
        let mut tx = self.begin().await?;
        sqlx::query(self.inner.dialect.one_at_a_time()).execute(&mut *tx).await?;
        let kept = self.read_kept(&mut tx, place).await?;
        let Some(body) = kept.and_then(|kept| without(&kept.body)) else { return leave(tx, false).await };
        self.write_kept(&mut tx, place, &body).await?;
        let (subject, version) = match &place.at {
            KeptAt::Entry { sort, id, version } => (format!("{}/{id}", sort.as_str()), version),
            KeptAt::Submission { id, version, .. } => (id.clone(), version),
            KeptAt::Batch { id } => (id.clone(), &1),
        };
        let row =
            "INSERT INTO audit (at, organisation, job_id, action, detail) VALUES ({now}, $1, $2, 'erase-person', $3)";
        sqlx::query(self.say(row))
            .bind(place.organisation.as_str())
            .bind(subject)
            .bind(format!("{}, version {version}, by {}", demand.proof, demand.by))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// What was written over leaves the database's own log too, and the audit is sealed.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn settle_erasure(&self) -> Result<(), LedgerError> {
        self.seal_audit().await?;
        self.empty_log().await;
        Ok(())
    }

    async fn read_kept(&self, connection: &mut AnyConnection, place: &KeptPlace) -> Result<Option<Kept>, LedgerError> {
        let (found, at) = match &place.at {
            KeptAt::Entry { sort, id, version } => {
                let read = "SELECT body, written_at FROM register_entry \
                            WHERE organisation = $1 AND sort = $2 AND id = $3 AND version = $4";
                let read = sqlx::query(read).bind(place.organisation.as_str()).bind(sort.as_str());
                (read.bind(id.as_str()).bind(*version).fetch_optional(connection).await?, "written_at")
            }
            KeptAt::Submission { id, .. } => {
                let read = "SELECT content, reason, difference, beside, sent_at FROM submission \
                            WHERE organisation = $1 AND id = $2";
                let read = sqlx::query(read).bind(place.organisation.as_str()).bind(id.as_str());
                (read.fetch_optional(connection).await?, "sent_at")
            }
            KeptAt::Batch { id } => {
                let read = "SELECT outline, accepted_at FROM batch WHERE organisation = $1 AND id = $2";
                let read = sqlx::query(read).bind(place.organisation.as_str()).bind(id.as_str());
                (read.fetch_optional(connection).await?, "accepted_at")
            }
        };
        let Some(row) = found else { return Ok(None) };
        let text = |column: &str| -> Result<Value, LedgerError> { rows::json("kept text", row.try_get(column)?) };
        let body = match &place.at {
            KeptAt::Entry { .. } => json!({"body": text("body")?}),
            KeptAt::Submission { .. } => {
                let mut body = json!({"content": text("content")?});
                if let Some(reason) = row.try_get::<Option<String>, _>("reason")? {
                    body["adjustment"] = json!({"reason": reason, "difference": text("difference")?});
                }
                if row.try_get::<Option<&str>, _>("beside")?.is_some() {
                    body["beside"] = text("beside")?;
                }
                body
            }
            KeptAt::Batch { .. } => json!({"outline": text("outline")?}),
        };
        Ok(Some(Kept { place: place.clone(), written_at: rows::time(&row, at)?, body }))
    }

    async fn write_kept(
        &self,
        connection: &mut AnyConnection,
        place: &KeptPlace,
        body: &Value,
    ) -> Result<(), LedgerError> {
        let whose = place.organisation.as_str();
        match &place.at {
            KeptAt::Entry { sort, id, version } => {
                let write = "UPDATE register_entry SET body = $1, erased_at = {now} \
                             WHERE organisation = $2 AND sort = $3 AND id = $4 AND version = $5";
                let write = sqlx::query(self.say(write)).bind(body["body"].to_string()).bind(whose);
                write.bind(sort.as_str()).bind(id.as_str()).bind(*version).execute(connection).await?;
            }
            KeptAt::Submission { id, .. } => {
                let write = "UPDATE submission SET content = $1, reason = $2, difference = $3, beside = $4, \
                             erased_at = {now} WHERE organisation = $5 AND id = $6";
                let adjustment = body.get("adjustment");
                let reason = adjustment.and_then(|adjustment| adjustment["reason"].as_str());
                let difference = adjustment.map(|adjustment| adjustment["difference"].to_string());
                let write = sqlx::query(self.say(write)).bind(body["content"].to_string()).bind(reason);
                let write = write.bind(difference).bind(body.get("beside").map(Value::to_string));
                write.bind(whose).bind(id.as_str()).execute(connection).await?;
            }
            KeptAt::Batch { id } => {
                let write = sqlx::query("UPDATE batch SET outline = $1 WHERE organisation = $2 AND id = $3");
                let write = write.bind(body["outline"].to_string()).bind(whose).bind(id.as_str());
                write.execute(connection).await?;
            }
        }
        Ok(())
    }
}
