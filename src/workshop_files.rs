//! Brings templates and fonts from disk or from the executable to the workshop.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::{
    catalog::{FilesError, LIMITS, TemplateFiles},
    rendering::{Workshop, WorkshopError},
    settings::Settings,
    typesetting::{FontFile, FontShelf, FontsError},
};

static SHIPPED_FONTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fonts");

/// Why templates and fonts cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{0}")]
    Files(#[from] FilesError),
    #[error("{path}: {source}")]
    Fonts { path: PathBuf, source: std::io::Error },
    #[error("{path}: {error}")]
    OwnFonts { path: PathBuf, error: FontsError },
    #[error("{0}")]
    Workshop(#[from] WorkshopError),
}

/// Loads what the settings name.
pub fn load(settings: &Settings) -> Result<Workshop, LoadError> {
    let templates = with_limits(templates(&settings.templates)?, &settings.limits)?;
    Ok(Workshop::new(&templates, fonts(&settings.fonts)?)?)
}

/// The province's own limits in place of those of the template folder.
fn with_limits(templates: TemplateFiles, path: &Path) -> Result<TemplateFiles, LoadError> {
    if path.as_os_str().is_empty() {
        return Ok(templates);
    }
    let unreadable = |source| FilesError::Unreadable { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let mut files = templates.into_memory();
    files.insert(LIMITS.to_owned(), text);
    Ok(TemplateFiles::from_memory(files))
}

/// The template folder at `path`, or the one inside the executable.
pub fn templates(path: &Path) -> Result<TemplateFiles, LoadError> {
    if path.as_os_str().is_empty() { Ok(TemplateFiles::embedded()) } else { Ok(TemplateFiles::read(path)?) }
}

/// A province's own fonts from `path` (in the order of their names), then the shipped ones.
pub fn fonts(path: &Path) -> Result<Vec<FontFile>, LoadError> {
    let mut files = Vec::new();
    if !path.as_os_str().is_empty() {
        let unreadable = |source| LoadError::Fonts { path: path.to_owned(), source };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            paths.push(entry.map_err(unreadable)?.path());
        }
        paths.sort();
        for font in paths.iter().filter(|path| is_font(path)) {
            let bytes = std::fs::read(font).map_err(|source| LoadError::Fonts { path: font.clone(), source })?;
            files.push(FontFile { name: font.display().to_string(), bytes });
        }
        // A folder that was named is meant: it has whole families, and at least one.
        FontShelf::new(files.clone()).map_err(|error| LoadError::OwnFonts { path: path.to_owned(), error })?;
    }
    let mut shipped: Vec<_> = SHIPPED_FONTS.files().filter(|file| is_font(file.path())).collect();
    shipped.sort_by_key(|file| file.path());
    files.extend(
        shipped
            .into_iter()
            .map(|file| FontFile { name: file.path().display().to_string(), bytes: file.contents().to_vec() }),
    );
    Ok(files)
}

fn is_font(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    matches!(ending.as_str(), "ttf" | "otf" | "ttc")
}
