//! The register of a year as a folder holds it: given out, taken over, and made papers of.
//!
//! There is one form, `province.json` with a file for each bloc; a batch over HTTP is a closing of what would stand there.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    RegisterDesk,
    parcels::{is_told, parcels_of, sent_by},
    refusals::{closed, not_closed},
    sending::Parcel,
    taking::left_behind,
};
use crate::{
    calendar::Part,
    closing::{self, BlocEntry, Fault, Leniency, Member},
    failure::{Failure, Finding, Severity},
    register::{self, Base, Entry, PeriodId, Sheet, Sort, Submission, Tag, check_year, unit_names},
};

/// Which versions of what was sent are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Figures {
    /// The newest, adjustments included.
    #[default]
    Newest,
    /// Those that the close fixed.
    Closed,
}

/// The register of a year and what was sent.
#[derive(Debug, Clone)]
pub struct Province {
    pub register: closing::Register,
    pub sent: Vec<closing::Sent>,
    /// Names of the blocs that have sent nothing for the period itself.
    pub missing: Vec<String>,
}

/// What came of taking a folder over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenOver {
    pub entries: usize,
    pub submissions: usize,
    /// How many of them the register had already.
    pub unchanged: usize,
}

/// Fields of a bloc in `province.json` that belong to its year.
const OF_YEAR: [&str; 2] = ["members", "recognised_by"];

impl RegisterDesk {
    /// What the register has for a period, in the form of a folder. A year holds its halves too.
    pub async fn province(
        &self,
        period: PeriodId,
        figures: Figures,
        only: Option<&[String]>,
    ) -> Result<Province, Failure> {
        let expected = self.expected(period).await?;
        self.refuse_strangers(&expected, only).await?;
        let mut blocs: Vec<Entry> =
            expected.into_iter().filter(|bloc| only.is_none_or(|only| only.contains(&bloc.id))).collect();
        let order = |bloc: &Entry| bloc.body.get("order").and_then(Value::as_u64).unwrap_or(u64::MAX);
        blocs.sort_by(|one, other| order(one).cmp(&order(other)).then_with(|| one.id.cmp(&other.id)));
        let of_year = self.book.entries(Sort::BlocYear).await?;
        let report = self.book.entry(Sort::Report, &period.year().to_string()).await?;
        let province = report.as_ref().map(|report| &report.body).or(blocs.first().map(|bloc| &bloc.body));
        let province = province.and_then(|body| body.get("province")).and_then(Value::as_str).unwrap_or("tỉnh");
        let has_report = only.is_none() && period.part() == Part::Year;
        let year = period.year();
        let is_of_year = |entry: &&Entry| entry.id.parse::<PeriodId>().is_ok_and(|id| id.year() == year);
        let periods = self.book.entries(Sort::Period).await?;
        let register = closing::Register {
            province: province.to_owned(),
            year,
            periods: periods
                .iter()
                .filter(is_of_year)
                .map(|entry| Ok((entry.id.clone(), told(entry.body.clone())?)))
                .collect::<Result<_, Failure>>()?,
            units: self.book.entries(Sort::Unit).await?.iter().map(with_id).collect::<Result<_, Failure>>()?,
            blocs: blocs.iter().map(|bloc| in_year(bloc, year, &of_year)).collect::<Result<_, Failure>>()?,
            report: report.filter(|_| has_report).and_then(|report| report.body.get("request").cloned()),
        };
        let versions = self.versions_of(period, figures).await?;
        let has_sent = |bloc: &&Entry| versions.iter().any(|one| one.period == period && one.bloc == bloc.id);
        let name = |bloc: &Entry| bloc.body.get("name").and_then(Value::as_str).unwrap_or(&bloc.id).to_owned();
        let words = self.workshop.catalog().drafts();
        let missing = blocs.iter().filter(|bloc| !has_sent(bloc)).map(name).collect();
        let sent = blocs.iter().filter_map(|bloc| sent_by(bloc, words, &versions)).collect();
        Ok(Province { register, sent, missing })
    }

