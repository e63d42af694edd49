//! The verbs about jobs, at one organisation's counter.
//!
//! The rule: a counter holds a shelf, not the ledger, so that no verb can reach a job of another organisation. Such a job
//! is not there: same failure, same words.

use std::time::Duration;

use super::{Desk, ledger_failure, new_job, reading};
use crate::{
    archive::Archived,
    catalog::MediaType,
    failure::{Failure, FailureCode},
    fingerprint,
    intake::{self, Treatment},
    job::{Artifact, Job, JobId, JobState, NewJob},
    ledger::{Acceptance, CancelOutcome, EraseOutcome, JobFilter, LetterOutcome, OnceKey, Shelf},
    people::{self, ErasedOf, HeldOf, Name},
    retention,
    traces::{self, Note},
};

/// Where one caller is served.
pub struct Counter<'a> {
    pub(super) desk: &'a Desk,
    pub(super) shelf: Shelf,
}

/// A request for a paper, as a door hands it in.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The JSON.
    pub request: Vec<u8>,
    /// The caller's promise that requests under this key are one.
    pub idempotency_key: Option<String>,
}

/// A finished paper, open for reading.
pub struct Document {
    pub file: Archived,
    pub artifact: Artifact,
    /// Name for the download, with extension.
    pub name: String,
    pub media_type: MediaType,
}

impl Counter<'_> {
    /// Checks a request, stores it as a job and lets the doorbell ring. After this returns, the job ends exactly once.
    /// A request that was accepted before under the same key gives that job again.
    pub async fn accept(&self, submission: Submission) -> Result<Acceptance, Failure> {
        let Submission { request, idempotency_key } = submission;
        let Some(key) = idempotency_key else {
            let job = self.prepare(request).await?;
            return Ok(noted(Acceptance::Stored(self.shelf.accept(job).await?)));
        };
        let (request, fingerprint) = fingerprint_of(request).await?;
        let key_sha256 = fingerprint::of(key.as_bytes());
        let keep = self.desk.admission.settings.remember_keys;
        let key = OnceKey { organisation: self.shelf.organisation().to_string(), key_sha256, fingerprint, keep };
        let Some(_held) = self.desk.admission.hold(&key) else {
            return Err(in_progress());
        };
        if let Some(job) = self.shelf.find_once(&key).await? {
            return Ok(noted(Acceptance::Replayed(job)));
        }
        let job = self.prepare(request).await?;
        Ok(noted(self.shelf.accept_once(job, &key).await?))
    }

    async fn prepare(&self, request: Vec<u8>) -> Result<NewJob, Failure> {
        self.desk.admission.refuse_when_closed()?;
        self.desk.admission.refuse_when_disk_is_full(&self.desk.archive).await?;
        let accepted = self.desk.read(request, Treatment::AsSent).await?;
        new_job(&self.desk.workshop, self.shelf.organisation().as_str(), accepted, traces::current())
    }

    /// Jobs, the newest first.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, Failure> {
        Ok(self.shelf.list(filter).await?)
    }

    /// Lets a failed or dead job begin anew.
    pub async fn requeue(&self, id: JobId) -> Result<Job, Failure> {
        match self.shelf.requeue(id).await? {
            LetterOutcome::Done => self.job(id, Duration::ZERO).await,
            LetterOutcome::NotNow(state) => Err(Failure::new(
                FailureCode::JobNotRequeueable,
                "Trạng thái của việc không cho phép làm lại.",
                format!("The job is {}; only a failed or dead job begins anew.", state.as_str()),
            )),
            LetterOutcome::Erased => Err(data_erased()),
            LetterOutcome::Unknown => Err(no_such_job()),
        }
    }

    /// Erases what an ended job holds; hashes, times and the audit stay.
    pub async fn erase(&self, id: JobId) -> Result<Job, Failure> {
        let outcome = retention::erase(&self.shelf, &self.desk.archive, id).await;
        match outcome? {
            EraseOutcome::Erased(_) | EraseOutcome::AlreadyErased => self.job(id, Duration::ZERO).await,
            EraseOutcome::NotEnded(state) => Err(Failure::new(
                FailureCode::JobNotFinished,
                "Việc chưa kết thúc nên chưa xóa được dữ liệu.",
                format!("The job is {}.", state.as_str()),
            )
            .hint("Hủy việc trước (DELETE /v1/jobs/{id}), rồi xóa dữ liệu.")),
            EraseOutcome::Unknown => Err(no_such_job()),
        }
    }

    /// The job; waits up to `patience` for its end.
    pub async fn job(&self, id: JobId, patience: Duration) -> Result<Job, Failure> {
        self.shelf.watch(id, patience).await.map_err(ledger_failure)?.ok_or_else(no_such_job)
    }

    /// Withdraws a job: at once if it waits, at its next safe point if it runs.
    pub async fn cancel(&self, id: JobId) -> Result<Job, Failure> {
        match self.shelf.cancel(id).await.map_err(ledger_failure)? {
            CancelOutcome::Cancelled | CancelOutcome::Requested | CancelOutcome::AlreadyEnded(JobState::Cancelled) => {
                self.job(id, Duration::ZERO).await
            }
            // Who withdraws a job that was set aside gives it up.
            CancelOutcome::AlreadyEnded(JobState::Dead) => match self.shelf.drop_dead(id).await? {
                LetterOutcome::Done | LetterOutcome::NotNow(_) | LetterOutcome::Erased => {
                    self.job(id, Duration::ZERO).await
                }
                LetterOutcome::Unknown => Err(no_such_job()),
            },
            CancelOutcome::AlreadyEnded(state) => Err(Failure::new(
                FailureCode::JobAlreadyEnded,
                "Việc đã kết thúc nên không hủy được.",
                format!("The job has already ended: {}.", state.as_str()),
            )),
            CancelOutcome::Unknown => Err(no_such_job()),
        }
    }

    /// What holds something of a person.
    pub async fn find_person(&self, name: &Name) -> Result<HeldOf, Failure> {
        people::find((&self.shelf).into(), name).await
    }

    /// As [`Counter::find_person`], with what they hold.
    pub async fn export_person(&self, name: &Name) -> Result<HeldOf, Failure> {
        people::export((&self.shelf).into(), name).await
    }

    /// Erases every ended job that holds something of a person, and what is theirs elsewhere.
    pub async fn erase_person(&self, name: &Name) -> Result<ErasedOf, Failure> {
        people::erase((&self.shelf).into(), &self.desk.archive, name).await
    }

    /// The finished paper of a job.
    pub async fn document(&self, id: JobId) -> Result<Document, Failure> {
        let job = self.job(id, Duration::ZERO).await?;
        if job.paper_erased_at.is_some() {
            return Err(data_erased());
        }
        let Some(artifact) = job.artifact else { return Err(no_document(job.state)) };
        let file = self.desk.archive.open_file(&artifact.sha256).await?;
        let file = file.ok_or_else(|| Failure::internal("a paper is missing from the archive"))?;
        let name = format!("{}.{}", job.file_name, job.media_type.extension());
        Ok(Document { file, artifact, name, media_type: job.media_type })
    }
}

