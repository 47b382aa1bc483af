//! Kinds of files that people really have: for each kind the rule over generated variants, and small files of our own
//! that public reports describe. All dialogue is our own.

mod captions;
mod charsets;
mod formats;
mod markup;
mod mutations;
mod numbers;
mod speed;
mod times;

/// Appends a formatted piece to a text.
macro_rules! append {
    ($text:expr, $($arguments:tt)+) => {{
        use std::fmt::Write as _;
        write!($text, $($arguments)+).expect("a String takes everything")
    }};
}
use append;

use super::{Code, Subtitle, cue, cues, read, rewritten, warnings};
