//! What holds the papers together: manifest, lineage, archive, and all pages in one file.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Seek, Write},
};

use rayon::prelude::*;
use serde_json::{Value, json};

use super::{
    Outline, Part,
    journal::{self, Journal, Line},
    register::Sent,
    unwritable,
};
use crate::{
    binding::{self, Binder, Bound},
    catalog::MediaType,
    consolidation,
    failure::Failure,
    fingerprint,
    intake::Manuscript,
    merging::{Bookmark, Leaves, Merger, MergingError, Profile},
    recipe,
    rendering::{ContentsLine, Workshop, YearEndWords},
};

/// All papers, the manifest and the lineage as one ZIP file.
pub const ARCHIVE: &str = "archive.zip";
/// What each file is, with its SHA-256.
pub const MANIFEST: &str = "manifest.json";
/// All pages, with contents and bookmarks.
pub const MERGED: &str = "toan-tinh.pdf";
/// Where each figure of the province's report comes from.
pub const LINEAGE: &str = "lineage.json";

/// So many files are read at once to be merged.
const AHEAD: usize = 16;

/// Which of these there are.
pub(super) fn own_files(report: Option<&Manuscript>) -> Vec<&'static str> {
    let lineage = report.map(|_| LINEAGE);
    [ARCHIVE, MANIFEST, MERGED].into_iter().chain(lineage).collect()
}

/// Whether a paper of this name would take the place of one of these.
pub(super) fn is_taken(name: &str) -> bool {
    [ARCHIVE, MERGED].iter().any(|own| own.rsplit_once('.').is_some_and(|(stem, _)| stem == name))
}

/// Writes what holds the papers together; gives the pages of the merged file.
pub(super) fn put_together(
    plan: &Outline,
    report: Option<&Manuscript>,
    journal: &mut Journal,
    workshop: &Workshop,
) -> Result<usize, Failure> {
    let root = journal.path("");
    let unwritable = |error: io::Error| unwritable(&root, error);
    let lines: Vec<Line> = plan.parts.iter().filter_map(|part| journal.known.get(&part.file()).cloned()).collect();
    let told = told(plan, &lines, workshop);
    let key = key(plan, &told);
    let pages = usize::try_from(lines.iter().map(|line| u64::from(line.pages)).sum::<u64>()).unwrap_or(usize::MAX);
    let stands = |file: &&str| journal.known.get(*file).is_some_and(|line| line.key == key && journal.holds(line));
    if own_files(report).iter().all(stands) {
        return Ok(journal.known.get(MERGED).map_or(pages, |line| line.pages as usize));
    }
    let mut own = Vec::new();
    if report.is_some() {
        let lineage = consolidation::as_json(&plan.figures);
        own.push(text_file(journal, LINEAGE, &lineage, &key).map_err(unwritable)?);
    }
    let whole = Whole { plan, report, lines: &lines, journal, workshop, key: &key };
    // Two long ways through the same files, side by side.
    let (merged, bound) = rayon::join(|| whole.merge(), || whole.bind().map_err(unwritable));
    let (merged, bound) = (merged?, bound?);
    let manifest = manifest(told, &own, &merged);
    own.push(text_file(journal, MANIFEST, &manifest, &key).map_err(unwritable)?);
    let pages = merged.pages as usize;
    let archive = archive(bound, &own, journal, &key).map_err(unwritable)?;
    for line in own.into_iter().chain([merged, archive]) {
        journal.note(line).map_err(unwritable)?;
    }
    Ok(pages)
}

/// Everything that decides these files: what the manifest tells, the names of blocs, and the lineage.
fn key(plan: &Outline, told: &Value) -> String {
    let blocs: Vec<_> = plan.parts.iter().map(|part| &part.bloc).collect();
    let decides = [told.clone(), json!(blocs), consolidation::as_json(&plan.figures)];
    let decides = decides.map(|value| value.to_string());
    fingerprint::of_all(decides.iter().map(String::as_bytes))
}

fn text_file(journal: &Journal, file: &str, value: &Value, key: &str) -> io::Result<Line> {
    let text = format!("{value:#}\n");
    journal::write_whole(&journal.half(file), &journal.path(file), text.as_bytes())?;
    Ok(Line {
        file: file.to_owned(),
        key: key.to_owned(),
        sha256: fingerprint::of(text.as_bytes()),
        bytes: text.len() as u64,
        pages: 0,
    })
}

