//! The verbs that all doors share: check, accept, look up, cancel, fetch, erase, preview.
//!
//! The rule: a door translates and prints, the desk decides.

mod admission;
mod metadata;
pub mod batches;
mod readiness;
mod register;

use std::{sync::Arc, time::Duration};

use crate::{
    archive::{Archive, Archived},
    catalog::MediaType,
    failure::{Failure, FailureCode, Finding},
    fingerprint,
    intake::{self, Accepted, Manuscript, Treatment},
    job::{Artifact, Job, JobId, JobState, NewJob},
    ledger::{Acceptance, CancelOutcome, Counts, EraseOutcome, JobFilter, Ledger, LedgerError, LetterOutcome, OnceKey},
    press::{Press, Pressed, Verdict},
    queue::Doorbell,
    rendering::{Question, Workshop},
    retention,
    traces::{self, Note},
};
use admission::Admission;
pub use admission::AdmissionSettings;

pub use register::{RegisterDesk, Scheduled, Sent, Written};

pub use readiness::{ArchiveCheck, Check, Overall, PartStatus, Readiness};

/// A preview is worth something while somebody waits for it.
const LONGEST_PREVIEW: Duration = Duration::from_secs(25);

/// Everything a door may ask for.
#[derive(Clone)]
pub struct Desk {
    workshop: Arc<Workshop>,
    ledger: Ledger,
    archive: Archive,
    doorbell: Doorbell,
    press: Arc<Press>,
    admission: Arc<Admission>,
}

/// A request for a paper, as a door hands it in.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Whose it is.
    pub organisation: String,
    /// The JSON.
    pub request: Vec<u8>,
    /// The caller's promise that requests under this key are one.
    pub idempotency_key: Option<String>,
}

/// What the audit says of an operator's decisions made at a door.
const BY: &str = "http";

/// A finished paper, open for reading.
pub struct Document {
    pub file: Archived,
    pub artifact: Artifact,
    /// Name for the download, with extension.
    pub name: String,
    pub media_type: MediaType,
}

/// What a preview shows.
#[derive(Debug, Clone, Copy)]
pub enum Preview {
    /// All of it as a draft.
    Whole,
    /// One page (from 0) as PNG.
    Page { page: usize, ppi: f64 },
}

impl Desk {
    pub fn new(
        workshop: Arc<Workshop>,
        ledger: Ledger,
        archive: Archive,
        doorbell: Doorbell,
        press: Arc<Press>,
    ) -> Self {
        let admission = Arc::new(Admission::new(AdmissionSettings::default()));
        Self { workshop, ledger, archive, doorbell, press, admission }
    }

    /// The same desk with other bounds on what it takes in.
    pub fn admitting(self, settings: AdmissionSettings) -> Self {
        Self { admission: Arc::new(Admission::new(settings)), ..self }
    }

    /// Takes nothing in any more; what was accepted can still be asked for.
    pub fn close(&self) {
        self.admission.close();
    }

    /// Whether the desk takes requests in.
    ///
    /// # Errors
    /// Why not: the service is stopping.
    pub fn is_open(&self) -> Result<(), Failure> {
        self.admission.refuse_when_closed()
    }

    /// Templates, editions and fonts.
    pub fn workshop(&self) -> &Workshop {
        &self.workshop
    }

    /// Checks a request and stores nothing. Returns warnings and information; errors come as the failure's findings.
    pub async fn check(&self, request: Vec<u8>) -> Result<Vec<Finding>, Failure> {
        self.read(request, Treatment::AsSent).await.map(|accepted| accepted.findings)
    }

    /// Checks a request, stores it as a job and lets the doorbell ring. After this returns, the job ends exactly once.
    /// A request that was accepted before under the same key gives that job again.
    pub async fn accept(&self, submission: Submission) -> Result<Acceptance, Failure> {
        let Submission { organisation, request, idempotency_key } = submission;
        let Some(key) = idempotency_key else {
            let job = self.prepare(organisation, request).await?;
            return Ok(noted(Acceptance::Stored(self.ledger.accept(job).await?)));
        };
        let (request, fingerprint) = fingerprint_of(request).await?;
        let key_sha256 = fingerprint::of(key.as_bytes());
        let keep = self.admission.settings.remember_keys;
        let key = OnceKey { organisation: organisation.clone(), key_sha256, fingerprint, keep };
        let Some(_held) = self.admission.hold(&key) else {
            return Err(Failure::new(
                FailureCode::IdempotencyInProgress,
                "Yêu cầu đầu tiên mang khóa chống trùng này đang được đọc.",
                "The first request under this idempotency key is still being read.",
            )
            .hint("Gửi lại sau ít giây để nhận kết quả của yêu cầu đầu tiên."));
        };
        if let Some(job) = self.ledger.find_once(&key).await? {
            return Ok(noted(Acceptance::Replayed(job)));
        }
        let job = self.prepare(organisation, request).await?;
        Ok(noted(self.ledger.accept_once(job, &key).await?))
    }

