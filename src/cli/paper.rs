//! `check --paper`, `extract` and `verify`: what a finished PDF says of itself.

use std::path::Path;

use super::output;
use crate::{
    failure::{Failure, FailureCode, Finding, Severity},
    rendering::Workshop,
    settings::Settings,
};

/// Measures a finished file against the layout law.
pub(super) fn check(file: &Path, check_kind: &str) -> Result<(), Failure> {
    let faults = Workshop::inspect_paper(&output::read(file)?, check_kind)?;
    if faults.is_empty() {
        return output::print("Văn bản đúng thể thức (Nghị định 30/2020/NĐ-CP, Phụ lục I).\n".as_bytes());
    }
    let count = faults.len();
    let findings = faults.into_iter().map(|fault| {
        let message = format!("Trang {}: {}", fault.page, fault.message);
        Finding::new("layout", Severity::Error, format!("trang {}", fault.page), message, fault.message_en)
            .found(fault.measured)
            .law(fault.clause)
    });
    Err(Failure::new(
        FailureCode::InvalidDocument,
        format!("Văn bản có {count} chỗ không đúng thể thức."),
        format!("{count} layout fault(s)"),
    )
    .hint("Sửa các chỗ đã nêu rồi kết xuất lại.")
    .with_findings(findings.collect()))
}

/// Writes the data that a file carries.
pub(super) fn extract(file: &Path, target: &Path, settings: &Settings) -> Result<(), Failure> {
    let carried = super::workshop(settings)?.extract(&output::read(file)?)?;
    output::write(target, format!("{:#}\n", carried.manuscript.request).as_bytes())
}

/// Renders the data that a file carries once more and says whether the bytes agree.
pub(super) fn verify(file: &Path, settings: &Settings) -> Result<(), Failure> {
    let verification = super::workshop(settings)?.verify(&output::read(file)?)?;
    if verification.agrees {
        return output::print("Khớp: lập lại từ dữ liệu đính kèm cho đúng từng byte.\n".as_bytes());
    }
    let names: Vec<&str> = verification.differences.iter().map(|part| part.vietnamese()).collect();
    let message = if names.is_empty() {
        "Không khớp: dữ liệu và công thức như cũ nhưng trang đã bị sửa sau khi lập.".to_owned()
    } else {
        format!("Không khớp: khác {}.", names.join(", "))
    };
    Err(Failure::new(FailureCode::InvalidDocument, message, "the file's bytes are not those its data gives")
        .hint("Nếu chỉ khác mẫu, phông chữ hoặc phiên bản, hãy đối chiếu bằng bản cài đặt đã lập văn bản."))
}