/// What the manifest tells but for the files that hold the papers together.
fn told(plan: &Outline, lines: &[Line], workshop: &Workshop) -> Value {
    let files = plan.parts.iter().zip(lines).map(|(part, line)| {
        json!({
            "file": line.file, "kind": part.kind, "title": part.title, "bloc": part.bloc.as_ref().map(|(id, _)| id),
            "pages": line.pages, "bytes": line.bytes, "sha256": line.sha256, "edition": part.edition, "data": part.data,
        })
    });
    let mut told = json!({
        "v": 1,
        "province": plan.province,
        "year": plan.year,
        "provisional": !plan.missing.is_empty(),
        "missing": plan.missing,
        "submissions": plan.submissions.iter().map(submission).collect::<Vec<_>>(),
        "left_out": plan.left_out,
        "recipe": {"program": recipe::PROGRAM, "engine": recipe::ENGINE, "templates": workshop.catalog().digest(),
            "fonts": workshop.fonts().digest()},
        "files": files.collect::<Vec<_>>(),
    });
    if !plan.unmade.is_empty() {
        told["unmade"] = json!(plan.unmade);
    }
    told
}

fn manifest(mut told: Value, own: &[Line], merged: &Line) -> Value {
    if let Some(files) = told["files"].as_array_mut() {
        files.extend(own.iter().map(|line| json!({"file": line.file, "bytes": line.bytes, "sha256": line.sha256})));
    }
    told["merged"] =
        json!({"file": merged.file, "pages": merged.pages, "bytes": merged.bytes, "sha256": merged.sha256});
    told
}

/// When and in which version a bloc has sent.
fn submission(sent: &Sent) -> Value {
    let adjustment = sent.adjustment.as_ref().map(|it| json!({"number": it.number, "reason": it.reason}));
    json!({"bloc": sent.bloc, "sent_on": sent.sent_on, "version": sent.version, "adjustment": adjustment})
}

type Archive = Binder<BufWriter<File>>;

fn add(binder: &mut Archive, line: &Line, journal: &Journal) -> io::Result<()> {
    let mut file = File::open(journal.path(&line.file))?;
    binder.add(&line.file, &mut file, line.bytes).map_err(io::Error::other)
}

/// Adds lineage and manifest, and ends the archive.
fn archive(mut binder: Archive, own: &[Line], journal: &Journal, key: &str) -> io::Result<Line> {
    own.iter().try_for_each(|line| add(&mut binder, line, journal))?;
    let file = binder.finish().map_err(io::Error::other)?.into_inner().map_err(io::IntoInnerError::into_error)?;
    settle(file, ARCHIVE, 0, journal, key)
}

/// Everything that was made, to be put together.
struct Whole<'a> {
    plan: &'a Outline,
    report: Option<&'a Manuscript>,
    lines: &'a [Line],
    journal: &'a Journal,
    workshop: &'a Workshop,
    key: &'a str,
}

