//! A batch that has ended, as a whole: put together as a folder's closing is, by the same room.

use std::{collections::BTreeMap, fs::File, sync::Arc};

use serde_json::{Value, json};

use super::{
    BatchDesk, no_such_batch,
    shelved::{self, Whole},
};
use crate::{
    closing::{self, Bindery, Delivered, Outline, Part},
    desk::{counter::data_erased, ledger_failure},
    difference::between,
    failure::{Failure, FailureCode},
    fingerprint,
    intake::Manuscript,
    job::{Job, JobId},
};

/// A file of the whole, open for reading. Others read it too: each reads from places of its own.
pub struct WholeFile {
    pub file: Arc<File>,
    pub size: u64,
    pub sha256: String,
}

/// What is different from the batch of the same papers before.
#[derive(Debug)]
pub struct Changes {
    /// The batch before, if there was one.
    pub previous: Option<JobId>,
    pub papers: Vec<Value>,
}

/// A batch that has ended, and everything that decides the bytes of its whole.
struct EndedBatch {
    jobs: Vec<(String, Job)>,
    outline: String,
    key: String,
}

impl BatchDesk<'_> {
    /// A file of the whole: the same papers give the same bytes.
    ///
    /// # Errors
    /// `job-not-finished` while a part has not ended; `data-erased` when a paper is gone.
    pub async fn file(&self, id: JobId, name: &'static str) -> Result<WholeFile, Failure> {
        let whole = self.whole(id).await?;
        let (file, sha256) = whole.get(name).cloned().ok_or_else(no_such_file)?;
        let size = file.metadata().map_err(|error| Failure::store_unavailable(format!("a batch's {name}: {error}")))?;
        Ok(WholeFile { file, size: size.len(), sha256 })
    }

    /// Where each figure of the consolidated report comes from.
    ///
    /// # Errors
    /// `batch-not-found`.
    pub async fn lineage(&self, id: JobId) -> Result<Value, Failure> {
        let outline = read_outline(&self.outline(id).await?)?;
        Ok(crate::consolidation::as_json(&outline.figures))
    }

    /// What is different from the batch of the same papers before, place by place.
    ///
    /// # Errors
    /// `batch-not-found`.
    pub async fn changes(&self, id: JobId) -> Result<Changes, Failure> {
        self.batch(id).await?;
        let Some(previous) = self.shelf.batch_before(id).await.map_err(ledger_failure)? else {
            return Ok(Changes { previous: None, papers: Vec::new() });
        };
        let before: BTreeMap<String, Job> =
            self.shelf.batch_parts(previous).await.map_err(ledger_failure)?.into_iter().collect();
        let mut papers = Vec::new();
        let mut now = Vec::new();
        for (name, job) in self.shelf.batch_parts(id).await.map_err(ledger_failure)? {
            let file = format!("{name}.{}", job.media_type.extension());
            match before.get(&name) {
                None => papers.push(json!({"file": file, "title": job.file_name, "change": "new"})),
                Some(old) if old.order_sha256 == job.order_sha256 => {}
                Some(old) => {
                    let kind = self.desk.workshop.catalog().kind(&job.kind);
                    let (old, new) = (self.request(old.id).await?, self.request(job.id).await?);
                    let titles = |at: &str| kind.and_then(|kind| kind.title_at(at));
                    let changes = between(Some(&old["request"]), &new["request"], titles).into_iter().map(|change| {
                        json!({"at": change.pointer, "title": change.title, "old": change.old, "new": change.new})
                    });
                    let changes: Vec<Value> = changes.collect();
                    papers
                        .push(json!({"file": file, "title": job.file_name, "change": "different", "places": changes}));
                }
            }
            now.push(name);
        }
        for (name, job) in before.into_iter().filter(|(name, _)| !now.contains(name)) {
            let file = format!("{name}.{}", job.media_type.extension());
            papers.push(json!({"file": file, "title": job.file_name, "change": "gone"}));
        }
        Ok(Changes { previous: Some(previous), papers })
    }

    async fn request(&self, job: JobId) -> Result<Value, Failure> {
        let order = self.shelf.order(job).await.map_err(ledger_failure)?.ok_or_else(data_erased)?;
        serde_json::from_str(&order).map_err(|_| unreadable("a stored print order"))
    }

    async fn outline(&self, id: JobId) -> Result<String, Failure> {
        self.shelf.batch_outline(id).await.map_err(ledger_failure)?.ok_or_else(no_such_batch)
    }

    async fn whole(&self, id: JobId) -> Result<Arc<Whole>, Failure> {
        let wholes = &self.desk.wholes;
        if let Some(whole) = wholes.find(&self.ended(id).await?.key) {
            return Ok(whole);
        }
        let _turn = wholes.turn(self.shelf.organisation()).await;
        // Whoever had the turn before may have made it; and something may have been erased.
        let batch = self.ended(id).await?;
        if let Some(whole) = wholes.find(&batch.key) {
            return Ok(whole);
        }
        let key = batch.key.clone();
        let whole = Arc::new(self.put_together(batch).await?);
        if self.ended(id).await?.key == key {
            wholes.keep(&key, &whole);
        }
        Ok(whole)
    }

    async fn ended(&self, id: JobId) -> Result<EndedBatch, Failure> {
        let outline = self.outline(id).await?;
        let jobs = self.shelf.batch_parts(id).await.map_err(ledger_failure)?;
        let waiting = jobs.iter().filter(|(_, job)| !job.state.is_end()).count();
        if waiting > 0 {
            return Err(Failure::new(
                FailureCode::JobNotFinished,
                format!("Lô còn {waiting} văn bản chưa làm xong."),
                format!("{waiting} jobs of the batch have not ended."),
            )
            .hint("Xem tiến độ tại GET /v1/batches/{id}, rồi hỏi lại."));
        }
        if jobs.iter().any(|(_, job)| job.paper_erased_at.is_some()) {
            return Err(data_erased());
        }
        let papers = jobs.iter().map(|(_, job)| job.artifact.as_ref().map_or("", |it| it.sha256.as_str()));
        let id = id.to_string();
        let decides = [id.as_str(), outline.as_str()].into_iter().chain(papers);
        let key = fingerprint::of_all(decides.map(str::as_bytes));
        Ok(EndedBatch { jobs, outline, key })
    }

    /// Fetches the papers into a folder of their own, one in memory at a time, and binds them there.
    async fn put_together(&self, batch: EndedBatch) -> Result<Whole, Failure> {
        let mut outline = read_outline(&batch.outline)?;
        let cannot = |error: std::io::Error| Failure::store_unavailable(format!("a batch's whole: {error}"));
        // What others left may be much to remove.
        let folder = tokio::task::spawn_blocking(shelved::folder).await;
        let folder = folder.map_err(|_panic| Failure::internal("clearing away panicked"))?.map_err(cannot)?;
        let mut bindery = Bindery::open(folder.path())?;
        let jobs: BTreeMap<String, Job> = batch.jobs.into_iter().collect();
        let mut report = None;
        let mut made: Vec<Part> = Vec::new();
        for part in std::mem::take(&mut outline.parts) {
            let job = jobs.get(&part.name);
            let Some((job, artifact)) = job.and_then(|job| Some((job, job.artifact.as_ref()?))) else {
                outline.unmade.push(part.name);
                continue;
            };
            if part.name == closing::REPORT {
                let manuscript = self.request(job.id).await?;
                let manuscript: Manuscript =
                    serde_json::from_value(manuscript).map_err(|_| unreadable("a stored print order"))?;
                report = Some(manuscript);
            }
            let bytes = self.desk.archive.read(&artifact.sha256).await;
            let bytes = bytes?.ok_or_else(|| Failure::internal("a paper is missing from the archive"))?;
            tokio::fs::write(bindery.place(&part)?, bytes).await.map_err(cannot)?;
            let (sha256, bytes) = (artifact.sha256.clone(), artifact.size);
            bindery.take(&part, Delivered { sha256, bytes, pages: artifact.pages })?;
            made.push(part);
        }
        outline.parts = made;
        let workshop = Arc::clone(&self.desk.workshop);
        let bound = tokio::task::spawn_blocking(move || {
            bindery.bind(&outline, report.as_ref(), &workshop)?;
            let files = [closing::ARCHIVE, closing::MANIFEST, closing::MERGED];
            let files = files.into_iter().filter_map(|file| Some((file, bindery.sha256(file)?.to_owned())));
            let open = |name: &str| File::open(folder.path().join(name)).map(Arc::new).map_err(cannot);
            // With the folder go the names.
            files.map(|(name, sha256)| Ok((name, (open(name)?, sha256)))).collect()
        });
        bound.await.map_err(|_| Failure::internal("binding panicked"))?
    }
}

fn read_outline(text: &str) -> Result<Outline, Failure> {
    serde_json::from_str(text).map_err(|_| unreadable("a batch's outline"))
}

/// What is stored has another shape. The reader's own sentence might repeat what stands there, and that people may be in.
fn unreadable(what: &str) -> Failure {
    Failure::internal(format!("{what} cannot be read"))
}

fn no_such_file() -> Failure {
    Failure::internal("a whole without one of its files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_of_what_is_stored_is_not_repeated_in_the_log() {
        let failure = read_outline(r#"{"parts": "Nguyễn Thị Kín"}"#).unwrap_err();
        assert_eq!(failure.code, FailureCode::Internal);
        assert!(!failure.for_the_log().contains("Kín"), "{}", failure.for_the_log());
    }
}
