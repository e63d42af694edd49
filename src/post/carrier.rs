//! Carries parcels: takes what is due, signs it, calls the address, and writes down how it went.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use tokio::{sync::watch, task::JoinSet, time::timeout};
use tracing::{debug, info, warn};

use super::{Schedule, Sealer, spans::Span};
use crate::{
    ledger::{Ledger, LedgerError, Parcel, Sent, Tried},
    metrics,
    outbound::{Call, NoAnswer, Outbound},
    traces::TraceContext,
};

/// Deliveries under way in this process. Each waits for a stranger and costs little else.
const AT_ONCE: usize = 256;
/// Longer than a call may take.
const LEASE: Duration = Duration::from_secs(60);
/// How soon what became due, or was posted by another process, is found.
const INTERVAL: Duration = Duration::from_millis(500);
/// A pause after the ledger failed.
const PAUSE: Duration = Duration::from_secs(2);
/// How long the last deliveries may take when the process stops; those that are cut off are made again.
const LAST_DELIVERIES: Duration = Duration::from_secs(5);
/// Instead of an answer: the secret could not be unsealed.
const NO_KEY: &str = "no-key";

/// What deliveries are made with.
#[derive(Clone)]
pub struct Carrier {
    pub ledger: Ledger,
    pub outbound: Outbound,
    pub sealer: Sealer,
    pub schedule: Schedule,
    /// An address to which nothing was delivered for so long is disabled.
    pub disable_after: Duration,
}

impl Carrier {
    /// Delivers until `shutdown` turns true. No failure ends it.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        let carrier = Arc::new(self);
        let mut under_way = JoinSet::new();
        while !*shutdown.borrow() {
            while under_way.try_join_next().is_some() {}
            let (found, pause) = match carrier.ledger.lease_parcels(AT_ONCE - under_way.len(), LEASE).await {
                Ok(parcels) => (parcels, INTERVAL),
                Err(error) => {
                    warn!(%error, "Deliveries could not be taken up; the next look comes in {PAUSE:?}");
                    (Vec::new(), PAUSE)
                }
            };
            let nothing = found.is_empty();
            for parcel in found {
                let carrier = Arc::clone(&carrier);
                under_way.spawn(async move { carrier.deliver(parcel).await });
            }
            if !nothing && under_way.len() < AT_ONCE {
                continue;
            }
            let woken = async {
                tokio::select! {
                    () = carrier.ledger.mail_arrived() => {}
                    Some(_) = under_way.join_next() => {}
                }
            };
            tokio::select! {
                _paused_or_woken = timeout(pause, woken) => {}
                _true_or_gone = shutdown.wait_for(|stop| *stop) => break,
            }
        }
        let last = async { while under_way.join_next().await.is_some() {} };
        let _cut_off = timeout(LAST_DELIVERIES, last).await;
    }

    async fn deliver(&self, parcel: Parcel) {
        let call = Span::begin(&parcel);
        let signed = self.sign(&parcel, Utc::now().timestamp(), call.context());
        let (answer, fault) = match signed {
            Some(signed) => {
                let answer = self.outbound.post(&parcel.url, &parcel.reach, &signed).await;
                (answer, answer.err().map(NoAnswer::as_str))
            }
            None => (Err(NoAnswer::Header), Some(NO_KEY)),
        };
        let sent = self.schedule.judge(answer, parcel.tries.saturating_add(1), &parcel.message_id);
        let tried = Tried { took: call.took(), status: answer.ok().map(|answer| answer.status), fault };
        metrics::delivery_tried(outcome(sent), reason(tried), tried.took);
        debug!(
            webhook.id = %parcel.webhook, event.id = %parcel.message_id, ?sent, tried.status, fault,
            "A delivery was tried"
        );
        if sent == Sent::Gone {
            info!(webhook.id = %parcel.webhook, "Webhook {} is gone (410) and disabled", parcel.webhook);
        }
        if let Err(error) = self.write(&parcel, tried, sent).await {
            warn!(%error, webhook.id = %parcel.webhook, "A delivery could not be written down; it will be made again");
        }
        call.end(&parcel, tried, reason(tried));
    }

    async fn write(&self, parcel: &Parcel, tried: Tried, sent: Sent) -> Result<(), LedgerError> {
        let forbearance = self.schedule.forbearance(self.disable_after);
        if !self.ledger.end_parcel(parcel, tried, (sent, forbearance)).await? {
            debug!(webhook.id = %parcel.webhook, "The lease on a delivery was lost");
        }
        Ok(())
    }

    /// The call, signed with every secret that is good. `None`: the key file is not the one that sealed them.
    fn sign(&self, parcel: &Parcel, timestamp: i64, context: Option<TraceContext>) -> Option<Call> {
        let secrets = parcel.secrets.iter().filter_map(|sealed| self.sealer.unseal(&parcel.webhook, sealed).ok());
        let signatures: Vec<String> =
            secrets.map(|secret| secret.sign(&parcel.message_id, timestamp, &parcel.body)).collect();
        if signatures.is_empty() {
            warn!(webhook.id = %parcel.webhook, "The secret of webhook {} was sealed with another key file", parcel.webhook);
            return None;
        }
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", parcel.message_id.clone()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ];
        headers.extend(context.map(|context| ("traceparent", context.to_string())));
        Some(Call { headers, body: parcel.body.clone() })
    }
}

/// What came of a try, in the words of the metrics.
fn outcome(sent: Sent) -> &'static str {
    match sent {
        Sent::Delivered => "delivered",
        Sent::Again(_) => "again",
        Sent::GivenUp => "given-up",
        Sent::Gone => "gone",
    }
}

/// Why a try delivered nothing: the class of the status, or what there was instead of one.
fn reason(tried: Tried) -> Option<&'static str> {
    match tried.status {
        None => tried.fault,
        Some(200..=299) => None,
        Some(300..=399) => Some("3xx"),
        Some(400..=499) => Some("4xx"),
        Some(500..=599) => Some("5xx"),
        Some(_) => Some("other-status"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::WrongTarget;

    #[test]
    fn whatever_a_try_says_is_counted_under_a_word_of_the_metrics() {
        for sent in [Sent::Delivered, Sent::Again(Duration::ZERO), Sent::GivenUp, Sent::Gone] {
            assert!(metrics::OUTCOMES.contains(&outcome(sent)), "{sent:?}");
        }
        let faults = NoAnswer::OTHERS.into_iter().chain([NoAnswer::Wrong(WrongTarget::Host)]).map(NoAnswer::as_str);
        let faults: Vec<&str> = faults.chain([NO_KEY]).collect();
        let statuses = [301, 404, 503, 101].map(|status| (Some(status), None));
        let silent = faults.iter().map(|fault| (None, Some(*fault)));
        for (status, fault) in statuses.into_iter().chain(silent) {
            let why = reason(Tried { took: Duration::ZERO, status, fault });
            assert!(why.is_some_and(|why| metrics::FAULTS.contains(&why)), "{status:?} {fault:?}");
        }
        assert_eq!(metrics::FAULTS.len(), 4 + faults.len(), "and no word is left over");
        assert_eq!(reason(Tried { took: Duration::ZERO, status: Some(204), fault: None }), None);
    }
}
