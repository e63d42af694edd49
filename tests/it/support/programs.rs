//! The real executable and a real Redis, started and stopped by the tests.
//!
//! Everything listens on a free port and lives in a temporary folder, so that tests run side by side. What cannot be
//! started fails the test and says what has to be installed.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::Value;
use tdkt_reports::{
    job::{Job, JobState},
    ledger::{Ledger, LedgerLimits, Place},
};
use tempfile::TempDir;

use super::{contract, kept_socket::KeptSocket};

/// How long a program may take to be ready; the machine may be busy with other tests.
const READY: Duration = Duration::from_secs(60);
/// How long a job may take that nobody disturbs.
const JOB: Duration = Duration::from_secs(90);
/// Of what a process said, the lines that a test that fails shows.
const TOLD: usize = 60;
/// Between two looks at something that is waited for.
const LOOK: Duration = Duration::from_millis(20);

/// The executable, without settings from the environment of the tests.
pub fn tdkt() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tdkt-reports"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TDKT_")) {
        command.env_remove(name);
    }
    command
}

/// What a command that ended said and did.
pub struct Outcome {
    pub code: Option<i32>,
    pub out: Vec<u8>,
    pub err: String,
}

impl Outcome {
    /// Standard output as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.out).expect("UTF-8 on standard output")
    }
}

/// Runs a command of the executable to its end.
pub fn run(arguments: &[&str]) -> Outcome {
    run_in(Path::new("."), arguments, b"")
}

/// Runs a command in a folder, with something on standard input.
pub fn run_in(folder: &Path, arguments: &[&str], input: &[u8]) -> Outcome {
    let mut command = tdkt();
    command.args(arguments).current_dir(folder);
    run_command(command, input)
}

/// Runs any command to its end.
pub fn run_command(mut command: Command, input: &[u8]) -> Outcome {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the executable starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    // A command may end without reading its input.
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the executable ends");
    feeding.join().expect("fed");
    Outcome {
        code: output.status.code(),
        out: output.stdout,
        err: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
    }
}

/// Waits until `what` is true.
pub fn until(patience: Duration, why: &str, mut what: impl FnMut() -> bool) {
    let started = Instant::now();
    while !what() {
        assert!(started.elapsed() < patience, "after {patience:?} still not so: {why}");
        sleep(LOOK);
    }
}

/// Ends what others do until this is set, also where the test has failed: a scope waits for them.
pub struct Over<'a>(pub &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A running process whose standard error is read as it comes.
pub struct Process {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Process {
    fn start(command: Command) -> Self {
        Self::start_on(Stdio::null(), command)
    }

    fn start_on(stdin: Stdio, mut command: Command) -> Self {
        let mut child =
            command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the executable starts");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let said = Arc::new(Mutex::new(String::new()));
        let hearing = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let mut said = hearing.lock().expect("not poisoned");
                said.push_str(&line);
                said.push('\n');
            }
        });
        Self { child, said }
    }

    /// A `work` process whose arguments say everything but the name of the command.
    pub fn worker(arguments: &[&str]) -> Self {
        let mut command = tdkt();
        command.arg("work").args(arguments);
        Self::start(command)
    }

    /// A `work` process on a data folder.
    pub fn work(data: &Path, redis: &Redis, arguments: &[&str]) -> Self {
        Self::work_as(tdkt(), data, &redis.address(), arguments)
    }

    /// A `work` process on a data folder, over the Redis at this address, begun by this command.
    pub fn work_as(mut command: Command, data: &Path, redis: &str, arguments: &[&str]) -> Self {
        command.arg("work").arg("--data").arg(data).args(["--redis-url", redis]).args(arguments);
        Self::start(command)
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_none()
    }

    /// Everything on standard error so far.
    pub fn said(&self) -> String {
        self.said.lock().expect("not poisoned").clone()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Process ids of its render children.
    pub fn presses(&self) -> Vec<u32> {
        children(self.id()).into_iter().filter(|child| command_line(*child).contains(" press ")).collect()
    }

    pub fn signal(&self, signal: Signal) {
        send(self.id(), signal);
    }

    /// Sends SIGTERM once the program heeds it; before, it would be the end of it like any other.
    pub fn stop(&self) {
        until(READY, "SIGTERM is heeded", || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
            let caught = u64::from_str_radix(caught.trim(), 16).unwrap_or(0);
            caught & 1 << (Signal::SIGTERM as u64 - 1) != 0
        });
        self.signal(Signal::SIGTERM);
    }

    /// kill -9, and waits for the end.
    pub fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        let _status = self.child.wait();
    }

    /// Waits for the end.
    pub fn ended_within(&mut self, patience: Duration) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status;
            }
            assert!(started.elapsed() < patience, "still running after {patience:?}:\n{}", self.said());
            sleep(LOOK);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _dead_already = self.child.kill();
        let _dead_already = self.child.wait();
        if std::thread::panicking() {
            let said = self.said();
            let lines: Vec<&str> = said.lines().collect();
            let last = &lines[lines.len().saturating_sub(TOLD)..];
            eprintln!("--- process {} said at last:\n{}", self.id(), last.join("\n"));
        }
    }
}

