//! The world that one sheet is compiled in: the shared engine's library, fonts and layout files, with the sheet's own
//! source, picture and day laid over them.
//!
//! `typst-as-lib` alone would tell templates the host's date and has no place for a sheet's own bytes; the reason is
//! kept in ARCHITECTURE.md, "Typst".

use chrono::Datelike;
use typst::{
    Library, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration},
    syntax::{FileId, Source},
    text::{Font, FontBook},
    utils::LazyHash,
};
use typst_as_lib::TypstWorld;

use super::{SOURCE_DATA_PATH, Sheet, bytes};

pub(super) struct SheetWorld<'a> {
    shared: &'a TypstWorld<'a>,
    main: Source,
    today: Option<Datetime>,
    assets: [(FileId, Option<Bytes>); 2],
}

impl<'a> SheetWorld<'a> {
    pub(super) fn new(
        shared: &'a TypstWorld<'a>,
        sheet: &Sheet,
        main: FileId,
        signature: FileId,
        source_data: FileId,
    ) -> Self {
        let today = Datetime::from_ymd(
            sheet.day.year(),
            u8::try_from(sheet.day.month()).unwrap_or(1),
            u8::try_from(sheet.day.day()).unwrap_or(1),
        );
        Self {
            shared,
            main: Source::new(main, source(sheet)),
            today,
            assets: [(signature, bytes(&sheet.signature_image)), (source_data, bytes(&sheet.source_data))],
        }
    }
}

/// The sheet's source; with data to attach, a line after it says so.
fn source(sheet: &Sheet) -> String {
    let mut source = sheet.source.clone();
    if sheet.source_data.is_some() {
        source.push_str(&format!(
            "\n#pdf.attach({SOURCE_DATA_PATH:?}, relationship: \"source\", mime-type: \"application/json\", \
             description: \"Dữ liệu của văn bản\")\n"
        ));
    }
    source
}

impl World for SheetWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        self.shared.library()
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.shared.book()
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { self.shared.source(id) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        match self.assets.iter().find(|(asset, _)| *asset == id) {
            Some((_, Some(data))) => Ok(data.clone()),
            Some((_, None)) => Err(FileError::AccessDenied),
            None => self.shared.file(id),
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shared.font(index)
    }

    /// The paper's own day, whatever the host's clock says.
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        self.today
    }
}
