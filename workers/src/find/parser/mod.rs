//! Reads the bytes that others made: subtitle files, archives and videos come in, cues and tracks go out. Programs read each
//! file in a short-lived process of their own, which has limits, no secrets and, where the kernel has seccomp, no network; what
//! that process cannot read is that file's failure and nobody else's. Called by the sources and by the downloader. Does I/O.
//!
//! ```text
//!  worker ── request (argument), bytes or an open file (stdin) ──▶ confined process ── answer (stdout) ──▶ worker
//!         ◀────────────── the part it wants of a video behind HTTP ──────────────────┘
//! ```

mod answer;
mod child;
mod confine;
mod error;
mod process;
mod request;
mod wire;

use std::io::{BufReader, Cursor};

use bytes::Bytes;
use subtitle_contract::language::Language;

use super::{
    content::TrackFile,
    folder::LibraryFile,
    found::VideoLocation,
    video::{
        ContainerFacts, Reading, Track, VideoSummary,
        ranges::{BlockingParts, Reader},
    },
};
use crate::subtitle::file::Declared;

pub(crate) use answer::LARGEST_TEXT;
pub use child::{NAME, main};
pub use error::ParseError;
use process::ParserProcess;
pub use request::ParsedText;
use request::{Answer, Input, Request};

/// Reads files, each in a process of its own or all in this one.
#[derive(Clone, Debug, Default)]
pub struct Parser(Option<ParserProcess>);

impl Parser {
    /// Reads each file in a process of its own, of which `at_once` run at the same time. The program that runs must call
    /// [`main`] when it is started by [`NAME`].
    pub fn in_processes(at_once: usize) -> Self {
        Self(Some(ParserProcess::new(process::OWN_PROGRAM.into(), at_once)))
    }

    /// The same by another program, for tests.
    pub fn by_program(program: impl Into<std::path::PathBuf>) -> Self {
        Self(Some(ParserProcess::new(program.into(), 1)))
    }

    /// The subtitle in a file's bytes.
    pub async fn text(&self, bytes: Bytes, declared: &Declared<'_>) -> Result<ParsedText, ParseError> {
        match self.read(Request::text(declared), Input::Bytes(bytes)).await? {
            Answer::Text(text) => Ok(*text),
            _ => Err(ParseError::misunderstood()),
        }
    }

    /// The subtitle tracks of a video; empty for files of other kinds.
    pub(in crate::find) async fn tracks(&self, video: VideoLocation) -> Result<Vec<Track>, ParseError> {
        match self.read(Request::Tracks, Input::Video(video)).await? {
            Answer::Tracks(tracks) => Ok(tracks),
            _ => Err(ParseError::misunderstood()),
        }
    }

    /// What a scan records of a file in a library.
    pub(crate) async fn summary(&self, file: LibraryFile) -> Result<VideoSummary, ParseError> {
        match self.read(Request::Summary, Input::Video(VideoLocation::Local(file))).await? {
            Answer::Summary(summary) => Ok(summary),
            _ => Err(ParseError::misunderstood()),
        }
    }

    /// What a video file says of itself; `None` if it cannot be read.
    pub(in crate::find) async fn facts(&self, video: VideoLocation) -> Option<ContainerFacts> {
        match self.read(Request::Facts, Input::Video(video)).await {
            Ok(Answer::Facts(facts)) => Some(facts),
            _ => None,
        }
    }

    /// One track as the file that it would be, whose text should be in `language`. A local file is read whole, whatever its
    /// index says; a remote one if that costs no more than reading by index.
    pub(in crate::find) async fn track(
        &self,
        video: VideoLocation,
        number: u64,
        language: &Language,
    ) -> Result<TrackFile, ParseError> {
        let reading = match &video {
            VideoLocation::Remote(remote) if remote.size() > remote.allowance() / 2 => Reading::ByIndex,
            VideoLocation::Remote(_) | VideoLocation::Local(_) => Reading::Whole,
        };
        match self.read(Request::Track { number, reading, language: language.clone() }, Input::Video(video)).await? {
            Answer::Track(track) => Ok(track),
            _ => Err(ParseError::misunderstood()),
        }
    }

    async fn read(&self, request: Request, input: Input) -> Result<Answer, ParseError> {
        if let Some(process) = &self.0 {
            return process.read(&request, input).await;
        }
        match input {
            // Not on another thread: what a test does is the same each time.
            Input::Bytes(bytes) => answer::answer(&request, &mut Cursor::new(bytes)),
            Input::Video(video) => {
                let read = tokio::task::spawn_blocking(move || match video {
                    VideoLocation::Local(file) => answer::answer(&request, &mut BufReader::new(file.open()?)),
                    VideoLocation::Remote(remote) => {
                        answer::answer(&request, &mut Reader::new(BlockingParts::new(remote)))
                    }
                });
                read.await.map_err(ParseError::unavailable)?
            }
        }
    }
}
