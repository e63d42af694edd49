//! What several files of tests need.

pub mod papers;
pub mod programs;
