//! An official document: the parts that every paper has, whatever it speaks of.
//!
//! One rule: the order, capitals, zeros and blanks prescribed by Decree 30/2020 are set here, once; layouts only place
//! what they are handed.

mod asked;
mod assembly;
mod check;
mod gaps;
mod letterhead;
mod number;
mod presiding;
mod recipients;
mod signing;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use assembly::assemble;
pub use check::check;
pub use letterhead::{Custom, Letterhead};
pub use number::Number;
pub use recipients::Recipients;
pub use signing::{SIGNATURE_IMAGE, Signing, SigningCapacity};

/// The `paper` of a request.
#[derive(Debug, Clone, Deserialize)]
pub struct Paper {
    pub letterhead: Letterhead,
    #[serde(default)]
    pub number: Option<Number>,
    /// The place of the issuing body (*địa danh*).
    pub place: String,
    #[serde(default, deserialize_with = "crate::calendar::lenient")]
    pub issued_on: Option<NaiveDate>,
    /// Takes the place of the kind's own subject (*trích yếu*).
    #[serde(default)]
    pub subject: Option<String>,
    /// *Kính gửi*.
    #[serde(default)]
    pub addressees: Vec<String>,
    #[serde(default)]
    pub legal_bases: Option<LegalBases>,
    #[serde(default)]
    pub recipients: Option<Recipients>,
    pub signing: Signing,
    /// Initials of who drafted the paper.
    #[serde(default)]
    pub drafter: Option<String>,
    /// How many copies are issued.
    #[serde(default)]
    pub copies: Option<u64>,
}

/// *Căn cứ*.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct LegalBases {
    /// Print the legal bases of the edition before the own ones.
    pub include_edition: bool,
    pub extra: Vec<String>,
}

/// How far a paper has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// *Dự thảo*: number and day stay blank for the clerk who numbers it.
    #[default]
    Draft,
    /// Final: nothing may be blank.
    Issued,
}

/// Words that the kind of paper brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindWords {
    /// `BÁO CÁO`.
    pub official_type: String,
    /// `BC` (Decree 30/2020, Annex III, Part I); empty for an official letter.
    pub abbreviation: String,
    /// The kind's own *trích yếu*, already filled in.
    pub subject: String,
    /// Added to the keywords of the file.
    pub keywords: Vec<String>,
    /// Goes to a superior, so it needs *Kính gửi* (Decree 30/2020, Annex I, Part I, II.9).
    pub addressed_upward: bool,
    /// Prints the edition's legal bases where the paper names none.
    pub rests_on_edition: bool,
    /// A form of a special decree without number and *Nơi nhận* (achievement reports).
    pub statement: bool,
    /// Minutes carry no place and date (Decree 30/2020, Annex III, model 1.9).
    pub place_and_date: PlaceAndDate,
}

/// Whether the line of place and date is part of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceAndDate {
    Printed,
    Omitted,
}

impl Paper {
    /// The subject printed: the caller's if given, else the kind's.
    fn subject_or<'a>(&'a self, words: &'a KindWords) -> &'a str {
        self.subject.as_deref().filter(|own| !own.trim().is_empty()).unwrap_or(&words.subject)
    }
}

#[cfg(test)]
mod samples {
    use serde_json::{Value, json};

    use super::*;

    pub fn request() -> Value {
        json!({
            "letterhead": {"custom": "head-unit", "parent_body": "UBND tỉnh Kon Tum", "issuing_body": "Sở Nội vụ"},
            "number": {"serial": 5, "symbol": "BC-SNV"},
            "place": "Kon Tum",
            "issued_on": "2020-07-24",
            "addressees": ["Ủy ban nhân dân tỉnh"],
            "recipients": {"items": ["Các đơn vị thành viên;"], "filing": "VT, TĐKT"},
            "signing": {"capacity": "for-the-head", "head_position": "Giám đốc", "position": "Phó Giám đốc", "name": "Lê Thị Hoa"}
        })
    }

    pub fn paper(change: impl FnOnce(&mut Value)) -> Paper {
        let mut value = request();
        change(&mut value);
        serde_json::from_value(value).unwrap()
    }

    pub fn words() -> KindWords {
        KindWords {
            official_type: "BÁO CÁO".into(),
            abbreviation: "BC".into(),
            subject: "Sơ kết công tác thi đua, khen thưởng 6 tháng đầu năm 2020".into(),
            keywords: vec!["thi đua".into()],
            addressed_upward: true,
            rests_on_edition: false,
            statement: false,
            place_and_date: PlaceAndDate::Printed,
        }
    }
}
