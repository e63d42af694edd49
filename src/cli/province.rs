//! `province-sample DIR`: the invented province, as a folder for `batch`.

use std::path::PathBuf;

use clap::Args;

use super::output;
use crate::{
    failure::Failure,
    sample_province::{Plan, invent},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Thư mục kết quả, mới hoặc trống.
    folder: PathBuf,
    /// Số gieo; cùng một số cho cùng một tỉnh.
    #[arg(long, default_value_t = 1, value_name = "SỐ")]
    seed: u64,
    /// Số cụm, khối.
    #[arg(long, default_value_t = 60, value_name = "SỐ")]
    blocs: usize,
    /// Số văn bản của mỗi cụm, khối.
    #[arg(long, default_value_t = 3, value_name = "SỐ")]
    papers: usize,
    /// Số cụm, khối chưa gửi gì.
    #[arg(long, default_value_t = 3, value_name = "SỐ")]
    missing: usize,
    /// Số cụm, khối gửi số liệu mâu thuẫn.
    #[arg(long, default_value_t = 2, value_name = "SỐ")]
    faulty: usize,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = &arguments.folder;
    output::empty_folder(folder)?;
    let plan = Plan {
        seed: arguments.seed,
        blocs: arguments.blocs,
        papers: arguments.papers,
        missing: arguments.missing,
        faulty: arguments.faulty,
    };
    let files = invent(&plan);
    for file in &files {
        output::write(&folder.join(&file.name), file.text.as_bytes())?;
    }
    output::say(&format!("Đã dựng {} tệp trong {}.\n", files.len(), folder.display()));
    Ok(())
}