/// Sends a signal to a process that may be gone.
pub fn send(process: u32, signal: Signal) {
    let _gone_already = kill(Pid::from_raw(i32::try_from(process).expect("a process id")), signal);
}

fn children(parent: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| parent_of(*id) == Some(parent)).collect()
}

fn parent_of(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold anything; what follows the last bracket is: state, parent.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn command_line(process: u32) -> String {
    std::fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default().replace('\0', " ")
}

/// `serve` on a free port.
pub struct Service {
    pub process: Process,
    pub url: String,
    data: PathBuf,
    http: Client,
    _folder: Option<TempDir>,
}

impl Service {
    /// In a folder of its own.
    pub fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let service = Self::start_on(folder.path(), arguments);
        Self { _folder: Some(folder), ..service }
    }

    /// On a data folder that outlives it.
    pub fn start_on(data: &Path, arguments: &[&str]) -> Self {
        Self::started(tdkt(), data, arguments)
    }

    /// As the program that `wrapper` becomes at last.
    pub fn start_in(mut wrapper: Command, data: &Path, arguments: &[&str]) -> Self {
        wrapper.arg(tdkt().get_program());
        Self::started(wrapper, data, arguments)
    }

    /// By this command, which has the environment that the test gave it.
    pub fn started(command: Command, data: &Path, arguments: &[&str]) -> Self {
        Self::listening(Self::try_start(command, data, arguments), data)
    }

    fn listening((process, url): (Process, Option<String>), data: &Path) -> Self {
        let url = url.unwrap_or_else(|| panic!("it does not listen:\n{}", process.said()));
        // reqwest is built without a provider of its own; whoever was first has set the same one.
        let _set_already = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().timeout(Duration::from_secs(60)).build().expect("an HTTP client");
        Self { process, url, data: data.to_owned(), http, _folder: None }
    }

    /// As [`Service::started`]; without an address where the process ended before it listened.
    pub fn try_start(command: Command, data: &Path, arguments: &[&str]) -> (Process, Option<String>) {
        Self::try_listen("127.0.0.1:0", command, data, arguments)
    }

    /// As [`Service::try_start`], at another address.
    pub fn try_listen(
        listen: &str,
        mut command: Command,
        data: &Path,
        arguments: &[&str],
    ) -> (Process, Option<String>) {
        command.args(["serve", "--listen", listen, "--data"]).arg(data).args(arguments);
        Self::heard(Process::start(command))
    }

    /// On a socket that is handed over; `listen` names an address that nobody can have.
    pub fn try_take_over(sockets: &KeptSocket, data: &Path, arguments: &[&str]) -> (Process, Option<String>) {
        let mut command = sockets.handing_over();
        command.args(["serve", "--listen", "192.0.2.1:1", "--data"]).arg(data).args(arguments);
        Self::heard(Process::start_on(sockets.as_stdin(), command))
    }

    /// On a socket that outlives it.
    pub fn take_over(sockets: &KeptSocket, data: &Path, arguments: &[&str]) -> Self {
        Self::listening(Self::try_take_over(sockets, data, arguments), data)
    }

    fn heard(mut process: Process) -> (Process, Option<String>) {
        const LISTENS: &str = "Đang phục vụ tại ";
        until(READY, LISTENS, || process.said().contains(LISTENS) || !process.runs());
        let said = process.said();
        let url = said.lines().find_map(|line| line.strip_prefix(LISTENS)).map(|url| url.trim().to_owned());
        (process, url)
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Asks, and holds the answer against the contract.
    pub fn get(&self, path: &str) -> Response {
        contract::checked("GET", path, self.http.get(format!("{}{path}", self.url)).send().expect("an answer"))
    }

    /// A request that the test finishes.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.http.request(method.parse().expect("a method"), format!("{}{path}", self.url))
    }

    /// Posts JSON text, and holds the answer against the contract.
    pub fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Response {
        let request = self.request("POST", path).header("content-type", "application/json");
        contract::checked("POST", path, request.body(body.into()).send().expect("an answer"))
    }

    /// Posts a request that has to be accepted; gives the job's id.
    pub fn accept(&self, body: impl Into<Vec<u8>>) -> String {
        let response = self.post("/v1/documents", body);
        let (status, job) = (response.status(), json(response));
        assert_eq!(status, 202, "{job:#}");
        job["id"].as_str().expect("an id").to_owned()
    }

    /// The job as it is now.
    pub fn job(&self, id: &str) -> Value {
        json(self.get(&format!("/v1/jobs/{id}")))
    }

    /// The job once it has ended.
    pub fn wait_for(&self, id: &str) -> Value {
        let started = Instant::now();
        loop {
            let job = json(self.get(&format!("/v1/jobs/{id}?wait=20")));
            if job["done"] == true {
                return job;
            }
            assert!(started.elapsed() < JOB, "no end after {JOB:?}: {job:#}");
        }
    }

    /// The finished paper.
    pub fn document(&self, id: &str) -> Vec<u8> {
        let response = self.get(&format!("/v1/jobs/{id}/document"));
        assert_eq!(response.status(), 200);
        response.bytes().expect("a body").to_vec()
    }

    /// Writes to the socket as it is and reads the answer; `None` where the service closed without one.
    pub fn raw(&self, parts: &[&[u8]], pause: Duration) -> Option<String> {
        let address = self.url.strip_prefix("http://").expect("an address");
        let mut stream = TcpStream::connect(address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
        for part in parts {
            if stream.write_all(part).is_err() {
                break;
            }
            sleep(pause);
        }
        let mut answer = Vec::new();
        // The service may reset the connection once it has answered.
        let _reset = stream.read_to_end(&mut answer);
        (!answer.is_empty()).then(|| String::from_utf8_lossy(&answer).into_owned())
    }

    /// What the kernel holds of answers that were written and not received, connection by connection: bytes.
    pub fn unreceived(&self) -> Vec<u64> {
        let port: u16 = self.url.rsplit_once(':').expect("a port").1.parse().expect("a number");
        let ours = format!(":{port:04X}");
        let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
        let lines = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
        // Local address, remote address, state (0A listens), bytes to send and to be read.
        let connections = lines.filter(|fields| fields[1].ends_with(&ours) && fields[3] != "0A");
        let queues = connections.map(|fields| fields[4].split_once(':').expect("two queues").0.to_owned());
        queues.map(|bytes| u64::from_str_radix(&bytes, 16).expect("a number")).collect()
    }

    /// The books of this service.
    pub fn books(&self) -> Books {
        Books::open(&self.data)
    }
}

/// The body of an answer.
pub fn json(response: Response) -> Value {
    let text = response.text().expect("a body");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Ledger and archive of a data folder, looked at from outside.
pub struct Books {
    runtime: tokio::runtime::Runtime,
    ledger: Ledger,
    archive: PathBuf,
}

impl Books {
    pub fn open(data: &Path) -> Self {
        Self::of(data, &data.join("ledger.sqlite").into())
    }

    /// With the ledger elsewhere.
    pub fn of(data: &Path, place: &Place) -> Self {
        Self::open_at(place.clone(), &data.join("archive"))
    }

    /// A ledger anywhere and an archive anywhere.
    pub fn open_at(place: Place, archive: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let ledger = runtime.block_on(Ledger::open(place, LedgerLimits::default()));
        Self { runtime, ledger: ledger.expect("the ledger opens"), archive: archive.to_owned() }
    }

    /// How many jobs stand in each state; states without jobs are left out.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let counts = self.runtime.block_on(self.ledger.counts()).expect("counted");
        let states = JobState::ALL.iter().map(|state| (state.as_str(), counts.of(*state)));
        states.filter(|(_, jobs)| *jobs > 0).collect()
    }

    pub fn job(&self, id: &str) -> Job {
        let found = self.runtime.block_on(self.ledger.find(id.parse().expect("an id")));
        found.expect("read").expect("the job is in the ledger")
    }

    /// Names of the files in the archive, after a look at each: its name is the hash of its content.
    pub fn archived(&self) -> Vec<String> {
        let mut names = Vec::new();
        let folders = std::fs::read_dir(self.archive.join("blobs")).expect("the archive");
        for folder in folders.map(|folder| folder.expect("listed").path()) {
            for file in std::fs::read_dir(folder).expect("listed").map(|file| file.expect("listed")) {
                let name = file.file_name().to_string_lossy().into_owned();
                let content = std::fs::read(file.path()).expect("read");
                assert_eq!(tdkt_reports::fingerprint::of(&content), name, "a torn file");
                names.push(name);
            }
        }
        names.sort();
        names
    }

    /// Asserts that each of these jobs succeeded and has its paper, and that the archive holds nothing else.
    pub fn each_succeeded_with_one_file(&self, ids: &[String]) {
        let mut papers = Vec::new();
        for id in ids {
            let job = self.job(id);
            assert_eq!(job.state, JobState::Succeeded, "{job:#?}");
            papers.push(job.artifact.expect("a paper").sha256);
        }
        papers.sort();
        papers.dedup();
        assert_eq!(self.archived(), papers, "one file for each different paper, and no other");
        assert_eq!(self.counts(), BTreeMap::from([("succeeded", ids.len() as u64)]), "no job besides");
    }
}

/// A Redis on a free port, without persistence where nothing else is asked for.
pub struct Redis {
    child: Child,
    port: u16,
    folder: TempDir,
}

/// Nothing is kept.
const FORGETS: [&str; 4] = ["--save", "", "--appendonly", "no"];

impl Redis {
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let child = Self::spawn(port, &folder, &FORGETS);
        let redis = Self { child, port, folder };
        redis.until_it_answers();
        redis
    }

    /// One that speaks TLS and nothing else, with this certificate and key.
    pub fn start_with_tls(certificate: &Path, key: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |path: &Path| path.to_str().expect("text").to_owned();
        let [tls, certificate, key] = [port.to_string(), path(certificate), path(key)];
        let speaking = ["--tls-port", &tls, "--tls-cert-file", &certificate, "--tls-key-file", &key];
        let trusting = ["--tls-ca-cert-file", &certificate, "--tls-auth-clients", "no"];
        let child = Self::spawn(0, &folder, &[&FORGETS[..], &speaking, &trusting].concat());
        let listens = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        until(READY, "redis-server listens", listens);
        Self { child, port, folder }
    }

    fn spawn(port: u16, folder: &TempDir, keeping: &[&str]) -> Child {
        Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--enable-debug-command", "yes", "--dir"])
            .arg(folder.path())
            .args(keeping)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed (tests/run installs it)")
    }

    fn until_it_answers(&self) {
        until(READY, "redis-server answers", || {
            let connection = redis::Client::open(self.address()).and_then(|client| client.get_connection());
            connection.and_then(|mut connection| redis::cmd("PING").query::<String>(&mut connection)).is_ok()
        });
    }

    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its files lie.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Asks the server directly.
    pub fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut connection =
            redis::Client::open(self.address()).and_then(|client| client.get_connection()).expect("connected");
        let mut command = redis::cmd(words[0]);
        words[1..].iter().for_each(|word| {
            command.arg(*word);
        });
        command.query(&mut connection).expect("answered")
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.child.kill().expect("running");
        self.child.wait().expect("ended");
    }

    /// Starts again on the same port, empty.
    pub fn start_again(&mut self) {
        self.start_again_keeping(&FORGETS);
    }

    /// Starts again on the same port, with these settings of what it keeps.
    pub fn start_again_keeping(&mut self, keeping: &[&str]) {
        self.child = Self::spawn(self.port, &self.folder, keeping);
        self.until_it_answers();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _dead_already = self.child.kill();
        let _dead_already = self.child.wait();
    }
}
