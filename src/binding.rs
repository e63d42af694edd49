//! Binds files into one ZIP file (APPNOTE 6.3).
//!
//! The rule: names, order and bytes decide the file, nothing else. Entries are stored as they are (a PDF is compressed
//! inside) and carry the first day that the format knows.

use std::io::{Cursor, Read, Seek, Write};

use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

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
    let mut binder = Binder::new(Cursor::new(Vec::new()));
    for file in files {
        binder.add(&file.name, &mut file.bytes.as_slice(), file.bytes.len() as u64)?;
    }
    binder.finish().map(Cursor::into_inner)
}

/// A ZIP file that is written as its files come; none of them has to be in memory.
pub struct Binder<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> Binder<W> {
    /// Begins a ZIP file.
    pub fn new(out: W) -> Self {
        Self(ZipWriter::new(out))
    }

    /// Adds a file of `size` bytes.
    ///
    /// # Errors
    /// As [`bind`], and when something cannot be read or written.
    pub fn add(&mut self, name: &str, file: &mut impl Read, size: u64) -> Result<(), ZipError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .system(System::Unix)
            .unix_permissions(0o644)
            .large_file(size >= u64::from(u32::MAX));
        self.0.start_file(name, options)?;
        std::io::copy(file, &mut self.0)?;
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<W, ZipError> {
        self.0.finish()
    }
}

/// The files of a ZIP file of ours, in their order.
///
/// # Errors
/// When it is none.
pub fn unbind(bytes: &[u8]) -> Result<Vec<Bound>, ZipError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let mut files = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let name = entry.name()?.into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        files.push(Bound { name, bytes });
    }
    Ok(files)
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

    #[test]
    fn what_was_bound_is_taken_out_in_its_order() {
        let files = [file("b", b"2"), file("a", b"1")];
        assert_eq!(unbind(&bind(&files).unwrap()).unwrap(), files);
        assert!(unbind(b"%PDF").is_err());
    }
}
