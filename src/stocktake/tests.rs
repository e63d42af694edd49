use std::{fs, path::PathBuf};

use super::*;
use crate::{
    catalog::MediaType,
    failure::Failure,
    job::{Artifact, NewJob},
    ledger::{LeaseOutcome, LedgerLimits},
    press::{Pressed, Verdict},
    retention,
};

const LONG: Duration = Duration::from_secs(3_600);

/// Prints the order itself, or something else once the templates have changed.
struct Echo {
    changed: &'static str,
}

impl Renders for Echo {
    async fn render(&self, order: &str) -> Result<Pressed, Verdict> {
        Ok(Pressed {
            bytes: format!("%PDF {order}{}", self.changed).into_bytes(),
            pages: 1,
            media_type: Some(MediaType::Pdf),
        })
    }
}

const SAME: Echo = Echo { changed: "" };

struct House {
    ledger: Ledger,
    archive: Archive,
    doorbell: Doorbell,
    folder: tempfile::TempDir,
}

async fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path().join("ledger.sqlite"), LedgerLimits::default()).await.unwrap();
    let archive = Archive::keeping_free(&folder.path().join("archive"), 0).unwrap();
    House { ledger, archive, doorbell: Doorbell::embedded(), folder }
}

impl House {
    async fn make(&self, order: &str) -> (JobId, String) {
        let new = NewJob { order: order.into(), order_sha256: fingerprint::of(order.as_bytes()), ..NewJob::sample() };
        let id = self.ledger.accept(new).await.unwrap().id;
        let LeaseOutcome::Taken(lease) = self.ledger.lease(id, "w", LONG).await.unwrap() else { panic!("not taken") };
        let Pressed { bytes, pages, .. } = SAME.render(order).await.unwrap();
        let (sha256, size) = self.archive.store(bytes).await.unwrap();
        assert!(self.ledger.succeed(&lease, &Artifact { sha256: sha256.clone(), size, pages }).await.unwrap());
        (id, sha256)
    }

    fn file(&self, sha256: &str) -> PathBuf {
        self.folder.path().join("archive/blobs").join(&sha256[..2]).join(sha256)
    }

    fn stocktake(&self) -> Stocktake<'_> {
        Stocktake { ledger: &self.ledger, archive: &self.archive, doorbell: &self.doorbell }
    }

    async fn mended_by(&self, press: &Echo) -> Stock {
        let mut stock = self.stocktake().take().await.unwrap();
        self.stocktake().mend(&mut stock, press).await.unwrap();
        stock
    }
}

#[tokio::test]
async fn sound_books_are_found_sound() {
    let house = house().await;
    house.make("one").await;
    house.make("one").await;
    let (erased, _) = house.make("two").await;
    retention::erase(&house.ledger, &house.archive, erased).await.unwrap();
    let stock = house.stocktake().take().await.unwrap();
    assert!(stock.is_sound(), "{stock:#?}");
    assert_eq!((stock.files, stock.bytes, stock.jobs["succeeded"]), (1, 8, 3));
}

#[tokio::test]
async fn a_lost_file_and_a_damaged_one_are_made_again_byte_for_byte() {
    let house = house().await;
    let ((one, lost), (two, torn)) = (house.make("one").await, house.make("two").await);
    fs::remove_file(house.file(&lost)).unwrap();
    fs::write(house.file(&torn), b"%PDF t").unwrap();
    let stock = house.stocktake().take().await.unwrap();
    assert!(!stock.is_sound());
    let found: Vec<_> = stock.harmed.iter().map(|harmed| (&harmed.sha256, harmed.harm, harmed.jobs.clone())).collect();
    assert!(found.contains(&(&lost, Harm::Lost, vec![one])), "{found:?}");
    assert!(found.contains(&(&torn, Harm::Damaged, vec![two])), "{found:?}");
    let mended = house.mended_by(&SAME).await;
    assert!(mended.is_sound(), "{mended:#?}");
    for (sha256, bytes) in [(&lost, b"%PDF one"), (&torn, b"%PDF two")] {
        assert_eq!(house.archive.read(sha256).await.unwrap().unwrap(), bytes);
    }
    assert!(house.stocktake().take().await.unwrap().is_sound());
}

#[tokio::test]
async fn another_paper_is_never_put_in_the_place_of_a_lost_one() {
    let house = house().await;
    let (_, lost) = house.make("one").await;
    fs::remove_file(house.file(&lost)).unwrap();
    let stock = house.mended_by(&Echo { changed: " with other templates" }).await;
    assert_eq!(stock.harmed[0].mending, Mending::Otherwise);
    assert_eq!(house.archive.read(&lost).await.unwrap(), None);
    // The request's time is over, the paper's is not.
    let keep = crate::ledger::Keep { requests: Some(Duration::ZERO), papers: None };
    retention::sweep(&house.ledger, &house.archive, keep).await.unwrap();
    assert_eq!(house.mended_by(&SAME).await.harmed[0].mending, Mending::NoRequest);
}

/// Refuses with what a paper says.
struct Telling;

impl Renders for Telling {
    async fn render(&self, order: &str) -> Result<Pressed, Verdict> {
        Err(Verdict::Refused(Failure::new(FailureCode::MissingGlyph, order, order)))
    }
}

#[tokio::test]
async fn a_paper_that_cannot_be_made_again_is_told_by_a_code_alone() {
    let house = house().await;
    let (_, lost) = house.make("Nguyễn Văn Kín").await;
    fs::remove_file(house.file(&lost)).unwrap();
    let mut stock = house.stocktake().take().await.unwrap();
    house.stocktake().mend(&mut stock, &Telling).await.unwrap();
    assert_eq!(stock.harmed[0].mending, Mending::Failed(FailureCode::MissingGlyph));
    let told = serde_json::to_string(&stock).unwrap();
    assert!(told.contains("missing-glyph") && !told.contains("Kín"), "{told}");
}

#[tokio::test]
async fn old_left_overs_are_counted_and_taken_away_and_young_ones_left() {
    let house = house().await;
    house.make("one").await;
    let (orphan, _) = house.archive.store(b"%PDF of nobody".to_vec()).await.unwrap();
    let (young, _) = house.archive.store(b"%PDF of somebody soon".to_vec()).await.unwrap();
    let unfinished = house.folder.path().join("archive/tmp/unfinished");
    fs::write(&unfinished, b"%P").unwrap();
    let old = std::time::SystemTime::now() - 2 * LEFT_OVER_AFTER;
    for file in [&unfinished, &house.file(&orphan)] {
        fs::File::options().append(true).open(file).unwrap().set_modified(old).unwrap();
    }
    let stock = house.mended_by(&SAME).await;
    assert_eq!((stock.orphans, stock.unfinished, stock.removed), (1, 1, 2));
    assert!(house.archive.read(&orphan).await.unwrap().is_none());
    assert!(house.archive.read(&young).await.unwrap().is_some());
}
