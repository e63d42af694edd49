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
    /// Too many jobs of this organisation wait; the request was not stored.
    #[error("{waiting} jobs of this organisation wait, the limit is {limit}")]
    OverQuota { waiting: u64, limit: u64 },
    /// The idempotency key was used for another request.
    #[error("the idempotency key stands for another request")]
    KeyReused,
    /// A job with this id is already stored.
    #[error("job {0} was accepted before")]
    AlreadyAccepted(JobId),
    /// A stored value cannot be read by this version.
    #[error("the ledger's {what} cannot be read: {why}")]
    Unreadable { what: &'static str, why: String },
    /// The address names neither a SQLite file nor a PostgreSQL database.
    #[error("the ledger's address has to be sqlite:PATH or postgres://USER@HOST/DATABASE")]
    NoPlace,
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
    /// The store did not answer, or refused.
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
            LedgerError::OverQuota { waiting, limit } => Failure::new(
                FailureCode::QuotaExceeded,
                "Đơn vị đang có quá nhiều việc chờ xử lý.",
                format!("{waiting} jobs of this organisation wait, the limit is {limit}."),
            )
            .hint("Chờ các việc trước xong rồi gửi lại; yêu cầu này chưa được nhận."),
            LedgerError::KeyReused => Failure::new(
                FailureCode::IdempotencyKeyReused,
                "Khóa chống trùng (Idempotency-Key) này đã dùng cho một yêu cầu khác.",
                "The idempotency key was used for another request.",
            )
            .hint("Dùng khóa mới cho dữ liệu mới; chỉ dùng lại khóa khi gửi lại đúng dữ liệu cũ."),
            LedgerError::Unreadable { what, why } => Failure::new(
                FailureCode::UnreadableJob,
                "Phiên bản phần mềm này không đọc được việc đã lưu.",
                format!("The ledger's {what} cannot be read: {why}."),
            )
            .hint("Báo cho người vận hành, kèm mã việc."),
            LedgerError::AlreadyAccepted(job) => Failure::internal(format!("Job {job} was accepted before.")),
            error @ (LedgerError::NoPlace
            | LedgerError::NotAFile(_)
            | LedgerError::NewerSchema { .. }
            | LedgerError::Folder { .. }) => Failure::internal(error.to_string()),
            LedgerError::Store(cause) => Failure::store_unavailable(format!("The ledger failed: {cause}")),
        }
    }
}
