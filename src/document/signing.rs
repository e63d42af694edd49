//! Boxes 7: by what authority and by whom a paper is signed.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Paper, Status, letterhead::mentions};
use crate::{
    facts::Facts,
    failure::{Finding, Severity},
    vietnamese::{fold_name, nfc, upper, upper_first},
};

/// Who signs, and by what authority.
#[derive(Debug, Clone, Deserialize)]
pub struct Signing {
    pub capacity: SigningCapacity,
    /// The collective signed for (TM.).
    #[serde(default)]
    pub body: Option<String>,
    /// The position signed for (KT., TL., TUQ.).
    #[serde(default)]
    pub head_position: Option<String>,
    /// The signer's own position.
    pub position: String,
    /// The signer's position in the agency whose seal an advisory body uses; stands above the name.
    #[serde(default)]
    pub other_position: Option<String>,
    /// Of the armed forces only.
    #[serde(default)]
    pub rank: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    /// PNG in Base64.
    #[serde(default)]
    pub signature_image: Option<String>,
}

/// Authority to sign (*quyền hạn của người ký*; Decree 30/2020, Annex I, Part I, II.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SigningCapacity {
    /// The head signs: no abbreviation.
    InOwnRight,
    /// *TM.* for a collective.
    OnBehalfOf,
    /// *KT.* a deputy for the head.
    ForTheHead,
    /// *TL.* by the head's order.
    ByOrder,
    /// *TUQ.* by the head's authorization.
    ByAuthorization,
    /// *Q.* acting head.
    Acting,
}

impl SigningCapacity {
    fn abbreviation(self) -> &'static str {
        match self {
            Self::InOwnRight => "",
            Self::OnBehalfOf => "TM.",
            Self::ForTheHead => "KT.",
            Self::ByOrder => "TL.",
            Self::ByAuthorization => "TUQ.",
            Self::Acting => "Q.",
        }
    }
}

/// The place under the final signature where the press puts the picture.
pub const SIGNATURE_IMAGE: &str = "/assets/signature.png";
const LAW: &str = "Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.7";

/// The lines of the signature. The picture of a signature belongs to an issued paper only.
pub(super) fn signature_lines(paper: &Paper, status: Status) -> Value {
    let signing = &paper.signing;
    let position = upper(signing.position.trim());
    let name = filled(&signing.name).map(|name| match filled(&signing.rank) {
        Some(rank) => format!("{} {}", nfc(rank), nfc(name)),
        None => nfc(name).into_owned(),
    });
    let pictured = status == Status::Issued && filled(&signing.signature_image).is_some();
    json!({
        "capacity-line": capacity_line(paper),
        "position-lines": [match signing.capacity {
            SigningCapacity::Acting => format!("Q. {position}"),
            SigningCapacity::InOwnRight
            | SigningCapacity::OnBehalfOf
            | SigningCapacity::ForTheHead
            | SigningCapacity::ByOrder
            | SigningCapacity::ByAuthorization => position,
        }],
        "other-position": filled(&signing.other_position).map(upper),
        "name": name,
        "image": pictured.then_some(SIGNATURE_IMAGE),
    })
}

/// `KT. GIÁM ĐỐC`, `TM. KHỐI THI ĐUA …` (the issuing body unless another is named); none for own right and acting.
fn capacity_line(paper: &Paper) -> Option<String> {
    let signing = &paper.signing;
    let signed_for = match signing.capacity {
        SigningCapacity::InOwnRight | SigningCapacity::Acting => None,
        SigningCapacity::OnBehalfOf => Some(filled(&signing.body).unwrap_or(paper.letterhead.issuing_body.trim())),
        SigningCapacity::ForTheHead | SigningCapacity::ByOrder | SigningCapacity::ByAuthorization => {
            filled(&signing.head_position)
        }
    };
    signed_for.map(|signed_for| format!("{} {}", signing.capacity.abbreviation(), upper(signed_for)))
}

fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// T03, P02 and P03 on the signature.
pub(super) fn check_signing(paper: &Paper, facts: &Facts, status: Status) -> Vec<Finding> {
    let signing = &paper.signing;
    let mut findings = Vec::new();
    if status == Status::Issued && filled(&signing.name).is_none() {
        findings.push(super::check::gap(
            "/paper/signing/name",
            "Văn bản ban hành chưa có họ tên người ký; hãy ghi họ, tên đệm và tên.",
            "An issued paper needs the name of its signer.",
            LAW,
        ));
    }
    findings.extend(check_authority(signing));
    let name = filled(&signing.name);
    findings
        .extend(name.and_then(|name| check_titles(name, &paper.letterhead.issuing_body).or_else(|| check_case(name))));
    findings.extend(check_rank(paper, facts));
    findings
}

/// T03 (error): KT., TL., TUQ. name the head. P03 (warning): the position is a deputy's, without an abbreviation.
fn check_authority(signing: &Signing) -> Vec<Finding> {
    let mut findings = Vec::new();
    let abbreviation = signing.capacity.abbreviation();
    let needs_head = match signing.capacity {
        SigningCapacity::ForTheHead | SigningCapacity::ByOrder | SigningCapacity::ByAuthorization => true,
        SigningCapacity::InOwnRight | SigningCapacity::OnBehalfOf | SigningCapacity::Acting => false,
    };
    if needs_head && filled(&signing.head_position).is_none() {
        findings.push(super::check::gap(
            "/paper/signing/head_position",
            &format!("Ký {abbreviation} phải ghi chức vụ của người đứng đầu; hãy thêm, ví dụ “Giám đốc”."),
            "Signing for a head needs the head's position.",
            LAW,
        ));
    }
    findings.extend(check_typed_authority(signing));
    let position = signing.position.trim();
    let abbreviated = is_abbreviated(position);
    let not_a_deputy =
        signing.capacity == SigningCapacity::ForTheHead && !fold_name(position).starts_with(&fold_name("phó"));
    if abbreviated || not_a_deputy {
        let message = if abbreviated {
            format!("Chức vụ “{position}” đã có chữ viết tắt quyền hạn; hãy chỉ ghi chức vụ, phần mềm tự thêm.")
        } else {
            format!("Ký KT. là cấp phó ký thay, nhưng chức vụ ghi là “{position}”; hãy kiểm tra quyền hạn ký.")
        };
        let message_en = "The position does not fit the authority to sign.";
        findings.push(
            Finding::new("P03", Severity::Warning, "/paper/signing/position", message, message_en)
                .and_at("/paper/signing/capacity")
                .found(position)
                .law(LAW),
        );
    }
    findings
}

fn is_abbreviated(words: &str) -> bool {
    let words = upper(words.trim());
    ["TM", "KT", "TL", "TUQ", "Q"].iter().any(|typed| {
        words
            .strip_prefix(typed)
            .is_some_and(|rest| rest.starts_with('.') || (typed.len() > 1 && rest.starts_with(' ')))
    })
}

/// P03 (warning): the abbreviation is set by the capacity and not typed before whoever is signed for.
fn check_typed_authority(signing: &Signing) -> Vec<Finding> {
    let typed = [
        ("body", "Tập thể được ký thay mặt", &signing.body),
        ("head_position", "Chức vụ được ký thay", &signing.head_position),
    ];
    let typed = typed.into_iter().filter_map(|(field, what, words)| {
        let words = filled(words).filter(|words| is_abbreviated(words))?;
        Some(
            Finding::new(
                "P03",
                Severity::Warning,
                format!("/paper/signing/{field}"),
                format!("{what} ghi “{words}”, đã có chữ viết tắt quyền hạn nên in hai lần; hãy bỏ chữ viết tắt, phần mềm tự thêm."),
                format!("“{words}” carries the abbreviation of the authority, which is set by the capacity."),
            )
            .and_at("/paper/signing/capacity")
            .found(words)
            .law(LAW),
        )
    });
    typed.collect()
}

