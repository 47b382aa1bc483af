//! WebVTT (W3C, <https://www.w3.org/TR/webvtt1/>): reader that drops a bad cue and keeps the next, and a writer.
//! Settings, identifiers, comments and styles are not kept. Pure.

use std::fmt::Write as _;

use super::{Cue, markup, time};

/// Reads the cues.
pub(super) fn read(text: &str) -> Vec<Cue> {
    let text = text.trim_start_matches('\u{FEFF}').replace('\0', "\u{FFFD}");
    let blocks = text.split("\n\n").map(|block| block.trim_matches('\n'));
    blocks.filter_map(cue).collect()
}

fn cue(block: &str) -> Option<Cue> {
    let mut lines = block.lines();
    let (start, end) = lines.by_ref().take(2).find_map(|line| time::read_line(line.trim()))?;
    let payload: Vec<&str> = lines.collect();
    Some(Cue { start, end, text: markup::from_webvtt(&payload.join("\n")) })
}

/// Writes header and cues.
pub(super) fn write(cues: &[Cue]) -> String {
    let mut text = String::from("WEBVTT\n\n");
    for cue in cues {
        let _ = write!(text, "{} --> {}\n{}\n\n", stamp(cue.start), stamp(cue.end), markup::to_webvtt(&cue.text));
    }
    text
}

fn stamp(milliseconds: u64) -> String {
    let (hours, minutes, seconds, rest) = time::parts(milliseconds);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{rest:03}")
}
