//! One kind of paper: its manifest, its schema, its samples, its bodies.

use std::{collections::BTreeMap, sync::OnceLock};

use serde::Deserialize;
use serde_json::Value;

use super::{
    TemplateFiles,
    schema::{self, Library},
};
use crate::regulation::Editions;

/// Samples that every kind has.
const NEEDED_SAMPLES: [&str; 4] = ["simple", "minimal", "overflow", "hostile"];

/// What the layout law can take a paper for.
const CHECK_KINDS: [&str; 4] = ["report", "minutes", "letter", "statement"];

/// `manifest.toml` of a kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of the folder.
    pub kind: String,
    /// Vietnamese name for people.
    pub title: String,
    /// Type name as printed, `BÁO CÁO`.
    pub official_type: String,
    /// Type abbreviation in the symbol, `BC` (Decree 30/2020, Annex III, I).
    pub abbreviation: String,
    /// Whether the paper goes to a superior body, so that *Kính gửi* is needed.
    #[serde(default)]
    pub addressed_upward: bool,
    /// Whose legal bases a request prints that names none.
    #[serde(default)]
    pub legal_bases: LegalBasesDefault,
    /// What the layout law takes the paper for: one of [`CHECK_KINDS`].
    pub check_kind: String,
    /// Layout to use.
    pub layout: String,
    /// Text template of the subject (*trích yếu*).
    pub subject: String,
    /// Text template of the download's name, without extension.
    pub file_name: String,
    /// Names of the samples.
    pub samples: Vec<String>,
    /// Which body serves which editions.
    pub bodies: Vec<BodyEntry>,
    /// Tables of words, for the `columns` and `word` filters.
    #[serde(default)]
    pub maps: BTreeMap<String, BTreeMap<String, String>>,
}

/// Legal bases of a request that names none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LegalBasesDefault {
    /// None at all.
    #[default]
    None,
    /// Those of the edition in force.
    Edition,
}

/// One body template and the editions it serves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyEntry {
    pub editions: Vec<String>,
    /// Path below the kind's folder.
    pub template: String,
}

/// A kind of paper, ready for use.
pub struct Kind {
    pub manifest: Manifest,
    /// The schema as callers get it: one document, all references inside.
    pub schema: Value,
    /// Compiled when it is first asked for: it costs more than all else of a kind.
    validator: OnceLock<Result<jsonschema::Validator, String>>,
    samples: BTreeMap<String, String>,
    bodies: BTreeMap<String, String>,
}

impl Kind {
    pub(super) fn load(
        name: &str,
        files: &TemplateFiles,
        shared: &Library,
        editions: &Editions,
    ) -> Result<Self, Vec<String>> {
        let folder = format!("documents/{name}");
        let read = |file: &str| {
            let path = format!("{folder}/{file}");
            files.text(&path).map(|text| (path.clone(), text)).ok_or_else(|| vec![format!("{path}: missing")])
        };
        let (path, text) = read("manifest.toml")?;
        let manifest: Manifest = toml::from_str(text).map_err(|error| vec![format!("{path}: {error}")])?;
        let (path, text) = read("schema.json")?;
        let schema = schema::bundle(text, shared).map_err(|fault| vec![format!("{path}: {fault}")])?;

        let mut faults = Vec::new();
        if manifest.kind != name {
            faults.push(format!("{folder}/manifest.toml: kind is {:?}, the folder {name:?}", manifest.kind));
        }
        if !CHECK_KINDS.contains(&manifest.check_kind.as_str()) {
            faults.push(format!("{folder}/manifest.toml: check_kind is none of {}", CHECK_KINDS.join(", ")));
        }
        let mut samples = BTreeMap::new();
        for sample in &manifest.samples {
            match read(&format!("samples/{sample}.json")) {
                Ok((_, text)) => drop(samples.insert(sample.clone(), text.to_owned())),
                Err(missing) => faults.extend(missing),
            }
        }
        for needed in NEEDED_SAMPLES.iter().filter(|needed| !samples.contains_key(**needed)) {
            faults.push(format!("{folder}/manifest.toml: sample {needed:?} is missing"));
        }
        let mut bodies = BTreeMap::new();
        for body in &manifest.bodies {
            if let Err(missing) = read(&body.template) {
                faults.extend(missing);
            }
            for edition in &body.editions {
                if editions.named(edition).is_none() {
                    faults.push(format!("{folder}/manifest.toml: there is no edition {edition:?}"));
                }
                if bodies.insert(edition.clone(), format!("{folder}/{}", body.template)).is_some() {
                    faults.push(format!("{folder}/manifest.toml: edition {edition:?} has two bodies"));
                }
            }
        }
        if faults.is_empty() {
            Ok(Self { manifest, schema, validator: OnceLock::new(), samples, bodies })
        } else {
            Err(faults)
        }
    }

    /// Compiled form of [`Kind::schema`]; else what is wrong with it, with the file's name.
    pub fn validator(&self) -> Result<&jsonschema::Validator, &str> {
        let compiled = self.validator.get_or_init(|| {
            let validator = jsonschema::options().should_validate_formats(true).build(&self.schema);
            validator.map_err(|error| format!("documents/{}/schema.json: {error}", self.manifest.kind))
        });
        compiled.as_ref().map_err(String::as_str)
    }

    /// Vietnamese title of the property at a place of a request (RFC 6901 pointer), if the schema has one.
    pub fn title_at(&self, pointer: &str) -> Option<&str> {
        schema::word_at(&self.schema, pointer, "title")
    }

    /// Vietnamese description of the property at a place of a request.
    pub fn description_at(&self, pointer: &str) -> Option<&str> {
        schema::word_at(&self.schema, pointer, "description")
    }

    /// Most characters that the text at a place of a request may have.
    pub fn longest_at(&self, pointer: &str) -> Option<u64> {
        schema::longest_at(&self.schema, pointer)
    }

    /// The values that a place of a request chooses from; empty where anything may stand.
    pub fn choices_at(&self, pointer: &str) -> Vec<Value> {
        schema::choices_at(&self.schema, pointer)
    }

    /// Names of the properties that the object at a place may have.
    pub fn properties_at(&self, pointer: &str) -> Vec<&str> {
        schema::properties_at(&self.schema, pointer)
    }

    /// Gives every optional property that is absent its empty form, so that templates can ask for it.
    pub fn fill_absent(&self, request: &mut Value) {
        schema::fill_absent(&self.schema, &self.schema, request);
    }

    /// The sample of that name: a whole request as JSON text.
    pub fn sample(&self, name: &str) -> Option<&str> {
        self.samples.get(name).map(String::as_str)
    }

    /// Names of the samples.
    pub fn sample_names(&self) -> impl Iterator<Item = &str> {
        self.samples.keys().map(String::as_str)
    }

    /// Path of the body template for an edition, if the kind exists in it.
    pub fn body(&self, edition: &str) -> Option<&str> {
        self.bodies.get(edition).map(String::as_str)
    }

    /// Editions in which the kind exists.
    pub fn editions(&self) -> impl Iterator<Item = &str> {
        self.bodies.keys().map(String::as_str)
    }
}
