//! What is held of a person beside jobs: in the register.
//!
//! The rule: of a version only what is the person's goes; its figures, its hash and the closes made of it stay.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{Mention, Name};
use crate::{
    failure::Failure,
    ledger::{Kept, KeptAt},
    retention::Books,
};

/// What stands where something of a person was written over.
const ERASED: &str = "[đã xóa]";
/// What says something of the person whose name stands beside it: what the schemas class as personal, names apart.
const OF_THE_PERSON: [&str; 14] = [
    "born",
    "education",
    "home_town",
    "honorific",
    "note",
    "other_position",
    "other_positions",
    "pending_discipline",
    "phone",
    "position",
    "positions",
    "residence",
    "sex",
    "signature_image",
];

/// A version in the register that holds something of the person.
#[derive(Debug, Clone, Serialize)]
pub struct Elsewhere {
    #[serde(flatten)]
    pub place: Spot,
    pub organisation: String,
    pub written_at: DateTime<Utc>,
    pub mentions: Vec<Mention>,
}

/// Which one.
#[derive(Debug, Clone, Serialize)]
pub struct Spot {
    /// The sort of entry, `submission` or `batch`.
    pub what: &'static str,
    pub id: String,
    pub version: i64,
    /// Where it is shown.
    pub href: String,
}

/// What became of one of them.
#[derive(Debug, Clone, Serialize)]
pub struct WrittenOver {
    #[serde(flatten)]
    pub place: Spot,
    /// Always: nothing in the register waits for an end.
    pub erased: bool,
}

impl Spot {
    fn of(at: &KeptAt) -> Self {
        match at {
            KeptAt::Entry { sort, id, version } => {
                let href = match (sort.as_str(), id.split_once('/')) {
                    ("bloc-year", Some((bloc, year))) => format!("/v1/register/blocs/{bloc}/years/{year}/history"),
                    (sort @ ("unit" | "bloc" | "report"), _) => format!("/v1/register/{sort}s/{id}/history"),
                    (sort, _) => format!("/v1/{sort}s/{id}/history"),
                };
                Self { what: sort.as_str(), id: id.clone(), version: *version, href }
            }
            KeptAt::Submission { id, bloc, period, version } => {
                let href = format!("/v1/blocs/{bloc}/submissions/{period}?version={version}");
                Self { what: "submission", id: id.clone(), version: *version, href }
            }
            KeptAt::Batch { id } => {
                let href = format!("/v1/batches/{id}/manifest.json");
                Self { what: "batch", id: id.clone(), version: 1, href }
            }
        }
    }
}

/// Everything beside jobs that holds something of the person, with what it holds.
pub(super) async fn export(books: Books<'_>, name: &Name) -> Result<Vec<Elsewhere>, Failure> {
    let mut found = Vec::new();
    for place in books.kept_places().await? {
        let Some(kept) = books.kept(&place).await? else { continue };
        found.extend(held(name, kept));
        // Many versions are much to read: others' turn between two.
        tokio::task::yield_now().await;
    }
    Ok(found)
}

/// Writes over whatever is the person's.
pub(super) async fn erase(books: Books<'_>, name: &Name) -> Result<Vec<WrittenOver>, Failure> {
    let mut told = Vec::new();
    for place in books.kept_places().await? {
        let Some(kept) = books.kept(&place).await? else { continue };
        if name.mentions(&kept.body).is_empty() {
            continue;
        }
        if books.write_over(&place, |body| name.taken_out_of(body), &name.proof()).await? {
            told.push(WrittenOver { place: Spot::of(&place.at), erased: true });
        }
    }
    if !told.is_empty() {
        books.settle_erasure().await?;
    }
    Ok(told)
}

fn held(name: &Name, kept: Kept) -> Option<Elsewhere> {
    let mentions = name.mentions(&kept.body);
    let Kept { place, written_at, .. } = kept;
    (!mentions.is_empty()).then(|| Elsewhere {
        place: Spot::of(&place.at),
        organisation: place.organisation,
        written_at,
        mentions,
    })
}

impl Name {
    /// The same without what is the person's: each text that has the name, and what stands beside the name of it alone.
    /// None where there is no such thing.
    fn taken_out_of(&self, body: &Value) -> Option<Value> {
        let mentions = self.mentions(body);
        let mut left = body.clone();
        for mention in &mentions {
            if let Some((Value::Object(around), _)) = mention
                .pointer
                .rsplit_once('/')
                .filter(|_| mention.whole)
                .and_then(|(around, key)| Some((left.pointer_mut(around)?, key)))
            {
                around.retain(|key, _| !OF_THE_PERSON.contains(&key.as_str()));
            }
            if let Some(text) = left.pointer_mut(&mention.pointer) {
                *text = ERASED.into();
            }
        }
        (!mentions.is_empty()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::{
        catalog::{Catalog, TemplateFiles},
        people::Likeness,
    };

    fn name(text: &str) -> Name {
        Name::read(text, Likeness::Exact).unwrap()
    }

    #[test]
    fn what_is_the_persons_goes_and_the_figures_stay() {
        let body = json!({"content": {
            "people": [{"name": "Lò Thị Ẩn", "position": "Giám đốc", "born": "1980", "votes": 12}, {"name": "Khác", "position": "Phó"}],
            "names": ["lò thị ẩn", "Khác"],
            "text": "Khen bà Lò Thị Ẩn.",
            "count": 3,
        }});
        let left = name("Lò Thị Ẩn").taken_out_of(&body).unwrap();
        let expected = json!({"content": {
            "people": [{"name": ERASED, "votes": 12}, {"name": "Khác", "position": "Phó"}],
            "names": [ERASED, "Khác"],
            "text": ERASED,
            "count": 3,
        }});
        assert_eq!(left, expected);
        assert!(name("Lò Thị Ẩn").mentions(&left).is_empty());
        assert_eq!(name("Không Có").taken_out_of(&body), None);
    }

    #[test]
    fn whatever_a_schema_calls_personal_goes_with_the_name() {
        const NAMES: [&str; 4] = ["name", "names", "nominee", "honoree"];
        fn personal(schema: &Value, found: &mut BTreeSet<String>) {
            match schema {
                Value::Object(object) => {
                    for (key, inner) in object {
                        if inner.get("x-personal").is_some() {
                            found.insert(key.clone());
                        }
                        personal(inner, found);
                    }
                }
                Value::Array(items) => items.iter().for_each(|item| personal(item, found)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let catalog = Catalog::load(&TemplateFiles::embedded()).unwrap();
        let mut found = BTreeSet::new();
        catalog.kinds().for_each(|kind| personal(&kind.schema, &mut found));
        assert!(found.len() > 10, "{found:?}");
        for key in found {
            assert!(OF_THE_PERSON.contains(&key.as_str()) || NAMES.contains(&key.as_str()), "{key}");
        }
    }
}
