//! Papers in a bucket of an S3 server, shared by several hosts: `blobs/aa/<sha256>` under the place's prefix.
//!
//! A put shows all of a paper or none of it, and never replaces another (`If-None-Match: *`). A bucket knows no locks, so
//! a file that the collector disowns is not deleted: it leaves (`collecting`).

mod collecting;
mod place;

use std::{
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt};
use object_store::{Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutPayload, aws::AmazonS3, path::Path};

use super::{ArchiveError, Archived, Pieces, checked_name, paper::Source};
use crate::fingerprint;
pub use place::BucketPlace;

/// An answer about whether the server answers is good for so long.
const ANSWER_HOLDS: Duration = Duration::from_secs(2);
/// Who asks whether it answers does not wait longer.
const PATIENCE: Duration = Duration::from_secs(3);
/// A paper may leave between two looks at it; more than so often it does not.
const TURNS: u32 = 4;

#[derive(Debug)]
pub(super) struct Bucket {
    store: AmazonS3,
    place: String,
    prefix: Path,
    answers: Mutex<Option<(Instant, bool)>>,
}

impl Bucket {
    pub(super) fn new(place: &BucketPlace) -> Result<Self, ArchiveError> {
        let (store, prefix) = (place.connect()?, place.prefix()?);
        Ok(Self { store, place: place.to_string(), prefix, answers: Mutex::default() })
    }

    pub(super) async fn store(&self, bytes: Vec<u8>) -> Result<(String, u64), ArchiveError> {
        let hashed = tokio::task::spawn_blocking(move || {
            let sha256 = fingerprint::of(&bytes);
            (bytes, sha256)
        });
        let (bytes, sha256) = hashed.await?;
        let (path, size) = (self.blob(&sha256)?, bytes.len() as u64);
        let payload = PutPayload::from(bytes);
        for _ in 0..TURNS {
            if self.put_new(&path, payload.clone()).await? {
                return Ok((sha256, size));
            }
            match self.kept(&path).await? {
                Some(kept) if fingerprint::of(&kept) == sha256 => return Ok((sha256, size)),
                // Whatever was put there by other hands: the name says what has to be there.
                Some(_changed) => {
                    self.store.put(&path, payload).await.map_err(cannot("store a paper"))?;
                    return Ok((sha256, size));
                }
                // The collector let it leave in between.
                None => {}
            }
        }
        Err(ArchiveError::Unsafe("the bucket says of a paper that it is there and that it is not".into()))
    }

    /// Puts it where nothing is; `false`: something is.
    pub(super) async fn put_new(&self, path: &Path, payload: PutPayload) -> Result<bool, ArchiveError> {
        match self.store.put_opts(path, payload, PutMode::Create.into()).await {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(cannot("store a paper")(error)),
        }
    }

    pub(super) async fn open(self: &Arc<Self>, sha256: &str) -> Result<Option<Archived>, ArchiveError> {
        for path in [self.blob(sha256)?, self.leaving(sha256)?] {
            if let Some(meta) = found(self.store.head(&path).await).map_err(cannot("find a paper"))? {
                let source = Source::Object { bucket: Arc::clone(self), path };
                return Ok(Some(Archived { size: meta.size, source }));
            }
        }
        Ok(None)
    }

    pub(super) async fn pieces(&self, path: &Path, range: Range<u64>) -> Result<Pieces, ArchiveError> {
        let options = GetOptions::new().with_range(Some(range));
        let got = self.store.get_opts(path, options).await.map_err(cannot("read a paper"))?;
        Ok(got.into_stream().map_ok(Vec::from).map_err(cannot("read a paper")).boxed())
    }

    pub(super) async fn remove(&self, sha256: &str) -> Result<bool, ArchiveError> {
        let mut was_there = false;
        // A collector may copy it aside until it has left its place.
        for path in [self.blob(sha256)?, self.leaving(sha256)?] {
            if self.is_there(&path).await? {
                self.delete(&path).await?;
                was_there = true;
            }
        }
        Ok(was_there)
    }

