//! D08: an edition may print what is recorded to have ended, until an operator adds the edition that follows it.

use chrono::NaiveDate;
use serde_json::Value;

use crate::{
    calendar,
    catalog::{Kind, LegalBasesDefault},
    failure::{Finding, Severity},
    regulation::Edition,
};

/// Warning: the paper prints a legal basis that is recorded to be no longer in force on its day.
pub(super) fn check(request: &Value, kind: &Kind, edition: &Edition, day: NaiveDate) -> Vec<Finding> {
    let of_kind = kind.manifest.legal_bases == LegalBasesDefault::Edition;
    let stated = request.pointer("/paper/legal_bases");
    let prints = stated.map_or(of_kind, |bases| bases.get("include_edition").and_then(Value::as_bool) == Some(true));
    if !prints {
        return Vec::new();
    }
    let found = edition.expired_on(day).map(|(basis, expires)| {
        let (cited, expires, day) = (basis.text_cited(), calendar::short(expires), calendar::short(day));
        let id = &edition.id;
        Finding::new(
            "D08",
            Severity::Warning,
            "/paper/issued_on",
            format!(
                "Văn bản ngày {day} in căn cứ {cited} của phiên bản {id}, được ghi nhận hết hiệu lực từ ngày {expires}; hãy kiểm tra văn bản thay thế và báo người vận hành bổ sung phiên bản mới."
            ),
            format!("The paper of {day} prints {cited}, recorded to end on {expires}; an operator should add an edition."),
        )
        .found(day)
        .expected(format!("trước ngày {expires}, hoặc phiên bản mới"))
    });
    found.collect()
}
