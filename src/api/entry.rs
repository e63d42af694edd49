//! The way in: every request passes the gate before it reaches a handler, unless its row of the table is open.
//!
//! The rule: what a row says of access is what is asked for; and a handler that touches what belongs to an organisation
//! gets its [`Caller`] from [`By`], which an open address does not have.

use std::future::{Ready, ready};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
    web::Data,
};

use super::{ApiLimits, Problem, contract::Access, origin};
use crate::{
    access::{Caller, Scope},
    failure::{Failure, FailureCode},
    gate::{self, Gate, Refused, Shown},
};

/// Middleware of each route: lets the request in, or answers why not.
pub(super) async fn admit(
    access: Access,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let Some(scope) = access.scope() else { return Ok(next.call(request).await?.map_into_left_body()) };
    match let_in(&request, scope).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(problem) => Ok(request.into_response(problem.error_response()).map_into_right_body()),
    }
}

async fn let_in(request: &ServiceRequest, scope: Scope) -> Result<Caller, Problem> {
    let (gate, limits) = match (request.app_data::<Data<Gate>>(), request.app_data::<Data<ApiLimits>>()) {
        (Some(gate), Some(limits)) => (gate, limits),
        (None, _) | (_, None) => return Err(Failure::internal("the service has no gate").into()),
    };
    let from = origin::of(request, &limits.origins)?;
    let admitted = gate.admit(shown(request), from).await.map_err(problem)?;
    if admitted.caller.may(scope) { Ok(admitted.caller) } else { Err(gate::lacks(scope).into()) }
}

/// What the request shows. Two keys are none.
fn shown(request: &ServiceRequest) -> Shown<'_> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let Some(value) = values.next() else {
        return if origin::is_here(request) { Shown::NothingFromHere } else { Shown::Nothing };
    };
    let text = value.to_str().ok().filter(|_| values.next().is_none());
    match text.and_then(|text| text.split_once(' ')) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => Shown::Bearer(key.trim()),
        Some(_) | None => Shown::Other,
    }
}

fn problem(refused: Refused) -> Problem {
    let again_after = match &refused {
        Refused::TooManyWrongKeys { again_after } => Some(again_after.as_secs().max(1)),
        Refused::NoKey | Refused::WrongKey | Refused::WrongNetwork | Refused::Ledger(_) => None,
    };
    let problem = Problem::from(Failure::from(refused));
    match again_after {
        Some(seconds) => problem.retry_after(seconds),
        None => problem,
    }
}

/// Who asks, in a handler.
#[derive(Debug)]
pub(super) struct By(pub Caller);

impl FromRequest for By {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Caller>().cloned();
        // An open address has no caller; a handler that wants one there is refused, not trusted.
        ready(caller.map(Self).ok_or_else(|| Failure::from(Refused::NoKey).into()))
    }
}

/// RFC 6750: what a client may do about it.
pub(super) fn challenge(code: FailureCode) -> Option<&'static str> {
    match code {
        FailureCode::KeyMissing => Some("Bearer realm=\"tdkt-reports\""),
        FailureCode::KeyRefused => Some("Bearer realm=\"tdkt-reports\", error=\"invalid_token\""),
        FailureCode::ScopeMissing => Some("Bearer realm=\"tdkt-reports\", error=\"insufficient_scope\""),
        _ => None,
    }
}
