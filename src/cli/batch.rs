//! `batch DIR --out OUT`: a folder of requests, made to the end; the same command again goes on where it was left.

mod remote;
mod watch;

use std::{path::PathBuf, process::ExitCode, time::Instant};

use clap::Args;

use super::output;
use crate::{
    app,
    closing::{ARCHIVE, Closing, Difference, Fault, Finished, Leniency, MERGED, Plan, Wanted},
    difference::{Change, table},
    failure::{Failure, FailureCode},
    press::Press,
    register::PeriodId,
    settings::Settings,
};
use watch::Watch;

/// Something was left out, or a paper could not be made; the rest is there.
pub(super) const IN_PART: u8 = 4;
/// Stopped by a signal; the same command goes on.
const STOPPED: u8 = 130;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Thư mục dữ liệu: mỗi khối, cụm một tệp JSON; province.json nếu lập cả báo cáo toàn tỉnh.
    #[arg(required_unless_present = "period")]
    folder: Option<PathBuf>,
    /// Thư mục kết quả; chạy lại với cùng thư mục thì chỉ làm phần còn thiếu hoặc đã thay đổi.
    #[arg(long, value_name = "THƯ MỤC")]
    out: PathBuf,
    /// Chỉ lập các loại văn bản này.
    #[arg(long, value_name = "MÃ LOẠI", value_delimiter = ',')]
    kind: Vec<String>,
    /// Bỏ riêng văn bản có lỗi và nêu tên; không có cờ này thì một lỗi là chưa lập gì.
    #[arg(long)]
    accept_partial: bool,
    /// Thêm phụ lục “Nguồn số liệu” vào báo cáo toàn tỉnh.
    #[arg(long)]
    sources: bool,
    /// Số văn bản lập cùng lúc; mặc định bằng số bộ xử lý.
    #[arg(long, value_name = "SỐ")]
    jobs: Option<usize>,
    /// In bảng khác biệt so với lần lập trước.
    #[arg(long)]
    diff: bool,
    /// Chỉ kiểm tra dữ liệu, không lập gì.
    #[arg(long, conflicts_with = "server")]
    check: bool,
    /// Lập trên dịch vụ ở địa chỉ này; khóa API lấy từ --key-file hoặc biến môi trường TDKT_KEY.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Tệp chứa khóa API của dịch vụ.
    #[arg(long, value_name = "TỆP", requires = "server")]
    key_file: Option<PathBuf>,
    /// Lập từ sổ đăng ký của dịch vụ: những gì khối, cụm đã gửi cho kỳ này (2026, 2026-H1), thay cho thư mục.
    #[arg(long, value_name = "KỲ", requires = "server", conflicts_with = "folder")]
    period: Option<PeriodId>,
    /// Lấy số liệu đã chốt, không lấy điều chỉnh.
    #[arg(long, requires = "period")]
    closed: bool,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<ExitCode, Failure> {
    let folder = match (&arguments.server, &arguments.folder) {
        (Some(server), _) => return remote::run(arguments, server, settings),
        (None, Some(folder)) => folder,
        (None, None) => return Err(Failure::internal("neither a folder nor a service")),
    };
    let workshop = super::workshop(settings)?;
    known_kinds(arguments, |name| workshop.catalog().kind(name).is_some())?;
    let started = Instant::now();
    let (plan, faults) = Plan::draw(folder, &wanted(arguments), &workshop)?;
    let checked = started.elapsed();
    if !faults.is_empty() {
        return Ok(refuse(&plan, &faults, wanted(arguments).leniency));
    }
    for left in &plan.left_out {
        told(&left.fault);
    }
    output::say(&format!("Đã kiểm tra {} văn bản trong {:.1} giây.\n", plan.parts.len(), checked.as_secs_f64()));
    if !plan.missing.is_empty() {
        output::say(&format!("Chưa có số liệu ({}): {}.\n", plan.missing.len(), plan.missing.join("; ")));
    }
    if arguments.check {
        return Ok(outcome(&plan, &Finished::default()));
    }
    let mut settings = settings.clone();
    if let Some(jobs) = arguments.jobs {
        settings.renderers = jobs;
    }
    let press = Press::new(app::press_settings(&settings, &[])?);
    let mut closing = Closing::open(&plan, &arguments.out)?;
    if arguments.diff {
        differences(&closing.differences(&workshop))?;
    }
    let todo = closing.todo();
    let Some(mut finished) = make(&mut closing, &press, settings.renderer_count())? else {
        output::say("Đã dừng. Chạy lại đúng lệnh này để làm tiếp; phần đã xong được giữ nguyên.\n");
        return Ok(ExitCode::from(STOPPED));
    };
    let rendered = started.elapsed() - checked;
    if finished.failed.is_empty() {
        closing.conclude(&workshop, &mut finished)?;
    }
    summary(&plan, &finished, arguments);
    let all = started.elapsed();
    output::say(&format!(
        "Tổng thời gian {:.1} giây: kiểm tra {:.1}, lập {:.1} ({:.1} văn bản/giây), ghép và đóng gói {:.1}.\n",
        all.as_secs_f64(),
        checked.as_secs_f64(),
        rendered.as_secs_f64(),
        todo as f64 / rendered.as_secs_f64().max(0.001),
        (all - checked - rendered).as_secs_f64(),
    ));
    Ok(outcome(&plan, &finished))
}

fn wanted(arguments: &Arguments) -> Wanted {
    Wanted {
        leniency: if arguments.accept_partial { Leniency::AcceptPartial } else { Leniency::AllOrNothing },
        kinds: arguments.kind.clone(),
        sources: arguments.sources,
        most: usize::MAX,
        findings: usize::MAX,
        period: None,
    }
}

