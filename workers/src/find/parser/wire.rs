//! What worker and confined process write to each other: a length of four bytes, little-endian, then so many bytes. The
//! worker's are parts of a video, the process's are messages as JSON. Does I/O through what it is given.

use std::io::{self, Read, Write};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{
    error::ParseError,
    request::{Answer, Request},
};

/// The longest message of a process, in bytes.
const LONGEST: u32 = 64 << 20;
/// Beside a length: what follows says why the part cannot be read.
const REFUSED: u32 = 1 << 31;
/// Beside [`REFUSED`]: it is too much to read, now and later.
const OVER_BUDGET: u32 = 1 << 30;

/// What a process is started with, as JSON in its only argument.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order<R> {
    pub(super) request: R,
    pub(super) input: InputKind,
}

/// What the standard input of a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum InputKind {
    /// A pipe with the file's bytes.
    Bytes,
    /// The file itself.
    File,
    /// A pipe with the parts that the process wants of a file of this size.
    Parts { size: u64 },
}

/// An order as the process reads it.
pub(super) type Received = Order<Request>;

/// What a process writes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Message {
    /// It wants a part of the video.
    Want { from: u64, length: u64 },
    /// It is done.
    Done(Result<Answer, ParseError>),
}

/// Writes a message.
pub(super) fn send(to: &mut impl Write, message: &Message) -> io::Result<()> {
    let json = serde_json::to_vec(message)?;
    let length = u32::try_from(json.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&json)?;
    to.flush()
}

/// Reads the part that was asked for.
pub(super) fn receive_part(from: &mut impl Read, most: u64) -> io::Result<Bytes> {
    let mut head = [0; 4];
    from.read_exact(&mut head)?;
    let head = u32::from_le_bytes(head);
    let length = u64::from(head & !(REFUSED | OVER_BUDGET));
    if length > most.max(1 << 12) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    if head & REFUSED == 0 {
        return Ok(bytes.into());
    }
    let kind = if head & OVER_BUDGET == 0 { io::ErrorKind::Other } else { io::ErrorKind::QuotaExceeded };
    Err(io::Error::new(kind, String::from_utf8_lossy(&bytes).into_owned()))
}

/// Reads a message.
pub(super) async fn receive(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Message> {
    let length = from.read_u32_le().await?;
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut json = Vec::new();
    from.take(length.into()).read_to_end(&mut json).await?;
    Ok(serde_json::from_slice(&json)?)
}

/// Writes a part, or why it could not be had.
pub(super) async fn send_part(to: &mut (impl AsyncWrite + Unpin), part: io::Result<Bytes>) -> io::Result<()> {
    let (flag, bytes) = match part {
        Ok(bytes) => (0, bytes),
        Err(error) => {
            let mut why = error.to_string();
            why.truncate(why.floor_char_boundary(1 << 12));
            let over = if error.kind() == io::ErrorKind::QuotaExceeded { OVER_BUDGET } else { 0 };
            (REFUSED | over, why.into())
        }
    };
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    to.write_u32_le(length | flag).await?;
    to.write_all(&bytes).await?;
    to.flush().await
}
