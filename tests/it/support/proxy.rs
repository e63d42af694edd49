//! A line that goes bad on purpose: a TCP proxy whose weather the test makes, or draws from a seed.
//!
//! A plan is drawn from its seed before it is played, and printed, so that a failure comes again.

use std::{
    fmt,
    net::{SocketAddr, TcpListener as StdListener},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    runtime::Runtime,
    sync::watch,
    time::sleep,
};

use super::chance::Chance;

/// What the line does to what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    Clear,
    /// Everything is late by so many milliseconds, give or take.
    Slow {
        latency: u64,
        jitter: u64,
    },
    /// So many bytes a second in each direction.
    Narrow {
        bytes_per_second: u64,
    },
    /// Connections that are open when it begins never hear of the other end again; new ones are clear.
    HalfOpen,
    /// Nothing passes in either direction, and nobody is told. What was sent arrives when it clears up.
    BlackHole,
    /// Each connection is reset after so many bytes of answers.
    ResetAfter {
        bytes: u64,
    },
    /// The end of a connection is told so many milliseconds late.
    SlowClose {
        pause: u64,
    },
    /// New connections are reset at once.
    Refused,
}

/// Weather after weather.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    seed: u64,
    days: Vec<(Duration, Weather)>,
}

impl Plan {
    /// Bad and clear weather in turn, for about so long.
    pub fn drawn(seed: u64, length: Duration) -> Self {
        let mut chance = Chance::new(seed);
        let (mut days, mut drawn) = (Vec::new(), Duration::ZERO);
        while drawn < length {
            let weather = match chance.below(7) {
                0 => Weather::Slow { latency: 50 + chance.below(700), jitter: chance.below(100) },
                1 => Weather::Narrow { bytes_per_second: 300 + chance.below(3_000) },
                2 => Weather::HalfOpen,
                3 => Weather::BlackHole,
                4 => Weather::ResetAfter { bytes: chance.below(2_000) },
                5 => Weather::SlowClose { pause: 100 + chance.below(1_000) },
                _ => Weather::Refused,
            };
            let bad = Duration::from_millis(500 + chance.below(2_500));
            let clear = Duration::from_millis(300 + chance.below(1_200));
            days.extend([(bad, weather), (clear, Weather::Clear)]);
            drawn += bad + clear;
        }
        Self { seed, days }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}:", self.seed)?;
        self.days.iter().try_for_each(|(length, weather)| write!(f, " {length:?} {weather:?},"))
    }
}

/// What passed through, and what did not.
#[derive(Debug, Default)]
struct Tally {
    connections: AtomicU64,
    resets: AtomicU64,
    bytes: AtomicU64,
}

/// The proxy, on a port of its own, until it is dropped.
pub struct Proxy {
    port: u16,
    /// The number of the day, and its weather.
    weather: watch::Sender<(u64, Weather)>,
    tally: Arc<Tally>,
    _runtime: Runtime,
}

impl Proxy {
    /// Before a server of this machine.
    pub fn before(port: u16, seed: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = StdListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("set");
        let own_port = listener.local_addr().expect("bound").port();
        let (weather, seen) = watch::channel((0, Weather::Clear));
        let tally = Arc::new(Tally::default());
        runtime.spawn({
            let tally = Arc::clone(&tally);
            async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                for number in 0.. {
                    let Ok((client, _)) = listener.accept().await else { continue };
                    tally.connections.fetch_add(1, Ordering::Relaxed);
                    let line =
                        Line { seen: seen.clone(), tally: Arc::clone(&tally), chance: Chance::new(seed ^ number) };
                    tokio::spawn(line.connect(client, ([127, 0, 0, 1], port).into()));
                }
            }
        });
        Self { port: own_port, weather, tally, _runtime: runtime }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of the Redis behind it.
    pub fn redis_address(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Makes the weather from now on.
    pub fn turn(&self, weather: Weather) {
        self.weather.send_modify(|(day, now)| (*day, *now) = (*day + 1, weather));
    }

    /// Plays a plan to its end, then it is clear. `look` is called in between, and `false` ends the play early.
    pub fn play(&self, plan: &Plan, mut look: impl FnMut() -> bool) {
        println!("weather, {plan}");
        'days: for (length, weather) in &plan.days {
            self.turn(*weather);
            let began = Instant::now();
            while began.elapsed() < *length {
                if !look() {
                    break 'days;
                }
                std::thread::sleep(Duration::from_millis(20).min(*length));
            }
        }
        self.turn(Weather::Clear);
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.tally.connections.load(Ordering::Relaxed)
    }

