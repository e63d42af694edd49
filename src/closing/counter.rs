//! Where files are looked at, many at a time: each paper is checked as every door checks it, and held against the register.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use rayon::prelude::*;
use serde_json::Value;

use super::{
    Fault, LeftOut, Part, Register, Wanted,
    folder::{Asked, Input, InputFile},
    register::Sent,
    spool::Spool,
};
use crate::{
    failure::{Failure, FailureCode, Finding, MOST_FINDINGS, Severity},
    fingerprint,
    intake::{Manuscript, Treatment},
    recipe,
    rendering::Workshop,
    vietnamese::fold_name,
};

/// A paper that passed, with what the province's report needs of it.
pub(super) struct Passed {
    pub(super) part: Part,
    pub(super) request: Option<Value>,
}

/// A file with its papers.
pub(super) struct Looked {
    pub(super) file: String,
    pub(super) sent: Option<Sent>,
    pub(super) papers: Vec<Result<Passed, LeftOut>>,
}

/// Checks files, many at a time.
pub(super) struct Counter<'a> {
    pub(super) workshop: &'a Workshop,
    pub(super) spool: &'a Spool,
    pub(super) wanted: &'a Wanted,
    pub(super) register: Option<&'a Register>,
    /// Kind of the papers that the province's report is added up from, where it is wanted.
    pub(super) source: Option<&'a str>,
    /// How many files there are.
    pub(super) files: usize,
    /// How many papers were asked for until now.
    pub(super) asked: AtomicUsize,
}

/// There is more to be made than may be.
pub(super) fn too_many(most: usize) -> Failure {
    let (message, message_en) = (format!("Có hơn {most} văn bản."), format!("There are more than {most} papers."));
    Failure::new(FailureCode::BadParameter, message, message_en).hint("Chia thành nhiều lô.")
}