/// What tells one request from another, however it is written.
async fn fingerprint_of(request: Vec<u8>) -> Result<(Vec<u8>, String), Failure> {
    reading::request(request.len(), move || {
        let canonical = intake::canonical(&request)?;
        let fingerprint = fingerprint::of_all([b"POST /v1/documents".as_slice(), canonical.as_bytes()]);
        Ok((request, fingerprint))
    })
    .await
}

/// Names the job in the span of the request.
fn noted(acceptance: Acceptance) -> Acceptance {
    let (Acceptance::Stored(job) | Acceptance::Replayed(job)) = &acceptance;
    traces::note("job.id", Note::Word(job.id.to_string()));
    traces::note("job.kind", Note::Word(job.kind.clone()));
    acceptance
}

/// Another request under the same key is being read.
pub(super) fn in_progress() -> Failure {
    Failure::new(
        FailureCode::IdempotencyInProgress,
        "Yêu cầu đầu tiên mang khóa chống trùng này đang được đọc.",
        "The first request under this idempotency key is still being read.",
    )
    .hint("Gửi lại sau ít giây để nhận kết quả của yêu cầu đầu tiên.")
}

fn no_such_job() -> Failure {
    Failure::new(FailureCode::JobNotFound, "Không có việc này.", "There is no such job.")
        .hint("Kiểm tra mã việc trong tiêu đề Location khi gửi yêu cầu.")
}

pub(super) fn data_erased() -> Failure {
    Failure::new(
        FailureCode::DataErased,
        "Dữ liệu của việc này đã được xóa.",
        "The job's data were erased; hashes and times are left.",
    )
    .hint("Gửi lại dữ liệu nếu cần lập lại văn bản.")
}

pub(super) fn no_document(state: JobState) -> Failure {
    match state {
        JobState::Accepted | JobState::Running => Failure::new(
            FailureCode::JobNotFinished,
            "Văn bản chưa làm xong.",
            format!("The job is {}.", state.as_str()),
        )
        .hint("Hỏi lại sau, hoặc dùng `?wait=20` khi xem trạng thái việc."),
        JobState::Succeeded | JobState::Failed | JobState::Dead | JobState::Cancelled => Failure::new(
            FailureCode::JobHasNoDocument,
            "Việc này kết thúc mà không có văn bản.",
            format!("The job ended as {}.", state.as_str()),
        )
        .hint("Xem lý do trong trạng thái của việc."),
    }
}
