//! Text typed for the fonts of the 1990s (TCVN3 "ABC", VNI) and pasted as Latin letters.
//!
//! A word speaks for an old encoding only if it is a Vietnamese syllable when read that way and none as it stands.
//! One letter that only Unicode Vietnamese has (`đ`, `ơ`, `ệ` …) settles that a text is not in an old encoding.

use super::{nfc, syllable::is_vietnamese_syllable};

/// An encoding that lived in fonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegacyEncoding {
    /// TCVN 5712:1993 VN3, "ABC" (`.VnTime`).
    Tcvn3,
    /// VNI for Windows (`VNI-Times`).
    Vni,
}

impl LegacyEncoding {
    /// The name that users know.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcvn3 => "TCVN3 (ABC)",
            Self::Vni => "VNI",
        }
    }

    fn decode(self, text: &str) -> String {
        match self {
            Self::Tcvn3 => decode_tcvn3(text),
            Self::Vni => decode_vni(text),
        }
    }
}

/// True if the text is in TCVN3, as in "Céng hßa x· héi chñ nghÜa ViÖt Nam".
pub fn looks_like_tcvn3(text: &str) -> bool {
    matches!(detect(text), Some(LegacyEncoding::Tcvn3))
}

/// True if the text is in VNI, as in "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam".
pub fn looks_like_vni(text: &str) -> bool {
    matches!(detect(text), Some(LegacyEncoding::Vni))
}

/// The encoding of a text in an old encoding, and the text in Unicode; `None` for everything else.
pub fn convert_legacy(text: &str) -> Option<(LegacyEncoding, String)> {
    detect(text).map(|encoding| (encoding, nfc(&encoding.decode(text)).into_owned()))
}

/// A text that is said to be in the encoding, in Unicode and composed. One that Unicode explains better keeps its letters, so that
/// the parts of a form that were typed later are not spoiled.
pub fn convert_declared(text: &str, encoding: LegacyEncoding) -> String {
    let composed = nfc(text);
    // What the encoding writes as Unicode does tells nothing.
    let alike = match encoding {
        LegacyEncoding::Tcvn3 => "ý",
        LegacyEncoding::Vni => "íìÍÌ",
    };
    let tells = |word: &str| word.chars().any(|c| !c.is_ascii() && !alike.contains(c));
    let untouched = |word: &str| tells(word) && is_vietnamese_syllable(word) && encoding.decode(word) == word;
    let is_unicode = composed.chars().any(is_unicode_only)
        || weigh(&composed, encoding) < 0
        || composed.split(|c: char| !c.is_alphabetic()).any(untouched);
    if text.is_ascii() || is_unicode {
        return composed.into_owned();
    }
    nfc(&encoding.decode(&composed)).into_owned()
}

fn detect(text: &str) -> Option<LegacyEncoding> {
    if text.is_ascii() {
        return None;
    }
    let text = nfc(text);
    if text.chars().any(is_unicode_only) {
        return None;
    }
    let [tcvn3, vni] = [LegacyEncoding::Tcvn3, LegacyEncoding::Vni].map(|encoding| (weigh(&text, encoding), encoding));
    let (weight, encoding) = if vni.0 >= tcvn3.0 { vni } else { tcvn3 };
    let suffices = weight >= ENOUGH || (weight > 0 && is_all_vietnamese(&text, encoding));
    suffices.then_some(encoding)
}

/// Two plain words, or one with a letter that Vietnamese does not have, a sign between letters or a capital amid small ones.
const ENOUGH: i32 = 2;

/// Words that only this encoding explains count for it, words that only Unicode explains count against it.
fn weigh(text: &str, encoding: LegacyEncoding) -> i32 {
    let words = words(text).filter(|word| !word.is_ascii());
    words.filter(|word| word.chars().any(|c| c.is_ascii_alphabetic())).map(|word| weigh_word(word, encoding)).sum()
}

