//! Official papers of Vietnam's emulation blocs: data in, PDF out.
//!
//! The order of the rooms below is a rule: a room imports only rooms that stand before it (ARCHITECTURE.md, "Stairs";
//! held by `tests/it/stairs.rs`; `rustfmt.toml` keeps the order from being sorted).

// ground floor: vocabulary
pub mod failure;
pub mod fingerprint;
pub mod vietnamese;
pub mod calendar;
// first floor: paper
pub mod regulation;
// second floor: making
pub mod catalog;
pub mod intake;
pub mod composition;
pub mod typesetting;
pub mod inspection;
pub mod rendering;
pub mod press;
// third floor: keeping
pub mod job;
