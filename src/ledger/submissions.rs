//! Keeps what blocs sent, and the close of a period.
//!
//! Sending and closing go one at a time, so that a close holds all that was sent before it and nothing that comes after.

use serde_json::Value;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{LedgerError, RegisterBook, leave, rows};
use crate::{
    difference::Change,
    register::{Adjustment, Base, Beside, Closing, Frozen, PeriodId, Submission, hash_of},
};

/// A version to be stored. Everything in it has been checked.
#[derive(Debug, Clone)]
pub struct NewSubmission {
    pub id: String,
    pub period: PeriodId,
    pub bloc: String,
    /// Canonical JSON.
    pub content: String,
    /// SHA-256 of what was sent, hex.
    pub sha256: String,
    pub beside: Beside,
    /// Why it changes what was closed, and what differs from the version it is written upon.
    pub adjustment: Option<(String, Vec<Change>)>,
}

/// What came of sending.
#[derive(Debug, Clone, PartialEq)]
pub enum SubmitOutcome {
    /// It is the newest version now.
    Stored(Submission),
    /// The newest version says the same; nothing was stored.
    Unchanged(Submission),
    /// What stands there is not what the sender had seen.
    Stale(Option<Submission>),
    /// The period is closed; only an adjustment is taken.
    Closed,
    /// The period is open; there is nothing to adjust.
    Open,
}

/// What came of closing.
#[derive(Debug, Clone, PartialEq)]
pub enum CloseOutcome {
    /// It is closed now.
    Closed(Closing),
    /// It was closed before.
    AlreadyClosed(Closing),
    /// These blocs have sent nothing, and that was not accepted.
    Incomplete(Vec<String>),
}

/// The columns [`submission`] reads.
macro_rules! select_submission {
    ($rest:literal) => {
        concat!(
            "SELECT id, period, bloc, version, kind, content, sha256, sent_at, sent_by, adjustment, reason, difference, beside, ",
            "erased_at ",
            "FROM submission ",
            $rest
        )
    };
}

