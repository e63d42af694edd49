//! Renders in child processes of this same executable: with a deadline, a memory limit and a kill.
//!
//! The rule: a render can hang, overflow its stack or eat all memory, and this process does not notice but by the
//! [`Verdict`]. A child serves one order at a time, gets nothing but that order, and is replaced after a while.

mod child;
mod frame;

use std::{path::PathBuf, process::Stdio, sync::Mutex, time::Duration};

use tokio::{
    io::AsyncReadExt,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    sync::Semaphore,
};

use crate::{failure::Failure, rendering::Question};
pub use child::serve as serve_child;
pub use frame::Output;
use frame::{Answer, Order};

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
    /// Address space of a child, in MiB.
    pub memory_mib: u64,
    /// A child is replaced after so many renders.
    pub renders_per_child: u32,
}

/// A rendered paper, or one page of it as PNG.
#[derive(Debug)]
pub struct Pressed {
    pub bytes: Vec<u8>,
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
    /// Died otherwise: crash class, retried until the starts are used up. Holds how it died.
    Crashed(String),
    /// No child could be had: transient, retried with back-off, the start is given back.
    Unavailable(String),
}

/// A pool of render children.
pub struct Press {
    settings: PressSettings,
    places: Semaphore,
    idle: Mutex<Vec<RenderChild>>,
}

struct RenderChild {
    process: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
    renders: u32,
}

/// Longest start-up of a child: reading templates and fonts.
const LONGEST_START: Duration = Duration::from_secs(30);
/// Longest reading of a stranger's file, the render that proves it included.
const LONGEST_READING: Duration = Duration::from_secs(20);
/// How much of a dead child's last words is kept.
const LAST_WORDS: usize = 4 << 10;

impl Press {
    /// A press without children; they are started when they are needed.
    pub fn new(settings: PressSettings) -> Self {
        Self { places: Semaphore::new(settings.children.max(1)), settings, idle: Mutex::new(Vec::new()) }
    }

    /// Renders one print order (a [`crate::intake::Manuscript`] as JSON) to PDF. Dropping the future kills the child.
    pub async fn render(&self, order: &str) -> Result<Pressed, Verdict> {
        self.make(order, Output::Pdf).await
    }

    /// Renders one page of a print order to PNG.
    pub async fn render_page(&self, order: &str, page: usize, ppi: f64) -> Result<Pressed, Verdict> {
        self.make(order, Output::Png { page, ppi }).await
    }

    /// Asks something about a finished file, which may be anybody's; the answer is JSON. The child that has read it makes no
    /// papers afterwards: it is ended.
    pub async fn examine(&self, file: &[u8], question: Question) -> Result<Vec<u8>, Verdict> {
        let deadline = self.settings.deadline.min(LONGEST_READING);
        let (mut child, answer) = self.press(&Order::Examine(question), Some(file), deadline).await?;
        child.end().await;
        match answer {
            Answer::Told(bytes) => Ok(bytes),
            Answer::Refused(failure) => Err(Verdict::Refused(*failure)),
            Answer::Paper { .. } => Err(Verdict::Crashed("answered another question".to_owned())),
        }
    }

    /// Whether a child can be had: one waits, or works, or could be started now (it is kept).
    ///
    /// # Errors
    /// Why not.
    pub fn pulse(&self) -> Result<(), Verdict> {
        let Ok(_place) = self.places.try_acquire() else { return Ok(()) };
        let mut idle = self.idle.lock().map_err(|_| Verdict::Unavailable("the press is broken".to_owned()))?;
        idle.retain_mut(|child| matches!(child.process.try_wait(), Ok(None)));
        if idle.is_empty() {
            idle.push(self.start()?);
        }
        Ok(())
    }

    /// Process ids of the children that wait for work; for operators and tests.
    pub fn idle_children(&self) -> Vec<u32> {
        self.idle.lock().map(|idle| idle.iter().filter_map(|child| child.process.id()).collect()).unwrap_or_default()
    }

