//! The verbs that all doors share: check, accept, look up, cancel, fetch, preview.
//!
//! The rule: a door translates and prints, the desk decides.

mod readiness;

use std::{sync::Arc, time::Duration};

use crate::{
    archive::{Archive, ArchiveError, Archived},
    failure::{Failure, FailureCode, Finding},
    fingerprint,
    intake::{Accepted, Manuscript, Treatment},
    job::{Artifact, Job, JobId, JobState, NewJob},
    ledger::{CancelOutcome, Counts, Ledger, LedgerError},
    press::{Press, Pressed, Verdict},
    queue::Doorbell,
    rendering::{Question, Workshop},
};

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
}

/// A finished paper, open for reading.
pub struct Document {
    pub file: Archived,
    pub artifact: Artifact,
    /// Name for the download, with extension.
    pub name: String,
}

/// What a preview shows.
#[derive(Debug, Clone, Copy)]
pub enum Preview {
    /// The whole paper as a draft PDF.
    Pdf,
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
        Self { workshop, ledger, archive, doorbell, press }
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
    pub async fn accept(&self, request: Vec<u8>) -> Result<Job, Failure> {
        let Accepted { manuscript, findings } = self.read(request, Treatment::AsSent).await?;
        let file_name = self.workshop.file_name(&manuscript)?;
        let order = print_order(&manuscript)?;
        let job = NewJob {
            id: JobId::fresh(),
            kind: manuscript.kind,
            edition: manuscript.edition,
            order_sha256: fingerprint::of(order.as_bytes()),
            order,
            findings,
            file_name,
        };
        self.ledger.accept(job).await.map_err(ledger_failure)
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
        let Some(artifact) = job.artifact else { return Err(no_document(job.state)) };
        let file = self.archive.open_file(&artifact.sha256).await.map_err(|error| archive_failure(&error))?;
        let file = file.ok_or_else(|| Failure::internal("a paper is missing from the archive"))?;
        Ok(Document { file, artifact, name: format!("{}.pdf", job.file_name) })
    }

    /// A draft of the paper at once; nothing is stored.
    pub async fn preview(&self, request: Vec<u8>, preview: Preview) -> Result<(Pressed, Vec<Finding>), Failure> {
        let Accepted { manuscript, findings } = self.read(request, Treatment::AsDraft).await?;
        let order = print_order(&manuscript)?;
        let pressed = async {
            match preview {
                Preview::Pdf => self.press.render(&order).await,
                Preview::Page { page, ppi } => self.press.render_page(&order, page, ppi).await,
            }
        };
        let busy = |_| Verdict::Unavailable("no render child became free in time".to_owned());
        let pressed = tokio::time::timeout(LONGEST_PREVIEW, pressed).await.map_err(busy).flatten();
        pressed.map(|pressed| (pressed, findings)).map_err(verdict_failure)
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
        let (ledger, archive, doorbell) = tokio::join!(self.ledger.ping(), self.archive.free(), self.doorbell.ping());
        let kept_free = self.archive.kept_free();
        Readiness {
            ledger: Check::of(ledger.is_ok()),
            archive: ArchiveCheck {
                status: Check::of(archive.as_ref().is_ok_and(|free| *free > kept_free)).status,
                free_bytes: archive.ok(),
                kept_free_bytes: kept_free,
            },
            doorbell: Check::of(doorbell.is_ok()),
            press: Check::of(self.press.pulse().is_ok()),
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

fn print_order(manuscript: &Manuscript) -> Result<String, Failure> {
    serde_json::to_string(manuscript).map_err(|error| Failure::internal(error.to_string()))
}

fn no_such_job() -> Failure {
    Failure::new(FailureCode::JobNotFound, "Không có việc này.", "There is no such job.")
        .hint("Kiểm tra mã việc trong tiêu đề Location khi gửi yêu cầu.")
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
    match error {
        LedgerError::Full { waiting, limit } => Failure::new(
            FailureCode::QueueFull,
            "Đang có quá nhiều việc chờ.",
            format!("{waiting} jobs wait; the limit is {limit}."),
        )
        .hint("Gửi lại sau vài phút."),
        other => Failure::store_unavailable(other.to_string()),
    }
}

fn archive_failure(error: &ArchiveError) -> Failure {
    Failure::store_unavailable(error.to_string())
}

/// What a stranger's file did to the child is the file's fault, not ours.
fn reading_failure(verdict: Verdict) -> Failure {
    let cause = match verdict {
        Verdict::Timeout => "the file could not be read in time".to_owned(),
        Verdict::Memory => "reading the file takes more memory than a render child may have".to_owned(),
        Verdict::Crashed(how) => format!("the process that read the file died: {how}"),
        Verdict::Refused(_) | Verdict::Unavailable(_) => return verdict_failure(verdict),
    };
    Failure::new(FailureCode::PaperTooHeavy, "Tệp PDF không đọc được trong giới hạn thời gian và bộ nhớ.", cause)
        .hint("Chọn đúng tệp PDF gốc.")
}

fn verdict_failure(verdict: Verdict) -> Failure {
    match verdict {
        Verdict::Refused(failure) => failure,
        Verdict::Timeout => Failure::new(
            FailureCode::RenderTimeout,
            "Kết xuất quá thời hạn.",
            "The render took longer than its deadline.",
        )
        .hint("Bớt dữ liệu trong văn bản rồi thử lại."),
        Verdict::Memory => Failure::new(
            FailureCode::RenderMemory,
            "Kết xuất cần quá nhiều bộ nhớ.",
            "The render needed more memory than it may have.",
        )
        .hint("Bớt dữ liệu trong văn bản rồi thử lại."),
        Verdict::Crashed(how) => Failure::new(
            FailureCode::RenderCrashed,
            "Tiến trình kết xuất dừng đột ngột.",
            format!("The render process died: {how}."),
        ),
        Verdict::Unavailable(cause) => {
            Failure::new(FailureCode::PressUnavailable, "Chưa có tiến trình kết xuất nào sẵn sàng.", cause)
                .hint("Thử lại sau ít phút.")
        }
    }
}
