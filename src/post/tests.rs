//! The carrier against receivers that are down, slow, lying, redirecting (F12).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use super::*;
use crate::{
    access::OrganisationId,
    job::{NewJob, event::EventType},
    ledger::{LedgerLimits, OrganisationChange},
    outbound::{Authorities, Outbound, Rules},
};

/// What a receiver was sent: id, time, signatures, body, and when.
#[derive(Clone, Debug)]
struct Heard {
    id: String,
    timestamp: i64,
    signatures: String,
    body: String,
    at: Instant,
}

#[derive(Clone, Copy)]
enum Manner {
    /// Answers so, always.
    Says(&'static str),
    /// Each event's first two tries fail in the manner named, the third is taken.
    Thrice(&'static str),
    /// Hangs up in the middle, twice.
    HangsUp,
    /// Never says a word.
    Silent,
}

const FINE: &str = "200 OK\r\n";

struct Receiver {
    port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Receiver {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let hearing = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, manner, Arc::clone(&hearing)));
            }
        });
        Self { port, heard }
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    fn ids(&self) -> HashMap<String, usize> {
        let mut ids = HashMap::new();
        for heard in self.heard() {
            *ids.entry(heard.id).or_default() += 1;
        }
        ids
    }
}

async fn answer(mut stream: TcpStream, manner: Manner, hearing: Arc<Mutex<Vec<Heard>>>) {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        let mut chunk = [0; 4096];
        let Ok(read @ 1..) = stream.read(&mut chunk).await else { return };
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length: usize = header(head, "content-length").parse().unwrap();
        if body.len() >= length {
            break (head.to_owned(), body.to_owned());
        }
    };
    let id = header(&head, "webhook-id");
    let heard = Heard {
        id: id.clone(),
        timestamp: header(&head, "webhook-timestamp").parse().unwrap(),
        signatures: header(&head, "webhook-signature"),
        body,
        at: Instant::now(),
    };
    let times = {
        let mut all = hearing.lock().unwrap();
        all.push(heard);
        all.iter().filter(|heard| heard.id == id).count()
    };
    let says = match manner {
        Manner::Says(says) => says,
        Manner::Thrice(says) if times < 3 => says,
        Manner::HangsUp if times < 3 => {
            let _ = stream.write_all(b"HTTP/1.1 2").await;
            return;
        }
        Manner::Thrice(_) | Manner::HangsUp => FINE,
        Manner::Silent => return std::future::pending().await,
    };
    let _ = stream.write_all(format!("HTTP/1.1 {says}Content-Length: 0\r\n\r\n").as_bytes()).await;
}

fn header(head: &str, name: &str) -> String {
    let line = head.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)));
    line.unwrap_or_else(|| panic!("{name} is missing: {head}")).1.to_owned()
}

