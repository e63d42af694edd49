//! Papers in a folder of one host, or of a file system that several share: written to `tmp/`, synced, renamed, their
//! folder synced. Storing and sweeping exclude each other by a lock that all processes on the folder share.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use uuid::Uuid;

use super::{ArchiveError, Archived, cannot, checked_name, free_on, paper::Source};
use crate::fingerprint;

/// The archive's folder.
#[derive(Debug)]
pub(super) struct Folder {
    pub dir: PathBuf,
    pub tmp: PathBuf,
    pub blobs: PathBuf,
    /// Shared by those who store, alone for the one who removes; the system frees it when a process dies.
    pub lock: PathBuf,
    pub kept_free: u64,
}

impl Folder {
    pub fn new(dir: &Path, kept_free: u64) -> Self {
        let (tmp, blobs, lock) = (dir.join("tmp"), dir.join("blobs"), dir.join("lock"));
        Self { dir: dir.to_owned(), tmp, blobs, lock, kept_free }
    }

    pub fn store(&self, bytes: &[u8]) -> Result<(String, u64), ArchiveError> {
        let sha256 = fingerprint::of(bytes);
        let size = bytes.len() as u64;
        let path = self.path(&sha256)?;
        let folder = path.parent().ok_or(ArchiveError::BadName)?;
        let lock = self.open_lock()?;
        lock.lock_shared().map_err(cannot("be locked"))?;
        if !is_kept(&path, bytes).map_err(cannot("read a file"))? {
            let (free, needed) = (self.free()?, size.saturating_add(self.kept_free));
            if free < needed {
                return Err(ArchiveError::Full { free, needed });
            }
            fs::create_dir_all(folder).map_err(cannot("make a folder"))?;
            let unfinished = self.tmp.join(Uuid::now_v7().to_string());
            let written = write_synced(&unfinished, bytes)
                .and_then(|()| fs::rename(&unfinished, &path))
                .map_err(cannot("write a file"));
            if let Err(error) = written {
                let _swept_later = fs::remove_file(&unfinished);
                return Err(error);
            }
        }
        // Also where the file was there: another process may have named it a moment ago and not synced yet.
        for folder in [folder, &self.blobs] {
            sync_folder(folder)?;
        }
        Ok((sha256, size))
    }

    pub fn open_lock(&self) -> Result<File, ArchiveError> {
        File::options().create(true).append(true).open(&self.lock).map_err(cannot("be locked"))
    }

    /// Where the file of this name lies: `blobs/aa/<sha256>`.
    pub fn path(&self, sha256: &str) -> Result<PathBuf, ArchiveError> {
        let sha256 = checked_name(sha256)?;
        Ok(self.blobs.join(&sha256[..2]).join(sha256))
    }

    pub fn free(&self) -> Result<u64, ArchiveError> {
        free_on(&self.tmp).map_err(cannot("measure its free space"))
    }

    /// Left-overs older than `older_than`.
    pub fn count_unfinished(&self, older_than: Duration) -> Result<u64, ArchiveError> {
        let mut counted = 0;
        for entry in fs::read_dir(&self.tmp).map_err(cannot("list its folder"))? {
            counted += u64::from(is_older(&entry.map_err(cannot("list its folder"))?.path(), older_than)?);
        }
        Ok(counted)
    }

    pub fn remove_unfinished(&self, older_than: Duration) -> Result<u64, ArchiveError> {
        let mut removed = 0;
        for entry in fs::read_dir(&self.tmp).map_err(cannot("list its folder"))? {
            let entry = entry.map_err(cannot("list its folder"))?;
            removed += u64::from(remove_if_older(&entry.path(), older_than)?);
        }
        Ok(removed)
    }

    /// Removes a file that no job refers to. Its age is asked again while nobody stores: the same bytes may have been
    /// stored meanwhile, for a job that is about to commit (see [`is_kept`]).
    pub fn remove_disowned(&self, sha256: &str, older_than: Duration) -> Result<bool, ArchiveError> {
        let path = self.path(sha256)?;
        let lock = self.open_lock()?;
        lock.lock().map_err(cannot("be locked"))?;
        remove_if_older(&path, older_than)
    }

    /// Removes a file at once; `false`: it was gone.
    pub fn remove(&self, path: &Path) -> Result<bool, ArchiveError> {
        let lock = self.open_lock()?;
        lock.lock().map_err(cannot("be locked"))?;
        match fs::remove_file(path) {
            Ok(()) => sync_folder(path.parent().ok_or(ArchiveError::BadName)?).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(cannot("remove a file")(error)),
        }
    }

    /// Names of files older than `older_than`. Strangers in the folder are left alone.
    pub fn aged(&self, older_than: Duration) -> Result<Vec<String>, ArchiveError> {
        let mut aged = Vec::new();
        for folder in fs::read_dir(&self.blobs).map_err(cannot("list its folder"))? {
            let folder = folder.map_err(cannot("list its folder"))?.path();
            if !folder.is_dir() {
                continue;
            }
            for entry in fs::read_dir(folder).map_err(cannot("list its folder"))? {
                let entry = entry.map_err(cannot("list its folder"))?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_ours = self.path(&name).is_ok_and(|path| path == entry.path());
                if is_ours && is_older(&entry.path(), older_than)? {
                    aged.push(name);
                }
            }
        }
        Ok(aged)
    }
}

pub(super) fn open(path: &Path) -> Result<Option<Archived>, ArchiveError> {
    match File::open(path) {
        Ok(file) => {
            let size = file.metadata().map_err(cannot("measure a file"))?.len();
            Ok(Some(Archived { size, source: Source::File(file) }))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("open a file")(error)),
    }
}

/// Whether the file is there with these bytes; if so it is made young, so that a sweep leaves it until the ledger has
/// committed. A file that a failing disk has changed is not.
fn is_kept(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    match fs::read(path) {
        Ok(kept) if kept == bytes => {
            File::options().append(true).open(path)?.set_modified(SystemTime::now())?;
            Ok(true)
        }
        Ok(_changed) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) fn sync_folder(folder: &Path) -> Result<(), ArchiveError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot("sync a folder"))
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Whether the file is there and was last touched longer than `older_than` ago.
fn is_older(path: &Path, older_than: Duration) -> Result<bool, ArchiveError> {
    let modified = match fs::metadata(path).and_then(|metadata| metadata.modified()) {
        Ok(modified) => modified,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(cannot("measure a file")(error)),
    };
    // A file from the future counts as young.
    Ok(SystemTime::now().duration_since(modified).is_ok_and(|age| age > older_than))
}

fn remove_if_older(path: &Path, older_than: Duration) -> Result<bool, ArchiveError> {
    if !is_older(path, older_than)? {
        return Ok(false);
    }
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(cannot("remove a file")(error)),
    }
}
