//! Answers of some size, a portion at a time: the connection copies a portion, and not the whole once more for a caller
//! who does not read.

use std::sync::Arc;

use actix_web::{
    Error,
    body::{BodySize, BoxBody, MessageBody, SizedStream},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::{Bytes, Data},
};
use futures_util::stream;

use super::{ApiLimits, Line, pace};

/// What the connection copies at a time; it asks for more while it has room.
const PORTION: usize = 16 << 10;

/// Middleware: what is larger than a portion is handed over in portions, from the one place where it lies.
pub async fn portion(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let line = request.conn_data::<Arc<Line>>().map(|line| (Arc::clone(line), line.another()));
    let grace = request.app_data::<Data<ApiLimits>>().map(|limits| limits.answer_grace);
    let watched = |body: BoxBody| match (&line, grace) {
        (Some((line, request)), Some(grace)) => pace::watched(body, (line, *request), grace),
        (None, _) | (_, None) => body,
    };
    Ok(next.call(request).await?.map_body(|_head, body| match body.size() {
        BodySize::Sized(size) if size > PORTION as u64 => match body.try_into_bytes() {
            Ok(bytes) => watched(BoxBody::new(SizedStream::new(size, stream::iter(portions(bytes))))),
            // A stream already.
            Err(body) => watched(body.boxed()),
        },
        BodySize::Stream => watched(body.boxed()),
        BodySize::None | BodySize::Sized(_) => body.boxed(),
    }))
}

/// Views of the same bytes.
fn portions(bytes: Bytes) -> impl Iterator<Item = Result<Bytes, Error>> {
    let ends = (0..bytes.len()).step_by(PORTION);
    ends.map(move |begin| Ok(bytes.slice(begin..bytes.len().min(begin + PORTION))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_are_the_whole_in_order() {
        for length in [1, PORTION, PORTION + 1, 5 * PORTION - 3] {
            let whole: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
            let taken: Vec<Bytes> = portions(whole.clone().into()).map(Result::unwrap).collect();
            assert!(taken.iter().all(|portion| (1..=PORTION).contains(&portion.len())));
            assert_eq!(taken.concat(), whole, "{length}");
        }
    }
}
