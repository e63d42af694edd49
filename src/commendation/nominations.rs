//! Who is nominated for what (A01, A03, A04, A12).

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::catalogue::{Catalogue, comparable, ids};
use crate::{
    bloc::{Match, Roster},
    emulation,
    facts::{Facts, Honoree, Nomination, numbered},
    failure::{Finding, Severity},
    vietnamese::{count, fold_unit, group},
};

const LIST: &str = "/content/nominations";

pub(super) fn check(facts: &Facts, catalogue: &Catalogue) -> Vec<Finding> {
    let roster = Roster::of(&facts.members);
    let places = places_by_points(facts);
    let mut findings = Vec::new();
    for (pointer, nomination) in numbered(LIST, &facts.nominations) {
        findings.extend(check_member(&pointer, nomination, facts, &roster));
        findings.extend(check_pending(&pointer, nomination));
        if is_flag(nomination, catalogue) {
            findings.extend(check_first(&pointer, nomination, &places));
        }
    }
    findings.extend(check_one_achievement(facts, catalogue));
    findings
}

/// A01 (error): a nominee is a member of the bloc, or belongs to one.
fn check_member(pointer: &str, nomination: &Nomination, facts: &Facts, roster: &Roster) -> Option<Finding> {
    let nominee = nomination.nominee.trim();
    let unit = nomination.unit.as_deref().map(str::trim).filter(|unit| !unit.is_empty());
    let collective = (nomination.sort == Some(Honoree::Collective)).then_some(nominee);
    let names: Vec<&str> = unit.into_iter().chain(collective).collect();
    let stands = names.iter().any(|name| roster.find(name).0 != Match::None);
    let first = names.first()?;
    if facts.members.is_empty() || stands {
        return None;
    }
    let field = if unit.is_some() { "unit" } else { "nominee" };
    Some(
        Finding::new(
            "A01",
            Severity::Error,
            format!("{pointer}/{field}"),
            format!("“{nominee}” được đề nghị khen thưởng nhưng “{first}” không có trong danh sách {} đơn vị thành viên; hãy kiểm tra tên.", count(facts.members.len() as u64)),
            format!("“{nominee}” is nominated, but “{first}” is none of the {} members.", facts.members.len()),
        )
        .and_at("/content/members")
        .found(*first)
        .expected("tên một đơn vị trong danh sách thành viên"),
    )
}

pub(super) fn is_flag(nomination: &Nomination, catalogue: &Catalogue) -> bool {
    match catalogue.id_of(&nomination.form) {
        Some(id) => id == ids::FLAG_PROVINCE,
        None => begins(nomination, "cờ thi đua") && !comparable(&nomination.form).contains(&comparable("Chính phủ")),
    }
}

pub(super) fn is_certificate(nomination: &Nomination, catalogue: &Catalogue) -> bool {
    match catalogue.id_of(&nomination.form) {
        Some(id) => id == ids::CERTIFICATE_PROVINCE,
        None => comparable(&nomination.form) == comparable("Bằng khen"),
    }
}

fn begins(nomination: &Nomination, words: &str) -> bool {
    comparable(&nomination.form).starts_with(&comparable(words))
}

/// A03 (warning): one achievement, one honour: a flag and a certificate, or the same form twice, for one nominee, year
/// and cause (Emulation and Commendation Law 2022, art. 6).
fn check_one_achievement(facts: &Facts, catalogue: &Catalogue) -> Vec<Finding> {
    let mut seen: BTreeMap<(String, String), Vec<(String, &Nomination)>> = BTreeMap::new();
    let mut findings = Vec::new();
    for (pointer, nomination) in numbered(LIST, &facts.nominations) {
        let unit = nomination.unit.as_deref().map(fold_unit).unwrap_or_default();
        let earlier = seen.entry((fold_unit(&nomination.nominee), unit)).or_default();
        let twin = earlier.iter().find(|(_, other)| is_one_achievement(nomination, other, catalogue));
        if let Some((place, other)) = twin {
            findings.push(
                Finding::new(
                    "A03",
                    Severity::Warning,
                    format!("{pointer}/form"),
                    format!(
                        "“{}” được đề nghị {} cho cùng một thành tích{}; hãy kiểm tra lại.",
                        nomination.nominee.trim(),
                        both(catalogue.name_of(&other.form), catalogue.name_of(&nomination.form)),
                        nomination.last_year().map(|year| format!(" năm {year}")).unwrap_or_default()
                    ),
                    format!("“{}” is nominated twice for one achievement.", nomination.nominee.trim()),
                )
                .and_at(format!("{place}/form"))
                .found(catalogue.name_of(&nomination.form)),
            );
        }
        earlier.push((pointer, nomination));
    }
    findings
}