impl RegisterBook {
    /// Stores a version upon `base`, with its audit row.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn submit(&self, new: &NewSubmission, base: &Base) -> Result<SubmitOutcome, LedgerError> {
        let mut tx = self.ledger.begin().await?;
        sqlx::query(self.ledger.inner.dialect.one_at_a_time()).execute(&mut *tx).await?;
        let current = newest(&mut tx, (self.whose(), new.period, &new.bloc)).await?;
        if let Some(same) = current.as_ref().filter(|current| current.sha256 == new.sha256) {
            let same = same.clone();
            return leave(tx, SubmitOutcome::Unchanged(same)).await;
        }
        let closed = closing(&mut tx, self.whose(), new.period).await?.is_some();
        match (closed, &new.adjustment) {
            (true, None) => return leave(tx, SubmitOutcome::Closed).await,
            (false, Some(_)) => return leave(tx, SubmitOutcome::Open).await,
            (true, Some(_)) | (false, None) => {}
        }
        if !base.is(current.as_ref().map(Submission::tag).as_ref()) {
            return leave(tx, SubmitOutcome::Stale(current)).await;
        }
        let number = match &new.adjustment {
            Some(_) => Some(last_adjustment(&mut tx, self.whose(), new.period).await? + 1),
            None => None,
        };
        let difference = new.adjustment.as_ref().map(|(_, difference)| serde_json::to_string(difference)).transpose();
        let difference = difference.map_err(|error| rows::unreadable("difference", error))?;
        let beside = (!new.beside.is_empty()).then(|| serde_json::to_string(&new.beside)).transpose();
        let beside = beside.map_err(|error| rows::unreadable("beside", error))?;
        sqlx::query(self.ledger.say(
            "INSERT INTO submission (id, organisation, period, bloc, version, kind, content, sha256, sent_at, sent_by, \
             adjustment, reason, difference, beside) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, {now}, $9, $10, $11, $12, $13)",
        ))
        .bind(new.id.as_str())
        .bind(self.whose())
        .bind(new.period.to_string())
        .bind(new.bloc.as_str())
        .bind(current.map_or(0, |current| current.version) + 1)
        .bind(new.period.kind())
        .bind(new.content.as_str())
        .bind(new.sha256.as_str())
        .bind(self.by.as_str())
        .bind(number)
        .bind(new.adjustment.as_ref().map(|(reason, _)| reason.as_str()))
        .bind(difference)
        .bind(beside)
        .execute(&mut *tx)
        .await?;
        let action = if number.is_some() { "adjust" } else { "submit" };
        self.note(&mut tx, &new.id, (action, &new.sha256)).await?;
        let stored = newest(&mut tx, (self.whose(), new.period, &new.bloc)).await?;
        tx.commit().await?;
        stored.map(SubmitOutcome::Stored).ok_or_else(|| rows::unreadable("submission", "it is not there"))
    }

    /// Fixes what was sent for a period. `expected` are the blocs that should have sent; where some have not, it is closed
    /// only if `accepts_missing`.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn close_period(
        &self,
        period: PeriodId,
        expected: &[String],
        accepts_missing: Missing,
    ) -> Result<CloseOutcome, LedgerError> {
        let mut tx = self.ledger.begin().await?;
        let outcome = self.close_within(&mut tx, period, expected, accepts_missing).await?;
        match outcome {
            CloseOutcome::Closed(_) => tx.commit().await?,
            CloseOutcome::AlreadyClosed(_) | CloseOutcome::Incomplete(_) => tx.rollback().await?,
        }
        Ok(outcome)
    }

    /// As [`Ledger::close_period`], in a transaction that does more.
    pub(super) async fn close_within(
        &self,
        tx: &mut AnyConnection,
        period: PeriodId,
        expected: &[String],
        accepts_missing: Missing,
    ) -> Result<CloseOutcome, LedgerError> {
        sqlx::query(self.ledger.inner.dialect.one_at_a_time()).execute(&mut *tx).await?;
        if let Some(closing) = closing(tx, self.whose(), period).await? {
            return Ok(CloseOutcome::AlreadyClosed(closing));
        }
        let frozen: Vec<Frozen> = sqlx::query(
            "SELECT bloc, version, sha256 FROM submission AS s WHERE organisation = $1 AND period = $2 \
             AND version = (SELECT max(version) FROM submission \
             WHERE organisation = s.organisation AND period = s.period AND bloc = s.bloc) ORDER BY bloc",
        )
        .bind(self.whose())
        .bind(period.to_string())
        .fetch_all(&mut *tx)
        .await?
        .iter()
        .map(|row| {
            Ok(Frozen { bloc: row.try_get("bloc")?, version: row.try_get("version")?, sha256: row.try_get("sha256")? })
        })
        .collect::<Result<_, LedgerError>>()?;
        let has_sent = |bloc: &String| frozen.iter().any(|frozen| frozen.bloc == *bloc);
        let missing: Vec<String> = expected.iter().filter(|bloc| !has_sent(bloc)).cloned().collect();
        if !missing.is_empty() && accepts_missing == Missing::Refused {
            return Ok(CloseOutcome::Incomplete(missing));
        }
        let sha256 = hash_of(period, &frozen);
        let json = |value: Result<String, serde_json::Error>| value.map_err(|error| rows::unreadable("close", error));
        sqlx::query(self.ledger.say(
            "INSERT INTO period_close (organisation, period, closed_at, closed_by, sha256, submissions, missing) \
             VALUES ($1, $2, {now}, $3, $4, $5, $6)",
        ))
        .bind(self.whose())
        .bind(period.to_string())
        .bind(self.by.as_str())
        .bind(sha256.as_str())
        .bind(json(serde_json::to_string(&frozen))?)
        .bind(json(serde_json::to_string(&missing))?)
        .execute(&mut *tx)
        .await?;
        self.note(tx, &format!("period/{period}"), ("close", &sha256)).await?;
        let closed = closing(tx, self.whose(), period).await?;
        closed.map(CloseOutcome::Closed).ok_or_else(|| rows::unreadable("close", "it is not there"))
    }

    /// The close of a period, if it is closed.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn closing(&self, period: PeriodId) -> Result<Option<Closing>, LedgerError> {
        let mut connection = self.ledger.inner.readers.acquire().await?;
        closing(&mut connection, self.whose(), period).await
    }

    /// The newest version of what a bloc sent for a period.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn submission(&self, period: PeriodId, bloc: &str) -> Result<Option<Submission>, LedgerError> {
        let mut connection = self.ledger.inner.readers.acquire().await?;
        newest(&mut connection, (self.whose(), period, bloc)).await
    }

    /// Every version of what a bloc sent for a period, the oldest first; without a bloc, of all, by bloc.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn submissions(&self, period: PeriodId, bloc: Option<&str>) -> Result<Vec<Submission>, LedgerError> {
        let found = sqlx::query(select_submission!(
            "WHERE organisation = $1 AND period = $2 AND ($3 = '' OR bloc = $3) ORDER BY bloc, version"
        ))
        .bind(self.whose())
        .bind(period.to_string())
        .bind(bloc.unwrap_or_default())
        .fetch_all(&self.ledger.inner.readers)
        .await?;
        found.iter().map(submission).collect()
    }
}

