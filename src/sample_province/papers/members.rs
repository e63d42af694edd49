//! What single members send: scorecards and achievement reports.

use serde_json::{Value, json};

use super::{
    super::{
        bloc::{Bloc, Member},
        chance::Chance,
        names::Person,
    },
    criteria, guidance, identity, letterhead, score,
};

pub(super) fn scorecard(bloc: &Bloc, member: &Member) -> Value {
    let (two, three) = (member.self_score / 5, member.self_score / 5);
    let lost = member.self_score - member.appraised;
    let mut own_score = score(member);
    if lost > 0 {
        own_score["reason"] = json!(format!("điểm thẩm định giảm {lost} điểm so với điểm tự chấm ở mục I"));
    }
    let penalty = -i64::try_from(member.penalty).unwrap_or_default();
    own_score["details"] = json!([
        {"criterion": "I", "self": member.self_score - two - three, "appraised": member.self_score - two - three - lost,
            "evidence": "Báo cáo kết quả thực hiện nhiệm vụ năm 2026"},
        {"criterion": "II", "self": two, "appraised": two},
        {"criterion": "III", "self": three, "appraised": three},
        {"criterion": "IV", "self": member.bonus, "appraised": member.bonus},
        {"criterion": "V", "self": penalty, "appraised": penalty},
    ]);
    let mut paper = own_paper(member, "2026-12-12");
    paper["number"] = json!({"serial": 300 + member.self_score % 90, "symbol": "BĐ-VP"});
    paper["recipients"] = json!({"items": [format!("Đơn vị trưởng {}", bloc.called())], "filing": "VT"});
    json!({
        "kind": "scorecard", "status": "issued",
        "paper": paper,
        "content": {
            "bloc": identity(bloc), "period": {"year": 2026}, "guidance": guidance(),
            "scoring": {"scale": 1000, "bonus_cap": 50, "criteria": criteria()},
            "score": own_score,
            "appraisal": ["Tài liệu kiểm chứng đầy đủ ở các tiêu chí."],
        },
    })
}

pub(super) fn collective(bloc: &Bloc, member: &Member) -> Value {
    let staff = 40 + member.self_score % 90;
    json!({
        "kind": "achievement-report-collective", "status": "issued",
        "paper": own_paper(member, "2026-12-19"),
        "content": {
            "collective": {"name": member.name, "founded": ["Đơn vị hoạt động theo cơ cấu tổ chức mới từ ngày 01/7/2025."],
                "head_office": "Tỉnh An Bình", "structure": [format!("Đơn vị có {staff} cán bộ, công chức, viên chức, người lao động.")],
                "staff": {"total": staff, "completed": staff, "excellent": staff / 5, "advanced": staff - 3}},
            "form": "merit-certificate-province", "period": {"year": 2026}, "span": {"from": 2025, "to": 2026},
            "bloc": identity(bloc),
            "duties": ["Thực hiện chức năng, nhiệm vụ được cấp có thẩm quyền giao."],
            "results": [{"heading": "Thực hiện nhiệm vụ chuyên môn",
                "items": [format!("Đạt {} điểm theo kết quả thẩm định của {}.", member.appraised, bloc.called()),
                    format!("{} sáng kiến được công nhận cấp cơ sở.", member.grassroots)]}],
            "targets": [{"name": "Nhiệm vụ hoàn thành đúng hạn", "unit_of_measure": "%", "planned": 95, "achieved": 98, "previous": 96}],
            "yearly_ratings": ratings(), "recognised_initiatives": [], "measures": ["Giao chỉ tiêu đến từng phòng từ tháng 01; kiểm điểm tiến độ hằng quý."],
            "policy": ["100% cán bộ, công chức, viên chức học tập nghị quyết của Đảng."],
            "party": ["Chi bộ được đánh giá hoàn thành tốt nhiệm vụ năm 2025."],
            "titles_history": titles(), "commendations_history": certificates(),
        },
    })
}

pub(super) fn individual(bloc: &Bloc, member: &Member) -> Value {
    let seed = member.id.bytes().fold(0, |seed: u64, byte| seed * 31 % 1_000_003 + u64::from(byte));
    let mut chance = Chance::new(seed);
    let person = Person::invent(&mut chance);
    let sex = if person.honorific == "Bà" { "female" } else { "male" };
    json!({
        "kind": "achievement-report-individual", "status": "issued",
        "paper": own_paper(member, "2026-12-19"),
        "content": {
            "person": {"honorific": person.honorific, "name": person.name, "born": format!("19{}-05-1{}", chance.between(70, 95), chance.between(0, 9)),
                "sex": sex, "home_town": "xã Phú Hòa, tỉnh An Bình", "residence": "phường An Lạc, tỉnh An Bình", "unit": member.name,
                "positions": ["Phó Trưởng phòng Tổng hợp"], "education": "Cử nhân", "academic": "Cử nhân"},
            "form": "merit-certificate-province", "period": {"year": 2026}, "span": {"from": 2025, "to": 2026},
            "bloc": identity(bloc),
            "duties": ["Tham mưu, tổng hợp số liệu công tác thi đua, khen thưởng của đơn vị."],
            "results": [{"heading": "Kết quả thực hiện nhiệm vụ", "items": [format!("Hoàn thành {} nhiệm vụ được giao trong năm 2026.", chance.between(12, 60))]}],
            "yearly_ratings": ratings(), "policy": ["Chấp hành chủ trương của Đảng, chính sách, pháp luật của Nhà nước."],
            "recognised_initiatives": [], "titles_history": fighters(), "commendations_history": certificates(),
        },
    })
}

pub(super) fn own_paper(member: &Member, issued_on: &str) -> Value {
    json!({
        "letterhead": letterhead(&member.name, "head-unit"),
        "place": "An Bình", "issued_on": issued_on,
        "signing": {"capacity": "in-own-right", "position": member.position, "name": member.head.name},
    })
}

fn decided(number: &str, date: &str) -> Value {
    json!({"type": "Quyết định", "number": number, "date": date, "issuer": "Chủ tịch Ủy ban nhân dân tỉnh An Bình"})
}

pub(super) fn ratings() -> Value {
    json!([
        {"year": 2025, "level": "excellent", "decision": decided("118/QĐ-UBND", "2026-01-21")},
        {"year": 2026, "level": "excellent", "decision": decided("3302/QĐ-UBND", "2026-12-11")},
    ])
}

pub(super) fn titles() -> Value {
    json!([
        {"year": 2024, "name": "Tập thể lao động xuất sắc", "decision": decided("205/QĐ-UBND", "2025-02-14")},
        {"year": 2025, "name": "Tập thể lao động xuất sắc", "decision": decided("311/QĐ-UBND", "2026-02-27")},
    ])
}

fn fighters() -> Value {
    json!([
        {"year": 2024, "name": "Chiến sĩ thi đua cơ sở", "decision": decided("206/QĐ-UBND", "2025-02-14")},
        {"year": 2025, "name": "Chiến sĩ thi đua cơ sở", "decision": decided("312/QĐ-UBND", "2026-02-27")},
    ])
}

pub(super) fn certificates() -> Value {
    json!([{"year": 2022, "name": "Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh", "decision": decided("198/QĐ-UBND", "2023-02-10")}])
}
