//! How long a neighbour waits beside clients that mean ill: `cargo bench --bench neighbours -- [requests]`.

#[allow(dead_code)]
#[path = "../tests/it/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use support::{
    attackers::{Attack, beside},
    papers,
    programs::Service,
};

/// Attackers of each sort: many where each only holds a connection, few where each takes processor.
fn clients(attack: Attack) -> usize {
    match attack {
        Attack::SlowHeads | Attack::DribbledBodies => 80,
        _ => 4,
    }
}

fn main() {
    let asked: usize = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(300);
    let service = Service::start(&["--work", "false", "--connections-per-address", "400", "--log", "warn"]);
    let alone = p95(&service, asked);
    println!("alone: p95 {alone:.1?}");
    for attack in Attack::ALL {
        let others = clients(attack);
        let (beside, done) = beside(&service, attack, others, |attackers| {
            std::thread::sleep(Duration::from_millis(500));
            (p95(&service, asked), attackers.done.load(std::sync::atomic::Ordering::Relaxed))
        });
        let times = beside.as_secs_f64() / alone.as_secs_f64();
        println!("beside {others} × {attack:?} ({done} done): p95 {beside:.1?}, {times:.1} times as long");
    }
}

/// The ninety-fifth of a hundred waits.
fn p95(service: &Service, asked: usize) -> Duration {
    let mut waits: Vec<Duration> = (0..asked)
        .map(|_| {
            let began = Instant::now();
            assert_eq!(service.post("/v1/documents/check", papers::sample("minimal")).status(), 200);
            began.elapsed()
        })
        .collect();
    waits.sort();
    waits[asked * 95 / 100]
}
