//! Turns a checked request into Typst source: minijinja chooses words, values are written as string literals.
//!
//! The rule: a caller's value is never Typst and never Jinja. In a body template every `{{ value }}` becomes the
//! expression `#"…";`, in Typst code every value goes through the filter `code`; there is no way round.

mod filters;
mod lines;
mod literal;

use std::{collections::BTreeMap, sync::OnceLock};

use minijinja::{
    AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value,
    value::{Serde, ValueKind},
};

use crate::{
    catalog::Catalog,
    vietnamese::{self, NameCustoms},
};
pub use lines::Place;
pub use literal::typst_string;

/// Steps a template may take; a body for ten thousand rows takes about a tenth of it.
const FUEL: u64 = 5_000_000;
/// How deep templates may call each other.
const DEEPEST_CALL: usize = 50;
/// Between a manifest's path and the entry that is a template of plain text.
const MANIFEST_ENTRY: &str = "/manifest.toml: ";
/// How files end that are templates of plain text; every other template writes Typst.
const PLAIN_TEXT: &str = ".txt.j2";

/// Why a template gave no source.
#[derive(Debug, thiserror::Error)]
#[error("{template}:{line}:{column}: {message}")]
pub struct CompositionError {
    /// Path in the template folder.
    pub template: String,
    /// From 1; 0 where minijinja names none.
    pub line: usize,
    /// From 1, in characters; 0 where minijinja names none.
    pub column: usize,
    /// English, from minijinja.
    pub message: String,
}

impl From<Error> for CompositionError {
    fn from(error: Error) -> Self {
        // The innermost error names the place that the author has to change.
        let mut cause = &error;
        while let Some(inner) = std::error::Error::source(cause).and_then(|source| source.downcast_ref::<Error>()) {
            cause = inner;
        }
        let start = cause.range().map(|range| range.start);
        let before = cause.template_source().zip(start).and_then(|(source, start)| source.get(..start));
        Self {
            template: cause.name().unwrap_or_default().to_owned(),
            line: cause.line().unwrap_or_default(),
            column: before.map_or(0, |text| text.rsplit('\n').next().unwrap_or_default().chars().count() + 1),
            message: match cause.detail() {
                Some(detail) => format!("{}: {detail}", cause.kind()),
                None => cause.kind().to_string(),
            },
        }
    }
}

/// What templates see: names and their values, never source.
#[derive(Debug, Clone)]
pub struct Context(Value);

impl Context {
    /// A context from JSON; its top-level names are the templates' variables.
    pub fn new(values: &serde_json::Value) -> Self {
        Self(Value::from(Serde(values)))
    }
}

/// All body templates and phrases, compiled once.
pub struct Composer {
    bodies: Environment<'static>,
    sources: BTreeMap<String, String>,
    customs: NameCustoms,
    marked: OnceLock<Option<Environment<'static>>>,
}

impl Composer {
    /// Compiles every template of the folder, and the text templates of every manifest.
    pub fn new(catalog: &Catalog) -> Result<Self, CompositionError> {
        let mut sources = catalog.templates().clone();
        for kind in catalog.kinds() {
            sources.insert(subject_template(&kind.manifest.kind), kind.manifest.subject.clone());
            sources.insert(file_name_template(&kind.manifest.kind), kind.manifest.file_name.clone());
        }
        let customs = catalog.customs().clone();
        Ok(Self { bodies: environment(sources.clone(), &customs)?, sources, customs, marked: OnceLock::new() })
    }

    /// The subject (*trích yếu*) of a paper, as plain text.
    pub fn subject(&self, kind: &str, context: &Context) -> Result<String, CompositionError> {
        self.text(&subject_template(kind), context)
    }

    /// The name under which a paper is downloaded, without extension; only characters that file systems take.
    pub fn file_name(&self, kind: &str, context: &Context) -> Result<String, CompositionError> {
        let name = self.text(&file_name_template(kind), context)?;
        Ok(savable(&name))
    }

