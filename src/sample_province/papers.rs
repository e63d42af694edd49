//! What a bloc sends: the papers' requests, written from its figures.

mod dossier;
mod members;
mod reviews;

use serde_json::{Value, json};

use super::{
    YEAR,
    bloc::{Bloc, Member},
    chance::Chance,
};

/// A bloc's file.
pub(super) fn sent(bloc: &Bloc, papers: usize, chance: &mut Chance) -> Value {
    let figures = Figures::invent(bloc, chance);
    let fixed: [fn(&Bloc, &Figures) -> Value; 3] = [reviews::half_year, reviews::year, dossier::dossier];
    let of_members: [fn(&Bloc, &Member) -> Value; 3] = [members::scorecard, members::collective, members::individual];
    let mut all: Vec<Value> = fixed.iter().map(|paper| paper(bloc, &figures)).collect();
    all.extend(of_members.iter().flat_map(|paper| bloc.members.iter().map(move |member| paper(bloc, member))));
    all.truncate(papers.max(1));
    let late = chance.one_in(10);
    let day = if late { 29 } else { bloc.met_on + 8 };
    let mut sent = json!({
        "bloc": bloc.id,
        "sent_on": format!("{YEAR}-12-{day}"),
        "version": 1,
    });
    if chance.one_in(5) {
        sent["version"] = json!(2);
        sent["adjustment"] = json!({"number": 1, "reason": "Bổ sung số lượng Giấy khen của quý IV"});
    }
    sent["papers"] = json!(all);
    sent
}

/// What was given and done in the year; half of it by its middle.
struct Figures {
    prime_minister: u64,
    certificates: u64,
    certificates_people: u64,
    letters: u64,
    letters_people: u64,
    tasks: u64,
    houses: u64,
    meetings: u64,
    revenue: u64,
}

impl Figures {
    fn invent(bloc: &Bloc, chance: &mut Chance) -> Self {
        let count = bloc.count();
        Self {
            prime_minister: chance.between(0, 2),
            certificates: chance.between(2, count),
            certificates_people: chance.between(count, 3 * count),
            letters: chance.between(count, 3 * count),
            letters_people: chance.between(5 * count, 20 * count),
            tasks: chance.between(40, 160),
            houses: chance.between(2, 20),
            meetings: chance.between(20, 60),
            revenue: chance.between(100, 900),
        }
    }
}

fn letterhead(issuing_body: &str, custom: &str) -> Value {
    json!({"custom": custom, "parent_body": "UBND tỉnh An Bình", "issuing_body": issuing_body})
}

fn bloc_signing(bloc: &Bloc) -> Value {
    let head = &bloc.members[0];
    json!({
        "capacity": "on-behalf-of", "body": format!("{} thi đua", bloc.called()), "position": bloc.head_title(),
        "other_position": format!("{} {}", head.position, head.name), "name": head.head.name,
    })
}

fn recipients(bloc: &Bloc) -> Value {
    json!({"items": [format!("Các đơn vị thành viên {} thi đua", bloc.called())], "filing": "VT, TĐKT"})
}

fn addressees() -> Value {
    json!(["Hội đồng Thi đua - Khen thưởng tỉnh An Bình", "Sở Nội vụ tỉnh An Bình"])
}

/// The symbol of a bloc's papers ends in this.
fn symbol(bloc: &Bloc) -> &'static str {
    if bloc.is_cluster() { "CTĐ" } else { "KTĐ" }
}

fn identity(bloc: &Bloc) -> Value {
    json!({
        "name": bloc.name, "form": bloc.form, "level": "province", "province": "tỉnh An Bình",
        "terms": {"head": bloc.head_title(), "deputy": bloc.deputy_title()},
        "established_by": established(),
        "recognised_by": {
            "type": "Quyết định", "number": "1986/QĐ-UBND", "date": "2025-12-30",
            "issuer": "Chủ tịch Ủy ban nhân dân tỉnh An Bình",
            "subject": "công nhận đơn vị trưởng, đơn vị phó các cụm, khối thi đua năm 2026",
        },
    })
}

