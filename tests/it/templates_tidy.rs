//! The rules of the template folder that a machine can see.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tdkt_reports::{
    catalog::{Catalog, TemplateFiles},
    vietnamese,
};

use crate::support::papers::WORKSHOP;

const KIND: &str = "documents/six-month-review";

#[test]
fn no_value_of_a_caller_can_be_let_through_as_source() {
    for (path, text) in files().filter(|(path, _)| path.ends_with(".j2")) {
        for word in jinja_words(&text) {
            assert!(!["safe", "raw", "endraw", "autoescape", "include"].contains(&word.as_str()), "{path}: {word}");
        }
    }
}

#[test]
fn lengths_stand_in_the_measures_only() {
    let bare = |text: &str| bare_length(&without_comments(text));
    for (path, text) in files() {
        let with_lengths = path.starts_with("layout/measures/") || !(path.ends_with(".typ") || path.ends_with(".j2"));
        if !with_lengths {
            assert_eq!(bare(&text), None, "{path}");
        }
    }
    assert_eq!(bare("#v(2.5mm)"), Some("2.5mm".into()));
    assert_eq!(bare("#h(1em) "), Some("1em".into()));
    assert_eq!(bare("6 cm, 0pt, `x3pt`, 3points, // 4mm\n#text(size: 14pt)"), Some("14pt".into()));
}

#[test]
fn typst_files_reach_for_nothing_outside_of_the_paper() {
    const FORBIDDEN: [&str; 10] =
        ["eval(", "read(", "datetime.today", "@preview", "@local", "plugin(", "json(", "sys.", "csv(", "toml("];
    for (path, text) in files().filter(|(path, _)| path.ends_with(".typ") || path.ends_with(".j2")) {
        let text = without_comments(&text);
        for forbidden in FORBIDDEN {
            let found = text.match_indices(forbidden).any(|(at, _)| {
                // `thread(` is not `read(`.
                !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_')
            });
            assert!(!found, "{path}: {forbidden}");
        }
    }
}

#[test]
fn a_body_imports_the_official_layout_and_nothing_else() {
    for (path, text) in files().filter(|(path, _)| path.starts_with("documents/") && path.ends_with(".typ.j2")) {
        let imports: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("#import")).collect();
        assert_eq!(imports, ["#import \"/layout/official.typ\": *"], "{path}");
        assert!(!text.contains("#include"), "{path}");
    }
}

/// The quotes that the formatter puts round a value mean something else behind an address, in raw text and inside a
/// string of Typst code; there a value would be source.
#[test]
fn no_value_stands_where_its_quotes_would_not_hold() {
    for (path, text) in files().filter(|(path, _)| path.ends_with(".j2")) {
        let text = without_comments(&text);
        assert!(!outside_tags(&text).contains("://") && !outside_tags(&text).contains('`'), "{path}");
        for adjacent in ["\"{{", "}}\""] {
            assert!(!text.contains(adjacent), "{path}: {adjacent}");
        }
    }
}

fn outside_tags(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{']) {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let close = match rest.as_bytes().get(1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(_) | None => "{",
        };
        let end = rest.find(close).map_or(rest.len(), |end| end + close.len());
        rest = &rest[end..];
    }
    kept + rest
}

#[test]
fn every_kind_is_complete() {
    let files: BTreeMap<String, String> = files().collect();
    let kinds: Vec<_> = WORKSHOP.catalog().kinds().collect();
    assert!(!kinds.is_empty());
    for kind in kinds {
        let folder = format!("documents/{}", kind.manifest.kind);
        for file in ["manifest.toml", "schema.json", "SOURCES.md"] {
            assert!(files.contains_key(&format!("{folder}/{file}")), "{folder}/{file}");
        }
        let mut samples: Vec<&str> = kind.sample_names().collect();
        samples.sort_unstable();
        assert_eq!(samples, ["hostile", "minimal", "overflow", "simple"], "{folder}/samples");
        for sample in samples {
            let request: Value = serde_json::from_str(kind.sample(sample).expect("listed")).expect("JSON");
            assert_eq!(request["kind"], kind.manifest.kind.as_str(), "{folder}/samples/{sample}.json");
        }
        // No sample lies about that the manifest does not list.
        let lying = files.keys().filter(|path| path.starts_with(&format!("{folder}/samples/"))).count();
        assert_eq!(lying, 4, "{folder}/samples");
        let known: Vec<&str> = WORKSHOP.catalog().editions().iter().map(|edition| edition.id.as_str()).collect();
        let served: Vec<&str> = kind.editions().collect();
        assert_eq!(served, known, "{folder}/manifest.toml: every edition has its body");
    }
}

