//! The archive over real stores: every test that is not about one of them runs on both.

mod bucket;
mod folder;
pub(crate) mod server;

use std::{
    fs::File,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use futures_util::TryStreamExt;
use object_store::{ObjectStoreExt, aws::AmazonS3Builder};
use tempfile::TempDir;

use super::*;
use server::S3;

/// An archive, and hands that reach behind it.
struct House {
    archive: Archive,
    behind: Behind,
}

enum Behind {
    Folder(TempDir),
    /// Its bucket.
    Bucket(String),
}

/// A bucket's papers cannot be told to be old; they have to become it.
const OLD_IN_A_BUCKET: Duration = Duration::from_secs(5);
const OLD_IN_A_FOLDER: Duration = Duration::from_secs(3_600);

impl House {
    fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { archive: Archive::open(folder.path()).unwrap(), behind: Behind::Folder(folder) }
    }

    fn bucket() -> Self {
        let bucket = S3::shared().bucket();
        Self { archive: in_bucket(&bucket, S3::shared().port()), behind: Behind::Bucket(bucket) }
    }

    /// The same archive as another process opens it.
    fn again(&self) -> Archive {
        match &self.behind {
            Behind::Folder(folder) => Archive::keeping_free(folder.path(), 0).unwrap(),
            Behind::Bucket(bucket) => in_bucket(bucket, S3::shared().port()),
        }
    }

    fn file(&self, sha256: &str) -> PathBuf {
        match &self.behind {
            Behind::Folder(folder) => folder.path().join("blobs").join(&sha256[..2]).join(sha256),
            Behind::Bucket(_) => format!("tinh/so-1/blobs/{}/{sha256}", &sha256[..2]).into(),
        }
    }

    /// Puts these bytes where the paper of this name lies.
    async fn damage(&self, sha256: &str, bytes: &[u8]) {
        let file = self.file(sha256);
        match &self.behind {
            Behind::Folder(_) => fs::write(file, bytes).unwrap(),
            Behind::Bucket(bucket) => {
                let server = AmazonS3Builder::new()
                    .with_endpoint(format!("http://127.0.0.1:{}", S3::shared().port()))
                    .with_allow_http(true)
                    .with_access_key_id("other")
                    .with_secret_access_key("hands")
                    .with_bucket_name(bucket)
                    .build()
                    .unwrap();
                let path = file.to_str().unwrap().into();
                server.put(&path, bytes.to_vec().into()).await.unwrap();
            }
        }
    }

    /// What counts as old here.
    fn old(&self) -> Duration {
        match &self.behind {
            Behind::Folder(_) => OLD_IN_A_FOLDER,
            Behind::Bucket(_) => OLD_IN_A_BUCKET,
        }
    }

    /// Makes these papers old.
    async fn age(&self, papers: &[&String]) {
        match &self.behind {
            Behind::Folder(_) => {
                for sha256 in papers {
                    make_old(&self.file(sha256));
                }
            }
            // The bucket counts whole seconds.
            Behind::Bucket(_) => tokio::time::sleep(OLD_IN_A_BUCKET + Duration::from_secs(2)).await,
        }
    }

    /// The papers that are in their place.
    async fn papers(&self) -> Vec<String> {
        if let Behind::Bucket(_) = self.behind {
            // What was put there in this second is not older than nothing.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        self.archive.names(Duration::ZERO).await.unwrap()
    }

    async fn reads(&self, sha256: &str) -> Option<Vec<u8>> {
        self.archive.read(sha256).await.unwrap()
    }
}

fn in_bucket(bucket: &str, port: u16) -> Archive {
    let place = BucketPlace::read(&format!("s3://{bucket}/tinh/so-1"), S3::environment(port).into_iter());
    Archive::in_bucket(&place.unwrap().unwrap()).unwrap()
}

fn make_old(file: &Path) {
    let long_ago = SystemTime::now() - 2 * OLD_IN_A_FOLDER;
    File::options().append(true).open(file).unwrap().set_modified(long_ago).unwrap();
}

/// Makes two tests of each function named; one that is not named is dead code and does not pass clippy.
macro_rules! on_both_stores {
    ($($name:ident),* $(,)?) => {
        mod in_a_folder {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(super::House::folder()).await;
                }
            )*
        }
        mod in_a_bucket {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(super::House::bucket()).await;
                }
            )*
        }
    };
}

