//! An S3 server of our own (moto): on a free port, in memory, gone with the test.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

/// A shell waits for the end of its input, which is this process's end, and takes the server away.
pub(crate) struct S3 {
    port: u16,
    buckets: AtomicU32,
    undertaker: Child,
}

impl S3 {
    /// The server that the tests of this process share, each with a bucket of its own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<S3> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    pub(crate) fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let undertaking = format!(
            "{} -H 127.0.0.1 -p {port} >/dev/null 2>&1 & server=$!; cat >/dev/null; kill $server",
            program().display()
        );
        let undertaker = Command::new("sh").args(["-c", &undertaking]).stdin(Stdio::piped()).spawn().unwrap();
        let server = Self { port, buckets: AtomicU32::new(0), undertaker };
        let started = Instant::now();
        while !server.answers() {
            assert!(started.elapsed() < Duration::from_secs(60), "the S3 server of the tests does not start");
            sleep(Duration::from_millis(50));
        }
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The name of a fresh, empty bucket.
    pub(crate) fn bucket(&self) -> String {
        let name = format!("van-ban-{}", self.buckets.fetch_add(1, Ordering::Relaxed));
        let made = self.say(&format!("PUT /{name} HTTP/1.1\r\n")).unwrap();
        assert!(made.contains(" 200 "), "{made}");
        name
    }

    /// What a process has to know to reach it, directly or through a port before it.
    pub(crate) fn environment(port: u16) -> Vec<(String, String)> {
        let endpoint = format!("http://127.0.0.1:{port}");
        [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "tdkt"),
            ("AWS_SECRET_ACCESS_KEY", "tdkt-tdkt-tdkt"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    fn answers(&self) -> bool {
        self.say("GET / HTTP/1.1\r\n").is_ok_and(|answer| answer.contains(" 200 "))
    }

    fn say(&self, line: &str) -> std::io::Result<String> {
        let mut line_out = TcpStream::connect(("127.0.0.1", self.port))?;
        line_out.set_read_timeout(Some(Duration::from_secs(20)))?;
        write!(line_out, "{line}Host: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        line_out.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

/// Started for one test alone, it ends with that test.
impl Drop for S3 {
    fn drop(&mut self) {
        drop(self.undertaker.stdin.take());
        let _gone = self.undertaker.wait();
    }
}

/// `tests/run` installs it beside what is built; elsewhere it is in the path.
fn program() -> PathBuf {
    let built = std::env::current_exe().unwrap();
    let beside = built.ancestors().map(|folder| folder.join("s3-server/bin/moto_server"));
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    let in_path: Vec<PathBuf> = std::env::split_paths(&in_path).map(|bin| bin.join("moto_server")).collect();
    beside.chain(in_path).find(|program| program.exists()).expect(
        "an S3 server has to be there for this test: tests/run installs it, or: \
         python3 -m venv target/s3-server && target/s3-server/bin/pip install 'moto[s3,server]'",
    )
}