fn weigh_word(word: &str, encoding: LegacyEncoding) -> i32 {
    let read = encoding.decode(word);
    let meant = is_vietnamese_syllable(&read);
    let plainly = match (meant, is_vietnamese_syllable(word)) {
        (true, false) if word.chars().any(is_foreign_letter) || has_sign_inside(word) => 2,
        (true, false) if is_formula(word) => 0,
        (true, false) => 1,
        (false, true) => -2,
        (true, true) | (false, false) => 0,
    };
    let is_telling = match encoding {
        LegacyEncoding::Tcvn3 => has_sign_of_tcvn3(word),
        LegacyEncoding::Vni => has_pair_of_vni(word),
    };
    match capital_inside(word) {
        _ if is_telling => 2,
        capital if meant && read != word && capital > 0 => plainly.max(capital),
        _ => plainly,
    }
}

/// Runs of letters, and of the signs that stand for letters in TCVN3.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| !c.is_ascii_alphabetic() && !('\u{A1}'..='\u{FF}').contains(&c));
    parts.filter(|word| !word.is_empty())
}

/// Whether a text of several words is Vietnamese from end to end when read so; then one telling word is enough. Ñ tells nothing
/// here: it is a letter of the Ê-đê and Gia-rai.
fn is_all_vietnamese(text: &str, encoding: LegacyEncoding) -> bool {
    let mut count = 0;
    let all = words(text).all(|word| {
        count += 1;
        is_vietnamese_syllable(&encoding.decode(word)) && !word.starts_with(['ñ', 'Ñ'])
    });
    all && count > 1
}

/// A letter that Vietnamese writes and neither old encoding can contain.
fn is_unicode_only(c: char) -> bool {
    matches!(c, 'ă' | 'Ă' | 'đ' | 'Đ' | 'ĩ' | 'Ĩ' | 'ũ' | 'Ũ' | 'ơ' | 'Ơ' | 'ư' | 'Ư' | '\u{1EA0}'..='\u{1EF9}')
}

/// A letter of Latin-1 that Vietnamese and the peoples of the highlands do not write. Signs (`µ`, `·`, `¹`) are weaker: they
/// occur in real texts.
fn is_foreign_letter(c: char) -> bool {
    matches!(c, '\u{C0}'..='\u{FF}') && c.is_alphabetic() && !"ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝÑàáâãèéêìíòóôõùúýñ".contains(c)
}

/// A sign where a letter would be; `µ`, `ª` and `º` are letters to Unicode only.
fn is_sign(c: char) -> bool {
    !c.is_ascii() && (!c.is_alphabetic() || "µªº".contains(c))
}

/// `Th¹nh`, `tr×nh`, `Giµng`: signs between letters.
fn has_sign_inside(word: &str) -> bool {
    word.trim_matches(is_sign).chars().any(is_sign) && !is_formula(word)
}

/// `N·m`, `m×n`: what units and formulas put between letters, in words as short as those.
fn is_formula(word: &str) -> bool {
    word.chars().count() <= 3 && word.trim_matches(is_sign).contains(['·', '×', '÷'])
}

/// `Nieâ`, `Khaêp`, `Bnöôùch`: letter and sign of VNI that no language puts side by side, also in words that are no Vietnamese
/// syllables.
fn has_pair_of_vni(word: &str) -> bool {
    let word = word.to_lowercase();
    ["aâ", "eâ", "oâ", "aê", "öô"].iter().any(|pair| word.contains(pair))
}

/// `Bli¨ng`, `K®¨m`, `§er`: signs that no text has there, also in words that are no Vietnamese syllables.
fn has_sign_of_tcvn3(word: &str) -> bool {
    let inner = word.trim_matches(is_sign);
    let amid = inner.chars().any(|c| "¨©ª«¬®¶¸»¼½¾".contains(c));
    let opening = word.strip_prefix('§').is_some_and(|rest| rest.chars().filter(|c| c.is_alphabetic()).count() > 1);
    amid || opening
}

