//! The dispatcher's part of a world, and its end.

use super::{
    hold,
    life::{AGAIN_MS, End, Known, WINDOW, World},
};
use crate::{dispatch::DispatchError, job::JobState};

/// As in the dispatcher: so many times longer while no ring is missed.
const TURNS: i64 = 10;
/// Passes, five seconds apart, within which a world in peace has to end.
const PEACE: u32 = 60;

impl World<'_> {
    pub(super) async fn restart(&mut self) -> Result<bool, String> {
        let empty = self.bell.depth() == 0;
        self.dispatcher.recover().await.map_err(|error| error.to_string())?;
        for known in self.jobs.iter_mut().filter(|known| empty && known.state == JobState::Accepted) {
            known.rung_at = None;
        }
        Ok(true)
    }

    pub(super) async fn pass(&mut self, breaks_after: Option<u64>) -> Result<bool, String> {
        let (now, out) = (*self.clock, self.bell.depth());
        let waiting = self.bell.waiting();
        self.bell.break_after(breaks_after.map(|rings| rings as usize));
        let passed = self.dispatcher.pass().await;
        self.bell.break_after(None);
        let mut expired = 0;
        for known in self.jobs.iter_mut().filter(|known| known.state == JobState::Running && known.lease_until <= now) {
            expired += 1;
            if known.cancel_requested {
                known.go(JobState::Cancelled);
            } else if known.starts >= super::LIMITS.max_starts {
                known.go(JobState::Dead);
            } else {
                known.wait_until(now);
            }
        }
        if expired > 0 {
            self.reach("leases ran out");
        }
        let room = WINDOW.saturating_sub(out);
        let believed = self.jobs.iter().filter(|known| known.rung_at.is_some()).count() as u64;
        let patience = AGAIN_MS * if believed <= out { TURNS } else { 1 };
        let due = |known: &Known| {
            known.state == JobState::Accepted
                && known.not_before <= now
                && known.rung_at.is_none_or(|rung| rung <= now - patience)
        };
        let due_jobs = self.jobs.iter().filter(|known| due(known)).count() as u64;
        let rung = self.bell.waiting().split_off(waiting.len());
        hold!(out.max(WINDOW) >= self.bell.depth(), "{} rings out", self.bell.depth());
        match passed {
            Ok(pass) => {
                hold!(pass.expired == expired, "{} leases taken back, {expired} ran out", pass.expired);
                let breaks = breaks_after.is_some() && room.min(due_jobs) > 0;
                hold!(!breaks, "the doorbell broke, and nobody heard of it");
                let expected = room.min(due_jobs);
                hold!((pass.rung, rung.len() as u64) == (expected, expected), "{pass:?}, {rung:?}, {due_jobs} due");
            }
            Err(DispatchError::Doorbell(_)) if breaks_after.is_some() => {
                self.reach("the doorbell broke");
                let asked = self.bell.asked();
                self.jobs.iter_mut().filter(|known| asked.contains(&known.id)).for_each(|known| known.rung_at = None);
                return Ok(true);
            }
            Err(error) => return Err(error.to_string()),
        }
        let served = |known: &Known| rung.contains(&known.id);
        hold!(self.jobs.iter().all(|known| !served(known) || due(known)), "{rung:?} were not all due");
        // Whoever still has a due job has no fewer rings out than anyone who was served, but for one.
        let out_for = |organisation: u64| {
            let own = self.jobs.iter().filter(|known| known.organisation == organisation);
            own.filter(|known| served(known) || known.rung_at.is_some_and(|rung| rung > now - patience)).count()
        };
        for left in self.jobs.iter().filter(|known| due(known) && !served(known)) {
            for lucky in self.jobs.iter().filter(|known| served(known)) {
                let (less, more) = (out_for(left.organisation), out_for(lucky.organisation));
                hold!(more <= less + 1, "{left:?} has {less} rings out, {lucky:?} was served with {more}");
            }
        }
        for known in self.jobs.iter_mut().filter(|known| rung.contains(&known.id)) {
            known.rung_at = Some(now);
        }
        Ok(true)
    }

    /// Every worker dies and the doorbell works: within bounds, all has to end.
    pub(super) async fn end_in_peace(&mut self) -> Result<(), String> {
        for worker in 0..3 {
            self.kill(worker, false);
        }
        for _ in 0..PEACE {
            if self.jobs.iter().all(|known| known.state.is_end()) {
                return Ok(());
            }
            self.tick(5_000).await;
            self.pass(None).await?;
            while self.bell.depth() > 0 {
                self.take(0, 0).await?;
                self.end(0, End::Made).await?;
            }
        }
        let open: Vec<&Known> = self.jobs.iter().filter(|known| !known.state.is_end()).collect();
        Err(format!("no end, {}: {open:#?}", *self.clock))
    }

    pub(super) async fn read_the_rows(&mut self) -> Result<(), String> {
        for known in &self.jobs {
            let row = self.ledger.find(known.id).await.map_err(|error| error.to_string())?;
            let row = row.ok_or_else(|| format!("lost: {known:?}"))?;
            let paper = row.artifact.as_ref().map(|artifact| artifact.sha256.clone());
            let as_known = (row.state, row.fence, row.starts, row.tries, paper)
                == (known.state, known.fence, known.starts, known.tries, known.paper.clone());
            hold!(as_known, "{row:#?} is known as {known:#?}");
            let reason = row.failure.is_some();
            hold!(reason || !matches!(row.state, JobState::Failed | JobState::Dead), "without a reason: {row:#?}");
            let audit = self.ledger.audit_of(known.id).await.map_err(|error| error.to_string())?;
            let mut state = "";
            let actions: Vec<&str> = audit.iter().map(|row| row.action.as_str()).collect();
            for action in &actions {
                state =
                    drawn_in_the_audit(state, action).ok_or_else(|| format!("{action} from {state}: {actions:?}"))?;
            }
            hold!(state == known.state.as_str(), "the audit leads to {state}: {actions:?}, {known:?}");
            let leases = actions.iter().filter(|action| **action == "lease").count();
            hold!(leases as i64 == known.fence, "{leases} leases in the audit of {known:?}");
        }
        Ok(())
    }
}

/// A job's life once more, in the words of the audit.
fn drawn_in_the_audit(state: &str, action: &str) -> Option<&'static str> {
    Some(match (state, action) {
        ("", "accept") => "accepted",
        ("accepted", "lease") => "running",
        ("running", "succeed") => "succeeded",
        ("running", "fail") => "failed",
        ("running", "retry" | "release" | "expire") => "accepted",
        ("running", "cancel-request") => "running",
        ("running", "exhaust") => "dead",
        ("accepted" | "running", "cancel") => "cancelled",
        ("failed" | "dead", "requeue") => "accepted",
        ("dead", "drop") => "cancelled",
        _ => return None,
    })
}
