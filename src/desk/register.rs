//! The register at the desk: what is written is checked first, all faults at once.

mod parcels;
mod province;
mod pull;
mod refusals;
mod sending;
mod taking;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

pub use province::{Figures, Province, TakenOver};
pub use pull::{Asked, Pulled, SourceReader};
use refusals::{
    adds_nothing_up, backwards, bad_id, incomplete, no_year, not_in_register, nothing_sent, refuse_bad_id, stale,
};

use super::{Desk, reading};
use crate::{
    access::Caller,
    calendar::Part,
    failure::{Failure, Finding},
    fingerprint, intake,
    ledger::{CloseOutcome, Missing, NewEntry, PutOutcome, RegisterBook},
    outbound::{Outbound, Rules},
    register::{
        self, Base, CarryOver, Closing, Entry, FieldMap, Held, PeriodId, PeriodPlan, PeriodStatus, RegisterForms,
        Schedule, ScheduleRun, Sheet, Sort, Submission,
    },
    rendering::Workshop,
    vietnamese::fold_name,
};

static FORMS: LazyLock<Result<RegisterForms, Failure>> = LazyLock::new(RegisterForms::load);

/// What came of writing an entry.
#[derive(Debug, Clone)]
pub struct Written {
    pub entry: Entry,
    /// Whether the newest version already said the same.
    pub unchanged: bool,
}

/// What came of sending.
#[derive(Debug, Clone)]
pub struct Sent {
    pub submission: Submission,
    /// Whether the newest version already said the same.
    pub unchanged: bool,
    /// Warnings and information.
    pub findings: Vec<Finding>,
}

/// A schedule, when it runs next, and what it did last.
#[derive(Debug, Clone, Serialize)]
pub struct Scheduled {
    #[serde(flatten)]
    pub entry: Entry,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<ScheduleRun>,
}

/// Runs that a list shows.
const RUNS_SHOWN: u32 = 200;

/// The register's verbs for one caller. Over HTTP the desk gives it; a command at the machine makes its own.
pub struct RegisterDesk {
    workshop: Arc<Workshop>,
    book: RegisterBook,
    /// By which sources are read.
    outbound: Option<Outbound>,
}

impl Desk {
    /// The caller's register.
    pub fn register(&self, caller: &Caller) -> RegisterDesk {
        let book = self.ledger.of(caller).register();
        RegisterDesk::new(Arc::clone(&self.workshop), book).calling(self.outbound.clone())
    }
}

impl RegisterDesk {
    pub fn new(workshop: Arc<Workshop>, book: RegisterBook) -> Self {
        Self { workshop, book, outbound: None }
    }

    /// The same desk, which may read sources.
    pub fn calling(self, outbound: Option<Outbound>) -> Self {
        Self { outbound, ..self }
    }

    fn rules(&self) -> Rules {
        self.outbound.as_ref().map(|outbound| outbound.rules().clone()).unwrap_or_default()
    }

    /// Writes an entry upon `base`.
    pub async fn put(&self, sort: Sort, id: &str, body: Vec<u8>, base: &Base) -> Result<Written, Failure> {
        refuse_bad_id(sort, id)?;
        let body = self.read(body, Sheet::Entry(sort)).await?;
        let faults = self.faults(sort, id, &body).await?;
        if !faults.is_empty() {
            return Err(Failure::invalid_document(faults));
        }
        let body = intake::canonical(body.to_string().as_bytes())?;
        let new = NewEntry { sort, id: id.to_owned(), sha256: fingerprint::of(body.as_bytes()), body };
        match self.book.put_entry(&new, base).await? {
            PutOutcome::Written(entry) => Ok(Written { entry, unchanged: false }),
            PutOutcome::Unchanged(entry) => Ok(Written { entry, unchanged: true }),
            PutOutcome::Stale(current) => Err(stale(base, current.map(|entry| entry.version))),
        }
    }

    /// The newest version of an entry.
    pub async fn entry(&self, sort: Sort, id: &str) -> Result<Entry, Failure> {
        // What is no id names nothing, and may hold what no store takes.
        refuse_bad_id(sort, id).map_err(|_| not_in_register(sort))?;
        self.book.entry(sort, id).await?.ok_or_else(|| not_in_register(sort))
    }

    /// The newest version of every entry of a sort.
    pub async fn entries(&self, sort: Sort) -> Result<Vec<Entry>, Failure> {
        Ok(self.book.entries(sort).await?)
    }

