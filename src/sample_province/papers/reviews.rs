//! The reviews of the half-year and of the year.

use serde_json::{Value, json};

use super::{
    super::bloc::{Bloc, Member},
    Figures, addressees, bloc_signing, criteria, guidance, identity, letterhead, member_list, recipients, score,
    symbol,
};

pub(super) fn half_year(bloc: &Bloc, figures: &Figures) -> Value {
    let count = bloc.count();
    let mut content = common(bloc, figures, "6 tháng đầu năm 2026", 2);
    let own = json!({
        "period": {"year": 2026, "part": "first-half"},
        "guidance": [{
            "type": "Công văn", "number": "1415/SNV-TĐKT", "date": "2026-06-08", "issuer": "Sở Nội vụ tỉnh An Bình",
            "subject": "hướng dẫn sơ kết công tác thi đua, khen thưởng 6 tháng đầu năm 2026",
        }],
        "conference": conference(bloc, "Hội nghị sơ kết phong trào thi đua, công tác khen thưởng 6 tháng đầu năm 2026", "2026-07-14"),
        "targets": [{
            "name": "Nguồn vốn các đơn vị huy động được", "unit_of_measure": "tỷ đồng", "planned": figures.revenue,
            "achieved": figures.revenue / 2,
        }],
        "directions": {
            "orientations": ["Tập trung hoàn thành các chỉ tiêu giao ước thi đua năm 2026."],
            "tasks": [format!("Hoàn thành kiểm tra chéo giữa {count} đơn vị thành viên trước ngày 30/9/2026.")],
            "solutions": ["Công khai tiến độ thực hiện chỉ tiêu giao ước hằng tháng."],
        },
    });
    merge(&mut content, own);
    json!({
        "kind": "six-month-review", "status": "issued",
        "paper": paper(bloc, 0, "BC", "2026-07-20"),
        "content": content,
    })
}

pub(super) fn year(bloc: &Bloc, figures: &Figures) -> Value {
    let mut content = common(bloc, figures, "năm 2026", 1);
    merge(&mut content, summary(bloc, figures));
    merge(&mut content, review(bloc));
    content["nominations"] = json!(nominations(bloc));
    json!({
        "kind": "annual-summary", "status": "issued",
        "paper": paper(bloc, 1, "BC", &format!("2026-12-{}", bloc.met_on + 6)),
        "content": content,
    })
}

/// What the annual summary and the dossier say alike: who met, scored and voted.
pub(super) fn review(bloc: &Bloc) -> Value {
    let (count, election) = (bloc.count(), election(bloc));
    json!({
        "period": {"year": 2026},
        "guidance": guidance(),
        "conference": conference(bloc, "Hội nghị tổng kết phong trào thi đua, công tác khen thưởng năm 2026", &met(bloc)),
        "scoring": {"scale": 1000, "bonus_cap": 50, "criteria": criteria()},
        "scoring_work": [format!("{count:02}/{count:02} đơn vị tự chấm điểm, gửi kết quả và tài liệu kiểm chứng về đơn vị trưởng trước ngày 05/12/2026.")],
        "scores": bloc.members.iter().map(score).collect::<Vec<_>>(),
        "ballots": ballots(bloc),
        "limits": {"flags": 1, "certificates": if count > 15 { 3 } else { 2 }, "least_score_share": 0.9,
            "vote": {"numerator": 2, "denominator": 3, "base": "eligible"}},
        "election": election,
    })
}

