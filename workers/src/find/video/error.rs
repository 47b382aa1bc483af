//! Why a video's tracks cannot be read. Pure.

use std::io;

use crate::{find::error::SourceErrorKind, subtitle::charset::UndecodableText};

/// Why a video's tracks cannot be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::find) enum VideoError {
    /// Its bytes could not be read.
    #[error("failed to read the video")]
    Read(#[source] io::Error),
    /// Its structure is not what the format asks for.
    #[error("failed to read the video, which is damaged: {0}")]
    Damaged(&'static str),
    /// It is another file than the one that was listed.
    #[error("failed to find track {0}: the video changed since it was listed")]
    TrackMissing(u64),
    /// The track is no text.
    #[error("failed to read track {0} as text")]
    NotText(u64),
    /// The track is encrypted.
    #[error("failed to read the track, which is encrypted")]
    Encrypted,
    /// The track is compressed by an algorithm that is not supported.
    #[error("failed to decompress the track: algorithm {0} is not supported")]
    Compression(u64),
    /// The index does not lead to the track.
    #[error("failed to find the track in the video's index: use video.path")]
    NotIndexed,
    /// The index leads to a part of the track only.
    #[error("failed to find the whole track: the video's index lists {listed} of its {all} subtitles: use video.path")]
    PartlyIndexed {
        /// In the index.
        listed: usize,
        /// By the file's own statistics.
        all: u64,
    },
    /// No charset gives text.
    #[error("failed to decode the track's text")]
    Charset(#[source] UndecodableText),
    /// The track has nothing to show.
    #[error("failed to find any text in the track")]
    Empty,
}

impl VideoError {
    /// What can be done about it: nothing makes a track readable that is not text or whose bytes are damaged or too many, but
    /// reading may succeed another time.
    pub(in crate::find) fn class(&self) -> SourceErrorKind {
        match self {
            Self::Read(error) if matches!(error.kind(), io::ErrorKind::QuotaExceeded | io::ErrorKind::InvalidData) => {
                SourceErrorKind::File
            }
            Self::Read(_) | Self::TrackMissing(_) => SourceErrorKind::Unavailable,
            Self::Damaged(_)
            | Self::NotText(_)
            | Self::Encrypted
            | Self::Compression(_)
            | Self::NotIndexed
            | Self::PartlyIndexed { .. }
            | Self::Charset(_)
            | Self::Empty => SourceErrorKind::File,
        }
    }
}

impl From<io::Error> for VideoError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}
