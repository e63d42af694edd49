//! A paper whose data is not what it was last made of.

use crate::difference::Change;

/// What is different in a paper that is made again.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Path of the paper in the result.
    pub file: String,
    pub title: String,
    pub changes: Vec<Change>,
}
