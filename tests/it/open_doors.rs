//! Before strangers may reach the service: what it refuses to start with, TLS, and callers behind a proxy.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use nix::sys::signal::Signal;
use reqwest::blocking::{Client, ClientBuilder};

use super::support::{
    kept_socket::KeptSocket,
    papers,
    programs::{Process, Service, run, tdkt, until},
    receiver::{Authority, Certificate},
};

/// Every address of this machine, on a free port.
const EVERYWHERE: &str = "0.0.0.0:0";

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    (folder, data)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

fn key(data: &Path) -> String {
    let made = run(&["keys", "create", "x", "--data", text(data)]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    made.text().trim().to_owned()
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().expect("a port")
}

fn start(data: &Path, arguments: &[&str]) -> (Process, Option<String>) {
    Service::try_listen(EVERYWHERE, tdkt(), data, &[arguments, &["--work", "false"]].concat())
}

#[test]
fn an_address_for_strangers_is_refused_with_every_fault_at_once() {
    let (_folder, data) = folder();
    let (mut process, url) = start(&data, &["--redis-url", "redis://192.0.2.1:6379/0"]);
    assert!(url.is_none(), "it listens at {url:?}");
    assert_eq!(process.ended_within(Duration::from_secs(30)).code(), Some(1));
    until(Duration::from_secs(10), "what it said is read", || process.said().contains("docs/operating.md"));
    let said = process.said();
    for fault in ["chưa có khóa API", "tls_cert", "behind_proxy", "Redis ở máy khác", "0.0.0.0:0", "docs/operating.md"]
    {
        assert!(said.contains(fault), "{fault} in {said}");
    }
    key(&data);
    let (mut process, url) = start(&data, &["--behind-proxy", "0.0.0.0/0"]);
    assert!(url.is_none());
    assert_eq!(process.ended_within(Duration::from_secs(30)).code(), Some(1));
    until(Duration::from_secs(10), "what it said is read", || process.said().contains("docs/operating.md"));
    assert!(process.said().contains("mọi địa chỉ") && !process.said().contains("chưa có khóa"), "{}", process.said());
}

#[test]
fn everything_that_is_wrong_or_unsafe_is_said_in_one_answer() {
    let (folder, data) = folder();
    let file = folder.path().join("tdkt.toml");
    std::fs::write(&file, "lissten = 1\nmax_tries = 0\n").expect("written");
    let missing = folder.path().join("cert.pem");
    let strangers = ["serve", "--data", text(&data), "--listen", EVERYWHERE, "--redis-url", "redis://192.0.2.1:6379/0"];
    let wrong = ["--archive-url", "ftp://tinh", "--tls-cert", text(&missing), "--tls-key", text(&missing)];
    let faulty = run(&[&strangers[..], &wrong, &["--config", text(&file), "--log-format", "xml"]].concat());
    let without = run(&[&strangers[..], &wrong].concat());
    let names = [
        ("lissten", true),
        ("max_tries", true),
        ("log_format", true),
        ("tls_cert, tls_key", false),
        ("archive_url", false),
        ("redis_url: Redis ở máy khác", false),
    ];
    for (name, only_in_the_first) in names {
        assert!(faulty.err.contains(&format!("lỗi [setting] {name}")), "{name}: {}", faulty.err);
        assert_eq!(without.err.contains(&format!("lỗi [setting] {name}")), !only_in_the_first, "{}", without.err);
    }
    assert_eq!((faulty.code, without.code), (Some(1), Some(1)));
    assert!(faulty.err.contains("có phải listen?") && faulty.err.contains("06 điểm"), "{}", faulty.err);
    assert!(!data.join("ledger.sqlite").exists(), "nothing was opened");
}

#[test]
fn a_socket_that_is_handed_over_serves_and_stays_with_its_holder_alone() {
    let (_folder, data) = folder();
    let socket = KeptSocket::at("127.0.0.1:0");
    let service = Service::take_over(&socket, &data, &[]);
    assert_eq!(service.get("/livez").status(), 200);
    service.wait_for(&service.accept(papers::sample("minimal")));
    let children = service.process.presses();
    assert!(!children.is_empty());
    for child in children {
        let open = std::fs::read_dir(format!("/proc/{child}/fd")).expect("listed").filter_map(Result::ok);
        let sockets =
            open.filter(|file| std::fs::read_link(file.path()).is_ok_and(|to| text(&to).starts_with("socket:")));
        assert_eq!(sockets.count(), 0, "render child {child} holds a socket");
    }
    let address = service.url.strip_prefix("http://").expect("an address").to_owned();
    drop(service);
    let mut early = TcpStream::connect(address).expect("the address is open while nobody serves");
    early.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("sent");
    let next = Service::take_over(&socket, &data, &["--work", "false"]);
    let mut answer = String::new();
    early.read_to_string(&mut answer).expect("what waited is answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!next.process.said().contains("192.0.2.1"), "the address in the settings is not looked at");
}

#[test]
fn a_socket_that_is_handed_over_for_strangers_is_refused_like_an_address_of_our_own() {
    let (_folder, data) = folder();
    let socket = KeptSocket::at(EVERYWHERE);
    let (mut process, url) = Service::try_take_over(&socket, &data, &["--work", "false"]);
    assert!(url.is_none(), "it listens at {url:?}");
    assert_eq!(process.ended_within(Duration::from_secs(30)).code(), Some(1));
    until(Duration::from_secs(10), "what it said is read", || process.said().contains("docs/operating.md"));
    for fault in ["tại 0.0.0.0:", "chưa có khóa API", "tls_cert"] {
        assert!(process.said().contains(fault), "{fault} in {}", process.said());
    }
}

#[test]
fn what_is_handed_over_and_is_not_one_tcp_socket_is_refused() {
    let (folder, data) = folder();
    let of_a_file = KeptSocket::of_a_file(&folder.path().join("socket"));
    for (socket, cause) in [(of_a_file, "not a valid tcp socket"), (KeptSocket::at("127.0.0.1:0").twice(), "2 sockets")]
    {
        let (mut process, url) = Service::try_take_over(&socket, &data, &["--work", "false"]);
        assert!(url.is_none(), "it listens at {url:?}");
        assert_eq!(process.ended_within(Duration::from_secs(30)).code(), Some(1));
        until(Duration::from_secs(10), cause, || {
            process.said().contains("LISTEN_FDS") && process.said().contains(cause)
        });
    }
}

#[test]
fn with_a_key_and_a_declared_proxy_it_serves_and_believes_the_proxy_alone() {
    let (_folder, data) = folder();
    let made = run(&["keys", "create", "x", "--networks", "203.0.113.0/24", "--data", text(&data)]);
    let key = made.text().trim().to_owned();
    let (process, url) = start(&data, &["--behind-proxy", "127.9.0.0/16"]);
    let url = url.unwrap_or_else(|| panic!("it does not listen:\n{}", process.said()));
    let ask = |from: &str, forwarded: &str| {
        let _set_already = rustls::crypto::ring::default_provider().install_default();
        let client =
            Client::builder().local_address(Some(from.parse().expect("an address"))).build().expect("a client");
        let request = client.get(format!("http://127.0.0.1:{}/v1/jobs", port(&url))).bearer_auth(&key);
        request.header("x-forwarded-for", forwarded).send().expect("an answer").status().as_u16()
    };
    assert_eq!(ask("127.9.0.1", "203.0.113.7"), 200);
    assert_eq!(ask("127.9.0.1", "203.0.113.7, 198.51.100.1"), 403, "the proxy's own word is the last");
    assert_eq!(ask("127.0.0.1", "203.0.113.7"), 403, "no proxy, so not believed");
}

#[test]
fn a_proxy_on_this_host_brings_strangers_to_loopback() {
    let (_folder, data) = folder();
    let on_loopback = |arguments: &[&str]| Service::try_listen("127.0.0.1:0", tdkt(), &data, arguments);
    let (mut process, url) = on_loopback(&["--behind-proxy", "0.0.0.0/0", "--work", "false"]);
    assert!(url.is_none(), "it listens at {url:?}");
    assert_eq!(process.ended_within(Duration::from_secs(30)).code(), Some(1));
    until(Duration::from_secs(10), "what it said is read", || process.said().contains("docs/operating.md"));
    for fault in ["mọi địa chỉ", "chưa có khóa"] {
        assert!(process.said().contains(fault), "{fault} in {}", process.said());
    }
    key(&data);
    let (process, url) = on_loopback(&["--behind-proxy", "127.9.0.0/16", "--work", "false"]);
    assert!(url.is_some(), "{}", process.said());
}

#[test]
fn a_lab_is_open_and_says_so() {
    let (_folder, data) = folder();
    let (process, url) = start(&data, &["--insecure-lab", "true"]);
    let url = url.unwrap_or_else(|| panic!("it does not listen:\n{}", process.said()));
    assert!(process.said().contains("insecure_lab: there is no API key"), "{}", process.said());
    let _set_already = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new();
    let ask = || {
        let request = client.get(format!("http://127.0.0.1:{}/v1/jobs", port(&url)));
        request.header("x-forwarded-for", "192.0.2.1").send().expect("an answer").status().as_u16()
    };
    assert_eq!(ask(), 200);
    key(&data);
    until(Duration::from_secs(30), "the first key closes the lab too", || ask() == 401);
}

/// A certificate for 127.0.0.1 that trusts itself, at these paths.
pub(super) fn certificate(folder: &Path, cert: &Path, key: &Path) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"])
        .args(["-subj", "/CN=thi-nghiem", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(key)
        .arg("-out")
        .arg(cert)
        .current_dir(folder)
        .output()
        .expect("openssl is installed (tests/run installs it)");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::set_permissions(key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("set");
}

/// It has to be known before callers tell of it, and it does not keep the service from starting.
#[test]
fn a_certificate_of_our_own_that_has_ended_is_told_refused_by_callers_and_exchanged_while_it_runs() {
    let (folder, data) = folder();
    let authority = Authority::in_folder(folder.path());
    let (ended, fresh) = (authority.ended(), authority.certificate("IP:127.0.0.1"));
    let (cert, private) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let put = |certificate: &Certificate| {
        std::fs::copy(&certificate.key, &private).expect("copied");
        std::fs::set_permissions(&private, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("set");
        std::fs::copy(&certificate.chain, &cert).expect("copied");
    };
    put(&ended);
    let key = key(&data);
    let (process, url) = start(&data, &["--tls-cert", text(&cert), "--tls-key", text(&private)]);
    let url = url.unwrap_or_else(|| panic!("it does not listen:\n{}", process.said()));
    until(Duration::from_secs(30), "it says so", || process.said().contains("ended at 2021-01-01"));
    let address = format!("https://127.0.0.1:{}/v1/jobs", port(&url));
    let ask = || trusting(&authority.file()).build().expect("a client").get(&address).bearer_auth(&key).send();
    let refused = format!("{:?}", ask().expect_err("a certificate whose time is over"));
    assert!(refused.contains("Expired"), "{refused}");
    put(&fresh);
    process.signal(Signal::SIGHUP);
    until(Duration::from_secs(30), "callers are served", || ask().is_ok_and(|answer| answer.status() == 200));
    // It ends within two days.
    until(Duration::from_secs(30), "it says when the next one ends", || process.said().contains("ends at 20"));
}

fn trusting(cert: &Path) -> ClientBuilder {
    let _set_already = rustls::crypto::ring::default_provider().install_default();
    let root = reqwest::Certificate::from_pem(&std::fs::read(cert).expect("readable")).expect("a certificate");
    Client::builder().tls_certs_only([root])
}

#[test]
fn our_own_tls_takes_up_a_new_certificate_without_a_new_start() {
    let (folder, data) = folder();
    let (cert, private, spare) =
        (folder.path().join("cert.pem"), folder.path().join("key.pem"), folder.path().join("old"));
    certificate(folder.path(), &cert, &private);
    let key = key(&data);
    let (process, url) = start(&data, &["--tls-cert", text(&cert), "--tls-key", text(&private)]);
    let url = url.unwrap_or_else(|| panic!("it does not listen:\n{}", process.said()));
    assert!(url.starts_with("https://"), "{url}");
    let address = format!("https://127.0.0.1:{}/v1/jobs", port(&url));
    let asks = |client: ClientBuilder| client.build().expect("a client").get(&address).bearer_auth(&key).send();
    assert_eq!(asks(trusting(&cert)).expect("an answer").status(), 200);
    assert!(Client::new().get(address.replace("https", "http")).send().is_err(), "nothing in the clear");

    std::fs::copy(&cert, &spare).expect("copied");
    std::fs::write(&cert, "broken").expect("written");
    process.signal(Signal::SIGHUP);
    until(Duration::from_secs(30), "it says that it keeps the old one", || process.said().contains("stays in use"));
    assert_eq!(asks(trusting(&spare)).expect("an answer").status(), 200, "a broken certificate changes nothing");
    certificate(folder.path(), &cert, &private);
    process.signal(Signal::SIGHUP);
    until(Duration::from_secs(30), "the new certificate is in use", || asks(trusting(&cert)).is_ok());
    assert!(asks(trusting(&spare)).is_err(), "the old one is not shown any more");
}