    async fn make(&self, order: &str, output: Output) -> Result<Pressed, Verdict> {
        let order = Order::Render { order: order.to_owned(), output };
        let (child, answer) = self.press(&order, None, self.settings.deadline).await?;
        self.keep(child);
        match answer {
            Answer::Paper { pages, bytes } => Ok(Pressed { bytes, pages }),
            Answer::Refused(failure) => Err(Verdict::Refused(*failure)),
            Answer::Told(_) => Err(Verdict::Crashed("answered another question".to_owned())),
        }
    }

    /// Hands an order to a child and gives both the child and its answer.
    async fn press(
        &self,
        order: &Order,
        file: Option<&[u8]>,
        deadline: Duration,
    ) -> Result<(RenderChild, Answer), Verdict> {
        let unavailable = |cause: &str| Verdict::Unavailable(cause.to_owned());
        let _place = self.places.acquire().await.map_err(|_| unavailable("the press is closed"))?;
        let waiting = self.idle.lock().map_err(|_| unavailable("the press is broken"))?.pop();
        let alive = waiting.and_then(|mut child| matches!(child.process.try_wait(), Ok(None)).then_some(child));
        let mut child = match alive {
            Some(child) => child,
            None => self.start()?,
        };
        // A fresh child reads templates and fonts before it reads the order; whoever sent a file does not wait for ever.
        let deadline = if child.renders == 0 && file.is_none() { deadline + LONGEST_START } else { deadline };
        child.renders += 1;
        let answer = {
            let exchange = async {
                frame::send(&mut child.stdin, order, file).await?;
                frame::receive(&mut child.stdout).await
            };
            tokio::time::timeout(deadline, exchange).await
        };
        match answer {
            Err(_elapsed) => {
                child.end().await;
                Err(Verdict::Timeout)
            }
            Ok(Err(_broken_pipe)) => Err(child.autopsy().await),
            Ok(Ok(answer)) => Ok((child, answer)),
        }
    }

    fn start(&self) -> Result<RenderChild, Verdict> {
        let gone = |what: &str| Verdict::Unavailable(format!("a new render child has no {what}"));
        let mut process = Command::new(&self.settings.executable)
            .arg("press")
            .args(&self.settings.arguments)
            .arg("--render-memory-mib")
            .arg(self.settings.memory_mib.to_string())
            .env_clear()
            .env("RAYON_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Verdict::Unavailable(format!("a render child could not be started: {error}")))?;
        let stdin = process.stdin.take().ok_or_else(|| gone("stdin"))?;
        let stdout = process.stdout.take().ok_or_else(|| gone("stdout"))?;
        let stderr = process.stderr.take().ok_or_else(|| gone("stderr"))?;
        Ok(RenderChild { process, stdin, stdout, stderr, renders: 0 })
    }

    fn keep(&self, child: RenderChild) {
        if child.renders < self.settings.renders_per_child
            && let Ok(mut idle) = self.idle.lock()
        {
            idle.push(child);
        }
    }
}

impl RenderChild {
    async fn end(&mut self) {
        // The child leads its own process group; whatever it might have started ends with it.
        if let Some(id) = self.process.id().and_then(|id| i32::try_from(id).ok()) {
            let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(id), nix::sys::signal::Signal::SIGKILL);
        }
        let _ = self.process.kill().await;
    }

    /// How a child died that closed its pipe or wrote nonsense.
    async fn autopsy(mut self) -> Verdict {
        use std::os::unix::process::ExitStatusExt;

        let status = match tokio::time::timeout(Duration::from_secs(2), self.process.wait()).await {
            Ok(Ok(status)) => Some(status),
            Ok(Err(_)) | Err(_) => None,
        };
        self.end().await;
        let mut words = vec![0; LAST_WORDS];
        let read = tokio::time::timeout(Duration::from_millis(200), self.stderr.read(&mut words)).await;
        let length = read.ok().and_then(Result::ok).unwrap_or_default();
        let words = String::from_utf8_lossy(&words[..length]).into_owned();
        if words.contains("memory allocation of") {
            return Verdict::Memory;
        }
        let overflow = if words.contains("overflowed its stack") { ", stack overflow" } else { "" };
        Verdict::Crashed(match status {
            Some(status) => match status.signal() {
                Some(signal) => format!("signal {signal}{overflow}"),
                None => format!("exit status {}", status.code().unwrap_or_default()),
            },
            None => "wrote nonsense".to_owned(),
        })
    }
}
