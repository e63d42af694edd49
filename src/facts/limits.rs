//! The province's own rules (*quy định của địa phương*): stated with the request, else in the operator's data.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Facts, RuleContext, Threshold, reading::decimal};

/// Figures that no law sets. What is absent is not judged.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The most emulation flags that the bloc may propose in a year.
    pub flags: Option<u64>,
    /// The most certificates of merit.
    pub certificates: Option<u64>,
    /// The least share of the scale of points for whoever is proposed, 0 to 1.
    #[serde(deserialize_with = "decimal")]
    pub least_score_share: Option<Decimal>,
    /// The least share of the votes.
    pub vote: Option<Threshold>,
    /// Votes of each unit, where the ballot does not say it.
    pub votes_per_unit: Option<u64>,
    /// The most deputy head units.
    pub deputies: Option<u64>,
    /// The most days between a conference and the end of its period, if it is held before.
    pub conference_days_before: Option<u64>,
    /// The most days after the end of the first half of a year.
    pub conference_days_after_half_year: Option<u64>,
    /// The most days after the end of a year.
    pub conference_days_after_year: Option<u64>,
    /// The most days between the end of a period and a paper on it.
    pub issue_days_after: Option<u64>,
}

/// A local rule and who states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit<T> {
    pub value: T,
    /// Its place in the request; `None` if the operator's data state it.
    pub place: Option<String>,
}

impl Facts {
    /// A local rule: the request's own goes before the operator's.
    pub fn limit<T>(&self, context: &RuleContext, field: &str, of: impl Fn(&Limits) -> Option<T>) -> Option<Limit<T>> {
        let own = self.limits.as_ref().and_then(&of);
        let own = own.map(|value| Limit { value, place: Some(format!("/content/limits/{field}")) });
        own.or_else(|| Some(Limit { value: of(context.limits?)?, place: None }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_requests_own_limit_goes_before_the_operators_and_no_limit_is_assumed() {
        let facts = |limits| Facts::read(&json!({"content": {"limits": limits}})).unwrap();
        let operators = Limits { flags: Some(2), ..Limits::default() };
        let context = RuleContext { limits: Some(&operators), ..RuleContext::default() };
        let flags = |facts: &Facts, context| facts.limit(context, "flags", |limits| limits.flags);
        let own = Limit { value: 1, place: Some("/content/limits/flags".into()) };
        assert_eq!(flags(&facts(json!({"flags": 1})), &context), Some(own));
        assert_eq!(flags(&facts(json!({"certificates": 1})), &context), Some(Limit { value: 2, place: None }));
        assert_eq!(flags(&facts(json!({})), &RuleContext::default()), None);
    }

    #[test]
    fn a_share_is_read_exactly_from_data_of_either_form() {
        let share = |limits: Limits| limits.least_score_share.unwrap().to_string();
        assert_eq!(share(serde_json::from_str("{\"least_score_share\": 0.9}").unwrap()), "0.9");
        assert_eq!(share(toml::from_str("least_score_share = 0.9").unwrap()), "0.9");
    }
}
