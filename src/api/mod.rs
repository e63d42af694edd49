//! HTTP: routes, extractors, status codes, problem+json.
//!
//! The rule: a handler extracts, calls the desk once, and maps; it decides nothing.

mod body;
mod conditions;
mod documents;
mod download;
mod editions;
mod health;
mod job_list;
mod jobs;
mod kinds;
mod papers;
mod problem;
mod request_id;

use std::{sync::Arc, time::Duration};

use actix_web::{HttpResponse, Resource, Route, guard, web};
use tokio::sync::Semaphore;

pub use problem::Problem;
pub use request_id::stamp;

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
    /// Longest time a long poll waits.
    pub longest_wait: Duration,
}

/// Adds every route.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(posted("/v1/documents", web::post().to(documents::accept)))
        .service(posted("/v1/documents/check", web::post().to(documents::check)))
        .service(posted("/v1/documents/preview", web::post().to(documents::preview)))
        .service(read("/v1/jobs", shown().to(job_list::list)))
        .service(posted("/v1/jobs/{id:[^/:]+}:requeue", web::post().to(jobs::requeue)))
        .service(
            web::resource("/v1/jobs/{id}/data")
                .route(web::delete().to(jobs::erase))
                .default_service(wrong_method("DELETE")),
        )
        .service(
            web::resource("/v1/jobs/{id}")
                .route(shown().to(jobs::show))
                .route(web::delete().to(jobs::cancel))
                .default_service(wrong_method("GET, HEAD, DELETE")),
        )
        .service(read("/v1/jobs/{id}/document", shown().to(jobs::document)))
        .service(posted("/v1/papers/extract", web::post().to(papers::extract)))
        .service(posted("/v1/papers/verify", web::post().to(papers::verify)))
        .service(posted("/v1/papers/check", web::post().to(papers::check)))
        .service(read("/v1/kinds", shown().to(kinds::list)))
        .service(read("/v1/kinds/{kind}/schema", shown().to(kinds::schema)))
        .service(read("/v1/kinds/{kind}/samples/{name}", shown().to(kinds::sample)))
        .service(read("/v1/editions", shown().to(editions::list)))
        .service(read("/v1/editions/{id}", shown().to(editions::show)))
        .service(read("/problems/{code}", shown().to(problem::explain)))
        .service(read("/livez", shown().to(health::live)))
        .service(read("/readyz", shown().to(health::ready)))
        .default_service(web::to(nowhere));
}

/// Whatever answers GET answers HEAD (RFC 9110, 9.1); actix leaves the body out.
fn shown() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn read(path: &str, route: Route) -> Resource {
    web::resource(path.to_owned()).route(route).default_service(wrong_method("GET, HEAD"))
}

fn posted(path: &str, route: Route) -> Resource {
    web::resource(path.to_owned()).route(route).default_service(wrong_method("POST"))
}

async fn nowhere() -> Result<HttpResponse, Problem> {
    Err(problem::no_such_address())
}

fn wrong_method(allowed: &'static str) -> Route {
    web::to(move || async move { Err::<HttpResponse, _>(problem::wrong_method(allowed)) })
}
