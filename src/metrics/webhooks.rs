//! What goes to webhooks: every try by what came of it, and how the outbox stands.

use std::time::Duration;

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::{Labels, METERS, bounds, enter, read, whole};

/// Seconds; from a receiver beside us to one that is given up.
const CALL_S: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];

/// What came of a try.
pub const OUTCOMES: [&str; 4] = ["delivered", "again", "given-up", "gone"];
/// Why a try delivered nothing: the class of the answer's status, or why there was no answer.
pub const FAULTS: [&str; 13] = [
    "3xx",
    "4xx",
    "5xx",
    "other-status",
    "wrong-address",
    "unknown-name",
    "forbidden-address",
    "no-connection",
    "certificate",
    "no-answer-in-time",
    "broken-answer",
    "bad-header",
    "no-key",
];

pub(super) struct Tries {
    outcomes: Family<Labels<1>, Counter>,
    faults: Family<Labels<1>, Counter>,
    took: Histogram,
}

impl Tries {
    /// Every word begins at 0.
    pub(super) fn enter(registry: &mut Registry) -> Self {
        let tries = Self {
            outcomes: enter(
                registry,
                "tdkt_webhook_tries",
                "Calls to webhooks, by what came of them",
                Family::default(),
            ),
            faults: enter(
                registry,
                "tdkt_webhook_faults",
                "Calls to webhooks that delivered nothing, by reason",
                Family::default(),
            ),
            took: enter(registry, "tdkt_webhook_call_seconds", "A call to a webhook, whole", bounds(&CALL_S)),
        };
        for outcome in OUTCOMES {
            drop(tries.outcomes.get_or_create(&[("outcome", outcome.to_owned())]));
        }
        for fault in FAULTS {
            drop(tries.faults.get_or_create(&[("reason", fault.to_owned())]));
        }
        tries
    }
}

/// A delivery was tried: one of [`OUTCOMES`], and one of [`FAULTS`] where nothing was delivered.
pub fn delivery_tried(outcome: &'static str, fault: Option<&'static str>, took: Duration) {
    let tries = &METERS.tries;
    tries.outcomes.get_or_create(&[("outcome", outcome.to_owned())]).inc();
    if let Some(fault) = fault {
        tries.faults.get_or_create(&[("reason", fault.to_owned())]).inc();
    }
    tries.took.observe(took.as_secs_f64());
}

/// How the outbox stands, of the whole ledger.
#[derive(Debug, Clone, Default)]
pub struct OutboxReadings {
    /// Events that have no number yet, and the age of the oldest.
    pub unnumbered: (u64, Option<Duration>),
    /// Deliveries that wait for webhooks, and the age of the oldest.
    pub waiting: (u64, Option<Duration>),
    /// How long a webhook that may be called has waited for its turn.
    pub unserved: Option<Duration>,
    /// Webhooks in each condition.
    pub webhooks: Vec<(&'static str, u64)>,
}

impl OutboxReadings {
    pub(super) fn register(&self, registry: &mut Registry) {
        let mut tell = |name: &str, help: &str, value: f64| read(registry, name, help, value);
        let seconds = |age: Option<Duration>| age.unwrap_or_default().as_secs_f64();
        tell("tdkt_events_unnumbered", "Events that nobody outside has heard of", self.unnumbered.0 as f64);
        tell(
            "tdkt_event_oldest_unnumbered_seconds",
            "Age of the oldest of them; 0 if there is none",
            seconds(self.unnumbered.1),
        );
        tell("tdkt_webhook_deliveries_waiting", "Deliveries that wait for webhooks", self.waiting.0 as f64);
        tell(
            "tdkt_webhook_oldest_waiting_seconds",
            "Age of the oldest of them; 0 if none waits",
            seconds(self.waiting.1),
        );
        tell(
            "tdkt_webhook_unserved_seconds",
            "How long a webhook that may be called has waited for its turn; 0 if none waits",
            seconds(self.unserved),
        );
        let webhooks: Family<Labels<1>, Gauge> = Family::default();
        for (condition, count) in &self.webhooks {
            webhooks.get_or_create(&[("condition", (*condition).to_owned())]).set(whole(*count));
        }
        registry.register("tdkt_webhooks", "Webhooks in each condition; a resting one is left alone", webhooks);
    }
}
