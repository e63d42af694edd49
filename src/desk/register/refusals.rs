//! Why the register's desk refuses, in both languages.

use serde_json::Value;

use crate::{
    closing,
    failure::{Failure, FailureCode, Finding, Severity},
    register::{Base, PeriodId, Sort, is_id},
};

/// A life that ends before it begins.
pub(super) fn backwards(body: &Value) -> Option<Finding> {
    let (from, until) = (body.get("valid_from")?.as_str()?, body.get("valid_until")?.as_str()?);
    // Days of the form YYYY-MM-DD stand in the order of their texts.
    (until < from).then(|| {
        Finding::new(
            "register-days",
            Severity::Error,
            "/valid_until",
            "Ngày kết thúc đứng trước ngày bắt đầu.",
            "It ends before it begins.",
        )
        .and_at("/valid_from")
        .found(until)
    })
}

pub(super) fn refuse_bad_id(sort: Sort, id: &str) -> Result<(), Failure> {
    let right = match sort {
        Sort::Unit | Sort::Schedule | Sort::Source => is_id(id),
        Sort::Bloc => is_bloc(id),
        Sort::BlocYear => id.rsplit_once('/').is_some_and(|(bloc, year)| {
            is_bloc(bloc) && year.parse::<PeriodId>().is_ok_and(|period| period.to_string() == year && year.len() == 4)
        }),
        Sort::Period => id.parse::<PeriodId>().is_ok(),
        Sort::Report => id.len() == 4 && id.parse::<PeriodId>().is_ok(),
    };
    if right { Ok(()) } else { Err(bad_id(sort)) }
}

/// A bloc's id names its file in a folder, where the register's own is there too.
fn is_bloc(id: &str) -> bool {
    is_id(id) && id != closing::OF_REGISTER
}

pub(super) fn bad_id(sort: Sort) -> Failure {
    Failure::new(
        FailureCode::BadParameter,
        "Mã trong địa chỉ không đúng dạng.",
        format!("The address does not name a {}.", sort.as_str()),
    )
    .hint("Mã đơn vị, khối, cụm: chữ thường không dấu, chữ số, dấu gạch nối (tối đa 64; khối, cụm không dùng mã province); năm: 2026; kỳ: 2026-H1, 2026-H2, 2026.")
}

pub(super) fn not_in_register(sort: Sort) -> Failure {
    let what = match sort {
        Sort::Unit => "đơn vị",
        Sort::Bloc => "khối, cụm",
        Sort::BlocYear => "năm thi đua",
        Sort::Period => "kỳ báo cáo",
        Sort::Schedule => "lịch",
        Sort::Report => "phần tỉnh tự viết của báo cáo tổng hợp",
        Sort::Source => "nguồn số liệu",
    };
    Failure::new(
        FailureCode::NotInRegister,
        format!("Sổ đăng ký không có {what} này."),
        format!("The register has no such {}.", sort.as_str()),
    )
    .hint("Kiểm tra mã, hoặc đăng ký trước: PUT /v1/register/…")
}

pub(super) fn nothing_sent(period: PeriodId) -> Failure {
    Failure::new(
        FailureCode::NotInRegister,
        format!("Chưa có số liệu này của {}.", period.words()),
        format!("Nothing of this was sent for {period}."),
    )
    .hint("Xem ai đã gửi: GET /v1/periods/{kỳ}/status.")
}

pub(super) fn stale(base: &Base, current: Option<i64>) -> Failure {
    let (message, message_en) = match (base, current) {
        (_, None) => ("Chưa có phiên bản nào để sửa.".to_owned(), "There is no version yet.".to_owned()),
        (Base::Nothing, Some(version)) => {
            (format!("Đã có phiên bản {version}."), format!("Version {version} is there already."))
        }
        (Base::OneOf(_) | Base::Something, Some(version)) => (
            format!("Người khác đã ghi phiên bản {version} sau khi bạn đọc."),
            format!("Version {version} was written after the one named."),
        ),
    };
    Failure::new(FailureCode::ChangedMeanwhile, message, message_en)
        .hint("Đọc lại phiên bản hiện tại, xem khác biệt, rồi gửi lại với ETag mới trong If-Match.")
}

pub(super) fn incomplete(period: PeriodId, missing: &[String]) -> Failure {
    let findings = missing.iter().map(|bloc| {
        Finding::new(
            "register-missing",
            Severity::Error,
            "",
            format!("Khối, cụm “{bloc}” chưa gửi số liệu."),
            format!("The bloc {bloc} has sent nothing."),
        )
        .found(bloc)
    });
    Failure::new(
        FailureCode::PeriodIncomplete,
        format!("Còn {} khối, cụm chưa gửi số liệu {}.", missing.len(), period.words()),
        format!("{} blocs have sent nothing for {period}.", missing.len()),
    )
    .hint("Chờ đủ, hoặc chốt với “accept_missing”: true.")
    .with_findings(findings.collect())
}

pub(super) fn no_year(period: PeriodId) -> Failure {
    Failure::new(
        FailureCode::BadParameter,
        "Chỉ báo cáo tổng kết năm được lập từ các kỳ trước.",
        format!("{period} is no whole year; only an annual summary is made of what was sent before."),
    )
    .hint("Dùng kỳ cả năm, ví dụ 2026.")
}

/// A report of the province is of a kind that adds up what blocs sent.
pub(super) fn adds_nothing_up(kind: &str) -> Finding {
    Finding::new(
        "register-report",
        Severity::Error,
        "/request/kind",
        "Loại văn bản này không tổng hợp số liệu của các khối, cụm.",
        "This kind adds up nothing of the blocs.",
    )
    .found(kind)
    .expected("provincial-summary")
}

pub(super) fn closed(period: PeriodId) -> Failure {
    Failure::new(
        FailureCode::PeriodClosed,
        format!("Số liệu {} đã chốt.", period.words()),
        format!("The period {period} is closed."),
    )
    .hint("Gửi lại kèm lý do điều chỉnh (adjustment.reason); thay đổi được ghi thành điều chỉnh có số.")
}

pub(super) fn open(period: PeriodId) -> Failure {
    Failure::new(
        FailureCode::PeriodOpen,
        format!("Số liệu {} chưa chốt nên chưa cần điều chỉnh.", period.words()),
        format!("The period {period} is open."),
    )
    .hint("Gửi lại, bỏ trường “adjustment”.")
}

pub(super) fn not_closed(period: PeriodId) -> Failure {
    Failure::new(
        FailureCode::PeriodOpen,
        format!("Số liệu {} chưa chốt.", period.words()),
        format!("The period {period} is open; there are no frozen figures."),
    )
    .hint("Chốt số liệu trước, hoặc lấy số liệu mới nhất (bỏ “figures”).")
}
