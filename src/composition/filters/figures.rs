//! Counts, shares, changes, money, times, and the room left for a figure that is filled in by hand.

use minijinja::{Error, State, Value, value::Kwargs};

use super::{decimal, is_absent, tables::formatted, whole, wrong};
use crate::{calendar, vietnamese};

/// What a form leaves for the pen.
pub(super) const BLANK: &str = "……";

/// A count in office custom: two digits below ten.
pub(super) fn count(value: &Value) -> Result<String, Error> {
    whole(value).map(vietnamese::count)
}

/// `part | percent(of=whole)`: "87,5%", or none where a part is missing or the whole is nought.
pub(super) fn percent(part: &Value, named: Kwargs) -> Result<Value, Error> {
    let of: Value = named.get("of")?;
    named.assert_all_used()?;
    percent_of(part, &of)
}

pub(super) fn percent_of(part: &Value, of: &Value) -> Result<Value, Error> {
    if part.is_none() || of.is_none() {
        return Ok(Value::from(()));
    }
    Ok(vietnamese::percent(decimal(part)?, decimal(of)?).map_or(Value::from(()), Value::from))
}

/// `now | change(before)`: "tăng 12 (8,5%)", or none where one of the two is missing; of what is counted in a `unit`: "tăng 05 lượt (8,5%)".
pub(super) fn change(now: &Value, before: &Value, unit: Option<&str>) -> Result<Value, Error> {
    if is_absent(now) || is_absent(before) {
        return Ok(Value::from(()));
    }
    Ok(vietnamese::change(decimal(now)?, decimal(before)?, unit).map_or(Value::from(()), Value::from))
}

/// `1490000 | money`: "1.490.000 đồng", or none where there is no amount.
pub(super) fn money(amount: &Value) -> Result<Value, Error> {
    if is_absent(amount) {
        return Ok(Value::from(()));
    }
    Ok(Value::from(vietnamese::money(&decimal(amount)?)))
}

/// `"14:05" | time_words`: "14 giờ 05 phút".
pub(super) fn time_words(text: &str) -> Result<String, Error> {
    calendar::time_words(text).ok_or_else(|| wrong("not a time of the form HH:MM"))
}

/// `value | or_blank` or `value | or_blank("count")`: the value, in a format of `columns`, or room to write it by hand.
pub(super) fn or_blank(state: &State, value: &Value, format: Option<&str>) -> Result<Value, Error> {
    if is_absent(value) || value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Ok(Value::from(BLANK));
    }
    match format {
        Some(format) => formatted(state, value, format).map(Value::from),
        None => Ok(value.clone()),
    }
}
