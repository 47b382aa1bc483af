//! Subtitle files: bytes come in, cues go out, and the other way round. Used by every source and engine.
//!
//! ```text
//! bytes ── container ──▶ bytes ── charset ──▶ text ── format ──▶ cues + document ── write ──▶ UTF-8
//! ```
//!
//! A cue's text keeps its format's own markup. What is not cue text stays in the document, so that a WebVTT or ASS
//! file is written back byte for byte, line ends and byte order mark included; SubRip has nothing else and is written
//! in its canonical form. New files are UTF-8 and end their lines with LF. Pure.

pub mod charset;
pub mod container;
mod cue;
mod document;
pub mod file;
mod format;
mod formats;
mod incomplete;
pub mod language;
mod line;
pub(crate) mod markup;
mod parsed;
mod time;
mod unusable;
mod warning;

pub use cue::Cue;
pub use format::{Format, SourceFormat};
pub use incomplete::Incomplete;
pub(crate) use language::is_right_to_left;
pub use parsed::{Hints, Subtitle, TextCount, Written};
pub use time::holds_time_line;
pub use unusable::Unusable;
pub use warning::{Code, Warning};

#[cfg(test)]
mod tests;
