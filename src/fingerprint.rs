//! SHA-256 fingerprints (FIPS 180-4), always written as lower-case hexadecimal.

use sha2::{Digest, Sha256};

/// The fingerprint of some bytes: 64 hexadecimal characters.
pub fn of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The fingerprint of all that a reader gives; no more than a few KiB of it are in memory.
///
/// # Errors
/// When it cannot be read.
pub fn of_reader(reader: &mut impl std::io::Read) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut chunk = [0; 64 << 10];
    loop {
        match reader.read(&mut chunk)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&chunk[..read]),
        }
    }
}

/// The fingerprint of several parts, each preceded by its length so that no two lists of parts share one.
pub fn of_all<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_of_nothing_is_the_standards() {
        assert_eq!(of(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn where_the_parts_are_cut_matters() {
        assert_ne!(of_all([b"ab".as_slice(), b"c"]), of_all([b"a".as_slice(), b"bc"]));
    }
}
