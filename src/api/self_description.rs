//! `GET /v1/openapi.json`, `GET /v1/capabilities`, `GET /docs`: what the service says of itself.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    conditions::{Tagged, unless_known},
    contract, pages,
};
use crate::{catalog::Kind, inspection::FORMS, recipe, regulation::Edition, rendering::Workshop};

/// What this installation takes, for callers.
#[derive(Debug, Clone, Serialize)]
pub struct PublishedLimits {
    pub body_bytes: usize,
    pub paper_bytes: usize,
    pub body_deadline_s: u64,
    pub wait_s: u64,
    pub jobs_waiting: u64,
    pub jobs_waiting_each: u64,
    pub jobs_on_a_page: u32,
    pub render_s: u64,
    pub idempotency_hours: u64,
    /// 0: for ever.
    pub keep_requests_days: u64,
    /// 0: for ever.
    pub keep_documents_days: u64,
}

/// Documents that stay as they are while the process lives, made once.
#[derive(Debug, Clone)]
pub struct SelfDescription {
    openapi: Tagged,
    capabilities: Tagged,
    page: Tagged,
}

impl SelfDescription {
    pub fn of(workshop: &Workshop, limits: &PublishedLimits) -> Self {
        let contract = contract::document(workshop.catalog());
        Self {
            page: Tagged::new(pages::contract(&contract)),
            openapi: Tagged::new(contract.to_string()),
            capabilities: Tagged::new(capabilities(workshop, limits).to_string()),
        }
    }
}

/// 200 with the OpenAPI document, or 304.
pub(super) async fn openapi(known: Data<SelfDescription>, request: HttpRequest) -> HttpResponse {
    unless_known(&request, known.openapi.clone(), "application/json")
}

/// 200 with kinds, editions, limits, fonts, build and standards, or 304.
pub(super) async fn can(known: Data<SelfDescription>, request: HttpRequest) -> HttpResponse {
    unless_known(&request, known.capabilities.clone(), "application/json")
}

/// 200 with the contract for people, or 304.
pub(super) async fn page(known: Data<SelfDescription>, request: HttpRequest) -> HttpResponse {
    let mut response = unless_known(&request, known.page.clone(), pages::MEDIA_TYPE);
    pages::shut_in(response.headers_mut());
    response.headers_mut().insert(header::CONTENT_LANGUAGE, header::HeaderValue::from_static("vi, en"));
    response
}

fn capabilities(workshop: &Workshop, limits: &PublishedLimits) -> Value {
    let catalog = workshop.catalog();
    let kind = |kind: &Kind| {
        json!({"kind": kind.manifest.kind, "title": kind.manifest.title, "media_type": kind.media_type(),
            "editions": kind.editions().collect::<Vec<_>>()})
    };
    let edition = |edition: &Edition| {
        json!({"id": edition.id, "title": edition.title, "in_force_from": edition.in_force_from,
            "in_force_until": edition.in_force_until})
    };
    json!({
        "program": recipe::PROGRAM,
        "version": env!("CARGO_PKG_VERSION"),
        "engine": recipe::ENGINE,
        "templates": catalog.digest(),
        "fonts": {"sha256": workshop.fonts().digest(), "families": workshop.fonts().families(), "files": workshop.fonts().files()},
        "kinds": catalog.kinds().map(kind).collect::<Vec<_>>(),
        "editions": catalog.editions().iter().map(edition).collect::<Vec<_>>(),
        "layout_forms": FORMS,
        "limits": limits,
        "standards": {
            "documents": ["PDF/A-2a", "PDF/A-3a", "PDF/UA-1", "Nghị định số 30/2020/NĐ-CP"],
            "interface": ["OpenAPI 3.1", "JSON Schema 2020-12", "RFC 9110", "RFC 9457", "RFC 8288", "RFC 7240", "RFC 9530",
                "RFC 9745", "RFC 8594", "draft-ietf-httpapi-idempotency-key-header-07"],
        },
    })
}