    /// Every version of an entry, the oldest first.
    pub async fn history(&self, sort: Sort, id: &str) -> Result<Vec<Entry>, Failure> {
        refuse_bad_id(sort, id).map_err(|_| not_in_register(sort))?;
        let versions = self.book.entry_history(sort, id).await?;
        if versions.is_empty() { Err(not_in_register(sort)) } else { Ok(versions) }
    }

    /// One version of what a bloc sent; without a number the newest.
    pub async fn submission(&self, bloc: &str, period: PeriodId, version: Option<i64>) -> Result<Submission, Failure> {
        refuse_bad_id(Sort::Bloc, bloc).map_err(|_| nothing_sent(period))?;
        let found = match version {
            None => self.book.submission(period, bloc).await?,
            Some(number) => self.versions(bloc, period).await?.into_iter().find(|one| one.version == number),
        };
        found.ok_or_else(|| nothing_sent(period))
    }

    /// Every version of what a bloc sent, the oldest first.
    pub async fn versions(&self, bloc: &str, period: PeriodId) -> Result<Vec<Submission>, Failure> {
        refuse_bad_id(Sort::Bloc, bloc).map_err(|_| nothing_sent(period))?;
        Ok(self.book.submissions(period, Some(bloc)).await?)
    }

    /// The newest version of what each bloc sent, by bloc.
    pub async fn newest(&self, period: PeriodId) -> Result<Vec<Submission>, Failure> {
        let mut newest: BTreeMap<String, Submission> = BTreeMap::new();
        for one in self.book.submissions(period, None).await? {
            newest.insert(one.bloc.clone(), one);
        }
        Ok(newest.into_values().collect())
    }

    /// Every adjustment of a period, by number.
    pub async fn adjustments(&self, period: PeriodId) -> Result<Vec<Submission>, Failure> {
        let mut adjusted = self.book.submissions(period, None).await?;
        adjusted.retain(|one| one.adjustment.is_some());
        adjusted.sort_by_key(|one| one.adjustment.as_ref().map(|adjustment| adjustment.number));
        Ok(adjusted)
    }

    /// The draft of a year's summary that the register can give, with the origin of each figure.
    pub async fn carry_over(&self, bloc: &str, period: PeriodId) -> Result<CarryOver, Failure> {
        let bloc = self.entry(Sort::Bloc, bloc).await?;
        let year = self.book.entry(Sort::BlocYear, &format!("{}/{}", bloc.id, period.year())).await?;
        let members = self.members_of(&bloc.id, period.year()).await?;
        let first = self.sent_for(&bloc.id, period.year(), Part::FirstHalf).await?;
        let second = self.sent_for(&bloc.id, period.year(), Part::SecondHalf).await?;
        let before = self.sent_for(&bloc.id, period.year() - 1, Part::Year).await?;
        let held = Held {
            bloc: &bloc,
            year: year.as_ref().map(|year| (year, members)),
            halves: [first.as_ref(), second.as_ref()],
            before: before.as_ref(),
        };
        let catalog = self.workshop.catalog();
        let awards = catalog.editions().award_ids();
        let known = |name: &str| awards.get(&fold_name(name)).cloned().unwrap_or_else(|| name.to_owned());
        register::carry_over(period, held, catalog.drafts(), &known).ok_or_else(|| no_year(period))
    }

    async fn sent_for(&self, bloc: &str, year: i32, part: Part) -> Result<Option<Submission>, Failure> {
        let Some(period) = PeriodId::new(year, part) else { return Ok(None) };
        Ok(self.book.submission(period, bloc).await?)
    }

    /// Who has sent, who is late, who is missing.
    pub async fn status(&self, period: PeriodId) -> Result<PeriodStatus, Failure> {
        let plan = self.plan(period).await?;
        let all = self.book.submissions(period, None).await?;
        let now = self.book.now().await?;
        let standings = self.expected(period).await?.into_iter().map(|bloc| {
            let sent: Vec<Submission> = all.iter().filter(|one| one.bloc == bloc.id).cloned().collect();
            register::standing(&bloc, &plan, &sent, now)
        });
        Ok(PeriodStatus::of(period, &plan, self.book.closing(period).await?, standings.collect()))
    }

