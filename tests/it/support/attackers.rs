//! Clients that mean ill, many at once.

use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::json;
use tokio::net::TcpSocket;

use super::{papers, programs::Service};

/// What they do, over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// Heads that never end.
    SlowHeads,
    /// Bodies that come a byte at a time.
    DribbledBodies,
    /// Small requests, as many as go.
    Flood,
    /// Arrays within arrays.
    DeepJson,
    /// Sixty thousand keys in one object.
    ManyKeys,
    /// Numbers of a hundred thousand digits.
    LongNumbers,
    /// Texts that a pattern which goes back and forth would never be done with.
    Patterns,
    /// Texts of nothing but combining marks.
    Marks,
    /// Phrases whose capitals depend on what stands before.
    Phrases,
    /// A hundred thousand texts with a character that no font has.
    Unseen,
    /// Bodies that say they are compressed.
    Compressed,
}

impl Attack {
    pub const ALL: [Self; 11] = [
        Self::SlowHeads,
        Self::DribbledBodies,
        Self::Flood,
        Self::DeepJson,
        Self::ManyKeys,
        Self::LongNumbers,
        Self::Patterns,
        Self::Marks,
        Self::Phrases,
        Self::Unseen,
        Self::Compressed,
    ];

    /// The body and the answer that it gets; none where it never comes to one.
    pub fn body(self) -> Option<(String, &'static [u16])> {
        let sample = papers::sample("minimal");
        let with = |text: String| {
            let mut request = papers::sample_of("six-month-review", "minimal");
            request["content"]["bloc"]["name"] = json!(text);
            request["paper"]["signing"]["name"] = json!(text);
            request.to_string()
        };
        match self {
            Self::SlowHeads | Self::DribbledBodies => None,
            Self::Flood => Some((sample.to_owned(), &[200])),
            Self::DeepJson => Some(("[".repeat(1 << 20), &[400])),
            Self::ManyKeys => {
                let keys: Vec<String> = (0..60_000).map(|number| format!("\"khoa-{number}\":1")).collect();
                Some((format!("{{{}}}", keys.join(",")), &[422]))
            }
            Self::LongNumbers => {
                let number = "9".repeat(100_000);
                Some((
                    sample.replacen('{', &format!("{{\"number\":{number},\"other\":{number}.{number},"), 1),
                    &[400, 422],
                ))
            }
            Self::Patterns => Some((with(format!("{}!", "a".repeat(200_000))), &[422])),
            Self::Marks => Some((with(format!("e{}", "\u{301}\u{323}".repeat(100_000))), &[422])),
            Self::Phrases => Some((with("huân chương, hạng ba – điều 2 ".repeat(10_000)), &[422])),
            Self::Unseen => {
                let texts = vec!["\u{200b}\u{1f600}"; 100_000];
                Some((json!({"kind": "six-month-review", "khoa": texts}).to_string(), &[422]))
            }
            Self::Compressed => Some((sample.to_owned(), &[415])),
        }
    }
}

/// Those who attack now: how many hold a connection, and how often they were answered or sent away.
#[derive(Debug, Default)]
pub struct Attackers {
    stop: AtomicBool,
    pub holding: AtomicUsize,
    pub done: AtomicUsize,
}

/// A connection with as little room for answers as the kernel allows, which the standard library cannot ask for.
pub fn narrow(runtime: &tokio::runtime::Runtime, address: SocketAddr) -> TcpStream {
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4 << 10)?;
        socket.connect(address).await?.into_std()
    });
    let stream = stream.expect("connected");
    stream.set_nonblocking(false).expect("set");
    stream
}

/// Does something while so many attack.
pub fn beside<R>(service: &Service, attack: Attack, clients: usize, during: impl FnOnce(&Attackers) -> R) -> R {
    let attackers = Attackers::default();
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| attackers.go_on(service, attack));
        }
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| during(&attackers)));
        attackers.stop.store(true, Ordering::Relaxed);
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

impl Attackers {
    fn go_on(&self, service: &Service, attack: Attack) {
        let body = attack.body();
        while !self.stop.load(Ordering::Relaxed) {
            match &body {
                None => self.hold(service, attack),
                Some((body, statuses)) => {
                    let request =
                        service.request("POST", "/v1/documents/check").header("content-type", "application/json");
                    let request = match attack {
                        Attack::Compressed => request.header("content-encoding", "gzip"),
                        _ => request,
                    };
                    // Whoever floods is cut off now and then; what is answered is answered by name.
                    if let Ok(answer) = request.body(body.clone()).send() {
                        let status = answer.status().as_u16();
                        assert!(statuses.contains(&status) || [429, 503].contains(&status), "{attack:?}: {status}");
                        self.done.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
    }

    /// Holds a connection for as long as the service lets it.
    fn hold(&self, service: &Service, attack: Attack) {
        let head = "POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        let begin = match attack {
            Attack::DribbledBodies => format!("{head}Content-Length: 99999\r\n\r\n"),
            _ => head.to_owned(),
        };
        let Ok(mut stream) = TcpStream::connect(service.url.strip_prefix("http://").expect("an address")) else {
            return;
        };
        if stream.write_all(begin.as_bytes()).is_err() {
            return;
        }
        self.holding.fetch_add(1, Ordering::Relaxed);
        while !self.stop.load(Ordering::Relaxed) && stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(200));
        }
        self.holding.fetch_sub(1, Ordering::Relaxed);
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}
