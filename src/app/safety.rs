//! What has to be so before strangers may reach the service.
//!
//! The rule: every fault is said at once, each with what mends it; with one of them the service does not start.

use std::{net::SocketAddr, os::unix::fs::PermissionsExt};

use tracing::warn;

use super::{
    parts::{archive_place, authorities, examine_redis, ledger_place, open_ledger},
    tls::Certificate,
};
use crate::{
    failure::{Failure, FailureCode, Finding},
    gate::FirstLook,
    ledger::{Ledger, Place},
    settings::{Settings, fault, in_english},
    vietnamese::count,
};

/// What a password of Redis or PostgreSQL has to cross a network with.
const GUARDED_MODES: [&str; 3] = ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"];

/// Everything that is wrong with settings that can be read, as far as it is known before anything is opened.
pub fn setting_faults(settings: &Settings, address: SocketAddr) -> Vec<Finding> {
    let mut faults = wrong(settings);
    if !is_alone(settings, address) && !settings.insecure_lab {
        faults.extend(unsafe_faults(settings));
    }
    faults
}

/// Refuses settings with which a part could not be opened, before the first is; with them what is unsafe.
///
/// # Errors
/// Every fault, but for a missing key where the ledger cannot be asked.
pub(super) async fn refuse_wrong(settings: &Settings, address: SocketAddr) -> Result<(), Failure> {
    if wrong(settings).is_empty() {
        return Ok(());
    }
    let mut faults = setting_faults(settings, address);
    let may_be_asked = match ledger_place(settings) {
        Ok(Place::File(file)) => file.exists(),
        Ok(Place::Server(_)) => true,
        Err(_told) => false,
    };
    if may_be_asked && !is_alone(settings, address) && !settings.insecure_lab {
        // A ledger that does not answer hides nothing of what is known.
        if let Ok(ledger) = open_ledger(settings).await {
            faults.extend(matches!(ledger.has_keys().await, Ok(false)).then(no_key));
            ledger.close().await;
        }
    }
    Err(refusal(address, faults))
}

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
    let faults: Vec<Finding> = (!has_keys).then(no_key).into_iter().chain(unsafe_faults(settings)).collect();
    if faults.is_empty() {
        return Ok(FirstLook::Refused);
    }
    if settings.insecure_lab {
        for fault in &faults {
            warn!("insecure_lab: {}", fault.message_en);
        }
        return Ok(FirstLook::FromAnywhere);
    }
    Err(refusal(address, faults))
}

fn refusal(address: SocketAddr, faults: Vec<Finding>) -> Failure {
    let said = format!("Không phục vụ tại {address}: cấu hình có {} điểm phải sửa.", count(faults.len() as u64));
    let english = format!("settings not fit for {address}: {}", in_english(&faults));
    Failure::new(FailureCode::BadParameter, said, english).with_findings(faults).hint(
        "Sửa mọi điểm nêu trên, hoặc chỉ lắng nghe tại 127.0.0.1 và không khai báo proxy. Xem mục “Before strangers reach it” trong docs/operating.md.",
    )
}

/// What keeps a part from being opened, whoever may come.
fn wrong(settings: &Settings) -> Vec<Finding> {
    let has_certificate = !settings.tls_cert.as_os_str().is_empty() && !settings.tls_key.as_os_str().is_empty();
    let certificate =
        if has_certificate { Certificate::examine(&settings.tls_cert, &settings.tls_key) } else { Ok(()) };
    let examined = [
        ("tls_cert, tls_key", certificate),
        ("ledger_url", ledger_place(settings).map(drop)),
        ("archive_url", archive_place(settings).map(drop)),
        ("redis_url, queue", examine_redis(settings)),
        ("webhook_ca", authorities(settings).map(drop)),
    ];
    let told = |(name, examined): (&str, Result<(), Failure>)| {
        let failure = examined.err()?;
        let hint = failure.hint.map(|hint| format!(" {hint}")).unwrap_or_default();
        Some(fault(name, format!("{}{hint}", failure.message), failure.message_en))
    };
    examined.into_iter().filter_map(told).collect()
}

/// Whether nobody from elsewhere comes here: strangers also come to loopback where a proxy on this host brings them.
fn is_alone(settings: &Settings, address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback() && settings.behind_proxy.are_open()
}

fn no_key() -> Finding {
    fault("keys", "chưa có khóa API nào; cấp khóa: tdkt-reports keys create", "there is no API key (keys create)")
}

