//! What holds the papers together: manifest, lineage, archive, and all pages in one file.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Seek, Write},
};

use serde_json::{Value, json};

use super::{
    Outline, Part,
    journal::{self, Journal, Line},
    register::Sent,
    unwritable,
};
use crate::{
    binding::{self, Binder},
    catalog::MediaType,
    consolidation,
    failure::Failure,
    fingerprint,
    intake::Manuscript,
    merging::{Bookmark, Merger},
    recipe,
    rendering::{ContentsLine, Workshop},
};

/// All papers, the manifest and the lineage as one ZIP file.
pub const ARCHIVE: &str = "archive.zip";
/// What each file is, with its SHA-256.
pub const MANIFEST: &str = "manifest.json";
/// All pages, with contents and bookmarks.
pub const MERGED: &str = "toan-tinh.pdf";
/// Where each figure of the province's report comes from.
pub const LINEAGE: &str = "lineage.json";
/// Name of the contents, where the manifest tells of pages.
const CONTENTS: &str = "Mục lục";

/// Whether a file is one of these.
pub(super) fn is_own(file: &str) -> bool {
    [ARCHIVE, MANIFEST, MERGED, LINEAGE].contains(&file)
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
    let key = key(plan, &lines, workshop);
    let pages = usize::try_from(lines.iter().map(|line| u64::from(line.pages)).sum::<u64>()).unwrap_or(usize::MAX);
    let stands = |file: &str| {
        let line = journal.known.get(file);
        line.is_some_and(|line| {
            line.key == key && fs::metadata(journal.path(file)).is_ok_and(|it| it.len() == line.bytes)
        })
    };
    if [ARCHIVE, MANIFEST, MERGED].iter().all(|file| stands(file)) {
        return Ok(journal.known.get(MERGED).map_or(pages, |line| line.pages as usize));
    }
    let mut own = Vec::new();
    if report.is_some() {
        let lineage = consolidation::as_json(&plan.figures);
        own.push(text_file(journal, LINEAGE, &lineage, &key).map_err(unwritable)?);
    }
    let merged = merge((plan, report), &lines, journal, workshop, &key)?;
    let manifest = manifest(plan, &lines, &own, &merged, workshop);
    own.push(text_file(journal, MANIFEST, &manifest, &key).map_err(unwritable)?);
    let pages = merged.pages as usize;
    let archive = archive(&lines, &own, journal, &key).map_err(unwritable)?;
    for line in own.into_iter().chain([merged, archive]) {
        journal.note(line).map_err(unwritable)?;
    }
    Ok(pages)
}

