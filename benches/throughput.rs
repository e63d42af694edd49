//! What a paper costs: `just bench`, or `cargo bench --bench throughput -- [documents]`.
//!
//! Prints one table for docs/benchmarks.md: papers a second with one and two render children, processor time for a paper
//! against bare Typst (compile and export of the same source, in the same run), memory over many papers, cold start.

use std::{
    collections::HashMap,
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use nix::sys::resource::{UsageWho, getrusage};
use tdkt_reports::{
    intake::{Manuscript, Treatment},
    press::{Demand, Press, PressSettings},
    rendering::Workshop,
    settings::{GivenSettings, Settings},
    workshop_files,
};
use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration as TypstDuration, Smart},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let documents = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(300);
    // Render children work with one thread each; the comparison does the same.
    // SAFETY: no other thread runs yet.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", "1") };
    let settings = Settings::resolve(&GivenSettings::default()).expect("defaults");
    let workshop = workshop_files::load(&settings).expect("the shipped templates load");
    let papers = [
        ("Kon Tum review", manuscript(&workshop, &std::fs::read("examples/kon-tum-2020.json").expect("example"))),
        ("simple sample", sample(&workshop, "simple")),
        ("overflow sample", sample(&workshop, "overflow")),
    ];
    let programme = env!("CARGO_BIN_EXE_tdkt-reports");
    println!("| paper | pages | 1 child, papers/s | 2 children, papers/s | CPU ms/paper | bare Typst CPU ms | ratio |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (name, paper) in &papers {
        let pages = workshop.render(paper).expect("renders").pages;
        // A paper of many pages costs more; the same time is spent on each kind.
        let count = (documents * 3 / pages as usize).max(20);
        let [one, two] = [1, 2].map(|children| pressed_per_second(programme, children, paper, count));
        let (ours, bare) = processor_time(&workshop, paper, count);
        println!("| {name} | {pages} | {one:.1} | {two:.1} | {ours:.1} | {bare:.1} | {:.2} |", ours / bare);
    }
    sandbox(programme, &papers[0].1, documents * 3);
    memory(&workshop, &papers[0].1, documents * 10);
    cold_start(programme);
}

fn manuscript(workshop: &Workshop, request: &[u8]) -> Manuscript {
    workshop.check(request, Treatment::AsSent).expect("acceptable").manuscript
}

fn sample(workshop: &Workshop, name: &str) -> Manuscript {
    let kind = workshop.catalog().kind("six-month-review").expect("the kind is there");
    manuscript(workshop, kind.sample(name).expect("the sample is there").as_bytes())
}

/// Through real render children, as the service does it.
fn pressed_per_second(programme: &str, children: usize, paper: &Manuscript, count: usize) -> f64 {
    let press = Arc::new(press(programme, children, &[]));
    let order: Arc<str> = serde_json::to_string(paper).expect("an order").into();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let batch = async |count: usize| {
            let tasks: Vec<_> = (0..count)
                .map(|_| {
                    let (press, order) = (Arc::clone(&press), Arc::clone(&order));
                    tokio::spawn(async move { press.render(&order).await.expect("renders").bytes.len() })
                })
                .collect();
            for task in tasks {
                task.await.expect("no panic");
            }
        };
        batch(children * 2).await;
        let start = Instant::now();
        batch(count).await;
        count as f64 / start.elapsed().as_secs_f64()
    })
}

fn press(programme: &str, children: usize, further: &[&str]) -> Press {
    Press::new(PressSettings {
        executable: programme.into(),
        arguments: further.iter().map(|argument| (*argument).to_owned()).collect(),
        children,
        deadline: Duration::from_secs(60),
        processor: Duration::from_secs(65),
        memory_mib: 1536,
        renders_per_child: 100_000,
        replace_above_mib: 1536,
        demand: Demand::Best,
    })
}

/// What shutting children in costs: processor time of a child for a paper with and without, in turn, and the start of a
/// child without a paper.
fn sandbox(programme: &str, paper: &Manuscript, count: usize) {
    const OPEN: [&str; 2] = ["--without", "landlock,seccomp,limits"];
    const ROUNDS: usize = 6;
    let (mut shut, mut open) = (0.0, 0.0);
    for _round in 0..ROUNDS {
        shut += child_ms(programme, &[], paper, count / ROUNDS);
        open += child_ms(programme, &OPEN, paper, count / ROUNDS);
    }
    let (shut, open) = (shut / ROUNDS as f64, open / ROUNDS as f64);
    let [shut_start, open_start] =
        [&[][..], &OPEN[..]].map(|further| median_ms(15, || child_start(programme, further)));
    println!("\n| render child | CPU ms/paper | start, ms |");
    println!("| --- | --- | --- |");
    println!("| shut in | {shut:.1} | {shut_start:.0} |");
    println!("| open | {open:.1} | {open_start:.0} |");
    println!("| ratio | {:.3} | {:.3} |", shut / open, shut_start / open_start);
}