/// What only a closing review tells.
pub(super) fn summary(bloc: &Bloc, figures: &Figures) -> Value {
    let count = bloc.count();
    json!({
        "targets": [{
            "name": "Nguồn vốn các đơn vị huy động được", "unit_of_measure": "tỷ đồng", "planned": figures.revenue,
            "achieved": figures.revenue + figures.houses, "previous": figures.revenue - 20,
        }],
        "deliberation": [format!("Hội nghị thảo luận, thống nhất danh sách đưa ra bỏ phiếu trên cơ sở thứ hạng của {count:02} đơn vị; bỏ phiếu kín.")],
        "directions": {
            "orientations": ["Phấn đấu 100% chỉ tiêu giao ước thi đua năm 2027 hoàn thành đúng hạn."],
            "tasks": ["Ký kết giao ước thi đua năm 2027 trong tháng 01/2027."],
            "solutions": ["Cập nhật tiến độ chỉ tiêu giao ước hằng tháng trên phần mềm dùng chung."],
        },
    })
}

/// What every review tells; of a half-year, the `part`-th part of the year's figures.
pub(super) fn common(bloc: &Bloc, figures: &Figures, when: &str, part: u64) -> Value {
    let count = bloc.count();
    let commendations: Vec<Value> = [
        ("Bằng khen của Thủ tướng Chính phủ", "collective", figures.prime_minister),
        ("Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh", "collective", figures.certificates),
        ("Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh", "individual", figures.certificates_people),
        ("Giấy khen", "collective", figures.letters),
        ("Giấy khen", "individual", figures.letters_people),
    ]
    .iter()
    .filter(|(_, _, given)| given / part > 0)
    .map(|(form, honoree, given)| json!({"form": form, "honoree": honoree, "count": given / part}))
    .collect();
    let total = |honoree: &str| -> u64 {
        let rows = commendations.iter().filter(|row| row["honoree"] == honoree);
        rows.filter_map(|row| row["count"].as_u64()).sum()
    };
    let initiatives = bloc.members.iter().flat_map(|member| initiatives_of(member, part)).collect::<Vec<_>>();
    let tasks = figures.tasks / part;
    json!({
        "bloc": identity(bloc),
        "member_count": count,
        "members": member_list(bloc),
        "situation": {
            "advantages": [format!("{count:02}/{count:02} đơn vị phân công lãnh đạo phụ trách công tác thi đua, khen thưởng.")],
            "difficulties": ["Công chức phụ trách công tác thi đua, khen thưởng kiêm nhiệm nhiều nhiệm vụ."],
        },
        "leadership": [format!("Ngày 12/02/2026, {} tổ chức hội nghị ký kết giao ước thi đua năm 2026 giữa {count:02} đơn vị thành viên.", bloc.called())],
        "tasks": [format!("Các đơn vị được giao {tasks} nhiệm vụ có thời hạn trong {when}; đã hoàn thành {} nhiệm vụ.", tasks - 1)],
        "policy": [format!("Các đơn vị tổ chức {} hội nghị phổ biến pháp luật.", figures.meetings / part)],
        "movements": [{"name": "Cả nước thi đua đổi mới sáng tạo và chuyển đổi số", "launched_by": "central", "launcher": "Thủ tướng Chính phủ",
            "result": format!("{count:02}/{count:02} đơn vị xây dựng kế hoạch hưởng ứng")}],
        "activities": [format!("Vận động hỗ trợ xây dựng {:02} căn nhà cho hộ có hoàn cảnh khó khăn", figures.houses / part)],
        "commendation_totals": {"collective": total("collective"), "individual": total("individual")},
        "commendations": commendations,
        "initiatives": initiatives,
        "exemplars": [format!("Các đơn vị giới thiệu {:02} cá nhân điển hình tiên tiến.", count / part)],
        "assessment": {
            "strengths": [format!("Giao ước thi đua được ký kết đủ {count:02}/{count:02} đơn vị.")],
            "limitations": ["Một số đơn vị chưa có sáng kiến được công nhận."],
            "subjective_causes": ["Việc hướng dẫn viết, đăng ký sáng kiến chưa được quan tâm từ đầu năm."],
        },
    })
}

fn initiatives_of(member: &Member, part: u64) -> Vec<Value> {
    [("grassroots", member.grassroots / part), ("province", member.provincial / part)]
        .iter()
        .filter(|(_, given)| *given > 0)
        .map(|(level, given)| json!({"member": member.name, "level": level, "count": given}))
        .collect()
}

