//! What differs between two versions of some data, place by place.
//!
//! The rule: items of a list are known by what names them (name, unit, form …), so that one that was put in between is one change
//! and not as many as there are items behind it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::vietnamese::{escape_pointer, group};

/// One place that differs. Where a value was put in or taken out, the other side is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Place in the new data; of what was taken out, in the old.
    pub pointer: String,
    /// What stands there, in Vietnamese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

/// Fields that tell one item of a list from another.
const NAMES: [&str; 12] = [
    "name",
    "unit",
    "member",
    "nominee",
    "criterion",
    "code",
    "form",
    "honoree",
    "level",
    "number",
    "subject",
    "unit_of_measure",
];

/// Every place that differs. `title` gives the Vietnamese title of a place.
pub fn between<'a>(old: Option<&Value>, new: &Value, title: impl Fn(&str) -> Option<&'a str>) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(old, Some(new), String::new(), &mut changes);
    for change in &mut changes {
        change.title = words(change, old, new, &title);
    }
    changes
}

/// "Kết quả khen thưởng: Bằng khen …, Tập thể: Số lượng".
fn words<'a>(
    change: &Change,
    old: Option<&Value>,
    new: &Value,
    title: &impl Fn(&str) -> Option<&'a str>,
) -> Option<String> {
    let mut place = String::new();
    let mut said: Vec<String> = Vec::new();
    for part in change.pointer.split('/').skip(1) {
        place = format!("{place}/{part}");
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            // Another item may stand in the new list where one was taken out of the old.
            let own = (place == change.pointer).then(|| change.new.as_ref().or(change.old.as_ref())).flatten();
            let item = own.or_else(|| new.pointer(&place)).or_else(|| old?.pointer(&place));
            said.extend(item.and_then(item_words));
        } else {
            said.extend(title(&place).map(str::to_owned));
        }
    }
    (!said.is_empty()).then(|| said.join(" › "))
}

