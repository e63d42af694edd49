//! A socket that outlives the processes that answer at it, handed over as systemd does (sd_listen_fds(3)).

use std::{
    net::TcpListener,
    os::{fd::OwnedFd, unix::net::UnixListener},
    path::Path,
    process::{Command, Stdio},
};

use super::programs::tdkt;

pub struct KeptSocket {
    socket: OwnedFd,
    /// What `LISTEN_FDS` says.
    count: u32,
}

impl KeptSocket {
    /// At this address.
    pub fn at(address: &str) -> Self {
        Self { socket: TcpListener::bind(address).expect("a free port").into(), count: 1 }
    }

    /// One that is no network's.
    pub fn of_a_file(path: &Path) -> Self {
        Self { socket: UnixListener::bind(path).expect("bound").into(), count: 1 }
    }

    /// Two are said to be handed over.
    pub fn twice(self) -> Self {
        Self { count: 2, ..self }
    }

    /// The executable, begun by a shell that makes its standard input the first socket handed over.
    pub(super) fn handing_over(&self) -> Command {
        let second = if self.count > 1 { "4<&0" } else { "" };
        let hand_over = format!(r#"exec 3<&0 {second} </dev/null; LISTEN_FDS={} LISTEN_PID=$$ exec "$@""#, self.count);
        let mut shell = Command::new("sh");
        let program = tdkt();
        for (name, _removed) in program.get_envs() {
            shell.env_remove(name);
        }
        shell.args(["-c", &hand_over, "sh"]).arg(program.get_program());
        shell
    }

    pub(super) fn as_stdin(&self) -> Stdio {
        self.socket.try_clone().expect("a second handle").into()
    }
}
