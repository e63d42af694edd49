//! Rows: chosen, grouped, added up, ordered, and cut into the cells of a table.

use std::collections::BTreeMap;

use minijinja::{
    Error, State, Value,
    value::{Rest, ValueKind},
};
use rust_decimal::Decimal;

use super::{day, decimal, documents::cite_table, field, figures, is_absent, wrong};
use crate::{
    calendar, emulation,
    vietnamese::{self, NameCustoms},
};

/// `value | word("role")`: the word that the manifest's table `maps.role` gives for the value, else the value.
pub(super) fn word(state: &State, value: &Value, table: &str) -> Result<String, Error> {
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
/// as lists of strings. A field that is absent gives an empty cell, or room for the pen where the column ends in `?`
/// (`"agree:count?"`).
pub(super) fn columns(state: &State, rows: &Value, specifications: Rest<String>) -> Result<Value, Error> {
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
    let (column, absent) = match column.strip_suffix('?') {
        Some(column) => (column, figures::BLANK),
        None => (column, ""),
    };
    let (name, format) = column.split_once(':').unwrap_or((column, "text"));
    let value = row.get_attr(name)?;
    if is_absent(&value) {
        return Ok(absent.to_owned());
    }
    let computed = match format.split_once('=').unwrap_or((format, "")) {
        ("percent-of", other) => figures::percent_of(&value, &row.get_attr(other)?)?,
        ("change-from", other) => figures::change(&value, &row.get_attr(other)?, None)?,
        (_, _) => return formatted(state, &value, format),
    };
    Ok(if computed.is_none() { absent.to_owned() } else { computed.to_string() })
}

/// A value in a format that needs nothing of its row.
pub(super) fn formatted(state: &State, value: &Value, format: &str) -> Result<String, Error> {
    match format.split_once('=').unwrap_or((format, "")) {
        ("text", _) => Ok(vietnamese::keep_together(&value.to_string())),
        ("number", _) => Ok(vietnamese::group(&decimal(value)?)),
        ("count", _) => figures::count(value),
        ("money", _) => Ok(vietnamese::money(&decimal(value)?)),
        ("date", _) => Ok(calendar::short(day(&value.to_string())?)),
        ("time", _) => figures::time_words(&value.to_string()),
        ("word" | "map", table) => word(state, value, table),
        ("cite-short", _) => cite_table(value),
        (unknown, _) => Err(wrong(format!("there is no column format {unknown:?}"))),
    }
}

/// `rows | pivot(["form", "decision:cite-short"], "honoree", ["collective", "individual"], "count")`: a table with a number,
/// the cells of the first list, and for each value of the second field the sum of the counted field ("" where there is
/// none). Rows with equal cells become one, in the order of first appearance.
pub(super) fn pivot(
    state: &State,
    rows: &Value,
    by: Vec<String>,
    across: &str,
    counted: Rest<Value>,
) -> Result<Value, Error> {
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
            line.push(if counted.is_empty() { String::new() } else { figures::count(&sum)? });
        }
        table.push(line);
    }
    Ok(Value::from(table))
}

/// Sum of a field over rows; absent fields count nothing.
pub(super) fn total(rows: &Value, name: &str) -> Result<Value, Error> {
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
pub(super) fn pick(rows: &Value, name: &str, wanted: &Value) -> Result<Vec<Value>, Error> {
    let mut picked = Vec::new();
    for row in rows.try_iter()? {
        if row.get_attr(name)? == *wanted {
            picked.push(row);
        }
    }
    Ok(picked)
}

/// Rows by the value of a field, in the order of first appearance: `[{key, items}]`.
pub(super) fn group_by(rows: &Value, name: &str) -> Result<Value, Error> {
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

/// `rows | rank("total")`: the rows by the field, the highest first, each with its place `rank` and `tied`; equal values
/// share a place (1, 2, 2, 4). Rows without the field come last and have no place.
pub(super) fn rank(rows: &Value, name: &str) -> Result<Value, Error> {
    let mut ranked = Vec::new();
    for row in rows.try_iter()? {
        let value = row.get_attr(name)?;
        ranked.push((if is_absent(&value) { None } else { Some(decimal(&value)?) }, row));
    }
    ranked.sort_by(|(one, _), (other, _)| other.cmp(one));
    let places = emulation::rank(&ranked.iter().map(|(points, _)| *points).collect::<Vec<_>>());
    let rows = ranked.into_iter().zip(places).map(|((_, row), place)| {
        let mut fields = fields_of(&row)?;
        fields.insert("rank".into(), place.map_or(Value::from(()), |rank| Value::from(rank.place)));
        fields.insert("tied".into(), Value::from(place.is_some_and(|rank| rank.tied)));
        Ok(Value::from(fields))
    });
    rows.collect::<Result<Vec<_>, Error>>().map(Value::from)
}

/// The fields of a row, to add others to.
pub(super) fn fields_of(row: &Value) -> Result<BTreeMap<String, Value>, Error> {
    row.try_iter()?.map(|name| Ok((name.to_string(), row.get_item(&name)?))).collect()
}

/// `people | sort_people("name")`: by given name, family or clan, middle names, each as a Vietnamese dictionary sorts. A
/// field `given_name` of the row wins over what the customs find.
pub(super) fn sort_people(customs: &NameCustoms, people: &Value, name: &str) -> Result<Value, Error> {
    let mut keyed = Vec::new();
    for person in people.try_iter()? {
        let name = field(&person, name);
        let given = field(&person, "given_name");
        let key = name.map(|name| customs.key(&name, given.as_deref()));
        keyed.push(((key.is_none(), key), person));
    }
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(keyed.into_iter().map(|(_, person)| person).collect())
}