/// A ledger, a registry and a carrier at work.
struct World {
    registry: Registry,
    secrets: HashMap<String, Secret>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn with(ports: Vec<u16>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path().join("ledger.sqlite"), LedgerLimits::default()).await.unwrap();
        let sealer = Sealer::of(&folder.path().join("secrets.key")).unwrap();
        let outbound = Outbound::new(Rules { ports, lab: true }, &Authorities::default());
        let registry = Registry { ledger: ledger.clone(), outbound: outbound.clone(), sealer: sealer.clone() };
        let (stop, stopping) = watch::channel(false);
        let schedule = "0s 1s 1s 1s 1s 1s 1s 1s".parse().unwrap();
        let carrier = Carrier { ledger: ledger.clone(), outbound, sealer, schedule, disable_after: HOUR };
        let keep = HOUR * 24;
        let tasks = vec![tokio::spawn(number(ledger, keep, stopping.clone())), tokio::spawn(carrier.run(stopping))];
        Self { registry, secrets: HashMap::new(), stop, tasks, _folder: folder }
    }

    async fn hook(&mut self, organisation: &str, receiver: &Receiver) -> String {
        let organisation: OrganisationId = organisation.parse().unwrap();
        let ledger = &self.registry.ledger;
        ledger.add_organisation(&organisation, &OrganisationChange::default()).await.unwrap();
        ledger.set_reach(&organisation, &"127.0.0.0/8".parse().unwrap()).await.unwrap();
        let url = format!("http://127.0.0.1:{}/hook", receiver.port);
        let (webhook, secret) = self.registry.add(&organisation, &url, &[EventType::Accepted]).await.unwrap();
        self.secrets.insert(webhook.id.clone(), secret);
        webhook.id
    }

    /// Accepts jobs, and so makes events.
    async fn events(&self, organisation: &str, number: usize) {
        for _ in 0..number {
            let new = NewJob { organisation: organisation.into(), ..NewJob::sample() };
            self.registry.ledger.accept(new).await.unwrap();
        }
    }

    /// Waits until so many of a webhook's deliveries are in this state.
    async fn until(&self, webhook: &str, state: &str, number: usize) {
        let started = Instant::now();
        loop {
            let log = self.registry.deliveries((None, webhook), None, 1_000).await.unwrap();
            if log.iter().filter(|record| record.state == state).count() >= number {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(90), "{state}: {log:#?}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    async fn end(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_arrives_under_one_id_whatever_the_receiver_does_at_first() {
    let trap = Receiver::start(Manner::Says(FINE)).await;
    let away: &'static str = format!("302 Found\r\nLocation: http://127.0.0.1:{}/\r\n", trap.port).leak();
    let manners = [
        ("500", Manner::Thrice("500 Internal Server Error\r\n")),
        ("429", Manner::Thrice("429 Too Many Requests\r\nRetry-After: 1\r\n")),
        ("429, for ever", Manner::Thrice("429 Too Many Requests\r\nRetry-After: 1000000000\r\n")),
        ("302", Manner::Thrice(away)),
        ("hangs up", Manner::HangsUp),
        ("lies about its length", Manner::Says("200 OK\r\nTransfer-Encoding: chunked\r\n")),
    ];
    let mut receivers = Vec::new();
    for (name, manner) in manners {
        receivers.push((name, Receiver::start(manner).await));
    }
    let ports = receivers.iter().map(|(_, receiver)| receiver.port).chain([trap.port]).collect();
    let mut world = World::with(ports).await;
    let mut hooks = Vec::new();
    for (_, receiver) in &receivers {
        hooks.push(world.hook("a", receiver).await);
    }
    world.events("a", 3).await;
    for ((name, receiver), hook) in receivers.iter().zip(&hooks) {
        world.until(hook, "delivered", 3).await;
        let ids = receiver.ids();
        assert_eq!(ids.len(), 3, "{name}: as many ids as events");
        let tries = if name.starts_with("lies") { 1 } else { 3 };
        assert!(ids.values().all(|times| *times == tries), "{name}: {ids:?}");
        let secret = &world.secrets[hook];
        for heard in receiver.heard() {
            assert!(secret.verifies(&heard.id, heard.timestamp, &heard.body, &heard.signatures), "{name}");
            assert!(heard.body.contains(&heard.id) && !heard.body.contains("Quyết"), "{}", heard.body);
        }
    }
    assert!(trap.heard().is_empty(), "no redirect is followed");
    let job = world.registry.ledger.counts().await.unwrap().of(crate::job::JobState::Accepted);
    assert_eq!(job, 3, "no delivery changes a job");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gone_is_gone_and_a_refusal_is_not_repeated() {
    let (gone, refuses) = (
        Receiver::start(Manner::Says("410 Gone\r\n")).await,
        Receiver::start(Manner::Says("400 Bad Request\r\n")).await,
    );
    let mut world = World::with(vec![gone.port, refuses.port]).await;
    let (gone_hook, refusing_hook) = (world.hook("a", &gone).await, world.hook("a", &refuses).await);
    world.events("a", 1).await;
    world.until(&gone_hook, "failed", 1).await;
    world.until(&refusing_hook, "failed", 1).await;
    let shown = world.registry.show((None, &gone_hook)).await.unwrap();
    assert_eq!(shown.disabled_why.as_deref(), Some("gone"));
    assert!(world.registry.test((None, &gone_hook)).await.is_err(), "it is off");
    // Sent again by hand, it is refused again, under the same id.
    let log = world.registry.deliveries((None, &refusing_hook), None, 9).await.unwrap();
    let which = crate::ledger::Which::One(log[0].id.clone());
    assert_eq!(world.registry.redeliver((None, &refusing_hook), &which).await.unwrap(), 1);
    world.until(&refusing_hook, "failed", 1).await;
    assert_eq!((gone.heard().len(), refuses.ids()), (1, HashMap::from([(log[0].id.clone(), 2)])));
    world.end().await;
}

/// The silent one holds its four connections until the calls are given up; nobody else notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_never_answers_holds_nobody_else_up() {
    let (silent, quick) = (Receiver::start(Manner::Silent).await, Receiver::start(Manner::Says(FINE)).await);
    let mut world = World::with(vec![silent.port, quick.port]).await;
    let silent_hook = world.hook("slow", &silent).await;
    let quick_hook = world.hook("quick", &quick).await;
    world.events("slow", 40).await;
    let mut waits = Vec::new();
    for number in 1..=40 {
        let started = Instant::now();
        world.events("quick", 1).await;
        while quick.heard().len() < number {
            assert!(started.elapsed() < Duration::from_secs(30), "starved");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        waits.push(quick.heard()[number - 1].at.duration_since(started));
    }
    world.until(&quick_hook, "delivered", 40).await;
    waits.sort_unstable();
    println!("from the change to the receiver: p50 {:?}, p95 {:?}, longest {:?}", waits[20], waits[38], waits[39]);
    assert!(silent.heard().len() <= 8, "at most four at a time: {}", silent.heard().len());
    assert!(
        world.registry.deliveries((None, &silent_hook), None, 99).await.unwrap().iter().all(|d| d.state == "waiting")
    );
    world.end().await;
}
