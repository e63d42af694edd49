//! The names of persons in the order of a Vietnamese list.
//!
//! Most peoples of Vietnam put the family or clan first and the given name last. The Ê-đê put the clan last and a word for
//! man or woman first (Y Thoa Niê, H'Hen Niê); which words are clans is data of the template folder, not of the program.

use serde::Deserialize;

use super::{alphabetical_key, nfc};

type Key = (Vec<usize>, Vec<usize>);

/// `names.toml` of the template folder: what has to be known to find the given name in a full name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NameCustoms {
    /// What says man or woman and counts for nothing in the order: `Y`; with an apostrophe if it is written to the name, `H'`.
    prefixes: Vec<String>,
    /// Clans that stand behind the given name.
    clans_last: Vec<String>,
    /// Clans that stand before it; needed only for those of several words, and for those that are also in the other list.
    clans_first: Vec<String>,
}

impl NameCustoms {
    /// A key that sorts persons as a Vietnamese office does: by given name, then by family or clan, then by what is
    /// between; each as a dictionary sorts (letters first, tones among equal letters). A given name that the caller states
    /// is taken; otherwise it is the last word of what is left without clan and prefix.
    pub fn key(&self, name: &str, stated: Option<&str>) -> [Key; 3] {
        let name = plain(name);
        let words: Vec<&str> = name.split_whitespace().collect();
        let (family, own) = self.divide(&words);
        let own: Vec<&str> = own.iter().map(|word| self.without_prefix(word)).collect();
        let stated = stated.map(plain).unwrap_or_default();
        let stated: Vec<&str> = stated.split_whitespace().collect();
        let (middle, given) = if stated.is_empty() {
            own.split_at(own.len().saturating_sub(1))
        } else {
            let middle = own.strip_suffix(stated.as_slice()).unwrap_or(&own);
            (middle, stated.as_slice())
        };
        [given, family, middle].map(|words| alphabetical_key(&words.join(" ")))
    }