impl Counter<'_> {
    pub(super) fn look_at(&self, input: Input) -> Result<Looked, Fault> {
        let name = input.name();
        let fault = |failure| Fault { file: name.clone(), at: String::new(), failure, more: 0 };
        let InputFile { name: file, sent, asked } = input.read(self.wanted.most).map_err(fault)?;
        let in_file = asked.len();
        let bloc = match (&sent, self.register) {
            (Some(sent), Some(register)) => {
                let entry = register.blocs.iter().find(|bloc| bloc.id == sent.bloc);
                let entry = entry.ok_or_else(|| {
                    let message = format!("Không có khối, cụm mang mã “{}” trong province.json.", sent.bloc);
                    fault(refused("/bloc", message, "the register has no such bloc"))
                })?;
                Some((entry.id.clone(), entry.name.clone()))
            }
            (Some(sent), None) => Some((sent.bloc.clone(), sent.bloc.clone())),
            (None, _) => None,
        };
        // Of what kind it is cannot be told: it is checked, and found faulty or sorted out by `Drawn::take`.
        let is_unknown = |kind: &str| self.workshop.catalog().kind(kind).is_none();
        let is_wanted = |asked: &Asked| {
            self.wanted.takes(&asked.kind) || self.source == Some(&asked.kind) || is_unknown(&asked.kind)
        };
        let asked = asked.into_iter().filter(is_wanted).collect::<Vec<_>>();
        // Of a file that has more of them, those that are wanted cannot be told apart from those that are not.
        let own = if in_file > self.wanted.most { in_file } else { asked.len() };
        if self.asked.fetch_add(own, Ordering::Relaxed).saturating_add(own) > self.wanted.most {
            return Err(fault(too_many(self.wanted.most)));
        }
        // By what was sent and not by what was looked at first, so that the same findings are kept each time.
        let kept = self.wanted.findings / self.files.max(1).saturating_mul(asked.len().max(1));
        let kept = kept.clamp(1, MOST_FINDINGS);
        let papers = asked.into_par_iter().map(|asked| self.paper(&file, asked, bloc.clone(), kept)).collect();
        Ok(Looked { file, sent, papers })
    }

    /// Checks a paper; of a faulty one so many findings are kept, errors first.
    fn paper(&self, file: &str, asked: Asked, bloc: Option<(String, String)>, kept: usize) -> Result<Passed, LeftOut> {
        let (name, at, kind) = (asked.name.clone(), asked.at.clone(), asked.kind.clone());
        let id = bloc.as_ref().map(|(id, _)| id.clone());
        self.pass(asked, bloc).map_err(|mut failure| {
            let dropped = failure.findings.iter().skip(kept);
            let more = dropped.filter(|finding| finding.severity == Severity::Error).count();
            failure.findings.truncate(kept);
            failure.findings.shrink_to_fit();
            let fault = Fault { file: file.to_owned(), at, failure, more };
            LeftOut { name, bloc: id, kind: Some(kind), fault }
        })
    }

    fn pass(&self, asked: Asked, bloc: Option<(String, String)>) -> Result<Passed, Failure> {
        let accepted = self.workshop.check(&asked.request, Treatment::AsSent)?;
        let manuscript = accepted.manuscript;
        let mut faults = self.other_period(&manuscript);
        faults.extend(self.other_than_registered(&manuscript, bloc.as_ref()));
        if !faults.is_empty() {
            return Err(Failure::invalid_document(faults));
        }
        let part = self.part(asked.name, bloc, &manuscript)?;
        let part = Part { findings: accepted.findings, ..part };
        let is_source = self.source == Some(&manuscript.kind);
        Ok(Passed { part, request: is_source.then_some(manuscript.request) })
    }

    /// A paper speaks of its own bloc, and of the year that is closed.
    fn other_than_registered(&self, manuscript: &Manuscript, bloc: Option<&(String, String)>) -> Vec<Finding> {
        let (Some(register), Some((id, name))) = (self.register, bloc) else { return Vec::new() };
        let mut findings = Vec::new();
        let told = manuscript.request.pointer("/content/bloc/name").and_then(Value::as_str);
        let aliases = register.blocs.iter().find(|bloc| bloc.id == *id).map(|bloc| &bloc.aliases);
        let is_called = |told: &str| {
            let mut names = std::iter::once(name).chain(aliases.into_iter().flatten());
            names.any(|name| fold_name(name) == fold_name(told))
        };
        if let Some(told) = told.filter(|told| !is_called(told)) {
            let message = format!("Văn bản ghi tên “{told}”, sổ đăng ký ghi “{name}”; hãy sửa tên hoặc gửi đúng tệp.");
            findings.push(
                Finding::new(
                    "register",
                    Severity::Error,
                    "/content/bloc/name",
                    message,
                    "the paper names another bloc",
                )
                .found(told)
                .expected(name),
            );
        }
        let year = manuscript.request.pointer("/content/period/year").and_then(Value::as_i64);
        if let Some(year) = year.filter(|year| *year != i64::from(register.year)) {
            let closed = register.year;
            let message = format!("Văn bản của năm {year}, trong khi đang tổng kết năm {closed}.");
            findings.push(
                Finding::new(
                    "register",
                    Severity::Error,
                    "/content/period/year",
                    message,
                    "the paper is of another year",
                )
                .found(year.to_string())
                .expected(closed.to_string()),
            );
        }
        findings
    }

    /// A paper is of the period that was asked for, as far as it says of which it is.
    fn other_period(&self, manuscript: &Manuscript) -> Vec<Finding> {
        let Some((year, part)) = self.wanted.period else { return Vec::new() };
        let told = |field: &str| manuscript.request.pointer(&format!("/content/period/{field}"));
        let of_year = told("year").filter(|told| **told != year);
        let of_part = told("part").filter(|told| part.is_some_and(|part| **told != part));
        let finding = |(field, told, wanted): (&str, &Value, String)| {
            let message = "Văn bản thuộc kỳ khác với kỳ đã chọn.";
            let at = format!("/content/period/{field}");
            Finding::new("batch", Severity::Error, at, message, "the paper is of another period")
                .found(told.as_str().map_or_else(|| told.to_string(), str::to_owned))
                .expected(wanted)
        };
        let faults = [
            of_year.map(|told| ("year", told, year.to_string())),
            of_part.map(|told| ("part", told, part.unwrap_or_default().to_owned())),
        ];
        faults.into_iter().flatten().map(finding).collect()
    }

    pub(super) fn part(
        &self,
        name: String,
        bloc: Option<(String, String)>,
        manuscript: &Manuscript,
    ) -> Result<Part, Failure> {
        let order = serde_json::to_string(manuscript).map_err(|error| Failure::internal(error.to_string()))?;
        let recipe = self.workshop.recipe(manuscript);
        let decides = [recipe::PROGRAM, recipe::ENGINE, &recipe.templates, &recipe.fonts, &order];
        let place = self.spool.keep(&order);
        Ok(Part {
            media_type: self.workshop.media_type(manuscript)?,
            title: self.workshop.file_name(manuscript)?,
            kind: manuscript.kind.clone(),
            edition: recipe.edition,
            data: recipe.data,
            key: fingerprint::of_all(decides.map(str::as_bytes)),
            order: place.map_err(|error| Failure::store_unavailable(format!("the spool: {error}")))?,
            findings: Vec::new(),
            name,
            bloc,
        })
    }

    /// Brings files into the register's order; a bloc sends once.
    pub(super) fn sort(&self, files: &mut [Looked], faults: &mut Vec<Fault>) {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for file in files.iter() {
            let Some(sent) = &file.sent else { continue };
            if let Some(before) = seen.insert(sent.bloc.clone(), file.file.clone()) {
                let message = format!("Khối, cụm “{}” đã có tệp {before}; chỉ giữ một tệp.", sent.bloc);
                let failure = refused("/bloc", message, "two files of one bloc");
                faults.push(Fault { file: file.file.clone(), at: String::new(), failure, more: 0 });
            }
        }
        if let Some(register) = self.register {
            let place = |file: &Looked| {
                let id = file.sent.as_ref().map(|sent| sent.bloc.as_str());
                register.blocs.iter().position(|bloc| Some(bloc.id.as_str()) == id).unwrap_or(usize::MAX)
            };
            files.sort_by_key(place);
        }
    }
}

fn refused(at: &str, message: String, message_en: &str) -> Failure {
    Failure::invalid_document(vec![Finding::new("register", Severity::Error, at, message, message_en)])
}
