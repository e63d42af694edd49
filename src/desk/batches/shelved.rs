//! Wholes that lie ready for the next who asks, and folders in which wholes are put together.
//!
//! The rule: no organisation waits for another's whole, and what lies ready has no name, so that it ends with the process.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tempfile::{Builder, TempDir};
use tokio::sync::{OwnedMutexGuard, Semaphore, SemaphorePermit};

use crate::{access::OrganisationId, closing::Bindery};

/// Wholes that are kept for the next who asks, and for how long.
const KEPT: usize = 4;
const KEPT_FOR: Duration = Duration::from_secs(60);
/// Wholes that are put together at once, each of another organisation.
const AT_ONCE: usize = 4;
/// What the folders are called in which wholes are put together.
const PREFIX: &str = "tdkt-whole-";

/// The files of a whole by name, open and without a name on disk; each with its SHA-256.
pub(super) type Whole = BTreeMap<&'static str, (Arc<File>, String)>;

/// Wholes by what they are made of, the last one last.
pub struct Shelved {
    kept: Mutex<VecDeque<(String, Arc<Whole>)>>,
    making: Mutex<HashMap<OrganisationId, Arc<tokio::sync::Mutex<()>>>>,
    places: Semaphore,
}

/// The right to put a whole together.
pub(super) struct Turn<'a> {
    _own: OwnedMutexGuard<()>,
    _place: Option<SemaphorePermit<'a>>,
}

impl Shelved {
    /// An empty shelf. What a process left behind that was killed is cleared away.
    pub fn new() -> Self {
        if let Err(error) = folder() {
            tracing::warn!(%error, "What killed processes left of wholes could not be looked for");
        }
        Self { kept: Mutex::default(), making: Mutex::default(), places: Semaphore::new(AT_ONCE) }
    }

    pub(super) fn find(&self, key: &str) -> Option<Arc<Whole>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == key).map(|(_, whole)| Arc::clone(whole))
    }

    /// One at a time of each organisation: who asks for the same whole meanwhile finds it made.
    pub(super) async fn turn(&self, organisation: &OrganisationId) -> Turn<'_> {
        let own = {
            let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(making.entry(organisation.clone()).or_default())
        };
        let own = own.lock_owned().await;
        // It is never closed.
        Turn { _own: own, _place: self.places.acquire().await.ok() }
    }

    /// Keeps a whole. Not for long: what is erased meanwhile shall not lie here.
    pub(super) fn keep(self: &Arc<Self>, key: &str, whole: &Arc<Whole>) {
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= KEPT {
                kept.pop_front();
            }
            kept.push_back((key.to_owned(), Arc::clone(whole)));
        }
        let (shelf, key) = (Arc::clone(self), key.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(KEPT_FOR).await;
            shelf.kept.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _)| *known != key);
        });
    }
}

/// A folder of its owner's alone, in which a whole is put together. Those that killed processes left behind go.
pub(super) fn folder() -> io::Result<TempDir> {
    let folder = Builder::new().prefix(PREFIX).permissions(Permissions::from_mode(0o700)).tempdir()?;
    clear_away(folder.path())?;
    Ok(folder)
}

/// Removes what lies beside `own`, belongs to the same user and is worked on by nobody.
fn clear_away(own: &Path) -> io::Result<()> {
    let user = fs::metadata(own)?.uid();
    let Some(root) = own.parent() else { return Ok(()) };
    for entry in fs::read_dir(root)?.filter_map(Result::ok) {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let is_ours = entry.metadata().is_ok_and(|it| it.is_dir() && it.uid() == user);
        if is_ours && Bindery::is_abandoned(&entry.path()) {
            // Another process may be quicker.
            let _gone = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn no_organisation_waits_for_anothers_whole() {
        let shelved = Shelved::new();
        let [a, b] = ["a", "b"].map(|name| name.parse::<OrganisationId>().unwrap());
        let held = shelved.turn(&a).now_or_never().expect("nobody is there");
        assert!(shelved.turn(&a).now_or_never().is_none(), "one at a time");
        assert!(shelved.turn(&b).now_or_never().is_some());
        assert!(shelved.find("made long ago").is_none(), "looking waits for nobody");
        drop(held);
        assert!(shelved.turn(&a).now_or_never().is_some());
    }

    #[test]
    fn what_a_killed_process_left_goes_and_what_is_worked_on_stays() {
        let root = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = root.path().join(format!("{PREFIX}{name}"));
            fs::create_dir(&path).unwrap();
            fs::write(path.join("paper.pdf"), "x").unwrap();
            path
        };
        let (own, left, begun, other) = (make("own"), make("left"), make("begun"), root.path().join("other"));
        fs::create_dir(&other).unwrap();
        drop(Bindery::open(&left).unwrap());
        drop(Bindery::open(&other).unwrap());
        let worked_on = make("worked-on");
        let at_work = Bindery::open(&worked_on).unwrap();
        clear_away(&own).unwrap();
        let there = [&own, &left, &begun, &other, &worked_on].map(|path| path.exists());
        assert_eq!(there, [true, false, true, true, true]);
        drop(at_work);
        clear_away(&own).unwrap();
        assert!(!worked_on.exists());
    }
}
