//! Binds files into one ZIP file (APPNOTE 6.3).
//!
//! The rule: names, order and bytes decide the file, nothing else. Entries are stored as they are (a PDF is compressed
//! inside) and carry the first day that the format knows.

use std::io::{Cursor, Write};

use zip::{CompressionMethod, DateTime, System, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// One file to bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The files as one ZIP file, in their order.
///
/// # Errors
/// Where a name stands twice, or the format's limits are passed.
pub fn bind(files: &[Bound]) -> Result<Vec<u8>, ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        writer.start_file(file.name.as_str(), options)?;
        writer.write_all(&file.bytes)?;
    }
    writer.finish().map(Cursor::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: &[u8]) -> Bound {
        Bound { name: name.into(), bytes: bytes.into() }
    }

    #[test]
    fn the_same_files_give_the_same_bytes_and_no_clock_is_asked() {
        let files = [file("01-to-trinh.pdf", b"%PDF"), file("manifest.json", b"{}")];
        let bound = bind(&files).unwrap();
        assert_eq!(bound, bind(&files).unwrap());
        // Local header: stored, 1980-01-01 00:00 (time 0, day 1, month 1).
        assert_eq!(bound[..4], *b"PK\x03\x04");
        assert_eq!(bound[8..14], [0, 0, 0, 0, 0x21, 0]);
        assert!(bound.windows(4).any(|bytes| bytes == b"%PDF"), "stored as it is");
    }

    #[test]
    fn a_name_stands_once() {
        assert!(bind(&[file("a", b"1"), file("a", b"2")]).is_err());
    }
}
