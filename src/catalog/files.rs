//! The files of a template folder, from the executable itself or from a folder on disk.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use include_dir::{Dir, DirEntry, include_dir};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/report_templates");

/// Why a folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("{path}: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{0} is not UTF-8")]
    NotText(PathBuf),
}

/// Text files by their path inside the folder, `/` between its parts.
#[derive(Debug, Clone, Default)]
pub struct TemplateFiles(BTreeMap<String, String>);

impl TemplateFiles {
    /// The folder as it was when this program was built.
    pub fn embedded() -> Self {
        let mut files = BTreeMap::new();
        collect(&EMBEDDED, &mut files);
        Self(files)
    }

    /// A folder on disk. Symbolic links are not followed.
    pub fn read(root: &Path) -> Result<Self, FilesError> {
        let mut files = BTreeMap::new();
        read_into(root, root, &mut files)?;
        Ok(Self(files))
    }

    /// A set of files given in memory.
    pub fn from_memory(files: BTreeMap<String, String>) -> Self {
        Self(files)
    }

    /// The files as a map, for changing some of them.
    pub fn into_memory(self) -> BTreeMap<String, String> {
        self.0
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn below(&self, prefix: &str, ending: &str) -> BTreeMap<String, String> {
        let matching = self.0.iter().filter(|(path, _)| path.starts_with(prefix) && path.ends_with(ending));
        matching.map(|(path, text)| (path.clone(), text.clone())).collect()
    }

    pub(super) fn digest(&self) -> String {
        super::digest(&self.0)
    }
}

fn collect(folder: &Dir<'_>, files: &mut BTreeMap<String, String>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(inner) => collect(inner, files),
            DirEntry::File(file) => {
                if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
                    files.insert(path.replace('\\', "/"), text.to_owned());
                }
            }
        }
    }
}

fn read_into(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) -> Result<(), FilesError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| FilesError::Unreadable { path, source }
    };
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(unreadable(&path))?;
        if kind.is_dir() {
            read_into(root, &path, files)?;
        } else if kind.is_file() {
            let bytes = fs::read(&path).map_err(unreadable(&path))?;
            let text = String::from_utf8(bytes).map_err(|_| FilesError::NotText(path.clone()))?;
            let inside = path.strip_prefix(root).unwrap_or(&path);
            files.insert(inside.to_string_lossy().replace('\\', "/"), text);
        }
    }
    Ok(())
}
