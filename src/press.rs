//! placeholder, replaced by the founder
use crate::failure::Failure;

/// A rendered paper.
#[derive(Debug)]
pub struct Pressed {
    pub pdf: Vec<u8>,
    pub pages: u32,
}

/// Why a render gave no paper.
#[derive(Debug)]
pub enum Verdict {
    /// The child answered with a typed failure: permanent, never retried.
    Refused(Failure),
    /// Killed at its deadline: resource class, one retry.
    Timeout,
    /// Over its memory limit: resource class, one retry.
    Memory,
    /// Died otherwise: crash class, retried until the starts are used up.
    Crashed(String),
    /// No child could be had: transient, retried with back-off, the start is given back.
    Unavailable(String),
}

pub struct Press;

impl Press {
    /// Renders one print order in a child process.
    pub async fn render(&self, _order: &str) -> Result<Pressed, Verdict> {
        Err(Verdict::Unavailable("placeholder".into()))
    }
}