    /// Whether the server answers, and lets this process read; asked at most every two seconds.
    pub(super) async fn answers(&self) -> bool {
        let known = *self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, answer)) = known.filter(|(asked, _)| asked.elapsed() < ANSWER_HOLDS) {
            return answer;
        }
        let asked = tokio::time::timeout(PATIENCE, self.ask()).await;
        let answer = match asked {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "The archive's bucket does not answer as it should");
                false
            }
            Err(_late) => {
                tracing::warn!("The archive's bucket does not answer within {PATIENCE:?}");
                false
            }
        };
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), answer));
        answer
    }

    /// A listing, because of a name that is not there the server may not say whether the bucket is.
    async fn ask(&self) -> Result<(), ArchiveError> {
        let nowhere = self.prefix.clone().join("probe");
        self.store.list(Some(&nowhere)).try_next().await.map_err(cannot("be listed"))?;
        Ok(())
    }

    /// Puts a probe twice: the second may not replace the first. What a server does not do is said in Vietnamese.
    pub(super) async fn examine(&self) -> Result<String, ArchiveError> {
        let probe = self.prefix.clone().join("probe").join(uuid::Uuid::now_v7().to_string());
        let put = self.store.put_opts(&probe, PutPayload::from_static(b"one"), PutMode::Create.into()).await;
        let put = put.map_err(cannot("store a probe"))?;
        let again = self.store.put_opts(&probe, PutPayload::from_static(b"two"), PutMode::Create.into()).await;
        let kept = self.kept(&probe).await?;
        self.delete(&probe).await?;
        if self.is_there(&probe).await? {
            return Err(ArchiveError::Unsafe(format!("{}: không xóa được tệp", self.place)));
        }
        if kept.as_deref() != Some(b"one") || !matches!(again, Err(Error::AlreadyExists { .. })) {
            return Err(ArchiveError::Unsafe(format!(
                "{}: máy chủ không hiểu If-None-Match khi ghi, một tệp có thể bị ghi đè",
                self.place
            )));
        }
        if put.version.is_some() {
            return Err(ArchiveError::Unsafe(format!(
                "{}: kho đang giữ các phiên bản cũ (versioning), nên văn bản đã xóa vẫn còn; hãy tắt",
                self.place
            )));
        }
        Ok(format!("{}: ghi, đọc, xóa được", self.place))
    }

    /// The bucket's own clock: hosts may be wrong about the time.
    async fn now(&self) -> Result<DateTime<Utc>, ArchiveError> {
        let clock = self.prefix.clone().join("clock");
        self.store.put(&clock, PutPayload::new()).await.map_err(cannot("tell the time"))?;
        Ok(self.store.head(&clock).await.map_err(cannot("tell the time"))?.last_modified)
    }

    async fn kept(&self, path: &Path) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some(got) = found(self.store.get(path).await).map_err(cannot("read a paper"))? else { return Ok(None) };
        Ok(Some(got.bytes().await.map_err(cannot("read a paper"))?.into()))
    }

    async fn is_there(&self, path: &Path) -> Result<bool, ArchiveError> {
        Ok(found(self.store.head(path).await).map_err(cannot("find a paper"))?.is_some())
    }

    /// What is gone already is gone.
    async fn delete(&self, path: &Path) -> Result<(), ArchiveError> {
        found(self.store.delete(path).await).map_err(cannot("remove a paper"))?;
        Ok(())
    }

    /// Where a paper lies.
    pub(super) fn blob(&self, sha256: &str) -> Result<Path, ArchiveError> {
        let sha256 = checked_name(sha256)?;
        Ok(self.prefix.clone().join("blobs").join(&sha256[..2]).join(sha256))
    }

    /// Where a disowned paper lies until it is certain that nobody wants it.
    fn leaving(&self, sha256: &str) -> Result<Path, ArchiveError> {
        Ok(self.prefix.clone().join("leaving").join(checked_name(sha256)?))
    }
}

fn found<T>(answer: object_store::Result<T>) -> object_store::Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn cannot(doing: &'static str) -> impl Fn(Error) -> ArchiveError {
    move |source| ArchiveError::Bucket { doing, source: Box::new(source) }
}
