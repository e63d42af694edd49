//! Whether work can be accepted, part by part. No part says where it is or why it is down: that is for the log.

use serde::Serialize;

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PartStatus {
    Ok,
    Down,
}

/// One part.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Check {
    pub status: PartStatus,
}

impl Check {
    pub(super) fn of(works: bool) -> Self {
        Self { status: if works { PartStatus::Ok } else { PartStatus::Down } }
    }
}

/// The archive: down where it takes no papers, be it too little free space, or a bucket that does not answer.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ArchiveCheck {
    pub status: PartStatus,
    /// Absent where it could not be measured, and for a bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
    /// Absent for a bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_free_bytes: Option<u64>,
}

/// The parts that work needs.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Readiness {
    pub ledger: Check,
    pub archive: ArchiveCheck,
    pub doorbell: Check,
    pub press: Check,
}

/// What the parts come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Overall {
    Ready,
    /// Jobs are accepted and wait: nobody hears the doorbell, no child renders, or the bucket of papers is away.
    Degraded,
    /// Jobs cannot be kept.
    Unready,
}

impl Readiness {
    pub fn overall(&self) -> Overall {
        let down = |status: PartStatus| status == PartStatus::Down;
        let is_folder = self.archive.kept_free_bytes.is_some();
        if down(self.ledger.status) || (down(self.archive.status) && is_folder) {
            Overall::Unready
        } else if down(self.archive.status) || down(self.doorbell.status) || down(self.press.status) {
            Overall::Degraded
        } else {
            Overall::Ready
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_jobs_decides_and_what_makes_papers_may_come_later() {
        let with_archive = |archive, kept_free_bytes, [ledger, doorbell, press]: [bool; 3]| {
            let archive = ArchiveCheck { status: Check::of(archive).status, free_bytes: None, kept_free_bytes };
            let [ledger, doorbell, press] = [ledger, doorbell, press].map(Check::of);
            Readiness { ledger, archive, doorbell, press }.overall()
        };
        let overall = |ledger, archive, doorbell, press| with_archive(archive, Some(0), [ledger, doorbell, press]);
        assert_eq!(overall(true, true, true, true), Overall::Ready);
        assert_eq!(overall(true, true, false, true), Overall::Degraded);
        assert_eq!(overall(true, true, true, false), Overall::Degraded);
        assert_eq!(overall(false, true, true, true), Overall::Unready);
        assert_eq!(overall(true, false, true, true), Overall::Unready);
        assert_eq!(with_archive(false, None, [true; 3]), Overall::Degraded, "a bucket that is away");
    }
}
