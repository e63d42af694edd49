//! Titles and commendations given: in the catalogue, with a record, by a body that may give them (A10, A11, A13).

use chrono::{Datelike, NaiveDate};

use super::catalogue::{Catalogue, Listing};
use crate::{
    calendar::short,
    facts::{Facts, ListedAward, PastAward, RuleContext, numbered},
    failure::{Finding, Severity},
    vietnamese::{fold_name, join_and},
};

pub(super) fn check(facts: &Facts, catalogue: &Catalogue, context: &RuleContext) -> Vec<Finding> {
    let mut findings = Vec::new();
    let asked = if context.issued { Standing::Asked } else { Standing::Drafted };
    for (pointer, row) in numbered("/content/commendations", &facts.commendations) {
        findings.extend(check_listed(&pointer, &row.form, catalogue, Standing::Given));
        let issuer = row.decision.as_ref().and_then(|decision| decision.issuer.as_deref());
        let place = format!("{pointer}/decision/issuer");
        findings.extend(check_decider(&format!("{pointer}/form"), &row.form, &place, issuer, catalogue));
    }
    for (pointer, row) in numbered("/content/nominations", &facts.nominations) {
        findings.extend(check_listed(&pointer, &row.form, catalogue, asked));
    }
    for (pointer, nomination) in numbered("/content/nominations", &facts.nominations) {
        let place = format!("{pointer}/form");
        findings.extend(check_asked(&place, &nomination.form, facts.decider.as_deref(), catalogue));
    }
    findings.extend(facts.form.as_deref().and_then(|form| check_listed("/content", form, catalogue, asked)));
    for (pointer, award) in facts.past_awards() {
        findings.extend(check_record(&pointer, award));
        findings.extend(check_record_date(&pointer, award));
        let issuer = award.decision.as_ref().and_then(|decision| decision.issuer.as_deref());
        let (form, place) = (format!("{pointer}/name"), format!("{pointer}/decision/issuer"));
        findings.extend(check_decider(&form, &award.name, &place, issuer, catalogue));
    }
    findings
}

/// What a form in a paper is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Somebody gave it: it may be a local one.
    Given,
    /// This paper asks for it.
    Asked,
    /// A draft does.
    Drafted,
}

/// A13: a form is in the catalogue of the edition (error). A name that is like none is a warning in a draft, and where it was
/// given by somebody; one of another edition may have been given while that held.
fn check_listed(pointer: &str, form: &str, catalogue: &Catalogue, standing: Standing) -> Option<Finding> {
    if catalogue.is_empty() || form.trim().is_empty() {
        return None;
    }
    let form = form.trim();
    let (severity, message, message_en) = match catalogue.find(form) {
        Listing::Listed(_) | Listing::Resembling => return None,
        Listing::Elsewhere(_) if standing == Standing::Given => return None,
        Listing::Elsewhere(award) => (
            Severity::Error,
            format!(
                "“{form}” chỉ có trong phiên bản pháp luật {}, không có trong phiên bản áp dụng cho văn bản này; hãy dùng tên trong danh mục đang áp dụng.",
                award.editions
            ),
            format!("“{form}” is of the editions {} only.", award.editions),
        ),
        Listing::UnknownId => (
            Severity::Error,
            format!(
                "Mã “{form}” không có trong danh mục danh hiệu, hình thức khen thưởng của phiên bản pháp luật áp dụng; hãy sửa mã hoặc ghi tên."
            ),
            format!("The id “{form}” is not in the edition's catalogue."),
        ),
        Listing::Unknown => (
            if standing == Standing::Asked { Severity::Error } else { Severity::Warning },
            format!(
                "“{form}” không giống danh hiệu, hình thức khen thưởng nào của phiên bản pháp luật áp dụng; hãy kiểm tra tên."
            ),
            format!("“{form}” is like nothing in the edition's catalogue."),
        ),
    };
    Some(
        Finding::new("A13", severity, format!("{pointer}/form"), message, message_en)
            .found(form)
            .expected("tên hoặc mã trong danh mục của phiên bản pháp luật áp dụng")
            .law("Luật Thi đua, khen thưởng"),
    )
}