fn known_kinds(arguments: &Arguments, is_known: impl Fn(&str) -> bool) -> Result<(), Failure> {
    match arguments.kind.iter().find(|kind| !is_known(kind)) {
        None => Ok(()),
        Some(kind) => Err(Failure::new(
            FailureCode::UnknownKind,
            format!("Không có loại văn bản “{kind}”."),
            format!("there is no kind {kind:?}"),
        )
        .hint("Xem các loại bằng lệnh `tdkt-reports kinds`.")),
    }
}

/// Makes what is to be made; `None` when a signal asked to stop.
fn make(closing: &mut Closing<'_>, press: &Press, at_a_time: usize) -> Result<Option<Finished>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(error.to_string()))?;
    let mut watch = Watch::new();
    let finished = runtime.block_on(async {
        tokio::select! {
            finished = closing.make(press, at_a_time, |progress| watch.see(progress)) => finished.map(Some),
            _ = tokio::signal::ctrl_c() => Ok(None),
        }
    });
    watch.end();
    finished
}

/// Says every fault of every file.
fn refuse(plan: &Plan, faults: &[Fault], leniency: Leniency) -> ExitCode {
    faults.iter().for_each(told);
    let mut files: Vec<&str> = faults.iter().map(|fault| fault.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    // Where the whole has a fault, or nothing would be left, leaving papers out helps nobody.
    let helps = faults.len() == plan.sparable && !plan.parts.is_empty();
    let hint = match leniency {
        Leniency::AllOrNothing if helps => "sửa các lỗi trên, hoặc thêm --accept-partial để bỏ riêng văn bản có lỗi",
        Leniency::AllOrNothing => "sửa các lỗi trên",
        Leniency::AcceptPartial => "sửa các lỗi trên; đây là lỗi của cả thư mục, --accept-partial không bỏ qua được",
    };
    output::say(&format!("lỗi: {} tệp có lỗi, chưa lập và chưa ghi gì.\ngợi ý: {hint}.\n", files.len()));
    ExitCode::from(1)
}

fn told(fault: &Fault) {
    output::say(&format!("{}{}: {}\n", fault.file, fault.at, fault.failure.message));
    if fault.failure.findings.is_empty() {
        output::say(&format!("  chi tiết: {}\n", fault.failure.message_en));
    } else {
        output::notices(&fault.failure.findings);
    }
}

fn differences(all: &[Difference]) -> Result<(), Failure> {
    let mut text = String::from("Khác với lần lập trước:\n");
    if all.is_empty() {
        text.push_str(NO_DIFFERENCE);
    }
    for difference in all {
        text.push_str(&format!("{} ({})\n", difference.title, difference.file));
        text.push_str(&places(&difference.changes));
    }
    output::print(text.as_bytes())
}

const NO_DIFFERENCE: &str = "  (không có văn bản nào thay đổi số liệu)\n";

/// A line for each place that differs.
fn places(changes: &[Change]) -> String {
    let line = |(change, [_, old, new, by]): (&Change, [String; 4])| {
        let title = change.title.as_deref().unwrap_or_default();
        let by = if by.is_empty() { by } else { format!(" ({by})") };
        format!("  {}  {title}: {old} → {new}{by}\n", change.pointer)
    };
    changes.iter().zip(table(changes)).map(line).collect()
}

/// The table of results, on standard output.
fn summary(plan: &Plan, finished: &Finished, arguments: &Arguments) {
    let mut text = row(&["Loại văn bản", "Cần", "Lập mới", "Giữ lại", "Lỗi"]);
    let mut kinds: Vec<&str> = plan.parts.iter().map(|part| part.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let made: std::collections::BTreeSet<&str> = finished.made.iter().map(String::as_str).collect();
    for kind in kinds {
        let of_kind: Vec<_> = plan.parts.iter().filter(|part| part.kind == kind).collect();
        let new = of_kind.iter().filter(|part| made.contains(part.file().as_str())).count();
        let failed = of_kind.iter().filter(|part| finished.failed.iter().any(|(name, _)| *name == part.name)).count();
        let kept = of_kind.len() - new - failed;
        text.push_str(&counted(kind, [of_kind.len(), new, kept, failed]));
    }
    let all = [plan.parts.len(), finished.made.len(), finished.kept, finished.failed.len()];
    text.push_str(&counted("Cộng", all));
    // A summary that cannot be printed changes nothing about what was made.
    let _ = output::print(text.as_bytes());
    for (name, failure) in &finished.failed {
        output::say(&format!("lỗi: {name}: {} ({})\n", failure.message, failure.message_en));
    }
    if finished.removed > 0 {
        let removed = finished.removed;
        output::say(&format!("Đã xóa {removed} tệp của lần lập trước mà dữ liệu không còn yêu cầu.\n"));
    }
    if finished.failed.is_empty() {
        let out = &arguments.out;
        output::say(&format!(
            "Đã có {} và {} ({} trang).\n",
            out.join(ARCHIVE).display(),
            out.join(MERGED).display(),
            finished.pages
        ));
    } else {
        output::say("Chưa đóng gói vì còn văn bản lỗi; sửa rồi chạy lại đúng lệnh này.\n");
    }
}

/// A line of the table.
fn row(cells: &[&str; 5]) -> String {
    let [name, wanted, new, kept, failed] = cells;
    format!("{name:<34} {wanted:>6} {new:>9} {kept:>9} {failed:>5}\n")
}

fn counted(name: &str, counts: [usize; 4]) -> String {
    let [wanted, new, kept, failed] = counts.map(|count| count.to_string());
    row(&[name, &wanted, &new, &kept, &failed])
}

fn outcome(plan: &Plan, finished: &Finished) -> ExitCode {
    if finished.failed.is_empty() && plan.left_out.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(IN_PART) }
}
