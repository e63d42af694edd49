//! Calls to hosts that others have named, without becoming their tool against our own networks.
//!
//! The rule: a host's name is looked up once for a call, every address that comes of it has to be allowed, and the call
//! goes to these addresses and nowhere else. No redirect is followed, no proxy of the environment is asked.

mod address;
mod authorities;
mod reading;
mod service;
mod target;
#[cfg(test)]
mod tests;

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Client, Response,
    header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    redirect::Policy,
};
use rustls::{ClientConfig, RootCertStore};

use crate::access::Networks;
pub use address::Reach;
pub use authorities::{Authorities, NoAuthorities};
pub use reading::Page;
pub use service::{Fetched, Heard, Service};
use target::Host;
pub use target::{Target, WrongTarget};

/// What may be called.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Ports beside the scheme's own.
    pub ports: Vec<u16>,
    /// Plain http, and loopback where it is listed: for a trial on one machine.
    pub lab: bool,
}

/// Addresses of a name.
pub type Looked<'a> = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Who knows names.
pub trait Names: Send + Sync {
    fn look_up<'a>(&'a self, name: &'a str) -> Looked<'a>;
}

/// The names that this host knows.
#[derive(Debug, Clone, Copy)]
pub struct SystemNames;

impl Names for SystemNames {
    fn look_up<'a>(&'a self, name: &'a str) -> Looked<'a> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 443)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A request to be sent: always POST, and only the status of the answer matters.
#[derive(Debug, Clone)]
pub struct Call {
    /// Plain names and values.
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// What came back. The rest of an answer is a stranger's text; it is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The wait that the host asks for.
    pub retry_after: Option<Duration>,
}

/// Why nothing came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    #[error("{0}")]
    Wrong(#[from] WrongTarget),
    #[error("the host's name is not known")]
    UnknownName,
    #[error("an address of the host may not be reached")]
    Forbidden,
    #[error("no connection was made")]
    NoConnection,
    #[error("the host's certificate is not trusted, or is another host's")]
    Certificate,
    #[error("no answer in time")]
    TooLate,
    #[error("the answer could not be read")]
    Broken,
    #[error("a header cannot be sent")]
    Header,
}

impl NoAnswer {
    /// Every reason but a wrong address.
    pub const OTHERS: [Self; 7] = [
        Self::UnknownName,
        Self::Forbidden,
        Self::NoConnection,
        Self::Certificate,
        Self::TooLate,
        Self::Broken,
        Self::Header,
    ];

    /// A word for logs and lists.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wrong(_) => "wrong-address",
            Self::UnknownName => "unknown-name",
            Self::Forbidden => "forbidden-address",
            Self::NoConnection => "no-connection",
            Self::Certificate => "certificate",
            Self::TooLate => "no-answer-in-time",
            Self::Broken => "broken-answer",
            Self::Header => "bad-header",
        }
    }
}

/// Makes calls. Clones share certificates.
#[derive(Clone)]
pub struct Outbound {
    rules: Rules,
    names: Arc<dyn Names>,
    roots: ClientConfig,
    patience: Duration,
}

/// From the look-up of the name to the answer's status (Standard Webhooks asks for 15 to 30 seconds).
const PATIENCE: Duration = Duration::from_secs(15);
/// Of an answer's body so much is taken before the connection is closed, so that an honest host is not cut off.
const BODY: usize = 64 << 10;
const BODY_PATIENCE: Duration = Duration::from_secs(1);
/// Nobody is asked to keep a wait in mind for longer.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(7 * 86_400);

