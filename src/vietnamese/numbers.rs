//! Numbers as an office writes them: point for thousands, comma for decimals.

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};

/// `1.234,5`: a point between thousands, a decimal comma, no needless zeros; a minus is a hyphen.
pub fn group(number: &Decimal) -> String {
    let number = number.normalize();
    let digits = number.abs().to_string();
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let sign = if number.is_sign_negative() && !number.is_zero() { "-" } else { "" };
    let comma = if fraction.is_empty() { "" } else { "," };
    format!("{sign}{}{comma}{fraction}", with_points(whole))
}

/// A count in running text: `02` for 1 to 9 (custom of offices, not law), `0`, `12`, `1.234`.
pub fn count(number: u64) -> String {
    match number {
        1..=9 => format!("0{number}"),
        0 | 10.. => with_points(&number.to_string()),
    }
}

/// `87,5%`: `part` of `whole`, at most two decimals, halves away from zero. `None` if there is no whole to speak of.
pub fn percent(part: Decimal, whole: Decimal) -> Option<String> {
    let ratio = part.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(whole)?;
    Some(group(&ratio.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)) + "%")
}

/// `1.490.000 đồng`.
pub fn money(amount: &Decimal) -> String {
    group(amount) + " đồng"
}

/// `tăng 12 (8,5%)`, `giảm 3 (2%)`, `không thay đổi`; without the percentage where nothing was before. Of what is counted in a
/// unit: `tăng 05 lượt (8,5%)`.
pub fn change(now: Decimal, before: Decimal, unit: Option<&str>) -> Option<String> {
    let difference = now.checked_sub(before)?;
    if difference.is_zero() {
        return Some("không thay đổi".into());
    }
    let verb = if difference.is_sign_positive() { "tăng" } else { "giảm" };
    let share = percent(difference.abs(), before.abs()).map(|share| format!(" ({share})")).unwrap_or_default();
    let size = difference.abs();
    let counted = match (unit, size.to_u64().filter(|_| size.is_integer())) {
        (Some(unit), Some(whole)) => format!("{}\u{a0}{unit}", count(whole)),
        (Some(unit), None) => format!("{}\u{a0}{unit}", group(&size)),
        (None, _) => group(&size),
    };
    Some(format!("{verb} {counted}{share}"))
}

/// `I`, `II`, `IV` …; empty for 0. From 4000 on the M repeats.
pub fn roman(number: u32) -> String {
    const STEPS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let mut rest = number;
    let mut written = String::new();
    for (step, letters) in STEPS {
        written.push_str(&letters.repeat((rest / step) as usize));
        rest %= step;
    }
    written
}

/// The number read aloud: `một trăm linh năm`, `hai mươi mốt`, `mười lăm`, `ba mươi tư`.
pub fn in_words(number: u64) -> String {
    const BILLION: u64 = 1_000_000_000;
    let mut words = Vec::new();
    let (billions, below) = (number / BILLION, number % BILLION);
    if billions > 0 {
        words.push(in_words(billions) + " tỷ");
    }
    for (unit, name) in [(1_000_000, " triệu"), (1_000, " nghìn"), (1, "")] {
        let three_digits = below / unit % 1_000;
        if three_digits > 0 {
            let place = if words.is_empty() { Place::First } else { Place::Later };
            words.push(hundreds(three_digits, place) + name);
        }
    }
    if words.is_empty() { "không".into() } else { words.join(" ") }
}

const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];

/// Whether a group of three digits opens the number; a later one reads its missing hundreds.
#[derive(Clone, Copy)]
enum Place {
    First,
    Later,
}

fn hundreds(number: u64, place: Place) -> String {
    let [hundred, ten, one] = [number / 100, number / 10 % 10, number % 10].map(|digit| digit as usize);
    let mut words: Vec<&str> = Vec::new();
    match place {
        Place::First if hundred == 0 => {}
        Place::First | Place::Later => words.extend([DIGITS[hundred], "trăm"]),
    }
    match ten {
        0 if one > 0 && !words.is_empty() => words.push("linh"),
        0 => {}
        1 => words.push("mười"),
        _ => words.extend([DIGITS[ten], "mươi"]),
    }
    match (ten, one) {
        (_, 0) => {}
        (2.., 1) => words.push("mốt"),
        (2.., 4) => words.push("tư"),
        (1.., 5) => words.push("lăm"),
        (_, one) => words.push(DIGITS[one]),
    }
    words.join(" ")
}

