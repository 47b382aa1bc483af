//! A WebVTT track as the file that it would be, with each cue's identifier and settings. Times of words are relative to their
//! block in a track, and are left out. Pure.

use std::fmt::Write as _;

use super::timed::TimedText;
use crate::subtitle::Format;

/// A cue of the file.
pub(super) struct VttCue<'a> {
    start: u64,
    end: u64,
    id: String,
    settings: String,
    text: &'a str,
}

/// Matroska's `S_TEXT/WEBVTT`: settings, identifier and comments in the block's addition, a line each.
pub(super) fn from_addition<'a>(timed: &'a TimedText<'_>) -> VttCue<'a> {
    let addition = String::from_utf8_lossy(timed.addition).into_owned();
    let mut lines = addition.lines().map(|line| line.trim().to_owned());
    let (settings, id) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    VttCue { start: timed.start, end: timed.end, id, settings, text: &timed.text }
}

/// WebM's `D_WEBVTT`: identifier, settings, then the text.
pub(super) fn from_lines<'a>(timed: &'a TimedText<'_>) -> VttCue<'a> {
    let mut lines = timed.text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (id, settings, text) = (line().trim().to_owned(), line().trim().to_owned(), line());
    VttCue { start: timed.start, end: timed.end, id, settings, text }
}

pub(super) fn file<'a>(header: &str, cues: impl Iterator<Item = VttCue<'a>>) -> String {
    let mut file = if header.starts_with("WEBVTT") { header.to_owned() } else { "WEBVTT".to_owned() };
    file.push_str("\n\n");
    for VttCue { start, end, id, settings, text } in cues {
        let text = Format::WebVtt.without_word_times(text).replace("-->", "--&gt;");
        // An empty line would end the cue.
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        if lines.is_empty() {
            continue;
        }
        if !id.is_empty() && !id.contains("-->") {
            file.push_str(&id);
            file.push('\n');
        }
        let settings = if settings.contains("-->") { "" } else { settings.as_str() };
        let separator = if settings.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(file, "{} --> {}{separator}{settings}\n{}\n\n", clock(start), clock(end), lines.join("\n"));
    }
    file
}

fn clock(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, milliseconds % 1000)
}
