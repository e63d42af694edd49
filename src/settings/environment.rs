//! Variables of the environment that look like settings and are none.

use super::Settings;

/// What every setting's variable begins with.
const OURS: &str = "TDKT_";
/// What commands read besides settings: the key with which they call a service, which no file of settings holds.
const READ: [&str; 1] = ["TDKT_KEY"];
/// A name this many letters away from a setting's is taken for its misspelling.
const NEAR: usize = 2;

/// A variable that nothing reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    pub name: String,
    /// The setting that was probably meant.
    pub meant: Option<&'static str>,
}

/// The strays among the names of an environment, in order.
pub fn strays(names: impl Iterator<Item = String>) -> Vec<Stray> {
    let is_read = |name: &str| Settings::ENVIRONMENT.contains(&name) || READ.contains(&name);
    let ours = names.filter(|name| name.starts_with(OURS) && !is_read(name));
    let mut found: Vec<Stray> = ours.map(|name| Stray { meant: nearest(&name), name }).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn nearest(name: &str) -> Option<&'static str> {
    nearest_of(name, Settings::ENVIRONMENT.iter().copied())
}

/// The known name that a misspelled one probably means.
pub fn nearest_of(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let distances = known.map(|known| (distance(name, known), known));
    distances.filter(|(distance, _)| *distance <= NEAR).min().map(|(_, known)| known)
}

/// Letters to put in, take out or change to get from one to the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut corner = row[0];
        row[0] = index + 1;
        for (at, other) in to.iter().enumerate() {
            let changed = corner + usize::from(letter != *other);
            corner = row[at + 1];
            row[at + 1] = changed.min(corner + 1).min(row[at] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_setting_is_found_and_the_right_one_named() {
        let names = ["TDKT_LISTN", "TDKT_DATA", "PATH", "TDKT_MAX_WAITINGS", "TDKT_SOMETHING_ELSE", "TDKT_"];
        let found = strays(names.iter().map(|name| (*name).to_owned()));
        let found: Vec<_> = found.iter().map(|stray| (stray.name.as_str(), stray.meant)).collect();
        assert_eq!(
            found,
            [
                ("TDKT_", None),
                ("TDKT_LISTN", Some("TDKT_LISTEN")),
                ("TDKT_MAX_WAITINGS", Some("TDKT_MAX_WAITING")),
                ("TDKT_SOMETHING_ELSE", None)
            ]
        );
    }

    #[test]
    fn every_setting_has_its_variable() {
        assert!(Settings::ENVIRONMENT.contains(&"TDKT_REDIS_URL") && Settings::ENVIRONMENT.len() > 15);
        assert_eq!(strays(Settings::ENVIRONMENT.iter().chain(&READ).map(|name| (*name).to_owned())), []);
    }
}
