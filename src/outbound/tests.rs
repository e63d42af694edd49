use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;

/// Names of a test: each answer is given once, the last for ever.
#[derive(Default)]
struct Told {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: AtomicUsize,
}

impl Told {
    fn of(name: &str, answers: &[&[&str]]) -> Arc<Self> {
        let read = |list: &&[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        let told = Self::default();
        told.answers.lock().unwrap().insert(name.into(), answers.iter().map(read).collect());
        Arc::new(told)
    }
}

impl Names for Told {
    fn look_up<'a>(&'a self, name: &'a str) -> Looked<'a> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut answers = self.answers.lock().unwrap();
        let found = answers.get_mut(name).map(|list| if list.len() > 1 { list.remove(0) } else { list[0].clone() });
        Box::pin(async move { found.ok_or_else(|| std::io::Error::other("unknown")) })
    }
}

/// Whoever connects is counted, and gets this answer.
async fn trap(address: &str, answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let mut heard = [0; 4096];
                let _ = stream.read(&mut heard).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (port, count)
}

/// Behaves so on every connection, once it has heard something.
async fn host<W>(manner: impl Fn(TcpStream) -> W + Send + 'static) -> u16
where
    W: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _heard = stream.read(&mut [0; 4096]).await;
            tokio::spawn(manner(stream));
        }
    });
    port
}

async fn silence(_held: TcpStream) -> std::io::Result<()> {
    std::future::pending().await
}

/// Says something first, then this again and again.
async fn without_end(mut stream: TcpStream, first: &str, again: &[u8], pause: Duration) -> std::io::Result<()> {
    stream.write_all(first.as_bytes()).await?;
    loop {
        stream.write_all(again).await?;
        tokio::time::sleep(pause).await;
    }
}

fn outbound(names: Arc<dyn Names>, rules: Rules) -> Outbound {
    Outbound::with(rules, names, RootCertStore::empty(), Duration::from_millis(600))
}

fn call() -> Call {
    Call { headers: vec![("webhook-id", "1".into())], body: "{}".into() }
}

const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Hosts as somebody would write them who wants us to call ourselves; `PORT` is where the trap listens. Those in the
/// second list are names of a strange resolver.
const HOSTS: [&str; 71] = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "0177.0.0.1",
    "0177.1",
    "017700000001",
    "127.0.0.01",
    "127.000.000.001",
    "127%2e0%2e0%2e1",
    "%31%32%37.0.0.1",
    "１２７.0.0.1",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "0",
    "0.0.0.0",
    "0.0.0.1",
    "00.00.00.00",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "localhost.localdomain",
    "a.localhost",
    "printer.local",
    "10.0.0.1",
    "10.255.255.254",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "169.254.170.2",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "192.88.99.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fd00::1]",
    "[fd00:ec2::254]",
    "[fc00::1]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[100::1]",
];

#[tokio::test]
async fn whatever_way_a_forbidden_host_is_written_no_connection_is_made() {
    let traps = [trap("0.0.0.0", FINE).await, trap("::", FINE).await];
    let mut refused = 0;
    for lab in [false, true] {
        for (port, _) in &traps {
            let rules = Rules { ports: vec![*port], lab };
            let outbound = outbound(Arc::new(SystemNames), rules);
            for host in HOSTS {
                for scheme in ["http", "https"] {
                    let url = format!("{scheme}://{host}:{port}/x");
                    let answer = outbound.post(&url, &Networks::default(), &call()).await;
                    assert!(
                        matches!(answer, Err(NoAnswer::Wrong(_) | NoAnswer::Forbidden)),
                        "{url} (lab: {lab}): {answer:?}"
                    );
                    let read = outbound.get(&url, &Networks::default(), 100).await;
                    assert!(
                        matches!(read, Err(NoAnswer::Wrong(_) | NoAnswer::Forbidden)),
                        "GET {url} (lab: {lab}): {read:?}"
                    );
                    refused += 1;
                }
            }
        }
    }
    assert_eq!(refused, 8 * HOSTS.len());
    assert_eq!(traps.map(|(_, count)| count.load(Ordering::Relaxed)), [0, 0], "connections");
}

