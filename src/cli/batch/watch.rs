//! How far it is: a bar on a terminal, a line now and then elsewhere; and when it will be done.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use chrono::Local;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;
use crate::closing::Progress;

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Watches papers being made.
pub(super) struct Watch {
    bar: Option<ProgressBar>,
    started: Instant,
    said: Instant,
}

impl Watch {
    pub(super) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} văn bản {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, started: Instant::now(), said: Instant::now() }
    }

    pub(super) fn see(&mut self, progress: Progress) {
        let forecast = progress.left(self.started.elapsed()).map(|left| {
            let at = Local::now() + chrono::Duration::from_std(left).unwrap_or_default();
            format!("xong lúc {}", at.format("%H:%M"))
        });
        let forecast = forecast.unwrap_or_default();
        match &self.bar {
            Some(bar) => {
                bar.set_length(progress.of as u64);
                bar.set_position(progress.done as u64);
                bar.set_message(forecast);
            }
            None if self.said.elapsed() >= LINE_EVERY => {
                self.said = Instant::now();
                output::say(&format!("{}/{} văn bản {forecast}\n", progress.done, progress.of));
            }
            None => {}
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