    /// In one line.
    pub fn figures(&self) -> String {
        let [connections, resets, bytes] =
            [&self.tally.connections, &self.tally.resets, &self.tally.bytes].map(|count| count.load(Ordering::Relaxed));
        format!("{connections} connections, {resets} reset, {bytes} bytes passed")
    }
}

/// A connection through the proxy.
#[derive(Clone)]
struct Line {
    seen: watch::Receiver<(u64, Weather)>,
    tally: Arc<Tally>,
    chance: Chance,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Asking,
    Answering,
}

/// The connection is to be reset.
struct Reset;

impl Line {
    async fn connect(self, client: TcpStream, server: SocketAddr) {
        let refused = self.seen.borrow().1 == Weather::Refused;
        let server = if refused { None } else { TcpStream::connect(server).await.ok() };
        // Without a word of good-bye, when dropped with data unread or unsent: a reset.
        let Some(server) = server else {
            self.tally.resets.fetch_add(1, Ordering::Relaxed);
            let _set = client.set_zero_linger();
            return;
        };
        let born = self.seen.borrow().0;
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        let tally = Arc::clone(&self.tally);
        let asking = self.clone().pump(born, Direction::Asking, from_client, to_server);
        let answering = self.pump(born, Direction::Answering, from_server, to_client);
        if tokio::try_join!(asking, answering).is_err() {
            tally.resets.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn pump(
        mut self,
        born: u64,
        direction: Direction,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
    ) -> Result<(), Reset> {
        let mut buffer = vec![0; 16 << 10];
        let (mut day, mut answered) = (born, 0);
        loop {
            let read = from.read(&mut buffer).await.unwrap_or(0);
            loop {
                let (today, weather) = *self.seen.borrow_and_update();
                if today != day {
                    (day, answered) = (today, 0);
                }
                match weather {
                    Weather::Clear | Weather::Refused | Weather::ResetAfter { .. } => break,
                    Weather::SlowClose { pause } => {
                        if read == 0 {
                            sleep(Duration::from_millis(pause)).await;
                        }
                        break;
                    }
                    Weather::Slow { latency, jitter } => {
                        sleep(Duration::from_millis(latency + self.chance.below(jitter + 1))).await;
                        break;
                    }
                    Weather::Narrow { bytes_per_second } => {
                        sleep(Duration::from_millis(read as u64 * 1_000 / bytes_per_second.max(1))).await;
                        break;
                    }
                    // This line is as good as cut; whoever waits on it has to notice by himself.
                    Weather::HalfOpen if born < today => std::future::pending().await,
                    Weather::HalfOpen => break,
                    Weather::BlackHole => {
                        if self.seen.changed().await.is_err() {
                            return Err(Reset);
                        }
                    }
                }
            }
            if read == 0 {
                let _gone_already = to.shutdown().await;
                return Ok(());
            }
            let mut passing = &buffer[..read];
            let limit = match self.seen.borrow().1 {
                Weather::ResetAfter { bytes } if direction == Direction::Answering => Some(bytes),
                _ => None,
            };
            let cut = limit.is_some_and(|limit| answered + read as u64 > limit);
            if cut {
                let left = usize::try_from(limit.unwrap_or(0).saturating_sub(answered)).unwrap_or(0);
                passing = &passing[..left.min(read)];
            }
            answered += passing.len() as u64;
            self.tally.bytes.fetch_add(passing.len() as u64, Ordering::Relaxed);
            if to.write_all(passing).await.is_err() || cut {
                let _set = (from.as_ref().set_zero_linger(), to.as_ref().set_zero_linger());
                return Err(Reset);
            }
        }
    }
}
