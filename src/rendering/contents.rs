//! Many papers in one file: its first pages, which tell what stands where, and the words around them.
//!
//! What Typst needs grows with the lines that it sets at one time, so the pages are set portion by portion.

use std::ops::Range;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Workshop, failures};
use crate::{
    composition::Context,
    failure::Failure,
    fingerprint,
    intake::Manuscript,
    typesetting::{Pages, Sheet, TypesettingError},
};

/// Template of these pages.
const TEMPLATE: &str = "phrases/whole-contents.j2";
/// The mark that the template gives each line.
const LINE: &str = "line";
/// Lines that are set at one time. Each takes more than 100 KiB while it is set.
const PORTION: usize = 256;
/// The last lines of a table stay together, so what stands on the last page of a portion may not be what would stand there
/// if it went on.
const TIED: usize = 2;

/// A line of the contents.
#[derive(Debug, Clone, Serialize)]
pub struct ContentsLine {
    pub title: String,
    /// The first page, counted from where the contents end; a heading has none.
    pub page: Option<usize>,
}

/// Plain words that a year's end needs besides its papers.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum YearEndWords<'a> {
    /// What all papers in one file are called.
    Title { province: Option<&'a str>, year: Option<i32> },
    /// The bookmark of the contents.
    Bookmark {},
    /// What is remarked about a bloc by itself.
    Note { faulty: bool, late: Option<NaiveDate>, adjustment: Option<u64> },
}

impl YearEndWords<'_> {
    fn template(&self) -> &'static str {
        match self {
            Self::Title { .. } => "phrases/whole-title.txt.j2",
            Self::Bookmark {} => "phrases/whole-bookmark.txt.j2",
            Self::Note { .. } => "phrases/bloc-note.txt.j2",
        }
    }
}

/// The contents of a whole. They stand before what they tell of, so their lines were shared out among pages before; the
/// numbers in them move none.
pub struct Contents<'a> {
    workshop: &'a Workshop,
    /// What the template sees besides the lines.
    values: Value,
    day: NaiveDate,
    lines: &'a [ContentsLine],
    portions: Vec<Portion>,
    pages: usize,
}

/// Lines that fill whole pages.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Portion {
    lines: Range<usize>,
    /// Their first page, from 1.
    from: usize,
    pages: usize,
}

impl Workshop {
    /// The words of the template folder; empty where there is nothing to say.
    ///
    /// # Errors
    /// When the template is missing or wrong.
    pub fn words(&self, of: &YearEndWords<'_>) -> Result<String, Failure> {
        self.composer.phrase(of.template(), &Context::new(&json!(of))).map_err(failures::template_fault)
    }

    /// The contents of a whole, with the letterhead of the paper that closes it.
    ///
    /// # Errors
    /// When the template is missing or wrong.
    pub fn contents<'a>(&'a self, of: &Manuscript, lines: &'a [ContentsLine]) -> Result<Contents<'a>, Failure> {
        let (kind, edition, _) = self.parts(of)?;
        let mut values = self.body_values(of, kind, edition)?;
        // Contents have no more pages than lines, and one for their heading.
        let last = lines.iter().filter_map(|line| line.page).max().unwrap_or_default() + lines.len() + 1;
        values["last"] = json!(last.to_string());
        let mut contents = Contents { workshop: self, values, day: of.day, lines, portions: Vec::new(), pages: 0 };
        contents.share_out()?;
        Ok(contents)
    }
}

impl Contents<'_> {
    /// How many pages they are.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// The pages as files that follow each other, one in memory at a time.
    ///
    /// # Errors
    /// When the template is wrong.
    pub fn files(&mut self) -> impl Iterator<Item = Result<Vec<u8>, Failure>> {
        let portions = std::mem::take(&mut self.portions);
        portions.into_iter().map(|portion| {
            let (pdf, pages) = self.set(portion.lines, portion.from, |pages| Ok((pages.pdf()?, pages.count())))?;
            if pages == portion.pages {
                return Ok(pdf);
            }
            Err(failures::template_failure(format!("{TEMPLATE}: {pages} pages instead of {}", portion.pages)))
        })
    }

    /// Shares the lines out among portions that end where a page ends.
    fn share_out(&mut self) -> Result<(), Failure> {
        let mut first = 0;
        while first < self.lines.len() {
            let end = self.lines.len().min(first + PORTION);
            let from = self.pages + 1;
            let (places, all) = self.set(first..end, from, |pages| Ok((pages.pages_of(LINE)?, pages.count())))?;
            let rest = if end < self.lines.len() { last_page_begins(&places) } else { None };
            let (count, pages) = rest.map_or((end - first, all), |line| (line, places[line]));
            self.portions.push(Portion { lines: first..first + count, from, pages });
            first += count;
            self.pages += pages;
        }
        Ok(())
    }

    /// Sets a range of lines on the pages from `from` on.
    fn set<R>(
        &mut self,
        lines: Range<usize>,
        from: usize,
        use_pages: impl FnOnce(&Pages) -> Result<R, TypesettingError>,
    ) -> Result<R, Failure> {
        let own = self.pages;
        let numbered = |line: &ContentsLine| ContentsLine { page: line.page.map(|page| page + own), ..line.clone() };
        self.values["lines"] = json!(self.lines[lines].iter().map(numbered).collect::<Vec<_>>());
        self.values["from"] = json!(from);
        let source = self.workshop.composer.compose(TEMPLATE, &Context::new(&self.values));
        let source = source.map_err(failures::template_fault)?;
        let identity = fingerprint::of(source.as_bytes());
        let sheet = Sheet { source, day: self.day, identity, signature_image: None, source_data: None };
        let set = self.workshop.typesetter.set(&sheet, use_pages);
        set.map_err(|error| failures::template_failure(format!("{TEMPLATE}: {error}")))
    }
}

/// Of lines on these pages, the one that begins the last page; of two where the last has so few lines that they may stand
/// there only because nothing follows.
fn last_page_begins(places: &[usize]) -> Option<usize> {
    let begins = |page: &usize| places.iter().position(|place| place == page);
    let last = places.last().and_then(begins)?;
    let found = if places.len() - last > TIED { last } else { places[..last].last().and_then(begins)? };
    (found > 0).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portion_ends_where_a_page_ends_that_nothing_after_it_moves() {
        assert_eq!(last_page_begins(&[0, 0, 0, 1, 1, 1]), Some(3));
        assert_eq!(last_page_begins(&[0, 0, 1, 1, 1, 2, 2]), Some(2), "two lines hold together at a table's end");
        assert_eq!(last_page_begins(&[0, 0, 0]), None);
        assert_eq!(last_page_begins(&[0, 0, 1]), None, "the page before is the first");
        assert_eq!(last_page_begins(&[]), None);
    }
}
