//! What each setting may be; every fault is said, in Vietnamese for the operator and in English for the log.

use serde::Deserialize;
use toml::{Table, Value};

use super::{GivenSettings, LARGEST_PAPER, LEAST_RENDER_MEMORY_MIB, Settings, nearest_of};
use crate::{
    failure::{Finding, Severity},
    post::Schedule,
};

/// What is wrong with the setting of this name.
pub fn fault(name: &str, vietnamese: impl Into<String>, english: impl Into<String>) -> Finding {
    Finding::new("setting", Severity::Error, name, vietnamese, english)
}

/// For the log.
pub fn in_english(faults: &[Finding]) -> String {
    let told = faults.iter().map(|fault| format!("{}: {}", fault.pointers.join(", "), fault.message_en));
    told.collect::<Vec<_>>().join("; ")
}

/// Lays a file over the settings, name by name, so that one fault hides no other.
pub(super) fn lay_file(text: &str, settings: &mut Settings, faults: &mut Vec<Finding>) {
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            let error: toml::de::Error = error;
            let begin = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text.as_bytes()[..begin].iter().filter(|byte| **byte == b'\n').count() + 1;
            let said = format!("tệp cấu hình sai cú pháp TOML ở dòng {line}");
            return faults.push(fault("config", said, format!("line {line}: {}", error.message())));
        }
    };
    for (name, value) in table {
        if !Settings::NAMES.contains(&name.as_str()) {
            let meant = nearest_of(&name, Settings::NAMES.iter().copied());
            let hint = meant.map(|name| format!("; có phải {name}?")).unwrap_or_default();
            faults.push(fault(&name, format!("không có mục cấu hình này{hint}"), "there is no such setting"));
            continue;
        }
        match GivenSettings::deserialize(Table::from_iter([(name.clone(), value.clone())])) {
            Ok(given) => settings.overlay(&given),
            Err(error) => {
                let said =
                    format!("giá trị ghi trong tệp không dùng được ({}); xem config.default.toml", sort_of(&value));
                faults.push(fault(&name, said, error.message()));
            }
        }
    }
}

fn sort_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "chuỗi chữ",
        Value::Integer(_) => "số nguyên",
        Value::Float(_) => "số thập phân",
        Value::Boolean(_) => "true hoặc false",
        Value::Datetime(_) => "ngày giờ",
        Value::Array(_) => "danh sách",
        Value::Table(_) => "bảng",
    }
}

/// Everything that is wrong with the values.
pub(super) fn faults(settings: &Settings) -> Vec<Finding> {
    let mut faults = Vec::new();
    let mut check = |is_wrong: bool, name: &str, vietnamese: &str, english: &str| {
        if is_wrong {
            faults.push(fault(name, vietnamese, english));
        }
    };
    check(settings.data.as_os_str().is_empty(), "data", "không được để trống", "must not be empty");
    let wrong = !matches!(settings.log_format.as_str(), "text" | "json");
    check(wrong, "log_format", "phải là text hoặc json", "must be text or json");
    let wrong = !settings.metrics_listen.is_empty() && settings.metrics_address().is_none();
    check(wrong, "metrics_listen", "phải có dạng ĐỊA_CHỈ:CỔNG hoặc để trống", "must be ADDRESS:PORT or empty");
    let begins = |beginning: &&str| settings.otlp_endpoint.starts_with(*beginning);
    let wrong = !settings.otlp_endpoint.is_empty() && !["http://", "https://"].iter().any(begins);
    let english = "must begin with http:// or https://, or be empty";
    check(wrong, "otlp_endpoint", "phải bắt đầu bằng http:// hoặc https://, hoặc để trống", english);
    let wrong = !matches!(settings.forwarded_header.as_str(), "x-forwarded-for" | "forwarded");
    let english = "must be x-forwarded-for or forwarded";
    check(wrong, "forwarded_header", "phải là x-forwarded-for hoặc forwarded", english);
    let [certificate, key] = [&settings.tls_cert, &settings.tls_key].map(|path| path.as_os_str().is_empty());
    let absent = if certificate { "tls_cert" } else { "tls_key" };
    check(
        certificate != key,
        absent,
        "phải có cả tls_cert và tls_key, hoặc không có cả hai",
        "tls_cert and tls_key must both be given, or none",
    );
    let wrong = !matches!(settings.sandbox.as_str(), "require" | "best");
    check(wrong, "sandbox", "phải là require hoặc best", "must be require or best");
    check(
        settings.render_memory_mib < LEAST_RENDER_MEMORY_MIB,
        "render_memory_mib",
        "phải từ 1280: đây là không gian địa chỉ, tiến trình kết xuất giữ phần lớn ngay khi khởi động",
        "must be at least 1280: it is address space, of which a render child reserves most at its start",
    );
    let above_0 = [
        ("requests_per_minute", u64::from(settings.requests_per_minute)),
        ("connections_per_address", settings.connections_per_address as u64),
        ("render_deadline_s", settings.render_deadline_s),
        ("renders_per_child", u64::from(settings.renders_per_child)),
        ("max_tries", u64::from(settings.max_tries)),
        ("max_starts", u64::from(settings.max_starts)),
        ("idempotency_hours", settings.idempotency_hours),
        ("max_body_bytes", settings.max_body_bytes as u64),
        ("max_paper_bytes", settings.max_paper_bytes as u64),
        ("body_deadline_s", settings.body_deadline_s),
        ("answer_grace_s", settings.answer_grace_s),
        ("keep_events_days", settings.keep_events_days),
        ("webhook_disable_hours", settings.webhook_disable_hours),
    ];
    for (name, value) in above_0 {
        check(value == 0, name, "phải lớn hơn 0", "must be above 0");
    }
    check(settings.idempotency_hours > 8_760, "idempotency_hours", "nhiều nhất là 8760", "must be at most 8760");
    let wrong = settings.webhook_schedule.parse::<Schedule>().is_err();
    let english = "must be 1 to 20 waits such as 0s 5s 5m 2h, none above 7 days";
    check(
        wrong,
        "webhook_schedule",
        "phải gồm 1 đến 20 khoảng chờ như 0s 5s 5m 2h, mỗi khoảng không quá 7 ngày",
        english,
    );
    let wrong = settings.webhook_ports().is_none();
    check(wrong, "webhook_ports", "phải là các cổng cách nhau bằng dấu phẩy", "must be ports between commas");
    let wrong = settings.free_to_store_mib > u64::MAX >> 20;
    check(wrong, "free_to_store_mib", "lớn hơn mọi ổ đĩa", "is more than there is");
    let wrong = settings.max_paper_bytes > LARGEST_PAPER;
    check(wrong, "max_paper_bytes", "nhiều nhất là 67108864 (64 MiB)", "must be at most 67108864 (64 MiB)");
    faults
}
