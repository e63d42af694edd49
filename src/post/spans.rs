//! The span of a delivery: a child of the request that its job came with, and what the receiver's own trace hangs on.

use std::time::{Duration, Instant, SystemTime};

use crate::{
    ledger::{Parcel, Tried},
    traces::{self, Note, SpanKind, TraceContext},
};

/// One try that is under way.
pub(super) struct Span {
    context: Option<TraceContext>,
    began: SystemTime,
    started: Instant,
}

impl Span {
    pub(super) fn begin(parcel: &Parcel) -> Self {
        // A trial belongs to no job, so to no trace.
        let context = parcel.trace.and_then(|caller| traces::enter(Some(caller)));
        Self { context, began: SystemTime::now(), started: Instant::now() }
    }

    /// What the receiver is told: this span where spans are delivered, else the caller's own.
    pub(super) fn context(&self) -> Option<TraceContext> {
        self.context
    }

    pub(super) fn took(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) fn end(self, parcel: &Parcel, tried: Tried, failed: Option<&'static str>) {
        let Self { context, began, .. } = self;
        traces::finish(|| {
            let mut notes = vec![
                ("webhook.id", Note::Word(parcel.webhook.clone())),
                ("event.id", Note::Word(parcel.message_id.clone())),
                ("webhook.tries", Note::Number(i64::from(parcel.tries) + 1)),
            ];
            notes.extend(tried.status.map(|status| ("http.response.status_code", Note::Number(status.into()))));
            let (name, kind, ended) = ("delivery".to_owned(), SpanKind::Client, began + tried.took);
            Some(traces::Span { name, kind, context: context?, parent: parcel.trace, began, ended, failed, notes })
        });
    }
}
