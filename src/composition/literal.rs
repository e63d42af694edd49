//! Values as Typst literals.

use minijinja::{Error, ErrorKind, Value, value::ValueKind};

use crate::vietnamese;

/// Text as a Typst string literal, quotes included. The literal's value is the text, whatever it holds.
pub fn typst_string(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for character in text.chars() {
        match character {
            '\\' => literal.push_str("\\\\"),
            '"' => literal.push_str("\\\""),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            control if control.is_control() => literal.push_str(&format!("\\u{{{:x}}}", u32::from(control))),
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

/// Reads the rest of a string literal whose opening quote has been taken away.
pub(super) fn until_quote(rest: &str) -> Option<String> {
    let mut text = String::new();
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return Some(text),
            '\\' => match characters.next()? {
                'n' => text.push('\n'),
                'r' => text.push('\r'),
                't' => text.push('\t'),
                'u' => {
                    let code: String = characters.by_ref().skip(1).take_while(|c| *c != '}').collect();
                    text.push(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32)?);
                }
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
}

/// Any value as a Typst literal for use in code: string, number, `true`, `none`, array, dictionary. Markup that a
/// macro has made becomes a content block.
pub(super) fn typst_code(value: &Value) -> Result<String, Error> {
    let mut code = String::new();
    write_code(value, &mut code)?;
    Ok(code)
}

fn write_code(value: &Value, code: &mut String) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => code.push_str("none"),
        ValueKind::Bool => code.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => code.push_str(&value.to_string()),
        ValueKind::String if value.is_safe() => {
            code.push('[');
            code.push_str(value.as_str().unwrap_or_default());
            code.push(']');
        }
        ValueKind::String => {
            code.push_str(&typst_string(&vietnamese::keep_together(value.as_str().unwrap_or_default())));
        }
        ValueKind::Seq | ValueKind::Iterable => {
            code.push('(');
            for item in value.try_iter()? {
                write_code(&item, code)?;
                code.push(',');
            }
            code.push(')');
        }
        ValueKind::Map => write_dictionary(value, code)?,
        ValueKind::Undefined => {
            return Err(Error::new(ErrorKind::UndefinedError, "this value is not in the request"));
        }
        other => {
            return Err(Error::new(ErrorKind::InvalidOperation, format!("a {other} cannot be written as Typst code")));
        }
    }
    Ok(())
}

fn write_dictionary(value: &Value, code: &mut String) -> Result<(), Error> {
    let keys: Vec<Value> = value.try_iter()?.collect();
    if keys.is_empty() {
        code.push_str("(:)");
        return Ok(());
    }
    code.push('(');
    for key in keys {
        code.push_str(&typst_string(&key.to_string()));
        code.push_str(": ");
        write_code(&value.get_item(&key)?, code)?;
        code.push(',');
    }
    code.push(')');
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: serde_json::Value, expected: &str) {
        let value = Value::from(minijinja::value::Serde(&value));
        assert_eq!(typst_code(&value).unwrap(), expected);
    }

    #[test]
    fn every_shape_has_a_literal() {
        check(json!(null), "none");
        check(json!([]), "()");
        check(json!({}), "(:)");
        check(json!([1, "a\"b", true]), r#"(1,"a\"b",true,)"#);
        check(json!({"a-b": {"c": [null]}}), r#"("a-b": ("c": (none,),),)"#);
        check(json!(2.5), "2.5");
    }

    #[test]
    fn a_literal_is_read_back_as_it_was_written() {
        for text in ["", "a\"b\\", "\t\r\n", "\u{7}\u{85}x", "\\u{41}", "ngày\u{a0}6"] {
            let literal = typst_string(text);
            assert_eq!(until_quote(&literal[1..]).as_deref(), Some(text), "{literal}");
        }
        assert_eq!(until_quote("no end"), None);
    }

    #[test]
    fn markup_of_a_caller_stays_inside_the_quotes() {
        check(json!("#read(\"/etc/passwd\")\\"), r##""#read(\"/etc/passwd\")\\""##);
    }
}
