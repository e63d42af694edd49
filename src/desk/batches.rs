//! Batches at the desk: all requests are checked before one is stored; what becomes of them follows from their jobs.

use std::{fs::File, io, sync::Arc};

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::{Desk, counter::data_erased, ledger_failure, new_job};
use crate::{
    access::Caller,
    binding::Binder,
    failure::{Failure, FailureCode, Remedy},
    fingerprint,
    intake::Treatment,
    job::{Job, JobId, JobState, NewJob},
    ledger::{Batch, NewBatch, Shelf},
    traces,
};

/// The most requests that one batch takes.
pub const MOST_PARTS: usize = 10_000;
/// Vietnam's time, in seconds east of Greenwich: for words, never for order.
const HANOI: i32 = 7 * 3600;
/// Before this share has ended, a forecast would be a guess.
const KNOWN_ENOUGH: f64 = 0.03;
/// The finding about a field that no schema knows: its place ends in words of the caller's.
const UNKNOWN_FIELD: &str = "schema-unknown";
/// Name of the list in a batch's archive.
const MANIFEST: &str = "manifest.json";

/// What becomes of faulty requests of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partial {
    /// One fault, and nothing is accepted.
    Refused,
    /// What is faulty is left out and named.
    Accepted,
}

/// How a batch that was handed in was taken.
#[derive(Debug)]
pub enum Taken {
    /// What was left out comes with all that is to be said of it, for the last time: the batch keeps codes and places only.
    Accepted { batch: Batch, left_out: Vec<(usize, Failure)> },
    /// Nothing was stored; each fault with the number of its request, from 0.
    Faulty(Vec<(usize, Failure)>),
}

/// A batch's papers in one file.
pub struct BatchArchive {
    pub file: File,
    pub size: u64,
    /// Decides the file's bytes.
    pub tag: String,
}

/// The batches of one caller.
pub struct BatchDesk<'a> {
    desk: &'a Desk,
    shelf: Shelf,
}

impl Desk {
    /// The caller's batches.
    pub fn batches(&self, caller: &Caller) -> BatchDesk<'_> {
        BatchDesk { desk: self, shelf: self.ledger.of(caller) }
    }
}

