//! The child's side: take an order, render it, answer; until the parent closes the pipe.

use std::io;

use nix::sys::{
    prctl,
    resource::{Resource, setrlimit},
    signal::Signal,
};

use super::frame::{self, Answer, Order, Output};
use crate::{
    failure::{Failure, FailureCode},
    intake::Manuscript,
    rendering::{Question, Workshop},
};

/// Stack of the rendering thread: Typst's own depth limits fit into it.
const STACK: usize = 64 << 20;
/// Open files a child may have: its three pipes and a little.
const MOST_FILES: u64 = 32;

/// Binds this process, then answers orders from standard input on standard output. `load` reads templates and fonts.
///
/// # Errors
/// When a limit cannot be set or a pipe breaks.
pub fn serve(memory_mib: u64, load: impl FnOnce() -> io::Result<Workshop> + Send) -> io::Result<()> {
    // The parent may be killed; its children go with it.
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    let workshop = load()?;
    let memory = memory_mib << 20;
    setrlimit(Resource::RLIMIT_AS, memory, memory)?;
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0)?;
    setrlimit(Resource::RLIMIT_NOFILE, MOST_FILES, MOST_FILES)?;
    std::thread::scope(|scope| {
        let rendering =
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || answer_orders(&workshop))?;
        rendering.join().unwrap_or_else(|_| Err(io::Error::other("the rendering thread panicked")))
    })
}

fn answer_orders(workshop: &Workshop) -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    while let Some(order) = frame::next_order(&mut input)? {
        let answer = match order {
            Order::Render { order, output } => render(workshop, &order, output),
            Order::Examine(question) => examine(workshop, &frame::next_file(&mut input)?, &question),
        };
        frame::answer(&mut output, &answer)?;
    }
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
        Output::Pdf => workshop.render(&manuscript).map(|paper| (paper.pages, paper.pdf)),
        Output::Png { page, ppi } => workshop.render_page(&manuscript, page, ppi).map(|page| (page.pages, page.png)),
    });
    match outcome {
        Ok((pages, bytes)) => Answer::Paper { pages, bytes },
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
