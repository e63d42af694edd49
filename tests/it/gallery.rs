//! docs/gallery is what `gallery` makes of the templates as they are.

use std::{collections::BTreeMap, fs, path::Path};

use super::support::{
    papers::{WORKSHOP, repository},
    programs::run,
};

/// Bytes of all pictures together: they are fetched with every clone.
const MOST_BYTES: usize = 6 << 20;

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let read = entries.map(|entry| {
        let entry = entry.expect("listed");
        (entry.file_name().into_string().expect("UTF-8"), fs::read(entry.path()).expect("read"))
    });
    read.collect()
}

#[test]
fn the_gallery_shows_the_papers_as_they_are() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let outcome = run(&["gallery", folder.path().to_str().expect("UTF-8")]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    let (kept, made) = (files(&repository("docs/gallery")), files(folder.path()));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&kept), names(&made), "run `just gallery`");
    for (name, bytes) in &made {
        if name.ends_with(".md") {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
            assert_eq!(text(&kept[name]), text(bytes), "{name}: run `just gallery`");
        } else {
            assert!(kept[name] == *bytes, "{name} looks different; run `just gallery`, look at it, commit it");
        }
    }
    let total: usize = made.values().map(Vec::len).sum();
    assert!(total < MOST_BYTES, "{total} bytes");
}

#[test]
fn every_kind_has_its_page_with_every_picture_and_rules_that_are_documented() {
    let kept = files(&repository("docs/gallery"));
    let text = |name: &str| String::from_utf8(kept[name].clone()).expect("UTF-8");
    let rules = fs::read_to_string(repository("docs/rules.md")).expect("there");
    let index = text("README.md");
    for kind in WORKSHOP.catalog().kinds() {
        let name = &kind.manifest.kind;
        assert!(index.contains(&format!("[{}]({name}.md)", kind.manifest.title)), "{name}");
        let page = text(&format!("{name}.md"));
        let pictures = kept.keys().filter(|file| file.starts_with(&format!("{name}-")) && file.ends_with(".png"));
        let pictures: Vec<_> = pictures.filter(|file| page.contains(&format!("]({file})"))).collect();
        assert_eq!(page.matches("![").count(), pictures.len(), "{name}");
        assert!(!pictures.is_empty() && page.contains(&format!("tdkt-reports sample {name} >")), "{name}");
        let listed: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        assert!(listed.len() > 8, "{name}: {listed:?}");
        for code in listed {
            assert!(rules.contains(&format!("| `{code}` |")), "{name}: docs/rules.md has no {code}");
        }
    }
    assert!(text("six-month-review.md").contains("| `M02` |") && text("ballot-minutes.md").contains("| `V01` |"));
    assert!(!text("six-month-review.md").contains("| `V01` |"), "nothing is voted on there");
}