fn with_points(digits: &str) -> String {
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_grouped_and_named() {
        for (amount, written) in
            [("1490000", "1.490.000 đồng"), ("0", "0 đồng"), ("2340000.00", "2.340.000 đồng"), ("999", "999 đồng")]
        {
            assert_eq!(money(&amount.parse().unwrap()), written);
        }
    }

    #[test]
    fn a_change_is_said_with_its_direction_and_share() {
        for (now, before, said) in [
            ("153", "141", "tăng 12 (8,51%)"),
            ("147", "150", "giảm 3 (2%)"),
            ("150", "150.0", "không thay đổi"),
            ("5", "0", "tăng 5"),
            ("0", "5", "giảm 5 (100%)"),
            ("0", "0", "không thay đổi"),
            ("1500.5", "1000", "tăng 500,5 (50,05%)"),
            ("-1", "-2", "tăng 1 (50%)"),
        ] {
            assert_eq!(change(now.parse().unwrap(), before.parse().unwrap(), None).as_deref(), Some(said));
        }
    }

    #[test]
    fn a_change_of_what_is_counted_is_counted_as_that_is() {
        for (now, before, said) in [
            ("31", "26", "tăng 05\u{a0}lượt (19,23%)"),
            ("1200", "60", "tăng 1.140\u{a0}lượt (1.900%)"),
            ("26", "26", "không thay đổi"),
            ("1.5", "1", "tăng 0,5\u{a0}lượt (50%)"),
        ] {
            assert_eq!(change(now.parse().unwrap(), before.parse().unwrap(), Some("lượt")).as_deref(), Some(said));
        }
    }

    #[test]
    fn thousands_take_a_point_and_decimals_a_comma() {
        for (number, written) in [
            ("0", "0"),
            ("-0", "0"),
            ("999", "999"),
            ("1000", "1.000"),
            ("1234.5", "1.234,5"),
            ("-1234567.80", "-1.234.567,8"),
            ("100", "100"),
            ("0.05", "0,05"),
        ] {
            assert_eq!(group(&number.parse().unwrap()), written);
        }
    }

    #[test]
    fn counts_below_ten_take_a_zero() {
        for (number, written) in [(0, "0"), (2, "02"), (9, "09"), (10, "10"), (130, "130"), (1234, "1.234")] {
            assert_eq!(count(number), written);
        }
    }

    #[test]
    fn percentages_round_half_up_to_two_decimals() {
        for (part, whole, written) in [
            ("7", "8", Some("87,5%")),
            ("1", "3", Some("33,33%")),
            ("2", "3", Some("66,67%")),
            ("100", "100", Some("100%")),
            ("0", "5", Some("0%")),
            ("0.12345", "1", Some("12,35%")),
            ("12", "1", Some("1.200%")),
            ("1", "0", None),
        ] {
            assert_eq!(percent(part.parse().unwrap(), whole.parse().unwrap()).as_deref(), written, "{part}/{whole}");
        }
        assert_eq!(percent(Decimal::MAX, Decimal::ONE), None);
    }

    #[test]
    fn roman_numbers_are_written() {
        for (number, written) in [(0, ""), (1, "I"), (4, "IV"), (9, "IX"), (14, "XIV"), (40, "XL"), (2026, "MMXXVI")] {
            assert_eq!(roman(number), written);
        }
    }

    #[test]
    fn numbers_are_read_as_spoken() {
        for (number, words) in [
            (0, "không"),
            (4, "bốn"),
            (5, "năm"),
            (10, "mười"),
            (11, "mười một"),
            (14, "mười bốn"),
            (15, "mười lăm"),
            (20, "hai mươi"),
            (21, "hai mươi mốt"),
            (24, "hai mươi tư"),
            (55, "năm mươi lăm"),
            (105, "một trăm linh năm"),
            (110, "một trăm mười"),
            (1001, "một nghìn không trăm linh một"),
            (1_000_005, "một triệu không trăm linh năm"),
            (1_490_000, "một triệu bốn trăm chín mươi nghìn"),
            (2_500_000_000, "hai tỷ năm trăm triệu"),
            (1_000_000_001, "một tỷ không trăm linh một"),
        ] {
            assert_eq!(in_words(number), words);
        }
        assert!(in_words(u64::MAX).starts_with("mười tám tỷ"));
    }

    /// Digit by digit with the names of places, as one would do who does not speak the language.
    fn by_place(number: u64) -> String {
        let digits = number.to_string();
        let places = ["", " mươi", " trăm", " nghìn", " mươi", " trăm", " triệu", " mươi", " trăm", " tỷ"];
        let words = digits
            .bytes()
            .enumerate()
            .map(|(at, digit)| format!("{}{}", DIGITS[(digit - b'0') as usize], places[digits.len() - 1 - at]));
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn one_four_five_and_nought_are_read_by_their_place() {
        for (number, words) in [
            (19, "mười chín"),
            (31, "ba mươi mốt"),
            (34, "ba mươi tư"),
            (35, "ba mươi lăm"),
            (40, "bốn mươi"),
            (44, "bốn mươi tư"),
            (91, "chín mươi mốt"),
            (101, "một trăm linh một"),
            (104, "một trăm linh bốn"),
            (115, "một trăm mười lăm"),
            (121, "một trăm hai mươi mốt"),
            (500, "năm trăm"),
            (554, "năm trăm năm mươi tư"),
            (1_015, "một nghìn không trăm mười lăm"),
            (1_100, "một nghìn một trăm"),
            (4_004, "bốn nghìn không trăm linh bốn"),
            (10_000, "mười nghìn"),
            (21_021, "hai mươi mốt nghìn không trăm hai mươi mốt"),
            (105_005, "một trăm linh năm nghìn không trăm linh năm"),
            (2_340_000, "hai triệu ba trăm bốn mươi nghìn"),
            (1_000_010, "một triệu không trăm mười"),
            (15_000_000, "mười lăm triệu"),
            (24_000_000_000, "hai mươi tư tỷ"),
            (1_001_001_001, "một tỷ không trăm linh một triệu không trăm linh một nghìn không trăm linh một"),
        ] {
            assert_eq!(in_words(number), words);
            if number < 10_000_000_000 {
                assert_ne!(by_place(number), words, "this case says nothing");
            }
        }
    }

    #[test]
    fn a_number_is_not_written_as_a_computer_does() {
        for (number, written) in [
            ("1234.5", "1.234,5"),
            ("0.5", "0,5"),
            ("95.50", "95,5"),
            ("1234567", "1.234.567"),
            ("1000000000.25", "1.000.000.000,25"),
            ("-2500.75", "-2.500,75"),
        ] {
            assert_eq!(group(&number.parse().unwrap()), written);
            assert_ne!(number.parse::<f64>().unwrap().to_string(), written, "this case says nothing");
        }
    }
}
