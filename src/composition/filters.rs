//! The computations that templates may use; each is a tested rule of a vocabulary room.

use std::str::FromStr;

use minijinja::{
    Environment, Error, ErrorKind, State, Value,
    value::{Kwargs, Rest, ValueKind},
};
use rust_decimal::Decimal;

use super::literal::typst_code;
use crate::{calendar, vietnamese};

pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("code", |value: &Value| typst_code(value).map(Value::from_safe_string));
    environment.add_filter("date", |text: &str| Ok::<_, Error>(calendar::short(day(text)?)));
    environment.add_filter("date_words", |text: &str| Ok::<_, Error>(calendar::long(day(text)?)));
    environment.add_filter("number", |value: &Value| Ok::<_, Error>(vietnamese::group(&decimal(value)?)));
    environment.add_filter("count", count);
    environment.add_filter("percent", percent);
    environment.add_filter("roman", |value: u32| vietnamese::roman(value));
    environment.add_filter("in_words", |value: u64| vietnamese::in_words(value));
    environment.add_filter("upper_vi", |text: &str| vietnamese::upper(text));
    environment.add_filter("upper_first", |text: &str| vietnamese::upper_first(text));
    environment.add_filter("lower_first", |text: &str| vietnamese::lower_first(text));
    environment.add_filter("sentence", |text: &str| vietnamese::sentence(text));
    environment
        .add_filter("clause_end", |text: &str, mark: &str| format!("{}{mark}", vietnamese::without_end_mark(text)));
    environment.add_filter("without_end", |text: &str| vietnamese::without_end_mark(text).to_owned());
    environment.add_filter("join_and", |items: &Value| texts(items).map(|items| vietnamese::join_and(&items)));
    environment.add_filter("semicolons", |items: &Value| texts(items).map(|items| vietnamese::semicolons(&items)));
    environment.add_filter("cite", |reference: &Value| cite(reference));
    environment.add_filter("cite_short", |reference: &Value| cite_short(reference));
    environment.add_filter("word", word);
    environment.add_filter("columns", columns);
    environment.add_filter("pivot", pivot);
    environment.add_filter("total", total);
    environment.add_filter("where", pick);
    environment.add_filter("pluck", |rows: &Value, field: &str| -> Result<Vec<Value>, Error> {
        rows.try_iter()?.map(|row| row.get_attr(field)).collect()
    });
    environment.add_filter("group_by", group_by);
    environment.add_function("missing", |text: &str| {
        Value::from_safe_string(format!("#missing({});", super::typst_string(text)))
    });
}

fn wrong(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail.into())
}

fn day(text: &str) -> Result<chrono::NaiveDate, Error> {
    calendar::parse_iso(text).map_err(|error| wrong(error.to_string()))
}

fn decimal(value: &Value) -> Result<Decimal, Error> {
    let text = value.to_string();
    Decimal::from_str(&text)
        .or_else(|_| Decimal::from_scientific(&text))
        .map_err(|_| wrong(format!("a {} is not a number", value.kind())))
}

fn whole(value: &Value) -> Result<u64, Error> {
    value
        .as_i64()
        .and_then(|number| u64::try_from(number).ok())
        .ok_or_else(|| wrong(format!("a {} is not a count", value.kind())))
}

/// A count in office custom: two digits below ten.
fn count(value: &Value) -> Result<String, Error> {
    whole(value).map(vietnamese::count)
}

/// `part | percent(of=whole)`: "87,5%", or none where a part is missing or the whole is nought.
fn percent(part: &Value, named: Kwargs) -> Result<Value, Error> {
    let of: Value = named.get("of")?;
    named.assert_all_used()?;
    percent_of(part, &of)
}

fn percent_of(part: &Value, of: &Value) -> Result<Value, Error> {
    if part.is_none() || of.is_none() {
        return Ok(Value::from(()));
    }
    Ok(vietnamese::percent(decimal(part)?, decimal(of)?).map_or(Value::from(()), Value::from))
}

fn texts(items: &Value) -> Result<Vec<String>, Error> {
    Ok(items.try_iter()?.map(|item| item.to_string()).collect())
}

/// A text field of an object, if it is there and not empty.
fn field(object: &Value, name: &str) -> Option<String> {
    object.get_attr(name).ok().filter(|value| !value.is_none() && !value.is_undefined()).map(|value| value.to_string())
}

/// First citation of a document (Decree 30/2020, Annex I, II.6.b): type, number, date, issuer, subject.
fn cite(reference: &Value) -> Result<String, Error> {
    let mut text = cite_short(reference)?;
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
    Ok(text)
}

/// Later citations: type and number.
fn cite_short(reference: &Value) -> Result<String, Error> {
    let sort = field(reference, "type").ok_or_else(|| wrong("a reference without type"))?;
    let number = field(reference, "number").ok_or_else(|| wrong("a reference without number"))?;
    Ok(format!("{sort} số {number}"))
}

/// `value | word("role")`: the word that the manifest's table `maps.role` gives for the value, else the value.
fn word(state: &State, value: &Value, table: &str) -> Result<String, Error> {
    let word = state
        .lookup("maps")
        .and_then(|maps| maps.get_attr(table).ok())
        .filter(|table| !table.is_undefined())
        .ok_or_else(|| wrong(format!("the manifest has no table maps.{table}")))?
        .get_item(value)
        .ok()
        .filter(|word| !word.is_undefined());
    Ok(word.unwrap_or_else(|| value.clone()).to_string())
}

