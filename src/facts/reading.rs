//! From the checked JSON to [`Facts`], and the walks over what was read.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{DocumentReference, Facts, Honoree, Nomination, Participant, PastAward};
use crate::vietnamese::{escape_pointer, visit_strings};

/// A text of the request and its JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub pointer: String,
    pub text: String,
}

impl Facts {
    /// Reads a request that the schema has accepted; fields that no rule compares are passed over.
    pub fn read(request: &Value) -> Result<Self, serde_json::Error> {
        let content = &request["content"];
        let mut facts = if content.is_null() { Self::default() } else { Self::deserialize(content)? };
        visit_strings(request, &mut |pointer, text| {
            if !pointer.ends_with("/signature_image") {
                facts.texts.push(Text { pointer: pointer.to_string(), text: text.to_string() });
            }
        });
        gather_references(content, &mut "/content".to_string(), &mut facts.cited);
        let fields = content.as_object().into_iter().flatten();
        facts.stated = fields.filter(|(_, value)| holds_something(value)).map(|(name, _)| name.clone()).collect();
        Ok(facts)
    }

    /// Every document the content refers to, with its pointer.
    pub fn references(&self) -> Vec<(String, &DocumentReference)> {
        self.cited.iter().map(|(pointer, reference)| (pointer.clone(), reference)).collect()
    }

    /// What an achievement report asks for its subject, as a nomination.
    pub fn own_nomination(&self) -> Option<Nomination> {
        let form = self.form.clone()?;
        let (subject, sort) = match (&self.person, &self.collective) {
            (Some(person), _) => (person, Honoree::Individual),
            (None, Some(collective)) => (collective, Honoree::Collective),
            (None, None) => return None,
        };
        Some(Nomination {
            nominee: subject.name.clone(),
            sort: Some(sort),
            unit: subject.unit.clone(),
            form,
            year: self.period.map(|period| period.year),
            history: self.titles_history.iter().chain(&self.commendations_history).cloned().collect(),
            initiatives: self.recognised_initiatives.clone(),
            ratings: self.yearly_ratings.clone(),
            staff: subject.staff,
            ..Nomination::default()
        })
    }

    /// Every title and commendation received before, of nominees and of the paper's own subject, with its pointer.
    pub fn past_awards(&self) -> Vec<(String, &PastAward)> {
        let mut found = Vec::new();
        for (pointer, nomination) in numbered("/content/nominations", &self.nominations) {
            found.extend(numbered(&format!("{pointer}/history"), &nomination.history));
        }
        found.extend(numbered("/content/titles_history", &self.titles_history));
        found.extend(numbered("/content/commendations_history", &self.commendations_history));
        found
    }

    /// Every person named, with the pointer.
    pub fn participants(&self) -> Vec<(String, &Participant)> {
        let mut found = Vec::new();
        if let Some(conference) = &self.conference {
            found.extend(numbered("/content/conference/chairs", &conference.chairs));
            found.extend(numbered("/content/conference/attendees", &conference.attendees));
        }
        if let Some(directions) = &self.directions {
            for (pointer, instruction) in numbered("/content/directions/instructions", &directions.instructions) {
                found.push((format!("{pointer}/person"), &instruction.person));
            }
        }
        found.extend(self.secretary.iter().map(|secretary| ("/content/secretary".to_string(), secretary)));
        found.extend(
            numbered("/content/proceedings", &self.proceedings)
                .filter_map(|(pointer, matter)| Some((format!("{pointer}/speaker"), matter.speaker.as_ref()?))),
        );
        found
    }
}

/// The items of a list with their pointers.
pub fn numbered<'a, T>(list: &str, items: &'a [T]) -> impl Iterator<Item = (String, &'a T)> + use<'a, T> {
    let list = list.to_owned();
    items.iter().enumerate().map(move |(place, item)| (format!("{list}/{place}"), item))
}

/// An object with type, number and date is a reference, wherever a kind of paper puts it.
fn gather_references(value: &Value, pointer: &mut String, found: &mut Vec<(String, DocumentReference)>) {
    let length = pointer.len();
    match value {
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{place}"));
                gather_references(item, pointer, found);
                pointer.truncate(length);
            }
        }
        Value::Object(fields) => {
            if ["type", "number", "date"].iter().all(|name| fields.contains_key(*name)) {
                found.extend(DocumentReference::deserialize(value).ok().map(|reference| (pointer.clone(), reference)));
            }
            for (name, field) in fields {
                pointer.push('/');
                pointer.push_str(&escape_pointer(name));
                gather_references(field, pointer, found);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn holds_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().any(holds_something),
        Value::Object(fields) => fields.values().any(holds_something),
        Value::String(text) => !text.trim().is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// A value of the expected shape; one of another shape is read as absent.
pub(super) fn where_it_fits<'de, T: serde::de::DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

/// A JSON number as an exact decimal; one beyond 28 digits is read as absent.
pub(super) fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let number = Option::<serde_json::Number>::deserialize(deserializer)?.map(|number| number.to_string());
    Ok(number.and_then(|digits| digits.parse().or_else(|_| Decimal::from_scientific(&digits)).ok()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_without_content_states_nothing() {
        let facts = Facts::read(&json!({"kind": "x"})).unwrap();
        assert!(facts.bloc.is_none() && facts.references().is_empty() && facts.stated.is_empty());
    }

    #[test]
    fn absent_null_and_unknown_fields_are_no_fault() {
        let facts = Facts::read(&json!({"content": {
            "bloc": {"name": "Khối", "form": "bloc", "established_by": null},
            "conference": {"date": "2020-02-30", "chairs": [{"name": "A"}]},
            "targets": [{"name": "t", "unit_of_measure": "%", "planned": 87.5, "achieved": 1e3}],
            "tasks": [], "leadership": ["x"],
        }}))
        .unwrap();
        assert_eq!(facts.conference.as_ref().unwrap().date, None, "rule D01 speaks about it");
        assert_eq!(facts.targets[0].planned.unwrap().to_string(), "87.5");
        assert_eq!(facts.targets[0].achieved.unwrap(), Decimal::ONE_THOUSAND);
        assert_eq!(
            facts.stated.iter().map(String::as_str).collect::<Vec<_>>(),
            ["bloc", "conference", "leadership", "targets"]
        );
    }

    #[test]
    fn references_and_persons_have_exact_pointers() {
        let cited = json!({"type": "Quyết định", "number": "1/QĐ-UBND", "date": "2020-05-13"});
        let facts = Facts::read(&json!({"content": {
            "bloc": {"name": "Khối", "recognised_by": cited},
            "guidance": [cited, cited],
            "commendations": [{"form": "f", "honoree": "collective", "count": 1, "decision": cited}],
            "decisions_announced": [cited],
            "scoring": {"scale": 100, "issued_by": cited, "criteria": []},
            "conference": {"date": "2020-07-24", "attendees": [{"name": "A"}]},
            "directions": {"instructions": [{"person": {"name": "B"}, "points": []}]},
        }}))
        .unwrap();
        let pointers: Vec<String> = facts.references().into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(
            pointers,
            [
                "/content/bloc/recognised_by",
                "/content/commendations/0/decision",
                "/content/decisions_announced/0",
                "/content/guidance/0",
                "/content/guidance/1",
                "/content/scoring/issued_by",
            ]
        );
        let pointers: Vec<String> = facts.participants().into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(pointers, ["/content/conference/attendees/0", "/content/directions/instructions/0/person"]);
    }
}
