//! `ready`: asks the process of these settings for a sign of life, for containers without a shell.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use crate::{failure::Failure, settings::Settings};

/// How long connecting, asking and answering may take each.
const PATIENCE: Duration = Duration::from_secs(3);
/// What is read of an answer: its first line is in it.
const ENOUGH: usize = 64;

pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    let address = nearby(settings.metrics_address().unwrap_or(settings.listen));
    let answer = ask(address).map_err(|error| no_life(address, &error.to_string()))?;
    if answer.starts_with("HTTP/1.1 200 ") || answer.starts_with("HTTP/1.0 200 ") {
        return Ok(());
    }
    Err(no_life(address, "it does not answer 200"))
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /livez HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::with_capacity(ENOUGH);
    stream.take(ENOUGH as u64).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Who listens everywhere is asked on this host.
fn nearby(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    address
}

fn no_life(address: SocketAddr, why: &str) -> Failure {
    Failure::store_unavailable(format!("{address}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_on_this_host() {
        let at = |text: &str| nearby(text.parse().unwrap()).to_string();
        assert_eq!(at("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(at("[::]:8080"), "[::1]:8080");
        assert_eq!(at("10.1.2.3:8080"), "10.1.2.3:8080");
    }
}
