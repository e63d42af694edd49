//! A year's end: every paper of a folder is made, bound and merged, and begun again where it was left.
//!
//! The rule: nothing is written before everything is checked; a paper that is there with the right key and the right bytes is
//! not made again; no name ever stands for half a file.

mod counter;
mod difference;
mod folder;
mod journal;
mod left_out;
mod making;
mod outline;
mod plan;
mod register;
mod report;
mod spool;
mod whole;

use crate::failure::Failure;
pub use difference::Difference;
pub use folder::{LINES, lines, packed, province};
pub use left_out::{Number, kept, number};
pub use making::{Closing, Finished, Progress};
pub use outline::{Bindery, Delivered, Outline};
pub use plan::{LeftOut, Leniency, Part, Plan, Wanted};
pub use register::{Adjustment, BlocEntry, Extension, Member, OF_REGISTER, Period, Register, Sent, Unit, is_id};
pub use report::REPORT;
pub use whole::{ARCHIVE, LINEAGE, MANIFEST, MERGED};

/// What is wrong with a file of the folder.
#[derive(Debug)]
pub struct Fault {
    pub file: String,
    /// Place in the file of the request that is meant.
    pub at: String,
    pub failure: Failure,
    /// Errors that were found besides and are not kept.
    pub more: usize,
}

/// Something could not be read or written.
fn unwritable(place: &std::path::Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(
        crate::failure::FailureCode::BadParameter,
        format!("Không ghi được vào {}.", place.display()),
        format!("{}: {error}", place.display()),
    )
    .hint("Kiểm tra thư mục, quyền ghi và dung lượng còn trống.")
}
