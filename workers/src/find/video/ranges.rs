//! A file behind HTTP as if it were open: `Read` and `Seek` over Range requests (RFC 9110 §14), with a small cache
//! and a limit on the bytes, so that a film is read in parts and never downloaded. Does I/O; `BlockingParts` blocks on a
//! runtime's handle: only for `spawn_blocking`.

use std::{
    collections::VecDeque,
    error::Error,
    fmt,
    io::{self, Read, Seek, SeekFrom},
    sync::Arc,
};

use bytes::Bytes;
use reqwest::{
    StatusCode,
    header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderName, IF_RANGE, LAST_MODIFIED, RANGE},
};
use tokio::runtime::Handle;
use url::Url;

use crate::find::{
    budget::{OverBudget, TaskBudget},
    error::SourceErrorKind,
    guard::{GuardedClient, Refused, cause},
};

/// The first request: what most files have in front of their first picture.
const FIRST: u64 = 64 << 10;
/// A single look elsewhere in the file.
const MIN_PIECE: u64 = 2 << 10;
/// The longest that reading on without a jump asks for at once.
const MAX_PIECE: u64 = 256 << 10;
/// Pieces in the cache.
const CACHED: usize = 24;
/// The most that is asked for at once, however much a reader has room for.
pub(in crate::find) const MAX_WANTED: u64 = 1 << 20;
/// What may be read of any file, in bytes; of large ones a fiftieth.
const ALLOWANCE: u64 = 4 << 20;
/// What may be read however large a server says that its file is.
const MAX_ALLOWANCE: u64 = 64 << 20;

/// Why a file behind HTTP cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The guard does not permit the URL.
    #[error("failed to fetch video.url, which leads to an address that is not permitted")]
    NotPermitted(#[from] Refused),
    /// The file does not exist.
    #[error("failed to find video.url, which {0} does not have: correct the URL, or put the file there")]
    Missing(String),
    /// It could only be read from start to end.
    #[error(
        "failed to read parts of video.url: {0} does not answer Range requests, and the whole video is not downloaded: \
         use video.path"
    )]
    NoRanges(String),
    /// The task has read what it may.
    #[error("failed to get video.url")]
    OverBudget(#[from] OverBudget),
    /// The server does not answer, or with an error: another time it may.
    #[error("failed to get video.url from {host}")]
    Unavailable {
        /// The server.
        host: String,
        /// What happened, without the URL.
        #[source]
        cause: io::Error,
    },
}

impl RemoteError {
    /// What can be done about it.
    pub fn class(&self) -> SourceErrorKind {
        match self {
            Self::NotPermitted(_) => SourceErrorKind::InvalidUrl,
            Self::Missing(_) | Self::NoRanges(_) => SourceErrorKind::Video,
            Self::OverBudget(_) => SourceErrorKind::File,
            Self::Unavailable { .. } => SourceErrorKind::Unavailable,
        }
    }
}

/// A file behind HTTP that is there and can be read in parts.
pub struct Remote {
    http: GuardedClient,
    url: Url,
    size: u64,
    /// What changes when the bytes do, by the header that carries it.
    version: Option<(HeaderName, String)>,
    first: Bytes,
    budget: TaskBudget,
}

/// Without the URL, whose query may contain a token.
impl fmt::Debug for Remote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} bytes at {}", self.size, host(&self.url))
    }
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

/// The author of a job learns no status: it may be that of a server that only this worker reaches.
fn refused(url: &Url, status: StatusCode) -> io::Error {
    let host = host(url);
    tracing::info!(host, status = status.as_u16(), "a server does not deliver a video");
    io::Error::other(format!("{host} does not deliver it"))
}

/// The same bytes are too many another time, too.
fn over_budget(why: impl Into<Box<dyn Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::QuotaExceeded, why)
}

fn version(headers: &HeaderMap) -> Option<(HeaderName, String)> {
    let read = |name: HeaderName| headers.get(&name)?.to_str().ok().map(|value| (name, value.to_owned()));
    // A weak validator does not promise the same bytes.
    read(ETAG).filter(|(_, tag)| !tag.starts_with("W/")).or_else(|| read(LAST_MODIFIED))
}

/// The size in `bytes 0-99/1000`.
fn size(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?.split_once('/')?.1.parse().ok()
}

impl Remote {
    /// Asks for the beginning of the file; all that is read of it counts in `budget`.
    pub async fn open(http: &GuardedClient, url: &Url, budget: &TaskBudget) -> Result<Self, RemoteError> {
        let host = || host(url).to_owned();
        let unavailable = |cause: io::Error| RemoteError::Unavailable { host: host(), cause };
        budget.take_request()?;
        budget.take_bytes(FIRST)?;
        let request = http.get(url)?.header(RANGE, format!("bytes=0-{}", FIRST - 1));
        let response = request.send().await.map_err(|error| unavailable(io::Error::other(cause(&error))))?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => return Err(RemoteError::Missing(host())),
            status if status.is_success() => return Err(RemoteError::NoRanges(host())),
            status => return Err(unavailable(refused(url, status))),
        }
        let size = size(response.headers()).ok_or_else(|| RemoteError::NoRanges(host()))?;
        let version = version(response.headers());
        let first = limited(response, FIRST).await.map_err(unavailable)?;
        Ok(Self { http: http.clone(), url: url.clone(), size, version, first, budget: budget.clone() })
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Identifies the bytes. A query is part of it only where the server gives no version: tokens change, files stay.
    pub fn identity(&self) -> String {
        let mut url = self.url.clone();
        let version = self.version.as_ref().map(|(_, version)| version.as_str());
        if version.is_some() {
            url.set_query(None);
        }
        format!("{url}:{}:{}", self.size, version.unwrap_or_default())
    }

