use std::{path::PathBuf, time::Duration};

use super::*;
use crate::{
    job::{Artifact, JobId, JobState, NewJob},
    ledger::{JobFilter, LeaseOutcome, LedgerLimits, Place},
    retention,
};

struct House {
    ledger: Ledger,
    archive: Archive,
    folder: tempfile::TempDir,
}

const LONG: Duration = Duration::from_secs(3_600);

async fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path().join("ledger.sqlite"), LedgerLimits::default()).await.unwrap();
    let archive = Archive::keeping_free(&folder.path().join("archive"), 0).unwrap();
    House { ledger, archive, folder }
}

impl House {
    async fn accept(&self) -> JobId {
        let new = NewJob::sample();
        self.ledger.accept(new).await.unwrap().id
    }

    async fn make(&self, paper: &[u8]) -> (JobId, String) {
        let id = self.accept().await;
        let LeaseOutcome::Taken(lease) = self.ledger.lease(id, "w", LONG).await.unwrap() else { panic!("not taken") };
        let (sha256, size) = self.archive.store(paper.to_vec()).await.unwrap();
        assert!(self.ledger.succeed(&lease, &Artifact { sha256: sha256.clone(), size, pages: 1 }).await.unwrap());
        (id, sha256)
    }

    fn to(&self) -> PathBuf {
        self.folder.path().join("backup")
    }

    fn file(&self, sha256: &str) -> PathBuf {
        self.folder.path().join("archive/blobs").join(&sha256[..2]).join(sha256)
    }

    async fn take(&self) -> Manifest {
        take(&self.ledger, &self.archive, &self.to(), 0).await.unwrap()
    }

    /// Puts the backup into a fresh folder.
    async fn put_back(&self) -> Result<House, BackupError> {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::File(folder.path().join("ledger.sqlite"));
        let checked = check(&self.to()).await?;
        refuse_taken(folder.path(), &place).await?;
        let archive = Archive::keeping_free(&folder.path().join("archive"), 0)?;
        restore(&checked, &archive, &place).await?;
        let ledger = Ledger::open(place, LedgerLimits::default()).await?;
        Ok(House { ledger, archive, folder })
    }
}

#[tokio::test]
async fn what_was_backed_up_stands_elsewhere_with_every_paper_and_running_jobs_wait_again() {
    let house = house().await;
    let (done, sha256) = house.make(b"%PDF one").await;
    let waiting = house.accept().await;
    let running = house.accept().await;
    let LeaseOutcome::Taken(lease) = house.ledger.lease(running, "w", LONG).await.unwrap() else { panic!("not taken") };
    let manifest = house.take().await;
    assert_eq!((manifest.papers, manifest.papers_bytes, manifest.lacking.len()), (1, 8, 0));
    house.make(b"%PDF after the backup").await;

    let restored = house.put_back().await.unwrap();
    let job = restored.ledger.find(done).await.unwrap().unwrap();
    assert_eq!((job.state, job.artifact.unwrap().sha256), (JobState::Succeeded, sha256.clone()));
    assert_eq!(restored.archive.read(&sha256).await.unwrap().unwrap(), b"%PDF one");
    for id in [waiting, running] {
        let job = restored.ledger.find(id).await.unwrap().unwrap();
        assert_eq!((job.state, job.starts), (JobState::Accepted, 0));
    }
    assert!(!restored.ledger.succeed(&lease, &Artifact { sha256, size: 8, pages: 1 }).await.unwrap(), "a stale lease");
    let all = restored.ledger.list(&JobFilter { limit: 9, ..JobFilter::default() }).await.unwrap();
    assert_eq!(all.iter().map(|job| job.id).collect::<Vec<_>>(), [running, waiting, done], "and nothing of later");
    assert_eq!(restored.ledger.counts().await.unwrap().of(JobState::Accepted), 2);
    restored.ledger.seal_audit().await.unwrap();
    assert_eq!(restored.ledger.verify_audit().await.unwrap().broken_at, None);
}

