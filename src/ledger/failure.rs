use std::path::PathBuf;

use crate::{
    failure::{Failure, FailureCode},
    job::JobId,
};

/// Why the ledger did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Too many jobs wait; the request was not stored.
    #[error("{waiting} jobs wait, the limit is {limit}")]
    Full { waiting: u64, limit: u64 },
    /// A job with this id is already stored.
    #[error("job {0} was accepted before")]
    AlreadyAccepted(JobId),
    /// A stored value cannot be read by this version.
    #[error("the ledger's {what} cannot be read: {why}")]
    Unreadable { what: &'static str, why: String },
    /// The path names no file that survives the process.
    #[error("the ledger needs a file, {0:?} is none")]
    NotAFile(PathBuf),
    /// The file was written by a later version of this program.
    #[error("the ledger has schema {found}, this program knows {known}")]
    NewerSchema { found: i64, known: i64 },
    /// The folder for the file cannot be made.
    #[error("the folder {folder:?} cannot be made")]
    Folder {
        folder: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// SQLite did not answer, or refused.
    #[error("the ledger's database failed: {0}")]
    Store(#[from] sqlx::Error),
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Full { waiting, limit } => Failure::new(
                FailureCode::QueueFull,
                "Hệ thống đang có quá nhiều việc chờ xử lý.",
                format!("{waiting} jobs wait, the limit is {limit}."),
            )
            .hint("Gửi lại sau ít phút; yêu cầu này chưa được nhận."),
            LedgerError::Unreadable { what, why } => Failure::new(
                FailureCode::UnreadableJob,
                "Phiên bản phần mềm này không đọc được việc đã lưu.",
                format!("The ledger's {what} cannot be read: {why}."),
            )
            .hint("Báo cho người vận hành, kèm mã việc."),
            LedgerError::AlreadyAccepted(job) => Failure::internal(format!("Job {job} was accepted before.")),
            error @ (LedgerError::NotAFile(_) | LedgerError::NewerSchema { .. } | LedgerError::Folder { .. }) => {
                Failure::internal(error.to_string())
            }
            LedgerError::Store(cause) => Failure::store_unavailable(format!("The ledger failed: {cause}")),
        }
    }
}
