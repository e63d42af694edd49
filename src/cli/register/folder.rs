//! `register export`, `register import`: the register of a year as a folder, the one that `batch` closes.

use std::{path::Path, process::ExitCode};

use serde::Serialize;

use crate::{
    cli::{batch::IN_PART, output},
    closing::{self, Fault, Leniency},
    desk::{Figures, Province, RegisterDesk},
    failure::{Failure, FailureCode},
    register::PeriodId,
};

/// Writes the folder, which has to be new or empty.
pub(super) async fn export(register: &RegisterDesk, folder: &Path, period: PeriodId) -> Result<(), Failure> {
    output::empty_folder(folder)?;
    let Province { register, sent, missing } = register.province(period, Figures::Newest, None).await?;
    write(&folder.join("province.json"), &register)?;
    for one in &sent {
        write(&folder.join(format!("{}.json", one.bloc)), one)?;
    }
    output::say(&format!("Đã ghi province.json và {} tệp của khối, cụm vào {}.\n", sent.len(), folder.display()));
    if !missing.is_empty() {
        output::say(&format!("Chưa có số liệu ({}): {}.\n", missing.len(), missing.join("; ")));
    }
    Ok(())
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::internal(error.to_string()))?;
    output::write(path, format!("{text}\n").as_bytes())
}

/// Takes a folder over; everything is checked before anything is written.
pub(super) async fn import(register: &RegisterDesk, folder: &Path, leniency: Leniency) -> Result<ExitCode, Failure> {
    let ((province, sent), mut faults) = closing::province(folder)?;
    let Some(province) = province else {
        if faults.is_empty() {
            return Err(Failure::new(
                FailureCode::BadParameter,
                "Thư mục không có tệp province.json.",
                "the folder has no province.json",
            )
            .hint("Dựng thử dữ liệu mẫu bằng lệnh `tdkt-reports province-sample`."));
        }
        return refused(&faults);
    };
    // Files that cannot be read are told together with the faults of those that can.
    let unreadable = std::mem::take(&mut faults);
    let (taken, further) = register.take_over(province, sent, unreadable, leniency).await?;
    faults.extend(further);
    if taken.entries == 0 {
        return refused(&faults);
    }
    faults.iter().for_each(told);
    output::say(&format!(
        "Đã nhận {} mục và số liệu {} kỳ của các khối, cụm; {} đã có sẵn. Bỏ ra {} chỗ{}.\n",
        taken.entries,
        taken.submissions,
        taken.unchanged,
        faults.len(),
        if faults.is_empty() { "" } else { ", nêu trên" }
    ));
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(IN_PART) })
}

fn refused(faults: &[Fault]) -> Result<ExitCode, Failure> {
    faults.iter().for_each(told);
    Err(Failure::new(
        FailureCode::InvalidDocument,
        format!("Có {} chỗ có lỗi, chưa ghi gì vào sổ đăng ký.", faults.len()),
        "the folder has faults",
    )
    .hint("Sửa các lỗi trên, hoặc thêm --accept-partial để bỏ riêng văn bản có lỗi."))
}

fn told(fault: &Fault) {
    output::say(&format!("{}{}: {}\n", fault.file, fault.at, fault.failure.message));
    output::notices(&fault.failure.findings);
}
