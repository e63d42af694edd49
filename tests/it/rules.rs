//! Every rule by example: `tests/rules/CODE.toml` holds requests that keep it and requests that break it, with the finding.
//!
//! A passing request states what the rule judges (`judged`); a failing one has exactly one finding of the code.
//! `docs/rules-by-example.md` is made of these files; `TDKT_BLESS=1` writes it anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
    sync::LazyLock,
};

use serde::Deserialize;
use serde_json::{Value, json};
use tdkt_reports::{
    catalog::{Catalog, TemplateFiles},
    failure::{Finding, Severity},
    intake::{self, Treatment},
    settings::{GivenSettings, Settings},
    workshop_files,
};

use super::support::papers;

/// The rules that papers of emulation blocs are known to need. None of them may be lost.
const CODES: [&str; 44] = [
    "N01", "N02", "D01", "D02", "D03", "D04", "D05", "D06", "D07", "D08", "D09", "M01", "M02", "M03", "M04", "P01",
    "P02", "V01", "V02", "V03", "V04", "V05", "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A09", "A10",
    "A11", "A12", "A13", "S01", "S02", "S03", "S04", "S05", "T01", "T02", "T03", "T04",
];
/// `L01` is a lint, the last of them.
const LINT: &str = "L01";

static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::load(&TemplateFiles::embedded()).expect("the shipped templates load"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    code: String,
    /// The kind whose sample the cases change.
    kind: String,
    #[serde(default)]
    passes: Vec<Case>,
    #[serde(default)]
    fails: Vec<Case>,
    /// For what the program prints rightly whatever the request says: why, and where it shows.
    by_construction: Option<String>,
    #[serde(default)]
    prints: Vec<Print>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    what: String,
    kind: Option<String>,
    sample: Option<String>,
    patch: Vec<Step>,
    /// Places of the patched request that the rule judges.
    #[serde(default)]
    judged: Vec<String>,
    /// Other rules that the change breaks too.
    #[serde(default)]
    besides: Vec<String>,
    severity: Option<Severity>,
    #[serde(default)]
    pointers: Vec<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Print {
    what: String,
    kind: Option<String>,
    sample: Option<String>,
    patch: Vec<Step>,
    shows: Vec<String>,
    never: Vec<String>,
}

/// A step of a JSON patch (RFC 6902).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase", tag = "op")]
enum Step {
    Add { path: String, value: Value },
    Replace { path: String, value: Value },
    Remove { path: String },
}

fn fixtures() -> BTreeMap<String, Fixture> {
    let files = fs::read_dir(papers::repository("tests/rules")).expect("the fixtures are there");
    let fixtures = files.map(|file| {
        let path = file.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a text");
        let fixture: Fixture = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(fixture.code.as_str()));
        (fixture.code.clone(), fixture)
    });
    fixtures.collect()
}

fn base(fixture: &Fixture, kind: Option<&String>, sample: Option<&String>) -> Value {
    let kind = CATALOG.kind(kind.unwrap_or(&fixture.kind)).expect("the kind is there");
    serde_json::from_str(kind.sample(sample.map_or("simple", String::as_str)).expect("the sample is there"))
        .expect("JSON")
}

fn apply(request: &mut Value, patch: &[Step]) {
    for step in patch {
        let (path, value) = match step {
            Step::Add { path, value } => (path, Some(value)),
            Step::Replace { path, value } => {
                assert!(request.pointer(path).is_some(), "nothing to replace at {path}");
                (path, Some(value))
            }
            Step::Remove { path } => {
                assert!(request.pointer(path).is_some(), "nothing to remove at {path}");
                (path, None)
            }
        };
        let replaces = matches!(step, Step::Replace { .. });
        let (parent, name) = path.rsplit_once('/').expect("a pointer");
        let parent = request.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at the parent of {path}"));
        match (parent, value) {
            (Value::Object(object), Some(value)) => {
                object.insert(name.to_owned(), value.clone());
            }
            (Value::Object(object), None) => {
                object.remove(name);
            }
            (Value::Array(items), Some(value)) if name == "-" => items.push(value.clone()),
            (Value::Array(items), Some(value)) => {
                let at: usize = name.parse().expect("an index");
                if replaces {
                    items[at] = value.clone();
                } else {
                    items.insert(at, value.clone());
                }
            }
            (Value::Array(items), None) => {
                items.remove(name.parse().expect("an index"));
            }
            (other, _) => panic!("{path}: {other} has no parts"),
        }
    }
}

/// Every finding of the door on a request; nothing is rendered.
fn findings(request: &Value) -> Vec<Finding> {
    match intake::check(request.to_string().as_bytes(), Treatment::AsSent, &CATALOG, &|_| true) {
        Ok(accepted) => accepted.findings,
        Err(failure) => failure.findings,
    }
}

