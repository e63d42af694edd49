//! Official papers of Vietnam's emulation blocs: data in, PDF out.
//!
//! The order of the rooms below is a rule: a room imports only rooms that stand before it (ARCHITECTURE.md, "Stairs";
//! held by `tests/it/stairs.rs`).

// ground floor: vocabulary
pub mod failure;
pub mod fingerprint;
// first floor: paper
pub mod regulation;
// second floor: making
pub mod catalog;
pub mod typesetting;
pub mod press;
// third floor: keeping
pub mod job;
