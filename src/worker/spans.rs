//! The spans of a job: its wait and its render, both children of the request that it came with.

use std::{any::Any, time::SystemTime};

use crate::{
    job::Lease,
    press::{Pressed, Verdict},
    traces::{self, Note, Span, SpanKind},
};

/// What a render left: a paper, a verdict, or a panic of the press.
type Rendered = Result<Result<Pressed, Verdict>, Box<dyn Any + Send>>;

/// From the moment the job was due to its lease, by the ledger's measure of it.
pub(super) fn tell_of_queue(lease: &Lease) {
    traces::finish(|| {
        let ended = SystemTime::now();
        let began = ended.checked_sub(lease.waited).unwrap_or(ended);
        Some(Span { began, ended, ..about(lease, "queue")? })
    });
}

/// From the order to the child's answer or end.
pub(super) fn tell_of_render(lease: &Lease, began: SystemTime, rendered: &Rendered) {
    traces::finish(|| {
        let mut span = Span { began, ended: SystemTime::now(), ..about(lease, "render")? };
        match rendered {
            Ok(Ok(pressed)) => {
                span.notes.push(("pages", Note::Number(pressed.pages.into())));
                span.notes.push(("bytes", Note::Number(i64::try_from(pressed.bytes.len()).unwrap_or(i64::MAX))));
            }
            Ok(Err(verdict)) => span.failed = Some(verdict.code().as_str()),
            Err(_panic) => span.failed = Some("panic"),
        }
        Some(span)
    });
}

fn about(lease: &Lease, name: &str) -> Option<Span> {
    let parent = lease.trace?;
    let now = SystemTime::now();
    let notes = vec![
        ("job.id", Note::Word(lease.job.to_string())),
        ("job.kind", Note::Word(lease.kind.clone())),
        ("job.starts", Note::Number(lease.starts.into())),
    ];
    let (name, kind, context) = (name.to_owned(), SpanKind::Internal, parent.step());
    Some(Span { name, kind, context, parent: Some(parent), began: now, ended: now, failed: None, notes })
}
