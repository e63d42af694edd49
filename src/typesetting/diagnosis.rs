//! Typst's complaints as file, line and column.

use std::fmt;

use typst::{
    World, WorldExt,
    diag::{SourceDiagnostic, Tracepoint},
    syntax::DiagSpan,
};

/// One complaint of Typst. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Virtual path of the file, without leading slash; empty if Typst names none.
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// Byte offset in the file.
    pub offset: Option<usize>,
    pub message: String,
    pub hints: Vec<String>,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() {
            write!(f, "{}", self.message)
        } else {
            write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
        }
    }
}

pub(super) fn explain(world: &dyn World, errors: &[SourceDiagnostic]) -> Vec<Diagnosis> {
    errors.iter().map(|error| explain_one(world, error)).collect()
}

fn explain_one(world: &dyn World, error: &SourceDiagnostic) -> Diagnosis {
    let mut hints: Vec<String> = error.hints.iter().map(|hint| hint.v.to_string()).collect();
    let message = error.message.to_string();
    // An error inside the layout is the caller's when a call led to it from the paper's own source; that the paper
    // imports the layout makes it nobody's but the layout's.
    let calls = error.trace.iter().filter(|point| !matches!(point.v, Tracepoint::Import(_)));
    let caller = calls.map(|point| DiagSpan::from(point.span)).find(|span| span.id() == Some(world.main()));
    let caller = caller.filter(|_| error.span.id() != Some(world.main()));
    let deepest = place(world, error.span);
    if let (Some(_), Some((file, line, column, _))) = (caller, &deepest) {
        hints.push(format!("raised at {file}:{line}:{column}"));
    }
    match caller.and_then(|caller| place(world, caller)).or(deepest) {
        Some((file, line, column, offset)) => Diagnosis { file, line, column, offset: Some(offset), message, hints },
        None => Diagnosis { file: String::new(), line: 0, column: 0, offset: None, message, hints },
    }
}

fn place(world: &dyn World, span: DiagSpan) -> Option<(String, usize, usize, usize)> {
    let id = span.id()?;
    let range = world.range(span)?;
    let source = world.source(id).ok()?;
    let before = source.text().get(..range.start)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
    let path = id.vpath().get_without_slash().to_owned();
    Some((path, line, column, range.start))
}
