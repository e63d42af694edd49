//! A word in every text of a request where the request stays acceptable.

use std::collections::BTreeSet;

use serde_json::Value;
use tdkt_reports::{failure::Severity, intake::Treatment};

use super::papers::{WORKSHOP, sample_of};

/// A sample, and its texts in which nothing may be changed.
pub struct Field {
    sample: Value,
    kept: BTreeSet<String>,
    texts: usize,
}

/// Every text of `value`.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(object) => object.values().for_each(|item| texts(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The word after every text but `kept`; equal texts stay equal, so that what refers to each other still does.
fn sown(value: &Value, kept: &BTreeSet<String>, word: &str) -> Value {
    match value {
        Value::String(text) if kept.contains(text) => value.clone(),
        Value::String(text) => format!("{text} {word}").into(),
        Value::Array(items) => items.iter().map(|item| sown(item, kept, word)).collect(),
        Value::Object(object) => object.iter().map(|(name, item)| (name.clone(), sown(item, kept, word))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// The word in every text, whether or not it may stand there.
pub fn everywhere(sample: &Value, word: &str) -> Value {
    sown(sample, &BTreeSet::new(), word)
}

impl Field {
    /// Where in a sample of this kind the word may stand.
    pub fn of(kind: &str, word: &str) -> Self {
        let sample = sample_of(kind, "simple");
        let (mut all, mut kept) = (BTreeSet::new(), BTreeSet::new());
        texts(&sample, &mut all);
        loop {
            let request = sown(&sample, &kept, word);
            let Err(failure) = WORKSHOP.check(request.to_string().as_bytes(), Treatment::AsSent) else {
                return Self { sample, kept, texts: all.len() };
            };
            let before = kept.len();
            let errors = failure.findings.iter().filter(|finding| finding.severity == Severity::Error);
            for pointer in errors.flat_map(|finding| &finding.pointers) {
                sample.pointer(pointer).into_iter().for_each(|found| texts(found, &mut kept));
            }
            assert!(kept.len() > before, "{kind}: {failure:#?}");
        }
    }

    /// The sample with a word in those places.
    pub fn sown(&self, word: &str) -> Value {
        sown(&self.sample, &self.kept, word)
    }

    /// In how many of how many different texts it stands.
    pub fn share(&self) -> (usize, usize) {
        (self.texts - self.kept.len(), self.texts)
    }
}
