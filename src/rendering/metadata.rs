//! What a document management system wants to know of a finished file: the fields of Decree 30/2020/NĐ-CP, Annex VI,
//! part II, under neutral names (docs/metadata.md).
//!
//! The rule: what the paper does not say is null; nothing is made up for a field's sake.

use serde_json::{Value, json};

use super::Workshop;
use crate::{
    catalog::MediaType,
    document::Status,
    failure::Failure,
    fingerprint,
    intake::{Enclosed, Manuscript},
    vietnamese::upper_first,
};

/// The file that is spoken of.
#[derive(Debug, Clone)]
pub struct FinishedFile {
    pub name: String,
    pub media_type: MediaType,
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    pub pages: u32,
}

impl FinishedFile {
    pub fn of(name: String, media_type: MediaType, bytes: &[u8], pages: u32) -> Self {
        Self { name, media_type, sha256: fingerprint::of(bytes), size: bytes.len() as u64, pages }
    }
}

impl Workshop {
    /// The metadata of a finished file: of one paper, or of a dossier with all its papers.
    ///
    /// # Errors
    /// When the kind or the edition is no longer in the template folder.
    pub fn metadata(&self, manuscript: &Manuscript, file: &FinishedFile) -> Result<Value, Failure> {
        let mut told = match file.media_type {
            MediaType::Pdf => self.paper_metadata(manuscript)?,
            MediaType::Zip => self.dossier_metadata(manuscript)?,
        };
        told["v"] = json!(1);
        told["page_count"] = json!(file.pages);
        told["file"] =
            json!({"name": file.name, "media_type": file.media_type, "sha256": file.sha256, "size": file.size});
        Ok(told)
    }

    /// Of one paper, without what only its finished file knows.
    pub(super) fn paper_metadata(&self, manuscript: &Manuscript) -> Result<Value, Failure> {
        let (kind, edition, _) = self.parts(manuscript)?;
        let values = self.body_values(manuscript, kind, edition)?;
        let paper = &manuscript.request["paper"];
        let issued = manuscript.status == Status::Issued;
        let only_issued = |value: &Value| if issued { value.clone() } else { Value::Null };
        let text = |pointer: &str| paper.pointer(pointer).and_then(Value::as_str).map(str::trim);
        let people = |list: &Value| -> Vec<Value> {
            list.as_array().into_iter().flatten().map(|name| json!({"name": name})).collect()
        };
        Ok(json!({
            "kind": manuscript.kind,
            "status": manuscript.status,
            "edition": manuscript.edition,
            "type_name": upper_first(&kind.manifest.official_type.to_lowercase()),
            "number": only_issued(&values["paper"]["number"]["serial"]),
            "symbol": values["paper"]["number"]["symbol"],
            "issued_on": only_issued(&paper["issued_on"]),
            "issuer": {"name": text("/letterhead/issuing_body"), "parent": text("/letterhead/parent_body")},
            "subject": values["paper"]["metadata"]["subject"],
            "language": "vi",
            "signer": {
                "position": text("/signing/position"),
                "other_position": text("/signing/other_position"),
                "name": text("/signing/name"),
            },
            "addressees": people(&paper["addressees"]),
            "recipients": people(&paper["recipients"]["items"]),
            "copies": paper["copies"],
        }))
    }

    fn dossier_metadata(&self, manuscript: &Manuscript) -> Result<Value, Failure> {
        let (kind, edition, _) = self.parts(manuscript)?;
        let title = self.body_values(manuscript, kind, edition)?["paper"]["metadata"]["title"].clone();
        let documents: Vec<Value> =
            manuscript.enclosed.iter().map(|paper| self.enclosed_metadata(paper)).collect::<Result<_, _>>()?;
        let mut days: Vec<&str> = documents.iter().filter_map(|document| document["issued_on"].as_str()).collect();
        days.sort_unstable();
        Ok(json!({
            "kind": manuscript.kind,
            "status": manuscript.status,
            "edition": manuscript.edition,
            "title": title,
            "language": "vi",
            "starts_on": days.first(),
            "ends_on": days.last(),
            "document_count": documents.len(),
            "documents": documents,
        }))
    }

    fn enclosed_metadata(&self, paper: &Enclosed) -> Result<Value, Failure> {
        let mut told = self.paper_metadata(&paper.manuscript)?;
        told["file_name"] = json!(format!("{}.pdf", paper.file_name));
        Ok(told)
    }
}
