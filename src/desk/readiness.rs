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

/// The archive: down also where too little space is free.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ArchiveCheck {
    pub status: PartStatus,
    /// Absent where it could not be measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
    pub kept_free_bytes: u64,
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
    /// Jobs are accepted and wait: nobody hears the doorbell, or no child renders.
    Degraded,
    /// Jobs cannot be kept.
    Unready,
}

impl Readiness {
    pub fn overall(&self) -> Overall {
        let down = |status: PartStatus| status == PartStatus::Down;
        if down(self.ledger.status) || down(self.archive.status) {
            Overall::Unready
        } else if down(self.doorbell.status) || down(self.press.status) {
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
        let overall = |ledger, archive, doorbell, press| {
            let archive = ArchiveCheck { status: Check::of(archive).status, free_bytes: None, kept_free_bytes: 0 };
            let [ledger, doorbell, press] = [ledger, doorbell, press].map(Check::of);
            Readiness { ledger, archive, doorbell, press }.overall()
        };
        assert_eq!(overall(true, true, true, true), Overall::Ready);
        assert_eq!(overall(true, true, false, true), Overall::Degraded);
        assert_eq!(overall(true, true, true, false), Overall::Degraded);
        assert_eq!(overall(false, true, true, true), Overall::Unready);
        assert_eq!(overall(true, false, true, true), Overall::Unready);
    }
}
