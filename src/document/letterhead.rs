//! Boxes 2: who stands above and who issues.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    facts::RuleContext,
    failure::{Finding, Severity},
    vietnamese::{fold_name, upper},
};

/// The head of a paper on its left side.
#[derive(Debug, Clone, Deserialize)]
pub struct Letterhead {
    /// *Cơ quan chủ quản trực tiếp*.
    #[serde(default)]
    pub parent_body: Option<String>,
    /// *Cơ quan ban hành*.
    pub issuing_body: String,
}

impl Letterhead {
    /// Both lines in capitals (Decree 30/2020, Annex I, Part I, II.2).
    pub(super) fn lines(&self) -> Value {
        let parent = self.parent_body.as_deref().map(str::trim).filter(|parent| !parent.is_empty()).map(upper);
        json!({"parent": parent, "issuer": upper(self.issuing_body.trim())})
    }
}

/// D09 (warning): since 1 July 2025 no district issues papers or gives its name to a place.
pub(super) fn check_levels(pointer: &str, name: &str, context: &RuleContext) -> Option<Finding> {
    let level = crate::bloc::abolished_level(name, context.effective_on)?;
    let date = crate::calendar::short(context.effective_on);
    Some(
        Finding::new(
            "D09",
            Severity::Warning,
            pointer,
            format!(
                "“{}” có cấp “{level}”, không còn từ ngày 01/7/2025, trong khi văn bản lập theo ngày {date}; hãy dùng tên đơn vị hành chính mới.",
                name.trim()
            ),
            format!("“{level}” is an administrative level abolished on 2025-07-01; the paper is dated {date}."),
        )
        .found(name)
        .law(crate::bloc::TWO_LEVELS_LAW),
    )
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
        let alone = Letterhead { parent_body: Some(" ".into()), issuing_body: "Khối thi đua số 6".into() };
        assert_eq!(alone.lines(), json!({"parent": null, "issuer": "KHỐI THI ĐUA SỐ 6"}));
    }
}
