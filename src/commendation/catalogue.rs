//! The edition's catalogue of titles and commendations, looked up by id or by a name as people write it.

use crate::{
    facts::{AwardElsewhere, ListedAward},
    vietnamese::fold_name,
};

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
    /// One that is listed, of another body, or written more briefly.
    Resembling,
    /// By its name, of other editions only.
    Elsewhere(&'a AwardElsewhere),
    /// Written like an id, and no award has it.
    UnknownId,
    /// Free text like none.
    Unknown,
}

/// The catalogue with its names folded once.
pub(super) struct Catalogue<'a> {
    own: Vec<(String, &'a ListedAward)>,
    elsewhere: Vec<(String, &'a AwardElsewhere)>,
}

impl<'a> Catalogue<'a> {
    pub fn of(awards: &'a [ListedAward]) -> Self {
        Self { own: awards.iter().map(|award| (comparable(&award.name), award)).collect(), elsewhere: Vec::new() }
    }

    /// With what only other editions know.
    pub fn beside(self, elsewhere: &'a [AwardElsewhere]) -> Self {
        Self { elsewhere: elsewhere.iter().map(|award| (comparable(&award.name), award)).collect(), ..self }
    }

    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// Looks up an id, or a name: exactly, or with the body that gives it (`Giấy khen của Giám đốc Sở Y tế`). Other words behind
    /// a name make another title of it: `Lao động tiên tiến xuất sắc` is none.
    pub fn find(&self, form: &str) -> Listing<'a> {
        let form = form.trim();
        if let Some((_, award)) = self.own.iter().find(|(_, award)| award.id == form) {
            return Listing::Listed(award);
        }
        if is_like_an_id(form) {
            return Listing::UnknownId;
        }
        let written = comparable(form);
        if let Some((_, award)) = self.elsewhere.iter().find(|(name, _)| *name == written) {
            return Listing::Elsewhere(award);
        }
        let opens = |name: &str| {
            written
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || (rest.starts_with(' ') && says_whose(form, rest)))
        };
        let longest = self.own.iter().filter(|(name, _)| opens(name)).max_by_key(|(name, _)| name.len());
        if let Some((_, award)) = longest {
            return Listing::Listed(award);
        }
        if self.own.iter().any(|(name, _)| resembles(form, &written, name)) {
            Listing::Resembling
        } else {
            Listing::Unknown
        }
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
            Listing::UnknownId | Listing::Resembling | Listing::Elsewhere(_) | Listing::Unknown => None,
        }
    }

    /// The name to print for a form.
    pub fn name_of<'b>(&self, form: &'b str) -> &'b str
    where
        'a: 'b,
    {
        match self.find(form) {
            Listing::Listed(award) => &award.name,
            Listing::Resembling | Listing::UnknownId | Listing::Elsewhere(_) | Listing::Unknown => form.trim(),
        }
    }
}

/// Whether a form is a listed one of another body, or the beginning of its name: two words at least are the same, and what
/// follows says whose it is.
fn resembles(form: &str, written: &str, name: &str) -> bool {
    let (of_form, of_name): (Vec<&str>, Vec<&str>) = (written.split(' ').collect(), name.split(' ').collect());
    let same = of_form.iter().zip(&of_name).take_while(|(one, other)| one == other).count();
    same >= 2 && (same == of_form.len() || says_whose(form, &of_form[same..].join(" ")))
}

/// Whether the folded words at the end of a form name a body, a place, a year or a cause, and so leave the form what it is.
/// What is written with a capital names something.
fn says_whose(form: &str, rest: &str) -> bool {
    const OPENINGS: [&str; 32] = [
        "năm",
        "giai đoạn",
        "trong",
        "về",
        "vì",
        "cho",
        "đợt",
        "lần",
        "thứ",
        "do",
        "tại",
        "theo",
        "thủ trưởng",
        "giám đốc",
        "tổng giám đốc",
        "hiệu trưởng",
        "trưởng",
        "chủ tịch",
        "bộ",
        "sở",
        "ban",
        "ngành",
        "ủy ban",
        "hội",
        "đảng",
        "tỉnh",
        "thành phố",
        "xã",
        "phường",
        "đặc khu",
        "khối",
        "cụm",
    ];
    let rest = rest.trim();
    if OPENINGS.iter().any(|opening| starts_with_words(rest, &fold_name(opening))) {
        return true;
    }
    let first = rest.split(' ').next().unwrap_or_default();
    let mut words = form.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let last = words.rfind(|word| fold_name(word) == first);
    last.and_then(|word| word.chars().next()).is_some_and(|c| c.is_uppercase() || c.is_ascii_digit())
}

fn starts_with_words(text: &str, words: &str) -> bool {
    text.strip_prefix(words).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
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
    fn what_only_another_edition_knows_is_told_with_it() {
        let awards = awards();
        let old = AwardElsewhere { name: "Xã, phường, thị trấn tiêu biểu".into(), editions: "E2".into() };
        let elsewhere = [old];
        let catalogue = Catalogue::of(&awards).beside(&elsewhere);
        assert_eq!(catalogue.find("danh hiệu xã, phường, thị trấn tiêu biểu"), Listing::Elsewhere(&elsewhere[0]));
        assert_eq!(catalogue.id_of("Chiến sĩ thi đua cơ sở năm 2025"), Some("emulation-fighter-grassroots"));
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
            ("Lao động tiên tiến xuất sắc", Listing::Unknown),
            ("Chiến sĩ thi đua xuất sắc", Listing::Unknown),
            ("Cờ thi đua đỏ", Listing::Unknown),
            ("Xã, phường, thị trấn tiêu biểu", Listing::Unknown),
            ("Bằng khen của Tổng Liên đoàn Lao động Việt Nam", Listing::Resembling),
            ("$x^2 + y_1$", Listing::Unknown),
            ("-", Listing::Unknown),
            ("", Listing::Unknown),
        ] {
            assert_eq!(catalogue.find(form), listing, "{form}");
        }
    }
}
