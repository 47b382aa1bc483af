//! The process that reads one file: an order in its argument and the file on standard input come in, the answer goes to
//! standard output. Confines itself before it reads the first byte. Called by every program when it is started by
//! [`NAME`]. Does I/O.

use std::{
    fs::File,
    io::{self, BufReader, Cursor, Read as _, Stdin, Stdout},
    os::fd::AsFd as _,
};

use anyhow::{Context as _, Result};
use bytes::Bytes;

use super::{
    answer::answer,
    confine,
    error::ParseError,
    request::Answer,
    wire::{self, InputKind, Message, Received},
};
use crate::find::video::ranges::{Parts, Reader};

/// The name by which a program is started to read one file.
pub const NAME: &str = "subtitle-parser";

/// The parts of a video, from the worker.
struct PipedParts {
    size: u64,
    worker: (Stdin, Stdout),
}

impl Parts for PipedParts {
    fn size(&self) -> u64 {
        self.size
    }

    fn part(&mut self, from: u64, length: u64) -> io::Result<Bytes> {
        wire::send(&mut self.worker.1, &Message::Want { from, length })?;
        wire::receive_part(&mut self.worker.0, length)
    }
}

/// Reads the file that the order is for.
pub fn main() -> Result<()> {
    confine::confine().context("failed to limit the process that reads a file")?;
    let order = std::env::args().nth(1).context("an order is missing: this program is started by workers only")?;
    let order: Received = serde_json::from_str(&order).context("failed to understand the order")?;
    let answer = read(&order);
    wire::send(&mut io::stdout(), &Message::Done(answer)).context("failed to answer")
}

fn read(Received { request, input }: &Received) -> Result<Answer, ParseError> {
    match *input {
        InputKind::Bytes => {
            let mut bytes = Vec::new();
            io::stdin().read_to_end(&mut bytes)?;
            answer(request, &mut Cursor::new(bytes))
        }
        InputKind::File => {
            let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
            answer(request, &mut BufReader::with_capacity(1 << 16, file))
        }
        InputKind::Parts { size } => {
            answer(request, &mut Reader::new(PipedParts { size, worker: (io::stdin(), io::stdout()) }))
        }
    }
}
