//! A subtitle track, whatever its container: what it says about itself, and the file that its blocks make.

mod blocks;
mod budget;
mod script;
mod timed;
mod webvtt;

use serde::{Deserialize, Serialize};
use subtitle_contract::language::Language;

pub(super) use blocks::{Block, Codec, TrackBlocks};
pub(super) use budget::TextBudget;

use crate::find::content::UnsupportedTrack;

/// One subtitle track.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Track {
    pub(crate) number: u64,
    /// As the container has it; `und` where it says nothing.
    pub(crate) language: Language,
    /// For people; may be empty.
    pub(crate) name: String,
    pub(crate) forced: bool,
    pub(crate) hearing_impaired: bool,
    pub(crate) is_commentary: bool,
    /// Whether a player shows it by default.
    pub(crate) is_default: bool,
    /// How many cues it has, where the file tells without being read whole.
    pub(crate) cues: Option<u64>,
    /// Why it cannot be used, if it cannot.
    pub(crate) readable: Result<(), UnsupportedTrack>,
}

/// What a scan records of a video's file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VideoSummary {
    /// The `OpenSubtitles` hash; `None` for a file that is too short for one.
    pub(crate) hash: Option<String>,
    pub(crate) duration_seconds: Option<u32>,
    /// Without the numbers of their cues.
    pub(crate) tracks: Vec<Track>,
}
