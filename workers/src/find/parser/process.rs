//! The worker's side of a confined process: starts it, gives it the file, serves the parts that it wants and ends it at its
//! deadline. A process that ends without an answer is the file's failure. Does I/O.

use std::{fs::File, io, path::PathBuf, process::Stdio, sync::Arc, time::Duration};

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
/// How long a file may be read.
const LONGEST: Duration = Duration::from_secs(60);
/// How long a video behind HTTP may be read, whose server decides how fast.
const LONGEST_REMOTE: Duration = Duration::from_secs(300);

/// Starts processes, so many at once.
#[derive(Clone, Debug)]
pub(super) struct ParserProcess {
    program: PathBuf,
    permits: Arc<Semaphore>,
}

/// What a process reads, as the worker has it.
enum Open {
    Bytes(bytes::Bytes),
    File(File),
    Parts(AllowedParts),
}

impl ParserProcess {
    pub(super) fn new(program: PathBuf, at_once: usize) -> Self {
        Self { program, permits: Arc::new(Semaphore::new(at_once)) }
    }

    pub(super) async fn read(&self, request: &Request, input: Input) -> Result<Answer, ParseError> {
        let _permit = self.permits.acquire().await.map_err(ParseError::unavailable)?;
        let (open, input, longest) = match input {
            Input::Bytes(bytes) => (Open::Bytes(bytes), InputKind::Bytes, LONGEST),
            Input::Video(VideoLocation::Local(file)) => {
                (Open::File(blocking(move || file.open()).await?), InputKind::File, LONGEST)
            }
            Input::Video(VideoLocation::Remote(remote)) => {
                let kind = InputKind::Parts { size: remote.size() };
                (Open::Parts(AllowedParts::new(remote)), kind, LONGEST_REMOTE)
            }
        };
        let order = serde_json::to_string(&Order { request, input }).map_err(ParseError::unavailable)?;
        // Nothing of this process's environment, which may hold secrets; killed when the caller stops waiting.
        let mut command = Command::new(&self.program);
        command.arg0(NAME).arg(order).env_clear().current_dir("/").kill_on_drop(true);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let (stdin, rest) = match open {
            Open::File(file) => (file.into(), None),
            open => (Stdio::piped(), Some(open)),
        };
        let mut child = command.stdin(stdin).spawn().map_err(ParseError::unavailable)?;
        match tokio::time::timeout(longest, converse(&mut child, rest)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                let _ = child.start_kill();
                let how = child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(over_limits(&format!("the process that read it ended with {how}")))
            }
            Err(_) if matches!(input, InputKind::Parts { .. }) => {
                let cause = io::Error::new(io::ErrorKind::TimedOut, format!("it was not read within {longest:?}"));
                Err(ParseError::unavailable(cause))
            }
            Err(_) => Err(over_limits(&format!("it was not read within {longest:?}"))),
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
async fn converse(child: &mut Child, open: Option<Open>) -> io::Result<Result<Answer, ParseError>> {
    let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
    let mut from = child.stdout.take().ok_or_else(closed)?;
    let mut parts: Option<(AllowedParts, ChildStdin)> = match open {
        Some(Open::Bytes(bytes)) => {
            child.stdin.take().ok_or_else(closed)?.write_all(&bytes).await?;
            None
        }
        Some(Open::Parts(parts)) => Some((parts, child.stdin.take().ok_or_else(closed)?)),
        Some(Open::File(_)) | None => None,
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
