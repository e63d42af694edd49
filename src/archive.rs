//! Finished papers, by content: a file's name is its SHA-256, so storing the same bytes twice stores them once.
//!
//! A file appears under its name complete and on disk, or not at all: it is written to `tmp/`, synced, renamed, and its
//! folder synced. Storing and sweeping exclude each other by a lock that all processes on the folder share, so that no
//! file goes that a job is about to name. Only names of 64 hex digits reach the file system.

mod folder;

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
    sync::Arc,
    time::Duration,
};

use crate::failure::Failure;
use folder::{Folder, open, sync_folder};

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
    folder: Arc<Folder>,
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
        let folder = Folder { tmp: dir.join("tmp"), blobs: dir.join("blobs"), lock: dir.join("lock"), kept_free };
        for part in [&folder.tmp, &folder.blobs] {
            fs::create_dir_all(part).map_err(cannot("make its folders"))?;
        }
        sync_folder(dir)?;
        Ok(Self { folder: Arc::new(folder) })
    }

    /// The archive in `dir`, of which nothing is made: a backup may lie on a disk that is only read.
    pub fn for_reading(dir: &Path) -> Self {
        let (tmp, blobs, lock) = (dir.join("tmp"), dir.join("blobs"), dir.join("lock"));
        Self { folder: Arc::new(Folder { tmp, blobs, lock, kept_free: KEPT_FREE }) }
    }

    /// Stores `bytes`; returns their SHA-256 in hex and their number. When this returns they survive power loss.
    ///
    /// # Errors
    /// [`ArchiveError::Full`], [`ArchiveError::Io`]; nothing appeared under the name then.
    pub async fn store(&self, bytes: Vec<u8>) -> Result<(String, u64), ArchiveError> {
        let folder = Arc::clone(&self.folder);
        tokio::task::spawn_blocking(move || folder.store(&bytes)).await?
    }

    /// Opens the file of this name; `None` if there is none.
    ///
    /// # Errors
    /// [`ArchiveError::BadName`], [`ArchiveError::Io`].
    pub async fn open_file(&self, sha256: &str) -> Result<Option<Archived>, ArchiveError> {
        let path = self.folder.path(sha256)?;
        tokio::task::spawn_blocking(move || open(&path)).await?
    }

    /// The bytes of this name; `None` if there are none.
    ///
    /// # Errors
    /// [`ArchiveError::BadName`], [`ArchiveError::Io`].
    pub async fn read(&self, sha256: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let path = self.folder.path(sha256)?;
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
        let folder = Arc::clone(&self.folder);
        let (unfinished, aged) = tokio::task::spawn_blocking(move || {
            let unfinished = folder.remove_unfinished(older_than)?;
            Ok::<_, ArchiveError>((unfinished, folder.aged(older_than)?))
        })
        .await??;
        let mut swept = Swept { unfinished, unreferenced: 0 };
        for sha256 in aged {
            if is_referenced(sha256.clone()).await {
                continue;
            }
            let folder = Arc::clone(&self.folder);
            let removed = tokio::task::spawn_blocking(move || folder.remove_disowned(&sha256, older_than)).await??;
            swept.unreferenced += u64::from(removed);
        }
        Ok(swept)
    }

    /// Names of all files that were last touched longer than `older_than` ago.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub async fn names(&self, older_than: Duration) -> Result<Vec<String>, ArchiveError> {
        let folder = Arc::clone(&self.folder);
        tokio::task::spawn_blocking(move || folder.aged(older_than)).await?
    }

    /// How many left-overs of unfinished writes are older than `older_than`.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub async fn unfinished(&self, older_than: Duration) -> Result<u64, ArchiveError> {
        let folder = Arc::clone(&self.folder);
        tokio::task::spawn_blocking(move || folder.count_unfinished(older_than)).await?
    }

    /// Bytes that must stay free.
    pub fn kept_free(&self) -> u64 {
        self.folder.kept_free
    }

    /// Takes a file away at once. The caller has made sure that no job refers to it or is about to. `false`: it was gone.
    ///
    /// # Errors
    /// [`ArchiveError::BadName`], [`ArchiveError::Io`].
    pub async fn remove(&self, sha256: &str) -> Result<bool, ArchiveError> {
        let path = self.folder.path(sha256)?;
        let folder = Arc::clone(&self.folder);
        tokio::task::spawn_blocking(move || {
            let lock = folder.open_lock()?;
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
        Ok(self.free().await? >= self.folder.kept_free)
    }

    /// Bytes free on the archive's file system.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub async fn free(&self) -> Result<u64, ArchiveError> {
        let folder = Arc::clone(&self.folder);
        tokio::task::spawn_blocking(move || folder.free()).await?
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

fn cannot(doing: &'static str) -> impl FnOnce(io::Error) -> ArchiveError {
    move |source| ArchiveError::Io { doing, source }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