    /// Seconds until a job that is accepted now is likely done.
    pub async fn expected_wait(&self) -> u64 {
        self.admission.expected_wait(&self.ledger).await
    }

    async fn prepare(&self, organisation: String, request: Vec<u8>) -> Result<NewJob, Failure> {
        self.admission.refuse_when_closed()?;
        self.admission.refuse_when_disk_is_full(&self.archive).await?;
        let Accepted { manuscript, findings, .. } = self.read(request, Treatment::AsSent).await?;
        let file_name = self.workshop.file_name(&manuscript)?;
        let media_type = self.workshop.media_type(&manuscript)?;
        let order = print_order(&manuscript)?;
        Ok(NewJob {
            id: JobId::fresh(),
            organisation,
            kind: manuscript.kind,
            edition: manuscript.edition,
            order_sha256: fingerprint::of(order.as_bytes()),
            order,
            findings,
            file_name,
            media_type,
            trace: traces::current(),
        })
    }

    /// Jobs, the newest first.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, Failure> {
        Ok(self.ledger.list(filter).await?)
    }

    /// Lets a failed or dead job begin anew.
    pub async fn requeue(&self, id: JobId) -> Result<Job, Failure> {
        match self.ledger.requeue(id, BY).await? {
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
        let outcome = retention::erase(&self.ledger, &self.archive, id).await;
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
        self.ledger.watch(id, patience).await.map_err(ledger_failure)?.ok_or_else(no_such_job)
    }

    /// Withdraws a job: at once if it waits, at its next safe point if it runs.
    pub async fn cancel(&self, id: JobId) -> Result<Job, Failure> {
        match self.ledger.cancel(id).await.map_err(ledger_failure)? {
            CancelOutcome::Cancelled | CancelOutcome::Requested | CancelOutcome::AlreadyEnded(JobState::Cancelled) => {
                self.job(id, Duration::ZERO).await
            }
            // Who withdraws a job that was set aside gives it up.
            CancelOutcome::AlreadyEnded(JobState::Dead) => match self.ledger.drop_dead(id, BY).await? {
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

    /// The finished paper of a job.
    pub async fn document(&self, id: JobId) -> Result<Document, Failure> {
        let job = self.job(id, Duration::ZERO).await?;
        if job.paper_erased_at.is_some() {
            return Err(data_erased());
        }
        let Some(artifact) = job.artifact else { return Err(no_document(job.state)) };
        let file = self.archive.open_file(&artifact.sha256).await?;
        let file = file.ok_or_else(|| Failure::internal("a paper is missing from the archive"))?;
        let name = format!("{}.{}", job.file_name, job.media_type.extension());
        Ok(Document { file, artifact, name, media_type: job.media_type })
    }

    /// A draft of the paper at once; nothing is stored.
    pub async fn preview(&self, request: Vec<u8>, preview: Preview) -> Result<(Pressed, Vec<Finding>), Failure> {
        let Accepted { manuscript, findings, .. } = self.read(request, Treatment::AsDraft).await?;
        let order = print_order(&manuscript)?;
        let pressed = async {
            match preview {
                Preview::Whole => self.press.render(&order).await,
                Preview::Page { page, ppi } => self.press.render_page(&order, page, ppi).await,
            }
        };
        let busy = |_| Verdict::Unavailable("no render child became free in time".to_owned());
        let pressed = tokio::time::timeout(LONGEST_PREVIEW, pressed).await.map_err(busy).flatten();
        pressed.map(|pressed| (pressed, findings)).map_err(Failure::from)
    }

    /// The answer to a question about a finished file, as JSON. The file is a stranger's: a render child reads it, never
    /// this process.
    pub async fn examine(&self, file: Vec<u8>, question: Question) -> Result<Vec<u8>, Failure> {
        let busy = |_| Verdict::Unavailable("no render child became free in time".to_owned());
        let told = tokio::time::timeout(LONGEST_PREVIEW, self.press.examine(&file, question)).await;
        told.map_err(busy).flatten().map_err(reading_failure)
    }

    /// How many jobs are in which state.
    pub async fn counts(&self) -> Result<Counts, Failure> {
        self.ledger.counts().await.map_err(ledger_failure)
    }

    /// How the parts are that work needs.
    pub async fn readiness(&self) -> Readiness {
        let (ledger, archive, doorbell, press) =
            tokio::join!(self.ledger.ping(), self.archive.takes_papers(), self.doorbell.ping(), self.press.pulse());
        let free_bytes = self.archive.free().await.ok().flatten();
        Readiness {
            ledger: Check::of(ledger.is_ok()),
            archive: ArchiveCheck {
                status: Check::of(matches!(archive, Ok(true))).status,
                free_bytes,
                kept_free_bytes: self.archive.kept_free(),
            },
            doorbell: Check::of(doorbell.is_ok()),
            press: Check::of(press.is_ok()),
        }
    }

    /// Reading a large request takes milliseconds of processor; it does not belong on a thread that answers others.
    async fn read(&self, request: Vec<u8>, treatment: Treatment) -> Result<Accepted, Failure> {
        let workshop = Arc::clone(&self.workshop);
        tokio::task::spawn_blocking(move || workshop.check(&request, treatment))
            .await
            .map_err(|_| Failure::internal("the check of a request panicked"))?
    }
}

/// What tells one request from another, however it is written. Not on a thread that answers others, as [`Desk::read`].
async fn fingerprint_of(request: Vec<u8>) -> Result<(Vec<u8>, String), Failure> {
    tokio::task::spawn_blocking(move || {
        let canonical = intake::canonical(&request)?;
        let fingerprint = fingerprint::of_all([b"POST /v1/documents".as_slice(), canonical.as_bytes()]);
        Ok((request, fingerprint))
    })
    .await
    .map_err(|_| Failure::internal("the reading of a request panicked"))?
}

/// Names the job in the span of the request.
fn noted(acceptance: Acceptance) -> Acceptance {
    let (Acceptance::Stored(job) | Acceptance::Replayed(job)) = &acceptance;
    traces::note("job.id", Note::Word(job.id.to_string()));
    traces::note("job.kind", Note::Word(job.kind.clone()));
    acceptance
}

fn print_order(manuscript: &Manuscript) -> Result<String, Failure> {
    serde_json::to_string(manuscript).map_err(|error| Failure::internal(error.to_string()))
}

fn no_such_job() -> Failure {
    Failure::new(FailureCode::JobNotFound, "Không có việc này.", "There is no such job.")
        .hint("Kiểm tra mã việc trong tiêu đề Location khi gửi yêu cầu.")
}

fn data_erased() -> Failure {
    Failure::new(
        FailureCode::DataErased,
        "Dữ liệu của việc này đã được xóa.",
        "The job's data were erased; hashes and times are left.",
    )
    .hint("Gửi lại dữ liệu nếu cần lập lại văn bản.")
}

fn no_document(state: JobState) -> Failure {
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

fn ledger_failure(error: LedgerError) -> Failure {
    error.into()
}

/// What a stranger's file did to the child is the file's fault, not ours.
fn reading_failure(verdict: Verdict) -> Failure {
    let cause = match verdict {
        Verdict::Refused(_) | Verdict::Unavailable(_) => return verdict.into(),
        Verdict::Timeout => "the file could not be read in time".to_owned(),
        Verdict::Memory => "reading the file takes more memory than a render child may have".to_owned(),
        Verdict::Processor | Verdict::TooDeep | Verdict::TooLarge | Verdict::Garbled | Verdict::Forbidden => {
            format!("the process that read the file was ended: {verdict:?}")
        }
        Verdict::Crashed(how) => format!("the process that read the file died: {how}"),
    };
    Failure::new(FailureCode::PaperTooHeavy, "Tệp PDF không đọc được trong giới hạn thời gian và bộ nhớ.", cause)
        .hint("Chọn đúng tệp PDF gốc.")
}
