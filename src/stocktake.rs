//! Holds ledger, archive and doorbell against each other, and mends what can be mended without a doubt.
//!
//! The ledger is the truth: a file that it names and the archive has lost is made again from the stored request. A paper
//! is a pure function of its request, so it is the same file or it is not put there.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{
    archive::{Archive, ArchiveError},
    failure::FailureCode,
    fingerprint,
    job::{JobId, JobState},
    ledger::{Chain, Ledger, LedgerError},
    queue::{Doorbell, QueueError},
    worker::Renders,
};

/// Left-overs younger than this may be somebody's work.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(3_600);
/// A due job waits for longer than this only where nobody works.
const STUCK_AFTER: Duration = Duration::from_secs(900);
/// A lease that ran out longer ago was seen by no dispatcher.
const EXPIRED_AFTER: Duration = Duration::from_secs(300);

/// What is to be done about what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It is told.
    Look,
    /// What can be mended is mended, and what nobody needs taken away.
    Mend,
}

/// Why there is no stock. What was mended before stays mended.
#[derive(Debug, thiserror::Error)]
pub enum StocktakeError {
    #[error("the ledger failed: {0}")]
    Ledger(#[from] LedgerError),
    #[error("the archive failed: {0}")]
    Archive(#[from] ArchiveError),
}

/// What is wrong with a file that the ledger names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Harm {
    /// It is not there.
    Lost,
    /// Its bytes are not those of its name.
    Damaged,
}

/// What became of a harmed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mending {
    /// Nobody asked for it.
    NotTried,
    /// It was made again, byte for byte.
    Mended,
    /// No request is stored any more.
    NoRequest,
    /// The request gives another paper today: program, templates or fonts have changed.
    Otherwise,
    /// It could not be made. The code alone: a verdict's sentences may repeat what a paper says.
    Failed(FailureCode),
}

/// A file that the ledger names and the archive does not hold as it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Harmed {
    pub sha256: String,
    pub harm: Harm,
    /// The jobs whose paper it is.
    pub jobs: Vec<JobId>,
    pub mending: Mending,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Stock {
    /// Files that the ledger names, and their bytes.
    pub files: u64,
    pub bytes: u64,
    pub harmed: Vec<Harmed>,
    /// Old files in the archive that no job names; the service sweeps them.
    pub orphans: u64,
    /// Old left-overs of writes that never finished.
    pub unfinished: u64,
    /// Orphans and left-overs that were taken away.
    pub removed: u64,
    /// Jobs per state.
    pub jobs: BTreeMap<&'static str, u64>,
    /// Due jobs that nobody has taken up for long.
    pub stuck: u64,
    /// Leases that ran out long ago and were not taken back.
    pub forgotten_leases: u64,
    /// The audit's chain.
    pub audit: Chain,
    /// Version of the ledger's schema.
    pub schema: i64,
    pub doorbell: Bells,
}

/// What was found about the doorbell.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Bells {
    /// Rings that are out.
    pub rings: u64,
    /// Of these, rings for jobs that the ledger does not know.
    pub unknown: u64,
    /// Of these, entries that are no rings.
    pub unreadable: u64,
    /// What the server is set to do with memory and disk; empty where it does not say.
    pub server: BTreeMap<String, String>,
    /// Why nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl Stock {
    /// Files that are not as they should be.
    pub fn missing(&self) -> usize {
        self.harmed.iter().filter(|harmed| harmed.mending != Mending::Mended).count()
    }

    /// Whether somebody has to do something.
    pub fn is_sound(&self) -> bool {
        self.missing() == 0
            && (self.stuck, self.forgotten_leases) == (0, 0)
            && self.audit.broken_at.is_none()
            && self.doorbell.is_sound()
    }
}

impl Bells {
    /// Whether the server answers and keeps what it is told. Strange rings are cleaned by the workers.
    pub fn is_sound(&self) -> bool {
        self.fault.is_none() && self.server.get("maxmemory-policy").is_none_or(|policy| policy == "noeviction")
    }
}

/// The books, to be looked through.
#[derive(Debug, Clone, Copy)]
pub struct Stocktake<'a> {
    pub ledger: &'a Ledger,
    pub archive: &'a Archive,
    pub doorbell: &'a Doorbell,
}

