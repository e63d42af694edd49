//! Webhooks as an operator at the machine handles them: for every organisation, and without a program for each word.

use std::path::Path;

use tdkt_reports::{
    access::OrganisationId,
    ledger::{DeliveryRecord, Ledger, LedgerLimits, OrganisationChange, Webhook},
    outbound::{Authorities, Outbound, Rules},
    post::{Registry, Sealer},
};

/// The registry of a service, in this process: an operator at the machine.
pub struct Desk {
    runtime: tokio::runtime::Runtime,
    registry: Registry,
}

impl Desk {
    pub fn beside(data: &Path, ports: Vec<u16>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let ledger = runtime.block_on(Ledger::open(data.join("ledger.sqlite"), LedgerLimits::default()));
        let registry = Registry {
            ledger: ledger.expect("the ledger opens"),
            outbound: Outbound::new(Rules { ports, lab: true }, &Authorities::default()),
            sealer: Sealer::of(&data.join("secrets.key")).expect("a key"),
        };
        Self { runtime, registry }
    }

    /// A webhook of an organisation of its own.
    pub fn add(&self, organisation: &str, url: &str) -> String {
        let organisation: OrganisationId = organisation.parse().expect("a name");
        let added = self.runtime.block_on(async {
            let ledger = &self.registry.ledger;
            ledger.add_organisation(&organisation, &OrganisationChange::default()).await.expect("added");
            ledger.set_reach(&organisation, &"127.0.0.0/8".parse().expect("a network")).await.expect("set");
            self.registry.add(&organisation, url, &[]).await
        });
        added.unwrap_or_else(|refused| panic!("{url}: {refused:?}")).0.id
    }

    pub fn trial(&self, webhook: &str) -> String {
        self.runtime.block_on(self.registry.test((None, webhook))).expect("posted")
    }

    pub fn log(&self, webhook: &str) -> Vec<DeliveryRecord> {
        self.runtime.block_on(self.registry.deliveries((None, webhook), None, 200)).expect("a log")
    }

    pub fn show(&self, webhook: &str) -> Webhook {
        self.runtime.block_on(self.registry.show((None, webhook))).expect("there")
    }
}
