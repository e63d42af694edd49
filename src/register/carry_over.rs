//! The annual summary begins with what the register has: the half-years, and last year.
//!
//! Counts of things that happen (commendations, initiatives) add up over the halves; what a target reached in a year is no sum
//! of halves, so it stays open. Nothing is made up: every figure tells the submissions that it comes from.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Entry, PeriodId, Submission, draft_of};
use crate::{
    calendar::Part,
    catalog::DraftWords,
    failure::{Finding, Severity},
    vietnamese::fold_name,
};

/// A draft made of the register.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CarryOver {
    /// A request for the annual summary.
    pub request: Value,
    /// Where each figure comes from.
    pub lineage: Vec<Carried>,
    /// What is missing, and what a person has to add.
    pub findings: Vec<Finding>,
}

/// One value of the draft.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Carried {
    /// Place in the draft.
    pub pointer: String,
    pub value: Value,
    /// What it was taken from; several are added up.
    pub sources: Vec<Source>,
}

/// A value in a submission of the register.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Source {
    pub submission: String,
    pub bloc: String,
    pub period: PeriodId,
    pub version: i64,
    pub sha256: String,
    /// Place in the submission's content.
    pub pointer: String,
    pub value: Value,
}

impl Source {
    fn of(submission: &Submission, pointer: String) -> Self {
        let value = submission.content.pointer(&pointer).cloned().unwrap_or_default();
        Self {
            submission: submission.id.clone(),
            bloc: submission.bloc.clone(),
            period: submission.period,
            version: submission.version,
            sha256: submission.sha256.clone(),
            pointer,
            value,
        }
    }
}

/// Lists whose counts add up, and the fields that tell their items apart.
const COUNTED: [(&str, &[&str]); 2] =
    [("commendations", &["form", "honoree", "member"]), ("initiatives", &["level", "member"])];
/// Fields of the register's bloc that a paper's bloc has too.
const OF_BLOC: [&str; 7] = ["name", "aliases", "form", "level", "province", "terms", "established_by"];

/// What the register has of a bloc when its year's summary is begun.
pub struct Held<'a> {
    pub bloc: &'a Entry,
    /// The bloc in this year, and its members.
    pub year: Option<(&'a Entry, Vec<Value>)>,
    /// What was sent for the halves.
    pub halves: [Option<&'a Submission>; 2],
    /// What was sent for the year before.
    pub before: Option<&'a Submission>,
}

/// The draft for a year. `words` stand around the content; `known` gives a form of commendation its one name. `None` where the period is no whole year.
pub fn carry_over(
    period: PeriodId,
    held: Held<'_>,
    words: &DraftWords,
    known: &dyn Fn(&str) -> String,
) -> Option<CarryOver> {
    if period.part() != Part::Year {
        return None;
    }
    let Held { bloc, year, halves, before } = held;
    let mut draft = Draft { content: Map::new(), lineage: Vec::new(), findings: Vec::new(), known };
    draft.register(period, bloc, year);
    let sent: Vec<&Submission> = halves.iter().flatten().copied().collect();
    draft.what_is_missing(period, halves, before);
    for (list, names) in COUNTED {
        draft.add_up(list, names, &sent);
    }
    draft.totals();
    draft.movements(&sent);
    draft.targets(&sent, before);
    if let Some(before) = before {
        draft.previous(period.year() - 1, before);
    }
    let Draft { content, lineage, findings, .. } = draft;
    Some(CarryOver { request: draft_of(period, bloc, words, Value::Object(content)), lineage, findings })
}

struct Draft<'a> {
    content: Map<String, Value>,
    lineage: Vec<Carried>,
    findings: Vec<Finding>,
    known: &'a dyn Fn(&str) -> String,
}

