//! What a bloc sent beside the content: how its paper is signed, its other papers, and where it all came from.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Entry, Submission, draft_of};
use crate::{catalog::DraftWords, fingerprint};

/// Everything of a submission but its content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Beside {
    /// `draft` or `issued`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What the paper needs besides: number, day, signing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<Value>,
    /// What the request says of itself: `attach_data`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub envelope: Map<String, Value>,
    /// Other papers' requests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Value>,
    /// What was said of it where it was kept before this register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated: Option<Stated>,
    /// The source that it was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// When it was sent and in which version, of what was taken over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stated {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Number and reason of an adjustment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjustment: Option<(u64, String)>,
}

/// Which source, and which version of what is registered of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub source: String,
    pub version: i64,
}

impl Beside {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Lets a request say of itself what was said.
    pub fn put_into(&self, request: &mut Value) {
        for (field, value) in &self.envelope {
            request[field] = value.clone();
        }
    }

    /// The hash of a submission: of the content in its canonical writing; where more was sent, of both.
    pub fn sha256(&self, content: &str) -> String {
        // Where it was read from is not what it says.
        let said = Self { origin: None, ..self.clone() };
        if said.is_empty() {
            return fingerprint::of(content.as_bytes());
        }
        fingerprint::of_all([content.as_bytes(), json!(said).to_string().as_bytes()])
    }
}

/// The request of a submission's own paper: as it was sent, or a draft of what the register knows.
pub fn request_of(bloc: &Entry, words: &DraftWords, submission: &Submission) -> Value {
    let content = submission.content.clone();
    let mut request = match &submission.beside.paper {
        None => draft_of(submission.period, bloc, words, content),
        Some(paper) => {
            let status = submission.beside.status.as_deref().unwrap_or("draft");
            json!({"kind": submission.kind, "status": status, "paper": paper, "content": content})
        }
    };
    submission.beside.put_into(&mut request);
    request
}
