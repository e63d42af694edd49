//! The paper proves itself: the data it carries, and whether that data gives these very bytes.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Workshop, failures};
use crate::{
    failure::{Failure, FailureCode},
    fingerprint,
    inspection::{self, LayoutFault},
    intake::Manuscript,
    reading,
    recipe::{self, Ingredient, Recipe},
    typesetting,
};

/// What a paper carries about itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carried {
    v: u32,
    pub recipe: Recipe,
    pub manuscript: Manuscript,
}

/// What somebody wants to know of a finished file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    /// The data that it carries.
    Extract,
    /// Whether that data gives these bytes.
    Verify,
    /// What breaks the layout law; a form of [`inspection::FORMS`], else what the paper says it is.
    Check { form: Option<String> },
}

/// Whether a file is what its data gives.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// The bytes agree, or those of the paper do and something was appended to them.
    pub agrees: bool,
    /// Bytes behind the paper's own: a signature or notes, added as PDF allows, without a change of what the pages show.
    pub added_bytes: usize,
    /// The ingredients that are not those of this installation, where bytes differ. Empty although bytes differ: the
    /// file's pages were changed.
    pub differences: Vec<Ingredient>,
    /// Whether the data could be rendered at all.
    pub rendered: bool,
}

impl Verification {
    /// One word for programs.
    pub fn verdict(&self) -> &'static str {
        match (self.agrees, self.differences.is_empty(), self.rendered) {
            (true, _, _) if self.added_bytes > 0 => "agrees-with-additions",
            (true, _, _) => "agrees",
            (false, false, _) => "ingredients-differ",
            (false, true, true) => "pages-changed",
            (false, true, false) => "cannot-be-made",
        }
    }

    /// One sentence for the clerk, and the same in English.
    pub fn sentences(&self) -> [String; 2] {
        match self.verdict() {
            "agrees" => [
                "Khớp: lập lại từ dữ liệu đính kèm cho đúng từng byte.".to_owned(),
                "The data that the file carries gives these very bytes.".to_owned(),
            ],
            "agrees-with-additions" => [
                "Khớp; có phần bổ sung (chữ ký hoặc ghi chú) sau khi lập.".to_owned(),
                "The data gives the bytes that the file begins with; something was appended to them.".to_owned(),
            ],
            "ingredients-differ" => {
                let names: Vec<&str> = self.differences.iter().map(|part| part.vietnamese()).collect();
                let codes: Vec<&str> = self.differences.iter().map(|part| part.as_str()).collect();
                [
                    format!("Không khớp: khác {}.", names.join(", ")),
                    format!("The bytes differ; so do: {}.", codes.join(", ")),
                ]
            }
            "pages-changed" => [
                "Không khớp: dữ liệu và công thức như cũ nhưng trang đã bị sửa sau khi lập.".to_owned(),
                "The bytes differ although every ingredient is the same: the file was changed.".to_owned(),
            ],
            _ => [
                "Không khớp: không lập lại được văn bản từ dữ liệu đính kèm.".to_owned(),
                "No paper can be made of the data that the file carries.".to_owned(),
            ],
        }
    }

    fn as_json(&self) -> Value {
        let [message, message_en] = self.sentences();
        json!({"agrees": self.agrees, "verdict": self.verdict(), "added_bytes": self.added_bytes, "differences": self.differences,
            "message_vi": message, "message_en": message_en})
    }
}

impl Carried {
    fn as_json(&self) -> Value {
        let manuscript = &self.manuscript;
        json!({"kind": manuscript.kind, "status": manuscript.status, "edition": manuscript.edition,
            "day": manuscript.day, "recipe": self.recipe, "request": manuscript.request})
    }
}

impl Workshop {
    /// The answer to a question about a finished file, as JSON for programs.
    pub fn answer(&self, file: &[u8], question: &Question) -> Result<Value, Failure> {
        match question {
            Question::Extract => self.extract(file).map(|carried| carried.as_json()),
            Question::Verify => self.verify(file).map(|verification| verification.as_json()),
            Question::Check { form } => {
                let (form, faults) = Self::inspect_paper(file, form.as_deref())?;
                Ok(json!({"conforms": faults.is_empty(), "form": form, "faults": faults}))
            }
        }
    }

    /// What decides the paper's bytes.
    pub fn recipe(&self, manuscript: &Manuscript) -> Recipe {
        Recipe {
            program: recipe::PROGRAM.to_owned(),
            engine: recipe::ENGINE.to_owned(),
            templates: self.catalog.digest().to_owned(),
            fonts: self.fonts().digest().to_owned(),
            edition: manuscript.edition.clone(),
            data: fingerprint::of(manuscript.request.to_string().as_bytes()),
        }
    }

    pub(super) fn source_data(&self, manuscript: &Manuscript) -> Vec<u8> {
        json!({"v": 1, "recipe": self.recipe(manuscript), "manuscript": manuscript}).to_string().into_bytes()
    }

    /// The data that a paper carries.
    pub fn extract(&self, file: &[u8]) -> Result<Carried, Failure> {
        let bytes = reading::attachment(file, typesetting::SOURCE_DATA_NAME).map_err(failures::unreadable_paper)?;
        serde_json::from_slice(&bytes).map_err(|_| {
            Failure::new(
                FailureCode::UnreadablePaper,
                "Dữ liệu đính kèm trong tệp không đọc được.",
                "the data attached to the file is not ours or is damaged",
            )
            .hint("Tệp có thể đã bị sửa; hãy lấy lại bản gốc.")
        })
    }

    /// Renders the data that a paper carries once more and compares.
    pub fn verify(&self, file: &[u8]) -> Result<Verification, Failure> {
        let carried = self.extract(file)?;
        let mut differences = carried.recipe.differences(&self.recipe(&carried.manuscript));
        let again = self.render(&carried.manuscript);
        let agrees = matches!(&again, Ok(paper) if paper.pdf == file || reading::only_adds(&paper.pdf, file));
        let added_bytes = again.as_ref().map_or(0, |paper| if agrees { file.len() - paper.pdf.len() } else { 0 });
        if agrees {
            differences.clear();
        }
        Ok(Verification { agrees, added_bytes, differences, rendered: again.is_ok() })
    }

    /// What breaks the layout law in a finished file, whoever made it, and the form it was taken for: as asked, else as its
    /// type name says.
    pub fn inspect_paper(file: &[u8], form: Option<&str>) -> Result<(String, Vec<LayoutFault>), Failure> {
        let marks = reading::marks(file).map_err(failures::unreadable_paper)?;
        let form = form.unwrap_or_else(|| inspection::form_of(&marks));
        Ok((form.to_owned(), inspection::inspect(&marks, form)))
    }
}
