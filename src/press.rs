//! Renders in child processes of this same executable: shut in, with limits and a kill.
//!
//! The rule: a render can hang, overflow its stack, eat all memory or turn hostile, and this process does not notice but
//! by the [`Verdict`]. A child serves one order at a time, gets nothing but that order, and is replaced after a while.

mod attempt;
mod child;
mod frame;
mod process;
mod rehearsal;
mod sandbox;
mod verdict;

use std::{io, path::PathBuf, sync::Mutex, time::Duration};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{catalog::MediaType, metrics, rendering::Question};
pub use attempt::{ATTEMPTS, Attempt};
pub use child::{ChildSettings, Orders, serve as serve_child, try_to_escape};
use frame::{Answer, Broken, Order};
pub use frame::{LARGEST_BODY, Output};
pub use process::Outcome;
use process::RenderChild;
pub use sandbox::{Demand, Sandbox, Without};
pub use verdict::{Class, Verdict};

/// How the press runs its children.
#[derive(Debug, Clone)]
pub struct PressSettings {
    /// The executable; a child is started as `<executable> press …`.
    pub executable: PathBuf,
    /// Arguments that tell a child where templates and fonts are.
    pub arguments: Vec<String>,
    /// Children at most.
    pub children: usize,
    /// A render longer than this is killed.
    pub deadline: Duration,
    /// Processor time of one render; the kernel ends a child that takes more, should this process be stopped.
    pub processor: Duration,
    /// Address space of a child, in MiB.
    pub memory_mib: u64,
    /// A child is replaced after so many renders.
    pub renders_per_child: u32,
    /// A child that holds more memory than this after a render is replaced, in MiB.
    pub replace_above_mib: u64,
    /// What becomes of children whose kernel cannot shut them in.
    pub demand: Demand,
}

/// A rendered paper or dossier, or one page as PNG.
#[derive(Debug)]
pub struct Pressed {
    pub bytes: Vec<u8>,
    pub pages: u32,
    /// What the bytes are; `None` for a picture.
    pub media_type: Option<MediaType>,
}

/// Longest reading of a stranger's file, the render that proves it included.
const LONGEST_READING: Duration = Duration::from_secs(20);

/// A pool of render children.
pub struct Press {
    settings: PressSettings,
    places: Semaphore,
    idle: Mutex<Vec<RenderChild>>,
}

impl Press {
    /// A press without children; they are started when they are needed.
    pub fn new(settings: PressSettings) -> Self {
        Self { places: Semaphore::new(settings.children.max(1)), settings, idle: Mutex::new(Vec::new()) }
    }

    /// Makes what one print order (a [`crate::intake::Manuscript`] as JSON) asks for. Dropping the future kills the child.
    pub async fn render(&self, order: &str) -> Result<Pressed, Verdict> {
        self.make(order, Output::Whole).await
    }

    /// Renders one page of a print order to PNG.
    pub async fn render_page(&self, order: &str, page: usize, ppi: f64) -> Result<Pressed, Verdict> {
        self.make(order, Output::Png { page, ppi }).await
    }

    /// Asks something about a finished file, which may be anybody's; the answer is JSON. The child that has read it makes no
    /// papers afterwards: it is ended.
    pub async fn examine(&self, file: &[u8], question: Question) -> Result<Vec<u8>, Verdict> {
        let deadline = self.settings.deadline.min(LONGEST_READING);
        let _place = self.place().await?;
        let (mut child, answer) = self.press(&Order::Examine(question), Some(file), deadline).await?;
        child.end().await;
        match answer {
            Answer::Told(bytes) => Ok(bytes),
            Answer::Refused(failure) => Err(Verdict::Refused(*failure)),
            Answer::Made { .. } => Err(Verdict::Garbled),
        }
    }

    /// Whether a child can be had: one waits, or works, or can be started now (it is kept).
    ///
    /// # Errors
    /// Why not.
    pub async fn pulse(&self) -> Result<(), Verdict> {
        let Ok(_place) = self.places.try_acquire() else { return Ok(()) };
        let child = self.child().await?;
        self.keep(child);
        Ok(())
    }

