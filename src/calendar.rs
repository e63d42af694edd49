//! Days, halves of a year, and how a date is written.
//!
//! One rule: no clock here; a date always comes from the caller.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{
    failure::{Finding, Severity},
    vietnamese::visit_strings,
};

/// The years a paper may speak of.
pub const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateFault {
    /// Not YYYY-MM-DD.
    #[error("not of the form YYYY-MM-DD")]
    Shape,
    /// The calendar has no such day.
    #[error("no such day in the calendar")]
    NoSuchDay,
    /// Outside of [`YEARS`].
    #[error("year outside of 1990 to 2100")]
    YearOutOfRange,
}

/// Reads a date of the form `2020-07-24`.
pub fn parse_iso(text: &str) -> Result<NaiveDate, DateFault> {
    let shape = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if !shape {
        return Err(DateFault::Shape);
    }
    let number = |from: usize, to: usize| text[from..to].parse::<u32>().map_err(|_| DateFault::Shape);
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let year = i32::try_from(year).map_err(|_| DateFault::Shape)?;
    let date = NaiveDate::from_ymd_opt(year, month, day).ok_or(DateFault::NoSuchDay)?;
    if YEARS.contains(&year) { Ok(date) } else { Err(DateFault::YearOutOfRange) }
}

/// For serde fields: a text that is no date is read as absent, because rule D01 has already reported it.
pub fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    Ok(value.as_ref().and_then(Value::as_str).and_then(|text| parse_iso(text).ok()))
}

/// `24/7/2020`, `09/7/2021`, `17/01/2020`: days below 10 and the months 1 and 2 take a zero
/// (Decree 30/2020, Annex I, Part I, II.4.b).
pub fn short(date: NaiveDate) -> String {
    format!("{}/{}/{}", day(date), month(date), date.year())
}

/// `ngày 24 tháng 7 năm 2020`, same rule for the zero.
pub fn long(date: NaiveDate) -> String {
    format!("ngày {} tháng {} năm {}", day(date), month(date), date.year())
}

fn day(date: NaiveDate) -> String {
    format!("{:02}", date.day())
}

/// The month as papers write it: `01`, `02`, `3` … `12`.
pub fn month(date: NaiveDate) -> String {
    match date.month() {
        month @ 1..=2 => format!("0{month}"),
        month => month.to_string(),
    }
}

/// `14 giờ 05 phút` from a time of day `14:05`; `None` if it is none.
pub fn time_words(text: &str) -> Option<String> {
    let (hour, minute) = time_of_day(text)?;
    Some(format!("{hour:02} giờ {minute:02} phút"))
}

/// Hour and minute of `HH:MM`, from 00:00 to 23:59.
pub fn time_of_day(text: &str) -> Option<(u32, u32)> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hour) || !two_digits(minute) {
        return None;
    }
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// Every date written in a text, as `13/5/2020` or `ngày 15 tháng 6 năm 2022`; what is no day is passed over.
pub fn dates_in(text: &str) -> Vec<NaiveDate> {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace()).map(bare).collect();
    let slashed = words.iter().filter_map(|word| day_of(&word.split('/').collect::<Vec<_>>()));
    let spoken = words.windows(6).filter_map(|words| match words {
        [on, day, of, month, in_year, year]
            if on.eq_ignore_ascii_case("ngày") && *of == "tháng" && *in_year == "năm" =>
        {
            day_of(&[*day, *month, *year])
        }
        _ => None,
    });
    slashed.chain(spoken).collect()
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Day, month and year in digits.
fn day_of(parts: &[&str]) -> Option<NaiveDate> {
    let [day, month, year] = parts else { return None };
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
        .filter(|date| YEARS.contains(&date.year()))
}

/// The part of a year that a paper speaks of (*6 tháng đầu năm*, *6 tháng cuối năm*, *năm*).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// 1 January to 30 June.
    FirstHalf,
    /// 1 July to 31 December.
    SecondHalf,
    /// 1 January to 31 December.
    #[default]
    Year,
}

/// The time a paper speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The working year.
    pub year: i32,
    /// Which part of it.
    pub part: Part,
}

impl Period {
    /// The first day.
    pub fn from(self) -> NaiveDate {
        match self.part {
            Part::FirstHalf | Part::Year => self.on(1, 1),
            Part::SecondHalf => self.on(7, 1),
        }
    }

