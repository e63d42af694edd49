//! Runs of text joined to the lines a reader sees.

use crate::marks::{PageMarks, Run};

/// A gap wider than this parts two columns, in millimetres: less than the gutter of the letterhead.
const COLUMN_GAP: f64 = 2.8;
/// Runs whose baselines are nearer than this stand on one line, in millimetres.
const SAME_BASELINE: f64 = 0.45;

/// One visual line of horizontal text. Places in millimetres, sizes in points.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) x0: f64,
    pub(super) x1: f64,
    pub(super) baseline: f64,
    /// Size of the longest run.
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) runs: Vec<Run>,
}

impl Line {
    pub(super) fn width(&self) -> f64 {
        self.x1 - self.x0
    }

    pub(super) fn middle(&self) -> f64 {
        (self.x0 + self.x1) / 2.0
    }

    pub(super) fn is_upper(&self) -> bool {
        self.text.chars().any(char::is_alphabetic) && !self.text.chars().any(char::is_lowercase)
    }
}

/// The page's lines from top to bottom, left to right.
pub(super) fn read(page: &PageMarks) -> Vec<Line> {
    let mut runs: Vec<&Run> = page.runs.iter().filter(|run| run.horizontal && !run.text.trim().is_empty()).collect();
    runs.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
    let mut rows: Vec<Vec<&Run>> = Vec::new();
    for run in runs {
        match rows.last_mut() {
            Some(row) if row.iter().any(|other| (run.baseline - other.baseline).abs() < SAME_BASELINE) => row.push(run),
            Some(_) | None => rows.push(vec![run]),
        }
    }
    rows.into_iter().flat_map(split_columns).collect()
}

fn split_columns(mut row: Vec<&Run>) -> Vec<Line> {
    row.sort_by(|a, b| a.x0.total_cmp(&b.x0));
    let mut columns: Vec<Vec<&Run>> = Vec::new();
    for run in row {
        match columns.last_mut() {
            Some(column) if column.last().is_some_and(|last| run.x0 - last.x1 < COLUMN_GAP) => column.push(run),
            Some(_) | None => columns.push(vec![run]),
        }
    }
    columns.iter().filter_map(|column| join(column)).collect()
}

fn join(runs: &[&Run]) -> Option<Line> {
    let first = runs.first()?;
    let text: String = runs.iter().map(|run| run.text.as_str()).collect();
    let longest = runs.iter().max_by_key(|run| run.text.trim().chars().count())?;
    Some(Line {
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        x0: runs.iter().map(|run| run.x0).fold(f64::INFINITY, f64::min),
        x1: runs.iter().map(|run| run.x1).fold(f64::NEG_INFINITY, f64::max),
        baseline: first.baseline,
        size: longest.size,
        bold: runs.iter().all(|run| run.bold),
        italic: runs.iter().all(|run| run.italic),
        runs: runs.iter().map(|run| (*run).clone()).collect(),
    })
}
