//! Sets a Typst source with the layout library and the shipped fonts into pages, and pages into PDF or PNG.
//!
//! The one rule: nothing but the sheet, the layout files and the font files decides a byte. There is no clock, no
//! network, no system font and no file access behind this room.

mod diagnosis;
mod fonts;
mod marks;
mod world;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use typst::{
    diag::Warned,
    foundations::{Bytes, Content, Datetime, Label, Selector, Smart},
    introspection::Introspector,
    syntax::{FileId, RootedPath, VirtualPath, VirtualRoot},
    utils::PicoStr,
};
use typst_as_lib::TypstEngine;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::marks::Marks;
pub use diagnosis::Diagnosis;
pub use fonts::{FontEntry, FontFile, FontShelf, FontsError};
use world::SheetWorld;

/// Path of the composed source; constant, because Typst interns every path for ever.
pub const MAIN_PATH: &str = "/main.typ";
/// Path under which a sheet's signature image is found.
pub const SIGNATURE_PATH: &str = "/assets/signature.png";
/// Path under which a sheet's source data is found, for attaching it to the file.
pub const SOURCE_DATA_PATH: &str = "/assets/source.json";

/// Name of the attached data inside the file.
pub const SOURCE_DATA_NAME: &str = "source.json";

/// Why pages could not be set.
#[derive(Debug, thiserror::Error)]
pub enum TypesettingError {
    /// The source, the layout or the export complains. The first diagnosis is the cause.
    #[error("typst: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Source(Vec<Diagnosis>),
    /// A character stands in the pages for which no configured font has a glyph.
    #[error("no font has a glyph for {character:?} (U+{:04X})", *character as u32)]
    MissingGlyph { character: char, text: String },
    /// A family that the layout names is not on the shelf.
    #[error("font family {0:?} is not on the shelf")]
    MissingFamily(String),
    /// The page asked for does not exist.
    #[error("there is no page {0}")]
    NoSuchPage(usize),
    /// A layout file is not a valid virtual path or a picture could not be encoded.
    #[error("{0}")]
    Broken(String),
}

/// One paper, ready for setting.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Typst source of the paper; imports `/layout/official.typ`.
    pub source: String,
    /// The paper's own day: what Typst takes for today and what the PDF's metadata carry.
    pub day: NaiveDate,
    /// Stable identity of the paper, hashed into the PDF's document identifier.
    pub identity: String,
    /// PNG of the signature, if any; found under [`SIGNATURE_PATH`].
    pub signature_image: Option<Vec<u8>>,
    /// Canonical data to attach (PDF/A-3a), if any; found under [`SOURCE_DATA_PATH`].
    pub source_data: Option<Vec<u8>>,
}

/// Layout library and fonts, loaded once and used for every sheet.
pub struct Typesetter {
    engine: TypstEngine,
    main: FileId,
    signature: FileId,
    source_data: FileId,
    shelf: FontShelf,
}

impl Typesetter {
    /// Takes the layout library (virtual path without leading slash → source text) and the font shelf.
    pub fn new(shelf: FontShelf, layout: &BTreeMap<String, String>) -> Result<Self, TypesettingError> {
        let mut sources = Vec::with_capacity(layout.len());
        for (path, text) in layout {
            sources.push((file_id(&format!("/{path}"))?, text.clone()));
        }
        let engine = TypstEngine::builder()
            .fonts(shelf.fonts().to_vec())
            .with_static_source_file_resolver(sources)
            .comemo_evict_max_age(Some(0))
            .build();
        Ok(Self {
            engine,
            main: file_id(MAIN_PATH)?,
            signature: file_id(SIGNATURE_PATH)?,
            source_data: file_id(SOURCE_DATA_PATH)?,
            shelf,
        })
    }

    /// The fonts in use.
    pub fn shelf(&self) -> &FontShelf {
        &self.shelf
    }

