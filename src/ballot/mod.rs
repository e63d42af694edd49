//! Votes (*bỏ phiếu*, *biểu quyết*): the count, the share, who has reached it.
//!
//! One rule: a share is a fraction of whole numbers and is compared as one; a number that is not known is compared with
//! nothing.

mod attendance;
mod check;
mod election;
mod posts;
mod result;
mod tally;

pub use check::check;
pub use result::{Row, rows_of, same_name};
pub use tally::{ApprovalRatio, Outcome, Tally, reaches, tally};
