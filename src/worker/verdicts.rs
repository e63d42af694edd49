//! What becomes of a job whose render gave no paper.

use std::time::Duration;

use tracing::{info, warn};

use super::{Renders, Worker};
use crate::{
    failure::{Failure, FailureCode, Remedy},
    job::Lease,
    ledger::{LedgerError, Start},
    press::Verdict,
};

/// What to write to the ledger.
#[derive(Debug)]
pub(super) enum Decision {
    /// For good.
    Fail(Failure),
    /// Once more, `delay` from now.
    Again { delay: Duration, failure: Failure, start: Start },
}

impl<P: Renders> Worker<P> {
    /// Decides by the class of the verdict: permanent fails, resources get one more try, crashes are tried until the
    /// starts are used up, and where the house is to blame the start is given back.
    pub(super) async fn judge(&self, lease: &Lease, verdict: Verdict) -> Decision {
        let job = lease.job;
        match verdict {
            Verdict::Refused(failure) => {
                match failure.remedy() {
                    Remedy::FixRequest => info!(job.id = %job, code = failure.code.as_str(), "Job {job} was refused"),
                    Remedy::FixTemplate | Remedy::TryLater => {
                        warn!(job.id = %job, code = failure.code.as_str(), "Job {job} failed");
                    }
                }
                Decision::Fail(failure)
            }
            Verdict::Timeout => self.once_more(lease, too_slow()).await,
            Verdict::Memory => self.once_more(lease, too_large()).await,
            Verdict::Crashed(cause) => {
                warn!(job.id = %job, starts = lease.starts, "The render of job {job} crashed");
                let delay = self.settings.again.after(lease.starts);
                Decision::Again { delay, failure: crashed(&cause), start: Start::Counted }
            }
            Verdict::Unavailable(cause) => {
                warn!(job.id = %job, "No press for job {job}: {cause}");
                self.later(lease, unavailable(&cause))
            }
        }
    }

    /// Tries again later, the start given back. The ledger counts the tries, and after its limit the job is dead.
    pub(super) fn later(&self, lease: &Lease, failure: Failure) -> Decision {
        Decision::Again { delay: self.settings.again.after(lease.tries + 1), failure, start: Start::GivenBack }
    }

    /// Tries again unless the attempt before ran out of time or memory too.
    async fn once_more(&self, lease: &Lease, failure: Failure) -> Decision {
        let before = match self.ledger.find(lease.job).await {
            Ok(job) => job.and_then(|job| job.failure).map(|failure| failure.code),
            // Whether this is the second time cannot be told; the starts bound the tries all the same.
            Err(_unanswered) => None,
        };
        warn!(job.id = %lease.job, code = failure.code.as_str(), "The render of job {} was ended", lease.job);
        if matches!(before, Some(FailureCode::RenderTimeout | FailureCode::RenderMemory)) {
            return Decision::Fail(failure);
        }
        Decision::Again { delay: self.settings.again.after(lease.starts), failure, start: Start::Counted }
    }

    /// Writes a decision. `false`: the lease was lost.
    pub(super) async fn write(&self, lease: &Lease, decision: &Decision) -> Result<bool, LedgerError> {
        match decision {
            Decision::Fail(failure) => self.ledger.fail(lease, failure).await,
            Decision::Again { delay, failure, start } => self.ledger.retry(lease, *delay, failure, *start).await,
        }
    }
}

fn too_slow() -> Failure {
    Failure::new(
        FailureCode::RenderTimeout,
        "Lập văn bản quá thời gian cho phép.",
        "The render took longer than its deadline.",
    )
    .hint("Chia dữ liệu thành nhiều văn bản ngắn hơn rồi gửi lại.")
}

fn too_large() -> Failure {
    Failure::new(
        FailureCode::RenderMemory,
        "Lập văn bản cần nhiều bộ nhớ hơn mức cho phép.",
        "The render needed more memory than it may have.",
    )
    .hint("Chia dữ liệu thành nhiều văn bản ngắn hơn rồi gửi lại.")
}

fn crashed(cause: &str) -> Failure {
    Failure::new(
        FailureCode::RenderCrashed,
        "Tiến trình lập văn bản dừng đột ngột.",
        format!("The render process died: {cause}"),
    )
    .hint("Hệ thống tự thử lại vài lần; nếu vẫn lỗi, báo cho người vận hành kèm mã việc.")
}

fn unavailable(cause: &str) -> Failure {
    Failure::new(
        FailureCode::PressUnavailable,
        "Chưa có tiến trình nào sẵn sàng lập văn bản.",
        format!("A render child could not be had: {cause}"),
    )
    .hint("Hệ thống tự thử lại; không cần gửi lại yêu cầu.")
}