fn item_words(item: &Value) -> Option<String> {
    let named = |field: &&&str| !["unit_of_measure", "number"].contains(*field);
    let words: Vec<&str> =
        NAMES.iter().filter(named).filter_map(|field| item.get(field).and_then(Value::as_str)).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn compare(old: Option<&Value>, new: Option<&Value>, pointer: String, changes: &mut Vec<Change>) {
    match (old, new) {
        (Some(old), Some(new)) if old == new => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in keys {
                let below = format!("{pointer}/{}", escape_pointer(key));
                compare(before.get(key), after.get(key), below, changes);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => lists(before, after, &pointer, changes),
        (None, None) => {}
        (old, new) => changes.push(Change { pointer, title: None, old: old.cloned(), new: new.cloned() }),
    }
}

fn lists(before: &[Value], after: &[Value], pointer: &str, changes: &mut Vec<Change>) {
    let (Some(old_names), Some(new_names)) = (by_name(before), by_name(after)) else {
        for at in 0..before.len().max(after.len()) {
            compare(before.get(at), after.get(at), format!("{pointer}/{at}"), changes);
        }
        return;
    };
    for (at, item) in after.iter().enumerate() {
        let known = name_of(item).and_then(|name| old_names.get(&name)).and_then(|at| before.get(*at));
        compare(known, Some(item), format!("{pointer}/{at}"), changes);
    }
    for (at, item) in before.iter().enumerate() {
        if name_of(item).is_some_and(|name| !new_names.contains_key(&name)) {
            compare(Some(item), None, format!("{pointer}/{at}"), changes);
        }
    }
    let order = |list: &[Value]| list.iter().filter_map(name_of).collect::<Vec<_>>();
    let (mut was, mut is) = (order(before), order(after));
    was.retain(|name| new_names.contains_key(name));
    is.retain(|name| old_names.contains_key(name));
    if was != is {
        let list = |items: &[Value]| Some(Value::Array(items.to_vec()));
        changes.push(Change { pointer: pointer.to_owned(), title: None, old: list(before), new: list(after) });
    }
}

/// Where each item stands; `None` where some cannot be told apart.
fn by_name(list: &[Value]) -> Option<BTreeMap<String, usize>> {
    let mut places = BTreeMap::new();
    for (at, item) in list.iter().enumerate() {
        if places.insert(name_of(item)?, at).is_some() {
            return None;
        }
    }
    Some(places)
}

fn name_of(item: &Value) -> Option<String> {
    let object = item.as_object()?;
    let named: Vec<String> =
        NAMES.iter().filter_map(|field| Some(format!("{field}={}", object.get(*field)?.as_str()?))).collect();
    (!named.is_empty()).then(|| named.join("\u{1f}"))
}

/// The table for people: place, old, new, and what a figure grew or shrank by.
pub fn table(changes: &[Change]) -> Vec<[String; 4]> {
    changes
        .iter()
        .map(|change| {
            let place = change.title.clone().unwrap_or_else(|| change.pointer.clone());
            let by = number(change.new.as_ref()).zip(number(change.old.as_ref())).map(|(new, old)| new - old);
            let by = by.map_or(String::new(), |by| {
                let sign = if by.is_sign_negative() { "" } else { "+" };
                format!("{sign}{}", group(&by))
            });
            [place, cell(change.old.as_ref()), cell(change.new.as_ref()), by]
        })
        .collect()
}

fn number(value: Option<&Value>) -> Option<Decimal> {
    match value? {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Characters of a value that a table shows.
const LONGEST_CELL: usize = 60;

fn cell(value: Option<&Value>) -> String {
    let text = match value {
        None => return "(không có)".into(),
        Some(Value::String(text)) => text.clone(),
        Some(value @ Value::Number(_)) => number(Some(value)).map_or_else(|| value.to_string(), |n| group(&n)),
        Some(Value::Array(items)) => format!("{} mục", items.len()),
        Some(value @ Value::Object(_)) => item_words(value).unwrap_or_else(|| "(một mục)".into()),
        Some(value @ (Value::Null | Value::Bool(_))) => value.to_string(),
    };
    match text.char_indices().nth(LONGEST_CELL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_names_what_changed_and_nothing_else() {
        let old = json!({"a": 1, "commendations": [
            {"form": "Giấy khen", "honoree": "collective", "count": 9},
            {"form": "Giấy khen", "honoree": "individual", "count": 57}], "p": ["x"]});
        let mut new = old.clone();
        assert!(between(Some(&old), &new, |_| None).is_empty());
        // One item put in front moves the others and changes none of them.
        let first = json!({"form": "Bằng khen", "honoree": "collective", "count": 1200});
        new["commendations"].as_array_mut().unwrap().insert(0, first);
        new["commendations"][2]["count"] = json!(61);
        new["p"] = json!(["x", "y"]);
        let changes = between(Some(&old), &new, |pointer| (pointer == "/commendations").then_some("Khen thưởng"));
        let told: Vec<&str> = changes.iter().map(|change| change.pointer.as_str()).collect();
        assert_eq!(told, ["/commendations/0", "/commendations/2/count", "/p/1"]);
        assert_eq!((&changes[1].old, &changes[1].new), (&Some(json!(57)), &Some(json!(61))));
        assert_eq!(
            table(&changes),
            [
                ["Khen thưởng › Bằng khen, collective", "(không có)", "Bằng khen, collective", ""],
                ["Khen thưởng › Giấy khen, individual", "57", "61", "+4"],
                ["/p/1", "(không có)", "y", ""],
            ]
        );
        // Taken out, and in another order.
        let back = between(Some(&new), &old, |_| None);
        let gone = back.iter().find(|change| change.new.is_none() && change.pointer == "/commendations/0");
        let title = gone.and_then(|change| change.title.as_deref());
        assert_eq!(title, Some("Bằng khen, collective"), "not what stands at its place now: {back:?}");
        let swapped = json!({"l": [{"name": "b"}, {"name": "a"}]});
        let changes = between(Some(&json!({"l": [{"name": "a"}, {"name": "b"}]})), &swapped, |_| None);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].pointer, "/l");
    }

    #[test]
    fn places_without_names_are_compared_in_their_order() {
        let old = json!({"a": 1, "b": [1, 2], "c/d": {"e": "x"}});
        let new = json!({"a": 1, "b": [1, 3, 4], "f": true});
        let changes = between(Some(&old), &new, |_| None);
        let told: Vec<(&str, bool, bool)> =
            changes.iter().map(|it| (it.pointer.as_str(), it.old.is_some(), it.new.is_some())).collect();
        let expected = [("/b/1", true, true), ("/b/2", false, true), ("/c~1d", true, false), ("/f", false, true)];
        assert_eq!(told, expected);
    }
}
