//! What a bloc sent for a period: the content of the period's kind of paper.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Asia::Ho_Chi_Minh;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Beside, Entry, PeriodId, Tag};
use crate::{
    catalog::DraftWords,
    difference::Change,
    failure::{Finding, Severity},
    fingerprint,
    vietnamese::{fold_name, fold_unit},
};

/// One version of what a bloc sent for a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Submission {
    /// Names this version wherever a figure is followed back.
    pub id: String,
    pub bloc: String,
    pub period: PeriodId,
    /// From 1.
    pub version: i64,
    /// Kind of paper whose content it is.
    pub kind: String,
    pub content: Value,
    /// SHA-256 of what was sent, hex: see [`Beside::sha256`].
    pub sha256: String,
    pub sent_at: DateTime<Utc>,
    /// A key's id, or who ran the command.
    pub sent_by: String,
    /// Since when it lacks something of a person who asked to be forgotten; the hash is that of what was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
    /// What it changed after the period was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjustment: Option<Adjustment>,
    /// What was sent besides.
    #[serde(flatten)]
    pub beside: Beside,
}

impl Submission {
    /// Tells this version from every other.
    pub fn tag(&self) -> Tag {
        Tag::of(self.version, &self.sha256, self.erased_at)
    }

    /// The day on which it was sent, by the clock of Vietnam.
    pub fn sent_on(&self) -> NaiveDate {
        let stated = self.beside.stated.as_ref().and_then(|stated| stated.sent_on);
        stated.unwrap_or_else(|| self.sent_at.with_timezone(&Ho_Chi_Minh).date_naive())
    }
}

/// A change after the close (*điều chỉnh*).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Adjustment {
    /// From 1 in each period.
    pub number: i64,
    pub reason: String,
    /// What differs from the version before.
    pub difference: Vec<Change>,
}

/// A period whose figures are fixed (*chốt số liệu*).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Closing {
    pub period: PeriodId,
    pub closed_at: DateTime<Utc>,
    pub closed_by: String,
    /// Over all that had been sent: see [`hash_of`].
    pub sha256: String,
    pub submissions: Vec<Frozen>,
    /// Blocs that had sent nothing.
    pub missing: Vec<String>,
}

/// One version that a close fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Frozen {
    pub bloc: String,
    pub version: i64,
    pub sha256: String,
}

/// The hash of a closed period: over bloc, version and hash of every submission, in the order of the blocs' ids.
pub fn hash_of(period: PeriodId, submissions: &[Frozen]) -> String {
    let period = period.to_string();
    let versions: Vec<String> = submissions.iter().map(|frozen| frozen.version.to_string()).collect();
    let parts = submissions
        .iter()
        .zip(&versions)
        .flat_map(|(frozen, version)| [frozen.bloc.as_bytes(), version.as_bytes(), frozen.sha256.as_bytes()]);
    fingerprint::of_all(std::iter::once(period.as_bytes()).chain(parts))
}

/// A draft with this content, for a bloc of the register. What a paper needs besides is made of the bloc's entry.
pub fn draft_of(period: PeriodId, bloc: &Entry, words: &DraftWords, content: Value) -> Value {
    let text = |pointer: &str| bloc.body.pointer(pointer).and_then(Value::as_str);
    let name = text("/name").unwrap_or(&bloc.id);
    let of_form = match text("/form") {
        Some("cluster") => &words.cluster,
        Some(_) | None => &words.bloc,
    };
    let (head, short) = (of_form.head.as_str(), of_form.symbol.as_str());
    let province = text("/province");
    let mut letterhead = json!({"custom": "bloc", "issuing_body": name});
    if let Some(province) = province {
        letterhead["parent_body"] = format!("{} {province}", words.parent_body).into();
    }
    let place = province.map_or("……", |province| {
        ["tỉnh ", "thành phố "].iter().find_map(|word| province.strip_prefix(word)).unwrap_or(province)
    });
    json!({
        "kind": period.kind(),
        "status": "draft",
        "paper": {
            "letterhead": letterhead,
            "number": {"symbol": format!("{}-{}", words.report, text("/symbol").unwrap_or(short))},
            "place": place,
            "addressees": words.addressees,
            "recipients": {"filing": words.filing},
            "signing": {"capacity": "on-behalf-of", "body": name, "position": text("/terms/head").unwrap_or(head)},
        },
        "content": content,
    })
}

/// What the register says of a content that is else in order: it has to be of this period and this bloc, and its members
/// are looked over.
pub fn check_submission(period: PeriodId, bloc: &Entry, members: &[Value], content: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(other_period(period, content));
    findings.extend(other_bloc(bloc, content));
    findings.extend(other_members(members, content));
    findings
}

fn other_period(period: PeriodId, content: &Value) -> Option<Finding> {
    let stated = content.get("period")?;
    let wanted = period.content();
    let differs = |field: &str| stated.get(field) != wanted.get(field);
    if !["year", "part"].iter().any(|field| differs(field)) {
        return None;
    }
    let finding = Finding::new(
        "register-period",
        Severity::Error,
        "/content/period",
        format!("Nội dung thuộc kỳ khác; địa chỉ gửi là của {}.", period.words()),
        format!("The content is of another period than {period}."),
    );
    Some(finding.expected(wanted.to_string()))
}

fn other_bloc(bloc: &Entry, content: &Value) -> Option<Finding> {
    let stated = content.pointer("/bloc/name")?.as_str()?;
    let aliases = bloc.body.get("aliases").and_then(Value::as_array).into_iter().flatten();
    let mut known = bloc.body.get("name").into_iter().chain(aliases).filter_map(Value::as_str);
    if known.any(|name| fold_name(name) == fold_name(stated)) {
        return None;
    }
    let name = bloc.body.get("name").and_then(Value::as_str).unwrap_or_default();
    Some(
        Finding::new(
            "register-bloc",
            Severity::Error,
            "/content/bloc/name",
            "Nội dung mang tên khối, cụm khác với sổ đăng ký.",
            "The content names another bloc than the address.",
        )
        .found(stated)
        .expected(format!("“{name}” hoặc một tên gọi khác đã đăng ký")),
    )
}

/// Members that the register does not have, and those of the register that are not listed: worth a look, no fault.
fn other_members(members: &[Value], content: &Value) -> Vec<Finding> {
    let Some(stated) = content.get("members").and_then(Value::as_array).filter(|list| !list.is_empty()) else {
        return Vec::new();
    };
    if members.is_empty() {
        return Vec::new();
    }
    let folded = |member: &Value| member.get("unit").and_then(Value::as_str).map(fold_unit).unwrap_or_default();
    let registered: Vec<String> = members.iter().map(folded).collect();
    let listed: Vec<String> = stated.iter().map(folded).collect();
    let strangers =
        stated.iter().enumerate().filter(|(at, _)| !registered.contains(&listed[*at])).map(|(at, member)| {
            Finding::new(
                "register-member",
                Severity::Warning,
                format!("/content/members/{at}/unit"),
                "Đơn vị không có trong danh sách thành viên của năm ở sổ đăng ký.",
                "The register's year does not list this member.",
            )
            .found(member.get("unit").and_then(Value::as_str).unwrap_or_default())
        });
    let absent = members.iter().enumerate().filter(|(at, _)| !listed.contains(&registered[*at])).map(|(_, member)| {
        let name = member.get("unit").and_then(Value::as_str).unwrap_or_default();
        Finding::new(
            "register-member",
            Severity::Warning,
            "/content/members",
            format!("Danh sách thiếu “{name}” so với sổ đăng ký."),
            "A member of the register's year is not listed.",
        )
    });
    strangers.chain(absent).collect()
}