    /// Ids that are asked for have to be of blocs that something is expected of; all that are not, at once.
    pub(super) async fn refuse_strangers(&self, expected: &[Entry], only: Option<&[String]>) -> Result<(), Failure> {
        let strangers = only.into_iter().flatten().enumerate();
        let strangers = strangers.filter(|(_, id)| !expected.iter().any(|bloc| bloc.id == **id)).map(|(at, id)| {
            let message = "Sổ đăng ký không có khối, cụm này trong năm.";
            let at = format!("/blocs/{at}");
            Finding::new("register-unknown", Severity::Error, at, message, "The register has no such bloc.").found(id)
        });
        let strangers: Vec<Finding> = strangers.collect();
        if strangers.is_empty() { Ok(()) } else { Err(Failure::invalid_document(strangers)) }
    }

    /// One version of each bloc for the period, and of a year's halves.
    async fn versions_of(&self, period: PeriodId, figures: Figures) -> Result<Vec<Submission>, Failure> {
        let halves = [Part::FirstHalf, Part::SecondHalf].map(|part| PeriodId::new(period.year(), part));
        let halves = halves.into_iter().flatten().filter(|_| period.part() == Part::Year);
        let mut versions = Vec::new();
        for one in halves.chain([period]) {
            let all = self.book.submissions(one, None).await?;
            let closing = if figures == Figures::Closed { self.book.closing(one).await? } else { None };
            match closing {
                Some(closing) => {
                    let is_frozen = |sent: &Submission| {
                        closing.submissions.iter().any(|it| it.bloc == sent.bloc && it.version == sent.version)
                    };
                    versions.extend(all.into_iter().filter(is_frozen));
                }
                None if figures == Figures::Closed && one == period => return Err(not_closed(period)),
                None => {
                    let newest: BTreeMap<String, Submission> =
                        all.into_iter().map(|sent| (sent.bloc.clone(), sent)).collect();
                    versions.extend(newest.into_values());
                }
            }
        }
        Ok(versions)
    }

    /// Takes over a folder: checks everything first, then writes what the register has not. With
    /// [`Leniency::AcceptPartial`] faulty papers are left out, each alone. The second value names every fault, with `faults` that are
    /// known already.
    pub async fn take_over(
        &self,
        register: closing::Register,
        sent: Vec<(String, closing::Sent)>,
        mut faults: Vec<Fault>,
        leniency: Leniency,
    ) -> Result<(TakenOver, Vec<Fault>), Failure> {
        let known = faults.len();
        let entries = self.entries_of(&register, &mut faults).await?;
        let register_is_faulty = faults.len() > known;
        let units: BTreeMap<String, Entry> = of_sort(&entries, Sort::Unit);
        let blocs: BTreeMap<String, Entry> = of_sort(&entries, Sort::Bloc);
        let years: BTreeMap<String, Entry> = of_sort(&entries, Sort::BlocYear);
        let mut parcels = Vec::new();
        for (file, sent) in sent {
            let year = years.get(&format!("{}/{}", sent.bloc, register.year));
            let members = year.map(|year| unit_names(&year.body, &units)).unwrap_or_default();
            let fault = |(at, failure)| Fault { file: file.clone(), at, failure, more: 0 };
            let wrapped = blocs.get(&sent.bloc).cloned().ok_or_else(|| (String::new(), stranger(&sent.bloc)));
            match wrapped.and_then(|bloc| parcels_of(&bloc, sent, register.year)) {
                Err(told) => faults.push(fault(told)),
                Ok(own) => {
                    let takeable = self.takeable(own, &members).await?;
                    parcels.extend(takeable.parcels);
                    faults.extend(takeable.faults.into_iter().map(fault));
                    if leniency == Leniency::AcceptPartial {
                        faults.extend(takeable.left_behind.into_iter().map(|at| fault((at, left_behind()))));
                    }
                }
            }
        }
        if register_is_faulty || (!faults.is_empty() && leniency == Leniency::AllOrNothing) {
            return Ok((TakenOver::default(), faults));
        }
        let mut taken = TakenOver::default();
        for entry in entries {
            let base = base_of(self.book.entry(entry.sort, &entry.id).await?.map(|entry| entry.tag()));
            let written = self.put(entry.sort, &entry.id, entry.body.to_string().into_bytes(), &base).await?;
            taken.entries += 1;
            taken.unchanged += usize::from(written.unchanged);
        }
        for (parcel, findings) in parcels {
            let seen = self.book.submission(parcel.period, &parcel.bloc.id).await?;
            let base = base_of(seen.map(|seen| seen.tag()));
            let kept = self.keep(parcel, findings, &base).await?;
            taken.submissions += 1;
            taken.unchanged += usize::from(kept.unchanged);
        }
        Ok((taken, faults))
    }

