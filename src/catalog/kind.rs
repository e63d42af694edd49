//! One kind of paper: its manifest, its schema, its samples, its bodies.

use std::{collections::BTreeMap, ops::Deref};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Consolidation, Form, Mapping, PartEntry, PartPlan, TemplateFiles,
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
    /// The papers of a dossier, in their order; a kind that has some gives a ZIP file of them, with its own body as index.
    #[serde(default)]
    pub parts: Vec<PartEntry>,
    /// How the paper is added up from those of the blocs, if it can be.
    #[serde(default)]
    pub consolidates: Option<Consolidation>,
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
    /// Left out: every edition that no other body names, those to come too.
    pub editions: Option<Vec<String>>,
    /// Path below the kind's folder.
    pub template: String,
}

/// What is made of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaType {
    /// One paper.
    #[serde(rename = "application/pdf")]
    Pdf,
    /// A dossier.
    #[serde(rename = "application/zip")]
    Zip,
}

impl MediaType {
    /// The registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            MediaType::Pdf => "application/pdf",
            MediaType::Zip => "application/zip",
        }
    }

    /// The reverse of [`MediaType::as_str`].
    pub fn parse(name: &str) -> Option<Self> {
        [MediaType::Pdf, MediaType::Zip].into_iter().find(|one| one.as_str() == name)
    }

    /// How every file of it begins.
    pub fn beginning(self) -> &'static [u8] {
        match self {
            MediaType::Pdf => b"%PDF-",
            MediaType::Zip => b"PK\x03\x04",
        }
    }

    /// What a file's name ends in.
    pub fn extension(self) -> &'static str {
        match self {
            MediaType::Pdf => "pdf",
            MediaType::Zip => "zip",
        }
    }
}

/// How a manifest's fault says that it names an edition that is not there.
pub(super) const NO_SUCH_EDITION: &str = "there is no edition";

/// The body template of each edition.
fn share_out(
    entries: &[BodyEntry],
    folder: &str,
    editions: &Editions,
    faults: &mut Vec<String>,
) -> BTreeMap<String, String> {
    let mut bodies = BTreeMap::new();
    let path = |entry: &BodyEntry| format!("{folder}/{}", entry.template);
    for entry in entries {
        for edition in entry.editions.iter().flatten() {
            if editions.named(edition).is_none() {
                faults.push(format!("{folder}/manifest.toml: {NO_SUCH_EDITION} {edition:?}"));
            }
            if bodies.insert(edition.clone(), path(entry)).is_some() {
                faults.push(format!("{folder}/manifest.toml: edition {edition:?} has two bodies"));
            }
        }
    }
    let mut others = entries.iter().filter(|entry| entry.editions.is_none());
    if let Some(entry) = others.next() {
        for edition in editions.iter() {
            bodies.entry(edition.id.clone()).or_insert_with(|| path(entry));
        }
    }
    if others.next().is_some() {
        faults.push(format!("{folder}/manifest.toml: two bodies are without `editions`"));
    }
    bodies
}

/// A kind of paper, ready for use.
pub struct Kind {
    pub manifest: Manifest,
    /// What a dossier consists of; empty for a single paper.
    pub parts: Vec<PartPlan>,
    part_titles: BTreeMap<String, String>,
    form: Form,
    samples: BTreeMap<String, String>,
    bodies: BTreeMap<String, String>,
}

/// What is asked of a form is asked of its kind.
impl Deref for Kind {
    type Target = Form;

    fn deref(&self) -> &Form {
        &self.form
    }
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
        faults.extend(manifest.bodies.iter().filter_map(|body| read(&body.template).err()).flatten());
        let bodies = share_out(&manifest.bodies, &folder, editions, &mut faults);
        let mut parts = Vec::new();
        for entry in &manifest.parts {
            match read(&entry.mapping) {
                Ok((path, text)) => match Mapping::parse(text) {
                    Ok(mapping) => parts.push(PartPlan { entry: entry.clone(), mapping }),
                    Err(fault) => faults.push(format!("{path}: {fault}")),
                },
                Err(missing) => faults.extend(missing),
            }
        }
        let part_titles = BTreeMap::new();
        let form = Form::new(format!("documents/{name}/schema.json"), schema);
        let kind = Self { manifest, parts, part_titles, form, samples, bodies };
        if faults.is_empty() { Ok(kind) } else { Err(faults) }
    }

    /// Holds the parts against their kinds, and takes over these kinds' titles.
    pub(super) fn join_parts(
        &mut self,
        titles: &BTreeMap<String, String>,
        kinds: &BTreeMap<String, Kind>,
    ) -> Vec<String> {
        let mut faults = Vec::new();
        for PartPlan { entry, mapping } in &self.parts {
            let path = format!("documents/{}/{}", self.manifest.kind, entry.mapping);
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if entry.file_name.is_empty() || !entry.file_name.bytes().all(plain) {
                faults.push(format!("{path}: {:?} is not a plain file name", entry.file_name));
            }
            let Some(part) = kinds.get(&entry.kind).filter(|part| part.parts.is_empty()) else {
                faults.push(format!("{path}: there is no paper of kind {:?}", entry.kind));
                continue;
            };
            let (mut sources, mut targets) = (Vec::new(), Vec::new());
            mapping.sources(entry.each.as_deref(), &mut sources);
            mapping.targets("", &mut targets);
            sources.extend(entry.each.clone());
            let within = entry.each.as_ref().map(|list| format!("{list}/0")).unwrap_or_default();
            let places = entry.needs.iter().chain(entry.only.keys()).chain(&entry.of);
            sources.extend(places.map(|place| format!("{within}{place}")));
            let unknown = sources.iter().filter(|place| self.title_at(place).is_none());
            faults.extend(unknown.map(|place| format!("{path}: the dossier has no {place}")));
            let unknown = targets.iter().filter(|place| part.title_at(place).is_none());
            faults.extend(unknown.map(|place| format!("{path}: {} has no {place}", entry.kind)));
        }
        self.part_titles = titles.clone();
        faults
    }

    /// What is made of a request of this kind.
    pub fn media_type(&self) -> MediaType {
        if self.parts.is_empty() { MediaType::Pdf } else { MediaType::Zip }
    }

    /// Vietnamese title of a part's kind.
    pub fn part_title(&self, kind: &str) -> Option<&str> {
        self.part_titles.get(kind).map(String::as_str)
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
