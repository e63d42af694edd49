//! What a province states about itself: `limits.toml`, `places.toml` and `drafts.toml`.

use chrono::NaiveDate;
use serde::Deserialize;

use super::TemplateFiles;
use crate::{
    facts::{Limits, PlaceName, PlaceSort},
    regulation::Confidence,
};

pub(super) fn limits(files: &TemplateFiles, faults: &mut Vec<String>) -> Limits {
    let Some(text) = files.text(LIMITS) else { return Limits::default() };
    toml::from_str(text).unwrap_or_else(|error| {
        faults.push(format!("{LIMITS}: {error}"));
        Limits::default()
    })
}

/// The file of a province's own rules.
pub const LIMITS: &str = "limits.toml";
const PLACES: &str = "places.toml";

const DRAFTS: &str = "drafts.toml";
const BLANK: &str = "……";

/// What stands around the content of a draft that the register makes.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DraftWords {
    /// Before the province's name.
    pub parent_body: String,
    /// Abbreviation of the paper's type, before the bloc's.
    pub report: String,
    pub addressees: Vec<String>,
    pub filing: String,
    pub bloc: DraftWordsOfForm,
    pub cluster: DraftWordsOfForm,
}

/// The part that goes by the bloc's form.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DraftWordsOfForm {
    pub head: String,
    pub symbol: String,
}

impl Default for DraftWords {
    fn default() -> Self {
        let form = DraftWordsOfForm::default;
        Self {
            parent_body: BLANK.into(),
            report: BLANK.into(),
            addressees: vec![BLANK.into()],
            filing: BLANK.into(),
            bloc: form(),
            cluster: form(),
        }
    }
}

impl Default for DraftWordsOfForm {
    fn default() -> Self {
        Self { head: BLANK.into(), symbol: BLANK.into() }
    }
}

pub(super) fn drafts(files: &TemplateFiles, faults: &mut Vec<String>) -> DraftWords {
    let Some(text) = files.text(DRAFTS) else { return DraftWords::default() };
    toml::from_str(text).unwrap_or_else(|error| {
        faults.push(format!("{DRAFTS}: {error}"));
        DraftWords::default()
    })
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Places {
    levels: Vec<Level>,
    provinces: Vec<Province>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Level {
    name: String,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
    law: String,
    confidence: Confidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Province {
    name: String,
    sort: Sort,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
    now: Option<String>,
    law: Option<String>,
    confidence: Confidence,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Sort {
    Province,
    City,
}

/// What is unsure is left out until an operator has confirmed it.
pub(super) fn places(files: &TemplateFiles, faults: &mut Vec<String>) -> Vec<PlaceName> {
    let Some(text) = files.text(PLACES) else { return Vec::new() };
    let Places { levels, provinces } = toml::from_str(text).unwrap_or_else(|error| {
        faults.push(format!("{PLACES}: {error}"));
        Places::default()
    });
    let levels = levels.into_iter().filter(|level| level.confidence.is_printable()).map(|level| {
        let mut place = PlaceName::new(level.name, PlaceSort::Level);
        (place.from, place.until, place.law) = (level.from, level.until, Some(level.law));
        place
    });
    let provinces = provinces.into_iter().filter(|it| it.confidence.is_printable()).map(|it| {
        let sort = match it.sort {
            Sort::Province => PlaceSort::Province,
            Sort::City => PlaceSort::City,
        };
        let mut place = PlaceName::new(it.name, sort);
        (place.from, place.until, place.now, place.law) = (it.from, it.until, it.now, it.law);
        place
    });
    levels.chain(provinces).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_around_a_draft_that_are_left_out_are_shown_as_blanks() {
        let mut faults = Vec::new();
        let shipped = drafts(&TemplateFiles::embedded(), &mut faults);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!((shipped.bloc.head.as_str(), shipped.cluster.symbol.as_str()), ("Trưởng khối", "CTĐ"));
        assert!(!format!("{shipped:?}").contains(BLANK), "{shipped:?}");
        let own: DraftWords = toml::from_str("filing = \"VT\"\n[bloc]\nhead = \"Khối trưởng\"").unwrap();
        let told = [own.filing, own.bloc.head, own.bloc.symbol, own.report];
        assert_eq!(told, ["VT", "Khối trưởng", BLANK, BLANK]);
    }

    #[test]
    fn the_shipped_places_are_34_provinces_and_what_they_were_before() {
        let mut faults = Vec::new();
        let places = places(&TemplateFiles::embedded(), &mut faults);
        assert_eq!(faults, Vec::<String>::new());
        let on = |date: &str| {
            let day: NaiveDate = date.parse().unwrap();
            places.iter().filter(|place| place.sort != PlaceSort::Level && place.is_on(day)).count()
        };
        assert_eq!(on("2025-07-01"), 34);
        // 63 provinces, and Huế twice: its name was that of a city before it was that of the province.
        assert_eq!(on("2024-12-31"), 64);
        let names: std::collections::BTreeSet<String> = places.iter().map(PlaceName::words).collect();
        assert_eq!(names.len(), places.len(), "a name stands twice");
        for ended in places.iter().filter_map(|place| place.now.as_ref()) {
            assert!(names.contains(ended), "{ended}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_files_is_said_with_their_names() {
        let files = [("limits.toml", "flaggs = 1"), ("places.toml", "[[provinces]]\nname = 1")];
        let files = files.map(|(path, text)| (path.to_string(), text.to_string()));
        let files = TemplateFiles::from_memory(files.into());
        let mut faults = Vec::new();
        limits(&files, &mut faults);
        places(&files, &mut faults);
        assert!(faults[0].starts_with("limits.toml: ") && faults[0].contains("flaggs"), "{faults:?}");
        assert!(faults[1].starts_with("places.toml: "), "{faults:?}");
    }
}
