//! `POST /v1/sources/{id}:pull`: read what blocs have in a system of the province.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use serde::Deserialize;
use serde_json::json;

use super::{ApiLimits, Problem, body, entry::By, register::list, submissions::read_period};
use crate::{
    desk::{Asked, Desk},
    failure::{Failure, FailureCode},
    intake,
};

/// What is to be read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pull {
    period: String,
    #[serde(default)]
    blocs: Option<Vec<String>>,
    #[serde(default)]
    adjustment: Option<Adjustment>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Adjustment {
    reason: String,
}

/// 200 with what came of each bloc.
pub(super) async fn pull(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    source: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let body = body::read(&request, payload, &limits).await?;
    let (value, duplicates) = intake::read(&body)?;
    if !duplicates.is_empty() {
        return Err(Failure::invalid_document(duplicates).into());
    }
    let pull = Pull::deserialize(value).map_err(|error| malformed(&error))?;
    let period = read_period(&pull.period)?;
    let reason = pull.adjustment.map(|adjustment| adjustment.reason);
    let asked = Asked { source: source.into_inner(), period, blocs: pull.blocs, reason };
    let pulled = desk.register(&caller).pull(&asked).await?;
    Ok(list(pulled.iter().map(|one| json!(one)).collect()))
}

fn malformed(error: &serde_json::Error) -> Failure {
    Failure::new(FailureCode::MalformedJson, "Yêu cầu đọc số liệu không đúng khuôn dạng.", error.to_string())
        .hint("Gửi {\"period\": \"2026-H1\"}; thêm “blocs” để chỉ đọc một số khối, cụm.")
}
