//! What may happen next. Every step can be made at any time: where there is nothing to do, it does nothing, so that
//! steps can be left out.

use super::chance::Chance;

#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// A caller sends a request under one of a few keys; the answer may be lost, and it is sent again some time.
    Submit {
        organisation: u64,
        key: u64,
    },
    /// A caller withdraws a job.
    Cancel {
        job: u64,
    },
    /// An operator lets a job begin anew, or gives it up.
    Requeue {
        job: u64,
    },
    Drop {
        job: u64,
    },
    /// The dispatcher makes a pass; its doorbell may break down after so many rings.
    Pass,
    PassThatBreaks {
        after: u64,
    },
    /// The dispatcher's process is started anew.
    Restart,
    /// A worker takes one of the rings, any of them, and asks for the lease.
    Take {
        worker: u64,
        ring: u64,
    },
    /// A worker says that it is alive.
    Beat {
        worker: u64,
    },
    /// How a worker's work ends.
    Make {
        worker: u64,
    },
    Refuse {
        worker: u64,
    },
    Crash {
        worker: u64,
    },
    FindNoRoom {
        worker: u64,
    },
    Release {
        worker: u64,
    },
    /// A worker is killed; its ring is lost, or comes back.
    Kill {
        worker: u64,
        ring_returns: bool,
    },
    /// A result is written that was written before: the answer to the first had been lost.
    MakeAgain {
        worker: u64,
    },
    /// The doorbell's own faults.
    LoseRings,
    DoubleRing {
        ring: u64,
    },
    RingForNobody,
    /// The store's clock goes on.
    Tick {
        millis: i64,
    },
}

/// Kinds of steps, the likely ones several times.
pub const KINDS: u64 = 100;

impl Step {
    /// How a worker's attempt ends.
    pub fn end(chance: &mut Chance, worker: u64) -> Self {
        match chance.below(7) {
            0 => Step::Beat { worker },
            1 => Step::Make { worker },
            2 => Step::Refuse { worker },
            3 => Step::Crash { worker },
            4 => Step::FindNoRoom { worker },
            5 => Step::Release { worker },
            _ => Step::Kill { worker, ring_returns: false },
        }
    }

    /// A step of this kind, one of [`KINDS`].
    pub fn drawn(chance: &mut Chance, kind: u64) -> Self {
        let worker = chance.below(3);
        match kind {
            0..14 => Step::Submit { organisation: chance.below(3), key: chance.below(6) },
            14..18 => Step::Cancel { job: chance.below(6) },
            18..20 => Step::Requeue { job: chance.below(6) },
            20 => Step::Drop { job: chance.below(6) },
            21..34 => Step::Pass,
            34..37 => Step::PassThatBreaks { after: chance.below(3) },
            37 => Step::Restart,
            38..56 => Step::Take { worker, ring: chance.below(8) },
            56..62 => Step::Beat { worker },
            62..68 => Step::Make { worker },
            68..70 => Step::Refuse { worker },
            70..74 => Step::Crash { worker },
            74..77 => Step::FindNoRoom { worker },
            77..79 => Step::Release { worker },
            79..84 => Step::Kill { worker, ring_returns: chance.below(2) == 0 },
            84..86 => Step::MakeAgain { worker },
            86 => Step::LoseRings,
            87..90 => Step::DoubleRing { ring: chance.below(8) },
            90 => Step::RingForNobody,
            _ => {
                let length = *chance.pick(&[1, 700, 2_000, 9_999, 10_001, 29_999, 30_000, 30_001, 120_000]);
                Step::Tick { millis: length }
            }
        }
    }
}
