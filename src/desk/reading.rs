//! Requests are read and checked on threads that answer nobody.
//!
//! The rule: what is large never stands before what is small. Only so many large ones are read at a time that a processor
//! is left over, each on a thread that gives way to those that answer.

use std::{sync::LazyLock, thread};

use rustix::{
    io,
    process::{getpriority_process, setpriority_process},
};
use serde_json::Value;
use tokio::{
    sync::{Semaphore, oneshot},
    task::spawn_blocking,
};
use tracing::debug;

use crate::failure::Failure;

/// Bytes of a request that is small. A form that a clerk fills in has fewer (samples `simple`: 4 to 57 KiB, a check of
/// the largest that counts as small takes 10 ms); what a stranger makes costly has more.
const SMALL: usize = 32 << 10;

/// How much a large one's thread gives way (`nice`). Not more: it has to come to an end beside render children that
/// take every processor.
const GIVES_WAY: i32 = 10;

static LARGE: LazyLock<Semaphore> = LazyLock::new(places);
/// Apart, because a batch may take minutes: a large request would wait for all of it.
static BATCHES: LazyLock<Semaphore> = LazyLock::new(places);

fn places() -> Semaphore {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    Semaphore::new(processors.saturating_sub(1).max(1))
}

/// Reads or checks one request of so many bytes.
pub(super) async fn request<T: Send + 'static>(
    bytes: usize,
    read: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    if bytes > SMALL {
        return aside(&LARGE, read).await;
    }
    spawn_blocking(read).await.map_err(|_| panicked())?
}

/// About the bytes of what was read once already.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| 1 + size(item)).sum(),
        Value::Object(fields) => fields.iter().map(|(name, field)| name.len() + 4 + size(field)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 4,
    }
}

/// Reads or checks many requests at once.
pub async fn batch<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    aside(&BATCHES, read).await
}

/// A caller who leaves while there is no place gives up the turn.
async fn aside<T: Send + 'static>(
    places: &'static Semaphore,
    read: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let place = places.acquire().await.map_err(|_| Failure::internal("places for large requests are closed"))?;
    let (tell, told) = oneshot::channel();
    // A thread of its own: one that has given way cannot come back without privileges.
    let begun = thread::Builder::new().name("large-request".to_owned()).spawn(move || {
        let _place = place;
        if let Err(error) = give_way() {
            debug!("a large request is read at the priority of others: {error}");
        }
        // Whoever asked may have left.
        let _unheard = tell.send(read());
    });
    begun.map_err(|error| Failure::internal(format!("no thread for a large request: {error}")))?;
    told.await.map_err(|_| panicked())?
}

/// This thread's priority below that of the process.
fn give_way() -> io::Result<()> {
    setpriority_process(None, getpriority_process(None)? + GIVES_WAY)
}

fn panicked() -> Failure {
    Failure::internal("the reading of a request panicked")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_small_request_is_read_while_no_place_is_left_for_large_ones() {
        let (end, ended) = mpsc::channel::<()>();
        let all = places().available_permits();
        let ended = std::sync::Arc::new(std::sync::Mutex::new(ended));
        let held: Vec<_> = (0..all + 2)
            .map(|_| {
                let ended = std::sync::Arc::clone(&ended);
                let wait = move || {
                    ended.lock().expect("not poisoned").recv().expect("told");
                    Ok(())
                };
                tokio::spawn(request(SMALL + 1, wait))
            })
            .collect();
        while LARGE.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let small = request(SMALL, || Ok(getpriority_process(None).expect("a priority"))).await.unwrap();
        assert_eq!(small, getpriority_process(None).unwrap());
        assert!(held.iter().all(|held| !held.is_finished()));
        for _ in &held {
            end.send(()).unwrap();
        }
        for held in held {
            held.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_large_request_gives_way_and_a_panic_leaves_its_place() {
        for _ in 0..places().available_permits() + 1 {
            let failed = batch::<()>(|| panic!("on purpose")).await.unwrap_err();
            assert_eq!(failed.code, crate::failure::FailureCode::Internal);
        }
        let priority = batch(|| Ok(getpriority_process(None).expect("a priority"))).await.unwrap();
        assert_eq!(priority, getpriority_process(None).unwrap() + GIVES_WAY);
    }
}
