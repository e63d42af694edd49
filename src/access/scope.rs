//! What a key opens.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// One of the things that a key may open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Hand papers in, and withdraw them.
    Submit,
    /// Look at jobs, fetch papers.
    Read,
    /// What an operator decides: the dead letter, erasure, people's data, webhooks.
    Admin,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Submit, Self::Read, Self::Admin];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Submit => 1,
            Self::Read => 2,
            Self::Admin => 4,
        }
    }
}

/// Several of them, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

/// The text names no scopes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("scopes are one or more of submit, read and admin")]
pub struct MalformedScopes;

impl Scopes {
    /// Every one.
    pub fn all() -> Self {
        Self(Scope::ALL.iter().fold(0, |all, scope| all | scope.bit()))
    }

    /// Whether this one is among them. None implies another: a key that submits need not see what others submitted.
    pub fn hold(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }
}

impl FromStr for Scopes {
    type Err = MalformedScopes;

    /// Words between commas or spaces.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut scopes = 0;
        for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
            let scope = Scope::ALL.into_iter().find(|scope| scope.as_str() == word).ok_or(MalformedScopes)?;
            scopes |= scope.bit();
        }
        if scopes == 0 { Err(MalformedScopes) } else { Ok(Self(scopes)) }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = Scope::ALL.into_iter().filter(|scope| self.hold(*scope)).map(Scope::as_str);
        f.write_str(&held.collect::<Vec<_>>().join(","))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(Scope::ALL.into_iter().filter(|scope| self.hold(*scope)).map(Scope::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_and_hold_what_they_say() {
        for text in ["submit", "read", "submit,read", "submit,read,admin"] {
            let scopes: Scopes = text.parse().unwrap();
            assert_eq!(scopes.to_string(), text);
            for scope in Scope::ALL {
                assert_eq!(scopes.hold(scope), text.contains(scope.as_str()), "{text}");
            }
        }
        assert_eq!("read submit".parse::<Scopes>().unwrap().to_string(), "submit,read");
        for wrong in ["", ",", "write", "Read", "submit,,x"] {
            assert_eq!(wrong.parse::<Scopes>(), Err(MalformedScopes), "{wrong}");
        }
    }
}
