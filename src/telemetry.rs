//! The log and the spans: one form for the whole process, and never a name, an address or a body in it.

mod otlp;

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::{settings::Settings, traces};

/// What others' libraries may say, where the setting does not name them: they do not know what is personal, and actix
/// calls it an error when a stranger sends nonsense.
const OTHERS: &str = "warn,actix_http=off,actix_server=warn";

/// Starts the log on standard error. A second call changes nothing.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(settings: &Settings) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter(&settings.log)).map_err(|error| error.to_string())?;
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

/// A level alone is this program's; others are named if they are to say more.
fn filter(setting: &str) -> String {
    let ours = setting.split(',').map(str::trim).filter(|directive| !directive.is_empty());
    let ours = ours.map(|directive| {
        let is_level = directive.parse::<tracing::level_filters::LevelFilter>().is_ok();
        if is_level {
            format!("{}={directive}", module_path!().split("::").next().unwrap_or_default())
        } else {
            directive.to_owned()
        }
    });
    std::iter::once(OTHERS.to_owned()).chain(ours).collect::<Vec<_>>().join(",")
}

/// From now on a panic is logged by its place alone: its message may repeat a paper's words.
pub fn hush_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "A thread panicked");
    }));
}

/// Lets finished spans go to the collector that the settings name, if they name one. Needs a runtime.
///
/// # Errors
/// When there can be no HTTP client.
pub fn deliver_spans(settings: &Settings) -> Result<(), String> {
    if !settings.otlp_endpoint.is_empty() {
        traces::deliver_to(otlp::start(&settings.otlp_endpoint)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_level_is_ours_and_what_is_named_is_as_it_says() {
        assert_eq!(filter("debug"), "warn,actix_http=off,actix_server=warn,tdkt_reports=debug");
        let named = filter("info, actix_http=debug,tdkt_reports::worker=trace");
        assert!(named.ends_with(",tdkt_reports=info,actix_http=debug,tdkt_reports::worker=trace"), "{named}");
        assert!(EnvFilter::try_new(filter("info,[nonsense")).is_err());
    }

    #[test]
    fn a_panic_is_said_by_its_place_and_without_its_words() {
        static SAID: Mutex<Vec<u8>> = Mutex::new(Vec::new());
        struct Ear;
        impl std::io::Write for Ear {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                SAID.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let log = tracing_subscriber::registry().with(fmt::layer().with_ansi(false).with_writer(|| Ear));
        let before = std::panic::take_hook();
        hush_panics();
        let panicked = tracing::subscriber::with_default(log, || {
            std::panic::catch_unwind(|| panic!("byte index 5 is not a char boundary of `Nguyễn Văn Quyết`"))
        });
        std::panic::set_hook(before);
        assert!(panicked.is_err());
        let said = String::from_utf8(SAID.lock().unwrap().clone()).unwrap();
        assert!(said.contains("A thread panicked") && said.contains("telemetry.rs:"), "{said}");
        assert!(!said.contains("Nguyễn") && !said.contains("byte index"), "{said}");
    }
}