/// P02 (warning): the signer's name has a capital to each of its words and small letters behind (Annex II, I.1).
fn check_case(name: &str) -> Option<Finding> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let shouted = words.len() > 1 && name.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    let low = words.iter().any(|word| word.chars().next().is_some_and(char::is_lowercase));
    let right = || words.iter().map(|word| upper_first(&word.to_lowercase())).collect::<Vec<_>>().join(" ");
    (shouted || low).then(|| {
        let right = right();
        Finding::new(
            "P02",
            Severity::Warning,
            "/paper/signing/name",
            format!("Họ tên người ký ghi “{name}”; hãy viết hoa chữ cái đầu mỗi âm tiết: “{right}”."),
            format!("The signer's name is written “{name}”, the form is “{right}”."),
        )
        .found(name)
        .expected(right)
        .law("Nghị định số 30/2020/NĐ-CP, Phụ lục II, Mục II.1")
    })
}

/// Learned titles and honours, folded, each a whole word or phrase at the beginning of a name.
const TITLES: [&str; 29] = [
    "gs",
    "pgs",
    "ts",
    "tskh",
    "ths",
    "cn",
    "ks",
    "bs",
    "bsck",
    "ds",
    "ls",
    "cử nhân",
    "kỹ sư",
    "bác sĩ",
    "bác sỹ",
    "dược sĩ",
    "luật sư",
    "thạc sĩ",
    "thạc sỹ",
    "tiến sĩ",
    "tiến sỹ",
    "giáo sư",
    "phó giáo sư",
    "nhà giáo",
    "thầy thuốc",
    "nghệ sĩ",
    "ngnd",
    "ngưt",
    "ttưt",
];
const LEARNED_BODIES: [&str; 9] =
    ["trường", "đại học", "học viện", "viện", "bệnh viện", "y tế", "giáo dục", "khoa học", "trung tâm y tế"];

/// P02: no learned title before the signer's name (warning; info for a body of education, health or science).
fn check_titles(name: &str, issuing_body: &str) -> Option<Finding> {
    let title = learned_title(name)?;
    let severity = if mentions(issuing_body, &LEARNED_BODIES) { Severity::Info } else { Severity::Warning };
    Some(
        Finding::new(
            "P02",
            severity,
            "/paper/signing/name",
            format!("Trước họ tên người ký “{name}” có “{title}”; hãy chỉ ghi họ và tên, không ghi học hàm, học vị, danh hiệu."),
            format!("The signer's name begins with the title “{title}”; print the name alone."),
        )
        .and_at("/paper/letterhead/issuing_body")
        .found(name)
        .law(LAW),
    )
}

fn learned_title(name: &str) -> Option<String> {
    let folded = fold_name(&name.replace(['.', ',', '-'], " "));
    let title = TITLES.iter().find(|title| folded.starts_with(&format!("{} ", fold_name(title))))?;
    Some(name.trim().split([' ', '.']).take(title.split(' ').count()).collect::<Vec<_>>().join(" "))
}

const ARMED_FORCES: [&str; 9] =
    ["công an", "quân sự", "biên phòng", "quân đội", "quân khu", "bộ tư lệnh", "cảnh sát", "bộ chỉ huy", "quốc phòng"];

/// P02 (warning): a rank only for units of the armed forces.
fn check_rank(paper: &Paper, facts: &Facts) -> Option<Finding> {
    let rank = filled(&paper.signing.rank)?;
    let issuer = fold_name(&paper.letterhead.issuing_body);
    let own = [
        Some(paper.letterhead.issuing_body.as_str()),
        filled(&paper.signing.other_position),
        Some(&paper.signing.position),
    ];
    let armed_member =
        facts.members.iter().any(|member| member.armed_forces == Some(true) && fold_name(&member.unit) == issuer);
    if armed_member || own.into_iter().flatten().any(|name| mentions(name, &ARMED_FORCES)) {
        return None;
    }
    Some(
        Finding::new(
            "P02",
            Severity::Warning,
            "/paper/signing/rank",
            format!(
                "“{}” không phải đơn vị vũ trang nhân dân nhưng người ký có quân hàm “{rank}”; hãy bỏ quân hàm.",
                paper.letterhead.issuing_body.trim()
            ),
            "Only signers of the armed forces carry a rank.",
        )
        .and_at("/paper/letterhead/issuing_body")
        .found(rank)
        .law(LAW),
    )
}

#[cfg(test)]
#[path = "signing_tests.rs"]
mod tests;