    /// The last day.
    pub fn to(self) -> NaiveDate {
        match self.part {
            Part::FirstHalf => self.on(6, 30),
            Part::SecondHalf | Part::Year => self.on(12, 31),
        }
    }

    /// True if the day lies in the period.
    pub fn contains(self, date: NaiveDate) -> bool {
        (self.from()..=self.to()).contains(&date)
    }

    /// "6 tháng đầu năm 2020", "năm 2020".
    pub fn words(self) -> String {
        match self.part {
            Part::FirstHalf => format!("6 tháng đầu năm {}", self.year),
            Part::SecondHalf => format!("6 tháng cuối năm {}", self.year),
            Part::Year => format!("năm {}", self.year),
        }
    }

    fn on(self, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year, month, day).unwrap_or(NaiveDate::MAX)
    }
}

/// Fields of a request that hold a date.
const DATE_FIELDS: [&str; 4] = ["date", "issued_on", "from", "to"];
/// Fields that hold a day of birth, which may be older than [`YEARS`].
const BIRTH_FIELDS: [&str; 1] = ["born"];
/// Fields that hold a time of day.
const TIME_FIELDS: [&str; 4] = ["time", "started_at", "ended_at", "closed_at"];

/// D01 (error): every date of the request exists and lies in 1990 to 2100; every time of day exists.
pub fn check_dates(request: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    visit_strings(request, &mut |pointer, text| {
        let field = pointer.rsplit('/').next().unwrap_or_default();
        if let (true, Err(fault)) = (DATE_FIELDS.contains(&field), parse_iso(text)) {
            findings.push(fault_at(pointer, text, fault));
        }
        match parse_iso(text) {
            Ok(_) | Err(DateFault::YearOutOfRange) => {}
            Err(fault) if BIRTH_FIELDS.contains(&field) => findings.push(fault_at(pointer, text, fault)),
            Err(_) => {}
        }
        if TIME_FIELDS.contains(&field) && time_of_day(text).is_none() {
            findings.push(time_fault_at(pointer, text));
        }
    });
    findings
}

fn fault_at(pointer: &str, text: &str, fault: DateFault) -> Finding {
    let message = match fault {
        DateFault::Shape => format!("“{text}” không đúng dạng ngày năm-tháng-ngày; hãy ghi như 2020-07-24."),
        DateFault::NoSuchDay => format!("Ngày “{text}” không có trong lịch; hãy kiểm tra lại ngày và tháng."),
        DateFault::YearOutOfRange => {
            format!("Năm của ngày “{text}” nằm ngoài khoảng 1990 đến 2100; hãy kiểm tra lại năm.")
        }
    };
    Finding::new("D01", Severity::Error, pointer, message, format!("“{text}”: {fault}."))
        .found(text)
        .expected("ngày có thật, dạng năm-tháng-ngày, năm từ 1990 đến 2100")
}

