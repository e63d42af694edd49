//! The contract: every operation of the service, once, as data.
//!
//! The rule: an address is served because it stands in [`table`], and the OpenAPI document says what stands there; so no
//! route lacks a description, and no description lacks its route.

mod components;
mod openapi;
mod operation;
mod register;
mod retirement;
mod rows;
mod told;

pub use openapi::document;
pub use operation::{Access, Operation};
pub(super) use register::{serve, serve_watching};

/// Every operation, in the order of the document. Rows stand in `rows`, one file for each group.
pub fn table() -> Vec<Operation> {
    [
        rows::documents(),
        rows::jobs(),
        rows::batches(),
        rows::papers(),
        rows::people(),
        rows::events(),
        rows::catalog(),
        rows::register(),
        rows::service(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
