//! Putting a backup back: all of it is verified before anything is written, and the ledger comes last.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{ARCHIVE, BackupError, Manifest, cannot, ledger_file, manifest, refuse_unless_empty};
use crate::{
    archive::Archive,
    fingerprint,
    ledger::{Ledger, Place, SnapshotError},
};

/// A backup whose every file is what its manifest says.
#[derive(Debug)]
pub struct Checked {
    pub manifest: Manifest,
    folder: PathBuf,
    archive: Archive,
    papers: Vec<String>,
}

/// Verifies the backup in `from`, file by file.
///
/// # Errors
/// [`BackupError`], with everything that is missing or damaged.
pub async fn check(from: &Path) -> Result<Checked, BackupError> {
    let path = from.join(manifest::NAME);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(BackupError::Incomplete(from.to_owned()));
        }
        Err(error) => return Err(cannot(&path)(error)),
    };
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| BackupError::Manifest(error.to_string()))?;
    if manifest.format != manifest::FORMAT {
        return Err(BackupError::Manifest(format!("its format is {}, known is {}", manifest.format, manifest::FORMAT)));
    }
    let mut faults = Vec::new();
    let ledger = ledger_file(manifest.store);
    let measured = manifest::measure(&from.join(ledger)).ok();
    if measured != Some((manifest.ledger_sha256.clone(), manifest.ledger_bytes)) {
        faults.push(ledger.to_owned());
    }
    let list = fs::read_to_string(from.join(manifest::PAPERS)).unwrap_or_default();
    if fingerprint::of(list.as_bytes()) != manifest.papers_sha256 {
        faults.push(manifest::PAPERS.to_owned());
    }
    let papers: Vec<String> = list.lines().map(str::to_owned).collect();
    // The folder may be read-only; only where there is nothing to read it is not there.
    let archive = Archive::for_reading(&from.join(ARCHIVE));
    for sha256 in &papers {
        // A line that is no name, or a file that cannot be read, is as bad as a file that is not there.
        let bytes = archive.read(sha256).await.ok().flatten();
        if bytes.is_none_or(|bytes| fingerprint::of(&bytes) != *sha256) {
            faults.push(sha256.clone());
        }
    }
    if !faults.is_empty() {
        return Err(BackupError::Damaged(faults));
    }
    Ok(Checked { manifest, folder: from.to_owned(), archive, papers })
}

/// Refuses a data folder or a ledger that holds anything already.
///
/// # Errors
/// [`BackupError::NotEmpty`], [`SnapshotError::Taken`].
pub async fn refuse_taken(data: &Path, place: &Place) -> Result<(), BackupError> {
    refuse_unless_empty(data)?;
    if Ledger::is_nowhere(place).await? { Ok(()) } else { Err(SnapshotError::Taken.into()) }
}

/// Puts a verified backup into an archive and a ledger that [`refuse_taken`] has let pass: papers first, the ledger last,
/// so that a restore that was cut off is no ledger without papers. Jobs that ran wait again.
///
/// # Errors
/// [`BackupError`].
pub async fn restore(checked: &Checked, archive: &Archive, place: &Place) -> Result<(), BackupError> {
    for sha256 in &checked.papers {
        let damaged = || BackupError::Damaged(vec![sha256.clone()]);
        let bytes = checked.archive.read(sha256).await?.ok_or_else(damaged)?;
        let (stored, _) = archive.store(bytes).await?;
        if stored != *sha256 {
            return Err(damaged());
        }
    }
    let Manifest { store, schema, .. } = checked.manifest;
    let picture = checked.folder.join(ledger_file(store));
    Ledger::put_back(place, (&picture, store, schema)).await?;
    Ok(())
}