fn both(one: &str, other: &str) -> String {
    match comparable(one) == comparable(other) {
        true => format!("“{other}” hai lần"),
        false => format!("cả “{one}” và “{other}”"),
    }
}

fn is_one_achievement(one: &Nomination, other: &Nomination, catalogue: &Catalogue) -> bool {
    let unlike = |a: Option<i32>, b: Option<i32>| a.zip(b).is_some_and(|(a, b)| a != b);
    let other_cause = one.cause.zip(other.cause).is_some_and(|(a, b)| a != b);
    if unlike(one.last_year(), other.last_year()) || other_cause {
        return false;
    }
    let honour = |it: &Nomination| is_flag(it, catalogue) || is_certificate(it, catalogue);
    comparable(catalogue.name_of(&one.form)) == comparable(catalogue.name_of(&other.form))
        || (honour(one) && honour(other))
}

/// A04 (warning): who is proposed for the flag is first by points, or a reason is given; a stated place is the computed one.
fn check_first(pointer: &str, nomination: &Nomination, places: &BTreeMap<String, Placed>) -> Option<Finding> {
    let nominee = nomination.nominee.trim();
    let (place, at, score) = match places.get(&fold_unit(nominee)) {
        Some(placed) => (placed.place, placed.pointer.clone(), Some(placed.points)),
        None => (nomination.rank?, format!("{pointer}/rank"), nomination.score),
    };
    let with = score.map(|points| format!(" với {} điểm", group(&points))).unwrap_or_default();
    if let Some(stated) = nomination.rank.filter(|stated| *stated != place) {
        return Some(
            Finding::new(
                "A04",
                Severity::Warning,
                format!("{pointer}/rank"),
                format!(
                    "“{nominee}” ghi xếp thứ {stated}, nhưng theo bảng điểm xếp thứ {place}{with}; hãy kiểm tra lại."
                ),
                format!("“{nominee}” is said to be number {stated}, by points it is number {place}."),
            )
            .and_at(at)
            .found(stated.to_string())
            .expected(place.to_string()),
        );
    }
    let explained = nomination.reason.as_deref().is_some_and(|reason| !reason.trim().is_empty());
    (place > 1 && !explained).then(|| {
        Finding::new(
            "A04",
            Severity::Warning,
            format!("{pointer}/nominee"),
            format!("“{nominee}” được đề nghị tặng Cờ thi đua nhưng xếp thứ {place}{with}, không phải thứ 1; hãy kiểm tra lại hoặc nêu lý do."),
            format!("“{nominee}” is proposed for the flag, but is number {place} by points."),
        )
        .and_at(at)
        .found(place.to_string())
        .expected("1, hoặc có nêu lý do")
    })
}

/// Where a member stands by points.
pub(super) struct Placed {
    place: u64,
    pub pointer: String,
    pub points: Decimal,
}

/// Places by folded name; of a member scored twice the better.
pub(super) fn places_by_points(facts: &Facts) -> BTreeMap<String, Placed> {
    let points: Vec<_> = facts.scores.iter().map(emulation::final_points).collect();
    let ranks = emulation::rank(&points);
    let mut places: BTreeMap<String, Placed> = BTreeMap::new();
    for ((pointer, score), (rank, points)) in
        numbered("/content/scores", &facts.scores).zip(ranks.into_iter().zip(points))
    {
        let (Some(rank), Some(points)) = (rank, points) else { continue };
        let name = fold_unit(&score.member);
        if places.get(&name).is_none_or(|known| rank.place < known.place) {
            places.insert(name, Placed { place: rank.place, pointer, points });
        }
    }
    places
}

