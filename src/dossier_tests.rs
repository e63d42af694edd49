use serde_json::json;

use super::*;

fn copied(mapping: &Value, dossier: &Value, item: Option<&str>) -> (Value, Origins, Vec<Finding>) {
    let mapping = mapping.to_string();
    let mapping = crate::catalog::Mapping::parse(&mapping).unwrap();
    let place = item.unwrap_or_default().to_owned();
    let mut copier = Copier::of(dossier, usize::MAX);
    let scope = Scope { item: dossier.pointer(&place).unwrap(), place: place.clone() };
    let value = copier.copy(&mapping, String::new(), &scope).unwrap_or_default();
    let origins = Origins { copies: copier.copies, composed: copier.composed, item: item.map(|_| place) };
    (value, origins, copier.findings)
}

#[test]
fn what_is_absent_stays_absent_and_still_has_its_place() {
    let mapping = json!({"paper": {"number": {"$from": "/papers/number"}, "place": {"$from": "/paper/place"}},
        "content": {"conference": {"title": {"$from": "/content/conference/title"}, "date": {"$from": "/content/conference/date"}},
                    "bloc": {"$from": "/content/bloc"}}});
    let dossier = json!({"paper": {"place": "Kon Tum"}, "content": {"bloc": {"name": "Khối"}}});
    let (value, origins, _) = copied(&mapping, &dossier, None);
    assert_eq!(value, json!({"paper": {"place": "Kon Tum"}, "content": {"bloc": {"name": "Khối"}}}));
    assert_eq!(origins.place("/paper/number"), "/papers/number");
    assert_eq!(origins.place("/paper/number/symbol"), "/papers/number/symbol");
    assert_eq!(origins.place("/content/bloc/name"), "/content/bloc/name");
    assert_eq!(origins.place("/content/conference"), "/content/conference");
    assert_eq!(origins.place("/content"), "/content");
    assert_eq!(origins.place("/paper"), "/content", "two places that have nothing in common");
}

#[test]
fn the_first_that_is_there_is_taken_and_only_its_place_counts() {
    let mapping = json!({"a": {"$first": [{"$from": "/own"}, {"$from": "/shared"}]}});
    let place = |dossier: Value| copied(&mapping, &dossier, None).1.place("/a/x");
    assert_eq!(place(json!({"own": {"x": 1}, "shared": {"x": 2}})), "/own/x");
    assert_eq!(place(json!({"shared": {"x": 2}})), "/shared/x");
    assert_eq!(place(json!({"other": 1})), "/own/x");
}

#[test]
fn lists_are_joined_and_every_item_keeps_its_place() {
    let mapping = json!({"history": {"$join": [{"$item": "/titles"}, {"$item": "/honours"}]}});
    let dossier = json!({"n": [{"titles": ["a", "b"], "honours": ["c"]}]});
    let (value, origins, _) = copied(&mapping, &dossier, Some("/n/0"));
    assert_eq!(value, json!({"history": ["a", "b", "c"]}));
    assert_eq!(origins.place("/history/1/name"), "/n/0/titles/1/name");
    assert_eq!(origins.place("/history/2"), "/n/0/honours/0");
    assert_eq!(origins.place("/history"), "/n/0/titles");
    assert_eq!(origins.place("/kind"), "/n/0", "what was not copied is said of the item");
}

#[test]
fn a_vote_is_found_by_ballot_and_name() {
    let mapping = json!({"l": {"$each": "/n", "make": {"name": {"$item": "/name"},
        "agree": {"$find": "/b", "at": "/ballot", "in": "/c", "by": ["/name", "/name"], "take": "/agree"},
        "voters": {"$find": "/b", "at": "/ballot", "take": "/valid"}}}});
    let dossier = json!({"b": [{"valid": 9, "c": []}, {"valid": 8, "c": [{"name": "Sở A", "agree": 5}, {"name": "Sở  B", "agree": 7}]}],
        "n": [{"name": "sở B", "ballot": 1}, {"name": "Sở C"}, {"name": "Sở D", "ballot": 1}, {"name": "Sở E", "ballot": 4}]});
    let (value, origins, findings) = copied(&mapping, &dossier, None);
    assert_eq!(
        value,
        json!({"l": [{"name": "sở B", "agree": 7, "voters": 8}, {"name": "Sở C"}, {"name": "Sở D", "voters": 8}, {"name": "Sở E"}]})
    );
    assert_eq!(origins.place("/l/0/agree"), "/b/1/c/1/agree");
    assert_eq!(origins.place("/l/1"), "/n/1");
    assert_eq!(origins.place("/l/1/other"), "/n/1", "a place that is not the dossier's is not named");
    let said: Vec<_> = findings.iter().map(|finding| (finding.code.as_str(), finding.pointers.clone())).collect();
    assert_eq!(
        said,
        [
            ("H02", vec!["/n/2/ballot".to_owned(), "/b/1/c".to_owned()]),
            ("H02", vec!["/n/3/ballot".to_owned(), "/b/4/c".to_owned()]),
            ("H02", vec!["/n/3/ballot".to_owned(), "/b/4".to_owned()]),
        ]
    );
}

