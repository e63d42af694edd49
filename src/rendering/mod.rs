//! The one function of the house: a manuscript, templates and fonts in; a paper out.
//!
//! The rule: no clock, no network, no environment. The same manuscript, templates and fonts give the same bytes on any
//! day, in any time zone, in any process.

mod contents;
mod dossier;
mod failures;
mod metadata;
mod proof;

use serde::Deserialize;
use serde_json::json;

use crate::{
    catalog::{Catalog, CatalogError, Kind, MediaType, TemplateFiles},
    composition::{Composer, CompositionError, Context},
    document::{self, Paper, Status},
    failure::{Failure, FailureCode, Finding, Severity},
    fingerprint, inspection,
    intake::{self, Accepted, Manuscript, Treatment},
    marks::Marks,
    regulation::{Award, Edition},
    typesetting::{Diagnosis, FontFile, FontShelf, FontsError, Pages, Sheet, Typesetter, TypesettingError},
};
pub use contents::{Contents, ContentsLine, YearEndWords};
use dossier::Entry;
pub use metadata::FinishedFile;
pub use proof::{Carried, Question, Verification};

/// Why templates and fonts cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum WorkshopError {
    #[error("template folder:\n{0}")]
    Catalog(#[from] CatalogError),
    #[error("template: {0}")]
    Composition(#[from] CompositionError),
    #[error("fonts: {0}")]
    Fonts(#[from] FontsError),
    #[error("layout: {0}")]
    Typesetting(#[from] TypesettingError),
}

/// Templates and fonts, loaded once and ready to render.
pub struct Workshop {
    catalog: Catalog,
    composer: Composer,
    typesetter: Typesetter,
}

/// A finished paper.
#[derive(Debug)]
pub struct Rendered {
    pub pdf: Vec<u8>,
    pub pages: u32,
}

/// What a request ends in: a paper, or a dossier of several.
#[derive(Debug)]
pub struct Made {
    pub bytes: Vec<u8>,
    /// Of all papers together.
    pub pages: u32,
    pub media_type: MediaType,
}

/// One page as a picture.
#[derive(Debug)]
pub struct RenderedPage {
    pub png: Vec<u8>,
    /// How many pages the paper has.
    pub pages: u32,
}

impl Workshop {
    /// Loads templates and fonts; fonts in order of preference.
    pub fn new(files: &TemplateFiles, fonts: Vec<FontFile>) -> Result<Self, WorkshopError> {
        let catalog = Catalog::load(files)?;
        let composer = Composer::new(&catalog)?;
        let typesetter = Typesetter::new(FontShelf::new(fonts)?, catalog.layout())?;
        Ok(Self { catalog, composer, typesetter })
    }

    /// Kinds, editions and layout.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The fonts in use.
    pub fn fonts(&self) -> &FontShelf {
        self.typesetter.shelf()
    }

    /// Checks a request against schema, cross-checks and fonts (see [`intake::check`]), and composes its words, so that
    /// gaps are known before any page is set: an issued paper may have none (rule T03).
    pub fn check(&self, request: &[u8], treatment: Treatment) -> Result<Accepted, Failure> {
        let covers = |character| self.fonts().covers(character);
        let mut accepted = intake::check(request, treatment, &self.catalog, &covers)?;
        let mut gaps = self.gaps(&accepted.manuscript)?;
        for (paper, origins) in accepted.manuscript.enclosed.iter().zip(&accepted.origins) {
            gaps.extend(self.gaps(&paper.manuscript)?.into_iter().map(|finding| origins.lead_back(finding)));
        }
        for gap in gaps {
            if !accepted.findings.contains(&gap) {
                accepted.findings.push(gap);
            }
        }
        if accepted.findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(Failure::invalid_document(accepted.findings));
        }
        Ok(accepted)
    }

    fn gaps(&self, manuscript: &Manuscript) -> Result<Vec<Finding>, Failure> {
        let gaps = Composer::gaps(&self.source(manuscript)?);
        Ok(gaps.iter().map(|gap| failures::gap_finding(gap, manuscript.status)).collect())
    }

    /// The name under which the paper is downloaded, without extension.
    pub fn file_name(&self, manuscript: &Manuscript) -> Result<String, Failure> {
        let (kind, edition, _) = self.parts(manuscript)?;
        let context = self.context(manuscript, kind, edition);
        self.composer.file_name(&manuscript.kind, &Context::new(&context)).map_err(failures::template_fault)
    }

    /// What [`Workshop::make`] gives.
    pub fn media_type(&self, manuscript: &Manuscript) -> Result<MediaType, Failure> {
        Ok(self.parts(manuscript)?.0.media_type())
    }

    /// What is made of a manuscript: the paper, or the dossier with all its papers.
    pub fn make(&self, manuscript: &Manuscript) -> Result<Made, Failure> {
        match self.media_type(manuscript)? {
            MediaType::Pdf => {
                let Rendered { pdf, pages } = self.render(manuscript)?;
                Ok(Made { bytes: pdf, pages, media_type: MediaType::Pdf })
            }
            MediaType::Zip => self.bind(manuscript),
        }
    }

    /// The paper as PDF; of a dossier its index.
    pub fn render(&self, manuscript: &Manuscript) -> Result<Rendered, Failure> {
        self.with_pages(manuscript, |pages| {
            let pdf = pages.pdf()?;
            Ok(Rendered { pdf, pages: count(pages) })
        })
    }

    /// One page (from 0) of the paper as PNG.
    pub fn render_page(&self, manuscript: &Manuscript, page: usize, ppi: f64) -> Result<RenderedPage, Failure> {
        self.with_pages(manuscript, |pages| Ok(RenderedPage { png: pages.png(page, ppi)?, pages: count(pages) }))
    }

    /// What stands on the laid-out pages, for measuring.
    pub fn marks(&self, manuscript: &Manuscript) -> Result<Marks, Failure> {
        self.with_pages(manuscript, |pages| Ok(pages.marks()))
    }

    /// The composed Typst source, for template authors and tests.
    pub fn source(&self, manuscript: &Manuscript) -> Result<String, Failure> {
        let (kind, edition, body) = self.parts(manuscript)?;
        let context = self.body_context(manuscript, (kind, edition), &self.index_of(manuscript)?)?;
        self.composer.compose(body, &context).map_err(failures::template_fault)
    }

    fn with_pages<R>(
        &self,
        manuscript: &Manuscript,
        use_pages: impl FnOnce(&Pages) -> Result<R, TypesettingError>,
    ) -> Result<R, Failure> {
        let (index, _papers) = self.press_enclosed(manuscript)?;
        self.with_pages_of(manuscript, &index, use_pages)
    }

    /// The pages of the manuscript's own paper; `index` says what a dossier's index lists.
    fn with_pages_of<R>(
        &self,
        manuscript: &Manuscript,
        index: &[Entry],
        use_pages: impl FnOnce(&Pages) -> Result<R, TypesettingError>,
    ) -> Result<R, Failure> {
        let (kind, edition, body) = self.parts(manuscript)?;
        let context = self.body_context(manuscript, (kind, edition), index)?;
        let source = self.composer.compose(body, &context).map_err(failures::template_fault)?;
        let mut sheet = Sheet {
            source,
            day: manuscript.day,
            identity: fingerprint::of(manuscript.request.to_string().as_bytes()),
            signature_image: intake::signature_image(&manuscript.request),
            source_data: None,
        };
        if manuscript.request.get("attach_data").and_then(serde_json::Value::as_bool) == Some(true) {
            sheet.source_data = Some(self.source_data(manuscript));
        }
        let mut faults = Vec::new();
        let outcome = self.typesetter.set(&sheet, |pages| {
            faults = inspection::inspect(&pages.marks(), &kind.manifest.check_kind);
            use_pages(pages)
        });
        match outcome {
            Ok(_) if !faults.is_empty() => Err(failures::layout_fault(&faults)),
            Ok(result) => Ok(result),
            Err(error) => Err(self.typesetting_failure(error, body, &context, &sheet)),
        }
    }

    fn parts(&self, manuscript: &Manuscript) -> Result<(&Kind, &Edition, &str), Failure> {
        let kind = self.catalog.kind(&manuscript.kind);
        let edition = self.catalog.editions().named(&manuscript.edition);
        let body = kind.and_then(|kind| kind.body(&manuscript.edition));
        match (kind, edition, body) {
            (Some(kind), Some(edition), Some(body)) => Ok((kind, edition, body)),
            (_, _, _) => Err(Failure::new(
                FailureCode::UnreadableJob,
                "Loại văn bản hoặc phiên bản pháp luật của việc này không còn trong thư mục mẫu.",
                format!("kind {} in edition {} is no longer there", manuscript.kind, manuscript.edition),
            )
            .hint("Khôi phục thư mục mẫu đã dùng khi nhận việc, hoặc gửi lại yêu cầu.")),
        }
    }

    /// What the text templates of the manifest see: the request with its absent parts filled.
    fn context(&self, manuscript: &Manuscript, kind: &Kind, edition: &Edition) -> serde_json::Value {
        let mut request = manuscript.request.clone();
        kind.fill_absent(&mut request);
        if let Some(content) = request.get_mut("content") {
            name_awards(content, &edition.printable_awards());
        }
        let status = match manuscript.status {
            Status::Draft => "draft",
            Status::Issued => "issued",
        };
        json!({
            "content": request.get("content"),
            "request_paper": request.get("paper"),
            "status": status,
            "edition": {
                "id": edition.id,
                "title": edition.title,
                "awards": edition.printable_awards(),
                "forms": edition.printable_forms(),
            },
            "maps": kind.manifest.maps,
        })
    }

    /// What body templates see: besides, the assembled `paper` for the layout.
    fn body_context(
        &self,
        manuscript: &Manuscript,
        (kind, edition): (&Kind, &Edition),
        index: &[Entry],
    ) -> Result<Context, Failure> {
        let mut context = self.body_values(manuscript, kind, edition)?;
        context["index"] = dossier::index_words(index);
        Ok(Context::new(&context))
    }

    fn body_values(
        &self,
        manuscript: &Manuscript,
        kind: &Kind,
        edition: &Edition,
    ) -> Result<serde_json::Value, Failure> {
        let mut context = self.context(manuscript, kind, edition);
        let subject =
            self.composer.subject(&manuscript.kind, &Context::new(&context)).map_err(failures::template_fault)?;
        // serde's own sentence repeats what was sent.
        let unreadable = |_: serde_json::Error| Failure::internal("the paper of a manuscript cannot be read");
        let paper = Paper::deserialize(&manuscript.request["paper"]).map_err(unreadable)?;
        let words = intake::kind_words(kind, subject);
        let bases: Vec<String> = edition.legal_bases_on(manuscript.day).map(|basis| basis.text.clone()).collect();
        let paper = document::assemble(&paper, &words, manuscript.status, &bases);
        let mut paper = paper;
        if let Some(keywords) = paper.pointer_mut("/metadata/keywords").and_then(serde_json::Value::as_array_mut) {
            keywords.push(self.recipe(manuscript).line().into());
        }
        context["paper"] = paper;
        Ok(context)
    }

    fn typesetting_failure(&self, error: TypesettingError, body: &str, context: &Context, sheet: &Sheet) -> Failure {
        match error {
            TypesettingError::Source(diagnoses) => {
                if sheet.signature_image.is_some() && diagnoses.iter().any(|d| d.message.contains("decode image")) {
                    return failures::unreadable_picture();
                }
                self.source_failure(diagnoses, body, context, &sheet.source)
            }
            TypesettingError::MissingGlyph { character, text } => failures::missing_glyph(character, &text),
            TypesettingError::MissingFamily(family) => Failure::new(
                FailureCode::MissingFont,
                format!("Thiếu phông chữ “{family}” mà mẫu trình bày yêu cầu."),
                format!("The font family {family:?} is not installed."),
            )
            .hint("Thêm đủ bốn kiểu của phông chữ này vào thư mục phông chữ."),
            TypesettingError::NoSuchPage(page) => Failure::new(
                FailureCode::BadParameter,
                format!("Văn bản không có trang {page}."),
                format!("The paper has no page {page}."),
            ),
            TypesettingError::Broken(cause) => Failure::internal(cause),
        }
    }

    /// Typst's complaints, with places in the composed source led back to the template's lines.
    fn source_failure(&self, diagnoses: Vec<Diagnosis>, body: &str, context: &Context, source: &str) -> Failure {
        let lines = diagnoses.into_iter().take(5).map(|diagnosis| {
            let offset = diagnosis.offset.filter(|_| diagnosis.file == "main.typ");
            let place = offset.and_then(|offset| self.composer.place(body, context, source, offset));
            let mut line = match place {
                Some(place) => {
                    format!("{}:{}:{}: {}", place.template, place.line, place.column, diagnosis.message)
                }
                None => diagnosis.to_string(),
            };
            for hint in diagnosis.hints {
                line.push_str(&format!(" (hint: {hint})"));
            }
            line
        });
        failures::template_failure(lines.collect::<Vec<_>>().join("\n"))
    }
}

/// Puts the catalogue's name in place of a form of commendation that is given by its id.
fn name_awards(value: &mut serde_json::Value, awards: &[&Award]) {
    match value {
        serde_json::Value::Object(object) => {
            for (key, inner) in object {
                match inner {
                    serde_json::Value::String(form) if key == "form" => {
                        if let Some(award) = awards.iter().find(|award| award.id == *form) {
                            *form = award.name.clone();
                        }
                    }
                    _ => name_awards(inner, awards),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| name_awards(item, awards)),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

fn count(pages: &Pages) -> u32 {
    u32::try_from(pages.count()).unwrap_or(u32::MAX)
}
