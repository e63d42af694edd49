use super::*;

fn fresh() -> (TempDir, Archive) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    (folder, archive)
}

fn blob(folder: &TempDir, sha256: &str) -> PathBuf {
    folder.path().join("blobs").join(&sha256[..2]).join(sha256)
}

#[tokio::test]
async fn a_full_disk_is_said_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::keeping_free(folder.path(), u64::MAX / 2).unwrap();
    assert!(matches!(archive.store(b"abc".to_vec()).await, Err(ArchiveError::Full { .. })));
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    let failure = crate::failure::Failure::from(archive.store(b"abc".to_vec()).await.unwrap_err());
    assert_eq!(failure.code, crate::failure::FailureCode::StoreUnavailable);
    assert!(!archive.takes_papers().await.unwrap());
    assert!(matches!(archive.examine().await, Err(ArchiveError::Full { .. })));
}

#[tokio::test]
async fn a_sweep_takes_old_left_overs_and_leaves_strangers_alone() {
    let (folder, archive) = fresh();
    let (owned, _) = archive.store(b"owned".to_vec()).await.unwrap();
    let (left_over, stranger) = (folder.path().join("tmp/left-over"), folder.path().join("blobs/README"));
    fs::write(&left_over, b"half").unwrap();
    fs::write(&stranger, b"a stranger").unwrap();
    for path in [&left_over, &stranger, &blob(&folder, &owned)] {
        make_old(path);
    }
    assert_eq!(archive.unfinished(OLD_IN_A_FOLDER).await.unwrap(), 1);
    let swept = archive.sweep(OLD_IN_A_FOLDER, |sha256| std::future::ready(sha256 == owned)).await.unwrap();
    assert_eq!(swept, Swept { unfinished: 1, unreferenced: 0 });
    assert!(!left_over.exists() && stranger.exists());
}

#[tokio::test]
async fn storing_old_bytes_again_makes_them_young() {
    let (folder, archive) = fresh();
    let (sha256, _) = archive.store(b"again".to_vec()).await.unwrap();
    make_old(&blob(&folder, &sha256));
    archive.store(b"again".to_vec()).await.unwrap();
    let swept = archive.sweep(OLD_IN_A_FOLDER, |_| std::future::ready(false)).await.unwrap();
    assert_eq!(swept, Swept::default());
}

/// Each writer stores, looks, and gives its paper up, again and again, while sweepers of two other processes (each with
/// its own lock) take away whatever is old and disowned; until that has happened often enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sweep_never_takes_what_was_just_stored() {
    use std::sync::atomic::{AtomicU64, Ordering};

    const ENOUGH: u64 = 60;
    let (folder, _) = fresh();
    let hour = OLD_IN_A_FOLDER;
    let swept = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let (archive, swept) = (Archive::keeping_free(folder.path(), 0).unwrap(), Arc::clone(&swept));
        tasks.push(tokio::spawn(async move {
            while swept.load(Ordering::Relaxed) < ENOUGH {
                let taken = archive.sweep(hour, |_| std::future::ready(false)).await.unwrap().unreferenced;
                swept.fetch_add(taken, Ordering::Relaxed);
            }
        }));
    }
    for number in 0..4_u8 {
        let (archive, swept) = (Archive::keeping_free(folder.path(), 0).unwrap(), Arc::clone(&swept));
        let blobs = folder.path().join("blobs");
        tasks.push(tokio::spawn(async move {
            while swept.load(Ordering::Relaxed) < ENOUGH {
                let (sha256, _) = archive.store(vec![number; 1_000]).await.unwrap();
                for _ in 0..3 {
                    let kept = archive.read(&sha256).await.unwrap();
                    assert!(kept.is_some(), "writer {number}: swept before its job could commit");
                }
                make_old(&blobs.join(&sha256[..2]).join(&sha256));
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}