/// Processor milliseconds that a render child takes for a paper, as the kernel counts them.
fn child_ms(programme: &str, further: &[&str], paper: &Manuscript, count: usize) -> f64 {
    let press = press(programme, 1, further);
    let order = serde_json::to_string(paper).expect("an order");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        press.render(&order).await.expect("renders");
        let ticks = || {
            let child = press.idle_children()[0];
            let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).expect("its times");
            let fields = stat.rsplit_once(')').expect("a name").1.split_whitespace();
            fields.skip(11).take(2).map(|ticks| ticks.parse::<f64>().expect("ticks")).sum::<f64>()
        };
        let before = ticks();
        for _ in 0..count {
            press.render(&order).await.expect("renders");
        }
        // A hundred ticks a second, on every Linux that we build for.
        (ticks() - before) * 10.0 / count as f64
    })
}

/// A child that is ready for its first order has greeted; without orders it ends.
fn child_start(programme: &str, further: &[&str]) {
    let child = Command::new(programme).arg("press").args(further).env_clear().stdin(Stdio::null()).output();
    assert!(child.expect("starts").status.success());
}

fn median_ms(times: usize, act: impl Fn()) -> f64 {
    let mut times: Vec<f64> = (0..times)
        .map(|_| {
            let start = Instant::now();
            act();
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Processor milliseconds for a paper: ours (compose, set, inspect, export) and bare Typst, taken in turn.
fn processor_time(workshop: &Workshop, paper: &Manuscript, count: usize) -> (f64, f64) {
    let source = workshop.source(paper).expect("composes");
    let bare = BareWorld::new(workshop, source);
    let (mut ours, mut theirs) = (0.0, 0.0);
    for round in 0..count + 3 {
        let start = processor_seconds();
        let pdf = workshop.render(paper).expect("renders").pdf;
        let between = processor_seconds();
        let bare_pdf = bare.pdf();
        let end = processor_seconds();
        assert!(!pdf.is_empty() && !bare_pdf.is_empty());
        if round >= 3 {
            ours += between - start;
            theirs += end - between;
        }
    }
    (ours * 1000.0 / count as f64, theirs * 1000.0 / count as f64)
}

fn processor_seconds() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("usage");
    [usage.user_time(), usage.system_time()].iter().map(|t| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6).sum()
}

fn memory(workshop: &Workshop, paper: &Manuscript, documents: usize) {
    println!("\n| papers rendered in one process | resident MiB |");
    println!("| --- | --- |");
    for step in 0..=documents {
        if [10, documents / 10, documents / 3, documents].contains(&step) {
            println!("| {step} | {:.0} |", resident_mib());
        }
        workshop.render(paper).expect("renders");
    }
}

fn resident_mib() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("statm");
    let pages: f64 = statm.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("resident pages");
    pages * 4096.0 / (1 << 20) as f64
}

fn cold_start(programme: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("paper.pdf");
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            let status = Command::new(programme)
                .args(["render", "examples/kon-tum-2020.json", "-o"])
                .arg(&target)
                .stderr(std::process::Stdio::null())
                .status()
                .expect("runs");
            assert!(status.success() && Path::new(&target).exists());
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "\nCold start of `render` to a finished PDF: median {:.0} ms of {} runs.",
        times[times.len() / 2],
        times.len()
    );
}

/// The least world that Typst needs: what the house adds to it is measured against this.
struct BareWorld {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    main: Source,
    files: HashMap<FileId, Source>,
    last: Mutex<()>,
}

impl BareWorld {
    fn new(workshop: &Workshop, source: String) -> Self {
        let id =
            |path: &str| FileId::new(RootedPath::new(VirtualRoot::Project, VirtualPath::new(path).expect("a path")));
        let fonts: Vec<Font> = workshop_files::fonts(Path::new(""))
            .expect("fonts")
            .into_iter()
            .flat_map(|file| Font::iter(Bytes::new(file.bytes)))
            .collect();
        let layout = workshop.catalog().layout();
        let files = layout.iter().map(|(path, text)| {
            let id = id(&format!("/{path}"));
            (id, Source::new(id, text.clone()))
        });
        Self {
            library: LazyHash::new(Library::builder().build()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            main: Source::new(id("/main.typ"), source),
            files: files.collect(),
            last: Mutex::new(()),
        }
    }

    fn pdf(&self) -> Vec<u8> {
        let _one_at_a_time = self.last.lock();
        let document = typst::compile::<typst_layout::PagedDocument>(self).output.expect("compiles");
        let standards = [typst_pdf::PdfStandard::A_2a, typst_pdf::PdfStandard::Ua_1];
        let options = typst_pdf::PdfOptions {
            ident: Smart::Custom("bench".into()),
            timestamp: Datetime::from_ymd_hms(2020, 7, 24, 0, 0, 0).map(typst_pdf::Timestamp::new_utc),
            standards: typst_pdf::PdfStandards::new(&standards).expect("standards"),
            ..Default::default()
        };
        let pdf = typst_pdf::pdf(&document, &options).expect("exports");
        drop(document);
        comemo::evict(0);
        pdf
    }
}

impl World for BareWorld {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() {
            return Ok(self.main.clone());
        }
        self.files.get(&id).cloned().ok_or(FileError::AccessDenied)
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<TypstDuration>) -> Option<Datetime> {
        Datetime::from_ymd(2020, 7, 24)
    }
}