#[test]
fn every_property_has_a_vietnamese_title_and_description() {
    for kind in WORKSHOP.catalog().kinds() {
        let mut faults = Vec::new();
        let count = examine(&kind.schema, &kind.schema, "", &mut faults);
        assert!(count > 80, "{count} properties");
        assert!(faults.is_empty(), "{}\n{}", kind.manifest.kind, faults.join("\n"));
    }
}

/// Adds a line for every property without words of its own or of its definition; counts the properties.
fn examine(root: &Value, schema: &Value, place: &str, faults: &mut Vec<String>) -> usize {
    let Value::Object(object) = schema else { return 0 };
    let mut count = 0;
    for (key, inner) in object {
        let place = format!("{place}/{key}");
        match (key.as_str(), inner) {
            ("properties", Value::Object(properties)) => {
                for (name, property) in properties {
                    let place = format!("{place}/{name}");
                    count += 1;
                    for word in ["title", "description"] {
                        let text = word_of(root, property, word).unwrap_or_default();
                        // A title may be a bare "STT"; a description is a Vietnamese sentence.
                        let vietnamese = word == "title" || text.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
                        if text.trim().is_empty() || !vietnamese {
                            faults.push(format!("{place}: {word} {text:?}"));
                        }
                    }
                    count += examine(root, property, &place, faults);
                }
            }
            ("const" | "enum" | "default" | "examples" | "required", _) => {}
            (_, Value::Array(items)) => {
                count += items.iter().map(|item| examine(root, item, &place, faults)).sum::<usize>();
            }
            (_, inner) => count += examine(root, inner, &place, faults),
        }
    }
    count
}

fn word_of<'a>(root: &'a Value, property: &'a Value, word: &str) -> Option<&'a str> {
    if let Some(text) = property.get(word) {
        return text.as_str();
    }
    let target = property.get("$ref")?.as_str()?.strip_prefix('#')?;
    root.pointer(target)?.get(word)?.as_str()
}

/// Words in the title of what is held of a person (Luật 91/2025/QH15, Nghị định 356/2025/NĐ-CP).
const OF_PERSONS: [&str; 17] = [
    "họ và tên",
    "tên được đề nghị",
    "tên được bình chọn",
    "ngày sinh",
    "giới tính",
    "quê quán",
    "trú quán",
    "nơi ở",
    "địa chỉ",
    "điện thoại",
    "thư điện tử",
    "căn cước",
    "cccd",
    "định danh",
    "chức vụ",
    "trình độ",
    "chữ ký",
];
/// Of these the sensitive.
const SENSITIVE: [&str; 5] = ["dân tộc", "tôn giáo", "đảng viên", "sức khỏe", "kỷ luật"];

