//! Connections, counted by the address they come from: one address holds so many, and no more.

use std::{
    any::Any,
    collections::HashMap,
    net::IpAddr,
    os::fd::AsFd,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{dev::Extensions, rt::net::TcpStream};

use crate::{access::Networks, api::Line};

/// What is counted in one process. Clones count together.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    open: Arc<AtomicUsize>,
    most: usize,
    /// Who speaks for many.
    proxies: Networks,
}

/// Any connection, for as long as it is open.
#[derive(Debug)]
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection that is counted for its address, for as long as it is open.
#[derive(Debug)]
struct Held {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    from: IpAddr,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.from);
            }
        }
    }
}

impl Connections {
    pub(super) fn new(most: usize, proxies: Networks) -> Self {
        Self { counts: Arc::default(), open: Arc::default(), most, proxies }
    }

    /// How many are open now, of whatever kind.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Counts a connection that was just made; one too many is closed.
    pub(super) fn count(&self, connection: &dyn Any, extensions: &mut Extensions) {
        self.open.fetch_add(1, Ordering::Relaxed);
        extensions.insert(Open(Arc::clone(&self.open)));
        let over_tls = connection.downcast_ref::<TlsStream<TcpStream>>().map(|tls| tls.get_ref().0);
        let Some(stream) = connection.downcast_ref::<TcpStream>().or(over_tls) else { return };
        // Without a way to it, it is bound by what the kernel knows of it.
        if let Ok(line) = Line::to(stream) {
            extensions.insert(line);
        }
        let Ok(peer) = stream.peer_addr() else { return };
        let from = peer.ip().to_canonical();
        if !self.proxies.are_open() && self.proxies.contain(from) {
            return;
        }
        match self.hold(from) {
            Some(held) => drop(extensions.insert(held)),
            None => close(stream),
        }
    }

    fn hold(&self, from: IpAddr) -> Option<Held> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(from).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Held { counts: Arc::clone(&self.counts), from })
    }
}

/// The stream is the server's; a second handle to its socket ends both ways.
fn close(stream: &TcpStream) {
    if let Ok(socket) = stream.as_fd().try_clone_to_owned() {
        let _gone_already = std::net::TcpStream::from(socket).shutdown(std::net::Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_so_many_and_a_closed_one_makes_room() {
        let connections = Connections::new(2, Networks::default());
        let (one, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let (first, second) = (connections.hold(one), connections.hold(one));
        assert!(first.is_some() && second.is_some() && connections.hold(one).is_none());
        assert!(connections.hold(other).is_some());
        drop(first);
        assert!(connections.hold(one).is_some());
        drop(second);
        assert!(connections.counts.lock().unwrap().is_empty(), "nothing is left behind");
    }
}