/// `GiÊy`: 2 for a capital behind a small letter; `TÈn`: 1 for one before a small letter that does not open the word.
fn capital_inside(word: &str) -> i32 {
    let word: Vec<char> = word.chars().collect();
    let capital = |at: usize| ('\u{C0}'..='\u{DE}').contains(&word[at]) && word[at].is_uppercase();
    let small = |at: usize| word.get(at).is_some_and(|c| c.is_lowercase() && c.is_ascii());
    let inside = (1..word.len()).filter(|at| capital(*at));
    inside.map(|at| if small(at - 1) { 2 } else { i32::from(small(at + 1)) }).max().unwrap_or_default()
}

/// U+00A1 to U+00FE in TCVN3; a blank is a place the encoding leaves free.
const TCVN3: &str = "ĂÂÊÔƠƯĐăâêôơưđ      àảãáạ ằẳẵắ       ặầẩẫấậè ẻẽéẹềểễếệìỉ   ĩíịò ỏõóọồổỗốộờởỡớợù ủũúụừửữứựỳỷỹýỵ";

fn decode_tcvn3(text: &str) -> String {
    let letter = |c: char| {
        let place = (c as usize).checked_sub(0xA1)?;
        TCVN3.chars().nth(place).filter(|letter| *letter != ' ')
    };
    text.chars().map(|c| letter(c).unwrap_or(c)).collect()
}

/// In VNI a letter and the sign after it make one letter.
const VNI_PAIRS: &str = "aùá aøà aûả aõã aïạ aêă aéắ aèằ aúẳ aüẵ aëặ aââ aáấ aàầ aåẩ aãẫ aäậ eùé eøè eûẻ eõẽ eïẹ eâê eáế \
    eàề eåể eãễ eäệ oùó oøò oûỏ oõõ oïọ oâô oáố oàồ oåổ oãỗ oäộ ôùớ ôøờ ôûở ôõỡ ôïợ uùú uøù uûủ uõũ uïụ öùứ öøừ öûử \
    öõữ öïự yùý yøỳ yûỷ yõỹ";
const VNI_SINGLES: &str = "æỉ óĩ òị ôơ öư ñđ îỵ";

fn decode_vni(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let pair = rest.peek().and_then(|sign| vni_letter(VNI_PAIRS, &[c, *sign]));
        match pair {
            Some(letter) => {
                decoded.push(letter);
                rest.next();
            }
            None => decoded.push(vni_letter(VNI_SINGLES, &[c]).unwrap_or(c)),
        }
    }
    decoded
}

