//! What a bloc sends is checked like the papers that will be made of it, and then kept.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    RegisterDesk, Sent,
    refusals::{closed, open, stale},
};
use crate::{
    desk::reading,
    difference::{self, Change},
    failure::{Failure, FailureCode, Finding, Severity},
    intake::{self, Treatment},
    ledger::{NewSubmission, SubmitOutcome},
    register::{self, Base, Beside, Entry, PeriodId, Sheet, Sort, Submission, draft_of},
    rendering::Workshop,
};

/// What is to be kept of a bloc for a period.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) bloc: Entry,
    pub(super) period: PeriodId,
    pub(super) content: Value,
    pub(super) beside: Beside,
    /// Why it changes what was closed.
    pub(super) reason: Option<String>,
}

impl RegisterDesk {
    /// Checks and stores what a bloc sends for a period, upon `base`.
    pub async fn send(&self, bloc: &str, period: PeriodId, body: Vec<u8>, base: &Base) -> Result<Sent, Failure> {
        let bloc = self.entry(Sort::Bloc, bloc).await?;
        let mut sheet = self.read(body, Sheet::Submission).await?;
        let others = sheet.get_mut("others").and_then(Value::as_array_mut).map(std::mem::take);
        let beside = Beside {
            status: sheet.get("status").and_then(Value::as_str).map(str::to_owned),
            paper: sheet.get_mut("paper").map(Value::take),
            others: others.unwrap_or_default(),
            ..Beside::default()
        };
        let reason = sheet.pointer("/adjustment/reason").and_then(Value::as_str).map(str::to_owned);
        let parcel = Parcel { bloc, period, content: sheet["content"].take(), beside, reason };
        let members = self.members_of(&parcel.bloc.id, period.year()).await?;
        let (parcel, findings) = self.check(parcel, members).await?;
        self.keep(parcel, findings, base).await
    }

    /// Stores what was checked.
    pub(super) async fn keep(&self, parcel: Parcel, findings: Vec<Finding>, base: &Base) -> Result<Sent, Failure> {
        let Parcel { bloc, period, content, beside, reason } = parcel;
        let canonical = intake::canonical(content.to_string().as_bytes())?;
        let mut new = NewSubmission {
            id: Uuid::now_v7().to_string(),
            period,
            bloc: bloc.id,
            sha256: beside.sha256(&canonical),
            content: canonical,
            beside,
            adjustment: None,
        };
        let outcome = match reason {
            Some(reason) => self.adjust(&mut new, (&content, reason), base).await?,
            None => self.book.submit(&new, base).await?,
        };
        match outcome {
            SubmitOutcome::Stored(submission) => Ok(Sent { submission, unchanged: false, findings }),
            SubmitOutcome::Unchanged(submission) => Ok(Sent { submission, unchanged: true, findings }),
            SubmitOutcome::Stale(current) => Err(stale(base, current.map(|current| current.version))),
            SubmitOutcome::Closed => Err(closed(period)),
            SubmitOutcome::Open => Err(open(period)),
        }
    }

    /// Stores an adjustment upon the very version from which it is said to differ.
    async fn adjust(
        &self,
        new: &mut NewSubmission,
        (content, reason): (&Value, String),
        base: &Base,
    ) -> Result<SubmitOutcome, Failure> {
        loop {
            let before = self.book.submission(new.period, &new.bloc).await?;
            let difference = self.difference(new.period, before.as_ref(), (content, &new.beside));
            new.adjustment = Some((reason.clone(), difference));
            let before = before.as_ref().map(Submission::tag);
            let upon = match &before {
                Some(tag) if base.is(Some(tag)) => Base::OneOf(vec![tag.as_str().to_owned()]),
                None if base.is(None) => Base::Nothing,
                Some(_) | None => Base::OneOf(Vec::new()),
            };
            match self.book.submit(new, &upon).await? {
                // Another version came in between, upon which the sender would have it too.
                SubmitOutcome::Stale(current) if base.is(current.as_ref().map(Submission::tag).as_ref()) => {}
                outcome => return Ok(outcome),
            }
        }
    }

    /// What is sent as it is kept, with warnings and information. Errors of all its papers come together.
    pub(super) async fn check(&self, parcel: Parcel, members: Vec<Value>) -> Result<(Parcel, Vec<Finding>), Failure> {
        let workshop = std::sync::Arc::clone(&self.workshop);
        let bytes = reading::size(&parcel.content) + parcel.beside.others.iter().map(reading::size).sum::<usize>();
        reading::request(bytes, move || checked(&workshop, parcel, &members)).await
    }

