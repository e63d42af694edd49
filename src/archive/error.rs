//! What goes wrong with an archive, and what of it may be told to whom.

use std::io;

use crate::failure::{Failure, FailureCode};

/// Why the archive did not do what it was asked. The words are for the log: a caller is told less.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Too little space is free; nothing was stored.
    #[error("{free} bytes are free, {needed} are needed")]
    Full { free: u64, needed: u64 },
    /// The name is not the SHA-256 of anything.
    #[error("not the name of an archived file")]
    BadName,
    /// The file system refused.
    #[error("the archive cannot {doing}: {source}")]
    Io {
        doing: &'static str,
        #[source]
        source: io::Error,
    },
    /// The bucket's server refused, or did not answer.
    #[error("the archive's bucket cannot {doing}: {source}")]
    Bucket {
        doing: &'static str,
        #[source]
        source: Box<object_store::Error>,
    },
    /// The place of a bucket is none.
    #[error("{0}")]
    Place(String),
    /// The store works, but not as papers need it; in the operator's language.
    #[error("{0}")]
    Unsafe(String),
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
            // The cause names the server, which is for the log alone.
            ArchiveError::Bucket { doing, .. } => {
                Failure::store_unavailable(format!("The archive's bucket cannot {doing}."))
            }
            ArchiveError::Place(cause) => {
                Failure::new(FailureCode::BadParameter, "Địa chỉ kho văn bản không đúng.", cause)
                    .hint("Ví dụ: file:/mnt/tdkt/archive hoặc s3://van-ban-tdkt/tinh")
            }
            ArchiveError::Unsafe(cause) => Failure::store_unavailable(cause),
            ArchiveError::Lost(cause) => Failure::store_unavailable(format!("The archive's thread was lost: {cause}")),
        }
    }
}

pub(super) fn cannot(doing: &'static str) -> impl FnOnce(io::Error) -> ArchiveError {
    move |source| ArchiveError::Io { doing, source }
}
