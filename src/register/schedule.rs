//! What runs by itself, and when: cron in a time zone, on a clock that comes from the caller.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{Asia::Ho_Chi_Minh, Tz};
use croner::parser::{CronParser, Seconds, Year};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::PeriodId;
use crate::failure::{Finding, Severity};

/// What a schedule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Notes who has not sent.
    Remind,
    /// Closes the period.
    Close,
    /// Reads what blocs have in a source.
    Pull,
}

/// What becomes of a time at which no process was there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missed {
    /// The last of them is made up for, once.
    #[default]
    Once,
    /// It is noted and passed over.
    Skip,
}

/// A schedule that can be followed.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: croner::Cron,
    zone: Tz,
    pub action: Action,
    pub period: PeriodId,
    pub accept_missing: bool,
    /// Which source is read.
    pub source: Option<String>,
    missed: Missed,
    pub paused: bool,
}

/// A time that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Run(DateTime<Utc>),
    /// Too long ago, and to be passed over.
    PassOver(DateTime<Utc>),
}

/// A run that begins so long after its time was missed: the next look at the clock comes well within it.
const LATE: TimeDelta = TimeDelta::minutes(10);

/// The schedule's body, which its form has accepted.
#[derive(Deserialize)]
struct Written {
    cron: String,
    time_zone: Option<String>,
    action: Action,
    period: String,
    #[serde(default)]
    accept_missing: bool,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    missed: Missed,
    #[serde(default)]
    paused: bool,
}

impl Schedule {
    /// Reads an entry's body.
    ///
    /// # Errors
    /// Every fault of it.
    pub fn read(body: &Value) -> Result<Self, Vec<Finding>> {
        let fault = |pointer: &str, message: &str, message_en: String| {
            Finding::new("register-schedule", Severity::Error, pointer, message, message_en)
        };
        let written = Written::deserialize(body)
            .map_err(|_| vec![fault("", "Lịch không đọc được.", "The schedule cannot be read.".into())])?;
        // Seconds would run a closing sixty times, a year is what the period says.
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(&written.cron).map_err(|error| {
            fault("/cron", "Lịch cron không đúng.", format!("The cron expression is wrong: {error}."))
                .found(&written.cron)
                .expected("năm mục: phút giờ ngày tháng thứ, ví dụ 0 8 * * 1-5")
        });
        let zone = written.time_zone.as_deref().map_or(Ok(Ho_Chi_Minh), Tz::from_str).map_err(|_| {
            let name = written.time_zone.as_deref().unwrap_or_default();
            fault("/time_zone", "Không có múi giờ này.", "There is no such time zone.".into())
                .found(name)
                .expected("tên IANA, ví dụ Asia/Ho_Chi_Minh")
        });
        let period = written.period.parse().map_err(|_| {
            fault("/period", "Không có kỳ báo cáo này.", "There is no such period.".into()).found(&written.period)
        });
        let source = match (written.action, written.source) {
            (Action::Pull, None) => Err(fault("/source", "Cần mã nguồn số liệu.", "A source is wanted.".into())),
            (Action::Remind | Action::Close | Action::Pull, source) => Ok(source),
        };
        match (cron, zone, period, source) {
            (Ok(cron), Ok(zone), Ok(period), Ok(source)) => Ok(Self {
                cron,
                zone,
                action: written.action,
                period,
                accept_missing: written.accept_missing,
                source,
                missed: written.missed,
                paused: written.paused,
            }),
            (cron, zone, period, source) => {
                let faults = [cron.err(), zone.err(), period.err(), source.err()];
                Err(faults.into_iter().flatten().collect())
            }
        }
    }

    /// The next time after this one; none while it is paused.
    pub fn next_after(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.paused {
            return None;
        }
        let next = self.cron.find_next_occurrence(&at.with_timezone(&self.zone), false).ok()?;
        Some(next.to_utc())
    }

    /// The last time that has come since `since` (which is over), as it is `now`. Of several that were missed the last one
    /// stands for all.
    pub fn turn(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> Option<Turn> {
        if self.paused {
            return None;
        }
        let last = self.cron.find_previous_occurrence(&now.with_timezone(&self.zone), true).ok()?.to_utc();
        if last <= since {
            return None;
        }
        Some(if self.makes_up_for(last, now) { Turn::Run(last) } else { Turn::PassOver(last) })
    }

    /// Whether it is not too late, as it is `now`, for a time that was missed or broken off.
    pub fn makes_up_for(&self, due_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        match self.missed {
            Missed::Once => !self.paused,
            Missed::Skip => !self.paused && now - due_at <= LATE,
        }
    }
}

/// What came of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    /// It was noted who has not sent.
    Reminded,
    Closed,
    AlreadyClosed,
    /// Not closed, for some have not sent.
    Incomplete,
    /// Passed over: nobody was there at that time.
    Missed,
    /// A source is being read.
    Pulling,
    /// A source was read.
    Pulled,
    /// Whoever read a source died over it, and nobody reads on.
    Interrupted,
}

impl RunOutcome {
    const ALL: [Self; 8] = [
        Self::Reminded,
        Self::Closed,
        Self::AlreadyClosed,
        Self::Incomplete,
        Self::Missed,
        Self::Pulling,
        Self::Pulled,
        Self::Interrupted,
    ];

    /// The word that is stored and told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reminded => "reminded",
            Self::Closed => "closed",
            Self::AlreadyClosed => "already-closed",
            Self::Incomplete => "incomplete",
            Self::Missed => "missed",
            Self::Pulling => "pulling",
            Self::Pulled => "pulled",
            Self::Interrupted => "interrupted",
        }
    }

    /// Reads what was stored.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// One time that was answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScheduleRun {
    pub schedule: String,
    /// The time that the schedule named.
    pub due_at: DateTime<Utc>,
    pub ran_at: DateTime<Utc>,
    pub outcome: RunOutcome,
    /// Blocs that have not sent; of a pull, those of which nothing was taken.
    pub missing: Vec<String>,
}
