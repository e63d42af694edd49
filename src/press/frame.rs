//! The words between press and child: a length (8 bytes, big endian) and a body, both ways. A child greets before its
//! first order.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{sandbox::Sandbox, verdict::Verdict};
use crate::{catalog::MediaType, failure::Failure, rendering::Question};

/// The largest paper and the largest order, in bytes: no child can fill the parent's memory.
pub const LARGEST_BODY: u64 = 128 << 20;
/// The largest header, in bytes; a failure with its findings is the largest there is.
const LARGEST_HEADER: u64 = 4 << 20;

/// What is wanted of an order.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    /// All of it.
    Whole,
    /// One page, from 0.
    Png { page: usize, ppi: f64 },
}

impl Output {
    /// Whether this may be what was asked for: its kind, and how files of that kind begin.
    pub(super) fn is_answered_by(self, media_type: Option<MediaType>, bytes: &[u8]) -> bool {
        match (self, media_type) {
            (Output::Whole, Some(media_type)) => bytes.starts_with(media_type.beginning()),
            (Output::Png { .. }, None) => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            (Output::Whole, None) | (Output::Png { .. }, Some(_)) => false,
        }
    }
}

/// Child → parent, once: it has read what it needs and has shut itself in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Greeting {
    pub(super) sandbox: Sandbox,
}

/// Parent → child.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// A print order.
    Render { order: String, output: Output },
    /// A question about a finished file, whose bytes follow in a second frame.
    Examine(Question),
}

/// Child → parent: a header frame; what was made, or what is told of a file, in a second frame.
#[derive(Debug)]
pub(super) enum Answer {
    Made {
        pages: u32,
        media_type: Option<MediaType>,
        bytes: Vec<u8>,
    },
    /// JSON.
    Told(Vec<u8>),
    Refused(Box<Failure>),
}

#[derive(Serialize, Deserialize)]
enum Header {
    Made { pages: u32, media_type: Option<MediaType> },
    Told,
    Refused(Box<Failure>),
}

/// Why no answer could be read.
#[derive(Debug)]
pub(super) enum Broken {
    /// The pipe ended; the child's death says why.
    Closed,
    /// What came is no answer.
    Garbled,
    /// A paper beyond [`LARGEST_BODY`] was announced.
    TooLarge,
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Broken::Closed
    }
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

pub(super) async fn receive_greeting(pipe: &mut (impl AsyncReadExt + Unpin)) -> Result<Greeting, Broken> {
    receive_header(pipe).await
}

pub(super) async fn receive(pipe: &mut (impl AsyncReadExt + Unpin)) -> Result<Answer, Broken> {
    match receive_header(pipe).await? {
        Header::Made { pages, media_type } => {
            let bytes = receive_body(pipe, LARGEST_BODY).await?.ok_or(Broken::TooLarge)?;
            Ok(Answer::Made { pages, media_type, bytes })
        }
        Header::Told => Ok(Answer::Told(receive_body(pipe, LARGEST_BODY).await?.ok_or(Broken::TooLarge)?)),
        Header::Refused(failure) => Ok(Answer::Refused(failure)),
    }
}

async fn receive_header<H: DeserializeOwned>(pipe: &mut (impl AsyncReadExt + Unpin)) -> Result<H, Broken> {
    let body = receive_body(pipe, LARGEST_HEADER).await?.ok_or(Broken::Garbled)?;
    serde_json::from_slice(&body).map_err(|_| Broken::Garbled)
}

/// The next body; `None` where more than `most` bytes are announced.
async fn receive_body(pipe: &mut (impl AsyncReadExt + Unpin), most: u64) -> io::Result<Option<Vec<u8>>> {
    let length = pipe.read_u64().await?;
    if length > most {
        return Ok(None);
    }
    let mut body = Vec::new();
    pipe.take(length).read_to_end(&mut body).await?;
    if body.len() as u64 == length { Ok(Some(body)) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

pub(super) fn greet(pipe: &mut impl Write, greeting: &Greeting) -> io::Result<()> {
    write_body(pipe, &serde_json::to_vec(greeting).map_err(nonsense)?)?;
    pipe.flush()
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

pub(super) fn answer(pipe: &mut impl Write, answer: Answer) -> io::Result<()> {
    let (header, bytes) = match answer {
        Answer::Made { bytes, .. } if bytes.len() as u64 > LARGEST_BODY => {
            (Header::Refused(Box::new(Verdict::TooLarge.into())), None)
        }
        Answer::Made { pages, media_type, bytes } => (Header::Made { pages, media_type }, Some(bytes)),
        Answer::Told(bytes) => (Header::Told, Some(bytes)),
        Answer::Refused(failure) => (Header::Refused(failure), None),
    };
    write_body(pipe, &serde_json::to_vec(&header).map_err(nonsense)?)?;
    if let Some(bytes) = bytes {
        write_body(pipe, &bytes)?;
    }
    pipe.flush()
}

fn write_body(pipe: &mut impl Write, body: &[u8]) -> io::Result<()> {
    pipe.write_all(&(body.len() as u64).to_be_bytes())?;
    pipe.write_all(body)
}
