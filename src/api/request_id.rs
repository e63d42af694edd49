//! Every answer carries `X-Request-Id`: the caller's, if it is a plain one, else a fresh UUID. Id and trace stand beside every
//! line that the log says meanwhile.

use std::{cell::RefCell, time::SystemTime};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
};
use tracing::Instrument;

use crate::{
    metrics,
    traces::{self, Note, Span, SpanKind, TraceContext},
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
    let caller = request.headers().get("traceparent").and_then(|value| TraceContext::read(value.to_str().ok()?));
    let said = tracing::info_span!("request", id, trace = caller.map(|caller| caller.trace_id()));
    CURRENT
        .scope(RefCell::new(id), async move {
            // Errors become answers here, while the id is still known.
            let mut response = match language.speaking(trace(caller, request, next)).await {
                Ok(response) => response,
                Err(error) => return Err(error),
            };
            if let Ok(value) = value {
                response.headers_mut().insert(NAME, value);
            }
            Ok(response)
        })
        .instrument(said)
        .await
}

/// Answers as a step of the caller's trace. The step is told where the caller is in a trace or a job was made; polls of
/// others would drown it.
async fn trace<B: MessageBody>(
    caller: Option<TraceContext>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let (began, method) = (SystemTime::now(), metrics::method(request.method().as_str()));
    let context = traces::enter(caller);
    let (answer, mut notes) = traces::within(context, next.call(request)).await;
    traces::finish(|| {
        let context = context.filter(|_| caller.is_some() || !notes.is_empty())?;
        let (route, status) = match &answer {
            Ok(response) => (response.request().match_pattern(), response.status().as_u16()),
            Err(error) => (None, error.as_response_error().status_code().as_u16()),
        };
        let route = route.map_or_else(|| "none".to_owned(), |route| metrics::template(&route));
        notes.push(("http.request.method", Note::Word(method.to_owned())));
        notes.push(("http.route", Note::Word(route.clone())));
        notes.push(("http.response.status_code", Note::Number(status.into())));
        Some(Span {
            name: format!("{method} {route}"),
            kind: SpanKind::Server,
            context,
            parent: caller,
            began,
            ended: SystemTime::now(),
            failed: (status >= 500).then_some("server-error"),
            notes,
        })
    });
    answer
}
