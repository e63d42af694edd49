//! `people …`: what is held of a person, for whoever has to answer them or their request to be forgotten.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{books::with_books, organisations, output};
use crate::{
    access::OrganisationId,
    failure::{Failure, FailureCode},
    people::{self, Elsewhere, ErasedOf, Held, HeldOf, Likeness, Mention, Name},
    retention::Books,
    settings::Settings,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Tìm các việc, mục sổ đăng ký có dữ liệu của một người.
    Find(Who),
    /// Xuất những gì đang lưu về một người, dạng JSON.
    Export(Who),
    /// Xóa dữ liệu và văn bản của các việc đã kết thúc có tên người này, ghi đè tên trong sổ đăng ký; bằng chứng nằm trong nhật ký.
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
            Command::Export(_) => print(&listed(&people::export(books, &name).await?)),
            Command::Erase(who) => erased(&people::erase(books, archive, &name).await?, who.json),
        }
    })
}

/// Jobs, then what is elsewhere, which says `what` it is.
fn listed(found: &HeldOf) -> Value {
    found.jobs.iter().map(|job| json!(job)).chain(found.elsewhere.iter().map(|other| json!(other))).collect()
}

fn tell(found: &HeldOf, json: bool) -> Result<(), Failure> {
    if json {
        return print(&listed(found));
    }
    let places = |mentions: &[Mention]| -> String {
        mentions.iter().map(|mention| mention.pointer.as_str()).collect::<Vec<_>>().join(" ")
    };
    let in_job = |held: &Held| {
        let Held { id, organisation, kind, state, accepted_at, .. } = held;
        let at = accepted_at.format("%Y-%m-%dT%H:%M:%SZ");
        format!("{id}\t{}\t{kind}\t{organisation}\t{at}\t{}\n", state.as_str(), places(&held.mentions))
    };
    let beside = |held: &Elsewhere| {
        let Elsewhere { place, organisation, written_at, .. } = held;
        let at = written_at.format("%Y-%m-%dT%H:%M:%SZ");
        let (id, what, version) = (&place.id, place.what, place.version);
        format!("{id}\t{what}\t{version}\t{organisation}\t{at}\t{}\n", places(&held.mentions))
    };
    let lines: String = found.jobs.iter().map(in_job).chain(found.elsewhere.iter().map(beside)).collect();
    output::print(lines.as_bytes())?;
    output::say(&format!("{} việc, {} nơi khác.\n", found.jobs.len(), found.elsewhere.len()));
    Ok(())
}

fn erased(told: &ErasedOf, json: bool) -> Result<(), Failure> {
    if json {
        let elsewhere = told.elsewhere.iter().map(|other| json!(other));
        print(&told.jobs.iter().map(|job| json!(job)).chain(elsewhere).collect())?;
    } else {
        let line = |job: &people::ErasedJob| {
            let what = if job.erased {
                "đã xóa; bằng chứng nằm trong nhật ký"
            } else {
                "chưa kết thúc; hãy hủy trước"
            };
            format!("{}\t{what}\n", job.id)
        };
        let beside = |other: &people::WrittenOver| {
            let people::Spot { id, what, version, .. } = &other.place;
            format!("{id}\t{what} {version}: đã ghi đè; bằng chứng nằm trong nhật ký\n")
        };
        let lines: String = told.jobs.iter().map(line).chain(told.elsewhere.iter().map(beside)).collect();
        output::print(lines.as_bytes())?;
    }
    match told.jobs.iter().filter(|job| !job.erased).count() {
        0 => Ok(()),
        left => Err(Failure::new(
            FailureCode::JobNotFinished,
            format!("{left} việc chưa kết thúc nên chưa xóa được."),
            format!("{left} jobs have not ended"),
        )
        .hint("Hủy các việc đó (tdkt-reports jobs cancel), rồi chạy lại lệnh này.")),
    }
}

fn print(value: &Value) -> Result<(), Failure> {
    output::print(format!("{value:#}\n").as_bytes())
}
