//! Which findings an answer lists, and in which order.

use std::cmp::Ordering;

use super::Finding;

/// The most findings that one answer lists; a request this wrong is not mended line by line.
pub const MOST_FINDINGS: usize = 200;

/// Errors first, then by their places.
pub fn in_order(a: &Finding, b: &Finding) -> Ordering {
    b.severity.cmp(&a.severity).then_with(|| a.pointers.cmp(&b.pointers))
}

/// Lets go of what no answer would list, once there are twice as many: a stranger's request may have a million faults.
pub fn keep_told(findings: &mut Vec<Finding>) {
    if findings.len() >= 2 * MOST_FINDINGS {
        findings.sort_by(in_order);
        findings.truncate(MOST_FINDINGS);
    }
}
