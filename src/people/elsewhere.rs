//! What is held of a person beside jobs: in the register.
//!
//! The rule: of a version only what is the person's goes; its figures, its hash and the closes made of it stay.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

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

/// Of these what a paper may not be without: it is written over, the others go.
const POSITION: &str = "position";

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
        let mut theirs: Vec<Theirs> = Vec::new();
        for mention in &mentions {
            if let Some((place, key)) = mention.pointer.rsplit_once('/').filter(|_| mention.whole)
                && let Some(Value::Object(around)) = left.pointer_mut(place)
            {
                theirs.extend(Theirs::of((place, key), around));
                around.retain(|key, _| key == POSITION || !OF_THE_PERSON.contains(&key.as_str()));
                if let Some(position) = around.get_mut(POSITION) {
                    *position = ERASED.into();
                }
            }
            if let Some(text) = left.pointer_mut(&mention.pointer) {
                *text = ERASED.into();
            }
        }
        let changes = left.pointer_mut("/adjustment/difference").and_then(Value::as_array_mut);
        for change in changes.into_iter().flatten() {
            theirs.iter().for_each(|theirs| theirs.leave(change));
        }
        (!mentions.is_empty()).then_some(left)
    }
}

/// Where the person stands in what an adjustment compares, and on which sides of its changes.
struct Theirs {
    place: String,
    sides: &'static [&'static str],
}

impl Theirs {
    /// Of the object around a name that stands under `key`: one of the data, or a change of the name itself.
    fn of((place, key): (&str, &str), around: &Map<String, Value>) -> Option<Self> {
        if let Some(changed) = around.get("pointer").and_then(Value::as_str) {
            let (place, _) = changed.rsplit_once('/')?;
            let sides = if key == "old" { &["old"] } else { &["new"] };
            return Some(Self { place: place.to_owned(), sides });
        }
        // A difference writes its places without these.
        let place = place.strip_prefix("/content").or_else(|| place.strip_prefix("/beside"))?;
        Some(Self { place: place.to_owned(), sides: &["old", "new"] })
    }

    /// Writes over what a change says of the person beside the name.
    fn leave(&self, change: &mut Value) {
        let at = change["pointer"].as_str().and_then(|at| at.strip_prefix(self.place.as_str())?.strip_prefix('/'));
        let field = at.and_then(|at| at.split('/').next());
        if field.is_some_and(|field| OF_THE_PERSON.contains(&field)) {
            for side in self.sides {
                if let Some(value) = change.get_mut(side) {
                    *value = ERASED.into();
                }
            }
        }
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
            "people": [{"name": ERASED, "position": ERASED, "votes": 12}, {"name": "Khác", "position": "Phó"}],
            "names": [ERASED, "Khác"],
            "text": ERASED,
            "count": 3,
        }});
        assert_eq!(left, expected);
        assert!(name("Lò Thị Ẩn").mentions(&left).is_empty());
        assert_eq!(name("Không Có").taken_out_of(&body), None);
    }

    #[test]
    fn what_an_adjustment_changed_beside_a_name_goes_and_what_it_changed_of_others_stays() {
        let body = json!({
            "content": {"people": [{"name": "Lò Thị Ẩn", "born": "1981"}, {"name": "Khác", "born": "1971"}, {"name": "Mới", "phone": "3"}]},
            "beside": {"others": [{"content": {"nominee": "Lò Thị Ẩn", "positions": ["Giám đốc"], "count": 3}}]},
            "adjustment": {"reason": "Sửa năm sinh", "difference": [
                {"pointer": "/people/0/born", "title": "Năm sinh", "old": "1980", "new": "1981"},
                {"pointer": "/people/1/born", "old": "1970", "new": "1971"},
                {"pointer": "/people/2/name", "old": "Lò Thị Ẩn", "new": "Mới"},
                {"pointer": "/people/2/phone", "old": "2", "new": "3"},
                {"pointer": "/others/0/content/positions/0", "old": "Phó", "new": "Giám đốc"},
                {"pointer": "/others/0/content/count", "old": 2, "new": 3},
                {"pointer": "/others/0/content/residence", "new": "Tổ 3"},
            ]},
        });
        let left = name("Lò Thị Ẩn").taken_out_of(&body).unwrap();
        let difference = json!([
            {"pointer": "/people/0/born", "title": "Năm sinh", "old": ERASED, "new": ERASED},
            {"pointer": "/people/1/born", "old": "1970", "new": "1971"},
            {"pointer": "/people/2/name", "old": ERASED, "new": "Mới"},
            {"pointer": "/people/2/phone", "old": ERASED, "new": "3"},
            {"pointer": "/others/0/content/positions/0", "old": ERASED, "new": ERASED},
            {"pointer": "/others/0/content/count", "old": 2, "new": 3},
            {"pointer": "/others/0/content/residence", "new": ERASED},
        ]);
        assert_eq!(left["adjustment"]["difference"], difference);
        assert_eq!(left["content"]["people"][1], body["content"]["people"][1]);
    }

    #[test]
    fn whatever_a_schema_calls_personal_goes_with_the_name() {
        const NAMES: [&str; 4] = ["name", "names", "nominee", "honoree"];
        fn personal(schema: &Value, (found, wanted): (&mut BTreeSet<String>, &mut BTreeSet<String>)) {
            match schema {
                Value::Object(object) => {
                    let required = object.get("required").and_then(Value::as_array).into_iter().flatten();
                    let required = required.filter_map(Value::as_str).filter(|key| OF_THE_PERSON.contains(key));
                    wanted.extend(required.map(str::to_owned));
                    for (key, inner) in object {
                        if inner.get("x-personal").is_some() {
                            found.insert(key.clone());
                        }
                        personal(inner, (&mut *found, &mut *wanted));
                    }
                }
                Value::Array(items) => items.iter().for_each(|item| personal(item, (&mut *found, &mut *wanted))),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let catalog = Catalog::load(&TemplateFiles::embedded()).unwrap();
        let (mut found, mut wanted) = (BTreeSet::new(), BTreeSet::new());
        catalog.kinds().for_each(|kind| personal(&kind.schema, (&mut found, &mut wanted)));
        // Were another wanted, a paper would be invalid without it.
        assert_eq!(wanted, [POSITION.to_owned()].into());
        assert!(found.len() > 10, "{found:?}");
        for key in found {
            assert!(OF_THE_PERSON.contains(&key.as_str()) || NAMES.contains(&key.as_str()), "{key}");
        }
    }
}
