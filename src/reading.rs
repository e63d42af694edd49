//! Reads finished PDF files: what stands on their pages, and what is attached to them.
//!
//! The rule: the file is a stranger's. It is read by a library without unsafe code, only facts are taken from it, and the
//! service reads it in a child of the press, where it may take all time and memory that the child has.

use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, GlyphDrawMode, Image, InterpreterCache, InterpreterSettings, Paint,
    PathDrawMode, SoftMask,
    font::Glyph,
    hayro_cmap::BfString,
    hayro_syntax::{
        LoadPdfError, Pdf,
        object::{Array, Dict, Object, Stream, String as PdfString},
    },
    interpret_page,
};
use kurbo::{Affine, BezPath, Point, Rect, Shape};

use crate::marks::{Marks, PageMarks, Rule, Run};

/// Millimetres in a point.
const MM: f64 = 25.4 / 72.0;
/// Glyphs further apart than this share of the size belong to different words.
const WORD_GAP: f64 = 0.15;
/// Glyphs further apart than this share of the size belong to different runs.
const RUN_GAP: f64 = 1.0;
/// A path with more parts than a box has is a picture, not a rule.
const BOX_PARTS: usize = 6;
/// The most pages of a paper that is measured; the longest sample has forty.
const MOST_PAGES: usize = 1_000;
/// The largest data that a paper carries, in bytes; a request has at most half of it.
const LARGEST_ATTACHMENT: usize = 16 << 20;
/// The deepest name tree that is walked.
const DEEPEST_TREE: usize = 8;
/// The most nodes of it: a tree may name its own nodes again and again.
const MOST_NODES: usize = 1_000;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReadingError {
    #[error("not a PDF file, or damaged")]
    Unreadable,
    #[error("protected by a password")]
    Encrypted,
    #[error("the file has {0}")]
    TooMuch(String),
    #[error("nothing is attached under the name {0:?}")]
    NotAttached(String),
}

/// What stands on the pages of a PDF file.
pub fn marks(file: &[u8]) -> Result<Marks, ReadingError> {
    let pdf = open(file)?;
    if pdf.pages().len() > MOST_PAGES {
        return Err(ReadingError::TooMuch(format!("{} pages; at most {MOST_PAGES} are read", pdf.pages().len())));
    }
    let cache = InterpreterCache::new();
    let pages = pdf.pages().iter().map(|page| {
        let (width, height) = page.render_dimensions();
        let (width, height) = (f64::from(width), f64::from(height));
        let settings = InterpreterSettings { render_annotations: false, ..InterpreterSettings::default() };
        let to_page = page.initial_transform(true);
        let place = Affine::new(to_page.as_coeffs());
        let mut context = Context::new(place, Rect::new(0.0, 0.0, width, height), &cache, page.xref(), settings);
        let mut reader = PageReader::default();
        interpret_page(page, &mut context, &mut reader);
        reader.finish_run();
        PageMarks { width: width * MM, height: height * MM, runs: reader.runs, rules: reader.rules }
    });
    Ok(Marks { pages: pages.collect() })
}

/// The bytes attached to a PDF file under a name.
pub fn attachment(file: &[u8], name: &str) -> Result<Vec<u8>, ReadingError> {
    let pdf = open(file)?;
    let missing = || ReadingError::NotAttached(name.to_owned());
    let xref = pdf.xref();
    let root: Dict<'_> = xref.get(xref.root_id()).ok_or(ReadingError::Unreadable)?;
    let names: Dict<'_> = root.get("Names").ok_or_else(missing)?;
    let tree: Dict<'_> = names.get("EmbeddedFiles").ok_or_else(missing)?;
    let mut nodes = MOST_NODES;
    let stream = find_file(&tree, name, DEEPEST_TREE, &mut nodes).ok_or_else(missing)?;
    let bytes = stream.decoded().map_err(|_| ReadingError::Unreadable)?;
    if bytes.len() > LARGEST_ATTACHMENT {
        return Err(ReadingError::TooMuch(format!(
            "{} bytes attached; at most {LARGEST_ATTACHMENT} are read",
            bytes.len()
        )));
    }
    Ok(bytes.into_owned())
}

