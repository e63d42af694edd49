//! `backup` and `restore`.

use std::{path::Path, time::Instant};

use super::{
    books::{runtime, with_books},
    output,
};
use crate::{
    app,
    backup::{self, Manifest},
    failure::{Failure, FailureCode},
    settings::Settings,
};

pub(super) fn take(to: &Path, json: bool, settings: &Settings) -> Result<(), Failure> {
    let started = Instant::now();
    let manifest = with_books(settings, async |ledger, archive| {
        backup::take(ledger, archive, to, settings.free_to_store_mib << 20).await.map_err(Failure::from)
    })?;
    tell(&manifest, "Đã sao lưu", (json, started))?;
    whole(&manifest)
}

pub(super) fn check(from: &Path, json: bool) -> Result<(), Failure> {
    let started = Instant::now();
    let checked = runtime()?.block_on(backup::check(from))?;
    tell(&checked.manifest, "Bản sao lưu nguyên vẹn", (json, started))
}

pub(super) fn restore(from: &Path, json: bool, settings: &Settings) -> Result<(), Failure> {
    let started = Instant::now();
    let manifest = runtime()?.block_on(app::restore(settings, from))?;
    tell(&manifest, "Đã khôi phục", (json, started))?;
    let undone = undone(&manifest);
    if json {
        output::say(&undone);
        return Ok(());
    }
    output::print(undone.as_bytes())
}

/// What was shut or erased after the backup stands open again, and the ledger cannot know of it.
fn undone(manifest: &Manifest) -> String {
    format!(
        "Lưu ý: sổ việc trở về như lúc {}. Khóa API đã thu hồi sau lúc đó lại mở được; webhook đã tắt hoặc đã xóa lại nhận \
         sự kiện, khóa bí mật đã đổi lại là khóa cũ; dữ liệu đã xóa lại có.\n\
         Trước khi chạy dịch vụ, làm lại các việc ấy: `keys list` rồi `keys revoke`; `webhooks list` rồi `webhooks rotate`, \
         `disable` hoặc `remove`; `jobs erase`, `people erase`.\n",
        manifest.taken_at.format("%Y-%m-%dT%H:%M:%SZ"),
    )
}

fn tell(manifest: &Manifest, what: &str, (json, started): (bool, Instant)) -> Result<(), Failure> {
    if json {
        return output::print(manifest.to_string().as_bytes());
    }
    let Manifest { papers, papers_bytes, ledger_bytes, schema, .. } = manifest;
    let text = format!(
        "{what}: sổ việc {} (lược đồ {schema}, {ledger_bytes} byte), {papers} văn bản ({papers_bytes} byte), \
         thời điểm {}, {:.1} giây.\n",
        manifest.store.name(),
        manifest.taken_at.format("%Y-%m-%dT%H:%M:%SZ"),
        started.elapsed().as_secs_f64(),
    );
    output::print(text.as_bytes())
}

/// A backup of an archive that had lost files is still the best there is; but somebody has to know.
fn whole(manifest: &Manifest) -> Result<(), Failure> {
    match manifest.lacking.len() {
        0 => Ok(()),
        lost => Err(Failure::new(
            FailureCode::Internal,
            format!("Bản sao lưu đã hoàn tất, nhưng kho đã mất hoặc hỏng {lost} văn bản từ trước."),
            format!("the archive had lost {lost} files before the backup"),
        )
        .hint("Chạy `tdkt-reports doctor --deep --repair` để lập lại, rồi sao lưu lần nữa.")),
    }
}
