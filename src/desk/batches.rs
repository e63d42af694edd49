//! Batches at the desk: all requests are checked before one is stored; what becomes of them follows from their jobs.

mod refusals;
mod shelved;
mod whole;

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use super::{Desk, Figures, Province, RegisterDesk, counter::in_progress, ledger_failure, reading};
use crate::{
    access::Caller,
    calendar::Part,
    closing::{Fault, LeftOut, Leniency, Plan, Wanted, lines},
    failure::{Failure, FailureCode, Remedy},
    fingerprint,
    job::{Job, JobId, JobState, NewJob},
    ledger::{Batch, BatchAcceptance, NewBatch, NewPart, OnceKey, Shelf},
    register::PeriodId,
    traces,
};
use refusals::{in_file, placed, unpacked, wrong_number, wrong_size};
pub(super) use shelved::Shelved;
pub use whole::{Changes, WholeFile};

/// The most requests that one batch takes.
pub const MOST_PARTS: usize = 10_000;
/// Findings that are kept of all its papers, so that a batch full of faults fits into memory.
const MOST_KEPT: usize = 20_000;
/// Vietnam's time, in seconds east of Greenwich: for words, never for order.
const HANOI: i32 = 7 * 3600;
/// Before this share has ended, a forecast would be a guess.
const KNOWN_ENOUGH: f64 = 0.03;

/// What is handed in.
#[derive(Debug, Clone)]
pub enum Handed {
    /// Requests in their order.
    Requests(Vec<Vec<u8>>),
    /// A request a line.
    Lines(Vec<u8>, Choice),
    /// A folder of inputs as a ZIP file, of at most so many bytes when it is unpacked.
    Zip { bytes: Vec<u8>, most: usize, choice: Choice },
    /// What blocs have sent to the register.
    Sent(OfRegister),
}

/// What is wanted of lines and of ZIP files.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Only papers of these kinds; all where there is none.
    pub kinds: Vec<String>,
    /// Papers that say of which period they are have to be of this one.
    pub period: Option<PeriodId>,
    /// Whether the province's report has the annex *Nguồn số liệu*.
    pub sources: bool,
}

/// Papers of the register that are asked for.
#[derive(Debug, Clone)]
pub struct OfRegister {
    pub period: PeriodId,
    /// Only papers of these kinds; all where there is none.
    pub kinds: Vec<String>,
    /// Only these blocs, and then no report of the province; all where there are none.
    pub blocs: Option<Vec<String>>,
    pub figures: Figures,
    /// Whether the province's report has the annex *Nguồn số liệu*.
    pub sources: bool,
}

impl Choice {
    fn narrow(self, wanted: &mut Wanted) {
        wanted.kinds = self.kinds;
        wanted.sources = self.sources;
        wanted.period = self.period.map(|period| {
            let part = match period.part() {
                Part::FirstHalf => Some("first-half"),
                Part::SecondHalf => Some("second-half"),
                Part::Year => None,
            };
            (period.year(), part)
        });
    }
}

impl OfRegister {
    /// What two batches have to share to be told apart by what has changed.
    fn subject(&self) -> String {
        // The same ones, in whatever order they are named.
        let joined = |names: &[String]| {
            let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
            names.into_iter().collect::<Vec<_>>().join(",")
        };
        let kinds = if self.kinds.is_empty() { "*".to_owned() } else { joined(&self.kinds) };
        let blocs = self.blocs.as_deref().map_or_else(|| "*".to_owned(), joined);
        format!("{} {kinds} {blocs}", self.period)
    }
}

/// A batch that is handed in.
#[derive(Debug, Clone)]
pub struct Order {
    pub handed: Handed,
    pub leniency: Leniency,
    /// The caller's promise that requests under this key are one, and the request in its canonical writing.
    pub once: Option<(String, String)>,
}

