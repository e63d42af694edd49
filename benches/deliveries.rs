//! What receivers of webhooks do to one another: `cargo bench --bench deliveries -- [events]`.
//!
//! An event's way is measured from the request that makes it to the moment its receiver has read it: alone, and while ten
//! receivers of one organisation and ten of ten others answer after 14 seconds or never.

#[allow(dead_code)]
#[path = "../tests/it/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::{
    programs::{self, Service, until},
    receiver::{Manner, Receiver},
    webhooks::Desk,
};

/// Just within what a call may take.
const LATE: Duration = Duration::from_secs(14);
/// Events that wait for each slow receiver.
const BACKLOG: usize = 50;
const PATIENCE: Duration = Duration::from_secs(300);

fn main() {
    let events = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(200);
    let quick = Receiver::start();
    let late: Vec<Receiver> =
        (0..10).map(|_| Receiver::that(|_, _| Manner::Waits(LATE, "204 No Content\r\n".into()))).collect();
    let silent: Vec<Receiver> = (0..10).map(|_| Receiver::that(|_, _| Manner::Silent)).collect();
    let ports: Vec<u16> = late.iter().chain(&silent).chain([&quick]).map(|receiver| receiver.port).collect();
    let listed = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
    let lab = ["--webhook-lab", "true", "--webhook-ports", listed.as_str()];
    let service = Service::start(&[&["--work", "false", "--log", "error"], &lab[..]].concat());
    let desk = Desk::beside(service.data(), ports);
    let data = service.data().to_str().expect("text");
    assert_eq!(programs::run(&["webhooks", "--data", data, "reach", "local", "127.0.0.0/8"]).code, Some(0));
    let added = service.post("/v1/webhooks", json!({"url": quick.url()}).to_string());
    let at = added.headers()["location"].to_str().expect("text").to_owned();

    println!("| beside | events | p50 | p95 | longest |");
    println!("| --- | --- | --- | --- | --- |");
    row("nobody", ways(&service, &at, &quick, events));
    for (number, receiver) in late.iter().enumerate() {
        let webhook = desk.add("mot-don-vi", &receiver.url());
        (0..BACKLOG).for_each(|_| drop(desk.trial(&webhook)));
        let webhook = desk.add(&format!("don-vi-{number}"), &silent[number].url());
        (0..BACKLOG).for_each(|_| drop(desk.trial(&webhook)));
    }
    let held = |receivers: &[Receiver]| receivers.iter().all(|receiver| receiver.calls() >= 4);
    until(PATIENCE, "every slow receiver holds its four calls", || held(&late) && held(&silent));
    row("20 slow receivers", ways(&service, &at, &quick, events));

    // As many as one receiver takes.
    let (webhook, before) = (at.rsplit('/').next().expect("an id"), quick.calls());
    let began = Instant::now();
    for _ in 0..events * 5 {
        desk.trial(webhook);
    }
    let posted = began.elapsed();
    until(PATIENCE, "all have arrived", || quick.calls() == before + events * 5);
    let each_second = (events * 5) as f64 / began.elapsed().as_secs_f64();
    println!("\n{} events to one receiver: {each_second:.0} a second (posted in {posted:.1?})", events * 5);
}

/// From each request to its event's arrival, in order of length.
fn ways(service: &Service, at: &str, quick: &Receiver, events: usize) -> Vec<Duration> {
    let mut ways: Vec<Duration> = (0..events)
        .map(|_| {
            let began = Instant::now();
            let trial = programs::json(service.post(&format!("{at}:test"), ""));
            let id = trial["event_id"].as_str().expect("an id");
            let mut arrived = None;
            until(PATIENCE, "it arrives", || {
                arrived = quick.heard().iter().rev().find(|heard| heard.id() == id).map(|heard| heard.at);
                arrived.is_some()
            });
            arrived.expect("arrived").duration_since(began)
        })
        .collect();
    ways.sort();
    ways
}

fn row(beside: &str, ways: Vec<Duration>) {
    let at = |percent: usize| ways[(ways.len() * percent / 100).min(ways.len() - 1)];
    println!("| {beside} | {} | {:.1?} | {:.1?} | {:.1?} |", ways.len(), at(50), at(95), at(100));
}
