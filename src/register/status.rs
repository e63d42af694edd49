//! Who has sent, who is late, who is missing.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Asia::Ho_Chi_Minh;
use serde::Serialize;
use serde_json::Value;

use super::{Adjustment, Closing, Entry, PeriodId, PeriodPlan, Submission};

/// Where a bloc stands in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Sent in time, or there is no deadline.
    Sent,
    /// Sent after the deadline.
    SentLate,
    /// Not sent; there is time.
    Awaited,
    /// Not sent, and the deadline is over.
    Overdue,
}

/// One bloc in a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BlocStanding {
    pub bloc: String,
    pub name: String,
    pub standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
    /// Days after the deadline, until it was sent or until today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_late: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_sent_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sent_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Numbers of its adjustments since the close.
    pub adjustments: Vec<i64>,
}

/// A period as a whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeriodStatus {
    pub period: PeriodId,
    pub title: String,
    pub kind: &'static str,
    pub from: NaiveDate,
    pub to: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<Closing>,
    pub expected: usize,
    pub sent: usize,
    pub late: usize,
    pub missing: usize,
    pub blocs: Vec<BlocStanding>,
}

/// The blocs of which something is expected: those with members in the year; where no year is registered at all, every bloc
/// that exists in it.
pub fn expected(period: PeriodId, blocs: &[Entry], years: &[Entry]) -> Vec<Entry> {
    let year = format!("/{}", period.year());
    let registered: Vec<&str> = years.iter().filter_map(|entry| entry.id.strip_suffix(&year)).collect();
    let exists = |bloc: &Entry| {
        let day =
            |field: &str| bloc.body.get(field).and_then(Value::as_str).and_then(|text| text.get(..4)?.parse().ok());
        let (from, until): (Option<i32>, Option<i32>) = (day("valid_from"), day("valid_until"));
        from.is_none_or(|from| from <= period.year()) && until.is_none_or(|until| until >= period.year())
    };
    let is_expected =
        |bloc: &&Entry| if registered.is_empty() { exists(bloc) } else { registered.contains(&bloc.id.as_str()) };
    blocs.iter().filter(is_expected).cloned().collect()
}

/// Where a bloc stands, of all it sent (the oldest first), on this day.
pub fn standing(bloc: &Entry, plan: &PeriodPlan, sent: &[Submission], today: DateTime<Utc>) -> BlocStanding {
    let due = plan.due_for(&bloc.id);
    let (first, last) = (sent.first(), sent.last());
    let today = today.with_timezone(&Ho_Chi_Minh).date_naive();
    let until = first.map_or(today, Submission::sent_on);
    let days_late = due.map(|due| (until - due).num_days()).filter(|days| *days > 0);
    let standing = match (first, days_late) {
        (Some(_), None) => Standing::Sent,
        (Some(_), Some(_)) => Standing::SentLate,
        (None, None) => Standing::Awaited,
        (None, Some(_)) => Standing::Overdue,
    };
    BlocStanding {
        bloc: bloc.id.clone(),
        name: bloc.body.get("name").and_then(Value::as_str).unwrap_or(&bloc.id).to_owned(),
        standing,
        due,
        days_late,
        first_sent_at: first.map(|first| first.sent_at),
        last_sent_at: last.map(|last| last.sent_at),
        version: last.map(|last| last.version),
        sha256: last.map(|last| last.sha256.clone()),
        adjustments: sent
            .iter()
            .filter_map(|one| one.adjustment.as_ref().map(|Adjustment { number, .. }| *number))
            .collect(),
    }
}

impl PeriodStatus {
    /// Counts the standings.
    pub fn of(period: PeriodId, plan: &PeriodPlan, closing: Option<Closing>, blocs: Vec<BlocStanding>) -> Self {
        let count = |wanted: &[Standing]| blocs.iter().filter(|bloc| wanted.contains(&bloc.standing)).count();
        let (from, to) = plan.days(period);
        Self {
            period,
            title: period.words(),
            kind: period.kind(),
            from,
            to,
            due: plan.due,
            closing,
            expected: blocs.len(),
            sent: count(&[Standing::Sent, Standing::SentLate]),
            late: count(&[Standing::SentLate, Standing::Overdue]),
            missing: count(&[Standing::Awaited, Standing::Overdue]),
            blocs,
        }
    }
}
