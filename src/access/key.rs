//! A key: `tdkt_`, eight letters that name it, and 256 bits of chance that nobody can guess.
//!
//! Of the chance only the SHA-256 is kept: it is too much to be tried through, so a slow hash would gain nothing.

use std::{fmt, io::Read, str::FromStr};

use serde::{Serialize, Serializer};
use subtle::ConstantTimeEq;

use crate::fingerprint;

const BEGINS: &str = "tdkt_";
const ID_LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const ID_LENGTH: usize = 8;
const BASE_62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^43 is just above 2^256.
const SECRET_LENGTH: usize = 43;

/// Names a key; no secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl FromStr for KeyId {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lawful = text.len() == ID_LENGTH && text.bytes().all(|byte| ID_LETTERS.contains(&byte));
        if lawful { Ok(Self(text.to_owned())) } else { Err(MalformedKey) }
    }
}

/// The text is no key of ours. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no key of the form tdkt_ID_SECRET")]
pub struct MalformedKey;

/// A whole key, as its holder has it. It shows itself to nobody but by [`KeyText::reveal`].
#[derive(Clone)]
pub struct KeyText {
    pub id: KeyId,
    secret: String,
}

impl KeyText {
    /// A fresh key, from the kernel's source of chance.
    ///
    /// # Errors
    /// When the kernel gives none.
    pub fn fresh() -> std::io::Result<Self> {
        let mut chance = [0; 32 + ID_LENGTH];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut chance)?;
        let (secret, id) = chance.split_at(32);
        // The id only has to be new; that 256 is no multiple of 36 does it no harm.
        let id = id.iter().map(|byte| char::from(ID_LETTERS[usize::from(*byte) % ID_LETTERS.len()])).collect();
        Ok(Self { id: KeyId(id), secret: base_62(secret) })
    }

    /// The text, for its holder.
    pub fn reveal(&self) -> String {
        format!("{BEGINS}{}_{}", self.id, self.secret)
    }

    /// What is kept of it: SHA-256 of the secret, hex.
    pub fn secret_sha256(&self) -> String {
        fingerprint::of(self.secret.as_bytes())
    }

    /// Whether this is the secret that was kept. Takes as long where the first letter is wrong as where the last is.
    pub fn matches(&self, secret_sha256: &str) -> bool {
        self.secret_sha256().as_bytes().ct_eq(secret_sha256.as_bytes()).into()
    }
}

impl FromStr for KeyText {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (id, secret) = text.strip_prefix(BEGINS).and_then(|rest| rest.split_once('_')).ok_or(MalformedKey)?;
        if secret.len() != SECRET_LENGTH || !secret.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(MalformedKey);
        }
        Ok(Self { id: id.parse()?, secret: secret.to_owned() })
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyText({}…)", self.id)
    }
}

/// The bytes as one number to the base of 62, in 43 digits.
fn base_62(bytes: &[u8]) -> String {
    let mut number = bytes.to_vec();
    let mut digits = [0_u8; SECRET_LENGTH];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            rest = value % 62;
        }
        *digit = BASE_62[rest as usize];
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_matches_its_hash_only() {
        let (key, other) = (KeyText::fresh().unwrap(), KeyText::fresh().unwrap());
        let text = key.reveal();
        assert_eq!(text.len(), 5 + 8 + 1 + 43);
        let read: KeyText = text.parse().unwrap();
        assert_eq!((read.id.clone(), read.reveal()), (key.id.clone(), text.clone()));
        assert!(read.matches(&key.secret_sha256()) && !read.matches(&other.secret_sha256()) && !read.matches(""));
        assert!(!format!("{key:?}").contains(&key.secret));
    }

    #[test]
    fn a_text_that_is_no_key_is_refused() {
        let secret = "a".repeat(43);
        for wrong in [
            String::new(),
            "tdkt_".into(),
            format!("tdkt_0123abcd{secret}"),
            format!("tdkt_0123ABCD_{secret}"),
            format!("tdkt_0123abc_{secret}"),
            format!("tdkt_0123abcd_{secret}a"),
            format!("tdkt_0123abcd_{}", &secret[1..]),
            format!("tdkt_0123abcd_{}_", &secret[1..]),
            format!("TDKT_0123abcd_{secret}"),
            format!("tdkt_0123abcd_{}ế", &secret[3..]),
        ] {
            assert!(wrong.parse::<KeyText>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_written_to_the_base_of_62() {
        assert_eq!(base_62(&[0; 32]), "0".repeat(43));
        assert_eq!(base_62(&[61]), format!("{}z", "0".repeat(42)));
        assert_eq!(base_62(&[1, 0]), format!("{}48", "0".repeat(41)));
        let most = base_62(&[255; 32]);
        assert!(most.len() == 43 && !most.starts_with('0'), "{most}");
    }
}