/// What becomes of a close while blocs have not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Refused,
    Accepted,
}

async fn last_adjustment(tx: &mut AnyConnection, organisation: &str, period: PeriodId) -> Result<i64, LedgerError> {
    let last =
        "SELECT CAST(coalesce(max(adjustment), 0) AS BIGINT) FROM submission WHERE organisation = $1 AND period = $2";
    Ok(sqlx::query_scalar(last).bind(organisation).bind(period.to_string()).fetch_one(tx).await?)
}

async fn newest(
    connection: &mut AnyConnection,
    (organisation, period, bloc): (&str, PeriodId, &str),
) -> Result<Option<Submission>, LedgerError> {
    let found = sqlx::query(select_submission!(
        "WHERE organisation = $1 AND period = $2 AND bloc = $3 ORDER BY version DESC LIMIT 1"
    ))
    .bind(organisation)
    .bind(period.to_string())
    .bind(bloc)
    .fetch_optional(connection)
    .await?;
    found.as_ref().map(submission).transpose()
}

async fn closing(
    connection: &mut AnyConnection,
    organisation: &str,
    period: PeriodId,
) -> Result<Option<Closing>, LedgerError> {
    let found = "SELECT closed_at, closed_by, sha256, submissions, missing FROM period_close \
                 WHERE organisation = $1 AND period = $2";
    let found = sqlx::query(found).bind(organisation).bind(period.to_string()).fetch_optional(connection).await?;
    let Some(row) = found else { return Ok(None) };
    Ok(Some(Closing {
        period,
        closed_at: rows::time(&row, "closed_at")?,
        closed_by: row.try_get("closed_by")?,
        sha256: row.try_get("sha256")?,
        submissions: rows::json("close", row.try_get("submissions")?)?,
        missing: rows::json("close", row.try_get("missing")?)?,
    }))
}

fn submission(row: &AnyRow) -> Result<Submission, LedgerError> {
    let period: &str = row.try_get("period")?;
    let adjustment = match row.try_get::<Option<i64>, _>("adjustment")? {
        Some(number) => Some(Adjustment {
            number,
            reason: row.try_get("reason")?,
            difference: rows::json("difference", row.try_get("difference")?)?,
        }),
        None => None,
    };
    Ok(Submission {
        id: row.try_get("id")?,
        bloc: row.try_get("bloc")?,
        period: period.parse().map_err(|_| rows::unreadable("period", period))?,
        version: row.try_get("version")?,
        kind: row.try_get("kind")?,
        content: rows::json::<Value>("submission", row.try_get("content")?)?,
        sha256: row.try_get("sha256")?,
        sent_at: rows::time(row, "sent_at")?,
        sent_by: row.try_get("sent_by")?,
        erased_at: rows::moment(row, "erased_at")?,
        adjustment,
        beside: match row.try_get::<Option<&str>, _>("beside")? {
            Some(text) => rows::json("beside", text)?,
            None => Beside::default(),
        },
    })
}
