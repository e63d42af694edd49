//! Conditional requests (RFC 9110, section 13): whether a header lists an entity tag.

use actix_web::{HttpRequest, http::header::HeaderName};

/// Whether `If-Match` or `If-None-Match` lists the tag; compared weakly.
pub(super) fn lists(request: &HttpRequest, name: &HeaderName, etag: &str) -> bool {
    let values = request.headers().get_all(name).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag
    })
}
