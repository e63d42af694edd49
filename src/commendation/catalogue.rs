//! The edition's catalogue of titles and commendations, looked up by id or by a name as people write it.

use crate::{facts::ListedAward, vietnamese::fold_name};

/// Ids that the rules speak of. An id keeps its meaning through all editions.
pub(super) mod ids {
    pub const ADVANCED: [&str; 2] = ["advanced-worker", "advanced-soldier"];
    pub const FIGHTER_GRASSROOTS: &str = "emulation-fighter-grassroots";
    pub const FIGHTER_PROVINCE: &str = "emulation-fighter-province";
    pub const FIGHTER_NATIONAL: &str = "emulation-fighter-national";
    pub const CERTIFICATE_PROVINCE: &str = "merit-certificate-province";
    pub const FLAG_PROVINCE: &str = "emulation-flag-province";
    pub const COLLECTIVE_ADVANCED: [&str; 2] = ["advanced-collective", "advanced-unit"];
    pub const COLLECTIVE_EXCELLENT: [&str; 2] = ["excellent-collective", "determined-to-win-unit"];
}

/// How a form relates to the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing<'a> {
    Listed(&'a ListedAward),
    /// Begins like one that is listed: another body's, or written more briefly.
    Resembling,
    /// Written like an id, and no award has it.
    UnknownId,
    /// Free text like none.
    Unknown,
}

/// The catalogue with its names folded once.
pub(super) struct Catalogue<'a>(Vec<(String, &'a ListedAward)>);

impl<'a> Catalogue<'a> {
    pub fn of(awards: &'a [ListedAward]) -> Self {
        Self(awards.iter().map(|award| (comparable(&award.name), award)).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Looks up an id, or a name: exactly, or as the opening of a longer one (`Giấy khen của Giám đốc Sở Y tế`).
    pub fn find(&self, form: &str) -> Listing<'a> {
        let form = form.trim();
        if let Some((_, award)) = self.0.iter().find(|(_, award)| award.id == form) {
            return Listing::Listed(award);
        }
        if is_like_an_id(form) {
            return Listing::UnknownId;
        }
        let written = comparable(form);
        let opens =
            |name: &str| written.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        let longest = self.0.iter().filter(|(name, _)| opens(name)).max_by_key(|(name, _)| name.len());
        if let Some((_, award)) = longest {
            return Listing::Listed(award);
        }
        let begins_alike = |name: &str| {
            let two = |text: &str| text.split(' ').take(2).map(str::to_owned).collect::<Vec<_>>();
            two(name) == two(&written)
        };
        if self.0.iter().any(|(name, _)| begins_alike(name)) { Listing::Resembling } else { Listing::Unknown }
    }

    /// The id of a form: its own, or that of the award it names.
    pub fn id_of<'b>(&self, form: &'b str) -> Option<&'b str>
    where
        'a: 'b,
    {
        match self.find(form) {
            Listing::Listed(award) => Some(&award.id),
            // Without a catalogue an id still says what is meant.
            Listing::UnknownId if self.is_empty() => Some(form.trim()),
            Listing::UnknownId | Listing::Resembling | Listing::Unknown => None,
        }
    }

    /// The name to print for a form.
    pub fn name_of<'b>(&self, form: &'b str) -> &'b str
    where
        'a: 'b,
    {
        match self.find(form) {
            Listing::Listed(award) => &award.name,
            Listing::Resembling | Listing::UnknownId | Listing::Unknown => form.trim(),
        }
    }
}

/// `emulation-flag-province`: small letters and digits, parted by hyphens.
fn is_like_an_id(form: &str) -> bool {
    let parts: Vec<&str> = form.split('-').collect();
    let plain =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    parts.len() > 1 && parts.iter().all(plain)
}

/// Without what people leave out or add: marks, `danh hiệu`, `của`, `cấp`, `Chủ tịch` before a committee.
pub(super) fn comparable(name: &str) -> String {
    let bare: String = name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { ' ' }).collect();
    let folded = format!(" {} ", fold_name(&bare));
    let committee = fold_name("ủy ban nhân dân");
    let folded = folded
        .replace(" ubnd ", &format!(" {committee} "))
        .replace(&format!(" {} ", fold_name("danh hiệu")), " ")
        .replace(&format!(" {} ", fold_name("của")), " ")
        .replace(&format!(" {} ", fold_name("cấp")), " ")
        .replace(&format!(" {} {committee}", fold_name("chủ tịch")), &format!(" {committee}"));
    folded.trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::super::samples::awards;
    use super::*;

    #[test]
    fn an_award_is_found_by_its_id_and_by_its_name_as_people_write_it() {
        let awards = awards();
        let catalogue = Catalogue::of(&awards);
        for (form, id) in [
            ("emulation-flag-province", "emulation-flag-province"),
            ("Cờ thi đua của Ủy ban nhân dân tỉnh", "emulation-flag-province"),
            ("Cờ thi đua của UBND tỉnh", "emulation-flag-province"),
            ("cờ thi đua của Uỷ ban nhân dân tỉnh Kon Tum", "emulation-flag-province"),
            ("Bằng khen của UBND tỉnh", "merit-certificate-province"),
            ("Bằng khen Chủ tịch UBND tỉnh", "merit-certificate-province"),
            ("Bằng khen của Thủ tướng Chính phủ", "merit-certificate-prime-minister"),
            ("Chiến sĩ thi đua cấp cơ sở", "emulation-fighter-grassroots"),
            ("danh hiệu “Chiến sĩ thi đua cơ sở”", "emulation-fighter-grassroots"),
            ("Chiến sĩ thi đua tỉnh", "emulation-fighter-province"),
            ("Giấy khen của Giám đốc Sở Y tế", "commendation-certificate"),
        ] {
            assert_eq!(catalogue.id_of(form), Some(id), "{form}");
        }
    }

    #[test]
    fn what_is_not_listed_is_told_apart() {
        let awards = awards();
        let catalogue = Catalogue::of(&awards);
        for (form, listing) in [
            ("Bằng khen của Bộ Tài chính", Listing::Resembling),
            ("Bằng khen", Listing::Resembling),
            ("Chiến sĩ thi đua", Listing::Resembling),
            ("merit-certificate-provincial", Listing::UnknownId),
            ("Huy hiệu", Listing::Unknown),
            ("$x^2 + y_1$", Listing::Unknown),
            ("-", Listing::Unknown),
            ("", Listing::Unknown),
        ] {
            assert_eq!(catalogue.find(form), listing, "{form}");
        }
    }
}
