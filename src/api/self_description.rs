//! `GET /v1/openapi.json`: what the service says of itself.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Bytes, Data},
};

use super::{Problem, conditions, contract};
use crate::{catalog::Catalog, fingerprint};

/// Documents that stay as they are while the process lives, made once.
#[derive(Debug, Clone)]
pub struct SelfDescription {
    openapi: Fixed,
}

/// Bytes and their entity tag.
#[derive(Debug, Clone)]
struct Fixed {
    bytes: Bytes,
    etag: Arc<str>,
}

impl Fixed {
    fn new(text: String) -> Self {
        let etag = format!("\"{}\"", fingerprint::of(text.as_bytes())).into();
        Self { bytes: Bytes::from(text), etag }
    }
}

impl SelfDescription {
    pub fn of(catalog: &Catalog) -> Self {
        Self { openapi: Fixed::new(contract::document(catalog).to_string()) }
    }
}

/// 200 with the OpenAPI document, or 304.
pub(super) async fn openapi(known: Data<SelfDescription>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Ok(answer(&request, &known.openapi, "application/json"))
}

fn answer(request: &HttpRequest, fixed: &Fixed, media_type: &str) -> HttpResponse {
    let unchanged = conditions::lists(request, &header::IF_NONE_MATCH, &fixed.etag);
    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, fixed.etag.as_ref()))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if unchanged {
        return response.finish();
    }
    response.content_type(media_type).body(fixed.bytes.clone())
}
