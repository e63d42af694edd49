//! What closing a year costs: `cargo bench --bench closing -- [blocs] [papers of each]`.
//!
//! Closes an invented province as `batch` does, and sets beside it, in the same run, what the render children alone make of
//! the same print orders: papers a second of both, processor time of parent and children, memory of each process while it
//! grows, and how far the forecast was off at a quarter, half and three quarters.
//!
//! The children alone make one half of the papers before the closing and the other half after it, so that each paper is made
//! alone once, and a machine that gets slower in between is seen.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use nix::sys::resource::{UsageWho, getrusage};
use tdkt_reports::{
    closing::{Closing, Finished, Leniency, Plan, Progress, Wanted},
    press::{Demand, Press, PressSettings},
    sample_province,
    settings::{GivenSettings, Settings},
    workshop_files,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Shares of the closing at which memory is looked at.
const LOOKS: [f64; 5] = [0.02, 0.1, 0.25, 0.5, 1.0];
/// Shares at which the forecast is held against what came.
const FORECASTS: [f64; 4] = [0.25, 0.3, 0.5, 0.75];

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse().ok());
    let (blocs, papers) = (numbers.next().unwrap_or(60), numbers.next().unwrap_or(34));
    let folder = tempfile::tempdir().expect("a folder");
    let inputs = folder.path().join("inputs");
    fs::create_dir_all(&inputs).expect("a folder");
    let invented = sample_province::invent(&sample_province::Plan {
        seed: 1,
        blocs,
        papers,
        missing: 3.min(blocs / 2),
        faulty: 2,
    });
    for file in invented {
        fs::write(inputs.join(&file.name), file.text).expect("written");
    }
    let settings = Settings::resolve(&GivenSettings::default()).expect("defaults");
    let children = settings.renderer_count();

    let began = Moment::now();
    let workshop = workshop_files::load(&settings).expect("the shipped templates load");
    let loaded = Moment::now();
    let wanted = Wanted {
        leniency: Leniency::AcceptPartial,
        kinds: Vec::new(),
        sources: true,
        most: usize::MAX,
        findings: usize::MAX,
        period: None,
    };
    let (plan, faults) = Plan::draw(&inputs, &wanted, &workshop).expect("a plan");
    assert!(faults.is_empty(), "{faults:?}");
    let checked = Moment::now();
    println!(
        "{} documents of {blocs} blocs, {children} render children, {} MiB after checking\n",
        plan.parts.len(),
        rss()
    );

    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let alone_before = runtime.block_on(alone(&plan, children, 0));
    let press = Press::new(press_settings(children));
    let mut seen = Seen::new();
    let out = folder.path().join("out");
    let opening = Moment::now();
    let mut closing = Closing::open(&plan, &out).expect("a folder of results");
    let opened = Moment::now();
    let mut finished =
        runtime.block_on(closing.make(&press, children, |progress| seen.see(progress))).expect("the papers are made");
    assert!(finished.failed.is_empty(), "{:?}", finished.failed);
    let made = Moment::now();
    closing.conclude(&workshop, &mut finished).expect("bound and merged");
    let concluded = Moment::now();
    drop(press);
    let alone_after = runtime.block_on(alone(&plan, children, 1));

    let phases = [
        ("templates and fonts loaded", &began, &loaded),
        ("every file checked", &loaded, &checked),
        ("results opened", &opening, &opened),
        ("papers made", &opened, &made),
        ("bound and merged", &made, &concluded),
    ];
    let whole: Duration = phases.iter().map(|(_, from, to)| to.at - from.at).sum();
    tell(&phases, plan.parts.len());
    let speed = plan.parts.len() as f64 / whole.as_secs_f64();
    let alone = plan.parts.len() as f64 / (alone_before.took + alone_after.took).as_secs_f64();
    println!("\n| papers a second | |\n| --- | --- |");
    println!("| the whole closing, from nothing to `archive.zip` | {speed:.1} |");
    println!("| the same papers by the render children alone | {alone:.1} |");
    println!("| one half of them before, the other after | {:.1}, {:.1} |", alone_before.speed(), alone_after.speed());
    println!("| ratio | {:.2} |", speed / alone);
    let all_ms: f64 = phases.iter().map(|(_, from, to)| to.cpu_ms - from.cpu_ms).sum();
    let alone_ms = alone_before.cpu_ms + alone_after.cpu_ms;
    println!("| the same of processor times | {:.2} |", alone_ms / all_ms);
    seen.tell();
    size(&out, &finished);
}

/// A moment: by the clock, and by the processor time that this process and its ended children have taken.
struct Moment {
    at: Instant,
    own_ms: f64,
    cpu_ms: f64,
}

impl Moment {
    fn now() -> Self {
        let own_ms = cpu_ms(UsageWho::RUSAGE_SELF);
        Self { at: Instant::now(), own_ms, cpu_ms: own_ms + cpu_ms(UsageWho::RUSAGE_CHILDREN) + living_ms() }
    }
}

fn cpu_ms(who: UsageWho) -> f64 {
    let usage = getrusage(who).expect("usage");
    [usage.user_time(), usage.system_time()].iter().map(|t| t.tv_sec() as f64 * 1e3 + t.tv_usec() as f64 / 1e3).sum()
}

