//! The verbs that all doors share: check, accept, look up, cancel, fetch, erase, preview.
//!
//! The rule: a door translates and prints, the desk decides.

mod admission;
mod counter;
mod happenings;
mod metadata;
pub mod batches;
mod readiness;
pub mod reading;
mod register;

use std::{sync::Arc, time::Duration};

use crate::{
    access::Caller,
    archive::Archive,
    failure::{Failure, FailureCode, Finding},
    fingerprint,
    intake::{Accepted, Manuscript, Treatment},
    job::{JobId, NewJob},
    ledger::{Counts, Ledger, LedgerError, Shelves},
    outbound::Outbound,
    press::{Press, Pressed, Verdict},
    queue::Doorbell,
    rendering::{Question, Workshop},
    traces::TraceContext,
};
use admission::Admission;
pub use admission::AdmissionSettings;
pub use counter::{Counter, Document, Submission};
pub use readiness::{ArchiveCheck, Check, Overall, PartStatus, Readiness};
pub use register::{Asked, Figures, Province, Pulled, RegisterDesk, Scheduled, Sent, SourceReader, TakenOver, Written};

/// A preview is worth something while somebody waits for it.
const LONGEST_PREVIEW: Duration = Duration::from_secs(25);

/// Everything a door may ask for.
#[derive(Clone)]
pub struct Desk {
    workshop: Arc<Workshop>,
    ledger: Shelves,
    archive: Archive,
    doorbell: Doorbell,
    press: Arc<Press>,
    admission: Arc<Admission>,
    /// Batches that were put together.
    wholes: Arc<batches::Shelved>,
    /// By which sources of the register are read.
    outbound: Option<Outbound>,
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
        let wholes = Arc::new(batches::Shelved::new());
        Self { workshop, ledger: Shelves::new(ledger), archive, doorbell, press, admission, wholes, outbound: None }
    }

    /// The same desk, whose register may read sources.
    pub fn calling(self, outbound: Outbound) -> Self {
        Self { outbound: Some(outbound), ..self }
    }

    /// The same desk with other bounds on what it takes in.
    pub fn admitting(self, settings: AdmissionSettings) -> Self {
        Self { admission: Arc::new(Admission::new(settings)), ..self }
    }

    /// Takes nothing in any more; what was accepted can still be asked for.
    pub fn close(&self) {
        self.admission.close();
    }

    /// From now on an answer is the last on its connection, and streams end; requests are still taken in.
    pub fn part(&self) {
        self.admission.part();
    }

    /// Whether callers are taking leave.
    pub fn is_parting(&self) -> bool {
        self.admission.is_parting()
    }

    /// Whether the desk takes requests in.
    ///
    /// # Errors
    /// Why not: the service is stopping.
    pub fn is_open(&self) -> Result<(), Failure> {
        self.admission.refuse_when_closed()
    }

    /// Where this caller is served.
    pub fn of(&self, caller: &Caller) -> Counter<'_> {
        Counter { desk: self, shelf: self.ledger.of(caller) }
    }

    /// Templates, editions and fonts.
    pub fn workshop(&self) -> &Workshop {
        &self.workshop
    }

    /// Checks a request and stores nothing. Returns warnings and information; errors come as the failure's findings.
    pub async fn check(&self, request: Vec<u8>) -> Result<Vec<Finding>, Failure> {
        self.read(request, Treatment::AsSent).await.map(|accepted| accepted.findings)
    }

    /// Seconds until a job that is accepted now is likely done.
    pub async fn expected_wait(&self) -> u64 {
        self.admission.expected_wait(&self.ledger).await
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

    async fn read(&self, request: Vec<u8>, treatment: Treatment) -> Result<Accepted, Failure> {
        let workshop = Arc::clone(&self.workshop);
        reading::request(request.len(), move || workshop.check(&request, treatment)).await
    }
}

/// The job of a request that was accepted.
fn new_job(
    workshop: &Workshop,
    organisation: &str,
    accepted: Accepted,
    trace: Option<TraceContext>,
) -> Result<NewJob, Failure> {
    let Accepted { manuscript, findings, .. } = accepted;
    let order = print_order(&manuscript)?;
    Ok(NewJob {
        id: JobId::fresh(),
        organisation: organisation.to_owned(),
        file_name: workshop.file_name(&manuscript)?,
        media_type: workshop.media_type(&manuscript)?,
        kind: manuscript.kind,
        edition: manuscript.edition,
        order_sha256: fingerprint::of(order.as_bytes()),
        order,
        findings,
        trace,
    })
}

fn print_order(manuscript: &Manuscript) -> Result<String, Failure> {
    serde_json::to_string(manuscript).map_err(|error| Failure::internal(error.to_string()))
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