    /// A phrase of plain text, by its path in the template folder; empty where it has nothing to say.
    pub fn phrase(&self, path: &str, context: &Context) -> Result<String, CompositionError> {
        self.text(path, context)
    }

    fn text(&self, template: &str, context: &Context) -> Result<String, CompositionError> {
        let text = self.bodies.get_template(template)?.render(context.0.clone())?;
        Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The Typst source of a paper from the body template at `body` (path in the template folder).
    pub fn compose(&self, body: &str, context: &Context) -> Result<String, CompositionError> {
        Ok(self.bodies.get_template(body)?.render(context.0.clone())?)
    }

    /// The gaps that a composed source shows, in the order of the pages: what `missing(…)` was called with.
    pub fn gaps(source: &str) -> Vec<String> {
        // A caller's text cannot hold this opening: inside a literal its quote is escaped.
        source.split("#missing(\"").skip(1).filter_map(literal::until_quote).collect()
    }

    /// The template line that wrote the byte at `offset` of what [`Composer::compose`] returned, as far as it can be
    /// told; for the messages that template authors see.
    pub fn place(&self, body: &str, context: &Context, source: &str, offset: usize) -> Option<Place> {
        let marked =
            self.marked.get_or_init(|| environment(lines::mark_all(&self.sources), &self.customs).ok()).as_ref()?;
        let marked_source = marked.get_template(body).ok()?.render(context.0.clone()).ok()?;
        lines::place(source, offset, &marked_source)
    }
}

/// The longest name of a download in bytes; file systems take 255, an ending and a number may follow.
const LONGEST_FILE_NAME: usize = 200;

/// A name that every file system takes: letters, digits, spaces and a few marks, cut at a word's end.
fn savable(name: &str) -> String {
    let kept = name.chars().map(|c| if c.is_alphanumeric() || "-_.,()".contains(c) { c } else { ' ' });
    let mut short = String::new();
    for word in kept.collect::<String>().split_whitespace() {
        if short.len() + word.len() >= LONGEST_FILE_NAME {
            break;
        }
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
    }
    let short = short.trim_matches([' ', '.', ',', '-']);
    if short.is_empty() { "van-ban".to_owned() } else { short.to_owned() }
}

fn subject_template(kind: &str) -> String {
    format!("documents/{kind}{MANIFEST_ENTRY}subject")
}

fn file_name_template(kind: &str) -> String {
    format!("documents/{kind}{MANIFEST_ENTRY}file_name")
}

fn is_plain_text(template: &str) -> bool {
    template.contains(MANIFEST_ENTRY) || template.ends_with(PLAIN_TEXT)
}

fn environment(
    sources: BTreeMap<String, String>,
    customs: &NameCustoms,
) -> Result<Environment<'static>, CompositionError> {
    let mut environment = Environment::new();
    environment.set_debug(true);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEEPEST_CALL);
    environment.set_auto_escape_callback(|name| match is_plain_text(name) {
        true => AutoEscape::None,
        false => AutoEscape::Custom("typst".into()),
    });
    environment.set_formatter(write_value);
    // These would turn a caller's value into source.
    for filter in ["safe", "escape", "e"] {
        environment.remove_filter(filter);
    }
    filters::register(&mut environment, customs.clone());
    for (name, source) in sources {
        environment.add_template_owned(name, source)?;
    }
    Ok(environment)
}

