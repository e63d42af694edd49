//! Results of a ballot.

use minijinja::{Error, Value};
use serde::de::DeserializeOwned;

use super::{is_absent, tables::fields_of, wrong};
use crate::{
    ballot::{self, ApprovalRatio, Outcome},
    facts::{Ballot, Limits},
};

/// `ballot | tally` or `ballot | tally(content.limits)`: the candidates, each with `percent` ("87,5%" or none), `reached`
/// (true, false or none) and `result` ("chosen", "not-chosen" or none).
pub(super) fn tally(ballot: &Value, limits: Option<&Value>) -> Result<Value, Error> {
    let limits: Option<Limits> = limits.filter(|limits| !is_absent(limits)).map(read).transpose()?;
    let rule = limits.and_then(|limits| limits.vote);
    let results = ballot::tally(&read::<Ballot>(ballot)?, rule.as_ref());
    let candidates = ballot.get_attr("candidates")?;
    let none = || Value::from(());
    let rows = candidates.try_iter()?.zip(results).map(|(candidate, result)| {
        let mut fields = fields_of(&candidate)?;
        let percent = result.ratio.map(ApprovalRatio::percent).map_or_else(none, Value::from);
        fields.insert("percent".into(), percent);
        fields.insert("reached".into(), result.reached.map_or_else(none, Value::from));
        let outcome = match result.outcome {
            Some(Outcome::Chosen) => Value::from("chosen"),
            Some(Outcome::NotChosen) => Value::from("not-chosen"),
            None => none(),
        };
        fields.insert("result".into(), outcome);
        Ok(Value::from(fields))
    });
    rows.collect::<Result<Vec<_>, Error>>().map(Value::from)
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Error> {
    let json = serde_json::to_value(value).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_value(json).map_err(|error| wrong(error.to_string()))
}
