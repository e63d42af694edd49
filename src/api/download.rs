//! A finished paper over HTTP: strong ETag, conditional and range requests (RFC 9110, sections 13 and 14), a Vietnamese
//! file name (RFC 6266, RFC 8187), and its digest (RFC 9530).

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::{
        StatusCode,
        header::{self, ByteRangeSpec, Header, Range},
    },
    web::Bytes,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::TryStreamExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Problem, conditions::lists};
use crate::{catalog::MediaType, desk::Document, failure::Failure};

/// What RFC 8187 leaves as it is (`attr-char`).
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

pub(super) async fn answer(request: &HttpRequest, document: Document) -> Result<HttpResponse, Problem> {
    let etag = format!("\"{}\"", document.artifact.sha256);
    let size = document.file.size;
    if lists(request, &header::IF_NONE_MATCH, &etag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish());
    }
    if request.headers().contains_key(header::IF_MATCH) && !lists(request, &header::IF_MATCH, &etag) {
        return Ok(HttpResponse::PreconditionFailed().insert_header((header::ETAG, etag)).finish());
    }
    let (status, start, length) = match wanted_part(request, &etag, size) {
        Part::Whole => (StatusCode::OK, 0, size),
        Part::Bytes { start, end } => (StatusCode::PARTIAL_CONTENT, start, end - start + 1),
        Part::Outside => {
            return Ok(HttpResponse::RangeNotSatisfiable()
                .insert_header((header::CONTENT_RANGE, format!("bytes */{size}")))
                .finish());
        }
    };
    let pieces = document.file.bytes(start, length).await.map_err(Failure::from)?;

    let mut response = HttpResponse::build(status);
    response
        .content_type(document.media_type.as_str())
        .insert_header((header::ETAG, etag))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CACHE_CONTROL, "private, immutable, max-age=31536000"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_DISPOSITION, disposition(&document.name, document.media_type)))
        .insert_header(("repr-digest", digest(&document.artifact.sha256)));
    if status == StatusCode::PARTIAL_CONTENT {
        response.insert_header((header::CONTENT_RANGE, format!("bytes {start}-{}/{size}", start + length - 1)));
    }
    Ok(response.body(SizedStream::new(length, pieces.map_ok(Bytes::from))))
}

enum Part {
    Whole,
    /// Both inclusive.
    Bytes {
        start: u64,
        end: u64,
    },
    Outside,
}

/// One range is served; several, or a range of another version, give the whole.
fn wanted_part(request: &HttpRequest, etag: &str, size: u64) -> Part {
    let other_version =
        request.headers().get(header::IF_RANGE).is_some_and(|value| value.as_bytes() != etag.as_bytes());
    if other_version || !request.headers().contains_key(header::RANGE) {
        return Part::Whole;
    }
    match Range::parse(request) {
        Ok(Range::Bytes(parts)) => match parts.as_slice() {
            [part] => range(part, size),
            _ => Part::Whole,
        },
        Ok(Range::Unregistered(..)) | Err(_) => Part::Whole,
    }
}

fn range(part: &ByteRangeSpec, size: u64) -> Part {
    match part.to_satisfiable_range(size) {
        Some((start, end)) => Part::Bytes { start, end },
        None => Part::Outside,
    }
}

fn disposition(name: &str, media_type: MediaType) -> String {
    let extension = media_type.extension();
    let name = utf8_percent_encode(name, ATTRIBUTE);
    format!("attachment; filename=\"document.{extension}\"; filename*=UTF-8''{name}")
}

fn digest(sha256: &str) -> String {
    let bytes: Vec<u8> =
        (0..sha256.len()).step_by(2).filter_map(|at| u8::from_str_radix(sha256.get(at..at + 2)?, 16).ok()).collect();
    format!("sha-256=:{}:", STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vietnamese_name_is_percent_encoded() {
        assert_eq!(
            disposition("Báo cáo.pdf", MediaType::Pdf),
            "attachment; filename=\"document.pdf\"; filename*=UTF-8''B%C3%A1o%20c%C3%A1o.pdf"
        );
    }

    #[test]
    fn the_digest_is_that_of_rfc_9530() {
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(nothing), "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
    }
}
