//! From a place in the composed source back to the line of the template that wrote it.
//!
//! For diagnosis only: the templates are composed a second time with a Typst comment `/*@path:line:indent@*/` before
//! every line, and the two sources are walked side by side.

use std::collections::BTreeMap;

/// A line of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Path in the template folder.
    pub template: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters; exact up to the line's first tag.
    pub column: usize,
}

const OPEN: &str = "/*@";
const CLOSE: &str = "@*/";

pub(super) fn mark_all(sources: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    sources.iter().map(|(path, text)| (path.clone(), mark(path, text))).collect()
}

fn mark(path: &str, text: &str) -> String {
    if !path.ends_with(".j2") {
        return text.to_owned();
    }
    let mut marked = String::with_capacity(text.len() * 2);
    let mut open_tag: Option<&str> = None;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if open_tag.is_none() && !line.trim().is_empty() {
            let indent = line.chars().take_while(|c| c.is_whitespace()).count();
            marked.push_str(&format!("{OPEN}{path}:{}:{indent}{CLOSE}", index + 1));
        }
        marked.push_str(line);
        open_tag = tag_left_open(line, open_tag);
    }
    marked
}

/// Whether a Jinja tag is open at the line's end, and with which mark it closes.
fn tag_left_open<'a>(line: &str, mut open: Option<&'a str>) -> Option<&'a str> {
    let mut rest = line;
    loop {
        match open {
            Some(close) => match rest.find(close) {
                Some(at) => {
                    rest = &rest[at + close.len()..];
                    open = None;
                }
                None => return open,
            },
            None => {
                let next = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")]
                    .into_iter()
                    .filter_map(|(start, close)| rest.find(start).map(|at| (at, close)))
                    .min();
                let (at, close) = next?;
                rest = &rest[at + 2..];
                open = Some(close);
            }
        }
    }
}

/// Walks the plain and the marked source side by side up to `offset` of the plain one. White space is passed over: a
/// mark before `{%-` keeps the blanks that the tag would have trimmed.
pub(super) fn place(plain: &str, offset: usize, marked: &str) -> Option<Place> {
    let mut rest = marked;
    let mut last = None;
    for (at, wanted) in plain.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        loop {
            rest = rest.trim_start();
            let Some(after) = rest.strip_prefix(OPEN) else { break };
            let (label, tail) = after.split_once(CLOSE)?;
            let (template_and_line, indent) = label.rsplit_once(':')?;
            let (template, line) = template_and_line.rsplit_once(':')?;
            // A mark at the very place belongs to the text after it.
            let before = indent.parse::<usize>().ok()? + plain.get(at..offset).map_or(0, |text| text.chars().count());
            last = Some(Place { template: template.to_owned(), line: line.parse().ok()?, column: before + 1 });
            rest = tail;
        }
        if at >= offset {
            return last;
        }
        rest = rest.strip_prefix(wanted)?;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_led_back_to_its_line() {
        let text = "một\n{% if x %}\nhai {{ a\n | b }} ba\n{% endif %}bốn\n";
        let marked = mark("d/body.typ.j2", text);
        assert_eq!(marked.matches(OPEN).count(), 4, "{marked}");
        // As if `x` held and the expression had written nothing.
        let plain = "một\n\nhai  ba\nbốn\n";
        let composed = marked.replace("{% if x %}", "").replace("{{ a\n | b }}", "").replace("{% endif %}", "");
        let place_of = |needle: &str| {
            let place = place(plain, plain.find(needle).unwrap(), &composed).unwrap();
            (place.line, place.column)
        };
        assert_eq!(place_of("một"), (1, 1));
        assert_eq!(place_of("t\n"), (1, 3));
        assert_eq!(place_of("hai"), (3, 1));
        assert_eq!(place_of("bốn"), (5, 1));
    }

    #[test]
    fn a_column_counts_from_the_template_s_line_and_its_indent() {
        let marked = mark("d/body.typ.j2", "một\n{#- x -#}\n  hai ba\n").replace("{#- x -#}", "");
        let place = place("mộthai ba\n", "mộthai ".len(), &marked).unwrap();
        assert_eq!((place.line, place.column), (3, 7));
    }

    #[test]
    fn sources_that_differ_give_no_place() {
        assert_eq!(place("abc", 2, "/*@t:1:0@*/axc"), None);
    }
}
