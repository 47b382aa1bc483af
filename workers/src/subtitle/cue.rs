//! One line on screen, in any format's markup. Pure.

use serde::{Deserialize, Serialize};

/// One line on screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cue {
    /// When it appears, in milliseconds.
    pub start: u64,
    /// When it disappears, in milliseconds; never before `start`.
    pub end: u64,
    /// What is shown, in the markup of the subtitle's format.
    pub text: String,
    /// What the file calls it: SubRip's number, WebVTT's identifier.
    pub id: Option<Box<str>>,
    /// What follows the times on their line.
    pub settings: Option<Box<str>>,
}

impl Cue {
    /// A cue of times and text only.
    pub const fn new(start: u64, end: u64, text: String) -> Self {
        Self { start, end, text, id: None, settings: None }
    }
}
