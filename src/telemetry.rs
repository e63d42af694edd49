//! The log: one form for the whole process, and never a name, an address or a body in it.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::settings::Settings;

/// Starts the log on standard error. A second call changes nothing.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(settings: &Settings) -> Result<(), String> {
    // actix and apalis say much at `info` that only their makers need.
    let filter = format!("{},actix_server=warn,actix_http=warn,apalis=warn,apalis_core=warn,sqlx=warn", settings.log);
    let filter = EnvFilter::try_new(filter).map_err(|error| error.to_string())?;
    let registry = tracing_subscriber::registry().with(filter);
    let started = match settings.log_format.as_str() {
        "json" => registry.with(fmt::layer().json().with_writer(std::io::stderr)).try_init(),
        _ => registry
            .with(fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr))
            .try_init(),
    };
    // Only a test starts the log twice in one process.
    let _ = started;
    Ok(())
}
