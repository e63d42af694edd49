//! The province's own report: what the blocs have sent, added up, and who has not sent.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Fault, Plan, Register, Wanted, counter::Counter, register::Sent};
use crate::{
    calendar,
    consolidation::{self, Consolidated, RegisteredBloc, Submission},
    failure::Failure,
    intake::Treatment,
    rendering::Workshop,
    vietnamese::fold_name,
};

/// Name of the province's own report in the result.
pub const REPORT: &str = "toan-tinh/bao-cao-tong-hop";

/// A paper whose figures may be added up.
pub(super) struct SourcePaper {
    pub(super) kind: String,
    pub(super) submission: Submission,
    pub(super) sent: Option<Sent>,
}

impl SourcePaper {
    fn sent_on(&self) -> Option<NaiveDate> {
        self.sent.as_ref()?.sent_on
    }

    fn adjustment(&self) -> Option<u64> {
        Some(self.sent.as_ref()?.adjustment.as_ref()?.number)
    }
}

impl Plan {
    /// Adds up what the blocs have sent, and asks for the province's report.
    pub(super) fn add_report(
        &mut self,
        register: &Register,
        sources: &[SourcePaper],
        wanted: &Wanted,
        workshop: &Workshop,
        faults: &mut Vec<Fault>,
    ) -> Result<(), Failure> {
        let Some(mut report) = register.report.clone() else { return Ok(()) };
        let kind = report.get("kind").and_then(Value::as_str).and_then(|name| workshop.catalog().kind(name));
        let Some((own, plan)) = kind.and_then(|kind| Some((kind, kind.manifest.consolidates.as_ref()?))) else {
            return Ok(());
        };
        if !wanted.wants(&own.manifest.kind) && !wanted.wants(&plan.kind) {
            return Ok(());
        }
        let fault = |failure| Fault { file: "province.json".into(), at: "/report".into(), failure };
        let year = register.year.to_string();
        let submissions: Vec<Submission> =
            sources.iter().filter(|paper| paper.kind == plan.kind).map(|paper| paper.submission.clone()).collect();
        let blocs: Vec<RegisteredBloc> = register
            .blocs
            .iter()
            .map(|bloc| {
                let sent = sources.iter().find(|paper| paper.kind == plan.kind && paper.submission.bloc == bloc.id);
                let faulty = self
                    .left_out
                    .iter()
                    .any(|left| left.name.starts_with(&format!("{}/", bloc.id)) && left.name.ends_with(&plan.kind));
                let note = match sent {
                    Some(paper) => remarks(paper, register.due(&year, &bloc.id)),
                    None if faulty => Some("Số liệu gửi còn lỗi, chưa tổng hợp".to_owned()),
                    None => None,
                };
                RegisteredBloc { id: bloc.id.clone(), name: bloc.name.clone(), form: bloc.form.clone(), note }
            })
            .collect();
        let is_sent = |bloc: &&RegisteredBloc| !submissions.iter().any(|sent| sent.bloc == bloc.id);
        self.missing = blocs.iter().filter(is_sent).map(|bloc| bloc.name.clone()).collect();
        report["content"]["province"] = json!(register.province);
        report["content"]["period"] = json!({"year": register.year});
        if wanted.sources {
            report["content"]["sources"] = sources_annex(&blocs, sources, &plan.kind);
        }
        let awards: BTreeMap<String, String> = workshop
            .catalog()
            .editions()
            .iter()
            .flat_map(|edition| &edition.awards)
            .map(|award| (fold_name(&award.name), award.id.clone()))
            .collect();
        let known = |name: &str| awards.get(&fold_name(name)).cloned().unwrap_or_else(|| name.to_owned());
        let Consolidated { request, figures } = consolidation::consolidate(plan, &blocs, &submissions, report, &known);
        let counter = Counter { workshop, spool: &self.spool, wanted, register: None };
        match workshop.check(request.to_string().as_bytes(), Treatment::AsSent) {
            Err(failure) => faults.push(fault(failure)),
            Ok(accepted) => {
                self.parts.push(counter.part(REPORT.to_owned(), None, &accepted.manuscript)?);
                self.report = Some(accepted.manuscript);
                self.figures = figures;
            }
        }
        Ok(())
    }
}

/// What is remarked about a bloc that has sent: late, corrected.
fn remarks(paper: &SourcePaper, deadline: Option<NaiveDate>) -> Option<String> {
    let late = paper.sent_on().zip(deadline).filter(|(sent, due)| sent > due);
    let late = late.map(|(sent, _)| format!("Gửi chậm ngày {}", calendar::short(sent)));
    let adjusted = paper.adjustment().map(|number| format!("Điều chỉnh lần {number}"));
    let words: Vec<String> = late.into_iter().chain(adjusted).collect();
    if words.is_empty() { None } else { Some(words.join("; ")) }
}

/// The annex *Nguồn số liệu*: which paper of each bloc.
fn sources_annex(blocs: &[RegisteredBloc], sources: &[SourcePaper], kind: &str) -> Value {
    let rows = blocs.iter().filter_map(|bloc| {
        let paper = sources.iter().find(|paper| paper.kind == kind && paper.submission.bloc == bloc.id)?;
        let request = &paper.submission.request;
        let mut row = json!({"bloc": bloc.name, "data": paper.submission.sha256});
        let number = request.pointer("/paper/number");
        let serial = number.and_then(|number| number.get("serial")).and_then(Value::as_u64);
        let symbol = number.and_then(|number| number.get("symbol")).and_then(Value::as_str);
        if let Some((serial, symbol)) = serial.zip(symbol) {
            row["number"] = json!(format!("{serial:02}/{symbol}"));
        }
        if let Some(issued_on) = request.pointer("/paper/issued_on") {
            row["issued_on"] = issued_on.clone();
        }
        if let Some(sent_on) = paper.sent_on() {
            row["sent_on"] = json!(sent_on);
        }
        if let Some(number) = paper.adjustment() {
            row["adjustment"] = json!(number);
        }
        Some(row)
    });
    rows.collect()
}
