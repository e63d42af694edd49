//! A JSON Schema with Vietnamese titles: what data of one sort look like.

use std::sync::OnceLock;

use serde_json::Value;

use super::schema;

/// A schema, ready for use.
pub struct Form {
    /// The file it comes from, for faults.
    path: String,
    /// The schema as callers get it: one document, all references inside.
    pub schema: Value,
    /// Compiled when it is first asked for: it costs more than all else of a form.
    validator: OnceLock<Result<jsonschema::Validator, String>>,
}

impl Form {
    pub(super) fn new(path: String, schema: Value) -> Self {
        Self { path, schema, validator: OnceLock::new() }
    }

    /// A form that the program itself brings along; its references are inside.
    ///
    /// # Errors
    /// When the text is no JSON.
    pub fn parse(path: &str, text: &str) -> Result<Self, String> {
        let schema = serde_json::from_str(text).map_err(|error| format!("{path}: {error}"))?;
        Ok(Self::new(path.to_owned(), schema))
    }

    /// Compiled form of [`Form::schema`]; else what is wrong with it, with the file's name.
    pub fn validator(&self) -> Result<&jsonschema::Validator, &str> {
        let compiled = self.validator.get_or_init(|| {
            let validator = jsonschema::options().should_validate_formats(true).build(&self.schema);
            validator.map_err(|error| format!("{}: {error}", self.path))
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
}