/// A10 (warning): a past award is recorded with its year, its name, and number, date and issuer of the decision.
fn check_record(pointer: &str, award: &PastAward) -> Option<Finding> {
    let decision = award.decision.as_ref();
    let has = |text: Option<&str>| text.is_some_and(|text| !text.trim().is_empty());
    let parts = [
        ("năm", award.year.is_some()),
        ("tên", has(Some(&award.name))),
        ("số quyết định", has(decision.map(|it| it.number.as_str()))),
        ("ngày quyết định", decision.is_some_and(|it| it.date.is_some())),
        ("cơ quan ban hành quyết định", has(decision.and_then(|it| it.issuer.as_deref()))),
    ];
    let missing: Vec<&str> = parts.iter().filter(|(_, there)| !there).map(|(part, _)| *part).collect();
    if missing.is_empty() {
        return None;
    }
    let year = award.year.map_or_else(|| "không rõ năm".to_string(), |year| format!("năm {year}"));
    Some(
        Finding::new(
            "A10",
            Severity::Warning,
            pointer,
            format!(
                "“{}” ({year}) còn thiếu {}; hãy bổ sung để thẩm định được.",
                award.name.trim(),
                join_and(&missing)
            ),
            format!("The record of “{}” is incomplete.", award.name.trim()),
        )
        .and_at(format!("{pointer}/decision"))
        .found(format!("thiếu {}", join_and(&missing)))
        .expected("năm, tên, số, ngày và cơ quan ban hành quyết định"),
    )
}

/// A10 (warning): the decision is not older than the year it honours.
fn check_record_date(pointer: &str, award: &PastAward) -> Option<Finding> {
    let (year, date) = (award.year?, award.decision.as_ref()?.date?);
    let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
    (date < first).then(|| {
        Finding::new(
            "A10",
            Severity::Warning,
            format!("{pointer}/decision/date"),
            format!(
                "“{}” của năm {year} nhưng quyết định ghi ngày {}, năm {}; hãy kiểm tra lại năm và ngày.",
                award.name.trim(),
                short(date),
                date.year()
            ),
            format!("The decision on “{}” of {year} is dated {}.", award.name.trim(), short(date)),
        )
        .and_at(format!("{pointer}/year"))
        .found(short(date))
        .expected(format!("từ ngày {} trở đi", short(first)))
    })
}

/// A11 (error): a decision was made by a body of the level that decides the award. A higher body may give what a lower one
/// may; levels that cannot be told from the names are not compared.
fn check_decider(
    place_of_form: &str,
    form: &str,
    place_of_issuer: &str,
    issuer: Option<&str>,
    catalogue: &Catalogue,
) -> Option<Finding> {
    let Listing::Listed(award) = catalogue.find(form) else { return None };
    let issuer = issuer?.trim();
    if level_of(issuer)? >= lowest_decider(award)? {
        return None;
    }
    Some(
        Finding::new(
            "A11",
            Severity::Error,
            place_of_issuer,
            format!(
                "“{}” do {} quyết định, nhưng dữ liệu ghi quyết định của {issuer}; hãy kiểm tra lại.",
                award.name, award.decided_by
            ),
            format!("“{}” is decided by {}, not by {issuer}.", award.name, award.decided_by),
        )
        .and_at(place_of_form)
        .found(issuer)
        .expected(&award.decided_by),
    )
}

/// A11 (warning, for a lower body may pass a submission on): what is asked for is decided by the body that is asked; of
/// several bodies the highest counts.
fn check_asked(place: &str, form: &str, decider: Option<&str>, catalogue: &Catalogue) -> Option<Finding> {
    let Listing::Listed(award) = catalogue.find(form) else { return None };
    let decider = decider?.trim();
    let asked = decider.split([',', ';']).filter_map(level_of).max()?;
    if asked >= lowest_decider(award)? {
        return None;
    }
    Some(
        Finding::new(
            "A11",
            Severity::Warning,
            place,
            format!(
                "“{}” do {} quyết định, nhưng văn bản đề nghị {decider} quyết định; hãy sửa cấp quyết định hoặc lập tờ trình riêng.",
                award.name, award.decided_by
            ),
            format!("“{}” is decided by {}, the paper asks {decider}.", award.name, award.decided_by),
        )
        .and_at("/content/decider")
        .found(decider)
        .expected(&award.decided_by),
    )
}

/// Where a body stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Units, departments, communes.
    Below,
    /// Provinces and ministries.
    Province,
    State,
}

fn lowest_decider(award: &ListedAward) -> Option<Level> {
    let deciders = award.decided_by.split(';').flat_map(|bodies| bodies.split(" hoặc "));
    let levels: Option<Vec<Level>> = deciders.map(level_of).collect();
    levels?.into_iter().min()
}

