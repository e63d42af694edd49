//! `POST /v1/papers/extract`, `/v1/papers/verify`, `/v1/papers/check`: what a finished PDF says of itself.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Payload, Query},
};
use serde::Deserialize;

use super::{ApiLimits, Problem, body};
use crate::{
    desk::Desk,
    failure::{Failure, FailureCode},
    inspection::FORMS,
    rendering::Question,
};

/// `?form=minutes`: what the layout law takes the paper for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckQuery {
    form: Option<String>,
}

/// 200 with the data that the paper carries.
pub(super) async fn extract(
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    answer(&desk, &limits, &request, payload, Question::Extract).await
}

/// 200 with whether the paper's data gives its bytes, and what differs.
pub(super) async fn verify(
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    answer(&desk, &limits, &request, payload, Question::Verify).await
}

/// 200 with every breach of the layout law.
pub(super) async fn check(
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    query: Result<Query<CheckQuery>, actix_web::Error>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let form = query.map_err(|_| bad_form())?.into_inner().form;
    if form.as_deref().is_some_and(|form| !FORMS.contains(&form)) {
        return Err(bad_form());
    }
    answer(&desk, &limits, &request, payload, Question::Check { form }).await
}

async fn answer(
    desk: &Desk,
    limits: &ApiLimits,
    request: &HttpRequest,
    payload: Payload,
    question: Question,
) -> Result<HttpResponse, Problem> {
    let (file, _place) = body::read_paper(request, payload, limits).await?;
    let told = desk.examine(file, question).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(told))
}

fn bad_form() -> Problem {
    let forms = FORMS.join(", ");
    Failure::new(
        FailureCode::BadParameter,
        "Tham số “form” không đúng.",
        format!("The parameter form is one of {forms}."),
    )
    .hint(format!("Dùng một trong: {forms}."))
    .into()
}
