//! A file that is read: where it lies is forgotten here.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    sync::Arc,
};

use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use object_store::path::Path;

use super::{ArchiveError, bucket::Bucket, error::cannot};

/// Bytes of a file, one piece after the other.
pub type Pieces = BoxStream<'static, Result<Vec<u8>, ArchiveError>>;

/// Of a file on a disk, so many bytes are read at a time.
const PIECE: u64 = 256 << 10;

/// An archived file, open for reading.
#[derive(Debug)]
pub struct Archived {
    /// Bytes.
    pub size: u64,
    pub(super) source: Source,
}

#[derive(Debug)]
pub(super) enum Source {
    File(File),
    Object { bucket: Arc<Bucket>, path: Path },
}

impl Archived {
    /// `length` bytes from `start` on. What cannot be read at all is said at once, what breaks off later in its place.
    ///
    /// # Errors
    /// [`ArchiveError::Io`], [`ArchiveError::Bucket`].
    pub async fn bytes(self, start: u64, length: u64) -> Result<Pieces, ArchiveError> {
        match self.source {
            Source::File(file) => pieces_of(file, start, length).await,
            Source::Object { .. } if length == 0 => Ok(stream::empty().boxed()),
            Source::Object { bucket, path } => bucket.pieces(&path, start..start.saturating_add(length)).await,
        }
    }

    /// All of it.
    pub(super) async fn whole(self) -> Result<Vec<u8>, ArchiveError> {
        let size = self.size;
        let mut pieces = self.bytes(0, size).await?;
        let mut whole = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        while let Some(piece) = pieces.try_next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }
}

async fn pieces_of(mut file: File, start: u64, length: u64) -> Result<Pieces, ArchiveError> {
    let file = tokio::task::spawn_blocking(move || {
        file.seek(SeekFrom::Start(start)).map_err(cannot("read a file"))?;
        Ok::<_, ArchiveError>(file)
    })
    .await??;
    let pieces = stream::try_unfold((file, length), |(file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let (file, piece) = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::new();
            (&file).take(left.min(PIECE)).read_to_end(&mut piece).map_err(cannot("read a file"))?;
            Ok::<_, ArchiveError>((file, piece))
        })
        .await??;
        if piece.is_empty() {
            // Shorter than it was when it was opened; the reader sees that bytes are missing.
            return Ok(None);
        }
        let left = left - piece.len() as u64;
        Ok(Some((piece, (file, left))))
    });
    Ok(pieces.boxed())
}
