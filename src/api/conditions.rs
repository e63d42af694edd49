//! Conditional requests (RFC 9110, section 13): whether a header lists an entity tag, and upon which version a write is made.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName},
    web::Bytes,
};

use super::Problem;
use crate::{
    failure::{Failure, FailureCode},
    fingerprint,
    register::Base,
};

/// Whether `If-Match` or `If-None-Match` lists the tag; compared weakly.
pub(super) fn lists(request: &HttpRequest, name: &HeaderName, etag: &str) -> bool {
    let values = request.headers().get_all(name).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag
    })
}

/// Upon which version the caller writes. A write that does not say is refused (RFC 6585, 3), so that two officers do not
/// overwrite one another.
pub(super) fn base(request: &HttpRequest) -> Result<Base, Problem> {
    let tags = |name: &HeaderName| {
        let values = request.headers().get_all(name).filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(|tag| tag.trim().to_owned()).collect::<Vec<_>>()
    };
    let (matching, none_matching) = (tags(&header::IF_MATCH), tags(&header::IF_NONE_MATCH));
    match (matching.as_slice(), none_matching.as_slice()) {
        ([], [star]) if star == "*" => Ok(Base::Nothing),
        ([star], []) if star == "*" => Ok(Base::Something),
        ([_, ..], []) => Ok(Base::OneOf(matching)),
        _ => Err(Failure::new(
            FailureCode::PreconditionRequired,
            "Yêu cầu ghi phải cho biết sửa trên phiên bản nào.",
            "A write needs If-Match with the ETag that was read, or If-None-Match: * where nothing is there yet.",
        )
        .hint("Đọc mục cần sửa rồi gửi kèm If-Match với ETag vừa đọc; mục mới thì gửi If-None-Match: *.")
        .into()),
    }
}

/// A body that seldom changes, and the entity tag that tells it from what it was.
#[derive(Debug, Clone)]
pub(super) struct Tagged {
    body: Bytes,
    etag: String,
}

impl Tagged {
    pub(super) fn new(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self { etag: format!("\"{}\"", fingerprint::of(&body)), body }
    }
}

/// 200 with the body, or 304 for those who have it.
pub(super) fn unless_known(request: &HttpRequest, answer: Tagged, media_type: &str) -> HttpResponse {
    let Tagged { body, etag } = answer;
    let known = lists(request, &header::IF_NONE_MATCH, &etag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if known { response.finish() } else { response.content_type(media_type).body(body) }
}
