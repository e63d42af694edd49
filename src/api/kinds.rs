//! `GET /v1/kinds`, their schemas and samples.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use serde_json::json;

use super::{
    Problem,
    conditions::{Tagged, unless_known},
};
use crate::{
    catalog::Kind,
    desk::Desk,
    failure::{Failure, FailureCode},
};

/// 200 with every kind of paper.
pub(super) async fn list(desk: Data<Desk>, request: HttpRequest) -> HttpResponse {
    let kinds: Vec<_> = desk
        .workshop()
        .catalog()
        .kinds()
        .map(|kind| {
            json!({
                "kind": kind.manifest.kind,
                "title": kind.manifest.title,
                "media_type": kind.media_type(),
                "editions": kind.editions().collect::<Vec<_>>(),
                "samples": kind.sample_names().collect::<Vec<_>>(),
                "schema": address(kind),
            })
        })
        .collect();
    unless_known(&request, Tagged::new(json!({"data": kinds}).to_string()), "application/json")
}

/// 200 with the JSON Schema (2020-12) of a request for that kind; its `$id` is the address it is served at.
pub(super) async fn schema(
    desk: Data<Desk>,
    kind: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let kind = find(&desk, &kind)?;
    let mut schema = kind.schema.clone();
    schema["$id"] = json!(address(kind));
    Ok(unless_known(&request, Tagged::new(schema.to_string()), "application/schema+json"))
}

fn address(kind: &Kind) -> String {
    format!("/v1/kinds/{}/schema", kind.manifest.kind)
}

/// 200 with a sample request.
pub(super) async fn sample(
    desk: Data<Desk>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (kind, name) = path.into_inner();
    let sample = find(&desk, &kind)?.sample(&name).ok_or_else(|| {
        Failure::new(FailureCode::UnknownSample, "Không có mẫu dữ liệu này.", "There is no such sample.")
            .hint("Xem tên các mẫu dữ liệu tại /v1/kinds.")
    })?;
    Ok(unless_known(&request, Tagged::new(sample.to_owned()), "application/json"))
}

fn find<'a>(desk: &'a Desk, kind: &str) -> Result<&'a Kind, Problem> {
    let unknown = || {
        Failure::new(FailureCode::NotFound, "Không có loại văn bản này.", "There is no such kind of paper.")
            .hint("Xem danh sách loại văn bản tại /v1/kinds.")
    };
    Ok(desk.workshop().catalog().kind(kind).ok_or_else(unknown)?)
}
