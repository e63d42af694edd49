//! Loads the template folder once: kinds of paper, editions of the law, layout, phrases.
//!
//! The rule: a new kind of paper or a new edition is a folder or a file, never Rust. Whatever is wrong with the
//! folder is said at start, all of it at once, with the file's name (schemas by [`Catalog::examine`]).

mod consolidation;
mod files;
mod form;
mod kind;
mod local;
mod part;
mod schema;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::{
    facts::{Limits, PlaceName},
    fingerprint,
    regulation::{Edition, Editions},
    vietnamese::NameCustoms,
};
pub use consolidation::{Cell, Consolidation, Table, Take, Total};
pub use files::{FilesError, TemplateFiles};
pub use form::Form;
pub use kind::{Kind, LegalBasesDefault, Manifest, MediaType};
pub use local::{DraftWords, LIMITS};
pub use part::{Lookup, Mapping, PartEntry, PartPlan};

/// Everything wrong with a template folder.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct CatalogError(pub Vec<String>);

/// A phrase that claims a result, and the block of data that must stand behind it (rule T04).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimPhrase {
    /// Lower-case phrase, compared after NFC.
    pub pattern: String,
    /// Name of the block of `content`.
    pub needs: String,
    /// Vietnamese sentence for the clerk.
    pub message: String,
}

/// The template folder, read and checked.
pub struct Catalog {
    kinds: BTreeMap<String, Kind>,
    editions: Editions,
    layout: BTreeMap<String, String>,
    templates: BTreeMap<String, String>,
    claims: Vec<ClaimPhrase>,
    customs: NameCustoms,
    limits: Limits,
    places: Vec<PlaceName>,
    drafts: DraftWords,
    digest: String,
}

impl Catalog {
    /// Reads the folder's files.
    pub fn load(files: &TemplateFiles) -> Result<Self, CatalogError> {
        let mut faults = Vec::new();
        let editions = load_editions(files, &mut faults);
        let edition_is_broken = !faults.is_empty();
        let kinds = load_kinds(files, &editions, &mut faults);
        if edition_is_broken {
            // That kinds do not find one whose file is there is no fault of theirs.
            let there = files.below("editions/", ".toml");
            let ids = there.keys().filter_map(|path| path.strip_prefix("editions/")?.strip_suffix(".toml"));
            let echoes: Vec<String> = ids.map(|id| format!("{} {id:?}", kind::NO_SUCH_EDITION)).collect();
            faults.retain(|fault| !echoes.iter().any(|echo| fault.ends_with(echo.as_str())));
        }
        let claims = load_claims(files, &mut faults);
        let customs = load_customs(files, &mut faults);
        let limits = local::limits(files, &mut faults);
        let places = local::places(files, &mut faults);
        let drafts = local::drafts(files, &mut faults);
        let layout = files.below("layout/", ".typ");
        if !layout.contains_key("layout/official.typ") {
            faults.push("layout/official.typ: missing".into());
        }
        let mut templates = files.below("documents/", ".j2");
        templates.extend(files.below("phrases/", ".j2"));
        for (path, text) in &templates {
            // A caller's text is never source; this filter would make it so.
            if text.contains("| safe") || text.contains("|safe") {
                faults.push(format!("{path}: the filter `safe` is forbidden"));
            }
        }
        if !faults.is_empty() {
            return Err(CatalogError(faults));
        }
        Ok(Self { kinds, editions, layout, templates, claims, customs, limits, places, drafts, digest: files.digest() })
    }

