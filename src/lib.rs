//! Official papers of Vietnam's emulation blocs: data in, PDF out.
//!
//! The order of the rooms below is a rule: a room imports only rooms that stand before it (ARCHITECTURE.md, "Stairs";
//! held by `tests/it/stairs.rs`).

// ground floor: vocabulary
pub mod failure;
// second floor: making
pub mod press;
// third floor: keeping
pub mod job;
pub mod ledger;
pub mod archive;
pub mod queue;
pub mod dispatch;
pub mod worker;
