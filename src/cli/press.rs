//! `press`: a render child. Only `serve`, `work` and `doctor` start it, with the arguments below.

use std::{io, time::Duration};

use crate::{
    failure::{Failure, FailureCode},
    press::{self, Attempt, ChildSettings, Orders, Without},
    settings::Settings,
    workshop_files,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Processor time of one order, in seconds.
    #[arg(long, default_value_t = 65)]
    processor_s: u64,
    /// Try this way out of the sandbox instead of rendering.
    #[arg(long)]
    attempt: Option<String>,
    /// Play the accidents that orders name.
    #[arg(long)]
    rehearse: bool,
    /// Parts of the sandbox to leave open: landlock, seccomp, limits. No service does; benchmarks and tests do.
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<(), Failure> {
    let is_open = |part: &str| arguments.without.iter().any(|open| open == part);
    let child = ChildSettings {
        memory_mib: settings.render_memory_mib,
        processor: Duration::from_secs(arguments.processor_s),
        without: Without { landlock: is_open("landlock"), seccomp: is_open("seccomp"), limits: is_open("limits") },
    };
    let ended = match &arguments.attempt {
        Some(name) => press::try_to_escape(&child, attempt(name)?),
        None => {
            let orders = if arguments.rehearse { Orders::PapersAndAccidents } else { Orders::Papers };
            press::serve_child(&child, orders, || {
                workshop_files::load(settings).map_err(|error| io::Error::other(error.to_string()))
            })
        }
    };
    ended.map_err(|error| Failure::internal(format!("the render child ends: {error}")))
}

fn attempt(name: &str) -> Result<Attempt, Failure> {
    let unknown = || Failure::new(FailureCode::BadParameter, "Không có phép thử này.", "there is no such attempt");
    Attempt::named(name).ok_or_else(unknown)
}
