//! Puts the shared definitions into a kind's schema, so that a caller gets one self-contained document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Shared definitions by their full reference, `https://…/common.json#/$defs/Name`.
pub(super) type Library = BTreeMap<String, Value>;

/// Reads the shared files: path → text.
pub(super) fn library(shared: &BTreeMap<String, String>) -> Result<Library, String> {
    let mut library = Library::new();
    for (path, text) in shared {
        let mut document: Value = serde_json::from_str(text).map_err(|error| format!("{path}: {error}"))?;
        let id = document.get("$id").and_then(Value::as_str).ok_or_else(|| format!("{path}: has no $id"))?.to_owned();
        // Inside a shared document "#/$defs/X" means that document's own X.
        rename_references(&mut document, &|reference| reference.strip_prefix('#').map(|rest| format!("{id}#{rest}")));
        let Some(Value::Object(definitions)) = document.get_mut("$defs").map(Value::take) else { continue };
        library.extend(definitions.into_iter().map(|(name, definition)| (format!("{id}#/$defs/{name}"), definition)));
    }
    Ok(library)
}

/// Reads a kind's schema and copies every shared definition it reaches into its own `$defs`.
pub(super) fn bundle(text: &str, library: &Library) -> Result<Value, String> {
    let mut schema: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    add_envelope(&mut schema, library);
    let mut wanted = references(&schema);
    let mut copied: Map<String, Value> = Map::new();
    while let Some(reference) = wanted.pop_first() {
        let Some(name) = reference.rsplit('/').next().filter(|_| !reference.starts_with('#')) else { continue };
        if copied.contains_key(name) {
            continue;
        }
        let definition = library.get(&reference).ok_or_else(|| format!("there is no definition {reference}"))?;
        wanted.extend(references(definition));
        copied.insert(name.to_owned(), definition.clone());
    }
    let object = schema.as_object_mut().ok_or("is not an object")?;
    let own = object.entry("$defs").or_insert_with(|| Value::Object(Map::new()));
    let own = own.as_object_mut().ok_or("$defs is not an object")?;
    for (name, definition) in copied {
        if own.insert(name.clone(), definition).is_some() {
            return Err(format!("{name} is defined here and in the shared definitions"));
        }
    }
    rename_references(&mut schema, &|reference| {
        reference.split_once("#/$defs/").map(|(_, name)| format!("#/$defs/{name}"))
    });
    Ok(schema)
}

/// Gives the request the properties that every kind's request has: those of a shared definition named `Envelope`.
fn add_envelope(schema: &mut Value, library: &Library) {
    let envelopes = library.iter().filter(|(id, _)| id.ends_with("#/$defs/Envelope"));
    let shared = envelopes.filter_map(|(_, definition)| definition.get("properties")?.as_object());
    let Some(own) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (name, property) in shared.flatten() {
        own.entry(name).or_insert_with(|| property.clone());
    }
}

fn references(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get("$ref") {
                found.insert(reference.clone());
            }
            object.values().for_each(|value| found.extend(references(value)));
        }
        Value::Array(items) => items.iter().for_each(|value| found.extend(references(value))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}

