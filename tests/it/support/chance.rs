//! Random numbers that come again: the same seed, the same test.

/// The seed of this run: `TDKT_SEED`, or always the same. Printed, so that a failure comes again.
pub fn seed() -> u64 {
    let seed = std::env::var("TDKT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_260_724);
    println!("seed {seed} (TDKT_SEED={seed} replays it)");
    seed
}

/// Whether the long sizes are asked for: `TDKT_LONG=1`.
pub fn long() -> bool {
    std::env::var_os("TDKT_LONG").is_some_and(|asked| asked == "1")
}

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[usize::try_from(self.below(items.len() as u64)).expect("an index")]
    }
}