/// What `{{ value }}` writes.
fn write_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let broken = |_| Error::from(minijinja::ErrorKind::WriteFailure);
    // Which template speaks decides, not the escaping of the moment: `{% autoescape false %}` opens no door.
    if is_plain_text(state.name()) {
        return minijinja::escape_formatter(out, state, value);
    }
    match value.kind() {
        ValueKind::String if value.is_safe() => out.write_str(value.as_str().unwrap_or_default()).map_err(broken),
        ValueKind::None => Ok(()),
        ValueKind::String => {
            let text = vietnamese::keep_together(value.as_str().unwrap_or_default());
            // The semicolon ends the expression, so that template text after it cannot become a call on it.
            write!(out, "#{};", typst_string(&text)).map_err(broken)
        }
        ValueKind::Number => write!(out, "#{};", typst_string(&value.to_string())).map_err(broken),
        ValueKind::Undefined => {
            Err(Error::new(minijinja::ErrorKind::UndefinedError, "this value is not in the request"))
        }
        ValueKind::Bool
        | ValueKind::Bytes
        | ValueKind::Seq
        | ValueKind::Map
        | ValueKind::Iterable
        | ValueKind::Plain
        | ValueKind::Invalid => Err(Error::new(
            minijinja::ErrorKind::InvalidOperation,
            format!("a {} cannot be printed; choose a filter for it", value.kind()),
        )),
        _ => Err(Error::new(minijinja::ErrorKind::InvalidOperation, "this value cannot be printed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_cut_at_a_words_end_and_holds_no_path() {
        assert_eq!(savable("Báo cáo ../../etc: \"x\"\n"), "Báo cáo .. .. etc x");
        let long = savable(&"thưởng ".repeat(100));
        assert!(long.len() <= LONGEST_FILE_NAME && long.ends_with("thưởng"), "{long}");
        assert_eq!(savable("///"), "van-ban");
    }

    fn composed(body: &str) -> Result<String, CompositionError> {
        let name = "documents/x/body.typ.j2";
        let environment = environment(BTreeMap::from([(name.to_owned(), body.to_owned())]), &NameCustoms::default())?;
        let context = Context::new(&serde_json::json!({"text": "#str(1+1)", "count": 2}));
        Ok(environment.get_template(name)?.render(context.0)?)
    }

    #[test]
    fn plain_text_stays_plain_and_opens_no_door_for_a_body() {
        let sources = [
            (
                "phrases/a.txt.j2",
                "{% macro told(x) %}{{ x }}{% endmacro %}{{ told(text) }}\n{% if not count %}x{% endif %}",
            ),
            ("documents/x/body.typ.j2", "{% import 'phrases/a.txt.j2' as a %}{{ a.told(text) }}"),
        ];
        let sources = sources.map(|(name, source)| (name.to_owned(), source.to_owned()));
        let environment = environment(sources.into(), &NameCustoms::default()).unwrap();
        let context = Context::new(&serde_json::json!({"text": "#str(1+1)", "count": 2}));
        let written = |name: &str| environment.get_template(name).unwrap().render(context.0.clone());
        assert_eq!(written("phrases/a.txt.j2").unwrap().trim(), "#str(1+1)");
        let body = written("documents/x/body.typ.j2");
        assert!(body.as_ref().map_or(true, |source| source == "#\"#str(1+1)\";"), "{body:?}");
    }

    #[test]
    fn no_template_can_turn_a_callers_value_into_source() {
        assert_eq!(composed("{{ text }}").unwrap(), "#\"#str(1+1)\";");
        assert_eq!(composed("{% autoescape false %}{{ text }}{% endautoescape %}").unwrap(), "#\"#str(1+1)\";");
        for way in ["{{ text |  safe }}", "{{ text|safe }}", "{{ text | escape }}", "{{ text|e }}"] {
            assert!(composed(way).is_err(), "{way}");
        }
        let macro_with_open_door =
            "{% macro m(t) %}{% autoescape false %}{{ t }}{% endautoescape %}{% endmacro %}{{ m(text) }}";
        assert_eq!(composed(macro_with_open_door).unwrap(), "#\"#str(1+1)\";");
    }

    #[test]
    fn gaps_are_read_from_the_source_and_not_from_a_callers_text() {
        let source = "#paragraph[#\"#missing(\\\"giả\\\")\";] #missing(\"thiếu \\\"x\\\"\");";
        assert_eq!(Composer::gaps(source), ["thiếu \"x\""]);
    }
}
