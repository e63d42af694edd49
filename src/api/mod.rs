//! HTTP: routes, extractors, status codes, problem+json.
//!
//! The rule: a handler extracts, calls the desk once, and maps; it decides nothing.

mod body;
mod documents;
mod download;
mod health;
mod jobs;
mod kinds;
mod problem;
mod request_id;

use std::time::Duration;

use actix_web::{HttpResponse, web};

pub use problem::Problem;
pub use request_id::stamp;

/// Limits of the doors.
#[derive(Debug, Clone)]
pub struct ApiLimits {
    /// Largest body, in bytes.
    pub max_body: usize,
    /// Longest time a body may take to arrive.
    pub body_deadline: Duration,
    /// Longest time a long poll waits.
    pub longest_wait: Duration,
    /// Papers that the render children finish in a second, for an honest Retry-After.
    pub papers_per_second: f64,
}

/// Adds every route.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/v1/documents")
                .route(web::post().to(documents::accept))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/v1/documents/check")
                .route(web::post().to(documents::check))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/v1/documents/preview")
                .route(web::post().to(documents::preview))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/v1/jobs/{id}")
                .route(web::get().to(jobs::show))
                .route(web::head().to(jobs::show))
                .route(web::delete().to(jobs::cancel))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/v1/jobs/{id}/document")
                .route(web::get().to(jobs::document))
                .route(web::head().to(jobs::document))
                .default_service(web::to(wrong_method)),
        )
        .service(readable("/v1/kinds", kinds::list))
        .service(readable("/v1/kinds/{kind}/schema", kinds::schema))
        .service(readable("/v1/kinds/{kind}/samples/{name}", kinds::sample))
        .service(readable("/problems/{code}", problem::explain))
        .service(readable("/livez", health::live))
        .service(readable("/readyz", health::ready))
        .default_service(web::to(nowhere));
}

/// A resource that is read with GET or HEAD.
fn readable<Handler, Arguments>(path: &str, handler: Handler) -> actix_web::Resource
where
    Handler: actix_web::Handler<Arguments>,
    Arguments: actix_web::FromRequest + 'static,
    Handler::Output: actix_web::Responder + 'static,
{
    web::resource(path.to_owned())
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(wrong_method))
}

async fn nowhere() -> Result<HttpResponse, Problem> {
    Err(problem::no_such_address())
}

async fn wrong_method() -> Result<HttpResponse, Problem> {
    Err(problem::wrong_method())
}
