//! What can go wrong on the way from manuscript to paper, as failures a clerk or an author can act on.

use crate::{
    composition::CompositionError,
    document::Status,
    failure::{Failure, FailureCode, Finding, Severity},
    inspection::LayoutFault,
    reading::ReadingError,
};

pub(super) fn gap_finding(gap: &str, status: Status) -> Finding {
    let gap = gap.trim_matches(['(', ')']);
    let severity = match status {
        Status::Draft => Severity::Info,
        Status::Issued => Severity::Error,
    };
    Finding::new("T03", severity, "/content", format!("Cần bổ sung: {gap}."), "The paper shows a gap here.")
        .expected("số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống")
}

pub(super) fn template_fault(error: CompositionError) -> Failure {
    template_failure(error.to_string())
}

pub(super) fn template_failure(place_and_cause: String) -> Failure {
    Failure::new(FailureCode::TemplateFault, "Mẫu văn bản có lỗi.", place_and_cause)
        .hint("Báo cho người soạn mẫu; dữ liệu của bạn không có lỗi.")
}

pub(super) fn unreadable_paper(error: ReadingError) -> Failure {
    match error {
        ReadingError::Unreadable => {
            Failure::new(FailureCode::UnreadablePaper, "Tệp không phải PDF hoặc bị hỏng.", error.to_string())
                .hint("Chọn đúng tệp PDF gốc.")
        }
        ReadingError::Encrypted => {
            Failure::new(FailureCode::EncryptedPaper, "Tệp PDF có mật khẩu nên không đọc được.", error.to_string())
                .hint("Bỏ mật khẩu của tệp, hoặc chọn tệp gốc.")
        }
        ReadingError::TooMuch(_) => Failure::new(
            FailureCode::PaperTooHeavy,
            "Tệp PDF quá nhiều trang hoặc mang quá nhiều dữ liệu.",
            error.to_string(),
        )
        .hint("Chọn đúng tệp PDF gốc."),
        ReadingError::NotAttached(_) => {
            Failure::new(FailureCode::PaperWithoutData, "Tệp PDF này không mang theo dữ liệu.", error.to_string())
                .hint("Chỉ văn bản được lập với “attach_data”: true mới trích và đối chiếu được.")
        }
    }
}

pub(super) fn missing_glyph(character: char, text: &str) -> Failure {
    let code = format!("U+{:04X}", u32::from(character));
    Failure::new(
        FailureCode::MissingGlyph,
        format!("Phông chữ không có ký tự “{character}” ({code})."),
        format!("No font has a glyph for {code}."),
    )
    .hint("Thay ký tự này, hoặc thêm phông chữ có ký tự này.")
    .with_findings(vec![
        Finding::new(
            "missing-glyph",
            Severity::Error,
            "",
            format!("Ký tự {code} đứng trong đoạn chữ này."),
            format!("{code} stands in this run of text."),
        )
        .found(text),
    ])
}

pub(super) fn unreadable_picture() -> Failure {
    Failure::invalid_document(vec![
        Finding::new(
            "signature-image",
            Severity::Error,
            "/paper/signing/signature_image",
            "Ảnh chữ ký không đọc được.",
            "The signature image cannot be decoded.",
        )
        .expected("ảnh PNG nền trong suốt, mã hóa base64")
        .law("Nghị định 30/2020/NĐ-CP, Phụ lục I, phần I, II.7.d"),
    ])
}

pub(super) fn layout_fault(faults: &[LayoutFault]) -> Failure {
    let findings = faults.iter().take(20).map(|fault| {
        Finding::new(
            "layout",
            Severity::Error,
            "",
            format!("Trang {}: {}", fault.page, fault.message),
            format!("page {}: {}", fault.page, fault.message_en),
        )
        .found(fault.measured.clone())
        .law(fault.clause)
    });
    Failure::new(
        FailureCode::LayoutFault,
        "Trang đã dàn không đúng thể thức.",
        format!("{} layout fault(s)", faults.len()),
    )
    .hint("Báo cho người soạn mẫu, kèm dữ liệu đã gửi.")
    .with_findings(findings.collect())
}
