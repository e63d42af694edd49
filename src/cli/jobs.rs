//! `jobs …`: what an operator does with the ledger, beside a running service or without one.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{books::with_books, output};
use crate::{
    archive::Archive,
    failure::{Failure, FailureCode},
    job::{Job, JobId, JobState, view::JobView},
    ledger::{CancelOutcome, EraseOutcome, JobFilter, Ledger, LetterOutcome},
    retention,
    settings::Settings,
};

/// What the audit says of changes made here.
const BY: &str = "cli";
/// Jobs read from the ledger at once.
const PAGE: u32 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Liệt kê việc, mới nhất trước; `--state dead` là danh sách việc bị gác lại.
    List {
        /// Trạng thái: accepted, running, succeeded, failed, dead, cancelled.
        #[arg(long, value_name = "TRẠNG THÁI", value_parser = state)]
        state: Option<JobState>,
        /// Mã loại văn bản.
        #[arg(long, value_name = "LOẠI")]
        kind: Option<String>,
        /// Số việc nhiều nhất.
        #[arg(long, default_value_t = 50, value_name = "SỐ")]
        limit: u32,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Xem một việc cùng nhật ký của nó.
    Show {
        /// Mã việc.
        id: JobId,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Cho làm lại việc đã hỏng (failed) hoặc bị gác lại (dead).
    Requeue {
        /// Mã việc, một hoặc nhiều.
        #[arg(required_unless_present = "all_dead")]
        ids: Vec<JobId>,
        /// Mọi việc bị gác lại.
        #[arg(long, conflicts_with = "ids")]
        all_dead: bool,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Bỏ hẳn việc bị gác lại (dead).
    Drop {
        /// Mã việc, một hoặc nhiều.
        #[arg(required = true)]
        ids: Vec<JobId>,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Hủy việc đang chờ hoặc đang làm.
    Cancel {
        /// Mã việc, một hoặc nhiều.
        #[arg(required = true)]
        ids: Vec<JobId>,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Xóa dữ liệu và văn bản của việc đã kết thúc; chỉ giữ mã băm, thời điểm và nhật ký làm bằng chứng.
    Erase {
        /// Mã việc, một hoặc nhiều.
        #[arg(required = true)]
        ids: Vec<JobId>,
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
    /// Kiểm tra chuỗi băm của nhật ký.
    Audit {
        /// In JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: Command, settings: &Settings) -> Result<(), Failure> {
    with_books(settings, async |ledger, archive| Books { ledger, archive }.execute(command).await)
}

struct Books<'a> {
    ledger: &'a Ledger,
    archive: &'a Archive,
}

/// A job and what became of the wish, in the operator's words.
struct Told {
    id: JobId,
    done: bool,
    what: String,
}

impl Books<'_> {
    async fn execute(&self, command: Command) -> Result<(), Failure> {
        match command {
            Command::List { state, kind, limit, json } => self.list(state, kind, limit, json).await,
            Command::Show { id, json } => self.show(id, json).await,
            Command::Requeue { ids, all_dead, json } => {
                let ids = if all_dead { self.dead().await? } else { ids };
                let mut told = Vec::new();
                for id in ids {
                    told.push(told_letter(id, self.ledger.requeue(id, BY).await?, "sẽ được làm lại"));
                }
                tell(&told, json)
            }
            Command::Drop { ids, json } => {
                let mut told = Vec::new();
                for id in ids {
                    told.push(told_letter(id, self.ledger.drop_dead(id, BY).await?, "đã bỏ"));
                }
                tell(&told, json)
            }
            Command::Cancel { ids, json } => {
                let mut told = Vec::new();
                for id in ids {
                    told.push(told_cancel(id, self.ledger.cancel(id).await?));
                }
                tell(&told, json)
            }
            Command::Erase { ids, json } => {
                let mut told = Vec::new();
                for id in ids {
                    let outcome = retention::erase(self.ledger, self.archive, id).await;
                    told.push(told_erase(id, outcome.map_err(|error| Failure::store_unavailable(error.to_string()))?));
                }
                tell(&told, json)
            }
            Command::Audit { json } => self.audit(json).await,
        }
    }

    async fn list(&self, state: Option<JobState>, kind: Option<String>, limit: u32, json: bool) -> Result<(), Failure> {
        let jobs = self.ledger.list(&JobFilter { state, kind, limit, ..JobFilter::default() }).await?;
        if json {
            return print_json(&json!(jobs.iter().map(view).collect::<Vec<_>>()));
        }
        let lines: String = jobs.iter().map(|job| format!("{}\n", line(job))).collect();
        output::print(lines.as_bytes())?;
        output::say(&format!("{} việc.\n", jobs.len()));
        Ok(())
    }

    async fn show(&self, id: JobId, json: bool) -> Result<(), Failure> {
        let job = self.ledger.find(id).await?.ok_or_else(unknown)?;
        let audit = self.ledger.audit_of(id).await?;
        if json {
            let mut shown = view(&job);
            shown["audit"] = json!(audit);
            return print_json(&shown);
        }
        let mut text = format!("{}\n", line(&job));
        text.push_str(&format!("  dữ liệu: sha256 {}", job.order_sha256));
        text.push_str(&job.request_erased_at.map_or("\n".into(), |at| format!(", đã xóa {}\n", second(at))));
        if let Some(artifact) = &job.artifact {
            let (sha256, pages, size) = (&artifact.sha256, artifact.pages, artifact.size);
            text.push_str(&format!("  văn bản: sha256 {sha256}, {pages} trang, {size} byte"));
            text.push_str(&job.paper_erased_at.map_or("\n".into(), |at| format!(", đã xóa {}\n", second(at))));
        }
        if let Some(failure) = &job.failure {
            text.push_str(&format!("  lý do: {} ({})\n", failure.message, failure.code.as_str()));
        }
        for row in &audit {
            let detail = row.detail.as_deref().unwrap_or_default();
            text.push_str(&format!("  {} {} {detail}\n", second(row.at), row.action));
        }
        output::print(text.as_bytes())
    }

    async fn dead(&self) -> Result<Vec<JobId>, Failure> {
        let mut filter = JobFilter { state: Some(JobState::Dead), limit: PAGE, ..JobFilter::default() };
        let mut ids: Vec<JobId> = Vec::new();
        loop {
            let page = self.ledger.list(&filter).await?;
            ids.extend(page.iter().map(|job| job.id));
            if page.len() < PAGE as usize {
                return Ok(ids);
            }
            filter.before = ids.last().copied();
        }
    }

    async fn audit(&self, json: bool) -> Result<(), Failure> {
        self.ledger.seal_audit().await?;
        let chain = self.ledger.verify_audit().await?;
        if json {
            print_json(&json!(chain))?;
        }
        match chain.broken_at {
            None if json => Ok(()),
            None => {
                let text = format!("Nhật ký nguyên vẹn: {} dòng, mã băm cuối {}\n", chain.rows, chain.head);
                output::print(text.as_bytes())
            }
            Some(place) => Err(Failure::new(
                FailureCode::Internal,
                format!("Chuỗi băm của nhật ký sai từ dòng {place}."),
                format!("the audit's chain is broken at row {place}"),
            )
            .hint("Nhật ký đã bị sửa hoặc mất dòng; đối chiếu với bản sao lưu.")),
        }
    }
}

fn state(word: &str) -> Result<JobState, String> {
    JobState::parse(word).ok_or_else(|| {
        let words: Vec<&str> = JobState::ALL.iter().map(|state| state.as_str()).collect();
        format!("chọn một trong: {}", words.join(", "))
    })
}

fn view(job: &Job) -> Value {
    let mut shown = json!(JobView::from(job));
    shown["organisation"] = json!(job.organisation);
    shown["order_sha256"] = json!(job.order_sha256);
    shown
}

fn line(job: &Job) -> String {
    let code = job.failure.as_ref().map_or("", |failure| failure.code.as_str());
    let (id, organisation, kind, at) = (job.id, &job.organisation, &job.kind, second(job.changed_at));
    format!("{id}\t{}\t{kind}\t{organisation}\t{at}\t{code}", job.state.as_str()).trim_end().to_owned()
}

fn second(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn told_letter(id: JobId, outcome: LetterOutcome, done: &str) -> Told {
    match outcome {
        LetterOutcome::Done => Told { id, done: true, what: done.to_owned() },
        LetterOutcome::NotNow(state) => {
            Told { id, done: false, what: format!("trạng thái {} không cho phép", state.as_str()) }
        }
        LetterOutcome::Erased => {
            Told { id, done: false, what: "dữ liệu đã xóa, không làm lại được".into() }
        }
        LetterOutcome::Unknown => Told { id, done: false, what: "không có việc này".into() },
    }
}

fn told_cancel(id: JobId, outcome: CancelOutcome) -> Told {
    let (done, what) = match outcome {
        CancelOutcome::Cancelled | CancelOutcome::AlreadyEnded(JobState::Cancelled) => (true, "đã hủy".to_owned()),
        CancelOutcome::Requested => (true, "sẽ dừng trong vài giây".to_owned()),
        CancelOutcome::AlreadyEnded(state) => (false, format!("đã kết thúc ({})", state.as_str())),
        CancelOutcome::Unknown => (false, "không có việc này".to_owned()),
    };
    Told { id, done, what }
}

fn told_erase(id: JobId, outcome: EraseOutcome) -> Told {
    let (done, what) = match outcome {
        EraseOutcome::Erased(_) => (true, "đã xóa dữ liệu; bằng chứng nằm trong nhật ký".to_owned()),
        EraseOutcome::AlreadyErased => (true, "đã xóa từ trước".to_owned()),
        EraseOutcome::NotEnded(state) => (false, format!("chưa kết thúc ({}); hãy hủy trước", state.as_str())),
        EraseOutcome::Unknown => (false, "không có việc này".to_owned()),
    };
    Told { id, done, what }
}

/// Prints every outcome; fails where one wish was not fulfilled.
fn tell(told: &[Told], json: bool) -> Result<(), Failure> {
    if json {
        let rows = told.iter().map(|told| json!({"id": told.id, "done": told.done, "message_vi": told.what}));
        print_json(&json!(rows.collect::<Vec<_>>()))?;
    } else {
        let lines: String = told.iter().map(|told| format!("{}\t{}\n", told.id, told.what)).collect();
        output::print(lines.as_bytes())?;
    }
    match told.iter().filter(|told| !told.done).count() {
        0 => Ok(()),
        not_done => Err(Failure::new(
            FailureCode::JobNotRequeueable,
            format!("{not_done} trên {} việc không thực hiện được.", told.len()),
            format!("{not_done} of {} jobs were left as they are", told.len()),
        )
        .hint("Xem lý do từng việc ở trên; trạng thái hiện tại: tdkt-reports jobs show MÃ.")),
    }
}

fn unknown() -> Failure {
    Failure::new(FailureCode::JobNotFound, "Không có việc này.", "There is no such job.")
        .hint("Xem danh sách: tdkt-reports jobs list.")
}

fn print_json(value: &Value) -> Result<(), Failure> {
    output::print(format!("{value:#}\n").as_bytes())
}
