//! Boxes 3 and 4: number, symbol, place and date.

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{KindWords, Paper, Status};
use crate::{
    calendar,
    failure::{Finding, Severity},
    vietnamese::{fold_name, nfc, upper_first, without_end_mark},
};

/// Number and symbol of a paper (*số, ký hiệu*).
#[derive(Debug, Clone, Deserialize)]
pub struct Number {
    /// Given when the paper is signed; restarts at 1 each year (Decree 30/2020, art. 15(1)).
    #[serde(default)]
    pub serial: Option<u32>,
    /// `BC-SNV`: abbreviation of the type, then of the body.
    pub symbol: String,
}

const BLANK_SERIAL: &str = "\u{A0}\u{A0}\u{A0}\u{A0}\u{A0}\u{A0}";
const BLANK_DAY: &str = "\u{A0}\u{A0}\u{A0}\u{A0}\u{A0}";
const BLANK_YEAR: &str = "\u{A0}\u{A0}\u{A0}\u{A0}\u{A0}\u{A0}\u{A0}";

impl Number {
    /// `05`: below 10 with a zero (Decree 30/2020, Annex I, Part I, II.3). A draft has none.
    pub(super) fn serial_words(&self, status: Status) -> Option<String> {
        match status {
            Status::Draft => None,
            Status::Issued => self.serial.map(|serial| format!("{serial:02}")),
        }
    }

    /// `05/BC-SNV`, as others cite it; `None` before it has a serial.
    pub fn cited(&self) -> Option<String> {
        Some(format!("{}/{}", self.serial_words(Status::Issued)?, self.symbol_words()))
    }

    /// The symbol with hyphens for every kind of dash.
    pub(super) fn symbol_words(&self) -> String {
        nfc(self.symbol.trim()).chars().map(|c| if matches!(c, '\u{2010}'..='\u{2015}') { '-' } else { c }).collect()
    }
}

/// The parts of `Số: 05/BC-SNV`.
pub(super) fn number_line(paper: &Paper, status: Status) -> Value {
    let number = paper.number.as_ref();
    json!({
        "serial": number.and_then(|number| number.serial_words(status)),
        "symbol": number.map(Number::symbol_words),
    })
}

/// `Kon Tum, ngày 24 tháng 7 năm 2020`; a draft leaves the day blank, and all of it without a date.
pub(super) fn place_date(paper: &Paper, status: Status) -> String {
    format!("{}, {}", without_end_mark(&nfc(&paper.place)), date_words(paper.issued_on, status))
}

fn date_words(date: Option<NaiveDate>, status: Status) -> String {
    match (date, status) {
        (Some(date), Status::Issued) => calendar::long(date).replace(' ', "\u{A0}"),
        (Some(date), Status::Draft) => {
            format!("ngày{BLANK_DAY}tháng\u{A0}{}\u{A0}năm\u{A0}{}", calendar::month(date), date.year())
        }
        (None, Status::Issued | Status::Draft) => format!("ngày{BLANK_DAY}tháng{BLANK_DAY}năm{BLANK_YEAR}"),
    }
}

/// `Báo cáo số 05/BC-SNV ngày 24 tháng 7 năm 2020 của Sở Nội vụ`, with blanks where the paper has them: what an
/// appendix says it belongs to.
pub(super) fn citation_of_this(type_name: &str, paper: &Paper, status: Status) -> String {
    let serial = paper.number.as_ref().and_then(|number| number.serial_words(status));
    let symbol = paper.number.as_ref().map(|number| format!("/{}", number.symbol_words())).unwrap_or_default();
    format!(
        "{type_name} số\u{A0}{}{symbol} {} của {}",
        serial.as_deref().unwrap_or(BLANK_SERIAL),
        date_words(paper.issued_on, status),
        nfc(paper.letterhead.issuing_body.trim())
    )
}

/// T03 (error): an issued paper has number and date. T05 (warning): the symbol is one of this type of paper.
pub(super) fn check_number(paper: &Paper, words: &KindWords, status: Status) -> Vec<Finding> {
    let mut findings = Vec::new();
    if status == Status::Issued {
        let serial = paper.number.as_ref().and_then(|number| number.serial);
        if serial.is_none() && !(words.statement && paper.number.is_none()) {
            findings.push(super::check::gap(
                "/paper/number/serial",
                "Văn bản ban hành chưa có số; hãy ghi số do văn thư cấp.",
                "An issued paper needs its number.",
                "Nghị định số 30/2020/NĐ-CP, Điều 15",
            ));
        }
        if paper.issued_on.is_none() {
            findings.push(super::check::gap(
                "/paper/issued_on",
                "Văn bản ban hành chưa có ngày, tháng, năm; hãy ghi ngày ký ban hành.",
                "An issued paper needs its date.",
                "Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.4",
            ));
        }
    }
    findings.extend(paper.number.as_ref().and_then(|number| check_symbol(number, words)));
    findings
}

/// L01 (info): the place is a name: with capitals, not in capitals, and without `tỉnh` (Decree 30/2020, Annex I, Part I,
/// II.4.a).
pub(super) fn check_place(place: &str) -> Option<Finding> {
    let place = place.trim();
    let named = place.split_once(' ').filter(|(sort, _)| fold_name(sort) == fold_name("tỉnh")).map(|(_, name)| name);
    let letters = || place.chars().filter(|c| c.is_alphabetic());
    let shouted = letters().count() > 3 && letters().all(char::is_uppercase);
    let begins_low = place.chars().next().is_some_and(char::is_lowercase);
    let right = match named {
        Some(name) => upper_first(name),
        None if shouted => place.to_lowercase().split(' ').map(upper_first).collect::<Vec<_>>().join(" "),
        None if begins_low => upper_first(place),
        None => return None,
    };
    Some(
        Finding::new(
            "L01",
            Severity::Info,
            "/paper/place",
            format!("Địa danh ghi “{place}”; thể thức là tên riêng viết hoa chữ đầu, không kèm chữ “tỉnh”: “{right}”."),
            format!("The place is written “{place}”, the form is “{right}”."),
        )
        .found(place)
        .expected(right)
        .law("Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.4"),
    )
}

