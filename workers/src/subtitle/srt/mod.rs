//! SubRip, which no standard describes: a tolerant reader and a strict writer. Pure.

mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;

use super::markup::{repaired, without_times};

/// A text as the file has it so that it reads back the same, and whether its tags had to be put right: no line is
/// empty, begins or ends with space, or reads as a time.
pub(super) fn canonical(text: &str) -> (String, bool) {
    let trimmed = |text: &str| {
        let mut trimmed = String::with_capacity(text.len());
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if !trimmed.is_empty() {
                trimmed.push('\n');
            }
            trimmed.push_str(line);
        }
        trimmed
    };
    let text = trimmed(text);
    let (text, is_repaired) = match repaired(&text) {
        // What a dropped tag stood between may be space.
        Some(repaired) => (trimmed(&repaired), true),
        None => (text, false),
    };
    (without_times(&text).unwrap_or(text), is_repaired)
}
