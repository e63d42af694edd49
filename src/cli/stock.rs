//! The stocktake of `doctor --deep`, in the operator's words.

use super::doctor::Examination;
use crate::{
    app,
    settings::Settings,
    stocktake::{Harm, Harmed, Mending, Purpose, Stock},
};

/// Takes stock and notes what was found; `None` where nothing could be looked at.
pub(super) async fn take(settings: &Settings, purpose: Purpose, examination: &mut Examination) -> Option<Stock> {
    let stock = match app::take_stock(settings, purpose).await {
        Ok(stock) => stock,
        Err(failure) => {
            examination.note("Kiểm kê", Err(failure.message_en));
            return None;
        }
    };
    examination.note("Lược đồ sổ việc", Ok(format!("phiên bản {}", stock.schema)));
    examination.note("Tệp văn bản", files(&stock));
    for harmed in &stock.harmed {
        examination.note("Văn bản", harm(harmed));
    }
    examination.note("Tệp thừa", Ok(left_over(&stock)));
    examination.note("Việc", jobs(&stock));
    examination.note("Nhật ký", audit(&stock));
    examination.note("Chuông báo việc", doorbell(&stock));
    Some(stock)
}

fn files(stock: &Stock) -> Result<String, String> {
    let Stock { files, bytes, .. } = stock;
    match stock.missing() {
        0 => Ok(format!("{files} tệp, {bytes} byte, đúng mã băm")),
        missing => Err(format!("{missing} trên {files} tệp bị mất hoặc hỏng")),
    }
}

fn harm(harmed: &Harmed) -> Result<String, String> {
    let what = match harmed.harm {
        Harm::Lost => "bị mất",
        Harm::Damaged => "bị hỏng",
    };
    let jobs: Vec<String> = harmed.jobs.iter().map(ToString::to_string).collect();
    let told = format!("{} {what}, của việc {}", &harmed.sha256[..12], jobs.join(", "));
    match &harmed.mending {
        Mending::Mended => Ok(format!("{told}; đã lập lại đúng từng byte")),
        Mending::NotTried => Err(format!("{told}; thêm --repair để lập lại")),
        Mending::NoRequest => Err(format!("{told}; dữ liệu đã xóa, chỉ lấy lại được từ bản sao lưu")),
        Mending::Otherwise => {
            Err(format!("{told}; chương trình, mẫu hoặc phông chữ đã đổi nên lập lại ra tệp khác; lấy từ bản sao lưu"))
        }
        Mending::Failed(code) => Err(format!("{told}; chưa lập lại được: {}", code.as_str())),
    }
}

fn left_over(stock: &Stock) -> String {
    let Stock { orphans, unfinished, removed, .. } = stock;
    match removed {
        0 => format!("{orphans} tệp không thuộc việc nào, {unfinished} tệp ghi dở; dịch vụ tự dọn"),
        removed => format!("đã dọn {removed} tệp"),
    }
}

fn jobs(stock: &Stock) -> Result<String, String> {
    let counts: Vec<String> = stock.jobs.iter().map(|(state, jobs)| format!("{state} {jobs}")).collect();
    let counts = counts.join(", ");
    match (stock.stuck, stock.forgotten_leases) {
        (0, 0) => Ok(counts),
        (stuck, leases) => Err(format!(
            "{counts}; {stuck} việc đến hạn đã lâu chưa ai làm, {leases} việc dở dang chưa ai thu hồi; \
             kiểm tra tiến trình serve hoặc work có đang chạy không"
        )),
    }
}

fn audit(stock: &Stock) -> Result<String, String> {
    match stock.audit.broken_at {
        None => Ok(format!("{} dòng, chuỗi băm nguyên vẹn", stock.audit.rows)),
        Some(place) => Err(format!("chuỗi băm sai từ dòng {place}")),
    }
}

fn doorbell(stock: &Stock) -> Result<String, String> {
    let bells = &stock.doorbell;
    if let Some(fault) = &bells.fault {
        return Err(fault.clone());
    }
    let server: Vec<String> = bells.server.iter().map(|(name, value)| format!("{name} = {value:?}")).collect();
    let told = format!(
        "{} báo hiệu, {} của việc không có trong sổ, {} không đọc được{}{}",
        bells.rings,
        bells.unknown,
        bells.unreadable,
        if server.is_empty() { "" } else { "; " },
        server.join(", ")
    );
    if bells.is_sound() { Ok(told) } else { Err(format!("{told}; cần maxmemory-policy noeviction")) }
}
