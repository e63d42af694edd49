//! The page behind every problem's `type`, read out of docs/failures.md.

use crate::failure::FailureCode;

const PAGE: &str = include_str!("../../docs/failures.md");

/// What the page says of one code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Explanation {
    pub(super) code: FailureCode,
    pub(super) vietnamese: Told,
    pub(super) english: Told,
}

/// One language's paragraph, in its parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    /// The first sentence.
    pub(super) meaning: &'static str,
    /// What follows: what to do.
    pub(super) remedy: &'static str,
    /// The remark in brackets at the end: whose move it is.
    pub(super) mover: &'static str,
}

/// The page's section of a code; tests hold that every code has one.
pub(super) fn explanation(code: FailureCode) -> Option<Explanation> {
    let heading = format!("\n## {}\n", code.as_str());
    let section = PAGE.split_once(&heading)?.1.split("\n## ").next()?;
    let mut paragraphs = section.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
    Some(Explanation { code, vietnamese: told(paragraphs.next()?)?, english: told(paragraphs.next()?)? })
}

fn told(paragraph: &'static str) -> Option<Told> {
    let (text, mover) = paragraph.strip_suffix(')')?.rsplit_once(" (")?;
    // A sentence ends in a full stop and a space; names such as `Retry-After` hold neither.
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    let (meaning, remedy) = text.split_at(end);
    Some(Told { meaning, remedy: remedy.trim(), mover })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_meaning_its_remedy_and_whose_move_it_is_in_both_languages() {
        for code in FailureCode::ALL {
            let explained = explanation(*code).unwrap_or_else(|| panic!("{} is not explained", code.as_str()));
            for told in [explained.vietnamese, explained.english] {
                assert!(told.meaning.ends_with('.'), "{}: {told:?}", code.as_str());
                assert!(told.remedy.ends_with('.'), "{}: what is to be done? {told:?}", code.as_str());
                assert!(told.mover.contains(": "), "{}: {told:?}", code.as_str());
            }
        }
    }
}
