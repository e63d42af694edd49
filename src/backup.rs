//! Backups: ledger and papers as they were at one moment, taken while the service works, and put back elsewhere.
//!
//! A backup is complete when it has its manifest, which is written last and names every hash. It holds exactly the files
//! that its ledger names: files are copied before the ledger's picture is taken, what was finished in between after it,
//! and what was erased in between is taken out again.

mod manifest;
mod restore;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::{
    archive::{Archive, ArchiveError},
    failure::{Failure, FailureCode},
    fingerprint,
    ledger::{Ledger, LedgerError, Named, Snapshot, SnapshotError, Store},
};
pub use manifest::Manifest;
pub use restore::{Checked, check, refuse_taken, restore};

/// Why there is no backup, or why it cannot be put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A backup goes into a folder of its own, a restore into an empty one.
    #[error("the folder {0:?} is not empty")]
    NotEmpty(PathBuf),
    /// There is no manifest: the backup was not finished.
    #[error("{0:?} has no manifest")]
    Incomplete(PathBuf),
    /// The manifest is not one, or of a later version.
    #[error("the manifest cannot be read: {0}")]
    Manifest(String),
    /// The backup is not what its manifest says.
    #[error("{} files of the backup are missing or damaged, the first is {}", .0.len(), .0.first().map_or("", String::as_str))]
    Damaged(Vec<String>),
    /// Papers were erased again and again while the backup was taken.
    #[error("the ledger and the archive did not come to agree")]
    Restless,
    #[error("{path:?}: {source}")]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the ledger failed: {0}")]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error("the archive failed: {0}")]
    Archive(#[from] ArchiveError),
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let told = |code, message: &str| Failure::new(code, message, error.to_string());
        match &error {
            BackupError::NotEmpty(_) => told(FailureCode::BadParameter, "Thư mục đích không trống.")
                .hint("Chọn một thư mục mới hoặc trống; chương trình không ghi đè dữ liệu có sẵn."),
            BackupError::Incomplete(_) => {
                told(FailureCode::BadParameter, "Bản sao lưu chưa hoàn tất: thiếu manifest.json.")
                    .hint("Dùng bản sao lưu khác; bản này đã dừng giữa chừng.")
            }
            BackupError::Manifest(_) => {
                told(FailureCode::BadParameter, "Không đọc được manifest.json của bản sao lưu.")
                    .hint("Kiểm tra phiên bản chương trình và bản sao lưu.")
            }
            BackupError::Damaged(_) => {
                told(FailureCode::BadParameter, "Bản sao lưu bị hỏng hoặc thiếu tệp; chưa khôi phục gì.")
                    .hint("Dùng bản sao lưu khác.")
            }
            BackupError::Snapshot(SnapshotError::OtherStore { .. }) => {
                told(FailureCode::BadParameter, "Bản sao lưu thuộc loại sổ việc khác với ledger_url.")
                    .hint("Khôi phục bản của PostgreSQL vào PostgreSQL, bản của SQLite vào SQLite.")
            }
            BackupError::Snapshot(SnapshotError::Taken) => {
                told(FailureCode::BadParameter, "Nơi khôi phục đã có sổ việc.")
                    .hint("Khôi phục vào cơ sở dữ liệu hoặc thư mục trống.")
            }
            BackupError::File { .. } => told(FailureCode::BadParameter, "Không đọc hoặc ghi được tệp của bản sao lưu.")
                .hint("Kiểm tra thư mục, quyền và dung lượng còn trống."),
            BackupError::Restless | BackupError::Ledger(_) | BackupError::Snapshot(_) | BackupError::Archive(_) => {
                Failure::store_unavailable(error.to_string())
            }
        }
    }
}

/// The ledger's picture, by store.
fn ledger_file(store: Store) -> &'static str {
    match store {
        Store::Sqlite => "ledger.sqlite",
        Store::Postgres => "ledger.jsonl",
    }
}

const ARCHIVE: &str = "archive";
/// Pictures taken before it is given up; each later one only because a paper was erased meanwhile.
const PICTURES: u32 = 20;