/// Process ids of the render children that live.
fn living() -> Vec<u32> {
    let tasks = fs::read_dir("/proc/self/task").expect("/proc");
    let children = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
    children.flat_map(|ids| ids.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect()
}

/// Processor milliseconds of the children that live; a hundred ticks a second, on every Linux that we build for.
fn living_ms() -> f64 {
    let ticks = |id: u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
        Some(fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>())
    };
    living().into_iter().filter_map(ticks).sum::<f64>() * 10.0
}

/// A line of a process's status, in MiB.
fn status_mib(process: &str, key: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() >> 10
}

fn rss() -> u64 {
    status_mib("self", "VmRSS")
}

fn press_settings(children: usize) -> PressSettings {
    PressSettings {
        executable: env!("CARGO_BIN_EXE_tdkt-reports").into(),
        arguments: Vec::new(),
        children,
        deadline: Duration::from_secs(120),
        processor: Duration::from_secs(125),
        memory_mib: 1536,
        renders_per_child: 1_000,
        replace_above_mib: 512,
        demand: Demand::Best,
    }
}

/// What the children do when nobody checks, stores or binds.
struct Alone {
    papers: usize,
    took: Duration,
    /// Processor time of all processes.
    cpu_ms: f64,
}

impl Alone {
    fn speed(&self) -> f64 {
        self.papers as f64 / self.took.as_secs_f64()
    }
}

/// Every second paper, from the first or the second on.
async fn alone(plan: &Plan, children: usize, first: usize) -> Alone {
    let press = Arc::new(Press::new(press_settings(children)));
    let orders: Vec<String> =
        plan.parts.iter().skip(first).step_by(2).map(|part| plan.order(part).expect("an order")).collect();
    let count = orders.len();
    let began = Moment::now();
    let papers = stream::iter(orders).map(|order| {
        let press = Arc::clone(&press);
        async move { press.render(&order).await.expect("a paper").bytes.len() }
    });
    papers.buffer_unordered(children + 1).for_each(async |_| ()).await;
    let ended = Moment::now();
    Alone { papers: count, took: ended.at - began.at, cpu_ms: ended.cpu_ms - began.cpu_ms }
}

/// What is noted while papers are made.
struct Seen {
    began: Instant,
    /// Share done, own resident MiB, the largest child's peak.
    memory: Vec<(f64, u64, u64)>,
    /// Share done, when, and how long it still takes by the forecast.
    forecasts: Vec<(f64, Duration, Option<Duration>)>,
    ended: Duration,
    /// Own peak while papers are made, MiB.
    peak: u64,
}

impl Seen {
    fn new() -> Self {
        Self { began: Instant::now(), memory: Vec::new(), forecasts: Vec::new(), ended: Duration::ZERO, peak: 0 }
    }

    fn see(&mut self, progress: Progress) {
        if progress.done == 0 {
            self.began = Instant::now();
            return;
        }
        let share = progress.done as f64 / progress.of.max(1) as f64;
        self.ended = self.began.elapsed();
        self.peak = status_mib("self", "VmHWM");
        if LOOKS.get(self.memory.len()).is_some_and(|look| share >= *look) {
            let largest = living().iter().map(|id| status_mib(&id.to_string(), "VmHWM")).max();
            self.memory.push((share, rss(), largest.unwrap_or_default()));
        }
        if FORECASTS.get(self.forecasts.len()).is_some_and(|look| share >= *look) {
            self.forecasts.push((share, self.ended, progress.left(self.ended)));
        }
    }

    fn tell(&self) {
        println!("\n| papers made | parent, resident MiB | largest render child, peak MiB |\n| --- | --- | --- |");
        for (share, own, child) in &self.memory {
            println!("| {:.0} % | {own} | {child} |", share * 100.0);
        }
        println!("| at its peak until then | {} | |", self.peak);
        println!("| at its peak, binding and merging included | {} | |", status_mib("self", "VmHWM"));
        println!("\n| papers made | forecast: still s | came: s | off by, of what was left | of the whole |");
        println!("| --- | --- | --- | --- | --- |");
        for (share, at, left) in &self.forecasts {
            let came = (self.ended - *at).as_secs_f64();
            let told = left.map_or("unknown".to_owned(), |left| format!("{:.1}", left.as_secs_f64()));
            let off = left.map_or(f64::NAN, |left| (left.as_secs_f64() - came).abs());
            println!(
                "| {:.0} % | {told} | {came:.1} | {:.0} % | {:.0} % |",
                share * 100.0,
                off / came * 100.0,
                off / self.ended.as_secs_f64() * 100.0
            );
        }
    }
}

fn tell(phases: &[(&str, &Moment, &Moment)], documents: usize) {
    println!("| | s | CPU ms a paper, parent | CPU ms a paper, all |\n| --- | --- | --- | --- |");
    let each = |ms: f64| ms / documents as f64;
    for (name, from, to) in phases {
        println!(
            "| {name} | {:.1} | {:.1} | {:.1} |",
            (to.at - from.at).as_secs_f64(),
            each(to.own_ms - from.own_ms),
            each(to.cpu_ms - from.cpu_ms)
        );
    }
}

fn size(out: &Path, finished: &Finished) {
    let mib = |file: &str| fs::metadata(out.join(file)).map_or(0, |it| it.len()) >> 20;
    println!(
        "\n{} papers made; archive.zip {} MiB, toan-tinh.pdf {} pages, {} MiB",
        finished.made.len(),
        mib(tdkt_reports::closing::ARCHIVE),
        finished.pages,
        mib(tdkt_reports::closing::MERGED)
    );
}
