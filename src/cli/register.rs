//! `register …`: units, blocs, periods and what blocs sent, beside a running service or without one.

mod folder;
mod source;
mod words;

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{books::with_ledger, organisations, output};
use crate::{
    access::OrganisationId,
    app,
    closing::Leniency,
    desk::{Asked, RegisterDesk},
    failure::Failure,
    intake,
    register::{Base, PeriodId, Sort},
    settings::Settings,
};
use words::{adjustment, in_vietnam, line, ran, standings};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Đơn vị sử dụng phần mềm mà sổ đăng ký thuộc về.
    #[arg(long, default_value = "local", value_name = "MÃ", value_parser = organisations::id, global = true)]
    organisation: OrganisationId,
    /// In JSON.
    #[arg(long, global = true)]
    json: bool,
}

/// What is asked of the register.
#[derive(Debug, Subcommand)]
enum Command {
    /// Liệt kê các mục cùng loại.
    List { sort: SortName },
    /// Xem một mục; khối theo năm ghi là KHỐI/2026.
    Show {
        sort: SortName,
        /// Mã trong sổ đăng ký.
        id: String,
        /// Mọi phiên bản.
        #[arg(long)]
        history: bool,
    },
    /// Ghi một phiên bản mới từ tệp JSON.
    Put {
        sort: SortName,
        /// Mã trong sổ đăng ký.
        id: String,
        /// Tệp JSON; dấu - là đầu vào chuẩn.
        file: PathBuf,
        /// ETag của phiên bản đã đọc; bỏ trống nếu là mục mới.
        #[arg(long)]
        etag: Option<String>,
    },
    /// Nhận số liệu một khối, cụm gửi cho một kỳ.
    Send {
        /// Mã khối, cụm.
        bloc: String,
        /// Kỳ: 2026-H1, 2026-H2, 2026.
        period: PeriodId,
        /// Tệp JSON có mục “content” (hoặc cả văn bản); dấu - là đầu vào chuẩn.
        file: PathBuf,
        /// ETag của phiên bản đã đọc; bỏ trống nếu gửi lần đầu.
        #[arg(long)]
        etag: Option<String>,
        /// Lý do điều chỉnh, khi kỳ đã chốt số liệu.
        #[arg(long, value_name = "LÝ DO")]
        reason: Option<String>,
    },
    /// Đọc số liệu từ một nguồn đã đăng ký và nhận như khi được gửi.
    Pull {
        /// Mã nguồn.
        source: String,
        /// Kỳ: 2026-H1, 2026-H2, 2026.
        period: PeriodId,
        /// Chỉ các khối, cụm này; không ghi thì mọi khối, cụm của năm.
        #[arg(long, value_name = "MÃ", value_delimiter = ',')]
        bloc: Vec<String>,
        /// Lý do điều chỉnh, khi kỳ đã chốt số liệu.
        #[arg(long, value_name = "LÝ DO")]
        reason: Option<String>,
    },
    /// Xem số liệu một khối, cụm đã gửi.
    Sent {
        /// Mã khối, cụm.
        bloc: String,
        /// Kỳ: 2026-H1, 2026-H2, 2026.
        period: PeriodId,
        /// Mọi phiên bản, không kèm nội dung.
        #[arg(long)]
        history: bool,
    },
    /// Bản thảo báo cáo tổng kết năm từ số liệu các kỳ đã gửi, in dạng JSON.
    CarryOver {
        /// Mã khối, cụm.
        bloc: String,
        /// Năm: 2026.
        period: PeriodId,
    },
    /// Ai đã gửi, ai trễ hạn, ai còn thiếu.
    Status {
        /// Kỳ: 2026-H1, 2026-H2, 2026.
        period: PeriodId,
    },
    /// Chốt số liệu một kỳ.
    Close {
        /// Kỳ: 2026-H1, 2026-H2, 2026.
        period: PeriodId,
        /// Chốt dù còn khối, cụm chưa gửi.
        #[arg(long)]
        accept_missing: bool,
    },
    /// Ghi sổ đăng ký của một năm thành thư mục dữ liệu cho lệnh `batch` (province.json, mỗi khối, cụm một tệp).
    Export {
        /// Thư mục, mới hoặc trống.
        folder: PathBuf,
        /// Năm: 2026 (hoặc một kỳ: 2026-H1).
        period: PeriodId,
    },
    /// Nhận thư mục dữ liệu của lệnh `batch` vào sổ đăng ký; kiểm tra hết trước khi ghi.
    Import {
        /// Thư mục có province.json.
        folder: PathBuf,
        /// Bỏ riêng văn bản có lỗi và nêu tên; không có cờ này thì một lỗi là chưa ghi gì.
        #[arg(long)]
        accept_partial: bool,
    },
    /// Các lịch tự động: lần chạy tới, lần chạy trước.
    Schedules,
    /// Các lần chạy của một lịch, mới nhất trước.
    Runs {
        /// Mã lịch.
        id: String,
    },
    /// Các điều chỉnh sau khi chốt, kèm bảng khác biệt.
    Adjustments {
        /// Kỳ: 2026-H1, 2026-H2, 2026.
        period: PeriodId,
    },
}

