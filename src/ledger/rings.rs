//! What the dispatcher asks: which jobs to ring, and which leases ran out.

use std::time::Duration;

use sqlx::{AnyConnection, Row};

use super::{
    Ledger, LedgerError, Start,
    change::{self, Note, Standing},
    leases::withdrawn,
    millis, rows,
};
use crate::{
    job::{JobId, state::JobEvent},
    metrics,
};

/// Jobs to ring, marked as rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The number of this ring; no job is rung twice under one number. Milliseconds since 1970, so it tells its age.
    pub ring_no: i64,
    /// In turn one of each organisation, of each the oldest first.
    pub jobs: Vec<JobId>,
}

/// An organisation on its way to its share of the rings.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    organisation: String,
    /// Rings that are out for it.
    rung: u64,
    /// Jobs that may still be rung for.
    waiting: u64,
}

/// Leases ended in one transaction; the rest wait for the next, so that the writer is never held for long.
const LEASES_AT_ONCE: i64 = 500;

impl Ledger {
    /// Picks up to `limit` waiting jobs whose time has come and that were never rung, or rung longer than
    /// `ring_again_after` ago; marks them as rung. Whoever has the fewest rings out is served next, so that one
    /// organisation's thousands do not stand before another's one.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn due(&self, limit: u64, ring_again_after: Duration) -> Result<Due, LedgerError> {
        let mut tx = self.begin().await?;
        let now = self.now(&mut tx).await?;
        let rung_before = now.saturating_sub(millis(ring_again_after));
        let mut claims = claims(&mut tx, rung_before).await?;
        let mut jobs = Vec::new();
        // Waiting jobs that are not due make claims too large; what they leave over is shared out again.
        while (jobs.len() as u64) < limit {
            let turns = turns(limit - jobs.len() as u64, &mut claims);
            if turns.is_empty() {
                break;
            }
            let mut picked: Vec<std::vec::IntoIter<JobId>> = Vec::with_capacity(claims.len());
            for (place, claim) in claims.iter_mut().enumerate() {
                let share = turns.iter().filter(|turn| **turn == place).count();
                let found = self.pick(&mut tx, &claim.organisation, share, (now, rung_before)).await?;
                if found.len() < share {
                    claim.waiting = 0;
                }
                picked.push(found.into_iter());
            }
            jobs.extend(turns.into_iter().filter_map(|turn| picked[turn].next()));
        }
        if !jobs.is_empty() {
            tx.commit().await?;
        }
        Ok(Due { ring_no: now, jobs })
    }

    /// Marks and returns the oldest `share` due jobs of an organisation.
    async fn pick(
        &self,
        tx: &mut AnyConnection,
        organisation: &str,
        share: usize,
        (now, rung_before): (i64, i64),
    ) -> Result<Vec<JobId>, LedgerError> {
        if share == 0 {
            return Ok(Vec::new());
        }
        let picked = sqlx::query(self.say(
            "SELECT id FROM job WHERE state = 'accepted' AND organisation = $1 AND not_before <= $2 \
             AND (rung_at IS NULL OR rung_at <= $3) ORDER BY accepted_at, id LIMIT $4{lock_free}",
        ))
        .bind(organisation)
        .bind(now)
        .bind(rung_before)
        .bind(i64::try_from(share).unwrap_or(i64::MAX))
        .fetch_all(&mut *tx)
        .await?;
        let jobs = picked.iter().map(rows::id).collect::<Result<Vec<_>, _>>()?;
        sqlx::query(
            self.say("UPDATE job SET rung_at = $1, ring_no = $2 WHERE id IN ({each 3}) AND state = 'accepted'"),
        )
        .bind(now)
        .bind(now)
        .bind(rows::list(&jobs)?)
        .execute(tx)
        .await?;
        Ok(jobs)
    }

    /// Takes back the mark of [`Ledger::due`] from jobs whose ring did not go out.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn unring(&self, jobs: &[JobId]) -> Result<(), LedgerError> {
        sqlx::query(self.say("UPDATE job SET rung_at = NULL WHERE id IN ({each 1}) AND state = 'accepted'"))
            .bind(rows::list(jobs)?)
            .execute(&self.inner.writer)
            .await?;
        Ok(())
    }

    /// Takes back the mark from every waiting job, for a doorbell that is known to have lost its rings. Returns how many
    /// jobs had it.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn forget_rings(&self) -> Result<u64, LedgerError> {
        let forgotten = sqlx::query("UPDATE job SET rung_at = NULL WHERE rung_at IS NOT NULL AND state = 'accepted'")
            .execute(&self.inner.writer)
            .await?;
        Ok(forgotten.rows_affected())
    }

    /// Jobs that were rung and have not ended.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn rung_and_unfinished(&self) -> Result<u64, LedgerError> {
        let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM job WHERE rung_at IS NOT NULL")
            .fetch_one(&self.inner.readers)
            .await?;
        Ok(jobs.unsigned_abs())
    }

    /// Takes back leases that ran out: their jobs wait again (the start counts), are dead when their starts are used
    /// up, or cancelled when they were withdrawn. Returns how many leases ended.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn expire_leases(&self) -> Result<u64, LedgerError> {
        let mut ended = 0;
        loop {
            let jobs = self.expire_some_leases().await?;
            ended += jobs.len() as u64;
            metrics::leases_expired(jobs.len() as u64);
            jobs.iter().for_each(|job| self.announce(*job));
            if !jobs.is_empty() {
                self.inner.work.notify_one();
            }
            if (jobs.len() as i64) < LEASES_AT_ONCE {
                return Ok(ended);
            }
        }
    }

    async fn expire_some_leases(&self) -> Result<Vec<JobId>, LedgerError> {
        let mut tx = self.begin().await?;
        // A row that is held at this moment is being ended or beaten for.
        let expired = sqlx::query(self.say(
            "SELECT id FROM job WHERE state = 'running' AND lease_until <= {now} ORDER BY lease_until LIMIT $1{lock_free}",
        ))
        .bind(LEASES_AT_ONCE)
        .fetch_all(&mut *tx)
        .await?;
        let jobs = expired.iter().map(rows::id).collect::<Result<Vec<_>, _>>()?;
        let mut ended = Vec::new();
        for &id in &jobs {
            let Some(before) = self.standing(&mut tx, id).await? else { continue };
            let (event, after, note) = self.after_expiry(&before)?;
            ended.extend(change::write(&mut tx, id, (&before, event, after), note).await?.map(|state| (before, state)));
        }
        if !jobs.is_empty() {
            tx.commit().await?;
        }
        ended.iter().for_each(|(before, state)| before.count_end(*state));
        Ok(jobs)
    }

    fn after_expiry(&self, before: &Standing) -> Result<(JobEvent, Standing, Note<'static>), LedgerError> {
        if before.cancel_requested {
            return Ok(withdrawn(before));
        }
        if before.starts >= self.inner.limits.max_starts {
            let failure = change::poisoned(before.starts);
            let note = Note { action: "exhaust", detail: Some(failure.code.as_str()) };
            return Ok((JobEvent::Exhaust, before.ended().because(&failure)?, note));
        }
        let after = before.waiting(Duration::ZERO, Start::Counted);
        Ok((JobEvent::Release, after, Note { action: "expire", detail: None }))
    }
}

