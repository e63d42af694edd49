//! Every answer carries `X-Request-Id`: the caller's, if it is a plain one, else a fresh UUID.

use std::cell::RefCell;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
};

use super::language::Language;

const NAME: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id of a caller's that is repeated.
const LONGEST: usize = 64;

tokio::task_local! {
    static CURRENT: RefCell<String>;
}

/// The id of the request being answered.
pub(super) fn current() -> Option<String> {
    CURRENT.try_with(|id| id.borrow().clone()).ok()
}

/// Middleware: sets and answers the id.
pub async fn stamp(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let given = request.headers().get(&NAME).and_then(|value| value.to_str().ok());
    let plain = |id: &&str| {
        !id.is_empty()
            && id.len() <= LONGEST
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let id = given.filter(plain).map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned);
    let value = HeaderValue::from_str(&id);
    let language = Language::liked(request.headers());
    CURRENT
        .scope(RefCell::new(id), async move {
            // Errors become answers here, while the id is still known.
            let mut response = match language.speaking(next.call(request)).await {
                Ok(response) => response,
                Err(error) => return Err(error),
            };
            if let Ok(value) = value {
                response.headers_mut().insert(NAME, value);
            }
            Ok(response)
        })
        .await
}
