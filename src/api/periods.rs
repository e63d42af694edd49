//! `/v1/periods`: deadlines, who has sent, the close, the adjustments after it.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path, Payload},
};
use serde_json::json;

use super::{
    ApiLimits, Problem, body,
    register::{caller, list},
    submissions::{line, read_period},
};
use crate::desk::Desk;

pub(super) async fn status(desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let status = desk.register(&caller()).status(read_period(&id)?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(status))
}

/// 200 with the close; closing again changes nothing.
pub(super) async fn close(
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let period = read_period(&id)?;
    let is_empty = request.headers().get(header::CONTENT_TYPE).is_none();
    let body = if is_empty { Vec::new() } else { body::read(&request, payload, &limits).await? };
    let closing = desk.register(&caller()).close_period(period, body).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!(closing)))
}

/// The newest version of what each bloc sent, without the contents.
pub(super) async fn submissions(desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let newest = desk.register(&caller()).newest(read_period(&id)?).await?;
    Ok(list(newest.iter().map(line).collect()))
}

pub(super) async fn adjustments(desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let adjusted = desk.register(&caller()).adjustments(read_period(&id)?).await?;
    Ok(list(adjusted.iter().map(line).collect()))
}