fn paper(bloc: &Bloc, after: u64, kind: &str, issued_on: &str) -> Value {
    json!({
        "letterhead": letterhead(&bloc.name, "bloc"),
        "number": {"serial": bloc.serial + after, "symbol": format!("{kind}-{}", symbol(bloc))},
        "place": "An Bình", "issued_on": issued_on, "addressees": addressees(),
        "recipients": recipients(bloc), "signing": bloc_signing(bloc),
    })
}

fn met(bloc: &Bloc) -> String {
    format!("2026-12-{}", bloc.met_on)
}

fn conference(bloc: &Bloc, title: &str, date: &str) -> Value {
    let (head, deputy) = (&bloc.members[0], &bloc.members[1]);
    json!({
        "title": title, "date": date, "session": "sáng", "venue": format!("Hội trường {}", head.name), "organiser": head.name,
        "chairs": [{"honorific": head.head.honorific, "name": head.head.name, "positions": [format!("{} {}", head.position, head.name)], "role": "chair"}],
        "attendees": [
            {"honorific": bloc.guide.honorific, "name": bloc.guide.name, "positions": ["Phó Giám đốc Sở Nội vụ"], "role": "guidance"},
            {"honorific": deputy.head.honorific, "name": deputy.head.name, "positions": [format!("{} {}", deputy.position, deputy.name)], "role": "presenter"},
        ],
        "groups": ["đại diện lãnh đạo và công chức phụ trách công tác thi đua, khen thưởng của các đơn vị thành viên"],
        "adopted": ["dự thảo Báo cáo trình tại hội nghị"],
        "conclusion": "Các đơn vị thành viên gửi số liệu, tài liệu kiểm chứng về đơn vị trưởng đúng thời hạn",
    })
}

fn election(bloc: &Bloc) -> Value {
    json!({"year": 2027, "head": bloc.members[1].name, "deputies": [bloc.members[2].name]})
}

fn ballots(bloc: &Bloc) -> Vec<Value> {
    let count = bloc.count();
    let ballot = |subject: &str, purpose: &str, form: &str| {
        let proposed = bloc.proposed();
        let chosen: Vec<_> = proposed.iter().filter(|it| it.form == form).collect();
        let candidates: Vec<Value> = chosen
            .iter()
            .map(|it| json!({"name": it.member.name, "agree": it.agree, "disagree": count - it.agree}))
            .collect();
        json!({
            "subject": subject, "purpose": purpose, "method": "secret", "eligible": count, "present": count, "issued": count,
            "returned": count, "valid": count, "invalid": 0, "most_chosen": candidates.len(), "candidates": candidates,
            "threshold": {"numerator": 2, "denominator": 3, "base": "eligible"},
        })
    };
    vec![
        ballot("Bầu chọn đơn vị đề nghị tặng Cờ thi đua của Ủy ban nhân dân tỉnh", "flag", "emulation-flag-province"),
        ballot(
            "Bầu chọn đơn vị đề nghị tặng Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh",
            "certificate",
            "merit-certificate-province",
        ),
    ]
}

fn nominations(bloc: &Bloc) -> Vec<Value> {
    let count = bloc.count();
    let proposed = bloc.proposed();
    let told = proposed.iter().map(|it| {
        json!({
            "nominee": it.member.name, "sort": "collective", "form": it.form, "cause": "regular", "year": 2026,
            "score": it.member.total(), "rank": it.rank, "agree": it.agree, "voters": count,
            "summary": "Hoàn thành các chỉ tiêu giao ước thi đua",
        })
    });
    told.collect()
}

/// Lays the second object over the first.
pub(super) fn merge(content: &mut Value, own: Value) {
    if let (Value::Object(content), Value::Object(own)) = (content, own) {
        content.extend(own);
    }
}
