//! No-break spaces where a line must not end: inside numbers of documents, dates and quantities.

const NO_BREAK: char = '\u{A0}';

/// Words that keep the number or letter after them: `số 278/QĐ-UBND`, `Điều 74`, `năm 2020`.
const BEFORE_NUMBER: [&str; 19] = [
    "số",
    "ngày",
    "tháng",
    "năm",
    "quý",
    "khóa",
    "khoá",
    "thứ",
    "điều",
    "khoản",
    "điểm",
    "mục",
    "chương",
    "phần",
    "mẫu",
    "phụ lục",
    "giờ",
    "lần",
    "vực",
];

/// First syllables of the units that are counted: `02 tập thể`, `6 tháng`, `14 giờ`.
const AFTER_NUMBER: [&str; 34] = [
    "tháng", "năm", "ngày", "giờ", "phút", "tuần", "quý", "tập", "cá", "hộ", "đơn", "cơ", "sáng", "phong", "đồng",
    "người", "lượt", "cuộc", "buổi", "thành", "triệu", "tỷ", "nghìn", "điểm", "ha", "km", "m²", "m2", "tấn", "kg",
    "đề", "gia", "công", "mô",
];

/// Puts a no-break space in place of the blank in phrases such as `số 278/QĐ-UBND`, `ngày 24 tháng 7 năm 2020`,
/// `điểm a khoản 2 Điều 74`, `02 tập thể`. Every other character stays.
pub fn keep_together(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut before = "";
    for (place, word) in text.split(' ').enumerate() {
        if place > 0 {
            kept.push(if belong_together(before, word) { NO_BREAK } else { ' ' });
        }
        kept.push_str(word);
        before = word;
    }
    kept
}

fn belong_together(before: &str, after: &str) -> bool {
    // Words may already be tied to others by a no-break space or follow a line feed.
    let before =
        before.rsplit([NO_BREAK, '\n', '\t']).next().unwrap_or(before).trim_start_matches(['(', '“', '"', '[']);
    let after = after.split([NO_BREAK, '\n', '\t']).next().unwrap_or(after).trim_start_matches(['“', '"']);
    // A line that begins with a dash would read as an item of a list.
    if matches!(after, "-" | "–") && before.chars().any(char::is_alphanumeric) {
        return true;
    }
    let lower = before.to_lowercase();
    if BEFORE_NUMBER.contains(&lower.as_str()) || lower == "lục" {
        return is_designation(&lower, after);
    }
    is_quantity(before) && AFTER_NUMBER.contains(&after.to_lowercase().trim_end_matches([',', '.', ';', ':', ')']))
}

/// What can follow `word` as its number: digits, a Roman number, or for a point one letter.
fn is_designation(word: &str, after: &str) -> bool {
    let bare = after.trim_end_matches([',', '.', ';', ':', ')', '”', '"']);
    let roman = !bare.is_empty() && bare.chars().all(|c| "IVXLC".contains(c));
    match word {
        "điểm" => bare.chars().count() == 1 && bare.chars().all(|c| c.is_lowercase()),
        "quý" | "khóa" | "khoá" | "thứ" | "lần" | "mục" | "chương" | "phần" | "lục" => {
            roman || starts_with_digit(after)
        }
        _ => starts_with_digit(after),
    }
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// `6`, `02`, `1.234,5`.
fn is_quantity(word: &str) -> bool {
    starts_with_digit(word)
        && word.ends_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `~` stands for the no-break space.
    fn check(text: &str, expected: &str) {
        assert_eq!(keep_together(text).replace(NO_BREAK, "~"), expected);
    }

    #[test]
    fn numbers_of_documents_and_dates_stay_whole() {
        check("Quyết định số 278/QĐ-UBND ngày 13/5/2020 của", "Quyết định số~278/QĐ-UBND ngày~13/5/2020 của");
        check("ngày 24 tháng 7 năm 2020.", "ngày~24~tháng~7~năm~2020.");
        check("Khối Thi đua số 6", "Khối Thi đua số~6");
        check("Số 05/BC-SNV ngày 05 tháng 01 năm 2026", "Số~05/BC-SNV ngày~05~tháng~01~năm~2026");
        check("từ ngày 01/01/2026 đến ngày 30/6/2026", "từ ngày~01/01/2026 đến ngày~30/6/2026");
        check("Quyết định số: 278/QĐ-UBND", "Quyết định số: 278/QĐ-UBND");
    }

    #[test]
    fn parts_of_a_law_stay_whole() {
        check("điểm a khoản 2 Điều 74 Chương XII", "điểm~a khoản~2 Điều~74 Chương~XII");
        check("(Điều 74)", "(Điều~74)");
        check("Phụ lục II kèm theo", "Phụ lục~II kèm theo");
        check(
            "tại điểm đ khoản 1 Điều 24 Tiểu mục 1 Mục 1 Chương III",
            "tại điểm~đ khoản~1 Điều~24 Tiểu mục~1 Mục~1 Chương~III",
        );
        check("Mẫu số 02 kèm theo Nghị định số 98/2023/NĐ-CP", "Mẫu số~02 kèm theo Nghị định số~98/2023/NĐ-CP");
        check("Điều 73, Điều 74.", "Điều~73, Điều~74.");
    }

    #[test]
    fn quantities_keep_their_unit() {
        check("sơ kết 6 tháng đầu năm 2020", "sơ kết 6~tháng đầu năm~2020");
        check("bình chọn 02 tập thể, 1.234,5 triệu đồng", "bình chọn 02~tập thể, 1.234,5~triệu đồng");
        check("14 giờ 00 phút", "14~giờ~00~phút");
        check(
            "Ngân hàng Nhà nước chi nhánh Khu vực 9, khu vực này",
            "Ngân hàng Nhà nước chi nhánh Khu vực~9, khu vực này",
        );
    }

    #[test]
    fn other_blanks_stay_as_they_are() {
        for text in
            ["số lượng lớn", "năm qua", "điểm mạnh", "khoản thu", "ngày càng", "08 Sở", "a  b", " ", "", "Mục tiêu"]
        {
            check(text, text);
        }
    }

    proptest! {
        #[test]
        fn nothing_but_blanks_changes(text in "[ \u{A0}\n0-9a-zđ/ĐIVX.,()“]{0,40}|(ngày|tháng|số|6|02|năm|Điều|điểm| ){0,12}") {
            prop_assert_eq!(keep_together(&text).replace(NO_BREAK, " "), text.replace(NO_BREAK, " "));
            prop_assert_eq!(keep_together(&keep_together(&text)), keep_together(&text));
        }
    }
}