async fn what_is_stored_reads_back_under_its_hash(house: House) {
    let (sha256, size) = house.archive.store(b"abc".to_vec()).await.unwrap();
    assert_eq!(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(size, 3);
    assert_eq!(house.reads(&sha256).await.unwrap(), b"abc");
    assert_eq!(house.again().read(&sha256).await.unwrap().unwrap(), b"abc");
    assert_eq!(house.archive.open_file(&sha256).await.unwrap().unwrap().size, 3);
}

async fn what_was_never_stored_is_not_there(house: House) {
    let nothing = "0".repeat(64);
    assert!(house.reads(&nothing).await.is_none());
    assert!(house.archive.open_file(&nothing).await.unwrap().is_none());
    assert!(!house.archive.remove(&nothing).await.unwrap());
}

async fn any_part_of_a_paper_can_be_read(house: House) {
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let (sha256, size) = house.archive.store(bytes.clone()).await.unwrap();
    let end = size - 1;
    for (start, length) in [(0, size), (0, 1), (end, 1), (1_000, 300_000), (262_143, 2), (17, 0)] {
        let paper = house.archive.open_file(&sha256).await.unwrap().unwrap();
        assert_eq!(paper.size, size);
        let pieces: Vec<Vec<u8>> = paper.bytes(start, length).await.unwrap().try_collect().await.unwrap();
        let (from, to) = (start as usize, (start + length) as usize);
        assert!(pieces.concat() == bytes[from..to], "{length} bytes from {start}");
    }
}

async fn the_same_bytes_stored_at_once_are_one_whole_file(house: House) {
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let writers: Vec<_> = (0..32)
        .map(|_| {
            let (archive, bytes) = (house.archive.clone(), bytes.clone());
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
    assert!(house.reads(&sha256).await.unwrap() == bytes);
    assert_eq!(house.archive.unfinished(Duration::ZERO).await.unwrap(), 0);
}

async fn a_name_that_is_not_a_hash_never_reaches_the_store(house: House) {
    let upper = "AB".repeat(32);
    let path = format!("../{}", "a".repeat(61));
    let wide = "é".repeat(32);
    for name in ["", "../../etc/passwd", "abc", upper.as_str(), path.as_str(), wide.as_str()] {
        assert!(matches!(house.archive.read(name).await, Err(ArchiveError::BadName)), "{name}");
        assert!(matches!(house.archive.open_file(name).await, Err(ArchiveError::BadName)), "{name}");
        assert!(matches!(house.archive.remove(name).await, Err(ArchiveError::BadName)), "{name}");
    }
}

async fn a_removed_paper_is_gone_and_can_be_stored_again(house: House) {
    let (sha256, _) = house.archive.store(b"gone".to_vec()).await.unwrap();
    assert!(house.archive.remove(&sha256).await.unwrap());
    assert!(house.reads(&sha256).await.is_none());
    assert!(!house.archive.remove(&sha256).await.unwrap());
    house.archive.store(b"gone".to_vec()).await.unwrap();
    assert_eq!(house.reads(&sha256).await.unwrap(), b"gone");
}

async fn bytes_that_other_hands_have_changed_are_written_anew(house: House) {
    let (sha256, _) = house.archive.store(b"whole".to_vec()).await.unwrap();
    house.damage(&sha256, b"whale").await;
    assert_eq!(house.reads(&sha256).await.unwrap(), b"whale");
    house.archive.store(b"whole".to_vec()).await.unwrap();
    assert_eq!(house.reads(&sha256).await.unwrap(), b"whole");
}

async fn a_sweep_takes_old_disowned_papers_and_nothing_else(house: House) {
    let (owned, _) = house.archive.store(b"owned".to_vec()).await.unwrap();
    let (disowned, _) = house.archive.store(b"disowned".to_vec()).await.unwrap();
    house.age(&[&owned, &disowned]).await;
    let (young, _) = house.archive.store(b"young".to_vec()).await.unwrap();
    let mut old = house.archive.names(house.old()).await.unwrap();
    old.sort();
    let mut expected = [owned.clone(), disowned.clone()];
    expected.sort();
    assert_eq!(old, expected);

    let is_owned = |sha256: String| std::future::ready(sha256 == owned);
    let swept = house.archive.sweep(house.old(), is_owned).await.unwrap();
    assert_eq!(swept, Swept { unfinished: 0, unreferenced: 1 });
    assert!(!house.papers().await.contains(&disowned));
    assert!(house.reads(&owned).await.is_some());
    assert!(house.reads(&young).await.is_some());
    house.age(&[&owned, &young]).await;
    house.archive.sweep(house.old(), |sha256| std::future::ready(sha256 != disowned)).await.unwrap();
    assert!(house.reads(&disowned).await.is_none(), "nobody has named it for twice the age");
    assert!(house.reads(&owned).await.is_some());
}

/// A worker finds its paper there, a collector that had asked before takes it away, and the worker's commit names it.
async fn a_paper_stored_again_outlives_the_sweep_until_its_job_names_it(house: House) {
    let (sha256, _) = house.archive.store(b"again".to_vec()).await.unwrap();
    house.age(&[&sha256]).await;
    house.archive.store(b"again".to_vec()).await.unwrap();
    let elsewhere = house.again();
    elsewhere.sweep(house.old(), |_| std::future::ready(false)).await.unwrap();
    assert_eq!(house.reads(&sha256).await.unwrap(), b"again");
    elsewhere.sweep(house.old(), |_| std::future::ready(true)).await.unwrap();
    assert!(house.papers().await.contains(&sha256), "it is in its place");
    assert_eq!(house.reads(&sha256).await.unwrap(), b"again");
}

async fn an_archive_that_works_is_found_sound(house: House) {
    let found = house.archive.examine().await.unwrap();
    println!("{found}");
    assert!(house.archive.takes_papers().await.unwrap());
    assert!(house.papers().await.is_empty(), "the probe is gone");
}

on_both_stores! {
    what_is_stored_reads_back_under_its_hash,
    what_was_never_stored_is_not_there,
    any_part_of_a_paper_can_be_read,
    the_same_bytes_stored_at_once_are_one_whole_file,
    a_name_that_is_not_a_hash_never_reaches_the_store,
    a_removed_paper_is_gone_and_can_be_stored_again,
    bytes_that_other_hands_have_changed_are_written_anew,
    a_sweep_takes_old_disowned_papers_and_nothing_else,
    a_paper_stored_again_outlives_the_sweep_until_its_job_names_it,
    an_archive_that_works_is_found_sound,
}
