//! SubRip: tolerant reader, strict writer. Pure.

use std::fmt::Write as _;

use super::{Cue, time};

/// Reads every time line and the text up to the next one. Indexes, blank lines inside a text and missing blank
/// lines between cues do not matter.
pub(super) fn read(text: &str) -> Vec<Cue> {
    let mut cues: Vec<(u64, u64, Vec<&str>)> = Vec::new();
    for line in text.trim_start_matches('\u{FEFF}').lines() {
        if let Some((start, end)) = time::read_line(line.trim()) {
            if let Some((_, _, lines)) = cues.last_mut() {
                drop_index(lines);
            }
            cues.push((start, end, Vec::new()));
        } else if let Some((_, _, lines)) = cues.last_mut() {
            lines.push(line.trim_end());
        }
    }
    let cue = |(start, end, lines): (u64, u64, Vec<&str>)| Cue { start, end, text: joined(&lines) };
    cues.into_iter().map(cue).collect()
}

/// The last line before a time line is its index if it is a number.
fn drop_index(lines: &mut Vec<&str>) {
    let is_index = |line: &str| {
        !line.trim().is_empty() && line.trim().trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit())
    };
    if lines.last().is_some_and(|last| is_index(last)) {
        lines.pop();
    }
}

fn joined(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Writes cues with indexes from 1, LF line ends, and a blank line after each.
pub(super) fn write(cues: &[Cue]) -> String {
    let mut text = String::with_capacity(cues.iter().map(|cue| cue.text.len() + 40).sum());
    for (index, cue) in cues.iter().enumerate() {
        let (start, end) = (stamp(cue.start), stamp(cue.end));
        let _ = write!(text, "{}\n{start} --> {end}\n{}\n\n", index + 1, cue.text);
    }
    text
}

fn stamp(milliseconds: u64) -> String {
    let (hours, minutes, seconds, rest) = time::parts(milliseconds);
    format!("{hours:02}:{minutes:02}:{seconds:02},{rest:03}")
}
