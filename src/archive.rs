//! Finished papers, by content: a file's name is its SHA-256, so storing the same bytes twice stores them once.
//!
//! A file appears under its name complete and on disk, or not at all: it is written to `tmp/`, synced, renamed, and its
//! folder synced. Storing and sweeping exclude each other by a lock that all processes on the folder share, so that no
//! file goes that a job is about to name. Only names of 64 hex digits reach the file system.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::failure::Failure;

/// Bytes that must stay free on the archive's file system; below, nothing is stored.
const KEPT_FREE: u64 = 256 << 20;

/// Why the archive did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Too little space is free; nothing was stored.
    #[error("{free} bytes are free, {needed} are needed")]
    Full { free: u64, needed: u64 },
    /// The name is not the SHA-256 of anything.
    #[error("not the name of an archived file")]
    BadName,
    /// The file system refused.
    #[error("the archive cannot {doing}")]
    Io {
        doing: &'static str,
        #[source]
        source: io::Error,
    },
    /// The thread that worked on the file was lost.
    #[error("the archive's worker thread was lost")]
    Lost(#[from] tokio::task::JoinError),
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        match error {
            error @ ArchiveError::Full { .. } => Failure::store_unavailable(format!("The archive is full: {error}")),
            ArchiveError::BadName => Failure::internal("A stored file name is not a SHA-256."),
            ArchiveError::Io { doing, source } => {
                Failure::store_unavailable(format!("The archive cannot {doing}: {source}"))
            }
            ArchiveError::Lost(cause) => Failure::store_unavailable(format!("The archive's thread was lost: {cause}")),
        }
    }
}

/// An archived file, open for reading.
#[derive(Debug)]
pub struct Archived {
    pub file: File,
    /// Bytes.
    pub size: u64,
}

/// What [`Archive::sweep`] took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Left-overs of writes that never finished.
    pub unfinished: u64,
    /// Whole files that no job refers to.
    pub unreferenced: u64,
}

/// The archive of one host, in one folder. Clones are the same archive.
#[derive(Debug, Clone)]
pub struct Archive {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    tmp: PathBuf,
    blobs: PathBuf,
    /// Shared by those who store, alone for the one who removes; the system frees it when a process dies.
    lock: PathBuf,
    kept_free: u64,
}

impl Archive {
    /// Opens the archive in `dir`, creating it where missing.
    ///
    /// # Errors
    /// [`ArchiveError::Io`] when the folders cannot be made.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, ArchiveError> {
        Self::keeping_free(dir.as_ref(), KEPT_FREE)
    }

    /// Opens the archive in `dir`; below so many free bytes nothing is stored.
    ///
    /// # Errors
    /// [`ArchiveError::Io`] when the folders cannot be made.
    pub fn keeping_free(dir: &Path, kept_free: u64) -> Result<Self, ArchiveError> {
        let inner = Inner { tmp: dir.join("tmp"), blobs: dir.join("blobs"), lock: dir.join("lock"), kept_free };
        for folder in [&inner.tmp, &inner.blobs] {
            fs::create_dir_all(folder).map_err(cannot("make its folders"))?;
        }
        sync_folder(dir)?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Stores `bytes`; returns their SHA-256 in hex and their number. When this returns they survive power loss.
    ///
    /// # Errors
    /// [`ArchiveError::Full`], [`ArchiveError::Io`]; nothing appeared under the name then.
    pub async fn store(&self, bytes: Vec<u8>) -> Result<(String, u64), ArchiveError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.store(&bytes)).await?
    }

    /// Opens the file of this name; `None` if there is none.
    ///
    /// # Errors
    /// [`ArchiveError::BadName`], [`ArchiveError::Io`].
    pub async fn open_file(&self, sha256: &str) -> Result<Option<Archived>, ArchiveError> {
        let path = self.inner.path(sha256)?;
        tokio::task::spawn_blocking(move || open(&path)).await?
    }

    /// The bytes of this name; `None` if there are none.
    ///
    /// # Errors
    /// [`ArchiveError::BadName`], [`ArchiveError::Io`].
    pub async fn read(&self, sha256: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let path = self.inner.path(sha256)?;
        tokio::task::spawn_blocking(move || {
            let Some(mut archived) = open(&path)? else { return Ok(None) };
            let mut bytes = Vec::with_capacity(usize::try_from(archived.size).unwrap_or(0));
            archived.file.read_to_end(&mut bytes).map_err(cannot("read a file"))?;
            Ok(Some(bytes))
        })
        .await?
    }

    /// Takes away left-overs of unfinished writes, and files that `is_referenced` disowns, if they are older than
    /// `older_than`. The age keeps a file safe between its writing and the ledger's commit; an hour is plenty. Where
    /// `is_referenced` cannot tell, it has to answer `true`.
    ///
    /// # Errors
    /// [`ArchiveError::Io`]; what was taken away before stays away.
    pub async fn sweep<Answer>(
        &self,
        older_than: Duration,
        is_referenced: impl Fn(String) -> Answer,
    ) -> Result<Swept, ArchiveError>
    where
        Answer: Future<Output = bool>,
    {
        let inner = Arc::clone(&self.inner);
        let (unfinished, aged) = tokio::task::spawn_blocking(move || {
            let unfinished = inner.remove_unfinished(older_than)?;
            Ok::<_, ArchiveError>((unfinished, inner.aged(older_than)?))
        })
        .await??;
        let mut swept = Swept { unfinished, unreferenced: 0 };
        for sha256 in aged {
            if is_referenced(sha256.clone()).await {
                continue;
            }
            let inner = Arc::clone(&self.inner);
            let removed = tokio::task::spawn_blocking(move || inner.remove_disowned(&sha256, older_than)).await??;
            swept.unreferenced += u64::from(removed);
        }
        Ok(swept)
    }

    /// Bytes that must stay free.
    pub fn kept_free(&self) -> u64 {
        self.inner.kept_free
    }

    /// Takes a file away at once. The caller has made sure that no job refers to it or is about to. `false`: it was gone.
    ///
    /// # Errors
    /// [`ArchiveError::BadName`], [`ArchiveError::Io`].
    pub async fn remove(&self, sha256: &str) -> Result<bool, ArchiveError> {
        let path = self.inner.path(sha256)?;
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || {
            let lock = inner.open_lock()?;
            lock.lock().map_err(cannot("be locked"))?;
            match fs::remove_file(&path) {
                Ok(()) => sync_folder(path.parent().ok_or(ArchiveError::BadName)?).map(|()| true),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(cannot("remove a file")(error)),
            }
        })
        .await?
    }

    /// Whether a paper made now could be stored.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub async fn has_room(&self) -> Result<bool, ArchiveError> {
        Ok(self.free().await? >= self.inner.kept_free)
    }

    /// Bytes free on the archive's file system.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub async fn free(&self) -> Result<u64, ArchiveError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.free()).await?
    }
}

