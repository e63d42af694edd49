//! Addresses that are to go: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and a link to what replaces them.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue, LINK},
    middleware::Next,
};
use chrono::{DateTime, Utc};

/// From when on an address is better not used, and when it ends.
#[derive(Debug, Clone)]
pub(super) struct Retirement {
    pub(super) since: DateTime<Utc>,
    pub(super) ends: DateTime<Utc>,
    /// What to use instead: an address of this service.
    pub(super) instead: &'static str,
}

impl Retirement {
    /// Adds the headers to whatever the route answers, faults too.
    pub(super) async fn announce(
        self,
        request: ServiceRequest,
        next: Next<impl MessageBody>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        let mut response = next.call(request).await?;
        // What cannot be written is left out; a test holds that everything can.
        let _written = self.write(response.headers_mut());
        Ok(response)
    }

    fn write(&self, headers: &mut HeaderMap) -> Result<(), InvalidHeaderValue> {
        let since = HeaderValue::from_str(&format!("@{}", self.since.timestamp()))?;
        let ends = HeaderValue::from_str(&self.ends.format("%a, %d %b %Y %H:%M:%S GMT").to_string())?;
        let instead = HeaderValue::from_str(&format!("<{}>; rel=\"successor-version\"", self.instead))?;
        headers.insert(HeaderName::from_static("deprecation"), since);
        headers.insert(HeaderName::from_static("sunset"), ends);
        headers.append(LINK, instead);
        Ok(())
    }
}