/// How a batch that was handed in was taken.
#[derive(Debug)]
pub enum Taken {
    /// What was left out comes with all that is to be said of it, for the last time: the batch keeps codes and places only.
    Accepted { batch: Batch, left_out: Vec<LeftOut> },
    /// It was accepted before under the same key.
    Replayed(Batch),
    /// Nothing was stored.
    Faulty(Vec<Placed>),
}

/// A fault with its place in what was handed in.
#[derive(Debug)]
pub struct Placed {
    pub at: String,
    pub failure: Failure,
    /// Errors that were found besides and are not kept.
    pub more: usize,
}

/// The batches of one caller.
pub struct BatchDesk<'a> {
    desk: &'a Desk,
    shelf: Shelf,
}

impl Desk {
    /// The caller's batches.
    pub fn batches(&self, caller: &Caller) -> BatchDesk<'_> {
        BatchDesk { desk: self, shelf: self.ledger.of(caller) }
    }
}

impl BatchDesk<'_> {
    /// Checks all papers; then stores all, or none, or those without a fault.
    ///
    /// # Errors
    /// When the desk takes nothing in, or the ledger refuses.
    pub async fn accept(&self, order: Order) -> Result<Taken, Failure> {
        let Order { handed, leniency, once } = order;
        let key = once.map(|(key, request)| OnceKey {
            organisation: self.shelf.organisation().to_string(),
            key_sha256: fingerprint::of(key.as_bytes()),
            fingerprint: fingerprint::of_all([b"POST /v1/batches".as_slice(), request.as_bytes()]),
            keep: self.desk.admission.settings.remember_keys,
        });
        let _held = match &key {
            Some(key) => Some(self.desk.admission.hold(key).ok_or_else(in_progress)?),
            None => None,
        };
        if let Some(key) = &key
            && let Some(id) = self.shelf.find_batch_once(key).await?
        {
            return self.batch(id).await.map(Taken::Replayed);
        }
        self.desk.admission.refuse_when_closed()?;
        self.desk.admission.refuse_when_disk_is_full(&self.desk.archive).await?;
        let subject = match &handed {
            Handed::Requests(_) | Handed::Lines(..) | Handed::Zip { .. } => None,
            Handed::Sent(asked) => Some(asked.subject()),
        };
        let placed = match &handed {
            Handed::Zip { .. } => in_file,
            Handed::Requests(_) | Handed::Lines(..) | Handed::Sent(_) => placed,
        };
        let (plan, faults) = self.plan(handed, leniency).await?;
        let all = faults.iter().chain(plan.left_out.iter().map(|left| &left.fault));
        // What is not the caller's to mend is no fault of a request.
        if let Some(fault) = all.into_iter().find(|fault| fault.failure.remedy() != Remedy::FixRequest) {
            return Err(fault.failure.clone());
        }
        let nothing_left = plan.parts.is_empty() && !plan.left_out.is_empty();
        if !faults.is_empty() || nothing_left {
            let left_out = plan.left_out.into_iter().map(|left| left.fault);
            return Ok(Taken::Faulty(faults.into_iter().chain(left_out).map(placed).collect()));
        }
        if plan.parts.is_empty() || plan.parts.len() > MOST_PARTS {
            return Err(wrong_size(&plan));
        }
        let new = self.new_batch(&plan, subject)?;
        match self.shelf.accept_batch(new, key.as_ref()).await? {
            BatchAcceptance::Stored(id) => {
                Ok(Taken::Accepted { batch: self.batch(id).await?, left_out: plan.left_out })
            }
            BatchAcceptance::Replayed(id) => self.batch(id).await.map(Taken::Replayed),
        }
    }

    /// What is to be made, all of it checked.
    async fn plan(&self, handed: Handed, leniency: Leniency) -> Result<(Plan, Vec<Fault>), Failure> {
        let workshop = Arc::clone(&self.desk.workshop);
        let mut wanted =
            Wanted { leniency, kinds: Vec::new(), sources: false, most: MOST_PARTS, findings: MOST_KEPT, period: None };
        match handed {
            Handed::Requests(requests) => {
                if requests.is_empty() || requests.len() > MOST_PARTS {
                    return Err(wrong_number());
                }
                reading::batch(move || Plan::of_requests(requests, &wanted, &workshop)).await
            }
            Handed::Lines(text, choice) => {
                choice.narrow(&mut wanted);
                reading::batch(move || {
                    if !(1..=MOST_PARTS).contains(&lines(&text).take(MOST_PARTS + 1).count()) {
                        return Err(wrong_number());
                    }
                    Plan::of_lines(text, &wanted, &workshop)
                })
                .await
            }
            Handed::Zip { bytes, most, choice } => {
                choice.narrow(&mut wanted);
                reading::batch(move || Plan::of_files(unpacked(&bytes, most)?, &wanted, &workshop)).await
            }
            Handed::Sent(asked) => {
                wanted.kinds = asked.kinds;
                wanted.sources = asked.sources;
                let register = RegisterDesk::new(Arc::clone(&workshop), self.shelf.register());
                let province = register.province(asked.period, asked.figures, asked.blocs.as_deref()).await?;
                let Province { register, sent, missing } = province;
                reading::batch(move || {
                    let (mut plan, faults) = Plan::of_register(register, sent, &wanted, &workshop)?;
                    if plan.report.is_none() {
                        plan.missing = missing;
                    }
                    Ok((plan, faults))
                })
                .await
            }
        }
    }

    fn new_batch(&self, plan: &Plan, subject: Option<String>) -> Result<NewBatch, Failure> {
        let unwritable = |error: serde_json::Error| Failure::internal(error.to_string());
        let mut parts = Vec::with_capacity(plan.parts.len());
        for part in &plan.parts {
            let order = plan.order(part)?;
            let job = NewJob {
                id: JobId::fresh(),
                organisation: self.shelf.organisation().to_string(),
                kind: part.kind.clone(),
                edition: part.edition.clone(),
                order_sha256: fingerprint::of(order.as_bytes()),
                order,
                findings: part.findings.clone(),
                file_name: part.title.clone(),
                media_type: part.media_type,
                trace: traces::current(),
            };
            parts.push(NewPart { name: part.name.clone(), key: part.key.clone(), job });
        }
        let outline = plan.outline();
        Ok(NewBatch {
            id: JobId::fresh(),
            parts,
            left_out: outline.left_out.clone().into(),
            missing: plan.missing.clone(),
            outline: serde_json::to_string(&outline).map_err(unwritable)?,
            subject,
        })
    }

    /// A batch, counted now.
    ///
    /// # Errors
    /// `batch-not-found`.
    pub async fn batch(&self, id: JobId) -> Result<Batch, Failure> {
        self.shelf.batch(id).await.map_err(ledger_failure)?.ok_or_else(no_such_batch)
    }

    /// Withdraws what has not ended.
    ///
    /// # Errors
    /// `batch-not-found`.
    pub async fn cancel(&self, id: JobId) -> Result<(), Failure> {
        self.batch(id).await?;
        for job in self.jobs_in(id, |state| !state.is_end()).await? {
            self.shelf.cancel(job.id).await.map_err(ledger_failure)?;
        }
        Ok(())
    }

    /// Lets what failed or died begin anew, and nothing else.
    ///
    /// # Errors
    /// `batch-not-found`.
    pub async fn resume(&self, id: JobId) -> Result<(), Failure> {
        self.batch(id).await?;
        for job in self.jobs_in(id, |state| matches!(state, JobState::Failed | JobState::Dead)).await? {
            self.shelf.requeue(job.id).await.map_err(ledger_failure)?;
        }
        Ok(())
    }

    async fn jobs_in(&self, id: JobId, is_meant: impl Fn(JobState) -> bool) -> Result<Vec<Job>, Failure> {
        let parts = self.shelf.batch_parts(id).await.map_err(ledger_failure)?;
        Ok(parts.into_iter().map(|(_, job)| job).filter(|job| is_meant(job.state)).collect())
    }
}

