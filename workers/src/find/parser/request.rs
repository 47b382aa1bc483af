//! What is asked of a file and what is answered. Pure.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use subtitle_contract::language::Language;

use crate::{
    find::{
        content::TrackFile,
        found::VideoLocation,
        video::{ContainerFacts, Reading, Track, VideoSummary},
    },
    subtitle::{Subtitle, container::Episode, file::Declared},
};

/// What is read.
pub(super) enum Input {
    Bytes(Bytes),
    Video(VideoLocation),
}

/// What is asked of a file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// The subtitle in it.
    Text { language: Option<Language>, episode: Option<Episode>, frame_rate: Option<f64> },
    /// A video's subtitle tracks.
    Tracks,
    /// What a scan records of a video.
    Summary,
    /// What a video file says of itself.
    Facts,
    /// One track of a video.
    Track { number: u64, reading: Reading, language: Language },
}

impl Request {
    pub(super) fn text(declared: &Declared<'_>) -> Self {
        let Declared { language, episode, frame_rate } = *declared;
        Self::Text { language: language.cloned(), episode, frame_rate }
    }
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Text(Box<ParsedText>),
    Tracks(Vec<Track>),
    Summary(VideoSummary),
    Facts(ContainerFacts),
    Track(TrackFile),
}

/// A subtitle file that was read.
#[derive(Debug, Serialize, Deserialize)]
pub struct ParsedText {
    /// Its cues.
    pub subtitle: Subtitle,
    /// Its language, as declared or as its text certainly is.
    pub language: Option<Language>,
    /// The name of the language that the text is in, if it is not the declared one.
    pub mismatch: Option<String>,
}