/// Sorts as they are typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum SortName {
    Unit,
    Bloc,
    BlocYear,
    Period,
    Schedule,
    Report,
    Source,
}

impl From<SortName> for Sort {
    fn from(name: SortName) -> Self {
        match name {
            SortName::Unit => Sort::Unit,
            SortName::Bloc => Sort::Bloc,
            SortName::BlocYear => Sort::BlocYear,
            SortName::Period => Sort::Period,
            SortName::Schedule => Sort::Schedule,
            SortName::Report => Sort::Report,
            SortName::Source => Sort::Source,
        }
    }
}

pub(super) fn run(arguments: Arguments, settings: &Settings) -> Result<ExitCode, Failure> {
    let workshop = Arc::new(super::workshop(settings)?);
    with_ledger(settings, async |ledger| {
        let book = ledger.register_of(&arguments.organisation, &by());
        let desk = RegisterDesk::new(workshop, book).calling(Some(app::open_outbound(settings)?));
        execute(arguments.command, &desk, arguments.json).await
    })
}

/// Who runs the command: a number, for a name is nobody's business in a version.
fn by() -> String {
    let user = std::fs::metadata("/proc/self").map(|process| process.uid());
    user.map_or_else(|_| "cli".to_owned(), |user| format!("cli uid {user}"))
}

