//! What the law asks of a nominee's record (A05 to A09).
//!
//! A record that states nothing is not judged; one that states something is held against the whole condition. The figures
//! are those of the law, where editions differ those of the edition; local standards are not known here.

use std::collections::BTreeMap;

use super::catalogue::{Catalogue, Listing, comparable, ids};
use crate::{
    facts::{
        CommendationCause, Facts, Honoree, InitiativeLevel, ListedAward, Nomination, RatingLevel, RecordNeeds, Staff,
        numbered,
    },
    failure::{Finding, Severity},
    vietnamese::{count, fold_unit, join_and, percent},
};

const LAW: &str = "Luật Thi đua, khen thưởng";

pub(super) fn check(facts: &Facts, catalogue: &Catalogue) -> Vec<Finding> {
    let mut of_one: BTreeMap<Nominee, Vec<&Nomination>> = BTreeMap::new();
    for nomination in &facts.nominations {
        of_one.entry(nominee(nomination)).or_default().push(nomination);
    }
    let mut findings = Vec::new();
    for (pointer, nomination) in numbered("/content/nominations", &facts.nominations) {
        let proposed = of_one.get(&nominee(nomination)).map(Vec::as_slice).unwrap_or_default();
        findings.extend(check_one(&Record { nomination, proposed, catalogue, places: Places::of(&pointer) }));
    }
    if let Some(own) = facts.own_nomination() {
        let record = Record { nomination: &own, proposed: &[], catalogue, places: Places::of_report() };
        findings.extend(check_one(&record));
    }
    findings
}

fn check_one(record: &Record) -> Option<Finding> {
    if let Some(finding) = check_parts(record) {
        return Some(finding);
    }
    let id = record.catalogue.id_of(&record.nomination.form)?;
    if ids::COLLECTIVE_EXCELLENT.contains(&id) || ids::COLLECTIVE_ADVANCED.contains(&id) {
        let Listing::Listed(award) = record.catalogue.find(&record.nomination.form) else { return None };
        return check_staff(record, award);
    }
    if record.states_nothing() {
        return None;
    }
    match id {
        ids::FIGHTER_GRASSROOTS => check_grassroots(record),
        ids::FIGHTER_PROVINCE => check_province(record),
        ids::FIGHTER_NATIONAL => check_national(record),
        ids::CERTIFICATE_PROVINCE => check_certificate(record),
        _ => None,
    }
}

/// Where the parts of a record stand in the request.
struct Places {
    whole: String,
    history: String,
    initiatives: String,
    ratings: String,
    staff: String,
}

impl Places {
    fn of(nomination: &str) -> Self {
        let part = |name: &str| format!("{nomination}/{name}");
        Self {
            whole: nomination.to_string(),
            history: part("history"),
            initiatives: part("initiatives"),
            ratings: part("ratings"),
            staff: part("staff"),
        }
    }

    fn of_report() -> Self {
        let part = |name: &str| format!("/content/{name}");
        Self {
            whole: part("form"),
            history: part("titles_history"),
            initiatives: part("recognised_initiatives"),
            ratings: part("yearly_ratings"),
            staff: part("collective/staff"),
        }
    }
}

/// Name and unit, folded.
type Nominee = (String, Option<String>);

fn nominee(nomination: &Nomination) -> Nominee {
    (fold_unit(&nomination.nominee), nomination.unit.as_deref().map(fold_unit))
}

/// A nominee's record, with what the same request proposes for the same nominee.
struct Record<'a> {
    nomination: &'a Nomination,
    /// All nominations of this nominee.
    proposed: &'a [&'a Nomination],
    catalogue: &'a Catalogue<'a>,
    places: Places,
}

impl Record<'_> {
    fn states_nothing(&self) -> bool {
        let it = self.nomination;
        it.history.is_empty() && it.initiatives.is_empty() && it.ratings.is_empty()
    }

    /// Held, or proposed in this very request.
    fn has_title(&self, wanted: &[&str], year: i32) -> bool {
        let is_wanted = |form: &str| self.catalogue.id_of(form).is_some_and(|id| wanted.contains(&id));
        let held = self.nomination.history.iter().any(|award| award.year == Some(year) && is_wanted(&award.name));
        held || self.proposed.iter().any(|other| other.last_year() == Some(year) && is_wanted(&other.form))
    }

    fn is_excellent(&self, year: i32) -> bool {
        self.nomination.ratings.iter().any(|rating| rating.year == year && rating.level == RatingLevel::Excellent)
    }

    fn initiatives_from(&self, level: InitiativeLevel) -> usize {
        self.nomination.initiatives.iter().filter(|initiative| initiative.level >= level).count()
    }
}

