//! What is to be made: every file read and checked, all faults together, before anything is written.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Fault, Register,
    counter::{Counter, Looked, Passed, too_many},
    folder::{Input, Inputs},
    register::Sent,
    report::SourcePaper,
    spool::{Place, Spool},
};
use crate::{
    catalog::MediaType,
    consolidation::{Figure, Submission},
    failure::{Failure, Finding},
    intake::Manuscript,
    rendering::Workshop,
};

/// What becomes of files with faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leniency {
    /// One fault, and nothing is made.
    AllOrNothing,
    /// What is faulty is left out and named.
    AcceptPartial,
}

/// What is wanted of a folder.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub leniency: Leniency,
    /// Only papers of these kinds; all where there is none.
    pub kinds: Vec<String>,
    /// Whether the province's report has the annex *Nguồn số liệu*.
    pub sources: bool,
    /// The most papers that are checked at all.
    pub most: usize,
    /// Findings that are kept of all faulty papers together, if need be at least one of each.
    pub findings: usize,
    /// Year and part (`first-half` …) that papers have to be of, if they say of which they are.
    pub period: Option<(i32, Option<&'static str>)>,
}

impl Wanted {
    /// Whether papers of a kind are made.
    pub(super) fn takes(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted == kind)
    }
}

/// One paper to be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// Name in the result, without extension.
    pub name: String,
    pub media_type: MediaType,
    /// Whose it is, by its id and its name.
    pub bloc: Option<(String, String)>,
    pub kind: String,
    pub title: String,
    pub edition: String,
    /// SHA-256 of its data, as its recipe has it.
    pub data: String,
    /// SHA-256 of everything that decides its bytes.
    pub key: String,
    #[serde(skip)]
    pub(super) order: Place,
    /// Warnings and information.
    #[serde(skip)]
    pub findings: Vec<Finding>,
}

/// A paper that is left out, or a file in which no paper can be told.
#[derive(Debug)]
pub struct LeftOut {
    pub name: String,
    /// Whose it is; `None` where nobody can tell.
    pub bloc: Option<String>,
    pub kind: Option<String>,
    pub fault: Fault,
}

/// All that is to be made, in its order; the province's report comes last.
pub struct Plan {
    pub register: Option<Register>,
    /// The kinds that were asked for; all where there is none.
    pub kinds: Vec<String>,
    pub parts: Vec<Part>,
    pub left_out: Vec<LeftOut>,
    /// So many of the faults would be no fault of the whole with [`Leniency::AcceptPartial`].
    pub sparable: usize,
    /// Names of blocs that have not sent what is added up.
    pub missing: Vec<String>,
    pub figures: Vec<Figure>,
    /// What each bloc has sent, and when.
    pub submissions: Vec<Sent>,
    /// The manuscript of the province's report, the last of the parts; the contents carry its letterhead.
    pub report: Option<Manuscript>,
    pub(super) spool: Spool,
}

impl Plan {
    /// Reads and checks a folder. The second value holds every fault there is; with [`Leniency::AcceptPartial`] what is
    /// faulty is left out instead.
    ///
    /// # Errors
    /// When the folder cannot be read at all.
    pub fn draw(folder: &Path, wanted: &Wanted, workshop: &Workshop) -> Result<(Self, Vec<Fault>), Failure> {
        let (inputs, faults) = Inputs::find(folder)?;
        Self::of(inputs, faults, wanted, workshop)
    }

    /// As [`Plan::draw`], of what the service's register holds.
    ///
    /// # Errors
    /// When there is no room for the print orders.
    pub fn of_register(
        register: Register,
        sent: Vec<Sent>,
        wanted: &Wanted,
        workshop: &Workshop,
    ) -> Result<(Self, Vec<Fault>), Failure> {
        let file = |sent: Sent| Input::Sent(format!("{}.json", sent.bloc), Box::new(sent));
        let inputs = Inputs { register: Some(register), files: sent.into_iter().map(file).collect() };
        Self::of(inputs, Vec::new(), wanted, workshop)
    }

    /// As [`Plan::draw`], of requests that came together; a fault's place is the request's number, from 0.
    ///
    /// # Errors
    /// As [`Plan::of_register`].
    pub fn of_requests(
        requests: Vec<Vec<u8>>,
        wanted: &Wanted,
        workshop: &Workshop,
    ) -> Result<(Self, Vec<Fault>), Failure> {
        let inputs = Inputs { register: None, files: vec![Input::Requests(requests)] };
        Self::of(inputs, Vec::new(), wanted, workshop)
    }

