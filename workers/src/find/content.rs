//! What fetching a found subtitle gives, and why a track cannot be fetched. Pure.

use crate::subtitle::Cue;

/// What [`super::Search::fetch`] returns.
#[derive(Debug)]
pub enum FetchedContent {
    /// A file's bytes, charset unknown.
    Bytes(Vec<u8>),
    /// A track's cues.
    Cues(Vec<Cue>),
}

/// Why a track cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedTrack {
    /// Pictures of text.
    #[error("{0} is pictures of text, which only character recognition can read")]
    Images(String),
    /// Anything else.
    #[error("{0} is no text format that is read")]
    Codec(String),
}
