//! Makes what is missing or changed, as many papers at a time as the press has children.

use std::{collections::BTreeSet, fs, io, path::Path, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use rayon::prelude::*;
use serde_json::Value;

use super::{
    Difference, Part, Plan,
    journal::{self, Journal, Line},
    unwritable, whole,
};
use crate::{
    difference,
    failure::{Failure, FailureCode},
    fingerprint,
    press::{Class, Press, Pressed},
    rendering::Workshop,
};

/// How often a paper is tried that took too much of something, or whose child died.
const TRIES: u32 = 3;
/// Before a child is asked for again, where none could be had.
const AGAIN: Duration = Duration::from_secs(2);

/// A folder of results that is worked on.
pub struct Closing<'a> {
    plan: &'a Plan,
    journal: Journal,
    todo: Vec<usize>,
}

/// What has been done so far. Weights are bytes of print orders: a dossier weighs more than a letter.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    pub done: usize,
    pub of: usize,
    pub weight_done: usize,
    pub weight_of: usize,
}

/// Before this share is done, a forecast would be a guess.
const KNOWN_ENOUGH: f64 = 0.03;

impl Progress {
    /// How long it still takes, by what is done of the weight; `None` where that is not known yet.
    pub fn left(self, elapsed: Duration) -> Option<Duration> {
        let share = self.weight_done as f64 / self.weight_of.max(1) as f64;
        (share >= KNOWN_ENOUGH).then(|| elapsed.mul_f64((1.0 - share).max(0.0) / share))
    }
}

/// How it ended.
#[derive(Debug, Default)]
pub struct Finished {
    /// Papers that were made now.
    pub made: Vec<String>,
    /// Papers that were there.
    pub kept: usize,
    /// Files of earlier runs that nobody asks for any longer.
    pub removed: usize,
    pub failed: Vec<(String, Failure)>,
    /// Pages of the merged file.
    pub pages: usize,
}

impl<'a> Closing<'a> {
    /// Opens the folder of results and finds out what is missing or changed.
    ///
    /// # Errors
    /// When the folder cannot be used, or somebody else works on it.
    pub fn open(plan: &'a Plan, out: &Path) -> Result<Self, Failure> {
        let journal = Journal::open(out).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => Failure::new(
                FailureCode::BadParameter,
                format!("Một lệnh khác đang làm việc với thư mục {}.", out.display()),
                "the folder of results is locked by another process",
            )
            .hint("Chờ lệnh kia kết thúc, hoặc chọn thư mục khác bằng --out."),
            _ => unwritable(out, error),
        })?;
        let stands = |part: &Part| {
            let line = journal.known.get(&part.file());
            line.is_some_and(|line| line.key == part.key && journal.holds(line))
        };
        let todo: Vec<usize> =
            plan.parts.par_iter().enumerate().filter(|(_, part)| !stands(part)).map(|(index, _)| index).collect();
        Ok(Self { plan, journal, todo })
    }

    /// How many papers have to be made.
    pub fn todo(&self) -> usize {
        self.todo.len()
    }

    /// What is different in papers that are to be made again. It is known until they are made.
    pub fn differences(&self, workshop: &Workshop) -> Vec<Difference> {
        self.todo.iter().filter_map(|index| self.difference(&self.plan.parts[*index], workshop)).collect()
    }

    fn difference(&self, part: &Part, workshop: &Workshop) -> Option<Difference> {
        let old: Value = serde_json::from_str(&self.journal.data(&part.file())?).ok()?;
        let new: Value = serde_json::from_str(&self.plan.order(part).ok()?).ok()?;
        let kind = workshop.catalog().kind(&part.kind);
        let changes = difference::between(old.get("request"), &new["request"], |pointer| {
            kind.and_then(|it| it.title_at(pointer))
        });
        (!changes.is_empty()).then(|| Difference { file: part.file(), title: part.title.clone(), changes })
    }

    /// Makes what is to be made. Dropping the future stops it; what is finished stays.
    ///
    /// # Errors
    /// When the folder cannot be written. Papers that fail are told of in the answer.
    pub async fn make(
        &mut self,
        press: &Press,
        at_a_time: usize,
        mut watch: impl FnMut(Progress),
    ) -> Result<Finished, Failure> {
        let plan = self.plan;
        let parts: Vec<&Part> = self.todo.iter().map(|index| &plan.parts[*index]).collect();
        let mut progress = Progress {
            done: 0,
            of: parts.len(),
            weight_done: 0,
            weight_of: parts.iter().map(|part| part.order.length).sum(),
        };
        let mut finished = Finished { kept: plan.parts.len() - parts.len(), ..Finished::default() };
        watch(progress);
        let journal = Arc::new(Places::of(&self.journal));
        let renders = parts.into_iter().map(|part| {
            let journal = Arc::clone(&journal);
            async move { (part, one(plan, part, press, &journal).await) }
        });
        // One more than there are children, so that none waits while a paper goes to disk.
        let mut renders = stream::iter(renders).buffer_unordered(at_a_time.max(1) + 1);
        while let Some((part, outcome)) = renders.next().await {
            match outcome {
                Ok(line) => {
                    self.journal.note(line).map_err(|error| unwritable(Path::new(&part.name), error))?;
                    finished.made.push(part.file());
                }
                Err(failure) => finished.failed.push((part.name.clone(), failure)),
            }
            progress.done += 1;
            progress.weight_done += part.order.length;
            watch(progress);
        }
        finished.failed.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(finished)
    }

    /// Binds and merges what was made. Every paper has to be there.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn conclude(&mut self, workshop: &Workshop, finished: &mut Finished) -> Result<(), Failure> {
        let wanted: BTreeSet<String> = self.plan.parts.iter().map(Part::file).collect();
        let root = self.journal.path("");
        let unwritable = |error: io::Error| unwritable(&root, error);
        // Where kinds were chosen, the others were not looked at: nobody said that they are not wanted.
        if self.plan.kinds.is_empty() {
            let own = whole::own_files(self.plan.report.as_ref());
            let is_wanted = |file: &str| wanted.contains(file) || own.contains(&file);
            finished.removed = self.journal.forget(is_wanted).map_err(unwritable)?;
        }
        let folders: BTreeSet<_> =
            wanted.iter().filter_map(|file| self.journal.path(file).parent().map(Path::to_owned)).collect();
        for folder in &folders {
            journal::sync_folder(folder).map_err(unwritable)?;
        }
        finished.pages =
            whole::put_together(&self.plan.outline(), self.plan.report.as_ref(), &mut self.journal, workshop)?;
        journal::sync_folder(&root).map_err(unwritable)
    }
}

