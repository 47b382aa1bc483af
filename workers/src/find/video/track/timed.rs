//! A block whose text is decoded and whose end is known. Pure.

/// A block with its text and its end.
pub(super) struct TimedText<'a> {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) text: String,
    pub(super) addition: &'a [u8],
}
