//! What is different in the data of two issues of a paper, place by place.

use serde::Serialize;
use serde_json::Value;

use crate::{catalog::Kind, rendering::Workshop};

/// A paper whose data is not what it was last made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Path of the paper in the result.
    pub file: String,
    pub title: String,
    #[serde(skip)]
    pub(super) kind: String,
    pub changes: Vec<Change>,
}

impl Difference {
    /// The kind whose schema names the places.
    pub fn kind<'a>(&self, workshop: &'a Workshop) -> Option<&'a Kind> {
        workshop.catalog().kind(&self.kind)
    }
}

/// One place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub at: String,
    /// Absent where nothing stood there.
    pub old: Option<Value>,
    pub new: Option<Value>,
}

/// Every place where two values differ, in the order of the places.
pub fn between(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(Some(old), Some(new), "", &mut changes);
    changes
}

fn compare(old: Option<&Value>, new: Option<&Value>, at: &str, changes: &mut Vec<Change>) {
    match (old, new) {
        (Some(old), Some(new)) if old == new => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for key in old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))) {
                let key_in_pointer = key.replace('~', "~0").replace('/', "~1");
                compare(old.get(key), new.get(key), &format!("{at}/{key_in_pointer}"), changes);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                compare(old.get(index), new.get(index), &format!("{at}/{index}"), changes);
            }
        }
        (old, new) => changes.push(Change { at: at.to_owned(), old: old.cloned(), new: new.cloned() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_place_is_named_once() {
        let change = |at: &str, old: Option<Value>, new: Option<Value>| Change { at: at.into(), old, new };
        let old = json!({"a": 1, "b": [1, 2], "c": {"d": "x"}});
        let new = json!({"a": 1, "b": [1, 3, 4], "e": true});
        assert_eq!(
            between(&old, &new),
            [
                change("/b/1", Some(json!(2)), Some(json!(3))),
                change("/b/2", None, Some(json!(4))),
                change("/c", Some(json!({"d": "x"})), None),
                change("/e", None, Some(json!(true))),
            ]
        );
        assert_eq!(between(&old, &old), []);
    }
}
