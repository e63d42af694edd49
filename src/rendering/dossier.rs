//! A dossier: its papers, the index over them, and the file that binds them all.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Made, Rendered, Workshop, count};
use crate::{
    binding::{self, Bound},
    calendar,
    catalog::MediaType,
    document::Status,
    failure::Failure,
    fingerprint,
    intake::{Enclosed, Manuscript},
    vietnamese::{lower_first, upper_first},
};

/// Name of the index in the dossier.
const INDEX: &str = "muc-luc.pdf";
/// Name of the list for programs.
const LIST: &str = "manifest.json";

/// A line of the index.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Entry {
    /// Name in the dossier.
    file: String,
    kind: String,
    /// Type, subject, and whose paper it is.
    title: String,
    /// Number and symbol as printed, with room for a number to come; `None` for a form without one.
    number: Option<String>,
    /// Day as printed; a draft has none.
    date: Option<String>,
    /// Unknown before the paper is set.
    pages: Option<u32>,
}

/// What the index's body sees: the entries, and their pages together once they are set.
pub(super) fn index_words(index: &[Entry]) -> Value {
    let pages: Option<u32> = index.iter().map(|entry| entry.pages).sum();
    json!({"entries": index, "pages": pages})
}

impl Workshop {
    /// What the index of a dossier lists, before any page is set.
    pub(super) fn index_of(&self, manuscript: &Manuscript) -> Result<Vec<Entry>, Failure> {
        manuscript.enclosed.iter().map(|paper| self.entry(paper)).collect()
    }

    /// The papers of a dossier as PDF files, and what its index lists of them.
    pub(super) fn press_enclosed(&self, manuscript: &Manuscript) -> Result<(Vec<Entry>, Vec<Rendered>), Failure> {
        let mut index = self.index_of(manuscript)?;
        let mut papers = Vec::with_capacity(index.len());
        for (paper, entry) in manuscript.enclosed.iter().zip(&mut index) {
            let rendered = self
                .with_pages_of(&paper.manuscript, &[], |pages| Ok(Rendered { pdf: pages.pdf()?, pages: count(pages) }));
            let rendered = rendered.map_err(|mut failure| {
                failure.message_en = format!("{}: {}", entry.file, failure.message_en);
                failure
            })?;
            entry.pages = Some(rendered.pages);
            papers.push(rendered);
        }
        Ok((index, papers))
    }

    /// The dossier as one file: index, papers, and the list of them for programs.
    pub(super) fn bind(&self, manuscript: &Manuscript) -> Result<Made, Failure> {
        let (index, papers) = self.press_enclosed(manuscript)?;
        let own =
            self.with_pages_of(manuscript, &index, |pages| Ok(Rendered { pdf: pages.pdf()?, pages: count(pages) }))?;
        let pages = papers.iter().map(|paper| paper.pages).sum::<u32>() + own.pages;
        let list = self.list(manuscript, &own, &index, &papers)?;
        let mut files = vec![Bound { name: INDEX.to_owned(), bytes: own.pdf }];
        files.extend(index.into_iter().zip(papers).map(|(entry, paper)| Bound { name: entry.file, bytes: paper.pdf }));
        files.push(Bound { name: LIST.to_owned(), bytes: format!("{list:#}\n").into_bytes() });
        let bytes =
            binding::bind(&files).map_err(|error| Failure::internal(format!("a dossier is not bound: {error}")))?;
        Ok(Made { bytes, pages, media_type: MediaType::Zip })
    }

    fn entry(&self, paper: &Enclosed) -> Result<Entry, Failure> {
        let (kind, edition, _) = self.parts(&paper.manuscript)?;
        let values = self.body_values(&paper.manuscript, kind, edition)?;
        let text = |pointer: &str| values.pointer(pointer).and_then(Value::as_str);
        let subject = text("/paper/subject").unwrap_or_default();
        // The requester's own may begin with a name: where its second word has a capital, nobody knows.
        let own_subject = paper.manuscript.request.pointer("/paper/subject").is_some();
        let second = subject.split_whitespace().nth(1).and_then(|word| word.chars().next());
        let may_be_name = own_subject && second.is_some_and(char::is_uppercase);
        let subject = if may_be_name { subject.to_owned() } else { lower_first(subject) };
        let type_name = upper_first(&kind.manifest.official_type.to_lowercase());
        let of = paper.of.as_deref().map(|of| format!(" ({})", of.trim())).unwrap_or_default();
        let number = text("/paper/number/symbol").map(|symbol| {
            format!("{}/{symbol}", text("/paper/number/serial").unwrap_or("\u{A0}\u{A0}\u{A0}\u{A0}\u{A0}\u{A0}"))
        });
        let issued_on = paper.manuscript.request.pointer("/paper/issued_on").and_then(Value::as_str);
        let date = issued_on.and_then(|date| date.parse().ok()).map(calendar::short);
        Ok(Entry {
            file: format!("{}.pdf", paper.file_name),
            kind: paper.manuscript.kind.clone(),
            title: format!("{type_name} {subject}{of}"),
            number,
            date: date.filter(|_| paper.manuscript.status == Status::Issued),
            pages: None,
        })
    }

    /// `manifest.json`: what each file is, and everything that decided its bytes.
    fn list(
        &self,
        manuscript: &Manuscript,
        own: &Rendered,
        index: &[Entry],
        papers: &[Rendered],
    ) -> Result<Value, Failure> {
        let describe = |manuscript: &Manuscript, entry: Value, paper: &Rendered| -> Result<Value, Failure> {
            let mut described = entry;
            // Room for the pen is for people.
            if described["number"].as_str().is_some_and(|number| number.starts_with('\u{A0}')) {
                described["number"] = Value::Null;
            }
            described["pages"] = json!(paper.pages);
            described["bytes"] = json!(paper.pdf.len());
            described["sha256"] = json!(fingerprint::of(&paper.pdf));
            described["edition"] = json!(manuscript.edition);
            described["data"] = json!(self.recipe(manuscript).data);
            described["metadata"] = self.paper_metadata(manuscript)?;
            described["metadata"]["page_count"] = json!(paper.pages);
            Ok(described)
        };
        let (kind, edition, _) = self.parts(manuscript)?;
        let title = self.body_values(manuscript, kind, edition)?["paper"]["metadata"]["title"].clone();
        let first = json!({"file": INDEX, "kind": manuscript.kind, "title": title, "number": null, "date": null});
        let mut files = vec![describe(manuscript, first, own)?];
        for ((paper, entry), rendered) in manuscript.enclosed.iter().zip(index).zip(papers) {
            files.push(describe(&paper.manuscript, json!(entry), rendered)?);
        }
        Ok(json!({"v": 1, "kind": manuscript.kind, "title": title, "recipe": self.recipe(manuscript), "files": files}))
    }
}
