//! Our own TLS: a certificate that may be exchanged while the service runs.
//!
//! The rule: a certificate that cannot be used changes nothing; the one before goes on.

mod validity;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant, SystemTime},
};

use chrono::{TimeDelta, Utc};
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use crate::failure::{Failure, FailureCode};

/// How often the files are looked at; SIGHUP looks at once.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How long before its end a certificate is told of, and how often.
const SOON: TimeDelta = TimeDelta::days(21);
const TELL_EVERY: Duration = Duration::from_secs(86_400);

/// The certificate in use.
#[derive(Debug)]
pub(super) struct Certificate {
    files: Files,
    /// Of the files, before they were first read: what changes after that is taken up.
    first_seen: Stamp,
    current: RwLock<Arc<CertifiedKey>>,
}

/// When the files were last written.
type Stamp = [Option<SystemTime>; 2];

#[derive(Debug, Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    /// Reads certificate chain and key, both PEM.
    pub(super) fn read(certificate: &Path, key: &Path) -> Result<Arc<Self>, Failure> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let first_seen = files.stamp();
        let current = files.read().map_err(unusable)?;
        tell_its_end(&current);
        Ok(Arc::new(Self { files, first_seen, current: RwLock::new(Arc::new(current)) }))
    }

    /// Why certificate chain and key cannot be used.
    ///
    /// # Errors
    /// As [`Certificate::read`], of which nothing is kept.
    pub(super) fn examine(certificate: &Path, key: &Path) -> Result<(), Failure> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        files.read().map(drop).map_err(unusable)
    }

    /// What the server is to speak: TLS 1.2 and 1.3.
    pub(super) fn server(self: &Arc<Self>) -> Result<ServerConfig, Failure> {
        let versions = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = versions.map_err(|error| Failure::internal(format!("no TLS: {error}")))?;
        Ok(builder.with_no_client_auth().with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>))
    }

    /// Takes the files up again when they change, or at SIGHUP, which is heeded from this call on; for as long as the
    /// process lives.
    pub(super) fn keep_fresh(self: Arc<Self>) -> impl Future<Output = ()> + Send {
        let asked = signal(SignalKind::hangup());
        async move {
            match asked {
                Ok(asked) => self.take_up(asked).await,
                Err(_) => warn!("SIGHUP cannot be received; a new certificate needs a new start"),
            }
        }
    }

    async fn take_up(&self, mut asked: Signal) {
        let (mut seen, mut told) = (self.first_seen, Instant::now());
        loop {
            let at_once = tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => false,
                _ = asked.recv() => true,
            };
            let stamp = self.files.stamp();
            if !at_once && stamp == seen {
                if told.elapsed() >= TELL_EVERY {
                    told = Instant::now();
                    tell_its_end(&self.current.read().unwrap_or_else(PoisonError::into_inner));
                }
                continue;
            }
            seen = stamp;
            match self.files.read() {
                Ok(fresh) => {
                    tell_its_end(&fresh);
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
                    info!("The certificate was taken up again");
                }
                Err(fault) => warn!("The certificate before stays in use: {fault}"),
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn unusable(fault: String) -> Failure {
    Failure::new(FailureCode::BadParameter, "Không dùng được chứng thư hoặc khóa TLS.", fault)
        .hint("tls_cert và tls_key là tệp PEM của cùng một chứng thư; khóa không đặt mật khẩu.")
}

impl Files {
    fn read(&self) -> Result<CertifiedKey, String> {
        let fault = |path: &Path, error: rustls::pki_types::pem::Error| format!("{}: {error}", path.display());
        let chain = CertificateDer::pem_file_iter(&self.certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.map_err(|error| fault(&self.certificate, error))?;
        if chain.is_empty() {
            return Err(format!("{}: no certificate", self.certificate.display()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| fault(&self.key, error))?;
        CertifiedKey::from_der(chain, key, &provider()).map_err(|error| error.to_string())
    }

    fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
    }
}

/// Says it where callers will soon refuse the certificate, or do already. Nothing else changes: to speak to nobody would
/// help nobody.
fn tell_its_end(certificate: &CertifiedKey) {
    let Some(end) = certificate.cert.first().and_then(|leaf| validity::end(leaf)) else { return };
    let now = Utc::now();
    if end <= now {
        warn!("The certificate ended at {}; callers refuse it", end.to_rfc3339());
    } else if end - now < SOON {
        warn!("The certificate ends at {}; callers refuse it from then on", end.to_rfc3339());
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
