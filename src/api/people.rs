//! `POST /v1/people:find`, `:export`, `:erase`: what is held of a person. The name comes in the body, never in the address.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Payload},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ApiLimits, Problem, body, entry::By};
use crate::{
    desk::Desk,
    failure::{Failure, FailureCode},
    people::{Likeness, Name},
};

/// Who is looked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    name: String,
    #[serde(default)]
    ignore_diacritics: bool,
}

/// 200 with what holds something of the person.
pub(super) async fn find(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let name = name(&request, payload, &limits).await?;
    Ok(told(&json!(desk.of(&caller).find_person(&name).await?)))
}

/// 200 with what is held of the person.
pub(super) async fn export(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let name = name(&request, payload, &limits).await?;
    Ok(told(&json!(desk.of(&caller).export_person(&name).await?)))
}

/// 200 with what became of each job and each version.
pub(super) async fn erase(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let name = name(&request, payload, &limits).await?;
    Ok(told(&json!(desk.of(&caller).erase_person(&name).await?)))
}

async fn name(request: &HttpRequest, payload: Payload, limits: &ApiLimits) -> Result<Name, Problem> {
    let bytes = body::read(request, payload, limits).await?;
    // serde's own sentence repeats what was sent.
    let who: Who = serde_json::from_slice(&bytes).map_err(|_its_text_may_hold_a_name| {
        Failure::new(
            FailureCode::MalformedJson,
            "Cần một đối tượng JSON có name và, nếu muốn, ignore_diacritics.",
            "The body is a JSON object with name and, if wanted, ignore_diacritics.",
        )
        .hint("Ví dụ: {\"name\": \"Nguyễn Văn A\", \"ignore_diacritics\": true}")
    })?;
    let likeness = if who.ignore_diacritics { Likeness::Bare } else { Likeness::Exact };
    Ok(Name::read(&who.name, likeness)?)
}

fn told(value: &Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(value)
}
