//! Joining parts into a sentence and ending it once.

use super::nfc;

/// `a, b và c`. If a part has a comma of its own (Sở Văn hóa, Thể thao và Du lịch), semicolons keep the parts apart.
pub fn join_and<S: AsRef<str>>(parts: &[S]) -> String {
    if parts.iter().any(|part| part.as_ref().contains(',')) {
        return semicolons(parts);
    }
    match parts {
        [] => String::new(),
        [only] => only.as_ref().to_string(),
        [first @ .., last] => format!("{} và {}", joined(first, ", "), last.as_ref()),
    }
}

/// `a; b; c`. Marks that the parts bring along at their ends give way to those between them.
pub fn semicolons<S: AsRef<str>>(parts: &[S]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| without_end_mark(part.as_ref())).collect();
    joined(&parts, "; ")
}

fn joined<S: AsRef<str>>(parts: &[S], mark: &str) -> String {
    parts.iter().map(|part| part.as_ref()).collect::<Vec<_>>().join(mark)
}

/// The text as one sentence: trimmed, ended by exactly one full stop. An ending `…`, `...`, `!`, `?` or `./.` stays,
/// also inside a closing quotation mark. Empty stays empty.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || is_closed(text) {
        return text.to_string();
    }
    let text = without_end_mark(text);
    if is_closed(&text) || text.is_empty() { text } else { text + "." }
}

fn is_closed(text: &str) -> bool {
    let inner = text.trim_end_matches(['”', '"', '’', ')', '»']);
    let quoted = inner.len() < text.len();
    text.ends_with("./.")
        || inner.ends_with(['…', '!', '?'])
        || text.ends_with("...")
        || ends_with_abbreviation(text)
        || (quoted && inner.ends_with('.') && !text.ends_with(')'))
}

/// The text without the marks that end a clause (`.`, `;`, `,`, `:`, `./.`). `…`, `...`, `!`, `?` and `v.v.` stay.
pub fn without_end_mark(text: &str) -> String {
    let mut text = text.trim();
    loop {
        let shorter = match text.strip_suffix("./.") {
            Some(shorter) => shorter,
            None if text.ends_with("...") || ends_with_abbreviation(text) => return text.to_string(),
            None => text.strip_suffix(['.', ';', ',', ':']).unwrap_or(text),
        };
        if shorter == text {
            return text.to_string();
        }
        text = shorter.trim_end();
    }
}

fn ends_with_abbreviation(text: &str) -> bool {
    text.to_lowercase().ends_with("v.v.")
}

/// Capital letters.
pub fn upper(text: &str) -> String {
    nfc(text).to_uppercase()
}

/// The first letter as a capital.
pub fn upper_first(text: &str) -> String {
    let text = nfc(text);
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// What names of bodies begin with; their first letter is never small (Decree 30/2020, Annex II, IV.1).
const BODIES: [&str; 12] =
    ["Bộ", "Công an", "Cụm", "Đảng bộ", "Đảng ủy", "Hội đồng", "Khối", "Mặt trận", "Sở", "Tỉnh ủy", "Ủy ban", "Uỷ ban"];
/// Common nouns that begin like one.
const NO_BODIES: [&str; 4] = ["Bộ máy", "Bộ phận", "Khối lượng", "Sở hữu"];

/// The first letter small, unless the text begins with an abbreviation (`UBND tỉnh`) or with the name of a body.
pub fn lower_first(text: &str) -> String {
    let text = nfc(text);
    let mut rest = text.chars();
    let Some(first) = rest.next() else { return String::new() };
    let abbreviated = rest.clone().next().is_some_and(|second| second.is_uppercase());
    let named = |body: &&str| text.strip_prefix(body).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    if abbreviated || (BODIES.iter().any(named) && !NO_BODIES.iter().any(named)) {
        return text.into_owned();
    }
    first.to_lowercase().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_with_va() {
        assert_eq!(join_and::<&str>(&[]), "");
        assert_eq!(join_and(&["a"]), "a");
        assert_eq!(join_and(&["a", "b"]), "a và b");
        assert_eq!(join_and(&["a", "b", "c"]), "a, b và c");
        assert_eq!(
            join_and(&["Sở Y tế", "Sở Văn hóa, Thể thao và Du lịch"]),
            "Sở Y tế; Sở Văn hóa, Thể thao và Du lịch"
        );
        assert_eq!(semicolons(&["a".to_string(), "b".to_string()]), "a; b");
    }

    #[test]
    fn a_sentence_ends_once() {
        for (text, ended) in [
            (" Tốt ", "Tốt."),
            ("Tốt.", "Tốt."),
            ("Tốt..", "Tốt."),
            ("Tốt;", "Tốt."),
            ("Tốt ; ", "Tốt."),
            ("Tốt…", "Tốt…"),
            ("Tốt...", "Tốt..."),
            ("Tốt!", "Tốt!"),
            ("Tốt?", "Tốt?"),
            ("Tốt./.", "Tốt./."),
            ("“Tốt”", "“Tốt”."),
            ("“Tốt.”", "“Tốt.”"),
            ("(nếu có)", "(nếu có)."),
            ("v.v.", "v.v."),
            ("", ""),
            (";", ""),
        ] {
            assert_eq!(sentence(text), ended, "{text}");
        }
    }

    #[test]
    fn end_marks_are_taken_away() {
        for (text, bare) in
            [("a;", "a"), ("a./.", "a"), ("a..", "a"), ("a , ", "a"), ("a...", "a..."), ("v.v.", "v.v."), ("a!", "a!")]
        {
            assert_eq!(without_end_mark(text), bare, "{text}");
        }
    }

    #[test]
    fn letters_change_case_whole() {
        assert_eq!(upper("Sở Nội vụ tỉnh Đắk Lắk, ở ế"), "SỞ NỘI VỤ TỈNH ĐẮK LẮK, Ở Ế");
        assert_eq!(upper_first("ủy ban"), "Ủy ban");
        assert_eq!(lower_first("Đẩy mạnh"), "đẩy mạnh");
        assert_eq!(lower_first("UBND tỉnh"), "UBND tỉnh");
        for name in ["Sở Nội vụ", "Khối thi đua", "Uỷ ban nhân dân", "Hội đồng"] {
            assert_eq!(lower_first(name), name);
        }
        assert_eq!(lower_first("Hội nghị tổng kết"), "hội nghị tổng kết");
        assert_eq!(lower_first("Khối lượng công việc"), "khối lượng công việc");
        assert_eq!([upper_first(""), lower_first("")], ["", ""]);
        assert_eq!(upper_first("u\u{309}y"), "Ủy");
    }
}
