//! What fetching a found subtitle gives, and why a track cannot be fetched. Pure.

use serde::{Deserialize, Serialize};

use crate::subtitle::Warning;

/// What [`super::Search::fetch`] returns.
#[derive(Debug)]
pub enum FetchedContent {
    /// A file's bytes, charset unknown.
    Bytes(Vec<u8>),
    /// A track, written as the file that it would be.
    Track(TrackFile),
}

/// A track of a video as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackFile {
    /// SubRip, WebVTT, ASS or TTML, in UTF-8.
    pub text: String,
    /// What was repaired while the video was read.
    pub warnings: Vec<Warning>,
}

/// Why a track cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum UnsupportedTrack {
    /// Pictures of text.
    #[error("{0} has pictures of text, which only character recognition can read")]
    Images(String),
    /// Anything else.
    #[error("{0} is not a supported text format")]
    Codec(String),
}
