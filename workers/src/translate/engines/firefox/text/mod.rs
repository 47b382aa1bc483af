//! What of a line the models get, and how it comes back: a line with tags and terms comes in, sentences of nothing but words
//! go out, and the line is put together again from their translations. Pure.

mod casing;
mod line;
mod place;
mod sentence;
mod spans;

pub(super) use line::Line;
pub(super) use place::{Aligned, Unit};
pub(super) use sentence::Sentence;

/// Quotation marks, of which a translation gets the source's.
const QUOTES: [char; 7] = ['"', '“', '”', '„', '«', '»', '‟'];

#[cfg(test)]
mod tests;
