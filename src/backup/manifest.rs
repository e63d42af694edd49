//! What a backup says of itself.

use std::{fmt, fs::File, io, path::Path};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ledger::Store;

pub(super) const NAME: &str = "manifest.json";
/// The names of all papers, one a line, in order.
pub(super) const PAPERS: &str = "papers.txt";
pub(super) const FORMAT: u32 = 1;

/// The manifest of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    /// What took it.
    pub program: String,
    pub taken_at: DateTime<Utc>,
    pub store: Store,
    /// Version of the ledger's schema.
    pub schema: i64,
    pub ledger_sha256: String,
    pub ledger_bytes: u64,
    pub papers: u64,
    pub papers_bytes: u64,
    /// SHA-256 of the list of papers.
    pub papers_sha256: String,
    /// Papers that the ledger names and the archive had lost already; `doctor --deep --repair` makes them again.
    pub lacking: Vec<String>,
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", serde_json::to_string_pretty(self).map_err(|_| fmt::Error)?)
    }
}

/// SHA-256 and length of a file, which may be large.
pub(super) fn measure(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let mut hash = Writing(Sha256::new());
    let bytes = io::copy(&mut file, &mut hash)?;
    Ok((hash.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), bytes))
}

struct Writing(Sha256);

impl io::Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
