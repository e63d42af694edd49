//! What becomes of a job whose render gave no paper.

use std::time::Duration;

use tracing::{info, warn};

use super::{Renders, Worker};
use crate::{
    failure::{Failure, FailureCode, Remedy},
    job::Lease,
    ledger::{LedgerError, Start},
    press::{Class, Verdict},
};

/// The failures of a render that took too much of something.
const TOO_MUCH: [FailureCode; 5] = [
    FailureCode::RenderTimeout,
    FailureCode::RenderCpu,
    FailureCode::RenderMemory,
    FailureCode::RenderTooLarge,
    FailureCode::RenderTooDeep,
];

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
        let class = verdict.class();
        let failure = Failure::from(verdict);
        let code = failure.code.as_str();
        match class {
            Class::Permanent => {
                match failure.remedy() {
                    Remedy::FixRequest => info!(job.id = %job, code, "Job {job} was refused"),
                    Remedy::FixTemplate | Remedy::TryLater => warn!(job.id = %job, code, "Job {job} failed"),
                }
                Decision::Fail(failure)
            }
            Class::Resource => self.once_more(lease, failure).await,
            Class::Crash => {
                let cause = &failure.message_en;
                warn!(job.id = %job, code, starts = lease.starts, cause, "The render of job {job} crashed");
                let delay = self.settings.again.after(lease.starts);
                Decision::Again { delay, failure, start: Start::Counted }
            }
            Class::Transient => {
                warn!(job.id = %job, "No press for job {job}: {}", failure.message_en);
                self.later(lease, failure)
            }
        }
    }

    /// Tries again later, the start given back. The ledger counts the tries, and after its limit the job is dead.
    pub(super) fn later(&self, lease: &Lease, failure: Failure) -> Decision {
        Decision::Again { delay: self.settings.again.after(lease.tries + 1), failure, start: Start::GivenBack }
    }

    /// Tries again unless the attempt before took too much too.
    async fn once_more(&self, lease: &Lease, failure: Failure) -> Decision {
        let before = match self.ledger.find(lease.job).await {
            Ok(job) => job.and_then(|job| job.failure).map(|failure| failure.code),
            // Whether this is the second time cannot be told; the starts bound the tries all the same.
            Err(_unanswered) => None,
        };
        warn!(job.id = %lease.job, code = failure.code.as_str(), "The render of job {} was ended", lease.job);
        if before.is_some_and(|code| TOO_MUCH.contains(&code)) {
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
