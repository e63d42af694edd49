//! Ledger and archive for a command, beside a running service or without one.
//!
//! The rule: what was opened is closed, however the command ends.

use tokio::runtime::{Builder, Runtime};

use crate::{app, archive::Archive, failure::Failure, ledger::Ledger, settings::Settings};

/// Opens the ledger for a command that needs no papers.
pub(super) fn with_ledger<Done>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Ledger) -> Result<Done, Failure>,
) -> Result<Done, Failure> {
    with_books(settings, async |ledger, _archive| work(ledger).await)
}

/// Opens ledger and archive.
pub(super) fn with_books<Done>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Ledger, &Archive) -> Result<Done, Failure>,
) -> Result<Done, Failure> {
    runtime()?.block_on(async {
        let (ledger, archive) = app::open_books(settings).await?;
        let outcome = work(&ledger, &archive).await;
        ledger.close().await;
        outcome
    })
}

/// Where a command waits.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_all().build().map_err(|error| Failure::internal(error.to_string()))
}
