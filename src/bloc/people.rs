//! Persons at the conference and the units they stand for (P01, P02).

use super::{Match, Roster};
use crate::{
    facts::{Facts, MemberRole, Participant, ParticipantRole, numbered},
    failure::{Finding, Severity},
    vietnamese::{fold_name, fold_unit},
};

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let roster = Roster::of(&facts.members);
    for (pointer, person) in facts.participants() {
        findings.extend(check_unit(&pointer, person, facts, &roster));
        findings.extend(check_name(&pointer, person));
    }
    findings.extend(check_chair(facts));
    findings
}

/// P01 (warning): who has a part in the conference stands for a member; guests and guiding bodies do not.
fn check_unit(pointer: &str, person: &Participant, facts: &Facts, roster: &Roster) -> Option<Finding> {
    let unit = person.unit.as_deref().filter(|unit| !unit.trim().is_empty())?;
    let writes = pointer.ends_with("/secretary").then_some(ParticipantRole::Secretary);
    let stands_for_a_member = match person.role.or(writes)? {
        ParticipantRole::Chair | ParticipantRole::CoChair | ParticipantRole::Presenter | ParticipantRole::Secretary => {
            true
        }
        ParticipantRole::Guest
        | ParticipantRole::Guidance
        | ParticipantRole::Opening
        | ParticipantRole::Speech
        | ParticipantRole::Conclusion => false,
    };
    if !stands_for_a_member || facts.members.is_empty() || roster.find(unit).0 != Match::None {
        return None;
    }
    Some(
        Finding::new(
            "P01",
            Severity::Warning,
            format!("{pointer}/unit"),
            format!("{} thuộc “{unit}”, không có trong danh sách thành viên; hãy kiểm tra đơn vị hoặc ghi vai trò khách mời.", person.name),
            format!("{} belongs to “{unit}”, which is no member of the bloc.", person.name),
        )
        .and_at("/content/members")
        .found(unit),
    )
}

/// P01 (warning): one of those in the chair stands for the head unit.
fn check_chair(facts: &Facts) -> Option<Finding> {
    let chairs = &facts.conference.as_ref()?.chairs;
    let (head_pointer, head) =
        numbered("/content/members", &facts.members).find(|(_, m)| m.role == Some(MemberRole::Head))?;
    let head_unit = fold_unit(&head.unit);
    let head_alone = Roster::of(std::slice::from_ref(head));
    let of_head = |person: &Participant| {
        let unit = person.unit.as_deref().is_some_and(|unit| head_alone.find(unit).0 != Match::None);
        unit || person.positions.iter().any(|position| fold_unit(position).contains(&head_unit))
    };
    let known = |person: &Participant| person.unit.as_deref().is_some_and(|unit| !unit.trim().is_empty());
    // A chair whose unit is not stated may be the head's.
    if chairs.is_empty() || chairs.iter().any(|person| of_head(person) || !known(person)) {
        return None;
    }
    let (head, first) = (head.unit.trim(), &chairs[0]);
    let unit = first.unit.as_deref().unwrap_or_default();
    Some(
        Finding::new(
            "P01",
            Severity::Warning,
            "/content/conference/chairs/0/unit",
            format!("Người chủ trì {} thuộc “{unit}”, trong khi đơn vị trưởng là “{head}”; hãy kiểm tra đơn vị hoặc vai trò.", first.name),
            format!("The chair {} belongs to “{unit}”, but the head unit is “{head}”.", first.name),
        )
        .and_at(format!("{head_pointer}/role"))
        .found(unit)
        .expected(head),
    )
}

/// P02 (warning): a form of address belongs to its own field, else it is printed twice.
fn check_name(pointer: &str, person: &Participant) -> Option<Finding> {
    const ADDRESSES: [&str; 5] = ["đồng chí", "đ/c", "đc", "ông", "bà"];
    let name = person.name.trim();
    let folded = fold_name(name);
    let found = ADDRESSES
        .into_iter()
        .find(|address| folded.strip_prefix(&fold_name(address)).is_some_and(|rest| rest.starts_with([' ', '.'])))?;
    // Ông is also a family name (Ông Ích Khiêm); it is an address if a common family name follows.
    let next = name.split_whitespace().nth(1).unwrap_or_default();
    if matches!(found, "ông" | "bà") && !FAMILY_NAMES.iter().any(|family| fold_name(family) == fold_name(next)) {
        return None;
    }
    Some(
        Finding::new(
            "P02",
            Severity::Warning,
            format!("{pointer}/name"),
            format!(
                "Họ tên “{name}” có sẵn cách xưng hô “{found}”; hãy chuyển vào trường danh xưng để không in hai lần."
            ),
            format!("The name “{name}” begins with a form of address; it has a field of its own."),
        )
        .and_at(format!("{pointer}/honorific"))
        .found(name),
    )
}

