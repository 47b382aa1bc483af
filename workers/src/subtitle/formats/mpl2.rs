//! MPL2: `[start][end]text|text`, counted in tenths of a second, `/` in front of a line in italics. A text comes in,
//! cues with SubRip's markup go out. Pure.

use super::builder::{Builder, MAX_OPEN};
use crate::subtitle::{Cue, Warning, line::Lines, warning::Code};

/// Start and end in tenths of a second, and the text.
type Parts<'a> = (u64, Option<u64>, &'a str);

/// Whether a line begins with two numbers in brackets.
pub(in crate::subtitle) fn is_line(line: &str) -> bool {
    parts(line).is_some()
}

fn parts(line: &str) -> Option<Parts<'_>> {
    let (start, rest) = line.trim_start().strip_prefix('[')?.split_once(']')?;
    let (end, text) = rest.strip_prefix('[')?.split_once(']')?;
    let end = if end.is_empty() { None } else { Some(end.parse().ok()?) };
    Some((start.parse().ok()?, end, text))
}

/// Reads the cues.
pub(in crate::subtitle) fn read(text: &str, warnings: &mut Vec<Warning>) -> Vec<Cue> {
    let mut builder = Builder::new(warnings);
    for line in Lines::new(text) {
        let Some((start, end, text)) = parts(line.text) else {
            if !line.text.trim().is_empty() {
                builder.warn(Code::UnknownLine, line.number);
            }
            continue;
        };
        let lines = text.split('|').map(str::trim).map(|line| match line.strip_prefix('/') {
            Some(italic) => format!("<i>{italic}</i>"),
            None => line.to_owned(),
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let milliseconds = |tenths: u64| tenths.saturating_mul(100).min(1 << 50);
        builder.cue(line.number, milliseconds(start), end.map(milliseconds), &text);
    }
    builder.finish(MAX_OPEN)
}
