//! The words between press and child: a length (8 bytes, big endian) and a body, both ways.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::failure::Failure;

/// The largest body either side accepts, in bytes: no child can fill the parent's memory.
const LARGEST_BODY: u64 = 128 << 20;

/// What is wanted of an order.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    Pdf,
    /// One page, from 0.
    Png {
        page: usize,
        ppi: f64,
    },
}

/// Parent → child.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) order: String,
    pub(super) output: Output,
}

/// Child → parent: a header frame, and for a paper its bytes in a second frame.
#[derive(Debug)]
pub(super) enum Answer {
    Paper { pages: u32, bytes: Vec<u8> },
    Refused(Box<Failure>),
}

#[derive(Serialize, Deserialize)]
enum Header {
    Paper { pages: u32 },
    Refused(Box<Failure>),
}

fn nonsense(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

pub(super) async fn send(pipe: &mut (impl AsyncWriteExt + Unpin), order: &Order) -> io::Result<()> {
    let body = serde_json::to_vec(order).map_err(nonsense)?;
    pipe.write_u64(body.len() as u64).await?;
    pipe.write_all(&body).await?;
    pipe.flush().await
}

pub(super) async fn receive(pipe: &mut (impl AsyncReadExt + Unpin)) -> io::Result<Answer> {
    let header = receive_body(pipe).await?;
    Ok(match serde_json::from_slice(&header).map_err(nonsense)? {
        Header::Paper { pages } => Answer::Paper { pages, bytes: receive_body(pipe).await? },
        Header::Refused(failure) => Answer::Refused(failure),
    })
}

async fn receive_body(pipe: &mut (impl AsyncReadExt + Unpin)) -> io::Result<Vec<u8>> {
    let length = pipe.read_u64().await?;
    if length > LARGEST_BODY {
        return Err(nonsense("frame too long"));
    }
    let mut body = Vec::new();
    pipe.take(length).read_to_end(&mut body).await?;
    if body.len() as u64 == length { Ok(body) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The next order, or `None` when the parent has closed the pipe.
pub(super) fn next_order(pipe: &mut impl Read) -> io::Result<Option<Order>> {
    let mut length = [0; 8];
    match pipe.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut body = Vec::new();
    pipe.take(u64::from_be_bytes(length).min(LARGEST_BODY)).read_to_end(&mut body)?;
    serde_json::from_slice(&body).map(Some).map_err(nonsense)
}

pub(super) fn answer(pipe: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let (header, bytes) = match answer {
        Answer::Paper { pages, bytes } => (serde_json::to_vec(&Header::Paper { pages: *pages }), Some(bytes)),
        Answer::Refused(failure) => (serde_json::to_vec(&Header::Refused(failure.clone())), None),
    };
    for body in [Some(&header.map_err(nonsense)?), bytes].into_iter().flatten() {
        pipe.write_all(&(body.len() as u64).to_be_bytes())?;
        pipe.write_all(body)?;
    }
    pipe.flush()
}
