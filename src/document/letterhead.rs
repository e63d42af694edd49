//! Boxes 2: who stands above and who issues.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    failure::{Finding, Severity},
    vietnamese::{fold_name, upper},
};

/// The head of a paper on its left side.
#[derive(Debug, Clone, Deserialize)]
pub struct Letterhead {
    #[serde(default)]
    pub custom: Option<Custom>,
    /// *Cơ quan chủ quản trực tiếp*.
    #[serde(default)]
    pub parent_body: Option<String>,
    /// *Cơ quan ban hành*.
    pub issuing_body: String,
}

/// Under whose name a bloc writes (*kiểu tiêu đề*); provinces differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Custom {
    /// The bloc under the people's committee.
    Bloc,
    /// The bloc under the council for emulation and commendation.
    Council,
    /// The unit that heads the bloc.
    HeadUnit,
}

impl Letterhead {
    /// Both lines in capitals (Decree 30/2020, Annex I, Part I, II.2).
    pub(super) fn lines(&self) -> Value {
        let parent = self.parent_body.as_deref().map(str::trim).filter(|parent| !parent.is_empty()).map(upper);
        json!({"parent": parent, "issuer": upper(self.issuing_body.trim())})
    }
}

/// T05 (warning): the bodies named are those of the custom chosen.
pub(super) fn check_custom(letterhead: &Letterhead) -> Vec<Finding> {
    const PARENT: &str = "/paper/letterhead/parent_body";
    const ISSUER: &str = "/paper/letterhead/issuing_body";
    let Some(custom) = letterhead.custom else { return Vec::new() };
    let begins = |name: &str, words: &[&str]| {
        let name = format!("{} ", fold_name(name));
        words.iter().any(|word| name.starts_with(&format!("{} ", fold_name(word))))
    };
    let (issuer, parent) = (letterhead.issuing_body.trim(), letterhead.parent_body.as_deref().map(str::trim));
    let is_bloc = begins(issuer, &["khối", "cụm"]);
    let (named, expected_issuer, issuer_fits, expected_parent, parent_fits) = match custom {
        Custom::Bloc => {
            let fits = parent.is_none_or(|parent| !begins(parent, &["hội đồng thi"]));
            ("“bloc” (khối, cụm đứng tên)", "tên khối, cụm", is_bloc, "Ủy ban nhân dân", fits)
        }
        Custom::Council => {
            let fits = parent.is_none_or(|parent| begins(parent, &["hội đồng"]));
            (
                "“council” (dưới Hội đồng Thi đua - Khen thưởng)",
                "tên khối, cụm",
                is_bloc,
                "Hội đồng Thi đua - Khen thưởng",
                fits,
            )
        }
        Custom::HeadUnit => {
            let fits = parent.is_none_or(|parent| !begins(parent, &["khối", "cụm"]));
            ("“head-unit” (đơn vị trưởng đứng tên)", "tên đơn vị", !is_bloc, "cơ quan chủ quản của đơn vị", fits)
        }
    };
    let finding = |pointer: &str, line: &str, name: &str, expected: &str| {
        Finding::new(
            "T05",
            Severity::Warning,
            pointer,
            format!("Kiểu tiêu đề là {named} nhưng {line} ghi “{name}”, không phải {expected}; hãy sửa kiểu tiêu đề hoặc tên."),
            format!("The custom of the letterhead does not fit “{name}”."),
        )
        .and_at("/paper/letterhead/custom")
        .found(name)
        .expected(expected)
    };
    let issuer = (!issuer_fits).then(|| finding(ISSUER, "cơ quan ban hành", issuer, expected_issuer));
    let parent =
        parent.filter(|_| !parent_fits).map(|parent| finding(PARENT, "cơ quan chủ quản", parent, expected_parent));
    issuer.into_iter().chain(parent).collect()
}

/// True if a body of this name may let its signers carry a rank or a learned title.
pub(super) fn mentions(name: &str, words: &[&str]) -> bool {
    let name = format!(" {} ", fold_name(name));
    words.iter().any(|word| name.contains(&format!(" {} ", fold_name(word))))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn the_letterhead_is_in_capitals() {
        assert_eq!(
            samples::paper(|_| {}).letterhead.lines(),
            json!({"parent": "UBND TỈNH KON TUM", "issuer": "SỞ NỘI VỤ"})
        );
        let alone =
            Letterhead { parent_body: Some(" ".into()), issuing_body: "Khối thi đua số 6".into(), custom: None };
        assert_eq!(alone.lines(), json!({"parent": null, "issuer": "KHỐI THI ĐUA SỐ 6"}));
    }

    #[test]
    fn t05_the_bodies_are_those_of_the_custom() {
        let found = |custom: Custom, parent: &str, issuer: &str| {
            let letterhead =
                Letterhead { custom: Some(custom), parent_body: Some(parent.into()), issuing_body: issuer.into() };
            check_custom(&letterhead).into_iter().map(|finding| finding.pointers[0].clone()).collect::<Vec<_>>()
        };
        let (parent, issuer) = ("/paper/letterhead/parent_body", "/paper/letterhead/issuing_body");
        for (custom, above, body, expected) in [
            (Custom::Bloc, "UBND tỉnh A", "Khối thi đua số 6", vec![]),
            (Custom::Bloc, "UBND tỉnh A", "Sở Nội vụ", vec![issuer]),
            (Custom::Bloc, "Hội đồng Thi đua - Khen thưởng tỉnh A", "Cụm thi đua số 1", vec![parent]),
            (Custom::Council, "Hội đồng Thi đua - Khen thưởng tỉnh A", "Khối Thi đua số 6", vec![]),
            (Custom::Council, "UBND tỉnh A", "Khối Thi đua số 6", vec![parent]),
            (Custom::HeadUnit, "UBND tỉnh A", "Sở Nội vụ", vec![]),
            (Custom::HeadUnit, "Khối thi đua số 6", "Sở Nội vụ", vec![parent]),
            (Custom::HeadUnit, "UBND tỉnh A", "Khối thi đua số 6", vec![issuer]),
        ] {
            assert_eq!(found(custom, above, body), expected, "{custom:?} {above} {body}");
        }
    }
}