/// True if a file is a paper to which something was added by an incremental update (ISO 32000-1, 7.5.6), as signing does, and
/// its pages still show the text and the lines of the paper. What is inside the addition is for its own checks, a signature's.
pub fn only_adds(paper: &[u8], file: &[u8]) -> bool {
    let Some(added) = file.strip_prefix(paper).filter(|added| !added.is_empty()) else { return false };
    let before = last_xref(paper);
    let updates = last_xref(file).is_some_and(|place| {
        let behind = file.get(place..).unwrap_or_default();
        let object = behind.first().is_some_and(u8::is_ascii_digit);
        place >= paper.len() && (behind.starts_with(b"xref") || object)
    });
    let chained = before.is_some_and(|place| {
        let words: Vec<&[u8]> = added.split(|byte| byte.is_ascii_whitespace() || b"/<>".contains(byte)).collect();
        let words: Vec<&[u8]> = words.into_iter().filter(|word| !word.is_empty()).collect();
        words.windows(2).any(|pair| pair[0] == b"Prev" && pair[1] == place.to_string().as_bytes())
    });
    updates && chained && matches!((marks(paper), marks(file)), (Ok(made), Ok(now)) if made == now)
}

/// The place that the last `startxref` of a file names; `None` if the file does not end behind it.
fn last_xref(file: &[u8]) -> Option<usize> {
    let text = file.trim_ascii_end().strip_suffix(b"%%EOF")?.trim_ascii_end();
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (rest, place) = text.split_at(text.len() - digits);
    rest.trim_ascii_end().strip_suffix(b"startxref")?;
    std::str::from_utf8(place).ok()?.parse().ok()
}

fn open(file: &[u8]) -> Result<Pdf, ReadingError> {
    Pdf::new(file.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(_) => ReadingError::Encrypted,
        LoadPdfError::Invalid => ReadingError::Unreadable,
    })
}

/// Walks the name tree of embedded files (ISO 32000-1, 7.9.6 and 7.11.4).
fn find_file<'a>(tree: &Dict<'a>, name: &str, depth: usize, nodes: &mut usize) -> Option<Stream<'a>> {
    *nodes = nodes.checked_sub(1)?;
    if let Some(entries) = tree.get::<Array<'a>>("Names") {
        // Names and file specifications alternate.
        for entry in entries.iter::<Object<'a>>() {
            let Object::Dict(file) = entry else { continue };
            let has_name = ["UF", "F"].iter().any(|key| {
                file.get::<PdfString<'a>>(key).is_some_and(|found| decoded(found.as_bytes()).ends_with(name))
            });
            if has_name {
                let embedded: Dict<'a> = file.get("EF")?;
                return embedded.get::<Stream<'a>>("F").or_else(|| embedded.get::<Stream<'a>>("UF"));
            }
        }
    }
    let kids = tree.get::<Array<'a>>("Kids").filter(|_| depth > 0)?;
    kids.iter::<Dict<'a>>().find_map(|kid| find_file(&kid, name, depth - 1, nodes))
}

