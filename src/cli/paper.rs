//! `check --paper`, `extract` and `verify`: what a finished PDF says of itself.

use std::path::Path;

use super::output;
use crate::{
    failure::{Failure, FailureCode, Finding, Severity},
    rendering::Workshop,
    settings::Settings,
    vietnamese::upper_first,
};

/// Measures a finished file against the layout law.
pub(super) fn check(file: &Path, form: Option<&str>) -> Result<(), Failure> {
    let faults = Workshop::inspect_paper(&output::read(file)?, form)?.1;
    if faults.is_empty() {
        return output::print("Văn bản đúng thể thức (Nghị định 30/2020/NĐ-CP, Phụ lục I).\n".as_bytes());
    }
    let count = faults.len();
    let findings = faults.into_iter().map(|fault| {
        let place = format!("trang {}", fault.page);
        Finding::new("layout", Severity::Error, place, upper_first(&fault.message), fault.message_en)
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
    let [message, message_en] = verification.sentences();
    if verification.agrees {
        return output::print(format!("{message}\n").as_bytes());
    }
    Err(Failure::new(FailureCode::InvalidDocument, message, message_en)
        .hint("Nếu chỉ khác mẫu, phông chữ hoặc phiên bản, hãy đối chiếu bằng bản cài đặt đã lập văn bản."))
}