impl Draft<'_> {
    fn register(&mut self, period: PeriodId, bloc: &Entry, year: Option<(&Entry, Vec<Value>)>) {
        let mut own: Map<String, Value> =
            OF_BLOC.iter().filter_map(|field| Some(((*field).to_owned(), bloc.body.get(*field)?.clone()))).collect();
        if let Some((entry, members)) = year {
            if let Some(decision) = entry.body.get("recognised_by") {
                own.insert("recognised_by".into(), decision.clone());
            }
            self.content.insert("member_count".into(), json!(members.len()));
            self.content.insert("members".into(), Value::Array(members));
        }
        self.content.insert("bloc".into(), Value::Object(own));
        self.content.insert("period".into(), period.content());
    }

    fn what_is_missing(&mut self, period: PeriodId, halves: [Option<&Submission>; 2], before: Option<&Submission>) {
        let year = period.year();
        let parts = [Part::FirstHalf, Part::SecondHalf].map(|part| PeriodId::new(year, part));
        let mut absent: Vec<PeriodId> =
            parts.into_iter().zip(halves).filter(|(_, sent)| sent.is_none()).filter_map(|(part, _)| part).collect();
        if before.is_none() {
            absent.extend(PeriodId::new(year - 1, Part::Year));
        }
        self.findings.extend(absent.into_iter().map(|period| {
            Finding::new(
                "register-missing",
                Severity::Warning,
                "/content",
                format!("Sổ đăng ký chưa có số liệu {} của khối, cụm; bản thảo thiếu phần đó.", period.words()),
                format!("The register has nothing of this bloc for {period}."),
            )
            .found(period.to_string())
        }));
    }

    /// Sums the counts of equal items over the submissions, in the order in which they first stand.
    fn add_up(&mut self, list: &str, names: &[&str], sent: &[&Submission]) {
        let mut order: Vec<(String, Value, u64, Vec<Source>)> = Vec::new();
        for submission in sent {
            for (at, item) in items(&submission.content, list) {
                let Some(count) = item.get("count").and_then(Value::as_u64) else { continue };
                let key = names.iter().map(|name| self.told_apart(item, name)).collect::<Vec<_>>().join("\u{1f}");
                let source = Source::of(submission, format!("/{list}/{at}/count"));
                match order.iter_mut().find(|(known, ..)| *known == key) {
                    Some((_, _, sum, sources)) => {
                        *sum += count;
                        sources.push(source);
                    }
                    None => {
                        let named =
                            names.iter().filter_map(|name| Some(((*name).to_owned(), item.get(*name)?.clone())));
                        order.push((key, Value::Object(named.collect()), count, vec![source]));
                    }
                }
            }
        }
        let mut made = Vec::new();
        for (_, mut item, sum, sources) in order {
            let pointer = format!("/content/{list}/{}/count", made.len());
            item["count"] = json!(sum);
            self.lineage.push(Carried { pointer, value: json!(sum), sources });
            made.push(item);
        }
        if !made.is_empty() {
            self.content.insert(list.to_owned(), Value::Array(made));
        }
    }

    /// What tells an item from others; one form of commendation may be written by its id and by its name.
    fn told_apart(&self, item: &Value, field: &str) -> String {
        match item.get(field).and_then(Value::as_str) {
            Some(form) if field == "form" => fold_name(&(self.known)(form)),
            Some(text) => fold_name(text),
            None => String::new(),
        }
    }

    /// Totals of what was added up, so that they are those of the rows.
    fn totals(&mut self) {
        let rows: Vec<(String, u64, String)> = self.content.get("commendations").map_or_else(Vec::new, |rows| {
            let rows = rows.as_array().into_iter().flatten().enumerate();
            rows.filter_map(|(at, row)| {
                let honoree = row.get("honoree")?.as_str()?.to_owned();
                Some((honoree, row.get("count")?.as_u64()?, format!("/content/commendations/{at}/count")))
            })
            .collect()
        });
        let mut totals: BTreeMap<String, (u64, Vec<Source>)> = BTreeMap::new();
        for (honoree, count, pointer) in rows {
            let sources = self.lineage.iter().find(|carried| carried.pointer == pointer).map(|one| one.sources.clone());
            let total = totals.entry(honoree).or_default();
            total.0 += count;
            total.1.extend(sources.unwrap_or_default());
        }
        let mut stated = Map::new();
        for (honoree, (sum, sources)) in totals {
            let pointer = format!("/content/commendation_totals/{honoree}");
            self.lineage.push(Carried { pointer, value: json!(sum), sources });
            stated.insert(honoree, json!(sum));
        }
        if !stated.is_empty() {
            self.content.insert("commendation_totals".into(), Value::Object(stated));
        }
    }

    /// Every movement once, with what was last told of it.
    fn movements(&mut self, sent: &[&Submission]) {
        let mut made: Vec<(String, Value, Source)> = Vec::new();
        for submission in sent {
            for (at, item) in items(&submission.content, "movements") {
                let key = format!("{}\u{1f}{}", folded(item.get("name")), folded(item.get("launched_by")));
                let source = Source::of(submission, format!("/movements/{at}"));
                match made.iter_mut().find(|(known, ..)| *known == key) {
                    Some(known) => *known = (key, item.clone(), source),
                    None => made.push((key, item.clone(), source)),
                }
            }
        }
        self.take_over("movements", made.into_iter().map(|(_, item, source)| (item, vec![source])).collect());
    }

    /// Targets with their plan; what was reached in the year is for a person to state, what was reached last year is known.
    fn targets(&mut self, sent: &[&Submission], before: Option<&Submission>) {
        let mut made: Vec<(String, Map<String, Value>, Vec<Carried>)> = Vec::new();
        let key =
            |item: &Value| ["name", "unit_of_measure", "member"].map(|field| folded(item.get(field))).join("\u{1f}");
        for submission in sent {
            for (at, item) in items(&submission.content, "targets") {
                let fields = ["name", "unit_of_measure", "member", "planned"];
                let kept: Map<String, Value> =
                    fields.iter().filter_map(|field| Some(((*field).to_owned(), item.get(*field)?.clone()))).collect();
                let planned = item.get("planned").map(|value| Carried {
                    pointer: "planned".into(),
                    value: value.clone(),
                    sources: vec![Source::of(submission, format!("/targets/{at}/planned"))],
                });
                let told = (key(item), kept, planned.into_iter().collect());
                match made.iter_mut().find(|(known, ..)| *known == told.0) {
                    Some(known) => *known = told,
                    None => made.push(told),
                }
            }
        }
        let last: Vec<(String, Carried)> = before.map_or_else(Vec::new, |before| {
            let reached = items(&before.content, "targets").filter_map(|(at, item)| {
                let value = item.get("achieved")?.clone();
                let source = Source::of(before, format!("/targets/{at}/achieved"));
                Some((key(item), Carried { pointer: "previous".into(), value, sources: vec![source] }))
            });
            reached.collect()
        });
        let mut list = Vec::new();
        for (key, mut item, mut figures) in made {
            figures.extend(last.iter().filter(|(known, _)| *known == key).map(|(_, figure)| figure.clone()));
            let place = format!("/content/targets/{}", list.len());
            for figure in figures {
                item.insert(figure.pointer.clone(), figure.value.clone());
                self.lineage.push(Carried { pointer: format!("{place}/{}", figure.pointer), ..figure });
            }
            let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
            self.findings.push(Finding::new(
                "register-open",
                Severity::Info,
                format!("{place}/achieved"),
                format!("Cần bổ sung kết quả cả năm của chỉ tiêu “{name}”; số 6 tháng không cộng thành số cả năm."),
                "What was reached in the year has to be stated.",
            ));
            list.push(Value::Object(item));
        }
        if !list.is_empty() {
            self.content.insert("targets".into(), Value::Array(list));
        }
    }

    /// Last year's figures, for comparison.
    fn previous(&mut self, year: i32, before: &Submission) {
        let mut previous = Map::from_iter([("year".to_owned(), json!(year))]);
        if let Some(count) = before.content.get("member_count") {
            previous.insert("members".into(), count.clone());
            self.carried("/content/previous/members".into(), Source::of(before, "/member_count".into()));
        }
        for (list, _) in COUNTED {
            let Some(rows) = before.content.get(list) else { continue };
            for (at, _) in items(&before.content, list) {
                let source = Source::of(before, format!("/{list}/{at}/count"));
                self.carried(format!("/content/previous/{list}/{at}/count"), source);
            }
            previous.insert(list.to_owned(), rows.clone());
        }
        self.content.insert("previous".into(), Value::Object(previous));
    }

    fn carried(&mut self, pointer: String, source: Source) {
        self.lineage.push(Carried { pointer, value: source.value.clone(), sources: vec![source] });
    }

    fn take_over(&mut self, list: &str, made: Vec<(Value, Vec<Source>)>) {
        let mut taken = Vec::new();
        for (item, sources) in made {
            let pointer = format!("/content/{list}/{}", taken.len());
            self.lineage.push(Carried { pointer, value: item.clone(), sources });
            taken.push(item);
        }
        if !taken.is_empty() {
            self.content.insert(list.to_owned(), Value::Array(taken));
        }
    }
}

fn items<'a>(content: &'a Value, list: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    content.get(list).and_then(Value::as_array).into_iter().flatten().enumerate()
}

fn folded(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).map(fold_name).unwrap_or_default()
}