impl Whole<'_> {
    /// The archive with all papers in it. Each file's bytes go straight from disk to disk.
    fn bind(&self) -> io::Result<Archive> {
        let mut binder = Binder::new(BufWriter::new(File::create(self.journal.half(ARCHIVE))?));
        self.lines.iter().try_for_each(|line| add(&mut binder, line, self.journal))?;
        Ok(binder)
    }

    /// All pages of all papers. A dossier's papers come one by one.
    fn merge(&self) -> Result<Line, Failure> {
        let root = self.journal.path("");
        let unwritable = |error: String| unwritable(&root, error);
        let half = self.journal.half(MERGED);
        let file = File::create(&half).map_err(|error| unwritable(error.to_string()))?;
        let mut merger = Merger::new(BufWriter::new(file)).map_err(|error| unwritable(error.to_string()))?;
        // The first file of all gives the colour profile.
        let mut first = Profile::Taken;
        if let Some(report) = self.report {
            let listed = listed(&self.plan.parts, self.lines);
            let mut contents = self.workshop.contents(report, &listed)?;
            let mut mark = Some(Bookmark { below: None, title: self.workshop.words(&YearEndWords::Bookmark {})? });
            for file in contents.files() {
                let leaves = Leaves::of(&file?, std::mem::replace(&mut first, Profile::Left));
                let leaves = leaves.map_err(|error| unwritable(error.to_string()))?;
                merger.add(leaves, mark.take()).map_err(|error| unwritable(error.to_string()))?;
            }
        }
        for (parts, lines) in self.plan.parts.chunks(AHEAD).zip(self.lines.chunks(AHEAD)) {
            let read =
                parts.par_iter().zip(lines).enumerate().map(|(place, (part, line))| {
                    self.leaves(part, line, if place == 0 { first } else { Profile::Left })
                });
            let read: Vec<_> = read.collect();
            for ((part, line), papers) in parts.iter().zip(lines).zip(read) {
                let below = part.bloc.as_ref().map(|(_, name)| name.clone());
                let mut mark = Some(Bookmark { below, title: part.title.clone() });
                let unusable = |error: MergingError| unwritable(format!("{}: {error}", line.file));
                for paper in papers.map_err(unusable)? {
                    merger.add(paper, mark.take()).map_err(unusable)?;
                }
            }
            first = Profile::Left;
        }
        let pages = u32::try_from(merger.pages()).unwrap_or(u32::MAX);
        let words = YearEndWords::Title { province: self.plan.province.as_deref(), year: self.plan.year };
        let title = self.workshop.words(&words)?;
        let file = merger.finish(&title).map_err(|error| unwritable(error.to_string()))?;
        let file = file.into_inner().map_err(|error| unwritable(error.to_string()))?;
        settle(file, MERGED, pages, self.journal, self.key).map_err(|error| unwritable(error.to_string()))
    }

    /// The papers of a file: itself, or those of a dossier.
    fn leaves(&self, part: &Part, line: &Line, mut profile: Profile) -> Result<Vec<Leaves>, MergingError> {
        let bytes = fs::read(self.journal.path(&line.file))?;
        match part.media_type {
            MediaType::Pdf => Ok(vec![Leaves::of(&bytes, profile)?]),
            MediaType::Zip => {
                let bound = binding::unbind(&bytes).map_err(io::Error::other)?;
                let papers = bound.iter().filter(|file| file.name.ends_with(".pdf"));
                let read = |file: &Bound| Leaves::of(&file.bytes, std::mem::replace(&mut profile, Profile::Left));
                papers.map(read).collect()
            }
        }
    }
}

/// A heading for each bloc, a line for each paper.
fn listed(parts: &[Part], lines: &[Line]) -> Vec<ContentsLine> {
    let mut listed = Vec::new();
    let mut page = 1;
    let mut heading: Option<&str> = None;
    for (part, line) in parts.iter().zip(lines) {
        let name = part.bloc.as_ref().map(|(_, name)| name.as_str());
        if name != heading {
            listed.extend(name.map(|name| ContentsLine { title: name.to_owned(), page: None }));
            heading = name;
        }
        listed.push(ContentsLine { title: part.title.clone(), page: Some(page) });
        page += line.pages as usize;
    }
    listed
}

/// Syncs a written file, measures it and gives it its name.
fn settle(mut file: File, name: &str, pages: u32, journal: &Journal, key: &str) -> io::Result<Line> {
    file.flush()?;
    file.sync_all()?;
    let half = journal.half(name);
    let mut written = File::open(&half)?;
    let bytes = written.seek(io::SeekFrom::End(0))?;
    written.rewind()?;
    let sha256 = fingerprint::of_reader(&mut written)?;
    journal::settle(&half, &journal.path(name))?;
    Ok(Line { file: name.to_owned(), key: key.to_owned(), sha256, bytes, pages })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_whole_are_taken() {
        assert!(is_taken("toan-tinh") && is_taken("archive"));
        assert!(!is_taken("toan-tinh/bao-cao-tong-hop") && !is_taken("lineage"), "other endings, other folders");
    }

    #[test]
    fn nothing_of_a_reader_is_held() {
        let mut text: &[u8] = b"abc";
        assert_eq!(fingerprint::of_reader(&mut text).unwrap(), fingerprint::of(b"abc"));
        assert!(text.is_empty());
    }
}