    /// Fixes what was sent for a period. A period that is closed stays as it was closed.
    pub async fn close_period(&self, period: PeriodId, body: Vec<u8>) -> Result<Closing, Failure> {
        let body = if body.is_empty() { b"{}".to_vec() } else { body };
        let sheet = self.read(body, Sheet::Closing).await?;
        let missing = match sheet.get("accept_missing").and_then(Value::as_bool) {
            Some(true) => Missing::Accepted,
            Some(false) | None => Missing::Refused,
        };
        let expected: Vec<String> = self.expected(period).await?.into_iter().map(|bloc| bloc.id).collect();
        match self.book.close_period(period, &expected, missing).await? {
            CloseOutcome::Closed(closing) | CloseOutcome::AlreadyClosed(closing) => Ok(closing),
            CloseOutcome::Incomplete(missing) => Err(incomplete(period, &missing)),
        }
    }

    /// Every schedule with its next time and its last run.
    pub async fn timetable(&self) -> Result<Vec<Scheduled>, Failure> {
        let now = self.book.now().await?;
        let mut all = Vec::new();
        for entry in self.book.entries(Sort::Schedule).await? {
            let next_at = Schedule::read(&entry.body).ok().and_then(|schedule| schedule.next_after(now));
            let last_run = self.book.schedule_runs(&entry.id, 1).await?.pop();
            all.push(Scheduled { entry, next_at, last_run });
        }
        Ok(all)
    }

    /// What a schedule did, the last first.
    pub async fn runs(&self, schedule: &str) -> Result<Vec<ScheduleRun>, Failure> {
        self.entry(Sort::Schedule, schedule).await?;
        Ok(self.book.schedule_runs(schedule, RUNS_SHOWN).await?)
    }

    async fn plan(&self, period: PeriodId) -> Result<PeriodPlan, Failure> {
        let entry = self.book.entry(Sort::Period, &period.to_string()).await?;
        Ok(PeriodPlan::read(entry.as_ref().map(|entry| &entry.body)))
    }

    async fn expected(&self, period: PeriodId) -> Result<Vec<Entry>, Failure> {
        let (blocs, years) = (self.book.entries(Sort::Bloc).await?, self.book.entries(Sort::BlocYear).await?);
        Ok(register::expected(period, &blocs, &years))
    }

    async fn units(&self) -> Result<BTreeMap<String, Entry>, Failure> {
        Ok(self.book.entries(Sort::Unit).await?.into_iter().map(|entry| (entry.id.clone(), entry)).collect())
    }

    /// Members of a bloc in a year, by name.
    async fn members_of(&self, bloc: &str, year: i32) -> Result<Vec<Value>, Failure> {
        let Some(year) = self.book.entry(Sort::BlocYear, &format!("{bloc}/{year}")).await? else {
            return Ok(Vec::new());
        };
        Ok(register::unit_names(&year.body, &self.units().await?))
    }

    /// What an entry that has its form gets wrong beside the rest of the register.
    async fn faults(&self, sort: Sort, id: &str, body: &Value) -> Result<Vec<Finding>, Failure> {
        match sort {
            Sort::Unit | Sort::Bloc => Ok(backwards(body).into_iter().collect()),
            Sort::BlocYear => {
                let (bloc, year) = id.rsplit_once('/').unwrap_or((id, ""));
                self.entry(Sort::Bloc, bloc).await?;
                let year = year.parse().map_err(|_| bad_id(sort))?;
                Ok(register::check_year(year, body, &self.units().await?))
            }
            Sort::Schedule => Ok(Schedule::read(body).err().unwrap_or_default()),
            Sort::Report => {
                let kind = body.pointer("/request/kind").and_then(Value::as_str).unwrap_or_default();
                let known = self.workshop.catalog().kind(kind).and_then(|kind| kind.manifest.consolidates.as_ref());
                Ok(if known.is_some() { Vec::new() } else { vec![adds_nothing_up(kind)] })
            }
            Sort::Source => Ok(FieldMap::read(body, &self.rules()).err().unwrap_or_default()),
            Sort::Period => {
                let period = id.parse().map_err(|_| bad_id(sort))?;
                let blocs = self.book.entries(Sort::Bloc).await?;
                Ok(register::check_plan(period, body, |wanted| blocs.iter().any(|bloc| bloc.id == wanted)))
            }
        }
    }

    async fn read(&self, body: Vec<u8>, sheet: Sheet) -> Result<Value, Failure> {
        let workshop = Arc::clone(&self.workshop);
        let bytes = body.len();
        let read = move || {
            let forms = FORMS.as_ref().map_err(Clone::clone)?;
            let covers = |character| workshop.fonts().covers(character);
            intake::read_form(&body, forms.of(sheet), &covers)
        };
        reading::request(bytes, read).await
    }
}
