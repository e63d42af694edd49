//! What has to be known of a plan to put its papers together, wherever they were made.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Part, Plan,
    journal::{Journal, Line},
    left_out::kept,
    register::Sent,
    unwritable, whole,
};
use crate::{consolidation::Figure, failure::Failure, intake::Manuscript, rendering::Workshop};

/// A plan without its data: what is bound, in which order, and what is told of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Outline {
    pub province: Option<String>,
    pub year: Option<i32>,
    pub parts: Vec<Part>,
    /// Papers that are left out, and what is kept of their faults.
    pub left_out: Vec<Value>,
    /// Names of papers that could not be made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmade: Vec<String>,
    /// Names of blocs that have not sent.
    pub missing: Vec<String>,
    pub figures: Vec<Figure>,
    /// Who has sent, when and in which version; without the papers.
    pub submissions: Vec<Sent>,
}

impl Plan {
    /// What has to be known to put the papers together.
    pub fn outline(&self) -> Outline {
        let without_papers = |sent: &Sent| Sent { papers: Vec::new(), ..sent.clone() };
        Outline {
            province: self.register.as_ref().map(|register| register.province.clone()),
            year: self.register.as_ref().map(|register| register.year),
            parts: self.parts.clone(),
            left_out: self.left_out.iter().map(kept).collect(),
            unmade: Vec::new(),
            missing: self.missing.clone(),
            figures: self.figures.clone(),
            submissions: self.submissions.iter().map(without_papers).collect(),
        }
    }
}

/// A folder in which papers that were made elsewhere are put together.
pub struct Bindery {
    journal: Journal,
}

/// A paper that was made elsewhere.
#[derive(Debug, Clone)]
pub struct Delivered {
    pub sha256: String,
    pub bytes: u64,
    pub pages: u32,
}

impl Bindery {
    /// Opens an empty folder.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        Journal::open(folder).map(|journal| Self { journal }).map_err(|error| unwritable(folder, error))
    }

    /// Whether somebody opened this folder, and nobody works on it any longer.
    pub fn is_abandoned(folder: &Path) -> bool {
        Journal::is_abandoned(folder)
    }

    /// Where a part's paper has to lie.
    ///
    /// # Errors
    /// When there is no room.
    pub fn place(&self, part: &Part) -> Result<PathBuf, Failure> {
        let path = self.journal.path(&part.file());
        let folder = path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
        Ok(path)
    }

    /// Notes that a part's paper lies in its place.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn take(&mut self, part: &Part, paper: Delivered) -> Result<(), Failure> {
        let Delivered { sha256, bytes, pages } = paper;
        let line = Line { file: part.file(), key: part.key.clone(), sha256, bytes, pages };
        self.journal.note(line).map_err(|error| unwritable(Path::new(&part.name), error))
    }

    /// Binds and merges all parts, which lie in their places.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn bind(&mut self, outline: &Outline, report: Option<&Manuscript>, workshop: &Workshop) -> Result<(), Failure> {
        whole::put_together(outline, report, &mut self.journal, workshop).map(|_pages| ())
    }

    /// SHA-256 of a file of the whole.
    pub fn sha256(&self, file: &str) -> Option<&str> {
        Some(self.journal.known.get(file)?.sha256.as_str())
    }
}