    /// What was checked, as the register has it where it has it; refused where the period is closed and it has not.
    pub(super) async fn as_known(&self, mut parcel: Parcel) -> Result<Parcel, Failure> {
        let seen = self.book.submission(parcel.period, &parcel.bloc.id).await?;
        // A folder states more than what was sent: what is only given back is no new version.
        if let Some(seen) = seen.as_ref().filter(|seen| is_told(&parcel, seen, self.workshop.catalog().drafts())) {
            parcel.beside = seen.beside.clone();
        }
        if self.book.closing(parcel.period).await?.is_none() {
            return Ok(parcel);
        }
        let content = crate::intake::canonical(parcel.content.to_string().as_bytes())?;
        let is_known = seen.is_some_and(|seen| seen.sha256 == parcel.beside.sha256(&content));
        if is_known { Ok(parcel) } else { Err(closed(parcel.period)) }
    }

    /// The entries that a folder's register is, checked among themselves; in an order in which they can be written.
    async fn entries_of(&self, register: &closing::Register, faults: &mut Vec<Fault>) -> Result<Vec<Entry>, Failure> {
        let year = register.year;
        let mut wanted: Vec<(Sort, String, String, Value)> = Vec::new();
        for (at, unit) in register.units.iter().enumerate() {
            wanted.push((Sort::Unit, unit.id.clone(), format!("/units/{at}"), without(json!(unit), &["id"])));
        }
        for (at, bloc) in register.blocs.iter().enumerate() {
            let mut body = without(json!(bloc), &["id", OF_YEAR[0], OF_YEAR[1]]);
            body["order"] = json!(at + 1);
            wanted.push((Sort::Bloc, bloc.id.clone(), format!("/blocs/{at}"), body));
            if !bloc.members.is_empty() {
                let mut body = json!({"members": bloc.members});
                if let Some(decision) = &bloc.recognised_by {
                    body["recognised_by"] = decision.clone();
                }
                wanted.push((Sort::BlocYear, format!("{}/{year}", bloc.id), format!("/blocs/{at}"), body));
            }
        }
        for (id, period) in &register.periods {
            wanted.push((Sort::Period, id.clone(), format!("/periods/{id}"), json!(period)));
        }
        if let Some(request) = &register.report {
            let body = json!({"province": register.province, "request": request});
            wanted.push((Sort::Report, year.to_string(), "/report".to_owned(), body));
        }
        let fault = |at: &str, failure| Fault { file: "province.json".to_owned(), at: at.to_owned(), failure, more: 0 };
        let mut entries: Vec<Entry> = Vec::new();
        for (sort, id, at, body) in wanted {
            if super::refuse_bad_id(sort, &id).is_err() {
                faults.push(fault(&at, super::bad_id(sort)));
                continue;
            }
            match self.read(body.to_string().into_bytes(), Sheet::Entry(sort)).await {
                Err(failure) => faults.push(fault(&at, failure)),
                Ok(body) => {
                    let units = of_sort(&entries, Sort::Unit);
                    let blocs: BTreeSet<&str> =
                        entries.iter().filter(|one| one.sort == Sort::Bloc).map(|one| one.id.as_str()).collect();
                    let findings = match (sort, id.parse::<PeriodId>()) {
                        (Sort::BlocYear, _) => check_year(year, &body, &units),
                        (Sort::Period, Ok(period)) => {
                            register::check_plan(period, &body, |wanted| blocs.contains(wanted))
                        }
                        (Sort::Unit | Sort::Bloc | Sort::Report, _) => self.faults(sort, &id, &body).await?,
                        (Sort::Period | Sort::Schedule | Sort::Source, _) => Vec::new(),
                    };
                    if !findings.is_empty() {
                        faults.push(fault(&at, Failure::invalid_document(findings)));
                    }
                    entries.push(unwritten(sort, id, body));
                }
            }
        }
        Ok(entries)
    }
}

