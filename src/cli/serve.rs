//! `serve` and `work`.

use crate::{app, failure::Failure, settings::Settings};

/// Arguments of `serve` besides the settings.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Arguments {
    /// Render children play the accidents that orders name (`press::rehearsal`); for tests of the service alone.
    #[arg(long, hide = true)]
    rehearse: bool,
}

pub(super) fn serve(arguments: Arguments, settings: &Settings) -> Result<(), Failure> {
    app::serve(settings, if arguments.rehearse { &["--rehearse"] } else { &[] })
}

pub(super) fn work(settings: &Settings) -> Result<(), Failure> {
    app::work(settings)
}
