//! What has to be so before strangers may reach the service.
//!
//! The rule: every fault is said at once, each with what mends it; with one of them the service does not start.

use std::{net::SocketAddr, os::unix::fs::PermissionsExt};

use tracing::warn;

use crate::{
    failure::{Failure, FailureCode},
    gate::FirstLook,
    ledger::{Ledger, Place},
    settings::Settings,
};

/// What a password of Redis or PostgreSQL has to cross a network with.
const GUARDED_MODES: [&str; 3] = ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"];

/// Looks at the settings, and says who may come in as long as there are no keys.
///
/// # Errors
/// Every unsafe setting, where strangers may come and the operator did not say that it is a lab.
pub(super) async fn look(settings: &Settings, address: SocketAddr, ledger: &Ledger) -> Result<FirstLook, Failure> {
    let has_keys = ledger.has_keys().await?;
    if is_alone(settings, address) {
        if !has_keys {
            eprintln!(
                "Chưa có khóa API: ai ở máy này cũng dùng được mọi chức năng; cấp khóa đầu tiên: tdkt-reports keys create"
            );
            eprintln!(
                "No API key yet: whoever is at this machine may do everything; make the first: tdkt-reports keys create"
            );
        }
        return Ok(FirstLook::FromHere);
    }
    let faults = faults(settings, has_keys);
    if faults.is_empty() {
        return Ok(FirstLook::Refused);
    }
    if settings.insecure_lab {
        for (_, english) in &faults {
            warn!("insecure_lab: {english}");
        }
        return Ok(FirstLook::FromAnywhere);
    }
    let vietnamese: Vec<String> = faults.iter().map(|(vietnamese, _)| format!("  - {vietnamese}")).collect();
    let english: Vec<&str> = faults.iter().map(|(_, english)| english.as_str()).collect();
    Err(Failure::new(
        FailureCode::BadParameter,
        format!("Không phục vụ tại {address} khi chưa an toàn:\n{}", vietnamese.join("\n")),
        format!("unsafe settings for {address}: {}", english.join("; ")),
    )
    .hint("Sửa mọi điểm nêu trên, hoặc chỉ lắng nghe tại 127.0.0.1 và không khai báo proxy. Xem mục “Trước khi mở ra mạng” trong docs/operating.md."))
}

/// Whether nobody from elsewhere comes here: strangers also come to loopback where a proxy on this host brings them.
fn is_alone(settings: &Settings, address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback() && settings.behind_proxy.are_open()
}

/// Each in Vietnamese and English.
fn faults(settings: &Settings, has_keys: bool) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut fault = |is: bool, vietnamese: &str, english: &str| {
        if is {
            faults.push((vietnamese.to_owned(), english.to_owned()));
        }
    };
    fault(!has_keys, "chưa có khóa API nào: tdkt-reports keys create", "there is no API key (keys create)");
    fault(
        settings.tls_cert.as_os_str().is_empty() && settings.behind_proxy.are_open(),
        "không có TLS (tls_cert, tls_key) cũng không khai báo proxy (behind_proxy)",
        "neither TLS (tls_cert, tls_key) nor a declared proxy (behind_proxy)",
    );
    fault(
        settings.behind_proxy.are_everywhere(),
        "behind_proxy gồm mọi địa chỉ, nên ai cũng giả được địa chỉ của người khác",
        "behind_proxy holds every address, so that anybody can take another's",
    );
    fault(
        is_readable_by_others(&settings.tls_key),
        "người khác trên máy đọc được tệp tls_key: chmod 600",
        "others on this machine can read tls_key (chmod 600)",
    );
    fault(
        is_readable_by_others(&settings.data),
        "người khác trên máy đọc được thư mục dữ liệu: chmod 700",
        "others on this machine can read the data folder (chmod 700)",
    );
    fault(
        crosses_a_network(&settings.redis_url) && !settings.redis_url.contains('@'),
        "Redis ở máy khác mà không có mật khẩu",
        "Redis on another host without a password",
    );
    let server = Place::read(&settings.ledger_url, &settings.data);
    fault(
        matches!(server, Ok(Place::Server(_)))
            && crosses_a_network(&settings.ledger_url)
            && !GUARDED_MODES.iter().any(|mode| settings.ledger_url.contains(mode)),
        "PostgreSQL ở máy khác mà không mã hóa đường truyền: thêm sslmode=verify-full",
        "PostgreSQL on another host without encryption (sslmode=verify-full)",
    );
    faults
}

fn is_readable_by_others(path: &std::path::Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o007 != 0)
}

/// Whether an address names another host. A name without a dot is a neighbour's on this host, such as a container's.
fn crosses_a_network(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let host = rest.split(['/', '?']).next().unwrap_or_default().rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, _)) => inside,
        None => host.split(':').next().unwrap_or_default(),
    };
    match host.parse::<std::net::IpAddr>() {
        Ok(address) => !address.is_loopback(),
        Err(_name) => host.contains('.'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::GivenSettings;

    fn settings(change: impl FnOnce(&mut GivenSettings)) -> Settings {
        let mut given = GivenSettings { data: Some("/nowhere/at/all".into()), ..GivenSettings::default() };
        change(&mut given);
        Settings::resolve(&given).unwrap()
    }

    #[test]
    fn every_fault_is_said_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem");
        std::fs::write(&key, "x").unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let worst = settings(|given| {
            given.data = Some(folder.path().to_owned());
            given.redis_url = Some("redis://10.0.0.5:6379/0".into());
            given.ledger_url = Some("postgres://tdkt:secret@db.tinh.vn/tdkt".into());
        });
        assert_eq!(faults(&worst, false).len(), 5, "{:#?}", faults(&worst, false));
        let tls = settings(|given| {
            (given.tls_cert, given.tls_key) = (Some(key.clone()), Some(key.clone()));
            given.behind_proxy = Some("0.0.0.0/0".parse().unwrap());
        });
        assert_eq!(faults(&tls, true).len(), 2, "{:#?}", faults(&tls, true));
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
        let right = settings(|given| {
            (given.tls_cert, given.tls_key) = (Some(key.clone()), Some(key.clone()));
            given.redis_url = Some("redis://:secret@10.0.0.5:6379/0".into());
            given.ledger_url = Some("postgres://tdkt@db.tinh.vn/tdkt?sslmode=verify-full".into());
        });
        assert_eq!(faults(&right, true), []);
        let proxied = settings(|given| given.behind_proxy = Some("10.0.0.0/8".parse().unwrap()));
        assert_eq!(faults(&proxied, true), []);
        assert_eq!(faults(&proxied, false).len(), 1);
    }

    #[test]
    fn another_host_is_told_from_this_one() {
        for here in [
            "",
            "redis://127.0.0.1:6379/0",
            "redis://localhost",
            "redis://[::1]:6379",
            "postgres:///tdkt",
            "redis://redis:6379/0",
        ] {
            assert!(!crosses_a_network(here), "{here}");
        }
        for there in [
            "redis://10.0.0.1",
            "redis://:p@redis.tinh.vn:6379/0",
            "postgres://a:b@db.tinh.vn:5432/x",
            "redis://[fd00::1]/",
        ] {
            assert!(crosses_a_network(there), "{there}");
        }
    }
}
