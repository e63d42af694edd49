//! Capitals that Decree 30/2020, Annex II asks for (rule L01).
//!
//! Only what cannot be meant otherwise: a lint that is wrong once is not read again. All is worth knowing, nothing more.

use super::nfc;

/// A word or phrase that is written otherwise. `at` counts characters from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapitalFault {
    pub at: usize,
    pub found: String,
    pub right: String,
    /// The clause of the annex.
    pub clause: &'static str,
}

const AGENCIES: &str = "Mục IV.1.a";
const HONOURS: &str = "Mục V.2";
const LAWS: &str = "Mục V.6";
const PARTS: &str = "Mục V.7";
const PLACES: &str = "Mục III.1";
const HOLIDAYS: &str = "Mục V.8.b";

/// Phrases, as they are right, with the ways in which they are wrong.
const PHRASES: [(&str, &[&str], &str); 24] = [
    ("Bộ Chỉ huy", &["Bộ chỉ huy", "bộ chỉ huy"], AGENCIES),
    ("Bộ Tư lệnh", &["Bộ tư lệnh", "bộ tư lệnh"], AGENCIES),
    ("Ủy ban nhân dân", &["Ủy ban Nhân dân", "Uỷ ban Nhân dân", "ủy ban nhân dân", "uỷ ban nhân dân"], AGENCIES),
    ("Hội đồng nhân dân", &["Hội đồng Nhân dân", "hội đồng nhân dân"], AGENCIES),
    ("Sở Nội vụ", &["Sở nội vụ", "sở nội vụ", "sở Nội vụ"], AGENCIES),
    ("Sở Tài chính", &["Sở tài chính", "sở tài chính", "sở Tài chính"], AGENCIES),
    ("Sở Tư pháp", &["Sở tư pháp", "sở tư pháp", "sở Tư pháp"], AGENCIES),
    ("Sở Y tế", &["Sở y tế", "sở y tế", "sở Y tế"], AGENCIES),
    ("Sở Ngoại vụ", &["Sở ngoại vụ", "sở ngoại vụ", "sở Ngoại vụ"], AGENCIES),
    ("Huân chương Lao động", &["huân chương lao động", "Huân chương lao động", "huân chương Lao động"], HONOURS),
    ("Huân chương Độc lập", &["huân chương độc lập", "Huân chương độc lập", "huân chương Độc lập"], HONOURS),
    ("Huân chương Sao vàng", &["huân chương sao vàng", "huân chương Sao vàng"], HONOURS),
    ("Anh hùng Lao động", &["anh hùng lao động", "Anh hùng lao động", "anh hùng Lao động"], HONOURS),
    ("Nhà giáo Nhân dân", &["nhà giáo nhân dân", "Nhà giáo nhân dân"], HONOURS),
    ("Nghệ sĩ Nhân dân", &["nghệ sĩ nhân dân", "Nghệ sĩ nhân dân"], HONOURS),
    ("hạng Nhất", &["hạng nhất"], HONOURS),
    ("hạng Nhì", &["hạng nhì"], HONOURS),
    ("hạng Ba", &["hạng ba"], HONOURS),
    ("Luật Thi đua", &["luật thi đua", "Luật thi đua", "luật Thi đua"], LAWS),
    ("Thành phố Hồ Chí Minh", &["thành phố Hồ Chí Minh"], PLACES),
    ("Thủ đô Hà Nội", &["thủ đô Hà Nội"], PLACES),
    ("tết Nguyên đán", &["tết nguyên đán", "Tết nguyên đán", "tết Nguyên Đán", "Tết Nguyên Đán"], HOLIDAYS),
    ("Đảng Cộng sản Việt Nam", &["đảng cộng sản Việt Nam", "Đảng cộng sản Việt Nam"], AGENCIES),
    ("Mặt trận Tổ quốc Việt Nam", &["mặt trận tổ quốc Việt Nam", "Mặt trận tổ quốc Việt Nam"], AGENCIES),
];

/// All such places of a text, in order. A text is gone through once, however long it is: it may be a stranger's.
pub fn capital_faults(text: &str) -> Vec<CapitalFault> {
    let text = nfc(text);
    let words = words_of(&text);
    let mut faults = phrases(&text);
    faults.extend(parts_of_laws(&text, &words));
    faults.extend(provinces(&text, &words));
    faults.sort_by_key(|(byte, _)| *byte);
    let (mut at, mut counted) = (0, 0);
    for (byte, fault) in &mut faults {
        at += text[counted..*byte].chars().count();
        (fault.at, counted) = (at, *byte);
    }
    faults.into_iter().map(|(_, fault)| fault).collect()
}

