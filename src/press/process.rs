//! The parent's side of one child: start it, hear its last words, find out how it died.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::AsyncReadExt,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
    time::timeout,
};

use super::{
    Demand, PressSettings,
    frame::{self, Answer, Broken, Order},
    sandbox::Sandbox,
    verdict::Verdict,
};
use crate::metrics;

/// Longest start-up of a child: reading templates and fonts.
const LONGEST_START: Duration = Duration::from_secs(30);
/// Longest death of a child that closed its pipe.
const LONGEST_DEATH: Duration = Duration::from_secs(2);
/// How much of a child's last words is kept.
const LAST_WORDS: usize = 4 << 10;

/// A child that has shut itself in and waits for orders.
pub(super) struct RenderChild {
    process: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    words: JoinHandle<Vec<u8>>,
    pub(super) sandbox: Sandbox,
    pub(super) renders: u32,
}

/// How a child stands in the list of processes, wherever its executable lies.
const NAME: &str = "tdkt-reports";

/// The command of a child, with nothing of the parent's environment.
pub(super) fn command(settings: &PressSettings) -> Command {
    let mut command = Command::new(&settings.executable);
    command
        .arg0(NAME)
        .arg("press")
        .args(&settings.arguments)
        .args(["--render-memory-mib", &settings.memory_mib.to_string()])
        .args(["--processor-s", &settings.processor.as_secs().to_string()])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

impl RenderChild {
    /// A new child, once it has greeted.
    pub(super) async fn start(settings: &PressSettings) -> Result<Self, Verdict> {
        let spawned = command(settings).spawn();
        metrics::child_started();
        let mut process =
            spawned.map_err(|error| Verdict::Unavailable(format!("a render child could not be started: {error}")))?;
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let (Some(stdin), Some(mut stdout), Some(stderr)) = pipes else {
            return Err(Verdict::Unavailable("a new render child has no pipes".to_owned()));
        };
        let words = tokio::spawn(last_words(stderr));
        let greeting = timeout(LONGEST_START, frame::receive_greeting(&mut stdout)).await;
        let sandbox = greeting.map_or(Err(Broken::Garbled), |greeting| greeting.map(|greeting| greeting.sandbox));
        let nothing = Sandbox { landlock: None, seccomp: false };
        let mut child =
            Self { process, stdin, stdout, words, sandbox: sandbox.as_ref().map_or(nothing, |it| *it), renders: 0 };
        match sandbox {
            Ok(sandbox) if settings.demand == Demand::Require && !sandbox.is_complete() => {
                child.end().await;
                Err(Verdict::Unavailable(format!("the kernel's sandbox is incomplete: {sandbox:?}")))
            }
            Ok(_) => Ok(child),
            Err(broken) => {
                let death = child.autopsy(broken).await;
                Err(Verdict::Unavailable(format!("a render child did not get ready: {death:?}")))
            }
        }
    }

    /// One order, with the file it is about, and its answer, without a limit of time.
    pub(super) async fn exchange(&mut self, order: &Order, file: Option<&[u8]>) -> Result<Answer, Broken> {
        self.renders += 1;
        frame::send(&mut self.stdin, order, file).await?;
        frame::receive(&mut self.stdout).await
    }

    /// Its process id, while it lives.
    pub(super) fn id(&self) -> Option<u32> {
        self.process.id()
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Resident memory, where the system tells it.
    pub(super) fn resident_mib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib >> 10)
    }

    /// Kills it, and what it might have started: it leads its own process group.
    pub(super) async fn end(&mut self) -> Option<ExitStatus> {
        if let Some(id) = self.id().and_then(|id| i32::try_from(id).ok()) {
            let _gone_already = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
        self.process.wait().await.ok()
    }

    /// How a child died that gave no answer.
    pub(super) async fn autopsy(mut self, broken: Broken) -> Verdict {
        match broken {
            Broken::Closed => {}
            Broken::Garbled | Broken::TooLarge => {
                // It may still be writing, and would for ever.
                self.end().await;
                return if matches!(broken, Broken::TooLarge) { Verdict::TooLarge } else { Verdict::Garbled };
            }
        }
        let died = timeout(LONGEST_DEATH, self.process.wait()).await;
        self.end().await;
        let words = timeout(LONGEST_DEATH, &mut self.words).await.ok().and_then(Result::ok).unwrap_or_default();
        match died {
            Ok(Ok(status)) => cause_of_death(status, &String::from_utf8_lossy(&words)),
            // It closed its pipe and lives on.
            Ok(Err(_)) | Err(_) => Verdict::Garbled,
        }
    }
}

impl Drop for RenderChild {
    fn drop(&mut self) {
        self.words.abort();
    }
}

/// Reads to the end, keeps the last of it. A child that prints a gigabyte is heard out and not remembered.
async fn last_words(mut stderr: ChildStderr) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut chunk = vec![0; LAST_WORDS];
    while let Ok(read @ 1..) = stderr.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..read]);
        let beyond = kept.len().saturating_sub(LAST_WORDS);
        kept.drain(..beyond);
    }
    kept
}

