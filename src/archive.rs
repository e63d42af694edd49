//! Finished papers, by content: a file's name is its SHA-256, so storing the same bytes twice stores them once.
//!
//! A file appears under its name whole and kept, or not at all, and none goes that a job is about to name. Two stores
//! hold papers, a folder and a bucket of an S3 server; every test that is not about one of them runs on both. Only names
//! of 64 hex digits reach them.

mod bucket;
mod error;
mod folder;
mod paper;

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use bucket::Bucket;
pub use bucket::BucketPlace;
pub use error::ArchiveError;
use error::cannot;
use folder::{Folder, open, sync_folder};
pub use paper::{Archived, Pieces};

/// Bytes that must stay free on the archive's file system; below, nothing is stored.
const KEPT_FREE: u64 = 256 << 20;

/// What [`Archive::sweep`] took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Left-overs of writes that never finished.
    pub unfinished: u64,
    /// Whole files that no job refers to.
    pub unreferenced: u64,
}

/// The archive. Clones are the same archive.
#[derive(Debug, Clone)]
pub struct Archive {
    store: Store,
}

#[derive(Debug, Clone)]
enum Store {
    Folder(Arc<Folder>),
    Bucket(Arc<Bucket>),
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
        let folder = Folder::new(dir, kept_free);
        for part in [&folder.tmp, &folder.blobs] {
            fs::create_dir_all(part).map_err(cannot("make its folders"))?;
        }
        sync_folder(dir)?;
        Ok(Self { store: Store::Folder(Arc::new(folder)) })
    }

    /// The archive in `dir`, of which nothing is made: a backup may lie on a disk that is only read.
    pub fn for_reading(dir: &Path) -> Self {
        Self { store: Store::Folder(Arc::new(Folder::new(dir, KEPT_FREE))) }
    }

    /// The archive in a bucket. Whether the server answers is seen when it is asked: a service starts without it.
    ///
    /// # Errors
    /// [`ArchiveError::Place`] when the place cannot be used.
    pub fn in_bucket(place: &BucketPlace) -> Result<Self, ArchiveError> {
        Ok(Self { store: Store::Bucket(Arc::new(Bucket::new(place)?)) })
    }

    /// Stores `bytes`; returns their SHA-256 in hex and their number. When this returns they survive power loss.
    ///
    /// # Errors
    /// [`ArchiveError::Full`], [`ArchiveError::Io`], [`ArchiveError::Bucket`]; nothing new appeared under the name then,
    /// or all of it.
    pub async fn store(&self, bytes: Vec<u8>) -> Result<(String, u64), ArchiveError> {
        match &self.store {
            Store::Folder(folder) => in_folder(folder, move |folder| folder.store(&bytes)).await,
            Store::Bucket(bucket) => bucket.store(bytes).await,
        }
    }

    /// Opens the file of this name; `None` if there is none.
    ///
    /// # Errors
    /// [`ArchiveError::BadName`], [`ArchiveError::Io`], [`ArchiveError::Bucket`].
    pub async fn open_file(&self, sha256: &str) -> Result<Option<Archived>, ArchiveError> {
        match &self.store {
            Store::Folder(folder) => {
                let path = folder.path(sha256)?;
                in_folder(folder, move |_| open(&path)).await
            }
            Store::Bucket(bucket) => bucket.open(sha256).await,
        }
    }

    /// The bytes of this name; `None` if there are none.
    ///
    /// # Errors
    /// As [`Archive::open_file`].
    pub async fn read(&self, sha256: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some(archived) = self.open_file(sha256).await? else { return Ok(None) };
        archived.whole().await.map(Some)
    }

    /// Takes away left-overs of unfinished writes, and files that `is_referenced` disowns, if they are older than
    /// `older_than`. The age keeps a file safe between its writing and the ledger's commit; an hour is plenty. Where
    /// `is_referenced` cannot tell, it has to answer `true`.
    ///
    /// # Errors
    /// [`ArchiveError::Io`], [`ArchiveError::Bucket`]; what was taken away before stays away.
    pub async fn sweep<Answer>(
        &self,
        older_than: Duration,
        is_referenced: impl Fn(String) -> Answer,
    ) -> Result<Swept, ArchiveError>
    where
        Answer: Future<Output = bool>,
    {
        let folder = match &self.store {
            Store::Folder(folder) => folder,
            Store::Bucket(bucket) => return bucket.sweep(older_than, is_referenced).await,
        };
        let (unfinished, aged) =
            in_folder(folder, move |folder| Ok((folder.remove_unfinished(older_than)?, folder.aged(older_than)?)))
                .await?;
        let mut swept = Swept { unfinished, unreferenced: 0 };
        for sha256 in aged {
            if is_referenced(sha256.clone()).await {
                continue;
            }
            let removed = in_folder(folder, move |folder| folder.remove_disowned(&sha256, older_than)).await?;
            swept.unreferenced += u64::from(removed);
        }
        Ok(swept)
    }

    /// Names of all files that were last touched longer than `older_than` ago.
    ///
    /// # Errors
    /// [`ArchiveError::Io`], [`ArchiveError::Bucket`].
    pub async fn names(&self, older_than: Duration) -> Result<Vec<String>, ArchiveError> {
        match &self.store {
            Store::Folder(folder) => in_folder(folder, move |folder| folder.aged(older_than)).await,
            Store::Bucket(bucket) => bucket.aged(older_than).await,
        }
    }

    /// How many left-overs of unfinished writes are older than `older_than`. In a bucket there are none: its server
    /// shows a paper when it has all of it.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub async fn unfinished(&self, older_than: Duration) -> Result<u64, ArchiveError> {
        match &self.store {
            Store::Folder(folder) => in_folder(folder, move |folder| folder.count_unfinished(older_than)).await,
            Store::Bucket(_) => Ok(0),
        }
    }

    /// Takes a file away at once. The caller has made sure that no job refers to it or is about to. `false`: it was gone.
    ///
    /// # Errors
    /// [`ArchiveError::BadName`], [`ArchiveError::Io`], [`ArchiveError::Bucket`].
    pub async fn remove(&self, sha256: &str) -> Result<bool, ArchiveError> {
        match &self.store {
            Store::Folder(folder) => {
                let path = folder.path(sha256)?;
                in_folder(folder, move |folder| folder.remove(&path)).await
            }
            Store::Bucket(bucket) => bucket.remove(sha256).await,
        }
    }

    /// Whether a paper made now could be stored: a folder needs room, a bucket has to answer.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub async fn takes_papers(&self) -> Result<bool, ArchiveError> {
        match &self.store {
            Store::Folder(folder) => in_folder(folder, |folder| Ok(folder.free()? >= folder.kept_free)).await,
            Store::Bucket(bucket) => Ok(bucket.answers().await),
        }
    }

    /// Whether the store answers, be it full.
    pub async fn answers(&self) -> bool {
        match &self.store {
            Store::Folder(folder) => in_folder(folder, Folder::free).await.is_ok(),
            Store::Bucket(bucket) => bucket.answers().await,
        }
    }

    /// Bytes free on the archive's file system; `None`: a bucket has no end.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub async fn free(&self) -> Result<Option<u64>, ArchiveError> {
        match &self.store {
            Store::Folder(folder) => in_folder(folder, Folder::free).await.map(Some),
            Store::Bucket(_) => Ok(None),
        }
    }

    /// Bytes that must stay free; `None` in a bucket.
    pub fn kept_free(&self) -> Option<u64> {
        match &self.store {
            Store::Folder(folder) => Some(folder.kept_free),
            Store::Bucket(_) => None,
        }
    }

    /// What an operator has to know about the store, for `doctor`: where it is, or what is wrong with it. In a
    /// bucket a probe is stored and taken away; of a folder its room is asked.
    ///
    /// # Errors
    /// [`ArchiveError`] when it does not work, [`ArchiveError::Unsafe`] when it does but loses or keeps what it may not.
    pub async fn examine(&self) -> Result<String, ArchiveError> {
        match &self.store {
            Store::Folder(folder) => {
                in_folder(folder, |folder| {
                    let free = folder.free()?;
                    if free < folder.kept_free {
                        return Err(ArchiveError::Full { free, needed: folder.kept_free });
                    }
                    Ok(format!("{}: còn trống {} MiB", folder.dir.display(), free >> 20))
                })
                .await
            }
            Store::Bucket(bucket) => bucket.examine().await,
        }
    }
}

/// Work on a folder, off the threads that answer others.
async fn in_folder<T: Send + 'static>(
    folder: &Arc<Folder>,
    work: impl FnOnce(&Folder) -> Result<T, ArchiveError> + Send + 'static,
) -> Result<T, ArchiveError> {
    let folder = Arc::clone(folder);
    tokio::task::spawn_blocking(move || work(&folder)).await?
}

/// Bytes free on the file system of a folder.
///
/// # Errors
/// When the folder is not there.
pub fn free_on(folder: &Path) -> io::Result<u64> {
    let stat = nix::sys::statvfs::statvfs(folder).map_err(io::Error::from)?;
    Ok(stat.blocks_available().saturating_mul(stat.fragment_size()))
}

/// Whether this may be a file's name: the SHA-256 of something, in hex.
fn checked_name(sha256: &str) -> Result<&str, ArchiveError> {
    let is_name = sha256.len() == 64 && sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_name { Ok(sha256) } else { Err(ArchiveError::BadName) }
}

#[cfg(test)]
mod tests;
