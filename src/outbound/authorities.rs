//! Certificate authorities that are trusted beside those of this host: a provincial network has its own.

use std::path::Path;

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Certificates of authorities. None: those of the host alone.
#[derive(Debug, Clone, Default)]
pub struct Authorities(pub(super) Vec<CertificateDer<'static>>);

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum NoAuthorities {
    #[error("it cannot be read: {0}")]
    Unreadable(std::io::Error),
    #[error("it holds no certificate in PEM")]
    Empty,
    #[error("certificate {0} of it is none")]
    Wrong(usize),
}

impl Authorities {
    /// Those in a PEM file. All of them have to be certificates: one that is passed over is missed when it is needed.
    ///
    /// # Errors
    /// [`NoAuthorities`].
    pub fn read(file: &Path) -> Result<Self, NoAuthorities> {
        let text = std::fs::read(file).map_err(NoAuthorities::Unreadable)?;
        let mut certificates = Vec::new();
        for (place, certificate) in CertificateDer::pem_slice_iter(&text).enumerate() {
            let certificate = certificate.map_err(|_its_text| NoAuthorities::Wrong(place + 1))?;
            let usable = RootCertStore::empty().add(certificate.clone());
            usable.map_err(|_its_text| NoAuthorities::Wrong(place + 1))?;
            certificates.push(certificate);
        }
        if certificates.is_empty() { Err(NoAuthorities::Empty) } else { Ok(Self(certificates)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_would_be_missed_later_is_refused_now() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        assert!(matches!(Authorities::read(&file), Err(NoAuthorities::Unreadable(_))));
        let none = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (text, says) in [("", "no certificate"), ("Nguyễn", "no certificate"), (none, "certificate 1 of it")] {
            std::fs::write(&file, text).unwrap();
            let refused = Authorities::read(&file).unwrap_err().to_string();
            assert!(refused.contains(says), "{text:?}: {refused}");
        }
    }
}
