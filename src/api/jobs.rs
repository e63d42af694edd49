//! `GET`, `DELETE /v1/jobs/{id}`, `POST …:requeue`, `DELETE …/data` and `GET …/document`.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path, Query},
};
use serde::Deserialize;

use super::{ApiLimits, Problem, download, entry::By};
use crate::{
    desk::Desk,
    failure::{Failure, FailureCode},
    job::{JobId, view::JobView},
};

/// `?wait=20`: answer when the job ends, or after so many seconds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShowQuery {
    wait: Option<u64>,
}

/// 200 with the job, whatever its state.
pub(super) async fn show(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    id: Path<String>,
    query: Result<Query<ShowQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let wait = query.map_err(|_| bad_wait())?.wait.unwrap_or(0);
    let patience = Duration::from_secs(wait).min(limits.longest_wait);
    let job = desk.of(&caller).job(job_id(&id)?, patience).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if !job.state.is_end() {
        response.insert_header((header::RETRY_AFTER, 1));
    }
    Ok(response.json(JobView::from(&job)))
}

/// 200 with the job: withdrawn, or about to be.
pub(super) async fn cancel(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let job = desk.of(&caller).cancel(job_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(JobView::from(&job)))
}

/// 200 with the job, which begins anew.
pub(super) async fn requeue(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let job = desk.of(&caller).requeue(job_id(&id)?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(JobView::from(&job)))
}

/// 200 with the job, whose request and paper are erased.
pub(super) async fn erase(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let job = desk.of(&caller).erase(job_id(&id)?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(JobView::from(&job)))
}

/// 200 with the paper, 206 with a part of it, 304, 409 while there is none.
pub(super) async fn document(
    By(caller): By,
    desk: Data<Desk>,
    id: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let document = desk.of(&caller).document(job_id(&id)?).await?;
    download::answer(&request, document).await
}

/// 200 with what a document management system files the document under; 409 while there is none.
pub(super) async fn metadata(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let metadata = desk.of(&caller).metadata(job_id(&id)?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(metadata))
}

pub(super) fn job_id(text: &str) -> Result<JobId, Problem> {
    let unknown = |_| Failure::new(FailureCode::JobNotFound, "Không có việc này.", "There is no such job.");
    Ok(text.parse().map_err(unknown)?)
}

fn bad_wait() -> Problem {
    Failure::new(FailureCode::BadParameter, "Tham số “wait” phải là số giây.", "The parameter wait is in seconds.")
        .hint("Ví dụ: ?wait=20")
        .into()
}