impl Part {
    /// Path in the result.
    pub fn file(&self) -> String {
        format!("{}.{}", self.name, self.media_type.extension())
    }
}

/// Where files go, for tasks that must not hold the journal.
struct Places {
    root: std::path::PathBuf,
    half: std::path::PathBuf,
    data: std::path::PathBuf,
}

impl Places {
    fn of(journal: &Journal) -> Self {
        let folder = |path: std::path::PathBuf| path.parent().map(Path::to_owned).unwrap_or_default();
        Self { root: journal.path(""), half: folder(journal.half("x")), data: folder(journal.data_path("x")) }
    }
}

/// Renders one paper and puts it on disk.
async fn one(plan: &Plan, part: &Part, press: &Press, places: &Arc<Places>) -> Result<Line, Failure> {
    let order = plan.order(part)?;
    let pressed = render(press, &order).await?;
    let (file, key, places) = (part.file(), part.key.clone(), Arc::clone(places));
    let written = tokio::task::spawn_blocking(move || {
        let flat = file.replace('/', "+");
        let half = places.half.join(&flat);
        journal::write_whole(&half, &places.root.join(&file), &pressed.bytes)?;
        fs::write(&half, order)?;
        journal::settle(&half, &places.data.join(format!("{flat}.json")))?;
        Ok::<_, io::Error>(Line {
            key,
            sha256: fingerprint::of(&pressed.bytes),
            bytes: pressed.bytes.len() as u64,
            pages: pressed.pages,
            file,
        })
    });
    let written = written.await.map_err(|error| Failure::internal(error.to_string()))?;
    written.map_err(|error| unwritable(Path::new(&part.name), error))
}

/// The press's answer; what may have been an accident is tried again.
async fn render(press: &Press, order: &str) -> Result<Pressed, Failure> {
    let mut tried = 0;
    loop {
        let verdict = match press.render(order).await {
            Ok(pressed) => return Ok(pressed),
            Err(verdict) => verdict,
        };
        tried += 1;
        match verdict.class() {
            Class::Permanent => return Err(verdict.into()),
            Class::Resource if tried >= TRIES - 1 => return Err(verdict.into()),
            Class::Crash | Class::Transient if tried >= TRIES => return Err(verdict.into()),
            Class::Resource | Class::Crash => {}
            Class::Transient => tokio::time::sleep(AGAIN).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(weight_done: usize) -> Progress {
        Progress { done: 1, of: 9, weight_done, weight_of: 100 }
    }

    #[test]
    fn the_forecast_goes_by_weight_and_not_by_papers() {
        assert_eq!(progress(25).left(Duration::from_secs(10)), Some(Duration::from_secs(30)));
        assert_eq!(progress(100).left(Duration::from_secs(10)), Some(Duration::ZERO));
        assert_eq!(progress(1).left(Duration::from_secs(10)), None);
    }
}
