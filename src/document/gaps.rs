//! What a text leaves to be filled in (T03).
//!
//! XX is a number in Roman figures as well: it counts as a gap only where a figure is due and nothing about it is numbered in Roman.

use crate::{
    failure::{Finding, Severity},
    vietnamese::fold_name,
};

/// What a form leaves to be filled in, wherever it stands.
const GAPS: [&str; 12] = ["....", "……", "…/…", "[…]", "[...]", "[..]", "___", "{{", "<...>", "<…>", "???", "…%"];

/// T03 (error): no text of an issued paper has a gap left to fill in.
pub(super) fn check(pointer: &str, text: &str) -> Option<Finding> {
    let found = GAPS.iter().find(|gap| text.contains(**gap)).map(|gap| (*gap).to_owned()).or_else(|| gap_word(text))?;
    Some(
        Finding::new(
            "T03",
            Severity::Error,
            pointer,
            format!("Nội dung còn chỗ chưa điền “{found}” trong văn bản ban hành; hãy điền đủ hoặc chuyển về dự thảo."),
            format!("The text of an issued paper still has a gap “{found}”."),
        )
        .found(text),
    )
}

/// A word that stands for one to come.
fn gap_word(text: &str) -> Option<String> {
    let written: Vec<&str> = text.split_whitespace().collect();
    let folded: Vec<String> = written.iter().map(|word| fold_name(bare(word))).collect();
    let gap = written.iter().enumerate().find(|(at, word)| {
        is_stand_in(bare(word))
            || is_omission(&written, *at)
            || (is_doubtful(bare(word)) && figure_is_due(&written, &folded, *at))
    });
    gap.map(|(_, word)| if bare(word).is_empty() { (*word).to_owned() } else { bare(word).to_owned() })
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// `xxx`, `20xx`, `TBD`, `n/a`: nobody means these. `xx` in small letters is no Roman figure in a paper.
fn is_stand_in(word: &str) -> bool {
    let behind_digits = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let small = behind_digits.len() >= 2 && behind_digits.chars().all(|c| c == 'x');
    let after_digits =
        behind_digits.len() < word.len() && behind_digits.len() >= 2 && behind_digits.chars().all(|c| c == 'X');
    small || after_digits || ["tbd", "tba", "n/a"].contains(&word.to_lowercase().as_str())
}

/// Dots between two words: `tổ chức … hội nghị`. At an end, or behind a list, they say that there is more.
fn is_omission(written: &[&str], at: usize) -> bool {
    let dots = matches!(written[at], "…" | "..." | "..");
    let (before, after) = (at.checked_sub(1).map(|at| written[at]), written.get(at + 1));
    let more = before.is_some_and(|word| word.ends_with([',', ';', ':']) || word.to_lowercase().starts_with("v.v"));
    let goes_on = after.is_some_and(|word| word.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit()));
    dots && before.is_some_and(|word| word.ends_with(char::is_alphanumeric)) && !more && goes_on
}

/// `XX`, `XXX`, `XX/KH-KTĐ`.
fn is_doubtful(word: &str) -> bool {
    let figure = word.split('/').next().unwrap_or_default();
    figure.len() >= 2 && figure.chars().all(|c| c == 'X')
}

fn figure_is_due(written: &[&str], folded: &[String], at: usize) -> bool {
    /// Before a figure.
    const BEFORE: [&str; 20] = [
        "có", "với", "đạt", "được", "là", "số", "ngày", "tháng", "năm", "khoảng", "trên", "hơn", "gồm", "tổng", "còn",
        "tăng", "giảm", "tặng", "cho", "thu",
    ];
    /// Behind one.
    const BEHIND: [&str; 19] = [
        "đơn vị",
        "lượt",
        "người",
        "cuộc",
        "phong trào",
        "tập thể",
        "cá nhân",
        "nhiệm vụ",
        "chỉ tiêu",
        "sáng kiến",
        "triệu",
        "tỷ",
        "đồng",
        "lớp",
        "hội nghị",
        "văn bản",
        "chương trình",
        "trường hợp",
        "phiếu",
    ];
    /// What is numbered in Roman figures.
    const ROMAN: [&str; 13] = [
        "thế kỷ",
        "đại hội",
        "khóa",
        "lần",
        "thứ",
        "chương",
        "mục",
        "phần",
        "phụ lục",
        "nhiệm kỳ",
        "hạng",
        "trung ương",
        "quý",
    ];
    /// How many words around it tell.
    const AROUND: usize = 6;
    let near = |words: &[String], names: &[&str]| {
        let text = format!(" {} ", words.join(" "));
        names.iter().any(|name| text.contains(&format!(" {} ", fold_name(name))))
    };
    let around = &folded[at.saturating_sub(AROUND)..(at + 3).min(folded.len())];
    if near(around, &ROMAN) {
        return false;
    }
    let is_first = |words: &[String], names: &[&str]| {
        let text = format!("{} ", words.join(" "));
        names.iter().any(|name| text.starts_with(&format!("{} ", fold_name(name))))
    };
    let before = at.checked_sub(1).map(|at| &folded[at..=at]);
    let ends_here = written[at].ends_with([',', ';', '.', ':']);
    let behind = &folded[at + 1..(at + 3).min(folded.len())];
    written[at].ends_with('%')
        || before.is_some_and(|word| is_first(word, &BEFORE))
        || (!ends_here && is_first(behind, &BEHIND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t03_what_stands_for_words_to_come_is_a_gap() {
        for text in [
            "ngày .... tháng",
            "số …/…",
            "tặng Bằng khen cho ……",
            "{{ name }}",
            "[…]",
            "[..]",
            "họ tên: ____",
            "TBD",
            "Kết quả: n/a",
            "xxx nhiệm vụ",
            "năm 20xx",
            "năm 20XX",
            "Các đơn vị tổ chức … hội nghị",
            "thu hút ... người tham gia",
            "hội nghị với XX lượt người",
            "đạt XX%",
            "Kế hoạch số XX/KH-KTĐ",
            "tổ chức XX cuộc kiểm tra",
            "ngày XX tháng 12",
        ] {
            assert!(check("/x", text).is_some(), "{text}");
        }
    }

    #[test]
    fn t03_roman_figures_and_dots_that_say_more_are_none() {
        for text in [
            "từ đầu thế kỷ XX đến nay",
            "XX thế kỷ lịch sử",
            "Nghị quyết Đại hội XX của Đảng bộ tỉnh",
            "Đại hội đại biểu Đảng bộ tỉnh lần thứ XX",
            "Nghị quyết Đại hội Đảng bộ tỉnh XX, nhiệm kỳ 2025-2030",
            "đại biểu Quốc hội khóa XX",
            "Hội đồng nhân dân tỉnh khóa XX có 60 đại biểu",
            "Chương XX, Điều 3",
            "Phụ lục XXX",
            "XX. Kết luận",
            "Cụm XX",
            "Tốt, v.v…",
            "xã, phường, …",
            "các đơn vị, ... và nhiều nơi khác",
            "v.v. ... theo quy định",
            "Xã Xuân Xá",
            "Năm 2026 … Đó là một năm tốt",
        ] {
            assert_eq!(check("/x", text), None, "{text}");
        }
    }
}