fn established() -> Value {
    json!({
        "type": "Quyết định", "number": "1042/QĐ-UBND", "date": "2025-09-08",
        "issuer": "Chủ tịch Ủy ban nhân dân tỉnh An Bình", "subject": "thành lập các cụm, khối thi đua của tỉnh",
    })
}

fn guidance() -> Value {
    json!([{
        "type": "Công văn", "number": "2987/SNV-TĐKT", "date": "2026-11-20", "issuer": "Sở Nội vụ tỉnh An Bình",
        "subject": "hướng dẫn tổng kết công tác thi đua, khen thưởng và bình xét, đề nghị khen thưởng năm 2026",
    }])
}

fn member_list(bloc: &Bloc) -> Vec<Value> {
    let named = bloc.members.iter().enumerate().map(|(place, member)| match place {
        0 => json!({"unit": member.name, "role": "head"}),
        1 => json!({"unit": member.name, "role": "deputy"}),
        _ => json!({"unit": member.name}),
    });
    named.collect()
}

/// The criteria that every bloc scores by.
fn criteria() -> Value {
    json!([
        {"code": "I", "name": "Thực hiện nhiệm vụ chính trị, chuyên môn", "max": 600},
        {"code": "II", "name": "Thực hiện chủ trương của Đảng, chính sách, pháp luật của Nhà nước", "max": 200},
        {"code": "III", "name": "Thực hiện công tác thi đua, khen thưởng", "max": 200},
        {"code": "IV", "name": "Điểm thưởng", "max": 50, "sort": "bonus"},
        {"code": "V", "name": "Điểm trừ", "max": 50, "sort": "penalty"},
    ])
}

fn score(member: &Member) -> Value {
    let mut score = json!({
        "member": member.name, "self_score": member.self_score, "appraised_score": member.appraised,
        "bonus": member.bonus, "penalty": -i64::try_from(member.penalty).unwrap_or_default(), "total": member.total(),
    });
    if member.penalty > 0 {
        score["reason"] = json!("01 báo cáo gửi chậm");
    }
    score
}

/// The province's own words: letterhead, signer and what no bloc can say. Figures of blocs are added up, not written here.
pub(super) fn report(blocs: usize) -> Value {
    json!({
        "kind": "provincial-summary",
        "status": "issued",
        "paper": {
            "letterhead": letterhead("Sở Nội vụ", "head-unit"),
            "number": {"serial": 7, "symbol": "BC-SNV"},
            "place": "An Bình",
            "issued_on": "2027-01-20",
            "addressees": ["Ủy ban nhân dân tỉnh An Bình", "Hội đồng Thi đua - Khen thưởng tỉnh An Bình"],
            "recipients": {"items": ["Các cụm, khối thi đua của tỉnh", "Giám đốc, các Phó Giám đốc Sở"], "filing": "VT, TĐKT"},
            "signing": {"capacity": "for-the-head", "head_position": "Giám đốc", "position": "Phó Giám đốc", "name": "Nguyễn Thị Kim Oanh"},
        },
        "content": {
            "as_of": "2027-01-15",
            "guidance": guidance(),
            "established_by": established(),
            "leadership": [format!("Sở Nội vụ hướng dẫn {blocs} cụm, khối ký giao ước thi đua trước ngày 31/3/2026; tổ chức 02 lớp bồi dưỡng nghiệp vụ thi đua, khen thưởng.")],
            "results": ["Các đơn vị thành viên đã đăng ký thi đua và ký giao ước thi đua năm 2026."],
            "movements": [{"name": "Cả nước thi đua đổi mới sáng tạo và chuyển đổi số", "launched_by": "central", "launcher": "Thủ tướng Chính phủ"}],
            "assessment": {
                "strengths": ["Việc bình xét được thực hiện bằng phiếu kín, đúng hướng dẫn."],
                "limitations": ["Một số cụm, khối gửi báo cáo chậm."],
                "subjective_causes": ["Công chức phụ trách công tác thi đua, khen thưởng phần lớn kiêm nhiệm."],
            },
            "directions": {
                "orientations": ["Gắn phong trào thi đua với nhiệm vụ phát triển kinh tế - xã hội năm 2027."],
                "tasks": ["Các cụm, khối ký giao ước thi đua trước ngày 31/3/2027."],
            },
        },
    })
}