const FAMILY_NAMES: [&str; 32] = [
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương",
    "Lý", "Đinh", "Đoàn", "Trịnh", "Trương", "Mai", "Tô", "Hà", "Cao", "Lương", "Lâm", "Nông", "Vi", "Lò", "Tạ",
    "Thái", "Y",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::samples::{found_in, one};
    use super::*;

    #[test]
    fn p01_the_chair_stands_for_the_head_unit() {
        let pointers = ["/content/conference/chairs/0/unit", "/content/members/1/role"];
        assert_eq!(
            found_in(|c| c["conference"]["chairs"][0]["unit"] = json!("Sở Tài chính")),
            one("P01", Severity::Warning, &pointers)
        );
        assert_eq!(found_in(|c| c["conference"]["chairs"][0]["unit"] = json!(null)), [], "unit not stated");
        let by_position = |c: &mut serde_json::Value| {
            c["conference"]["chairs"][0]["unit"] = json!("UBND tỉnh");
            c["conference"]["chairs"][0]["positions"] = json!(["Tỉnh ủy viên", "Giám đốc Sở Nội vụ"]);
            c["conference"]["chairs"][0]["role"] = json!("conclusion");
        };
        assert_eq!(found_in(by_position), []);
    }

    #[test]
    fn p01_a_presenter_stands_for_a_member_and_a_guest_does_not() {
        let attend = |role: &str| json!([{"name": "Hà Mạnh Cường", "unit": "Sở Y tế", "role": role}]);
        let pointers = ["/content/conference/attendees/0/unit", "/content/members"];
        assert_eq!(
            found_in(|c| c["conference"]["attendees"] = attend("presenter")),
            one("P01", Severity::Warning, &pointers)
        );
        for role in ["guest", "guidance", "speech"] {
            assert_eq!(found_in(|c| c["conference"]["attendees"] = attend(role)), [], "{role}");
        }
    }

    #[test]
    fn p01_and_p02_hold_for_who_writes_the_minutes_and_who_speaks() {
        let secretary = json!({"name": "Nguyễn Thu Trang", "unit": "Sở Y tế"});
        let pointers = ["/content/secretary/unit", "/content/members"];
        assert_eq!(found_in(|c| c["secretary"] = secretary), one("P01", Severity::Warning, &pointers));
        assert_eq!(found_in(|c| c["secretary"] = json!({"name": "Lê Hoa", "unit": "Sở Nội vụ"})), []);
        let speaker = |name: &str, unit: &str, role: &str| json!([{"text": "a"}, {"speaker": {"name": name, "unit": unit, "role": role}, "text": "b"}]);
        let pointers = ["/content/proceedings/1/speaker/unit", "/content/members"];
        let findings = found_in(|c| c["proceedings"] = speaker("Lê Hoa", "Sở Y tế", "presenter"));
        assert_eq!(findings, one("P01", Severity::Warning, &pointers));
        let pointers = ["/content/proceedings/1/speaker/name", "/content/proceedings/1/speaker/honorific"];
        let findings = found_in(|c| c["proceedings"] = speaker("Bà Lê Hoa", "Sở Nội vụ", "presenter"));
        assert_eq!(findings, one("P02", Severity::Warning, &pointers));
    }

    #[test]
    fn p02_a_form_of_address_is_not_part_of_a_name() {
        let pointers = ["/content/conference/chairs/0/name", "/content/conference/chairs/0/honorific"];
        for name in ["Ông Nguyễn Văn Lân", "đồng chí Phạm Hồng Quảng", "đ/c Lê Thị Hoa", "Bà Trần Thị B"]
        {
            assert_eq!(
                found_in(|c| c["conference"]["chairs"][0]["name"] = json!(name)),
                one("P02", Severity::Warning, &pointers),
                "{name}"
            );
        }
        for name in ["Ông Ích Khiêm", "Ngô Tổng Trưởng", "Bà Huyện Thanh Quan", "Ôn Văn A"] {
            assert_eq!(found_in(|c| c["conference"]["chairs"][0]["name"] = json!(name)), [], "{name}");
        }
    }
}
