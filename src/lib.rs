//! Official papers of Vietnam's emulation blocs: data in, PDF out.
//!
//! The order of the rooms below is a rule: a room imports only rooms that stand before it (ARCHITECTURE.md, "Stairs";
//! held by `tests/it/stairs.rs`; `rustfmt.toml` keeps the order from being sorted).

// ground floor: vocabulary
pub mod failure;
pub mod fingerprint;
pub mod vietnamese;
pub mod difference;
pub mod calendar;
pub mod facts;
pub mod bloc;
pub mod emulation;
pub mod ballot;
pub mod commendation;
pub mod initiative;
// first floor: paper
pub mod regulation;
pub mod document;
// second floor: making
pub mod catalog;
pub mod dossier;
pub mod consolidation;
pub mod intake;
pub mod composition;
pub mod marks;
pub mod typesetting;
pub mod reading;
pub mod inspection;
pub mod recipe;
pub mod binding;
pub mod merging;
pub mod rendering;
pub mod metrics;
pub mod traces;
pub mod press;
pub mod closing;
// third floor: keeping
pub mod access;
pub mod outbound;
pub mod register;
pub mod job;
pub mod ledger;
pub mod archive;
pub mod retention;
pub mod people;
pub mod backup;
pub mod queue;
pub mod dispatch;
pub mod worker;
pub mod stocktake;
pub mod soundings;
pub mod post;
pub mod timetable;
pub mod gate;
pub mod desk;
// top floor: doors
pub mod api;
// the entrance
pub mod settings;
pub mod telemetry;
pub mod workshop_files;
pub mod sample_province;
pub mod app;
pub mod cli;
