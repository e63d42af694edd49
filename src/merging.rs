//! Many PDF files as one, with bookmarks.
//!
//! The rule: whoever adds files decides how many are in memory; pages stay as they are, and the same files give the same bytes.

mod source;

use std::io::{self, Write};

use lopdf::{Object, ObjectId, Writer, dictionary};

use crate::fingerprint;
pub use source::Profile;
use source::Source;

/// Why files cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergingError {
    #[error("{0}")]
    Pdf(#[from] lopdf::Error),
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Where a file stands among the bookmarks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// The heading that it stands below, if any; files of one heading follow each other.
    pub below: Option<String>,
    pub title: String,
}

/// A file that is being put together. Objects go out as they come; tables come last.
pub struct Merger<W: Write> {
    out: Counted<W>,
    /// Where each object begins; 0 for one that is not written.
    offsets: Vec<u64>,
    pages: Vec<ObjectId>,
    marks: Vec<(Bookmark, ObjectId)>,
    /// The colour profile of the first file, for all.
    intent: Option<Object>,
    identity: Vec<u8>,
}

/// A file that was read and can be added; reading takes longer than adding and needs no merger.
pub struct Leaves {
    source: Source,
    sha256: String,
}

impl Leaves {
    /// Reads a file. Of several files one gives the colour profile: the first whose profile is taken.
    ///
    /// # Errors
    /// When it is no PDF file.
    pub fn of(pdf: &[u8], profile: Profile) -> Result<Self, MergingError> {
        Ok(Self { source: Source::read(pdf, (PAGES, 0), profile)?, sha256: fingerprint::of(pdf) })
    }
}

/// The pages of the whole; its number is known before them.
const PAGES: u32 = 1;

impl<W: Write> Merger<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W) -> Result<Self, MergingError> {
        let mut out = Counted { out, written: 0 };
        out.write_all(b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")?;
        let offsets = vec![0; PAGES as usize + 1];
        Ok(Self { out, offsets, pages: Vec::new(), marks: Vec::new(), intent: None, identity: Vec::new() })
    }

    /// Pages so far.
    pub fn pages(&self) -> usize {
        self.pages.len()
    }

    /// Adds the pages of a file; gives how many they are.
    ///
    /// # Errors
    /// When the whole cannot be written.
    pub fn add(&mut self, leaves: Leaves, bookmark: Option<Bookmark>) -> Result<usize, MergingError> {
        let Leaves { mut source, sha256 } = leaves;
        source.settle(u32::try_from(self.offsets.len()).unwrap_or(u32::MAX));
        for (id, object) in &source.objects {
            self.write(*id, object)?;
        }
        if self.intent.is_none() {
            self.intent = source.intent;
        }
        if let (Some(bookmark), Some(page)) = (bookmark, source.pages.first()) {
            self.marks.push((bookmark, *page));
        }
        self.identity.extend(sha256.into_bytes());
        self.pages.extend(&source.pages);
        Ok(source.pages.len())
    }

