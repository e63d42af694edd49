//! A PostgreSQL of our own: made in a temporary folder, reached by a socket there, gone with the test.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use tempfile::TempDir;

/// One server. A shell waits for the end of its input, which is this process's end, and takes everything away.
pub(crate) struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    databases: AtomicU32,
    _undertaker: Child,
}

impl Postgres {
    /// The server that the tests of this process share, each with a database of its own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    pub(crate) fn start() -> Self {
        let programs = programs();
        let folder = TempDir::with_prefix("tdkt-postgres-").unwrap().keep();
        let undertaking = format!(
            "cat >/dev/null; {} {}/pg_ctl -D {folder}/data -m immediate stop >/dev/null 2>&1; rm -rf {folder}",
            as_nobody_special().join(" "),
            programs.display(),
            folder = folder.display()
        );
        let undertaker = Command::new("sh").args(["-c", &undertaking]).stdin(Stdio::piped()).spawn().unwrap();
        if !as_nobody_special().is_empty() {
            let owned = Command::new("chown").arg("postgres").arg(&folder).status().unwrap();
            assert!(owned.success(), "the folder could not be given to postgres");
        }
        let server = Self { programs, folder, databases: AtomicU32::new(0), _undertaker: undertaker };
        let data = server.data();
        server.run("initdb", &["-D", &data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N"]);
        server.start_again();
        server
    }

    /// Starts the stopped server.
    pub(crate) fn start_again(&self) {
        // fsync protects from power loss, which no test brings about.
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories={} -c fsync=off -c max_connections=200",
            self.folder.display()
        );
        let log = format!("{}/log", self.folder.display());
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-l", &log, "-o", &options, "start"]);
    }

    /// Ends the server as a crash would: nothing is said to anybody.
    pub(crate) fn crash(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
    }

    /// The address of a fresh, empty database.
    pub(crate) fn database(&self) -> String {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Says something to the server, past the ledger.
    pub(crate) fn sql(&self, database: &str, statement: &str) {
        let socket = self.folder.display().to_string();
        self.run("psql", &["-q", "-h", &socket, "-U", "postgres", "-d", database, "-c", statement]);
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.display())
    }

    fn data(&self) -> String {
        format!("{}/data", self.folder.display())
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut words = as_nobody_special();
        let program = self.programs.join(program).display().to_string();
        words.push(&program);
        words.extend(arguments);
        let ended = Command::new(words[0])
            .args(&words[1..])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(ended.success(), "{words:?}: {ended}");
    }
}

/// Started for one test alone, it ends with that test.
impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self._undertaker.stdin.take());
        let _gone = self._undertaker.wait();
    }
}

/// PostgreSQL refuses to run as root.
fn as_nobody_special() -> Vec<&'static str> {
    let myself = std::fs::metadata("/proc/self").unwrap();
    if std::os::unix::fs::MetadataExt::uid(&myself) == 0 { vec!["runuser", "-u", "postgres", "--"] } else { Vec::new() }
}

/// Debian keeps the server's programs out of the path, one folder for each release.
fn programs() -> PathBuf {
    let releases = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        releases.map(|release| release.path().join("bin")).filter(|bin| has_server(bin)).collect();
    found.sort();
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(std::env::split_paths(&in_path).filter(|bin| has_server(bin) && bin.join("psql").exists()));
    found.pop().expect("PostgreSQL has to be installed for this test: apt-get install postgresql")
}

fn has_server(bin: &Path) -> bool {
    bin.join("initdb").exists() && bin.join("pg_ctl").exists()
}
