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
    /// As printed within a name: `huyện`, `tỉnh Kon Tum`, `thành phố Huế`.
    pub fn words(&self) -> String {
        match self.sort {
            PlaceSort::Level => self.name.clone(),
            PlaceSort::Province => format!("tỉnh {}", self.name),
            PlaceSort::City => format!("thành phố {}", self.name),
        }
    }

    /// True if it is a name on that day.
    pub fn is_on(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// True if the name of a body or unit holds it.
    pub fn stands_in(&self, name: &str) -> bool {
        format!(" {} ", spaced(name)).contains(&format!(" {} ", spaced(&self.words())))
    }

    /// True if the name is this one alone, as a place of issue is written.
    pub fn is_alone(&self, name: &str) -> bool {
        self.sort != PlaceSort::Level && spaced(name) == spaced(&self.name)
    }
}

fn spaced(name: &str) -> String {
    let plain: String = name.chars().map(|c| if matches!(c, ',' | ';' | '.' | '(' | ')') { ' ' } else { c }).collect();
    fold_name(&plain)
}
