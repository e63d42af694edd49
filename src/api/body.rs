//! A request's body: JSON, not larger than the limit, not slower than the deadline.

use actix_web::{
    HttpRequest,
    http::header,
    web::{BytesMut, Payload},
};
use futures_util::StreamExt;

use super::{ApiLimits, Problem};
use crate::failure::{Failure, FailureCode};

/// Reads the whole body.
pub(super) async fn read(request: &HttpRequest, body: Payload, limits: &ApiLimits) -> Result<Vec<u8>, Problem> {
    refuse_other_types(request)?;
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limits.max_body) {
        return Err(too_large(limits.max_body));
    }
    match tokio::time::timeout(limits.body_deadline, collect(body, limits.max_body)).await {
        Ok(body) => body,
        Err(_elapsed) => Err(Failure::new(
            FailureCode::BodyTooSlow,
            format!("Dữ liệu gửi lên không đến đủ trong {} giây.", limits.body_deadline.as_secs()),
            format!("The body did not arrive within {} s.", limits.body_deadline.as_secs()),
        )
        .into()),
    }
}

fn refuse_other_types(request: &HttpRequest) -> Result<(), Problem> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || essence.ends_with("+json") {
        return Ok(());
    }
    Err(Failure::new(
        FailureCode::UnsupportedMediaType,
        "Chỉ nhận dữ liệu JSON (Content-Type: application/json).",
        "Only application/json is accepted.",
    )
    .into())
}

async fn collect(mut body: Payload, most: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(part) = body.next().await {
        let part = part.map_err(|_| {
            Failure::new(FailureCode::MalformedJson, "Dữ liệu gửi lên bị ngắt giữa chừng.", "The body broke off.")
        })?;
        if bytes.len() + part.len() > most {
            return Err(too_large(most));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes.to_vec())
}

fn too_large(most: usize) -> Problem {
    Failure::new(
        FailureCode::BodyTooLarge,
        format!("Dữ liệu gửi lên vượt giới hạn {most} byte."),
        format!("The body is larger than {most} bytes."),
    )
    .hint("Chia nhỏ dữ liệu hoặc bỏ bớt ảnh.")
    .into()
}
