//! Renders a WebVTT track as a standalone file, with cue identifiers and settings. Inline cue timestamps are relative to the
//! block and are dropped. Pure.

use std::fmt::Write as _;

use super::timed::TimedText;
use crate::subtitle::Format;

/// A cue of the file.
pub(super) struct VttCue<'a> {
    start_ms: u64,
    end_ms: u64,
    id: String,
    settings: String,
    text: &'a str,
}

/// Matroska's `S_TEXT/WEBVTT`: settings, identifier and comments, one per line in the `BlockAdditional`.
pub(super) fn from_block_additional<'a>(timed: &'a TimedText<'_>) -> VttCue<'a> {
    let addition = String::from_utf8_lossy(timed.addition).into_owned();
    let mut lines = addition.lines().map(|line| line.trim().to_owned());
    let (settings, id) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    VttCue { start_ms: timed.start, end_ms: timed.end, id, settings, text: &timed.text }
}

/// WebM's `D_WEBVTT`: identifier, settings, then the text.
pub(super) fn from_webm_block<'a>(timed: &'a TimedText<'_>) -> VttCue<'a> {
    let mut lines = timed.text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (id, settings, text) = (line().trim().to_owned(), line().trim().to_owned(), line());
    VttCue { start_ms: timed.start, end_ms: timed.end, id, settings, text }
}

/// The standalone file; cues without text are left out.
pub(super) fn render<'a>(header: &str, cues: impl Iterator<Item = VttCue<'a>>) -> String {
    let mut file = if header.starts_with("WEBVTT") { header.to_owned() } else { "WEBVTT".to_owned() };
    file.push_str("\n\n");
    for VttCue { start_ms, end_ms, id, settings, text } in cues {
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
        let (start, end) = (format_timestamp(start_ms), format_timestamp(end_ms));
        // Writing to a string cannot fail.
        let _ = write!(file, "{start} --> {end}{separator}{settings}\n{}\n\n", lines.join("\n"));
    }
    file
}

fn format_timestamp(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, milliseconds % 1000)
}
