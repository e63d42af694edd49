//! `keys …`: who may use the service over HTTP.

use std::time::Duration;

use clap::Subcommand;
use serde_json::json;

use super::{books::with_ledger, organisations, output};
use crate::{
    access::{KeyId, KeyText, Networks, OrganisationId, Scopes},
    failure::{Failure, FailureCode},
    ledger::{Key, KeyOutcome, Ledger, NewKey, RevokeOutcome},
    settings::Settings,
};

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Cấp khóa mới; khóa chỉ hiện ra một lần.
    Create {
        /// Tên hệ thống hoặc người giữ khóa.
        client: String,
        /// Mã đơn vị.
        #[arg(long, value_name = "MÃ", default_value = "local", value_parser = organisations::id)]
        organisation: OrganisationId,
        /// Quyền, cách nhau dấu phẩy: submit (gửi, hủy), read (xem, tải), admin (làm lại, xóa dữ liệu).
        #[arg(long, value_name = "QUYỀN", default_value = "submit,read")]
        scopes: Scopes,
        /// Số ngày có hiệu lực; 0 là đến khi thu hồi.
        #[arg(long, value_name = "NGÀY", default_value_t = 365)]
        days: u32,
        /// Mạng được dùng khóa này, dạng CIDR, cách nhau dấu phẩy; để trống là mọi nơi.
        #[arg(long, value_name = "CIDR", default_value = "")]
        networks: Networks,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Liệt kê khóa.
    List {
        /// Mã đơn vị.
        #[arg(long, value_name = "MÃ", value_parser = organisations::id)]
        organisation: Option<OrganisationId>,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Cấp khóa kế tiếp cho cùng hệ thống; khóa cũ còn dùng được trong thời gian gối đầu.
    Rotate {
        /// Mã khóa cũ.
        id: KeyId,
        /// Số giờ gối đầu.
        #[arg(long, value_name = "GIỜ", default_value_t = 168)]
        overlap_hours: u32,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Thu hồi khóa; trong vòng 5 giây khóa không mở được gì nữa.
    Revoke {
        /// Mã khóa.
        id: KeyId,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: Command, settings: &Settings) -> Result<(), Failure> {
    with_ledger(settings, async |ledger| execute(command, ledger).await)
}

async fn execute(command: Command, ledger: &Ledger) -> Result<(), Failure> {
    match command {
        Command::Create { client, organisation, scopes, days, networks, json } => {
            let client = named(&client)?;
            let lifetime = (days > 0).then(|| DAY * days);
            let new = NewKey { organisation: organisation.clone(), client, scopes, networks, lifetime };
            let text = fresh()?;
            let outcome = ledger.make_key(&text, &new).await?;
            made(outcome, &text, json, || organisations::unknown(&organisation))
        }
        Command::Rotate { id, overlap_hours, json } => {
            let text = fresh()?;
            let outcome = ledger.rotate_key(&id, &text, HOUR * overlap_hours).await?;
            made(outcome, &text, json, || unknown(&id))
        }
        Command::List { organisation, json } => {
            let keys = ledger.keys(organisation.as_ref()).await?;
            if json {
                return output::print(format!("{:#}\n", json!(keys)).as_bytes());
            }
            output::print(keys.iter().map(line).collect::<String>().as_bytes())
        }
        Command::Revoke { id, json } => {
            let what = match ledger.revoke_key(&id).await? {
                RevokeOutcome::Revoked => "đã thu hồi",
                RevokeOutcome::AlreadyRevoked => "đã thu hồi từ trước",
                RevokeOutcome::Unknown => return Err(unknown(&id)),
            };
            if json {
                return output::print(format!("{:#}\n", json!({"id": id, "revoked": true})).as_bytes());
            }
            output::print(format!("{id}\t{what}\n").as_bytes())
        }
    }
}

/// The key itself on standard output, so that it can be put where it belongs; the rest beside it.
fn made(outcome: KeyOutcome, text: &KeyText, json: bool, unknown: impl Fn() -> Failure) -> Result<(), Failure> {
    match outcome {
        KeyOutcome::Made(key) if json => {
            let mut shown = json!(key);
            shown["key"] = json!(text.reveal());
            output::print(format!("{shown:#}\n").as_bytes())
        }
        KeyOutcome::Made(key) => {
            output::print(format!("{}\n", text.reveal()).as_bytes())?;
            output::say(&line(&key));
            output::say("Khóa chỉ hiện một lần này; hãy cất ngay vào nơi an toàn.\n");
            Ok(())
        }
        KeyOutcome::TwoActive => Err(Failure::new(
            FailureCode::BadParameter,
            "Hệ thống này đã có hai khóa đang dùng được.",
            "the client has two active keys already",
        )
        .hint("Thu hồi một khóa trước: tdkt-reports keys list, tdkt-reports keys revoke.")),
        KeyOutcome::UnknownOrganisation | KeyOutcome::NoSuchKey => Err(unknown()),
    }
}

fn fresh() -> Result<KeyText, Failure> {
    KeyText::fresh().map_err(|error| Failure::internal(format!("no random numbers: {error}")))
}

/// What stands in lists, on one line.
fn named(client: &str) -> Result<String, Failure> {
    let client = client.trim();
    if client.is_empty() || client.chars().count() > 100 || client.chars().any(char::is_control) {
        return Err(Failure::new(
            FailureCode::BadParameter,
            "Tên người giữ khóa có từ 1 đến 100 ký tự, trên một dòng.",
            "the client's name has 1 to 100 characters on one line",
        ));
    }
    Ok(client.to_owned())
}

fn line(key: &Key) -> String {
    let Key { id, organisation, client, scopes, networks, expires_at, last_used_at, revoked_at, active, .. } = key;
    let standing = match (revoked_at, active) {
        (Some(_), _) => "đã thu hồi",
        (None, true) => "đang dùng được",
        (None, false) => "đã hết hạn",
    };
    let day = |at: &Option<chrono::DateTime<chrono::Utc>>, none: &str| {
        at.map_or(none.to_owned(), |at| at.format("%Y-%m-%dT%H:%MZ").to_string())
    };
    let networks = if networks.are_open() { "mọi nơi".to_owned() } else { networks.to_string() };
    format!(
        "{id}\t{organisation}\t{client}\t{scopes}\t{standing}\thết hạn: {}\tdùng lần cuối: {}\tmạng: {networks}\n",
        day(expires_at, "không"),
        day(last_used_at, "chưa")
    )
}

fn unknown(id: &KeyId) -> Failure {
    Failure::new(
        FailureCode::BadParameter,
        format!("Không có khóa {id} đang dùng được."),
        format!("no active key {id}"),
    )
    .hint("Xem danh sách: tdkt-reports keys list.")
}
