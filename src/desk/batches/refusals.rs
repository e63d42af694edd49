//! Why a batch is not taken, in both languages.

use super::MOST_PARTS;
use crate::{
    closing::{Fault, Plan},
    failure::{Failure, FailureCode, Finding, Severity},
};

/// A fault with its place: that of the request, or of what a bloc sent.
pub(super) fn placed(fault: Fault) -> (String, Failure) {
    let Fault { file, at, failure } = fault;
    let place = match file.strip_suffix(".json") {
        None => format!("/requests{at}"),
        Some("province") => at,
        Some(bloc) => format!("/blocs/{bloc}{at}"),
    };
    (place, failure)
}

pub(super) fn wrong_size(plan: &Plan) -> Failure {
    if !plan.parts.is_empty() || plan.register.is_none() {
        return wrong_number();
    }
    let findings = plan.missing.iter().map(|name| {
        let message = format!("“{name}” chưa gửi số liệu.");
        Finding::new("register-missing", Severity::Error, "", message, "The bloc has sent nothing.").found(name)
    });
    let (message, message_en) = if plan.submissions.is_empty() {
        ("Chưa khối, cụm nào gửi số liệu của kỳ này.", "No bloc has sent anything for this period.")
    } else {
        (
            "Kỳ này chưa có văn bản nào trong phạm vi đã chọn.",
            "Nothing that was sent for this period is among what is asked for.",
        )
    };
    Failure::new(FailureCode::PeriodIncomplete, message, message_en)
        .hint("Xem ai đã gửi: GET /v1/periods/{kỳ}/status.")
        .with_findings(findings.collect())
}

pub(super) fn wrong_number() -> Failure {
    Failure::new(
        FailureCode::BadParameter,
        format!("Một lô gồm từ 1 đến {MOST_PARTS} yêu cầu."),
        format!("A batch has 1 to {MOST_PARTS} requests."),
    )
    .hint("Chia thành nhiều lô.")
}
