//! The province's own report: what the blocs have sent, added up, and who has not sent.

use std::sync::atomic::AtomicUsize;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fault, LeftOut, Plan, Register, Wanted, counter::Counter, register::Sent};
use crate::{
    catalog::Catalog,
    consolidation::{self, Consolidated, RegisteredBloc, Submission},
    document::Number,
    failure::{Failure, Finding, Severity},
    intake::Treatment,
    rendering::{Workshop, YearEndWords},
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
    /// Adds up what the blocs have sent, and asks for the province's report. Where it is not wanted nothing
    /// was read for it, and nobody is missing.
    pub(super) fn add_report(
        &mut self,
        register: &Register,
        sources: &[SourcePaper],
        wanted: &Wanted,
        workshop: &Workshop,
        faults: &mut Vec<Fault>,
    ) -> Result<(), Failure> {
        let Some(mut report) = register.report.clone() else { return Ok(()) };
        let fault = |failure| Fault { file: "province.json".into(), at: "/report".into(), failure, more: 0 };
        let Some((kind, plan)) = register.adds_up(workshop.catalog()) else {
            faults.push(fault(adds_nothing_up(&report, workshop.catalog())));
            return Ok(());
        };
        let of_another_year = wanted.period.is_some_and(|(year, _)| year != register.year);
        if !wanted.takes(kind) || of_another_year {
            return Ok(());
        }
        let year = register.year.to_string();
        let submissions: Vec<Submission> =
            sources.iter().filter(|paper| paper.kind == plan.kind).map(|paper| paper.submission.clone()).collect();
        let blocs: Vec<RegisteredBloc> = register
            .blocs
            .iter()
            .map(|bloc| {
                let sent = sources.iter().find(|paper| paper.kind == plan.kind && paper.submission.bloc == bloc.id);
                let is_its =
                    |left: &LeftOut| left.bloc.as_ref() == Some(&bloc.id) && left.kind.as_ref() == Some(&plan.kind);
                let faulty = self.left_out.iter().any(is_its);
                let deadline = register.due(&year, &bloc.id);
                let late = |on: &NaiveDate| deadline.is_some_and(|due| *on > due);
                let note = workshop.words(&YearEndWords::Note {
                    faulty: sent.is_none() && faulty,
                    late: sent.and_then(SourcePaper::sent_on).filter(late),
                    adjustment: sent.and_then(SourcePaper::adjustment),
                })?;
                let note = (!note.is_empty()).then_some(note);
                Ok(RegisteredBloc { id: bloc.id.clone(), name: bloc.name.clone(), form: bloc.form.clone(), note })
            })
            .collect::<Result<_, Failure>>()?;
        let owes = |bloc: &&RegisteredBloc| !submissions.iter().any(|sent| sent.bloc == bloc.id);
        self.missing = blocs.iter().filter(owes).map(|bloc| bloc.name.clone()).collect();
        report["content"]["province"] = json!(register.province);
        report["content"]["period"] = json!({"year": register.year});
        if wanted.sources {
            report["content"]["sources"] = sources_annex(&blocs, sources, &plan.kind);
        }
        let awards = workshop.catalog().editions().award_ids();
        let known = |name: &str| awards.get(&fold_name(name)).cloned().unwrap_or_else(|| name.to_owned());
        let Consolidated { request, figures } = consolidation::consolidate(plan, &blocs, &submissions, report, &known);
        let counter = Counter {
            workshop,
            spool: &self.spool,
            wanted,
            register: None,
            source: None,
            files: 1,
            asked: AtomicUsize::new(0),
        };
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

fn adds_nothing_up(report: &Value, catalog: &Catalog) -> Failure {
    let found = report.get("kind").and_then(Value::as_str).unwrap_or_default();
    let kinds = catalog.kinds().filter(|kind| kind.manifest.consolidates.is_some());
    let kinds: Vec<&str> = kinds.map(|kind| kind.manifest.kind.as_str()).collect();
    let finding = Finding::new(
        "register-report",
        Severity::Error,
        "/kind",
        "Loại văn bản này không tổng hợp số liệu của các khối, cụm.",
        "This kind adds up nothing of the blocs.",
    );
    Failure::invalid_document(vec![finding.found(found).expected(kinds.join(", "))])
}

/// The annex *Nguồn số liệu*: which paper of each bloc.
fn sources_annex(blocs: &[RegisteredBloc], sources: &[SourcePaper], kind: &str) -> Value {
    let rows = blocs.iter().filter_map(|bloc| {
        let paper = sources.iter().find(|paper| paper.kind == kind && paper.submission.bloc == bloc.id)?;
        let request = &paper.submission.request;
        let mut row = json!({"bloc": bloc.name, "data": paper.submission.sha256});
        let number = request.pointer("/paper/number").and_then(|number| Number::deserialize(number).ok());
        if let Some(number) = number.and_then(|number| number.cited()) {
            row["number"] = json!(number);
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
