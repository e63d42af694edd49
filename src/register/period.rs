//! Reporting periods: their ids, their days, their deadlines.
//!
//! Which days figures are counted over and when they are due is the province's own rule, so it is data of the period; the
//! calendar's halves and years stand in where it says nothing, and without a deadline nobody is late.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use crate::{
    calendar::{self, Part, Period, YEARS},
    failure::{Finding, Severity},
};

/// A period as addresses name it: `2026-H1`, `2026-H2`, `2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodId(Period);

impl PeriodId {
    pub fn new(year: i32, part: Part) -> Option<Self> {
        YEARS.contains(&year).then_some(Self(Period { year, part }))
    }

    pub fn year(self) -> i32 {
        self.0.year
    }

    pub fn part(self) -> Part {
        self.0.part
    }

    /// "6 tháng đầu năm 2026", "năm 2026".
    pub fn words(self) -> String {
        self.0.words()
    }

    /// The kind of paper whose content is sent for it.
    pub fn kind(self) -> &'static str {
        match self.0.part {
            Part::FirstHalf | Part::SecondHalf => "six-month-review",
            Part::Year => "annual-summary",
        }
    }

    /// What `content.period` has to say for it.
    pub fn content(self) -> Value {
        match self.0.part {
            Part::FirstHalf => json!({"year": self.0.year, "part": "first-half"}),
            Part::SecondHalf => json!({"year": self.0.year, "part": "second-half"}),
            Part::Year => json!({"year": self.0.year}),
        }
    }
}

impl fmt::Display for PeriodId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.part {
            Part::FirstHalf => write!(f, "{}-H1", self.0.year),
            Part::SecondHalf => write!(f, "{}-H2", self.0.year),
            Part::Year => write!(f, "{}", self.0.year),
        }
    }
}

impl FromStr for PeriodId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (year, part) = match text.split_once('-') {
            None => (text, Some(Part::Year)),
            Some((year, "H1")) => (year, Some(Part::FirstHalf)),
            Some((year, "H2")) => (year, Some(Part::SecondHalf)),
            Some((year, _)) => (year, None),
        };
        let digits = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
        let period = year.parse().ok().filter(|_| digits).zip(part).and_then(|(year, part)| Self::new(year, part));
        period.ok_or_else(|| "kỳ báo cáo ghi là 2026-H1, 2026-H2 hoặc 2026".to_owned())
    }
}

impl Serialize for PeriodId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a province laid down for a period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PeriodPlan {
    #[serde(default, deserialize_with = "calendar::lenient")]
    pub from: Option<NaiveDate>,
    #[serde(default, deserialize_with = "calendar::lenient")]
    pub to: Option<NaiveDate>,
    /// The last day on which a bloc is in time.
    #[serde(default, deserialize_with = "calendar::lenient")]
    pub due: Option<NaiveDate>,
    #[serde(default)]
    pub extensions: Vec<Extension>,
}

/// A bloc that may be later.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Extension {
    pub bloc: String,
    #[serde(deserialize_with = "calendar::lenient")]
    pub due: Option<NaiveDate>,
}

impl PeriodPlan {
    /// Reads an entry's body, which its form has accepted; without an entry nothing is laid down.
    pub fn read(body: Option<&Value>) -> Self {
        body.and_then(|body| Self::deserialize(body).ok()).unwrap_or_default()
    }

    /// The first and the last day whose figures count.
    pub fn days(&self, id: PeriodId) -> (NaiveDate, NaiveDate) {
        (self.from.unwrap_or(id.0.from()), self.to.unwrap_or(id.0.to()))
    }

    /// The last day on which this bloc is in time.
    pub fn due_for(&self, bloc: &str) -> Option<NaiveDate> {
        let extended = self.extensions.iter().find(|extension| extension.bloc == bloc);
        extended.and_then(|extension| extension.due).or(self.due)
    }
}

/// What a period's days and extensions get wrong.
pub fn check_plan(id: PeriodId, body: &Value, knows_bloc: impl Fn(&str) -> bool) -> Vec<Finding> {
    let plan = PeriodPlan::read(Some(body));
    let (from, to) = plan.days(id);
    let mut findings = Vec::new();
    let fault = |pointer: String, message: String, message_en: &str| {
        Finding::new("register-days", Severity::Error, pointer, message, message_en)
    };
    if from > to {
        findings.push(fault(
            "/to".into(),
            format!("Ngày cuối kỳ {} đứng trước ngày đầu kỳ {}.", calendar::short(to), calendar::short(from)),
            "The last day stands before the first.",
        ));
    }
    if let Some(due) = plan.due.filter(|due| *due < from) {
        findings.push(fault(
            "/due".into(),
            format!("Hạn gửi {} đứng trước ngày đầu kỳ {}.", calendar::short(due), calendar::short(from)),
            "It is due before the period begins.",
        ));
    }
    for (at, extension) in plan.extensions.iter().enumerate() {
        if !knows_bloc(&extension.bloc) {
            findings.push(
                Finding::new(
                    "register-unknown",
                    Severity::Error,
                    format!("/extensions/{at}/bloc"),
                    "Sổ đăng ký không có khối, cụm này.",
                    "The register has no such bloc.",
                )
                .found(&extension.bloc),
            );
        }
        if let (Some(due), Some(common)) = (extension.due, plan.due)
            && due < common
        {
            findings.push(fault(
                format!("/extensions/{at}/due"),
                format!("Hạn gia hạn {} sớm hơn hạn chung {}.", calendar::short(due), calendar::short(common)),
                "The extension is earlier than the common deadline.",
            ));
        }
    }
    findings
}
