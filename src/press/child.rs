//! The child's side: read templates and fonts, shut itself in, greet; then take an order, render it, answer; until the
//! parent closes the pipe.

use std::{
    io::{self, Write},
    panic,
    time::Duration,
};

use nix::sys::{
    prctl,
    resource::{RLIM_INFINITY, Resource, UsageWho, getrusage, setrlimit},
    signal::Signal,
};

use super::{
    attempt::Attempt,
    frame::{self, Answer, Greeting, Order, Output},
    rehearsal,
    sandbox::{self, Sandbox, Without},
};
use crate::{
    failure::{Failure, FailureCode},
    intake::Manuscript,
    rendering::{Question, Workshop},
};

/// Stack of the rendering thread: Typst's own depth limits fit into it.
const STACK: usize = 64 << 20;

/// How a child binds itself.
#[derive(Debug, Clone, Copy)]
pub struct ChildSettings {
    /// Address space, in MiB.
    pub memory_mib: u64,
    /// Processor time of one order.
    pub processor: Duration,
    /// Parts of the sandbox that stay open.
    pub without: Without,
}

/// What orders may ask of a child besides papers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orders {
    /// Nothing.
    Papers,
    /// Accidents, too.
    PapersAndAccidents,
}

/// Answers orders from standard input on standard output. `load` reads templates and fonts.
///
/// # Errors
/// When a limit cannot be set, nothing can be loaded, or a pipe breaks.
pub fn serve(
    settings: &ChildSettings,
    orders: Orders,
    load: impl FnOnce() -> io::Result<Workshop> + Send,
) -> io::Result<()> {
    leave_no_trace()?;
    let workshop = load()?;
    shut_in(settings, |sandbox| {
        frame::greet(&mut io::stdout().lock(), &Greeting { sandbox })?;
        answer_orders(&workshop, settings.processor, orders)
    })
}

/// Tries one way out of the sandbox and says on standard output how it went: `denied: …` or `escaped`. A child that
/// says neither was ended by the kernel.
///
/// # Errors
/// When a limit cannot be set.
pub fn try_to_escape(settings: &ChildSettings, attempt: Attempt) -> io::Result<()> {
    leave_no_trace()?;
    shut_in(settings, |_sandbox| {
        match attempt.run() {
            Ok(()) => println!("escaped"),
            Err(error) => println!("denied: {error}"),
        }
        Ok(())
    })
}

/// The parent may be killed, then its children go with it. What is in memory is people's: nobody may look at it, alive
/// or dead.
fn leave_no_trace() -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    prctl::set_name(c"tdkt-press")?;
    prctl::set_no_new_privs()?;
    prctl::set_dumpable(false)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    // A panic's message may repeat the paper, and a long one would push its place out of what the parent keeps.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let _nobody_hears = writeln!(io::stderr(), "panicked at {place}:");
    }));
    Ok(())
}

/// Does `work` on a thread of its own with everything shut.
fn shut_in(settings: &ChildSettings, work: impl FnOnce(Sandbox) -> io::Result<()> + Send) -> io::Result<()> {
    let ChildSettings { memory_mib, without, .. } = *settings;
    // Landlock binds the thread that asks, and those it starts later.
    be_alone()?;
    let landlock = if without.landlock { None } else { sandbox::shut_files() };
    let memory = memory_mib << 20;
    setrlimit(Resource::RLIMIT_AS, memory, memory)?;
    if !without.limits {
        sandbox::limit_files()?;
    }
    std::thread::scope(|scope| {
        let working = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || {
            // Typst asks rayon for threads; it gets this one, with its deep stack, and no other can be started.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
            pool.build_global().map_err(io::Error::other)?;
            if !without.limits {
                sandbox::limit_processes()?;
            }
            let seccomp = !without.seccomp && sandbox::shut_calls();
            work(Sandbox { landlock, seccomp })
        })?;
        working.join().unwrap_or_else(|_| Err(io::Error::other("the rendering thread panicked")))
    })
}

/// A thread from before would stay outside.
fn be_alone() -> io::Result<()> {
    let threads = std::fs::read_dir("/proc/self/task").map(Iterator::count).unwrap_or(1);
    if threads == 1 { Ok(()) } else { Err(io::Error::other(format!("{threads} threads, where one was expected"))) }
}

fn answer_orders(workshop: &Workshop, processor: Duration, orders: Orders) -> io::Result<()> {
    let mut input = io::stdin().lock();
    while let Some(order) = frame::next_order(&mut input)? {
        grant(processor)?;
        let answer = match order {
            Order::Render { order, output } => {
                if orders == Orders::PapersAndAccidents {
                    rehearsal::play(&order);
                }
                render(workshop, &order, output)
            }
            Order::Examine(question) => examine(workshop, &frame::next_file(&mut input)?, &question),
        };
        // The rehearsals write to the pipe themselves, so it is not kept locked.
        frame::answer(&mut io::stdout().lock(), answer)?;
    }
    Ok(())
}

/// Processor time counts from the process's start; each order gets its own share on top. The kernel sends SIGXCPU.
fn grant(processor: Duration) -> io::Result<()> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let used = usage.user_time().tv_sec() + usage.system_time().tv_sec();
    let until = u64::try_from(used).unwrap_or_default() + 1 + processor.as_secs();
    setrlimit(Resource::RLIMIT_CPU, until, RLIM_INFINITY)?;
    Ok(())
}

/// The file is a stranger's: what it does to this process, the parent sees as a verdict.
fn examine(workshop: &Workshop, file: &[u8], question: &Question) -> Answer {
    match workshop.answer(file, question) {
        Ok(told) => Answer::Told(told.to_string().into_bytes()),
        Err(failure) => Answer::Refused(Box::new(failure)),
    }
}

fn render(workshop: &Workshop, order: &str, output: Output) -> Answer {
    let outcome = manuscript(order).and_then(|manuscript| match output {
        Output::Whole => workshop.make(&manuscript).map(|made| Answer::Made {
            pages: made.pages,
            media_type: Some(made.media_type),
            bytes: made.bytes,
        }),
        Output::Png { page, ppi } => workshop.render_page(&manuscript, page, ppi).map(|page| Answer::Made {
            pages: page.pages,
            media_type: None,
            bytes: page.png,
        }),
    });
    match outcome {
        Ok(answer) => answer,
        Err(failure) => Answer::Refused(Box::new(failure)),
    }
}

fn manuscript(order: &str) -> Result<Manuscript, Failure> {
    serde_json::from_str(order).map_err(|_| {
        Failure::new(
            FailureCode::UnreadableJob,
            "Phiên bản phần mềm này không đọc được việc đã lưu.",
            "the stored print order is not readable by this version",
        )
        .hint("Gửi lại yêu cầu.")
    })
}
