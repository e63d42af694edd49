//! How disowned papers leave a bucket, which has no lock that would keep a collector and a worker apart.
//!
//! A worker may find a paper there, and name it in the ledger a moment after the collector has asked about it. So a
//! disowned paper is copied aside before it is deleted, is read from there as from its own place, and is put back when a
//! job turns out to have named it. Only what nobody has named for the whole age a second time is gone for good.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, path::Path};

use super::{ArchiveError, Bucket, cannot, checked_name, found};
use crate::archive::Swept;

impl Bucket {
    pub(in crate::archive) async fn sweep<Answer>(
        &self,
        older_than: Duration,
        is_referenced: impl Fn(String) -> Answer,
    ) -> Result<Swept, ArchiveError>
    where
        Answer: Future<Output = bool>,
    {
        let before = self.moment(older_than).await?;
        for meta in self.papers_under("leaving").await? {
            let Some(sha256) = name_of(&meta.location) else { continue };
            if is_referenced(sha256.clone()).await {
                self.put_back(&sha256).await?;
            }
            // Young, it stays even where it was put back: another process may be about to delete the paper still.
            if meta.last_modified < before {
                self.delete(&meta.location).await?;
            }
        }
        let mut swept = Swept::default();
        for sha256 in self.older(before).await? {
            if is_referenced(sha256.clone()).await {
                continue;
            }
            swept.unreferenced += u64::from(self.let_leave(&sha256).await?);
            if is_referenced(sha256.clone()).await {
                self.put_back(&sha256).await?;
            }
        }
        Ok(swept)
    }

    pub(in crate::archive) async fn aged(&self, older_than: Duration) -> Result<Vec<String>, ArchiveError> {
        self.older(self.moment(older_than).await?).await
    }

    /// Copies a paper aside and takes it from its place; `false`: another collector was quicker.
    async fn let_leave(&self, sha256: &str) -> Result<bool, ArchiveError> {
        let (blob, leaving) = (self.blob(sha256)?, self.leaving(sha256)?);
        let copied = found(self.store.copy(&blob, &leaving).await).map_err(cannot("let a paper leave"))?;
        if copied.is_some() {
            self.delete(&blob).await?;
        }
        Ok(copied.is_some())
    }

    async fn put_back(&self, sha256: &str) -> Result<(), ArchiveError> {
        let (blob, leaving) = (self.blob(sha256)?, self.leaving(sha256)?);
        if !self.is_there(&blob).await? {
            // Where it is gone from there too, another process has put it back.
            found(self.store.copy(&leaving, &blob).await).map_err(cannot("put a paper back"))?;
        }
        Ok(())
    }

    /// The moment `ago`, by the bucket's clock.
    async fn moment(&self, ago: Duration) -> Result<DateTime<Utc>, ArchiveError> {
        let ago = TimeDelta::from_std(ago).unwrap_or(TimeDelta::MAX);
        Ok(self.now().await?.checked_sub_signed(ago).unwrap_or(DateTime::<Utc>::MIN_UTC))
    }

    /// Names of papers in their place that were put there before this moment. Strangers are left alone.
    async fn older(&self, before: DateTime<Utc>) -> Result<Vec<String>, ArchiveError> {
        let papers = self.papers_under("blobs").await?;
        let ours = papers.into_iter().filter(|meta| meta.last_modified < before).filter_map(|meta| {
            let sha256 = name_of(&meta.location)?;
            self.blob(&sha256).is_ok_and(|path| path == meta.location).then_some(sha256)
        });
        Ok(ours.collect())
    }

    async fn papers_under(&self, part: &'static str) -> Result<Vec<ObjectMeta>, ArchiveError> {
        let folder = self.prefix.clone().join(part);
        self.store.list(Some(&folder)).try_collect().await.map_err(cannot("be listed"))
    }
}

fn name_of(path: &Path) -> Option<String> {
    checked_name(path.filename()?).ok().map(str::to_owned)
}
