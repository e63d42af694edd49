//! Many papers in one file: its first pages, which tell what stands where, and the words around them.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::json;

use super::{Rendered, Workshop, count, failures};
use crate::{composition::Context, failure::Failure, fingerprint, intake::Manuscript, typesetting::Sheet};

/// Template of these pages.
const TEMPLATE: &str = "phrases/whole-contents.j2";

/// A line of the contents.
#[derive(Debug, Clone, Serialize)]
pub struct ContentsLine {
    pub title: String,
    /// The first page; a heading has none.
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
    pub fn contents(&self, of: &Manuscript, lines: &[ContentsLine]) -> Result<Rendered, Failure> {
        let (kind, edition, _) = self.parts(of)?;
        let mut values = self.body_values(of, kind, edition)?;
        values["lines"] = json!(lines);
        let source = self.composer.compose(TEMPLATE, &Context::new(&values)).map_err(failures::template_fault)?;
        let identity = fingerprint::of(source.as_bytes());
        let sheet = Sheet { source, day: of.day, identity, signature_image: None, source_data: None };
        let set = self.typesetter.set(&sheet, |pages| Ok(Rendered { pdf: pages.pdf()?, pages: count(pages) }));
        set.map_err(|error| failures::template_failure(format!("{TEMPLATE}: {error}")))
    }
}
