//! What the register holds, in lines for people.

use crate::{
    calendar,
    difference::table,
    register::{PeriodStatus, RunOutcome, ScheduleRun, Standing, Submission},
};

pub(super) fn line(one: &Submission) -> String {
    let at = one.sent_at.format("%Y-%m-%dT%H:%M:%SZ");
    let adjustment = one.adjustment.as_ref().map_or(String::new(), |a| format!("\tđiều chỉnh số {}", a.number));
    format!("{}\t{at}\t{}\t{}{adjustment}", one.version, one.sent_by, one.sha256)
}

pub(super) fn standings(status: &PeriodStatus) -> String {
    let due =
        status.due.map_or("chưa đặt hạn gửi".to_owned(), |due| format!("hạn gửi {}", calendar::short(due)));
    let mut text = format!(
        "{} ({due}): đã gửi {}/{}, trễ hạn {}, còn thiếu {}.\n",
        status.title, status.sent, status.expected, status.late, status.missing
    );
    if let Some(closing) = &status.closing {
        text.push_str(&format!("Đã chốt số liệu, mã băm {}.\n", closing.sha256));
    }
    for bloc in &status.blocs {
        let standing = match bloc.standing {
            Standing::Sent => "đã gửi",
            Standing::SentLate => "đã gửi, trễ hạn",
            Standing::Awaited => "chưa gửi",
            Standing::Overdue => "chưa gửi, quá hạn",
        };
        let days = bloc.days_late.map_or(String::new(), |days| format!(" {days} ngày"));
        let adjustments = match bloc.adjustments.as_slice() {
            [] => String::new(),
            numbers => {
                let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
                format!("\tđiều chỉnh số {}", numbers.join(", "))
            }
        };
        text.push_str(&format!("{}\t{standing}{days}\t{}{adjustments}\n", bloc.bloc, bloc.name));
    }
    text
}

pub(super) fn ran(run: &ScheduleRun) -> String {
    let outcome = match run.outcome {
        RunOutcome::Reminded => "đã nhắc",
        RunOutcome::Closed => "đã chốt",
        RunOutcome::AlreadyClosed => "đã chốt từ trước",
        RunOutcome::Incomplete => "chưa chốt vì còn thiếu",
        RunOutcome::Missed => "bị lỡ, bỏ qua",
        RunOutcome::Pulling => "đang đọc số liệu",
        RunOutcome::Pulled => "đã đọc số liệu",
        RunOutcome::Interrupted => "đọc số liệu bị gián đoạn",
    };
    let missing = run.missing.join(", ");
    let missing = if missing.is_empty() { String::new() } else { format!(" (chưa gửi: {missing})") };
    format!("{} {outcome}{missing}", in_vietnam(run.due_at))
}

/// "20/7/2026 17:00", giờ Việt Nam.
pub(super) fn in_vietnam(at: chrono::DateTime<chrono::Utc>) -> String {
    let at = at.with_timezone(&chrono_tz::Asia::Ho_Chi_Minh);
    format!("{} {}", calendar::short(at.date_naive()), at.format("%H:%M"))
}

pub(super) fn adjustment(one: &Submission) -> String {
    let Some(adjustment) = &one.adjustment else { return String::new() };
    let mut text = format!("Điều chỉnh số {} – {}, phiên bản {}\n", adjustment.number, one.bloc, one.version);
    text.push_str(&format!("Lý do: {}\nChỉ tiêu\tSố cũ\tSố mới\tChênh lệch\n", adjustment.reason));
    for row in table(&adjustment.difference) {
        text.push_str(&format!("{}\n", row.join("\t")));
    }
    text
}
