//! What stands on pages: text runs and ruled lines with their places, in millimetres and points.
//!
//! The rule: whoever makes marks (the typesetter, the reader of finished files) tells only what a reader would see.

/// Everything that stands on the pages.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    pub pages: Vec<PageMarks>,
}

/// Everything that stands on one page. Places are millimetres from the page's upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub struct PageMarks {
    pub width: f64,
    pub height: f64,
    pub runs: Vec<Run>,
    pub rules: Vec<Rule>,
}

/// A run of text in one font.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub text: String,
    pub x0: f64,
    pub x1: f64,
    /// The baseline.
    pub baseline: f64,
    /// Points.
    pub size: f64,
    pub family: String,
    pub bold: bool,
    pub italic: bool,
    /// Whether the run reads from left to right along the page.
    pub horizontal: bool,
    pub black: bool,
}

/// A straight line or a thin box.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub x0: f64,
    pub x1: f64,
    pub y0: f64,
    pub y1: f64,
}
