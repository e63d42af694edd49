//! `GET /livez`: the process answers. `GET /readyz`: it can accept work.

use actix_web::{HttpResponse, http::header, web::Data};
use serde_json::json;

use super::Problem;
use crate::desk::Desk;

pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({"status": "ok"}))
}

pub(super) async fn ready(desk: Data<Desk>) -> Result<HttpResponse, Problem> {
    desk.readiness().await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({"status": "ready"})))
}