impl Stocktake<'_> {
    /// Looks at everything and changes nothing but that audit rows are sealed.
    ///
    /// # Errors
    /// [`StocktakeError`] when ledger or archive cannot be read; what the doorbell does is only told.
    pub async fn take(&self) -> Result<Stock, StocktakeError> {
        self.ledger.seal_audit().await?;
        let mut stock = Stock {
            files: 0,
            bytes: 0,
            harmed: Vec::new(),
            orphans: 0,
            unfinished: self.archive.unfinished(LEFT_OVER_AFTER).await?,
            removed: 0,
            jobs: self.jobs().await?,
            stuck: self.ledger.stuck(STUCK_AFTER).await?,
            forgotten_leases: self.ledger.leases_expired_for(EXPIRED_AFTER).await?,
            audit: self.ledger.verify_audit().await?,
            schema: self.ledger.schema().await?,
            doorbell: self.bells().await?,
        };
        self.look_at_files(&mut stock).await?;
        for sha256 in self.archive.names(LEFT_OVER_AFTER).await? {
            stock.orphans += u64::from(!self.ledger.artifact_is_referenced(&sha256).await?);
        }
        Ok(stock)
    }

    async fn look_at_files(&self, stock: &mut Stock) -> Result<(), StocktakeError> {
        let mut after = String::new();
        loop {
            let page = self.ledger.named_after(&after).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.sha256.clone();
            for named in page {
                stock.files += 1;
                stock.bytes += named.size;
                let harm = match self.archive.read(&named.sha256).await? {
                    None => Harm::Lost,
                    Some(bytes) if fingerprint::of(&bytes) != named.sha256 => Harm::Damaged,
                    Some(_) => continue,
                };
                // Erased while it was looked for, or harmed.
                let jobs = self.ledger.jobs_with_paper(&named.sha256).await?;
                if !jobs.is_empty() {
                    stock.harmed.push(Harmed { sha256: named.sha256, harm, jobs, mending: Mending::NotTried });
                }
            }
        }
    }

    async fn jobs(&self) -> Result<BTreeMap<&'static str, u64>, LedgerError> {
        let counts = self.ledger.counts().await?;
        Ok(JobState::ALL.iter().map(|state| (state.as_str(), counts.of(*state))).collect())
    }

    async fn bells(&self) -> Result<Bells, LedgerError> {
        let (rings, server) = match self.ask_doorbell().await {
            Ok(answer) => answer,
            Err(error) => return Ok(Bells { fault: Some(error.to_string()), ..Bells::default() }),
        };
        let mut bells = Bells { rings: rings.len() as u64, server, ..Bells::default() };
        for ring in rings {
            match ring {
                None => bells.unreadable += 1,
                Some(job) => bells.unknown += u64::from(self.ledger.find(job).await?.is_none()),
            }
        }
        Ok(bells)
    }

    async fn ask_doorbell(&self) -> Result<(Vec<Option<JobId>>, BTreeMap<String, String>), QueueError> {
        self.doorbell.ping().await?;
        Ok((self.doorbell.rings().await?, self.doorbell.server_settings().await))
    }

    /// Makes harmed files again, and takes away what nobody needs.
    ///
    /// # Errors
    /// [`StocktakeError`] when ledger or archive cannot be read or written.
    pub async fn mend(&self, stock: &mut Stock, press: &impl Renders) -> Result<(), StocktakeError> {
        for harmed in &mut stock.harmed {
            harmed.mending = self.mend_file(harmed, press).await?;
        }
        let ledger = self.ledger.clone();
        let referenced = |sha256: String| {
            let ledger = ledger.clone();
            // In doubt a file stays.
            async move { ledger.artifact_is_referenced(&sha256).await.unwrap_or(true) }
        };
        let swept = self.archive.sweep(LEFT_OVER_AFTER, referenced).await?;
        stock.removed = swept.unfinished + swept.unreferenced;
        Ok(())
    }

    async fn mend_file(&self, harmed: &Harmed, press: &impl Renders) -> Result<Mending, StocktakeError> {
        let mut outcome = Mending::NoRequest;
        for &job in &harmed.jobs {
            let Some(order) = self.ledger.order(job).await? else { continue };
            outcome = match press.render(&order).await {
                Ok(paper) if fingerprint::of(&paper.bytes) == harmed.sha256 => {
                    // A damaged file is written anew, whole from one moment to the next.
                    self.archive.store(paper.bytes).await?;
                    return Ok(Mending::Mended);
                }
                Ok(_) => Mending::Otherwise,
                Err(verdict) => Mending::Failed(verdict.code()),
            };
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests;
