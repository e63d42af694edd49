//! Names of places in their time (D09).

use std::collections::BTreeSet;

use crate::{
    calendar::short,
    facts::{Facts, PlaceName, PlaceSort, RuleContext, Spelled, numbered},
    failure::{Finding, Severity},
};

pub(super) fn check(facts: &Facts, context: &RuleContext) -> Vec<Finding> {
    let members = numbered("/content/members", &facts.members)
        .map(|(pointer, member)| (format!("{pointer}/unit"), member.unit.as_str()));
    let bloc = facts.bloc.iter().flat_map(|bloc| {
        let name = ("/content/bloc/name".to_string(), bloc.name.as_str());
        let province = bloc.province.as_deref().map(|province| ("/content/bloc/province".to_string(), province));
        std::iter::once(name).chain(province)
    });
    let texts = facts.texts.iter().filter(|text| is_of_the_papers_day(&text.pointer));
    let texts = texts.map(|text| (text.pointer.clone(), text.text.as_str()));
    // A unit that stands in many lists is told at the first.
    let mut told = BTreeSet::new();
    let names = bloc.chain(members).chain(texts).filter(|(_, name)| told.insert(name.trim()));
    names.filter_map(|(pointer, name)| misnamed(&pointer, name, context)).collect()
}

/// Whether a unit or a place stands there under its name of the paper's day: where people live and meet, who is a member, is
/// scored, voted on, proposed, elected. Decisions and awards of earlier days keep the names of theirs.
fn is_of_the_papers_day(pointer: &str) -> bool {
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fields: Vec<&str> = pointer.split('/').filter(|part| !is_number(part)).collect();
    match fields.as_slice() {
        // Awards of the period, each beside its own decision.
        [.., "commendations", "member"] => false,
        [.., "residence" | "home_town" | "head_office" | "venue" | "organiser" | "unit" | "member" | "nominee"]
        | [.., "next_head" | "next_deputies"]
        | [.., "election", "head" | "deputies"]
        | [.., "candidates" | "collective" | "blocs", "name"]
        | [.., "conference", "place"] => true,
        // Every other field, of any kind: words about anything.
        [..] => false,
    }
}

/// D09 (warning): no level and no province stands in the name of a body or unit before it was one, or when it is no more.
pub fn misnamed(pointer: &str, name: &str, context: &RuleContext) -> Option<Finding> {
    let (on, spelled) = (context.effective_on, Spelled::of(name));
    let place = context.places.iter().find(|place| !place.is_on(on) && place.stands_in(&spelled))?;
    Some(out_of_time(pointer, name, place, context))
}

/// The same of a place of issue, which is written without its sort: `Kon Tum`. A commune may bear the name of a province
/// that is no more, so the paper of a commune is not judged by it.
pub fn misplaced(pointer: &str, place: &str, issuer: &str, context: &RuleContext) -> Option<Finding> {
    let (spelled, issuer) = (Spelled::of(place), Spelled::of(issuer));
    let is_level = |level: &&str| PlaceName::new(*level, PlaceSort::Level).stands_in(&issuer);
    let of_a_commune = ["xã", "phường", "đặc khu"].iter().any(is_level);
    let ended = context.places.iter().find(|known| !known.is_on(context.effective_on) && known.is_alone(&spelled));
    match ended {
        Some(known) if !of_a_commune => Some(out_of_time(pointer, place, known, context)),
        Some(_) | None => misnamed(pointer, place, context),
    }
}

