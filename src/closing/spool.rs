//! Print orders that wait, on disk without a name: ten thousand of them take no memory, and none outlives the process.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    sync::Mutex,
};

/// Where a text lies in the spool.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    at: u64,
    pub length: usize,
}

/// Texts, written once and read again.
#[derive(Debug)]
pub struct Spool {
    file: File,
    end: Mutex<u64>,
}

impl Spool {
    /// An empty spool.
    ///
    /// # Errors
    /// When the folder for temporary files cannot be used.
    pub fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, end: Mutex::new(0) })
    }

    /// Keeps a text.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn keep(&self, text: &str) -> io::Result<Place> {
        let mut end = self.end.lock().map_err(|_| io::Error::other("the spool is broken"))?;
        let at = *end;
        self.file.write_all_at(text.as_bytes(), at)?;
        (&self.file).flush()?;
        *end += text.len() as u64;
        Ok(Place { at, length: text.len() })
    }

    /// A text that was kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn text(&self, place: Place) -> io::Result<String> {
        let mut bytes = vec![0; place.length];
        self.file.read_exact_at(&mut bytes, place.at)?;
        String::from_utf8(bytes).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let spool = Spool::new().unwrap();
        let places = ["một", "", "hai mươi"].map(|text| (text, spool.keep(text).unwrap()));
        for (text, place) in places {
            assert_eq!(spool.text(place).unwrap(), text);
        }
    }
}