    /// The most that is read of it.
    pub fn allowance(&self) -> u64 {
        (self.size / 50).clamp(ALLOWANCE, MAX_ALLOWANCE)
    }

    async fn part(&self, from: u64, length: u64) -> io::Result<Bytes> {
        self.budget.take_request().map_err(over_budget)?;
        self.budget.take_bytes(length).map_err(over_budget)?;
        let host = host(&self.url);
        let request = self.http.get(&self.url).map_err(io::Error::other)?;
        let mut request = request.header(RANGE, format!("bytes={from}-{}", from + length - 1));
        if let Some((_, version)) = &self.version {
            request = request.header(IF_RANGE, version);
        }
        let response = request.send().await.map_err(|error| io::Error::other(format!("{host}: {}", cause(&error))))?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT => limited(response, length).await,
            StatusCode::OK => Err(io::Error::other(format!("the video at {host} changed while it was read"))),
            status => Err(refused(&self.url, status)),
        }
    }
}

/// A response's bytes, and an error where the server sends more than was asked for.
async fn limited(mut response: reqwest::Response, most: u64) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| io::Error::other(cause(&error)))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > most {
            return Err(io::Error::other("the server sent more than was asked for"));
        }
    }
    Ok(bytes.into())
}

/// A file that is fetched in parts.
pub trait Parts {
    /// Its length in bytes.
    fn size(&self) -> u64;

    /// The bytes from a position on; fewer where the file ends.
    fn part(&mut self, from: u64, length: u64) -> io::Result<Bytes>;
}

/// A remote file of which no more is fetched than its allowance.
pub(in crate::find) struct AllowedParts {
    remote: Arc<Remote>,
    spent: u64,
}

impl AllowedParts {
    pub(in crate::find) fn new(remote: Arc<Remote>) -> Self {
        Self { remote, spent: 0 }
    }

    /// A part of the file.
    pub(in crate::find) async fn part(&mut self, from: u64, length: u64) -> io::Result<Bytes> {
        let length = length.min(self.remote.size.saturating_sub(from));
        self.spent = self.spent.saturating_add(length);
        if self.spent > self.remote.allowance() {
            return Err(over_budget(format!(
                "more than {} bytes of the video would have to be read: its index does not lead to the subtitles; \
                 use video.path, or write the file again with an index",
                self.remote.allowance()
            )));
        }
        if from == 0 && length <= self.remote.first.len() as u64 {
            return Ok(self.remote.first.slice(..usize::try_from(length).map_err(io::Error::other)?));
        }
        self.remote.part(from, length).await
    }
}

/// A remote file on a thread that may block.
pub struct BlockingParts {
    parts: AllowedParts,
    runtime: Handle,
}

impl BlockingParts {
    /// Inside a runtime.
    pub fn new(remote: Arc<Remote>) -> Self {
        Self { parts: AllowedParts::new(remote), runtime: Handle::current() }
    }
}

impl Parts for BlockingParts {
    fn size(&self) -> u64 {
        self.parts.remote.size
    }

    fn part(&mut self, from: u64, length: u64) -> io::Result<Bytes> {
        self.runtime.block_on(self.parts.part(from, length))
    }
}

/// An open file whose parts are fetched when they are read.
pub struct Reader<P> {
    parts: P,
    position: u64,
    /// Pieces and where they begin, the newest first.
    pieces: VecDeque<(u64, Bytes)>,
    /// How much the next look in sequence asks for.
    ahead: u64,
}

impl<P: Parts> Reader<P> {
    /// At the beginning of the file.
    pub fn new(parts: P) -> Self {
        Self { parts, position: 0, pieces: VecDeque::new(), ahead: MIN_PIECE }
    }

    /// The index in `pieces` of the one that has the position.
    fn piece(&self) -> Option<usize> {
        let has = |(from, bytes): &(u64, Bytes)| (*from..*from + bytes.len() as u64).contains(&self.position);
        self.pieces.iter().position(has)
    }

    fn fetch(&mut self, wanted: usize) -> io::Result<()> {
        let follows = |(from, bytes): &(u64, Bytes)| *from + bytes.len() as u64 == self.position;
        self.ahead = match self.pieces.front() {
            Some(front) if follows(front) => (self.ahead * 2).min(MAX_PIECE),
            _ => MIN_PIECE,
        };
        let is_first = self.pieces.is_empty() && self.position == 0;
        let least = if is_first { FIRST } else { self.ahead };
        let length = least.max((wanted as u64).min(MAX_WANTED)).min(self.parts.size() - self.position);
        let bytes = self.parts.part(self.position, length)?;
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.pieces.push_front((self.position, bytes));
        self.pieces.truncate(CACHED);
        Ok(())
    }
}

impl<P: Parts> Read for Reader<P> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.parts.size() || out.is_empty() {
            return Ok(0);
        }
        if self.piece().is_none() {
            self.fetch(out.len())?;
        }
        let at = self.piece().ok_or(io::ErrorKind::UnexpectedEof)?;
        let (from, bytes) = &self.pieces[at];
        let rest = &bytes[usize::try_from(self.position - from).map_err(io::Error::other)?..];
        let length = rest.len().min(out.len());
        out[..length].copy_from_slice(&rest[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl<P: Parts> Seek for Reader<P> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.parts.size().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
