//! SubRip, which no standard describes: a tolerant reader and a strict writer. Pure.

mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;

use super::markup::{repaired, without_times};

/// A text as the file has it so that it reads back the same, and whether its tags had to be put right: no line is
/// empty, begins or ends with space, or reads as a time.
pub(super) fn canonical<'a>(lines: impl Iterator<Item = &'a str> + Clone) -> (String, bool) {
    let text = joined(lines);
    let (text, is_repaired) = match repaired(&text) {
        // What a dropped tag stood between may be space.
        Some(repaired) => (joined(repaired.lines()), true),
        None => (text, false),
    };
    (without_times(&text).unwrap_or(text), is_repaired)
}

fn joined<'a>(lines: impl Iterator<Item = &'a str> + Clone) -> String {
    let mut text = String::with_capacity(lines.clone().map(|line| line.len() + 1).sum());
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}
