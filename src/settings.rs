//! One checked struct of settings: flags over environment over file over `config.default.toml`.

mod environment;
mod lawful;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use serde::Deserialize;

use crate::{access::Networks, failure::Finding, press::Demand};
pub use environment::{Stray, nearest_of, strays};
pub use lawful::{fault, in_english};

/// The defaults, and the manual of every setting.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// The largest paper that a render child is handed, in bytes.
const LARGEST_PAPER: usize = 64 << 20;

/// The least address space of a render child, in MiB. Its allocator reserves 1 GiB at the start; with program, stack and
/// fonts 1,184 are the least that was seen to start, and to make every sample.
pub const LEAST_RENDER_MEMORY_MIB: u64 = 1_280;

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("{path}: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("config.default.toml: {0}")]
    Defaults(String),
    /// Each at the setting's name; `rest` are the settings with these faults in them, to look for others.
    #[error("{}", lawful::in_english(faults))]
    Unlawful { faults: Vec<Finding>, rest: Box<Settings> },
}

macro_rules! settings {
    ($( $(#[doc = $doc:literal])* $field:ident: $type:ty, $env:literal, $help:literal; )*) => {
        /// Every setting, checked.
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Settings { $( $(#[doc = $doc])* pub $field: $type, )* }

        /// Settings as a command line, the environment or a file may give them; what is absent keeps its default.
        #[derive(Debug, Clone, Default, Args, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct GivenSettings {
            /// Tệp cấu hình TOML (xem config.default.toml).
            #[arg(long, env = "TDKT_CONFIG", value_name = "TỆP", global = true)]
            #[serde(skip)]
            pub config: Option<PathBuf>,
            $( #[doc = $help] #[arg(long, env = $env, value_name = "GIÁ TRỊ", global = true, hide_env_values = true)]
               pub $field: Option<$type>, )*
        }

        impl Settings {
            /// Every variable of the environment that is read.
            pub const ENVIRONMENT: &'static [&'static str] = &["TDKT_CONFIG", $( $env, )*];
            /// Every name that a file may have.
            pub const NAMES: &'static [&'static str] = &[$( stringify!($field), )*];

            fn overlay(&mut self, given: &GivenSettings) {
                $( if let Some(value) = &given.$field { self.$field = value.clone(); } )*
            }
        }
    };
}

settings! {
    /// Where the HTTP service listens.
    listen: SocketAddr, "TDKT_LISTEN", "Địa chỉ lắng nghe của dịch vụ HTTP";
    /// PEM file with the certificate and its chain, or empty.
    tls_cert: PathBuf, "TDKT_TLS_CERT", "Tệp PEM chứng thư TLS; bỏ trống thì không dùng TLS";
    /// PEM file with the certificate's key, or empty.
    tls_key: PathBuf, "TDKT_TLS_KEY", "Tệp PEM khóa của chứng thư TLS";
    /// Networks of the proxies before the service.
    behind_proxy: Networks, "TDKT_BEHIND_PROXY", "Mạng của proxy đứng trước dịch vụ, dạng CIDR, cách nhau dấu phẩy";
    /// `x-forwarded-for` or `forwarded`.
    forwarded_header: String, "TDKT_FORWARDED_HEADER", "Tiêu đề proxy ghi địa chỉ người gửi (x-forwarded-for, forwarded)";
    /// Whether unsafe settings are borne.
    insecure_lab: bool, "TDKT_INSECURE_LAB", "Chỉ cho máy thử: chấp nhận thiết lập không an toàn (true, false)";
    /// Requests of one organisation in a minute.
    requests_per_minute: u32, "TDKT_REQUESTS_PER_MINUTE", "Số yêu cầu mỗi phút của một đơn vị";
    /// Connections from one address.
    connections_per_address: usize, "TDKT_CONNECTIONS_PER_ADDRESS", "Số kết nối cùng lúc từ một địa chỉ";
    /// Folder of ledger and papers.
    data: PathBuf, "TDKT_DATA", "Thư mục dữ liệu";
    /// Where papers are kept, or empty.
    archive_url: String, "TDKT_ARCHIVE_URL", "Kho văn bản: file:THƯ_MỤC hoặc s3://KHO/TIỀN_TỐ dùng chung cho nhiều máy; bỏ trống là archive trong thư mục dữ liệu";
    /// Address of the ledger, or empty.
    ledger_url: String, "TDKT_LEDGER_URL", "Địa chỉ sổ việc: sqlite:TỆP hoặc postgres://…; bỏ trống là ledger.sqlite trong thư mục dữ liệu";
    /// Redis address, or empty.
    redis_url: String, "TDKT_REDIS_URL", "Địa chỉ Redis; bỏ trống thì hàng đợi nằm trong tiến trình";
    /// Name of the queue on Redis.
    queue: String, "TDKT_QUEUE", "Tên hàng đợi trên Redis";
    /// Template folder, or empty.
    templates: PathBuf, "TDKT_TEMPLATES", "Thư mục mẫu văn bản; bỏ trống thì dùng mẫu đi kèm chương trình";
    /// A province's own fonts, or empty.
    fonts: PathBuf, "TDKT_FONTS", "Thư mục phông chữ riêng của tỉnh";
    /// A province's own limits, or empty.
    limits: PathBuf, "TDKT_LIMITS", "Tệp quy định riêng của tỉnh (số lượng, tỷ lệ, ngưỡng phiếu)";
    /// Render children; 0 for one each processor.
    renderers: usize, "TDKT_RENDERERS", "Số tiến trình kết xuất; 0 là bằng số bộ xử lý";
    /// Whether `serve` works on jobs.
    work: bool, "TDKT_WORK", "Lệnh serve có tự xử lý việc hay không (true, false)";
    /// Seconds.
    render_deadline_s: u64, "TDKT_RENDER_DEADLINE_S", "Thời hạn một lần kết xuất, giây";
    /// MiB.
    render_memory_mib: u64, "TDKT_RENDER_MEMORY_MIB", "Bộ nhớ của một tiến trình kết xuất, MiB";
    /// Renders before a child is replaced.
    renders_per_child: u32, "TDKT_RENDERS_PER_CHILD", "Số lần kết xuất trước khi thay tiến trình";
    /// MiB.
    replace_above_mib: u64, "TDKT_REPLACE_ABOVE_MIB", "Thay tiến trình kết xuất khi nó giữ quá nhiều bộ nhớ, MiB";
    /// `require` or `best`.
    sandbox: String, "TDKT_SANDBOX", "Hộp cát của tiến trình kết xuất (require: thiếu thì không chạy; best: có gì dùng nấy)";
    /// Jobs that may wait.
    max_waiting: u64, "TDKT_MAX_WAITING", "Số việc được chờ nhiều nhất";
    /// Jobs of one organisation that may wait.
    max_waiting_each: u64, "TDKT_MAX_WAITING_EACH", "Số việc được chờ nhiều nhất của một đơn vị";
    /// MiB.
    free_to_accept_mib: u64, "TDKT_FREE_TO_ACCEPT_MIB", "Đĩa phải còn trống bao nhiêu MiB mới nhận việc mới";
    /// Hours.
    idempotency_hours: u64, "TDKT_IDEMPOTENCY_HOURS", "Số giờ nhớ khóa chống trùng Idempotency-Key";
    /// Days; 0 for ever.
    keep_requests_days: u64, "TDKT_KEEP_REQUESTS_DAYS", "Số ngày giữ dữ liệu của việc đã kết thúc; 0 là giữ mãi";
    /// Days; 0 for ever.
    keep_papers_days: u64, "TDKT_KEEP_PAPERS_DAYS", "Số ngày giữ văn bản đã lập; 0 là giữ mãi";
    /// Days.
    keep_events_days: u64, "TDKT_KEEP_EVENTS_DAYS", "Số ngày giữ sự kiện để gửi lại và để đọc tiếp";
    /// Waits before the tries of a delivery.
    webhook_schedule: String, "TDKT_WEBHOOK_SCHEDULE", "Lịch gửi sự kiện: các khoảng chờ trước từng lượt gửi (s, m, h)";
    /// Hours.
    webhook_disable_hours: u64, "TDKT_WEBHOOK_DISABLE_HOURS", "Sau bao nhiêu giờ không gửi được gì thì tắt webhook";
    /// Between commas.
    webhook_ports: String, "TDKT_WEBHOOK_PORTS", "Cổng được gọi ngoài 443, cách nhau bằng dấu phẩy";
    /// PEM file of certificate authorities, or empty.
    webhook_ca: PathBuf, "TDKT_WEBHOOK_CA", "Tệp PEM các tổ chức chứng thực riêng (mạng tỉnh) được tin khi gửi sự kiện, ngoài các tổ chức máy này đã tin";
    /// Whether plain http and listed loopback may be called.
    webhook_lab: bool, "TDKT_WEBHOOK_LAB", "Chỉ để thử trên một máy: cho gọi http và địa chỉ máy này (true, false)";
    /// The key that seals secrets, or empty.
    secrets_key: PathBuf, "TDKT_SECRETS_KEY", "Tệp khóa niêm phong khóa bí mật của webhook; bỏ trống là secrets.key trong thư mục dữ liệu";
    /// Passing failures before a job is dead.
    max_tries: u32, "TDKT_MAX_TRIES", "Số lần thử lại nhiều nhất khi lỗi tạm thời (hết chỗ, thiếu tiến trình)";
    /// Starts before a job is dead.
    max_starts: u32, "TDKT_MAX_STARTS", "Số lần bắt đầu nhiều nhất của một việc";
    /// Seconds.
    ring_again_s: u64, "TDKT_RING_AGAIN_S", "Sau bao nhiêu giây thì báo lại việc chưa ai nhận";
    /// Bytes.
    max_body_bytes: usize, "TDKT_MAX_BODY_BYTES", "Kích thước dữ liệu gửi lên nhiều nhất, byte";
    /// Bytes.
    max_paper_bytes: usize, "TDKT_MAX_PAPER_BYTES", "Kích thước tệp PDF gửi lên nhiều nhất, byte";
    /// Seconds.
    body_deadline_s: u64, "TDKT_BODY_DEADLINE_S", "Thời hạn nhận dữ liệu gửi lên, giây";
    /// Seconds.
    answer_grace_s: u64, "TDKT_ANSWER_GRACE_S", "Số giây người nhận được chậm khi lấy một câu trả lời, trước khi kết nối bị đóng";
    /// MiB.
    free_to_store_mib: u64, "TDKT_FREE_TO_STORE_MIB", "Đĩa phải còn trống bao nhiêu MiB mới ghi văn bản; ít hơn thì việc chờ";
    /// Seconds.
    drain_s: u64, "TDKT_DRAIN_S", "Thời gian chờ việc đang chạy khi dừng dịch vụ, giây";
    /// Seconds.
    notice_s: u64, "TDKT_NOTICE_S", "Khi dừng: số giây còn trả lời 503 trước khi đóng địa chỉ, để proxy kịp biết";
    /// Where `/metrics` listens, or empty.
    metrics_listen: String, "TDKT_METRICS_LISTEN", "Địa chỉ riêng cho /metrics của serve và work; bỏ trống thì serve trả lời tại địa chỉ chính";
    /// Where spans go, or empty.
    otlp_endpoint: String, "TDKT_OTLP_ENDPOINT", "Địa chỉ bộ thu vết OpenTelemetry (OTLP/HTTP); bỏ trống thì không gửi";
    /// Filter of the log.
    log: String, "TDKT_LOG", "Mức nhật ký (error, warn, info, debug)";
    /// `text` or `json`.
    log_format: String, "TDKT_LOG_FORMAT", "Dạng nhật ký (text, json)";
}

impl Settings {
    /// Lays what was given over the file it names over the defaults.
    ///
    /// # Errors
    /// With everything that is wrong at once.
    pub fn resolve(given: &GivenSettings) -> Result<Self, SettingsError> {
        let mut settings: Self =
            toml::from_str(DEFAULTS).map_err(|error| SettingsError::Defaults(error.to_string()))?;
        let mut faults = Vec::new();
        if let Some(path) = &given.config {
            let text = std::fs::read_to_string(path)
                .map_err(|source| SettingsError::Unreadable { path: path.clone(), source })?;
            lawful::lay_file(&text, &mut settings, &mut faults);
        }
        settings.overlay(given);
        faults.extend(lawful::faults(&settings));
        if faults.is_empty() { Ok(settings) } else { Err(SettingsError::Unlawful { faults, rest: Box::new(settings) }) }
    }

    /// Ports that webhooks may have beside 443; `None` where the text is wrong.
    pub fn webhook_ports(&self) -> Option<Vec<u16>> {
        let words = self.webhook_ports.split([',', ' ']).filter(|word| !word.is_empty());
        words.map(|word| word.parse().ok().filter(|port| *port > 0)).collect()
    }

    /// Render children, with 0 resolved.
    pub fn renderer_count(&self) -> usize {
        match self.renderers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            count => count,
        }
    }

    /// Where `/metrics` listens, if not at the service's own address.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_listen.parse().ok()
    }

    /// What becomes of render children whose kernel cannot shut them in.
    pub fn demand(&self) -> Demand {
        if self.sandbox == "require" { Demand::Require } else { Demand::Best }
    }

    /// Longest render.
    pub fn render_deadline(&self) -> Duration {
        Duration::from_secs(self.render_deadline_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete_and_lawful() {
        let settings = Settings::resolve(&GivenSettings::default()).unwrap();
        assert_eq!(settings.listen.port(), 8080);
        assert!(settings.renderer_count() >= 1);
    }

    #[test]
    fn a_flag_beats_the_file_and_the_file_beats_the_default() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "max_starts = 7\nqueue = \"tinh\"\n").unwrap();
        let given =
            GivenSettings { config: Some(file.path().into()), queue: Some("so".into()), ..GivenSettings::default() };
        let settings = Settings::resolve(&given).unwrap();
        assert_eq!((settings.max_starts, settings.queue.as_str(), settings.max_waiting), (7, "so", 100_000));
    }

    #[test]
    fn less_memory_than_a_render_child_needs_is_refused_with_the_least() {
        let with = |mib| {
            let given = GivenSettings { render_memory_mib: Some(mib), ..GivenSettings::default() };
            Settings::resolve(&given).map(|settings| settings.render_memory_mib).map_err(|error| error.to_string())
        };
        assert_eq!(with(LEAST_RENDER_MEMORY_MIB), Ok(LEAST_RENDER_MEMORY_MIB));
        let refused = with(LEAST_RENDER_MEMORY_MIB - 1).unwrap_err();
        assert!(refused.contains("render_memory_mib") && refused.contains("1280"), "{refused}");
    }

    #[test]
    fn an_unknown_name_in_the_file_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "lissten = \"x\"\n").unwrap();
        let given = GivenSettings { config: Some(file.path().into()), ..GivenSettings::default() };
        let error = Settings::resolve(&given).unwrap_err().to_string();
        assert!(error.contains("lissten"), "{error}");
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_and_what_is_right_is_kept() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "lissten = \"x\"\nmax_starts = \"ba\"\nqueue = \"tinh\"\nmax_tries = 0\n").unwrap();
        let given = GivenSettings {
            config: Some(file.path().into()),
            log_format: Some("xml".into()),
            tls_cert: Some("cert.pem".into()),
            render_deadline_s: Some(0),
            ..GivenSettings::default()
        };
        let Err(SettingsError::Unlawful { faults, rest }) = Settings::resolve(&given) else { panic!("unlawful") };
        let names: Vec<&str> = faults.iter().map(|fault| fault.pointers[0].as_str()).collect();
        assert_eq!(names, ["lissten", "max_starts", "log_format", "tls_key", "render_deadline_s", "max_tries"]);
        assert!(faults[0].message.contains("listen"), "{}", faults[0].message);
        assert_eq!((rest.queue.as_str(), rest.max_starts), ("tinh", 3));
    }
}
