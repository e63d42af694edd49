use crate::{
    facts::{Facts, RuleContext},
    failure::Finding,
};

/// V01 to V04.
pub fn check(_facts: &Facts, _context: &RuleContext) -> Vec<Finding> {
    Vec::new()
}