fn out_of_time(pointer: &str, name: &str, place: &PlaceName, context: &RuleContext) -> Finding {
    let (on, words, name) = (short(context.effective_on), place.words(), name.trim());
    let what = match place.sort {
        PlaceSort::Level => format!("có cấp “{words}”"),
        PlaceSort::Province | PlaceSort::City if place.is_alone(&Spelled::of(name)) => format!("là “{words}”"),
        PlaceSort::Province | PlaceSort::City => format!("có “{words}”"),
    };
    let (time, time_en) = match (place.from.filter(|from| *from > context.effective_on), place.until) {
        (Some(from), _) => (format!("chỉ có từ ngày {}", short(from)), format!("has been a name only since {from}")),
        (None, Some(until)) => {
            let first = until.succ_opt().unwrap_or(until);
            (format!("không còn từ ngày {}", short(first)), format!("is no name since {first}"))
        }
        (None, None) => (String::new(), String::new()),
    };
    let advice = match &place.now {
        Some(now) => format!("dùng tên “{now}” hoặc kiểm tra lại ngày"),
        None => "dùng tên đơn vị hành chính của ngày đó".to_string(),
    };
    let finding = Finding::new(
        "D09",
        Severity::Warning,
        pointer,
        format!("“{name}” {what}, {time}, trong khi văn bản lập theo ngày {on}; hãy {advice}."),
        format!("“{words}” {time_en}; the paper is dated {on}."),
    )
    .found(name);
    let finding = if context.issued_on.is_some() { finding.and_at("/paper/issued_on") } else { finding };
    let finding = match &place.now {
        Some(now) => finding.expected(now),
        None => finding,
    };
    match &place.law {
        Some(law) => finding.law(law),
        None => finding,
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::calendar::parse_iso;

    /// The district, the special zone, and Kon Tum.
    pub fn places() -> Vec<PlaceName> {
        let day = |date: &str| parse_iso(date).ok();
        let mut places = ["huyện", "thị xã", "đặc khu"].map(|level| PlaceName::new(level, PlaceSort::Level)).to_vec();
        places.push(PlaceName::new("Kon Tum", PlaceSort::Province));
        for place in &mut places {
            match place.name.as_str() {
                "đặc khu" => place.from = day("2025-07-01"),
                _ => place.until = day("2025-06-30"),
            }
        }
        places[3].now = Some("tỉnh Quảng Ngãi".into());
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::parse_iso;

    fn on<T>(date: &str, check: impl Fn(&RuleContext) -> T) -> T {
        let (date, places) = (parse_iso(date).unwrap(), samples::places());
        check(&RuleContext { issued_on: Some(date), effective_on: date, places: &places, ..RuleContext::default() })
    }

    #[test]
    fn d09_a_level_is_named_in_its_time_only() {
        let named = |name: &str, date: &str| on(date, |context| misnamed("/x", name, context).is_some());
        assert!(named("UBND huyện Đăk Hà", "2025-07-01"));
        assert!(!named("UBND huyện Đăk Hà", "2025-06-30"));
        assert!(named("UBND đặc khu Phú Quốc", "2025-06-30"));
        assert!(!named("UBND đặc khu Phú Quốc", "2025-07-01"));
        for name in ["Bộ Chỉ huy Quân sự tỉnh", "Sở Nội vụ", "Phường Huyền Tụng"] {
            assert!(!named(name, "2026-01-01"), "{name}");
        }
    }

    #[test]
    fn d09_a_unit_is_judged_wherever_its_name_stands_and_told_once() {
        let content = serde_json::json!({
            "members": [{"unit": "Sở Y tế tỉnh Kon Tum"}],
            "scores": [{"member": "Sở Y tế tỉnh Kon Tum"}, {"member": "Thanh tra huyện Đăk Hà"}],
            "score": {"member": "Sở Tư pháp tỉnh Kon Tum"},
            "ballots": [{"subject": "huyện Đăk Hà", "candidates": [{"name": "UBND huyện Đăk Tô"}]}],
            "nominations": [{"nominee": "UBND huyện Ngọc Hồi", "history": [{"name": "x", "decision": {"issuer": "UBND tỉnh Kon Tum"}}]}],
            "election": {"head": "UBND huyện Sa Thầy", "deputies": ["UBND thị xã Ba Đồn"]},
            "collective": {"name": "UBND huyện Kon Plông"},
            "blocs": [{"name": "Cụm huyện Kon Rẫy", "conference": {"place": "UBND huyện Tu Mơ Rông"}, "next_head": "UBND huyện Đăk Glei"}],
            "conference": {"venue": "Nhà văn hóa huyện Ia H'Drai"},
            "commendations": [{"form": "Giấy khen", "honoree": "collective", "count": 1, "member": "UBND huyện Đăk Pék", "decision": {"number": "12/QĐ-UBND", "date": "2025-03-10"}}],
        });
        let facts = Facts::read(&serde_json::json!({ "content": content })).unwrap();
        let told = |date: &str| -> BTreeSet<String> {
            on(date, |context| check(&facts, context)).into_iter().map(|finding| finding.pointers[0].clone()).collect()
        };
        let places = [
            "members/0/unit",
            "scores/1/member",
            "score/member",
            "ballots/0/candidates/0/name",
            "nominations/0/nominee",
            "election/head",
            "election/deputies/0",
            "collective/name",
            "blocs/0/name",
            "blocs/0/conference/place",
            "blocs/0/next_head",
            "conference/venue",
        ];
        assert_eq!(told("2026-01-15"), places.map(|place| format!("/content/{place}")).into());
        assert_eq!(told("2025-06-30"), BTreeSet::new());
    }

    #[test]
    fn d09_a_merged_province_names_no_body_and_no_place_any_more() {
        let named = |name: &str, date: &str| on(date, |context| misnamed("/x", name, context));
        let finding = named("Sở Nội vụ tỉnh Kon Tum", "2026-01-15").unwrap();
        assert_eq!(finding.expected.as_deref(), Some("tỉnh Quảng Ngãi"));
        assert!(finding.message.contains("01/7/2025") && finding.message.contains("15/01/2026"), "{}", finding.message);
        assert_eq!(named("Sở Nội vụ tỉnh Kon Tum", "2025-06-30"), None);
        assert_eq!(named("Phường Kon Tum", "2026-01-15"), None);
        let placed = |place: &str, issuer: &str| on("2026-01-15", |context| misplaced("/x", place, issuer, context));
        assert!(placed("Kon Tum", "Sở Nội vụ").is_some());
        assert_eq!(placed("Kon Tum", "Ủy ban nhân dân phường Kon Tum"), None);
        assert_eq!(placed("Quảng Ngãi", "Sở Nội vụ"), None);
    }
}
