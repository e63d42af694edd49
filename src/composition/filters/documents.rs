//! How other documents are cited.

use minijinja::{Error, Value};

use super::{super::literal::typst_string, day, field, wrong};
use crate::{calendar, vietnamese};

/// First citation of a document (Decree 30/2020, Annex I, II.6.b): type, number, date, issuer, subject.
/// The result is markup: the layout keeps the number whole.
pub(super) fn cite(reference: &Value) -> Result<Value, Error> {
    let sort = field(reference, "type").ok_or_else(|| wrong("a reference without type"))?;
    let number = field(reference, "number").ok_or_else(|| wrong("a reference without number"))?;
    let mut text = String::new();
    if let Some(date) = field(reference, "date") {
        text.push_str(&format!(" ngày {}", calendar::short(day(&date)?)));
    }
    if let Some(issuer) = field(reference, "issuer") {
        text.push_str(&format!(" của {issuer}"));
    }
    if let Some(subject) = field(reference, "subject") {
        let subject = vietnamese::without_end_mark(&subject).to_owned();
        let lower = subject.to_lowercase();
        let joined = ["về ", "ban hành ", "quy định ", "hướng dẫn "].iter().any(|start| lower.starts_with(start));
        text.push_str(if joined { " " } else { " về việc " });
        text.push_str(&if joined { vietnamese::lower_first(&subject) } else { subject });
    }
    let literal = |text: &str| format!("#{};", typst_string(&vietnamese::keep_together(text)));
    let whole = format!("#together({});", typst_string(&number));
    Ok(Value::from_safe_string(format!("{}{whole}{}", literal(&format!("{sort} số\u{a0}")), literal(&text))))
}

/// Later citations: type and number.
pub(super) fn cite_short(reference: &Value) -> Result<String, Error> {
    let sort = field(reference, "type").ok_or_else(|| wrong("a reference without type"))?;
    let number = field(reference, "number").ok_or_else(|| wrong("a reference without number"))?;
    Ok(format!("{sort} số {number}"))
}

/// A document in a table cell: number and date.
pub(super) fn cite_table(reference: &Value) -> Result<String, Error> {
    let mut text = cite_short(reference)?;
    if let Some(date) = field(reference, "date") {
        text.push_str(&format!(" ngày {}", calendar::short(day(&date)?)));
    }
    Ok(vietnamese::keep_together(&text))
}
