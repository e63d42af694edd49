//! Versions of entries, and what a writer has to have seen.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

/// What an entry describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    Unit,
    Bloc,
    /// Who was in a bloc in a year; its id is `BLOC/YEAR`.
    BlocYear,
    Period,
    /// What runs by itself.
    Schedule,
    /// What the province itself says in its report of a year.
    Report,
    /// A system of the province that figures are read from.
    Source,
}

impl Sort {
    /// Every sort.
    pub const ALL: [Sort; 7] =
        [Sort::Unit, Sort::Bloc, Sort::BlocYear, Sort::Period, Sort::Schedule, Sort::Report, Sort::Source];

    /// As it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Sort::Unit => "unit",
            Sort::Bloc => "bloc",
            Sort::BlocYear => "bloc-year",
            Sort::Period => "period",
            Sort::Schedule => "schedule",
            Sort::Report => "report",
            Sort::Source => "source",
        }
    }

    /// The reverse of [`Sort::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word)
    }
}

/// One version of an entry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    pub sort: Sort,
    pub id: String,
    /// From 1.
    pub version: i64,
    pub body: Value,
    /// SHA-256 of the body in its canonical writing, hex.
    pub sha256: String,
    pub written_at: DateTime<Utc>,
    /// A key's id, or who ran the command.
    pub written_by: String,
    /// Since when it lacks something of a person who asked to be forgotten; the hash is that of what was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
}

impl Entry {
    /// Tells this version from every other.
    pub fn tag(&self) -> Tag {
        Tag::of(self.version, &self.sha256, self.erased_at)
    }
}

/// A version as a strong entity tag (RFC 9110, 8.8.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(String);

/// Of a hash, the characters that stand in a tag.
const OF_HASH: usize = 16;

impl Tag {
    /// What was written over is told from what was written: nobody keeps a copy in its place.
    pub(super) fn of(version: i64, sha256: &str, erased_at: Option<DateTime<Utc>>) -> Self {
        let erased = erased_at.map(|at| format!("-{}", at.timestamp_millis())).unwrap_or_default();
        Self(format!("\"{version}-{}{erased}\"", sha256.get(..OF_HASH).unwrap_or(sha256)))
    }

    /// With its quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What stood there when the writer looked: a write upon anything else is refused, so that two officers do not overwrite
/// one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// Nothing (`If-None-Match: *`).
    Nothing,
    /// One of these versions (`If-Match: "…"`).
    OneOf(Vec<String>),
    /// Whatever is there, but something (`If-Match: *`).
    Something,
}

impl Base {
    /// Whether a write upon this version is what the writer meant.
    pub fn is(&self, current: Option<&Tag>) -> bool {
        match (self, current) {
            (Base::Nothing, None) | (Base::Something, Some(_)) => true,
            (Base::OneOf(tags), Some(current)) => tags.iter().any(|tag| tag == current.as_str()),
            (Base::Nothing, Some(_)) | (Base::OneOf(_) | Base::Something, None) => false,
        }
    }
}
