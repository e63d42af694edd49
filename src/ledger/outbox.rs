//! How the outbox stands: what has no number yet, what waits for webhooks, and how these are.

use std::time::Duration;

use sqlx::{Row, any::AnyRow};

use super::{Ledger, LedgerError, deliveries, rows};

/// The outbox of every organisation, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outbox {
    /// Events that nobody outside has heard of: they have no number yet.
    pub unnumbered: u64,
    /// Age of the oldest of them.
    pub oldest_unnumbered: Option<Duration>,
    /// Deliveries that wait for a webhook that is not disabled.
    pub waiting: u64,
    /// Age of the oldest of them.
    pub oldest_waiting: Option<Duration>,
    /// How long a webhook that may be called has waited for its turn, the longest of all.
    pub unserved: Option<Duration>,
    well: u64,
    failing: u64,
    resting: u64,
    disabled: u64,
    given_up: u64,
}

/// How a webhook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The last try was a success, or none was made.
    Well,
    Failing,
    /// It failed often enough to be left alone for a while.
    Resting,
    /// Somebody switched it off.
    Disabled,
    /// It answered 410, or nothing could be delivered for days.
    GivenUp,
}

impl Condition {
    /// Every condition, for lists.
    pub const ALL: [Self; 5] = [Self::Well, Self::Failing, Self::Resting, Self::Disabled, Self::GivenUp];

    /// A word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Failing => "failing",
            Self::Resting => "resting",
            Self::Disabled => "disabled",
            Self::GivenUp => "given-up",
        }
    }

    fn read(row: &AnyRow, now: i64) -> Result<Self, LedgerError> {
        let why: Option<&str> = row.try_get("disabled_why")?;
        Ok(match (why, row.try_get::<i64, _>("failures")?, row.try_get::<i64, _>("rests_until")?) {
            (Some("operator"), ..) => Self::Disabled,
            (Some(_), ..) => Self::GivenUp,
            (None, _, rests_until) if rests_until > now => Self::Resting,
            (None, 1.., _) => Self::Failing,
            (None, ..) => Self::Well,
        })
    }
}

impl Outbox {
    /// Webhooks in this condition.
    pub fn webhooks(&self, condition: Condition) -> u64 {
        match condition {
            Condition::Well => self.well,
            Condition::Failing => self.failing,
            Condition::Resting => self.resting,
            Condition::Disabled => self.disabled,
            Condition::GivenUp => self.given_up,
        }
    }

    fn count(&mut self, condition: Condition) {
        let counted = match condition {
            Condition::Well => &mut self.well,
            Condition::Failing => &mut self.failing,
            Condition::Resting => &mut self.resting,
            Condition::Disabled => &mut self.disabled,
            Condition::GivenUp => &mut self.given_up,
        };
        *counted += 1;
    }
}

impl Ledger {
    /// Looks at the outbox.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn outbox(&self) -> Result<Outbox, LedgerError> {
        let new = "SELECT count(*) AS events, min(at) AS since, {now} AS moment FROM event WHERE seq IS NULL";
        let new = sqlx::query(self.say(new)).fetch_one(&self.inner.readers).await?;
        let (events, now): (i64, i64) = (new.try_get("events")?, new.try_get("moment")?);
        let mut outbox = Outbox {
            unnumbered: events.unsigned_abs(),
            oldest_unnumbered: new.try_get::<Option<i64>, _>("since")?.map(|since| since_then(since, now)),
            ..Outbox::default()
        };
        // What waits for a disabled webhook is nobody's concern until it is enabled.
        let webhooks = sqlx::query(self.say(
            "SELECT disabled_why, failures, rests_until, served_at, (SELECT count(*) FROM delivery WHERE webhook = w.id \
             AND state = 'waiting' AND w.disabled_at IS NULL) AS waiting, (SELECT min(created_at) FROM delivery \
             WHERE webhook = w.id AND state = 'waiting' AND w.disabled_at IS NULL) AS oldest, \
             (SELECT min(due_at) FROM delivery WHERE webhook = w.id AND state = 'waiting' AND w.disabled_at IS NULL \
             AND (lease_until IS NULL OR lease_until <= {now})) AS due_at, (SELECT count(*) FROM delivery \
             WHERE webhook = w.id AND state = 'waiting' AND lease_until > {now}) AS under_way FROM webhook AS w",
        ));
        for row in &webhooks.fetch_all(&self.inner.readers).await? {
            let condition = Condition::read(row, now)?;
            outbox.count(condition);
            outbox.waiting += u64::from(rows::count(row, "waiting")?);
            let oldest = row.try_get::<Option<i64>, _>("oldest")?.map(|oldest| since_then(oldest, now));
            outbox.oldest_waiting = outbox.oldest_waiting.max(oldest);
            // Whoever rests, or has as many calls under way as it may, is not kept waiting by us.
            let due: Option<i64> = row.try_get("due_at")?;
            let room = deliveries::most_under_way(row.try_get("failures")?) - row.try_get::<i64, _>("under_way")?;
            if let Some(due) = due.filter(|due| *due <= now && room > 0 && condition != Condition::Resting) {
                let turn = due.max(row.try_get("served_at")?).max(row.try_get("rests_until")?);
                outbox.unserved = outbox.unserved.max(Some(since_then(turn, now)));
            }
        }
        Ok(outbox)
    }
}

fn since_then(then: i64, now: i64) -> Duration {
    Duration::from_millis(u64::try_from(now.saturating_sub(then)).unwrap_or(0))
}
