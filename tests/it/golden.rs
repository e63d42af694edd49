//! Golden pages: what every kind says in every edition, and how some pages look.
//!
//! `TDKT_BLESS=1 cargo test --release --test it golden` writes `tests/golden` anew; look at every difference before
//! keeping it. Pictures come from our own renderer and the shipped fonts, so they are the same on every machine but for
//! the last bits of floating-point arithmetic, which the tolerance allows.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tdkt_reports::{intake::Manuscript, regulation::Edition};
use typst::{
    foundations::Bytes,
    visualize::{ExchangeFormat, RasterImage},
};

use super::matrix::EDITIONS;
use crate::support::papers::{EXAMPLES, WORKSHOP, blessing, example_value, manuscript_of, pages, repository, samples};

/// Pictures of pages, in pixels to the inch.
const PPI: f64 = 36.0;
const LARGEST_PICTURE: usize = 80_000;
/// Two channels of a pixel are alike when they differ by no more than this …
const ALIKE: u8 = 24;
/// … and two pictures when no more channels than one in so many are unlike.
const UNLIKE_ONE_IN: usize = 20_000;

/// A paper with its place under `tests/golden`, and the pages (from 0) of which there is a picture.
struct Golden {
    folder: PathBuf,
    manuscript: Manuscript,
    pictures: Vec<usize>,
}

#[test]
fn every_paper_says_what_its_golden_pages_say() {
    let mut faults = Vec::new();
    let papers = papers();
    assert!(papers.len() >= 12, "{} papers", papers.len());
    for golden in &papers {
        let pdf = WORKSHOP.render(&golden.manuscript).unwrap_or_else(|failure| panic!("{failure:#?}")).pdf;
        faults.extend(compare_text(&golden.folder.join("text.txt"), &page_texts(&pdf)));
    }
    report(&faults);
}

#[test]
fn some_pages_look_as_their_golden_pictures_do() {
    let mut faults = Vec::new();
    for golden in papers() {
        for page in &golden.pictures {
            let picture = WORKSHOP.render_page(&golden.manuscript, *page, PPI);
            let png = picture.unwrap_or_else(|failure| panic!("{failure:#?}")).png;
            assert!(png.len() <= LARGEST_PICTURE, "{} page {page}: {} bytes", golden.folder.display(), png.len());
            faults.extend(compare_picture(&golden.folder.join(format!("page-{}.png", page + 1)), &png));
        }
    }
    report(&faults);
}

#[test]
fn no_golden_page_is_left_over() {
    let root = repository("tests/golden");
    let expected: BTreeSet<PathBuf> = papers()
        .into_iter()
        .flat_map(|golden| {
            let pictures = golden.pictures.iter().map(|page| golden.folder.join(format!("page-{}.png", page + 1)));
            pictures.chain([golden.folder.join("text.txt")]).collect::<Vec<_>>()
        })
        .chain(WORKSHOP.catalog().kinds().map(|kind| Path::new(&kind.manifest.kind).join(EDITIONS)))
        .map(|path| root.join(path))
        .collect();
    let left_over: Vec<PathBuf> = files(&root).into_iter().filter(|path| !expected.contains(path)).collect();
    if blessing() {
        left_over.iter().for_each(|path| fs::remove_file(path).expect("removed"));
    } else {
        assert!(left_over.is_empty(), "no test makes {left_over:#?}");
    }
}

#[test]
fn a_changed_picture_is_told_from_a_shaken_one() {
    let golden = &papers()[0];
    let picture = |page| WORKSHOP.render_page(&golden.manuscript, page, PPI).expect("rendered").png;
    let pixels = pixels(&picture(0));
    let mut shaken = pixels.clone();
    shaken.iter_mut().for_each(|channel| *channel = channel.saturating_sub(3));
    assert!(alike(&pixels, &shaken));
    // A rule of 60 pixels taken away.
    let mut changed = pixels.clone();
    changed[40_000..40_240].iter_mut().for_each(|channel| *channel = 255 - *channel);
    assert!(!alike(&pixels, &changed));
}

/// Every sample in the edition of its own day, the simple one in every edition, and the examples.
fn papers() -> Vec<Golden> {
    let mut papers = Vec::new();
    for (kind, name, request) in samples() {
        let request: Value = serde_json::from_slice(&request).expect("JSON");
        let mut paper = golden(&kind, &name, &request, Vec::new());
        paper.pictures = match name.as_str() {
            "simple" => (0..WORKSHOP.marks(&paper.manuscript).expect("set").pages.len()).collect(),
            "minimal" => vec![0],
            _ => Vec::new(),
        };
        if matches!(name.as_str(), "simple" | "minimal") {
            papers.extend(enclosed(&paper));
        }
        papers.push(paper);
    }
    // An edition may be too short to hold a July; then another paper of the year prints its legal bases.
    for edition in WORKSHOP.catalog().editions().iter() {
        let dated = ["six-month-review", "annual-summary", "award-proposal"].into_iter().find_map(|kind| {
            let sample = WORKSHOP.catalog().kind(kind)?.sample("simple")?;
            Some((kind, in_edition(&serde_json::from_str(sample).expect("JSON"), edition)?))
        });
        let (kind, request) = dated.unwrap_or_else(|| panic!("no sample falls into edition {}", edition.id));
        let golden = golden(kind, "simple-with-legal-bases", &request, Vec::new());
        assert_eq!(golden.manuscript.edition, edition.id);
        papers.push(golden);
    }
    for name in EXAMPLES {
        let pictures = if name == "kon-tum-2020" { vec![0, 1, 2] } else { Vec::new() };
        papers.push(golden("six-month-review", name, &example_value(name), pictures));
    }
    papers
}

