//! The recipe of a paper: everything that decided its bytes, by name and fingerprint.
//!
//! The rule: two papers with the same recipe have the same bytes; where bytes differ, the recipes say why.

use serde::{Deserialize, Serialize};

/// The typesetting engine; a test holds it against Cargo.lock.
pub const ENGINE: &str = "typst 0.15.1";
/// This program.
pub const PROGRAM: &str = concat!("tdkt-reports ", env!("CARGO_PKG_VERSION"));

/// What decided a paper's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    pub program: String,
    pub engine: String,
    /// SHA-256 of the template folder, editions of the law included.
    pub templates: String,
    /// SHA-256 of the fonts.
    pub fonts: String,
    /// Edition of the law.
    pub edition: String,
    /// SHA-256 of the canonical data.
    pub data: String,
}

/// A part of a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ingredient {
    Program,
    Engine,
    Templates,
    Fonts,
    Edition,
    Data,
}

impl Ingredient {
    /// Its name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Ingredient::Program => "program",
            Ingredient::Engine => "engine",
            Ingredient::Templates => "templates",
            Ingredient::Fonts => "fonts",
            Ingredient::Edition => "edition",
            Ingredient::Data => "data",
        }
    }

    /// What a clerk calls it.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Ingredient::Program => "phiên bản chương trình",
            Ingredient::Engine => "bộ dàn trang",
            Ingredient::Templates => "mẫu văn bản",
            Ingredient::Fonts => "phông chữ",
            Ingredient::Edition => "phiên bản pháp luật",
            Ingredient::Data => "dữ liệu",
        }
    }
}

impl Recipe {
    /// The parts in which two recipes differ.
    pub fn differences(&self, other: &Recipe) -> Vec<Ingredient> {
        [
            (Ingredient::Program, &self.program, &other.program),
            (Ingredient::Engine, &self.engine, &other.engine),
            (Ingredient::Templates, &self.templates, &other.templates),
            (Ingredient::Fonts, &self.fonts, &other.fonts),
            (Ingredient::Edition, &self.edition, &other.edition),
            (Ingredient::Data, &self.data, &other.data),
        ]
        .into_iter()
        .filter(|(_, mine, theirs)| mine != theirs)
        .map(|(ingredient, _, _)| ingredient)
        .collect()
    }

    /// The line that stands in a file's metadata.
    pub fn line(&self) -> String {
        let short = |digest: &str| digest.chars().take(16).collect::<String>();
        format!(
            "{}; {}; templates {}; fonts {}; edition {}; data {}",
            self.program,
            self.engine,
            short(&self.templates),
            short(&self.fonts),
            self.edition,
            short(&self.data)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_named_is_the_engine_locked() {
        let lock = include_str!("../Cargo.lock");
        let (name, version) = ENGINE.split_once(' ').unwrap();
        assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n")));
    }

    #[test]
    fn differences_are_named() {
        let recipe = |fonts: &str, data: &str| Recipe {
            program: PROGRAM.into(),
            engine: ENGINE.into(),
            templates: "t".into(),
            fonts: fonts.into(),
            edition: "E2".into(),
            data: data.into(),
        };
        assert_eq!(recipe("a", "b").differences(&recipe("a", "b")), []);
        assert_eq!(recipe("a", "b").differences(&recipe("x", "y")), [Ingredient::Fonts, Ingredient::Data]);
    }
}