#[test]
fn only_the_items_that_are_meant_are_copied_and_keep_their_places() {
    let mapping = json!({"l": {"$each": "/b", "only": {"/sort": ["x", "y"]}, "make": {"$item": ""}}});
    let dossier = json!({"b": [{"sort": "z"}, {"sort": "y", "n": 1}, {}, {"sort": "x", "n": 2}]});
    let (value, origins, _) = copied(&mapping, &dossier, None);
    assert_eq!(value, json!({"l": [{"sort": "y", "n": 1}, {"sort": "x", "n": 2}]}));
    assert_eq!(origins.place("/l/1/n"), "/b/3/n");
}

#[test]
fn no_text_of_a_caller_is_an_operator() {
    let mapping = json!({"a": {"$from": "/a"}});
    let dossier = json!({"a": {"$from": "/secret", "b": "{\"$item\": \"/x\"}"}, "secret": 1});
    assert_eq!(copied(&mapping, &dossier, None).0, json!({"a": dossier["a"]}));
}

fn of_strangers(map: &Value, data: &Value) -> Result<(Option<Value>, Origins, Vec<Finding>), TooMuch> {
    mapped(&crate::catalog::Mapping::parse(&map.to_string()).unwrap(), data)
}

#[test]
fn a_strangers_mapping_that_multiplies_ends_early() {
    let list = |count: usize| json!({"l": (0..count).map(|at| json!({"x": format!("tên {at}")})).collect::<Vec<_>>()});
    let each = |make: Value| json!({"$each": "/l", "make": make});
    let copied = json!({"$item": "/x"});
    let cube = json!({"a": each(each(each(each(copied.clone()))))});
    assert_eq!(of_strangers(&cube, &list(1_000)), Err(TooMuch), "10^12 copies");
    assert_eq!(
        of_strangers(&each(json!({"$from": "/l"})), &list(10_000)),
        Err(TooMuch),
        "the list for each of its items"
    );
    let looked = json!({"$find": "/l", "by": ["/y", "/x"], "take": "/x"});
    assert_eq!(of_strangers(&each(looked), &list(10_000)), Err(TooMuch), "each looked for among all");
    let never = json!({"$each": "/l", "only": {"/x": ["a"]}, "make": copied.clone()});
    assert_eq!(of_strangers(&each(each(never)), &list(1_000)), Err(TooMuch), "nothing is made, and all is compared");
    let joined = json!({"$join": [each(copied.clone()), each(copied.clone())]});
    assert_eq!(of_strangers(&joined, &list(30_000)), Err(TooMuch), "each item's place is looked for");
    let large = json!({"b": each(json!("x".repeat(100_000)))});
    assert_eq!(of_strangers(&large, &list(1_000)), Err(TooMuch), "a text of the mapping");

    // What a province may send of one bloc: some hundred units, each looked for among all.
    let looked = json!({"$find": "/l", "by": ["/x", "/x"], "take": "/x"});
    let (made, origins, findings) = of_strangers(&each(looked), &list(300)).unwrap();
    assert_eq!((made.unwrap()[299].clone(), origins.place("/299")), (json!("tên 299"), "/l/299/x".to_owned()));
    assert_eq!(findings, []);
}

#[test]
fn a_strangers_mapping_tells_which_entry_is_not_there() {
    let data = json!({"votes": [{"agree": 7}], "people": [{"vote": 0}, {"vote": 4}]});
    let map = json!({"$each": "/people", "make": {"agree": {"$find": "/votes", "at": "/vote", "take": "/agree"}}});
    let (_, _, findings) = of_strangers(&map, &data).unwrap();
    assert_eq!(
        findings.iter().map(|it| (it.code.as_str(), it.pointers[0].as_str())).collect::<Vec<_>>(),
        [("H02", "/people/1/vote")]
    );
}