/// Its place is counted when all are known.
fn fault(found: &str, right: String, clause: &'static str) -> CapitalFault {
    CapitalFault { at: 0, found: found.to_string(), right, clause }
}

fn phrases(text: &str) -> Vec<(usize, CapitalFault)> {
    let mut faults = Vec::new();
    for (byte, rest) in beginnings(text) {
        for (right, wrongs, clause) in PHRASES {
            for wrong in wrongs.iter().filter(|wrong| rest.starts_with(**wrong)) {
                let ends = !rest[wrong.len()..].starts_with(char::is_alphanumeric);
                if ends && is_meant(text, byte, right) {
                    faults.push((byte, fault(wrong, right.to_string(), clause)));
                }
            }
        }
    }
    faults
}

/// What begins at each letter that has none before it, with its byte.
fn beginnings(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut follows_letter = false;
    text.char_indices().filter_map(move |(byte, c)| {
        let is_letter = c.is_alphanumeric();
        let begins = is_letter && !follows_letter;
        follows_letter = is_letter;
        begins.then(|| (byte, &text[byte..]))
    })
}

/// Some words make another phrase of what follows them: `pháp luật thi đua`, `kỷ luật`; a class counts only beside an order.
fn is_meant(text: &str, byte: usize, right: &str) -> bool {
    let before = &text[..byte];
    let last = before.split_whitespace().next_back().unwrap_or_default().to_lowercase();
    match right {
        "Luật Thi đua" => !["pháp", "kỷ", "quy", "dự", "đạo"].contains(&last.as_str()),
        "hạng Nhất" | "hạng Nhì" | "hạng Ba" => {
            before.split_whitespace().rev().take(4).any(|word| word.to_lowercase() == "chương")
        }
        _ => true,
    }
}

