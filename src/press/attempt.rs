//! Ways out of the sandbox, tried by a child that does nothing else: `doctor` and the tests ask whether each is shut.

use std::{
    fs::{self, File},
    io,
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::{net::UnixStream, process::CommandExt},
    process::Command,
};

use nix::{
    sys::{
        memfd::{MFdFlags, memfd_create},
        prctl, ptrace,
        resource::{RLIM_INFINITY, Resource, setrlimit},
        signal::{Signal, kill},
    },
    unistd::getppid,
};

/// A way out, by name.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    pub name: &'static str,
    try_it: fn() -> io::Result<()>,
}

/// Every way out that is tried.
pub const ATTEMPTS: &[Attempt] = &[
    Attempt { name: "read-file", try_it: || File::open("/etc/passwd").map(drop) },
    Attempt { name: "list-folder", try_it: || fs::read_dir("/").map(drop) },
    Attempt { name: "write-file", try_it: write_file },
    Attempt { name: "memory-file", try_it: || Ok(memfd_create("way-out", MFdFlags::empty()).map(drop)?) },
    Attempt { name: "connect", try_it: connect },
    Attempt { name: "listen", try_it: || TcpListener::bind("127.0.0.1:0").map(drop) },
    Attempt { name: "send-datagram", try_it: || UdpSocket::bind("127.0.0.1:0").map(drop) },
    Attempt { name: "unix-socket", try_it: || UnixStream::pair().map(drop) },
    Attempt { name: "start-process", try_it: || Command::new("/bin/sh").args(["-c", "exit"]).status().map(drop) },
    Attempt { name: "become-program", try_it: become_program },
    Attempt { name: "start-thread", try_it: || std::thread::Builder::new().spawn(|| ()).map(drop) },
    Attempt { name: "trace-parent", try_it: || Ok(ptrace::seize(getppid(), ptrace::Options::empty())?) },
    // It does nothing to a process that runs.
    Attempt { name: "signal-parent", try_it: || Ok(kill(getppid(), Signal::SIGCONT)?) },
    Attempt { name: "raise-limit", try_it: raise_limit },
    Attempt { name: "allow-dumps", try_it: || Ok(prctl::set_dumpable(true)?) },
];

impl Attempt {
    /// The way out of this name.
    pub fn named(name: &str) -> Option<Attempt> {
        ATTEMPTS.iter().find(|attempt| attempt.name == name).copied()
    }

    /// Tries it; `Ok` says that the sandbox leaks.
    pub(super) fn run(self) -> io::Result<()> {
        (self.try_it)()
    }
}

fn write_file() -> io::Result<()> {
    let path = std::env::temp_dir().join(format!("tdkt-way-out-{}", std::process::id()));
    File::create_new(&path)?;
    fs::remove_file(&path)
}

/// A refused connection has left the sandbox all the same.
fn connect() -> io::Result<()> {
    match TcpStream::connect("127.0.0.1:9") {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        other => other.map(drop),
    }
}

/// Returns only if the kernel refuses; `true` ends well, and its silence is taken for an escape.
fn become_program() -> io::Result<()> {
    Err(Command::new("/bin/true").exec())
}

fn raise_limit() -> io::Result<()> {
    setrlimit(Resource::RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, 64, 64)?)
}