impl Outbound {
    /// Calls by these rules, with the certificates that this host trusts and these authorities.
    pub fn new(rules: Rules, authorities: &Authorities) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(authorities.0.iter().cloned());
        Self::with(rules, Arc::new(SystemNames), roots, PATIENCE)
    }

    fn with(rules: Rules, names: Arc<dyn Names>, roots: RootCertStore, patience: Duration) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        // ring speaks every default version; without one no call would succeed, and none be made in the open.
        let config = config.map(|config| config.with_root_certificates(roots).with_no_client_auth());
        let roots = config.unwrap_or_else(|_| unreachable!("ring speaks TLS 1.2 and 1.3"));
        Self { rules, names, roots, patience }
    }

    /// What may be called.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The addresses that a call would go to; all of them are allowed.
    ///
    /// # Errors
    /// [`NoAnswer`] where the name is unknown or one address is not allowed.
    pub async fn look_up(&self, target: &Target, listed: &Networks) -> Result<Vec<SocketAddr>, NoAnswer> {
        let found = match &target.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => self.names.look_up(name).await.map_err(|_its_text| NoAnswer::UnknownName)?,
        };
        if found.is_empty() {
            return Err(NoAnswer::UnknownName);
        }
        // One that is not allowed among several is a trap, not an oversight.
        if !found.iter().all(|address| address::may_be_reached(*address, listed, self.rules.lab)) {
            return Err(NoAnswer::Forbidden);
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address, target.port)).collect())
    }

    /// Sends `call` to the address `to`, if the rules and the networks allow it.
    ///
    /// # Errors
    /// [`NoAnswer`]. An answer of any status is an answer.
    pub async fn post(&self, to: &str, listed: &Networks, call: &Call) -> Result<Answer, NoAnswer> {
        let target = Target::read(to, &self.rules)?;
        let heard = async {
            let addresses = self.look_up(&target, listed).await?;
            self.send(&target, &addresses, call).await
        };
        let mut answer = tokio::time::timeout(self.patience, heard).await.unwrap_or(Err(NoAnswer::TooLate))?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(wait);
        let take = async {
            let mut taken = 0;
            while let Ok(Some(chunk)) = answer.chunk().await {
                taken += chunk.len();
                if taken > BODY {
                    return;
                }
            }
        };
        // However the body ends, the status was heard.
        let _ = tokio::time::timeout(BODY_PATIENCE, take).await;
        Ok(Answer { status, retry_after })
    }

    async fn send(&self, target: &Target, addresses: &[SocketAddr], call: &Call) -> Result<Response, NoAnswer> {
        let request = self.client(target, addresses)?.post(target.url.clone()).headers(headers(call)?);
        request.body(call.body.clone()).send().await.map_err(|error| told(&error))
    }

    /// A client of its own for each call: it can reach these addresses only, and keeps no connection.
    fn client(&self, target: &Target, addresses: &[SocketAddr]) -> Result<Client, NoAnswer> {
        let client = Client::builder()
            .tls_backend_preconfigured(self.roots.clone())
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .pool_max_idle_per_host(0)
            .user_agent(concat!("tdkt-reports/", env!("CARGO_PKG_VERSION")));
        let client = match &target.host {
            Host::Name(name) => client.resolve_to_addrs(name, addresses),
            Host::Address(_) => client,
        };
        client.build().map_err(|_| NoAnswer::NoConnection)
    }
}

fn headers(call: &Call) -> Result<HeaderMap, NoAnswer> {
    let mut headers = HeaderMap::new();
    for (name, value) in &call.headers {
        let value = HeaderValue::from_str(value).map_err(|_| NoAnswer::Header)?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

/// Seconds, or a date; what is neither is nothing.
fn wait(value: &str) -> Option<Duration> {
    let seconds = match value.trim().parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => u64::MAX,
        Err(_) => {
            let until = chrono::DateTime::parse_from_rfc2822(value).ok()?;
            u64::try_from((until.to_utc() - chrono::Utc::now()).num_seconds()).unwrap_or(0)
        }
    };
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}

/// An error's text names the address; its kind does not.
fn told(error: &reqwest::Error) -> NoAnswer {
    if error.is_timeout() {
        NoAnswer::TooLate
    } else if is_of_a_certificate(error) {
        NoAnswer::Certificate
    } else if error.is_connect() {
        NoAnswer::NoConnection
    } else {
        NoAnswer::Broken
    }
}

/// Whether TLS refused the host's certificate: that says an operator what to mend, the others do not.
fn is_of_a_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return true;
        }
        // An I/O error passes over what it wraps when it is asked for its source.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}