/// A05 (warning): an emulation fighter of the grassroots is an advanced worker of the year, with what else the edition asks
/// for (Law of 2003, Decree 91/2017, art. 9: an initiative; Law of 2022, art. 23: an initiative or tasks done excellently).
fn check_grassroots(record: &Record) -> Option<Finding> {
    let year = record.nomination.last_year()?;
    let Listing::Listed(award) = record.catalogue.find(&record.nomination.form) else { return None };
    let mut missing = Vec::new();
    if !record.has_title(&ids::ADVANCED, year) {
        missing.push(format!("danh hiệu Lao động tiên tiến năm {year}"));
    }
    let initiative = record.initiatives_from(InitiativeLevel::Grassroots) > 0;
    let excellent = record.is_excellent(year);
    match award.record {
        Some(RecordNeeds::Initiative) if !initiative => {
            missing.push("sáng kiến hoặc đề tài được công nhận".to_string());
        }
        Some(RecordNeeds::InitiativeOrExcellent | RecordNeeds::ToConfirm) if !initiative && !excellent => {
            missing.push(format!("mức hoàn thành xuất sắc nhiệm vụ năm {year} hoặc sáng kiến được công nhận"));
        }
        Some(RecordNeeds::Initiative | RecordNeeds::InitiativeOrExcellent | RecordNeeds::ToConfirm) | None => {}
    }
    let finding = lacking("A05", record, &missing, award.record_law.as_deref().unwrap_or(LAW));
    let to_confirm = award.record == Some(RecordNeeds::ToConfirm) && !(initiative && excellent);
    finding.or_else(|| {
        to_confirm.then(|| {
            Finding::new(
                "A05",
                Severity::Info,
                &record.places.whole,
                format!(
                    "“{}” có {} sáng kiến, {} hoàn thành xuất sắc nhiệm vụ năm {year}; Luật sửa đổi năm 2026 có thể yêu cầu cả hai, hãy xác nhận.",
                    record.nomination.nominee.trim(),
                    count(record.nomination.initiatives.len() as u64),
                    if excellent { "có" } else { "chưa ghi" }
                ),
                "The law as amended in 2026 may ask for both an initiative and tasks done excellently; confirm.",
            )
            .and_at(&record.places.initiatives)
        })
    })
}

/// A06 (warning): an emulation fighter of the province has been one of the grassroots in three consecutive years up to the
/// year nominated for, each by a decision, and has an initiative that reaches the province.
fn check_province(record: &Record) -> Option<Finding> {
    let year = record.nomination.last_year()?;
    let mut missing: Vec<String> = (year - 2..=year)
        .filter(|year| !record.has_title(&[ids::FIGHTER_GRASSROOTS], *year))
        .map(|year| format!("Chiến sĩ thi đua cơ sở năm {year}"))
        .collect();
    let undecided = record.nomination.history.iter().filter(|award| {
        let counted = award.year.is_some_and(|held| (year - 2..=year).contains(&held));
        let decided = award.decision.as_ref().is_some_and(|decision| !decision.number.trim().is_empty());
        counted && !decided && record.catalogue.id_of(&award.name) == Some(ids::FIGHTER_GRASSROOTS)
    });
    missing.extend(
        undecided.filter_map(|award| Some(format!("quyết định công nhận Chiến sĩ thi đua cơ sở năm {}", award.year?))),
    );
    if record.initiatives_from(InitiativeLevel::Province) == 0 {
        missing.push("sáng kiến có phạm vi ảnh hưởng trong tỉnh".to_string());
    }
    lacking("A06", record, &missing, "Luật Thi đua, khen thưởng năm 2022, Điều 22")
}

/// A07 (warning): a national emulation fighter has been one of a province (or ministry) twice running, and has an initiative
/// that reaches the whole country.
fn check_national(record: &Record) -> Option<Finding> {
    let year = record.nomination.last_year()?;
    let provincial = |name: &str| {
        let written = comparable(name);
        record.catalogue.id_of(name) == Some(ids::FIGHTER_PROVINCE)
            || ["Chiến sĩ thi đua bộ", "Chiến sĩ thi đua ban, ngành"]
                .iter()
                .any(|known| written.starts_with(&comparable(known)))
    };
    let held = record
        .nomination
        .history
        .iter()
        .filter(|award| award.year.is_none_or(|held| held <= year) && provincial(&award.name))
        .count();
    let mut missing = Vec::new();
    if held < 2 {
        missing.push(format!("02 lần liên tục là Chiến sĩ thi đua cấp tỉnh (dữ liệu có {})", count(held as u64)));
    }
    if record.initiatives_from(InitiativeLevel::National) == 0 {
        missing.push("sáng kiến có phạm vi ảnh hưởng trong toàn quốc".to_string());
    }
    lacking("A07", record, &missing, "Luật Thi đua, khen thưởng năm 2022, Điều 21")
}