async fn execute(command: Command, register: &RegisterDesk, as_json: bool) -> Result<ExitCode, Failure> {
    match command {
        Command::List { sort } => {
            let entries = register.entries(sort.into()).await?;
            if as_json {
                return print(&json!(entries));
            }
            let lines: String = entries
                .iter()
                .map(|entry| {
                    let name = entry.body.get("name").and_then(Value::as_str).unwrap_or_default();
                    format!("{}\t{}\t{name}\n", entry.id, entry.tag().as_str())
                })
                .collect();
            print_text(&lines)
        }
        Command::Show { sort, id, history: true } => print(&json!(register.history(sort.into(), &id).await?)),
        Command::Show { sort, id, history: false } => {
            let entry = register.entry(sort.into(), &id).await?;
            output::say(&format!("ETag: {}\n", entry.tag().as_str()));
            print(&json!(entry))
        }
        Command::Put { sort, id, file, etag } => {
            let written = register.put(sort.into(), &id, output::read(&file)?, &base(etag)).await?;
            let entry = &written.entry;
            told(written.unchanged, entry.version, entry.tag().as_str());
            if as_json { print(&json!(entry)) } else { Ok(ExitCode::SUCCESS) }
        }
        Command::Send { bloc, period, file, etag, reason } => {
            let body = sheet(&file, reason)?;
            let sent = register.send(&bloc, period, body, &base(etag)).await?;
            output::notices(&sent.findings);
            told(sent.unchanged, sent.submission.version, sent.submission.tag().as_str());
            if as_json { print(&json!(sent.submission)) } else { Ok(ExitCode::SUCCESS) }
        }
        Command::Pull { source, period, bloc, reason } => {
            let blocs = (!bloc.is_empty()).then_some(bloc);
            source::pull(register, &Asked { source, period, blocs, reason }, as_json).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Sent { bloc, period, history } => {
            let versions = if history {
                register.versions(&bloc, period).await?
            } else {
                vec![register.submission(&bloc, period, None).await?]
            };
            if as_json || !history {
                return print(&json!(versions));
            }
            let lines: String = versions.iter().map(|one| format!("{}\n", line(one))).collect();
            print_text(&lines)
        }
        Command::CarryOver { bloc, period } => {
            let draft = register.carry_over(&bloc, period).await?;
            output::notices(&draft.findings);
            if as_json { print(&json!(draft)) } else { print(&draft.request) }
        }
        Command::Status { period } => {
            let status = register.status(period).await?;
            if as_json { print(&json!(status)) } else { print_text(&standings(&status)) }
        }
        Command::Close { period, accept_missing } => {
            let body = json!({"accept_missing": accept_missing}).to_string().into_bytes();
            let closing = register.close_period(period, body).await?;
            if as_json {
                return print(&json!(closing));
            }
            let (count, missing) = (closing.submissions.len(), closing.missing.join(", "));
            let missing = if missing.is_empty() { "không".to_owned() } else { missing };
            let text = format!(
                "Đã chốt {}: {count} khối, cụm; còn thiếu: {missing}.\nMã băm: {}\n",
                period.words(),
                closing.sha256
            );
            print_text(&text)
        }
        Command::Export { folder, period } => {
            folder::export(register, &folder, period).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Import { folder, accept_partial } => {
            let leniency = if accept_partial { Leniency::AcceptPartial } else { Leniency::AllOrNothing };
            folder::import(register, &folder, leniency).await
        }
        Command::Schedules => {
            let all = register.timetable().await?;
            if as_json {
                return print(&json!(all));
            }
            let lines: String = all
                .iter()
                .map(|scheduled| {
                    let next = scheduled.next_at.map_or("tạm dừng".to_owned(), in_vietnam);
                    let last = scheduled.last_run.as_ref().map_or("chưa chạy".to_owned(), ran);
                    format!("{}\tlần tới: {next}\tlần trước: {last}\n", scheduled.entry.id)
                })
                .collect();
            print_text(&lines)
        }
        Command::Runs { id } => {
            let runs = register.runs(&id).await?;
            if as_json {
                return print(&json!(runs));
            }
            let lines: String = runs.iter().map(|run| format!("{}\n", ran(run))).collect();
            print_text(&lines)
        }
        Command::Adjustments { period } => {
            let adjusted = register.adjustments(period).await?;
            if as_json {
                return print(&json!(adjusted));
            }
            let text: String = adjusted.iter().map(adjustment).collect();
            print_text(&text)
        }
    }
}

fn base(etag: Option<String>) -> Base {
    etag.map_or(Base::Nothing, |etag| Base::OneOf(vec![format!("\"{}\"", etag.trim_matches('"'))]))
}

/// A whole request of a paper is taken too: its content is what is sent. In what has a key twice nobody knows which is meant;
/// it goes on as it is, to be refused with its places.
fn sheet(file: &Path, reason: Option<String>) -> Result<Vec<u8>, Failure> {
    let bytes = output::read(file)?;
    let Ok((Value::Object(mut fields), duplicates)) = intake::read(&bytes) else { return Ok(bytes) };
    if !duplicates.is_empty() {
        return Ok(bytes);
    }
    for of_the_paper in ["kind", "status", "paper"] {
        fields.remove(of_the_paper);
    }
    if let Some(reason) = reason {
        fields.insert("adjustment".into(), json!({"reason": reason}));
    }
    Ok(Value::Object(fields).to_string().into_bytes())
}

fn told(unchanged: bool, version: i64, etag: &str) {
    let what =
        if unchanged { "Không có gì thay đổi; phiên bản hiện tại" } else { "Đã ghi phiên bản" };
    output::say(&format!("{what} {version}, ETag: {etag}\n"));
}

fn print(value: &Value) -> Result<ExitCode, Failure> {
    print_text(&format!("{value:#}\n"))
}

fn print_text(text: &str) -> Result<ExitCode, Failure> {
    output::print(text.as_bytes()).map(|()| ExitCode::SUCCESS)
}