impl BatchDesk<'_> {
    /// Checks all requests; then stores all, or none, or those without a fault.
    ///
    /// # Errors
    /// When the desk takes nothing in, or the ledger refuses.
    pub async fn accept(&self, requests: Vec<Vec<u8>>, partial: Partial) -> Result<Taken, Failure> {
        self.desk.admission.refuse_when_closed()?;
        self.desk.admission.refuse_when_disk_is_full(&self.desk.archive).await?;
        if requests.is_empty() || requests.len() > MOST_PARTS {
            return Err(Failure::new(
                FailureCode::BadParameter,
                format!("Một lô gồm từ 1 đến {MOST_PARTS} yêu cầu."),
                format!("A batch has 1 to {MOST_PARTS} requests."),
            )
            .hint("Chia thành nhiều lô."));
        }
        let workshop = Arc::clone(&self.desk.workshop);
        let organisation = self.shelf.organisation().to_string();
        // Other threads do not know whose request this is.
        let trace = traces::current();
        let prepare = move |request: &Vec<u8>| {
            new_job(&workshop, &organisation, workshop.check(request, Treatment::AsSent)?, trace)
        };
        let checked =
            tokio::task::spawn_blocking(move || requests.par_iter().map(prepare).collect::<Vec<Result<NewJob, _>>>());
        let checked = checked.await.map_err(|_| Failure::internal("the check of a batch panicked"))?;
        let (mut parts, mut faults) = (Vec::new(), Vec::new());
        for (number, outcome) in checked.into_iter().enumerate() {
            match outcome {
                Ok(job) => parts.push((format!("{:05}-{}", number + 1, job.kind), job)),
                // What is not the caller's to mend is no fault of a request.
                Err(failure) if failure.remedy() != Remedy::FixRequest => return Err(failure),
                Err(failure) => faults.push((number, failure)),
            }
        }
        if !faults.is_empty() && (partial == Partial::Refused || parts.is_empty()) {
            return Ok(Taken::Faulty(faults));
        }
        let left_out = faults.iter().map(|(number, failure)| bare(*number, failure)).collect();
        let id = JobId::fresh();
        self.shelf.accept_batch(NewBatch { id, parts, left_out }).await.map_err(ledger_failure)?;
        Ok(Taken::Accepted { batch: self.batch(id).await?, left_out: faults })
    }

    /// A batch, counted now.
    ///
    /// # Errors
    /// `batch-not-found`.
    pub async fn batch(&self, id: JobId) -> Result<Batch, Failure> {
        self.shelf.batch(id).await.map_err(ledger_failure)?.ok_or_else(no_such_batch)
    }

    /// Withdraws what has not ended.
    ///
    /// # Errors
    /// `batch-not-found`.
    pub async fn cancel(&self, id: JobId) -> Result<(), Failure> {
        self.batch(id).await?;
        for job in self.jobs_in(id, |state| !state.is_end()).await? {
            self.shelf.cancel(job.id).await.map_err(ledger_failure)?;
        }
        Ok(())
    }

    /// Lets what failed or died begin anew, and nothing else.
    ///
    /// # Errors
    /// `batch-not-found`.
    pub async fn resume(&self, id: JobId) -> Result<(), Failure> {
        self.batch(id).await?;
        for job in self.jobs_in(id, |state| matches!(state, JobState::Failed | JobState::Dead)).await? {
            self.shelf.requeue(job.id).await.map_err(ledger_failure)?;
        }
        Ok(())
    }

    /// What each part is, with its SHA-256: the same for the same papers.
    ///
    /// # Errors
    /// `job-not-finished` while a part has not ended.
    pub async fn manifest(&self, id: JobId) -> Result<Vec<u8>, Failure> {
        self.whole(id).await.map(|(manifest, _)| manifest)
    }

    /// All papers and the manifest as one ZIP file, the same for the same papers. One paper is in memory at a time.
    ///
    /// # Errors
    /// As [`BatchDesk::manifest`]; `data-erased` when a paper was erased.
    pub async fn archive(&self, id: JobId) -> Result<BatchArchive, Failure> {
        let (manifest, parts) = self.whole(id).await?;
        if parts.iter().any(|(_, job)| job.paper_erased_at.is_some()) {
            return Err(data_erased());
        }
        let cannot = |error: io::Error| Failure::store_unavailable(format!("a batch's archive: {error}"));
        let tag = fingerprint::of(&manifest);
        let mut binder = Binder::new(tempfile::tempfile().map_err(cannot)?);
        for (name, job) in parts {
            let Some(artifact) = job.artifact else { continue };
            let bytes = self.desk.archive.read(&artifact.sha256).await?;
            let bytes = bytes.ok_or_else(|| Failure::internal("a paper is missing from the archive"))?;
            let bound = tokio::task::spawn_blocking(move || {
                binder.add(&name, &mut bytes.as_slice(), bytes.len() as u64).map(|()| binder)
            });
            binder = bound
                .await
                .map_err(|_| Failure::internal("binding panicked"))?
                .map_err(|error| cannot(io::Error::other(error)))?;
        }
        let bound = tokio::task::spawn_blocking(move || {
            binder.add(MANIFEST, &mut manifest.as_slice(), manifest.len() as u64)?;
            let file = binder.finish()?;
            let size = file.metadata()?.len();
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>((file, size))
        });
        let (file, size) = bound
            .await
            .map_err(|_| Failure::internal("binding panicked"))?
            .map_err(|error| cannot(io::Error::other(error)))?;
        Ok(BatchArchive { file, size, tag })
    }

    async fn jobs_in(&self, id: JobId, is_meant: impl Fn(JobState) -> bool) -> Result<Vec<Job>, Failure> {
        let parts = self.shelf.batch_parts(id).await.map_err(ledger_failure)?;
        Ok(parts.into_iter().map(|(_, job)| job).filter(|job| is_meant(job.state)).collect())
    }

    /// The manifest, and the parts under their names.
    async fn whole(&self, id: JobId) -> Result<(Vec<u8>, Vec<(String, Job)>), Failure> {
        let batch = self.batch(id).await?;
        let parts = self.shelf.batch_parts(id).await.map_err(ledger_failure)?;
        let waiting = parts.iter().filter(|(_, job)| !job.state.is_end()).count();
        if waiting > 0 {
            return Err(Failure::new(
                FailureCode::JobNotFinished,
                format!("Lô còn {waiting} văn bản chưa làm xong."),
                format!("{waiting} jobs of the batch have not ended."),
            )
            .hint("Xem tiến độ tại GET /v1/batches/{id}, rồi hỏi lại."));
        }
        let parts: Vec<(String, Job)> =
            parts.into_iter().map(|(name, job)| (format!("{name}.{}", job.media_type.extension()), job)).collect();
        let files: Vec<Value> = parts
            .iter()
            .map(|(name, job)| {
                let artifact = job.artifact.as_ref();
                json!({
                    "file": name, "kind": job.kind, "title": job.file_name, "state": job.state, "edition": job.edition,
                    "sha256": artifact.map(|it| &it.sha256), "bytes": artifact.map(|it| it.size),
                    "pages": artifact.map(|it| it.pages), "failure": job.failure.as_ref().map(|failure| failure.code),
                })
            })
            .collect();
        let manifest = json!({"v": 1, "files": files, "left_out": batch.left_out});
        Ok((format!("{manifest:#}\n").into_bytes(), parts))
    }
}

