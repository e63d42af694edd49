//! An address that somebody wants us to call, read strictly: what two programs might read differently is refused.

use std::{fmt, net::IpAddr};

use reqwest::Url;

use super::Rules;

/// Characters of an address.
const LONGEST: usize = 2_000;

/// An address that may be called, if the host's addresses may be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) url: Url,
    pub(super) host: Host,
    pub(super) port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    Name(String),
    Address(IpAddr),
}

/// Why an address is not called. Says nothing of the address: it may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongTarget {
    #[error("the address is empty, too long, or has characters that are not printable ASCII")]
    Characters,
    #[error("the address is no URL")]
    Malformed,
    #[error("only https is called")]
    Scheme,
    #[error("a name or password stands in the address")]
    UserInfo,
    #[error("a fragment stands in the address")]
    Fragment,
    #[error("the port is not among those that may be called")]
    Port,
    #[error("the host is written in an unusual way")]
    Host,
}

impl Target {
    /// Reads an address by the rules.
    ///
    /// # Errors
    /// [`WrongTarget`]: the first of the rules that it breaks.
    pub fn read(text: &str, rules: &Rules) -> Result<Self, WrongTarget> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if text.is_empty() || text.len() > LONGEST || !printable {
            return Err(WrongTarget::Characters);
        }
        let (scheme, rest) = text.split_once("://").ok_or(WrongTarget::Malformed)?;
        let lawful_scheme = scheme == "https" || (rules.lab && scheme == "http");
        if !lawful_scheme {
            return Err(WrongTarget::Scheme);
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(WrongTarget::UserInfo);
        }
        let url = Url::parse(text).map_err(|_its_text| WrongTarget::Malformed)?;
        if url.fragment().is_some() {
            return Err(WrongTarget::Fragment);
        }
        let host = host(authority)?;
        // What we have read is what will be called.
        if url.host_str() != Some(host.written().as_str()) {
            return Err(WrongTarget::Host);
        }
        let port = url.port_or_known_default().ok_or(WrongTarget::Port)?;
        let usual = if scheme == "https" { 443 } else { 80 };
        if port != usual && !rules.ports.contains(&port) {
            return Err(WrongTarget::Port);
        }
        Ok(Self { url, host, port })
    }

    /// The host, for people and logs.
    pub fn host(&self) -> String {
        self.host.written()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

impl Host {
    fn written(&self) -> String {
        match self {
            Host::Name(name) => name.clone(),
            Host::Address(IpAddr::V4(address)) => address.to_string(),
            Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
        }
    }
}

fn host(authority: &str) -> Result<Host, WrongTarget> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (inside, _port) = rest.split_once(']').ok_or(WrongTarget::Host)?;
        return inside.parse().map(|address| Host::Address(IpAddr::V6(address))).map_err(|_| WrongTarget::Host);
    }
    let name = authority.split(':').next().unwrap_or_default().to_ascii_lowercase();
    // Four plain decimal numbers, or a name whose last part is no number: `0x7f.1` and `2130706433` are neither.
    if let Ok(address) = name.parse() {
        return Ok(Host::Address(IpAddr::V4(address)));
    }
    let labels: Vec<&str> = name.split('.').collect();
    let lawful = labels.iter().all(|label| {
        let letters = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        (1..=63).contains(&label.len()) && letters && !label.starts_with('-') && !label.ends_with('-')
    });
    let ends_in_letters = labels.last().is_some_and(|last| last.starts_with(|first: char| first.is_ascii_lowercase()));
    let too_near = ["localhost", "local", "localdomain"].contains(labels.last().unwrap_or(&""));
    if name.len() > 253 || labels.len() < 2 || !lawful || !ends_in_letters || too_near {
        return Err(WrongTarget::Host);
    }
    Ok(Host::Name(name))
}
