//! `people …`: what is held of a person, for whoever has to answer them or their request to be forgotten.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{books::with_books, organisations, output};
use crate::{
    access::OrganisationId,
    failure::{Failure, FailureCode},
    people::{self, Held, Likeness, Name},
    retention::Books,
    settings::Settings,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Tìm các việc có dữ liệu của một người.
    Find(Who),
    /// Xuất những gì đang lưu về một người, dạng JSON.
    Export(Who),
    /// Xóa dữ liệu và văn bản của các việc đã kết thúc có tên người này; bằng chứng nằm trong nhật ký.
    Erase(Who),
}

#[derive(Debug, Args)]
pub(super) struct Who {
    /// Họ và tên; dấu - là đọc từ đầu vào chuẩn, để tên không nằm trong danh sách tiến trình.
    name: String,
    /// Không phân biệt dấu.
    #[arg(long)]
    ignore_diacritics: bool,
    /// Chỉ tìm trong dữ liệu của một đơn vị.
    #[arg(long, value_name = "MÃ", value_parser = organisations::id)]
    organisation: Option<OrganisationId>,
    /// In JSON.
    #[arg(long)]
    json: bool,
}

impl Who {
    fn name(&self) -> Result<Name, Failure> {
        let likeness = if self.ignore_diacritics { Likeness::Bare } else { Likeness::Exact };
        if self.name != "-" {
            return Name::read(&self.name, likeness);
        }
        let bytes = output::read(Path::new("-"))?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Failure::new(FailureCode::BadParameter, "Họ tên phải ghi bằng UTF-8.", "the name is not UTF-8")
        })?;
        Name::read(text.trim(), likeness)
    }
}

pub(super) fn run(command: Command, settings: &Settings) -> Result<(), Failure> {
    with_books(settings, async |ledger, archive| {
        let (Command::Find(who) | Command::Export(who) | Command::Erase(who)) = &command;
        let name = who.name()?;
        let books = match &who.organisation {
            Some(organisation) => Books::Of(ledger, organisation),
            None => Books::All(ledger),
        };
        match &command {
            Command::Find(who) => tell(&people::find(books, &name).await?, who.json),
            Command::Export(_) => print(&json!(people::export(books, &name).await?)),
            Command::Erase(who) => erased(&people::erase(books, archive, &name).await?, who.json),
        }
    })
}

fn tell(found: &[Held], json: bool) -> Result<(), Failure> {
    if json {
        return print(&json!(found));
    }
    let line = |held: &Held| {
        let places: Vec<&str> = held.mentions.iter().map(|mention| mention.pointer.as_str()).collect();
        let Held { id, organisation, kind, state, accepted_at, .. } = held;
        let at = accepted_at.format("%Y-%m-%dT%H:%M:%SZ");
        format!("{id}\t{}\t{kind}\t{organisation}\t{at}\t{}\n", state.as_str(), places.join(" "))
    };
    output::print(found.iter().map(line).collect::<String>().as_bytes())?;
    output::say(&format!("{} việc.\n", found.len()));
    Ok(())
}

fn erased(told: &[people::ErasedJob], json: bool) -> Result<(), Failure> {
    if json {
        print(&json!(told))?;
    } else {
        let line = |job: &people::ErasedJob| {
            let what = if job.erased {
                "đã xóa; bằng chứng nằm trong nhật ký"
            } else {
                "chưa kết thúc; hãy hủy trước"
            };
            format!("{}\t{what}\n", job.id)
        };
        output::print(told.iter().map(line).collect::<String>().as_bytes())?;
    }
    match told.iter().filter(|job| !job.erased).count() {
        0 => Ok(()),
        left => Err(Failure::new(
            FailureCode::JobNotFinished,
            format!("{left} việc chưa kết thúc nên chưa xóa được."),
            format!("{left} jobs have not ended"),
        )
        .hint("Hủy các việc đó (tdkt-reports jobs cancel), rồi chạy lại lệnh này.")),
    }
}

fn print(value: &serde_json::Value) -> Result<(), Failure> {
    output::print(format!("{value:#}\n").as_bytes())
}
