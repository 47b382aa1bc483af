//! The worker's side of a confined process: starts it, gives it the file, serves the parts that it wants and ends it at its
//! deadline. A process that ends without an answer is the file's failure. Does I/O.

use std::{io, path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, ChildStdin, Command},
    sync::Semaphore,
};

use super::{
    child::NAME,
    confine::{MEMORY, PROCESSOR_SECONDS},
    error::ParseError,
    request::{Answer, Input, Request},
    wire::{self, InputKind, Message, Order},
};
use crate::find::{
    folder::blocking,
    found::VideoLocation,
    video::ranges::{AllowedParts, MAX_WANTED},
};

/// The running program, even if its file was replaced or deleted.
pub(super) const OWN_PROGRAM: &str = "/proc/self/exe";
/// How long bytes that the worker has may be read.
const LONGEST: Duration = Duration::from_secs(60);
/// How long a video may be read: its disk or its server decides how fast.
const LONGEST_VIDEO: Duration = Duration::from_secs(300);

/// Starts processes, so many at once.
#[derive(Clone, Debug)]
pub(super) struct ParserProcess {
    program: PathBuf,
    permits: Arc<Semaphore>,
}

/// What is written to a process's standard input.
enum Feed {
    /// Nothing: its standard input is the file.
    Nothing,
    Bytes(bytes::Bytes),
    Parts(AllowedParts),
}

impl ParserProcess {
    pub(super) fn new(program: PathBuf, at_once: usize) -> Self {
        Self { program, permits: Arc::new(Semaphore::new(at_once)) }
    }

    pub(super) async fn read(&self, request: &Request, input: Input) -> Result<Answer, ParseError> {
        let _permit = self.permits.acquire().await.map_err(ParseError::unavailable)?;
        let (input, stdin, feed) = match input {
            Input::Bytes(bytes) => (InputKind::Bytes, Stdio::piped(), Feed::Bytes(bytes)),
            Input::Video(VideoLocation::Local(file)) => {
                (InputKind::File, blocking(move || file.open()).await?.into(), Feed::Nothing)
            }
            Input::Video(VideoLocation::Remote(remote)) => {
                let kind = InputKind::Parts { size: remote.size() };
                (kind, Stdio::piped(), Feed::Parts(AllowedParts::new(remote)))
            }
        };
        let longest = if input == InputKind::Bytes { LONGEST } else { LONGEST_VIDEO };
        let order = serde_json::to_string(&Order { request, input }).map_err(ParseError::unavailable)?;
        // Nothing of this process's environment, which may hold secrets; killed when the caller stops waiting.
        let mut command = Command::new(&self.program);
        command.arg0(NAME).arg(order).env_clear().current_dir("/").kill_on_drop(true);
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(ParseError::unavailable)?;
        match tokio::time::timeout(longest, converse(&mut child, feed)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                let _ = child.start_kill();
                let how = child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(over_limits(&format!("the process that read it ended with {how}")))
            }
            Err(_) if input == InputKind::Bytes => Err(over_limits(&format!("it was not read within {longest:?}"))),
            Err(_) => {
                let cause = io::Error::new(io::ErrorKind::TimedOut, format!("it was not read within {longest:?}"));
                Err(ParseError::unavailable(cause))
            }
        }
    }
}

fn over_limits(what: &str) -> ParseError {
    let memory = MEMORY >> 20;
    ParseError::over_limits(format!(
        "failed to read the file within {memory} MiB of memory and {PROCESSOR_SECONDS} s of processor time: {what}"
    ))
}

/// Gives a process what it reads until it answers.
async fn converse(child: &mut Child, feed: Feed) -> io::Result<Result<Answer, ParseError>> {
    let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
    let mut from = child.stdout.take().ok_or_else(closed)?;
    let mut parts: Option<(AllowedParts, ChildStdin)> = match feed {
        Feed::Bytes(bytes) => {
            child.stdin.take().ok_or_else(closed)?.write_all(&bytes).await?;
            None
        }
        Feed::Parts(parts) => Some((parts, child.stdin.take().ok_or_else(closed)?)),
        Feed::Nothing => None,
    };
    loop {
        match (wire::receive(&mut from).await?, &mut parts) {
            (Message::Done(answer), _) => return Ok(answer),
            (Message::Want { from, length }, Some((parts, to))) if length <= MAX_WANTED => {
                wire::send_part(to, parts.part(from, length).await).await?;
            }
            (Message::Want { .. }, _) => return Err(closed()),
        }
    }
}
