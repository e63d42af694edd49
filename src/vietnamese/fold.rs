//! Names made comparable: what two clerks may write differently and mean the same.
//!
//! A folded name is for comparison only and is never printed.

use std::{cell::RefCell, collections::HashMap};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::nfc;

const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// Abbreviations that offices use for the words beside them.
const SHORT_FORMS: [(&str, &str); 6] = [
    ("ubnd", "ủy ban nhân dân"),
    ("hđnd", "hội đồng nhân dân"),
    ("tđkt", "thi đua khen thưởng"),
    ("mttq", "mặt trận tổ quốc"),
    ("lđtbxh", "lao động thương binh và xã hội"),
    ("tp", "thành phố"),
];

thread_local! {
    /// Words that were folded. A language has few syllables, and the checks of one paper fold thousands of names made of them.
    static FOLDED: RefCell<HashMap<Box<str>, Box<str>>> = RefCell::default();
}
/// So many words are remembered, and none that is longer.
const REMEMBERED: usize = 8_192;
const LONGEST_REMEMBERED: usize = 32;

/// Folds case, tone placement (`hòa`, `hoà`), kinds of dash and blanks. Equal results mean the same name.
pub fn fold_name(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    FOLDED.with_borrow_mut(|known| {
        for word in name.split_whitespace() {
            if !folded.is_empty() {
                folded.push(' ');
            }
            if let Some(known) = known.get(word) {
                folded.push_str(known);
                continue;
            }
            let fresh = fold_word(word);
            folded.push_str(&fresh);
            if word.len() <= LONGEST_REMEMBERED {
                if known.len() >= REMEMBERED {
                    known.clear();
                }
                known.insert(word.into(), fresh.into());
            }
        }
    });
    if !folded.contains('-') {
        return folded;
    }
    folded.replace(" - ", "-").replace("- ", "-").replace(" -", "-")
}

/// Words are folded one by one: nothing of it reaches across a blank.
fn fold_word(word: &str) -> String {
    fold_dashes(&tone_last(&nfc(word).to_lowercase())).nfc().collect()
}

/// Like [`fold_name`], with abbreviations written out and a closing "tỉnh" or "tỉnh X" dropped: `Tòa án nhân dân tỉnh`
/// and `Tòa án nhân dân tỉnh Đồng Tháp` are one unit inside one province.
pub fn fold_unit(name: &str) -> String {
    let name = without_province(&nfc(name).to_lowercase());
    let words: Vec<&str> = name.split_whitespace().map(written_out).collect();
    fold_name(&words.join(" "))
}

/// [`fold_unit`] without tones, marks and punctuation: what is left when a name was typed in haste.
pub fn fold_bare(name: &str) -> String {
    let bare = fold_unit(name).nfd().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-').collect::<String>();
    bare.replace('đ', "d").split([' ', '-']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// [`fold_name`] without tones and marks: for those who type `nguyen van a`.
pub fn without_marks(text: &str) -> String {
    fold_name(text).nfd().filter(|letter| !is_combining_mark(*letter)).collect::<String>().replace('đ', "d")
}

/// The folded X of a closing "tỉnh X"; `None` if the name says no province, or only "tỉnh".
pub fn named_province(name: &str) -> Option<String> {
    let name = nfc(name).to_lowercase();
    let (_, province) = split_at_province(&name)?;
    (!province.is_empty()).then(|| fold_name(province))
}

fn without_province(lower: &str) -> String {
    split_at_province(lower).map_or(lower, |(unit, _)| unit).to_string()
}

/// Unit and province of a lower-case name. No Vietnamese province has more than four words.
fn split_at_province(lower: &str) -> Option<(&str, &str)> {
    const LONGEST_PROVINCE: usize = 4;
    let lower = lower.trim();
    let (unit, province) = lower.strip_suffix(" tỉnh").map(|unit| (unit, "")).or(lower.rsplit_once(" tỉnh "))?;
    (province.split_whitespace().count() <= LONGEST_PROVINCE).then_some((unit, province.trim()))
}

fn written_out(word: &str) -> &str {
    SHORT_FORMS.iter().find(|(short, _)| *short == word).map_or(word, |(_, long)| long)
}

/// `hòa` and `hoà` both become the bare letters followed by the tone.
fn tone_last(word: &str) -> String {
    let mut syllables = String::new();
    let mut tones = String::new();
    for c in word.nfd() {
        if TONES.contains(&c) {
            tones.push(c);
        } else {
            if !c.is_alphabetic() && !is_mark(c) {
                syllables.push_str(&std::mem::take(&mut tones));
            }
            syllables.push(c);
        }
    }
    syllables + &tones
}

fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36F}').contains(&c)
}

fn fold_dashes(word: &str) -> String {
    word.chars().map(|c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_equal() {
        for (one, other) in [
            ("Khánh Hòa", "khánh  HOÀ"),
            ("Ủy ban nhân dân", "Uỷ ban Nhân dân"),
            ("Sở Lao động - Thương binh và Xã hội", "Sở Lao động – Thương binh và Xã hội"),
            ("Sở Lao động-Thương binh và Xã hội", "Sở Lao động - Thương binh và Xã hội"),
            ("Thuý\u{A0}Hà", "Thúy Hà"),
        ] {
            assert_eq!(fold_name(one), fold_name(other), "{one} / {other}");
        }
    }

    #[test]
    fn what_is_remembered_changes_no_answer() {
        let names = ["Ủy ban nhân dân tỉnh Khánh Hoà", "Sở Y tế", "UỶ BAN – x"];
        let first = names.map(fold_name);
        assert_eq!(names.map(fold_name), first);
        for number in 0..=REMEMBERED {
            fold_name(&format!("từ{number}"));
        }
        assert_eq!(names.map(fold_name), first, "also once it was forgotten");
    }

    #[test]
    fn different_names_stay_different() {
        for (one, other) in [("Sở Nội vụ", "Sở Ngoại vụ"), ("Mả", "Mã"), ("Sở Y tế", "Sở Y tê"), ("Bắc Hà", "Bắc Ha")]
        {
            assert_ne!(fold_name(one), fold_name(other));
        }
    }

    #[test]
    fn the_province_and_the_abbreviation_do_not_make_another_unit() {
        for (one, other) in [
            ("Tòa án nhân dân Tỉnh", "Tòa án nhân dân tỉnh Đồng Tháp"),
            ("Toà án nhân dân", "Tòa án nhân dân tỉnh"),
            ("Văn phòng UBND tỉnh", "Văn phòng Ủy ban nhân dân tỉnh Kon Tum"),
        ] {
            assert_eq!(fold_unit(one), fold_unit(other), "{one} / {other}");
        }
        assert_eq!(fold_bare("So Noi vu"), fold_bare("Sở Nội vụ"));
    }

    #[test]
    fn the_province_is_read_from_the_end() {
        assert_eq!(named_province("Sở Nội vụ tỉnh Thanh Hoá"), Some(fold_name("Thanh Hóa")));
        assert_eq!(named_province("Thanh tra Tỉnh"), None);
        assert_eq!(named_province("Sở Nội vụ"), None);
    }
}
