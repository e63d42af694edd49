//! A request's body: JSON or a paper, not larger than the limit, not slower than the deadline.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest,
    http::header,
    web::{BytesMut, Payload},
};
use futures_util::StreamExt;
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use super::{ApiLimits, Problem};
use crate::failure::{Failure, FailureCode};

/// The least that a body's bytes come with in a second, once the grace is over.
const LEAST_PER_SECOND: u64 = 1_024;
const GRACE: Duration = Duration::from_secs(5);

/// What an address takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Media {
    Json,
    /// A request a line.
    Lines,
    /// Files of requests.
    Zip,
    /// What else comes where any of these three would be taken.
    Many,
    Pdf,
}

/// Reads the whole body, which has to be JSON.
pub(super) async fn read(request: &HttpRequest, body: Payload, limits: &ApiLimits) -> Result<Vec<u8>, Problem> {
    read_as(Media::Json, limits.max_body, request, body, limits).await
}

/// Reads JSON that may be left out. A body without a type is refused like one of another type, and not passed over.
pub(super) async fn read_if_any(
    request: &HttpRequest,
    mut body: Payload,
    limits: &ApiLimits,
) -> Result<Vec<u8>, Problem> {
    if request.headers().contains_key(header::CONTENT_TYPE) {
        return read(request, body, limits).await;
    }
    match tokio::time::timeout(GRACE, body.next()).await {
        Ok(None) => Ok(Vec::new()),
        Ok(Some(_)) => refuse_other_types(Media::Json, request).map(|()| Vec::new()),
        Err(_elapsed) => Err(too_slow()),
    }
}

/// Reads many requests, as JSON, lines or a ZIP file. They may be as large as a paper, and only so many are held at a time.
pub(super) async fn read_many(
    request: &HttpRequest,
    body: Payload,
    limits: &ApiLimits,
) -> Result<(Media, Vec<u8>, OwnedSemaphorePermit), Problem> {
    let media = match essence(request).as_str() {
        "application/x-ndjson" | "application/ndjson" => Media::Lines,
        "application/zip" | "application/x-zip-compressed" => Media::Zip,
        _ => Media::Many,
    };
    let place = held(limits)?;
    let body = read_as(media, limits.max_paper, request, body, limits).await?;
    Ok((media, body, place))
}

/// The media type without its parameters.
fn essence(request: &HttpRequest) -> String {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn held(limits: &ApiLimits) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(&limits.papers_held).try_acquire_owned().map_err(|_| {
        Failure::new(FailureCode::PressUnavailable, "Đang đọc quá nhiều tệp.", "Too many files are being read.")
            .hint("Thử lại sau ít phút.")
            .into()
    })
}

/// Reads a paper. Only so many are held at a time: a file is much larger than data.
pub(super) async fn read_paper(
    request: &HttpRequest,
    body: Payload,
    limits: &ApiLimits,
) -> Result<(Vec<u8>, OwnedSemaphorePermit), Problem> {
    let place = held(limits)?;
    let file = read_as(Media::Pdf, limits.max_paper, request, body, limits).await?;
    Ok((file, place))
}

async fn read_as(
    media: Media,
    most: usize,
    request: &HttpRequest,
    body: Payload,
    limits: &ApiLimits,
) -> Result<Vec<u8>, Problem> {
    refuse_other_types(media, request)?;
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > most) {
        return Err(too_large(media, most));
    }
    match tokio::time::timeout(limits.body_deadline, collect(media, body, most)).await {
        Ok(body) => body,
        Err(_elapsed) => Err(too_slow()),
    }
}

fn refuse_other_types(media: Media, request: &HttpRequest) -> Result<(), Problem> {
    let essence = essence(request);
    let coding = request.headers().get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    if coding.is_some_and(|coding| coding != b"identity") {
        return Err(Failure::new(
            FailureCode::UnsupportedMediaType,
            "Không nhận dữ liệu đã nén (Content-Encoding).",
            "No Content-Encoding is taken.",
        )
        .hint("Gửi dữ liệu không nén.")
        .into());
    }
    let (taken, message, message_en) = match media {
        Media::Json => (
            essence == "application/json" || essence.ends_with("+json"),
            "Chỉ nhận dữ liệu JSON (Content-Type: application/json).",
            "Only application/json is accepted.",
        ),
        // Their type is how they are known.
        Media::Lines | Media::Zip => (true, "", ""),
        Media::Many => (
            essence == "application/json" || essence.ends_with("+json"),
            "Chỉ nhận JSON (Content-Type: application/json), mỗi dòng một yêu cầu (application/x-ndjson) hoặc ZIP (application/zip).",
            "Only application/json, application/x-ndjson and application/zip are accepted.",
        ),
        Media::Pdf => (
            essence == "application/pdf",
            "Chỉ nhận tệp PDF (Content-Type: application/pdf).",
            "Only application/pdf is accepted.",
        ),
    };
    if taken { Ok(()) } else { Err(Failure::new(FailureCode::UnsupportedMediaType, message, message_en).into()) }
}

async fn collect(media: Media, mut body: Payload, most: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = BytesMut::new();
    let began = Instant::now();
    loop {
        // Bytes that have come buy time for those that have not.
        let credit = Duration::from_millis(bytes.len() as u64 * 1_000 / LEAST_PER_SECOND);
        let part = tokio::time::timeout_at(began + GRACE + credit, body.next()).await;
        let Some(part) = part.map_err(|_elapsed| too_slow())? else { break };
        let part = part.map_err(|_| {
            let code = match media {
                Media::Json | Media::Lines | Media::Zip | Media::Many => FailureCode::MalformedJson,
                Media::Pdf => FailureCode::UnreadablePaper,
            };
            Failure::new(code, "Dữ liệu gửi lên bị ngắt giữa chừng.", "The body broke off.")
        })?;
        if bytes.len() + part.len() > most {
            return Err(too_large(media, most));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes.to_vec())
}

fn too_slow() -> Problem {
    Failure::new(
        FailureCode::BodyTooSlow,
        "Dữ liệu gửi lên đến quá chậm nên không chờ được nữa.",
        "The body came too slowly and was not waited for any longer.",
    )
    .hint("Kiểm tra đường truyền rồi gửi lại.")
    .into()
}

fn too_large(media: Media, most: usize) -> Problem {
    let hint = match media {
        Media::Json | Media::Lines | Media::Zip | Media::Many => "Chia nhỏ dữ liệu hoặc bỏ bớt ảnh.",
        Media::Pdf => "Chọn đúng tệp PDF gốc.",
    };
    Failure::new(
        FailureCode::BodyTooLarge,
        format!("Dữ liệu gửi lên vượt giới hạn {most} byte."),
        format!("The body is larger than {most} bytes."),
    )
    .hint(hint)
    .into()
}