/// Everything that decides these files.
fn key(plan: &Outline, lines: &[Line], workshop: &Workshop) -> String {
    let mut parts: Vec<&str> =
        vec![recipe::PROGRAM, recipe::ENGINE, workshop.catalog().digest(), workshop.fonts().digest()];
    parts.extend(lines.iter().flat_map(|line| [line.file.as_str(), line.sha256.as_str()]));
    parts.extend(plan.parts.iter().map(|part| part.title.as_str()));
    parts.extend(plan.missing.iter().map(String::as_str));
    parts.extend(plan.left_out.iter().map(String::as_str));
    let lineage = consolidation::as_json(&plan.figures).to_string();
    let sent = plan.submissions.iter().map(submission).collect::<Value>().to_string();
    parts.extend([lineage.as_str(), &sent]);
    fingerprint::of_all(parts.into_iter().map(str::as_bytes))
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

fn manifest(plan: &Outline, lines: &[Line], own: &[Line], merged: &Line, workshop: &Workshop) -> Value {
    let files = plan.parts.iter().zip(lines).map(|(part, line)| {
        json!({
            "file": line.file, "kind": part.kind, "title": part.title, "bloc": part.bloc.as_ref().map(|(id, _)| id),
            "pages": line.pages, "bytes": line.bytes, "sha256": line.sha256, "edition": part.edition, "data": part.data,
        })
    });
    let own = own.iter().map(|line| json!({"file": line.file, "bytes": line.bytes, "sha256": line.sha256}));
    json!({
        "v": 1,
        "province": plan.province,
        "year": plan.year,
        "provisional": !plan.missing.is_empty(),
        "missing": plan.missing,
        "submissions": plan.submissions.iter().map(submission).collect::<Vec<_>>(),
        "left_out": plan.left_out,
        "recipe": {"program": recipe::PROGRAM, "engine": recipe::ENGINE, "templates": workshop.catalog().digest(),
            "fonts": workshop.fonts().digest()},
        "files": files.chain(own).collect::<Vec<_>>(),
        "merged": {"file": merged.file, "pages": merged.pages, "bytes": merged.bytes, "sha256": merged.sha256},
    })
}

/// When and in which version a bloc has sent.
fn submission(sent: &Sent) -> Value {
    let adjustment = sent.adjustment.as_ref().map(|it| json!({"number": it.number, "reason": it.reason}));
    json!({"bloc": sent.bloc, "sent_on": sent.sent_on, "version": sent.version, "adjustment": adjustment})
}

/// Papers, lineage and manifest. Each file's bytes go straight from disk to disk.
fn archive(lines: &[Line], own: &[Line], journal: &Journal, key: &str) -> io::Result<Line> {
    let half = journal.half(ARCHIVE);
    let mut binder = Binder::new(BufWriter::new(File::create(&half)?));
    for line in lines.iter().chain(own) {
        let mut file = File::open(journal.path(&line.file))?;
        binder.add(&line.file, &mut file, line.bytes).map_err(io::Error::other)?;
    }
    let file = binder.finish().map_err(io::Error::other)?.into_inner().map_err(io::IntoInnerError::into_error)?;
    settle(file, ARCHIVE, 0, journal, key)
}

/// All pages of all papers. A dossier's papers come one by one.
fn merge(
    (plan, report): (&Outline, Option<&Manuscript>),
    lines: &[Line],
    journal: &Journal,
    workshop: &Workshop,
    key: &str,
) -> Result<Line, Failure> {
    let root = journal.path("");
    let unwritable = |error: String| unwritable(&root, error);
    let half = journal.half(MERGED);
    let file = File::create(&half).map_err(|error| unwritable(error.to_string()))?;
    let mut merger = Merger::new(BufWriter::new(file)).map_err(|error| unwritable(error.to_string()))?;
    if let Some(contents) = contents(plan, report, lines, workshop)? {
        let mark = Bookmark { below: None, title: CONTENTS.to_owned() };
        merger.add(&contents, Some(mark)).map_err(|error| unwritable(error.to_string()))?;
    }
    for (part, line) in plan.parts.iter().zip(lines) {
        let bytes = fs::read(journal.path(&line.file)).map_err(|error| unwritable(error.to_string()))?;
        let below = part.bloc.as_ref().map(|(_, name)| name.clone());
        let mut mark = Some(Bookmark { below, title: part.title.clone() });
        let papers = match part.media_type {
            MediaType::Pdf => vec![bytes],
            MediaType::Zip => {
                let bound = binding::unbind(&bytes).map_err(|error| unwritable(error.to_string()))?;
                bound.into_iter().filter(|file| file.name.ends_with(".pdf")).map(|file| file.bytes).collect()
            }
        };
        for paper in &papers {
            merger.add(paper, mark.take()).map_err(|error| unwritable(format!("{}: {error}", line.file)))?;
        }
    }
    let pages = u32::try_from(merger.pages()).unwrap_or(u32::MAX);
    let title = match (&plan.province, plan.year) {
        (Some(province), Some(year)) => format!("Báo cáo, hồ sơ của các cụm, khối thi đua {province} năm {year}"),
        (None, _) | (_, None) => "Báo cáo, hồ sơ của các cụm, khối thi đua".to_owned(),
    };
    let file = merger.finish(&title).map_err(|error| unwritable(error.to_string()))?;
    let file = file.into_inner().map_err(|error| unwritable(error.to_string()))?;
    settle(file, MERGED, pages, journal, key).map_err(|error| unwritable(error.to_string()))
}

/// The contents' pages. They stand before what they tell of, so they are set until they know how many they are.
fn contents(
    plan: &Outline,
    report: Option<&Manuscript>,
    lines: &[Line],
    workshop: &Workshop,
) -> Result<Option<Vec<u8>>, Failure> {
    let Some(report) = report else { return Ok(None) };
    let mut own = lines.len() / 30 + 1;
    loop {
        let made = workshop.contents(report, &told(&plan.parts, lines, own))?;
        let pages = made.pages as usize;
        if pages <= own {
            // One page fewer would make the numbers shorter at most; an emptier last page is no fault.
            return if pages == own { Ok(Some(made.pdf)) } else { settled((plan, report), lines, workshop, pages) };
        }
        own = pages;
    }
}

/// The contents for exactly so many pages of their own.
fn settled(
    (plan, report): (&Outline, &Manuscript),
    lines: &[Line],
    workshop: &Workshop,
    own: usize,
) -> Result<Option<Vec<u8>>, Failure> {
    Ok(Some(workshop.contents(report, &told(&plan.parts, lines, own))?.pdf))
}

/// A heading for each bloc, a line for each paper.
fn told(parts: &[Part], lines: &[Line], own: usize) -> Vec<ContentsLine> {
    let mut told = Vec::new();
    let mut page = own + 1;
    let mut heading: Option<&str> = None;
    for (part, line) in parts.iter().zip(lines) {
        let name = part.bloc.as_ref().map(|(_, name)| name.as_str());
        if name != heading {
            told.extend(name.map(|name| ContentsLine { title: name.to_owned(), page: None }));
            heading = name;
        }
        told.push(ContentsLine { title: part.title.clone(), page: Some(page) });
        page += line.pages as usize;
    }
    told
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
    fn the_files_of_the_whole_are_known_by_their_names() {
        assert!(is_own(ARCHIVE) && is_own(LINEAGE) && !is_own("khoi-01/01-annual-summary.pdf"));
    }

    #[test]
    fn nothing_of_a_reader_is_held() {
        let mut text: &[u8] = b"abc";
        assert_eq!(fingerprint::of_reader(&mut text).unwrap(), fingerprint::of(b"abc"));
        assert!(text.is_empty());
    }
}
