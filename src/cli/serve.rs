//! `serve` and `work`.

use crate::{app, failure::Failure, settings::Settings};

pub(super) fn serve(settings: &Settings) -> Result<(), Failure> {
    app::serve(settings)
}

pub(super) fn work(settings: &Settings) -> Result<(), Failure> {
    app::work(settings)
}
