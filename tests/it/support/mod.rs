//! What several files of tests need.

pub mod chance;
pub mod contract;
pub mod invariants;
pub mod kept_socket;
pub mod papers;
// The ledger's own tests start the same server.
#[allow(dead_code)]
#[path = "../../../src/ledger/tests/server.rs"]
pub mod postgres;
pub mod programs;
pub mod proxy;
pub mod receiver;
// The archive's own tests start the same server.
#[allow(dead_code)]
#[path = "../../../src/archive/tests/server.rs"]
pub mod s3;
pub mod webhooks;
