use super::super::samples;
use super::*;

fn lines(signing: Value) -> Value {
    signature_lines(&samples::paper(|p| p["signing"] = signing), Status::Issued)
}

#[test]
fn every_authority_prints_its_own_lines() {
    for (signing, capacity, position) in [
        (json!({"capacity": "in-own-right", "position": "Giám đốc"}), json!(null), "GIÁM ĐỐC"),
        (
            json!({"capacity": "for-the-head", "head_position": "Giám đốc", "position": "Phó Giám đốc"}),
            json!("KT. GIÁM ĐỐC"),
            "PHÓ GIÁM ĐỐC",
        ),
        (
            json!({"capacity": "by-order", "head_position": "Giám đốc", "position": "Chánh Văn phòng"}),
            json!("TL. GIÁM ĐỐC"),
            "CHÁNH VĂN PHÒNG",
        ),
        (
            json!({"capacity": "by-authorization", "head_position": "Giám đốc", "position": "Chánh Thanh tra"}),
            json!("TUQ. GIÁM ĐỐC"),
            "CHÁNH THANH TRA",
        ),
        (json!({"capacity": "acting", "position": "Giám đốc"}), json!(null), "Q. GIÁM ĐỐC"),
        (
            json!({"capacity": "on-behalf-of", "body": "Khối thi đua số 6", "position": "Trưởng khối"}),
            json!("TM. KHỐI THI ĐUA SỐ 6"),
            "TRƯỞNG KHỐI",
        ),
        (json!({"capacity": "on-behalf-of", "position": "Trưởng khối"}), json!("TM. SỞ NỘI VỤ"), "TRƯỞNG KHỐI"),
    ] {
        let printed = lines(signing.clone());
        assert_eq!(printed["capacity-line"], capacity, "{signing}");
        assert_eq!(printed["position-lines"], json!([position]), "{signing}");
    }
}

#[test]
fn the_agency_position_stands_above_the_name_and_a_rank_before_it() {
    let printed = lines(
        json!({"capacity": "on-behalf-of", "position": "Trưởng khối", "other_position": "Cục trưởng", "rank": "Đại tá", "name": "Lê Văn A"}),
    );
    assert_eq!(printed["other-position"], "CỤC TRƯỞNG");
    assert_eq!(printed["name"], "Đại tá Lê Văn A");
    assert_eq!(lines(json!({"capacity": "in-own-right", "position": "Giám đốc", "name": " "}))["name"], json!(null));
}

#[test]
fn only_an_issued_paper_shows_the_signature() {
    let paper = samples::paper(|p| p["signing"]["signature_image"] = json!("iVBORw0KGgo="));
    assert_eq!(signature_lines(&paper, Status::Issued)["image"], SIGNATURE_IMAGE);
    assert_eq!(signature_lines(&paper, Status::Draft)["image"], json!(null));
}

fn found(change: impl FnOnce(&mut Value), status: Status) -> Vec<(String, String)> {
    let findings = check_signing(&samples::paper(change), &Facts::default(), status);
    findings.into_iter().map(|finding| (finding.code, finding.pointers[0].clone())).collect()
}

fn one(code: &str, pointer: &str) -> Vec<(String, String)> {
    vec![(code.to_string(), pointer.to_string())]
}

#[test]
fn a_complete_signature_passes() {
    assert_eq!(found(|_| {}, Status::Issued), []);
}

#[test]
fn t03_an_issued_paper_needs_the_signers_name_and_a_draft_does_not() {
    let nameless = |p: &mut Value| p["signing"]["name"] = json!(null);
    assert_eq!(found(nameless, Status::Issued), one("T03", "/paper/signing/name"));
    assert_eq!(found(nameless, Status::Draft), []);
}

#[test]
fn t03_signing_for_a_head_names_the_head() {
    assert_eq!(
        found(|p| p["signing"]["head_position"] = json!(" "), Status::Draft),
        one("T03", "/paper/signing/head_position")
    );
}

#[test]
fn p02_a_learned_title_before_the_name_is_reported() {
    for name in ["TS. Nguyễn Văn A", "ThS Lê Thị Hoa", "PGS.TS. Trần B", "Tiến sĩ Lê C", "NGƯT Phạm D", "Bác sỹ Vũ E"]
    {
        assert_eq!(
            found(|p| p["signing"]["name"] = json!(name), Status::Draft),
            one("P02", "/paper/signing/name"),
            "{name}"
        );
    }
    for name in ["Ngô Tổng Trưởng", "Thạch Thị Sà Ra", "Lê Bác", "Tiến Văn A", "K'Brêu", "Y Thông"] {
        assert_eq!(found(|p| p["signing"]["name"] = json!(name), Status::Draft), [], "{name}");
    }
}

#[test]
fn p02_a_school_may_decide_about_titles_itself() {
    let paper = samples::paper(|p| {
        p["signing"]["name"] = json!("TS. Nguyễn Văn A");
        p["letterhead"]["issuing_body"] = json!("Trường Đại học Tây Nguyên");
    });
    let findings = check_signing(&paper, &Facts::default(), Status::Draft);
    assert_eq!((findings.len(), findings[0].severity), (1, Severity::Info));
}

#[test]
fn p02_a_rank_is_for_the_armed_forces() {
    assert_eq!(found(|p| p["signing"]["rank"] = json!("Đại tá"), Status::Draft), one("P02", "/paper/signing/rank"));
    let police = |p: &mut Value| {
        p["signing"]["rank"] = json!("Đại tá");
        p["letterhead"]["issuing_body"] = json!("Công an tỉnh");
    };
    assert_eq!(found(police, Status::Draft), []);
}

#[test]
fn p03_the_position_fits_the_authority() {
    assert_eq!(
        found(|p| p["signing"]["position"] = json!("Giám đốc"), Status::Draft),
        one("P03", "/paper/signing/position")
    );
    assert_eq!(
        found(|p| p["signing"]["position"] = json!("KT. Phó Giám đốc"), Status::Draft),
        one("P03", "/paper/signing/position")
    );
}

#[test]
fn p03_the_abbreviation_of_the_authority_is_not_typed_before_whoever_is_signed_for() {
    for (field, words) in [("body", "TM. Khối thi đua"), ("body", "TM Khối thi đua"), ("head_position", "KT. Giám đốc")]
    {
        let pointer = format!("/paper/signing/{field}");
        assert_eq!(found(|p| p["signing"][field] = json!(words), Status::Draft), one("P03", &pointer), "{words}");
    }
    for words in ["Khối thi đua", "Quỹ Bảo trợ", "Tổ kiểm phiếu", "Qũy TMT"] {
        assert_eq!(found(|p| p["signing"]["body"] = json!(words), Status::Draft), [], "{words}");
    }
}

#[test]
fn p02_the_signers_name_is_written_with_capitals_at_the_beginning_of_its_words() {
    for name in ["lê thị hoa", "Lê Thị hoa", "LÊ THỊ HOA"] {
        assert_eq!(
            found(|p| p["signing"]["name"] = json!(name), Status::Draft),
            one("P02", "/paper/signing/name"),
            "{name}"
        );
    }
    for name in ["Lê Thị Hoa", "Y Thông", "K'Brêu", "Điểu K'Ré", "A Ma"] {
        assert_eq!(found(|p| p["signing"]["name"] = json!(name), Status::Draft), [], "{name}");
    }
}
