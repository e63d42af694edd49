//! The address for callers: opened by us, or a socket that was handed to us open and outlives this process.
//!
//! The rule: whoever hands a socket over has chosen the address, so `listen` is not looked at; what has to be so before
//! strangers come has to be so all the same.

use std::{
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use listenfd::ListenFd;
use socket2::SockRef;

use crate::failure::{Failure, FailureCode};

/// What the kernel takes off our hands of an answer that its caller does not read. Without a bound of it that is up to
/// 4 MiB for each connection, which nobody counts, and time to copy it in which neighbours wait.
const UNSENT: u32 = 64 << 10;

/// Callers who wait to be taken in.
const WAITING: i32 = 1_024;

/// Where callers come.
#[derive(Debug)]
pub(super) enum Address {
    /// To be opened; while this process is away, callers are refused.
    Own(SocketAddr),
    /// Open, and held by systemd (or another supervisor) too; while this process is away, callers wait in its queue.
    Kept(TcpListener, SocketAddr),
}

impl Address {
    /// Takes the socket of `LISTEN_FDS` (sd_listen_fds(3)) if there is one, else the address that the settings name. It
    /// empties these variables, so it is called while there is one thread.
    ///
    /// # Errors
    /// When what was handed over is not exactly one TCP socket.
    pub(super) fn find(listen: SocketAddr) -> Result<Self, Failure> {
        let mut handed = ListenFd::from_env();
        match handed.len() {
            0 => return Ok(Self::Own(listen)),
            1 => {}
            sockets => return Err(unusable(&format!("{sockets} sockets were handed over"))),
        }
        let socket = handed.take_tcp_listener(0).map_err(|error| unusable(&error.to_string()))?;
        let socket = socket.ok_or_else(|| unusable("the socket is gone"))?;
        let address = socket.local_addr().map_err(|error| unusable(&error.to_string()))?;
        Ok(Self::Kept(socket, address))
    }

    pub(super) fn socket_address(&self) -> SocketAddr {
        match self {
            Self::Own(address) | Self::Kept(_, address) => *address,
        }
    }

    /// Opens the address, or takes up the one that is open.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub(super) fn socket(self, given_up_after: Duration) -> std::io::Result<TcpListener> {
        let socket = match self {
            Self::Own(address) => opened(address)?,
            Self::Kept(socket, _) => socket,
        };
        // Connections have it from the socket that they came to. What is sent and not yet received is not counted in it,
        // so that a line that is long and wide is as fast as ever.
        SockRef::from(&socket).set_tcp_notsent_lowat(UNSENT)?;
        // Nor does one stay whose caller takes nothing at all, be it gone or silent.
        SockRef::from(&socket).set_tcp_user_timeout(Some(given_up_after))?;
        Ok(socket)
    }

    /// Whether others hold it open when this process is gone.
    pub(super) fn outlives_us(&self) -> bool {
        match self {
            Self::Own(_) => false,
            Self::Kept(..) => true,
        }
    }
}

fn opened(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = TcpListener::bind(address)?;
    // The standard library lets 128 wait.
    SockRef::from(&socket).listen(WAITING)?;
    Ok(socket)
}

/// Callers are told apart by their network addresses, which those of a Unix socket do not have.
fn unusable(cause: &str) -> Failure {
    let failure = Failure::new(
        FailureCode::BadParameter,
        "Không dùng được socket do systemd trao (LISTEN_FDS).",
        format!("LISTEN_FDS: {cause}; exactly one TCP socket is taken"),
    );
    failure.hint("Trong tệp .socket chỉ để một ListenStream= dạng ĐỊA_CHỈ:CỔNG (không dùng socket Unix), Accept=no.")
}

pub(super) fn not_opened(address: SocketAddr, error: &std::io::Error) -> Failure {
    let failure =
        Failure::new(FailureCode::BadParameter, format!("Không mở được địa chỉ {address}."), error.to_string());
    failure.hint("Chọn cổng khác bằng --listen hoặc --metrics-listen, hoặc dừng chương trình đang dùng cổng này.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_have_the_bounds_of_the_socket_that_they_came_to() {
        let grace = Duration::from_secs(7);
        let listener = Address::Own("127.0.0.1:0".parse().unwrap()).socket(grace).unwrap();
        let _caller = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (taken, _) = listener.accept().unwrap();
        assert_eq!(SockRef::from(&taken).tcp_user_timeout().unwrap(), Some(grace));
        assert_eq!(SockRef::from(&taken).tcp_notsent_lowat().unwrap(), UNSENT);
    }
}
