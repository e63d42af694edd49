//! The computations that templates may use; each is a tested rule of a vocabulary room.

mod documents;
mod figures;
mod tables;
mod votes;

use std::str::FromStr;

use minijinja::{Environment, Error, ErrorKind, Value};
use rust_decimal::Decimal;

use super::literal::typst_code;
use crate::{
    calendar,
    vietnamese::{self, NameCustoms},
};

pub(super) fn register(environment: &mut Environment<'static>, customs: NameCustoms) {
    environment.add_filter("code", |value: &Value| typst_code(value).map(Value::from_safe_string));
    environment.add_filter("date", |text: &str| Ok::<_, Error>(calendar::short(day(text)?)));
    environment.add_filter("date_words", |text: &str| Ok::<_, Error>(calendar::long(day(text)?)));
    environment.add_filter("number", |value: &Value| Ok::<_, Error>(vietnamese::group(&decimal(value)?)));
    environment.add_filter("count", figures::count);
    environment.add_filter("percent", figures::percent);
    environment.add_filter("change", figures::change);
    environment.add_filter("money", figures::money);
    environment.add_filter("time_words", figures::time_words);
    environment.add_filter("or_blank", figures::or_blank);
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
    environment.add_filter("unit_key", |text: &str| vietnamese::fold_unit(text));
    environment.add_filter("cite", documents::cite);
    environment.add_filter("cite_short", documents::cite_short);
    environment.add_filter("word", tables::word);
    environment.add_filter("columns", tables::columns);
    environment.add_filter("pivot", tables::pivot);
    environment.add_filter("total", tables::total);
    environment.add_filter("where", tables::pick);
    environment.add_filter("pluck", |rows: &Value, field: &str| -> Result<Vec<Value>, Error> {
        rows.try_iter()?.map(|row| row.get_attr(field)).collect()
    });
    environment.add_filter("group_by", tables::group_by);
    environment.add_filter("rank", tables::rank);
    environment
        .add_filter("sort_people", move |people: &Value, name: &str| tables::sort_people(&customs, people, name));
    environment.add_filter("tally", votes::tally);
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

fn texts(items: &Value) -> Result<Vec<String>, Error> {
    Ok(items.try_iter()?.map(|item| item.to_string()).collect())
}

fn is_absent(value: &Value) -> bool {
    value.is_none() || value.is_undefined()
}

/// A text field of an object, if it is there and not empty.
fn field(object: &Value, name: &str) -> Option<String> {
    object.get_attr(name).ok().filter(|value| !value.is_none() && !value.is_undefined()).map(|value| value.to_string())
}

#[cfg(test)]
mod tests;
