//! Whom a submission asks to decide, and to whom it goes (T06).

use super::Paper;
use crate::{
    facts::{Facts, numbered},
    failure::{Finding, Severity},
    vietnamese::fold_unit,
};

/// How the name of a body that decides begins. What stands between two of them separates them; a name has commas of its own.
const BODIES: [&str; 11] = [
    "Chủ tịch",
    "Ủy ban nhân dân",
    "Uỷ ban nhân dân",
    "UBND",
    "Thủ tướng",
    "Chính phủ",
    "Bộ trưởng",
    "Hội đồng",
    "Giám đốc",
    "Tổng Giám đốc",
    "Thủ trưởng",
];

/// T06: each body that is asked to decide is among the addressees. Warning where another one asked is; info where none is, for
/// then the paper may go through its addressees.
pub(super) fn check(paper: &Paper, facts: &Facts) -> Option<Finding> {
    let decider = facts.decider.as_deref()?.trim();
    if paper.addressees.iter().all(|addressee| addressee.trim().is_empty()) {
        return None;
    }
    let asked = bodies_of(decider);
    let (there, absent): (Vec<&str>, Vec<&str>) = asked.into_iter().partition(|body| is_addressed(body, paper));
    let body = absent.first()?;
    let addressees: Vec<&str> = paper.addressees.iter().map(|addressee| addressee.trim()).collect();
    let (severity, advice) = if there.is_empty() {
        (Severity::Info, "nếu gửi thẳng thì thêm vào Kính gửi, nếu gửi qua cơ quan khác thì xem lại câu kết")
    } else {
        (Severity::Warning, "hãy thêm vào Kính gửi hoặc bỏ khỏi nơi được đề nghị quyết định")
    };
    let finding = Finding::new(
        "T06",
        severity,
        "/content/decider",
        format!("Văn bản đề nghị {body} quyết định nhưng Kính gửi chỉ có {}; {advice}.", addressees.join("; ")),
        format!("{body} is asked to decide and is not among the addressees."),
    )
    .found(decider);
    let places = numbered("/paper/addressees", &paper.addressees);
    Some(places.fold(finding, |finding, (place, _)| finding.and_at(place)))
}

/// The bodies that the words name: parted by a mark or "và" where the name of another one begins.
fn bodies_of(decider: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    for separator in [", ", "; ", " và "] {
        let after = decider.match_indices(separator).map(|(at, _)| at + separator.len());
        cuts.extend(after.filter(|at| BODIES.iter().any(|body| decider[*at..].starts_with(body))));
    }
    cuts.sort_unstable();
    let ends = cuts.iter().skip(1).copied().chain([decider.len()]);
    let parts = cuts.iter().zip(ends).map(|(from, to)| decider[*from..to].trim());
    parts
        .map(|part| part.strip_suffix(" và").unwrap_or(part).trim_end_matches([',', ';', ' ']))
        .filter(|part| !part.is_empty())
        .collect()
}

/// As two clerks may write it, with or without the province, with a remark such as "(qua Sở Nội vụ)".
fn is_addressed(body: &str, paper: &Paper) -> bool {
    let wanted = fold_unit(body);
    paper.addressees.iter().any(|addressee| {
        let bare = addressee.split(" (").next().unwrap_or(addressee);
        bodies_of(bare.trim()).iter().any(|one| fold_unit(one) == wanted)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::samples;
    use super::*;

    fn found(decider: &str, addressees: &[&str]) -> Option<(Severity, Vec<String>)> {
        let paper = samples::paper(|paper| paper["addressees"] = addressees.to_vec().into());
        let facts = Facts::read(&json!({"content": {"decider": decider}})).unwrap();
        check(&paper, &facts).map(|finding| (finding.severity, finding.pointers))
    }

    #[test]
    fn t06_who_is_asked_to_decide_is_addressed() {
        let both = "Ủy ban nhân dân tỉnh, Chủ tịch Ủy ban nhân dân tỉnh An Bình";
        let chairman = "Chủ tịch UBND tỉnh An Bình (qua Sở Nội vụ)";
        let places = |number: usize| -> Vec<String> {
            let listed = (0..number).map(|at| format!("/paper/addressees/{at}"));
            std::iter::once("/content/decider".to_string()).chain(listed).collect()
        };
        assert_eq!(found(both, &["Ủy ban nhân dân tỉnh", chairman]), None);
        assert_eq!(found("Chủ tịch Ủy ban nhân dân tỉnh", &[chairman, "Sở Nội vụ"]), None);
        assert_eq!(found(both, &[chairman]), Some((Severity::Warning, places(1))));
        let council = "Hội đồng Thi đua - Khen thưởng tỉnh";
        assert_eq!(found("Chủ tịch Ủy ban nhân dân tỉnh", &[council]), Some((Severity::Info, places(1))));
        assert_eq!(found(both, &[]), None, "rule T01 speaks about it");
    }

    #[test]
    fn bodies_are_parted_where_another_begins() {
        assert_eq!(
            bodies_of("Bộ trưởng Bộ Văn hóa, Thể thao và Du lịch"),
            ["Bộ trưởng Bộ Văn hóa, Thể thao và Du lịch"]
        );
        assert_eq!(
            bodies_of("Thủ tướng Chính phủ và Chủ tịch UBND tỉnh"),
            ["Thủ tướng Chính phủ", "Chủ tịch UBND tỉnh"]
        );
    }
}