    /// Family or clan, and the words that are the person's own.
    fn divide<'a>(&self, words: &'a [&'a str]) -> (&'a [&'a str], &'a [&'a str]) {
        let first = longest(&self.clans_first, |clan| opens(words, clan));
        if first > 0 && first < words.len() {
            let (clan, own) = words.split_at(first);
            return (clan, self.after_prefix(own));
        }
        let last = longest(&self.clans_last, |clan| closes(words, clan));
        let own = self.after_prefix(&words[..words.len() - last]);
        if last > 0 && !own.is_empty() && !own.iter().all(|word| self.is_prefix(word)) {
            return (&words[words.len() - last..], own);
        }
        let own = self.after_prefix(words);
        match words {
            // A prefix stands in no family's place.
            [first, _, ..] if own.len() == words.len() && self.without_prefix(first) == *first => words.split_at(1),
            _ => (&[], own),
        }
    }

    /// The words behind one that is only a prefix.
    fn after_prefix<'a>(&self, words: &'a [&'a str]) -> &'a [&'a str] {
        match words {
            [first, rest @ ..] if !rest.is_empty() && self.is_prefix(first) => rest,
            _ => words,
        }
    }

    fn is_prefix(&self, word: &str) -> bool {
        self.prefixes.iter().any(|prefix| plain(prefix).to_lowercase() == word.to_lowercase())
    }

    /// `Hen` of `H'Hen`.
    fn without_prefix<'a>(&self, word: &'a str) -> &'a str {
        let written = self.prefixes.iter().map(|prefix| plain(prefix)).filter(|prefix| prefix.ends_with('\''));
        for prefix in written {
            match word.split_at_checked(prefix.len()) {
                Some((before, rest)) if !rest.is_empty() && before.eq_ignore_ascii_case(&prefix) => return rest,
                Some(_) | None => {}
            }
        }
        word
    }
}

/// Composed letters and one kind of apostrophe.
fn plain(text: &str) -> String {
    nfc(text).replace(['’', '‘', 'ʼ', '`'], "'")
}

/// The number of words of the longest clan that fits.
fn longest(clans: &[String], fits: impl Fn(&[String]) -> bool) -> usize {
    let clans = clans.iter().map(|clan| plain(clan).split_whitespace().map(str::to_lowercase).collect::<Vec<_>>());
    clans.filter(|clan| fits(clan)).map(|clan| clan.len()).max().unwrap_or_default()
}

fn opens(words: &[&str], clan: &[String]) -> bool {
    words.len() >= clan.len() && words.iter().zip(clan).all(|(word, part)| word.to_lowercase() == *part)
}

fn closes(words: &[&str], clan: &[String]) -> bool {
    words.len() >= clan.len() && opens(&words[words.len() - clan.len()..], clan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> NameCustoms {
        toml::from_str(include_str!("../../report_templates/names.toml")).unwrap()
    }

    /// The names, given in the right order, come back in it from any order; and code points would sort them otherwise.
    fn check(ordered: &[&str]) {
        let customs = shipped();
        for turn in 0..ordered.len() {
            let mut names = ordered.to_vec();
            names.rotate_left(turn);
            names.reverse();
            names.sort_by_key(|name| customs.key(name, None));
            assert_eq!(names, ordered);
        }
        let mut by_code = ordered.to_vec();
        by_code.sort_unstable();
        assert_ne!(by_code, ordered, "this case says nothing");
    }

    #[test]
    fn the_given_name_goes_before_the_family_name() {
        check(&["Trần Văn An", "Nguyễn Văn Bình", "Lê Thị Cúc"]);
    }

    #[test]
    fn the_family_name_decides_between_equal_given_names_and_then_the_middle_name() {
        check(&[
            "Đặng Văn Hòa",
            "Lê Văn Hòa",
            "Nguyễn An Hòa",
            "Nguyễn Ánh Hòa",
            "Nguyễn Đức Hòa",
            "Nguyễn Văn Hòa",
            "Vũ An Hòa",
        ]);
    }

    #[test]
    fn letters_of_their_own_stand_behind_the_plain_ones() {
        check(&["Lê Dung", "Lê Duy", "Lê Đào", "Lê Đức", "Lê Em"]);
        check(&["Hồ An", "Hồ Anh", "Hồ Ăn", "Hồ Ân", "Hồ Bảo"]);
        check(&["Hồ Oanh", "Hồ Ổn", "Hồ Ơn", "Hồ Phú", "Hồ Út", "Hồ Ưng", "Hồ Vy"]);
        check(&["Âu A", "Đỗ A", "Lê A", "Ông A", "Phan A"]);
    }

    #[test]
    fn tones_follow_level_grave_hook_tilde_acute_dot() {
        check(&["Lê Ma", "Lê Mà", "Lê Mả", "Lê Mã", "Lê Má", "Lê Mạ"]);
        check(&["Tạ Hung", "Tạ Hụng", "Tạ Hưng"]);
        check(&["Tạ Tuân", "Tạ Tuấn", "Tạ Tuyền", "Tạ Tuyến"]);
    }

    #[test]
    fn the_tone_counts_only_between_equal_letters() {
        check(&["Vũ Hạ", "Vũ Hai", "Vũ Hải", "Vũ Hanh", "Vũ Hạnh"]);
    }

    /// Full name; what is sorted by first, second and third.
    #[test]
    fn every_people_keeps_its_own_order_of_names() {
        for (name, given, family, middle) in [
            ("Nguyễn Thị Minh Khai", "Khai", "Nguyễn", "Thị Minh"),
            ("Nông Văn Dền", "Dền", "Nông", "Văn"),
            ("Sùng A Páo", "Páo", "Sùng", "A"),
            ("Giàng Thị Mỷ", "Mỷ", "Giàng", "Thị"),
            ("Thạch Thị Chal Thi", "Thi", "Thạch", "Thị Chal"),
            ("Kim Xà Rết", "Rết", "Kim", "Xà"),
            ("Danh Út", "Út", "Danh", ""),
            ("Đàng Năng Thọ", "Thọ", "Đàng", "Năng"),
            ("H'Hen Niê", "Hen", "Niê", ""),
            ("H’Hen Niê", "Hen", "Niê", ""),
            ("H' Hen Niê", "Hen", "Niê", ""),
            ("H Hen Niê", "Hen", "Niê", ""),
            ("h'hen niê", "Hen", "Niê", ""),
            ("Y Thanh Hà Niê Kđăm", "Hà", "Niê Kđăm", "Thanh"),
            ("Y Moan Ênuôl", "Moan", "Ênuôl", ""),
            ("Y Hòa Êban", "Hòa", "Êban", ""),
            ("H'Wiên Mlô", "Wiên", "Mlô", ""),
            ("H'Lê Na Kbuôr", "Na", "Kbuôr", "Lê"),
            ("H'Mô Ayun", "Mô", "Ayun", ""),
            ("Linh Nga Niê Kđăm", "Nga", "Niê Kđăm", "Linh"),
            ("Niê Thuật", "Thuật", "Niê", ""),
            ("Y Thoa", "Thoa", "", ""),
            ("H'Hen", "Hen", "", ""),
            ("Y Niê", "Niê", "", ""),
            ("Ksor Phước", "Phước", "Ksor", ""),
            ("Rmah H'Bé", "Bé", "Rmah", ""),
            ("Rơ Châm H'Phík", "Phík", "Rơ Châm", ""),
            ("Rah Lan Chơn", "Chơn", "Rah Lan", ""),
            ("Rcom Sa Duyên", "Duyên", "Rcom", "Sa"),
            ("Siu Kpă", "Kpă", "Siu", ""),
            ("Nay Y Blung", "Blung", "Nay", ""),
            ("Ayun H'Bút", "Bút", "Ayun", ""),
            ("Nguyễn Y Vân", "Vân", "Nguyễn", "Y"),
            ("Huỳnh", "Huỳnh", "", ""),
            ("", "", "", ""),
        ] {
            assert_eq!(shipped().key(name, None), [given, family, middle].map(alphabetical_key), "{name}");
        }
    }

    #[test]
    fn a_list_of_many_peoples_goes_by_what_people_are_called() {
        let ordered =
            ["Y Bliăng Niê", "H'Hen Niê", "Trần Văn Hùng", "Sùng A Páo", "Ksor Phước", "Kim Xà Rết", "Y Thoa"];
        check(&ordered);
        let mut by_last_word = ordered.to_vec();
        by_last_word.sort_by_key(|name| NameCustoms::default().key(name, None));
        assert_ne!(by_last_word, ordered, "the last word would do");
    }

    #[test]
    fn a_given_name_that_the_caller_states_wins() {
        let key = |name, given| shipped().key(name, given);
        let parts = ["Chal Thi", "Thạch", "Thị"].map(alphabetical_key);
        assert_eq!(key("Thạch Thị Chal Thi", Some("Chal Thi")), parts);
        assert_eq!(key("Niê Y Thoa", Some("Thoa"))[0], alphabetical_key("Thoa"));
        assert_eq!(key("Lê Văn An", Some("Sáu An")), ["Sáu An", "Lê", "Văn An"].map(alphabetical_key));
        assert_eq!(key("Lê Văn An", Some(" ")), key("Lê Văn An", None));
    }

    #[test]
    fn no_clan_that_stands_last_is_a_vietnamese_given_name() {
        let customs = shipped();
        assert!(customs.clans_last.len() >= 20 && customs.clans_first.len() >= 10);
        for clan in &customs.clans_last {
            let words: Vec<&str> = clan.split(' ').collect();
            let is_vietnamese = words.iter().all(|word| super::super::syllable::is_vietnamese_syllable(word));
            assert!(!is_vietnamese || clan == "Niê", "{clan}");
        }
    }

    #[test]
    fn case_and_way_of_composing_do_not_matter() {
        let key = |name| shipped().key(name, None);
        assert_eq!(key("LÊ ĐỨC"), key("lê  đức"));
        assert_eq!(key("Lê Hòa"), key("Le\u{302} Ho\u{300}a"));
        assert_eq!(key("Ánh"), key(" Ánh "));
    }
}