    /// A paper that goes beside a report, as it is kept.
    pub(super) async fn check_other(&self, other: Value) -> Result<Value, Failure> {
        let workshop = std::sync::Arc::clone(&self.workshop);
        let bytes = reading::size(&other);
        let check = move || workshop.check(other.to_string().as_bytes(), Treatment::AsSent);
        Ok(reading::request(bytes, check).await?.manuscript.request)
    }

    fn difference(
        &self,
        period: PeriodId,
        before: Option<&Submission>,
        (content, beside): (&Value, &Beside),
    ) -> Vec<Change> {
        let kind = self.workshop.catalog().kind(period.kind());
        let titles = |pointer: &str| kind?.title_at(&format!("/content{pointer}"));
        let mut changes = difference::between(before.map(|before| &before.content), content, titles);
        let around =
            |of: &Beside| json!({"status": of.status, "paper": of.paper, "others": of.others, "envelope": of.envelope});
        let before = before.map_or_else(Beside::default, |before| before.beside.clone());
        changes.extend(difference::between(Some(&around(&before)), &around(beside), |_| None));
        changes
    }
}

fn checked(workshop: &Workshop, mut parcel: Parcel, members: &[Value]) -> Result<(Parcel, Vec<Finding>), Failure> {
    let (asked, treatment) = asked(workshop, &parcel);
    let (request, mut findings) = outcome(workshop, &asked, treatment)?;
    // What was accepted is in Unicode; names in an old encoding would be those of nobody.
    let content = match &request {
        Some(request) => Some(&request["content"]),
        None if parcel.beside.envelope.contains_key("text_encoding") => None,
        None => Some(&parcel.content),
    };
    let own = content.map(|content| register::check_submission(parcel.period, &parcel.bloc, members, content));
    // Where the paper around it is ours, what is said of it is not the sender's business.
    let is_theirs =
        |pointer: &String| pointer.starts_with("/content") || (treatment == Treatment::AsSent && !pointer.is_empty());
    findings.retain(|finding| finding.pointers.iter().any(is_theirs));
    findings.extend(own.into_iter().flatten());
    let mut others = Vec::with_capacity(parcel.beside.others.len());
    for (number, other) in parcel.beside.others.iter().enumerate() {
        let (request, told) = outcome(workshop, other, Treatment::AsSent)?;
        findings.extend(told.into_iter().map(|mut finding| {
            finding.pointers.iter_mut().for_each(|pointer| pointer.insert_str(0, &format!("/others/{number}")));
            finding
        }));
        others.extend(request);
    }
    let is_error = |finding: &Finding| finding.severity == Severity::Error;
    match request {
        Some(mut request) if !findings.iter().any(is_error) => {
            parcel.content = request["content"].take();
            if parcel.beside.paper.is_some() {
                parcel.beside.paper = Some(request["paper"].take());
            }
            parcel.beside.envelope = envelope_of(&mut request);
            parcel.beside.others = others;
            Ok((parcel, findings))
        }
        None if !findings.iter().any(is_error) => {
            Err(Failure::internal("the paper around a content has faults of its own"))
        }
        Some(_) | None => {
            findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.pointers.cmp(&b.pointers)));
            Err(Failure::invalid_document(findings))
        }
    }
}

/// The request that the content is checked in.
fn asked(workshop: &Workshop, parcel: &Parcel) -> (Value, Treatment) {
    let content = parcel.content.clone();
    let (mut request, treatment) = match &parcel.beside.paper {
        None => {
            let words = workshop.catalog().drafts();
            (draft_of(parcel.period, &parcel.bloc, words, content), Treatment::AsDraft)
        }
        Some(paper) => {
            let status = parcel.beside.status.as_deref().unwrap_or("draft");
            let request = json!({"kind": parcel.period.kind(), "status": status, "paper": paper, "content": content});
            (request, Treatment::AsSent)
        }
    };
    parcel.beside.put_into(&mut request);
    (request, treatment)
}

/// What a request says of itself, beside what every request is made of.
pub(super) fn envelope_of(request: &mut Value) -> Map<String, Value> {
    let mut said = request.as_object_mut().map(std::mem::take).unwrap_or_default();
    said.retain(|field, _| !["kind", "status", "paper", "content"].contains(&field.as_str()));
    said
}

/// The request as it is accepted, if it is, and what is to be said of it.
fn outcome(
    workshop: &Workshop,
    request: &Value,
    treatment: Treatment,
) -> Result<(Option<Value>, Vec<Finding>), Failure> {
    match workshop.check(request.to_string().as_bytes(), treatment) {
        Ok(accepted) => Ok((Some(accepted.manuscript.request), accepted.findings)),
        Err(failure) if failure.code == FailureCode::InvalidDocument => Ok((None, failure.findings)),
        Err(failure) => Err(failure),
    }
}
