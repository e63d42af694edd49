//! Papers that are left out: which, and what is kept of their faults.

use serde_json::{Value, json};

use super::{LINES, LeftOut};
use crate::failure::Failure;

/// The finding about a field that no schema knows: its place ends in words of the caller's.
const UNKNOWN_FIELD: &str = "schema-unknown";

/// The finding about a key that stands twice: nothing has told yet which keys of its place a schema knows.
const TWICE: &str = "json-duplicate";

/// Which request is left out, where they came together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// From 0, as in a list.
    Request(usize),
    /// From 1, as in a text.
    Line(usize),
}

/// Which request is left out; `None` where it came in a file of its own or from the register.
pub fn number(left: &LeftOut) -> Option<Number> {
    let number = left.fault.at.strip_prefix('/')?.parse().ok()?;
    match left.fault.file.as_str() {
        "" => Some(Number::Request(number)),
        LINES => Some(Number::Line(number)),
        _ => None,
    }
}

/// A paper that is left out, as manifests tell it and a batch keeps it.
pub fn kept(left: &LeftOut) -> Value {
    let mut told = bare(&left.fault.failure);
    told["paper"] = json!(left.name);
    match number(left) {
        Some(Number::Request(number)) => told["request"] = json!(number),
        Some(Number::Line(number)) => told["line"] = json!(number),
        None => {}
    }
    if left.fault.more > 0 {
        told["more"] = json!(left.fault.more);
    }
    told
}

/// A fault as it is kept, without a word of the request: no erasure looks for people here.
fn bare(failure: &Failure) -> Value {
    let unknown: Vec<&String> =
        failure.findings.iter().filter(|finding| finding.code == UNKNOWN_FIELD).flat_map(|it| &it.pointers).collect();
    let place = |pointer: &String| match unknown.iter().find(|key| below(pointer, key)) {
        Some(key) => key.rsplit_once('/').map_or_else(String::new, |(around, _)| around.to_owned()),
        None => pointer.clone(),
    };
    let findings = failure.findings.iter().map(|finding| {
        let pointers: Vec<String> =
            if finding.code == TWICE { Vec::new() } else { finding.pointers.iter().map(place).collect() };
        json!({"code": finding.code, "pointers": pointers})
    });
    json!({"code": failure.code, "findings": findings.collect::<Vec<_>>()})
}

/// Whether a place is this key's or lies in its value.
fn below(pointer: &str, key: &str) -> bool {
    pointer.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{super::Fault, *};

    #[test]
    fn a_fault_is_kept_without_what_the_caller_wrote() {
        use crate::failure::{Finding, Severity};

        let name = "Nguyễn Thị Kín";
        let at = |code, pointer: String| Finding::new(code, Severity::Error, pointer, name, name).found(name);
        let findings = vec![
            at("schema-unknown", format!("/content/people/0/{name}")),
            at("X01", format!("/content/people/0/{name}/note")).and_at("/content/title"),
            at("schema-type", "/content/people/1".to_owned()),
            at("schema-unknown", "/content/score".to_owned()),
            at("schema-type", "/content/scores/3/total".to_owned()),
            at("json-duplicate", format!("/content/{name}/note")),
        ];
        let fault =
            Fault { file: String::new(), at: "/7".into(), failure: Failure::invalid_document(findings), more: 0 };
        let left = LeftOut { name: "00008-scorecard".into(), bloc: None, kind: None, fault };
        let kept = kept(&left);
        assert_eq!(kept["findings"][0], json!({"code": "schema-unknown", "pointers": ["/content/people/0"]}));
        assert_eq!(kept["findings"][1]["pointers"], json!(["/content/people/0", "/content/title"]));
        assert_eq!(kept["findings"][2]["pointers"], json!(["/content/people/1"]));
        assert_eq!(kept["findings"][4]["pointers"], json!(["/content/scores/3/total"]), "not a part of score");
        assert_eq!(kept["findings"][5]["pointers"], json!([]));
        assert_eq!((&kept["request"], &kept["code"]), (&json!(7), &json!("invalid-document")));
        assert!(!kept.to_string().contains(name), "{kept:#}");
    }
}
