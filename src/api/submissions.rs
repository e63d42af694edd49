//! `/v1/blocs/{id}/submissions/{period}`: what a bloc sent, version upon version.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path, Payload, Query},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ApiLimits, Problem, body, conditions,
    entry::By,
    register::{answer, list, tagged},
};
use crate::{
    desk::Desk,
    difference::table,
    failure::{Failure, FailureCode},
    register::{PeriodId, Submission},
};

/// `?version=2`: another version than the newest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShowQuery {
    version: Option<i64>,
}

pub(super) async fn show(
    By(caller): By,
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    query: Result<Query<ShowQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let version = query.map_err(|_| bad_version())?.version;
    let (bloc, period) = path.into_inner();
    let submission = desk.register(&caller).submission(&bloc, read_period(&period)?, version).await?;
    Ok(answer(&request, &submission.tag(), &view(&submission)))
}

/// 201 with a new version, 200 where the newest says the same.
pub(super) async fn send(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    path: Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let base = conditions::base(&request)?;
    let (bloc, period) = path.into_inner();
    let period = read_period(&period)?;
    let body = body::read(&request, payload, &limits).await?;
    let sent = desk.register(&caller).send(&bloc, period, body, &base).await?;
    let mut response = if sent.unchanged { HttpResponse::Ok() } else { HttpResponse::Created() };
    let mut shown = line(&sent.submission);
    shown["findings"] = json!(sent.findings);
    Ok(tagged(&mut response, &sent.submission.tag()).json(shown))
}

/// Every version, without the contents.
pub(super) async fn history(
    By(caller): By,
    desk: Data<Desk>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (bloc, period) = path.into_inner();
    let versions = desk.register(&caller).versions(&bloc, read_period(&period)?).await?;
    Ok(list(versions.iter().map(line).collect()))
}

/// The draft of an annual summary, with the origin of each figure.
pub(super) async fn carry_over(
    By(caller): By,
    desk: Data<Desk>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (bloc, period) = path.into_inner();
    let draft = desk.register(&caller).carry_over(&bloc, read_period(&period)?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(draft))
}

pub(super) fn read_period(text: &str) -> Result<PeriodId, Problem> {
    Ok(text.parse().map_err(|_| {
        Failure::new(
            FailureCode::BadParameter,
            "Kỳ báo cáo trong địa chỉ không đúng.",
            "A period is YEAR, YEAR-H1 or YEAR-H2, from 1990 to 2100.",
        )
        .hint("Ví dụ: 2026-H1 (6 tháng đầu năm), 2026-H2 (6 tháng cuối năm), 2026 (cả năm).")
    })?)
}

fn view(submission: &Submission) -> Value {
    let mut shown = json!(submission);
    shown["etag"] = json!(submission.tag().as_str());
    with_table(shown, submission)
}

/// A submission without its content.
pub(super) fn line(submission: &Submission) -> Value {
    let mut shown = view(submission);
    if let Some(fields) = shown.as_object_mut() {
        for large in ["content", "paper", "others"] {
            fields.remove(large);
        }
    }
    shown
}

/// Beside the difference by places, the table that people read.
fn with_table(mut shown: Value, submission: &Submission) -> Value {
    if let Some(adjustment) = &submission.adjustment {
        let head = json!(["Chỉ tiêu", "Số cũ", "Số mới", "Chênh lệch"]);
        let rows = table(&adjustment.difference);
        shown["adjustment"]["table_vi"] = json!({"head": head, "rows": rows});
    }
    shown
}

fn bad_version() -> Problem {
    Failure::new(FailureCode::BadParameter, "Tham số “version” phải là số.", "The parameter version is a number.")
        .hint("Ví dụ: ?version=2")
        .into()
}
