//! A number that stands in quotation marks, as a hand or a spreadsheet writes it in Vietnam, written as JSON wants it.

/// The number in JSON's writing. None where it is no number, no whole one where that is wanted, or where it cannot be told
/// whether a sign parts thousands or the fraction.
pub(super) fn plain(text: &str, is_whole: bool) -> Option<String> {
    let text: String = text.trim().split([' ', '\u{a0}', '\u{202f}']).collect();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = parts(digits, is_whole)?;
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number =
        !whole.is_empty() && whole.len() + fraction.len() <= 15 && are_digits(&whole) && are_digits(&fraction);
    let fraction = fraction.trim_end_matches('0');
    if !is_number || is_whole && !fraction.is_empty() {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// What stands before and after the sign of the fraction; signs between thousands are gone.
fn parts(digits: &str, is_whole: bool) -> Option<(String, String)> {
    let signs: Vec<char> = digits.chars().filter(|sign| matches!(sign, '.' | ',')).collect();
    let last = signs.last().copied().unwrap_or('.');
    let (before, after) = digits.rsplit_once(last).unwrap_or((digits, ""));
    let thousands = |text: &str, sign: char| {
        let mut groups = text.split(sign);
        let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
        (first && groups.all(|group| group.len() == 3)).then(|| text.replace(sign, ""))
    };
    match signs[..] {
        [] => Some((digits.to_owned(), String::new())),
        // 1.234 is a thousand and more, or a little more than one.
        [sign] if after.len() == 3 => {
            (is_whole && sign == '.').then(|| thousands(digits, sign)).flatten().map(|whole| (whole, String::new()))
        }
        [_] => (!after.is_empty()).then(|| (before.to_owned(), after.to_owned())),
        [first, ..] if signs.iter().all(|sign| *sign == first) => Some((thousands(digits, first)?, String::new())),
        [first, ref others @ ..] => {
            let is_fraction = !after.is_empty() && others[..others.len() - 1].iter().all(|sign| *sign == first);
            is_fraction.then(|| thousands(before, first)).flatten().map(|whole| (whole, after.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_number_is_written_plainly_and_never_guessed() {
        for (text, number, whole) in [
            ("8", Some("8"), Some("8")),
            (" 08 ", Some("8"), Some("8")),
            ("-3", Some("-3"), Some("-3")),
            ("6874,5", Some("6874.5"), None),
            ("6874.50", Some("6874.5"), None),
            ("0,5", Some("0.5"), None),
            ("8,0", Some("8"), Some("8")),
            ("1.234", None, Some("1234")),
            ("1,234", None, None),
            ("1.234.567", Some("1234567"), Some("1234567")),
            ("1.234.567,8", Some("1234567.8"), None),
            ("1,234,567.8", Some("1234567.8"), None),
            ("6 874,5", Some("6874.5"), None),
            ("1.23.456", None, None),
            ("1,2,3", None, None),
            ("8%", None, None),
            ("tám", None, None),
            ("", None, None),
            (",", None, None),
            ("1.", None, None),
            ("12345678901234567", None, None),
        ] {
            assert_eq!(plain(text, false).as_deref(), number, "{text:?}");
            assert_eq!(plain(text, true).as_deref(), whole, "{text:?}, whole");
        }
    }
}