/// A text string: UTF-16 with its mark, or bytes taken as Latin letters (ISO 32000-1, 7.9.2.2).
fn decoded(bytes: &[u8]) -> String {
    match bytes.strip_prefix(b"\xFE\xFF") {
        Some(rest) => {
            let units: Vec<u16> = rest.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        None => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[derive(Default)]
struct PageReader {
    runs: Vec<Run>,
    rules: Vec<Rule>,
    open: Option<Run>,
    /// Where the last glyph ended, white space included.
    pen: f64,
}

impl PageReader {
    fn add(&mut self, glyph: Run) {
        let gap = glyph.x0 - self.pen;
        self.pen = glyph.x1;
        let Some(run) = &mut self.open else {
            self.open = Some(glyph);
            return;
        };
        let em = glyph.size * MM;
        let same_font = run.family == glyph.family && run.bold == glyph.bold && run.italic == glyph.italic;
        let same_line = (run.baseline - glyph.baseline).abs() < 0.05 && run.horizontal && glyph.horizontal;
        let near = gap > -0.6 * em && gap < RUN_GAP * em;
        if same_font && same_line && near && (run.size - glyph.size).abs() < 0.05 && run.black == glyph.black {
            if gap > WORD_GAP * em && !run.text.ends_with(' ') && !glyph.text.starts_with(' ') {
                run.text.push(' ');
            }
            run.text.push_str(&glyph.text);
            // White space has no ink.
            if !glyph.text.trim().is_empty() {
                run.x1 = glyph.x1;
            }
        } else {
            let mut finished = std::mem::replace(run, glyph);
            if same_line && gap > WORD_GAP * em && gap < 5.0 {
                finished.text.push(' ');
            }
            self.runs.push(finished);
        }
    }

    fn finish_run(&mut self) {
        self.runs.extend(self.open.take());
    }
}

impl Device<'_> for PageReader {
    fn draw_glyph(
        &mut self,
        glyph: &Glyph<'_>,
        transform: Affine,
        glyph_transform: Affine,
        paint: &Paint<'_>,
        mode: &GlyphDrawMode,
    ) {
        if matches!(mode, GlyphDrawMode::Invisible) {
            return;
        }
        let text = match glyph.as_unicode() {
            Some(BfString::Char(character)) => character.to_string(),
            Some(BfString::String(text)) => text,
            None => char::REPLACEMENT_CHARACTER.to_string(),
        };
        let Glyph::Outline(outline) = glyph else { return };
        let font = outline.font_data();
        let name = font.as_ref().and_then(|font| font.postscript_name.clone()).unwrap_or_default();
        let lower = name.to_lowercase();
        let place = transform * glyph_transform;
        let start = place * Point::ZERO;
        let end = place * Point::new(f64::from(outline.advance_width().unwrap_or_default()), 0.0);
        let top = place * Point::new(0.0, 1000.0);
        self.add(Run {
            text,
            x0: start.x * MM,
            x1: end.x * MM,
            baseline: start.y * MM,
            size: (top - start).hypot(),
            family: family(&name),
            bold: lower.contains("bold") || font.as_ref().and_then(|font| font.weight).is_some_and(|w| w >= 600),
            italic: lower.contains("italic") || font.as_ref().is_some_and(|font| font.is_italic),
            horizontal: (end.y - start.y).abs() < 0.05 && end.x >= start.x,
            black: is_black(paint),
        });
    }

    fn draw_path(&mut self, path: &BezPath, transform: Affine, _: &Paint<'_>, mode: &PathDrawMode) {
        if path.elements().len() > BOX_PARTS {
            return;
        }
        let mut bounds = (transform * path.clone()).bounding_box();
        if let PathDrawMode::Stroke(stroke) = mode {
            let half = f64::from(stroke.line_width) / 2.0;
            let (flat, upright) = (bounds.height() < 0.01, bounds.width() < 0.01);
            bounds = bounds.inflate(if upright { half } else { 0.0 }, if flat { half } else { 0.0 });
        }
        self.rules.push(Rule { x0: bounds.x0 * MM, x1: bounds.x1 * MM, y0: bounds.y0 * MM, y1: bounds.y1 * MM });
    }

    fn set_soft_mask(&mut self, _: Option<SoftMask<'_>>) {}
    fn set_blend_mode(&mut self, _: BlendMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'_, '_>, _: Affine) {}
    fn pop_clip_path(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// The family behind a PostScript name: `TimesNewRomanPS-BoldMT`, `ABCDEF+LiberationSerif-Italic`.
fn family(name: &str) -> String {
    let name = name.split_once('+').map_or(name, |(_, rest)| rest);
    let stem = name.split('-').next().unwrap_or(name);
    let known = [("TimesNewRoman", "Times New Roman"), ("LiberationSerif", "Liberation Serif"), ("Tinos", "Tinos")];
    let found = known.iter().find(|(start, _)| stem.replace(' ', "").starts_with(start));
    found.map_or_else(|| stem.to_owned(), |(_, family)| (*family).to_owned())
}

fn is_black(paint: &Paint<'_>) -> bool {
    match paint {
        Paint::Color(color) => color.to_rgba().to_rgba8()[..3] == [0, 0, 0],
        Paint::Pattern(_) => false,
    }
}
