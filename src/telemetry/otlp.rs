//! Delivers spans to a collector: OTLP over HTTP, in JSON.
//!
//! Written by hand, because the format of a span is a page and the crates for it are dozens.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};
use tracing::{info, warn};

use crate::{
    metrics,
    recipe::PROGRAM,
    traces::{Message, Note, Span},
};

/// Spans that wait for delivery; more are dropped.
const WAITING: usize = 4_096;
/// Spans of one request to the collector.
const AT_ONCE: usize = 256;
/// How long the first span of a request waits for others.
const GATHER: Duration = Duration::from_secs(1);
/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Tries of one request, and the pause between them.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Where spans go.
struct Collector {
    client: Client,
    address: String,
    /// Whether the last delivery failed; each turn of fortune is logged once.
    away: bool,
}

/// Starts the delivery to `endpoint` (its `/v1/traces`); needs a runtime. Returns the way in.
///
/// # Errors
/// When there can be no HTTP client.
pub(super) fn start(endpoint: &str) -> Result<mpsc::Sender<Message>, String> {
    // Whoever was first has chosen the same.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().timeout(PATIENCE).redirect(Policy::none()).no_proxy().build();
    let client = client.map_err(|error| error.to_string())?;
    let address = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(Collector { client, address, away: false }.serve(receiver));
    Ok(sender)
}

impl Collector {
    async fn serve(mut self, mut receiver: mpsc::Receiver<Message>) {
        let mut waiting = Vec::new();
        while let Some(message) = receiver.recv().await {
            let mut flushed = take(message, &mut waiting);
            let gathering = async {
                while flushed.is_none() && waiting.len() < AT_ONCE {
                    let Some(message) = receiver.recv().await else { return };
                    flushed = take(message, &mut waiting);
                }
            };
            let _gathered_long_enough = timeout(GATHER, gathering).await;
            if !waiting.is_empty() {
                self.deliver(std::mem::take(&mut waiting)).await;
            }
            if let Some(done) = flushed {
                let _nobody_waits = done.send(());
            }
        }
    }

    async fn deliver(&mut self, spans: Vec<Span>) {
        let body = request(&spans).to_string();
        for attempt in 1..=TRIES {
            let posted = self.client.post(&self.address).header("content-type", "application/json");
            let answer = posted.body(body.clone()).send().await;
            let fault = match answer.map(|answer| answer.status()) {
                Ok(status) if status.is_success() => return self.is_back(),
                Ok(status) if !is_passing(status) => {
                    return self.gives_up(spans.len(), &format!("it answered {status}"));
                }
                Ok(status) => format!("it answered {status}"),
                // Its text would name the address, which may hold a password.
                Err(error) => error.without_url().to_string(),
            };
            if attempt == TRIES {
                return self.gives_up(spans.len(), &fault);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn is_back(&mut self) {
        if std::mem::take(&mut self.away) {
            info!("The collector takes spans again");
        }
    }

    fn gives_up(&mut self, spans: usize, fault: &str) {
        metrics::spans_lost(spans as u64);
        if !std::mem::replace(&mut self.away, true) {
            warn!(spans, fault, "The collector takes no spans; they are dropped until it does");
        }
    }
}

/// Keeps a span; gives back who waits for the delivery.
fn take(message: Message, waiting: &mut Vec<Span>) -> Option<tokio::sync::oneshot::Sender<()>> {
    match message {
        Message::Finished(span) => {
            waiting.push(*span);
            None
        }
        Message::Flush(done) => Some(done),
    }
}

/// What OTLP lets a sender try again.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// The body of one request.
fn request(spans: &[Span]) -> Value {
    let (service, version) = PROGRAM.split_once(' ').unwrap_or((PROGRAM, ""));
    let scope = json!({"name": service, "version": version});
    let resource = [
        attribute("service.name", &Note::Word(service.to_owned())),
        attribute("service.version", &Note::Word(version.to_owned())),
        attribute("process.pid", &Note::Number(i64::from(std::process::id()))),
    ];
    let spans: Vec<Value> = spans.iter().map(written).collect();
    json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{"scope": scope, "spans": spans}],
    }]})
}

fn written(span: &Span) -> Value {
    let notes: Vec<Value> = span.notes.iter().map(|(name, note)| attribute(name, note)).collect();
    let mut value = json!({
        "traceId": span.context.trace_id(),
        "spanId": span.context.span_id(),
        "name": span.name,
        "kind": span.kind as u8,
        "startTimeUnixNano": nanos(span.began),
        "endTimeUnixNano": nanos(span.ended.max(span.began)),
        "attributes": notes,
    });
    if let Some(parent) = span.parent {
        value["parentSpanId"] = json!(parent.span_id());
    }
    if let Some(code) = span.failed {
        value["status"] = json!({"code": 2, "message": code});
    }
    value
}

/// 64-bit numbers are strings in JSON.
fn nanos(moment: SystemTime) -> String {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string()
}

fn attribute(name: &str, note: &Note) -> Value {
    let value = match note {
        Note::Word(word) => json!({"stringValue": word}),
        Note::Number(number) => json!({"intValue": number.to_string()}),
    };
    json!({"key": name, "value": value})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::{SpanKind, TraceContext};

    #[test]
    fn a_span_is_written_as_otlp_asks() {
        let caller = TraceContext::read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
        let began = UNIX_EPOCH + Duration::from_millis(1_500);
        let span = Span {
            name: "render".into(),
            kind: SpanKind::Internal,
            context: caller.step(),
            parent: Some(caller),
            began,
            ended: began + Duration::from_nanos(7),
            failed: Some("render-timeout"),
            notes: vec![("pages", Note::Number(3)), ("job.id", Note::Word("x".into()))],
        };
        let body = request(&[span]);
        let span = &body["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span["parentSpanId"], "00f067aa0ba902b7");
        assert_eq!(
            (&span["startTimeUnixNano"], &span["endTimeUnixNano"]),
            (&json!("1500000000"), &json!("1500000007"))
        );
        assert_eq!(span["attributes"][0], json!({"key": "pages", "value": {"intValue": "3"}}));
        assert_eq!(span["status"], json!({"code": 2, "message": "render-timeout"}));
        assert_eq!(body["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"], "tdkt-reports");
    }
}