#[tokio::test]
async fn a_backup_is_its_owners_alone_also_in_a_folder_that_was_there_before() {
    use std::os::unix::fs::PermissionsExt;

    let house = house().await;
    house.make(b"%PDF one").await;
    fs::create_dir(house.to()).unwrap();
    fs::set_permissions(house.to(), fs::Permissions::from_mode(0o755)).unwrap();
    house.take().await;
    assert_eq!(fs::metadata(house.to()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn an_erased_paper_is_not_in_the_backup_even_if_it_was_erased_while_it_was_taken() {
    let house = house().await;
    let (kept, _) = house.make(b"%PDF kept").await;
    let (erased, sha256) = house.make(b"%PDF erased").await;
    // The first pass has copied it; the picture is taken after its erasure.
    let mut copying = Copying {
        archive: &house.archive,
        copies: Archive::keeping_free(&house.to().join(ARCHIVE), 0).unwrap(),
        copied: BTreeSet::new(),
    };
    assert!(copying.copy(&Named { sha256: sha256.clone(), size: 11 }).await.unwrap());
    let before = house.ledger.snapshot(&house.folder.path().join("before")).await.unwrap();
    retention::erase(&house.ledger, &house.archive, erased).await.unwrap();
    let after = house.ledger.snapshot(&house.folder.path().join("after")).await.unwrap();
    copying.copied.clear();
    assert_eq!(copying.complete(&house.ledger, &before).await.unwrap(), None, "a picture to be taken again");
    assert_eq!(copying.complete(&house.ledger, &after).await.unwrap(), Some(Vec::new()));
    copying.copied.insert(sha256.clone());
    copying.take_out(&after).await.unwrap();
    assert_eq!(copying.copies.read(&sha256).await.unwrap(), None);
    let kept = house.ledger.find(kept).await.unwrap().unwrap().artifact.unwrap().sha256;
    assert!(copying.copies.read(&kept).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lost_paper_and_a_torn_one_are_named_and_do_not_keep_the_rest_from_being_saved() {
    let house = house().await;
    let (_, lost) = house.make(b"%PDF lost").await;
    let (_, torn) = house.make(b"%PDF torn").await;
    let (_, whole) = house.make(b"%PDF whole").await;
    fs::remove_file(house.file(&lost)).unwrap();
    fs::write(house.file(&torn), b"%PDF to").unwrap();
    let mut manifest = house.take().await;
    manifest.lacking.sort();
    let mut lacking = vec![lost.clone(), torn];
    lacking.sort();
    assert_eq!((manifest.papers, &manifest.lacking), (1, &lacking));
    let restored = house.put_back().await.unwrap();
    assert!(restored.archive.read(&whole).await.unwrap().is_some());
    assert!(restored.archive.read(&lost).await.unwrap().is_none());
}

#[tokio::test]
async fn a_backup_without_manifest_or_with_a_changed_byte_is_not_put_back() {
    let house = house().await;
    let (_, sha256) = house.make(b"%PDF one").await;
    house.take().await;
    assert!(matches!(take(&house.ledger, &house.archive, &house.to(), 0).await, Err(BackupError::NotEmpty(_))));
    let ledger = house.to().join("ledger.sqlite");
    let paper = house.to().join("archive/blobs").join(&sha256[..2]).join(&sha256);
    for (file, named) in
        [(ledger, "ledger.sqlite".to_owned()), (paper, sha256), (house.to().join("papers.txt"), "papers.txt".into())]
    {
        let sound = fs::read(&file).unwrap();
        let mut changed = sound.clone();
        let last = changed.len() - 1;
        changed[last] ^= 1;
        fs::write(&file, changed).unwrap();
        let Err(BackupError::Damaged(faults)) = check(&house.to()).await else { panic!("{file:?} was not found") };
        assert!(faults.contains(&named), "{faults:?}");
        fs::write(&file, sound).unwrap();
    }
    check(&house.to()).await.unwrap();
    fs::remove_file(house.to().join("manifest.json")).unwrap();
    assert!(matches!(house.put_back().await, Err(BackupError::Incomplete(_))));
}

#[tokio::test]
async fn a_folder_that_holds_anything_is_left_as_it_is() {
    let house = house().await;
    house.take().await;
    let folder = tempfile::tempdir().unwrap();
    let place = Place::File(folder.path().join("ledger.sqlite"));
    fs::write(folder.path().join("note"), "mine").unwrap();
    assert!(matches!(refuse_taken(folder.path(), &place).await, Err(BackupError::NotEmpty(_))));
    fs::remove_file(folder.path().join("note")).unwrap();
    fs::create_dir(folder.path().join("lost+found")).unwrap();
    refuse_taken(folder.path(), &place).await.unwrap();
    let elsewhere = Place::File(house.folder.path().join("ledger.sqlite"));
    let taken = refuse_taken(folder.path(), &elsewhere).await;
    assert!(matches!(taken, Err(BackupError::Snapshot(SnapshotError::Taken))));
}
