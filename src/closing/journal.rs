//! What is finished: one line for each paper, and beside the papers the data that they were made of.
//!
//! The rule: a line is a hope. Only a file whose bytes have the line's hash counts as made.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::fingerprint;

/// Folder of what only this program reads.
pub(super) const OWN: &str = ".tdkt";
const LINES: &str = "finished.ndjson";

/// A paper that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Path in the result.
    pub file: String,
    /// SHA-256 of everything that decided its bytes.
    pub key: String,
    pub sha256: String,
    pub bytes: u64,
    pub pages: u32,
}

/// The folder of results.
pub struct Journal {
    root: PathBuf,
    lines: File,
    /// Held as long as the folder is worked on.
    _lock: nix::fcntl::Flock<File>,
    pub known: BTreeMap<String, Line>,
}

impl Journal {
    /// Opens a folder of results, new or of an earlier run, and clears away what that run left half done.
    ///
    /// # Errors
    /// When it cannot be used, or somebody else works on it ([`io::ErrorKind::WouldBlock`]).
    pub fn open(root: &Path) -> io::Result<Self> {
        let own = root.join(OWN);
        fs::create_dir_all(own.join("data"))?;
        // The data of every paper lie here: they are their owner's alone, however open the papers are.
        fs::set_permissions(&own, fs::Permissions::from_mode(0o700))?;
        let lock = File::create(own.join("lock"))?;
        let lock = nix::fcntl::Flock::lock(lock, nix::fcntl::FlockArg::LockExclusiveNonblock)
            .map_err(|_| io::Error::from(io::ErrorKind::WouldBlock))?;
        let _none_there = fs::remove_dir_all(own.join("half"));
        fs::create_dir_all(own.join("half"))?;
        let path = own.join(LINES);
        let known = read(&path)?;
        // Written anew: lines of papers that were made again, and one that a crash cut off, go.
        let mut text = Vec::new();
        for line in known.values() {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        let fresh = own.join("half").join(LINES);
        fs::write(&fresh, text)?;
        fs::rename(&fresh, &path)?;
        let lines = OpenOptions::new().append(true).open(&path)?;
        Ok(Self { root: root.to_owned(), lines, _lock: lock, known })
    }

    /// Whether somebody opened this folder, and nobody works on it any longer.
    pub fn is_abandoned(root: &Path) -> bool {
        let own = root.join(OWN);
        // The lines come after the lock: where they are, somebody had it.
        own.join(LINES).exists()
            && File::open(own.join("lock"))
                .is_ok_and(|lock| nix::fcntl::Flock::lock(lock, nix::fcntl::FlockArg::LockExclusiveNonblock).is_ok())
    }

    /// Where a file of the result stands.
    pub fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// Whether a line's file is there, with the bytes that it had.
    pub fn holds(&self, line: &Line) -> bool {
        let hash = File::open(self.path(&line.file)).and_then(|mut file| fingerprint::of_reader(&mut file));
        hash.is_ok_and(|hash| hash == line.sha256)
    }

    /// A place for a file that is being written.
    pub fn half(&self, file: &str) -> PathBuf {
        self.root.join(OWN).join("half").join(file.replace('/', "+"))
    }

    /// The data that a paper of this name was last made of.
    pub fn data(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.data_path(file)).ok()
    }

    /// Where that data stands.
    pub fn data_path(&self, file: &str) -> PathBuf {
        self.root.join(OWN).join("data").join(format!("{}.json", file.replace('/', "+")))
    }

    /// Notes that a file is finished; the file is on disk already.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn note(&mut self, line: Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        self.lines.write_all(&text)?;
        self.known.insert(line.file.clone(), line);
        Ok(())
    }

    /// Removes finished files that nobody asks for any longer.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn forget(&mut self, is_wanted: impl Fn(&str) -> bool) -> io::Result<usize> {
        let stale: Vec<String> = self.known.keys().filter(|file| !is_wanted(file)).cloned().collect();
        for file in &stale {
            for path in [self.path(file), self.data_path(file)] {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    Ok(()) | Err(_) => {}
                }
            }
            self.known.remove(file);
        }
        Ok(stale.len())
    }
}

/// Lines of earlier runs, the last of each file; what is no line was cut off.
fn read(path: &Path) -> io::Result<BTreeMap<String, Line>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        other => other?,
    };
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    Ok(lines.map(|line| (line.file.clone(), line)).collect())
}

/// Writes a file under a name of its own, syncs it, and gives it its name.
///
/// # Errors
/// When it cannot be written.
pub fn write_whole(half: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(half)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    settle(half, path)
}

/// Gives a file that is complete and synced its name.
///
/// # Errors
/// When it cannot be renamed.
pub fn settle(half: &Path, path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::rename(half, path)
}

/// Syncs the folder that holds a name.
///
/// # Errors
/// When it cannot be synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(file: &str, key: &str) -> Line {
        Line { file: file.into(), key: key.into(), sha256: "s".into(), bytes: 1, pages: 1 }
    }

    #[test]
    fn a_line_that_was_cut_off_is_no_line_and_the_last_of_a_file_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.note(line("a.pdf", "old")).unwrap();
        journal.note(line("a.pdf", "new")).unwrap();
        drop(journal);
        let path = folder.path().join(OWN).join(LINES);
        let mut text = fs::read(&path).unwrap();
        text.extend(b"{\"file\":\"b.pdf\",\"key");
        fs::write(&path, text).unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.known.values().cloned().collect::<Vec<_>>(), [line("a.pdf", "new")]);
    }

    #[test]
    fn two_do_not_work_on_one_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = Journal::open(folder.path()).unwrap();
        assert_eq!(Journal::open(folder.path()).err().map(|error| error.kind()), Some(io::ErrorKind::WouldBlock));
        drop(first);
        Journal::open(folder.path()).unwrap();
    }

    #[test]
    fn a_file_counts_by_its_bytes_and_not_by_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let made = Line { sha256: fingerprint::of(b"1"), ..line("a.pdf", "k") };
        assert!(!journal.holds(&made), "it is not there");
        for (bytes, whole) in [(b"1", true), (b"2", false)] {
            fs::write(journal.path("a.pdf"), bytes).unwrap();
            assert_eq!(journal.holds(&made), whole);
        }
    }

    #[test]
    fn the_data_of_papers_are_their_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        Journal::open(folder.path()).unwrap();
        let mode = fs::metadata(folder.path().join(OWN)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn what_nobody_asks_for_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        write_whole(&journal.half("x/a.pdf"), &journal.path("x/a.pdf"), b"1").unwrap();
        journal.note(line("x/a.pdf", "k")).unwrap();
        assert_eq!(journal.forget(|file| file != "x/a.pdf").unwrap(), 1);
        assert!(!journal.path("x/a.pdf").exists());
    }
}