    /// Writes what holds the pages together, and ends the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self, title: &str) -> Result<W, MergingError> {
        let kids = self.pages.iter().map(|page| Object::Reference(*page)).collect::<Vec<_>>();
        let count = i64::try_from(kids.len()).unwrap_or(i64::MAX);
        self.write((PAGES, 0), &dictionary! {"Type" => "Pages", "Count" => count, "Kids" => kids}.into())?;
        let outlines = self.outlines()?;
        let identity = fingerprint::of(&self.identity);
        let metadata = self.next();
        let xmp = lopdf::Stream::new(
            dictionary! {"Type" => "Metadata", "Subtype" => "XML"},
            metadata_packet(title, &identity).into_bytes(),
        );
        self.write(metadata, &xmp.into())?;
        let mut catalog = dictionary! {
            "Type" => "Catalog", "Pages" => (PAGES, 0), "Metadata" => metadata, "PageMode" => "UseOutlines",
            "Lang" => Object::string_literal("vi"), "ViewerPreferences" => dictionary! {"DisplayDocTitle" => true},
        };
        if let Some(outlines) = outlines {
            catalog.set("Outlines", outlines);
        }
        if let Some(intent) = self.intent.take() {
            catalog.set("OutputIntents", vec![intent]);
        }
        let root = self.next();
        self.write(root, &catalog.into())?;
        self.end(root, &identity)
    }

    /// A heading for each group, a bookmark for each file.
    fn outlines(&mut self) -> Result<Option<ObjectId>, MergingError> {
        let marks = std::mem::take(&mut self.marks);
        if marks.is_empty() {
            return Ok(None);
        }
        let root = self.next();
        let mut groups: Vec<Entry> = Vec::new();
        for (bookmark, page) in marks {
            let entry = Entry { id: self.next(), title: bookmark.title, page, below: Vec::new() };
            match (bookmark.below, groups.last_mut()) {
                (None, _) => groups.push(entry),
                (Some(heading), Some(last)) if last.title == heading && !last.below.is_empty() => {
                    last.below.push(entry);
                }
                (Some(heading), _) => {
                    groups.push(Entry { id: self.next(), title: heading, page, below: vec![entry] });
                }
            }
        }
        let count = i64::try_from(groups.len()).unwrap_or(i64::MAX);
        let (first, last) = self.entries(&groups, root)?;
        self.write(
            root,
            &dictionary! {"Type" => "Outlines", "First" => first, "Last" => last, "Count" => count}.into(),
        )?;
        Ok(Some(root))
    }

    fn entries(&mut self, entries: &[Entry], parent: ObjectId) -> Result<(ObjectId, ObjectId), MergingError> {
        for (place, entry) in entries.iter().enumerate() {
            let mut item = dictionary! {
                "Title" => lopdf::text_string(&entry.title), "Parent" => parent,
                "Dest" => vec![entry.page.into(), "Fit".into()],
            };
            if let Some(before) = place.checked_sub(1).and_then(|before| entries.get(before)) {
                item.set("Prev", before.id);
            }
            if let Some(after) = entries.get(place + 1) {
                item.set("Next", after.id);
            }
            if !entry.below.is_empty() {
                let (first, last) = self.entries(&entry.below, entry.id)?;
                item.set("First", first);
                item.set("Last", last);
                // Closed: a province has thousands.
                item.set("Count", -i64::try_from(entry.below.len()).unwrap_or_default());
            }
            self.write(entry.id, &item.into())?;
        }
        let ends = entries.first().zip(entries.last());
        Ok(ends.map_or((parent, parent), |(first, last)| (first.id, last.id)))
    }

    /// Cross-reference table and trailer (ISO 32000-1, 7.5.4 and 7.5.5).
    fn end(mut self, root: ObjectId, identity: &str) -> Result<W, MergingError> {
        let start = self.out.written;
        write!(self.out, "xref\n0 {}\n0000000000 65535 f \n", self.offsets.len())?;
        for offset in &self.offsets[1..] {
            match offset {
                0 => self.out.write_all(b"0000000000 65535 f \n")?,
                offset => writeln!(self.out, "{offset:010} 00000 n ")?,
            }
        }
        let size = i64::try_from(self.offsets.len()).unwrap_or(i64::MAX);
        let id = Object::String(identity.as_bytes()[..16].to_vec(), lopdf::StringFormat::Hexadecimal);
        let trailer = dictionary! {"Size" => size, "Root" => root, "ID" => vec![id.clone(), id]};
        self.out.write_all(b"trailer\n")?;
        Writer::write_object(&mut self.out, &trailer.into())?;
        write!(self.out, "\nstartxref\n{start}\n%%EOF\n")?;
        self.out.flush()?;
        Ok(self.out.out)
    }

    /// A number for an object to come.
    fn next(&mut self) -> ObjectId {
        self.offsets.push(0);
        (u32::try_from(self.offsets.len() - 1).unwrap_or(u32::MAX), 0)
    }

    fn write(&mut self, id: ObjectId, object: &Object) -> Result<(), MergingError> {
        let place = id.0 as usize;
        if self.offsets.len() <= place {
            self.offsets.resize(place + 1, 0);
        }
        self.offsets[place] = self.out.written;
        writeln!(self.out, "{} 0 obj", id.0)?;
        Writer::write_object(&mut self.out, object)?;
        self.out.write_all(b"\nendobj\n")?;
        Ok(())
    }
}

struct Entry {
    id: ObjectId,
    title: String,
    page: ObjectId,
    below: Vec<Entry>,
}

/// What PDF/A-2b wants to be told (ISO 19005-2, 6.6); no clock is asked.
fn metadata_packet(title: &str, identity: &str) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF \
         xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\" \
         xmlns:xmpMM=\"http://ns.adobe.com/xap/1.0/mm/\"><dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li>\
         </rdf:Alt></dc:title><dc:language><rdf:Bag><rdf:li>vi</rdf:li></rdf:Bag></dc:language><pdfaid:part>2</pdfaid:part>\
         <pdfaid:conformance>B</pdfaid:conformance><xmpMM:DocumentID>{identity}</xmpMM:DocumentID></rdf:Description>\
         </rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>"
    )
}

struct Counted<W> {
    out: W,
    written: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
