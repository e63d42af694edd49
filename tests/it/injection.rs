//! What a caller sends is text and stays text.

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use tdkt_reports::{
    catalog::{Catalog, TemplateFiles},
    composition::{Composer, Context, typst_string},
    failure::FailureCode,
    intake::{Manuscript, Treatment},
    vietnamese,
};
use typst::syntax::{SyntaxKind, SyntaxNode, ast, parse, parse_code};

use crate::support::{
    papers::{self, WORKSHOP, compact, manuscript_of, pages, sample_value, whole},
    sowing::Field,
};

/// Pieces that mean something to Typst, Jinja, TeX, HTML, a spreadsheet, a shell or SQL.
const TOKENS: &[&str] = &[
    "#",
    "#let x = 1",
    "#read(\"/etc/passwd\")",
    "#import \"/layout/official.typ\": *",
    "#panic()",
    "#{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "$",
    "$x^2$",
    "*",
    "_",
    "`",
    "```",
    "<a>",
    "@b",
    "//",
    "/*",
    "*/",
    "\\",
    "\\\\",
    "\\u{41}",
    "\\\"",
    "\"",
    "'",
    "”",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{{ x }}",
    "{% raw %}",
    "{% endraw %}",
    "{{ x | safe }}",
    "=",
    "==",
    "-",
    "--",
    "---",
    "+",
    "/",
    "1.",
    "~",
    "...",
    ":",
    ";",
    ",",
    ".",
    "!",
    "?",
    "&",
    "&amp;",
    "<",
    ">",
    "%",
    "%s",
    "https://x.vn/a_b",
    "=SUM(1)",
    "\\begin{x}",
    "$(id)",
    "${HOME}",
    "'; --",
    "\n",
    "\n\n",
    "\t",
    " ",
    "\u{a0}",
    "ngày",
    "năm 2026",
    "6 tháng",
    "Khối",
    "Đ",
    "ư",
    "a",
    "0",
    "#missing(\"x\");",
    "#\"x\";",
    "/*@x:1@*/",
    "*)",
    "−",
    "…",
    "“",
];

