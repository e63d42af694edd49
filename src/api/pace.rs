//! Answers are taken at some pace: whoever falls behind holds a place, a file and memory of ours, and is let go.
//!
//! The rule: only the caller's own time counts. While we have nothing to give, nobody is slow.

use std::{
    cell::Cell,
    net::{Shutdown, TcpStream},
    os::fd::AsFd,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    rt,
    web::Bytes,
};
use tokio::time::Instant;
use tracing::debug;

/// The least that a caller takes in a second, once the grace is over. The slowest line of a commune gives ten times as much.
const LEAST_PER_SECOND: u64 = 4 << 10;
/// What lies between us and the caller, in buffers of the connection and of the kernel; the grace is for taking it.
const UNDER_WAY: u64 = 256 << 10;

/// How long the kernel waits for a caller that takes nothing, before it gives the connection up: longer than whoever takes the
/// least needs for what is under way, for the kernel also counts time in which a caller reads and has no room yet.
pub fn given_up_after(grace: Duration) -> Duration {
    grace + Duration::from_secs(UNDER_WAY / LEAST_PER_SECOND)
}

/// The way to a connection, by which it is ended from elsewhere. It closes with the connection.
#[derive(Debug)]
pub struct Line {
    socket: TcpStream,
    /// Requests that came on it.
    requests: AtomicUsize,
}

impl Line {
    /// # Errors
    /// When this process has too many files open.
    pub fn to(connection: &impl AsFd) -> std::io::Result<Arc<Self>> {
        let socket = TcpStream::from(connection.as_fd().try_clone_to_owned()?);
        Ok(Arc::new(Self { socket, requests: AtomicUsize::new(0) }))
    }

    /// Another request came: the answer before it was taken, or is in its way.
    pub(super) fn another(&self) -> usize {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn is_at(&self, request: usize) -> bool {
        self.requests.load(Ordering::Relaxed) == request
    }
}

/// Watches over an answer to a connection's request until it is taken.
pub(super) fn watched(body: BoxBody, (line, request): (&Arc<Line>, usize), grace: Duration) -> BoxBody {
    let taking = Rc::new(Taking::since(Instant::now()));
    rt::spawn(watch(Arc::downgrade(line), request, Rc::clone(&taking), grace));
    BoxBody::new(Watched { body, taking })
}

async fn watch(line: Weak<Line>, request: usize, taking: Rc<Taking>, grace: Duration) {
    loop {
        rt::time::sleep_until(taking.patience(grace, Instant::now())).await;
        let Some(line) = line.upgrade().filter(|line| line.is_at(request)) else { return };
        let now = Instant::now();
        if taking.patience(grace, now) <= now {
            debug!("an answer is not taken; its connection ends");
            let _gone_already = line.socket.shutdown(Shutdown::Both);
            return;
        }
    }
}

/// How an answer is taken.
struct Taking {
    began: Instant,
    given: Cell<u64>,
    /// The time in which we had nothing to give, and since when that is so.
    ours: Cell<Duration>,
    since: Cell<Option<Instant>>,
}

impl Taking {
    fn since(began: Instant) -> Self {
        Self { began, given: Cell::new(0), ours: Cell::default(), since: Cell::default() }
    }

    /// Until when the caller may go on like this.
    fn patience(&self, grace: Duration, now: Instant) -> Instant {
        let taken = self.given.get().saturating_sub(UNDER_WAY);
        let ours = self.ours.get() + self.since.get().map_or(Duration::ZERO, |since| now - since);
        self.began + ours + grace + Duration::from_millis(taken * 1_000 / LEAST_PER_SECOND)
    }

    fn waits_for_us(&self, now: Instant) {
        self.since.set(Some(self.since.get().unwrap_or(now)));
    }

    fn is_given(&self, bytes: usize, now: Instant) {
        self.given.set(self.given.get() + bytes as u64);
        if let Some(since) = self.since.take() {
            self.ours.set(self.ours.get() + (now - since));
        }
    }
}

struct Watched {
    body: BoxBody,
    taking: Rc<Taking>,
}

impl MessageBody for Watched {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.taking.waits_for_us(Instant::now());
        let next = ready!(Pin::new(&mut self.body).poll_next(context));
        self.taking.is_given(next.as_ref().and_then(|next| next.as_ref().ok()).map_or(0, Bytes::len), Instant::now());
        Poll::Ready(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(60);

    #[test]
    fn what_was_taken_buys_time_and_what_is_under_way_does_not() {
        let began = Instant::now();
        let taking = Taking::since(began);
        assert_eq!(taking.patience(GRACE, began), began + GRACE);
        taking.is_given(UNDER_WAY as usize, began);
        assert_eq!(taking.patience(GRACE, began), began + GRACE);
        taking.is_given(10 * LEAST_PER_SECOND as usize, began);
        assert_eq!(taking.patience(GRACE, began), began + GRACE + Duration::from_secs(10));
    }

    #[test]
    fn the_time_in_which_we_have_nothing_to_give_is_not_the_caller_s() {
        let began = Instant::now();
        let (taking, later) = (Taking::since(began), began + Duration::from_secs(3_600));
        taking.waits_for_us(began);
        taking.waits_for_us(later);
        assert_eq!(taking.patience(GRACE, later), later + GRACE, "it goes on");
        taking.is_given(1, later);
        assert_eq!(taking.patience(GRACE, later + GRACE), later + GRACE, "now the caller has had all of it");
    }
}
