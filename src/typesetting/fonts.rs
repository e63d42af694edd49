//! The shelf of fonts: the shipped files and, before them, a province's own licensed ones. Never the system's.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use typst::{
    foundations::Bytes,
    text::{Font, FontStyle, FontWeight},
};

use serde::Serialize;

use crate::fingerprint;

/// Families the layout prefers but can do without, because a metric twin stands behind them (see `fonts/README.md`).
const OPTIONAL_FAMILIES: [&str; 1] = ["times new roman"];
/// What Typst says of a family that no font has.
const UNKNOWN_FAMILY: &str = "unknown font family: ";

/// One font file: its name for messages, and its bytes.
#[derive(Debug, Clone)]
pub struct FontFile {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// One font file, for those who ask what papers are set in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FontEntry {
    pub file: String,
    pub sha256: String,
    /// Bytes.
    pub size: usize,
}

/// Why the fonts cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FontsError {
    #[error("there is no font file")]
    None,
    #[error("{0} is not a font file")]
    Unreadable(String),
    #[error("family {family:?} has no {style} face; regular, bold, italic and bold italic are all needed")]
    IncompleteFamily { family: String, style: &'static str },
}

/// Fonts in order of preference, with what they cover.
#[derive(Debug, Clone)]
pub struct FontShelf {
    fonts: Vec<Font>,
    files: Vec<FontEntry>,
    /// SHA-256 over all files, hex: part of a paper's recipe.
    digest: String,
    /// What was found out about each character up to U+FFFF. Every character of every text is asked for, and the fonts
    /// answer by counting through their lists.
    known: Arc<[AtomicU8]>,
}

/// What is known of a character: nothing yet, that every style has it, that one has not.
const UNASKED: u8 = 0;
const COVERED: u8 = 1;
const BARE: u8 = 2;
/// Characters of which it is kept.
const KEPT: usize = 0x1_0000;

impl FontShelf {
    /// Reads the files in order; every family must have its four styles, so that no bold line is set in regular.
    pub fn new(files: Vec<FontFile>) -> Result<Self, FontsError> {
        let digest = fingerprint::of_all(files.iter().map(|file| file.bytes.as_slice()));
        let (mut fonts, mut entries) = (Vec::new(), Vec::new());
        for file in files {
            let before = fonts.len();
            let (sha256, size) = (fingerprint::of(&file.bytes), file.bytes.len());
            // Where the file lies on this machine is nobody's business.
            let name = file.name.rsplit('/').next().unwrap_or_default().to_owned();
            entries.push(FontEntry { file: name, sha256, size });
            fonts.extend(Font::iter(Bytes::new(file.bytes)));
            if fonts.len() == before {
                return Err(FontsError::Unreadable(file.name));
            }
        }
        if fonts.is_empty() {
            return Err(FontsError::None);
        }
        let known = (0..KEPT).map(|_| AtomicU8::new(UNASKED)).collect();
        let shelf = Self { fonts, files: entries, digest, known };
        shelf.refuse_incomplete_families()?;
        Ok(shelf)
    }

    /// The fonts, most preferred first.
    pub(super) fn fonts(&self) -> &[Font] {
        &self.fonts
    }

    /// The files, most preferred first.
    pub fn files(&self) -> &[FontEntry] {
        &self.files
    }

    /// SHA-256 over all files in order, hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Family names, without repeats.
    pub fn families(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for font in &self.fonts {
            if !names.contains(&font.info().family.as_str()) {
                names.push(&font.info().family);
            }
        }
        names
    }

    /// Whether every style (regular, bold, italic, bold italic) has a glyph for the character in some family.
    pub fn covers(&self, character: char) -> bool {
        let Some(known) = self.known.get(character as usize) else { return self.look_up(character) };
        match known.load(Ordering::Relaxed) {
            COVERED => true,
            BARE => false,
            _unasked => {
                let covers = self.look_up(character);
                known.store(if covers { COVERED } else { BARE }, Ordering::Relaxed);
                covers
            }
        }
    }

    fn look_up(&self, character: char) -> bool {
        STYLES.iter().all(|style| {
            self.fonts.iter().any(|font| style.matches(font) && font.info().coverage.contains(u32::from(character)))
        })
    }

    fn refuse_incomplete_families(&self) -> Result<(), FontsError> {
        for family in self.families() {
            for style in &STYLES {
                if !self.fonts.iter().any(|font| font.info().family == family && style.matches(font)) {
                    return Err(FontsError::IncompleteFamily { family: family.to_owned(), style: style.name });
                }
            }
        }
        Ok(())
    }
}

struct Style {
    name: &'static str,
    weight: FontWeight,
    style: FontStyle,
}

const STYLES: [Style; 4] = [
    Style { name: "regular", weight: FontWeight::REGULAR, style: FontStyle::Normal },
    Style { name: "bold", weight: FontWeight::BOLD, style: FontStyle::Normal },
    Style { name: "italic", weight: FontWeight::REGULAR, style: FontStyle::Italic },
    Style { name: "bold italic", weight: FontWeight::BOLD, style: FontStyle::Italic },
];

impl Style {
    fn matches(&self, font: &Font) -> bool {
        let variant = font.info().variant;
        variant.weight == self.weight && variant.style == self.style
    }
}

/// The first family that Typst warned about and that the layout cannot do without.
pub(super) fn missing_family<'a>(warnings: impl Iterator<Item = &'a str>) -> Option<String> {
    warnings
        .filter_map(|message| message.strip_prefix(UNKNOWN_FAMILY))
        .find(|family| !OPTIONAL_FAMILIES.contains(&family.trim().to_lowercase().as_str()))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_with_a_missing_style_is_refused() {
        let regular = FontFile {
            name: "LiberationSerif-Regular.ttf".into(),
            bytes: include_bytes!("../../fonts/LiberationSerif-Regular.ttf").to_vec(),
        };
        let error = FontShelf::new(vec![regular]).unwrap_err();
        assert_eq!(error, FontsError::IncompleteFamily { family: "Liberation Serif".into(), style: "bold" });
    }

    #[test]
    fn a_file_that_is_no_font_is_named() {
        let error = FontShelf::new(vec![FontFile { name: "x.ttf".into(), bytes: b"hello".to_vec() }]).unwrap_err();
        assert_eq!(error, FontsError::Unreadable("x.ttf".into()));
    }

    #[test]
    fn only_a_family_that_cannot_be_spared_is_missing() {
        let spared = ["unknown font family: times new roman"];
        assert_eq!(missing_family(spared.into_iter()), None);
        let missed = ["unknown font family: times new roman", "unknown font family: liberation serif"];
        assert_eq!(missing_family(missed.into_iter()), Some("liberation serif".into()));
    }
}