/// Findings on the case: of the code, and the codes of the others that the unchanged sample has not.
fn judge(fixture: &Fixture, case: &Case) -> (Value, Vec<Finding>, BTreeSet<String>) {
    let mut request = base(fixture, case.kind.as_ref(), case.sample.as_ref());
    let before = findings(&request);
    apply(&mut request, &case.patch);
    let (own, others): (Vec<_>, Vec<_>) = findings(&request).into_iter().partition(|it| it.code == fixture.code);
    let others = others.into_iter().filter(|finding| !before.contains(finding)).map(|finding| finding.code);
    (request, own, others.collect())
}

#[test]
fn every_rule_keeps_silent_about_what_keeps_it() {
    let mut faults = Vec::new();
    for fixture in fixtures().values() {
        for case in &fixture.passes {
            let name = format!("{}, {}", fixture.code, case.what);
            let (request, own, others) = judge(fixture, case);
            if !own.is_empty() {
                faults.push(format!("{name}: {own:#?}"));
            }
            if others.iter().any(|code| !case.besides.contains(code)) {
                faults.push(format!("{name}: {others:?} besides"));
            }
            if case.judged.is_empty() || case.judged.iter().any(|place| request.pointer(place).is_none()) {
                faults.push(format!("{name}: what the rule judges is not there ({:?})", case.judged));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_rule_says_what_breaks_it_where_and_how_much_it_weighs() {
    let mut faults = Vec::new();
    for fixture in fixtures().values() {
        for (number, case) in fixture.fails.iter().enumerate() {
            let name = format!("{} {number}, {}", fixture.code, case.what);
            let (_, own, others) = judge(fixture, case);
            let [finding] = own.as_slice() else {
                faults.push(format!("{name}: one finding expected, found {}", json!(own)));
                continue;
            };
            let expected = (case.severity, case.pointers.as_slice(), case.message.as_deref());
            if (Some(finding.severity), finding.pointers.as_slice(), Some(finding.message.as_str())) != expected {
                faults.push(format!("{name}: found {}", json!(own)));
            }
            if others.iter().any(|code| !case.besides.contains(code)) {
                faults.push(format!("{name}: {others:?} besides"));
            }
            if !is_one_sentence(&finding.message) {
                faults.push(format!("{name}: not one sentence: {}", finding.message));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Ends with a full stop and has no other before a capital, but in quotation and behind an abbreviation of authority.
fn is_one_sentence(message: &str) -> bool {
    let mut outside = String::new();
    let mut depth = 0_i32;
    for c in message.chars() {
        match c {
            '“' => depth += 1,
            '”' => depth -= 1,
            c if depth == 0 => outside.push(c),
            _ => {}
        }
    }
    let breaks = outside.match_indices(". ").filter(|(at, _)| {
        let abbreviated = ["KT", "TM", "TL", "TUQ", "Q"].iter().any(|short| outside[..*at].ends_with(short));
        !abbreviated && outside[at + 2..].chars().next().is_some_and(char::is_uppercase)
    });
    breaks.count() == 0
        && message.ends_with('.')
        && message.chars().next().is_some_and(|c| c.is_uppercase() || c.is_ascii_digit() || c == '“')
}

/// The operator's own figures hold where a request states none, in place of the shipped ones.
#[test]
fn the_file_that_the_setting_names_takes_the_place_of_the_shipped_limits() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let load = |text: &str| {
        fs::write(file.path(), text).expect("written");
        let given = GivenSettings { limits: Some(file.path().into()), ..GivenSettings::default() };
        workshop_files::load(&Settings::resolve(&given).expect("settings"))
    };
    let mut proposal = papers::sample_of("award-proposal", "simple");
    proposal["content"].as_object_mut().expect("content").remove("limits").expect("the bloc's own limits");
    let codes = |text: &str| -> Vec<String> {
        let workshop = load(text).unwrap_or_else(|error| panic!("{error}"));
        let outcome = workshop.check(proposal.to_string().as_bytes(), Treatment::AsSent);
        let findings = outcome.map_or_else(|failure| failure.findings, |accepted| accepted.findings);
        findings.into_iter().filter(|finding| finding.severity == Severity::Error).map(|finding| finding.code).collect()
    };
    assert_eq!(codes("flags = 0"), ["A02"]);
    assert_eq!(codes("flags = 1"), Vec::<String>::new());
    assert_eq!(codes(""), Vec::<String>::new());
    let refused = load("flaggs = 1").err().expect("refused").to_string();
    assert!(refused.contains("limits.toml") && refused.contains("flaggs"), "{refused}");
}

#[test]
fn what_holds_by_construction_shows_in_the_finished_paper() {
    let mut faults = Vec::new();
    for fixture in fixtures().values() {
        assert_eq!(fixture.by_construction.is_some(), !fixture.prints.is_empty(), "{}", fixture.code);
        for print in &fixture.prints {
            let mut request = base(fixture, print.kind.as_ref(), print.sample.as_ref());
            apply(&mut request, &print.patch);
            let text = papers::compact(&papers::text(&papers::pdf(request.to_string().as_bytes())));
            for (wanted, there) in
                print.shows.iter().map(|it| (it, true)).chain(print.never.iter().map(|it| (it, false)))
            {
                if text.contains(&papers::compact(wanted)) != there {
                    faults.push(format!("{}, {}: “{wanted}” (wanted: {there})", fixture.code, print.what));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn rules_in_the_code_in_the_manual_and_in_the_fixtures_are_the_same() {
    let fixtures = fixtures();
    let by_example: BTreeSet<String> = fixtures.keys().cloned().collect();
    let needed: BTreeSet<String> = CODES.iter().chain([&LINT]).map(|code| (*code).to_owned()).collect();
    assert_eq!(needed.difference(&by_example).collect::<Vec<_>>(), Vec::<&String>::new(), "without a fixture");

    let manual = fs::read_to_string(papers::repository("docs/rules.md")).expect("the manual");
    assert_eq!(codes_between(&manual, '`'), by_example, "docs/rules.md against tests/rules");

    let judged: BTreeSet<String> = fixtures
        .values()
        .filter(|fixture| fixture.by_construction.is_none())
        .map(|fixture| fixture.code.clone())
        .collect();
    let mut source = String::new();
    read_all(&papers::repository("src"), &mut source);
    assert_eq!(codes_between(&source, '"'), judged, "src against tests/rules");

    for fixture in fixtures.values().filter(|fixture| fixture.by_construction.is_none()) {
        assert!(!fixture.passes.is_empty() && !fixture.fails.is_empty(), "{}: one of each", fixture.code);
    }
}

fn read_all(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_all(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !is_of_tests(&path) {
            let source = fs::read_to_string(&path).expect("a text");
            text.push_str(source.split("#[cfg(test)]\nmod ").next().unwrap_or_default());
        }
    }
}

/// Tests speak of codes that there are not.
fn is_of_tests(path: &Path) -> bool {
    path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| stem.ends_with("tests"))
}

/// Every `X00` between two of the marks.
fn codes_between(text: &str, mark: char) -> BTreeSet<String> {
    let is_code = |part: &&str| {
        let bytes = part.as_bytes();
        bytes.len() == 3 && bytes[0].is_ascii_uppercase() && bytes[1..].iter().all(u8::is_ascii_digit)
    };
    let letters = ["N", "D", "M", "P", "V", "A", "S", "T", "L"];
    let parts = text.split(mark).filter(is_code).filter(|part| letters.contains(&&part[..1]));
    parts.map(str::to_owned).collect()
}

#[test]
fn the_table_of_examples_is_that_of_the_fixtures() {
    let path = papers::repository("docs/rules-by-example.md");
    let table = table();
    if std::env::var_os("TDKT_BLESS").is_some() {
        fs::write(&path, &table).expect("written");
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), table, "TDKT_BLESS=1 writes docs/rules-by-example.md");
}

fn table() -> String {
    let mut page = String::from(
        "# Rules by example\n\nMade of `tests/rules/*.toml` by `tests/it/rules.rs` (`TDKT_BLESS=1`); do not edit. What the codes \
         mean: [rules.md](rules.md).\n\nA passing request states what the rule judges, and nothing is said; a failing one gets \
         exactly this finding, at these places. Each is a sample of a kind of paper with a few fields changed.\n\n\
         | Code | Severity | Passes | Fails | Message | Places |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    let mut printed = String::from(
        "\n## By construction\n\nNo request can break these; the program prints them so. The test renders the papers and reads \
         them.\n\n| Code | Why | Paper | Shows | Never |\n| --- | --- | --- | --- | --- |\n",
    );
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    for fixture in fixtures().values() {
        let code = format!("[{0}](../tests/rules/{0}.toml)", fixture.code);
        let passes: Vec<&str> = fixture.passes.iter().map(|case| case.what.as_str()).collect();
        for (row, case) in fixture.fails.iter().enumerate() {
            let severity = match case.severity {
                Some(Severity::Error) => "error",
                Some(Severity::Warning) => "warning",
                Some(Severity::Info) => "info",
                None => "",
            };
            let passes = if row == 0 { cell(&passes.join("; ")) } else { String::new() };
            let places: Vec<String> = case.pointers.iter().map(|place| format!("`{place}`")).collect();
            let (what, message) = (cell(&case.what), cell(case.message.as_deref().unwrap_or_default()));
            writeln!(page, "| {code} | {severity} | {passes} | {what} | {message} | {} |", places.join(", "))
                .expect("a text");
        }
        for print in &fixture.prints {
            let list = |texts: &[String]| texts.iter().map(|text| format!("“{text}”")).collect::<Vec<_>>().join(", ");
            let why = cell(fixture.by_construction.as_deref().unwrap_or_default());
            let (shows, never) = (cell(&list(&print.shows)), cell(&list(&print.never)));
            writeln!(printed, "| {code} | {why} | {} | {shows} | {never} |", cell(&print.what)).expect("a text");
        }
    }
    page + &printed
}
