//! Where a figure comes from.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Submission;

/// A value of the province's paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its place in the province's request.
    pub at: String,
    pub value: Value,
    /// Places in the papers of blocs; their values add up to this one.
    pub sources: Vec<Source>,
    /// What was counted in the province's own list, where that is what the figure says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<String>,
}

/// A place in a bloc's paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub bloc: String,
    pub file: String,
    /// SHA-256 of the paper's data.
    pub sha256: String,
    /// The version of the service's register, where it was taken from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<String>,
    pub at: String,
    pub value: Value,
}

impl Source {
    pub(super) fn of(sent: &Submission, at: String, value: Value) -> Self {
        Self {
            bloc: sent.bloc.clone(),
            file: sent.file.clone(),
            sha256: sent.sha256.clone(),
            submission: sent.version.clone(),
            at,
            value,
        }
    }
}

/// `lineage.json`: every figure with its sources.
pub fn as_json(figures: &[Figure]) -> Value {
    json!({"v": 1, "figures": figures})
}
