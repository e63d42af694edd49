//! `GET /v1/editions`, `GET /v1/editions/{id}`: the law by date, as data.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Query},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    Problem,
    conditions::{Tagged, unless_known},
};
use crate::{
    desk::Desk,
    failure::{Failure, FailureCode},
};

/// `?on=2024-07-24`: what is in force on that day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnQuery {
    on: Option<NaiveDate>,
}

type Asked = Result<Query<OnQuery>, actix_web::Error>;

/// 200 with every edition and the days that have none; with a day, its edition alone.
pub(super) async fn list(desk: Data<Desk>, query: Asked, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let on = query.map_err(|_| bad_day())?.on;
    answer(&request, &desk.workshop().catalog().editions().view(on)?)
}

/// 200 with one edition.
pub(super) async fn show(
    desk: Data<Desk>,
    id: Path<String>,
    query: Asked,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let on = query.map_err(|_| bad_day())?.on;
    answer(&request, &desk.workshop().catalog().editions().view_of(&id, on)?)
}

/// Editions change with the template folder only: a client that has them is told so.
fn answer(request: &HttpRequest, view: &impl Serialize) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(view).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(unless_known(request, Tagged::new(body), "application/json"))
}

fn bad_day() -> Problem {
    Failure::new(FailureCode::BadParameter, "Tham số “on” phải là một ngày.", "The parameter on is a day.")
        .hint("Ví dụ: ?on=2024-07-24")
        .into()
}