/// `rows | columns("#", "unit", "role:word=role", "planned:number", "achieved:percent-of=planned")`: the cells of a table,
/// as lists of strings. A field that is absent gives an empty cell.
fn columns(state: &State, rows: &Value, specifications: Rest<String>) -> Result<Value, Error> {
    let mut table: Vec<Vec<String>> = Vec::new();
    for (index, row) in rows.try_iter()?.enumerate() {
        let cells = specifications.iter().map(|column| cell(state, index, &row, column));
        table.push(cells.collect::<Result<_, _>>()?);
    }
    Ok(Value::from(table))
}

fn cell(state: &State, index: usize, row: &Value, column: &str) -> Result<String, Error> {
    if column == "#" {
        return Ok((index + 1).to_string());
    }
    let (name, format) = column.split_once(':').unwrap_or((column, "text"));
    let value = row.get_attr(name)?;
    if value.is_none() || value.is_undefined() {
        return Ok(String::new());
    }
    match format.split_once('=').unwrap_or((format, "")) {
        ("text", _) => Ok(vietnamese::keep_together(&value.to_string())),
        ("number", _) => Ok(vietnamese::group(&decimal(&value)?)),
        ("count", _) => count(&value),
        ("date", _) => Ok(calendar::short(day(&value.to_string())?)),
        ("percent-of", other) => {
            let percent = percent_of(&value, &row.get_attr(other)?)?;
            Ok(if percent.is_none() { String::new() } else { percent.to_string() })
        }
        ("word" | "map", table) => word(state, &value, table),
        ("cite-short", _) => cite_table(&value),
        (unknown, _) => Err(wrong(format!("there is no column format {unknown:?}"))),
    }
}

/// A document in a table cell: number and date.
fn cite_table(reference: &Value) -> Result<String, Error> {
    let mut text = cite_short(reference)?;
    if let Some(date) = field(reference, "date") {
        text.push_str(&format!(" ngày {}", calendar::short(day(&date)?)));
    }
    Ok(vietnamese::keep_together(&text))
}

/// `rows | pivot(["form", "decision:cite-short"], "honoree", ["collective", "individual"], "count")`: a table with a number,
/// the cells of the first list, and for each value of the second field the sum of the counted field ("" where there is
/// none). Rows with equal cells become one, in the order of first appearance.
fn pivot(state: &State, rows: &Value, by: Vec<String>, across: &str, counted: Rest<Value>) -> Result<Value, Error> {
    let [values, summed] = counted.as_slice() else { return Err(wrong("pivot needs values and the counted field")) };
    let values: Vec<Value> = values.try_iter()?.collect();
    let summed = summed.as_str().ok_or_else(|| wrong("the counted field of pivot is a name"))?;
    let mut groups: Vec<(Vec<String>, Vec<Value>)> = Vec::new();
    for row in rows.try_iter()? {
        let cells = by.iter().map(|column| cell(state, 0, &row, column)).collect::<Result<Vec<_>, _>>()?;
        match groups.iter_mut().find(|(known, _)| *known == cells) {
            Some((_, members)) => members.push(row),
            None => groups.push((cells, vec![row])),
        }
    }
    let mut table: Vec<Vec<String>> = Vec::new();
    for (index, (cells, members)) in groups.into_iter().enumerate() {
        let members = Value::from(members);
        let mut line = vec![(index + 1).to_string()];
        line.extend(cells);
        for value in &values {
            let counted = pick(&members, across, value)?;
            let sum = total(&Value::from(counted.clone()), summed)?;
            line.push(if counted.is_empty() { String::new() } else { count(&sum)? });
        }
        table.push(line);
    }
    Ok(Value::from(table))
}

/// Sum of a field over rows; absent fields count nothing.
fn total(rows: &Value, name: &str) -> Result<Value, Error> {
    let mut sum = Decimal::ZERO;
    for row in rows.try_iter()? {
        let value = row.get_attr(name)?;
        if !value.is_none() && !value.is_undefined() {
            sum += decimal(&value)?;
        }
    }
    let sum = sum.normalize();
    Ok(match i64::try_from(sum) {
        Ok(whole) if sum.scale() == 0 => Value::from(whole),
        Ok(_) | Err(_) => Value::from(sum.to_string()),
    })
}

/// Rows whose field equals the value.
fn pick(rows: &Value, name: &str, wanted: &Value) -> Result<Vec<Value>, Error> {
    let mut picked = Vec::new();
    for row in rows.try_iter()? {
        if row.get_attr(name)? == *wanted {
            picked.push(row);
        }
    }
    Ok(picked)
}

/// Rows by the value of a field, in the order of first appearance: `[{key, items}]`.
fn group_by(rows: &Value, name: &str) -> Result<Value, Error> {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for row in rows.try_iter()? {
        let key = row.get_attr(name)?;
        let key = if key.kind() == ValueKind::Undefined { Value::from(()) } else { key };
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, items)) => items.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    let groups = groups.into_iter().map(|(key, items)| minijinja::context! { key, items });
    Ok(Value::from(groups.collect::<Vec<_>>()))
}
