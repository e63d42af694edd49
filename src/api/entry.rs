//! The way in: every request passes the gate before it reaches a handler, unless its row of the table is open.
//!
//! The rule: what a row says of access is what is asked for; and a handler that touches what belongs to an organisation
//! gets its [`Caller`] from [`By`], which an open address does not have.

use std::future::{Ready, ready};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};

use super::{ApiLimits, Problem, contract::Access, origin};
use crate::{
    access::Caller,
    failure::{Failure, FailureCode},
    gate::{self, Allowance, Gate, Refused, Shown},
};

/// Middleware of each route: lets the request in, or answers why not.
pub(super) async fn admit(
    access: Access,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    if access == Access::Open {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    match let_in(&request, access).await {
        Ok((caller, allowance)) => {
            request.extensions_mut().insert(caller);
            let mut response = next.call(request).await?.map_into_left_body();
            announce(response.headers_mut(), allowance.as_ref());
            Ok(response)
        }
        Err((problem, allowance)) => {
            let mut response = request.into_response(problem.error_response()).map_into_right_body();
            announce(response.headers_mut(), allowance.as_ref());
            Ok(response)
        }
    }
}

/// As the IETF draft draft-ietf-httpapi-ratelimit-headers has it: the bound, what is left, and when all of it is back.
fn announce(headers: &mut HeaderMap, allowance: Option<&Allowance>) {
    let Some(Allowance { limit, left, full_after, .. }) = allowance else { return };
    let policy = format!("\"default\";q={limit};w=60");
    let state = format!("\"default\";r={left};t={full_after}");
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
        // Numbers between fixed words: this always is a header's value.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// The caller, and what is left of their requests where this one counts.
async fn let_in(
    request: &ServiceRequest,
    access: Access,
) -> Result<(Caller, Option<Allowance>), (Problem, Option<Allowance>)> {
    let uncounted = |failure: Failure| (Problem::from(failure), None);
    let (gate, limits) = match (request.app_data::<Data<Gate>>(), request.app_data::<Data<ApiLimits>>()) {
        (Some(gate), Some(limits)) => (gate, limits),
        (None, _) | (_, None) => return Err(uncounted(Failure::internal("the service has no gate"))),
    };
    let from = origin::of(request, &limits.origins).map_err(|problem| (problem, None))?;
    let admitted = gate.admit(shown(request), from).await.map_err(|refused| (problem(refused), None))?;
    if let Some(scope) = access.scope().filter(|scope| !admitted.caller.may(*scope)) {
        return Err(uncounted(gate::lacks(scope)));
    }
    // Looking does not count: who follows a job need not fear for the next one.
    let counts = match access {
        Access::Submit | Access::Admin => true,
        Access::Open | Access::Read => false,
    };
    let allowance = if counts { gate.spend(&admitted) } else { None };
    match allowance.as_ref().and_then(|allowance| Some((allowance, allowance.again_after?))) {
        Some((spent, seconds)) => Err((Problem::from(gate::too_often(spent)).retry_after(seconds), allowance)),
        None => Ok((admitted.caller, allowance)),
    }
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
