//! Whole worlds in small: callers, dispatcher, doorbell, workers and the store's clock, in any order that a seed draws.
//!
//! Ledger and dispatcher are the real ones. The doorbell does what the draw says, the clock stands still between two
//! steps, workers are a few lines that call the ledger as `worker` does and may sleep, die, or come late at any of
//! them. What is true is kept in a [`Known`] for each job, from answers alone; the rows are read at the end.
//!
//! A world that goes wrong is played again, shorter and shorter, and told with its seed.

#[allow(dead_code)]
#[path = "../../../tests/it/support/chance.rs"]
mod chance;
mod life;
mod passes;
mod steps;

use std::{collections::BTreeMap, path::Path, time::Instant};

use chance::Chance;
use life::World;
use steps::{KINDS, Step};

use crate::ledger::{Ledger, LedgerLimits};

/// Says what is wrong where it is not so.
macro_rules! hold {
    ($truth:expr, $($what:tt)+) => {
        if !$truth {
            return Err(format!($($what)+));
        }
    };
}
use hold;

/// Worlds are played by so many threads, each with a store of its own.
const THREADS: u64 = 2;
/// A store is given up after so many worlds.
const WORLDS_IN_A_STORE: u64 = 1_000;
/// Steps of a world before it is left in peace to end.
const LONGEST: u64 = 50;
/// Low, so that a short world comes to them.
const LIMITS: LedgerLimits =
    LedgerLimits { max_waiting: 100_000, max_waiting_each: 100_000, max_starts: 2, max_tries: 2 };

/// How often what came about.
type Reached = BTreeMap<&'static str, u64>;

/// What a few thousand worlds have to come to, or they show nothing of it.
const CORNERS: [&str; 8] = [
    "made",
    "came late",
    "leases ran out",
    "dead of crashes",
    "dead of tries",
    "cancelled at its end",
    "the doorbell broke",
    "step",
];

fn add(reached: &mut Reached, more: Reached) {
    more.into_iter().for_each(|(what, often)| *reached.entry(what).or_default() += often);
}

fn drawn(seed: u64) -> Vec<Step> {
    let mut chance = Chance::new(seed);
    let length = 5 + chance.below(LONGEST - 5);
    // Each world has habits of its own, so that what is rare in one comes several times in another.
    let habits: [u64; 3] = std::array::from_fn(|_| chance.below(KINDS));
    let kind = |chance: &mut Chance| if chance.below(3) == 0 { *chance.pick(&habits) } else { chance.below(KINDS) };
    let mut steps = Vec::new();
    while (steps.len() as u64) < length {
        // Steps drawn one by one seldom come to the second act of a job: a whole attempt at once, now and then.
        if chance.below(4) == 0 {
            let worker = chance.below(3);
            let ring = chance.below(8);
            let act = [Step::Tick { millis: 10_001 }, Step::Pass, Step::Take { worker, ring }];
            steps.extend(act.into_iter().chain([Step::end(&mut chance, worker)]));
        } else {
            let kind = kind(&mut chance);
            steps.push(Step::drawn(&mut chance, kind));
        }
    }
    steps
}

async fn store(folder: &Path, number: u64) -> Ledger {
    Ledger::simulated(&folder.join(format!("{number}.sqlite")), LIMITS, 1_000_000).await
}

/// Plays these steps in a store of their own.
async fn alone(folder: &Path, number: u64, seed: u64, steps: &[Step]) -> Result<Reached, String> {
    let ledger = store(folder, number).await;
    let mut clock = 1_000_000;
    let played = World::new(&ledger, seed, &mut clock).play(steps).await;
    ledger.close().await;
    played
}

/// Leaves out what is not needed for the world to go wrong.
async fn shortest(folder: &Path, seed: u64, mut steps: Vec<Step>) -> Vec<Step> {
    let (mut size, mut tries) = (steps.len() / 2, 0);
    while size > 0 {
        let mut begin = 0;
        while begin < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(begin..steps.len().min(begin + size));
            tries += 1;
            if alone(folder, 1_000_000 + tries, seed, &fewer).await.is_err() {
                steps = fewer;
            } else {
                begin += size;
            }
        }
        size /= 2;
    }
    steps
}

/// Plays the worlds of these seeds; tells what came about.
async fn play(seeds: impl Iterator<Item = u64>) -> Reached {
    // Memory, where there is some: a simulated disk needs no disk.
    let shared = Path::new("/dev/shm");
    let folder = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() }.unwrap();
    let (mut reached, mut clock) = (Reached::new(), 1_000_000);
    let mut ledger = store(folder.path(), 0).await;
    for (number, seed) in (0..).zip(seeds) {
        if number % WORLDS_IN_A_STORE == WORLDS_IN_A_STORE - 1 {
            ledger.close().await;
            (ledger, clock) = (store(folder.path(), number).await, 1_000_000);
        }
        let steps = drawn(seed);
        match World::new(&ledger, seed, &mut clock).play(&steps).await {
            Ok(more) => add(&mut reached, more),
            Err(fault) => {
                let alone = alone(folder.path(), 1_000_000, seed, &steps).await;
                let short = shortest(folder.path(), seed, steps).await;
                panic!(
                    "world {seed}: {fault}\nalone: {alone:?}\nTDKT_SEED={seed} TDKT_WORLDS=1 replays it\n\
                     shortest: {short:#?}"
                );
            }
        }
    }
    reached
}

fn in_turn(first: u64, worlds: u64) {
    let began = Instant::now();
    let mut reached = Reached::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS.min(worlds))
            .map(|thread| {
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(play((first + thread..first + worlds).step_by(THREADS as usize)))
                })
            })
            .collect();
        for thread in threads {
            let more = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            add(&mut reached, more);
        }
    });
    println!("{worlds} worlds from seed {first}, {:.1?}: {reached:?}", began.elapsed());
    for corner in CORNERS {
        assert!(worlds < 2_000 || reached.contains_key(corner), "no world came to {corner:?}: {reached:?}");
    }
}

#[test]
fn in_every_world_every_job_ends_once() {
    let worlds = std::env::var("TDKT_WORLDS").ok().and_then(|worlds| worlds.parse().ok());
    in_turn(chance::seed(), worlds.unwrap_or(if chance::long() { 20_000 } else { 5_000 }));
}
