//! The address for those who watch: `/metrics` and `/livez`, apart from callers, in `serve` and `work` alike.

use std::net::SocketAddr;

use actix_web::{App, HttpServer, web::Data};

use super::{Parts, address::not_opened};
use crate::{api, failure::Failure, soundings::Soundings};

/// What is looked at when metrics are asked for.
pub(super) fn soundings(parts: &Parts) -> Soundings {
    let Parts { ledger, archive, doorbell, press } = parts.clone();
    Soundings { ledger, archive, doorbell, press }
}

/// Opens the address; it answers until the process ends, so that a stop can be watched too.
pub(super) fn open(address: SocketAddr, soundings: Soundings) -> Result<(), Failure> {
    let server = HttpServer::new(move || App::new().app_data(Data::new(soundings.clone())).configure(api::watching))
        .workers(1)
        .worker_max_blocking_threads(1)
        .max_connections(32)
        .disable_signals()
        .bind(address)
        .map_err(|error| not_opened(address, &error))?;
    for address in server.addrs() {
        eprintln!("Số đo tại http://{address}/metrics");
    }
    tokio::spawn(server.run());
    Ok(())
}
