//! Carries parcels: takes what is due, signs it, calls the address, and writes down how it went.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::Utc;
use tokio::{sync::watch, task::JoinSet, time::timeout};
use tracing::{debug, info, warn};

use super::{Schedule, Sealer};
use crate::{
    ledger::{Ledger, LedgerError, Parcel, Sent, Tried},
    outbound::{Call, Outbound},
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
        let started = Instant::now();
        let signed = self.sign(&parcel, Utc::now().timestamp());
        let (answer, fault) = match signed {
            Some(call) => {
                let answer = self.outbound.post(&parcel.url, &parcel.reach, &call).await;
                (Some(answer), answer.err().map(|fault| fault.as_str()))
            }
            None => (None, Some("no-key")),
        };
        let tries = parcel.tries.saturating_add(1);
        let sent = match answer {
            Some(answer) => self.schedule.judge(answer, tries, &parcel.message_id),
            None => self.schedule.judge(Err(crate::outbound::NoAnswer::Header), tries, &parcel.message_id),
        };
        let status = answer.and_then(Result::ok).map(|answer| answer.status);
        let tried = Tried { took: started.elapsed(), status, fault };
        debug!(webhook.id = %parcel.webhook, event.id = %parcel.message_id, ?sent, status, fault, "A delivery was tried");
        if sent == Sent::Gone {
            info!(webhook.id = %parcel.webhook, "Webhook {} is gone (410) and disabled", parcel.webhook);
        }
        if let Err(error) = self.write(&parcel, tried, sent).await {
            warn!(%error, webhook.id = %parcel.webhook, "A delivery could not be written down; it will be made again");
        }
    }

    async fn write(&self, parcel: &Parcel, tried: Tried, sent: Sent) -> Result<(), LedgerError> {
        let forbearance = self.schedule.forbearance(self.disable_after);
        if !self.ledger.end_parcel(parcel, tried, (sent, forbearance)).await? {
            debug!(webhook.id = %parcel.webhook, "The lease on a delivery was lost");
        }
        Ok(())
    }

    /// The call, signed with every secret that is good. `None`: the key file is not the one that sealed them.
    fn sign(&self, parcel: &Parcel, timestamp: i64) -> Option<Call> {
        let secrets = parcel.secrets.iter().filter_map(|sealed| self.sealer.unseal(&parcel.webhook, sealed).ok());
        let signatures: Vec<String> =
            secrets.map(|secret| secret.sign(&parcel.message_id, timestamp, &parcel.body)).collect();
        if signatures.is_empty() {
            warn!(webhook.id = %parcel.webhook, "The secret of webhook {} was sealed with another key file", parcel.webhook);
            return None;
        }
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", parcel.message_id.clone()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ];
        Some(Call { headers, body: parcel.body.clone() })
    }
}
