//! The dossier of a bloc's nominations.

use serde_json::{Value, json};

use super::{
    super::bloc::{Bloc, Proposed},
    Figures, addressees, bloc_signing, letterhead, members, recipients,
    reviews::{common, merge, review, summary},
    symbol,
};

pub(super) fn dossier(bloc: &Bloc, figures: &Figures) -> Value {
    let kind = symbol(bloc);
    let met = format!("2026-12-{}", bloc.met_on);
    let sent = format!("2026-12-{}", bloc.met_on + 7);
    let head = &bloc.members[0];
    let chair = json!({
        "capacity": "in-own-right", "position": "Chủ tọa", "other_position": format!("{} {}", head.position, head.name),
        "name": head.head.name,
    });
    let minutes = |after: u64| {
        json!({
            "number": {"serial": bloc.serial + after, "symbol": format!("BB-{kind}")}, "issued_on": met,
            "recipients": recipients(bloc), "signing": chair,
        })
    };
    json!({
        "kind": "award-dossier", "status": "issued",
        "paper": {
            "letterhead": letterhead(&bloc.name, "bloc"), "place": "An Bình", "issued_on": sent,
            "recipients": recipients(bloc), "signing": bloc_signing(bloc),
        },
        "papers": {
            "proposal": {
                "number": {"serial": bloc.serial + 2, "symbol": format!("TTr-{kind}")}, "issued_on": sent,
                "addressees": ["Chủ tịch Ủy ban nhân dân tỉnh An Bình", "Hội đồng Thi đua - Khen thưởng tỉnh An Bình"],
                "legal_bases": {"include_edition": true},
            },
            "review_minutes": minutes(3),
            "ballot_minutes": minutes(4),
            "score_summary": {
                "number": {"serial": bloc.serial + 5, "symbol": format!("{kind}-TĐKT")}, "issued_on": met,
                "recipients": recipients(bloc),
            },
            "annual_summary": {
                "number": {"serial": bloc.serial + 1, "symbol": format!("BC-{kind}")},
                "issued_on": format!("2026-12-{}", bloc.met_on + 6), "addressees": addressees(),
            },
        },
        "content": content(bloc, figures),
    })
}

fn content(bloc: &Bloc, figures: &Figures) -> Value {
    let mut told = common(bloc, figures, "năm 2026", 1);
    merge(&mut told, summary(bloc, figures));
    let mut content = review(bloc);
    for own in ["bloc", "member_count", "members"] {
        content[own] = told[own].take();
    }
    if let Value::Object(told) = &mut told {
        told.retain(|_, value| !value.is_null());
    }
    content["summary"] = told;
    let secretary =
        json!({"honorific": bloc.secretary.honorific, "name": bloc.secretary.name, "positions": ["Chuyên viên"]});
    let count = bloc.count();
    let head = &bloc.members[0];
    content["review"] = json!({
        "started_at": "08:00", "ended_at": "11:15", "secretary": secretary, "attendance": {"units": count, "people": 2 * count},
        "proceedings": [
            {"speaker": {"honorific": head.head.honorific, "name": head.head.name, "role": "opening"},
                "text": "thông qua thành phần, nội dung, quy chế bình xét; giới thiệu Tổ kiểm phiếu"},
            {"text": format!("Thảo luận về điểm thẩm định của {count:02} đơn vị; các đơn vị nhất trí.")},
        ],
    });
    content["count"] = json!({"started_at": "09:30", "secretary": secretary});
    for ballot in content["ballots"].as_array_mut().into_iter().flatten() {
        ballot["closed_at"] = json!("10:30");
        let teller = |place: usize, role: &str| {
            let member = &bloc.members[place];
            json!({"honorific": member.head.honorific, "name": member.head.name, "position": format!("{} {}", member.position, member.name), "role": role})
        };
        ballot["tellers"] = json!([teller(5, "head"), teller(6, "member"), teller(7, "member")]);
    }
    content["nominees"] = bloc.proposed().iter().map(|it| nominee(bloc, it)).collect();
    content["decider"] = json!("Chủ tịch Ủy ban nhân dân tỉnh An Bình");
    content
}

fn nominee(bloc: &Bloc, proposed: &Proposed<'_>) -> Value {
    let member = proposed.member;
    let report = members::collective(bloc, member);
    let own = &report["content"];
    let flag = proposed.form == "emulation-flag-province";
    let mut nominee = json!({
        "name": member.name, "sort": "collective", "form": proposed.form, "cause": "regular",
        "ballot": usize::from(!flag), "rank": proposed.rank,
        "summary": "Hoàn thành các chỉ tiêu giao ước thi đua",
        "staff": own["collective"]["staff"], "ratings": members::ratings(),
        "titles_history": members::titles(), "commendations_history": members::certificates(),
        "report": {
            "letterhead": letterhead(&member.name, "head-unit"), "issued_on": "2026-12-19",
            "signing": report["paper"]["signing"],
            "collective": {"head_office": "Tỉnh An Bình", "founded": own["collective"]["founded"], "structure": own["collective"]["structure"]},
            "request": "bình xét, bỏ phiếu và đề nghị khen thưởng",
            "duties": own["duties"], "results": own["results"], "targets": own["targets"], "measures": own["measures"],
            "policy": own["policy"], "party": own["party"],
        },
    });
    if !flag {
        nominee["span"] = json!({"from": 2025, "to": 2026});
    }
    nominee
}