/// `Khoản 2`, `Điểm a` inside a sentence; `khoản 2 điều 74`.
fn parts_of_laws(text: &str, words: &[Word<'_>]) -> Vec<(usize, CapitalFault)> {
    let mut faults = Vec::new();
    for pair in words.windows(2) {
        let [Word { byte, word, is_inside }, Word { byte: next_byte, word: next, .. }] = pair else { continue };
        let next = bare(next);
        let numbered = next.starts_with(|c: char| c.is_ascii_digit());
        let lettered = next.chars().count() == 1 && next.chars().all(char::is_lowercase);
        let right = match bare(word) {
            "Khoản" if numbered && *is_inside => "khoản",
            "Điểm" if lettered && *is_inside => "điểm",
            "điều" if numbered && follows_clause(text, *byte) => "Điều",
            "mục" if numbered && follows_article(text, *byte) => "Mục",
            "chương" if numbered_roman(next) && follows_article(text, *byte) => "Chương",
            _ => continue,
        };
        let begin = byte + word.find(bare(word)).unwrap_or_default();
        let end = next_byte + next.len();
        let found = text.get(begin..end).unwrap_or(word);
        faults.push((begin, fault(found, format!("{right} {next}"), PARTS)));
    }
    faults
}

/// True if `khoản 2` stands right before.
fn follows_clause(text: &str, byte: usize) -> bool {
    two_before(text, byte)
        .is_some_and(|[clause, number]| clause.to_lowercase() == "khoản" && number.chars().all(|c| c.is_ascii_digit()))
}

/// True if `Điều 24` or a larger part with its number stands right before: then no plain word can be meant.
fn follows_article(text: &str, byte: usize) -> bool {
    two_before(text, byte).is_some_and(|[part, number]| {
        ["điều", "mục"].contains(&part.to_lowercase().as_str()) && number.chars().all(|c| c.is_ascii_digit())
    })
}

fn two_before(text: &str, byte: usize) -> Option<[&str; 2]> {
    let mut before = text[..byte].split_whitespace().rev();
    let last = before.next()?;
    Some([before.next()?, last])
}

fn numbered_roman(next: &str) -> bool {
    !next.is_empty() && next.chars().all(|c| "IVXLC".contains(c) || c.is_ascii_digit())
}

/// `Tỉnh Kon Tum` inside a sentence: the common noun is small before a name. `Tỉnh ủy`, `Tỉnh đoàn` are names themselves.
fn provinces(text: &str, words: &[Word<'_>]) -> Vec<(usize, CapitalFault)> {
    const OTHER_NAMES: [&str; 6] = ["Ủy", "Uỷ", "Đoàn", "Hội", "Đội", "Đảng"];
    let mut faults = Vec::new();
    for pair in words.windows(2) {
        let [Word { byte, word, is_inside }, Word { byte: next_byte, word: next, .. }] = pair else { continue };
        let name = bare(next);
        let capital = name.starts_with(char::is_uppercase) && name.chars().nth(1).is_some_and(char::is_lowercase);
        if *word == "Tỉnh" && capital && !OTHER_NAMES.contains(&name) && *is_inside {
            let found = text.get(*byte..next_byte + name.len()).unwrap_or(word);
            faults.push((*byte, fault(found, format!("tỉnh {name}"), PLACES)));
        }
    }
    faults
}

struct Word<'a> {
    /// At which it begins.
    byte: usize,
    word: &'a str,
    /// A word stands before it on the same line and ends neither a sentence nor an introduction.
    is_inside: bool,
}

fn words_of(text: &str) -> Vec<Word<'_>> {
    let (mut words, mut end) = (Vec::new(), 0);
    let (mut goes_on, mut any_plain) = (false, false);
    for word in text.split_whitespace() {
        let byte = word.as_ptr() as usize - text.as_ptr() as usize;
        if text[end..byte].contains('\n') {
            (goes_on, any_plain) = (false, false);
        }
        words.push(Word { byte, word, is_inside: goes_on && any_plain });
        goes_on = word.ends_with(|mark: char| mark.is_alphanumeric() || mark == ',');
        any_plain |= word.chars().all(char::is_alphabetic);
        end = byte + word.len();
    }
    words
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let faults = capital_faults(text);
        let found: Vec<(&str, &str)> =
            faults.iter().map(|fault| (fault.found.as_str(), fault.right.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn l01_a_phrase_with_wrong_capitals_is_found_with_the_right_ones() {
        check("Bộ chỉ huy Quân sự tỉnh", &[("Bộ chỉ huy", "Bộ Chỉ huy")]);
        check("theo luật thi đua, khen thưởng", &[("luật thi đua", "Luật Thi đua")]);
        check(
            "tặng huân chương lao động hạng ba",
            &[("huân chương lao động", "Huân chương Lao động"), ("hạng ba", "hạng Ba")],
        );
        check("Huân chương Lao động hạng nhất", &[("hạng nhất", "hạng Nhất")]);
        check("danh hiệu anh hùng lao động", &[("anh hùng lao động", "Anh hùng Lao động")]);
        check("Ủy ban Nhân dân tỉnh", &[("Ủy ban Nhân dân", "Ủy ban nhân dân")]);
        check("tại thành phố Hồ Chí Minh", &[("thành phố Hồ Chí Minh", "Thành phố Hồ Chí Minh")]);
        check("dịp Tết Nguyên Đán", &[("Tết Nguyên Đán", "tết Nguyên đán")]);
    }

    #[test]
    fn l01_parts_of_a_law_are_small_but_for_the_article() {
        check("theo Khoản 2 Điều 74", &[("Khoản 2", "khoản 2")]);
        check("tại Điểm a khoản 2 Điều 74", &[("Điểm a", "điểm a")]);
        check("tại điểm a, khoản 2 điều 74 của Luật", &[("điều 74", "Điều 74")]);
        check("Căn cứ điểm a khoản 2 Điều 74", &[]);
        for begins in [
            "Khoản 2 Điều 74 quy định",
            "Nội dung như sau. Khoản 2 áp dụng",
            "Gồm:\nKhoản 2",
            "1. Khoản 2",
            "- Điểm a",
            "Điểm mạnh của khối",
            "điều 2 năm nay",
        ] {
            check(begins, &[]);
        }
    }

    #[test]
    fn l01_a_province_is_small_before_its_name_inside_a_sentence() {
        check("các sở của Tỉnh Kon Tum đã", &[("Tỉnh Kon", "tỉnh Kon")]);
        for right in [
            "Tỉnh Kon Tum có 10 sở",
            "các sở, ban, ngành của tỉnh Kon Tum",
            "Bí thư Tỉnh Đoàn",
            "Bí thư Tỉnh ủy",
            "của Tỉnh giao",
            "UBND TỈNH KON TUM",
            "văn phòng Tỉnh Ủy",
        ] {
            check(right, &[]);
        }
    }

    #[test]
    fn l01_what_may_be_meant_otherwise_is_left_alone() {
        for text in [
            "chấp hành pháp luật thi đua lành mạnh",
            "giữ kỷ luật thi đua",
            "Luật Thi đua, khen thưởng",
            "Bộ Chỉ huy Quân sự tỉnh",
            "Sở Nội vụ, Sở Tài chính",
            "xếp hạng ba trong khối",
            "Huân chương Lao động hạng Ba",
            "đơn vị anh hùng, lao động sáng tạo",
            "SỞ NỘI VỤ",
            "",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn l01_a_place_counts_characters_from_the_text_s_begin() {
        let at = |text: &str| capital_faults(text).iter().map(|fault| fault.at).collect::<Vec<_>>();
        assert_eq!(at("Được Sở nội vụ giao; theo Khoản 2 Điều 74,\nsở nội vụ"), [5, 26, 43]);
    }

    /// A text in which every word looks back over all before it would never be done with.
    #[test]
    fn l01_a_long_text_is_gone_through_once() {
        for word in ["hạng ba ", "huân chương hạng ba ", "Khoản 2 ", "điều 2 ", "mục 2 chương I ", "của Tỉnh Kon "]
        {
            let text = word.repeat(400_000 / word.len());
            assert!(capital_faults(&text).len() <= text.len());
        }
    }

    /// Every example of the annex that these rules could touch, as the annex writes it.
    #[test]
    fn l01_the_examples_of_the_annex_are_right() {
        for text in [
            "Nguyễn Ái Quốc, Trần Phú",
            "Vla-đi-mia I-lích Lê-nin",
            "thành phố Thái Nguyên, tỉnh Thái Nguyên",
            "sinh sống ở Quận 1, Phường Điện Biên Phủ",
            "về Thủ đô Hà Nội và Thành phố Hồ Chí Minh",
            "biển Cửa Lò, chợ Bến Thành, sông Vàm Cỏ, vịnh Hạ Long",
            "Ban Chỉ đạo trung ương về Phòng chống tham nhũng",
            "Bộ Tài nguyên và Môi trường, Hội đồng nhân dân tỉnh Sơn La",
            "Ban Chấp hành Trung ương Đảng Cộng sản Việt Nam",
            "tặng Huân chương Sao vàng, danh hiệu Nghệ sĩ Nhân dân, Anh hùng Lao động",
            "ngày Quốc khánh 2-9, ngày Quốc tế Lao động 1-5",
            "theo Bộ luật Hình sự, Luật Tổ chức Quốc hội",
            "Căn cứ điểm a khoản 2 Điều 103 Mục 5 Chương XII Phần I của Bộ luật Hình sự.",
            "Theo quy định tại điểm a khoản 1 Điều 24 Tiểu mục 1 Mục 1 Chương III của Nghị quyết số 351/2017/UBTVQH14.",
            "năm Kỷ Tỵ, Tân Hợi, Mậu Tuất",
            "dịp tết Nguyên đán, tết Đoan ngọ, tết Trung thu, trước Tết",
            "thứ Hai, thứ Tư, tháng Năm, tháng Tám",
            "theo Điều 24 chương trình hành động, Điều 5 mục tiêu chung",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn l01_what_a_simpler_rule_would_write_is_found() {
        // All words small, all words large, the first word large.
        for (plain, right) in [
            ("của hội đồng nhân dân tỉnh", "Hội đồng nhân dân"),
            ("của Hội đồng Nhân dân tỉnh", "Hội đồng nhân dân"),
            ("của Bộ tư lệnh", "Bộ Tư lệnh"),
            ("của sở y tế", "Sở Y tế"),
            ("tặng Anh hùng lao động", "Anh hùng Lao động"),
            ("khoản 1 Điều 24 mục 1 Chương III", "Mục 1"),
            ("khoản 1 Điều 24 Mục 1 chương III", "Chương III"),
        ] {
            let found: Vec<String> = capital_faults(plain).into_iter().map(|fault| fault.right).collect();
            assert_eq!(found, [right], "{plain}");
        }
    }

    #[test]
    fn l01_places_count_characters() {
        assert_eq!(capital_faults("Được tặng huân chương lao động")[0].at, 10);
    }
}
