//! `Prefer: wait=10` (RFC 7240): how long the caller would rather wait for an end than ask again.

use std::time::Duration;

use actix_web::HttpRequest;

/// The seconds of the first `wait`. What is not understood is not followed, as the RFC asks.
pub(super) fn wait(request: &HttpRequest) -> Option<Duration> {
    let values = request.headers().get_all("prefer").filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split(','));
    preferences.find_map(|preference| {
        let (name, seconds) = preference.split(';').next()?.split_once('=')?;
        let seconds = seconds.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("wait").then(|| seconds.parse().ok().map(Duration::from_secs)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_wait_is_read_and_anything_else_is_left_alone() {
        let told = |value: &str| {
            wait(&TestRequest::default().insert_header(("prefer", value)).to_http_request()).map(|wait| wait.as_secs())
        };
        assert_eq!(told("wait=10"), Some(10));
        assert_eq!(told("respond-async, Wait = \"7\"; x=1"), Some(7));
        for other in ["respond-async", "wait", "wait=", "wait=-1", "wait=1.5", "waiting=3", "wait=99999999999999999999"]
        {
            assert_eq!(told(other), None, "{other}");
        }
    }
}