impl Inner {
    fn store(&self, bytes: &[u8]) -> Result<(String, u64), ArchiveError> {
        let sha256 = hex(&Sha256::digest(bytes));
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

    fn open_lock(&self) -> Result<File, ArchiveError> {
        File::options().create(true).append(true).open(&self.lock).map_err(cannot("be locked"))
    }

    /// Where the file of this name lies: `blobs/aa/<sha256>`.
    fn path(&self, sha256: &str) -> Result<PathBuf, ArchiveError> {
        let is_name = sha256.len() == 64 && sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !is_name {
            return Err(ArchiveError::BadName);
        }
        Ok(self.blobs.join(&sha256[..2]).join(sha256))
    }

    fn free(&self) -> Result<u64, ArchiveError> {
        free_on(&self.tmp).map_err(cannot("measure its free space"))
    }

    fn remove_unfinished(&self, older_than: Duration) -> Result<u64, ArchiveError> {
        let mut removed = 0;
        for entry in fs::read_dir(&self.tmp).map_err(cannot("list its folder"))? {
            let entry = entry.map_err(cannot("list its folder"))?;
            removed += u64::from(remove_if_older(&entry.path(), older_than)?);
        }
        Ok(removed)
    }

    /// Removes a file that no job refers to. Its age is asked again while nobody stores: the same bytes may have been
    /// stored meanwhile, for a job that is about to commit (see [`is_kept`]).
    fn remove_disowned(&self, sha256: &str, older_than: Duration) -> Result<bool, ArchiveError> {
        let path = self.path(sha256)?;
        let lock = self.open_lock()?;
        lock.lock().map_err(cannot("be locked"))?;
        remove_if_older(&path, older_than)
    }

    /// Names of files older than `older_than`. Strangers in the folder are left alone.
    fn aged(&self, older_than: Duration) -> Result<Vec<String>, ArchiveError> {
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

/// Bytes free on the file system of a folder.
///
/// # Errors
/// When the folder is not there.
pub fn free_on(folder: &Path) -> io::Result<u64> {
    let stat = nix::sys::statvfs::statvfs(folder).map_err(io::Error::from)?;
    Ok(u64::from(stat.blocks_available()).saturating_mul(u64::from(stat.fragment_size())))
}

fn open(path: &Path) -> Result<Option<Archived>, ArchiveError> {
    match File::open(path) {
        Ok(file) => {
            let size = file.metadata().map_err(cannot("measure a file"))?.len();
            Ok(Some(Archived { file, size }))
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

fn sync_folder(folder: &Path) -> Result<(), ArchiveError> {
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

fn cannot(doing: &'static str) -> impl FnOnce(io::Error) -> ArchiveError {
    move |source| ArchiveError::Io { doing, source }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