    /// Process ids of the children that wait for work; for operators and tests.
    pub fn idle_children(&self) -> Vec<u32> {
        self.idle.lock().map(|idle| idle.iter().filter_map(RenderChild::id).collect()).unwrap_or_default()
    }

    /// How many children work, and how many wait for work.
    pub fn occupancy(&self) -> (u64, u64) {
        let busy = self.settings.children.max(1).saturating_sub(self.places.available_permits());
        (busy as u64, self.idle.lock().map_or(0, |idle| idle.len()) as u64)
    }

    /// What shuts a child in on this machine; a child is started to find out.
    ///
    /// # Errors
    /// [`Verdict::Unavailable`] when no child gets ready, or the kernel lacks what is required.
    pub async fn sandbox(&self) -> Result<Sandbox, Verdict> {
        let mut child = RenderChild::start(&self.settings).await?;
        child.end().await;
        Ok(child.sandbox)
    }

    /// Lets a child of its own try one way out of the sandbox ([`ATTEMPTS`]).
    ///
    /// # Errors
    /// When the attempt could not be made.
    pub async fn attempt(&self, name: &str) -> io::Result<Outcome> {
        process::attempt(&self.settings, name).await
    }

    async fn make(&self, order: &str, output: Output) -> Result<Pressed, Verdict> {
        let order = Order::Render { order: order.to_owned(), output };
        let _place = self.place().await?;
        let (child, answer) = self.press(&order, None, self.settings.deadline).await?;
        match answer {
            Answer::Made { pages, media_type, bytes } if pages > 0 && output.is_answered_by(media_type, &bytes) => {
                self.keep(child);
                Ok(Pressed { bytes, pages, media_type })
            }
            Answer::Refused(failure) => {
                self.keep(child);
                Err(Verdict::Refused(*failure))
            }
            Answer::Made { .. } | Answer::Told(_) => Err(noted(child.autopsy(Broken::Garbled).await)),
        }
    }

    /// The right to have a child, until it is kept or has ended.
    async fn place(&self) -> Result<SemaphorePermit<'_>, Verdict> {
        self.places.acquire().await.map_err(|_| Verdict::Unavailable("the press is closed".to_owned()))
    }

    /// Hands an order to a child and gives both the child and its answer.
    async fn press(
        &self,
        order: &Order,
        file: Option<&[u8]>,
        deadline: Duration,
    ) -> Result<(RenderChild, Answer), Verdict> {
        let mut child = self.child().await?;
        metrics::order_given(match order {
            Order::Render { .. } => "render",
            Order::Examine(_) => "examine",
        });
        match tokio::time::timeout(deadline, child.exchange(order, file)).await {
            Err(_elapsed) => {
                child.end().await;
                Err(noted(Verdict::Timeout))
            }
            Ok(Err(broken)) => Err(noted(child.autopsy(broken).await)),
            Ok(Ok(answer)) => Ok((child, answer)),
        }
    }

    /// A child that waits and lives, else a new one.
    async fn child(&self) -> Result<RenderChild, Verdict> {
        loop {
            let broken = |_| Verdict::Unavailable("the press is broken".to_owned());
            let Some(mut child) = self.idle.lock().map_err(broken)?.pop() else {
                return RenderChild::start(&self.settings).await;
            };
            if child.is_alive() {
                return Ok(child);
            }
        }
    }

    /// Keeps a child for the next order, unless it is old or has grown.
    fn keep(&self, child: RenderChild) {
        let is_young = child.renders < self.settings.renders_per_child;
        // Where the system does not tell, its age decides alone.
        let is_slim = child.resident_mib().is_none_or(|mib| mib <= self.settings.replace_above_mib);
        if is_young
            && is_slim
            && let Ok(mut idle) = self.idle.lock()
        {
            idle.push(child);
        }
    }
}

/// Counts a child's death.
fn noted(verdict: Verdict) -> Verdict {
    if let Some(reason) = verdict.death() {
        metrics::child_died(reason);
    }
    verdict
}