/// The letter that `code` stands for; capital if its first character is.
fn vni_letter(table: &str, code: &[char]) -> Option<char> {
    let capital = code.first().is_some_and(|c| c.is_uppercase());
    let code: String = code.iter().flat_map(|c| c.to_lowercase()).collect();
    let letter = table.split_whitespace().find_map(|entry| entry.strip_prefix(code.as_str()))?.chars().next()?;
    if capital { letter.to_uppercase().next() } else { Some(letter) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_converted_is_composed_also_before_a_mark_that_stood_alone() {
        for text in
            ["Chñ nghÜa t©\u{301}t", "\u{301}\u{301}\u{301}©\u{301}", "Céng hßa x· héi chñ nghÜa ViÖt Nam", "Đa\u{301}"]
        {
            for encoding in [LegacyEncoding::Tcvn3, LegacyEncoding::Vni] {
                let converted = convert_declared(text, encoding);
                assert_eq!(nfc(&converted), converted, "{text:?}");
            }
            if let Some((_, converted)) = convert_legacy(text) {
                assert_eq!(nfc(&converted), converted, "{text:?}");
            }
        }
    }

    #[test]
    fn tcvn3_is_recognised_and_read() {
        for (typed, meant) in [
            ("Céng hßa x· héi chñ nghÜa ViÖt Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam"),
            ("§éc lËp - Tù do - H¹nh phóc", "Độc lập - Tự do - Hạnh phúc"),
            ("Së Néi vô tØnh Kon Tum", "Sở Nội vụ tỉnh Kon Tum"),
            ("NguyÔn V¨n L©n", "Nguyễn Văn Lân"),
            ("B¸o c¸o s¬ kÕt c«ng t¸c thi ®ua", "Báo cáo sơ kết công tác thi đua"),
            ("Hµ Néi", "Hà Nội"),
            ("Long Th¹nh", "Long Thạnh"),
        ] {
            let (encoding, read) = convert_legacy(typed).unwrap_or_else(|| panic!("{typed}"));
            assert_eq!((encoding, read.as_str()), (LegacyEncoding::Tcvn3, meant));
            assert!(looks_like_tcvn3(typed) && !looks_like_vni(typed));
        }
    }

    #[test]
    fn vni_is_recognised_and_read() {
        for (typed, meant) in [
            ("Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam"),
            ("COÄNG HOØA XAÕ HOÄI CHUÛ NGHÓA VIEÄT NAM", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
            ("Ñoäc laäp - Töï do - Haïnh phuùc", "Độc lập - Tự do - Hạnh phúc"),
            ("Sôû Noäi vuï tænh Ñoàng Thaùp", "Sở Nội vụ tỉnh Đồng Tháp"),
            ("Nguyeãn Vaên Laân", "Nguyễn Văn Lân"),
            ("Baùo caùo sô keát", "Báo cáo sơ kết"),
        ] {
            let (encoding, read) = convert_legacy(typed).unwrap_or_else(|| panic!("{typed}"));
            assert_eq!((encoding, read.as_str()), (LegacyEncoding::Vni, meant));
            assert!(looks_like_vni(typed) && !looks_like_tcvn3(typed));
        }
    }

    #[test]
    fn a_declared_text_is_read_even_where_it_is_too_short_to_be_recognised() {
        for (encoding, typed, meant) in [
            (LegacyEncoding::Tcvn3, "Hµ", "Hà"),
            (LegacyEncoding::Tcvn3, "Së", "Sở"),
            (LegacyEncoding::Tcvn3, "§", "Đ"),
            (LegacyEncoding::Tcvn3, "C«ng v¨n sè 12/CV-TTr", "Công văn số 12/CV-TTr"),
            (LegacyEncoding::Vni, "Haø", "Hà"),
            (LegacyEncoding::Vni, "Ñ", "Đ"),
            (LegacyEncoding::Tcvn3, "2020-07-24", "2020-07-24"),
            (LegacyEncoding::Vni, "head-unit", "head-unit"),
        ] {
            assert_eq!(convert_declared(typed, encoding), meant);
        }
    }

    #[test]
    fn a_text_that_is_unicode_already_stays() {
        for text in ["Sở Nội vụ", "xã hội", "Khánh Hòa", "Nguyễn Văn A", "báo cáo", "Tà Rụt"] {
            for encoding in [LegacyEncoding::Tcvn3, LegacyEncoding::Vni] {
                assert_eq!(convert_declared(text, encoding), text);
            }
        }
    }

    /// Real names of persons, places, peoples and bodies, and phrases of the office, one a line.
    const REAL: &str = include_str!("legacy_real_names.txt");

    #[test]
    fn no_real_name_or_phrase_raises_a_false_alarm() {
        let lines: Vec<&str> = REAL.lines().filter(|line| !line.is_empty()).collect();
        assert!(lines.len() >= 200, "{}", lines.len());
        for line in lines {
            assert_eq!(convert_legacy(line), None, "{line}");
            let capitals = line.to_uppercase();
            assert_eq!(convert_legacy(&capitals), None, "{capitals}");
        }
    }

    #[test]
    fn no_single_word_of_them_raises_a_false_alarm() {
        for word in REAL.split_whitespace() {
            assert_eq!(convert_legacy(word), None, "{word}");
        }
    }
}
