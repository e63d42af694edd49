//! The command line: data on standard output, everything else on standard error, exit codes by remedy.
//!
//! Messages are Vietnamese: `lỗi:` says what happened, `gợi ý:` what to do.

mod backup;
mod batch;
mod books;
mod check;
mod doctor;
mod editions;
mod gallery;
mod jobs;
mod keys;
mod kinds;
mod organisations;
mod output;
mod paper;
mod people;
mod press;
mod preview;
mod ready;
mod register;
mod province;
mod render;
mod serve;
mod stock;
mod usage;
mod webhooks;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, builder::PossibleValuesParser};

use crate::{
    app,
    failure::{Failure, FailureCode, Finding},
    inspection::FORMS,
    rendering::Workshop,
    settings::{self, GivenSettings, Settings, SettingsError},
    telemetry,
    vietnamese::count,
    workshop_files,
};

/// Lập văn bản hành chính của khối, cụm thi đua đúng thể thức Nghị định 30/2020/NĐ-CP.
#[derive(Debug, Parser)]
#[command(name = "tdkt-reports", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    settings: GivenSettings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Chạy dịch vụ HTTP, kèm bộ phận xử lý việc.
    Serve(serve::Arguments),
    /// Chỉ xử lý việc; chạy ở tiến trình khác với dịch vụ HTTP, cần Redis.
    Work,
    /// Lập một văn bản từ tệp dữ liệu JSON.
    Render(render::Arguments),
    /// Kiểm tra tệp dữ liệu, không lập văn bản; hoặc đo thể thức một tệp PDF có sẵn.
    Check {
        /// Tệp JSON; dấu - là đầu vào chuẩn.
        #[arg(required_unless_present = "paper")]
        file: Option<PathBuf>,
        /// Tệp PDF cần đo thể thức theo Nghị định 30/2020/NĐ-CP.
        #[arg(long, value_name = "TỆP", conflicts_with = "file")]
        paper: Option<PathBuf>,
        /// Dạng văn bản của tệp PDF; bỏ trống thì theo tên loại ghi trên trang đầu.
        #[arg(long, value_name = "DẠNG", value_parser = PossibleValuesParser::new(FORMS))]
        form: Option<String>,
        /// In kết quả dạng JSON.
        #[arg(long)]
        json: bool,
    },
    /// Trích dữ liệu mà một tệp PDF mang theo.
    Extract {
        /// Tệp PDF.
        file: PathBuf,
        /// Tệp JSON kết quả.
        #[arg(short, long, default_value = "-", value_name = "TỆP")]
        output: PathBuf,
    },
    /// Lập lại văn bản từ dữ liệu tệp PDF mang theo và đối chiếu từng byte.
    Verify {
        /// Tệp PDF.
        file: PathBuf,
    },
    /// Liệt kê các loại văn bản.
    Kinds,
    /// Liệt kê các phiên bản pháp luật: ngày hiệu lực, căn cứ, danh hiệu, hình thức khen thưởng, biểu mẫu.
    Editions(editions::Arguments),
    /// In lược đồ JSON (JSON Schema) của một loại văn bản.
    Schema {
        /// Mã loại văn bản.
        kind: String,
    },
    /// In mô tả giao diện HTTP (OpenAPI 3.1).
    Openapi,
    /// In một tệp dữ liệu mẫu.
    Sample {
        /// Mã loại văn bản.
        kind: String,
        /// Tên mẫu: simple, minimal, overflow, hostile.
        #[arg(default_value = "simple")]
        name: String,
    },
    /// Dành cho người soạn mẫu: lập lại văn bản mỗi khi lưu tệp mẫu.
    Preview(preview::Arguments),
    /// Lập mọi văn bản của một thư mục dữ liệu, báo cáo toàn tỉnh sau cùng, không cần dịch vụ.
    Batch(batch::Arguments),
    /// Xem và xử lý việc trong sổ: liệt kê, làm lại, bỏ, hủy, xóa dữ liệu.
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// Sổ đăng ký của tỉnh: đơn vị, khối, cụm, kỳ báo cáo, số liệu các khối, cụm gửi.
    Register(register::Arguments),
    /// Nơi nhận sự kiện của việc (webhook): đăng ký, thử, xem lượt gửi, gửi lại.
    #[command(subcommand)]
    Webhooks(webhooks::Command),
    /// Quản lý đơn vị: thêm, đổi hạn mức và mạng, liệt kê.
    #[command(subcommand)]
    Organisations(organisations::Command),
    /// Dữ liệu cá nhân: tìm, xuất, xóa theo họ tên.
    #[command(subcommand)]
    People(people::Command),
    /// Quản lý khóa API: cấp, liệt kê, thay, thu hồi.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Sao lưu sổ việc và văn bản vào một thư mục mới, trong khi dịch vụ vẫn chạy.
    Backup {
        /// Thư mục đích, mới hoặc trống.
        to: PathBuf,
        /// In kết quả dạng JSON.
        #[arg(long)]
        json: bool,
    },
    /// Khôi phục một bản sao lưu vào thư mục dữ liệu trống.
    Restore {
        /// Thư mục của bản sao lưu.
        from: PathBuf,
        /// Chỉ kiểm tra bản sao lưu, không khôi phục.
        #[arg(long)]
        check: bool,
        /// In kết quả dạng JSON.
        #[arg(long)]
        json: bool,
    },
    /// Hỏi tiến trình serve hoặc work có còn trả lời không; dùng cho kiểm tra sức khỏe của container.
    Ready,
    /// Dựng dữ liệu cuối năm của một tỉnh không có thật, để thử lệnh batch.
    ProvinceSample(province::Arguments),
    /// Kiểm tra máy, thư mục, phông chữ, mẫu văn bản và kết nối.
    Doctor(doctor::Arguments),
    #[command(hide = true)]
    Gallery { folder: PathBuf },
    #[command(hide = true)]
    Press(press::Arguments),
}

