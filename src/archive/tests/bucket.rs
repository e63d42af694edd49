use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::*;
use crate::failure::{Failure, FailureCode};

fn read(address: &str, environment: &[(&str, &str)]) -> Result<Option<BucketPlace>, ArchiveError> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    BucketPlace::read(address, environment)
}

#[test]
fn a_place_is_a_bucket_and_a_prefix_and_shows_no_key() {
    let key = [("AWS_SECRET_ACCESS_KEY", "hush"), ("HOME", "/root")];
    for (address, shown) in [
        ("s3://van-ban", "s3://van-ban"),
        ("s3://van-ban/", "s3://van-ban"),
        ("s3://van-ban/tinh/So_1.a/", "s3://van-ban/tinh/So_1.a"),
    ] {
        let place = read(address, &key).unwrap().unwrap();
        assert_eq!(place.to_string(), shown);
        assert!(!format!("{place:?}").contains("hush"));
    }
    for address in
        ["s3://", "s3://ab", "s3://Van-Ban", "s3://van_ban", "s3://van-ban//x", "s3://van-ban/../x", "s3://van-ban/a b"]
    {
        assert!(matches!(read(address, &[]), Err(ArchiveError::Place(_))), "{address}");
    }
    for address in ["", "file:/mnt/x", "/mnt/x", "S3://van-ban"] {
        assert!(read(address, &[]).unwrap().is_none(), "{address}");
    }
}

#[test]
fn a_line_without_tls_is_taken_only_where_it_is_asked_for() {
    for name in ["AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        let open = (name, "http://minio.tinh:9000");
        assert!(matches!(read("s3://van-ban", &[open]), Err(ArchiveError::Place(_))), "{name}");
        assert!(matches!(read("s3://van-ban", &[open, ("AWS_ALLOW_HTTP", "false")]), Err(ArchiveError::Place(_))));
        assert!(read("s3://van-ban", &[open, ("AWS_ALLOW_HTTP", "true")]).unwrap().is_some());
        assert!(read("s3://van-ban", &[(name, "https://minio.tinh:9000")]).unwrap().is_some());
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_a_passing_failure_that_does_not_say_where_it_is() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let archive = in_bucket("van-ban", nobody);
    assert!(!archive.takes_papers().await.unwrap());
    let error = archive.store(b"%PDF".to_vec()).await.unwrap_err();
    assert!(error.to_string().contains("cannot store a paper"), "{error}");
    let failure = Failure::from(error);
    assert_eq!(failure.code, FailureCode::StoreUnavailable);
    assert!(!failure.message_en.contains("127.0.0.1"), "{}", failure.message_en);
    assert!(matches!(archive.read(&"0".repeat(64)).await, Err(ArchiveError::Bucket { .. })), "away is not gone");
    assert!(matches!(archive.examine().await, Err(ArchiveError::Bucket { .. })));
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_no_empty_one() {
    let archive = in_bucket("nobody-made-this", S3::shared().port());
    assert!(!archive.takes_papers().await.unwrap());
    assert!(archive.examine().await.is_err());
    assert!(archive.store(b"%PDF".to_vec()).await.is_err());
}

/// Passes a client's first bytes on to a server, then cuts the line, again and again.
fn cutting_after(server: u16, bytes: u64) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(mut upstream) = TcpStream::connect(("127.0.0.1", server)) else { return };
            let mut first = Vec::new();
            let _cut = (&client).take(bytes).read_to_end(&mut first);
            let _cut = upstream.write_all(&first);
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_upload_leaves_nothing_to_be_seen() {
    let (server, house) = (S3::shared(), House::bucket());
    let Behind::Bucket(bucket) = &house.behind else { panic!("no bucket") };
    let torn = in_bucket(bucket, cutting_after(server.port(), 100_000));
    let bytes = vec![7; 1_000_000];
    assert!(torn.store(bytes.clone()).await.is_err());
    assert!(house.reads(&crate::fingerprint::of(&bytes)).await.is_none());
    assert!(house.papers().await.is_empty());
    let (sha256, _) = house.archive.store(bytes.clone()).await.unwrap();
    assert!(house.reads(&sha256).await.unwrap() == bytes);
}

/// What `If-None-Match` is for: whoever puts other bytes under a name that is taken is refused.
#[tokio::test]
async fn other_content_under_a_taken_name_is_refused() {
    let house = House::bucket();
    let (sha256, _) = house.archive.store(b"first".to_vec()).await.unwrap();
    let Store::Bucket(bucket) = &house.archive.store else { panic!("no bucket") };
    let path = bucket.blob(&sha256).unwrap();
    assert!(!bucket.put_new(&path, b"second".to_vec().into()).await.unwrap());
    assert_eq!(house.reads(&sha256).await.unwrap(), b"first");
}

/// A collector asks, stalls, and lets a paper leave that a job has named meanwhile; it can be read all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_named_while_the_collector_asks_is_put_back() {
    let house = House::bucket();
    let (sha256, _) = house.archive.store(b"named".to_vec()).await.unwrap();
    house.age(&[&sha256]).await;
    let asked = std::sync::atomic::AtomicU32::new(0);
    let commits_after_the_first_question = |_| {
        let before = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        std::future::ready(!before)
    };
    house.archive.sweep(house.old(), commits_after_the_first_question).await.unwrap();
    assert!(asked.into_inner() > 1, "it asks again when the paper has left");
    assert_eq!(house.papers().await, std::slice::from_ref(&sha256), "in its place");
    assert_eq!(house.reads(&sha256).await.unwrap(), b"named");
}
