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
pub(in crate::find) struct Track {
    pub(in crate::find) number: u64,
    /// As the container has it; `und` where it says nothing.
    pub(in crate::find) language: Language,
    /// For people; may be empty.
    pub(in crate::find) name: String,
    pub(in crate::find) forced: bool,
    pub(in crate::find) hearing_impaired: bool,
    pub(in crate::find) is_commentary: bool,
    /// Whether a player shows it by default.
    pub(in crate::find) is_default: bool,
    /// How many cues it has, where the file tells without being read whole.
    pub(in crate::find) cues: Option<u64>,
    /// Why it cannot be used, if it cannot.
    pub(in crate::find) readable: Result<(), UnsupportedTrack>,
}
