//! Where a request has been: its W3C trace context, and the spans that go to a collector.
//!
//! The rule: a span holds ids, codes, counts and times, never a word of a paper; and nobody waits for a collector.

use std::{
    cell::RefCell,
    fmt,
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::metrics;

/// A place in a trace: the header `traceparent` (W3C Trace Context).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace: u128,
    span: u64,
    flags: u8,
}

/// Bit of the flags: the caller keeps this trace.
const SAMPLED: u8 = 1;

impl TraceContext {
    /// Reads `version-trace-span-flags`. Versions to come may say more after the flags; what is not read is passed over.
    pub fn read(header: &str) -> Option<Self> {
        let mut fields = header.split('-');
        let version = hex(fields.next()?, 2)?;
        let (trace, span, flags) = (hex(fields.next()?, 32)?, hex(fields.next()?, 16)?, hex(fields.next()?, 2)?);
        let lawful = version != 0xff && (version != 0 || fields.next().is_none()) && trace != 0 && span != 0;
        lawful.then_some(Self { trace, span: u64::try_from(span).ok()?, flags: u8::try_from(flags).ok()? })
    }

    /// The beginning of a trace of our own.
    fn fresh() -> Self {
        Self { trace: Uuid::now_v7().as_u128(), span: fresh_span(), flags: SAMPLED }
    }

    /// The next step of the same trace.
    pub fn step(self) -> Self {
        Self { span: fresh_span(), ..self }
    }

    /// The trace's id, 32 hexadecimal digits.
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The step's id, 16 hexadecimal digits.
    pub fn span_id(self) -> String {
        format!("{:016x}", self.span)
    }
}

/// The header.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

fn hex(field: &str, digits: usize) -> Option<u128> {
    let lawful = field.len() == digits && field.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if lawful { u128::from_str_radix(field, 16).ok() } else { None }
}

/// The random half of a UUID.
fn fresh_span() -> u64 {
    (Uuid::now_v7().as_u64_pair().1).max(1)
}

/// Whose work a span is, in the numbers of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    Internal = 1,
    Server = 2,
    Client = 3,
}

/// One finished step.
#[derive(Debug, Clone)]
pub struct Span {
    pub name: String,
    pub kind: SpanKind,
    pub context: TraceContext,
    /// The step it belongs to.
    pub parent: Option<TraceContext>,
    pub began: SystemTime,
    pub ended: SystemTime,
    /// The code of what went wrong.
    pub failed: Option<&'static str>,
    pub notes: Vec<(&'static str, Note)>,
}

/// What a span says besides.
#[derive(Debug, Clone)]
pub enum Note {
    /// An id or a code.
    Word(String),
    Number(i64),
}

/// What goes to the room that delivers.
pub enum Message {
    Finished(Box<Span>),
    /// Answered once everything before is delivered or given up.
    Flush(oneshot::Sender<()>),
}

static COLLECTOR: OnceLock<mpsc::Sender<Message>> = OnceLock::new();

/// From now on finished spans go to `collector`. A second call changes nothing.
pub fn deliver_to(collector: mpsc::Sender<Message>) {
    let _already_set = COLLECTOR.set(collector);
}

tokio::task_local! {
    static STEP: Step;
}

/// A request that is being answered.
struct Step {
    context: Option<TraceContext>,
    notes: RefCell<Vec<(&'static str, Note)>>,
}

/// Answers a request as a step of its trace. Gives the answer, and what was noted about the step.
pub async fn within<Answer>(
    context: Option<TraceContext>,
    answering: impl Future<Output = Answer>,
) -> (Answer, Vec<(&'static str, Note)>) {
    let step = Step { context, notes: RefCell::default() };
    STEP.scope(step, async {
        let answer = answering.await;
        (answer, STEP.with(|step| step.notes.take()))
    })
    .await
}

/// Where the request that is being answered stands.
pub fn current() -> Option<TraceContext> {
    STEP.try_with(|step| step.context).ok().flatten()
}

/// Notes something about the request that is being answered.
pub fn note(name: &'static str, note: Note) {
    // Outside of a request nobody asks.
    let _noted = STEP.try_with(|step| step.notes.borrow_mut().push((name, note)));
}

/// Where a request stands in its trace: a step after the caller's where spans are delivered, a trace of our own where the
/// caller has none; else what the caller said, to be handed on as it is.
pub fn enter(caller: Option<TraceContext>) -> Option<TraceContext> {
    match (caller, COLLECTOR.get()) {
        (Some(caller), Some(_)) => Some(caller.step()),
        (None, Some(_)) => Some(TraceContext::fresh()),
        (caller, None) => caller,
    }
}

/// Hands over a finished span, if there is a collector and the trace is kept. One too many is dropped and counted.
pub fn finish(span: impl FnOnce() -> Option<Span>) {
    let Some(collector) = COLLECTOR.get() else { return };
    let Some(span) = span().filter(|span| span.context.flags & SAMPLED != 0) else { return };
    if collector.try_send(Message::Finished(Box::new(span))).is_err() {
        metrics::spans_lost(1);
    }
}

/// Waits until everything finished is delivered, but not longer than `patience`.
pub async fn flush(patience: Duration) {
    let Some(collector) = COLLECTOR.get() else { return };
    let (done, delivered) = oneshot::channel();
    let flushed = async {
        // Where nobody delivers any more, there is nothing to wait for.
        if collector.send(Message::Flush(done)).await.is_ok() {
            let _gone = delivered.await;
        }
    };
    let _elapsed = tokio::time::timeout(patience, flushed).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_context_reads_back_and_its_next_step_stays_in_the_trace() {
        let given = TraceContext::read(GIVEN).unwrap();
        assert_eq!(given.to_string(), GIVEN);
        assert_eq!((given.trace_id().as_str(), given.span_id().as_str()), (&GIVEN[3..35], &GIVEN[36..52]));
        let step = given.step();
        assert_eq!(step.trace_id(), given.trace_id());
        assert_ne!(step.span_id(), given.span_id());
        assert_eq!(TraceContext::read(&TraceContext::fresh().to_string()).unwrap().flags, SAMPLED);
    }

    #[test]
    fn what_is_no_context_is_none() {
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::read(wrong), None, "{wrong}");
        }
        assert!(TraceContext::read("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more").is_some());
    }

    #[test]
    fn without_a_collector_the_caller_s_word_is_handed_on_as_it_is() {
        let given = TraceContext::read(GIVEN);
        assert_eq!(enter(given), given);
        assert_eq!(enter(None), None);
        finish(|| panic!("nobody asks for a span"));
    }
}
