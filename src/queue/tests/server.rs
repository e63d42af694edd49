use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::queue::{Doorbell, Redis};

/// A Redis of our own, without persistence, on a free port.
pub(crate) struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let child = Self::spawn(port, &folder);
        let server = Self { child, port, folder };
        server.wait();
        server
    }

    fn spawn(port: u16, folder: &tempfile::TempDir) -> Child {
        Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server has to be installed for this test")
    }

    fn wait(&self) {
        let started = Instant::now();
        while self.client().get_connection().and_then(|mut c| redis::cmd("PING").query::<String>(&mut c)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(10), "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts again on the same port, empty.
    pub(crate) fn start_again(&mut self) {
        self.child = Self::spawn(self.port, &self.folder);
        self.wait();
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn bell(&self) -> Doorbell {
        Doorbell::redis(&self.address(), Redis::QUEUE).unwrap()
    }

    pub(crate) fn client(&self) -> redis::Client {
        redis::Client::open(self.address()).unwrap()
    }

    /// Asks the server directly.
    pub(crate) fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        words[1..].iter().for_each(|word| {
            command.arg(*word);
        });
        command.query(&mut self.client().get_connection().unwrap()).unwrap()
    }

    /// A key of the doorbell.
    pub(crate) fn key(name: &str) -> String {
        format!("{}:{name}", Redis::QUEUE)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _dead_already = self.child.kill();
        let _dead_already = self.child.wait();
    }
}