    /// Kinds of paper, by name.
    pub fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.values()
    }

    /// The kind of that name.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// Compiles every schema, which is else done when a kind is first asked for: long-lived processes and the doctor say
    /// at start whatever is wrong.
    pub fn examine(&self) -> Result<(), CatalogError> {
        let faults: Vec<String> = self.kinds().filter_map(|kind| kind.validator().err().map(str::to_owned)).collect();
        if faults.is_empty() { Ok(()) } else { Err(CatalogError(faults)) }
    }

    /// Editions of the law.
    pub fn editions(&self) -> &Editions {
        &self.editions
    }

    /// What stands around the content of a draft that the register makes.
    pub fn drafts(&self) -> &DraftWords {
        &self.drafts
    }

    /// Layout library: virtual path → Typst source.
    pub fn layout(&self) -> &BTreeMap<String, String> {
        &self.layout
    }

    /// Body templates and phrases: path in the folder → source.
    pub fn templates(&self) -> &BTreeMap<String, String> {
        &self.templates
    }

    /// Phrases that need data behind them.
    pub fn claims(&self) -> &[ClaimPhrase] {
        &self.claims
    }

    /// How full names are built.
    pub fn customs(&self) -> &NameCustoms {
        &self.customs
    }

    /// The province's own rules, where a request does not state them.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Names of provinces and levels in their time.
    pub fn places(&self) -> &[PlaceName] {
        &self.places
    }

    /// SHA-256 over the whole folder, hex: part of a paper's recipe.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

fn load_editions(files: &TemplateFiles, faults: &mut Vec<String>) -> Editions {
    let mut editions = Vec::new();
    for (path, text) in files.below("editions/", ".toml") {
        match toml::from_str::<Edition>(&text) {
            Ok(edition) if path == format!("editions/{}.toml", edition.id) => editions.push(edition),
            Ok(edition) => faults.push(format!("{path}: holds edition {}, so it must be named after it", edition.id)),
            Err(error) => faults.push(format!("{path}: {error}")),
        }
    }
    let all_are_broken = editions.is_empty() && !faults.is_empty();
    Editions::new(editions).unwrap_or_else(|error| {
        if !all_are_broken {
            faults.push(format!("editions/: {error}"));
        }
        Editions::default()
    })
}

fn load_kinds(files: &TemplateFiles, editions: &Editions, faults: &mut Vec<String>) -> BTreeMap<String, Kind> {
    let shared = schema::library(&files.below("schema/", ".json")).unwrap_or_else(|fault| {
        faults.push(fault);
        schema::Library::new()
    });
    let names: BTreeSet<String> = files
        .paths()
        .filter_map(|path| path.strip_prefix("documents/")?.split_once('/').map(|(kind, _)| kind.to_owned()))
        .collect();
    let mut kinds = BTreeMap::new();
    for name in names {
        match Kind::load(&name, files, &shared, editions) {
            Ok(kind) => {
                kinds.insert(name, kind);
            }
            Err(found) => faults.extend(found),
        }
    }
    let (mut dossiers, mut papers): (BTreeMap<String, Kind>, BTreeMap<String, Kind>) =
        kinds.into_iter().partition(|(_, kind)| !kind.parts.is_empty());
    let titles = papers.iter().map(|(name, kind)| (name.clone(), kind.manifest.title.clone())).collect();
    dossiers.values_mut().for_each(|dossier| faults.extend(dossier.join_parts(&titles, &papers)));
    papers.append(&mut dossiers);
    let kinds = papers;
    faults.extend(kinds.values().flat_map(|kind| consolidation::faults(kind, &kinds)));
    if kinds.is_empty() && faults.is_empty() {
        faults.push("documents/: there is no kind of paper".into());
    }
    kinds
}

fn load_claims(files: &TemplateFiles, faults: &mut Vec<String>) -> Vec<ClaimPhrase> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Claims {
        #[serde(default)]
        claims: Vec<ClaimPhrase>,
    }
    let Some(text) = files.text("claims.toml") else { return Vec::new() };
    toml::from_str::<Claims>(text).map(|file| file.claims).unwrap_or_else(|error| {
        faults.push(format!("claims.toml: {error}"));
        Vec::new()
    })
}

fn load_customs(files: &TemplateFiles, faults: &mut Vec<String>) -> NameCustoms {
    let Some(text) = files.text("names.toml") else { return NameCustoms::default() };
    toml::from_str(text).unwrap_or_else(|error| {
        faults.push(format!("names.toml: {error}"));
        NameCustoms::default()
    })
}

/// SHA-256 over paths and contents, in the order of the paths.
fn digest(files: &BTreeMap<String, String>) -> String {
    fingerprint::of_all(files.iter().flat_map(|(path, text)| [path.as_bytes(), text.as_bytes()]))
}
