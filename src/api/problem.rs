//! A [`Failure`] as `application/problem+json` (RFC 9457).

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{entry, failures::explanation, language::Language, request_id};
use crate::{
    failure::{Failure, FailureCode, Remedy},
    metrics,
};

/// Seconds after which "later" is worth a try, where nothing better is known.
const LATER: u64 = 5;

/// A failure on its way to an HTTP client.
#[derive(Debug)]
pub struct Problem {
    failure: Box<Failure>,
    retry_after: Option<u64>,
    /// Methods that the address takes, where another was used.
    allowed: Option<String>,
    /// A member besides those that every problem has (RFC 9457, 3.2).
    besides: Option<(&'static str, Value)>,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let retry_after = (failure.remedy() == Remedy::TryLater).then_some(LATER);
        Self { failure: Box::new(failure), retry_after, allowed: None, besides: None }
    }
}

impl Problem {
    /// Replaces the wait that the client is asked for, in seconds.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds a member.
    pub(super) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.besides = Some((name, value));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        status(self.failure.code)
    }

    fn error_response(&self) -> HttpResponse {
        let failure = &self.failure;
        metrics::problem(failure.code);
        let status = self.status_code();
        // What went wrong inside is for the log, not for callers.
        let inside = matches!(failure.remedy(), Remedy::FixTemplate) && status == StatusCode::INTERNAL_SERVER_ERROR;
        if inside {
            tracing::error!(code = failure.code.as_str(), "A request failed: {}", failure.for_the_log());
        }
        let english = if inside { "The service cannot make this paper." } else { failure.message_en.as_str() };
        let errors: Vec<_> = failure
            .findings
            .iter()
            .map(|finding| {
                let mut error = serde_json::to_value(finding).unwrap_or_default();
                error["pointer"] = json!(finding.pointers.first());
                error
            })
            .collect();
        let request_id = request_id::current();
        // A caller's own id may be anything; only a UUID is a URN.
        let instance = request_id.as_deref().and_then(|id| Uuid::try_parse(id).ok()).map(|id| id.urn().to_string());
        let language = Language::current();
        let (title, detail) = match language {
            Language::Vietnamese => (failure.message.as_str(), failure.hint.as_deref()),
            Language::English => (english, explanation(failure.code).map(|explained| explained.english.remedy)),
        };
        let mut body = json!({
            "type": format!("/problems/{}", failure.code.as_str()),
            "title": title,
            "title_en": english,
            "status": status.as_u16(),
            "detail": detail,
            "code": failure.code.as_str(),
            "instance": instance,
            "request_id": request_id,
            "errors": errors,
        });
        if let Some((name, value)) = &self.besides {
            body[*name] = value.clone();
        }
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CONTENT_LANGUAGE, language.code()));
        response.insert_header((header::VARY, "accept-language"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(challenge) = entry::challenge(failure.code) {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if let Some(methods) = &self.allowed {
            response.insert_header((header::ALLOW, methods.as_str()));
        }
        response.body(body.to_string())
    }
}

/// The status of each failure; a new failure does not compile until this has decided.
pub(super) fn status(code: FailureCode) -> StatusCode {
    use FailureCode as C;
    match code {
        C::MalformedJson | C::BadParameter => StatusCode::BAD_REQUEST,
        C::KeyMissing | C::KeyRefused => StatusCode::UNAUTHORIZED,
        C::ScopeMissing | C::NetworkRefused => StatusCode::FORBIDDEN,
        C::NotFound | C::JobNotFound | C::BatchNotFound | C::WebhookNotFound | C::UnknownSample | C::NotInRegister => {
            StatusCode::NOT_FOUND
        }
        C::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        C::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
        C::JobNotFinished
        | C::JobHasNoDocument
        | C::JobAlreadyEnded
        | C::JobNotRequeueable
        | C::WebhookDisabled
        | C::TooManyWebhooks
        | C::PeriodClosed
        | C::PeriodOpen
        | C::PeriodIncomplete
        | C::IdempotencyInProgress => StatusCode::CONFLICT,
        C::DataErased => StatusCode::GONE,
        C::ChangedMeanwhile => StatusCode::PRECONDITION_FAILED,
        C::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        C::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        C::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        C::IdempotencyKeyReused
        | C::UnreadablePaper
        | C::EncryptedPaper
        | C::PaperWithoutData
        | C::PaperTooHeavy
        | C::UnknownKind
        | C::WebhookAddressRefused
        | C::InvalidDocument
        | C::NoEdition
        | C::MissingGlyph
        | C::RenderTimeout
        | C::RenderCpu
        | C::RenderTooLarge
        | C::RenderMemory => StatusCode::UNPROCESSABLE_ENTITY,
        C::MissingFont
        | C::TemplateFault
        | C::LayoutFault
        | C::RenderTooDeep
        | C::RenderGarbled
        | C::RenderForbidden
        | C::RenderCrashed
        | C::MissingSandbox
        | C::PoisonedJob
        | C::UnreadableJob
        | C::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        C::QuotaExceeded | C::TooManyWrongKeys | C::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        C::SourceUnavailable
        | C::StoreUnavailable
        | C::QueueFull
        | C::ServiceStopping
        | C::StorageFull
        | C::PressUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

pub(super) fn no_such_address() -> Problem {
    Failure::new(FailureCode::NotFound, "Không có địa chỉ này.", "There is no such address.")
        .hint("Xem danh sách địa chỉ tại /v1/openapi.json.")
        .into()
}

/// RFC 9110, 15.5.6: the answer names the methods that the address takes.
pub(super) fn wrong_method(allowed: &str) -> Problem {
    let failure = Failure::new(
        FailureCode::MethodNotAllowed,
        "Địa chỉ này không nhận phương thức đã dùng.",
        "This address does not take this method.",
    );
    Problem { allowed: Some(allowed.to_owned()), ..failure.hint(format!("Dùng: {allowed}.")).into() }
}
