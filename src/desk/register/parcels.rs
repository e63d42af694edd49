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

/// A file of a bloc as what it sends for each period, with its place in the file.
pub(super) fn parcels_of(
    bloc: &Entry,
    sent: closing::Sent,
    year: i32,
) -> Result<Vec<(String, Parcel)>, (String, Failure)> {
    let mut parcels: Vec<(String, Parcel)> = Vec::new();
    let mut waiting = Vec::new();
    let mut papers = sent.papers;
    for (number, paper) in papers.iter_mut().enumerate() {
        match period_of(paper, year).filter(|period| parcels.iter().all(|(_, parcel)| parcel.period != *period)) {
            Some(period) => {
                let beside = Beside {
                    status: paper.get("status").and_then(Value::as_str).map(str::to_owned),
                    paper: paper.get_mut("paper").map(Value::take),
                    others: std::mem::take(&mut waiting),
                    ..Beside::default()
                };
                let content = paper.get_mut("content").map(Value::take).unwrap_or_default();
                let beside = Beside { envelope: envelope_of(paper), ..beside };
                let parcel = Parcel { bloc: bloc.clone(), period, content, beside, reason: None };
                parcels.push((format!("/papers/{number}"), parcel));
            }
            None => match parcels.last_mut() {
                Some((_, parcel)) => parcel.beside.others.push(paper.take()),
                None => waiting.push(paper.take()),
            },
        }
    }
    match parcels.last_mut() {
        None => {
            let message = "Tệp không có báo cáo của kỳ nào, nên không ghi được vào sổ đăng ký.";
            let message_en = "the file has no paper of a period";
            let finding = Finding::new("register", Severity::Error, "/papers", message, message_en);
            Err((String::new(), Failure::invalid_document(vec![finding])))
        }
        Some((_, parcel)) => {
            let adjustment = sent.adjustment.map(|it| (it.number, it.reason));
            let stated = Stated { sent_on: sent.sent_on, version: sent.version, adjustment };
            parcel.beside.stated = (stated != Stated::default()).then_some(stated);
            Ok(parcels)
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
