//! `organisations …`: whose papers are kept apart, and their bounds.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{books::with_ledger, output};
use crate::{
    access::{Networks, OrganisationId},
    failure::{Failure, FailureCode},
    ledger::{Lane, Ledger, Organisation, OrganisationChange},
    settings::Settings,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Thêm một đơn vị.
    Add {
        /// Mã đơn vị: chữ thường không dấu, chữ số và gạch nối, ví dụ so-noi-vu.
        #[arg(value_parser = id)]
        id: OrganisationId,
        #[command(flatten)]
        change: Change,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Đổi tên, hạn mức hoặc mạng của một đơn vị.
    Set {
        /// Mã đơn vị.
        #[arg(value_parser = id)]
        id: OrganisationId,
        #[command(flatten)]
        change: Change,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Liệt kê các đơn vị.
    List {
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Change {
    /// Tên đơn vị.
    #[arg(long, value_name = "TÊN")]
    name: Option<String>,
    /// Số việc được chờ nhiều nhất; default là theo max_waiting_each.
    #[arg(long, value_name = "SỐ", value_parser = bound::<u64>)]
    own_max_waiting: Option<Bound<u64>>,
    /// Số yêu cầu mỗi phút; default là theo requests_per_minute.
    #[arg(long, value_name = "SỐ", value_parser = bound::<u32>)]
    own_requests_per_minute: Option<Bound<u32>>,
    /// Mạng được dùng khóa của đơn vị, dạng CIDR, cách nhau dấu phẩy; để trống là mọi nơi.
    #[arg(long, value_name = "CIDR")]
    networks: Option<Networks>,
    /// department: làn riêng của Sở, cứ hai lượt được một lượt trước; common: lần lượt như mọi đơn vị.
    #[arg(long, value_name = "LÀN")]
    lane: Option<Lane>,
}

/// A bound of its own, or that of the settings.
#[derive(Debug, Clone, Copy)]
struct Bound<N>(Option<N>);

fn bound<N: std::str::FromStr>(text: &str) -> Result<Bound<N>, String> {
    match text {
        "default" => Ok(Bound(None)),
        number => number.parse().map(|most| Bound(Some(most))).map_err(|_| "cần một số, hoặc default".to_owned()),
    }
}

impl Change {
    fn checked(self) -> Result<OrganisationChange, Failure> {
        if self.own_requests_per_minute.is_some_and(|bound| bound.0 == Some(0)) {
            return Err(Failure::new(
                FailureCode::BadParameter,
                "Số yêu cầu mỗi phút phải lớn hơn 0.",
                "requests in a minute have to be above 0",
            )
            .hint("Để chặn một đơn vị, hãy thu hồi khóa của đơn vị đó."));
        }
        Ok(OrganisationChange {
            name: self.name,
            max_waiting: self.own_max_waiting.map(|bound| bound.0),
            requests_per_minute: self.own_requests_per_minute.map(|bound| bound.0),
            networks: self.networks,
            lane: self.lane,
        })
    }
}

pub(super) fn run(command: Command, settings: &Settings) -> Result<(), Failure> {
    with_ledger(settings, async |ledger| execute(command, ledger).await)
}

async fn execute(command: Command, ledger: &Ledger) -> Result<(), Failure> {
    match command {
        Command::Add { id, change, json } => {
            let added = ledger.add_organisation(&id, &change.checked()?).await?.ok_or_else(|| {
                Failure::new(
                    FailureCode::BadParameter,
                    format!("Đã có đơn vị {id}."),
                    format!("there is an organisation {id} already"),
                )
                .hint("Đổi đơn vị đã có: tdkt-reports organisations set.")
            })?;
            tell(&[added], json)
        }
        Command::Set { id, change, json } => {
            let changed = ledger.change_organisation(&id, &change.checked()?).await?;
            tell(&[changed.ok_or_else(|| unknown(&id))?], json)
        }
        Command::List { json } => tell(&ledger.organisations().await?, json),
    }
}

/// An organisation's id, as every command reads it.
pub(super) fn id(text: &str) -> Result<OrganisationId, String> {
    text.parse().map_err(|_| {
        "không đúng: mã gồm tối đa 40 chữ thường không dấu, chữ số, dấu gạch nối, bắt đầu bằng chữ".to_owned()
    })
}

pub(super) fn unknown(id: &OrganisationId) -> Failure {
    Failure::new(FailureCode::BadParameter, format!("Không có đơn vị {id}."), format!("there is no organisation {id}"))
        .hint("Xem danh sách: tdkt-reports organisations list; thêm: tdkt-reports organisations add.")
}

fn tell(organisations: &[Organisation], json: bool) -> Result<(), Failure> {
    if json {
        return output::print(format!("{:#}\n", json!(organisations)).as_bytes());
    }
    let line = |organisation: &Organisation| {
        let Organisation { id, name, max_waiting, requests_per_minute, networks, lane, .. } = organisation;
        let waiting = max_waiting.map_or("theo cấu hình".to_owned(), |most| most.to_string());
        let per_minute = requests_per_minute.map_or("theo cấu hình".to_owned(), |most| most.to_string());
        let networks = if networks.are_open() { "mọi nơi".to_owned() } else { networks.to_string() };
        format!(
            "{id}\t{name}\tviệc chờ: {waiting}\tyêu cầu/phút: {per_minute}\tmạng: {networks}\tlàn: {}\n",
            lane.as_str()
        )
    };
    output::print(organisations.iter().map(line).collect::<String>().as_bytes())
}