fn time_fault_at(pointer: &str, text: &str) -> Finding {
    Finding::new(
        "D01",
        Severity::Error,
        pointer,
        format!("“{text}” không phải giờ đúng dạng; hãy ghi giờ và phút như 08:00 hoặc 14:05."),
        format!("“{text}” is no time of day of the form HH:MM."),
    )
    .found(text)
    .expected("giờ và phút dạng HH:MM, từ 00:00 đến 23:59")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        parse_iso(text).unwrap()
    }

    #[test]
    fn dates_follow_the_rule_of_the_zero() {
        for (iso, short_form, long_form) in [
            ("2020-07-24", "24/7/2020", "ngày 24 tháng 7 năm 2020"),
            ("2021-07-09", "09/7/2021", "ngày 09 tháng 7 năm 2021"),
            ("2020-01-17", "17/01/2020", "ngày 17 tháng 01 năm 2020"),
            ("2024-02-29", "29/02/2024", "ngày 29 tháng 02 năm 2024"),
            ("2026-03-03", "03/3/2026", "ngày 03 tháng 3 năm 2026"),
            ("2026-12-10", "10/12/2026", "ngày 10 tháng 12 năm 2026"),
        ] {
            assert_eq!((short(date(iso)).as_str(), long(date(iso)).as_str()), (short_form, long_form));
        }
    }

    #[test]
    fn a_zero_stands_before_every_day_below_ten_and_before_the_months_one_and_two_only() {
        for month in 1..=12 {
            for day in [1, 9, 10, 28] {
                let date = NaiveDate::from_ymd_opt(2026, month, day).unwrap();
                let months = ["01", "02", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];
                let days = [(1, "01"), (9, "09"), (10, "10"), (28, "28")];
                let of_month = months[month as usize - 1];
                let of_day = days.iter().find(|(known, _)| *known == day).unwrap().1;
                assert_eq!(short(date), format!("{of_day}/{of_month}/2026"));
                assert_eq!(long(date), format!("ngày {of_day} tháng {of_month} năm 2026"));
                // What a format string gives is wrong on one side or the other.
                assert_eq!(date.format("%d/%m/%Y").to_string() == short(date), !(3..=9).contains(&month));
                assert_eq!(date.format("%-d/%-m/%Y").to_string() == short(date), day >= 10 && month >= 3);
            }
        }
    }

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for (text, fault) in [
            ("2020-02-30", DateFault::NoSuchDay),
            ("2023-02-29", DateFault::NoSuchDay),
            ("2020-13-01", DateFault::NoSuchDay),
            ("1989-12-31", DateFault::YearOutOfRange),
            ("2101-01-01", DateFault::YearOutOfRange),
            ("24/7/2020", DateFault::Shape),
            ("2020-7-24", DateFault::Shape),
            ("2020-07-2\u{661}", DateFault::Shape),
            ("", DateFault::Shape),
        ] {
            assert_eq!(parse_iso(text), Err(fault), "{text}");
        }
        assert!(parse_iso("1990-01-01").is_ok() && parse_iso("2100-12-31").is_ok());
    }

    #[test]
    fn dates_are_found_in_running_text() {
        let text =
            "Căn cứ Quyết định số 278/QĐ-UBND ngày 13/5/2020; Luật ngày 15 tháng 6 năm 2022, ngày 30/02/2020, 1/2/3";
        assert_eq!(dates_in(text), [date("2020-05-13"), date("2022-06-15")]);
    }

    #[test]
    fn a_period_knows_its_days() {
        let first = Period { year: 2020, part: Part::FirstHalf };
        assert!(first.contains(date("2020-01-01")) && first.contains(date("2020-06-30")));
        assert!(!first.contains(date("2020-07-01")));
        assert_eq!(first.words(), "6 tháng đầu năm 2020");
        let second = Period { year: 2020, part: Part::SecondHalf };
        assert_eq!((second.from(), second.to()), (date("2020-07-01"), date("2020-12-31")));
        assert_eq!(second.words(), "6 tháng cuối năm 2020");
        let year = Period { year: 2020, part: Part::Year };
        assert_eq!((year.from(), year.to()), (date("2020-01-01"), date("2020-12-31")));
        assert_eq!(year.words(), "năm 2020");
    }

    #[test]
    fn d01_a_day_that_does_not_exist_is_an_error() {
        let findings = check_dates(&json!({"content": {"conference": {"date": "2020-02-30"}}}));
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].code.as_str(), findings[0].severity), ("D01", Severity::Error));
        assert_eq!(findings[0].pointers, ["/content/conference/date"]);
    }

    #[test]
    fn a_time_of_day_is_said_in_hours_and_minutes() {
        for (time, words) in [
            ("14:05", Some("14 giờ 05 phút")),
            ("08:00", Some("08 giờ 00 phút")),
            ("00:00", Some("00 giờ 00 phút")),
            ("23:59", Some("23 giờ 59 phút")),
            ("24:00", None),
            ("8:00", None),
            ("08:60", None),
            ("08h00", None),
            ("+8:00", None),
            ("", None),
        ] {
            assert_eq!(time_words(time).as_deref(), words, "{time}");
        }
    }

    #[test]
    fn d01_a_time_that_does_not_exist_is_an_error_and_a_birthday_may_be_old() {
        let findings = check_dates(&json!({"content": {"started_at": "25:00", "ended_at": "17:00"}}));
        assert_eq!(findings.iter().map(|f| f.pointers[0].as_str()).collect::<Vec<_>>(), ["/content/started_at"]);
        assert_eq!(check_dates(&json!({"person": {"born": "1968-05-19"}})), []);
        assert_eq!(check_dates(&json!({"person": {"born": "1968-02-30"}})).len(), 1);
    }

    #[test]
    fn d01_real_days_and_years_as_numbers_pass() {
        assert_eq!(check_dates(&json!({"from": 2015, "to": 2020, "date": "2020-02-29", "name": "2020-02-30"})), []);
    }
}
