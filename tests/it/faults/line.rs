//! The bad line itself: each weather does what it says, or the tests over it would show nothing.

use std::{
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use crate::support::proxy::{Plan, Proxy, Weather};

/// A server that says everything again.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut writing = stream.try_clone().expect("a second handle");
                let _cut = std::io::copy(&mut &stream, &mut writing);
                let _closed = writing.shutdown(std::net::Shutdown::Write);
            });
        }
    });
    port
}

fn connected(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", proxy.port())).expect("connected");
    stream.set_read_timeout(Some(Duration::from_millis(1_500))).expect("set");
    stream
}

/// How long a word takes there and back, or what hindered it.
fn said_again(mut stream: &TcpStream, word: &[u8]) -> Result<Duration, ErrorKind> {
    let began = Instant::now();
    stream.write_all(word).map_err(|error| error.kind())?;
    let mut heard = vec![0; word.len()];
    stream.read_exact(&mut heard).map_err(|error| error.kind())?;
    assert_eq!(heard, word);
    Ok(began.elapsed())
}

#[test]
fn each_weather_does_what_it_says() {
    let proxy = Proxy::before(echo(), 1);
    let stream = connected(&proxy);
    said_again(&stream, b"clear").expect("passes");

    proxy.turn(Weather::Slow { latency: 60, jitter: 10 });
    let late = said_again(&stream, b"slow").expect("passes");
    assert!((120..1_400).contains(&late.as_millis()), "{late:?}");

    proxy.turn(Weather::Narrow { bytes_per_second: 10_000 });
    let late = said_again(&stream, &[7; 1_000]).expect("passes");
    assert!((190..1_400).contains(&late.as_millis()), "{late:?}");

    proxy.turn(Weather::BlackHole);
    assert_eq!(said_again(&stream, b"dark"), Err(ErrorKind::WouldBlock));
    proxy.turn(Weather::Clear);
    let mut late = [0; 4];
    (&stream).read_exact(&mut late).expect("what was swallowed arrives in the end");
    assert_eq!(&late, b"dark");

    proxy.turn(Weather::HalfOpen);
    assert_eq!(said_again(&stream, b"gone"), Err(ErrorKind::WouldBlock));
    let fresh = connected(&proxy);
    said_again(&fresh, b"a new one passes").expect("passes");

    proxy.turn(Weather::ResetAfter { bytes: 10 });
    said_again(&fresh, b"nine char").expect("nine bytes pass");
    let cut = said_again(&fresh, b"and more than one").expect_err("the rest does not");
    assert!(matches!(cut, ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof), "{cut:?}");

    proxy.turn(Weather::Clear);
    let closing = connected(&proxy);
    said_again(&closing, b"still open").expect("passes");
    proxy.turn(Weather::SlowClose { pause: 150 });
    let began = Instant::now();
    closing.shutdown(std::net::Shutdown::Write).expect("closed");
    assert_eq!((&closing).read(&mut [0; 1]).expect("the end is told"), 0);
    assert!((280..1_400).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());

    proxy.turn(Weather::Refused);
    let refused = said_again(&connected(&proxy), b"nobody").expect_err("refused");
    assert!(
        matches!(refused, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof),
        "{refused:?}"
    );
    println!("{}", proxy.figures());
    assert_eq!(proxy.connections(), 4);
}

#[test]
fn the_same_seed_draws_the_same_plan() {
    let [first, again, other] = [7, 7, 8].map(|seed| Plan::drawn(seed, Duration::from_secs(60)));
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert!(first.to_string().contains("BlackHole"), "{first}");
}