/// A12 (error): nobody is nominated while discipline, an inspection or a complaint is pending.
fn check_pending(pointer: &str, nomination: &Nomination) -> Option<Finding> {
    (nomination.pending_discipline == Some(true)).then(|| {
        Finding::new(
            "A12",
            Severity::Error,
            format!("{pointer}/pending_discipline"),
            format!(
                "“{}” đang được xem xét kỷ luật, thanh tra hoặc có khiếu nại, tố cáo chưa kết luận nên chưa đề nghị được; hãy bỏ khỏi danh sách.",
                nomination.nominee.trim()
            ),
            format!("“{}” has a pending case and cannot be nominated.", nomination.nominee.trim()),
        )
        .and_at(format!("{pointer}/nominee"))
        .found("true")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::samples::{found, one};
    use super::*;

    fn flag(nominee: &str) -> Value {
        json!({"nominee": nominee, "sort": "collective", "form": "emulation-flag-province", "year": 2025})
    }

    fn certificate(nominee: &str, year: i32) -> Value {
        json!({"nominee": nominee, "sort": "collective", "form": "Bằng khen của Chủ tịch UBND tỉnh", "year": year})
    }

    #[test]
    fn a01_a_nominee_is_a_member_or_belongs_to_one() {
        let nominated = |nomination: Value| {
            found(json!({"members": [{"unit": "Sở Nội vụ"}, {"unit": "Sở Y tế"}], "nominations": [nomination]}))
        };
        assert_eq!(nominated(flag("Sở Y tế")), []);
        assert_eq!(nominated(flag("Sở Y tế tỉnh Kon Tum")), []);
        let place = |field: &str| {
            one("A01", Severity::Error, &[&format!("/content/nominations/0/{field}"), "/content/members"])
        };
        assert_eq!(nominated(flag("Sở Tư pháp")), place("nominee"));
        let person =
            |unit: Value| json!({"nominee": "Lê Thị Hoa", "sort": "individual", "unit": unit, "form": "Giấy khen"});
        assert_eq!(nominated(person(json!("Sở Nội vụ"))), []);
        assert_eq!(nominated(person(json!("Sở Tư pháp"))), place("unit"));
        assert_eq!(nominated(person(json!(null))), []);
        assert_eq!(found(json!({"nominations": [flag("Sở Tư pháp")]})), [], "no members listed");
    }

    #[test]
    fn a03_one_achievement_has_one_honour() {
        let two = |second: Value| found(json!({"nominations": [flag("Sở A"), second]}));
        let pointers = ["/content/nominations/1/form", "/content/nominations/0/form"];
        assert_eq!(two(certificate("sở a", 2025)), one("A03", Severity::Warning, &pointers));
        assert_eq!(two(flag("Sở A")), one("A03", Severity::Warning, &pointers));
        assert_eq!(two(certificate("Sở A", 2024)), []);
        assert_eq!(two(certificate("Sở B", 2025)), []);
        let mut thematic = certificate("Sở A", 2025);
        thematic["cause"] = json!("thematic");
        let mut regular = flag("Sở A");
        regular["cause"] = json!("regular");
        assert_eq!(found(json!({"nominations": [regular, thematic]})), []);
        let title = json!({"nominee": "Sở A", "sort": "collective", "form": "Tập thể lao động xuất sắc", "year": 2025});
        assert_eq!(two(title), [], "a title beside the flag");
    }

    #[test]
    fn a04_the_flag_goes_to_the_first_by_points_or_for_a_reason() {
        let scores = json!([{"member": "Sở A", "total": 975}, {"member": "Sở B", "appraised_score": 970, "bonus": 10}, {"member": "Sở C", "total": 980}]);
        let proposed = |nomination: Value| found(json!({"scores": scores, "nominations": [nomination]}));
        assert_eq!(proposed(flag("Sở C")), []);
        assert_eq!(proposed(flag("Sở B")), [], "tied for the first place");
        assert_eq!(
            proposed(flag("Sở A")),
            one("A04", Severity::Warning, &["/content/nominations/0/nominee", "/content/scores/0"])
        );
        let mut explained = flag("Sở A");
        explained["reason"] = json!("Hai đơn vị dẫn đầu có vi phạm");
        assert_eq!(proposed(explained), []);
        assert_eq!(proposed(certificate("Sở A", 2025)), []);
    }

    #[test]
    fn a04_a_stated_place_is_the_computed_one_and_counts_where_there_are_no_points() {
        let ranked = |rank: u64, scores: Value| {
            let mut nomination = flag("Sở A");
            nomination["rank"] = json!(rank);
            found(json!({"scores": scores, "nominations": [nomination]}))
        };
        let scores = json!([{"member": "Sở A", "total": 975}, {"member": "Sở C", "total": 980}]);
        assert_eq!(
            ranked(1, scores),
            one("A04", Severity::Warning, &["/content/nominations/0/rank", "/content/scores/0"])
        );
        assert_eq!(
            ranked(2, json!([])),
            one("A04", Severity::Warning, &["/content/nominations/0/nominee", "/content/nominations/0/rank"])
        );
        assert_eq!(ranked(1, json!([])), []);
    }

    #[test]
    fn a12_nobody_is_nominated_while_a_case_is_pending() {
        let pending = |pending: Value| {
            let mut nomination = certificate("Sở A", 2025);
            nomination["pending_discipline"] = pending;
            found(json!({"nominations": [nomination]}))
        };
        let pointers = ["/content/nominations/0/pending_discipline", "/content/nominations/0/nominee"];
        assert_eq!(pending(json!(true)), one("A12", Severity::Error, &pointers));
        assert_eq!(pending(json!(false)), []);
        assert_eq!(pending(json!(null)), []);
    }
}
