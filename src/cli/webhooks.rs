//! `webhooks …`: where events are sent.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Subcommand;
use ipnet::IpNet;
use serde_json::{Value, json};

use super::{books::with_ledger, organisations, output};
use crate::{
    access::{Networks, OrganisationId},
    app,
    failure::{Failure, FailureCode},
    job::event::EventType,
    ledger::{DeliveryRecord, Webhook, Which},
    outbound::Reach,
    post::{Registry, Secret},
    settings::Settings,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Đăng ký địa chỉ nhận sự kiện; khóa bí mật chỉ hiện ra một lần.
    Add {
        /// Địa chỉ https.
        url: String,
        /// Mã đơn vị.
        #[arg(long, value_name = "MÃ", default_value = "local", value_parser = organisations::id)]
        organisation: OrganisationId,
        /// Loại sự kiện, cách nhau dấu phẩy; để trống là khi việc kết thúc.
        #[arg(long, value_name = "LOẠI", value_delimiter = ',', value_parser = event_type)]
        types: Vec<EventType>,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Liệt kê webhook.
    List {
        /// Mã đơn vị.
        #[arg(long, value_name = "MÃ", value_parser = organisations::id)]
        organisation: Option<OrganisationId>,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Gửi một sự kiện thử.
    Test {
        /// Mã webhook.
        id: String,
    },
    /// Cấp khóa bí mật mới; khóa cũ còn ký thêm 24 giờ.
    Rotate {
        /// Mã webhook.
        id: String,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tắt: không gửi gì nữa.
    Disable {
        /// Mã webhook.
        id: String,
    },
    /// Bật lại, gửi tiếp từ những gì đang chờ.
    Enable {
        /// Mã webhook.
        id: String,
    },
    /// Xóa webhook cùng nhật ký gửi của nó.
    Remove {
        /// Mã webhook.
        id: String,
    },
    /// Xem các lượt gửi, mới nhất trước.
    Deliveries {
        /// Mã webhook.
        id: String,
        /// Số lượt nhiều nhất.
        #[arg(long, default_value_t = 50, value_name = "SỐ")]
        limit: u32,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Gửi lại một sự kiện, hoặc cả khoảng theo số thứ tự.
    Redeliver {
        /// Mã webhook.
        id: String,
        /// Mã sự kiện.
        #[arg(long, value_name = "MÃ", required_unless_present = "from")]
        event: Option<String>,
        /// Số thứ tự đầu.
        #[arg(long, value_name = "SỐ", conflicts_with = "event")]
        from: Option<i64>,
        /// Số thứ tự cuối.
        #[arg(long, value_name = "SỐ", requires = "from", default_value_t = i64::MAX, hide_default_value = true)]
        to: i64,
    },
    /// Mở cho webhook của một đơn vị gọi vào mạng riêng; để trống là đóng hết.
    Reach {
        /// Mã đơn vị.
        #[arg(value_parser = organisations::id)]
        organisation: OrganisationId,
        /// Mạng dạng CIDR, cách nhau dấu phẩy.
        #[arg(value_name = "CIDR", default_value = "")]
        networks: Networks,
    },
    /// Kiểm tra chữ ký của một sự kiện đã nhận.
    Verify {
        /// Tệp chứa nguyên văn thân sự kiện; dấu - là đầu vào chuẩn.
        body: PathBuf,
        /// Tệp chứa khóa bí mật whsec_…
        #[arg(long, value_name = "TỆP")]
        secret_file: PathBuf,
        /// Tiêu đề webhook-id.
        #[arg(long, value_name = "MÃ")]
        id: String,
        /// Tiêu đề webhook-timestamp.
        #[arg(long, value_name = "GIÂY")]
        timestamp: i64,
        /// Tiêu đề webhook-signature.
        #[arg(long, value_name = "CHỮ KÝ")]
        signature: String,
    },
}

pub(super) fn run(command: Command, settings: &Settings) -> Result<(), Failure> {
    if let Command::Verify { body, secret_file, id, timestamp, signature } = command {
        return verify((&body, &secret_file), (&id, timestamp, &signature));
    }
    if let Command::Reach { organisation, networks } = &command {
        return with_ledger(settings, async |ledger| {
            if !ledger.set_reach(organisation, networks).await? {
                return Err(organisations::unknown(organisation));
            }
            output::say(&reached(organisation, &Reach::of(networks, settings.webhook_lab)));
            Ok(())
        });
    }
    with_ledger(settings, async |ledger| execute(command, &app::open_registry(settings, ledger)?).await)
}

async fn execute(command: Command, registry: &Registry) -> Result<(), Failure> {
    match command {
        Command::Add { url, organisation, types, json } => {
            let (webhook, secret) = registry.add(&organisation, &url, &types).await?;
            let mut shown = json!(webhook);
            shown["secret"] = json!(secret.reveal());
            show_secret(&shown, &format!("Đã đăng ký webhook {}", webhook.id), json)
        }
        Command::List { organisation, json } => {
            let webhooks = registry.list(organisation.as_ref()).await?;
            if json {
                return print_json(&json!(webhooks));
            }
            output::print(webhooks.iter().map(|webhook| line(webhook) + "\n").collect::<String>().as_bytes())
        }
        Command::Test { id } => {
            let event = registry.test((None, &id)).await?;
            output::say(&format!(
                "Sự kiện thử {event} sẽ được gửi; xem kết quả: tdkt-reports webhooks deliveries {id}\n"
            ));
            Ok(())
        }
        Command::Rotate { id, json } => {
            let secret = registry.rotate((None, &id)).await?;
            let shown = json!({"id": id, "secret": secret.reveal()});
            show_secret(&shown, "Khóa mới đã dùng; khóa cũ còn ký thêm 24 giờ", json)
        }
        Command::Disable { id } => said(registry.disable((None, &id)).await, "Đã tắt."),
        Command::Enable { id } => said(registry.enable((None, &id)).await, "Đã bật."),
        Command::Remove { id } => said(registry.remove((None, &id)).await, "Đã xóa."),
        Command::Deliveries { id, limit, json } => {
            let deliveries = registry.deliveries((None, &id), None, limit).await?;
            if json {
                return print_json(&json!(deliveries));
            }
            output::print(deliveries.iter().map(delivery).collect::<String>().as_bytes())
        }
        Command::Redeliver { id, event, from, to } => {
            let which = match (event, from) {
                (Some(event), _) => Which::One(event),
                (None, first) => Which::Range(first.unwrap_or(1), to),
            };
            let sent = registry.redeliver((None, &id), &which).await?;
            output::say(&format!("{sent} sự kiện sẽ được gửi lại.\n"));
            Ok(())
        }
        // They need no registry.
        Command::Verify { .. } | Command::Reach { .. } => Ok(()),
    }
}

/// What the guard of calls will do, and not what was asked for.
fn reached(organisation: &OrganisationId, Reach { open, shut, wants_lab }: &Reach) -> String {
    let list = |networks: &[IpNet]| networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut said = match open.as_slice() {
        [] => {
            format!("Webhook của {organisation} không được gọi vào mạng riêng nào; địa chỉ công khai luôn được gọi.\n")
        }
        open => format!("Webhook của {organisation} được gọi vào: {}\n", list(open)),
    };
    if !shut.is_empty() {
        said.push_str(&format!("Vẫn đóng dù đã liệt kê: {}\n", list(shut)));
    }
    if *wants_lab {
        said.push_str("Địa chỉ của chính máy này chỉ mở khi dịch vụ chạy với webhook_lab = true (máy thử).\n");
    }
    said
}

fn verify(
    (body, secret_file): (&std::path::Path, &std::path::Path),
    (id, timestamp, signature): (&str, i64, &str),
) -> Result<(), Failure> {
    let unreadable =
        |error: std::io::Error| Failure::new(FailureCode::BadParameter, "Không đọc được tệp.", error.to_string());
    let secret = std::fs::read_to_string(secret_file).map_err(unreadable)?;
    let secret = Secret::read(secret.trim()).map_err(|error| {
        Failure::new(FailureCode::BadParameter, "Tệp khóa bí mật không đúng dạng whsec_….", error.to_string())
    })?;
    let body =
        if body.as_os_str() == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(body) };
    if secret.verifies(id, timestamp, &body.map_err(unreadable)?, signature) {
        output::say("Chữ ký đúng.\n");
        return Ok(());
    }
    Err(Failure::new(
        FailureCode::BadParameter,
        "Chữ ký không khớp.",
        "The signature is not the one of this id, time and body under this secret.",
    )
    .hint("So nguyên văn thân sự kiện, từng byte; kiểm tra lại khóa bí mật."))
}

fn event_type(word: &str) -> Result<EventType, String> {
    EventType::parse(word).ok_or_else(|| {
        let words: Vec<&str> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("chọn trong: {}", words.join(", "))
    })
}

fn show_secret(shown: &Value, what: &str, json: bool) -> Result<(), Failure> {
    if json {
        return print_json(shown);
    }
    output::say(&format!("{what}. Khóa bí mật dưới đây chỉ hiện ra lần này:\n"));
    output::print(format!("{}\n", shown["secret"].as_str().unwrap_or_default()).as_bytes())
}

fn said(outcome: Result<(), Failure>, what: &str) -> Result<(), Failure> {
    outcome.map(|()| output::say(&format!("{what}\n")))
}

fn line(webhook: &Webhook) -> String {
    let state = match (&webhook.disabled_why, webhook.failing_since) {
        (Some(why), _) => format!("tắt ({why})"),
        (None, Some(since)) => format!("lỗi từ {}", second(since)),
        (None, None) => "bật".to_owned(),
    };
    format!("{}\t{}\t{}\t{state}", webhook.id, webhook.organisation, webhook.url)
}

fn delivery(record: &DeliveryRecord) -> String {
    let last = record.tries.last().map(|tried| match (&tried.status, &tried.fault) {
        (Some(status), _) => format!("{status}, {} ms", tried.millis),
        (None, fault) => format!("{}, {} ms", fault.as_deref().unwrap_or("?"), tried.millis),
    });
    let next = record.next_try_at.map(|at| format!("\ttiếp theo {}", second(at))).unwrap_or_default();
    let (id, kind, state, tries) = (&record.id, &record.kind, &record.state, record.tries.len());
    format!("{id}\t{kind}\t{state}\t{tries} lượt\t{}{next}\n", last.unwrap_or_default())
}

fn second(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn print_json(value: &Value) -> Result<(), Failure> {
    output::print(format!("{value:#}\n").as_bytes())
}
