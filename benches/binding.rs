//! What binding a year costs in memory: `cargo bench --bench binding -- [blocs] [papers of each]`.
//!
//! A province is invented and planned as `batch` does; its papers are not made, but taken from a small closing over and over,
//! so that ten thousand lie there within a minute. What binds, merges and sets the contents is all real.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use tdkt_reports::{
    catalog::MediaType,
    closing::{ARCHIVE, Bindery, Closing, Delivered, Leniency, MERGED, Plan, Wanted},
    fingerprint,
    press::{Demand, Press, PressSettings},
    rendering::Workshop,
    sample_province,
    settings::{GivenSettings, Settings},
    workshop_files,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse().ok());
    let (blocs, papers) = (numbers.next().unwrap_or(60), numbers.next().unwrap_or(34));
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::resolve(&GivenSettings::default()).expect("defaults");
    let workshop = workshop_files::load(&settings).expect("the shipped templates load");
    let samples = samples(&folder.path().join("few"), &folder.path().join("made"), papers, &workshop);

    let plan = planned(&folder.path().join("inputs"), (blocs, papers), &workshop);
    let whole = folder.path().join("whole");
    fs::create_dir_all(&whole).expect("a folder");
    let mut bindery = Bindery::open(&whole).expect("an empty folder");
    let mut pages = 0;
    for (place, part) in plan.parts.iter().enumerate() {
        let alike: Vec<&Sample> = samples.iter().filter(|it| it.media_type == part.media_type).collect();
        let sample = alike[place % alike.len()];
        fs::write(bindery.place(part).expect("room"), &sample.bytes).expect("written");
        let (sha256, bytes) = (fingerprint::of(&sample.bytes), sample.bytes.len() as u64);
        bindery.take(part, Delivered { sha256, bytes, pages: sample.pages }).expect("noted");
        pages += sample.pages;
    }
    let outline = plan.outline();
    println!("{} documents of {blocs} blocs, {pages} pages\n", plan.parts.len());
    println!("| | resident MiB | peak MiB |\n| --- | --- | --- |");
    tell("before");
    let began = Instant::now();
    bindery.bind(&outline, plan.report.as_ref(), &workshop).expect("bound and merged");
    let took = began.elapsed();
    tell("bound and merged");
    let mib = |file: &str| fs::metadata(whole.join(file)).map_or(0, |it| it.len()) >> 20;
    println!("\n{:.1} s; {ARCHIVE} {} MiB, {MERGED} {} MiB", took.as_secs_f64(), mib(ARCHIVE), mib(MERGED));
}

/// A paper that was made.
struct Sample {
    media_type: MediaType,
    bytes: Vec<u8>,
    pages: u32,
}

/// The papers of two blocs, made.
fn samples(inputs: &Path, out: &Path, papers: usize, workshop: &Workshop) -> Vec<Sample> {
    let plan = planned(inputs, (2, papers), workshop);
    let press = Press::new(PressSettings {
        executable: env!("CARGO_BIN_EXE_tdkt-reports").into(),
        arguments: Vec::new(),
        children: 2,
        deadline: Duration::from_secs(120),
        processor: Duration::from_secs(125),
        memory_mib: 1536,
        renders_per_child: 1_000,
        replace_above_mib: 512,
        demand: Demand::Best,
    });
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let mut closing = Closing::open(&plan, out).expect("a folder of results");
    let mut finished = runtime.block_on(closing.make(&press, 2, |_| ())).expect("the papers are made");
    closing.conclude(workshop, &mut finished).expect("bound and merged");
    let manifest = fs::read(out.join(tdkt_reports::closing::MANIFEST)).expect("there");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    let files = manifest["files"].as_array().expect("files").iter();
    let sample = |file: &serde_json::Value| {
        let name = file["file"].as_str()?;
        let part = plan.parts.iter().find(|part| part.file() == name)?;
        let pages = u32::try_from(file["pages"].as_u64()?).ok()?;
        Some(Sample { media_type: part.media_type, bytes: fs::read(out.join(name)).ok()?, pages })
    };
    files.filter_map(sample).collect()
}

fn planned(inputs: &Path, (blocs, papers): (usize, usize), workshop: &Workshop) -> Plan {
    fs::create_dir_all(inputs).expect("a folder");
    let invented = sample_province::invent(&sample_province::Plan { seed: 1, blocs, papers, missing: 0, faulty: 0 });
    for file in invented {
        fs::write(inputs.join(&file.name), file.text).expect("written");
    }
    let wanted = Wanted {
        leniency: Leniency::AllOrNothing,
        kinds: Vec::new(),
        sources: true,
        most: usize::MAX,
        findings: usize::MAX,
        period: None,
    };
    let (plan, faults) = Plan::draw(inputs, &wanted, workshop).expect("a plan");
    assert!(faults.is_empty(), "{faults:?}");
    plan
}

/// Resident memory now, and at its peak since the process began.
fn tell(when: &str) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mib = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() >> 10
    };
    println!("| {when} | {} | {} |", mib("VmRSS:"), mib("VmHWM:"));
}
