//! Lists in Vietnamese order: persons as an independent collation has them, units as the decision has them.

use std::fs;

use serde_json::{Value, json};
use tdkt_reports::vietnamese::alphabetical_key;

use crate::support::papers::{WORKSHOP, compact, manuscript_of, pages, repository, sample_value, whole};

/// Names in the order that ICU gives them (see the file's first lines).
fn ordered_by_icu() -> Vec<String> {
    let text = fs::read_to_string(repository("tests/vietnamese/order.txt")).expect("the file is there");
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn persons_stand_where_icu_puts_them() {
    let expected = ordered_by_icu();
    assert!(expected.len() >= 400);
    let customs = WORKSHOP.catalog().customs();
    for turn in [1, 97, 211] {
        let mut names = expected.clone();
        names.reverse();
        names.rotate_left(turn);
        names.sort_by_key(|name| customs.key(name, None));
        let differ: Vec<_> = names.iter().zip(&expected).filter(|(ours, theirs)| ours != theirs).collect();
        assert!(differ.is_empty(), "{} of {} places: {differ:#?}", differ.len(), expected.len());
    }
}

#[test]
fn a_plainer_order_would_put_most_of_them_elsewhere() {
    let expected = ordered_by_icu();
    let elsewhere = |names: &[String]| names.iter().zip(&expected).filter(|(one, other)| one != other).count();
    let mut names = expected.clone();
    names.sort_unstable();
    assert!(elsewhere(&names) > 350, "by code points of the whole name");
    // The given name last, but by code points.
    names.sort_by_key(|name| {
        let mut words: Vec<String> = name.split(' ').map(str::to_lowercase).collect();
        words.reverse();
        words
    });
    assert!(elsewhere(&names) > 200, "by code points from the last word");
    names.sort_by_key(|name| alphabetical_key(name));
    assert!(elsewhere(&names) > 350, "by the family");
}

#[test]
fn units_keep_the_order_of_the_decision() {
    let decision =
        ["Thanh tra tỉnh", "Sở Y tế", "Ủy ban Dân tộc miền núi", "Sở Nội vụ", "Đài Phát thanh tỉnh", "Sở Công Thương"];
    let mut sorted = decision.to_vec();
    sorted.sort_by_key(|unit| alphabetical_key(unit));
    assert_ne!(sorted, decision, "this case says nothing");
    let mut request = sample_value("minimal");
    request["content"]["member_count"] = json!(decision.len());
    request["content"]["members"] = decision.iter().map(|unit| json!({"unit": unit})).collect::<Value>();
    let pdf = WORKSHOP.render(&manuscript_of(&request)).unwrap_or_else(|failure| panic!("{failure:#?}")).pdf;
    let text = whole(&pages(&pdf));
    let places: Vec<usize> =
        decision.iter().map(|unit| text.find(&compact(unit)).unwrap_or_else(|| panic!("{unit}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
}
