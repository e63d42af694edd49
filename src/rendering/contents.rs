//! The first pages of many papers in one file: what stands on which page.

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

impl Workshop {
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
