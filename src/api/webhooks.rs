//! `/v1/webhooks…`: where an organisation's events are sent.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path, Payload, Query},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ApiLimits, Problem, body, entry::By};
use crate::{
    failure::{Failure, FailureCode},
    job::event::EventType,
    ledger::Which,
    post::Registry,
};

/// Deliveries on a page.
const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    url: String,
    #[serde(default)]
    types: Vec<String>,
}

/// Numbers of events, first and last.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    from: i64,
    to: i64,
}

/// `?limit=50&cursor=…`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    limit: Option<u32>,
    cursor: Option<String>,
}

/// 200 with all of them.
pub(super) async fn list(By(caller): By, registry: Data<Registry>) -> Result<HttpResponse, Problem> {
    let webhooks = registry.list(Some(caller.organisation())).await?;
    Ok(told(&json!({"data": webhooks})))
}

/// 201 with the webhook and its secret, which is shown this once.
pub(super) async fn add(
    By(caller): By,
    registry: Data<Registry>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let bytes = body::read(&request, payload, &limits).await?;
    let new: New = serde_json::from_slice(&bytes).map_err(|_| not_new())?;
    let types: Option<Vec<EventType>> = new.types.iter().map(|word| EventType::parse(word)).collect();
    let (webhook, secret) = registry.add(caller.organisation(), &new.url, &types.ok_or_else(not_new)?).await?;
    let mut shown = json!(webhook);
    shown["secret"] = json!(secret.reveal());
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, format!("/v1/webhooks/{}", webhook.id)));
    Ok(response.insert_header((header::CACHE_CONTROL, "no-store")).json(shown))
}

/// 200 with the webhook, without its secret.
pub(super) async fn show(By(caller): By, registry: Data<Registry>, id: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(told(&json!(registry.show((Some(caller.organisation()), &id)).await?)))
}

/// 204.
pub(super) async fn remove(
    By(caller): By,
    registry: Data<Registry>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    registry.remove((Some(caller.organisation()), &id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// 200 with the new secret, which is shown this once.
pub(super) async fn rotate(
    By(caller): By,
    registry: Data<Registry>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let secret = registry.rotate((Some(caller.organisation()), &id)).await?;
    Ok(told(&json!({"id": *id, "secret": secret.reveal()})))
}

/// 202 with the id of the event that is sent.
pub(super) async fn test(By(caller): By, registry: Data<Registry>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let event = registry.test((Some(caller.organisation()), &id)).await?;
    Ok(HttpResponse::Accepted().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({"event_id": event})))
}

/// 200 with the webhook, to which events are sent again.
pub(super) async fn enable(
    By(caller): By,
    registry: Data<Registry>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let named = (Some(caller.organisation()), id.as_str());
    registry.enable(named).await?;
    Ok(told(&json!(registry.show(named).await?)))
}

/// 200 with the webhook, to which nothing is sent any more.
pub(super) async fn disable(
    By(caller): By,
    registry: Data<Registry>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let named = (Some(caller.organisation()), id.as_str());
    registry.disable(named).await?;
    Ok(told(&json!(registry.show(named).await?)))
}

/// 200 with a page of deliveries, the newest first.
pub(super) async fn deliveries(
    By(caller): By,
    registry: Data<Registry>,
    id: Path<String>,
    query: Result<Query<PageQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let PageQuery { limit, cursor } = query.map_err(|_| bad_page())?.into_inner();
    let limit = limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(bad_page());
    }
    let named = (Some(caller.organisation()), id.as_str());
    // One more than asked for tells whether there is a next page.
    let mut page = registry.deliveries(named, cursor.as_deref(), limit + 1).await?;
    let more = page.len() > limit as usize;
    page.truncate(limit as usize);
    let next = page.last().filter(|_| more).map(|record| record.id.clone());
    Ok(told(&json!({"data": page, "next_cursor": next})))
}

/// 202: the event is sent again under its id.
pub(super) async fn redeliver(
    By(caller): By,
    registry: Data<Registry>,
    ids: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, event) = ids.into_inner();
    let events = registry.redeliver((Some(caller.organisation()), &id), &Which::One(event)).await?;
    Ok(HttpResponse::Accepted().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({"events": events})))
}

/// 202: the events of a range are sent again, also those that never were.
pub(super) async fn redeliver_range(
    By(caller): By,
    registry: Data<Registry>,
    limits: Data<ApiLimits>,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let bytes = body::read(&request, payload, &limits).await?;
    let range: Option<Range> = serde_json::from_slice(&bytes).ok();
    let range = range.filter(|range| range.from >= 1 && range.to >= range.from).ok_or_else(no_range)?;
    let which = Which::Range(range.from, range.to);
    let events = registry.redeliver((Some(caller.organisation()), &id), &which).await?;
    Ok(HttpResponse::Accepted().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({"events": events})))
}

fn told(value: &Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(value)
}

fn not_new() -> Problem {
    Failure::new(
        FailureCode::MalformedJson,
        "Cần một đối tượng JSON có url và, nếu muốn, types.",
        "The body is a JSON object with url and, if wanted, types.",
    )
    .hint("Ví dụ: {\"url\": \"https://hethong.tinh.vn/tdkt\", \"types\": [\"job.succeeded\"]}")
    .into()
}

fn no_range() -> Problem {
    Failure::new(
        FailureCode::MalformedJson,
        "Cần một đối tượng JSON có from và to, là số thứ tự sự kiện.",
        "The body is a JSON object with from and to, numbers of events.",
    )
    .hint("Ví dụ: {\"from\": 120, \"to\": 180}")
    .into()
}

fn bad_page() -> Problem {
    Failure::new(
        FailureCode::BadParameter,
        "Tham số liệt kê lượt gửi không đúng.",
        "The parameters are limit, from 1 to 200, and the cursor of the page before.",
    )
    .hint("Ví dụ: ?limit=50")
    .into()
}
