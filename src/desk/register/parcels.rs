//! A bloc's file: what it sends for each period, and the other way round.

use serde_json::Value;

use super::sending::{Parcel, envelope_of};
use crate::{
    calendar::Part,
    catalog::DraftWords,
    closing,
    failure::{Failure, Finding, Severity},
    register::{Beside, Entry, PeriodId, Stated, Submission, request_of},
};

/// What a bloc has sent as its file; `None` where it has sent nothing.
pub(super) fn sent_by(bloc: &Entry, words: &DraftWords, versions: &[Submission]) -> Option<closing::Sent> {
    let own: Vec<&Submission> = versions.iter().filter(|sent| sent.bloc == bloc.id).collect();
    let last = own.last()?;
    let papers = own
        .iter()
        .flat_map(|sent| std::iter::once(request_of(bloc, words, sent)).chain(sent.beside.others.iter().cloned()))
        .collect();
    let Stated { sent_on, version, adjustment } = told_of(last);
    Some(closing::Sent {
        bloc: bloc.id.clone(),
        sent_on,
        version,
        adjustment: adjustment.map(|(number, reason)| closing::Adjustment { number, reason }),
        submission: Some(last.id.clone()),
        papers,
    })
}

/// What a folder states of a version: what was stated of it, or else what the register knows.
fn told_of(sent: &Submission) -> Stated {
    let stated = sent.beside.stated.clone().unwrap_or_default();
    let own = sent.adjustment.as_ref().map(|it| (u64::try_from(it.number).unwrap_or(0), it.reason.clone()));
    Stated {
        sent_on: Some(sent.sent_on()),
        version: stated.version.or(u64::try_from(sent.version).ok()),
        adjustment: stated.adjustment.or(own),
    }
}

/// Whether a parcel says what the folder says into which `seen` is given out.
pub(super) fn is_told(parcel: &Parcel, seen: &Submission, words: &DraftWords) -> bool {
    let mut request = request_of(&parcel.bloc, words, seen);
    let Beside { status, paper, envelope, others, stated, origin: _ } = &parcel.beside;
    parcel.content == seen.content
        && *others == seen.beside.others
        && stated.as_ref().is_none_or(|stated| *stated == told_of(seen))
        && status.as_deref() == request["status"].as_str()
        && paper.as_ref() == request.get("paper")
        && *envelope == envelope_of(&mut request)
}

/// What a bloc's file says for a period, with the places of its papers in the file.
#[derive(Debug)]
pub(super) struct Sheaf {
    pub(super) at: String,
    pub(super) parcel: Parcel,
    /// Of the papers beside the report, in their order.
    pub(super) others_at: Vec<String>,
}

/// A file of a bloc as what it sends for each period.
pub(super) fn parcels_of(bloc: &Entry, sent: closing::Sent, year: i32) -> Result<Vec<Sheaf>, (String, Failure)> {
    let mut sheaves: Vec<Sheaf> = Vec::new();
    let mut waiting = Vec::new();
    let mut papers = sent.papers;
    for (number, paper) in papers.iter_mut().enumerate() {
        let at = format!("/papers/{number}");
        match period_of(paper, year).filter(|period| sheaves.iter().all(|sheaf| sheaf.parcel.period != *period)) {
            Some(period) => {
                let (others_at, others) = std::mem::take(&mut waiting).into_iter().unzip();
                let beside = Beside {
                    status: paper.get("status").and_then(Value::as_str).map(str::to_owned),
                    paper: paper.get_mut("paper").map(Value::take),
                    others,
                    ..Beside::default()
                };
                let content = paper.get_mut("content").map(Value::take).unwrap_or_default();
                let beside = Beside { envelope: envelope_of(paper), ..beside };
                let parcel = Parcel { bloc: bloc.clone(), period, content, beside, reason: None };
                sheaves.push(Sheaf { at, parcel, others_at });
            }
            None => match sheaves.last_mut() {
                Some(sheaf) => {
                    sheaf.parcel.beside.others.push(paper.take());
                    sheaf.others_at.push(at);
                }
                None => waiting.push((at, paper.take())),
            },
        }
    }
    match sheaves.last_mut() {
        None => {
            let message = "Tệp không có báo cáo của kỳ nào, nên không ghi được vào sổ đăng ký.";
            let message_en = "the file has no paper of a period";
            let finding = Finding::new("register", Severity::Error, "/papers", message, message_en);
            Err((String::new(), Failure::invalid_document(vec![finding])))
        }
        Some(Sheaf { parcel, .. }) => {
            let adjustment = sent.adjustment.map(|it| (it.number, it.reason));
            let stated = Stated { sent_on: sent.sent_on, version: sent.version, adjustment };
            parcel.beside.stated = (stated != Stated::default()).then_some(stated);
            Ok(sheaves)
        }
    }
}

/// The period of the year whose paper this is.
fn period_of(paper: &Value, year: i32) -> Option<PeriodId> {
    let kind = paper.get("kind")?.as_str()?;
    let mut of_year =
        [Part::FirstHalf, Part::SecondHalf, Part::Year].into_iter().filter_map(|part| PeriodId::new(year, part));
    of_year.find(|period| {
        let (told, wanted) = (paper.pointer("/content/period"), period.content());
        let same = |field: &str| told.and_then(|told| told.get(field)) == wanted.get(field);
        period.kind() == kind && same("year") && same("part")
    })
}