fn check_symbol(number: &Number, words: &KindWords) -> Option<Finding> {
    let symbol = number.symbol_words();
    let abbreviation = &words.abbreviation;
    let rest =
        if abbreviation.is_empty() { Some(symbol.as_str()) } else { symbol.strip_prefix(&format!("{abbreviation}-")) };
    if rest.is_some_and(|rest| !rest.is_empty()) && !symbol.contains(['/', ' ']) {
        return None;
    }
    let expected = if abbreviation.is_empty() { "SNV-TĐKT".to_string() } else { format!("{abbreviation}-…") };
    Some(
        Finding::new(
            "T05",
            Severity::Warning,
            "/paper/number/symbol",
            format!(
                "Ký hiệu “{symbol}” không đúng với loại {}; hãy ghi dạng “{expected}”, không kèm số và dấu cách.",
                words.official_type
            ),
            format!("The symbol “{symbol}” does not fit this type of paper; expected the form “{expected}”."),
        )
        .and_at("/kind")
        .found(&symbol)
        .expected(expected)
        .law("Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.3 và Phụ lục III, Phần I"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn visible(text: &str) -> String {
        text.replace('\u{A0}', "~")
    }

    #[test]
    fn l01_the_place_is_a_name_without_the_word_province() {
        let right = |place: &str| check_place(place).map(|finding| finding.expected.unwrap_or_default());
        for (place, expected) in [
            ("Kon Tum", None),
            ("TP. Hồ Chí Minh", None),
            ("Thành phố Hồ Chí Minh", None),
            ("HCM", None),
            ("Bà Rịa - Vũng Tàu", None),
            ("tỉnh Kon Tum", Some("Kon Tum")),
            ("Tỉnh Kon Tum", Some("Kon Tum")),
            ("KON TUM", Some("Kon Tum")),
            ("kon Tum", Some("Kon Tum")),
        ] {
            assert_eq!(right(place).as_deref(), expected, "{place}");
        }
    }

    #[test]
    fn a_number_is_cited_once_it_has_its_serial() {
        let number = |serial| Number { serial, symbol: " BC–SNV".into() };
        assert_eq!(number(Some(5)).cited().as_deref(), Some("05/BC-SNV"));
        assert_eq!(number(None).cited(), None);
    }

    #[test]
    fn an_issued_number_and_date_follow_the_rule_of_the_zero() {
        let paper = samples::paper(|_| {});
        assert_eq!(number_line(&paper, Status::Issued), json!({"serial": "05", "symbol": "BC-SNV"}));
        assert_eq!(visible(&place_date(&paper, Status::Issued)), "Kon Tum, ngày~24~tháng~7~năm~2020");
        let paper = samples::paper(|p| {
            p["number"]["serial"] = json!(130);
            p["issued_on"] = json!("2021-02-09");
        });
        assert_eq!(number_line(&paper, Status::Issued)["serial"], "130");
        assert_eq!(visible(&place_date(&paper, Status::Issued)), "Kon Tum, ngày~09~tháng~02~năm~2021");
    }

    #[test]
    fn a_draft_leaves_number_and_day_blank() {
        let paper = samples::paper(|_| {});
        assert_eq!(number_line(&paper, Status::Draft), json!({"serial": null, "symbol": "BC-SNV"}));
        assert_eq!(visible(&place_date(&paper, Status::Draft)), "Kon Tum, ngày~~~~~tháng~7~năm~2020");
        let undated = samples::paper(|p| p["issued_on"] = json!(null));
        assert_eq!(visible(&place_date(&undated, Status::Draft)), "Kon Tum, ngày~~~~~tháng~~~~~năm~~~~~~~");
    }

    #[test]
    fn an_appendix_names_its_paper() {
        let paper = samples::paper(|_| {});
        assert_eq!(
            visible(&citation_of_this("Báo cáo", &paper, Status::Issued)),
            "Báo cáo số~05/BC-SNV ngày~24~tháng~7~năm~2020 của Sở Nội vụ"
        );
    }

    #[test]
    fn t03_an_issued_paper_without_number_or_date_is_refused() {
        let paper = samples::paper(|p| {
            p["number"] = json!({"symbol": "BC-SNV"});
            p["issued_on"] = json!(null);
        });
        let codes =
            |status| check_number(&paper, &samples::words(), status).into_iter().map(|f| f.code).collect::<Vec<_>>();
        assert_eq!(codes(Status::Issued), ["T03", "T03"]);
        assert_eq!(codes(Status::Draft), [""; 0]);
        assert_eq!(check_number(&samples::paper(|_| {}), &samples::words(), Status::Issued), []);
    }

    #[test]
    fn t05_a_symbol_of_another_type_is_reported() {
        for (symbol, findings) in
            [("BC-SNV", 0), ("BC–SNV", 0), ("BB-KTĐ", 1), ("05/BC-SNV", 1), ("BC-", 1), ("BC - SNV", 1)]
        {
            let paper = samples::paper(|p| p["number"]["symbol"] = json!(symbol));
            assert_eq!(check_number(&paper, &samples::words(), Status::Draft).len(), findings, "{symbol}");
        }
        let letter = KindWords { abbreviation: String::new(), ..samples::words() };
        let paper = samples::paper(|p| p["number"]["symbol"] = json!("SNV-TĐKT"));
        assert_eq!(check_number(&paper, &letter, Status::Draft), []);
    }
}