/// An entry before it is written.
fn unwritten(sort: Sort, id: String, body: Value) -> Entry {
    let (sha256, written_at) = (String::new(), chrono::DateTime::UNIX_EPOCH);
    Entry { sort, id, version: 1, body, sha256, written_at, written_by: String::new(), erased_at: None }
}

fn of_sort(entries: &[Entry], sort: Sort) -> BTreeMap<String, Entry> {
    entries.iter().filter(|entry| entry.sort == sort).map(|entry| (entry.id.clone(), entry.clone())).collect()
}

fn base_of(tag: Option<Tag>) -> Base {
    tag.map_or(Base::Nothing, |tag| Base::OneOf(vec![tag.as_str().to_owned()]))
}

fn stranger(bloc: &str) -> Failure {
    let message = format!("Không có khối, cụm mang mã “{bloc}” trong province.json.");
    let message_en = "province.json has no such bloc";
    Failure::invalid_document(vec![Finding::new("register", Severity::Error, "/bloc", message, message_en)])
}

fn without(mut value: Value, fields: &[&str]) -> Value {
    if let Some(object) = value.as_object_mut() {
        fields.iter().for_each(|field| drop(object.remove(*field)));
    }
    value
}

/// What the register keeps, in the form of a folder. Its forms have accepted it, so only a later version of the program
/// keeps what this one does not know.
fn told<T: for<'a> Deserialize<'a>>(body: Value) -> Result<T, Failure> {
    // The reader's own sentence might repeat what stands there.
    T::deserialize(body).map_err(|_| Failure::internal("an entry of the register cannot be read"))
}

fn with_id<T: for<'a> Deserialize<'a>>(entry: &Entry) -> Result<T, Failure> {
    let mut body = without(entry.body.clone(), &["order"]);
    body["id"] = json!(entry.id);
    told(body)
}

fn in_year(bloc: &Entry, year: i32, years: &[Entry]) -> Result<BlocEntry, Failure> {
    let mut told: BlocEntry = with_id(bloc)?;
    let id = format!("{}/{year}", bloc.id);
    if let Some(entry) = years.iter().find(|entry| entry.id == id) {
        let members = entry.body.get("members").cloned().unwrap_or_default();
        told.members = Vec::<Member>::deserialize(members)
            .map_err(|_| Failure::internal("the members of a bloc cannot be read"))?;
        told.recognised_by = entry.body.get("recognised_by").cloned();
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::FailureCode;

    #[test]
    fn what_cannot_be_read_of_what_is_stored_is_not_repeated_in_the_log() {
        let entry = |sort: Sort, id: &str, body: Value| unwritten(sort, id.to_owned(), body);
        let bloc = entry(Sort::Bloc, "k", json!({"name": "Khối 1", "form": "bloc"}));
        let years = [entry(Sort::BlocYear, "k/2026", json!({"members": "Nguyễn Thị Kín"}))];
        let failures = [
            in_year(&bloc, 2026, &years).unwrap_err(),
            told::<closing::Period>(json!({"basis": ["Nguyễn Thị Kín"]})).unwrap_err(),
        ];
        for failure in failures {
            assert_eq!(failure.code, FailureCode::Internal);
            assert!(!failure.for_the_log().contains("Kín"), "{}", failure.for_the_log());
        }
    }
}