fn nasty(most: usize) -> impl Strategy<Value = String> {
    let token = prop_oneof![
        12 => prop::sample::select(TOKENS).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(token, 0..most).prop_map(|tokens| tokens.concat())
}

#[test]
fn a_literal_is_one_string_whose_value_is_the_text() {
    let config = ProptestConfig { cases: 100_000, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&nasty(12), |text| {
        let root = parse_code(&typst_string(&text));
        prop_assert!(sound(&root), "{root:?}");
        let children: Vec<&SyntaxNode> = root.children().collect();
        prop_assert_eq!(children.len(), 1, "{:?}", root);
        let literal = children[0].cast::<ast::Str>();
        prop_assert_eq!(literal.map(|literal| literal.get().to_string()), Some(text));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// A body that prints `x` wherever a template may print a value: in running text, beside every mark of Typst's
/// markup, in code, in lists and tables, through every filter that gives text.
const BODY: &str = r##"
= {{ x }}
a {{ x }} b{{ x }}{{ x }}({{ x }})[{{ x }}].len() {{ x }}.len() {{ x }}(1) {{ x }}[y]
- {{ x }}
/ {{ x }}: {{ x }}
*{{ x }}* _{{ x }}_ ~{{ x }}~ “{{ x }}” {{ x }}/{{ x }} <{{ x }}> @a{{ x }} www.{{ x }}
#paragraph[{{ x }}{% if x %} {{ x }}{% endif %}]
#let v = {{ x | code }}
#let w = {{ xs | code }}
#let d = {{ m | code }}
#f({{ x | code }}, name: {{ x | code }})[{{ x }}]
#data-table(rows: {{ rows | columns("#", "k", "k:map=table") | code }}, title: {{ ("A " ~ x) | code }})
{% macro inside(z) %}[{{ z }}]{% endmacro %}{{ inside(x) }} #g({{ inside(x) | code }})
{% for y in xs %}{{ y }}; {% endfor %}{% set y = x %}{{ y }}
{{ x | sentence }} {{ x | upper_vi }} {{ x | upper_first }} {{ x | lower_first }} {{ x | clause_end(";") }} {{ xs | semicolons }}
{{ xs | join_and }} {{ m | cite }} {{ x | without_end }} {{ missing(x) }} {{ x | word("table") }} {{ x ~ x }}
"##;

#[test]
fn a_composed_body_gets_no_node_from_a_value_but_its_string() {
    let composer = composer();
    // Every filter that ends a clause changes this one, so what prints as it is told apart.
    let plain = parse(&composed(&composer, "a,"));
    assert!(sound(&plain), "{plain:?}");
    let expected = shape(&plain);
    assert!(expected.iter().filter(|(kind, _)| *kind == SyntaxKind::Str).count() > 50);
    let config = ProptestConfig { cases: 100_000, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&nasty(8), |text| {
        // As intake hands it on; an absent text is asked for by `if`.
        let text = vietnamese::nfc(&format!("a{text}")).into_owned();
        let source = composed(&composer, &text);
        let root = parse(&source);
        prop_assert!(sound(&root), "{source}");
        let found = shape(&root);
        prop_assert!(found == expected, "{source}");
        prop_assert_eq!(Composer::gaps(&source), [text.as_str()], "a gap is only what the template shows");
        for (value, plain) in strings(&root).into_iter().zip(strings(&plain)) {
            if plain == "a," {
                prop_assert!(value == text || value == vietnamese::keep_together(&text), "{value:?} for {text:?}");
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_tree_with_a_foreign_node_is_told_apart() {
    let expected = shape(&parse("#\"a\"; b"));
    assert_eq!(shape(&parse("#\"#x\"; b")), expected);
    for other in ["#x; b", "#\"a\"(1); b", "#\"a\"; *b*", "#\"a\";\n\nb", "#\"a\"; b /* c */", "#\"a\"; b <c>"] {
        assert_ne!(shape(&parse(other)), expected, "{other}");
    }
}

/// The hostile sample makes the same paper, sign for sign, as one with letters in place of its texts.
#[test]
fn the_hostile_sample_is_composed_like_a_harmless_one() {
    let hostile = manuscript_of(&sample_value("hostile"));
    let mut harmless = hostile.clone();
    let mut count = 0;
    soften(&mut harmless.request, "", &mut count);
    assert!(count > 200, "{count} texts");
    let shape_of = |manuscript: &Manuscript| {
        let source = WORKSHOP.source(manuscript).unwrap_or_else(|failure| panic!("{failure:#?}"));
        let root = parse(&source);
        assert!(sound(&root));
        shape(&root)
    };
    let (hostile, harmless) = (shape_of(&hostile), shape_of(&harmless));
    let different = hostile.iter().zip(&harmless).position(|(a, b)| a != b);
    assert_eq!(different.map(|at| (&hostile[at], &harmless[at])), None);
    assert_eq!(hostile.len(), harmless.len());
}

/// Every kind, every text that may be anything: a paper with such words is composed like one with letters in their place.
#[test]
fn words_that_mean_something_change_no_kinds_paper_but_its_texts() {
    const GROUPS: [&str; 8] = [
        "#read(\"/etc/passwd\") #import \"@preview/x:1.0.0\": * #{ panic() }",
        "$x^2$ *a* _b_ `c` <label> @ref = - + / ~ \\ \\u{41} //x /*y*/ ]#[",
        "{{ 7 * 7 }} {% raw %} {# x #} {{ x | safe }} {%- endfor %}",
        "<script>alert(1)</script> &lt;b&gt; \"><img src=x>",
        "../../etc/passwd ..\\..\\x C:\\x NUL.pdf ~/.ssh",
        "' OR '1'='1; DROP TABLE job-- ${jndi:ldap://x} $(id) %s%n",
        "=HYPERLINK(\"http://x\") @SUM(1) +cmd|' /C calc'!A0 -2+3",
        "#missing(\"x\"); #\"y\"; *) \\\" “” … −",
    ];
    let catalog = Catalog::load(&TemplateFiles::embedded()).expect("the shipped folder");
    let mut compared = 0;
    for kind in catalog.kinds().map(|kind| kind.manifest.kind.as_str()) {
        for words in GROUPS {
            let field = Field::of(kind, words);
            let composed = |word: &str| {
                let manuscript = manuscript_of(&field.sown(word));
                let source = WORKSHOP.source(&manuscript).unwrap_or_else(|failure| panic!("{kind}: {failure:#?}"));
                let root = parse(&source);
                assert!(sound(&root), "{kind}: {words}");
                shape(&root)
            };
            let (hostile, harmless) = (composed(words), composed("qk"));
            let different = hostile.iter().zip(&harmless).position(|(a, b)| a != b);
            assert_eq!(different.map(|at| (&hostile[at], &harmless[at])), None, "{kind}: {words}");
            assert_eq!(hostile.len(), harmless.len(), "{kind}: {words}");
            compared += field.share().0;
        }
    }
    println!("{compared} texts");
    assert!(compared > 2_000, "{compared} texts");
}

/// Puts letters in place of every free text; no two texts get the same.
fn soften(value: &mut Value, pointer: &str, count: &mut usize) {
    match value {
        Value::String(text) if !fixed(pointer) => {
            *count += 1;
            let digits: String = count.to_string().chars().map(|digit| (digit as u8 - b'0' + b'k') as char).collect();
            *text = format!("Q{digits}q");
        }
        Value::Array(items) => {
            items.iter_mut().enumerate().for_each(|(index, item)| soften(item, &format!("{pointer}/{index}"), count));
        }
        Value::Object(object) => {
            object.iter_mut().for_each(|(key, item)| soften(item, &format!("{pointer}/{key}"), count));
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Dates and chosen words: the schema lets nothing else stand there.
fn fixed(pointer: &str) -> bool {
    const WORDS: [&str; 16] = [
        "kind",
        "status",
        "custom",
        "capacity",
        "form",
        "level",
        "date",
        "from",
        "to",
        "issued_on",
        "role",
        "part",
        "launched_by",
        "honoree",
        "session",
        "honorific",
    ];
    let key = pointer.rsplit('/').next().unwrap_or_default();
    // The form of a commendation is free text; that of a bloc is not.
    WORDS.contains(&key) && !pointer.starts_with("/content/commendations/") || key == "honoree" || key == "date"
}

#[test]
fn every_hostile_text_that_is_printed_is_printed_as_it_was_sent() {
    let request = sample_value("hostile");
    let text = whole(&pages(&papers::pdf(request.to_string().as_bytes())));
    let (mut printed, mut faults) = (0, Vec::new());
    vietnamese::visit_strings(&request, &mut |pointer, sent| {
        if fixed(pointer) || unprinted(pointer) {
            return;
        }
        let expected = if capitals(pointer) { vietnamese::upper(sent) } else { vietnamese::nfc(sent).into_owned() };
        let forms = [expected.clone(), vietnamese::upper_first(&expected), vietnamese::lower_first(&expected)];
        let stands = |form: &String| {
            text.contains(&compact(form)) || text.contains(&compact(vietnamese::without_end_mark(form).as_ref()))
        };
        if forms.iter().any(stands) {
            printed += 1;
        } else {
            faults.push(format!("{pointer}: {sent}"));
        }
    });
    println!("{printed} texts");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(printed > 150, "{printed} texts");
}

/// What the paper has no place for: short names; the totals' texts; the form is a draft's, so it has no serial.
fn unprinted(pointer: &str) -> bool {
    pointer.ends_with("/abbreviation")
}

/// What official papers write in capitals.
fn capitals(pointer: &str) -> bool {
    const CAPITALS: [&str; 6] = [
        "/paper/letterhead/parent_body",
        "/paper/letterhead/issuing_body",
        "/paper/signing/body",
        "/paper/signing/position",
        "/paper/signing/other_position",
        "/paper/drafter",
    ];
    CAPITALS.contains(&pointer)
}

#[test]
fn a_text_reaches_the_paper_as_it_was_sent() {
    // Printable pieces only: what cannot be shown is refused at the door.
    let pieces: Vec<&str> = TOKENS.iter().copied().filter(|token| *token != "\t").collect();
    let texts = prop::collection::vec(
        prop::collection::vec(prop::sample::select(pieces), 0..9).prop_map(|tokens| tokens.concat()),
        PLACES.len(),
    );
    let config =
        ProptestConfig { cases: 300, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() };
    let mut rendered = 0;
    let refused = std::cell::Cell::new(0);
    let outcome = TestRunner::new(config).run(&texts, |texts| {
        let request = request_of(&texts);
        let accepted = match WORKSHOP.check(request.to_string().as_bytes(), Treatment::AsSent) {
            Ok(accepted) => accepted,
            Err(failure) => {
                // Some heaps of letters look like an old font's encoding.
                prop_assert_eq!(failure.code, FailureCode::InvalidDocument);
                prop_assert!(failure.findings.iter().all(|finding| finding.code != "missing-glyph"), "{:?}", failure);
                refused.set(refused.get() + 1);
                return Ok(());
            }
        };
        let pdf =
            WORKSHOP.render(&accepted.manuscript).map_err(|failure| TestCaseError::fail(format!("{failure:#?}")))?.pdf;
        let text = whole(&pages(&pdf));
        for (place, sent) in texts.iter().enumerate() {
            let expected = compact(&between_marks(place, sent));
            prop_assert!(text.contains(&expected), "{}: {sent:?} is not in {text}", PLACES[place]);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    rendered += 300 - refused.get();
    println!("{rendered} papers, {} refused", refused.get());
    assert!(rendered >= 250, "{rendered} papers");
}

/// Where the texts go: a paragraph, a list inside a paragraph, a table, the title, an addressee, the recipients.
const PLACES: [&str; 6] = [
    "/content/proposals/0",
    "/content/members/0/unit",
    "/content/targets/0/name",
    "/paper/subject",
    "/paper/addressees/0",
    "/paper/recipients/items/0",
];

fn request_of(texts: &[String]) -> Value {
    let mut request = sample_value("minimal");
    request["content"]["proposals"] = json!([""]);
    request["content"]["members"] = json!([{"unit": ""}, {"unit": "Sở Nội vụ"}]);
    request["content"]["targets"] = json!([{"name": "", "unit_of_measure": "%", "planned": 1, "achieved": 1}]);
    request["paper"]["addressees"] = json!([""]);
    request["paper"]["recipients"]["items"] = json!([""]);
    request["paper"]["subject"] = json!("");
    for (place, text) in texts.iter().enumerate() {
        *request.pointer_mut(PLACES[place]).expect("made above") = between_marks(place, text).into();
    }
    request
}

/// The marks keep first letter and end out of the reach of capitals and full stops, and tell one place from another.
fn between_marks(place: usize, text: &str) -> String {
    let mark = ["Một", "Hai", "Ba", "Bốn", "Năm", "Sáu"][place];
    format!("Q{mark}q {text} q{mark}Q")
}

/// A composer whose only body is [`BODY`].
fn composer() -> Composer {
    let mut files = TemplateFiles::embedded().into_memory();
    files.insert(BODY_PATH.into(), BODY.into());
    let catalog = Catalog::load(&TemplateFiles::from_memory(files)).unwrap_or_else(|error| panic!("{error}"));
    Composer::new(&catalog).unwrap_or_else(|error| panic!("{error}"))
}

const BODY_PATH: &str = "documents/six-month-review/body.typ.j2";

fn composed(composer: &Composer, text: &str) -> String {
    let fields = json!({"k": text, "type": text, "number": text, "issuer": text, "subject": text});
    let context = json!({
        "x": text,
        "xs": [text, text],
        "m": fields,
        "rows": [fields, fields],
        "maps": {"table": {"b": "c"}},
    });
    let context = Context::new(&context);
    composer.compose(BODY_PATH, &context).unwrap_or_else(|error| panic!("{error} for {text:?}"))
}

fn sound(root: &SyntaxNode) -> bool {
    root.errors_and_warnings().0.is_empty()
}

/// Every node's kind, and every leaf's text but a string's, in order.
fn shape(root: &SyntaxNode) -> Vec<(SyntaxKind, String)> {
    let mut found = Vec::new();
    visit(root, &mut |node| {
        let text = if node.kind() == SyntaxKind::Str { String::new() } else { node.leaf_text().to_string() };
        found.push((node.kind(), text));
    });
    found
}

fn strings(root: &SyntaxNode) -> Vec<String> {
    let mut found = Vec::new();
    visit(root, &mut |node| found.extend(node.cast::<ast::Str>().map(|literal| literal.get().to_string())));
    found
}

fn visit(node: &SyntaxNode, found: &mut impl FnMut(&SyntaxNode)) {
    found(node);
    node.children().for_each(|child| visit(child, found));
}