    /// As [`Plan::of_requests`], of one request a line; a fault's place is the line's number, from 1.
    ///
    /// # Errors
    /// As [`Plan::of_register`].
    pub fn of_lines(text: Vec<u8>, wanted: &Wanted, workshop: &Workshop) -> Result<(Self, Vec<Fault>), Failure> {
        let inputs = Inputs { register: None, files: vec![Input::Lines(text)] };
        Self::of(inputs, Vec::new(), wanted, workshop)
    }

    /// As [`Plan::draw`], of the files of a folder by their names.
    ///
    /// # Errors
    /// As [`Plan::of_register`].
    pub fn of_files(
        files: Vec<(String, Vec<u8>)>,
        wanted: &Wanted,
        workshop: &Workshop,
    ) -> Result<(Self, Vec<Fault>), Failure> {
        let (inputs, faults) = Inputs::held(files);
        Self::of(inputs, faults, wanted, workshop)
    }

    fn of(
        inputs: Inputs,
        mut faults: Vec<Fault>,
        wanted: &Wanted,
        workshop: &Workshop,
    ) -> Result<(Self, Vec<Fault>), Failure> {
        let spool = Spool::new().map_err(|error| Failure::store_unavailable(format!("the spool: {error}")))?;
        let adds_up = inputs.register.as_ref().and_then(|register| register.adds_up(workshop.catalog()));
        let source = adds_up.filter(|(report, _)| wanted.takes(report)).map(|(_, plan)| plan.kind.as_str());
        let counter = Counter {
            workshop,
            spool: &spool,
            wanted,
            register: inputs.register.as_ref(),
            source,
            files: inputs.files.len(),
            asked: AtomicUsize::new(0),
        };
        let looked: Vec<Result<Looked, Fault>> =
            inputs.files.into_par_iter().map(|input| counter.look_at(input)).collect();
        // Which file was one too many is chance, so none is.
        if counter.asked.load(Ordering::Relaxed) > wanted.most {
            return Err(too_many(wanted.most));
        }
        let mut drawn = Drawn::default();
        let mut files = Vec::new();
        for outcome in looked {
            match outcome {
                Ok(file) => files.push(file),
                Err(fault) => drawn.left_out.push(LeftOut { name: fault.file.clone(), bloc: None, kind: None, fault }),
            }
        }
        counter.sort(&mut files, &mut faults);
        for file in &mut files {
            for paper in std::mem::take(&mut file.papers) {
                drawn.take(paper, file, wanted);
            }
        }
        let mut sparable = 0;
        if wanted.leniency == Leniency::AllOrNothing {
            sparable = drawn.left_out.len();
            faults.extend(drawn.left_out.drain(..).map(|left| left.fault));
        }
        let mut plan = Self {
            kinds: wanted.kinds.clone(),
            parts: drawn.parts,
            left_out: drawn.left_out,
            sparable,
            missing: Vec::new(),
            figures: Vec::new(),
            submissions: files.into_iter().filter_map(|file| file.sent).collect(),
            report: None,
            register: None,
            spool,
        };
        if let Some(register) = &inputs.register {
            plan.add_report(register, &drawn.sources, wanted, workshop, &mut faults)?;
        }
        plan.register = inputs.register;
        Ok((plan, faults))
    }

    /// The print order of a part.
    ///
    /// # Errors
    /// When the spool cannot be read.
    pub fn order(&self, part: &Part) -> Result<String, Failure> {
        self.spool.text(part.order).map_err(|error| Failure::store_unavailable(format!("the spool: {error}")))
    }
}

#[derive(Default)]
struct Drawn {
    parts: Vec<Part>,
    left_out: Vec<LeftOut>,
    sources: Vec<SourcePaper>,
}

impl Drawn {
    /// Sorts a paper in. What the report is added up from is read even where it is not itself wanted.
    fn take(&mut self, paper: Result<Passed, LeftOut>, from: &Looked, wanted: &Wanted) {
        match paper {
            Err(left) => self.left_out.push(left),
            Ok(Passed { part, request }) => {
                if let (Some(request), Some((bloc, _))) = (request, &part.bloc) {
                    self.sources.push(SourcePaper {
                        kind: part.kind.clone(),
                        submission: Submission {
                            bloc: bloc.clone(),
                            file: from.file.clone(),
                            sha256: part.data.clone(),
                            version: from.sent.as_ref().and_then(|sent| sent.submission.clone()),
                            request,
                        },
                        sent: from.sent.clone(),
                    });
                }
                if wanted.takes(&part.kind) {
                    self.parts.push(part);
                }
            }
        }
    }
}
