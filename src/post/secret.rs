//! Secrets of webhooks: made, kept sealed, signed with (Standard Webhooks 1.0.0).
//!
//! A signature needs the secret itself, so a hash would not do. It lies in the ledger under a key that lies beside it in a
//! file: who has only the ledger, or a backup of it, cannot sign.

use std::{
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{
    ChaCha20Poly1305,
    aead::{Aead, KeyInit, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

const BEGINS: &str = "whsec_";
const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 12;
/// Bytes of a secret; the specification allows 24 to 64.
const SECRET_LENGTH: usize = 32;

/// The secret of a webhook. It shows itself to nobody but by [`Secret::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// The text is no secret. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no secret of the form whsec_…")]
pub struct MalformedSecret;

impl Secret {
    /// A fresh one, from the kernel's source of chance.
    ///
    /// # Errors
    /// When the kernel gives none.
    pub fn fresh() -> std::io::Result<Self> {
        Ok(Self(chance(SECRET_LENGTH)?))
    }

    /// Reads `whsec_` and Base64.
    ///
    /// # Errors
    /// [`MalformedSecret`].
    pub fn read(text: &str) -> Result<Self, MalformedSecret> {
        let bytes = BASE64.decode(text.strip_prefix(BEGINS).unwrap_or(text)).map_err(|_its_text| MalformedSecret)?;
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(MalformedSecret) }
    }

    /// The text, for its holder.
    pub fn reveal(&self) -> String {
        format!("{BEGINS}{}", BASE64.encode(&self.0))
    }

    /// One signature, as it stands in the header `webhook-signature`.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { unreachable!("HMAC takes any length") };
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body.as_bytes());
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    }

    /// Whether one of these signatures, apart by spaces, is ours. Takes as long whatever is wrong.
    pub fn verifies(&self, id: &str, timestamp: i64, body: &str, signatures: &str) -> bool {
        let own = self.sign(id, timestamp, body);
        let same = |theirs: &str| bool::from(subtle::ConstantTimeEq::ct_eq(own.as_bytes(), theirs.as_bytes()));
        signatures.split(' ').filter(|theirs| same(theirs)).count() > 0
    }
}

/// What seals secrets.
#[derive(Clone)]
pub struct Sealer(ChaCha20Poly1305);

/// Why a secret could not be unsealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret was sealed with another key file")]
pub struct OtherKey;

impl Sealer {
    /// The key in this file; where there is none, a fresh one that is its owner's alone.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds something else.
    pub fn of(file: &Path) -> std::io::Result<Self> {
        let text = match std::fs::read_to_string(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(file)?,
            read => read?,
        };
        let key = BASE64.decode(text.trim()).ok().filter(|key| key.len() == KEY_LENGTH);
        let key = key.ok_or_else(|| std::io::Error::other("the key file holds no key"))?;
        ChaCha20Poly1305::new_from_slice(&key).map(Self).map_err(std::io::Error::other)
    }

    /// Seals a secret for this webhook.
    ///
    /// # Errors
    /// When the kernel gives no chance.
    pub fn seal(&self, webhook: &str, secret: &Secret) -> std::io::Result<String> {
        let nonce = chance(NONCE_LENGTH)?;
        let payload = Payload { msg: &secret.0, aad: webhook.as_bytes() };
        let place = nonce.as_slice().try_into().map_err(std::io::Error::other)?;
        let sealed = self.0.encrypt(place, payload).map_err(|_| std::io::Error::other("sealing failed"))?;
        Ok(BASE64.encode([nonce, sealed].concat()))
    }

    /// The secret, if it was sealed for this webhook with this key.
    ///
    /// # Errors
    /// [`OtherKey`].
    pub fn unseal(&self, webhook: &str, sealed: &str) -> Result<Secret, OtherKey> {
        let bytes = BASE64.decode(sealed).map_err(|_| OtherKey)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LENGTH).ok_or(OtherKey)?;
        let place = nonce.try_into().map_err(|_| OtherKey)?;
        let payload = Payload { msg: sealed, aad: webhook.as_bytes() };
        self.0.decrypt(place, payload).map(Secret).map_err(|_| OtherKey)
    }
}

/// Under another name first, so that of two processes, also of two containers whose processes have one number, both read the
/// key of one.
fn make(file: &Path) -> std::io::Result<String> {
    let key = BASE64.encode(chance(KEY_LENGTH)?);
    let prepared = file.with_extension(format!("new-{}", uuid::Uuid::now_v7()));
    let mut options = std::fs::OpenOptions::new();
    let mut written = options.write(true).create_new(true).mode(0o600).open(&prepared)?;
    written.write_all(key.as_bytes())?;
    written.sync_all()?;
    let linked = std::fs::hard_link(&prepared, file);
    std::fs::remove_file(&prepared)?;
    // What is sealed under the key must not outlive it.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => std::fs::read_to_string(file),
    }
}

fn chance(length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        let secret = Secret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (id, at, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(secret.sign(id, at, body), signature);
        assert!(secret.verifies(id, at, body, &format!("v1,AAAA {signature}")));
        assert!(!secret.verifies(id, at + 1, body, signature) && !secret.verifies(id, at, body, ""));
        assert_eq!(secret.reveal(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        for wrong in ["whsec_", "whsec_c2hvcnQ=", "whsec_***"] {
            assert!(Secret::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_sealed_secret_opens_for_its_webhook_with_its_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets.key");
        let (sealer, secret) = (Sealer::of(&file).unwrap(), Secret::fresh().unwrap());
        let sealed = sealer.seal("a", &secret).unwrap();
        assert!(Sealer::of(&file).unwrap().unseal("a", &sealed) == Ok(secret.clone()), "the file is read again");
        assert!(sealer.unseal("b", &sealed) == Err(OtherKey));
        let other = Sealer::of(&folder.path().join("other.key")).unwrap();
        assert!(other.unseal("a", &sealed) == Err(OtherKey) && sealer.unseal("a", "x") == Err(OtherKey));
        assert!(sealer.seal("a", &secret).unwrap() != sealed, "never twice the same");
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&file, "x").unwrap();
        assert!(Sealer::of(&file).is_err());
    }
}
