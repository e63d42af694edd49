//! Binds files into one ZIP file (APPNOTE 6.3).
//!
//! The rule: names, order and bytes decide the file, nothing else. Entries are stored as they are (a PDF is compressed
//! inside) and carry the first day that the format knows.

use std::{
    collections::HashSet,
    io::{Cursor, Read, Seek, Write},
};

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

/// How much a stranger's ZIP file may hold.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub files: usize,
    /// Bytes of one file, unpacked.
    pub largest: usize,
    /// Bytes of all files, unpacked.
    pub all: usize,
}

/// Why a stranger's ZIP file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It is none, is broken, or is packed or locked in a way that is not read.
    Unreadable,
    TooManyFiles,
    /// A file, by what is said of it or by what it is.
    FileTooLarge,
    AllTooLarge,
}

/// What begins each line of the list of files at the end.
const LISTED: &[u8] = b"PK\x01\x02";

/// The files of a stranger's ZIP file, in their order; folders are left out. What the file says of its sizes is held against
/// the bounds before anything is unpacked, and what comes out is counted. A name that is listed again is given again, empty:
/// of such files only one can be read, so it is for the caller to refuse them.
///
/// # Errors
/// [`Unfit`].
pub fn unpack(bytes: &[u8], bounds: Bounds) -> Result<Vec<Bound>, Unfit> {
    // The list is read whole: it may not be longer than it can rightly be.
    if bytes.windows(LISTED.len()).filter(|four| *four == LISTED).count() > bounds.files {
        return Err(Unfit::TooManyFiles);
    }
    let unreadable = |_broken: ZipError| Unfit::Unreadable;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    let mut declared = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(unreadable)?;
        if entry.size() > bounds.largest as u64 {
            return Err(Unfit::FileTooLarge);
        }
        declared = declared.saturating_add(entry.size());
    }
    if declared > bounds.all as u64 {
        return Err(Unfit::AllTooLarge);
    }
    let again = if archive.has_duplicate_names() {
        listed_again(bytes, archive.central_directory_start()).ok_or(Unfit::Unreadable)?
    } else {
        HashSet::new()
    };
    let mut files = Vec::with_capacity(archive.len() + again.len());
    let mut left = bounds.all;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(unreadable)?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().map_err(unreadable)?.into_owned();
        if again.contains(entry.name_raw()) {
            files.push(Bound { name: name.clone(), bytes: Vec::new() });
        }
        let mut bytes = Vec::new();
        let read = entry.take(bounds.largest as u64 + 1).read_to_end(&mut bytes);
        if bytes.len() > bounds.largest {
            return Err(Unfit::FileTooLarge);
        }
        read.map_err(|_broken| Unfit::Unreadable)?;
        left = left.checked_sub(bytes.len()).ok_or(Unfit::AllTooLarge)?;
        files.push(Bound { name, bytes });
    }
    Ok(files)
}

/// Names that the list of files has more than once (APPNOTE 4.3.12); none where the list cannot be followed.
fn listed_again(bytes: &[u8], list: u64) -> Option<HashSet<&[u8]>> {
    let (mut seen, mut again) = (HashSet::new(), HashSet::new());
    let mut rest = bytes.get(usize::try_from(list).ok()?..)?;
    while rest.starts_with(LISTED) {
        let length = |at: usize| Some(usize::from(u16::from_le_bytes([*rest.get(at)?, *rest.get(at + 1)?])));
        let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
        let named = rest.get(46..46 + name)?;
        if !seen.insert(named) {
            again.insert(named);
        }
        rest = rest.get(46 + name + extra + comment..)?;
    }
    (!again.is_empty()).then_some(again)
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

    const BOUNDS: Bounds = Bounds { files: 3, largest: 1_000, all: 2_000 };

    /// A file of so many zeros, which pack to next to nothing.
    fn packed(sizes: &[usize]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (number, size) in sizes.iter().enumerate() {
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            writer.start_file(format!("{number}.json"), options).unwrap();
            writer.write_all(&vec![0; *size]).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    /// The same, in which another size is told, where a file begins and in the list.
    fn told(mut bytes: Vec<u8>, size: u32, instead: u32) -> Vec<u8> {
        let (real, told) = (size.to_le_bytes(), instead.to_le_bytes());
        let places: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..at + 4] == real).collect();
        assert!(places.len() >= 2, "where it begins, and in the list");
        places.into_iter().for_each(|at| bytes[at..at + 4].copy_from_slice(&told));
        bytes
    }

    #[test]
    fn what_strangers_packed_is_unpacked_within_bounds() {
        let sizes =
            |bytes: &[u8]| unpack(bytes, BOUNDS).map(|files| files.iter().map(|it| it.bytes.len()).collect::<Vec<_>>());
        assert_eq!(sizes(&packed(&[1_000, 0, 1_000])), Ok(vec![1_000, 0, 1_000]));
        assert_eq!(unpack(&bind(&[file("a", b"1")]).unwrap(), BOUNDS).unwrap(), [file("a", b"1")]);
        assert_eq!(sizes(&packed(&[1_001])), Err(Unfit::FileTooLarge));
        assert_eq!(sizes(&packed(&[700, 700, 700])), Err(Unfit::AllTooLarge));
        assert_eq!(sizes(&packed(&[1; 4])), Err(Unfit::TooManyFiles));
        let whole = packed(&[1_000]);
        for broken in [b"%PDF".as_slice(), b"", &whole[..whole.len() / 2]] {
            assert_eq!(sizes(broken), Err(Unfit::Unreadable));
        }
    }

    #[test]
    fn a_name_that_is_listed_again_is_not_lost() {
        let mut twice = bind(&[file("n/a.json", b"1"), file("n/b.json", b"2"), file("c", b"3")]).unwrap();
        for at in 0..twice.len() - 8 {
            if twice[at..].starts_with(b"n/b.json") {
                twice[at + 2] = b'a';
            }
        }
        let names =
            |bytes: &[u8]| unpack(bytes, BOUNDS).map(|all| all.into_iter().map(|it| it.name).collect::<Vec<_>>());
        assert_eq!(names(&twice).unwrap(), ["n/a.json", "n/a.json", "c"]);
        // Something before it moves every place.
        assert_eq!(names(&[b"#!".as_slice(), &twice].concat()).unwrap(), ["n/a.json", "n/a.json", "c"]);
    }

    #[test]
    fn what_a_stranger_says_of_sizes_is_not_believed() {
        // More comes out than was said: reading ends there.
        for sizes in [[70_001].as_slice(), &[901, 901, 901]] {
            let bytes = told(packed(sizes), u32::try_from(sizes[0]).unwrap(), 10);
            assert_eq!(unpack(&bytes, BOUNDS), Err(Unfit::Unreadable));
        }
        let bytes = told(packed(&[100]), 100, 4_000_000);
        assert_eq!(unpack(&bytes, BOUNDS), Err(Unfit::FileTooLarge));
    }
}
