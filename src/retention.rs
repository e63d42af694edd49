//! Lets data go: requests and papers when their time is over, or when somebody asks. The ledger erases and keeps the
//! proof; then the file leaves the archive, unless it is another job's too.

use std::time::Duration;

use serde_json::Value;
use tracing::{info, warn};

use crate::{
    access::OrganisationId,
    archive::{Archive, ArchiveError},
    failure::Failure,
    job::{Job, JobId},
    ledger::{Demand, EraseOutcome, Erased, Keep, Kept, KeptPlace, Ledger, LedgerError, Shelf},
};

/// Between two pages, so that a large sweep leaves room for the day's work.
const PAUSE: Duration = Duration::from_millis(200);

/// What the audit says of an operator at the machine.
const AT_THIS_MACHINE: &str = "cli";

/// Why data were not erased, or not to the end. What was erased stays erased.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    #[error("the ledger failed: {0}")]
    Ledger(#[from] LedgerError),
    #[error("the archive failed: {0}")]
    Archive(#[from] ArchiveError),
}

impl From<RetentionError> for Failure {
    fn from(error: RetentionError) -> Self {
        match error {
            RetentionError::Ledger(error) => error.into(),
            RetentionError::Archive(error) => error.into(),
        }
    }
}

/// Erases what an ended job holds, its file included.
///
/// # Errors
/// [`RetentionError`].
pub async fn erase(books: impl Into<Books<'_>>, archive: &Archive, id: JobId) -> Result<EraseOutcome, RetentionError> {
    let books = books.into();
    let outcome = match books {
        Books::All(ledger) | Books::Of(ledger, _) => ledger.erase(id).await?,
        Books::Own(shelf) => shelf.erase(id).await?,
    };
    if let EraseOutcome::Erased(erased) = &outcome {
        remove_file(books, archive, erased).await?;
    }
    Ok(outcome)
}

/// Whose jobs are looked through: an operator at the machine may look through all or an organisation's, a caller through
/// their own.
#[derive(Debug, Clone, Copy)]
pub enum Books<'a> {
    All(&'a Ledger),
    Of(&'a Ledger, &'a OrganisationId),
    Own(&'a Shelf),
}

impl Books<'_> {
    /// As [`Ledger::requests_after`].
    pub(crate) async fn requests_after(self, after: Option<JobId>) -> Result<Vec<(Job, String)>, LedgerError> {
        match self {
            Books::All(ledger) => ledger.requests_after(None, after).await,
            Books::Of(ledger, organisation) => ledger.requests_after(Some(organisation), after).await,
            Books::Own(shelf) => shelf.requests_after(after).await,
        }
    }

    /// As [`Ledger::kept_places`].
    pub(crate) async fn kept_places(self) -> Result<Vec<KeptPlace>, LedgerError> {
        match self {
            Books::All(ledger) => ledger.kept_places(None).await,
            Books::Of(ledger, organisation) => ledger.kept_places(Some(organisation)).await,
            Books::Own(shelf) => shelf.kept_places().await,
        }
    }

    /// As [`Ledger::kept`].
    pub(crate) async fn kept(self, place: &KeptPlace) -> Result<Option<Kept>, LedgerError> {
        match self {
            Books::All(ledger) | Books::Of(ledger, _) => ledger.kept(place).await,
            Books::Own(shelf) => shelf.kept(place).await,
        }
    }

    /// As [`Ledger::write_over`].
    pub(crate) async fn write_over(
        self,
        place: &KeptPlace,
        without: impl FnOnce(&Value) -> Option<Value> + Send,
        proof: &str,
    ) -> Result<bool, LedgerError> {
        match self {
            Books::All(ledger) | Books::Of(ledger, _) => {
                ledger.write_over(place, without, Demand { proof, by: AT_THIS_MACHINE }).await
            }
            Books::Own(shelf) => shelf.write_over(place, without, proof).await,
        }
    }

    /// As [`Ledger::settle_erasure`].
    pub(crate) async fn settle_erasure(self) -> Result<(), LedgerError> {
        match self {
            Books::All(ledger) | Books::Of(ledger, _) => ledger.settle_erasure().await,
            Books::Own(shelf) => shelf.settle_erasure().await,
        }
    }

    /// As [`Ledger::note_person`].
    pub(crate) async fn note_person(self, id: JobId, proof: &str) -> Result<(), LedgerError> {
        match self {
            Books::All(ledger) | Books::Of(ledger, _) => ledger.note_person(id, proof).await,
            Books::Own(shelf) => shelf.note_person(id, proof).await,
        }
    }
}

impl<'a> From<&'a Ledger> for Books<'a> {
    fn from(ledger: &'a Ledger) -> Self {
        Self::All(ledger)
    }
}

impl<'a> From<&'a Shelf> for Books<'a> {
    fn from(shelf: &'a Shelf) -> Self {
        Self::Own(shelf)
    }
}