#[test]
fn what_is_held_of_persons_is_classed() {
    let (mut faults, mut classed) = (Vec::new(), 0);
    for (path, text) in files().filter(|(path, _)| path.ends_with("schema.json") || path.starts_with("schema/")) {
        classes(&serde_json::from_str(&text).expect("JSON"), &path, &mut classed, &mut faults);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(classed >= 30, "{classed}");

    let planted = json!({"properties": {
        "id": {"title": "Số căn cước"},
        "faith": {"title": "Tôn giáo", "x-personal": "basic"},
        "post": {"title": "Chức vụ", "x-personal": "secret"},
        "head": {"title": "Chức vụ được ký thay"},
    }});
    let mut found = Vec::new();
    classes(&planted, "planted", &mut 0, &mut found);
    assert_eq!(found.len(), 3, "{found:?}");
}

/// Whatever a title of a person's field stands over says what it is: `basic` or `sensitive`.
fn classes(schema: &Value, place: &str, classed: &mut usize, faults: &mut Vec<String>) {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    for (name, property) in properties {
        let Some(title) = property.get("title").and_then(Value::as_str).map(str::to_lowercase) else { continue };
        let class = property.get("x-personal").map(|class| class.as_str().unwrap_or("?"));
        let sensitive = SENSITIVE.iter().any(|word| title.contains(word));
        // The office that somebody signs for is nobody's.
        let personal =
            sensitive || OF_PERSONS.iter().any(|word| title.contains(word)) && !title.contains("được ký thay");
        let right = match class {
            Some("sensitive") => true,
            Some("basic") => !sensitive,
            Some(_) => false,
            None => !personal,
        };
        *classed += usize::from(class.is_some());
        if !right {
            faults.push(format!("{place}: {name} ({title}) is classed {class:?}"));
        }
    }
    match schema {
        Value::Object(object) => object.values().for_each(|inside| classes(inside, place, classed, faults)),
        Value::Array(items) => items.iter().for_each(|inside| classes(inside, place, classed, faults)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_text_and_every_list_of_a_schema_is_bounded() {
    for kind in WORKSHOP.catalog().kinds() {
        let mut faults = Vec::new();
        bounds(&kind.schema, "", &mut faults);
        assert!(faults.is_empty(), "{}\n{}", kind.manifest.kind, faults.join("\n"));
    }
}

fn bounds(schema: &Value, place: &str, faults: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            let has = |key: &str| object.contains_key(key);
            // A pattern without repetition bounds a text as well.
            let pattern = object.get("pattern").and_then(Value::as_str).unwrap_or_default();
            let closed = pattern.starts_with('^') && pattern.ends_with('$') && !pattern.contains(['*', '+']);
            let wanted: &[&str] = match object.get("type").and_then(Value::as_str) {
                Some("string") if has("const") || has("enum") || closed => &[],
                Some("string") => &["maxLength"],
                Some("array") => &["maxItems", "items"],
                Some("integer" | "number") => &["minimum", "maximum"],
                Some("object") => &["additionalProperties"],
                Some(_) | None => &[],
            };
            let missing = wanted.iter().filter(|key| !has(key)).map(|key| format!("{place}: no {key}"));
            faults.extend(missing);
            for (key, inner) in object {
                bounds(inner, &format!("{place}/{key}"), faults);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| bounds(item, place, faults)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_editions_follow_each_other_without_gap_or_overlap() {
    let editions: Vec<_> = WORKSHOP.catalog().editions().iter().collect();
    let ids: Vec<&str> = editions.iter().map(|edition| edition.id.as_str()).collect();
    assert!(ids.starts_with(&["E1a", "E1b", "E2", "E3", "E4"]), "papers of these editions exist: {ids:?}");
    for pair in editions.windows(2) {
        let [earlier, later] = pair else { continue };
        let until = earlier.in_force_until.unwrap_or_else(|| panic!("{} must end", earlier.id));
        assert_eq!(until.succ_opt(), Some(later.in_force_from), "{} → {}", earlier.id, later.id);
    }
    assert_eq!(editions.last().and_then(|edition| edition.in_force_until), None);
}

#[test]
fn every_text_of_the_folder_is_in_the_composed_form() {
    for (path, text) in files() {
        assert_eq!(vietnamese::nfc(&text), text, "{path}");
        assert!(!text.contains('\r') && !text.starts_with('\u{FEFF}'), "{path}");
    }
}

#[test]
fn a_new_edition_is_one_file_and_a_body_may_be_its_own() {
    let mut files = TemplateFiles::embedded().into_memory();
    let latest = files["editions/E4.toml"].clone();
    let begins = latest.lines().find(|line| line.starts_with("in_force_from")).expect("a day").to_owned();
    change(&mut files, "editions/E4.toml", &begins, &format!("{begins}\nin_force_until = \"2030-12-31\""));
    let next = latest.replacen("id = \"E4\"", "id = \"E5\"", 1).replacen(&begins, "in_force_from = \"2031-01-01\"", 1);
    files.insert("editions/E5.toml".into(), next);
    let body = files["documents/scorecard/body.typ.j2"].clone();
    files.insert("documents/scorecard/E5/body.typ.j2".into(), body);
    let own = "[[bodies]]\neditions = [\"E5\"]\ntemplate = \"E5/body.typ.j2\"\n\n[[bodies]]\n";
    change(&mut files, "documents/scorecard/manifest.toml", "[[bodies]]\n", own);
    let catalog = Catalog::load(&TemplateFiles::from_memory(files)).unwrap_or_else(|error| panic!("{error}"));
    for kind in catalog.kinds() {
        let name = &kind.manifest.kind;
        let expected = if name == "scorecard" { "E5/body.typ.j2" } else { "body.typ.j2" };
        assert_eq!(kind.body("E5"), Some(format!("documents/{name}/{expected}").as_str()));
        assert_eq!(kind.body("E4"), Some(format!("documents/{name}/body.typ.j2").as_str()));
    }
}

#[test]
fn a_broken_folder_says_everything_at_once_with_the_files_names() {
    let mut broken = TemplateFiles::embedded().into_memory();
    broken.insert("editions/E1a.toml".into(), "id = ".into());
    change(&mut broken, "editions/E3.toml", "in_force_from = \"2025-07-01\"", "in_force_from = \"2025-06-01\"");
    broken.insert("editions/E9.toml".into(), broken["editions/E4.toml"].clone());
    broken.insert("claims.toml".into(), "claims = 3".into());
    broken.insert("names.toml".into(), "clans = []".into());
    broken.remove("layout/official.typ");
    broken.remove(&format!("{KIND}/samples/hostile.json"));
    change(&mut broken, "phrases/people.j2", "{{ p.name }}", "{{ p.name | safe }}");
    change(&mut broken, &format!("{KIND}/manifest.toml"), "[[bodies]]\n", "[[bodies]]\neditions = [\"E99\"]\n");
    change(&mut broken, "documents/scorecard/manifest.toml", "check_kind = \"", "check_kind = \"un");
    broken.insert("documents/empty/SOURCES.md".into(), String::new());
    broken.insert("documents/half/manifest.toml".into(), "kind = \"half\"\nwing = 1\n".into());
    let Err(error) = Catalog::load(&TemplateFiles::from_memory(broken)) else { panic!("a broken folder loads") };
    let said = error.to_string();
    for expected in [
        "editions/E1a.toml: ",
        "editions/: editions E2 and E3 overlap",
        "editions/E9.toml: holds edition E4",
        "claims.toml: ",
        "names.toml: ",
        "layout/official.typ: missing",
        &format!("{KIND}/samples/hostile.json: missing"),
        &format!("{KIND}/manifest.toml: there is no edition \"E99\""),
        "phrases/people.j2: the filter `safe` is forbidden",
        "documents/scorecard/manifest.toml: check_kind is none of report, minutes, letter, statement",
        "documents/empty/manifest.toml: missing",
        "documents/half/manifest.toml: ",
    ] {
        assert!(said.lines().any(|line| line.starts_with(expected)), "{expected:?} is not said:\n{said}");
    }
}

#[test]
fn a_sample_that_breaks_its_schema_is_found() {
    for kind in WORKSHOP.catalog().kinds() {
        for name in kind.sample_names() {
            let request: Value = serde_json::from_str(kind.sample(name).expect("listed")).expect("JSON");
            let faults: Vec<String> = kind
                .validator()
                .expect("compiles")
                .iter_errors(&request)
                .map(|error| error.instance_path().to_string())
                .collect();
            assert!(faults.is_empty(), "{}/{name}: {faults:?}", kind.manifest.kind);
        }
    }
}

fn files() -> impl Iterator<Item = (String, String)> {
    TemplateFiles::embedded().into_memory().into_iter()
}

fn change(files: &mut BTreeMap<String, String>, path: &str, from: &str, to: &str) {
    let text = files.get_mut(path).unwrap_or_else(|| panic!("{path}"));
    assert!(text.contains(from), "{path} has no {from:?}");
    *text = text.replacen(from, to, 1);
}

/// The text without Jinja comments and Typst line comments.
fn without_comments(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("{#") {
        kept.push_str(before);
        rest = comment.split_once("#}").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    // "https://" is no comment.
    let lines = kept.lines().map(|line| {
        line.match_indices("//").find(|(at, _)| !line[..*at].ends_with(':')).map_or(line, |(at, _)| &line[..at])
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The first number with a unit of length; a bare `0pt` is no measure.
fn bare_length(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let opens = bytes[at].is_ascii_digit()
            && !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.');
        if !opens {
            at += 1;
            continue;
        }
        let number = text[at..].bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let rest = &text[at + number..];
        let unit: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
        if ["mm", "cm", "pt", "em", "in", "fr"].contains(&unit.as_str()) && &text[at..at + number] != "0" {
            return Some(format!("{}{unit}", &text[at..at + number]));
        }
        at += number;
    }
    None
}

/// Names inside `{{ … }}` and `{% … %}`, without string literals.
fn jinja_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (open, close) in [("{{", "}}"), ("{%", "%}")] {
        for tag in text.split(open).skip(1) {
            let tag = tag.split(close).next().unwrap_or_default();
            let outside = tag.split(['"', '\'']).step_by(2).collect::<Vec<_>>().join(" ");
            words.extend(outside.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
        }
    }
    words
}
