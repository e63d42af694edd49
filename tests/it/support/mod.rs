//! What several files of tests need.

pub mod chance;
pub mod papers;
pub mod programs;
