//! `GET /metrics`: counts and times for Prometheus; and the middleware that counts answers.

use std::time::Instant;

use actix_web::{
    Error, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
    web::Data,
};

use super::{Problem, problem};
use crate::{metrics, soundings::Soundings};

/// 200 with everything; 404 where metrics have an address of their own.
pub(super) async fn show(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let soundings = request.app_data::<Data<Soundings>>().ok_or_else(problem::no_such_address)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, metrics::MEDIA_TYPE))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(soundings.text().await))
}

/// Middleware: counts every answer under its declared address.
pub async fn count(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let (began, method) = (Instant::now(), metrics::method(request.method().as_str()));
    let answer = next.call(request).await;
    let (route, status) = match &answer {
        Ok(response) => (response.request().match_pattern(), response.status()),
        Err(error) => (None, error.as_response_error().status_code()),
    };
    let took = began.elapsed();
    tracing::debug!(method, route, status = status.as_u16(), millis = took.as_millis() as u64, "Answered");
    metrics::answered(method, route.as_deref(), status.as_u16(), took);
    answer
}