/// When a batch will have ended, by how fast its jobs have ended of late; `None` where none has, for nobody knows.
pub fn forecast(batch: &Batch) -> Option<DateTime<FixedOffset>> {
    let (ended, parts) = (batch.ended(), batch.parts());
    if ended == parts || (ended as f64) < KNOWN_ENOUGH * parts as f64 || batch.lately == 0 {
        return None;
    }
    let elapsed = (batch.counted_at - batch.accepted_at).num_milliseconds() as f64;
    let seen = elapsed.min(Batch::LATELY.as_millis() as f64);
    let left = seen * (parts - ended) as f64 / batch.lately as f64;
    let at: DateTime<Utc> = batch.counted_at + TimeDelta::milliseconds(left as i64);
    FixedOffset::east_opt(HANOI).map(|zone| at.with_timezone(&zone))
}

/// A fault as a batch keeps it, without a word of the request: no erasure looks for people here.
fn bare(number: usize, failure: &Failure) -> Value {
    let unknown: Vec<&String> =
        failure.findings.iter().filter(|finding| finding.code == UNKNOWN_FIELD).flat_map(|it| &it.pointers).collect();
    let place = |pointer: &String| match unknown.iter().find(|key| pointer.starts_with(key.as_str())) {
        Some(key) => key.rsplit_once('/').map_or_else(String::new, |(around, _)| around.to_owned()),
        None => pointer.clone(),
    };
    let findings: Vec<Value> = failure
        .findings
        .iter()
        .map(
            |finding| json!({"code": finding.code, "pointers": finding.pointers.iter().map(place).collect::<Vec<_>>()}),
        )
        .collect();
    json!({"request": number, "code": failure.code, "findings": findings})
}

fn no_such_batch() -> Failure {
    Failure::new(FailureCode::BatchNotFound, "Không có lô này.", "There is no such batch.")
        .hint("Kiểm tra mã lô trong tiêu đề Location khi gửi.")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn batch(ended: u64, waiting: u64) -> Batch {
        let accepted_at = DateTime::from_timestamp(1_000_000, 0).unwrap();
        Batch {
            id: JobId::fresh(),
            accepted_at,
            counted_at: accepted_at + TimeDelta::seconds(60),
            left_out: json!([]),
            counts: BTreeMap::from([(JobState::Succeeded, ended), (JobState::Accepted, waiting)]),
            lately: ended,
        }
    }

    #[test]
    fn a_fault_is_kept_without_what_the_caller_wrote() {
        use crate::failure::{Finding, Severity};

        let name = "Nguyễn Thị Kín";
        let at = |code, pointer: String| Finding::new(code, Severity::Error, pointer, name, name).found(name);
        let findings = vec![
            at("schema-unknown", format!("/content/people/0/{name}")),
            at("X01", format!("/content/people/0/{name}/note")).and_at("/content/title"),
            at("schema-type", "/content/people/1".to_owned()),
        ];
        let kept = bare(7, &Failure::invalid_document(findings));
        assert_eq!(kept["findings"][0], json!({"code": "schema-unknown", "pointers": ["/content/people/0"]}));
        assert_eq!(kept["findings"][1]["pointers"], json!(["/content/people/0", "/content/title"]));
        assert_eq!(kept["findings"][2]["pointers"], json!(["/content/people/1"]));
        assert_eq!((&kept["request"], &kept["code"]), (&json!(7), &json!("invalid-document")));
        assert!(!kept.to_string().contains(name), "{kept:#}");
    }

    #[test]
    fn the_pace_is_that_of_late_and_where_nothing_ends_nobody_knows() {
        let mut batch = batch(50, 50);
        batch.counted_at = batch.accepted_at + TimeDelta::hours(3);
        batch.lately = 10;
        assert_eq!(forecast(&batch).unwrap().timestamp(), batch.counted_at.timestamp() + 600);
        batch.lately = 0;
        assert_eq!(forecast(&batch), None);
    }

    #[test]
    fn the_forecast_goes_by_what_has_ended() {
        let at = forecast(&batch(25, 75)).unwrap();
        assert_eq!(at.timestamp(), 1_000_000 + 60 + 180);
        assert_eq!(at.offset().local_minus_utc(), HANOI);
    }

    #[test]
    fn nothing_is_forecast_of_a_batch_that_has_hardly_begun_or_has_ended() {
        assert_eq!(forecast(&batch(1, 99)), None);
        assert_eq!(forecast(&batch(0, 4)), None);
        assert_eq!(forecast(&batch(4, 0)), None);
    }
}