/// Reads the arguments, runs the command, returns the exit code: 0, 1 fix the request, 2 usage, 3 fix the template or
/// the installation, 75 try later.
pub fn run() -> ExitCode {
    let arguments = match usage::parse::<Arguments>() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let outcome = Settings::resolve(&arguments.settings).map_err(|error| wrong_settings(error, &arguments.command));
    let outcome = outcome.and_then(|settings| {
        telemetry::start(&settings).map_err(|error| {
            unfit(vec![settings::fault(
                "log",
                "bộ lọc nhật ký không đúng, ví dụ: info hoặc warn,tdkt_reports=debug",
                error,
            )])
        })?;
        if !matches!(arguments.command, Command::Press(_)) {
            warn_of_strays();
        }
        execute(arguments.command, &settings)
    });
    match outcome {
        Ok(code) => code,
        Err(failure) => output::report(&failure),
    }
}

fn execute(command: Command, settings: &Settings) -> Result<ExitCode, Failure> {
    if matches!(
        command,
        Command::Serve(_)
            | Command::Work
            | Command::Jobs(_)
            | Command::Register(_)
            | Command::Webhooks(_)
            | Command::Organisations(_)
            | Command::Keys(_)
            | Command::People(_)
            | Command::Backup { .. }
            | Command::Restore { .. }
            | Command::Doctor(_)
    ) {
        // Ledger and archive hold people's data: what these commands make is their owner's alone.
        nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    }
    let done = match command {
        Command::Batch(arguments) => return batch::run(&arguments, settings),
        Command::Serve(arguments) => serve::serve(arguments, settings),
        Command::Work => serve::work(settings),
        Command::Render(arguments) => render::run(&arguments, settings),
        Command::Check { paper: Some(paper), form, .. } => paper::check(&paper, form.as_deref()),
        Command::Check { file, json, .. } => {
            check::run(&file.unwrap_or_else(|| "-".into()), check::Form::from_flag(json), settings)
        }
        Command::Extract { file, output } => paper::extract(&file, &output, settings),
        Command::Verify { file } => paper::verify(&file, settings),
        Command::Kinds => kinds::list(settings),
        Command::Editions(arguments) => editions::run(&arguments, settings),
        Command::Openapi => kinds::openapi(settings),
        Command::Schema { kind } => kinds::schema(&kind, settings),
        Command::Sample { kind, name } => kinds::sample(&kind, &name, settings),
        Command::Preview(arguments) => preview::run(&arguments, settings),
        Command::Jobs(command) => jobs::run(command, settings),
        Command::Register(arguments) => return register::run(arguments, settings),
        Command::Webhooks(command) => webhooks::run(command, settings),
        Command::Organisations(command) => organisations::run(command, settings),
        Command::Keys(command) => keys::run(command, settings),
        Command::People(command) => people::run(command, settings),
        Command::Backup { to, json } => backup::take(&to, json, settings),
        Command::Restore { from, check: true, json } => backup::check(&from, json),
        Command::Restore { from, check: false, json } => backup::restore(&from, json, settings),
        Command::ProvinceSample(arguments) => province::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments, settings),
        Command::Ready => ready::run(settings),
        Command::Gallery { folder } => gallery::run(&folder, settings),
        Command::Press(arguments) => press::run(&arguments, settings),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// Templates and fonts, for commands that render in this process.
fn workshop(settings: &Settings) -> Result<Workshop, Failure> {
    workshop_files::load(settings).map_err(|error| {
        let code = match error {
            workshop_files::LoadError::Workshop(crate::rendering::WorkshopError::Fonts(_)) => FailureCode::MissingFont,
            _ => FailureCode::TemplateFault,
        };
        Failure::new(code, "Không dùng được thư mục mẫu hoặc phông chữ.", error.to_string())
            .hint("Chạy `tdkt-reports doctor` để xem chi tiết.")
    })
}

/// A misspelled variable would else leave its setting at the default, unnoticed.
fn warn_of_strays() {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for stray in settings::strays(names) {
        let meant = stray.meant.map(|name| format!("; có phải {name}?")).unwrap_or_default();
        output::say(&format!("cảnh báo: biến môi trường {} không phải mục cấu hình{meant}\n", stray.name));
    }
}

fn wrong_settings(error: SettingsError, command: &Command) -> Failure {
    match error {
        SettingsError::Unlawful { mut faults, rest } => {
            // Whoever starts the service mends everything at once. Of a file that could not be read nothing is known.
            let unread = faults.iter().any(|fault| fault.pointers == ["config"]);
            if matches!(command, Command::Serve(_)) && !unread {
                faults.extend(app::setting_faults(&rest, rest.listen));
            }
            unfit(faults)
        }
        SettingsError::Unreadable { ref path, .. } => Failure::new(
            FailureCode::BadParameter,
            format!("Không đọc được tệp cấu hình {}.", path.display()),
            error.to_string(),
        )
        .hint("Kiểm tra đường dẫn ở --config hoặc TDKT_CONFIG và quyền đọc tệp."),
        SettingsError::Defaults(cause) => Failure::internal(cause),
    }
}

fn unfit(faults: Vec<Finding>) -> Failure {
    let said = format!("Cấu hình có {} điểm phải sửa.", count(faults.len() as u64));
    Failure::new(FailureCode::BadParameter, said, settings::in_english(&faults))
        .with_findings(faults)
        .hint("Xem mọi mục cấu hình và giá trị mặc định trong config.default.toml.")
}
