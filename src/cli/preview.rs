//! `preview KIND`: for template authors; renders a sample again whenever a file of the template folder is saved.

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    time::{Duration, Instant},
};

use clap::Args;
use notify::{RecursiveMode, Watcher};

use super::{kinds, output};
use crate::{
    failure::{Failure, FailureCode},
    intake::Treatment,
    settings::Settings,
};

/// Editors save in several steps; changes this near to each other are one.
const SETTLING: Duration = Duration::from_millis(120);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Mã loại văn bản.
    kind: String,
    /// Tên mẫu dữ liệu.
    #[arg(long, default_value = "simple")]
    sample: String,
    /// Tệp dữ liệu dùng thay cho mẫu.
    #[arg(long, value_name = "TỆP")]
    file: Option<PathBuf>,
    /// Tệp PDF kết quả.
    #[arg(short, long, default_value = "preview.pdf", value_name = "TỆP")]
    output: PathBuf,
    /// Chỉ lập một lần rồi thoát.
    #[arg(long)]
    once: bool,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<(), Failure> {
    let first = render(arguments, settings);
    if arguments.once {
        return first;
    }
    if settings.templates.as_os_str().is_empty() {
        return Err(Failure::new(
            FailureCode::BadParameter,
            "Cần nêu thư mục mẫu đang sửa.",
            "preview needs --templates",
        )
        .hint("Ví dụ: tdkt-reports preview six-month-review --templates report_templates"));
    }
    show(first);
    let (tell, changes) = mpsc::channel();
    let unwatched = |error: notify::Error| Failure::internal(format!("the template folder cannot be watched: {error}"));
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| event.kind.is_modify() || event.kind.is_create() || event.kind.is_remove()) {
            let _ = tell.send(());
        }
    })
    .map_err(unwatched)?;
    watcher.watch(&settings.templates, RecursiveMode::Recursive).map_err(unwatched)?;
    if let Some(folder) = arguments.file.as_deref().and_then(Path::parent).filter(|f| !f.as_os_str().is_empty()) {
        watcher.watch(folder, RecursiveMode::NonRecursive).map_err(unwatched)?;
    }
    output::say("Đang theo dõi thư mục mẫu; nhấn Ctrl+C để dừng.\n");
    while changes.recv().is_ok() {
        while changes.recv_timeout(SETTLING).is_ok() {}
        show(render(arguments, settings));
    }
    Ok(())
}

fn render(arguments: &Arguments, settings: &Settings) -> Result<(), Failure> {
    let start = Instant::now();
    let workshop = super::workshop(settings)?;
    let kind = workshop.catalog().kind(&arguments.kind).ok_or_else(|| kinds::unknown(&arguments.kind, &workshop))?;
    let request = match &arguments.file {
        Some(file) => output::read(file)?,
        None => kind
            .sample(&arguments.sample)
            .map(|text| text.as_bytes().to_vec())
            .ok_or_else(|| Failure::new(FailureCode::UnknownSample, "Không có mẫu dữ liệu này.", "no such sample"))?,
    };
    let accepted = workshop.check(&request, Treatment::AsSent)?;
    output::notices(&accepted.findings);
    let made = workshop.make(&accepted.manuscript)?;
    output::write(&arguments.output, &made.bytes)?;
    let (pages, took) = (made.pages, start.elapsed().as_millis());
    output::say(&format!("Đã lập {} ({pages} trang, {took} ms).\n", arguments.output.display()));
    Ok(())
}

fn show(outcome: Result<(), Failure>) {
    if let Err(failure) = outcome {
        let _ = output::report(&failure);
    }
}