#[tokio::test]
async fn addresses_that_two_programs_would_read_differently_are_refused() {
    let (port, count) = trap("127.0.0.1", FINE).await;
    let (port, listed) = (&port.to_string(), "127.0.0.0/8".parse().unwrap());
    let outbound = outbound(Arc::new(SystemNames), Rules { ports: vec![port.parse().unwrap(), 22, 6379], lab: true });
    for url in [
        "http://hook.tinh.vn@127.0.0.1:PORT/",
        "http://a:b@127.0.0.1:PORT/",
        "http://127.0.0.1:PORT@hook.tinh.vn/",
        "http://@127.0.0.1:PORT/",
        "http://hook.tinh.vn\\@127.0.0.1:PORT/",
        "http:\\\\127.0.0.1:PORT/",
        "http:/127.0.0.1:PORT/",
        "http:127.0.0.1:PORT/",
        "http:///127.0.0.1:PORT/",
        "//127.0.0.1:PORT/",
        "127.0.0.1:PORT",
        " http://127.0.0.1:PORT/",
        "http://127.0.0.1:PORT/ ",
        "http://127.0.0.1:PORT/\r\nX-A: b",
        "http://127.0.0.1:PORT/\tx",
        "http://127.0.0\n.1:PORT/",
        "http://127.0.0.1:PORT/#x",
        "HTTP://127.0.0.1:PORT/",
        "ftp://127.0.0.1:PORT/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:PORT/_x",
        "unix:///run/x.sock",
        "data:text/plain,x",
        "http://127.0.0.1:1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:PORT:80/",
        "http://[127.0.0.1]:PORT/",
        "http://[::1:PORT/",
        "http://thi-đua.vn:PORT/",
        "http://a..vn:PORT/",
        "http://-a.vn:PORT/",
        "http://hook.tinh.vn.:PORT/",
        "http://intranet:PORT/",
        "http://a.1:PORT/",
        "http://a_b.vn:PORT/",
        "",
    ] {
        let answer = outbound.post(&url.replace("PORT", port), &listed, &call()).await;
        assert!(matches!(answer, Err(NoAnswer::Wrong(_))), "{url:?}: {answer:?}");
        let read = outbound.get(&url.replace("PORT", port), &listed, 100).await;
        assert!(matches!(read, Err(NoAnswer::Wrong(_))), "GET {url:?}: {read:?}");
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
    let plain = format!("http://127.0.0.1:{port}/hook?a=1");
    assert_eq!(outbound.post(&plain, &listed, &call()).await, Ok(Answer { status: 200, retry_after: None }));
    assert_eq!(count.load(Ordering::Relaxed), 1, "the trap does listen");
    assert_eq!(outbound.get(&plain, &listed, 2).await, Ok(Page { status: 200, body: b"ok".into() }));
    assert_eq!(outbound.get(&plain, &listed, 1).await, Err(NoAnswer::Broken), "no more than was asked for is read");
}

#[tokio::test]
async fn one_forbidden_address_among_several_is_enough() {
    let (port, count) = trap("127.0.0.1", FINE).await;
    let rules = Rules { ports: vec![port], lab: true };
    for addresses in [["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["2606:4700::1", "169.254.169.254"]] {
        let outbound = outbound(Told::of("hook.tinh.vn", &[&addresses]), rules.clone());
        let answer = outbound.post(&format!("http://hook.tinh.vn:{port}/"), &Networks::default(), &call()).await;
        assert_eq!(answer, Err(NoAnswer::Forbidden), "{addresses:?}");
        let outbound = self::outbound(Told::of("hook.tinh.vn", &[&addresses]), rules.clone());
        let read = outbound.get(&format!("http://hook.tinh.vn:{port}/"), &Networks::default(), 100).await;
        assert_eq!(read, Err(NoAnswer::Forbidden), "GET {addresses:?}");
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_name_is_asked_once_and_the_call_goes_where_the_answer_said() {
    let (port, count) = trap("127.0.0.1", FINE).await;
    // The first address is listed, and nobody is there; whoever asked again would be sent into the trap.
    let names = Told::of("hook.tinh.vn", &[&["10.255.255.1"], &["127.0.0.1"]]);
    let outbound = outbound(names.clone(), Rules { ports: vec![port], lab: true });
    let listed = "10.0.0.0/8".parse().unwrap();
    let url = format!("http://hook.tinh.vn:{port}/");
    let answer = outbound.post(&url, &listed, &call()).await;
    assert!(matches!(answer, Err(NoAnswer::TooLate | NoAnswer::NoConnection)), "{answer:?}");
    assert_eq!((names.asked.load(Ordering::Relaxed), count.load(Ordering::Relaxed)), (1, 0));
    assert_eq!(outbound.post(&url, &listed, &call()).await, Err(NoAnswer::Forbidden), "rebound to loopback");
    assert_eq!(outbound.get(&url, &listed, 100).await, Err(NoAnswer::Forbidden), "GET, rebound to loopback");
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (inside, count) = trap("127.0.0.1", FINE).await;
    let to: &'static str =
        format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inside}/\r\nContent-Length: 0\r\n\r\n").leak();
    let (port, _) = trap("127.0.0.1", to).await;
    let outbound =
        outbound(Told::of("hook.tinh.vn", &[&["127.0.0.1"]]), Rules { ports: vec![port, inside], lab: true });
    let listed = "127.0.0.0/8".parse().unwrap();
    let answer = outbound.post(&format!("http://hook.tinh.vn:{port}/"), &listed, &call()).await;
    assert_eq!(answer, Ok(Answer { status: 302, retry_after: None }));
    let read = outbound.get(&format!("http://hook.tinh.vn:{port}/"), &listed, 100).await;
    assert_eq!(read, Ok(Page { status: 302, body: Vec::new() }));
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn however_a_host_drags_its_answer_out_a_call_ends_and_a_status_that_was_heard_counts() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\n";
    const BODY: &str = "HTTP/1.1 200 OK\r\n\r\n";
    const HURRY: Duration = Duration::ZERO;
    const SLOW: Duration = Duration::from_millis(50);
    let lines: &'static [u8] = b"X: y\r\n".repeat(200).leak();
    let heard = Ok(Answer { status: 200, retry_after: None });
    for (name, port, wanted) in [
        ("silence", host(silence).await, Err(NoAnswer::TooLate)),
        (
            "a head by the byte",
            host(|s| without_end(s, "HTTP/1.1 200 OK\r\nX: ", b"x", SLOW)).await,
            Err(NoAnswer::TooLate),
        ),
        ("headers without end", host(move |s| without_end(s, HEAD, lines, HURRY)).await, Err(NoAnswer::Broken)),
        (
            "a header without end",
            host(|s| without_end(s, "HTTP/1.1 200 OK\r\nX: ", &[b'x'; 4096], HURRY)).await,
            Err(NoAnswer::Broken),
        ),
        (
            "100 for ever",
            host(|s| without_end(s, "", b"HTTP/1.1 100 Continue\r\n\r\n", SLOW)).await,
            Err(NoAnswer::TooLate),
        ),
        ("a body without end", host(|s| without_end(s, BODY, &[b'x'; 4096], HURRY)).await, heard),
        ("a body by the byte", host(|s| without_end(s, BODY, b"x", SLOW)).await, heard),
    ] {
        let outbound = outbound(Told::of("hook.tinh.vn", &[&["127.0.0.1"]]), Rules { ports: vec![port], lab: true });
        let listed = "127.0.0.0/8".parse().unwrap();
        let answer = outbound.post(&format!("http://hook.tinh.vn:{port}/"), &listed, &call()).await;
        assert_eq!(answer, wanted, "{name}");
    }
}

#[test]
fn what_is_public_or_listed_may_be_reached_and_a_list_does_not_open_everything() {
    let listed: Networks = "10.20.0.0/16, fd00::/8, 0.0.0.0/0, ::/0".parse().unwrap();
    for (address, public, with_list) in [
        ("8.8.8.8", true, true),
        ("113.160.1.1", true, true),
        ("2606:4700::1111", true, true),
        ("10.20.3.4", false, true),
        ("192.168.0.1", false, true),
        ("fd00::7", false, true),
        ("127.0.0.1", false, false),
        ("::1", false, false),
        ("169.254.169.254", false, false),
        ("fd00:ec2::254", false, false),
        ("100.100.100.200", false, false),
        ("0.0.0.0", false, false),
        ("255.255.255.255", false, false),
        ("fe80::1", false, false),
        ("::ffff:10.20.3.4", false, false),
        ("64:ff9b::808:808", false, false),
        ("2002:808:808::", false, false),
    ] {
        let address: IpAddr = address.parse().unwrap();
        let reached = |listed| address::may_be_reached(address, listed, false);
        assert_eq!((reached(&Networks::default()), reached(&listed)), (public, with_list), "{address}");
    }
}

#[test]
fn a_wait_is_read_in_seconds_or_as_a_date_and_is_bounded() {
    assert_eq!(wait("5"), Some(Duration::from_secs(5)));
    for long in ["1000000000", "99999999999999999999999"] {
        assert_eq!(wait(long), Some(LONGEST_RETRY_AFTER));
    }
    assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
    assert_eq!((wait("soon"), wait("-1"), wait("")), (None, None, None));
}
