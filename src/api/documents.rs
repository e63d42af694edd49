//! `POST /v1/documents`, `/v1/documents/check`, `/v1/documents/preview`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Payload, Query},
};
use serde::Deserialize;
use serde_json::json;

use super::{ApiLimits, Problem, body};
use crate::{
    desk::{Desk, Preview},
    failure::{Failure, FailureCode},
    job::{JobState, view::JobView},
};

/// Longest wait a client is asked for, in seconds.
const LONGEST_RETRY_AFTER: u64 = 300;
/// Pictures of pages: from a thumbnail to print.
const PPI: std::ops::RangeInclusive<f64> = 36.0..=300.0;

/// 202 with the job; the paper is made in the background.
pub(super) async fn accept(
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let body = body::read(&request, payload, &limits).await?;
    let wait = expected_wait(&desk, &limits).await;
    let job = desk.accept(body).await.map_err(|failure| match failure.code {
        FailureCode::QueueFull => Problem::from(failure).retry_after(wait),
        _ => Problem::from(failure),
    })?;
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/v1/jobs/{}", job.id)))
        .insert_header((header::RETRY_AFTER, wait))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(JobView::from(&job)))
}

/// Seconds until a job that is accepted now is likely done.
async fn expected_wait(desk: &Desk, limits: &ApiLimits) -> u64 {
    let waiting = desk.counts().await.map_or(0, |counts| counts.of(JobState::Accepted) + counts.of(JobState::Running));
    let seconds = ((waiting + 1) as f64 / limits.papers_per_second.max(0.1)).ceil();
    (seconds as u64).clamp(1, LONGEST_RETRY_AFTER)
}

/// 200 with warnings and information, or 422 with everything; nothing is stored.
pub(super) async fn check(
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let body = body::read(&request, payload, &limits).await?;
    let findings = desk.check(body).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({"acceptable": true, "findings": findings})))
}

/// What a preview shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewQuery {
    #[serde(default)]
    format: Format,
    /// Page, from 1.
    page: Option<usize>,
    ppi: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Pdf,
    Png,
}

/// 200 with a draft at once: the whole paper as PDF, or one page as PNG.
pub(super) async fn preview(
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    query: Result<Query<PreviewQuery>, actix_web::Error>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let query = query.map_err(|_| bad_preview())?.into_inner();
    let (page, ppi) = (query.page.unwrap_or(1), query.ppi.unwrap_or(110.0));
    if page == 0 || !PPI.contains(&ppi) {
        return Err(bad_preview());
    }
    let body = body::read(&request, payload, &limits).await?;
    let (preview, media_type) = match query.format {
        Format::Pdf => (Preview::Pdf, "application/pdf"),
        Format::Png => (Preview::Page { page: page - 1, ppi }, "image/png"),
    };
    let (pressed, findings) = desk.preview(body, preview).await?;
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("x-page-count", pressed.pages))
        .insert_header(("x-finding-count", findings.len()))
        .body(pressed.bytes))
}

fn bad_preview() -> Problem {
    Failure::new(
        FailureCode::BadParameter,
        "Tham số xem trước không đúng.",
        "The preview's parameters are format=pdf|png, page from 1, ppi from 36 to 300.",
    )
    .hint("Dùng format=pdf hoặc format=png&page=1&ppi=110.")
    .into()
}