fn level_of(body: &str) -> Option<Level> {
    const STATE: [&str; 4] = ["thủ tướng", "chính phủ", "chủ tịch nước", "quốc hội"];
    const PROVINCE: [&str; 18] = [
        "ủy ban nhân dân tỉnh",
        "ubnd tỉnh",
        "ủy ban nhân dân thành phố hà nội",
        "ubnd thành phố hà nội",
        "ủy ban nhân dân thành phố hồ chí minh",
        "ubnd thành phố hồ chí minh",
        "ủy ban nhân dân thành phố hải phòng",
        "ubnd thành phố hải phòng",
        "ủy ban nhân dân thành phố đà nẵng",
        "ubnd thành phố đà nẵng",
        "ủy ban nhân dân thành phố cần thơ",
        "ubnd thành phố cần thơ",
        "bộ trưởng",
        "tổng giám đốc bảo hiểm xã hội việt nam",
        "thủ trưởng ban, ngành",
        "tỉnh ủy",
        "thành ủy",
        "hội đồng nhân dân tỉnh",
    ];
    const BELOW: [&str; 22] = [
        "thủ trưởng đơn vị",
        "giám đốc",
        "sở",
        "ủy ban nhân dân xã",
        "ủy ban nhân dân phường",
        "ủy ban nhân dân đặc khu",
        "ủy ban nhân dân huyện",
        "ủy ban nhân dân thị xã",
        "ủy ban nhân dân cấp xã",
        "ubnd xã",
        "ubnd phường",
        "ubnd huyện",
        "ubnd đặc khu",
        "ubnd thị xã",
        "ủy ban nhân dân quận",
        "ubnd quận",
        "ủy ban nhân dân thị trấn",
        "hiệu trưởng",
        "trưởng phòng",
        "trưởng ban quản lý",
        "chi cục",
        "chi cục trưởng",
    ];
    let body = fold_name(body);
    let chair = format!("{} ", fold_name("chủ tịch"));
    let of_committee = body.strip_prefix(&chair).unwrap_or(&body);
    let begins = |names: &[&str]| {
        names.iter().any(|name| {
            let name = fold_name(name);
            [body.as_str(), of_committee].iter().any(|body| {
                body.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            })
        })
    };
    if begins(&STATE) {
        Some(Level::State)
    } else if begins(&PROVINCE) {
        Some(Level::Province)
    } else if begins(&BELOW) {
        Some(Level::Below)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::samples::{found, one};
    use super::*;

    fn history(row: Value) -> Vec<(String, Severity, Vec<String>)> {
        found(json!({"titles_history": [row]}))
    }

    fn row(year: i32, date: &str, issuer: &str) -> Value {
        json!({"year": year, "name": "Bằng khen của Chủ tịch UBND tỉnh",
            "decision": {"type": "Quyết định", "number": "12/QĐ-UBND", "date": date, "issuer": issuer}})
    }

    #[test]
    fn a10_a_past_award_is_recorded_whole() {
        assert_eq!(history(row(2023, "2024-01-15", "Chủ tịch UBND tỉnh")), []);
        let pointers = ["/content/titles_history/0", "/content/titles_history/0/decision"];
        for field in ["number", "date", "issuer"] {
            let mut gap = row(2023, "2024-01-15", "Chủ tịch UBND tỉnh");
            gap["decision"].as_object_mut().unwrap().remove(field);
            assert_eq!(history(gap), one("A10", Severity::Warning, &pointers), "{field}");
        }
        assert_eq!(history(json!({"year": 2023, "name": "Giấy khen"})), one("A10", Severity::Warning, &pointers));
        let nominee = json!({"nominations": [{"nominee": "A", "sort": "individual", "form": "Giấy khen", "history": [{"year": 2023, "name": "Giấy khen"}]}]});
        let pointers = ["/content/nominations/0/history/0", "/content/nominations/0/history/0/decision"];
        assert_eq!(found(nominee), one("A10", Severity::Warning, &pointers));
    }

    #[test]
    fn a10_a_decision_is_not_older_than_its_year() {
        let pointers = ["/content/titles_history/0/decision/date", "/content/titles_history/0/year"];
        assert_eq!(history(row(2023, "2022-12-31", "Chủ tịch UBND tỉnh")), one("A10", Severity::Warning, &pointers));
        assert_eq!(history(row(2023, "2023-01-01", "Chủ tịch UBND tỉnh")), []);
    }

    #[test]
    fn a11_a_decision_comes_from_the_level_that_decides_the_award() {
        let pointers = ["/content/titles_history/0/decision/issuer", "/content/titles_history/0/name"];
        for issuer in ["Sở Nội vụ", "Giám đốc Sở Y tế", "Chủ tịch Ủy ban nhân dân xã Đăk Hà"]
        {
            assert_eq!(history(row(2023, "2024-01-15", issuer)), one("A11", Severity::Error, &pointers), "{issuer}");
        }
        for issuer in [
            "Ủy ban nhân dân tỉnh",
            "Chủ tịch UBND tỉnh Kon Tum",
            "Thủ tướng Chính phủ",
            "Ủy ban nhân dân thành phố Huế",
            "Liên đoàn Lao động",
        ] {
            assert_eq!(history(row(2023, "2024-01-15", issuer)), [], "{issuer}");
        }
    }

    #[test]
    fn a11_holds_for_commendations_given_and_a_higher_body_may_give_the_lower_form() {
        let given = |form: &str, issuer: &str| {
            let decision = json!({"type": "Quyết định", "number": "1/QĐ", "date": "2024-01-15", "issuer": issuer});
            found(json!({"commendations": [{"form": form, "honoree": "collective", "count": 1, "decision": decision}]}))
        };
        let pointers = ["/content/commendations/0/decision/issuer", "/content/commendations/0/form"];
        assert_eq!(given("merit-certificate-prime-minister", "UBND tỉnh"), one("A11", Severity::Error, &pointers));
        assert_eq!(given("merit-certificate-prime-minister", "Thủ tướng Chính phủ"), []);
        assert_eq!(given("Giấy khen", "UBND tỉnh"), []);
    }

    #[test]
    fn a11_what_is_asked_for_is_decided_by_the_body_asked() {
        let asked = |form: &str, decider: &str| {
            found(json!({"decider": decider, "nominations": [{"nominee": "A", "sort": "collective", "form": form}]}))
        };
        let pointers = ["/content/nominations/0/form", "/content/decider"];
        let reported = one("A11", Severity::Warning, &pointers);
        assert_eq!(asked("merit-certificate-province", "Giám đốc Sở Nội vụ"), reported);
        assert_eq!(asked("emulation-flag-government", "Chủ tịch UBND tỉnh"), reported);
        assert_eq!(asked("emulation-flag-province", "Ủy ban nhân dân tỉnh, Chủ tịch Ủy ban nhân dân tỉnh A"), []);
        assert_eq!(asked("merit-certificate-province", "Chủ tịch UBND thành phố Đà Nẵng"), []);
        assert_eq!(asked("merit-certificate-province", "Hội đồng khen thưởng"), [], "its level is not told");
    }

    #[test]
    fn a13_a_form_is_in_the_catalogue_of_the_edition() {
        let given = |form: &str| found(json!({"commendations": [{"form": form, "honoree": "collective", "count": 1}]}));
        assert_eq!(given("merit-certificate-province"), []);
        assert_eq!(given("Bằng khen của Bộ Y tế"), []);
        let place = ["/content/commendations/0/form"];
        assert_eq!(given("merit-certificate-ward"), one("A13", Severity::Error, &place));
        assert_eq!(given("Quà tặng"), one("A13", Severity::Warning, &place));
        let nominated =
            |form: &str| found(json!({"nominations": [{"nominee": "A", "sort": "individual", "form": form}]}));
        let place = ["/content/nominations/0/form"];
        assert_eq!(nominated("merit-certificate-ward"), one("A13", Severity::Error, &place));
        assert_eq!(nominated("Quà tặng"), one("A13", Severity::Warning, &place));
        assert_eq!(nominated("Bằng khen của UBND tỉnh"), []);
        assert_eq!(found(json!({"form": "merit-certificate-ward"})), one("A13", Severity::Error, &["/content/form"]));
        assert_eq!(found(json!({"form": "merit-certificate-province"})), []);
    }

    #[test]
    fn a13_without_a_catalogue_nothing_is_judged() {
        let facts =
            Facts::read(&json!({"content": {"commendations": [{"form": "x-y", "honoree": "collective", "count": 1}]}}))
                .unwrap();
        assert_eq!(check(&facts, &Catalogue::of(&[]), &RuleContext::default()), []);
    }
}