/// Takes a backup into `to`, a folder that is new or empty; on its disk `kept_free` bytes stay free.
///
/// # Errors
/// [`BackupError`]; the folder then has no manifest, and may be deleted.
pub async fn take(ledger: &Ledger, archive: &Archive, to: &Path, kept_free: u64) -> Result<Manifest, BackupError> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

    refuse_unless_empty(to)?;
    // A backup holds people's data; it is its owner's alone.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(to).map_err(cannot(to))?;
    // Also where the folder was there before.
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).map_err(cannot(to))?;
    let mut copying =
        Copying { archive, copies: Archive::keeping_free(&to.join(ARCHIVE), kept_free)?, copied: BTreeSet::new() };
    let mut after = String::new();
    loop {
        let page = ledger.named_after(&after).await?;
        let Some(last) = page.last() else { break };
        after = last.sha256.clone();
        for named in &page {
            copying.copy(named).await?;
        }
    }
    for _ in 0..PICTURES {
        let picture = to.join("ledger.unfinished");
        if picture.try_exists().map_err(cannot(&picture))? {
            fs::remove_file(&picture).map_err(cannot(&picture))?;
        }
        let snapshot = ledger.snapshot(&picture).await?;
        let Some(lacking) = copying.complete(ledger, &snapshot).await? else { continue };
        copying.take_out(&snapshot).await?;
        return finish(to, &picture, &snapshot, lacking);
    }
    Err(BackupError::Restless)
}

struct Copying<'a> {
    archive: &'a Archive,
    copies: Archive,
    copied: BTreeSet<String>,
}

impl Copying<'_> {
    /// Copies a file; `false`: it is not there, or not what its name says.
    async fn copy(&mut self, named: &Named) -> Result<bool, BackupError> {
        if self.copied.contains(&named.sha256) {
            return Ok(true);
        }
        let Some(bytes) = self.archive.read(&named.sha256).await? else { return Ok(false) };
        if fingerprint::of(&bytes) != named.sha256 {
            return Ok(false);
        }
        self.copies.store(bytes).await?;
        self.copied.insert(named.sha256.clone());
        Ok(true)
    }

    /// Copies what the picture names and is not here yet. Returns what the archive has lost; `None` where a paper was
    /// erased after the picture, which is then not the picture to keep.
    async fn complete(&mut self, ledger: &Ledger, snapshot: &Snapshot) -> Result<Option<Vec<String>>, BackupError> {
        let mut lacking = Vec::new();
        for named in &snapshot.papers {
            if self.copy(named).await? {
                continue;
            }
            if !ledger.artifact_is_referenced(&named.sha256).await? {
                return Ok(None);
            }
            lacking.push(named.sha256.clone());
        }
        Ok(Some(lacking))
    }

    /// Takes out what was erased before the picture: nobody may find it in a backup.
    async fn take_out(&mut self, snapshot: &Snapshot) -> Result<(), BackupError> {
        let named: BTreeSet<&str> = snapshot.papers.iter().map(|named| named.sha256.as_str()).collect();
        for sha256 in self.copied.iter().filter(|sha256| !named.contains(sha256.as_str())) {
            self.copies.remove(sha256).await?;
        }
        Ok(())
    }
}

fn finish(to: &Path, picture: &Path, snapshot: &Snapshot, lacking: Vec<String>) -> Result<Manifest, BackupError> {
    let ledger = to.join(ledger_file(snapshot.store));
    File::open(picture).and_then(|file| file.sync_all()).map_err(cannot(picture))?;
    fs::rename(picture, &ledger).map_err(cannot(&ledger))?;
    let papers: Vec<&Named> = snapshot.papers.iter().filter(|named| !lacking.contains(&named.sha256)).collect();
    let list: String = papers.iter().map(|named| format!("{}\n", named.sha256)).collect();
    write_synced(&to.join(manifest::PAPERS), list.as_bytes())?;
    let (sha256, bytes) = manifest::measure(&ledger).map_err(cannot(&ledger))?;
    let manifest = Manifest {
        format: manifest::FORMAT,
        program: format!("tdkt-reports {}", env!("CARGO_PKG_VERSION")),
        taken_at: chrono::Utc::now(),
        store: snapshot.store,
        schema: snapshot.schema,
        ledger_sha256: sha256,
        ledger_bytes: bytes,
        papers: papers.len() as u64,
        papers_bytes: papers.iter().map(|named| named.size).sum(),
        papers_sha256: fingerprint::of(list.as_bytes()),
        lacking,
    };
    sync_folder(to)?;
    let unfinished = to.join("manifest.unfinished");
    write_synced(&unfinished, manifest.to_string().as_bytes())?;
    let path = to.join(manifest::NAME);
    fs::rename(&unfinished, &path).map_err(cannot(&path))?;
    sync_folder(to)?;
    Ok(manifest)
}

/// A folder that is not there, or has nothing in it; what a file system puts at its root does not count.
fn refuse_unless_empty(folder: &Path) -> Result<(), BackupError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot(folder)(error)),
    };
    for entry in entries {
        if entry.map_err(cannot(folder))?.file_name() != "lost+found" {
            return Err(BackupError::NotEmpty(folder.to_owned()));
        }
    }
    Ok(())
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let written = File::create(path).and_then(|mut file| {
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    });
    written.map_err(cannot(path))
}

fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot(folder))
}

fn cannot(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    move |source| BackupError::File { path: path.to_owned(), source }
}