/// What strangers could make use of.
fn unsafe_faults(settings: &Settings) -> Vec<Finding> {
    let mut faults = Vec::new();
    let mut check = |is: bool, name: &str, vietnamese: &str, english: &str| {
        if is {
            faults.push(fault(name, vietnamese, english));
        }
    };
    check(
        settings.tls_cert.as_os_str().is_empty() && settings.behind_proxy.are_open(),
        "tls_cert, tls_key, behind_proxy",
        "không có TLS (tls_cert, tls_key) cũng không khai báo proxy (behind_proxy)",
        "neither TLS (tls_cert, tls_key) nor a declared proxy (behind_proxy)",
    );
    check(
        settings.behind_proxy.are_everywhere(),
        "behind_proxy",
        "gồm mọi địa chỉ, nên ai cũng giả được địa chỉ của người khác",
        "behind_proxy holds every address, so that anybody can take another's",
    );
    check(
        is_readable_by_others(&settings.tls_key),
        "tls_key",
        "người khác trên máy đọc được tệp này: chmod 600",
        "others on this machine can read tls_key (chmod 600)",
    );
    check(
        is_readable_by_others(&settings.data),
        "data",
        "người khác trên máy đọc được thư mục dữ liệu: chmod 700",
        "others on this machine can read the data folder (chmod 700)",
    );
    check(
        crosses_a_network(&settings.redis_url) && !settings.redis_url.contains('@'),
        "redis_url",
        "Redis ở máy khác mà không có mật khẩu",
        "Redis on another host without a password",
    );
    let server = Place::read(&settings.ledger_url, &settings.data);
    check(
        matches!(server, Ok(Place::Server(_)))
            && crosses_a_network(&settings.ledger_url)
            && !GUARDED_MODES.iter().any(|mode| settings.ledger_url.contains(mode)),
        "ledger_url",
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
        assert_eq!(unsafe_faults(&worst).len(), 4, "{:#?}", unsafe_faults(&worst));
        let tls = settings(|given| {
            (given.tls_cert, given.tls_key) = (Some(key.clone()), Some(key.clone()));
            given.behind_proxy = Some("0.0.0.0/0".parse().unwrap());
        });
        assert_eq!(unsafe_faults(&tls).len(), 2, "{:#?}", unsafe_faults(&tls));
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
        let right = settings(|given| {
            (given.tls_cert, given.tls_key) = (Some(key.clone()), Some(key.clone()));
            given.redis_url = Some("redis://:secret@10.0.0.5:6379/0".into());
            given.ledger_url = Some("postgres://tdkt@db.tinh.vn/tdkt?sslmode=verify-full".into());
        });
        assert_eq!(unsafe_faults(&right), []);
        let proxied = settings(|given| given.behind_proxy = Some("10.0.0.0/8".parse().unwrap()));
        assert_eq!(unsafe_faults(&proxied), []);
    }

    #[test]
    fn what_is_wrong_and_what_is_unsafe_are_said_in_one_answer() {
        let folder = tempfile::tempdir().unwrap();
        let both = settings(|given| {
            given.data = Some(folder.path().join("data"));
            (given.tls_cert, given.tls_key) = (Some(folder.path().join("c.pem")), Some(folder.path().join("k.pem")));
            given.ledger_url = Some("mysql://tinh".into());
            given.archive_url = Some("ftp://tinh".into());
            given.redis_url = Some("http://10.0.0.5".into());
            given.webhook_ca = Some(folder.path().join("ca.pem"));
            given.behind_proxy = Some("0.0.0.0/0".parse().unwrap());
        });
        let address = "192.0.2.1:443".parse().unwrap();
        let names = |faults: &[Finding]| faults.iter().map(|fault| fault.pointers[0].clone()).collect::<Vec<_>>();
        let wrongs = ["tls_cert, tls_key", "ledger_url", "archive_url", "redis_url, queue", "webhook_ca"];
        assert_eq!(names(&setting_faults(&both, address)), [&wrongs[..], &["behind_proxy", "redis_url"]].concat());
        // A lab bears what is unsafe; what is wrong cannot be borne.
        let lab = Settings { insecure_lab: true, ..both };
        assert_eq!(names(&setting_faults(&lab, address)), wrongs);
        let failure = refusal(address, setting_faults(&lab, address));
        assert!(failure.message.contains("05 điểm"), "{}", failure.message);
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
