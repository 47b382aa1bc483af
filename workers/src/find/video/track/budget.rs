//! How many bytes of text one track may have: what is read is counted, and too much is an error. Pure.

use super::super::error::VideoError;

/// The most bytes of a track. A file's size is no bound: blocks are compressed, and an index or a table may lead to one place
/// many times.
const LARGEST_TRACK: usize = 64 << 20;

/// What a track may still have.
#[derive(Debug)]
pub(in crate::find::video) struct TextBudget(usize);

impl TextBudget {
    /// The budget of a track of which nothing has been read.
    pub(in crate::find::video) const fn new() -> Self {
        Self(LARGEST_TRACK)
    }

    /// Counts `bytes` that were read.
    pub(in crate::find::video) fn take(&mut self, bytes: usize) -> Result<(), VideoError> {
        self.0 = self.0.checked_sub(bytes).ok_or(VideoError::Damaged("a track of text is larger than it can be"))?;
        Ok(())
    }
}