/// A verdict from the exit status and what the runtime wrote. Nothing else of the words goes on: a panic's message may
/// repeat a paper's.
fn cause_of_death(status: ExitStatus, words: &str) -> Verdict {
    match status.signal().and_then(|signal| Signal::try_from(signal).ok()) {
        Some(Signal::SIGSYS) => Verdict::Forbidden,
        Some(Signal::SIGXCPU) => Verdict::Processor,
        Some(Signal::SIGABRT) if words.contains("memory allocation of") => Verdict::Memory,
        Some(Signal::SIGABRT | Signal::SIGSEGV) if words.contains("has overflowed its stack") => Verdict::TooDeep,
        Some(signal) => Verdict::Crashed(signal.as_str().to_owned()),
        None => {
            let place = place_of_panic(words).map(|place| format!(", panic at {place}")).unwrap_or_default();
            Verdict::Crashed(format!("exit status {}{place}", status.code().unwrap_or_default()))
        }
    }
}

/// `src/room.rs:12:34` of the first panic.
fn place_of_panic(words: &str) -> Option<&str> {
    let (_, rest) = words.split_once("panicked at ")?;
    let place = rest.lines().next()?.trim_end_matches(':');
    let is_place = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':');
    (place.len() < 160 && place.contains(".rs:") && place.chars().all(is_place)).then_some(place)
}

/// What became of an attempt to leave the sandbox.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Refused; how.
    Denied(String),
    /// The sandbox leaks.
    Escaped,
}

/// Lets a child of its own try one way out.
pub(super) async fn attempt(settings: &PressSettings, name: &str) -> io::Result<Outcome> {
    let child = command(settings).args(["--attempt", name]).spawn()?;
    let output = timeout(LONGEST_START, child.wait_with_output()).await.map_err(io::Error::from)??;
    if output.status.signal() == Some(Signal::SIGSYS as i32) {
        return Ok(Outcome::Denied("ended by the kernel (SIGSYS)".to_owned()));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim().strip_prefix("denied: ") {
        Some(how) => Ok(Outcome::Denied(how.to_owned())),
        // Silence, or whatever another program said: the child is no longer what was started.
        None => Ok(Outcome::Escaped),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_death_is_told_without_a_word_of_the_paper() {
        let killed = |signal: Signal, words: &str| cause_of_death(ExitStatus::from_raw(signal as i32), words);
        assert!(matches!(killed(Signal::SIGABRT, "memory allocation of 8 bytes failed"), Verdict::Memory));
        assert!(matches!(killed(Signal::SIGABRT, "\nthread 'x' has overflowed its stack\n"), Verdict::TooDeep));
        assert!(matches!(killed(Signal::SIGSYS, ""), Verdict::Forbidden));
        assert!(matches!(killed(Signal::SIGXCPU, ""), Verdict::Processor));
        let Verdict::Crashed(how) = killed(Signal::SIGABRT, "Nguyễn Văn A") else { panic!() };
        assert_eq!(how, "SIGABRT");
        let exited = |words: &str| cause_of_death(ExitStatus::from_raw(3 << 8), words);
        let Verdict::Crashed(how) = exited("thread '<unnamed>' (7) panicked at src/press/x.rs:1:2:\nNguyễn Văn A")
        else {
            panic!()
        };
        assert_eq!(how, "exit status 3, panic at src/press/x.rs:1:2");
        let Verdict::Crashed(how) = exited("panicked at Nguyễn Văn A.rs:1") else { panic!() };
        assert_eq!(how, "exit status 3");
    }
}