fn rename_references(schema: &mut Value, rename: &impl Fn(&str) -> Option<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(reference) if key == "$ref" => {
                        if let Some(renamed) = rename(reference) {
                            *reference = renamed;
                        }
                    }
                    _ => rename_references(value, rename),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|value| rename_references(value, rename)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Gives every optional property that is absent its empty form (lists `[]`, all else `null`), so that templates can
/// ask for any property that the schema knows.
pub(super) fn fill_absent(root: &Value, schema: &Value, value: &mut Value) {
    let schema = resolve(root, schema);
    match value {
        Value::Object(object) => {
            let Some(Value::Object(properties)) = schema.get("properties") else { return };
            for (name, property) in properties {
                match object.get_mut(name) {
                    Some(present) => fill_absent(root, property, present),
                    None => drop(object.insert(name.clone(), empty_form(root, property))),
                }
            }
        }
        Value::Array(items) => {
            if let Some(item_schema) = schema.get("items") {
                items.iter_mut().for_each(|item| fill_absent(root, item_schema, item));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn empty_form(root: &Value, schema: &Value) -> Value {
    let schema = resolve(root, schema);
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => Value::Array(Vec::new()),
        _ => Value::Null,
    }
}

/// The schemas of the value at a pointer, from the property's own words to the definition it refers to.
fn schemas_at<'a>(root: &'a Value, pointer: &str) -> Option<[&'a Value; 2]> {
    let mut schema = root;
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let target = resolve(root, schema);
        schema = match target.get("properties").and_then(|properties| properties.get(&part)) {
            Some(property) => property,
            None => target.get("items").filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()))?,
        };
    }
    Some([schema, resolve(root, schema)])
}

/// A `title` or `description` of the value at a pointer.
pub(super) fn word_at<'a>(root: &'a Value, pointer: &str, word: &str) -> Option<&'a str> {
    schemas_at(root, pointer)?.into_iter().find_map(|schema| schema.get(word)?.as_str())
}

/// `maxLength` of the text at a pointer.
pub(super) fn longest_at(root: &Value, pointer: &str) -> Option<u64> {
    schemas_at(root, pointer)?.into_iter().find_map(|schema| schema.get("maxLength")?.as_u64())
}

/// `enum` of the value at a pointer.
pub(super) fn choices_at(root: &Value, pointer: &str) -> Vec<Value> {
    let found =
        schemas_at(root, pointer).and_then(|schemas| schemas.into_iter().find_map(|s| s.get("enum")?.as_array()));
    found.cloned().unwrap_or_default()
}

/// Names of the properties of the object at a pointer.
pub(super) fn properties_at<'a>(root: &'a Value, pointer: &str) -> Vec<&'a str> {
    let properties = schemas_at(root, pointer).and_then(|[_, schema]| schema.get("properties")?.as_object());
    properties.map(|properties| properties.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// Follows `$ref` inside the document; a schema that refers to itself for ever stops after a few steps.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..16 {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { break };
        let Some(target) = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) else { break };
        schema = target;
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shared() -> Library {
        let text = r##"{"$id": "https://x/common.json", "$defs": {
            "Name": {"type": "string"},
            "Person": {"type": "object", "properties": {"name": {"$ref": "#/$defs/Name"}, "titles": {"type": "array"}}},
            "Unused": {"type": "null"}}}"##;
        library(&BTreeMap::from([("schema/common.json".to_owned(), text.to_owned())])).unwrap()
    }

    #[test]
    fn only_definitions_that_are_reached_are_copied() {
        let text = r#"{"properties": {"chair": {"$ref": "https://x/common.json#/$defs/Person"}}}"#;
        let schema = bundle(text, &shared()).unwrap();
        assert_eq!(schema["properties"]["chair"]["$ref"], "#/$defs/Person");
        assert_eq!(schema["$defs"]["Person"]["properties"]["name"]["$ref"], "#/$defs/Name");
        assert!(schema["$defs"].get("Name").is_some());
        assert!(schema["$defs"].get("Unused").is_none());
    }

    #[test]
    fn a_definition_that_does_not_exist_is_named() {
        let text = r#"{"$ref": "https://x/common.json#/$defs/Nobody"}"#;
        assert!(bundle(text, &shared()).unwrap_err().contains("Nobody"));
    }

    #[test]
    fn absent_properties_get_their_empty_form() {
        let text =
            r#"{"properties": {"chair": {"$ref": "https://x/common.json#/$defs/Person"}, "note": {"type": "string"}}}"#;
        let schema = bundle(text, &shared()).unwrap();
        let mut value = json!({"chair": {"name": "A"}});
        fill_absent(&schema, &schema, &mut value);
        assert_eq!(value, json!({"chair": {"name": "A", "titles": []}, "note": null}));
    }
}
