//! Real files' oddities, each with the rule it holds; all dialogue is our own.

mod ass;
mod conversions;
mod incomplete;
mod kinds;
mod others;
mod properties;
mod reference;
mod srt;
mod webvtt;

use super::{Code, Subtitle};

fn read(text: &str) -> Subtitle {
    Subtitle::read(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn cues(text: &str) -> Vec<(u64, u64, String)> {
    read(text).cues.iter().map(|cue| (cue.start, cue.end, cue.text.clone())).collect()
}

/// Codes and lines of what was repaired.
fn warnings(text: &str) -> Vec<(Code, usize)> {
    read(text).warnings.iter().map(|warning| (warning.code, warning.line)).collect()
}

/// What the same format is written as.
fn rewritten(text: &str) -> String {
    let subtitle = read(text);
    subtitle.write(subtitle.format).text
}

fn cue(start: u64, end: u64, text: &str) -> (u64, u64, String) {
    (start, end, text.to_owned())
}