/// A08 (warning): a certificate of merit of the province for a person rests on two consecutive years as an emulation fighter
/// of the grassroots, or on two years of tasks done excellently with two initiatives, or on another cause than regular merit.
fn check_certificate(record: &Record) -> Option<Finding> {
    let nomination = record.nomination;
    let regular = match nomination.cause {
        None | Some(CommendationCause::Regular) => true,
        Some(CommendationCause::Thematic | CommendationCause::Unplanned | CommendationCause::Service) => false,
    };
    // An achievement report does not say its cause.
    let says_cause = record.places.whole != "/content/form";
    if nomination.sort != Some(Honoree::Individual) || !regular || !says_cause {
        return None;
    }
    let year = nomination.last_year()?;
    let years = [year - 1, year];
    let fighter = years.iter().filter(|year| record.has_title(&[ids::FIGHTER_GRASSROOTS], **year)).count();
    let excellent = years.iter().filter(|year| record.is_excellent(**year)).count();
    let initiatives = record.initiatives_from(InitiativeLevel::Grassroots);
    if fighter == 2 || (excellent == 2 && initiatives >= 2) {
        return None;
    }
    let missing = [format!(
        "02 năm liên tục {} và {year} là Chiến sĩ thi đua cơ sở (dữ liệu có {}), hoặc 02 năm hoàn thành xuất sắc nhiệm vụ (có {}) cùng 02 sáng kiến (có {})",
        year - 1,
        count(fighter as u64),
        count(excellent as u64),
        count(initiatives as u64)
    )];
    lacking("A08", record, &missing, "Luật Thi đua, khen thưởng năm 2022, Điều 74")
}

fn lacking(code: &str, record: &Record, missing: &[String], law: &str) -> Option<Finding> {
    if missing.is_empty() {
        return None;
    }
    let nominee = record.nomination.nominee.trim();
    let form = record.catalogue.name_of(&record.nomination.form);
    let missing = if missing.len() == 1 { missing[0].clone() } else { join_and(missing) };
    Some(
        Finding::new(
            code,
            Severity::Warning,
            &record.places.whole,
            format!(
                "“{nominee}” được đề nghị “{form}” nhưng dữ liệu chưa có: {missing}; hãy bổ sung hoặc kiểm tra lại."
            ),
            format!("The record of “{nominee}” does not show what “{form}” asks for."),
        )
        .and_at(&record.places.history)
        .and_at(&record.places.initiatives)
        .and_at(&record.places.ratings)
        .expected(missing)
        .law(law),
    )
}

/// A09 (error): parts of the staff are not more than the whole, whatever is asked for.
fn check_parts(record: &Record) -> Option<Finding> {
    let (staff, place) = (record.nomination.staff?, &record.places.staff);
    let total = staff.total?;
    let nominee = record.nomination.nominee.trim();
    let parts = [
        ("completed", "hoàn thành nhiệm vụ", staff.completed),
        ("advanced", "đạt Lao động tiên tiến", staff.advanced),
        ("excellent", "hoàn thành xuất sắc nhiệm vụ", staff.excellent),
    ];
    let (field, words, part) =
        parts.into_iter().find_map(|(field, words, part)| Some((field, words, part.filter(|part| *part > total)?)))?;
    Some(
        Finding::new(
            "A09",
            Severity::Error,
            format!("{place}/{field}"),
            format!(
                "“{nominee}” ghi {} người {words}, nhiều hơn tổng số {} người; hãy kiểm tra lại hai số này.",
                count(part),
                count(total)
            ),
            format!("{field} is {part} of a staff of {total}."),
        )
        .and_at(format!("{place}/total"))
        .found(part.to_string())
        .expected(format!("không quá {}", count(total))),
    )
}

/// A09 (warning): parts of the staff are no less than the shares that the edition asks for, counted in whole persons.
fn check_staff(record: &Record, award: &ListedAward) -> Option<Finding> {
    let (nomination, place) = (record.nomination, &record.places.staff);
    let form = record.catalogue.name_of(&nomination.form);
    let staff = nomination.staff?;
    let total = staff.total?;
    let nominee = nomination.nominee.trim();
    let (field, words, part, needed) = shortfall(staff, total, award)?;
    let share = percent(part.into(), total.into()).unwrap_or_default();
    Some(
        Finding::new(
            "A09",
            Severity::Warning,
            format!("{place}/{field}"),
            format!(
                "“{nominee}” được đề nghị “{form}” nhưng có {}/{} người {words} ({share}), chưa đạt {needed}%; hãy kiểm tra lại.",
                count(part),
                count(total)
            ),
            format!("“{nominee}”: {field} {part} of {total} is below {needed} %."),
        )
        .and_at(format!("{place}/total"))
        .found(share)
        .expected(format!("từ {needed}% trở lên"))
        .law(if ids::COLLECTIVE_EXCELLENT.contains(&award.id.as_str()) {
            "Luật Thi đua, khen thưởng năm 2022, Điều 27"
        } else {
            "Luật Thi đua, khen thưởng năm 2022, Điều 28"
        }),
    )
}

fn shortfall(staff: Staff, total: u64, award: &ListedAward) -> Option<(&'static str, &'static str, u64, u64)> {
    let parts = [
        ("completed", "hoàn thành nhiệm vụ", staff.completed, award.least_completed),
        ("advanced", "đạt Lao động tiên tiến", staff.advanced, award.least_advanced),
    ];
    parts.into_iter().find_map(|(field, words, part, needed)| {
        let (part, needed) = (part?, needed?);
        (u128::from(part) * 100 < u128::from(total) * u128::from(needed)).then_some((field, words, part, needed))
    })
}

#[cfg(test)]
#[path = "conditions_tests.rs"]
mod tests;
