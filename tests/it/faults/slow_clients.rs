//! Callers that are slow on purpose (F14): heads without an end, bodies by the byte, answers that nobody reads.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::support::{
    attackers::narrow,
    chance::{self, Chance},
    papers,
    programs::{Over, Service, until},
};

const SLOW: usize = 500;
/// Requests of a neighbour meanwhile.
const ASKED: usize = 40;
/// What the service may grow by.
const MIB: u64 = 100;

/// What a slow caller does.
#[derive(Debug, Clone, Copy)]
enum Mode {
    Head,
    Body,
    Read,
}

impl Mode {
    fn begins(self) -> Vec<u8> {
        let post = "POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        match self {
            Self::Head => post.into(),
            Self::Body => format!("{post}Content-Length: 99999\r\n\r\n{{").into(),
            // Answers of half a megabyte: more than the kernel takes off the service's hands.
            Self::Read => "GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(4).into(),
        }
    }

    /// A byte more; `false` where the service has had enough.
    fn goes_on(self, mut stream: &TcpStream) -> bool {
        match self {
            Self::Head | Self::Body => stream.write_all(b"x").is_ok(),
            Self::Read => match stream.read(&mut [0; 1]) {
                Ok(read) => read > 0,
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            },
        }
    }
}

fn resident_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("told");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Its connections, and the few files that it has anyway.
fn open_files(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).expect("it runs").count()
}

/// Of these the sockets: the ledger opens files of its own when it comes to them.
fn open_sockets(process: u32) -> usize {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).expect("it runs");
    let is_socket = |path: &std::path::PathBuf| path.to_string_lossy().starts_with("socket:");
    files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok()).filter(is_socket).count()
}

/// A neighbour's waits, in order.
fn waits(service: &Service) -> Vec<Duration> {
    let mut waits: Vec<Duration> = (0..ASKED)
        .map(|_| {
            let began = Instant::now();
            // Each over a connection of its own, which has to be taken too.
            let request = service.request("POST", "/v1/documents/check").header("connection", "close");
            let request = request.header("content-type", "application/json").body(papers::sample("minimal"));
            assert_eq!(request.send().expect("an answer").status(), 200);
            began.elapsed()
        })
        .collect();
    waits.sort();
    waits
}

/// Slow callers hold their connections while a neighbour is served; then they are let go, or have been sent away.
#[test]
fn f14_five_hundred_slow_callers_cost_neither_neighbours_nor_memory() {
    let mut chance = Chance::new(chance::seed());
    let hold = Duration::from_secs(if chance::long() { 120 } else { 3 });
    let service = Service::start(&["--work", "false", "--connections-per-address", "600"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let alone = waits(&service);
    let (before, files) = (resident_kib(service.process.id()), open_files(service.process.id()));
    println!("| slow in | held | sent away | neighbour p50, p99 | MiB | of answers in the kernel |");
    println!("| nothing | 0 | 0 | {:.1?}, {:.1?} | {} | 0 |", alone[ASKED / 2], alone[ASKED - 1], before >> 10);
    for mode in [Mode::Head, Mode::Body, Mode::Read] {
        let address = service.url.strip_prefix("http://").expect("an address");
        let streams: Vec<TcpStream> = (0..SLOW)
            .map(|_| {
                let stream = narrow(&runtime, address.parse().expect("an address"));
                stream.set_read_timeout(Some(Duration::from_millis(1))).expect("set");
                (&stream).write_all(&mode.begins()).expect("taken");
                stream
            })
            .collect();
        until(Duration::from_secs(60), "they hold their connections", || {
            open_files(service.process.id()) >= files + SLOW * 9 / 10
        });
        let over = AtomicBool::new(false);
        let pause = Duration::from_millis(100 + chance.below(200));
        let (waited, largest, away) = std::thread::scope(|scope| {
            let dripping = scope.spawn(|| {
                let mut open = vec![true; SLOW];
                while !over.load(Ordering::Relaxed) {
                    for (stream, open) in streams.iter().zip(&mut open).filter(|(_, open)| **open) {
                        *open = mode.goes_on(stream);
                    }
                    sleep(pause);
                }
                open.iter().filter(|open| !**open).count()
            });
            let let_go = Over(&over);
            let (mut waited, mut largest, began) = (Vec::new(), [0; 2], Instant::now());
            while waited.is_empty() || began.elapsed() < hold {
                waited.extend(waits(&service));
                let unreceived = service.unreceived().iter().sum::<u64>() >> 10;
                let now = [resident_kib(service.process.id()), unreceived];
                largest = [largest[0].max(now[0]), largest[1].max(now[1])];
            }
            drop(let_go);
            waited.sort();
            (waited, largest, dripping.join().expect("dripped"))
        });
        let (p50, p99) = (waited[waited.len() / 2], waited[waited.len() * 99 / 100]);
        let [own, kernels] = largest;
        println!("| {mode:?} | {} | {away} | {p50:.1?}, {p99:.1?} | {} | {} |", SLOW - away, own >> 10, kernels >> 10);
        assert!(own < before + (MIB << 10), "{mode:?}: {} MiB, {} before", own >> 10, before >> 10);
        assert!(kernels < MIB << 10, "{mode:?}: {} MiB in the kernel", kernels >> 10);
        drop(streams);
        until(Duration::from_secs(60), "whoever has left makes room", || {
            open_files(service.process.id()) < files + SLOW / 10
        });
    }
    assert!(service.books().counts().is_empty(), "nothing was accepted");
}

/// Who takes nothing of an answer, or a byte now and then, is let go; who takes it slowly gets all of it.
#[test]
fn f14_whoever_does_not_take_an_answer_is_let_go_and_whoever_is_slow_gets_all_of_it() {
    const EACH: usize = 10;
    let service = Service::start(&["--work", "false", "--answer-grace-s", "2"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let address = service.url.strip_prefix("http://").expect("an address").parse().expect("an address");
    let sockets = || open_sockets(service.process.id());
    let before = sockets();
    let asking = || {
        let stream = narrow(&runtime, address);
        let asked = b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        (&stream).write_all(asked).expect("taken");
        stream
    };
    let [silent, dripping] = [(); 2].map(|()| (0..EACH).map(|_| asking()).collect::<Vec<TcpStream>>());
    for stream in &dripping {
        stream.set_read_timeout(Some(Duration::from_millis(1))).expect("set");
    }
    let slow = asking();
    until(Duration::from_secs(30), "they hold their connections", || sockets() > before + 2 * EACH);
    let over = AtomicBool::new(false);
    let (answer, took) = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                for stream in &dripping {
                    let _or_let_go = Mode::Read.goes_on(stream);
                }
                sleep(Duration::from_millis(100));
            }
        });
        let _let_go = Over(&over);
        let (mut answer, began) = (Vec::new(), Instant::now());
        let mut portion = [0; 8 << 10];
        loop {
            match (&slow).read(&mut portion).expect("it goes on") {
                0 => break,
                read => answer.extend_from_slice(&portion[..read]),
            }
            sleep(Duration::from_millis(50));
        }
        let took = began.elapsed();
        until(Duration::from_secs(60), "the others are let go", || sockets() <= before + 3);
        (answer, took)
    });
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
    let told = String::from_utf8_lossy(&answer[..head]).to_lowercase();
    let length = told.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    assert_eq!(length.parse(), Ok(answer.len() - head - 4), "all of it");
    assert!(took > Duration::from_secs(2), "it took longer than the grace: {took:?}");
    drop(silent);
}
