//! HTTP: routes, extractors, status codes, problem+json.
//!
//! The rule: a handler extracts, calls the desk once, and maps; it decides nothing. It is reached by a row of
//! [`contract::table`], which also describes it.

mod batches;
mod body;
mod conditions;
pub mod contract;
mod documents;
mod download;
mod editions;
mod events;
mod failures;
mod entry;
mod farewell;
mod health;
mod job_list;
mod jobs;
mod kinds;
mod language;
mod metrics;
mod pages;
mod origin;
mod pace;
mod papers;
mod periods;
mod people;
mod problem;
mod register;
mod portions;
mod preference;
mod problem_page;
mod request_id;
mod self_description;
mod sources;
mod submissions;
mod webhooks;

use std::{sync::Arc, time::Duration};

use actix_web::web;
use tokio::sync::Semaphore;

pub use events::Streams;
pub use farewell::part;
pub use job_list::LARGEST_PAGE;
pub use metrics::count;
pub use origin::{ForwardedBy, Origins};
pub use pace::{Line, given_up_after};
pub use portions::portion;
pub use problem::Problem;
pub use request_id::stamp;
pub use self_description::{PublishedLimits, SelfDescription};

/// Limits of the doors.
#[derive(Debug, Clone)]
pub struct ApiLimits {
    /// Largest body, in bytes.
    pub max_body: usize,
    /// Largest paper, in bytes.
    pub max_paper: usize,
    /// Places for papers that are held in memory while they are read.
    pub papers_held: Arc<Semaphore>,
    /// Longest time a body may take to arrive.
    pub body_deadline: Duration,
    /// What a caller may fall behind in taking an answer.
    pub answer_grace: Duration,
    /// Longest time a long poll waits.
    pub longest_wait: Duration,
    /// From where requests are taken.
    pub origins: Origins,
}

/// Adds every route of the [`contract`].
pub fn routes(config: &mut web::ServiceConfig) {
    contract::serve(config);
}

/// The routes of an address that only watches.
pub fn watching(config: &mut web::ServiceConfig) {
    contract::serve_watching(config);
}
