//! The paper proves itself: the data it carries, and whether that data gives these very bytes.

use serde::{Deserialize, Serialize};
use serde_json::json;

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

/// Whether a file is what its data gives.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// The bytes agree.
    pub agrees: bool,
    /// The ingredients that are not those of this installation, where bytes differ. Empty although bytes differ: the
    /// file's pages were changed.
    pub differences: Vec<Ingredient>,
    /// Whether the data could be rendered at all.
    pub rendered: bool,
}

impl Workshop {
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
        let agrees = matches!(&again, Ok(paper) if paper.pdf == file);
        if agrees {
            differences.clear();
        }
        Ok(Verification { agrees, differences, rendered: again.is_ok() })
    }

    /// What breaks the layout law in a finished file, whoever made it. `check_kind` as in a manifest.
    pub fn inspect_paper(file: &[u8], check_kind: &str) -> Result<Vec<LayoutFault>, Failure> {
        Ok(inspection::inspect(&reading::marks(file).map_err(failures::unreadable_paper)?, check_kind))
    }
}
