use std::time::SystemTime;

use super::*;

fn fresh() -> (tempfile::TempDir, Archive) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    (folder, archive)
}

#[tokio::test]
async fn what_is_stored_reads_back_under_its_hash() {
    let (folder, archive) = fresh();
    let (sha256, size) = archive.store(b"abc".to_vec()).await.unwrap();
    assert_eq!(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(size, 3);
    assert!(folder.path().join("blobs/ba").join(&sha256).is_file());
    assert_eq!(archive.read(&sha256).await.unwrap().unwrap(), b"abc");
    assert_eq!(archive.open_file(&sha256).await.unwrap().unwrap().size, 3);
    assert!(archive.read(&"0".repeat(64)).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_bytes_stored_at_once_are_one_whole_file() {
    let (folder, archive) = fresh();
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let writers: Vec<_> = (0..32)
        .map(|_| {
            let (archive, bytes) = (archive.clone(), bytes.clone());
            tokio::spawn(async move { archive.store(bytes).await.unwrap() })
        })
        .collect();
    let mut names = std::collections::BTreeSet::new();
    for writer in writers {
        names.insert(writer.await.unwrap());
    }
    assert_eq!(names.len(), 1);
    let (sha256, size) = names.pop_first().unwrap();
    assert_eq!(size, bytes.len() as u64);
    assert_eq!(archive.read(&sha256).await.unwrap().unwrap(), bytes);
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_name_that_is_not_a_hash_never_reaches_the_file_system() {
    let (_folder, archive) = fresh();
    let upper = "AB".repeat(32);
    let path = format!("../{}", "a".repeat(61));
    let wide = "é".repeat(32);
    for name in ["", "../../etc/passwd", "abc", upper.as_str(), path.as_str(), wide.as_str()] {
        assert!(matches!(archive.read(name).await, Err(ArchiveError::BadName)), "{name}");
        assert!(matches!(archive.open_file(name).await, Err(ArchiveError::BadName)), "{name}");
    }
}

#[tokio::test]
async fn a_full_disk_is_said_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::keeping_free(folder.path(), u64::MAX / 2).unwrap();
    assert!(matches!(archive.store(b"abc".to_vec()).await, Err(ArchiveError::Full { .. })));
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    let failure = Failure::from(archive.store(b"abc".to_vec()).await.unwrap_err());
    assert_eq!(failure.code, crate::failure::FailureCode::StoreUnavailable);
}

#[tokio::test]
async fn a_sweep_takes_old_left_overs_and_disowned_files_and_nothing_else() {
    let (folder, archive) = fresh();
    let (owned, _) = archive.store(b"owned".to_vec()).await.unwrap();
    let (disowned, _) = archive.store(b"disowned".to_vec()).await.unwrap();
    let (young, _) = archive.store(b"young".to_vec()).await.unwrap();
    let left_over = folder.path().join("tmp/left-over");
    fs::write(&left_over, b"half").unwrap();
    fs::write(folder.path().join("blobs/README"), b"a stranger").unwrap();
    let two_hours_ago = SystemTime::now() - Duration::from_secs(7_200);
    for path in [left_over.clone(), archive.folder.path(&owned).unwrap(), archive.folder.path(&disowned).unwrap()] {
        File::options().append(true).open(path).unwrap().set_modified(two_hours_ago).unwrap();
    }

    let hour = Duration::from_secs(3_600);
    let swept = archive.sweep(hour, |sha256| std::future::ready(sha256 == owned)).await.unwrap();

    assert_eq!(swept, Swept { unfinished: 1, unreferenced: 1 });
    assert!(!left_over.exists());
    assert!(archive.read(&disowned).await.unwrap().is_none());
    assert!(archive.read(&owned).await.unwrap().is_some());
    assert!(archive.read(&young).await.unwrap().is_some());
}

#[tokio::test]
async fn storing_old_bytes_again_makes_them_young() {
    let (_folder, archive) = fresh();
    let (sha256, _) = archive.store(b"again".to_vec()).await.unwrap();
    let path = archive.folder.path(&sha256).unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(7_200);
    File::options().append(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    archive.store(b"again".to_vec()).await.unwrap();
    let swept = archive.sweep(Duration::from_secs(3_600), |_| std::future::ready(false)).await.unwrap();
    assert_eq!(swept, Swept::default());
}

#[tokio::test]
async fn bytes_that_a_disk_has_changed_are_written_anew() {
    let (_folder, archive) = fresh();
    let (sha256, _) = archive.store(b"whole".to_vec()).await.unwrap();
    fs::write(archive.folder.path(&sha256).unwrap(), b"whale").unwrap();
    archive.store(b"whole".to_vec()).await.unwrap();
    assert_eq!(archive.read(&sha256).await.unwrap().unwrap(), b"whole");
}

/// Each writer stores, looks, and gives its paper up, again and again, while sweepers of two other processes (each with
/// its own lock) take away whatever is old and disowned; until that has happened often enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sweep_never_takes_what_was_just_stored() {
    use std::sync::atomic::{AtomicU64, Ordering};

    const ENOUGH: u64 = 60;
    let (folder, _) = fresh();
    let hour = Duration::from_secs(3_600);
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
        tasks.push(tokio::spawn(async move {
            while swept.load(Ordering::Relaxed) < ENOUGH {
                let (sha256, _) = archive.store(vec![number; 1_000]).await.unwrap();
                for _ in 0..3 {
                    let kept = archive.read(&sha256).await.unwrap();
                    assert!(kept.is_some(), "writer {number}: swept before its job could commit");
                }
                let path = archive.folder.path(&sha256).unwrap();
                let file = File::options().append(true).open(path).unwrap();
                file.set_modified(SystemTime::now() - 2 * hour).unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}