/// The papers of a dossier, each below the dossier's own place.
fn enclosed(dossier: &Golden) -> Vec<Golden> {
    let papers = dossier.manuscript.enclosed.iter().map(|paper| Golden {
        folder: dossier.folder.join(&paper.file_name),
        manuscript: paper.manuscript.clone(),
        pictures: Vec::new(),
    });
    papers.collect()
}

fn golden(kind: &str, name: &str, request: &Value, pictures: Vec<usize>) -> Golden {
    let manuscript = manuscript_of(request);
    let folder = Path::new(kind).join(&manuscript.edition).join(name);
    Golden { folder, manuscript, pictures }
}

/// The sample moved by whole years into the middle of an edition, with the edition's legal bases printed; `None` if its day
/// of the year never falls into the edition.
fn in_edition(request: &Value, edition: &Edition) -> Option<Value> {
    let issued_on = request["paper"]["issued_on"].as_str().expect("an issued sample");
    let day = |year: i32| format!("{year}{}", &issued_on[4..]).parse().ok();
    let mut years = (2000..=2100).filter(|year| day(*year).is_some_and(|day| edition.is_in_force_on(day)));
    let year = match edition.in_force_until {
        None => years.next()?,
        Some(_) => {
            let years: Vec<i32> = years.collect();
            *years.get(years.len() / 2)?
        }
    };
    let mut text = request.to_string();
    // From far to near, so that no year is moved twice.
    let mut years: Vec<i32> = (2020..=2026).collect();
    if year > 2026 {
        years.reverse();
    }
    for from in years {
        text = text.replace(&from.to_string(), &(from + year - 2026).to_string());
    }
    let mut moved: Value = serde_json::from_str(&text).expect("JSON");
    moved["paper"]["legal_bases"] = json!({"include_edition": true, "extra": []});
    Some(moved)
}

/// Page by page, every line with single spaces.
pub(super) fn page_texts(pdf: &[u8]) -> String {
    let mut text = String::new();
    for (index, page) in pages(pdf).into_iter().enumerate() {
        let number = page.number.map_or("none".to_owned(), |number| number.to_string());
        let mark = if page.draft { ", draft" } else { "" };
        text.push_str(&format!("=== page {} (number {number}{mark}) ===\n", index + 1));
        for line in page.text.lines() {
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            if !line.is_empty() {
                text.push_str(&line);
                text.push('\n');
            }
        }
    }
    text
}

pub(super) fn compare_text(path: &Path, found: &str) -> Option<String> {
    let file = repository("tests/golden").join(path);
    if blessing() {
        write(&file, found.as_bytes());
        return None;
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    (expected != found).then(|| format!("{}:\n{}", path.display(), difference(&expected, found)))
}

fn compare_picture(path: &Path, found: &[u8]) -> Option<String> {
    let file = repository("tests/golden").join(path);
    let expected = fs::read(&file).unwrap_or_default();
    if expected == found || (!expected.is_empty() && alike(&pixels(&expected), &pixels(found))) {
        return None;
    }
    if blessing() {
        write(&file, found);
        return None;
    }
    let seen = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("golden").join(path);
    write(&seen, found);
    Some(format!("{}: looks otherwise; see {}", path.display(), seen.display()))
}

fn write(file: &Path, bytes: &[u8]) {
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(file, bytes).expect("written");
}

pub(super) fn report(faults: &[String]) {
    let how =
        "If this is meant: TDKT_BLESS=1 cargo test --release --test it golden, then look at `git diff tests/golden`.";
    assert!(faults.is_empty(), "{}\n\n{how}", faults.join("\n\n"));
}

/// The lines between the common beginning and the common end, of both sides.
fn difference(expected: &str, found: &str) -> String {
    let (expected, found): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let start = expected.iter().zip(&found).take_while(|(a, b)| a == b).count();
    let rest = expected.len().min(found.len()) - start;
    let end = expected.iter().rev().zip(found.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let mut lines = vec![format!("  from line {}:", start + 1)];
    for (sign, side) in [("-", &expected), ("+", &found)] {
        let changed = &side[start..side.len() - end];
        lines.extend(changed.iter().take(15).map(|line| format!("  {sign} {line}")));
        if changed.len() > 15 {
            lines.push(format!("  {sign} … {} lines more", changed.len() - 15));
        }
    }
    lines.join("\n")
}

fn pixels(png: &[u8]) -> Vec<u8> {
    let image = RasterImage::plain(Bytes::new(png.to_vec()), ExchangeFormat::Png).expect("a picture");
    image.dynamic().to_rgba8().into_raw()
}

fn alike(a: &[u8], b: &[u8]) -> bool {
    let unlike = a.iter().zip(b).filter(|(a, b)| a.abs_diff(**b) > ALIKE).count();
    a.len() == b.len() && unlike * UNLIKE_ONE_IN <= a.len()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("readable").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
