//! The register of a province: its units, its blocs, who was in which bloc in which year, the reporting periods, and what
//! blocs sent for them.
//!
//! The rule: nothing is overwritten. Whatever changes is a new version with its hash, its time and who wrote it. This room
//! knows what entries mean; the ledger keeps them, and its clock gives the times.

mod beside;
mod carry_over;
mod entry;
mod forms;
mod members;
mod period;
mod schedule;
mod source;
mod status;
mod submission;
#[cfg(test)]
mod tests;

pub use crate::closing::is_id;
pub use beside::{Beside, Origin, Stated, request_of};
pub use carry_over::{Carried, CarryOver, Held, Source, carry_over};
pub use entry::{Base, Entry, Sort, Tag};
pub use forms::{RegisterForms, Sheet};
pub use members::{check_year, unit_names};
pub use period::{PeriodId, PeriodPlan, check_plan};
pub use schedule::{Action, RunOutcome, Schedule, ScheduleRun, Turn};
pub use source::{FieldMap, Mapped};
pub use status::{BlocStanding, PeriodStatus, Standing, expected, standing};
pub use submission::{Adjustment, Closing, Frozen, Submission, check_submission, draft_of, hash_of};
