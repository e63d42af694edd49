//! The words between press and child: a length (8 bytes, big endian) and a body, both ways.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{failure::Failure, rendering::Question};

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
pub(super) enum Order {
    /// A print order.
    Render { order: String, output: Output },
    /// A question about a finished file, whose bytes follow in a second frame.
    Examine(Question),
}

/// Child → parent: a header frame; a paper's bytes, or what is told of a file, in a second frame.
#[derive(Debug)]
pub(super) enum Answer {
    Paper {
        pages: u32,
        bytes: Vec<u8>,
    },
    /// JSON.
    Told(Vec<u8>),
    Refused(Box<Failure>),
}

#[derive(Serialize, Deserialize)]
enum Header {
    Paper { pages: u32 },
    Told,
    Refused(Box<Failure>),
}

fn nonsense(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

/// Sends an order, and the file that it is about.
pub(super) async fn send(
    pipe: &mut (impl AsyncWriteExt + Unpin),
    order: &Order,
    file: Option<&[u8]>,
) -> io::Result<()> {
    let body = serde_json::to_vec(order).map_err(nonsense)?;
    for body in [Some(body.as_slice()), file].into_iter().flatten() {
        pipe.write_u64(body.len() as u64).await?;
        pipe.write_all(body).await?;
    }
    pipe.flush().await
}

pub(super) async fn receive(pipe: &mut (impl AsyncReadExt + Unpin)) -> io::Result<Answer> {
    let header = receive_body(pipe).await?;
    Ok(match serde_json::from_slice(&header).map_err(nonsense)? {
        Header::Paper { pages } => Answer::Paper { pages, bytes: receive_body(pipe).await? },
        Header::Told => Answer::Told(receive_body(pipe).await?),
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
    serde_json::from_slice(&read_body(pipe, length)?).map(Some).map_err(nonsense)
}

/// The file that an order is about.
pub(super) fn next_file(pipe: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    pipe.read_exact(&mut length)?;
    read_body(pipe, length)
}

fn read_body(pipe: &mut impl Read, length: [u8; 8]) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    pipe.take(u64::from_be_bytes(length).min(LARGEST_BODY)).read_to_end(&mut body)?;
    Ok(body)
}

pub(super) fn answer(pipe: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let (header, bytes) = match answer {
        Answer::Paper { pages, bytes } => (serde_json::to_vec(&Header::Paper { pages: *pages }), Some(bytes)),
        Answer::Told(bytes) => (serde_json::to_vec(&Header::Told), Some(bytes)),
        Answer::Refused(failure) => (serde_json::to_vec(&Header::Refused(failure.clone())), None),
    };
    for body in [Some(&header.map_err(nonsense)?), bytes].into_iter().flatten() {
        pipe.write_all(&(body.len() as u64).to_be_bytes())?;
        pipe.write_all(body)?;
    }
    pipe.flush()
}