/// What one sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outdated {
    /// Jobs of which something was erased.
    pub jobs: u64,
    /// Idempotency keys forgotten.
    pub keys: u64,
}

/// Erases everything older than `keep` says, in pages; forgets keys; seals the audit; folds counts.
///
/// # Errors
/// [`RetentionError`]; the next sweep begins where this one ended.
pub async fn sweep(ledger: &Ledger, archive: &Archive, keep: Keep) -> Result<Outdated, RetentionError> {
    let mut outdated = Outdated::default();
    loop {
        let page = ledger.erase_outdated(keep).await?;
        for erased in &page {
            if let Err(error) = remove_file(Books::All(ledger), archive, erased).await {
                warn!(job.id = %erased.job, %error, "The erased paper of job {} is left to the archive's sweep", erased.job);
            }
        }
        outdated.jobs += page.len() as u64;
        if page.is_empty() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    outdated.keys = ledger.forget_keys().await?;
    ledger.seal_audit().await?;
    ledger.fold_counts().await?;
    if outdated.jobs > 0 {
        info!(jobs = outdated.jobs, "Data whose time was over were erased");
    }
    Ok(outdated)
}

async fn remove_file(books: Books<'_>, archive: &Archive, erased: &Erased) -> Result<(), RetentionError> {
    let Some(sha256) = &erased.paper else { return Ok(()) };
    let may_go = match books {
        Books::All(ledger) | Books::Of(ledger, _) => ledger.paper_may_go(erased).await?,
        Books::Own(shelf) => shelf.paper_may_go(erased).await?,
    };
    if !may_go || !archive.remove(sha256).await? {
        return Ok(());
    }
    match books {
        Books::All(ledger) | Books::Of(ledger, _) => ledger.paper_is_gone(erased).await?,
        Books::Own(shelf) => shelf.paper_is_gone(erased).await?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        job::{Artifact, NewJob},
        ledger::{LeaseOutcome, LedgerLimits},
    };

    struct House {
        ledger: Ledger,
        archive: Archive,
        _folder: tempfile::TempDir,
    }

    async fn house() -> House {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path().join("ledger.sqlite"), LedgerLimits::default()).await.unwrap();
        let archive = Archive::open(folder.path().join("archive")).unwrap();
        House { ledger, archive, _folder: folder }
    }

    impl House {
        async fn make(&self, paper: &[u8]) -> (JobId, String) {
            let new = NewJob::sample();
            let id = self.ledger.accept(new).await.unwrap().id;
            let LeaseOutcome::Taken(lease) = self.ledger.lease(id, "w", Duration::from_secs(9)).await.unwrap() else {
                panic!("not taken")
            };
            let (sha256, size) = self.archive.store(paper.to_vec()).await.unwrap();
            let artifact = Artifact { sha256: sha256.clone(), size, pages: 1 };
            assert!(self.ledger.succeed(&lease, &artifact).await.unwrap());
            (id, sha256)
        }

        async fn holds(&self, sha256: &str) -> bool {
            self.archive.read(sha256).await.unwrap().is_some()
        }
    }

    #[tokio::test]
    async fn an_erased_paper_leaves_the_archive_with_the_last_job_it_belongs_to() {
        let house = house().await;
        let ((first, sha256), (second, _)) = (house.make(b"%PDF one").await, house.make(b"%PDF one").await);
        let (_, other) = house.make(b"%PDF two").await;
        assert!(matches!(erase(&house.ledger, &house.archive, first).await.unwrap(), EraseOutcome::Erased(_)));
        assert!(house.holds(&sha256).await, "it is the second job's too");
        erase(&house.ledger, &house.archive, second).await.unwrap();
        assert!(!house.holds(&sha256).await);
        assert!(house.holds(&other).await);
        let gone = house.ledger.audit_of(second).await.unwrap();
        assert_eq!(gone.last().unwrap().action, "remove-file");
        assert!(house.ledger.audit_of(first).await.unwrap().iter().all(|row| row.action != "remove-file"));
    }

    #[tokio::test]
    async fn a_sweep_takes_what_is_outdated_and_nothing_else() {
        let house = house().await;
        let (_, sha256) = house.make(b"%PDF one").await;
        let hour = Some(Duration::from_secs(3600));
        let nothing = sweep(&house.ledger, &house.archive, Keep { requests: hour, papers: hour }).await.unwrap();
        assert_eq!(nothing, Outdated::default());
        let now = Some(Duration::ZERO);
        let requests = sweep(&house.ledger, &house.archive, Keep { requests: now, papers: None }).await.unwrap();
        assert_eq!(requests.jobs, 1);
        assert!(house.holds(&sha256).await);
        let papers = sweep(&house.ledger, &house.archive, Keep { requests: now, papers: now }).await.unwrap();
        assert_eq!(papers.jobs, 1);
        assert!(!house.holds(&sha256).await);
    }
}