    /// Sets the sheet and gives its pages to `use_pages`. Typst's cache is emptied afterwards, also after an error.
    pub fn set<R>(
        &self,
        sheet: &Sheet,
        use_pages: impl FnOnce(&Pages) -> Result<R, TypesettingError>,
    ) -> Result<R, TypesettingError> {
        let outcome = self.engine.with_world(self.main, |inner| {
            let world = SheetWorld::new(inner, sheet, self.main, self.signature, self.source_data);
            let Warned { output, warnings } = typst::compile::<PagedDocument>(&world);
            let document = output.map_err(|errors| TypesettingError::Source(diagnosis::explain(&world, &errors)))?;
            if let Some(family) = fonts::missing_family(warnings.iter().map(|warning| warning.message.as_str())) {
                return Err(TypesettingError::MissingFamily(family));
            }
            let pages = Pages { document, world: &world, sheet };
            pages.refuse_missing_glyphs()?;
            use_pages(&pages)
        });
        outcome.unwrap_or_else(|error| Err(TypesettingError::Broken(error.to_string())))
    }
}

fn file_id(path: &str) -> Result<FileId, TypesettingError> {
    let path = VirtualPath::new(path).map_err(|error| TypesettingError::Broken(format!("{path}: {error:?}")))?;
    Ok(FileId::new(RootedPath::new(VirtualRoot::Project, path)))
}

/// Pages as laid out, before any export.
pub struct Pages<'a> {
    document: PagedDocument,
    world: &'a SheetWorld<'a>,
    sheet: &'a Sheet,
}

impl Pages<'_> {
    /// How many pages.
    pub fn count(&self) -> usize {
        self.document.pages().len()
    }

    /// The page, from 0, of everything that bears a label, in its order.
    pub fn pages_of(&self, label: &str) -> Result<Vec<usize>, TypesettingError> {
        let broken = || TypesettingError::Broken(format!("{label:?} is no label"));
        let label = Label::new(PicoStr::intern(label)).ok_or_else(broken)?;
        let introspector = self.document.introspector();
        let found = introspector.query(&Selector::Label(label));
        let page = |it: &Content| introspector.position(it.location()?).map(|place| place.page.get() - 1);
        Ok(found.iter().filter_map(page).collect())
    }

    /// Text runs and ruled lines with their places, for measuring.
    pub fn marks(&self) -> Marks {
        marks::read(&self.document)
    }

    /// The PDF: PDF/A-2a and PDF/UA-1 at once, PDF/A-3a where source data is attached.
    pub fn pdf(&self) -> Result<Vec<u8>, TypesettingError> {
        let archival = if self.sheet.source_data.is_some() { PdfStandard::A_3a } else { PdfStandard::A_2a };
        let standards = PdfStandards::new(&[archival, PdfStandard::Ua_1])
            .map_err(|error| TypesettingError::Broken(error.message().to_string()))?;
        let options = PdfOptions {
            ident: Smart::Custom(self.sheet.identity.clone()),
            creator: Smart::Custom(Some(concat!("tdkt-reports ", env!("CARGO_PKG_VERSION")).to_owned())),
            timestamp: midnight_in_vietnam(self.sheet.day),
            standards,
            ..PdfOptions::default()
        };
        typst_pdf::pdf(&self.document, &options)
            .map_err(|errors| TypesettingError::Source(diagnosis::explain(self.world, &errors)))
    }

    /// One page (from 0) as PNG, `pixels_per_inch` wide and high to the inch.
    pub fn png(&self, page: usize, pixels_per_inch: f64) -> Result<Vec<u8>, TypesettingError> {
        let page = self.document.pages().get(page).ok_or(TypesettingError::NoSuchPage(page + 1))?;
        let options = typst_render::RenderOptions {
            pixel_per_pt: typst::utils::Scalar::new(pixels_per_inch / 72.0),
            ..Default::default()
        };
        typst_render::render(page, &options).encode_png().map_err(|error| TypesettingError::Broken(error.to_string()))
    }

    fn refuse_missing_glyphs(&self) -> Result<(), TypesettingError> {
        match marks::first_missing_glyph(&self.document) {
            None => Ok(()),
            Some((character, text)) => Err(TypesettingError::MissingGlyph { character, text }),
        }
    }
}

fn midnight_in_vietnam(day: NaiveDate) -> Option<Timestamp> {
    let month = u8::try_from(day.month()).ok()?;
    let day_of_month = u8::try_from(day.day()).ok()?;
    let midnight = Datetime::from_ymd_hms(day.year(), month, day_of_month, 0, 0, 0)?;
    Timestamp::new_local(midnight, 7 * 60)
}

fn bytes(data: &Option<Vec<u8>>) -> Option<Bytes> {
    data.clone().map(Bytes::new)
}
