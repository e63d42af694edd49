//! What `doctor` asks of the press: whether a child gets ready, what shuts it in, and whether that holds.

use super::{
    Settings,
    parts::{open_archive, open_press},
};
use crate::{
    failure::{Failure, FailureCode},
    press::{ATTEMPTS, Demand, LARGEST_BODY, Outcome, PressSettings, Sandbox, Verdict},
};

/// Whether papers can be stored, and what of the store is not as they need it.
pub async fn archive(settings: &Settings) -> Result<String, String> {
    let archive = open_archive(settings).map_err(|failure| failure.message_en)?;
    archive.examine().await.map_err(|error| error.to_string())
}

/// Lets a render child say that it lives, by refusing an empty order.
pub async fn press(settings: &Settings) -> Result<String, String> {
    let press = open_press(settings, &[]).map_err(|failure| failure.message_en)?;
    match press.render("{}").await {
        Err(Verdict::Refused(failure)) if failure.code == FailureCode::UnreadableJob => {
            Ok(format!("{} tiến trình", settings.renderer_count()))
        }
        Ok(_) => Err("một yêu cầu rỗng lại thành văn bản".to_owned()),
        Err(verdict) => Err(Failure::from(verdict).message_en),
    }
}

/// Says what binds each render child.
pub fn limits(settings: &PressSettings) -> String {
    format!(
        "bộ nhớ {} MiB, thời hạn {} giây, bộ xử lý {} giây, văn bản {} MiB; không mở tệp, không ghi bộ nhớ ra đĩa; \
         thay mới sau {} lần hoặc khi giữ quá {} MiB",
        settings.memory_mib,
        settings.deadline.as_secs(),
        settings.processor.as_secs(),
        LARGEST_BODY >> 20,
        settings.renders_per_child,
        settings.replace_above_mib,
    )
}

/// Says what shuts children in on this machine, and tries every way out.
pub async fn sandbox(settings: &Settings) -> Result<String, String> {
    let press = open_press(settings, &[]).map_err(|failure| failure.message_en)?;
    let sandbox = press.sandbox().await.map_err(|verdict| Failure::from(verdict).message_en)?;
    let mut open = Vec::new();
    for attempt in ATTEMPTS {
        match press.attempt(attempt.name).await {
            Ok(Outcome::Denied(_)) => {}
            Ok(Outcome::Escaped) => open.push(attempt.name.to_owned()),
            Err(error) => open.push(format!("{} (không thử được: {error})", attempt.name)),
        }
    }
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let parts = format!("{}; nhân Linux {}", parts(sandbox), release.trim());
    if open.is_empty() {
        return Ok(format!("{parts}; đã thử {} lối thoát, đều bị chặn", ATTEMPTS.len()));
    }
    let leaks = format!("{parts}; không chặn được: {}", open.join(", "));
    match (settings.demand(), sandbox.is_complete()) {
        // What the kernel does not have, nobody can close; the operator has agreed to that.
        (Demand::Best, false) => Ok(leaks),
        (Demand::Best, true) | (Demand::Require, _) => Err(leaks),
    }
}

/// What there is and what is missing, in Vietnamese.
pub(super) fn parts(sandbox: Sandbox) -> String {
    let landlock = match sandbox.landlock {
        Some(version) => format!("Landlock (ABI {version})"),
        None => "THIẾU Landlock (cần nhân Linux từ 5.13, có landlock trong CONFIG_LSM)".to_owned(),
    };
    let seccomp = if sandbox.seccomp { "seccomp" } else { "THIẾU seccomp (CONFIG_SECCOMP_FILTER)" };
    format!("{landlock}, {seccomp}")
}
