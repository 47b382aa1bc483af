//! SubRip, which no standard describes: a tolerant reader and a strict writer. Pure.

mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;

use super::{
    Format,
    markup::{repaired, without_times},
};

/// A text as the file has it so that it reads back the same, and whether its tags had to be put right: no line is
/// empty, begins or ends with space, or reads as a time.
pub(super) fn canonical<'a>(lines: impl Iterator<Item = &'a str> + Clone) -> (String, bool) {
    let mut text = joined(lines);
    let mut repairs = 0;
    // A dropped tag may have stood inside another, and have had space on both sides.
    while let Some(repaired) = repaired(&text) {
        repairs += 1;
        text =
            if repairs > MOST_REPAIRS { Format::Srt.encoded(&text).0.into_owned() } else { joined(repaired.lines()) };
    }
    (without_times(&text).unwrap_or(text), repairs > 0)
}

/// Tags inside tags inside tags are no tags any more, but something that somebody typed.
const MOST_REPAIRS: usize = 4;

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
