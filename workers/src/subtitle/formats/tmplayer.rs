//! TMPlayer: `00:00:01:text|text`, a start and no end. A text comes in, cues with SubRip's markup go out. Pure.

use super::builder::{Builder, MAX_OPEN};
use crate::subtitle::{Cue, Warning, line::Lines, warning::Code};

/// A line's start, which of the cue's lines it is (from 1), and its text.
struct Parts<'a> {
    start: u64,
    line: u32,
    text: &'a str,
}

/// Whether a line begins with a time and its text follows.
pub(in crate::subtitle) fn is_line(line: &str) -> bool {
    parts(line).is_some()
}

/// `H:MM:SS:text`, `H:MM:SS=text`, and `H:MM:SS,1=text` where each line of a cue is on its own.
fn parts(line: &str) -> Option<Parts<'_>> {
    let (hours, rest) = number(line.trim_start(), 1..=2)?;
    let (minutes, rest) = number(rest.strip_prefix(':')?, 2..=2)?;
    let (seconds, rest) = number(rest.strip_prefix(':')?, 2..=2)?;
    let start = ((hours * 60 + minutes) * 60 + seconds) * 1000;
    if let Some(rest) = rest.strip_prefix(',') {
        let (line, rest) = number(rest, 1..=1)?;
        let text = rest.strip_prefix([':', '='])?;
        return Some(Parts { start, line: u32::try_from(line).ok()?, text });
    }
    Some(Parts { start, line: 1, text: rest.strip_prefix([':', '='])? })
}

fn number(text: &str, width: std::ops::RangeInclusive<usize>) -> Option<(u64, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    if !width.contains(&length) {
        return None;
    }
    Some((text[..length].parse().ok()?, &text[length..]))
}

/// Reads the cues.
pub(in crate::subtitle) fn read(text: &str, warnings: &mut Vec<Warning>) -> Vec<Cue> {
    let mut builder = Builder::new(warnings);
    let mut open: Option<(usize, u64, String)> = None;
    for line in Lines::new(text) {
        let Some(Parts { start, line: part, text }) = parts(line.text) else {
            if !line.text.trim().is_empty() {
                builder.warn(Code::UnknownLine, line.number);
            }
            continue;
        };
        let text = text.replace('|', "\n");
        match &mut open {
            Some((_, at, whole)) if *at == start && part > 1 => {
                whole.push('\n');
                whole.push_str(&text);
            }
            _ => finish(open.replace((line.number, start, text)), &mut builder),
        }
    }
    finish(open, &mut builder);
    builder.finish(MAX_OPEN)
}

/// A line without a text is where the cue before ends.
fn finish(open: Option<(usize, u64, String)>, builder: &mut Builder<'_>) {
    match open {
        Some((_, start, text)) if text.trim().is_empty() => builder.end(start),
        Some((line, start, text)) => builder.cue(line, start, None, &text),
        None => {}
    }
}
