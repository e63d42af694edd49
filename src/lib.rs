//! Official papers of Vietnam's emulation blocs: data in, PDF out.
//!
//! The order of the rooms below is a rule: a room imports only rooms that stand before it (ARCHITECTURE.md, "Stairs";
//! held by `tests/it/stairs.rs`).

// ground floor: vocabulary (blank lines keep the order from being sorted)
pub mod failure;

pub mod vietnamese;

pub mod calendar;

pub mod facts;

pub mod bloc;

pub mod emulation;

pub mod commendation;

pub mod initiative;

pub mod document;

// second floor: making
pub mod press;
// third floor: keeping
pub mod job;