/// When a batch will have ended, by how fast its jobs have ended of late; `None` where none has, for nobody knows.
pub fn forecast(batch: &Batch) -> Option<DateTime<FixedOffset>> {
    // What was there before took no time.
    let (ended, parts) = (batch.ended().saturating_sub(batch.kept), batch.parts().saturating_sub(batch.kept));
    if ended == parts || (ended as f64) < KNOWN_ENOUGH * parts as f64 || batch.lately == 0 {
        return None;
    }
    let elapsed = (batch.counted_at - batch.accepted_at).num_milliseconds() as f64;
    let seen = elapsed.min(Batch::LATELY.as_millis() as f64);
    let left = seen * (parts - ended) as f64 / batch.lately as f64;
    let at: DateTime<Utc> = batch.counted_at + TimeDelta::milliseconds(left as i64);
    FixedOffset::east_opt(HANOI).map(|zone| at.with_timezone(&zone))
}

pub(super) fn no_such_batch() -> Failure {
    Failure::new(FailureCode::BatchNotFound, "Không có lô này.", "There is no such batch.")
        .hint("Kiểm tra mã lô trong tiêu đề Location khi gửi.")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn batches_of_the_same_blocs_are_of_the_same_papers() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let subject = |kinds: &[&str], blocs: &[&str]| {
            let (period, blocs) = ("2026".parse().unwrap(), Some(names(blocs)));
            OfRegister { period, kinds: names(kinds), blocs, figures: Figures::Newest, sources: false }.subject()
        };
        assert_eq!(subject(&[], &["b", "a", "b"]), subject(&[], &["a", "b"]));
        assert_ne!(subject(&[], &["a"]), subject(&[], &["a", "b"]));
        assert_eq!(subject(&["y", "x"], &["a"]), subject(&["x", "y"], &["a"]));
        assert_ne!(subject(&["x"], &["a"]), subject(&["x", "y"], &["a"]));
        assert_eq!(subject(&["x"], &["a"]), "2026 x a", "as one kind has always been told from another");
    }

    fn batch(ended: u64, waiting: u64) -> Batch {
        let accepted_at = DateTime::from_timestamp(1_000_000, 0).unwrap();
        Batch {
            id: JobId::fresh(),
            accepted_at,
            counted_at: accepted_at + TimeDelta::seconds(60),
            left_out: json!([]),
            missing: Vec::new(),
            kept: 0,
            kinds: BTreeMap::new(),
            counts: BTreeMap::from([(JobState::Succeeded, ended), (JobState::Accepted, waiting)]),
            lately: ended,
        }
    }

    #[test]
    fn the_pace_is_that_of_late_and_where_nothing_ends_nobody_knows() {
        let mut batch = batch(50, 50);
        batch.counted_at = batch.accepted_at + TimeDelta::hours(3);
        batch.lately = 10;
        assert_eq!(forecast(&batch).unwrap().timestamp(), batch.counted_at.timestamp() + 600);
        batch.lately = 0;
        assert_eq!(forecast(&batch), None);
    }

    #[test]
    fn the_forecast_goes_by_what_has_ended() {
        let at = forecast(&batch(25, 75)).unwrap();
        assert_eq!(at.timestamp(), 1_000_000 + 60 + 180);
        assert_eq!(at.offset().local_minus_utc(), HANOI);
    }

    #[test]
    fn nothing_is_forecast_of_a_batch_that_has_hardly_begun_or_has_ended() {
        assert_eq!(forecast(&batch(1, 99)), None);
        assert_eq!(forecast(&batch(0, 4)), None);
        assert_eq!(forecast(&batch(4, 0)), None);
    }
}