/// Every organisation that has jobs waiting. A ring that may be repeated is not counted as out.
async fn claims(tx: &mut AnyConnection, rung_before: i64) -> Result<Vec<Claim>, LedgerError> {
    let rows = sqlx::query(
        "SELECT waits.organisation AS organisation, waits.jobs AS waiting, coalesce(rings.jobs, 0) AS rung \
         FROM (SELECT organisation, CAST(sum(jobs) AS BIGINT) AS jobs FROM job_count WHERE state = 'accepted' \
               GROUP BY organisation HAVING sum(jobs) > 0) AS waits \
         LEFT JOIN (SELECT organisation, count(*) AS jobs FROM job WHERE rung_at IS NOT NULL AND rung_at > $1 \
               GROUP BY organisation) AS rings ON rings.organisation = waits.organisation \
         ORDER BY waits.organisation",
    )
    .bind(rung_before)
    .fetch_all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Claim {
                organisation: row.try_get("organisation")?,
                rung: row.try_get::<i64, _>("rung")?.unsigned_abs(),
                waiting: row.try_get::<i64, _>("waiting")?.unsigned_abs(),
            })
        })
        .collect()
}

/// Hands out up to `room` turns, each to the claim with the fewest rings out (the first of equals); a turn is the place
/// of its claim. What is handed out is written into the claims.
fn turns(room: u64, claims: &mut [Claim]) -> Vec<usize> {
    let mut turns = Vec::new();
    if let [only] = claims {
        let share = room.min(only.waiting);
        only.rung += share;
        only.waiting -= share;
        turns.resize(usize::try_from(share).unwrap_or(usize::MAX), 0);
        return turns;
    }
    while (turns.len() as u64) < room {
        let next = claims.iter_mut().enumerate().filter(|(_, claim)| claim.waiting > 0);
        let Some((place, claim)) = next.min_by_key(|(_, claim)| claim.rung) else { break };
        claim.rung += 1;
        claim.waiting -= 1;
        turns.push(place);
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(organisation: &str, rung: u64, waiting: u64) -> Claim {
        Claim { organisation: organisation.into(), rung, waiting }
    }

    #[test]
    fn turns_go_to_whoever_has_the_fewest_rings_out() {
        let mut claims = [claim("a", 4, 10_000), claim("b", 0, 3), claim("c", 3, 10_000)];
        assert_eq!(turns(9, &mut claims), [1, 1, 1, 2, 0, 2, 0, 2, 0]);
        assert_eq!(claims, [claim("a", 7, 9_997), claim("b", 3, 0), claim("c", 6, 9_997)]);
    }

    #[test]
    fn one_claim_takes_the_whole_room_and_none_takes_nothing() {
        assert_eq!(turns(3, &mut [claim("a", 900, 5)]), [0, 0, 0]);
        assert_eq!(turns(9, &mut [claim("a", 0, 2)]).len(), 2);
        assert!(turns(9, &mut []).is_empty());
        assert!(turns(9, &mut [claim("a", 0, 0), claim("b", 0, 0)]).is_empty());
    }
}
