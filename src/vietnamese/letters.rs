//! The order of the Vietnamese alphabet: for points of a paper and for recognising an alphabetical list.

use unicode_normalization::UnicodeNormalization;

use super::nfc;

/// The letters that count points (*điểm*): the alphabet without ă, â, ê, ô, ơ, ư, as Decree 30/2020 itself does.
const POINT_LETTERS: [&str; 23] =
    ["a", "b", "c", "d", "đ", "e", "g", "h", "i", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "x", "y"];

/// The letter of the n-th point, from 1: a, b, c, d, đ, e, g … y, then aa, ab … Empty for 0.
pub fn point_letter(n: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = n;
    while rest > 0 {
        letters.push(POINT_LETTERS[(rest - 1) % POINT_LETTERS.len()]);
        rest = (rest - 1) / POINT_LETTERS.len();
    }
    letters.into_iter().rev().collect()
}

const ALPHABET: &str = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz";
/// Level, grave, hook, tilde, acute, dot: the order of a Vietnamese dictionary.
const TONES: [char; 5] = ['\u{300}', '\u{309}', '\u{303}', '\u{301}', '\u{323}'];

/// A key that sorts like a Vietnamese dictionary: letters first, tones only between equal letters.
pub fn alphabetical_key(text: &str) -> (Vec<usize>, Vec<usize>) {
    let mut letters = Vec::new();
    let mut tones = Vec::new();
    for c in nfc(text).to_lowercase().chars() {
        let mut tone = 0;
        let mut base = String::new();
        for part in c.nfd() {
            match TONES.iter().position(|known| *known == part) {
                Some(place) => tone = place + 1,
                None => base.push(part),
            }
        }
        let base = base.nfc().next().unwrap_or(c);
        // Blanks and signs stand before all letters, foreign letters behind.
        let place = ALPHABET.chars().position(|letter| letter == base);
        letters.push(place.map_or(if base.is_alphabetic() { 99 } else { 0 }, |place| place + 1));
        tones.push(tone);
    }
    (letters, tones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_follow_the_vietnamese_alphabet() {
        let first: Vec<String> = (1..=9).map(point_letter).collect();
        assert_eq!(first.join(" "), "a b c d đ e g h i");
        assert_eq!([point_letter(23), point_letter(24), point_letter(46), point_letter(47)], ["y", "aa", "ay", "ba"]);
        assert_eq!(point_letter(0), "");
    }

    #[test]
    fn a_dictionary_puts_letters_before_tones() {
        let mut words = vec!["đa", "da", "ả", "ấn", "an", "ăn", "á", "ánh", "ạ", "a", "à", "ã", "Ba"];
        words.sort_by_key(|word| alphabetical_key(word));
        assert_eq!(words.join(" "), "a à ả ã á ạ an ánh ăn ấn Ba da đa");
    }
}
