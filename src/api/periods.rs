//! `/v1/periods`: deadlines, who has sent, the close, the adjustments after it; and `/v1/schedules`, what runs by itself.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path, Payload},
};
use serde_json::json;

use super::{
    ApiLimits, Problem, body,
    entry::By,
    register::list,
    submissions::{line, read_period},
};
use crate::desk::Desk;

pub(super) async fn status(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let status = desk.register(&caller).status(read_period(&id)?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(status))
}

/// 200 with the close; closing again changes nothing.
pub(super) async fn close(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let period = read_period(&id)?;
    let body = body::read_if_any(&request, payload, &limits).await?;
    let closing = desk.register(&caller).close_period(period, body).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!(closing)))
}

/// The newest version of what each bloc sent, without the contents.
pub(super) async fn submissions(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let newest = desk.register(&caller).newest(read_period(&id)?).await?;
    Ok(list(newest.iter().map(line).collect()))
}

pub(super) async fn adjustments(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let adjusted = desk.register(&caller).adjustments(read_period(&id)?).await?;
    Ok(list(adjusted.iter().map(line).collect()))
}

/// Every schedule with its next time and its last run.
pub(super) async fn schedules(By(caller): By, desk: Data<Desk>) -> Result<HttpResponse, Problem> {
    let all = desk.register(&caller).timetable().await?;
    Ok(list(all.iter().map(|scheduled| json!(scheduled)).collect()))
}

pub(super) async fn runs(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let runs = desk.register(&caller).runs(&id).await?;
    Ok(list(runs.iter().map(|run| json!(run)).collect()))
}
