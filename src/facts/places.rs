//! Names of provinces and administrative levels, and the days on which they are names.

use chrono::NaiveDate;

use crate::vietnamese::fold_name;

/// A level (`huyện`) or a province, in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceName {
    /// Without its sort: `Kon Tum`, `huyện`.
    pub name: String,
    pub sort: PlaceSort,
    pub from: Option<NaiveDate>,
    /// Last day; `None` while it is one.
    pub until: Option<NaiveDate>,
    /// What it became a part of, as printed: `tỉnh Quảng Ngãi`.
    pub now: Option<String>,
    pub law: Option<String>,
    /// The name and its words, folded once for many look-ups.
    alone: Spelled,
    within: Spelled,
}

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceSort {
    Level,
    Province,
    /// A city of the rank of a province.
    City,
}

impl PlaceName {
    /// A name of all times.
    pub fn new(name: impl Into<String>, sort: PlaceSort) -> Self {
        let name = name.into();
        let within = Spelled::of(&words(&name, sort));
        Self { alone: Spelled::of(&name), within, name, sort, from: None, until: None, now: None, law: None }
    }

    /// As printed within a name: `huyện`, `tỉnh Kon Tum`, `thành phố Huế`.
    pub fn words(&self) -> String {
        words(&self.name, self.sort)
    }

    /// True if it is a name on that day.
    pub fn is_on(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// True if the name of a body or unit holds it.
    pub fn stands_in(&self, name: &Spelled) -> bool {
        name.0.contains(&self.within.0)
    }

    /// True if the name is this one alone, as a place of issue is written.
    pub fn is_alone(&self, name: &Spelled) -> bool {
        self.sort != PlaceSort::Level && *name == self.alone
    }
}

fn words(name: &str, sort: PlaceSort) -> String {
    match sort {
        PlaceSort::Level => name.to_owned(),
        PlaceSort::Province => format!("tỉnh {name}"),
        PlaceSort::City => format!("thành phố {name}"),
    }
}

/// A name to look places up in: folded, without marks, a blank at both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelled(String);

impl Spelled {
    /// Folds a name.
    pub fn of(name: &str) -> Self {
        let plain: String =
            name.chars().map(|c| if matches!(c, ',' | ';' | '.' | '(' | ')') { ' ' } else { c }).collect();
        Self(format!(" {} ", fold_name(&plain)))
    }
}
