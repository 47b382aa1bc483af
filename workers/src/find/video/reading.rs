//! How much of a video is read for one track. Pure.

use serde::{Deserialize, Serialize};

/// How a track's blocks are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::find) enum Reading {
    /// From start to end: certain, and costs the whole file.
    Whole,
    /// By the file's index: costs little more than the text, and only works where the index lists the track.
    ByIndex,
}
