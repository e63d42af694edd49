//! `POST /v1/documents`, `/v1/documents/check`, `/v1/documents/preview`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Payload, Query},
};
use serde::Deserialize;
use serde_json::json;

use super::{ApiLimits, Problem, body, entry::By, preference};
use crate::{
    catalog::MediaType,
    desk::{Desk, Preview, Submission},
    failure::{Failure, FailureCode},
    job::view::JobView,
    ledger::Acceptance,
};

/// The wait where nobody knows when there will be room, in seconds.
const LONGEST_RETRY_AFTER: u64 = 300;
/// Characters of an idempotency key.
const LONGEST_KEY: usize = 255;
/// Pictures of pages: from a thumbnail to print.
const PPI: std::ops::RangeInclusive<f64> = 36.0..=300.0;

/// 202 with the job; the paper is made in the background. 200 where the caller would rather wait, and it has ended.
pub(super) async fn accept(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let idempotency_key = idempotency_key(&request)?;
    let patience = preference::wait(&request).map(|wait| wait.min(limits.longest_wait));
    let request = body::read(&request, payload, &limits).await?;
    let submission = Submission { request, idempotency_key };
    let (mut job, replayed) = match desk.of(&caller).accept(submission).await {
        Ok(Acceptance::Stored(job)) => (job, false),
        Ok(Acceptance::Replayed(job)) => (job, true),
        Err(failure) => return Err(refused(failure, &desk).await),
    };
    if let Some(patience) = patience {
        // The job is accepted, whatever becomes of looking at it.
        job = desk.of(&caller).job(job.id, patience).await.unwrap_or(job);
    }
    let address = format!("/v1/jobs/{}", job.id);
    let ended = patience.is_some() && job.state.is_end();
    let mut response = if ended { HttpResponse::Ok() } else { HttpResponse::Accepted() };
    response.insert_header((header::LOCATION, address.as_str())).insert_header((header::CACHE_CONTROL, "no-store"));
    if ended {
        response.insert_header((header::CONTENT_LOCATION, address));
    } else {
        let wait = if job.state.is_end() { 1 } else { desk.expected_wait().await };
        response.insert_header((header::RETRY_AFTER, wait));
    }
    if let Some(patience) = patience {
        response.insert_header(("preference-applied", format!("wait={}", patience.as_secs())));
    }
    if replayed {
        response.insert_header(("idempotency-replayed", "true"));
    }
    Ok(response.json(JobView::from(&job)))
}

/// What waits for room is asked to come back when there is likely to be some.
pub(super) async fn refused(failure: Failure, desk: &Desk) -> Problem {
    match failure.code {
        FailureCode::QueueFull | FailureCode::QuotaExceeded => {
            Problem::from(failure).retry_after(desk.expected_wait().await)
        }
        FailureCode::StorageFull => Problem::from(failure).retry_after(LONGEST_RETRY_AFTER),
        FailureCode::IdempotencyInProgress => Problem::from(failure).retry_after(1),
        _ => Problem::from(failure),
    }
}

/// The header `Idempotency-Key`: a structured string (RFC 9651) as the IETF draft asks, or the bare word that most
/// clients send.
pub(super) fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut values = request.headers().get_all("idempotency-key");
    let Some(value) = values.next() else { return Ok(None) };
    let word = value.to_str().ok().map(str::trim).filter(|_| values.next().is_none());
    let word = word.map(|word| word.strip_prefix('"').and_then(|word| word.strip_suffix('"')).unwrap_or(word));
    let lawful = |word: &&str| (1..=LONGEST_KEY).contains(&word.len()) && word.bytes().all(is_key_byte);
    match word.filter(lawful) {
        Some(word) => Ok(Some(word.to_owned())),
        None => Err(Failure::new(
            FailureCode::BadParameter,
            "Tiêu đề Idempotency-Key không đúng.",
            "Idempotency-Key is one string of 1 to 255 visible ASCII characters without quotes or backslashes.",
        )
        .hint("Dùng một UUID mới cho mỗi yêu cầu, ví dụ: Idempotency-Key: \"8e03978e-40d5-43dd-bc93-6894a57f9324\".")
        .into()),
    }
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'
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
    let preview = match query.format {
        Format::Pdf => Preview::Whole,
        Format::Png => Preview::Page { page: page - 1, ppi },
    };
    let (pressed, findings) = desk.preview(body, preview).await?;
    Ok(HttpResponse::Ok()
        .content_type(pressed.media_type.map_or("image/png", MediaType::as_str))
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
