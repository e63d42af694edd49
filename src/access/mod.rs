//! Who may: organisations, their keys, what a key opens and from where.
//!
//! The rule: whatever belongs to an organisation is reached through a [`Caller`], and only a checked key or a first look
//! on loopback makes one.

mod key;
mod networks;
mod scope;

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use crate::vietnamese;
pub use key::{KeyId, KeyText, MalformedKey};
pub use networks::{MalformedNetworks, Networks};
pub use scope::{MalformedScopes, Scope, Scopes};

/// The organisation where none are told apart.
const LOCAL: &str = "local";
/// Characters of an organisation's name in addresses and tables.
const LONGEST_ID: usize = 40;

/// An organisation's short name: lower-case letters, digits and hyphens, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganisationId(String);

/// The text is no short name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an organisation's id has 1 to 40 of a-z, 0-9 and -, and begins with a letter")]
pub struct MalformedOrganisation;

impl OrganisationId {
    /// The organisation where none are told apart.
    pub fn local() -> Self {
        Self(LOCAL.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrganisationId {
    type Err = MalformedOrganisation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lawful = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let begins = text.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
        if !begins || text.len() > LONGEST_ID || !text.bytes().all(lawful) {
            return Err(MalformedOrganisation);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for OrganisationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for OrganisationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Characters of a name in lists.
const LONGEST_NAME: usize = 100;

/// A name as lists show it: on one line, nothing in it that is not seen or that a terminal would obey.
pub fn shown_name(text: &str) -> Option<&str> {
    let text = text.trim();
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let is_plain = (1..=LONGEST_NAME).contains(&text.chars().count())
        && !text.chars().any(breaks)
        && vietnamese::forbidden_character(text).is_none();
    is_plain.then_some(text)
}

/// Somebody who was let in: for whom they act, and what they may. Only `gate` makes one for a stranger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    organisation: OrganisationId,
    scopes: Scopes,
    key: Option<KeyId>,
}

impl Caller {
    /// Whoever holds this key.
    pub fn with_key(organisation: OrganisationId, scopes: Scopes, key: KeyId) -> Self {
        Self { organisation, scopes, key: Some(key) }
    }

    /// Whoever sits at this machine, where there are no keys yet.
    pub fn at_this_machine() -> Self {
        Self { organisation: OrganisationId::local(), scopes: Scopes::all(), key: None }
    }

    /// For whom they act.
    pub fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    /// Whether they may do what needs this.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.hold(scope)
    }

    /// Whether they showed a key.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// The key they showed.
    pub fn key(&self) -> Option<&KeyId> {
        self.key.as_ref()
    }

    /// What the audit says of their decisions.
    pub fn mark(&self) -> String {
        self.key.as_ref().map_or_else(|| "http".to_owned(), |key| format!("http key {key}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_lists_is_one_line_that_is_seen() {
        for right in ["Sở Nội vụ", "=1+1", "<b>'; --", "../x", "Hệ thống “A” #1"] {
            assert_eq!(shown_name(right), Some(right));
        }
        let long = "x".repeat(101);
        for wrong in
            ["", "  ", "a\nb", "a\tb", "a\u{0}b", "\u{1b}[31mx", "a\u{202e}b", "a\u{200b}b", "a\u{2028}b", &long]
        {
            assert_eq!(shown_name(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_short_name_is_plain() {
        for right in ["local", "so-noi-vu-tinh-a", "k6", "a"] {
            assert_eq!(right.parse::<OrganisationId>().unwrap().as_str(), right);
        }
        for wrong in ["", "6k", "-a", "Khối", "A", "a b", "a/b", "a_b", &"a".repeat(41)] {
            assert_eq!(wrong.parse::<OrganisationId>(), Err(MalformedOrganisation), "{wrong}");
        }
    }
}
