//! `GET /livez`: the process answers. `GET /readyz`: it can accept work, and how its parts are.

use actix_web::{HttpResponse, http::header, web::Data};
use serde_json::json;

use super::Problem;
use crate::{
    desk::{Desk, Overall},
    failure::Failure,
};

pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({"status": "ok"}))
}

pub(super) async fn ready(desk: Data<Desk>) -> Result<HttpResponse, Problem> {
    desk.is_open()?;
    let readiness = desk.readiness().await;
    let overall = readiness.overall();
    match overall {
        Overall::Ready | Overall::Degraded => Ok(HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(json!({"status": overall, "checks": readiness}))),
        Overall::Unready => {
            let failure = Failure::store_unavailable("the ledger does not answer, or the archive has no room");
            Err(Problem::from(failure).with("checks", json!(readiness)))
        }
    }
}
