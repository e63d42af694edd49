//! What a text may consist of: composed letters, no hidden characters, no slips of the space bar.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The text in Unicode NFC, the form of TCVN 6909:2001; borrowed when it already is.
pub fn nfc(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        IsNormalized::No | IsNormalized::Maybe => Cow::Owned(text.nfc().collect()),
    }
}

/// The first character that no paper may contain, with its place (in characters, from 0) in the NFC form.
///
/// Forbidden are control characters other than the line feed and the tab, characters that are not seen (bidirectional
/// marks, zero-width characters, the soft hyphen, tags), private use, non-characters, the replacement character, and a
/// combining mark that NFC could not compose. One mark stays allowed: the breve on ê, ô, ơ, ư, which the Ê-đê, Ba-na
/// and Gia-rai alphabets write and Unicode has no single letter for.
pub fn forbidden_character(text: &str) -> Option<(usize, char)> {
    let text = nfc(text);
    let mut before = None;
    for (at, c) in text.chars().enumerate() {
        if is_hidden(c) || is_stray_mark(c, before) {
            return Some((at, c));
        }
        before = Some(c);
    }
    None
}

fn is_hidden(c: char) -> bool {
    if c == '\n' || c == '\t' {
        return false;
    }
    let code = c as u32;
    c.is_control()
        || code & 0xFFFE == 0xFFFE
        || matches!(
            code,
            0x00AD
                | 0x061C
                | 0x180E
                | 0x200B..=0x200F
                | 0x2028..=0x202E
                | 0x2060..=0x206F
                | 0xE000..=0xF8FF
                | 0xFDD0..=0xFDEF
                | 0xFEFF
                | 0xFFF9..=0xFFFD
                | 0xE0000..=0xE007F
                | 0xF0000..=0x10FFFF
        )
}

fn is_stray_mark(c: char, before: Option<char>) -> bool {
    const BREVE: char = '\u{306}';
    if !('\u{300}'..='\u{36F}').contains(&c) {
        return false;
    }
    !(c == BREVE && before.is_some_and(|base| "êôơưÊÔƠƯ".contains(base)))
}

/// A slip that does not change the meaning. `at` counts characters from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TidyFault {
    /// Two or more spaces in a row.
    DoubleSpace { at: usize },
    /// A space before a mark that closes a clause.
    SpaceBefore { at: usize, mark: char },
    /// An en or em dash inside a document number; the symbol takes the hyphen (Decree 30/2020, Annex I, II.3).
    DashInNumber { at: usize, dash: char },
    /// `Ð` (eth) or `Ɖ` typed for `Đ`: looks the same, cannot be found by a search.
    LookAlike { at: usize, found: char },
}

/// All slips of a text, in order.
pub fn tidy_faults(text: &str) -> Vec<TidyFault> {
    let text: Vec<char> = nfc(text).chars().collect();
    let mut faults = Vec::new();
    // Whether a slash stands in the run of non-blanks before `at`.
    let mut follows_slash = false;
    for (at, &c) in text.iter().enumerate() {
        let next = text.get(at + 1).copied();
        match c {
            ' ' if next == Some(' ') && (at == 0 || text[at - 1] != ' ') => faults.push(TidyFault::DoubleSpace { at }),
            ' ' => {
                // A blank before dots ("ngày ...") is a gap to be filled, not a slip.
                let dots = next == Some('.') && text.get(at + 2) == Some(&'.');
                if let Some(mark) = next.filter(|mark| ",;:.".contains(*mark) && !dots && at > 0) {
                    faults.push(TidyFault::SpaceBefore { at, mark });
                }
            }
            '\u{2010}'..='\u{2015}' | '\u{2212}' if follows_slash && is_between_letters(&text, at) => {
                faults.push(TidyFault::DashInNumber { at, dash: c });
            }
            'Ð' | 'ð' | 'Ɖ' | 'ɖ' => faults.push(TidyFault::LookAlike { at, found: c }),
            _ => {}
        }
        follows_slash = !c.is_whitespace() && (follows_slash || c == '/');
    }
    faults
}

/// `278/QĐ–UBND`, where the run of non-blanks has a slash before.
fn is_between_letters(text: &[char], at: usize) -> bool {
    let letter = |c: Option<&char>| c.is_some_and(|c| c.is_alphabetic());
    letter(text[..at].last()) && letter(text.get(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decomposed_vietnamese_is_composed_and_then_has_no_forbidden_character() {
        let decomposed: String = "Sở Nội vụ tỉnh Kon Tum".nfd().collect();
        assert_ne!(decomposed, "Sở Nội vụ tỉnh Kon Tum");
        assert_eq!(nfc(&decomposed), "Sở Nội vụ tỉnh Kon Tum");
        assert_eq!(forbidden_character(&decomposed), None);
    }

    #[test]
    fn every_hidden_character_is_found_at_its_place() {
        for c in [
            '\u{0}',
            '\u{7}',
            '\r',
            '\u{85}',
            '\u{AD}',
            '\u{200B}',
            '\u{200D}',
            '\u{202E}',
            '\u{2066}',
            '\u{2060}',
            '\u{FEFF}',
            '\u{FFFD}',
            '\u{FFFE}',
            '\u{1FFFF}',
            '\u{E000}',
            '\u{F0000}',
            '\u{10FFFD}',
        ] {
            assert_eq!(forbidden_character(&format!("Sở{c}Nội")), Some((2, c)), "{c:?}");
        }
    }

    #[test]
    fn line_feed_tab_and_no_break_space_may_stay() {
        assert_eq!(forbidden_character("a\nb\tc\u{A0}d “đ” – …"), None);
    }

    #[test]
    fn a_mark_without_a_letter_of_its_own_is_forbidden() {
        assert_eq!(forbidden_character("\u{301}a"), Some((0, '\u{301}')));
        assert_eq!(forbidden_character("Thành\u{301}"), Some((5, '\u{301}')));
        assert_eq!(forbidden_character("ế\u{301}"), Some((1, '\u{301}')), "a second tone");
    }

    #[test]
    fn the_breve_of_the_highland_alphabets_is_allowed() {
        assert_eq!(forbidden_character("Y Bliăng Niê\u{306} H'Ô\u{306}"), None);
        assert_eq!(forbidden_character("b\u{306}"), Some((1, '\u{306}')));
    }

    #[test]
    fn slips_are_found() {
        let table: &[(&str, &[TidyFault])] = &[
            ("Sở  Nội vụ", &[TidyFault::DoubleSpace { at: 2 }]),
            ("a   b", &[TidyFault::DoubleSpace { at: 1 }]),
            ("Sở Nội vụ , Sở Y tế", &[TidyFault::SpaceBefore { at: 9, mark: ',' }]),
            ("278/QĐ–UBND", &[TidyFault::DashInNumber { at: 6, dash: '–' }]),
            ("Ðà Nẵng", &[TidyFault::LookAlike { at: 0, found: 'Ð' }]),
        ];
        for (text, faults) in table {
            assert_eq!(&tidy_faults(text), faults, "{text}");
        }
    }

    #[test]
    fn a_clean_text_has_no_slips() {
        for text in
            ["Khối thi đua – Kon Tum", "giai đoạn 2015–2020", "ngày ... tháng ...", "278/QĐ-UBND, 1.234,5; v.v."]
        {
            assert_eq!(tidy_faults(text), [], "{text}");
        }
    }
}
