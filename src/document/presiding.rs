//! Minutes are signed by who presided (P04).

use super::{KindWords, Paper, PlaceAndDate};
use crate::{
    facts::{Facts, Participant, numbered},
    failure::{Finding, Severity},
    vietnamese::{fold_name, join_and},
};

const LAW: &str = "Nghị định số 30/2020/NĐ-CP, Phụ lục III, Mẫu 1.9";

/// P04 (warning): the signer of minutes is one of those who presided. A unit may preside; then somebody of it signs.
pub(super) fn check(paper: &Paper, words: &KindWords, facts: &Facts) -> Option<Finding> {
    if words.place_and_date == PlaceAndDate::Printed {
        return None;
    }
    let signer = paper.signing.name.as_deref().map(str::trim).filter(|name| !name.is_empty())?;
    let chairs = &facts.conference.as_ref()?.chairs;
    let is_signer = |chair: &Participant| fold_name(&chair.name) == fold_name(signer);
    if chairs.is_empty() || chairs.iter().any(|chair| is_signer(chair) || is_unit(chair, facts)) {
        return None;
    }
    let names: Vec<String> = chairs.iter().map(|chair| format!("“{}”", chair.name.trim())).collect();
    let presided = join_and(&names);
    let finding = Finding::new(
        "P04",
        Severity::Warning,
        "/paper/signing/name",
        format!(
            "Biên bản ghi “{signer}” ký, nhưng người chủ trì là {presided}; chỗ ký CHỦ TỌA in tên người chủ trì, hãy sửa người ký hoặc người chủ trì."
        ),
        format!("The minutes name “{signer}” as signer, the chair is {presided}; the chair's name is printed."),
    )
    .found(signer)
    .law(LAW);
    let places = numbered("/content/conference/chairs", chairs);
    Some(places.fold(finding, |finding, (place, _)| finding.and_at(format!("{place}/name"))))
}

/// A body in the list of chairs: nobody's form of address, no position, and a name that a member has or with small letters.
fn is_unit(chair: &Participant, facts: &Facts) -> bool {
    let named = |unit: &str| fold_name(unit) == fold_name(&chair.name);
    let small = chair.name.split_whitespace().any(|word| word.chars().all(char::is_lowercase));
    chair.honorific.is_none()
        && chair.positions.is_empty()
        && (small || facts.members.iter().any(|member| named(&member.unit)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::samples;
    use super::*;

    fn found(chairs: Value, signer: &str, place_and_date: PlaceAndDate) -> Vec<String> {
        let words = KindWords { place_and_date, ..samples::words() };
        let paper = samples::paper(|paper| paper["signing"]["name"] = json!(signer));
        let facts = Facts::read(&json!({"content": {"conference": {"date": "2020-07-24", "chairs": chairs}}})).unwrap();
        check(&paper, &words, &facts).map(|finding| finding.pointers).unwrap_or_default()
    }

    #[test]
    fn p04_minutes_are_signed_by_one_of_the_chairs() {
        let one = json!([{"name": "Trần Quốc Hưng", "positions": ["Giám đốc"]}]);
        let of = |signer: &str| found(one.clone(), signer, PlaceAndDate::Omitted);
        assert_eq!(of("trần quốc  Hưng"), Vec::<String>::new());
        assert_eq!(of("Lê Thị Hoa"), ["/paper/signing/name", "/content/conference/chairs/0/name"]);
        assert_eq!(found(one.clone(), "Lê Thị Hoa", PlaceAndDate::Printed), Vec::<String>::new(), "no minutes");
        assert_eq!(
            found(json!([]), "Lê Thị Hoa", PlaceAndDate::Omitted),
            Vec::<String>::new(),
            "who presided is not said"
        );
        let two =
            json!([{"name": "Trần Quốc Hưng", "positions": ["Giám đốc"]}, {"name": "Lê Thị Hoa", "honorific": "Bà"}]);
        assert_eq!(found(two, "Lê Thị Hoa", PlaceAndDate::Omitted), Vec::<String>::new());
    }

    #[test]
    fn p04_for_a_unit_that_presides_anybody_of_it_signs() {
        let unit = json!([{"name": "Sở Nội vụ tỉnh Thanh Hóa"}]);
        assert_eq!(found(unit, "Lê Thị Hoa", PlaceAndDate::Omitted), Vec::<String>::new());
    }
}
