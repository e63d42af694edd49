//! Why a batch is not taken, in both languages.

use super::{MOST_PARTS, Placed};
use crate::{
    binding::{self, Bounds, Unfit},
    closing::{Fault, LINES, Plan},
    failure::{Failure, FailureCode, Finding, Severity},
    intake::LARGEST_REQUEST,
    vietnamese::escape_pointer,
};

/// A fault with its place: that of the request, or of what a bloc sent.
pub(super) fn placed(fault: Fault) -> Placed {
    let Fault { file, at, failure, more } = fault;
    let place = match file.strip_suffix(".json") {
        None if file == LINES => format!("/{LINES}{at}"),
        None => format!("/requests{at}"),
        Some("province") => at,
        Some(bloc) => format!("/blocs/{bloc}{at}"),
    };
    Placed { at: place, failure, more }
}

/// A fault with its place in a folder of inputs.
pub(super) fn in_file(fault: Fault) -> Placed {
    let Fault { file, at, failure, more } = fault;
    Placed { at: format!("/files/{}{at}", escape_pointer(&file)), failure, more }
}

/// The files of a ZIP file by their names.
pub(super) fn unpacked(bytes: &[u8], most: usize) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    // Folders have entries of their own, and file managers add some.
    let bounds = Bounds { files: 2 * MOST_PARTS, largest: most, all: most };
    let files = binding::unpack(bytes, bounds).map_err(|unfit| match unfit {
        Unfit::Unreadable => {
            let finding = Finding::new(
                "archive",
                Severity::Error,
                "",
                "Không đọc được tệp ZIP: tệp hỏng, có mật khẩu hoặc nén theo cách lạ.",
                "The ZIP file is broken, locked, or packed in a way that is not read.",
            );
            Failure::invalid_document(vec![finding])
        }
        Unfit::TooManyFiles => too_large(format!("quá {} tệp", bounds.files), format!("{} files", bounds.files)),
        Unfit::FileTooLarge => {
            too_large(format!("một tệp lớn hơn {} byte", bounds.largest), format!("{} bytes in a file", bounds.largest))
        }
        Unfit::AllTooLarge => too_large(format!("tất cả lớn hơn {most} byte"), format!("{most} bytes in all")),
    })?;
    // In lines there are many papers; each has its bound where it is checked.
    if files.iter().any(|file| !file.name.ends_with(".ndjson") && file.bytes.len() > LARGEST_REQUEST) {
        let most = LARGEST_REQUEST;
        return Err(too_large(format!("một tệp lớn hơn {most} byte"), format!("{most} bytes in a file")));
    }
    Ok(files.into_iter().map(|file| (file.name, file.bytes)).collect())
}

fn too_large(what: String, what_en: String) -> Failure {
    Failure::new(
        FailureCode::BodyTooLarge,
        format!("Tệp ZIP giải nén ra quá lớn: {what}."),
        format!("The ZIP file holds more than {what_en}."),
    )
    .hint("Chia thành nhiều lô.")
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
